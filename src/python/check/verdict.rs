//! What each version makes of a program: exact, or how not.

use std::collections::BTreeMap;

use thiserror::Error;

use super::machine::{Beyond, KNOWN, Location};
use super::search::{Bounds, Ending, Event, Search, Switching, Unfinished, location_name};
use super::state::State;
use super::{coverage, small_scope};
use crate::error::{Classified, Kind as ErrorKind};
use crate::python::program::module::Module;
use crate::python::program::syntax::Stmt;
use crate::python::program::{Place, SourceError, SourceErrorKind, compile_module, parse_program};
use crate::python::version::Version;
use crate::system::control::Control;

/// The most states of one search.
const MOST_STATES: usize = 60_000;

/// The most instructions of one version's searches.
const MOST_STEPS: u64 = 6_000_000;

/// What a version makes of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Every schedule ends as some order of whole loop iterations does.
    Exact,
    /// Some schedule ends otherwise: an update is lost, or a check was overtaken.
    Loses,
    /// Some schedule raises an exception that no order of whole iterations raises.
    Raises,
    /// Some schedule ends with threads that wait for each other.
    Deadlocks,
    /// A limit was reached before every schedule was tried.
    Incomplete,
    /// The version does not take the program.
    NotPython,
}

impl Kind {
    /// As a table shows it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Loses => "loses",
            Self::Raises => "raises",
            Self::Deadlocks => "deadlocks",
            Self::Incomplete => "incomplete",
            Self::NotPython => "not python",
        }
    }
}

/// Two lines that are in each other's way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Collision {
    /// The variable, attribute or object.
    pub name: String,
    /// The line that read it first.
    pub read: u32,
    /// The line of another thread that then changed it.
    pub between: u32,
    /// The line that wrote it after that, if it was written.
    pub write: Option<u32>,
    /// The instruction after which the thread lost the GIL.
    pub drop_point: String,
}

/// A line that a thread runs in a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScheduleLine {
    /// The thread: 0 is the main thread.
    pub thread: usize,
    /// The line's number.
    pub line: u32,
    /// The line.
    pub text: String,
}

/// What was found for one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The version.
    pub version: Version,
    /// The verdict.
    pub kind: Kind,
    /// Why, in a sentence.
    pub reason: String,
    /// What collides.
    pub collision: Option<Collision>,
    /// How the program ends then: what it prints and raises.
    pub ends: Vec<String>,
    /// How it ends in orders of whole iterations.
    pub expected: Vec<Vec<String>>,
    /// The shortest schedule that shows it, from where the second thread has begun.
    pub schedule: Vec<ScheduleLine>,
}

/// What was found for all versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The numbers that were taken as smaller ones.
    pub small: BTreeMap<i64, i64>,
    /// A finding for each version, in the order in which they were asked for.
    pub findings: Vec<Finding>,
}

/// Why there is no verdict.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CheckError {
    /// The program is not taken.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The program runs into something that is not modelled.
    #[error("not covered: {what}{}", place.as_ref().map(|place| format!("\n{place}")).unwrap_or_default())]
    Beyond {
        /// What.
        what: String,
        /// Where.
        place: Option<Place>,
    },
    /// A stop was asked for.
    #[error("stopped before every schedule of the program was tried; run it again")]
    Stopped,
}

impl Classified for CheckError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Source(_) | Self::Beyond { .. } => ErrorKind::Usage,
            Self::Stopped => ErrorKind::Interrupted,
        }
    }
}

/// Checks a program on some versions, with loops of so many iterations.
///
/// # Errors
///
/// If the program is not Python, or not covered; the error names the construct and shows its place.
pub fn check(text: &str, versions: &[Version], scope: u32, control: &Control) -> Result<Checked, CheckError> {
    let mut stmts = parse_program(text)?;
    coverage::check(&stmts, &|position| Place::new(text, position))?;
    let small = small_scope::shrink(&mut stmts, scope);
    let mut findings = Vec::new();
    for &version in versions {
        findings.push(check_version(&stmts, text, version, !small.is_empty(), control)?);
    }
    Ok(Checked { small, findings })
}

fn check_version(
    stmts: &[Stmt],
    text: &str,
    version: Version,
    warm: bool,
    control: &Control,
) -> Result<Finding, CheckError> {
    let finding = |kind: Kind, reason: String| Finding {
        version,
        kind,
        reason,
        collision: None,
        ends: Vec::new(),
        expected: Vec::new(),
        schedule: Vec::new(),
    };
    let module = match compile_module(stmts, text, version, &KNOWN, warm) {
        Ok(module) => module,
        Err(error) if error.kind == SourceErrorKind::NotPython => {
            return Ok(finding(Kind::NotPython, error.message));
        }
        Err(error) => return Err(error.into()),
    };
    let bounds = Bounds { states: MOST_STATES, steps: MOST_STEPS, control };
    match judge(&module, &bounds) {
        Ok(found) => Ok(found),
        Err(Unfinished::Limit(limit)) => Ok(finding(Kind::Incomplete, limit)),
        Err(Unfinished::Stopped) => Err(CheckError::Stopped),
        Err(Unfinished::Beyond(Beyond { what, place })) => Err(CheckError::Beyond { what, place }),
    }
}

fn judge(module: &Module, bounds: &Bounds<'_>) -> Result<Finding, Unfinished> {
    let serial = Search::new(module, Switching::Iterations).run(bounds, None)?;
    let expected: Vec<Ending> =
        serial.into_iter().map(|(ending, _)| ending).filter(|ending| ending.waiting.is_empty()).collect();
    let mut search = Search::new(module, Switching::DropPoints);
    let endings = search.run(bounds, Some(&expected))?;
    let mut finding = Finding {
        version: module.version,
        kind: Kind::Exact,
        reason: String::new(),
        collision: None,
        ends: Vec::new(),
        expected: expected.iter().map(shown).collect(),
        schedule: Vec::new(),
    };
    finding.expected.sort();
    finding.expected.dedup();
    let missing = |ending: &Ending| ending.uncaught.iter().any(|text| text.starts_with("ImportError"));
    if !expected.is_empty() && expected.iter().all(missing) {
        finding.kind = Kind::NotPython;
        finding.reason = expected[0].uncaught.join(", ");
        return Ok(finding);
    }
    let unexpected = || endings.iter().filter(|(ending, _)| !expected.contains(ending));
    // One that can be seen in what is printed or raised tells more.
    let seen = unexpected().find(|(ending, _)| expected.iter().all(|known| !known.looks_like(ending)));
    let Some((ending, order)) = seen.or_else(|| unexpected().next()) else {
        finding.reason = safe(&search);
        return Ok(finding);
    };
    let raised = |ending: &Ending| expected.iter().any(|known| known.uncaught == ending.uncaught);
    finding.kind = if !ending.waiting.is_empty() {
        Kind::Deadlocks
    } else if !ending.uncaught.is_empty() && !raised(ending) {
        Kind::Raises
    } else {
        Kind::Loses
    };
    finding.ends = shown(ending);
    let (events, state) = search.replay(order, bounds)?;
    finding.collision = collision(module, &events, &state, &search);
    finding.schedule = schedule(module, &events);
    finding.reason = match (&finding.collision, finding.kind) {
        (_, Kind::Deadlocks) => {
            // The main thread only waits for the others to end.
            let waiting = ending.waiting.iter().filter(|&&thread| thread > 0 || ending.waiting.len() == 1);
            let names: Vec<String> = waiting.map(|thread| thread_name(*thread)).collect();
            match &names[..] {
                [one] => format!("{one} waits for what never comes"),
                names => format!("{} wait for each other", names.join(" and ")),
            }
        }
        (Some(collision), _) => match collision.write {
            Some(write) => format!(
                "{} is read in line {}, changed by another thread in line {}, and written in line {write}",
                collision.name, collision.read, collision.between
            ),
            None => format!(
                "{} is read in line {} and then changed by another thread in line {}",
                collision.name, collision.read, collision.between
            ),
        },
        (None, _) => "threads come between each other".to_owned(),
    };
    Ok(finding)
}

/// The main thread, or another by its number.
#[must_use]
pub fn thread_name(thread: usize) -> String {
    if thread == 0 { "main".to_owned() } else { format!("thread {thread}") }
}

/// What is printed and raised.
fn shown(ending: &Ending) -> Vec<String> {
    let lines = ending.printed.iter().chain(&ending.uncaught);
    lines.map(ToString::to_string).collect()
}

fn safe(search: &Search<'_>) -> String {
    if search.shared.is_empty() {
        "no thread changes what another one uses".to_owned()
    } else {
        "every schedule ends as some order of whole loop iterations does".to_owned()
    }
}

/// What a thread read, another changed, and the first then wrote; or at least the first two of these.
fn collision(module: &Module, events: &[Event], state: &State, search: &Search<'_>) -> Option<Collision> {
    let touches: Vec<(usize, Location, bool)> = events
        .iter()
        .enumerate()
        .filter(|(_, event)| event.together)
        .flat_map(|(at, event)| event.accesses.iter().map(move |access| (at, access.location, access.write)))
        .filter(|(_, location, _)| search.shared.contains(location))
        .collect();
    let thread = |at: usize| events[at].thread;
    // The lock under which something is done is not what is lost.
    let found = |with_write: bool| {
        touches.iter().enumerate().rev().find_map(|(index, &(write_at, location, writes))| {
            if !writes {
                return None;
            }
            if with_write {
                let read = touches[..index].iter().rev().find(|&&(at, known, write)| {
                    known == location && thread(at) == thread(write_at) && !write
                })?;
                let between = touches[..index].iter().find(|&&(at, known, write)| {
                    known == location && write && thread(at) != thread(write_at) && at > read.0
                })?;
                Some((location, read.0, between.0, Some(write_at)))
            } else {
                let read = touches[..index].iter().rev().find(|&&(at, known, write)| {
                    known == location && thread(at) != thread(write_at) && !write
                })?;
                Some((location, read.0, write_at, None))
            }
        })
    };
    let (location, read, between, write) = found(true).or_else(|| found(false))?;
    let last = (read..between).rev().find(|&at| thread(at) == thread(read)).unwrap_or(read);
    let last = if events[last].opcode.is_empty() { read } else { last };
    // An instruction that stands in no line of the text belongs to the last line that its thread has run.
    let line = |at: usize| {
        let mut mine = (0..=at).rev().filter(|&earlier| thread(earlier) == thread(at));
        mine.find_map(|earlier| events[earlier].line).unwrap_or(0)
    };
    Some(Collision {
        name: location_name(module, state, location),
        read: line(read),
        between: line(between),
        write: write.map(line),
        drop_point: format!("after {} in line {}", events[last].opcode, line(last)),
    })
}

/// The lines in the order in which they are run, from where there is more than one thread.
fn schedule(module: &Module, events: &[Event]) -> Vec<ScheduleLine> {
    let texts = super::search::lines(&module.texts.file);
    let mut lines: Vec<ScheduleLine> = Vec::new();
    for event in events.iter().filter(|event| event.together) {
        let Some(line) = event.line else { continue };
        if lines.last().is_some_and(|last| last.thread == event.thread && last.line == line) {
            continue;
        }
        let text = texts.get(&line).map(|text| text.trim().to_owned()).unwrap_or_default();
        lines.push(ScheduleLine { thread: event.thread, line, text });
    }
    lines
}

//! What each version makes of a program: exact, or how not.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::ending::Ending;
use super::machine::{Beyond, KNOWN, Location};
use super::reached::Untried;
use super::replay::{self, PlayError};
use super::search::{Bounds, Search, Switching, Unfinished};
use super::state::{Object, State};
use super::witness::{Collision, Record, ScheduleLine, ScheduleStep, Turn, thread_name};
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
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "CheckVerdict", rename_all = "lowercase"))]
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
    #[cfg_attr(test, schemars(rename = "not python"))]
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

/// The orders of whole iterations that every schedule is held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    /// Whether threads loop: then they may take turns between whole iterations, otherwise they run one after the other.
    pub loops: bool,
    /// Whether every one that ends raises.
    pub raise: bool,
    /// Whether some never end.
    pub wait: bool,
}

impl Orders {
    /// Those of a program, by how they end.
    fn of(module: &Module, endings: &[Ending]) -> Self {
        let mut ended = endings.iter().filter(|ending| ending.waiting.is_empty()).peekable();
        Self {
            // The first code is the module's own, whose loops start threads and wait for them.
            loops: module.codes.iter().skip(1).any(|code| !code.loops.is_empty()),
            raise: ended.peek().is_some() && ended.all(|ending| !ending.uncaught.is_empty()),
            wait: endings.iter().any(|ending| !ending.waiting.is_empty()),
        }
    }

    /// In words that follow "ends as".
    const fn words(self) -> &'static str {
        if self.loops {
            "some order of whole loop iterations does"
        } else {
            "threads that run one after the other do"
        }
    }
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
    /// What the sentence ends with: what has to be added, although it is exact.
    pub remark: String,
    /// Of one that is exact: what a thread reads and then writes with no place in between at which another could come in, by its name
    /// and the two lines.
    pub closed: BTreeSet<(String, u32, u32)>,
    /// What orders of whole iterations come to.
    pub orders: Orders,
    /// What collides.
    pub collision: Option<Collision>,
    /// How the program ends then: what it prints and raises.
    pub ends: Vec<String>,
    /// How it ends in orders of whole iterations.
    pub expected: Vec<Vec<String>>,
    /// What orders of whole iterations print and raise.
    pub prints: Vec<Vec<String>>,
    /// Whether a thread waited with a time limit, which passes only where no other thread can go on.
    pub time_limits: bool,
    /// How many instructions were done to find it.
    pub work: u64,
    /// Of one that is exact: what of the program no schedule has done.
    pub untried: Untried,
    /// Whether it is exact only once calls are specialised: in the first iterations it is not.
    pub cold_differs: bool,
    /// The shortest schedule that shows it, by lines, from where the second thread has begun.
    pub schedule: Vec<ScheduleLine>,
    /// The same by instructions.
    pub steps: Vec<ScheduleStep>,
    /// The same, whole, as text is made of it.
    pub turns: Vec<Turn>,
}

impl Finding {
    fn new(version: Version, kind: Kind, reason: String) -> Self {
        Self {
            version,
            kind,
            reason,
            remark: String::new(),
            closed: BTreeSet::new(),
            orders: Orders::default(),
            collision: None,
            ends: Vec::new(),
            expected: Vec::new(),
            prints: Vec::new(),
            time_limits: false,
            work: 0,
            untried: Untried::default(),
            cold_differs: false,
            schedule: Vec::new(),
            steps: Vec::new(),
            turns: Vec::new(),
        }
    }
}

/// What was found for all versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The numbers that were taken as smaller ones.
    pub small: Small,
    /// A finding for each version, in the order in which they were asked for.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// How many instructions were done in all.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.findings.iter().map(|finding| finding.work).sum()
    }

    /// What of the program no schedule has done on any version on which it is exact.
    #[must_use]
    pub fn untried(&self) -> Untried {
        // What ends in an exception in any order does not go on for other reasons.
        let exact = |finding: &&Finding| finding.kind == Kind::Exact && !finding.orders.raise;
        let exact = self.findings.iter().filter(exact);
        let untried = exact.map(|finding| finding.untried.clone());
        untried.reduce(|one, other| one.and(&other)).unwrap_or_default()
    }
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
    /// A schedule does not fit the program.
    #[error(transparent)]
    Schedule(#[from] PlayError),
    /// A stop was asked for.
    #[error("stopped before every schedule of the program was tried; run it again")]
    Stopped,
}

impl Classified for CheckError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Schedule(PlayError::Thread(_)) => ErrorKind::Failure,
            Self::Source(_) | Self::Beyond { .. } | Self::Schedule(_) => ErrorKind::Usage,
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
    let (stmts, small) = parse(text, scope)?;
    let mut findings = Vec::new();
    // What one version does and the model does not is no reason to say nothing of the others.
    let mut refusals = Vec::new();
    for &version in versions {
        match check_version(&stmts, text, version, !small.numbers.is_empty(), control) {
            Err(CheckError::Beyond { what, place }) => {
                let reason = format!("not covered: {what}");
                findings.push(Finding::new(version, Kind::Incomplete, reason));
                refusals.push(CheckError::Beyond { what, place });
            }
            finding => findings.push(finding?),
        }
    }
    match refusals.pop() {
        Some(refusal) if refusals.len() + 1 == findings.len() => Err(refusal),
        _ => Ok(Checked { small, findings }),
    }
}

/// The numbers of a program that were taken as smaller ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Small {
    /// What each was taken as.
    pub numbers: BTreeMap<i64, i64>,
    /// Whether one of them was larger than a number of the program that stayed as it was, and is not any more.
    pub overtaken: bool,
}

/// A program with small numbers, and which those are.
fn parse(text: &str, scope: u32) -> Result<(Vec<Stmt>, Small), CheckError> {
    let mut stmts = parse_program(text)?;
    coverage::check(&stmts, &|position| Place::new(text, position))?;
    let beside = small_scope::few(&stmts);
    let small = small_scope::shrink(&mut stmts, scope);
    // Those that were large in both are not small in one.
    let is_overtaken = |(number, taken_as): (&i64, &i64)| {
        let mut others = beside.iter().filter(|other| !small.contains_key(other));
        others.any(|other| (number > other) != (taken_as > other))
    };
    let overtaken = small.iter().any(is_overtaken);
    Ok((stmts, Small { numbers: small, overtaken }))
}

/// What came of carrying out a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// The numbers that were taken as smaller ones.
    pub small: Small,
    /// How it ends, and what that shows.
    pub finding: Finding,
    /// How it ended on real threads, if they were to carry it out.
    pub real: Option<RealThreads>,
}

/// How real threads ended that carried out a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealThreads {
    /// Whether they left what the schedule leaves.
    pub agrees: bool,
    /// What they printed and raised.
    pub ends: Vec<String>,
}

/// Carries out a schedule of a program, on real threads as well if they are asked for.
///
/// # Errors
///
/// As [`check`]; if the schedule does not fit the program; if there is no room for a thread.
pub fn play(
    text: &str,
    version: Version,
    scope: u32,
    turns: &[Turn],
    on_threads: bool,
    control: &Control,
) -> Result<Played, CheckError> {
    let (stmts, small) = parse(text, scope)?;
    let module = compile_module(&stmts, text, version, &KNOWN, !small.numbers.is_empty())?;
    let bounds = Bounds { states: MOST_STATES, steps: MOST_STEPS, control };
    let unfinished = |unfinished| match unfinished {
        Unfinished::Limit(limit) => CheckError::Beyond { what: limit, place: None },
        Unfinished::Stopped => CheckError::Stopped,
        Unfinished::Beyond(Beyond { what, place }) => CheckError::Beyond { what, place },
    };
    let serial = Search::new(&module, Switching::Iterations).run(&bounds, None).map_err(unfinished)?;
    let serial: Vec<Ending> = serial.into_iter().map(|(ending, _)| ending).collect();
    let orders = Orders::of(&module, &serial);
    let expected: Vec<Ending> = serial.into_iter().filter(|ending| ending.waiting.is_empty()).collect();
    let mut record = Record::default();
    let state =
        replay::play(&module, turns, &mut |machine, thread, told| record.note(machine, thread, told))?;
    let ending = replay::ending(&module, &state)?;
    let right = expected.contains(&ending);
    let kind = if right { Kind::Exact } else { kind(&ending, &expected) };
    let mut finding = Finding::new(version, kind, String::new());
    finding.orders = orders;
    finding.expected = expected.iter().map(shown).collect();
    finding.expected.sort();
    finding.expected.dedup();
    finding.prints.clone_from(&finding.expected);
    tell(&mut finding, &module, &ending, &expected, &record, &state, &record.shared());
    if right {
        finding.collision = None;
        finding.reason = format!("this schedule ends as {}", orders.words());
    }
    let real = if on_threads {
        let real = replay::ending(&module, &replay::on_threads(&module, turns)?)?;
        Some(RealThreads { agrees: real == ending, ends: shown(&real) })
    } else {
        None
    };
    Ok(Played { small, finding, real })
}

fn check_version(
    stmts: &[Stmt],
    text: &str,
    version: Version,
    warm: bool,
    control: &Control,
) -> Result<Finding, CheckError> {
    let mut module = match compile_module(stmts, text, version, &KNOWN, warm) {
        Ok(module) => module,
        Err(error) if error.kind == SourceErrorKind::NotPython => {
            return Ok(Finding::new(version, Kind::NotPython, error.message));
        }
        Err(error) => return Err(error.into()),
    };
    let bounds = Bounds { states: MOST_STATES, steps: MOST_STEPS, control };
    match judge(&module, &bounds) {
        Ok((mut found, silenced)) => {
            if silenced && found.kind == Kind::Exact {
                // Its first iterations are not specialised yet.
                module.warm = false;
                if let Ok((cold, _)) = judge(&module, &bounds)
                    && cold.kind != Kind::Exact
                {
                    found.cold_differs = true;
                    let remark = format!(
                        ", once its calls are specialised; in the first iterations they are not: {}",
                        cold.reason
                    );
                    found.reason += &remark;
                    found.remark += &remark;
                }
            }
            Ok(found)
        }
        Err(Unfinished::Limit(limit)) => Ok(Finding::new(version, Kind::Incomplete, limit)),
        Err(Unfinished::Stopped) => Err(CheckError::Stopped),
        Err(Unfinished::Beyond(Beyond { what, place })) => Err(CheckError::Beyond { what, place }),
    }
}

/// A finding, and whether it rests on calls that are taken to be specialised.
fn judge(module: &Module, bounds: &Bounds<'_>) -> Result<(Finding, bool), Unfinished> {
    let mut whole = Search::new(module, Switching::Iterations);
    let serial = whole.run(bounds, None)?;
    let one_order = serial.first().map(|(_, order)| order.clone()).unwrap_or_default();
    let serial: Vec<Ending> = serial.into_iter().map(|(ending, _)| ending).collect();
    let orders = Orders::of(module, &serial);
    let expected: Vec<Ending> = serial.into_iter().filter(|ending| ending.waiting.is_empty()).collect();
    let mut search = Search::new(module, Switching::DropPoints);
    let endings = search.run(bounds, Some(&expected))?;
    let mut finding = Finding::new(module.version, Kind::Exact, String::new());
    finding.orders = orders;
    finding.work = whole.steps + search.steps;
    finding.time_limits = whole.assumed.or(search.assumed).long_limits;
    finding.expected = expected.iter().map(shown).collect();
    finding.expected.sort();
    finding.expected.dedup();
    finding.prints.clone_from(&finding.expected);
    let missing = |ending: &Ending| ending.uncaught.iter().any(|text| text.starts_with("ImportError"));
    if !expected.is_empty() && expected.iter().all(missing) {
        finding.kind = Kind::NotPython;
        finding.reason = expected[0].uncaught.join(", ");
        return Ok((finding, false));
    }
    let unexpected = || endings.iter().filter(|(ending, _)| !expected.contains(ending));
    // One that can be seen in what is printed or raised tells more.
    let seen = unexpected().find(|(ending, _)| expected.iter().all(|known| !known.looks_like(ending)));
    let Some((ending, order)) = seen.or_else(|| unexpected().next()) else {
        let mut record = Record::default();
        let state = whole
            .replay(&one_order, bounds, &mut |machine, thread, told| record.note(machine, thread, told))?;
        finding.closed = record.closed(module, &state, &search.conflicts);
        finding.untried = search.reached.untried(&whole.reached, module);
        finding.remark = endings_of_orders(&expected);
        finding.reason = safe(&search, orders) + &finding.remark;
        return Ok((finding, search.assumed.specialised));
    };
    finding.kind = kind(ending, &expected);
    let mut record = Record::default();
    let state =
        search.replay(order, bounds, &mut |machine, thread, told| record.note(machine, thread, told))?;
    tell(&mut finding, module, ending, &expected, &record, &state, &search.conflicts);
    Ok((finding, search.assumed.specialised))
}

/// What an ending shows that is not expected.
fn kind(ending: &Ending, expected: &[Ending]) -> Kind {
    let raised = expected.iter().any(|known| known.uncaught == ending.uncaught);
    if !ending.waiting.is_empty() {
        Kind::Deadlocks
    } else if !ending.uncaught.is_empty() && !raised {
        Kind::Raises
    } else {
        Kind::Loses
    }
}

/// Says of a finding how and why the schedule on record ends so.
fn tell(
    finding: &mut Finding,
    module: &Module,
    ending: &Ending,
    expected: &[Ending],
    record: &Record,
    state: &State,
    shared: &BTreeSet<Location>,
) {
    finding.ends = shown(ending);
    finding.collision = record.collision(module, state, shared);
    finding.schedule = record.lines(module);
    finding.steps = record.steps(module, state, shared);
    finding.turns.clone_from(&record.turns);
    finding.reason = match (&finding.collision, finding.kind) {
        (_, Kind::Deadlocks) => {
            // The main thread only waits for the others to end.
            let waiting = ending.waiting.iter().filter(|&&thread| thread > 0 || ending.waiting.len() == 1);
            let names: Vec<String> = waiting.map(|thread| thread_name(*thread)).collect();
            match &names[..] {
                [one] => format!("{one} waits for what never comes"),
                names => format!("{} {}", names.join(" and "), wait_for(ending, state)),
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
    if finding.kind == Kind::Loses && expected.iter().any(|known| ending.prints_in_another_order(known)) {
        finding.collision = None;
        "only the order in what is printed is another".clone_into(&mut finding.reason);
    }
    tell_globals(finding, module, ending, expected);
}

/// What several threads wait for that never comes: each other, where two of them have locks, or a lock that is not released any more.
fn wait_for(ending: &Ending, state: &State) -> String {
    let owners = state.heap.iter().filter_map(|entry| match entry.object {
        Object::Lock(Some(owner)) | Object::RLock(Some(owner), _) => Some(usize::from(owner)),
        _ => None,
    });
    let owners: BTreeSet<usize> = owners.collect();
    let over = owners.iter().find(|&&owner| state.threads.get(owner).is_some_and(|thread| thread.finished));
    match over {
        Some(&owner) => format!("wait for a lock that {} has not released", thread_name(owner)),
        None if owners.iter().filter(|owner| ending.waiting.contains(owner)).count() > 1 => {
            "wait for each other".to_owned()
        }
        None => "wait for what never comes".to_owned(),
    }
}

/// Where what is printed and raised is as expected, the globals that are not.
fn tell_globals(finding: &mut Finding, module: &Module, ending: &Ending, expected: &[Ending]) {
    let Some(alike) = expected.iter().find(|known| known.looks_like(ending)) else { return };
    let (found, known) = (ending.globals(module), alike.globals(module));
    let mut names: Vec<&String> =
        found.iter().filter(|(name, text)| known.get(*name) != Some(text)).map(|(name, _)| name).collect();
    names.extend(known.keys().filter(|name| !found.contains_key(*name)));
    let with_globals = |ending: &Ending| {
        let texts = ending.globals(module);
        let unbound = "unbound".to_owned();
        let line = |name: &&String| format!("{name} is {}", texts.get(*name).unwrap_or(&unbound));
        let mut lines = shown(ending);
        lines.extend(names.iter().map(line));
        lines
    };
    finding.expected = std::iter::once(ending).chain(expected).map(with_globals).collect();
    finding.ends = finding.expected.remove(0);
    finding.expected.sort();
    finding.expected.dedup();
    if expected.iter().any(|known| known.reorders(ending)) {
        let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        let what = if names.is_empty() { "what is left".to_owned() } else { names.join(", ") };
        // Which two lines are the last to meet says nothing of it.
        finding.collision = None;
        finding.reason = format!("only the order in {what} is another");
    }
}

/// What is printed and raised.
fn shown(ending: &Ending) -> Vec<String> {
    let lines = ending.printed.iter().chain(&ending.uncaught);
    lines.map(ToString::to_string).collect()
}

fn safe(search: &Search<'_>, orders: Orders) -> String {
    let reason = if search.conflicts.is_empty() {
        "no thread changes what another one uses".to_owned()
    } else {
        format!("every schedule ends as {}", orders.words())
    };
    let lines = if search.sharing.print_together() {
        "; lines may come in another order, or run into one another"
    } else {
        ""
    };
    format!("{reason}{lines}")
}

/// What there is to know of the endings of whole iterations, although none is lost: each may be wrong by itself.
fn endings_of_orders(expected: &[Ending]) -> String {
    let mut raised: Vec<&str> =
        expected.iter().flat_map(|ending| &ending.uncaught).map(AsRef::as_ref).collect();
    raised.sort_unstable();
    raised.dedup();
    let uncaught = match raised.first() {
        Some(first) if expected.iter().all(|ending| !ending.uncaught.is_empty()) => {
            format!("; every order raises {first}")
        }
        Some(first) => format!("; some orders raise {first}"),
        None => String::new(),
    };
    let mut shows: Vec<Vec<String>> = expected.iter().map(shown).collect();
    shows.sort();
    shows.dedup();
    let several = shows.len() > 1 && raised.is_empty();
    if several { format!("; what is printed depends on that order ({} ways)", shows.len()) } else { uncaught }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_reduction_leaves_out_no_ending() {
        let (mut reduced_steps, mut all_steps) = (0, 0);
        for text in [
            include_str!("../../../tests/programs/account.py"),
            include_str!("../../../tests/programs/deadlock_two_locks.py"),
        ] {
            for version in [Version::V3_9, Version::V3_13t] {
                let (stmts, small) = parse(text, 2).unwrap();
                let module =
                    compile_module(&stmts, text, version, &KNOWN, !small.numbers.is_empty()).unwrap();
                let control = Control::default();
                let bounds = Bounds { states: 20 * MOST_STATES, steps: 20 * MOST_STEPS, control: &control };
                let endings = |switching, steps: &mut u64| {
                    let mut search = Search::new(&module, switching);
                    let found = search.run(&bounds, None).unwrap();
                    *steps += search.steps;
                    found.into_iter().map(|(ending, _)| ending).collect::<HashSet<Ending>>()
                };
                let reduced = endings(Switching::DropPoints, &mut reduced_steps);
                let all = endings(Switching::EveryDropPoint, &mut all_steps);
                assert_eq!(reduced, all, "{version}: {text}");
            }
        }
        assert!(
            5 * reduced_steps < all_steps,
            "it pays: {reduced_steps} instructions instead of {all_steps}"
        );
    }
}

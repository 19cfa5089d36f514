//! What was found for a version, and how it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::collision::Collision;
use super::deadlock;
use super::ending::{Ending, names_that_tell};
use super::event::{name_of, thread_name};
use super::machine::Location;
use super::reached::Untried;
use super::search::Search;
use super::state::State;
use super::witness::{Record, ScheduleLine, ScheduleStep, Turn};
use crate::python::program::module::Module;
use crate::python::version::{StartMethod, Version};

/// What a version makes of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "CheckVerdict", rename_all = "lowercase"))]
pub enum Kind {
    /// Every schedule ends as some order of whole loop iterations does.
    Exact,
    /// Some schedule ends otherwise: an update is lost, or a check was overtaken.
    Loses,
    /// Some schedule ends otherwise, but only an order is another, or no thread goes on by what is no longer so: several ends are right.
    Differs,
    /// Some schedule raises an exception that no order of whole iterations raises.
    Raises,
    /// Some schedule ends with threads that wait for each other.
    Deadlocks,
    /// A limit was reached before every schedule was tried, or something that is not covered was met on the way.
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
            Self::Differs => "differs",
            Self::Raises => "raises",
            Self::Deadlocks => "deadlocks",
            Self::Incomplete => "incomplete",
            Self::NotPython => "not python",
        }
    }
}

impl Kind {
    /// Whether something goes wrong: a loss, an exception, a deadlock.
    #[must_use]
    pub const fn is_fault(self) -> bool {
        matches!(self, Self::Loses | Self::Raises | Self::Deadlocks)
    }
}

/// The orders of whole iterations that every schedule is held against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    /// Whether threads take turns after whole iterations of their loops; otherwise they run one after the other.
    pub loops: bool,
    /// Whether every one that ends raises.
    pub raise: bool,
    /// Whether some never end.
    pub wait: bool,
}

impl Orders {
    /// Those of a program, by whether threads take turns after iterations and how they end.
    pub(super) fn of(loops: bool, endings: &[Ending]) -> Self {
        let mut ended = endings.iter().filter(|ending| ending.waiting.is_empty()).peekable();
        Self {
            loops,
            raise: ended.peek().is_some() && ended.all(|ending| !ending.uncaught.is_empty()),
            wait: endings.iter().any(|ending| !ending.waiting.is_empty()),
        }
    }

    /// In words that follow "ends as".
    pub(super) const fn words(self) -> &'static str {
        if self.loops {
            "some order of whole loop iterations does"
        } else {
            "threads that run one after the other do"
        }
    }
}

/// Something that a program does and the model does not cover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotCovered {
    /// What.
    pub what: String,
    /// In which line, where that is known.
    pub line: Option<u32>,
}

impl fmt::Display for NotCovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        self.line.map_or(Ok(()), |line| write!(f, " (line {line})"))
    }
}

/// What was found for one version.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
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
    /// Of one that is incomplete: what is not covered, if it is no limit that was reached.
    pub not_covered: Option<NotCovered>,
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
    /// Whether `as_completed()` gave several futures, which it is taken to do in the order in which it was given them.
    pub given_order: bool,
    /// Whether a process is waited for while more than a number of each is left on a queue of processes: a pipe is taken to hold it.
    pub pipes: bool,
    /// Whether something is printed with an `end` that ends no line: what each print gives counts as a line.
    pub parts: bool,
    /// Whether a clock is read: what it shows is not known.
    pub clocks: bool,
    /// Whether a number is drawn at random: which one is not known.
    pub chance: bool,
    /// Whether something goes to standard error, by logging or a print: it is not compared.
    pub standard_error: bool,
    /// Whether a loop without an end of its own (`while running`) was left to go round a few times, and then only where no other thread
    /// could go on.
    pub few_rounds: bool,
    /// How many lines it prints, or an order of whole iterations, whichever has most.
    pub printed: usize,
    /// Whether it ends otherwise only in what no global variable leads to.
    pub hidden: bool,
    /// Whether the program as it stands does what it never does with numbers that small.
    pub departs: bool,
    /// How many instructions were done to find it.
    pub work: u64,
    /// Where nothing goes wrong: what of the program no schedule has done.
    pub untried: Untried,
    /// Where nothing goes wrong: whether in each of a few schedules one thread alone does what several do in the program as it stands.
    pub uneven: bool,
    /// Whether it is known for specialised calls only: in the first iterations the verdict is another, or not every schedule was tried.
    pub cold_differs: bool,
    /// Whether a daemon thread prints, which the end of the program may cut short.
    pub daemons_print: bool,
    /// Whether it begins processes.
    pub processes: bool,
    /// Who takes a lock in its sleep, before it has the GIL to go on, and the line in which it waits for that.
    pub sleepers: Vec<(usize, u32)>,
    /// What the threads of the schedule are called, by their numbers.
    pub threads: Vec<String>,
    /// A schedule that shows it, in which no switch can be left out, by lines, from where the second thread has begun.
    pub schedule: Vec<ScheduleLine>,
    /// The same by instructions.
    pub steps: Vec<ScheduleStep>,
    /// The same, whole, as text is made of it.
    pub turns: Vec<Turn>,
}

impl Finding {
    /// Whether nothing goes wrong, and not every order ends in an exception: then what no schedule does is not done for other reasons.
    #[must_use]
    pub const fn goes_on(&self) -> bool {
        matches!(self.kind, Kind::Exact | Kind::Differs) && !self.orders.raise
    }

    /// Whether it begins processes, and a fork server starts them.
    #[must_use]
    pub fn is_by_fork_server(&self) -> bool {
        self.processes && self.version.facts().start_method == StartMethod::ForkServer
    }

    /// Whether a limit was reached.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.kind == Kind::Incomplete && self.not_covered.is_none() && !self.departs
    }

    /// What a thread of the schedule is called.
    #[must_use]
    pub fn thread(&self, number: usize) -> String {
        self.threads.get(number).cloned().unwrap_or_else(|| thread_name(number))
    }

    /// Of a version on which a program does what the model does not cover.
    pub(super) fn beyond(version: Version, not_covered: NotCovered) -> Self {
        let reason = format!("not covered: {not_covered}");
        Self { not_covered: Some(not_covered), ..Self::new(version, Kind::Incomplete, reason) }
    }

    pub(super) fn new(version: Version, kind: Kind, reason: String) -> Self {
        Self {
            version,
            kind,
            reason,
            remark: String::new(),
            closed: BTreeSet::new(),
            orders: Orders::default(),
            not_covered: None,
            collision: None,
            ends: Vec::new(),
            expected: Vec::new(),
            prints: Vec::new(),
            time_limits: false,
            given_order: false,
            pipes: false,
            parts: false,
            clocks: false,
            chance: false,
            standard_error: false,
            few_rounds: false,
            printed: 0,
            hidden: false,
            departs: false,
            work: 0,
            untried: Untried::default(),
            uneven: false,
            cold_differs: false,
            daemons_print: false,
            processes: false,
            threads: Vec::new(),
            schedule: Vec::new(),
            steps: Vec::new(),
            turns: Vec::new(),
            sleepers: Vec::new(),
        }
    }
}

/// What an ending shows that is not expected.
pub(super) fn kind(ending: &Ending, expected: &[Ending]) -> Kind {
    // Not to raise what an order raises is another end, and no exception.
    let raised = expected.iter().any(|known| {
        let mut left = known.uncaught.clone();
        ending.uncaught.iter().all(|text| {
            let at = left.iter().position(|other| other == text);
            at.map(|at| left.remove(at)).is_some()
        })
    });
    if !ending.waiting.is_empty() {
        Kind::Deadlocks
    } else if !ending.uncaught.is_empty() && !raised {
        Kind::Raises
    } else {
        Kind::Loses
    }
}

/// What an ending shows that is not expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shows {
    /// Of what kind it is, if no more is known than the ending.
    pub(super) kind: Kind,
    /// Whether it is in what is printed or raised, and not in variables only.
    pub(super) visible: bool,
    /// Whether only an order is another.
    pub(super) reordered: bool,
}

impl Shows {
    /// Nothing, if it is expected.
    pub(super) fn of(ending: &Ending, expected: &[Ending]) -> Option<Self> {
        let any = |is: &dyn Fn(&Ending) -> bool| expected.iter().any(is);
        (!ending.is_among(expected)).then(|| Self {
            kind: kind(ending, expected),
            visible: !any(&|known| known.looks_like(ending)),
            reordered: any(&|known| ending.prints_in_another_order(known) || known.reorders(ending)),
        })
    }
}

/// Says of a finding how and why the schedule on record ends so.
pub(super) fn tell(
    finding: &mut Finding,
    module: &Module,
    ending: &Ending,
    expected: &[Ending],
    record: &Record,
    state: &State,
    shared: &BTreeSet<Location>,
) {
    finding.ends = shown(ending);
    finding.printed =
        std::iter::once(ending).chain(expected).map(|end| end.printed.len()).max().unwrap_or_default();
    finding.collision = record.collision(module, state, shared);
    finding.processes = state.threads.iter().any(|thread| thread.process > 0);
    finding.threads = (0..state.threads.len()).map(|thread| name_of(state, thread)).collect();
    finding.schedule = record.lines(module);
    finding.steps = record.steps(module, state, shared);
    finding.turns.clone_from(&record.turns);
    finding.sleepers = record.sleepers().into_iter().collect();
    finding.reason = match (&finding.collision, finding.kind) {
        (_, Kind::Deadlocks) if !ending.spins.is_empty() => {
            // It has no end to be played back to.
            finding.turns.clear();
            let names: Vec<String> = ending.spins.iter().map(|thread| name_of(state, *thread)).collect();
            let (goes, waits) = if names.len() == 1 { ("goes", "waits") } else { ("go", "wait") };
            format!("{} {goes} round and round, and {waits} for {}", names.join(" and "), deadlock::NEVER)
        }
        (_, Kind::Deadlocks) => deadlock::told(&record.events(), state, &ending.waiting),
        (Some(collision), _) => collision.to_string(),
        (None, _) => "the order of the threads' turns makes it so; no single variable tells why".to_owned(),
    };
    if finding.kind == Kind::Differs {
        // Which two lines meet says nothing of it.
        finding.collision = None;
        finding.reason = if expected.iter().any(|known| ending.prints_in_another_order(known)) {
            "only the order in what is printed is another".to_owned()
        } else {
            let prints_the_same = expected.iter().any(|known| known.printed == ending.printed);
            differs_in(if prints_the_same { "what is raised" } else { "what is printed" })
        };
    }
    tell_globals(finding, module, ending, expected);
}

/// Where what is printed and raised is as expected, the globals that are not, and what they hold.
fn tell_globals(finding: &mut Finding, module: &Module, ending: &Ending, expected: &[Ending]) {
    let found = ending.globals(module);
    let alike = expected.iter().filter(|known| known.looks_like(ending));
    let alike: Vec<BTreeMap<String, String>> = alike.map(|known| known.globals(module)).collect();
    if alike.is_empty() {
        return;
    }
    let names = names_that_tell(&found, &alike);
    finding.hidden = names.is_empty();
    let with_globals = |ending: &Ending| {
        let texts = ending.globals(module);
        let unbound = "unbound".to_owned();
        let line = |name: &String| format!("{name} is {}", texts.get(name).unwrap_or(&unbound));
        let mut lines = shown(ending);
        lines.extend(names.iter().map(line));
        lines
    };
    finding.expected = std::iter::once(ending).chain(expected).map(with_globals).collect();
    finding.ends = finding.expected.remove(0);
    finding.expected.sort();
    finding.expected.dedup();
    if finding.kind == Kind::Differs {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let what = if names.is_empty() { "what is left".to_owned() } else { names.join(", ") };
        finding.reason = if expected.iter().any(|known| known.reorders(ending)) {
            format!("only the order of elements is another, such as in {what}")
        } else {
            differs_in(&what)
        };
    }
}

/// Of what ends otherwise, though every thread goes on by what is so.
fn differs_in(what: &str) -> String {
    format!("{what} can be another, but no thread goes on by what another one has changed since")
}

/// What is printed and raised.
pub(super) fn shown(ending: &Ending) -> Vec<String> {
    let lines = ending.printed.iter().chain(&ending.uncaught);
    lines.map(ToString::to_string).collect()
}

pub(super) fn safe(search: &Search<'_>, orders: Orders) -> String {
    if search.conflicts.is_empty() {
        "no thread changes what another one uses".to_owned()
    } else {
        format!("every schedule ends as {}", orders.words())
    }
}

/// In which order lines come, and whether they stay apart.
pub(super) fn lines(search: &Search<'_>) -> &'static str {
    let overlap = search.prints.overlap();
    match (search.prints.reordered() || overlap.differing, overlap.at_once) {
        (true, true) => "; lines may come in another order, or run into one another",
        (true, false) => "; lines may come in another order",
        (false, true) => "; lines may run into one another",
        (false, false) => "",
    }
}

/// What there is to know of the endings of whole iterations, although none is lost: each may be wrong by itself.
pub(super) fn endings_of_orders(expected: &[Ending], few_rounds: bool, small: bool) -> String {
    let mut raised: Vec<&str> =
        expected.iter().flat_map(|ending| &ending.uncaught).map(AsRef::as_ref).collect();
    raised.sort_unstable();
    raised.dedup();
    // What each of them raises, if there is such a thing.
    let by_all = |text: &&str| expected.iter().all(|ending| ending.uncaught.iter().any(|it| **it == **text));
    let common = raised.iter().copied().find(by_all);
    let some = match &raised[..] {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} or {other}"),
        [first, ..] => format!("{first} or another exception"),
    };
    let all_raise = expected.iter().all(|ending| !ending.uncaught.is_empty());
    let uncaught = match (raised.is_empty(), common) {
        (true, _) => String::new(),
        (false, Some(text)) => format!("; every order raises {text}"),
        (false, None) if all_raise => format!("; every order raises {some}"),
        (false, None) => format!("; some orders raise {some}"),
    };
    let mut shows: Vec<_> = expected.iter().map(|ending| &ending.printed).collect();
    shows.sort();
    shows.dedup();
    let more = if few_rounds { ", or more" } else { "" };
    // More threads, or more iterations, print in more ways.
    let with = if small { " with numbers that small" } else { "" };
    if shows.len() > 1 {
        format!("; what is printed depends on which goes first ({} ways{with}{more}){uncaught}", shows.len())
    } else {
        uncaught
    }
}

//! The report of a checked program: what each version makes of it, and the schedule that breaks it.

mod document;
mod real;
mod row;
mod untried;

pub use real::{RealEnding, RealRow, Seen};
pub use row::{CheckRow, InstructionStep, ScheduleStep};
pub use untried::UntriedLines;

use crate::python::check::{self, Checked, Finding, Kind, Scope};
use crate::python::version::Version;
use crate::report::document::Header;
use crate::report::layout::{Cell, Grid};
use crate::report::part::{Fold, Part, texts};
use crate::report::{terms, words};
use crate::system::shell::quoted;
use anstyle::AnsiColor;
use serde::Serialize;

/// The most lines of a schedule that a table shows.
const MOST_LINES: usize = 40;
/// The most instructions of one.
const MOST_STEPS: usize = 120;
/// How many ends of whole threads or iterations are shown, if there are many.
const MOST_ENDS: usize = 4;

/// What each version of CPython makes of a program.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckReport {
    /// What it says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// The program's file.
    pub file: String,
    /// How many iterations long loops were taken to have.
    pub scope: u32,
    /// Whether other numbers were taken as small in the same proportion.
    pub in_proportion: bool,
    /// How often a loop that counts no rounds (`while`) goes round before others go on.
    #[serde(skip)]
    pub rounds: u8,
    /// The numbers that were taken as smaller ones.
    pub small: Vec<SmallNumber>,
    /// What of the program no schedule does at this scope, where it is exact.
    pub untried: UntriedLines,
    /// A finding for each version.
    pub results: Vec<CheckRow>,
    /// The real interpreters that were asked for.
    pub real: Vec<RealRow>,
    /// Interpreters that could not be asked, each with the reason.
    pub failures: Vec<String>,
    /// In how many of the real interpreters something was seen that the model calls impossible.
    pub disagreements: usize,
    /// With `--replay`: how real threads ended that carried out the schedule that is shown.
    pub real_threads: Option<RealThreads>,
}

/// How real threads ended that carried out a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "CheckThreads"))]
pub struct RealThreads {
    /// Whether they left what the schedule leaves.
    pub agrees: bool,
    /// What they printed, line by line in alphabetical order, and then what they raised.
    pub ends: Vec<String>,
}

/// A number that only makes the program long, and what it was taken as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SmallNumber {
    /// The number as it stands in the program.
    pub number: i64,
    /// The number that it was taken as.
    pub taken_as: i64,
}

impl CheckReport {
    /// The report of what was found.
    #[must_use]
    pub fn new(header: Header, file: String, scope: Scope, checked: &Checked, steps: bool) -> Self {
        let small = checked.small.numbers.iter().map(|(&number, &taken_as)| SmallNumber { number, taken_as });
        // Where one version loses, a later one is safe because nothing can come between the same two lines.
        let lost = checked.findings.iter().find_map(|finding| finding.collision.as_ref());
        let untried = UntriedLines::of(checked);
        let row = |finding: &Finding| {
            let mut row = CheckRow::new(finding, lost, steps);
            if finding.goes_on() && !untried.is_empty() {
                row.reason += "; some of the program is not tried with ";
                row.reason += untried.by.words();
            }
            row
        };
        Self {
            header,
            file,
            scope: scope.iterations,
            in_proportion: scope.in_proportion,
            rounds: checked.small.rounds,
            small: small.filter(|small| small.number != small.taken_as).collect(),
            results: checked.findings.iter().map(row).collect(),
            untried,
            real: Vec::new(),
            failures: Vec::new(),
            disagreements: 0,
            real_threads: None,
        }
    }

    /// With how real threads ended that carried out the schedule.
    #[must_use]
    pub fn with_threads(mut self, real: Option<&check::RealThreads>) -> Self {
        self.real_threads = real.map(|real| RealThreads { agrees: real.agrees, ends: real.ends.clone() });
        self
    }

    /// With what real interpreters made of it.
    #[must_use]
    pub fn with_real(mut self, real: Vec<RealRow>, failures: Vec<String>) -> Self {
        self.disagreements = real.iter().filter(|row| row.agrees == Some(false)).count();
        (self.real, self.failures) = (real, failures);
        self
    }

    /// Whether an interpreter could not do its work.
    #[must_use]
    pub fn failed(&self) -> bool {
        !self.failures.is_empty() || self.real.iter().any(|row| row.failure.is_some())
    }

    /// What is to be said of the real runs, a sentence each.
    fn real_notes(&self) -> Vec<String> {
        self.missing()
            .into_iter()
            .chain(self.faults())
            .chain(real::notes(&self.real, !self.small.is_empty()))
            .collect()
    }

    fn faults(&self) -> Vec<String> {
        self.real.iter().filter_map(RealRow::fault).chain(self.failures.iter().cloned()).collect()
    }

    /// The rows that tell the same, with the names of their versions.
    fn groups(&self) -> Vec<(String, &CheckRow)> {
        let mut groups: Vec<(Vec<usize>, &CheckRow)> = Vec::new();
        for (at, row) in self.results.iter().enumerate() {
            let same = |known: &&mut (Vec<usize>, &CheckRow)| {
                known.1.verdict == row.verdict && known.1.reason == row.reason
            };
            match groups.iter_mut().find(same) {
                Some((versions, _)) => versions.push(at),
                None => groups.push((vec![at], row)),
            }
        }
        groups.into_iter().map(|(versions, row)| (self.ranges(&versions), row)).collect()
    }

    /// `2.7, 3.6 to 3.9, 3.13t`: those that have a GIL and follow each other are joined, if there is none between them that was not
    /// asked for. No version between 2.7 and 3.6 is modelled.
    fn ranges(&self, versions: &[usize]) -> String {
        let name = |at: usize| self.results[at].version;
        let has_gil = |at: &usize| !name(*at).ends_with('t');
        let all = || Version::ALL.iter().filter(|version| version.has_gil());
        let place = |at: usize| all().position(|version| version.to_string() == name(at));
        let major = |at: usize| name(at).split('.').next();
        let follows = |one: usize, next: usize| {
            major(one) == major(next) && place(one).is_some_and(|one| place(next) == Some(one + 1))
        };
        // A free-threaded one in the midst of a run would break it, so those come last.
        let (with, without): (Vec<usize>, Vec<usize>) = versions.iter().partition(|at| has_gil(at));
        let runs = with.chunk_by(|&one, &next| follows(one, next)).map(|run| match *run {
            [first, _, .., last] => format!("{} to {}", name(first), name(last)),
            _ => run.iter().map(|&at| name(at)).collect::<Vec<_>>().join(", "),
        });
        runs.chain(without.iter().map(|&at| name(at).to_owned())).collect::<Vec<_>>().join(", ")
    }

    fn grid(&self) -> Grid {
        let header = ["cpython", "verdict", "why"].map(str::to_owned).to_vec();
        let rows = self.groups().into_iter().enumerate().map(|(number, (versions, row))| {
            let colour = match row.verdict {
                "exact" => AnsiColor::Green,
                "differs" | "incomplete" | "not python" => AnsiColor::Yellow,
                _ => AnsiColor::Red,
            };
            let why = row.reason.clone() + &self.drop_point(row);
            let verdict = Cell::coloured(row.verdict.to_owned(), colour);
            let verdict = if row.schedule.is_empty() { verdict } else { verdict.opening(fold_id(number)) };
            vec![versions.into(), verdict, why.into()]
        });
        Grid { header, rows: rows.collect(), title: String::new(), words: vec![1, 2] }
    }

    /// Where another thread can come in, by the first version of those that a row of the table stands for: the others have their own
    /// places, or no GIL.
    fn drop_point(&self, row: &CheckRow) -> String {
        let Some(point) = &row.drop_point else { return String::new() };
        let alike = |other: &&CheckRow| other.verdict == row.verdict && other.reason == row.reason;
        let has_gil = |row: &CheckRow| !row.version.ends_with('t');
        let same = |other: &CheckRow| other.drop_point == row.drop_point && has_gil(other) == has_gil(row);
        let on = if self.results.iter().filter(alike).all(same) {
            String::new()
        } else {
            format!("on {} ", row.version)
        };
        if row.waits {
            format!("; {on}it is {point}")
        } else if row.processes {
            format!("; {on}another process can come in {point}")
        } else if has_gil(row) {
            format!("; {on}the GIL can go {point}")
        } else {
            format!("; {on}another thread can come in {point}")
        }
    }

    /// The schedule behind each verdict that has one.
    fn folds(&self) -> Vec<Part> {
        let groups = self.groups().into_iter().enumerate().filter(|(_, (_, row))| !row.schedule.is_empty());
        groups
            .map(|(number, (versions, row))| {
                let (grid, skipped) = Self::schedule_grid(row);
                let notes = texts(self.schedule_notes(row, skipped));
                Part::Fold(Fold {
                    id: fold_id(number),
                    summary: format!("{versions}: {}: {}", row.verdict, row.reason),
                    parts: [grid.into()].into_iter().chain(notes).collect(),
                })
            })
            .collect()
    }

    /// How small numbers were taken.
    const fn scope(&self) -> Scope {
        Scope { iterations: self.scope, in_proportion: self.in_proportion }
    }

    /// The first schedule that breaks the program.
    fn shown(&self) -> Option<&CheckRow> {
        self.results.iter().find(|row| !row.schedule.is_empty())
    }

    fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> =
            terms::free_threaded(self.results.iter().map(|row| row.version)).into_iter().collect();
        let any = |is: fn(&CheckRow) -> bool| self.results.iter().any(is);
        let rounds = format!(
            "a loop that counts no rounds (while …) goes round {} times, and more only where no other thread can go on: with more rounds \
             there may be other ends",
            self.rounds
        );
        let said = [
            (
                self.shown().is_some_and(|row| row.printed > 1) || self.real.iter().any(RealRow::has_lines),
                "lines that are printed stand in alphabetical order, whoever prints them and when",
            ),
            (
                any(|row| row.verdict == Kind::Differs.word()),
                "differs: it can end as it does in no order of whole threads or loop iterations, but either only the order of elements or lines is \
                 another, or no update is lost and no check is overtaken on the way there; whether it is wrong is for you to say",
            ),
            (
                any(|row| row.time_limits),
                "a time limit is taken to be long enough: a wait gives up only where no other thread can go on, however long one \
                 sleeps or works",
            ),
            (any(|row| row.few_rounds), &rounds),
            (
                any(|row| row.clocks),
                "the model does not know what clocks read: ‹time› stands for what is worked out from that",
            ),
            (
                any(|row| row.chance),
                "the model does not know what is drawn at random: ‹random› stands for what is worked out from that",
            ),
            (
                any(|row| row.standard_error),
                "what the program logs, or prints to standard error, is not compared: only variables, what print() shows and exceptions are",
            ),
            (
                any(|row| row.parts),
                "what a print(…, end=…) gives stands as a line of its own, among the others in alphabetical order; real runs are \
                 compared by the characters that they print",
            ),
            (
                any(|row| row.given_order),
                "as_completed() is taken to give futures in the order in which it was given them; it gives them in any",
            ),
            (
                any(|row| row.pipes),
                "a process is waited for while a queue still holds what it has put there: where that is more than a pipe takes (64 KiB on \
                 Linux) it never ends, for nobody takes it meanwhile; the model takes it to fit",
            ),
            (
                any(|row| row.fork_server),
                "up to 3.13 a process is forked; from 3.14 on a fork server starts it, which imports the file anew: it has the file's \
                 variables as they are after that, and of the process that starts it only what it is handed as an argument",
            ),
        ];
        notes.extend(said.iter().filter(|(holds, _)| *holds).map(|(_, note)| (*note).to_owned()));
        let said_of: Vec<usize> = (0..self.results.len())
            .filter(|&at| self.untried.versions.contains(&self.results[at].version))
            .collect();
        let taken = self.results.iter().filter(|row| row.verdict != Kind::NotPython.word()).count();
        let on = (said_of.len() < taken).then(|| self.ranges(&said_of));
        let note = self.untried.note(on.as_deref());
        if !self.small.is_empty() {
            let numbers: Vec<String> =
                self.small.iter().map(|small| format!("{} as {}", small.number, small.taken_as)).collect();
            notes.push(format!("taken as small: {} ({})", numbers.join(", "), self.scope()));
            // What an old version lacks is lacking with any number.
            let mut raising = self
                .results
                .iter()
                .filter(|row| {
                    row.orders.raise && row.verdict != Kind::NotPython.word() && row.raises_by_numbers()
                })
                .peekable();
            if raising.peek().is_some() {
                let why = if raising.any(CheckRow::raises_by_a_total) {
                    "a comparison with a total holds only if both numbers were taken as equally small"
                } else {
                    "the program may rest on numbers as large as they are"
                };
                notes.push(format!(
                    "what every order raises may come of that: {why}. What stands behind it is not tried. A program with small numbers of its own is tried as it stands"
                ));
            }
            if self.results.iter().any(CheckRow::waits_for_nothing) {
                notes.push(
                    "what never comes may come of that: a loop that is so short may end before it. A program with small numbers of its \
                     own is tried as it stands"
                        .to_owned(),
                );
            }
        }
        notes.extend(note);
        notes
    }

    /// What is missing, where it was interrupted.
    fn missing(&self) -> Option<String> {
        self.header.interrupted.then(|| {
            "interrupted: real interpreters that had not finished their runs by then are left out".to_owned()
        })
    }

    /// The schedule of a row: a column for each thread, and how many of its first steps do not stand there.
    fn schedule_grid(row: &CheckRow) -> (Grid, usize) {
        let shown = |step: &ScheduleStep| match &*step.text {
            "" => format!("{}:", step.line),
            text if step.continues => format!("{}: … {text}", step.line),
            text => format!("{}: {text}", step.line),
        };
        let steps: Vec<(&str, String)> = if let Some(steps) = &row.steps {
            steps.iter().map(|step| (&*step.thread, step.shown())).collect()
        } else {
            row.schedule.iter().map(|step| (&*step.thread, shown(step))).collect()
        };
        let mut threads: Vec<&str> = steps.iter().map(|(thread, _)| *thread).collect();
        threads.sort_unstable_by_key(|thread| (thread.len(), *thread));
        threads.dedup();
        let most = if row.steps.is_some() { MOST_STEPS } else { MOST_LINES };
        let skipped = steps.len().saturating_sub(most);
        let rows = steps.iter().skip(skipped).map(|(here, text)| {
            let cell = |thread: &&str| if thread == here { text.clone().into() } else { Cell::default() };
            threads.iter().map(cell).collect()
        });
        let grid = Grid {
            header: threads.iter().map(|&thread| thread.to_owned()).collect(),
            rows: rows.collect(),
            title: format!("a schedule on {}", row.version),
            words: (0..threads.len()).collect(),
        };
        (grid, skipped)
    }

    /// What is to be said of the schedule that is shown.
    fn schedule_notes(&self, row: &CheckRow, skipped: usize) -> Vec<String> {
        let lines = |lines: &[String]| {
            if lines.is_empty() { "nothing".to_owned() } else { lines.join(" / ").replace('\n', "↵") }
        };
        let expected: Vec<String> = row.expected.iter().map(|expected| lines(expected)).collect();
        let ends = match (row.verdict == Kind::Deadlocks.word(), &row.ends[..]) {
            (true, []) => "never ends, and prints nothing".to_owned(),
            (true, printed) => format!("never ends, and prints: {}", lines(printed)),
            (false, printed) => format!("ends with: {}", lines(printed)),
        };
        let endless = match (row.orders.wait, expected.is_empty()) {
            (_, true) => "no end",
            (true, false) => ", or no end",
            (false, false) => "",
        };
        let hidden = if row.hidden {
            "; what differs is in an object that no global variable leads to, such as one of a function"
        } else {
            ""
        };
        let with = if self.small.is_empty() { "" } else { " with numbers that small," };
        let few = format!(", with {} rounds at a time where another thread can go on", self.rounds);
        let mut notes = vec![format!(
            "on {},{with} this schedule {ends}; {} give{}: {}{endless}{hidden}",
            row.version,
            if row.orders.loops { "whole loop iterations" } else { "threads that run one after the other" },
            if row.few_rounds { &*few } else { "" },
            in_words(&expected)
        )];
        let continues = row.schedule.iter().rev().take(MOST_LINES).any(|step| step.continues);
        if continues && row.steps.is_none() {
            notes.push("… before a line: the thread goes on with it where it was before".to_owned());
        }
        notes.extend(row.sleepers.iter().map(|(thread, line)| {
            format!(
                "{thread}, which waits for a lock in line {line}, takes it as soon as it is let go: it needs the GIL only to go on, and \
                 until then the others find the lock taken"
            )
        }));
        if skipped > 0 {
            let stand = if skipped == 1 { "stands" } else { "stand" };
            let left_out = words::plural(skipped, "step");
            notes.push(format!("its first {left_out} {stand} in the JSON only"));
        }
        let shown = self.shown().is_some_and(|shown| std::ptr::eq(shown, row));
        if let Some(real) = self.real_threads.as_ref().filter(|_| shown) {
            let endless = row.verdict == Kind::Deadlocks.word();
            let verdict = match (real.agrees, endless) {
                (true, true) => "do not end either, and print",
                (true, false) => "end the same",
                (false, _) => "end otherwise",
            };
            notes.push(format!(
                "real threads of gilsim that do what the model says in these turns {verdict}: {}",
                lines(&real.ends)
            ));
        }
        if let Some(text) = &row.schedule_text {
            let small = if row.sleepers.is_empty() {
                ""
            } else {
                "; a small letter takes the lock that it waits for, and a place where it was let go counts as well"
            };
            notes.push(format!(
                "again: gilsim check {} {} --schedule {text} --replay (A is main, B {}, and so on; a number says \
                 how many places are passed where the GIL can go{small})",
                quoted(&self.file),
                self.scope(),
                row.second
            ));
        }
        notes
    }
}

/// Under which name the schedule behind a row's verdict is folded up.
fn fold_id(number: usize) -> String {
    format!("schedule-{number}")
}
/// Some ends, the first ones of many.
fn in_words(ends: &[String]) -> String {
    match ends.split_at_checked(MOST_ENDS) {
        Some((first, rest)) if rest.len() > 1 => {
            format!("{}, or one of {} others (--format json has all)", first.join(" or "), rest.len())
        }
        _ => ends.join(" or "),
    }
}

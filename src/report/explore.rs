//! The report of `gilsim explore`: data only, then written in the form that was asked for.

use super::layout::{Cell, Grid};
use super::{Document, Header, csv, json, layout, quoted, words};
use crate::choice::Choice;
use crate::count::{self, grouped};
use crate::explore::{
    Event, Findings, FoldedLine, Grade, Question, Replayed, Schedule, StepKind, fold_trace, worker_letter,
};
use crate::python::program::{Program, Touched};
use crate::scenario::Pattern;
use crate::scenario::gil::BODY;
use num_bigint::BigUint;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io;
use std::time::Duration;
use tabled::builder::Builder;
use tabled::settings::object::{Columns, Rows};
use tabled::settings::{Alignment, Modify, Padding, Style};

/// How wide a table is where no terminal says how wide it may be.
const WIDTH: usize = 80;

/// What a report is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What was explored.
    pub question: &'a Question<'a>,
    /// What whole iterations end with.
    pub serial: &'a BTreeSet<i64>,
    /// How many threads explored.
    pub cpus: usize,
}

/// Everything that is said about an exploration. Numbers of schedules are exact, in decimal digits: they exceed
/// what most readers of JSON take for a number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExploreReport {
    /// What it says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// The command line that does this.
    pub command: String,
    /// The loop body.
    pub body: String,
    /// The definitions that it uses.
    pub setup: String,
    /// `machine`, or the version of CPython whose drop points are used.
    pub switching: StepKind,
    /// How many workers.
    pub workers: usize,
    /// How often each does the body.
    pub iterations: u64,
    /// What each adds.
    pub pattern: Pattern,
    /// What whole iterations end with; more than one value when their order matters.
    pub expected: Vec<i64>,
    /// The table; nothing when one schedule was carried out.
    #[serde(flatten)]
    pub table: Option<Table>,
    /// The schedule that is shown.
    pub witness: Option<Witness>,
    /// What real threads came to with it.
    pub real: Option<Real>,
    /// How long all took, in seconds.
    pub time: f64,
}

/// What all schedules come to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// Each outcome, by value; deadlocks last.
    pub outcomes: Vec<OutcomeRow>,
    /// How many schedules there are.
    pub total: String,
    /// The least value of x.
    pub least: Option<i64>,
    /// The greatest value of x.
    pub greatest: Option<i64>,
    /// How many states they meet in.
    pub states: u64,
    /// The most steps of a schedule.
    pub steps: usize,
    /// The most bytes taken for states.
    pub memory: u64,
    /// How long the counting took, in seconds.
    pub counting: f64,
}

/// One outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutcomeRow {
    /// The value of x, or `deadlock` and the locks.
    pub outcome: String,
    /// What that is worth.
    pub verdict: Grade,
    /// How many schedules end so.
    pub schedules: String,
    /// The share of all, from 0 to 1.
    pub share: f64,
    /// The fewest preemptions that lead there.
    pub preemptions: Option<u16>,
}

/// A schedule, carried out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Witness {
    /// What it ends with.
    pub outcome: String,
    /// What that is worth.
    pub verdict: Grade,
    /// How many preemptions it has.
    pub preemptions: u64,
    /// The schedule as text.
    pub schedule: String,
    /// The command line that replays it.
    pub command: String,
    /// Its steps, loops folded.
    pub lines: Vec<WitnessLine>,
}

/// A step, or steps that were folded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WitnessLine {
    /// The number of the step, from 1; of the last one where several are folded.
    pub step: usize,
    /// Which worker: `A` is the first.
    pub worker: char,
    /// What it does that others can see.
    pub does: Vec<String>,
    /// How many more times the steps before are repeated.
    pub repeats: Option<usize>,
    /// The value of x afterwards.
    pub x: i64,
    /// How many updates of others are overwritten.
    pub overwrites: u64,
}

/// What real threads came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Real {
    /// With what they ended.
    pub ending: String,
    /// Whether that is what the schedule says.
    pub agrees: bool,
}

impl Document for ExploreReport {
    fn table(&self, width: Option<usize>) -> String {
        self.text(width)
    }

    fn json(&self) -> io::Result<String> {
        json::render(self)
    }

    fn csv(&self) -> io::Result<String> {
        csv::write(&self.records())
    }

    fn markdown(&self) -> String {
        self.page()
    }

    fn value(&self) -> String {
        self.result() + "\n"
    }
}

impl ExploreReport {
    /// Puts together what was found.
    #[must_use]
    pub fn new(
        subject: &Subject<'_>,
        findings: Option<&Findings>,
        witness: Option<&(Schedule, Replayed)>,
        real: Option<Real>,
        time: Duration,
    ) -> Self {
        let question = subject.question;
        let command = command(question);
        Self {
            header: Header::new(subject.cpus, false),
            body: question.program.body().to_owned(),
            setup: question.program.setup().to_owned(),
            switching: question.step_kind(),
            workers: question.workers,
            iterations: question.iterations,
            pattern: question.pattern,
            expected: subject.serial.iter().copied().collect(),
            table: findings.map(|findings| Table::of(findings, question.program)),
            witness: witness.map(|(schedule, replayed)| Witness::of(subject, &command, schedule, replayed)),
            command,
            real,
            time: time.as_secs_f64(),
        }
    }

    /// Whether some schedule, or the one that was carried out, loses an update or deadlocks.
    #[must_use]
    pub fn lost(&self) -> bool {
        self.grades().any(|grade| grade != Grade::Right)
    }

    /// The grade of every outcome, or of the one schedule that was carried out.
    fn grades(&self) -> impl Iterator<Item = Grade> {
        let one = self.witness.iter().filter(|_| self.table.is_none()).map(|witness| witness.verdict);
        self.table.iter().flat_map(|table| &table.outcomes).map(|row| row.verdict).chain(one)
    }

    /// The result alone: least and greatest value and the number of schedules, or what the one schedule ended
    /// with. `-` stands for a value where every schedule deadlocks.
    #[must_use]
    pub fn result(&self) -> String {
        let value = |value: Option<i64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        match (&self.table, &self.witness) {
            (Some(table), _) => format!("{} {} {}", value(table.least), value(table.greatest), table.total),
            (None, Some(witness)) => witness.outcome.clone(),
            (None, None) => String::new(),
        }
    }

    fn records(&self) -> Vec<Vec<String>> {
        const COLUMNS: [&str; 13] = [
            "command",
            "body",
            "switching",
            "workers",
            "iterations",
            "pattern",
            "outcome",
            "verdict",
            "schedules",
            "share",
            "preemptions",
            "total",
            "time",
        ];
        let mut records = vec![COLUMNS.map(str::to_owned).to_vec()];
        let mut record = |outcome: [String; 5], total: &str| {
            let [value, verdict, schedules, share, preemptions] = outcome;
            records.push(vec![
                self.command.clone(),
                self.body.clone(),
                self.switching.to_string(),
                self.workers.to_string(),
                self.iterations.to_string(),
                self.pattern.name().to_owned(),
                value,
                verdict,
                schedules,
                share,
                preemptions,
                total.to_owned(),
                self.time.to_string(),
            ]);
        };
        for row in self.table.iter().flat_map(|table| &table.outcomes) {
            let row = row.clone();
            let preemptions = row.preemptions.map_or_else(String::new, |fewest| fewest.to_string());
            let total = self.table.as_ref().map_or("", |table| &table.total);
            record(
                [row.outcome, row.verdict.to_string(), row.schedules, row.share.to_string(), preemptions],
                total,
            );
        }
        if let (None, Some(witness)) = (&self.table, &self.witness) {
            let (outcome, verdict) = (witness.outcome.clone(), witness.verdict.to_string());
            let preemptions = witness.preemptions.to_string();
            record([outcome, verdict, "1".to_owned(), String::new(), preemptions], "");
        }
        records
    }

    fn page(&self) -> String {
        let mut parts = self.header.warnings("schedules");
        parts.push(self.title());
        if let Some(table) = &self.table {
            let outcomes = table.outcomes.iter().map(|row| row.cells(&row.schedules).to_vec());
            parts.push(in_markdown(HEADER.map(str::to_owned).to_vec(), outcomes));
            parts.push(self.totals());
        }
        if let Some(witness) = &self.witness {
            parts.push(witness.title());
            parts.push(in_markdown(Witness::header(self.workers), witness.rows(self.workers)));
            parts.push(format!("`{}`", witness.command));
        }
        parts.extend(self.replayed());
        parts.push(format!("Why: {}", self.why()));
        let mut text = parts.join("\n\n");
        layout::finish(&mut text);
        text
    }

    fn text(&self, width: Option<usize>) -> String {
        let width = width.unwrap_or(WIDTH);
        let paragraph = |text: &str| layout::paragraph(text, Some(width));
        let mut text: String =
            self.header.warnings("schedules").iter().map(|warning| paragraph(warning)).collect();
        text += &paragraph(&self.title());
        if let Some(all) = &self.table {
            text += &all.text(width);
            text += "\n";
            text += &paragraph(&self.totals());
        }
        if let Some(witness) = &self.witness {
            text += &paragraph(&witness.title());
            let mut builder = Builder::new();
            builder.push_record(Witness::header(self.workers));
            witness.rows(self.workers).for_each(|row| builder.push_record(row));
            let mut shown = builder.build();
            shown
                .with(Style::empty())
                .with(Padding::new(2, 0, 0, 0))
                .with(Modify::new(Columns::first()).with(Alignment::right()))
                .with(Modify::new(Columns::one(self.workers + 1)).with(Alignment::right()));
            text += &layout::trimmed(&shown.to_string());
            text += "\n";
            // A command line is not broken, so that it can be copied.
            text += &[&layout::bold("to replay:"), " ", &witness.command, "\n\n"].concat();
        }
        text.extend(self.replayed().iter().map(|replayed| paragraph(replayed)));
        text += &paragraph(&format!("{} {}", layout::bold("why:"), self.why()));
        layout::finish(&mut text);
        text
    }

    fn title(&self) -> String {
        let what = match (self.pattern, self.workers) {
            (Pattern::Plus, _) | (_, 1) => "d = 1 in all",
            (_, 2) => "d = 1 in one, -1 in the other",
            _ => "d = 1 and -1 from worker to worker",
        };
        let switched = match self.switching {
            StepKind::Machine => "between any two of load, add and store".to_owned(),
            StepKind::Version(version) if version.has_gil() => {
                format!("where CPython {version} may drop its GIL")
            }
            StepKind::Version(version) => {
                format!("after any instruction of CPython {version}, which has no GIL")
            }
        };
        let body = self.body.trim().replace('\n', "; ");
        format!(
            "{}: {}, {} each of `{body}` ({what}), switched {switched}",
            layout::bold("explore"),
            words::plural(self.workers, "worker"),
            words::plural(usize::try_from(self.iterations).unwrap_or(usize::MAX), "iteration"),
        )
    }

    fn totals(&self) -> String {
        let Some(table) = &self.table else { return String::new() };
        let extremes = match (table.least, table.greatest) {
            (Some(least), Some(greatest)) => {
                format!("; x ends between {} and {}", grouped(least.into()), grouped(greatest.into()))
            }
            _ => String::new(),
        };
        format!(
            "{} schedules of up to {} steps{extremes}. {} states, {}.",
            table.total,
            table.steps,
            grouped(table.states.into()),
            words::time(table.counting)
        )
    }

    /// What real threads came to, if they were asked.
    fn replayed(&self) -> Option<String> {
        let Real { ending, agrees } = self.real.as_ref()?;
        Some(if *agrees {
            format!("replayed: {} real threads did so, and ended with {ending}, too.", self.workers)
        } else {
            format!("NOT replayed: {} real threads ended with {ending}.", self.workers)
        })
    }

    /// Why it came out so, in plain words.
    fn why(&self) -> String {
        if self.grades().any(|grade| grade == Grade::Deadlock) {
            return "each worker holds a lock that another waits for, and none gives its own up, so nobody ever goes on; \
                    take locks in the same order everywhere."
                .to_owned();
        }
        if self.grades().any(|grade| grade == Grade::Lost) {
            let place = match self.switching {
                StepKind::Machine => "between one worker's load of x and its store".to_owned(),
                StepKind::Version(version) => {
                    format!("between the load of x and the store, where CPython {version} may switch,")
                }
            };
            return format!(
                "what another worker stores {place} is overwritten: the store knows only the x that was loaded, so those \
                 updates are lost. A lock around the load and the store (with lock: …) leaves one outcome."
            );
        }
        if self.expected.len() > 1 {
            return "no update is lost, but the order of whole iterations decides the result, so there is no one right value."
                .to_owned();
        }
        if self.table.is_none() {
            return "in this schedule no worker stores between another's load and store, so no update is lost."
                .to_owned();
        }
        if self.workers == 1 {
            return "one worker has nobody to lose an update to.".to_owned();
        }
        "no schedule lets another worker in between a load of x and the store that depends on it, so no update can be lost."
            .to_owned()
    }
}

const HEADER: [&str; 5] = ["x ends as", "verdict", "share", "preemptions", "schedules"];

impl Table {
    fn of(findings: &Findings, program: &Program) -> Self {
        let extremes = findings.extremes();
        Self {
            outcomes: findings
                .outcomes
                .iter()
                .map(|outcome| OutcomeRow {
                    outcome: outcome.ending.words(program),
                    verdict: outcome.grade,
                    schedules: outcome.schedules.to_string(),
                    share: share(&outcome.schedules, &findings.total),
                    preemptions: outcome.preemptions,
                })
                .collect(),
            total: findings.total.to_string(),
            least: extremes.map(|(least, _)| least),
            greatest: extremes.map(|(_, greatest)| greatest),
            states: findings.states,
            steps: findings.steps,
            memory: findings.peak_memory,
            counting: findings.elapsed.as_secs_f64(),
        }
    }

    /// The outcomes, no wider than so many columns: large numbers are broken, never shortened.
    fn text(&self, width: usize) -> String {
        // Two blanks before each column.
        let others: usize = (0..4)
            .map(|column| {
                let cells = self.outcomes.iter().map(|row| row.cells("")[column].chars().count());
                2 + cells.chain([HEADER[column].len()]).max().unwrap_or(0)
            })
            .sum();
        let room = width.saturating_sub(others + 2).max(12);
        let mut builder = Builder::new();
        builder.push_record(HEADER);
        for row in &self.outcomes {
            let digits: Vec<char> = row.schedules.chars().collect();
            let lines: Vec<String> = digits.chunks(room).map(|line| line.iter().collect()).collect();
            builder.push_record(row.cells(&lines.join("\n")));
        }
        let mut shown = builder.build();
        shown
            .with(Style::empty())
            .with(Padding::new(2, 0, 0, 0))
            .with(Modify::new(Columns::first()).with(Alignment::right()))
            .with(Modify::new(Columns::new(2..)).with(Alignment::right()))
            .with(Modify::new(Rows::first()).with(Alignment::left()));
        layout::trimmed(&shown.to_string())
    }
}

impl OutcomeRow {
    fn cells(&self, schedules: &str) -> [String; 5] {
        [
            self.outcome.clone(),
            self.verdict.to_string(),
            percent(self.share),
            self.preemptions.map_or_else(|| "-".to_owned(), |fewest| fewest.to_string()),
            schedules.to_owned(),
        ]
    }
}

/// The share of one number in another, from 0 to 1; to some 15 digits, however large both are.
fn share(part: &BigUint, all: &BigUint) -> f64 {
    // What is shifted out is far below the precision of the quotient unless the share itself is below 10^-270.
    let shift = all.bits().saturating_sub(900);
    let [part, all] = [part, all].map(|number| (number >> shift).to_string().parse::<f64>().unwrap_or(0.0));
    if all > 0.0 { part / all } else { 0.0 }
}

/// A share for people: small ones as powers of ten, none that is not as 0 or 100 %.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if share > 0.0 && percent < 0.01 {
        return format!("{percent:.0e} %");
    }
    let text = format!("{percent:.2}");
    if text == "100.00" && share < 1.0 { "> 99.99 %".to_owned() } else { text + " %" }
}

impl Witness {
    fn of(subject: &Subject<'_>, command: &str, schedule: &Schedule, replayed: &Replayed) -> Self {
        let program = subject.question.program;
        let lines = fold_trace(&replayed.trace).into_iter().filter_map(|line| {
            let (at, repeats) = match line {
                FoldedLine::Step(at) => (at, None),
                FoldedLine::Repeats { last, times, .. } => (last, Some(times)),
            };
            let step = replayed.trace.get(at)?;
            Some(WitnessLine {
                step: at + 1,
                worker: worker_letter(step.worker),
                does: if repeats.is_some() {
                    Vec::new()
                } else {
                    step.events.iter().map(|event| words_of(event, program)).collect()
                },
                repeats,
                x: step.x,
                overwrites: if repeats.is_some() { 0 } else { step.overwritten },
            })
        });
        Self {
            outcome: replayed.ending.words(program),
            verdict: replayed.ending.grade(subject.serial),
            preemptions: replayed.preemptions,
            schedule: schedule.to_string(),
            command: format!("{command} --schedule {schedule} --replay"),
            lines: lines.collect(),
        }
    }

    fn title(&self) -> String {
        format!(
            "{}: a schedule that ends with {} ({}), with {}",
            layout::bold("witness"),
            self.outcome,
            self.verdict,
            words::plural(usize::try_from(self.preemptions).unwrap_or(usize::MAX), "preemption")
        )
    }

    /// A column for each worker, x beside them.
    fn header(workers: usize) -> Vec<String> {
        let step = ["step".to_owned()].into_iter();
        step.chain(letters(workers)).chain(["x".to_owned(), String::new()]).collect()
    }

    fn rows(&self, workers: usize) -> impl Iterator<Item = Vec<String>> {
        self.lines.iter().map(move |line| {
            let step = if line.repeats.is_some() { "…".to_owned() } else { line.step.to_string() };
            let does =
                line.repeats.map_or_else(|| line.does.join("\n"), |times| format!("… {times} more times"));
            let cells = letters(workers)
                .map(|name| if name == line.worker.to_string() { does.clone() } else { String::new() });
            let mark = match line.overwrites {
                0 => String::new(),
                lost => format!(
                    "<- overwrites {}",
                    words::plural(usize::try_from(lost).unwrap_or(usize::MAX), "update")
                ),
            };
            [step].into_iter().chain(cells).chain([line.x.to_string(), mark]).collect()
        })
    }
}

/// The names of so many workers.
fn letters(workers: usize) -> impl Iterator<Item = String> {
    (0..workers).map(|worker| worker_letter(u8::try_from(worker).unwrap_or(u8::MAX)).to_string())
}

/// A table for pages.
fn in_markdown(header: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let rows = rows.map(|row| row.into_iter().map(Cell::from).collect()).collect();
    Grid { header, rows, ..Grid::default() }.markdown()
}

/// What an instruction did, in a word or two.
fn words_of(event: &Event, program: &Program) -> String {
    match event.touched {
        Touched::LoadedX(x) => format!("load {x}"),
        Touched::StoredX(x) => format!("store {x}"),
        Touched::Acquired(number) => format!("take {}", program.lock_name(number)),
        Touched::Released(number) => format!("free {}", program.lock_name(number)),
        Touched::Nothing => {
            let name = event.opcode.to_lowercase();
            let name = name.trim_start_matches("binary_").trim_start_matches("inplace_");
            match (name, event.argument.as_str()) {
                ("op", argument) => argument.trim_matches(['(', ')']).to_owned(),
                (name, "") => name.to_owned(),
                (name, argument) => format!("{name} {argument}"),
            }
        }
    }
}

/// The command line that explores this.
fn command(question: &Question<'_>) -> String {
    let mut words = vec!["gilsim explore".to_owned()];
    if question.program.body() != BODY {
        words.push(format!("--body {}", quoted(question.program.body())));
    }
    if !question.program.setup().is_empty() {
        words.push(format!("--setup {}", quoted(question.program.setup())));
    }
    if let StepKind::Version(version) = question.step_kind() {
        words.push(format!("--cpython {}", version.name()));
    }
    words.push(format!("--threads {} --iters {}", question.workers, count::short(question.iterations)));
    if question.pattern == Pattern::PlusMinus {
        words.push("--pattern plus-minus".to_owned());
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact_enough_however_large_the_numbers() {
        let big = BigUint::from(10_u32).pow(2000);
        assert!((share(&(&big / 4_u32), &big) - 0.25).abs() < 1e-12);
        assert!((share(&BigUint::from(2_u32), &BigUint::from(20_u32)) - 0.1).abs() < 1e-15);
        assert_eq!(percent(0.1), "10.00 %");
        assert_eq!(percent(1.0), "100.00 %");
        assert_eq!(percent(0.999_999), "> 99.99 %");
        assert_eq!(percent(2.5e-30), "2e-28 %");
        assert_eq!(percent(0.0), "0.00 %");
    }

    #[test]
    fn a_word_of_a_shell_is_one_word() {
        assert_eq!(quoted("x += len('a')"), r"'x += len('\''a'\'')'");
    }
}

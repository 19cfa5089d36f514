//! What is reported of measured scenarios: a row for each, made once from what was observed.

use super::change::{Changes, Export, ExportError};
use super::command_line;
use super::document::Header;
use super::run::{Host, Run};
use super::scaling::{self, Measured, Scaling};
use super::timeline::{self, Timeline};
use crate::choice::Choice;
use crate::measure::runner::{Case, CaseResult, Outcome};
use crate::measure::stats::{Summary, Verdict};
use crate::measure::{Explanation, Group, Objects, Observation, Parameters, Pattern, Promise, Seen};
use crate::python::body::only_overwrites;
use serde::Serialize;

/// More rows than these are not named one by one.
const MOST_NAMED: usize = 4;

/// What `race`, `mutex`, `atomic`, `sharded`, `gil`, `split`, `refcount`, `compare` and `python` measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Report {
    /// What it says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// Whether several scenarios are compared, or one is shown.
    pub comparison: bool,
    /// A row for each scenario; in a sweep, for each combination. hyperfine's exports bear this name, too.
    pub results: Vec<Row>,
    /// A sweep over the number of workers: how the throughput of each scenario that was right grows with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scaling: Vec<Scaling>,
    /// How its times stand to those of an earlier export, if they were held against one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Changes>,
}

/// One scenario's results. Times are in seconds unless the name says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Row {
    /// The command line that does this alone; a real interpreter does both of its jobs, the counter and the sum.
    pub command: String,
    /// The scenario's name, with its variant: `mutex:fair`.
    pub scenario: String,
    /// What kind of work it is; only rows of one group can be compared.
    pub group: Group,
    /// Why it could not run, or not to the end; null where it ran.
    pub failure: Option<String>,
    /// The loop body in Python's terms; null where it is none.
    pub body: Option<String>,
    /// The expression that is looked at in the end, where that is not the counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub result: Option<String>,
    /// Whether the GIL was on; null where no real interpreter did the work.
    pub gil: Option<bool>,
    /// Whether it ran only for the others to be measured against: the sequential sum of `split`, and the plain count with one
    /// worker of `refcount`.
    pub baseline: bool,
    /// A sweep: the values of the options that are swept, as they stand on a command line, by the options' names.
    #[serde(skip_serializing_if = "Parameters::is_empty")]
    pub parameters: Parameters,
    /// What the scenario promises.
    pub promise: Promise,
    /// The conditions.
    #[serde(flatten)]
    pub conditions: Conditions,
    /// What was found.
    #[serde(flatten)]
    pub summary: Summary,
    /// What each host did (its time: median of the runs); only within an MPI job.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<Host>,
    /// The median time over `updates`, in nanoseconds; null where there was no run.
    #[cfg_attr(test, schemars(with = "Option<f64>"))]
    pub ns_per_update: f64,
    /// The median time over that of the fastest row that promises to be exact and was right, of the same group and, in a
    /// sweep, of the same workload; a row with `baseline` is not taken as the fastest. References: `ns_per_update` over that
    /// of the plain count with one worker, if it was measured.
    pub relative: Option<f64>,
    /// `relative` with start-up counted: `time_with_startup` over the least of those rows.
    pub relative_with_startup: Option<f64>,
    /// Sum: how many times faster than the sequential row: its median time over this one's.
    pub speedup: Option<f64>,
    /// `speedup` with each side's start-up counted.
    pub speedup_with_startup: Option<f64>,
    /// Why it came out so, and what to try next.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// Each run's raw values.
    pub observations: Vec<Run>,
    /// What the workers of the last run did and when, if that was to be recorded.
    #[serde(skip)]
    pub timeline: Option<Timeline>,
}

/// What a number needs to be understood.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Conditions {
    /// How many workers.
    pub workers: usize,
    /// Counter: the updates of each worker. Sum: the end of the range, which is not part of it. References: how often each worker
    /// takes one and gives it back.
    pub iterations: u64,
    /// Sum: the start of the range; null for other work.
    pub from: Option<u64>,
    /// Counter: what each worker adds; null for other work.
    pub pattern: Option<Pattern>,
    /// References: whether the workers take them to one object or each to its own; null for other work.
    pub objects: Option<Objects>,
    /// The number of all updates, iterations of a body, additions, or pairs of taking and giving back, of one run.
    pub updates: u128,
    /// The number of the CPU that each worker was kept on; empty when the kernel chose.
    pub pins: Vec<usize>,
    /// A worker yielded its CPU once in so many updates, between load and store (references: in so many pairs, in the middle of
    /// one); null where none did.
    pub widen: Option<u64>,
    /// GIL: the switch interval in seconds; null where there is no GIL with one.
    pub switch_interval: Option<f64>,
    /// Whether each time that the lock was held was recorded for a timeline, which takes time itself.
    pub recorded: bool,
}

/// Why a result may be wrong.
const OVERWRITTEN: &str = "a store overwrote what others had stored since its load (lost updates)";
/// The same where x may have been tested too early.
const READ_TOO_EARLY: &str = "a worker acted on what it had read when others had changed that since";
/// The same of references.
const MISCOUNTED: &str = "a count ended wrong, or an object was freed while it was held";

/// All of them.
pub const CAUSES: [&str; 3] = [OVERWRITTEN, READ_TOO_EARLY, MISCOUNTED];

impl Report {
    /// Puts together what the cases' runs have to say.
    #[must_use]
    pub fn new(cases: &[Case<'_>], outcome: &Outcome, comparison: bool) -> Self {
        let mut results: Vec<Row> =
            cases.iter().zip(&outcome.finished).map(|(case, result)| Row::of(case, result)).collect();
        compare_with_sequential(cases, &mut results);
        compare_with_fastest(&mut results);
        for (row, case) in results.iter_mut().zip(cases) {
            row.explanation = case.scenario.explain(&case.load, &row.seen());
            match row.summary.verdict {
                Verdict::NotRun => {
                    "no run was finished, so there is nothing to explain"
                        .clone_into(&mut row.explanation.why);
                }
                // An interpreter's row has a sentence for that.
                Verdict::Broken if row.gil.is_none() && row.cause() == READ_TOO_EARLY => {
                    "the model says that no run ends so, but it tries few iterations and small numbers only: this body may do what \
                     they do not show; otherwise it is a fault in gilsim, its compiler or this machine"
                        .clone_into(&mut row.explanation.why);
                }
                Verdict::Broken if row.gil.is_none() => {
                    "updates were lost where none can be: a fault in gilsim, its compiler or this machine"
                        .clone_into(&mut row.explanation.why);
                }
                _ => {}
            }
        }
        let measured: Vec<&Row> = results.iter().filter(|row| !row.baseline).collect();
        let cpus = cases.iter().map(|case| case.load.cpus.usable).max().unwrap_or(1);
        let scaling = scaling::of(lines(&measured).into_iter().map(|(name, row)| row.scaled(name)), cpus);
        let header = Header::new(cpus, outcome.interrupted);
        Self { scaling, header, comparison, results, baseline: None }
    }

    /// As another run reads its export.
    ///
    /// # Errors
    ///
    /// Never for a report of this gilsim; the signature is the reader's.
    pub fn exported(&self) -> Result<Export, ExportError> {
        Export::of_report(self)
    }

    /// What of an interrupted session was finished: whole rounds, or some cases of the first.
    pub(super) fn finished(&self) -> &'static str {
        let missing = |row: &Row| row.summary.runs == 0 && row.failure.is_none();
        if self.results.iter().any(missing) { "cases" } else { "rounds" }
    }

    /// The rows that were asked for.
    pub fn measured(&self) -> impl Iterator<Item = &Row> {
        self.results.iter().filter(|row| !row.baseline)
    }

    /// Whether a scenario that promised to be exact was not.
    #[must_use]
    pub fn broken(&self) -> bool {
        self.results.iter().any(|row| row.summary.verdict == Verdict::Broken)
    }

    /// Each scenario that promised to be exact and was not, in a sentence.
    #[must_use]
    pub fn breaches(&self) -> Vec<String> {
        let broken = self.results.iter().filter(|row| row.summary.verdict == Verdict::Broken);
        broken.map(|row| format!("a promise was broken: {}", row.losses())).collect()
    }

    /// In how many runs of what was asked for updates were lost, in words.
    #[must_use]
    pub fn losses(&self) -> String {
        let rows: Vec<&Row> = self.measured().collect();
        let wrong: Vec<&Row> = rows.iter().copied().filter(|row| row.summary.lost_runs > 0).collect();
        let ran = rows.iter().filter(|row| row.summary.runs > 0).count();
        let sweep = rows.iter().any(|row| row.is_of_sweep());
        match (sweep, wrong.len()) {
            (true, 0) => format!("no run of {ran} combinations was wrong"),
            (true, wrong) => format!("{wrong} of {ran} combinations were wrong"),
            (false, 0) if rows.len() > MOST_NAMED => format!("no run of {ran} rows was wrong"),
            (false, 0) => rows.iter().map(|row| row.losses()).collect::<Vec<_>>().join("; "),
            (false, _) => wrong.iter().map(|row| row.losses()).collect::<Vec<_>>().join("; "),
        }
    }

    /// Whether something that was asked for could not run.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.results.iter().any(|row| row.failure.is_some())
    }

    /// Whether any run of what was asked for was wrong.
    #[must_use]
    pub fn lost(&self) -> bool {
        self.measured().any(|row| row.summary.lost_runs > 0)
    }
}

impl Row {
    /// Whether this is the plain count of references by one worker, whom nobody is in the way of.
    fn is_yardstick_of_references(&self) -> bool {
        self.scenario == "refcount:plain" && self.conditions.workers == 1 && self.summary.runs > 0
    }

    /// Its name among others; with the objects, where the same is done with both kinds.
    pub(super) fn name(&self) -> String {
        let objects = self.conditions.objects.filter(|_| self.conditions.workers > 1);
        let objects = objects.map_or_else(String::new, |objects| format!(" {}", objects.name()));
        format!("{}{objects}", self.scenario)
    }

    fn losses(&self) -> String {
        let Summary { lost_runs, runs, .. } = self.summary;
        let words = self.parameters.words();
        let name = if words.is_empty() { self.name() } else { format!("{} ({words})", self.name()) };
        match (lost_runs, runs) {
            (0, 0) => format!("{name} had no run"),
            (0, 1) => format!("{name} was right in its only run"),
            (0, runs) => format!("{name} was right in each of {runs} runs"),
            (1, 1) => format!("{name} was wrong in its only run"),
            (lost, runs) => format!("{name} was wrong in {lost} of {runs} runs"),
        }
    }

    fn of(case: &Case<'_>, result: &CaseResult) -> Self {
        let (scenario, load) = (case.scenario, &case.load);
        let group = scenario.group();
        let expected = result.expected.or_else(|| scenario.expected_beforehand(load));
        let promise = scenario.promise_for(load);
        let observations: Vec<Run> = result.observations.iter().map(Run::of).collect();
        let mut summary = Summary::of(promise, expected, &result.observations);
        if summary.runs == 0 && result.failure.is_some() {
            summary.verdict = Verdict::Failed;
        }
        let conditions = Conditions {
            workers: load.workers.get(),
            iterations: load.iterations,
            from: (group == Group::Sum).then_some(load.from),
            pattern: (group == Group::Counter).then_some(load.pattern),
            objects: (group == Group::References).then_some(load.objects),
            updates: group.updates(load),
            pins: load.pins.clone(),
            // A worker yields only when it has come to the update of that number.
            widen: load
                .widen
                .map(std::num::NonZero::get)
                .filter(|&widen| scenario.can_be_widened() && widen <= load.iterations),
            switch_interval: scenario.switch_interval(load).map(|interval| interval.as_secs_f64()),
            recorded: load.record && scenario.records_holds(),
        };
        Self {
            command: command_line::alone(scenario, load),
            scenario: scenario.label(),
            group,
            failure: result.failure.clone(),
            body: scenario.body().map(str::to_owned),
            result: scenario.result().map(str::to_owned),
            gil: scenario.gil_enabled(),
            baseline: case.baseline,
            parameters: case.parameters.clone(),
            promise,
            ns_per_update: summary.ns_per_update(conditions.updates),
            relative: None,
            relative_with_startup: None,
            speedup: None,
            speedup_with_startup: None,
            explanation: Explanation::default(),
            hosts: Host::of_runs(&observations),
            observations,
            timeline: result.observations.last().filter(|_| load.record).map(|last| timeline(case, last)),
            conditions,
            summary,
        }
    }
}

impl Row {
    /// Whether it promises to be right, and was.
    #[must_use]
    pub fn is_right_for_sure(&self) -> bool {
        self.promise == Promise::Exact && self.summary.verdict.is_right()
    }

    /// Whether a real interpreter did the work.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.scenario.starts_with("python:")
    }

    /// Why its result may be wrong.
    #[must_use]
    pub fn cause(&self) -> &'static str {
        match &self.body {
            _ if self.group == Group::References => MISCOUNTED,
            Some(body) if !only_overwrites(body) => READ_TOO_EARLY,
            _ => OVERWRITTEN,
        }
    }

    /// Whether a body was run under the model of a version.
    #[must_use]
    pub fn is_model(&self) -> bool {
        self.body.is_some() && !self.is_real()
    }

    /// Its name among the rows of its group.
    #[must_use]
    pub fn short_name(&self) -> &str {
        self.scenario.trim_start_matches("split:")
    }

    /// Whether the ranks of an MPI job did it.
    #[must_use]
    pub const fn is_by_ranks(&self) -> bool {
        self.summary.communication.is_some()
    }

    /// The result of the run furthest from right, as digits; nothing without runs.
    pub(super) fn actual(&self) -> String {
        self.summary.actual.map_or_else(String::new, |actual| actual.to_string())
    }

    /// The median time of a run, in seconds.
    #[must_use]
    pub const fn time(&self) -> f64 {
        self.summary.timing.median
    }

    /// The same with the start-up counted.
    #[must_use]
    pub const fn time_with_startup(&self) -> f64 {
        self.summary.time_with_startup
    }

    /// The numbers of a sum.
    const fn range(&self) -> (Option<u64>, u64) {
        (self.conditions.from, self.conditions.iterations)
    }

    const fn seen(&self) -> Seen<'_> {
        Seen {
            summary: &self.summary,
            speedup: self.speedup,
            speedup_with_startup: self.speedup_with_startup,
        }
    }
}

impl Row {
    /// Whether an option of its workload is swept.
    #[must_use]
    pub fn is_of_sweep(&self) -> bool {
        self.parameters.of_workload().next().is_some()
    }

    /// The names of the lines that it belongs to. References: with the objects, whatever the number of workers.
    pub(super) fn line_names(&self) -> Vec<String> {
        let with = |objects: Objects| format!("{} {}", self.scenario, objects.name());
        match (self.group, self.conditions.workers) {
            // One worker has nobody to share an object with: it belongs to both lines.
            (Group::References, 1) => [Objects::Shared, Objects::Own].map(with).to_vec(),
            (Group::References, _) => self.conditions.objects.map(with).into_iter().collect(),
            // An interpreter has a row of the same name in each group.
            (Group::Sum, _) if self.gil.is_some() => vec![format!("{} sum", self.scenario)],
            (Group::Counter | Group::Sum, _) => vec![self.scenario.clone()],
        }
    }

    const fn scaled(&self, name: String) -> Measured<'_> {
        Measured {
            name,
            parameters: &self.parameters,
            workers: self.conditions.workers,
            throughput: if self.ns_per_update > 0.0 { Some(1e9 / self.ns_per_update) } else { None },
            right: self.summary.verdict.is_right(),
        }
    }
}

/// The rows with the names of the lines that they belong to: a row of references by one worker belongs to two of them,
/// where there are both.
pub(super) fn lines<'a>(rows: &[&'a Row]) -> Vec<(String, &'a Row)> {
    let named = |&row: &&'a Row| row.line_names().into_iter().map(move |name| (name, row));
    let all: Vec<(String, &Row)> = rows.iter().flat_map(named).collect();
    let shared = |name: &String| all.iter().any(|(other, row)| other == name && row.conditions.workers > 1);
    let alone = rows.iter().all(|row| row.conditions.workers == 1);
    let kept = all.iter().filter(|(name, row)| row.group != Group::References || alone || shared(name));
    kept.cloned().collect()
}

/// What the workers of a run did and when.
fn timeline(case: &Case<'_>, observation: &Observation) -> Timeline {
    let words = case.parameters.words();
    let words = if words.is_empty() { words } else { format!(", {words}") };
    let title = format!("timeline of {}{words}: the last run", case.scenario.label());
    match &observation.holds {
        Some(holds) => {
            let names = (0..case.load.workers.get()).map(timeline::worker).collect();
            Timeline::of_holds(title, names, &observation.spans, holds)
        }
        None => Timeline::of_spans(title, &observation.spans),
    }
}

/// Sums: the sequential row's time over each other's, as the table has them.
fn compare_with_sequential(cases: &[Case<'_>], rows: &mut [Row]) {
    for index in 0..rows.len() {
        let case = &cases[index];
        if rows[index].group != Group::Sum || case.scenario.is_sequential() {
            continue;
        }
        // Of several with the same numbers to sum, that of the same combination.
        let yardstick =
            |other: &&Case<'_>| other.scenario.is_sequential() && other.load.range() == case.load.range();
        let same = |other: &Case<'_>| other.parameters.same_workload(&case.parameters);
        let at = cases
            .iter()
            .position(|other| yardstick(&other) && same(other))
            .or_else(|| cases.iter().position(|other| yardstick(&other)));
        if let Some(at) = at {
            let over = |time: fn(&Row) -> f64| {
                let (sequential, own) = (time(&rows[at]), time(&rows[index]));
                (sequential > 0.0 && own > 0.0).then(|| sequential / own)
            };
            (rows[index].speedup, rows[index].speedup_with_startup) =
                (over(Row::time), over(Row::time_with_startup));
        }
    }
}

/// References: the time for a pair, whoever did it, against that of the plain count with one worker.
fn compare_references(rows: &mut [Row]) {
    let plain: Vec<(u64, f64)> = rows
        .iter()
        .filter(|row| row.is_yardstick_of_references() && row.ns_per_update > 0.0)
        .map(|row| (row.conditions.iterations, row.ns_per_update))
        .collect();
    for row in rows.iter_mut().filter(|row| row.group == Group::References && row.summary.runs > 0) {
        let plain = plain.iter().find(|(iterations, _)| *iterations == row.conditions.iterations);
        row.relative = plain.map(|(_, plain)| row.ns_per_update / plain);
    }
}

fn compare_with_fastest(rows: &mut [Row]) {
    compare_references(rows);
    let to_fastest = |row: &Row, time: fn(&Row) -> f64| {
        let alike = |other: &&Row| {
            other.group == row.group
                && other.parameters.same_workload(&row.parameters)
                && (row.group != Group::Sum || other.range() == row.range())
                && other.is_right_for_sure()
                && !other.baseline
        };
        let fastest = rows.iter().filter(alike).map(time).min_by(f64::total_cmp);
        fastest.filter(|&fastest| fastest > 0.0).map(|fastest| time(row) / fastest)
    };
    let ratios: Vec<_> = rows
        .iter()
        .map(|row| [to_fastest(row, Row::time), to_fastest(row, Row::time_with_startup)])
        .collect();
    let measured = |row: &Row| row.group != Group::References && row.summary.runs > 0;
    for (row, [alone, started]) in rows.iter_mut().zip(ratios).filter(|(row, _)| measured(row)) {
        row.relative = alone;
        row.relative_with_startup = started;
    }
}

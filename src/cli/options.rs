//! The options that several commands share, each group written once.
//!
//! A command flattens the groups that it has, and asks each for the plain type that it stands for. Where a
//! command's help says it in other words, it changes the group's option with `mut_arg`.

// clap takes a doc comment on a group for the description of the command that flattens it: hence `//`.

use super::refusal::UsageError;
use super::request::Request;
use super::sweep::{self, Combinations, Several};
use super::values::{self, choice, statements, version};
use super::workload::{check_counter, workload};
use crate::choice::Choice;
use crate::count;
use crate::measure::runner::{Case, MOST_ROUNDS, Rounds};
use crate::measure::{Parameters, Pattern, Scenario};
use crate::python::body::{Body, BodyError, RESULT};
use crate::python::program::Program;
use crate::python::version::{HandOff, SWITCH_INTERVAL, Version};
use crate::report::export::Format;
use crate::report::output::{Destination, TimelineTo, When};
use crate::report::timeline::Window;
use crate::scenario;
use crate::session::{Baseline, Expectation, Session};
use crate::system::control::Control;
use crate::system::cpus::Cpus;
use clap::Args;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

/// How long the rounds of one scenario may take when their number was not asked for.
pub(super) const BUDGET: Duration = Duration::from_secs(3);
/// The same of a comparison.
pub(super) const COMPARISON_BUDGET: Duration = Duration::from_secs(8);
/// The same of a sweep.
pub(super) const SWEEP_BUDGET: Duration = Duration::from_secs(20);
/// How many times as long what is kept for comparison is measured.
const KEPT: u32 = 3;
/// The most rounds of it.
const MOST_KEPT: usize = 100;
/// The updates of each worker unless they are said.
const UPDATES: u64 = 10_000_000;
/// How many workers there are unless it is said.
pub(super) const WORKERS: usize = 2;

/// What `--quiet` prints of one measured scenario.
pub(super) const ACTUAL_ALONE: &str = "Print the result alone: actual (in the JSON), that of the run furthest from right; of several rows a line each: group, \
     scenario, the values that are swept, actual, with tabs between them";

// How many workers.
#[derive(Debug, Args)]
pub(super) struct WorkersOption {
    /// How many workers update the counter; a list or a range measures each (1,2,4 or 1..8)
    #[arg(long, visible_alias = "workers", value_name = "T", default_value = "2", value_parser = values::workers, allow_negative_numbers = true)]
    pub(super) threads: Several<NonZeroUsize>,
}

// What each worker adds to the counter.
#[derive(Debug, Args)]
pub(super) struct PatternOption {
    /// What each worker adds
    #[arg(long, default_value = Pattern::ALL[0].name(), value_parser = choice::<Pattern>())]
    pub(super) pattern: Pattern,
}

// Updates of one counter.
#[derive(Debug, Args)]
pub(super) struct CounterOptions {
    #[command(flatten)]
    workers: WorkersOption,
    /// Updates of each worker (100M, 1e8 and 100000000 are the same); a list or a range measures each (1k..10M:x10)
    /// [default: 10M; less in a long sweep]
    #[arg(long, value_name = "N", value_parser = values::several_updates, allow_negative_numbers = true)]
    iters: Option<Several<NonZeroU64>>,
    #[command(flatten)]
    pattern: PatternOption,
}

impl CounterOptions {
    /// The workloads on these CPUs, refused when the counter could not hold one: the product of the options' values,
    /// each for so many scenarios.
    pub(super) fn combinations(
        &self,
        pin: &PinOption,
        cpus: Cpus,
        intervals: &Several<Duration>,
        scenarios: usize,
    ) -> Result<Combinations, UsageError> {
        let threads = &self.workers.threads;
        let iterations = self.iters.clone().unwrap_or_else(|| {
            let in_all = threads.values().iter().map(|it| it.get()).sum::<usize>()
                * intervals.values().len()
                * scenarios;
            let updates = if threads.is_sweep() || intervals.is_sweep() || scenarios > 1 {
                sweep::share(UPDATES, WORKERS, in_all)
            } else {
                UPDATES
            };
            Several::one(NonZeroU64::new(updates).unwrap_or(NonZeroU64::MIN))
        });
        let load = workload(NonZeroUsize::MIN, UPDATES, self.pattern.pattern, Vec::new(), cpus);
        let combinations = Combinations::of(load)
            .over_workers("threads", threads, |workers, cpus| pin.cpu_of_each(workers, cpus))
            .over("iters", &iterations, |load, iterations| load.iterations = iterations.get())
            .over_intervals(intervals);
        combinations.each().try_for_each(|(load, _)| check_counter(load))?;
        Ok(combinations)
    }
}

const BODY_HELP: &str = "The loop's body, in Python: x is the shared counter, d the worker's +1 or -1, s is \"a\", one() returns 1, \
     lock is a threading.Lock; other names are the worker's own; \\n begins a new line";

// A loop body and what it uses.
#[derive(Debug, Args)]
pub(super) struct BodyOptions {
    #[arg(help = BODY_HELP, long, value_name = "STATEMENTS", default_value = scenario::gil::BODY, value_parser = statements())]
    pub(super) body: String,
    /// Definitions that the body uses: functions, locks, and whatever the workers share, such as lists, dicts and objects
    #[arg(long, value_name = "STATEMENTS", value_parser = statements())]
    setup: Option<String>,
    /// What is looked at when all workers have ended: an expression that is a whole number, such as len(L) or D[0]
    #[arg(long, value_name = "EXPR", default_value = RESULT)]
    pub(super) result: String,
}

impl BodyOptions {
    /// The definitions, empty if there are none.
    pub(super) fn setup(&self) -> &str {
        self.setup.as_deref().unwrap_or_default()
    }

    /// Refuses what is not over a counter and locks alone.
    pub(super) fn counter_only(&self, version: Version) -> Result<(), UsageError> {
        let what = if self.result == RESULT {
            "gil repeats a body over the counter x and locks on real threads"
        } else {
            "gil looks at the counter x in the end and takes no other --result"
        };
        match Body::compile(&self.body, self.setup(), &self.result, version) {
            Ok(body @ Body::Heap(_)) => {
                let others = match body.claim([1, -1], &Control::default()) {
                    Ok(_) => format!("{what}; gilsim verify and gilsim explore take this one"),
                    Err(BodyError::OrderDependent { .. }) => format!("{what}; gilsim explore takes this one"),
                    Err(_) => what.to_owned(),
                };
                Err(UsageError::new(match Program::compile(&self.body, self.setup(), version) {
                    Err(refusal) => format!("{refusal}\n{others}"),
                    Ok(_) => others,
                }))
            }
            // What is not covered at all is refused with its place where it is compiled.
            Ok(Body::Counter(_)) | Err(_) => Ok(()),
        }
    }
}

// The versions whose GIL is modelled.
#[derive(Debug, Args)]
pub(super) struct VersionOption {
    #[arg(help = version_help(), long, value_name = "VERSION", default_value = Version::newest_with_gil().name(), value_parser = version(), value_delimiter = ',')]
    cpython: Vec<Version>,
}

impl VersionOption {
    /// Each version once, with the parameter that it is when there are several.
    pub(super) fn each(&self) -> Vec<(Version, Parameters)> {
        sweep::choices("cpython", &self.cpython, Version::name)
    }
}

fn version_help() -> String {
    let (with, without) = (values::versions_with_gil(), values::versions_without_gil("or"));
    format!(
        "Whose GIL is modelled: {with}, {without} (t: the free-threaded build, which has no GIL); several (3.9,3.13) are set side by side"
    )
}

// The switch interval of a global lock.
#[derive(Debug, Args)]
pub(super) struct IntervalOption {
    /// How long a waiter waits before it asks the holder of the global lock to let go [default: 5ms]
    #[arg(long, value_name = "TIME", value_parser = sweep::times, allow_hyphen_values = true)]
    switch_interval: Option<Several<Duration>>,
}

impl IntervalOption {
    /// The intervals that were asked for, or `CPython`'s own.
    pub(super) fn intervals(&self) -> Several<Duration> {
        self.switch_interval.clone().unwrap_or_else(|| Several::one(SWITCH_INTERVAL))
    }

    /// The interval of a command that measures one.
    pub(super) fn only(&self, command: &str) -> Result<Duration, UsageError> {
        self.intervals().only("switch-interval", command)
    }

    /// Refuses an interval that was asked for when it changes nothing of what is measured.
    pub(super) fn refuse_unused(&self, cases: &[Case<'_>]) -> Result<(), UsageError> {
        let used = cases.iter().any(|case| case.scenario.switch_interval(&case.load).is_some());
        if self.switch_interval.is_none() || used {
            return Ok(());
        }
        let measured: Vec<String> =
            cases.iter().filter(|case| !case.baseline).map(|case| case.scenario.label()).collect();
        Err(unused_interval(&measured.join(", ")))
    }

    /// Refuses an interval that was asked for when none of the versions has one.
    pub(super) fn refuse_unused_by(&self, versions: &[(Version, Parameters)]) -> Result<(), UsageError> {
        let used =
            versions.iter().any(|(version, _)| matches!(version.facts().hand_off, HandOff::Interval(_)));
        if self.switch_interval.is_none() || used {
            return Ok(());
        }
        let names: Vec<&str> = versions.iter().map(|(version, _)| version.name()).collect();
        Err(unused_interval(&format!("CPython {}", names.join(", "))))
    }
}

fn unused_interval(what: &str) -> UsageError {
    UsageError::new(format!(
        "--switch-interval changes nothing here: no lock of {what} is let go after an interval; leave it out"
    ))
}

// Whether workers are kept on CPUs of their own.
#[derive(Debug, Args)]
pub(super) struct PinOption {
    /// Whether each worker is kept on a CPU of its own (auto: when there are CPUs enough) or the kernel chooses (off)
    #[arg(long, default_value = Pin::ALL[0].name(), value_parser = choice::<Pin>())]
    pin: Pin,
}

impl PinOption {
    /// The CPU of each worker; empty where the kernel chooses.
    pub(super) fn cpu_of_each(&self, workers: NonZeroUsize, cpus: &Cpus) -> Vec<usize> {
        match self.pin {
            Pin::Auto => cpus.apart(workers.get()),
            Pin::Off => Vec::new(),
        }
    }
}

/// Whether workers are kept on CPUs of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pin {
    Auto,
    Off,
}

impl Choice for Pin {
    const ALL: &'static [Self] = &[Self::Auto, Self::Off];

    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Off => "off",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Auto => "each worker on a CPU of its own, when there are CPUs enough",
            Self::Off => "the kernel chooses",
        }
    }
}

// How often everything is run.
#[derive(Debug, Args)]
pub(super) struct RunsOption {
    /// How many runs [default: as many as fit in some 3 s, 1 to 10; with --export FILE.json or --baseline in some 9 s, 1 to 100]
    #[arg(long, value_name = "R", value_parser = values::runs, allow_negative_numbers = true)]
    runs: Option<NonZeroUsize>,
}

/// How many rounds there are where others are held against them: those have to have seen the machine in more than one mood. The budget is
/// that of a run that is not kept.
pub(super) fn kept_rounds(budget: Duration) -> Rounds {
    Rounds::Within { budget: KEPT * budget, most: MOST_KEPT }
}

impl RunsOption {
    /// The number that was asked for, or as many rounds as a time allows.
    pub(super) fn rounds(&self, budget: Duration, kept: bool) -> Rounds {
        match self.runs {
            Some(runs) => Rounds::Exactly(runs),
            None if kept => kept_rounds(budget),
            None => Rounds::Within { budget, most: MOST_ROUNDS },
        }
    }
}

// How one scenario is measured, and what becomes of the result.
#[derive(Debug, Args)]
pub(super) struct MeasureOptions {
    #[command(flatten)]
    runs: RunsOption,
    #[command(flatten)]
    pub(super) pin: PinOption,
    /// Exit with 3 unless the result is as expected
    #[arg(long, value_parser = choice::<Expectation>())]
    expect: Option<Expectation>,
    #[command(flatten)]
    baseline: BaselineOptions,
    #[command(flatten)]
    output: OutputOptions,
}

impl MeasureOptions {
    /// The same with timelines, if they are wanted.
    pub(super) fn with(self, timeline: TimelineOptions) -> Result<Self, UsageError> {
        Ok(Self { output: self.output.with(timeline)?, ..self })
    }

    /// The request to measure one scenario with each of these workloads.
    pub(super) fn request(
        self,
        scenario: &'static dyn Scenario,
        combinations: Combinations,
    ) -> Result<Request, UsageError> {
        let case = |(load, parameters)| Case { scenario, load, parameters, baseline: false };
        self.request_of(combinations.into_each().map(case).collect(), false)
    }

    /// The request to measure these cases, side by side if it is a comparison or a sweep.
    pub(super) fn request_of(
        self,
        cases: Vec<Case<'static>>,
        comparison: bool,
    ) -> Result<Request, UsageError> {
        self.session_of(cases, comparison).map(Request::Measure)
    }

    /// The session that measures these cases.
    pub(super) fn session_of(
        self,
        cases: Vec<Case<'static>>,
        comparison: bool,
    ) -> Result<Box<Session>, UsageError> {
        let swept = sweep::is_sweep(&cases);
        sweep::check_cases(cases.len())?;
        let budget = match (swept, comparison) {
            (true, _) => SWEEP_BUDGET,
            (false, true) => COMPARISON_BUDGET,
            (false, false) => BUDGET,
        };
        Ok(Box::new(Session {
            cases,
            real: None,
            rounds: self.runs.rounds(budget, self.baseline.is_given() || self.output.keeps_json()),
            comparison: comparison || swept,
            expect: self.expect,
            baseline: self.baseline.baseline(),
            destination: self.output.destination()?,
        }))
    }
}

// Interpreters that are asked only when they are named, and how long each may take.
#[derive(Debug, Args)]
pub(super) struct InterpreterOptions {
    /// A real interpreter to measure as well; may be given several times
    #[arg(long, value_name = "EXE")]
    pub(super) python: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) timeout: TimeoutOption,
}

// Interpreters that are searched for unless they are named.
#[derive(Debug, Args)]
pub(super) struct SearchOption {
    /// An interpreter; may be given several times [default: those on PATH and among pyenv's versions]
    #[arg(long, value_name = "EXE")]
    pub(super) python: Vec<PathBuf>,
}

// How long an interpreter may take.
#[derive(Debug, Args)]
pub(super) struct TimeoutOption {
    /// How long a real interpreter may take for one job (10s at least to say which Python it is)
    #[arg(long = "timeout", value_name = "TIME", default_value = "60s", value_parser = count::parse_interval, allow_hyphen_values = true)]
    pub(super) time: Duration,
}

// Where the report goes.
#[derive(Debug, Args)]
pub(super) struct OutputOptions {
    /// The form of the report on standard output
    #[arg(long, default_value = Format::ALL[0].name(), value_parser = choice::<Format>())]
    format: Format,
    /// Write the report to a file, too; its ending chooses the form (.json .csv .md .txt .html .svg); may be given
    /// several times; - is JSON on standard output, the other report then goes to standard error
    #[arg(long, value_name = "FILE")]
    export: Vec<PathBuf>,
    /// Draw charts below the table, where there are any
    #[arg(long, value_name = "WHEN", default_value = When::ALL[0].name(), value_parser = choice::<When>())]
    chart: When,
    /// Print the result alone, a record a line with a tab between its fields, and on standard error what
    /// went wrong
    #[arg(long, short)]
    quiet: bool,
    // Set by the commands that have timelines.
    #[arg(skip)]
    timeline: Option<TimelineTo>,
}

// An earlier export that times are held against.
#[derive(Debug, Args)]
pub(super) struct BaselineOptions {
    /// Hold the times against those of an earlier --export FILE.json of the same: slower, faster, same, or cannot be told
    #[arg(long, value_name = "FILE.json")]
    baseline: Option<PathBuf>,
    /// Compare although the earlier one was measured otherwise, and say so
    #[arg(long, requires = "baseline")]
    baseline_anyway: bool,
    /// Exit with 3 when something is slower by more than this: when its whole 95 % interval lies above it
    #[arg(long, value_name = "SHARE%", value_parser = share, allow_hyphen_values = true, requires = "baseline")]
    fail_if_slower: Option<f64>,
}

impl BaselineOptions {
    pub(super) const fn is_given(&self) -> bool {
        self.baseline.is_some()
    }

    pub(super) fn baseline(self) -> Baseline {
        let Self { baseline, baseline_anyway, fail_if_slower } = self;
        Baseline { file: baseline, anyway: baseline_anyway, fail_if_slower }
    }
}

/// Reads a share such as `5%`.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').map(|number| number.trim().parse::<f64>());
    match number {
        Some(Ok(percent)) if (0.0..=1000.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err("write a share from 0% to 1000%, such as 5%".to_owned()),
    }
}

// Timelines of what workers did.
#[derive(Debug, Args)]
pub(super) struct TimelineOptions {
    /// Record who ran, who waited and who held the lock, and show it below the table; or write it to FILE: .svg is a
    /// picture, .json is trace events for Perfetto or Chrome
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "clap's type of an option with an optional value")]
    timeline: Option<Option<PathBuf>>,
    /// Which part of the timeline is drawn: last, densest (most hand-offs), or a part of the run such as 10ms..20ms
    #[arg(long, value_name = "PART", default_value = "last", requires = "timeline")]
    window: Window,
}

impl TimelineOptions {
    /// Whether something is to be recorded.
    pub(super) const fn record(&self) -> bool {
        self.timeline.is_some()
    }
}

impl OutputOptions {
    /// The same with timelines, if they are wanted; refused where there is nothing that they could stand below.
    pub(super) fn with(self, timeline: TimelineOptions) -> Result<Self, UsageError> {
        let TimelineOptions { timeline, window } = timeline;
        if matches!(timeline, Some(None)) && (self.quiet || self.format != Format::Table) {
            return Err(UsageError::new(
                "a timeline stands below the table, which is not printed here; name a file: --timeline FILE.svg or FILE.json",
            ));
        }
        Ok(Self { timeline: timeline.map(|file| TimelineTo { file, window }), ..self })
    }

    /// Whether a file of raw values is to be kept.
    pub(super) fn keeps_json(&self) -> bool {
        self.export.iter().any(|path| path.extension().is_some_and(|ending| ending == "json"))
    }

    /// Where the report goes; refused when two forms are asked for on standard output.
    pub(super) fn destination(self) -> Result<Destination, UsageError> {
        let Self { format, export: exports, quiet, chart, timeline } = self;
        if quiet && format != Format::Table {
            return Err(UsageError::new(format!(
                "--quiet prints the result alone, and --format {} the whole report; leave out one of them",
                format.name()
            )));
        }
        Ok(Destination { format, exports, quiet, chart, timeline })
    }
}

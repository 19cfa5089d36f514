//! `compare`: scenarios and real interpreters side by side.

use crate::choice::Choice;
use crate::cli::options::{
    BaselineOptions, COMPARISON_BUDGET, InterpreterOptions, IntervalOption, OutputOptions, PatternOption,
    PinOption, RunsOption, SWEEP_BUDGET, WORKERS, WorkersOption,
};
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::cli::sweep::{self, Combinations, Several};
use crate::cli::values;
use crate::cli::widen::Widen;
use crate::cli::workload::{check_counter, check_split, workload};
use crate::count;
use crate::measure::runner::Case;
use crate::measure::{Group, Parameters, Promise, Scenario};
use crate::python::body::RESULT;
use crate::python::version::Version;
use crate::scenario;
use crate::scenario::python::Job;
use crate::scenario::split::By;
use crate::session::{Real, Session};
use crate::system::cpus::Cpus;
use clap::Args;
use std::collections::BTreeSet;
use std::num::NonZeroUsize;

/// Counter updates of each worker in a comparison: the dearest scenario takes about a second.
const UPDATES: u64 = 5_000_000;
/// References that each worker takes and gives back in a comparison.
const PAIRS: u64 = 1_000_000;
/// The end of the compared sums' range: work enough to make up for starting processes.
const RANGE: u64 = 500_000_000;

/// Scenarios side by side, right or wrong, fast or slow, their rounds interleaved
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim compare\n  gilsim compare race mutex atomic --iters 1M\n  gilsim compare mutex:all --iters 100k\n  gilsim compare gil:3.9 gil:3.13t"
)]
#[command(mut_arg("threads", |arg| arg.help("How many workers each scenario has")))]
#[command(mut_arg("runs", |arg| arg.help("How many rounds [default: as many as fit in some 8 s, 1 to 10; with --export FILE.json or --baseline in some 24 s, 1 to 100]")))]
#[command(mut_arg("python", |arg| arg.help("A real interpreter to compare with; may be given several times")))]
#[command(mut_arg("quiet", |arg| arg.help("Print for each row a line of group, scenario, for references the objects, the values that are swept, and actual (or failed, or not-run when it was stopped before its turn), with tabs between them")))]
pub(super) struct CompareCommand {
    /// Scenarios to compare, as `gilsim list` names them: mutex:fair, gil:3.9. A scenario's name alone is its
    /// default variant (split: beside the sequential sum), NAME:all are all its variants; if none is named, each
    /// but refcount, and all ways to split
    #[arg(value_name = "NAME", value_parser = values::Suggested(all_names), hide_possible_values = true)]
    names: Vec<String>,
    #[command(flatten)]
    workers: WorkersOption,
    /// Updates of each worker to the counter, and the end of the range for the sum [default: 5M for the
    /// counter, 500M for the sum, 1M for references; less in a long sweep]
    #[arg(long, value_name = "N", value_parser = values::several_counts, allow_negative_numbers = true)]
    iters: Option<Several<u64>>,
    #[command(flatten)]
    pattern: PatternOption,
    #[command(flatten)]
    interval: IntervalOption,
    #[command(flatten)]
    runs: RunsOption,
    #[command(flatten)]
    interpreters: InterpreterOptions,
    #[command(flatten)]
    pin: PinOption,
    #[command(flatten)]
    baseline: BaselineOptions,
    #[command(flatten)]
    output: OutputOptions,
}

impl CompareCommand {
    /// `commands` are all that there are: their names are easily taken for those of scenarios.
    pub(super) fn request(self, cpus: Cpus, commands: &[String]) -> Result<Request, UsageError> {
        let scenarios = scenarios(&self.names, commands)?;
        let load = workload(NonZeroUsize::MIN, 0, self.pattern.pattern, Vec::new(), cpus);
        let combinations =
            Combinations::of(load).over_workers("threads", &self.workers.threads, |workers, cpus| {
                self.pin.cpu_of_each(workers, cpus)
            });
        let intervals = self.interval.intervals();
        let of_all = combinations.clone().over_intervals(&intervals);
        // Each group has its own numbers where they are not said.
        let of_group = |group: Group| {
            let iterations = self.iters.clone();
            let iterations = iterations.unwrap_or_else(|| Several::one(iterations_of(group, &of_all)));
            let combinations = combinations.clone();
            combinations
                .over("iters", &iterations, |load, iterations| load.iterations = iterations)
                .over_intervals(&intervals)
        };
        let mut cases = Vec::new();
        for scenario in scenarios {
            for case in of_group(scenario.group()).cases(scenario, &Parameters::default()) {
                cases.push(checked(case)?);
            }
        }
        sweep::check_cases(cases.len())?;

        if self.interpreters.python.is_empty() {
            self.interval.refuse_unused(&cases)?;
        }

        // The interpreters do what is compared: the counter's updates, the sum, or both.
        let body = Job::Body {
            body: scenario::gil::BODY.to_owned(),
            setup: String::new(),
            result: RESULT.to_owned(),
        };
        let jobs: Vec<_> = [(Group::Counter, body), (Group::Sum, Job::Split)]
            .into_iter()
            .filter(|(group, _)| cases.iter().any(|case| case.scenario.group() == *group))
            .flat_map(|(group, job)| {
                let unpinned = of_group(group).with(|load| load.pins.clear());
                unpinned.into_each().map(move |(load, parameters)| (job.clone(), load, parameters))
            })
            .collect();
        if jobs.is_empty() && !self.interpreters.python.is_empty() {
            return Err(UsageError::new(
                "an interpreter cannot be compared with bare reference counts; name a counter or a sum, too, or leave --python out",
            ));
        }
        let real =
            Real { jobs, timeout: self.interpreters.timeout.time, programs: Some(self.interpreters.python) };
        let budget = if sweep::is_sweep(&cases) { SWEEP_BUDGET } else { COMPARISON_BUDGET };
        Ok(Request::Measure(Box::new(Session {
            cases,
            real: Some(real),
            rounds: self.runs.rounds(budget, self.baseline.is_given() || self.output.keeps_json()),
            comparison: true,
            expect: None,
            baseline: self.baseline.baseline(),
            destination: self.output.destination()?,
        })))
    }
}

/// How much each scenario of a group has to do unless it is said: less where a sweep has many combinations.
fn iterations_of(group: Group, combinations: &Combinations) -> u64 {
    let cases = combinations.each().count();
    let workers: usize = combinations.each().map(|(load, _)| load.workers.get()).sum();
    let (usual, alone) = match group {
        Group::Counter => (UPDATES, WORKERS),
        Group::References => (PAIRS, WORKERS),
        // A sum is one, however many share it.
        Group::Sum => (RANGE, 1),
    };
    match (cases, group) {
        (1, _) => usual,
        (_, Group::Sum) => sweep::share(usual, alone, cases),
        (_, Group::Counter | Group::References) => sweep::share(usual, alone, workers),
    }
}

/// The scenarios of these names, each once. A command's name is the command as it is without options, `split` with its
/// sequential yardstick; `NAME:VARIANT` is one variant and `NAME:all` are all. Without a name it is each command,
/// and all ways to split.
fn scenarios(names: &[String], commands: &[String]) -> Result<Vec<&'static dyn Scenario>, UsageError> {
    let all = || scenario::ALL.iter().copied();
    if names.is_empty() {
        return Ok(all()
            // Reference counts have a table of their own, `gilsim refcount`, which is long enough.
            .filter(|scenario| scenario.group() != Group::References)
            .filter(|scenario| scenario.group() == Group::Sum || is_default(*scenario))
            .collect());
    }
    let mut found: Vec<&'static dyn Scenario> = Vec::new();
    for name in names {
        let before = found.len();
        // A release, as tables print it, is one of its version.
        let release = name.strip_prefix("gil:").and_then(Version::of_release);
        let label = release.map_or_else(|| name.clone(), |version| format!("gil:{version}"));
        found.extend(scenario::variants().filter(|scenario| {
            let of_command = scenario.name() == name && (is_default(*scenario) || scenario.is_sequential());
            let of_all = scenario.variant().is_some() && format!("{}:all", scenario.name()) == *name;
            scenario.label() == label || of_command || of_all
        }));
        if found.len() == before {
            return Err(UsageError::new(unknown(name, commands)));
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|scenario| seen.insert(scenario.label()));
    Ok(found)
}

/// All names that can be compared.
fn all_names() -> Vec<String> {
    let mut names: Vec<String> = scenario::variants().map(Scenario::label).collect();
    names.extend(scenario::variants().map(|scenario| scenario.name().to_owned()));
    names.sort();
    names.dedup();
    names
}

/// Whether a command does this one when no option asks for another.
fn is_default(scenario: &dyn Scenario) -> bool {
    scenario.variant().is_none_or(|variant| variant.is_default)
}

/// Says which names there are, or that one is a command's.
fn unknown(name: &str, commands: &[String]) -> String {
    if count::parse(name).is_ok() {
        return format!("there is no scenario {name:?}; for so many updates write --iters {name}");
    }
    let command = name.split(':').next().unwrap_or(name);
    if commands.iter().any(|known| known == name) {
        return format!("{name} is no scenario to be compared but a command of its own: gilsim {name}");
    }
    let of_command: Vec<String> =
        scenario::variants().filter(|scenario| scenario.name() == command).map(Scenario::label).collect();
    let known: Vec<String> = match &of_command[..] {
        [] => {
            let all: Vec<String> = scenario::ALL.iter().map(|scenario| scenario.label()).collect();
            let begun: Vec<String> = all.iter().filter(|label| label.starts_with(command)).cloned().collect();
            if begun.is_empty() { all } else { begun }
        }
        [only] => vec![only.clone()],
        several => several.iter().cloned().chain([format!("{command}:all")]).collect(),
    };
    format!("there is no scenario {name:?}; choose from {}", known.join(", "))
}

/// One scenario's part in the comparison, refused when it cannot be done.
fn checked(case: Case<'static>) -> Result<Case<'static>, UsageError> {
    let Case { scenario, mut load, parameters, baseline } = case;
    match scenario.group() {
        Group::Counter | Group::References if load.iterations == 0 => {
            return Err(UsageError::new("--iters 0 leaves nothing to compare; use 1 or more"));
        }
        Group::Counter | Group::References => check_counter(&load)?,
        Group::Sum => {
            let way = scenario.variant().map(|variant| variant.value);
            if let Some(by) = By::ALL.iter().find(|by| way == Some(by.name())) {
                check_split(*by, &load)?;
            }
        }
    }
    if scenario.can_be_widened() && scenario.promise_for(&load) == Promise::MayLose {
        load.widen = match scenario.group() {
            Group::References => Widen::Auto.pairs_per_yield(&load),
            Group::Counter | Group::Sum => Widen::Auto.updates_per_yield(&load),
        };
    }
    Ok(Case { scenario, load, parameters, baseline })
}

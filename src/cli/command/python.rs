//! `python`: the two jobs by real interpreters.

use crate::cli::options::{
    BUDGET, BaselineOptions, BodyOptions, IntervalOption, OutputOptions, PatternOption, SearchOption,
    TimeoutOption, WorkersOption, kept_rounds,
};
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::cli::sweep::{Combinations, Several};
use crate::cli::values;
use crate::cli::workload::workload;
use crate::measure::runner::Rounds;
use crate::scenario::python::Job;
use crate::session::{Real, Session};
use crate::system::cpus::Cpus;
use clap::Args;
use std::num::{NonZeroU64, NonZeroUsize};

/// The two jobs by real interpreters: a loop body in threads, and a sum split between processes
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim python --python python3 --body 'x += d'\n  gilsim python --setup 'D = {0: 0}' --body 'D[0] += d' --result 'D[0]'"
)]
#[command(mut_arg("threads", |arg| arg.help("How many threads, and how many processes")))]
#[command(mut_arg("pattern", |arg| arg.help("What each thread adds")))]
#[command(mut_arg("quiet", |arg| arg.help("Print for each row a line of group, scenario, for references the objects, the values that are swept, and actual (or failed, or not-run when it was stopped before its turn), with tabs between them")))]
pub(super) struct PythonCommand {
    #[command(flatten)]
    interpreters: SearchOption,
    #[command(flatten)]
    body: BodyOptions,
    #[command(flatten)]
    workers: WorkersOption,
    /// Repetitions of the body by each thread
    #[arg(long, value_name = "N", default_value = "1M", value_parser = values::several_updates, allow_negative_numbers = true)]
    iters: Several<NonZeroU64>,
    /// The end of the range that is summed
    #[arg(long, value_name = "N", default_value = "4M", value_parser = values::several_counts, allow_negative_numbers = true)]
    sum: Several<u64>,
    #[command(flatten)]
    pattern: PatternOption,
    #[command(flatten)]
    interval: IntervalOption,
    /// How many rounds [default: 1; with --export FILE.json or --baseline as many as fit in some 9 s, 1 to 100]
    #[arg(long, value_name = "R", value_parser = values::runs, allow_negative_numbers = true)]
    runs: Option<NonZeroUsize>,
    #[command(flatten)]
    timeout: TimeoutOption,
    #[command(flatten)]
    baseline: BaselineOptions,
    #[command(flatten)]
    output: OutputOptions,
}

impl PythonCommand {
    /// One round, unless others are held against it: an interpreter may need seconds for one.
    fn rounds(&self) -> Rounds {
        match self.runs {
            Some(runs) => Rounds::Exactly(runs),
            None if self.baseline.is_given() || self.output.keeps_json() => kept_rounds(BUDGET),
            None => Rounds::Exactly(NonZeroUsize::MIN),
        }
    }

    pub(super) fn request(self, cpus: Cpus) -> Result<Request, UsageError> {
        if self.sum.values().iter().any(|&sum| i64::try_from(sum).is_err()) {
            return Err(UsageError::new("--sum ends at 2^63 - 1; give a smaller end"));
        }
        let load = workload(NonZeroUsize::MIN, 0, self.pattern.pattern, Vec::new(), cpus);
        let combinations = Combinations::of(load)
            .over("threads", &self.workers.threads, |load, workers| load.workers = workers);
        let intervals = self.interval.intervals();
        let loops = combinations
            .clone()
            .over("iters", &self.iters, |load, iters| load.iterations = iters.get())
            .over_intervals(&intervals);
        let sums =
            combinations.over("sum", &self.sum, |load, sum| load.iterations = sum).over_intervals(&intervals);
        let rounds = self.rounds();
        let body = Job::Body {
            setup: self.body.setup().to_owned(),
            result: self.body.result.trim().to_owned(),
            body: self.body.body,
        };
        let named = self.interpreters.python;
        let jobs = |job: Job, combinations: Combinations| {
            combinations.into_each().map(move |(load, parameters)| (job.clone(), load, parameters))
        };
        let real = Real {
            programs: (!named.is_empty()).then_some(named),
            jobs: jobs(body, loops).chain(jobs(Job::Split, sums)).collect(),
            timeout: self.timeout.time,
        };
        Ok(Request::Measure(Box::new(Session {
            cases: Vec::new(),
            real: Some(real),
            rounds,
            comparison: true,
            expect: None,
            baseline: self.baseline.baseline(),
            destination: self.output.destination()?,
        })))
    }
}

//! `split`: one sum, shared between workers in one of several ways, beside one worker that does all of it.

use crate::choice::Choice;
use crate::cli::options::{
    ACTUAL_ALONE, IntervalOption, MeasureOptions, TimelineOptions, WORKERS, WorkersOption,
};
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::cli::sweep::{self, Combinations, Several};
use crate::cli::values::{self, choice};
use crate::cli::workload::{check_split, workload};
use crate::count;
use crate::measure::runner::Case;
use crate::measure::{Parameters, Pattern, Workload};
use crate::scenario;
use crate::scenario::split::{By, Split, mpi};
use crate::session::Session;
use crate::system::cpus::Cpus;
use clap::Args;
use clap::builder::Resettable;
use std::num::NonZeroUsize;

/// The sum over a range, split between processes, threads, a rayon pool or threads under a global lock
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim split --iters 100M\n  gilsim split --by gil --workers 4 --iters 1e9\n\nBy the ranks of an MPI job:\n  mpirun -n 4 gilsim split --by mpi --iters 1e10"
)]
#[command(mut_arg("threads", |arg| {
    // `Reset` takes back the alias that is the name here.
    arg.long("workers").visible_alias(Resettable::Reset).visible_alias("threads").value_name("W")
        .help("How many workers share the sum; a list or a range measures each (1,2,4 or 1..8)")
}))]
#[command(mut_arg("quiet", |arg| arg.help(ACTUAL_ALONE)))]
pub(super) struct SplitCommand {
    /// The first number of the sum
    #[arg(long, value_name = "A", default_value = "0", value_parser = count::parse, allow_negative_numbers = true)]
    from: u64,
    /// The end of the range, which is not part of it (100M, 1e8 and 100000000 are the same); a list or a range measures each
    #[arg(long, value_name = "N", default_value = "100M", value_parser = values::several_counts, allow_negative_numbers = true)]
    iters: Several<u64>,
    #[command(flatten)]
    workers: WorkersOption,
    /// How the sum is split; several ways are set side by side
    #[arg(long, default_value = By::ALL[0].name(), value_parser = choice::<By>(), value_delimiter = ',')]
    by: Vec<By>,
    #[command(flatten)]
    interval: IntervalOption,
    #[command(flatten)]
    timeline: TimelineOptions,
    #[command(flatten)]
    measure: MeasureOptions,
}

impl SplitCommand {
    pub(super) fn request(self, cpus: Cpus) -> Result<Request, UsageError> {
        if !self.by.iter().any(|by| by.needs_job()) {
            return self.session(cpus).map(Request::Measure);
        }
        match self.check_ranks().and_then(|()| self.session(cpus)) {
            // Every rank has this command line, and rank 0 says what is wrong with it.
            Err(_) if mpi::rank().is_some_and(|rank| rank > 0) => Ok(Request::Print(String::new())),
            session => session.map(Request::MeasureByRanks),
        }
    }

    /// Refuses the ranks of an MPI job where there are none, and to say here how many they are.
    fn check_ranks(&self) -> Result<(), UsageError> {
        if let Some(reason) = mpi::absent() {
            return Err(UsageError::new(reason));
        }
        let workers = &self.workers.threads;
        let for_ranks = self.by.len() == 1 && workers.values().iter().any(|workers| workers.get() != WORKERS);
        if workers.is_sweep() || for_ranks {
            return Err(UsageError::new(
                "--workers says nothing to the ranks of an MPI job: mpirun -n 4 makes four; leave it out",
            ));
        }
        Ok(())
    }

    fn session(self, cpus: Cpus) -> Result<Box<Session>, UsageError> {
        let from = self.from;
        if let Some(iters) = self.iters.values().iter().find(|&&iters| from > iters) {
            return Err(UsageError::new(format!(
                "--from {from} is beyond the end of the range, --iters {iters}; give a smaller start or a larger end"
            )));
        }
        let load = Workload { from, ..workload(NonZeroUsize::MIN, 0, Pattern::PlusMinus, Vec::new(), cpus) };
        let combinations = Combinations::of(load)
            .over_workers("workers", &self.workers.threads, |workers, cpus| {
                self.measure.pin.cpu_of_each(workers, cpus)
            })
            .over("iters", &self.iters, |load, iters| load.iterations = iters)
            .over_intervals(&self.interval.intervals())
            .with(|load| load.record = self.timeline.record());

        let mut cases = Vec::new();
        for (by, chosen) in sweep::choices("by", &self.by, By::name) {
            combinations.each().try_for_each(|(load, _)| check_split(by, load))?;
            cases.extend(combinations.cases(scenario::leak(Split::by(by)), &chosen));
        }
        self.interval.refuse_unused(&cases)?;
        let baselines = yardsticks(&cases);
        self.measure
            .with(self.timeline)?
            .session_of(baselines.into_iter().chain(cases).collect(), self.by.len() > 1)
    }
}

/// One worker that does all of it, for each amount of work that the cases have, unless it is among them.
fn yardsticks(cases: &[Case<'static>]) -> Vec<Case<'static>> {
    if cases.iter().any(|case| case.scenario.is_sequential()) {
        return Vec::new();
    }
    let sequential = scenario::leak(Split::by(By::Sequential));
    let mut yardsticks: Vec<Case<'static>> = Vec::new();
    for Case { load, .. } in cases {
        if yardsticks.iter().all(|other| other.load.range() != load.range()) {
            let (load, parameters) = (sequential.adapt(load), Parameters::default());
            yardsticks.push(Case { scenario: sequential, load, parameters, baseline: true });
        }
    }
    yardsticks
}

//! `refcount`: references to objects, counted in several ways.

use crate::choice::Choice;
use crate::cli::options::{IntervalOption, MeasureOptions, WORKERS, WorkersOption};
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::cli::sweep::{self, Combinations, Several};
use crate::cli::values::{self, choice};
use crate::cli::widen::Widen;
use crate::cli::workload::{check_counter, workload};
use crate::measure::runner::Case;
use crate::measure::{Objects, Parameters, Pattern, Promise, Workload};
use crate::scenario;
use crate::scenario::refcount::{Refcount, Way};
use crate::system::cpus::Cpus;
use clap::Args;
use std::num::{NonZeroU64, NonZeroUsize};

/// How often each worker takes a reference and gives it back unless it is said.
const PAIRS: u64 = 1_000_000;

/// References to objects, counted in several ways: what goes wrong without protection, and what each one costs
///
/// Each worker takes a reference to an object and gives it back, again and again (`Py_INCREF`, `Py_DECREF`). An object whose
/// count reaches zero is freed. Nothing is really freed here: what a wrong count would have led to is noted.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim refcount\n  gilsim refcount --count plain --objects shared --expect lost\n  gilsim refcount --count atomic --count biased --threads 1"
)]
#[command(mut_arg("threads", |arg| arg.help("How many workers take references")))]
#[command(mut_arg("quiet", |arg| arg.help("Print a line for each way and its objects: group, scenario, objects, the values that are swept, and the actual count (of all objects together), with tabs between them; where there is a single row, the count alone")))]
#[command(mut_arg("runs", |arg| arg.help("How many rounds [default: as many as fit in some 8 s, 1 to 10, 3 s for a single way; with --export FILE.json or --baseline three times as long, 1 to 100]")))]
pub(super) struct RefcountCommand {
    /// How references are counted; may be given several times [default: every way]
    #[arg(long, value_name = "WAY", value_parser = choice::<Way>(), value_delimiter = ',')]
    count: Vec<Way>,
    /// Which objects the workers take references to [default: both, side by side]
    #[arg(long, value_parser = choice::<Objects>())]
    objects: Option<Objects>,
    #[command(flatten)]
    workers: WorkersOption,
    /// How often each worker takes a reference and gives it back (1M, 1e6 and 1000000 are the same) [default: 1M; less in a
    /// long sweep]
    #[arg(long, value_name = "N", value_parser = values::several_updates, allow_negative_numbers = true)]
    iters: Option<Several<NonZeroU64>>,
    /// How often a worker with a plain count of a shared object yields its CPU in the middle of a pair: once in N pairs,
    /// off, or auto (often when there are fewer CPUs than workers, which would otherwise rarely meet; some 60 times a run
    /// otherwise)
    #[arg(long, value_name = "auto|off|N", default_value = "auto", allow_negative_numbers = true)]
    widen: Widen,
    #[command(flatten)]
    interval: IntervalOption,
    #[command(flatten)]
    measure: MeasureOptions,
}

impl RefcountCommand {
    pub(super) fn request(self, cpus: Cpus) -> Result<Request, UsageError> {
        let mut ways: Vec<Way> = Vec::new();
        for &way in if self.count.is_empty() { Way::ALL } else { &self.count } {
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
        let combinations = self.combinations(cpus, ways.len())?;
        let several = |load: &Workload| load.workers.get() > 1;
        let shares = self.objects == Some(Objects::Shared) && self.count.contains(&Way::Rc);
        if shares && combinations.each().any(|(load, _)| several(load)) {
            return Err(UsageError::new(
                "an Rc cannot be shared between threads; use --objects own, or --count arc",
            ));
        }

        let mut cases: Vec<Case<'static>> = Vec::new();
        for (load, parameters) in combinations.each() {
            let objects: &[Objects] = match self.objects {
                Some(ref objects) => std::slice::from_ref(objects),
                // One worker has nobody to share an object with.
                None if !several(load) => &[Objects::Shared],
                None => Objects::ALL,
            };
            // Whose objects an Rc counts is no question: with several workers they are their own.
            let possible =
                |way: Way, objects: Objects| way != Way::Rc || objects == Objects::Own || !several(load);
            let each = ways.iter().flat_map(|&way| objects.iter().map(move |&objects| (way, objects)));
            cases.extend(each.filter(|&(way, objects)| possible(way, objects)).map(|(way, objects)| {
                self.case(way, &Workload { objects, ..load.clone() }, parameters.clone())
            }));
        }
        self.interval.refuse_unused(&cases)?;
        if matches!(self.widen, Widen::Every(_)) && cases.iter().all(|case| case.load.widen.is_none()) {
            return Err(UsageError::new(
                "--widen changes nothing here: only workers with a plain count of one shared object yield; leave it out, or \
                 use --count plain, --objects shared and two --threads or more",
            ));
        }
        let comparison = cases.len() > 1;
        cases.splice(0..0, yardsticks(&cases));
        self.measure.request_of(cases, comparison)
    }

    /// The workloads, whatever the objects are.
    fn combinations(&self, cpus: Cpus, ways: usize) -> Result<Combinations, UsageError> {
        let (threads, intervals) = (&self.workers.threads, self.interval.intervals());
        let iterations = self.iters.clone().unwrap_or_else(|| {
            let workers = threads.values().iter().map(|it| it.get()).sum::<usize>();
            let pairs = sweep::share(PAIRS, WORKERS * ways, workers * intervals.values().len() * ways);
            Several::one(NonZeroU64::new(pairs).unwrap_or(NonZeroU64::MIN))
        });
        let load = workload(NonZeroUsize::MIN, 0, Pattern::Plus, Vec::new(), cpus);
        let combinations = Combinations::of(load)
            .over_workers("threads", threads, |workers, cpus| self.measure.pin.cpu_of_each(workers, cpus))
            .over("iters", &iterations, |load, iterations| load.iterations = iterations.get())
            .over_intervals(&intervals);
        combinations.each().try_for_each(|(load, _)| check_counter(load))?;
        Ok(combinations)
    }

    /// A way to count with a workload, widened where it may go wrong.
    fn case(&self, way: Way, load: &Workload, parameters: Parameters) -> Case<'static> {
        let scenario = scenario::leak(Refcount(way));
        let widens = scenario.can_be_widened() && scenario.promise_for(load) == Promise::MayLose;
        let widen = if widens { self.widen.pairs_per_yield(load) } else { None };
        Case { scenario, load: Workload { widen, ..load.clone() }, parameters, baseline: false }
    }
}

/// The plain count by one worker, for each number of pairs that the cases have, unless it is among them.
fn yardsticks(cases: &[Case<'static>]) -> Vec<Case<'static>> {
    let plain = scenario::leak(Refcount(Way::Plain));
    let is_yardstick = |case: &Case<'_>, load: &Workload| {
        case.load.workers == NonZeroUsize::MIN
            && case.load.iterations == load.iterations
            && case.scenario.label() == plain.label()
    };
    let mut yardsticks: Vec<Case<'static>> = Vec::new();
    for Case { load, .. } in cases {
        if cases.iter().chain(&yardsticks).all(|case| !is_yardstick(case, load)) {
            let pins = load.pins.iter().copied().take(1).collect();
            let load = Workload {
                workers: NonZeroUsize::MIN,
                objects: Objects::Shared,
                pins,
                widen: None,
                ..load.clone()
            };
            yardsticks.push(Case {
                scenario: plain,
                load,
                parameters: Parameters::default(),
                baseline: true,
            });
        }
    }
    yardsticks
}

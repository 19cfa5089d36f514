//! `refcount`: references to objects, counted in several ways.

use crate::choice::Choice;
use crate::cli::options::{IntervalOption, MeasureOptions, WorkersOption};
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::cli::values::{self, choice};
use crate::cli::widen::Widen;
use crate::cli::workload::{check_counter, workload};
use crate::measure::runner::Case;
use crate::measure::{Objects, Pattern, Promise, Workload};
use crate::scenario;
use crate::scenario::refcount::{Refcount, Way};
use crate::system::cpus::Cpus;
use clap::Args;
use std::num::{NonZeroU64, NonZeroUsize};

/// References to objects, counted in several ways: what goes wrong without protection, and what each one costs
///
/// Each worker takes a reference to an object and gives it back, again and again (`Py_INCREF`, `Py_DECREF`). An object whose
/// count reaches zero is freed. Nothing is really freed here: what a wrong count would have led to is noted.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim refcount\n  gilsim refcount --count plain --objects shared --expect lost\n  gilsim refcount --count atomic --count biased --threads 1"
)]
#[command(mut_arg("threads", |arg| arg.help("How many workers take references")))]
#[command(mut_arg("quiet", |arg| arg.help("Print a line for each way: group, scenario and actual count, with tabs between them")))]
#[command(mut_arg("runs", |arg| arg.help("How many rounds [default: as many as fit in some 8 s, 1 to 10; 3 s for a single way]")))]
pub(super) struct RefcountCommand {
    /// How references are counted; may be given several times [default: every way]
    #[arg(long, value_name = "WAY", value_parser = choice::<Way>())]
    count: Vec<Way>,
    /// Which objects the workers take references to [default: both, side by side]
    #[arg(long, value_parser = choice::<Objects>())]
    objects: Option<Objects>,
    #[command(flatten)]
    workers: WorkersOption,
    /// How often each worker takes a reference and gives it back (1M, 1e6 and 1000000 are the same)
    #[arg(long, value_name = "N", default_value = "1M", value_parser = values::updates, allow_negative_numbers = true)]
    iters: NonZeroU64,
    /// How often a worker with a plain count yields its CPU in the middle of a pair: once in N pairs, off, or auto
    /// (often when there are fewer CPUs than workers, which would otherwise rarely meet; some 60 times a run otherwise)
    #[arg(long, value_name = "auto|off|N", default_value = "auto", allow_negative_numbers = true)]
    widen: Widen,
    #[command(flatten)]
    interval: IntervalOption,
    #[command(flatten)]
    measure: MeasureOptions,
}

impl RefcountCommand {
    pub(super) fn request(self, cpus: Cpus) -> Result<Request, UsageError> {
        let workers = self.workers.threads;
        let pins = self.measure.pin.cpu_of_each(workers, &cpus);
        let load = Workload {
            switch_interval: self.interval.interval(),
            ..workload(workers, self.iters.get(), Pattern::Plus, pins, cpus)
        };
        check_counter(&load)?;
        if self.objects == Some(Objects::Shared) && self.count.contains(&Way::Rc) && workers.get() > 1 {
            return Err(UsageError::new(
                "an Rc cannot be shared between threads; use --objects own, or --count arc",
            ));
        }
        let mut ways: Vec<Way> = Vec::new();
        for &way in if self.count.is_empty() { Way::ALL } else { &self.count } {
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
        let objects: &[Objects] = match self.objects {
            Some(ref objects) => std::slice::from_ref(objects),
            // One worker has nobody to share an object with.
            None if workers.get() == 1 => &[Objects::Shared],
            None => Objects::ALL,
        };

        let case = |way: Way, objects: Objects| {
            let scenario = scenario::leak(Refcount(way));
            let load = Workload { objects, ..load.clone() };
            let widens = scenario.promise_for(&load) == Promise::MayLose;
            let widen = if widens { self.widen.pairs_per_yield(&load) } else { None };
            Case { scenario, load: Workload { widen, ..load }, baseline: false }
        };
        // Whose objects an Rc counts is no question: with several workers they are their own.
        let possible =
            |way: Way, objects: Objects| way != Way::Rc || objects == Objects::Own || workers.get() == 1;
        let mut cases: Vec<Case<'static>> = ways
            .iter()
            .flat_map(|&way| objects.iter().map(move |&objects| (way, objects)))
            .filter(|&(way, objects)| possible(way, objects))
            .map(|(way, objects)| case(way, objects))
            .collect();
        self.interval.refuse_unused(&cases)?;
        let comparison = cases.len() > 1;
        if workers.get() > 1 || !ways.contains(&Way::Plain) {
            let pins = load.pins.iter().copied().take(1).collect();
            let load =
                Workload { workers: NonZeroUsize::MIN, objects: Objects::Shared, pins, widen: None, ..load };
            cases.insert(0, Case { scenario: scenario::leak(Refcount(Way::Plain)), load, baseline: true });
        }
        self.measure.request_of(cases, comparison)
    }
}

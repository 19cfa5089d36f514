//! The plain count, changed only by whoever holds the global lock: what CPython does in its default build.

use super::object::{Objects, Tally};
use super::plain::Plain;
use crate::measure::start_line;
use crate::measure::{Observation, Result, Workload};
use crate::python::gil::{Gil, Holder};
use crate::python::version::HandOff;
use crate::scenario::gil::lock_use;
use crate::system::control::{BLOCK, Control};

/// The measured loop: a pair, and a look whether another worker asks for the lock.
#[inline(never)]
pub fn pairs(object: &Plain, pairs: u64, tally: &mut Tally, holder: &mut Holder<'_>) {
    for _ in 0..pairs {
        object.pair(tally);
        holder.look();
    }
}

/// Has the workers of a load do their pairs under one lock, whichever object they use.
pub(super) fn run(load: &Workload, control: &Control) -> Result<Observation> {
    let objects = Objects::<Plain>::of(load);
    let gil = Gil::new(load.workers.get(), HandOff::Interval(load.switch_interval));
    let run = start_line::run(load, control, |worker| {
        let (object, _) = objects.of_worker(worker);
        let mut tally = Tally::default();
        let mut holder = gil.enter(worker);
        for block in control.blocks(worker, load.iterations, BLOCK) {
            pairs(object, block, &mut tally, &mut holder);
        }
        tally
    })?;
    let lock = lock_use(&gil.into_use(), &run);
    Ok(Observation { lock: Some(lock), ..objects.observed(&run) })
}

//! Rust's own counted pointers, as yardsticks: `Rc`, which cannot leave its thread, and `Arc`.

use super::object::{Object, Tally, observed};
use crate::measure::start_line;
use crate::measure::{Observation, Result, Workload};
use crate::system::control::{BLOCK, Control};
use crossbeam_utils::CachePadded;
use std::hint;
use std::rc::Rc;
use std::sync::Arc;

/// An object behind an [`Arc`], on cache lines of its own.
#[derive(Debug)]
pub struct Arced(Arc<CachePadded<()>>);

impl Object for Arced {
    fn new(_: usize) -> Self {
        Self(Arc::default())
    }

    #[inline(never)]
    fn pairs(&self, _: usize, pairs: u64, _: &mut Tally) {
        for _ in 0..pairs {
            drop(Arc::clone(&self.0));
        }
    }

    fn count(self) -> i64 {
        count(Arc::strong_count(&self.0))
    }
}

/// The measured loop of `Rc`.
#[inline(never)]
pub fn rc_pairs(object: &Rc<CachePadded<()>>, pairs: u64) {
    for _ in 0..pairs {
        let taken = Rc::clone(object);
        // The compiler must take the object for seen here, or it would leave out both changes of the count.
        hint::black_box(object);
        drop(taken);
    }
}

/// Has each worker of a load do its pairs on an object of its own: the compiler lets no `Rc` go to another thread.
pub(super) fn run_rc(load: &Workload, control: &Control) -> Result<Observation> {
    let run = start_line::run(load, control, |worker| {
        let object = Rc::default();
        for block in control.blocks(worker, load.iterations, BLOCK) {
            rc_pairs(&object, block);
        }
        count(Rc::strong_count(&object))
    })?;
    let counts: Vec<i64> = run.workers.iter().map(|worker| worker.value).collect();
    Ok(observed(&counts, std::iter::empty(), &run))
}

fn count(references: usize) -> i64 {
    i64::try_from(references).unwrap_or(i64::MAX)
}

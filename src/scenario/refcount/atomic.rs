//! One atomic instruction for each change, which nothing can come in between.

use super::object::{Object, Tally};
use std::sync::atomic::{AtomicI64, Ordering, fence};

/// An object with an atomic count.
#[derive(Debug)]
pub struct Atomic(AtomicI64);

impl Object for Atomic {
    fn new(_: usize) -> Self {
        Self(AtomicI64::new(1))
    }

    #[inline(never)]
    fn pairs(&self, _: usize, pairs: u64, tally: &mut Tally) {
        for _ in 0..pairs {
            // Relaxed: who takes a reference has one already, so nothing is published by it.
            self.0.fetch_add(1, Ordering::Relaxed);
            // Release, and acquire by whoever frees: all uses of the object come before its end.
            if self.0.fetch_sub(1, Ordering::Release) == 1 {
                fence(Ordering::Acquire);
                tally.premature_frees += 1;
            }
        }
    }

    fn count(self) -> i64 {
        self.0.into_inner()
    }
}

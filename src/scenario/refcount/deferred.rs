//! A count for each thread, added up at the end: nothing is shared while they count.
//!
//! Nobody can tell in between whether the object is still in use, so this is for objects that live long anyway. CPython
//! 3.14t counts references to types so.

use super::object::{Object, Tally};
use crossbeam_utils::CachePadded;
use std::sync::atomic::{AtomicI64, Ordering};

/// An object with a count for each of its users.
#[derive(Debug)]
pub struct Deferred(Vec<CachePadded<AtomicI64>>);

impl Object for Deferred {
    fn new(users: usize) -> Self {
        Self((0..users).map(|_| CachePadded::default()).collect())
    }

    #[inline(never)]
    fn pairs(&self, user: usize, pairs: u64, _: &mut Tally) {
        let own = &self.0[user];
        for _ in 0..pairs {
            // Relaxed and in two steps: this worker alone writes it, and it is read after the join.
            own.store(own.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
            own.store(own.load(Ordering::Relaxed).wrapping_sub(1), Ordering::Relaxed);
        }
    }

    /// Settles the counts, with the maker's reference.
    fn count(self) -> i64 {
        self.0.into_iter().fold(1, |sum, own| sum.wrapping_add(own.into_inner().into_inner()))
    }
}

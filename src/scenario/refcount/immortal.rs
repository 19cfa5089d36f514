//! An object that is never freed needs no count (PEP 683): its count is a mark that is looked at and left alone.

use super::object::{Object, Tally};
use std::hint;
use std::sync::atomic::{AtomicI64, Ordering};

/// What marks an object as immortal. From half of it on a count is taken for the mark, as in CPython, so that a few
/// changes by code that does not know it do no harm.
const MARK: i64 = 3 << 30;

/// An object whose count is the mark.
#[derive(Debug)]
pub struct Immortal(AtomicI64);

impl Object for Immortal {
    fn new(_: usize) -> Self {
        Self(AtomicI64::new(MARK))
    }

    #[inline(never)]
    fn pairs(&self, _: usize, pairs: u64, _: &mut Tally) {
        for _ in 0..pairs {
            self.change(1);
            self.change(-1);
        }
    }

    /// What was added to the mark in all, and the maker's reference.
    fn count(self) -> i64 {
        self.0.into_inner().wrapping_sub(MARK).wrapping_add(1)
    }
}

impl Immortal {
    #[inline]
    fn change(&self, by: i64) {
        // Relaxed: the mark stands there from the beginning.
        let count = self.0.load(Ordering::Relaxed);
        if count < MARK / 2 {
            hint::cold_path();
            self.0.store(count.wrapping_add(by), Ordering::Relaxed);
        }
    }
}

//! A lock in each object: right, and dear even where nobody else wants it.

use super::object::{Object, Tally};

/// How many pairs a worker does between two looks at the stop: with contention each can cost several microseconds.
pub(super) const LOCKED_BLOCK: u64 = 1 << 11;

/// An object whose count is behind a lock.
#[derive(Debug)]
pub struct Locked(parking_lot::Mutex<i64>);

impl Object for Locked {
    fn new(_: usize) -> Self {
        Self(parking_lot::Mutex::new(1))
    }

    #[inline(never)]
    fn pairs(&self, _: usize, pairs: u64, tally: &mut Tally) {
        for _ in 0..pairs {
            self.change(1);
            if self.change(-1) == 0 {
                tally.premature_frees += 1;
            }
        }
    }

    fn count(self) -> i64 {
        self.0.into_inner()
    }
}

impl Locked {
    #[inline]
    fn change(&self, by: i64) -> i64 {
        let mut count = self.0.lock();
        *count = count.wrapping_add(by);
        *count
    }
}

//! The memory that workers share: x and the locks, as a value to explore or as atomics for real threads.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use crossbeam_utils::CachePadded;

/// The memory that workers share: x and the locks.
pub trait Shared {
    /// Reads x.
    fn load_x(&mut self) -> i64;
    /// Writes x.
    fn store_x(&mut self, value: i64);
    /// Takes a lock if it is free.
    fn try_acquire(&mut self, lock: u8) -> bool;
    /// Frees a lock.
    fn release(&mut self, lock: u8);
}

/// Shared memory as a plain value, for exploring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SharedState {
    /// The shared x.
    pub x: i64,
    /// One bit for each lock that is held. A `threading.Lock` has no owner.
    pub held: u32,
}

impl Shared for SharedState {
    fn load_x(&mut self) -> i64 {
        self.x
    }

    fn store_x(&mut self, value: i64) {
        self.x = value;
    }

    fn try_acquire(&mut self, lock: u8) -> bool {
        let bit = 1 << lock;
        let free = self.held & bit == 0;
        self.held |= bit;
        free
    }

    fn release(&mut self, lock: u8) {
        self.held &= !(1 << lock);
    }
}

/// Shared memory for real threads.
///
/// A read of x and a write of x are two atomic operations, so that two workers may lose an update: a race condition, never a
/// data race.
#[derive(Debug, Default)]
pub struct SharedAtomics {
    x: CachePadded<AtomicI64>,
    held: CachePadded<AtomicU32>,
}

impl SharedAtomics {
    /// With that x, and every lock free.
    #[must_use]
    pub fn new(x: i64) -> Self {
        Self { x: CachePadded::new(AtomicI64::new(x)), held: CachePadded::default() }
    }

    /// The value of x.
    #[must_use]
    pub fn x(&self) -> i64 {
        // What the workers wrote is visible once they are joined; until then any value will do.
        self.x.load(Ordering::Relaxed)
    }
}

impl Shared for &SharedAtomics {
    #[inline]
    fn load_x(&mut self) -> i64 {
        // Under a GIL or a lock, that lock orders the accesses; without one, disorder is the subject.
        self.x.load(Ordering::Relaxed)
    }

    #[inline]
    fn store_x(&mut self, value: i64) {
        // As for the load.
        self.x.store(value, Ordering::Relaxed);
    }

    #[inline]
    fn try_acquire(&mut self, lock: u8) -> bool {
        // Acquire pairs with the release below: what the last holder wrote is seen. Release: who frees a lock that was
        // found held sees what was written before, such as that somebody waits for it.
        self.held.fetch_or(1 << lock, Ordering::AcqRel) & (1 << lock) == 0
    }

    #[inline]
    fn release(&mut self, lock: u8) {
        // Release publishes what was written under the lock; acquire pairs with the release of those who found it held.
        self.held.fetch_and(!(1 << lock), Ordering::AcqRel);
    }
}

//! How a worker waits for a lock of the body: asleep, and without the GIL.
//!
//! CPython's `acquire_timed` (`Modules/_threadmodule.c`) tries the lock first. Where somebody has it, the thread lets go of the GIL,
//! sleeps until the lock is its own, and only then asks for the GIL again. Meanwhile whoever runs may take the lock once more:
//! those who sleep stand in no queue.

use crate::python::program::{Shared, SharedAtomics};
use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How often who waits looks whether the run is over.
const LOOK: Duration = Duration::from_millis(20);

/// The counter and the locks, and who waits for them.
#[derive(Debug)]
pub(super) struct Memory {
    shared: SharedAtomics,
    /// For each lock.
    queues: Vec<Queue>,
}

/// Those who wait for a lock.
#[derive(Debug, Default)]
struct Queue {
    waiting: AtomicUsize,
    asleep: Mutex<()>,
    freed: Condvar,
}

impl Memory {
    /// With x = 0, and every lock free.
    pub(super) fn new() -> Self {
        // The shared state has a bit for each lock.
        let queues = (0..u32::BITS).map(|_| Queue::default()).collect();
        Self { shared: SharedAtomics::new(0), queues }
    }

    /// The counter alone, for those who take no lock.
    pub(super) const fn shared(&self) -> &SharedAtomics {
        &self.shared
    }

    pub(super) fn x(&self) -> i64 {
        self.shared.x()
    }

    /// Sleeps until the lock is the caller's, or there is no going on.
    #[cold]
    pub(super) fn wait_for(&self, lock: u8, go_on: impl Fn() -> ControlFlow<()>) -> ControlFlow<()> {
        let Some(queue) = self.queues.get(usize::from(lock)) else { return ControlFlow::Break(()) };
        let mut asleep = queue.asleep.lock().unwrap_or_else(PoisonError::into_inner);
        // Relaxed: the try of the lock publishes it to whoever frees the lock after that.
        queue.waiting.fetch_add(1, Ordering::Relaxed);
        let outcome = loop {
            if (&self.shared).try_acquire(lock) {
                break ControlFlow::Continue(());
            }
            if go_on().is_break() {
                break ControlFlow::Break(());
            }
            asleep = queue.freed.wait_timeout(asleep, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        };
        queue.waiting.fetch_sub(1, Ordering::Relaxed);
        outcome
    }

    /// Wakes one of those who wait for a lock that has become free.
    #[cold]
    fn wake(queue: &Queue) {
        // Who has found the lock held sleeps once this mutex is free.
        drop(queue.asleep.lock().unwrap_or_else(PoisonError::into_inner));
        queue.freed.notify_one();
    }

    /// How many wait for a lock.
    #[cfg(test)]
    pub(super) fn waiting(&self, lock: u8) -> usize {
        self.queues[usize::from(lock)].waiting.load(Ordering::Relaxed)
    }
}

/// The memory as one worker uses it.
pub(super) struct View<'a> {
    shared: &'a SharedAtomics,
    queues: &'a [Queue],
    /// Whether the worker has been given the lock that it will now try to take.
    given: &'a Cell<bool>,
}

impl<'a> View<'a> {
    pub(super) fn new(memory: &'a Memory, given: &'a Cell<bool>) -> Self {
        Self { shared: &memory.shared, queues: &memory.queues, given }
    }
}

impl Shared for View<'_> {
    #[inline]
    fn load_x(&mut self) -> i64 {
        self.shared.load_x()
    }

    #[inline]
    fn store_x(&mut self, value: i64) {
        self.shared.store_x(value);
    }

    #[inline]
    fn try_acquire(&mut self, lock: u8) -> bool {
        self.given.take() || self.shared.try_acquire(lock)
    }

    #[inline]
    fn release(&mut self, lock: u8) {
        self.shared.release(lock);
        if let Some(queue) = self.queues.get(usize::from(lock))
            && queue.waiting.load(Ordering::Relaxed) > 0
        {
            Memory::wake(queue);
        }
    }
}

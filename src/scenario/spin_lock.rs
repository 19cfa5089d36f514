//! The simplest lock there is: a flag, and a worker that looks at it again and again.

use crossbeam_utils::Backoff;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// A counter behind a spin lock.
///
/// The counter is an atomic only because a plain one would need `unsafe`; it is never updated by a single
/// instruction's atomicity, only by the lock's exclusion.
#[derive(Debug, Default)]
pub struct SpinLock {
    /// `true` while somebody is in the critical section.
    locked: AtomicBool,
    value: AtomicI64,
}

impl SpinLock {
    /// Runs the critical section with the value.
    #[inline]
    pub fn with(&self, critical_section: impl FnOnce(&mut i64)) {
        // Acquire: what the last holder wrote before its release is seen in here.
        while self.locked.swap(true, Ordering::Acquire) {
            self.wait();
        }
        // Relaxed: the lock's own acquire and release order these accesses.
        let mut value = self.value.load(Ordering::Relaxed);
        critical_section(&mut value);
        self.value.store(value, Ordering::Relaxed);
        // Release: the store above is seen by whoever acquires next.
        self.locked.store(false, Ordering::Release);
    }

    /// Looks without writing until the lock seems free, so that the waiters do not fight over its cache line.
    /// After a while it yields the CPU: on a machine with fewer CPUs than workers the holder may need this one.
    #[cold]
    fn wait(&self) {
        let backoff = Backoff::new();
        while self.locked.load(Ordering::Relaxed) {
            backoff.snooze();
        }
    }

    /// The value, when nobody else can have it.
    #[must_use]
    pub fn into_inner(self) -> i64 {
        self.value.into_inner()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_update_is_lost_behind_it() {
        let lock = SpinLock::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..20_000).for_each(|_| lock.with(|value| *value += 1)));
            }
        });
        assert_eq!(lock.into_inner(), 80_000);
    }
}

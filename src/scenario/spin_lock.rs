//! The simplest lock there is: a flag, and a worker that looks at it again and again.

use crate::system::platform::{Machine, Platform, Word};
use std::sync::atomic::Ordering;

/// A counter behind a spin lock.
///
/// The counter is an atomic only because a plain one would need `unsafe`; it is never updated by a single
/// instruction's atomicity, only by the lock's exclusion.
#[derive(Debug)]
pub struct SpinLock<P: Platform = Machine> {
    /// `true` while somebody is in the critical section.
    locked: P::Bool,
    value: P::I64,
}

impl Default for SpinLock {
    fn default() -> Self {
        Self::new(0)
    }
}

impl<P: Platform> SpinLock<P> {
    fn new(value: i64) -> Self {
        Self { locked: P::Bool::new(false), value: P::I64::new(value) }
    }

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
        P::wait_while(|| self.locked.load(Ordering::Relaxed));
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

#[cfg(test)]
mod orderings {
    use super::*;
    use crate::system::platform::model::{Loom, Model, needless_orderings};
    use loom::sync::atomic::AtomicI64;
    use std::sync::Arc;

    /// Each thread adds to the lock's value and to another number that the lock guards. No update of either may be lost,
    /// and they never differ.
    fn threads_add<const THREADS: i64, const TIMES: i64>() {
        let shared = Arc::new((SpinLock::<Loom>::new(0), AtomicI64::new(0)));
        let add = |shared: Arc<(SpinLock<Loom>, AtomicI64)>| {
            let (lock, guarded) = &*shared;
            for _ in 0..TIMES {
                lock.with(|value| {
                    let seen = guarded.load(Ordering::Relaxed);
                    assert_eq!(seen, *value, "what the last holder wrote is not seen");
                    guarded.store(seen + 1, Ordering::Relaxed);
                    *value += 1;
                });
            }
        };
        let others: Vec<_> = (1..THREADS)
            .map(|_| {
                let shared = Arc::clone(&shared);
                loom::thread::spawn(move || add(shared))
            })
            .collect();
        add(Arc::clone(&shared));
        for other in others {
            other.join().unwrap();
        }
        let (lock, guarded) = Arc::into_inner(shared).unwrap();
        assert_eq!((lock.into_inner(), guarded.into_inner()), (THREADS * TIMES, THREADS * TIMES));
    }

    const TWO: Model = Model::new(threads_add::<2, 1>);
    const TWO_AGAIN: Model = Model::new(threads_add::<2, 2>);
    const THREE: Model = Model::new(threads_add::<3, 1>).preempted(3);

    #[test]
    fn one_at_a_time_sees_what_the_one_before_wrote() {
        let schedules: u64 = [TWO, TWO_AGAIN, THREE].into_iter().map(Model::check).sum();
        assert!(schedules > 300, "{schedules} schedules");
    }

    #[test]
    fn no_ordering_can_be_weaker() {
        for model in [TWO, TWO_AGAIN, THREE] {
            assert_eq!(needless_orderings(&[model]), (Vec::new(), 2));
        }
    }
}

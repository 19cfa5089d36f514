//! A global lock in the manner of CPython's: `take_gil` and `drop_gil` of `Python/ceval_gil.c`, from 3.2 on.
//!
//! The holder goes on until somebody asks it to stop. A waiter that has waited for a whole *switch interval*
//! in which the lock did not change hands sets the *drop request*; the holder looks at it at certain points
//! of its program, drops the lock and then waits until another worker has taken it (*forced switch*, so that
//! the one who drops cannot snatch it back). Waiters stand in no queue, and every switch restarts their interval.

use crate::clock;
use parking_lot::{Condvar, Mutex};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The lock. Workers are numbered from 0.
#[derive(Debug)]
pub struct Gil {
    /// CPython's `_PY_GIL_DROP_REQUEST_BIT` of `eval_breaker`: the holder is asked to let go.
    drop_request: AtomicBool,
    state: Mutex<State>,
    /// CPython's `gil->cond`: the lock has become free.
    released: Condvar,
    /// CPython's `gil->switch_cond`: the lock has gone to another worker.
    switched: Condvar,
    switch_interval: Duration,
}

#[derive(Debug)]
struct State {
    locked: bool,
    /// Who holds it, or held it last. Only a change of this is a switch.
    last_holder: Option<usize>,
    /// CPython's `gil->switch_number`.
    switches: u64,
    requests: u64,
    /// When the present holder took it, in nanoseconds of [`clock::now`].
    taken_at: u64,
    /// For how long each worker has held it, in nanoseconds.
    held: Vec<u64>,
}

/// What happened to a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GilUse {
    /// How often it went from one worker to another.
    pub switches: u64,
    /// How often a waiter asked the holder to drop it.
    pub requests: u64,
    /// For how long each worker held it.
    pub held: Vec<Duration>,
}

impl Gil {
    /// A free lock for so many workers. CPython's default switch interval is 5 ms.
    #[must_use]
    pub fn new(workers: usize, switch_interval: Duration) -> Self {
        Self {
            drop_request: AtomicBool::new(false),
            state: Mutex::new(State {
                locked: false,
                last_holder: None,
                switches: 0,
                requests: 0,
                taken_at: 0,
                held: vec![0; workers],
            }),
            released: Condvar::new(),
            switched: Condvar::new(),
            switch_interval,
        }
    }

    /// Waits for the lock and takes it: `take_gil`.
    pub fn take(&self, worker: usize) {
        let mut state = self.state.lock();
        while state.locked {
            let switches = state.switches;
            let timed_out = self.released.wait_for(&mut state, self.switch_interval).timed_out();
            if timed_out && state.locked && state.switches == switches {
                state.requests += 1;
                // Relaxed: the flag asks for nothing but a look at the lock itself, whose mutex orders the rest.
                self.drop_request.store(true, Ordering::Relaxed);
            }
        }
        state.locked = true;
        state.taken_at = clock::now();
        if state.last_holder != Some(worker) {
            state.switches += u64::from(state.last_holder.is_some());
            state.last_holder = Some(worker);
        }
        self.drop_request.store(false, Ordering::Relaxed);
        self.switched.notify_all();
    }

    /// Lets go of the lock; if that was asked for, comes back only after another worker has taken it: `drop_gil`.
    pub fn drop(&self, worker: usize) {
        let mut state = self.state.lock();
        state.locked = false;
        state.held[worker] += clock::now().saturating_sub(state.taken_at);
        self.released.notify_one();
        if self.drop_request.swap(false, Ordering::Relaxed) {
            while state.last_holder == Some(worker) {
                self.switched.wait(&mut state);
            }
        }
    }

    /// The holder's look at the drop request, at a point where its program may be interrupted; when there is
    /// one, it drops the lock, lets another worker run, and takes it again.
    #[inline]
    pub fn checkpoint(&self, worker: usize) {
        if self.drop_request.load(Ordering::Relaxed) {
            self.switch(worker);
        }
    }

    #[cold]
    fn switch(&self, worker: usize) {
        self.drop(worker);
        self.take(worker);
    }

    /// What happened to it.
    #[must_use]
    pub fn into_use(self) -> GilUse {
        let state = self.state.into_inner();
        let held = state.held.into_iter().map(Duration::from_nanos).collect();
        GilUse { switches: state.switches, requests: state.requests, held }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicI64;
    use std::thread;

    #[test]
    fn a_worker_alone_never_switches() {
        let gil = Gil::new(1, Duration::from_micros(1));
        gil.take(0);
        (0..1000).for_each(|_| gil.checkpoint(0));
        gil.drop(0);
        gil.take(0);
        gil.drop(0);
        let usage = gil.into_use();
        assert_eq!((usage.switches, usage.requests), (0, 0));
    }

    #[test]
    fn a_request_hands_the_lock_to_another_worker() {
        // Both workers stay until each has seen the other's mark, so neither can end without switches.
        let gil = Gil::new(2, Duration::from_micros(100));
        let marks = [AtomicBool::new(false), AtomicBool::new(false)];
        thread::scope(|scope| {
            for worker in 0..2 {
                let (gil, marks) = (&gil, &marks);
                scope.spawn(move || {
                    gil.take(worker);
                    marks[worker].store(true, Ordering::Relaxed);
                    while !marks[1 - worker].load(Ordering::Relaxed) {
                        gil.checkpoint(worker);
                    }
                    gil.drop(worker);
                });
            }
        });
        let usage = gil.into_use();
        assert!(usage.switches >= 1);
        assert!(usage.requests >= 1);
    }

    #[test]
    fn never_two_holders() {
        for workers in [2, 3, 8] {
            let gil = Gil::new(workers, Duration::from_micros(1));
            let counter = AtomicI64::new(0);
            thread::scope(|scope| {
                for worker in 0..workers {
                    let (gil, counter) = (&gil, &counter);
                    scope.spawn(move || {
                        gil.take(worker);
                        for _ in 0..2000 {
                            let value = counter.load(Ordering::Relaxed);
                            std::hint::spin_loop();
                            counter.store(value + 1, Ordering::Relaxed);
                            gil.checkpoint(worker);
                        }
                        gil.drop(worker);
                    });
                }
            });
            assert_eq!(counter.into_inner(), 2000 * i64::try_from(workers).unwrap());
        }
    }
}

//! Taking the lock, letting go of it, and its holder.

use super::{
    primitives::{Futex, State, SyncPrimitives, sound},
    usage::{GilUse, record},
};
use crate::python::version::HandOff;
use crate::system::holds::{Hold, MOST_HOLDS, Recorder};
use crate::system::platform::Word;
use std::sync::atomic::Ordering;

/// The lock. Workers are numbered from 0.
#[derive(Debug)]
pub struct Gil<M: SyncPrimitives = Futex> {
    pub(super) hand_off: HandOff,
    pub(super) monitor: M,
}

impl Gil {
    /// A free lock for so many workers.
    #[must_use]
    pub fn new(workers: usize, hand_off: HandOff) -> Self {
        Self::with_monitor(workers, hand_off)
    }

    /// The same, which records each time that it is held if that is wanted.
    #[must_use]
    pub fn recorded(workers: usize, hand_off: HandOff, record: bool) -> Self {
        let gil = Self::new(workers, hand_off);
        sound(gil.monitor.state.lock()).usage.recorder = record.then(|| Recorder::new(MOST_HOLDS));
        gil
    }
}

impl<M: SyncPrimitives> Gil<M> {
    pub(super) fn with_monitor(workers: usize, hand_off: HandOff) -> Self {
        let usage = GilUse::new(workers, None);
        let state = State { locked: false, taken_at: 0, waited_since: None, requested_at: None, usage };
        Self { hand_off, monitor: M::new(state) }
    }

    /// Waits for the lock and takes it. It is let go when the holder is dropped.
    pub fn enter(&self, worker: usize) -> Holder<'_, M> {
        self.acquire(worker);
        Holder { gil: self, worker, ticks: self.ticks() }
    }

    const fn ticks(&self) -> u32 {
        match self.hand_off {
            HandOff::Ticks(ticks) => ticks,
            HandOff::Interval(_) | HandOff::NoGil => 0,
        }
    }

    // Relaxed: the request asks for nothing but a look at the lock itself, whose mutex orders the rest.

    #[inline]
    pub(super) fn requested(&self) -> bool {
        self.monitor.drop_request().load(Ordering::Relaxed)
    }

    fn request(&self, drop: bool) {
        self.monitor.drop_request().store(drop, Ordering::Relaxed);
    }

    /// `take_gil` (2.7: `PyThread_acquire_lock` on `interpreter_lock`).
    fn acquire(&self, worker: usize) {
        let most = match self.hand_off {
            HandOff::NoGil => return,
            HandOff::Ticks(_) => None,
            HandOff::Interval(interval) => Some(interval),
        };
        let mut state = self.monitor.lock();
        let asked = M::now();
        let waited = state.locked;
        let mut requested_at = None;
        while state.locked {
            let switches = state.usage.switches;
            let (after, timed_out) = self.monitor.wait_for_release(state, most);
            state = after;
            if timed_out && state.locked && state.usage.switches == switches {
                state.usage.requests += 1;
                requested_at.get_or_insert_with(M::now);
                self.request(true);
            }
        }
        state.locked = true;
        state.taken_at = M::now();
        state.waited_since = waited.then_some(asked);
        state.requested_at = requested_at;
        state.usage.takes += 1;
        if waited {
            let time = state.taken_at.saturating_sub(asked);
            record(&mut state.usage.waits, time);
        }
        let mut last_holder = self.monitor.lock_last_holder();
        if *last_holder != Some(worker) {
            state.usage.switches += u64::from(last_holder.is_some());
            *last_holder = Some(worker);
        }
        self.monitor.switched();
        drop(last_holder);
        self.request(false);
    }

    /// `drop_gil`; if that was asked for, comes back only after another worker has taken the lock.
    fn release(&self, worker: usize) {
        if self.hand_off == HandOff::NoGil {
            return;
        }
        let mut state = self.monitor.lock();
        state.locked = false;
        let (taken, released) = (state.taken_at, M::now());
        let time = released.saturating_sub(taken);
        state.usage.held[worker] += time;
        record(&mut state.usage.holds, time);
        let forced = self.requested();
        state.usage.forced += u64::from(forced);
        let (waited_since, requested) = (state.waited_since, state.requested_at);
        if let Some(recorder) = &mut state.usage.recorder {
            recorder.record(Hold { worker, waited_since, requested, taken, released, forced });
        }
        self.monitor.released();
        drop(state);
        if forced {
            let mut last_holder = self.monitor.lock_last_holder();
            while *last_holder == Some(worker) {
                last_holder = self.monitor.wait_for_switch(last_holder);
            }
        }
    }
}

impl Gil {
    /// What happened to it.
    #[must_use]
    pub fn into_use(self) -> GilUse {
        sound(self.monitor.state.into_inner()).usage
    }
}

/// A worker that has the lock.
#[derive(Debug)]
pub struct Holder<'a, M: SyncPrimitives = Futex> {
    pub(super) gil: &'a Gil<M>,
    pub(super) worker: usize,
    /// 2.7: how many ticks are left.
    pub(super) ticks: u32,
}

impl<M: SyncPrimitives> Holder<'_, M> {
    /// The holder's look at the drop request, at a point where its program may be interrupted: when there is one,
    /// it lets another worker run. 2.7 counts a tick instead. Without a lock nothing happens.
    #[inline]
    pub fn look(&mut self) {
        match self.gil.hand_off {
            HandOff::Interval(_) => {
                if self.gil.requested() {
                    self.switch();
                }
            }
            HandOff::Ticks(_) => {
                // `--_Py_Ticker < 0` of 2.7's `ceval.c`: with 100 ticks it is every 101st look. Being prime, that
                // number moves through a loop's instructions instead of meeting the same one each time.
                if let Some(left) = self.ticks.checked_sub(1) {
                    self.ticks = left;
                } else {
                    self.ticks = self.gil.ticks();
                    self.switch();
                }
            }
            HandOff::NoGil => {}
        }
    }

    #[cold]
    fn switch(&self) {
        self.gil.release(self.worker);
        self.gil.acquire(self.worker);
    }

    /// Does something that may block with the lock let go, as CPython does around system calls
    /// (`Py_BEGIN_ALLOW_THREADS`).
    pub fn without<T>(&mut self, blocking: impl FnOnce() -> T) -> T {
        self.gil.release(self.worker);
        let result = blocking();
        self.gil.acquire(self.worker);
        result
    }
}

impl<M: SyncPrimitives> Drop for Holder<'_, M> {
    fn drop(&mut self) {
        self.gil.release(self.worker);
    }
}

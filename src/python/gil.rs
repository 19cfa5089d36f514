//! A global lock in the manner of CPython's: `take_gil` and `drop_gil` of `Python/ceval_gil.c`.
//!
//! From 3.2 on the holder goes on until somebody asks it to stop. A waiter that has waited for a whole *switch
//! interval* in which the lock did not change hands sets the *drop request*; the holder looks at it at certain
//! points of its program, drops the lock and then waits until another worker has taken it (*forced switch*, so
//! that the one who drops cannot snatch it back). Waiters stand in no queue, and every switch restarts their
//! interval. 2.7 has no requests: the holder counts *ticks*, and after so many releases the lock and takes it
//! again at once, if it can. A free-threaded build has no lock at all.
//!
//! The lock is made of a [`Monitor`], so that a model checker can put its own in place of the real one and try
//! the schedules of a few workers: see the tests.

use crate::python::version::HandOff;
use crate::system::clock;
use hdrhistogram::Histogram;
use std::ops::DerefMut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The lock. Workers are numbered from 0.
#[derive(Debug)]
pub struct Gil<M: Monitor = Futex> {
    hand_off: HandOff,
    monitor: M,
}

/// What the lock protects of itself.
#[derive(Debug)]
pub struct State {
    locked: bool,
    /// When the present holder took it, in nanoseconds of [`clock::now`].
    taken_at: u64,
    usage: GilUse,
}

/// Who holds the lock, or held it last (`gil->last_holder`). Only a change of this is a switch.
///
/// It has a mutex of its own (`gil->switch_mutex`), so that who waits for a switch is not in the way of who waits
/// for a release.
pub type LastHolder = Option<usize>;

/// What happened to a lock.
#[derive(Debug, Clone, PartialEq)]
pub struct GilUse {
    /// How often a worker took it.
    pub takes: u64,
    /// How often it went from one worker to another (`gil->switch_number`).
    pub switches: u64,
    /// How often a waiter asked the holder to drop it.
    pub requests: u64,
    /// How often a holder that dropped it on request then waited for another to take it.
    pub forced: u64,
    /// For how long each worker held it, in nanoseconds.
    pub held: Vec<u64>,
    /// How long it was held at a time, in nanoseconds.
    pub holds: Histogram<u64>,
    /// How long a worker that found it taken waited for it, in nanoseconds.
    pub waits: Histogram<u64>,
}

impl GilUse {
    fn new(workers: usize) -> Self {
        Self {
            takes: 0,
            switches: 0,
            requests: 0,
            forced: 0,
            held: vec![0; workers],
            holds: histogram(),
            waits: histogram(),
        }
    }
}

/// Two digits suffice for a distribution of times, and keep it small.
fn histogram() -> Histogram<u64> {
    // The crate refuses only digits above 5.
    Histogram::new(2).unwrap_or_else(|_| unreachable!("two digits are within the histogram's range"))
}

fn record(histogram: &mut Histogram<u64>, nanoseconds: u64) {
    // It grows as needed, and fails only where its memory could not be addressed.
    let _ = histogram.record(nanoseconds);
}

/// Two mutexes with a condition each, and a flag, which is all that the lock is made of.
pub trait Monitor {
    /// The state, while nobody else has it.
    type Guard<'a>: DerefMut<Target = State>
    where
        Self: 'a;
    /// The last holder, while nobody else has it.
    type SwitchGuard<'a>: DerefMut<Target = LastHolder>
    where
        Self: 'a;

    /// A monitor of a state, with no request.
    fn new(state: State) -> Self;
    /// The time in nanoseconds.
    fn now() -> u64;
    /// Waits for the state.
    fn lock(&self) -> Self::Guard<'_>;
    /// Waits for the last holder.
    fn lock_last_holder(&self) -> Self::SwitchGuard<'_>;
    /// Waits until the lock is released (`gil->cond`), at most for so long if a time is given; says whether the
    /// time ran out.
    fn wait_for_release<'a>(
        &'a self,
        guard: Self::Guard<'a>,
        most: Option<Duration>,
    ) -> (Self::Guard<'a>, bool);
    /// Waits until the lock is taken by another worker (`gil->switch_cond`).
    fn wait_for_switch<'a>(&'a self, guard: Self::SwitchGuard<'a>) -> Self::SwitchGuard<'a>;
    /// Wakes one who waits for a release.
    fn released(&self);
    /// Wakes all who wait for a switch.
    fn switched(&self);
    /// Whether the holder is asked to drop the lock (the drop-request bit of `eval_breaker`).
    fn requested(&self) -> bool;
    /// Asks for that, or takes it back.
    fn request(&self, drop: bool);
}

impl Gil {
    /// A free lock for so many workers.
    #[must_use]
    pub fn new(workers: usize, hand_off: HandOff) -> Self {
        Self::with_monitor(workers, hand_off)
    }
}

impl<M: Monitor> Gil<M> {
    fn with_monitor(workers: usize, hand_off: HandOff) -> Self {
        let usage = GilUse::new(workers);
        let state = State { locked: false, taken_at: 0, usage };
        Self { hand_off, monitor: M::new(state) }
    }

    /// Waits for the lock and takes it. It is let go when the holder is dropped.
    pub fn enter(&self, worker: usize) -> Holder<'_, M> {
        self.take(worker);
        Holder { gil: self, worker, ticks: self.ticks() }
    }

    const fn ticks(&self) -> u32 {
        match self.hand_off {
            HandOff::Ticks(ticks) => ticks,
            HandOff::Interval(_) | HandOff::NoGil => 0,
        }
    }

    /// `take_gil` (2.7: `PyThread_acquire_lock` on `interpreter_lock`).
    fn take(&self, worker: usize) {
        let most = match self.hand_off {
            HandOff::NoGil => return,
            HandOff::Ticks(_) => None,
            HandOff::Interval(interval) => Some(interval),
        };
        let mut state = self.monitor.lock();
        let asked = M::now();
        let waited = state.locked;
        while state.locked {
            let switches = state.usage.switches;
            let (after, timed_out) = self.monitor.wait_for_release(state, most);
            state = after;
            if timed_out && state.locked && state.usage.switches == switches {
                state.usage.requests += 1;
                self.monitor.request(true);
            }
        }
        state.locked = true;
        state.taken_at = M::now();
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
        self.monitor.request(false);
    }

    /// `drop_gil`; if that was asked for, comes back only after another worker has taken the lock.
    fn drop(&self, worker: usize) {
        if self.hand_off == HandOff::NoGil {
            return;
        }
        let mut state = self.monitor.lock();
        state.locked = false;
        let time = M::now().saturating_sub(state.taken_at);
        state.usage.held[worker] += time;
        record(&mut state.usage.holds, time);
        let forced = self.monitor.requested();
        state.usage.forced += u64::from(forced);
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
pub struct Holder<'a, M: Monitor = Futex> {
    gil: &'a Gil<M>,
    worker: usize,
    /// 2.7: how many ticks are left.
    ticks: u32,
}

impl<M: Monitor> Holder<'_, M> {
    /// The holder's look at the drop request, at a point where its program may be interrupted: when there is one,
    /// it lets another worker run. 2.7 counts a tick instead. Without a lock nothing happens.
    #[inline]
    pub fn look(&mut self) {
        match self.gil.hand_off {
            HandOff::Interval(_) => {
                if self.gil.monitor.requested() {
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
        self.gil.drop(self.worker);
        self.gil.take(self.worker);
    }

    /// Does something that may block with the lock let go, as CPython does around system calls
    /// (`Py_BEGIN_ALLOW_THREADS`).
    pub fn without<T>(&mut self, blocking: impl FnOnce() -> T) -> T {
        self.gil.drop(self.worker);
        let result = blocking();
        self.gil.take(self.worker);
        result
    }
}

impl<M: Monitor> Drop for Holder<'_, M> {
    fn drop(&mut self) {
        self.gil.drop(self.worker);
    }
}

/// The real monitor.
///
/// Made of std's condition variables, which are bare futexes, as glibc's under CPython are: who has waited longest is
/// woken first, has yet to get the mutex like anybody else, and goes to the end of the line whenever its interval has run out.
/// `parking_lot`'s hand a woken waiter over to the mutex, and the long waits of the convoy effect do not show.
#[derive(Debug)]
pub struct Futex {
    /// Relaxed throughout: it asks for nothing but a look at the lock itself, whose mutex orders the rest.
    requested: AtomicBool,
    state: Mutex<State>,
    released: Condvar,
    last_holder: Mutex<LastHolder>,
    switched: Condvar,
}

/// Nothing is ever left half done under the mutex, so that a panic elsewhere does not spoil what it protects.
fn sound<T>(result: Result<T, PoisonError<T>>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}

impl Monitor for Futex {
    type Guard<'a> = MutexGuard<'a, State>;
    type SwitchGuard<'a> = MutexGuard<'a, LastHolder>;

    fn new(state: State) -> Self {
        Self {
            requested: AtomicBool::new(false),
            state: Mutex::new(state),
            released: Condvar::new(),
            last_holder: Mutex::default(),
            switched: Condvar::new(),
        }
    }

    fn now() -> u64 {
        clock::now()
    }

    fn lock(&self) -> Self::Guard<'_> {
        sound(self.state.lock())
    }

    fn lock_last_holder(&self) -> Self::SwitchGuard<'_> {
        sound(self.last_holder.lock())
    }

    fn wait_for_release<'a>(
        &'a self,
        guard: Self::Guard<'a>,
        most: Option<Duration>,
    ) -> (Self::Guard<'a>, bool) {
        if let Some(most) = most {
            let (guard, result) = sound(self.released.wait_timeout(guard, most));
            return (guard, result.timed_out());
        }
        (sound(self.released.wait(guard)), false)
    }

    fn wait_for_switch<'a>(&'a self, guard: Self::SwitchGuard<'a>) -> Self::SwitchGuard<'a> {
        sound(self.switched.wait(guard))
    }

    fn released(&self) {
        self.released.notify_one();
    }

    fn switched(&self) {
        self.switched.notify_all();
    }

    #[inline]
    fn requested(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }

    fn request(&self, drop: bool) {
        self.requested.store(drop, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicI64;
    use std::thread;

    const HAND_OFFS: [HandOff; 3] = [
        HandOff::Interval(Duration::from_micros(1)),
        HandOff::Interval(Duration::from_millis(5)),
        HandOff::Ticks(7),
    ];

    #[test]
    fn a_worker_alone_never_switches() {
        for hand_off in HAND_OFFS {
            let gil = Gil::new(1, hand_off);
            let mut holder = gil.enter(0);
            (0..1000).for_each(|_| holder.look());
            drop(holder);
            drop(gil.enter(0));
            let usage = gil.into_use();
            assert_eq!((usage.switches, usage.requests, usage.forced), (0, 0, 0));
            assert_eq!(usage.waits.len(), 0);
            assert_eq!(usage.holds.len(), usage.takes);
            let longest = Duration::from_nanos(usage.holds.max());
            assert!(longest > Duration::ZERO && longest < Duration::from_mins(1), "{longest:?}");
        }
    }

    #[test]
    fn the_ticks_of_2_7_run_out_at_every_101st_look() {
        let gil = Gil::new(1, HandOff::Ticks(100));
        let mut holder = gil.enter(0);
        let takes = |looks: u32, holder: &mut Holder<'_>| {
            (0..looks).for_each(|_| holder.look());
            gil.monitor.lock().usage.takes
        };
        assert_eq!(takes(100, &mut holder), 1);
        assert_eq!(takes(1, &mut holder), 2);
        assert_eq!(takes(100, &mut holder), 2);
        assert_eq!(takes(1, &mut holder), 3);
    }

    #[test]
    fn a_request_hands_the_lock_to_another_worker() {
        // Both workers stay until each has seen the other's mark, so neither can end without switches.
        let gil = Gil::new(2, HandOff::Interval(Duration::from_micros(100)));
        let marks = [AtomicBool::new(false), AtomicBool::new(false)];
        thread::scope(|scope| {
            for worker in 0..2 {
                let (gil, marks) = (&gil, &marks);
                scope.spawn(move || {
                    let mut holder = gil.enter(worker);
                    marks[worker].store(true, Ordering::Relaxed);
                    while !marks[1 - worker].load(Ordering::Relaxed) {
                        holder.look();
                    }
                });
            }
        });
        let usage = gil.into_use();
        assert!(usage.switches >= 1);
        assert!(usage.requests >= 1);
        assert!(usage.forced >= 1);
    }

    #[test]
    fn never_two_holders_except_without_a_lock() {
        for hand_off in HAND_OFFS {
            for workers in [2, 3, 8] {
                let gil = Gil::new(workers, hand_off);
                let counter = AtomicI64::new(0);
                thread::scope(|scope| {
                    for worker in 0..workers {
                        let (gil, counter) = (&gil, &counter);
                        scope.spawn(move || {
                            let mut holder = gil.enter(worker);
                            for _ in 0..2000 {
                                let value = counter.load(Ordering::Relaxed);
                                std::hint::spin_loop();
                                counter.store(value + 1, Ordering::Relaxed);
                                holder.look();
                            }
                        });
                    }
                });
                assert_eq!(counter.into_inner(), 2000 * i64::try_from(workers).unwrap());
            }
        }
    }

    #[test]
    fn whoever_blocks_lets_others_run() {
        let gil = Gil::new(2, HandOff::Interval(Duration::from_mins(1)));
        let mut holder = gil.enter(0);
        // Would wait for a minute if the lock were not let go.
        holder.without(|| thread::scope(|scope| scope.spawn(|| drop(gil.enter(1))).join().unwrap()));
        drop(holder);
        assert_eq!(gil.into_use().switches, 2);
    }

    /// The protocol under a model checker: a scheduler that may switch at every access, and an interval that may
    /// run out at any time.
    mod model {
        use super::*;
        use shuttle::rand::Rng;
        use shuttle::sync::atomic::{AtomicBool, AtomicUsize};
        use shuttle::sync::{Arc, Condvar, Mutex, MutexGuard};

        struct Shuttle {
            requested: AtomicBool,
            state: Mutex<State>,
            released: Condvar,
            last_holder: Mutex<LastHolder>,
            switched: Condvar,
        }

        impl Monitor for Shuttle {
            type Guard<'a> = MutexGuard<'a, State>;
            type SwitchGuard<'a> = MutexGuard<'a, LastHolder>;

            fn new(state: State) -> Self {
                Self {
                    requested: AtomicBool::new(false),
                    state: Mutex::new(state),
                    released: Condvar::new(),
                    last_holder: Mutex::default(),
                    switched: Condvar::new(),
                }
            }

            fn now() -> u64 {
                0
            }

            fn lock(&self) -> Self::Guard<'_> {
                self.state.lock().unwrap()
            }

            fn lock_last_holder(&self) -> Self::SwitchGuard<'_> {
                self.last_holder.lock().unwrap()
            }

            fn wait_for_release<'a>(
                &'a self,
                guard: Self::Guard<'a>,
                most: Option<Duration>,
            ) -> (Self::Guard<'a>, bool) {
                if most.is_some() && shuttle::rand::thread_rng().gen_bool(0.5) {
                    drop(guard);
                    shuttle::thread::yield_now();
                    return (self.lock(), true);
                }
                (self.released.wait(guard).unwrap(), false)
            }

            fn wait_for_switch<'a>(&'a self, guard: Self::SwitchGuard<'a>) -> Self::SwitchGuard<'a> {
                self.switched.wait(guard).unwrap()
            }

            fn released(&self) {
                self.released.notify_one();
            }

            fn switched(&self) {
                self.switched.notify_all();
            }

            fn requested(&self) -> bool {
                self.requested.load(Ordering::Relaxed)
            }

            fn request(&self, drop: bool) {
                self.requested.store(drop, Ordering::Relaxed);
            }
        }

        /// Some workers that each look at the request a few times. A deadlock, which is what a lost wake-up leads
        /// to, is the checker's to find; what else must hold is asserted here.
        fn workers(count: usize, looks: usize, hand_off: HandOff) {
            let gil = Arc::new(Gil::<Shuttle>::with_monitor(count, hand_off));
            let inside = Arc::new(AtomicUsize::new(0));
            let threads: Vec<_> = (0..count)
                .map(|worker| {
                    let (gil, inside) = (Arc::clone(&gil), Arc::clone(&inside));
                    shuttle::thread::spawn(move || {
                        let mut holder = gil.enter(worker);
                        for _ in 0..looks {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two holders");
                            let asked = gil.monitor.requested();
                            let switches = gil.monitor.lock().usage.switches;
                            inside.fetch_sub(1, Ordering::SeqCst);
                            holder.look();
                            let after = gil.monitor.lock().usage.switches;
                            // There and back again: another worker has had it.
                            assert!(
                                !asked || after >= switches + 2,
                                "a request did not reach another worker"
                            );
                        }
                        drop(holder);
                    })
                })
                .collect();
            for thread in threads {
                thread.join().unwrap();
            }
            let state = gil.monitor.lock();
            assert!(!state.locked);
            assert!(!gil.monitor.requested(), "a request outlived its lock");
        }

        const INTERVAL: HandOff = HandOff::Interval(Duration::from_millis(5));

        #[test]
        fn two_workers_in_every_way_that_chance_finds() {
            shuttle::check_random(|| workers(2, 3, INTERVAL), 10_000);
            shuttle::check_pct(|| workers(2, 3, INTERVAL), 5_000, 3);
        }

        #[test]
        fn three_workers_in_every_way_that_chance_finds() {
            shuttle::check_random(|| workers(3, 2, INTERVAL), 10_000);
            shuttle::check_pct(|| workers(3, 2, INTERVAL), 5_000, 3);
        }

        #[test]
        fn ticks_need_no_request() {
            shuttle::check_random(|| workers(3, 4, HandOff::Ticks(2)), 5_000);
        }
    }
}

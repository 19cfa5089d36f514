//! The lock under the memory model: one holder at a time, who sees what the one before wrote; a request hands it over, and
//! nobody sleeps for ever.
//!
//! Which intervals run out is a parameter of each model: a waiter whose interval runs out sets the drop request, wherever in
//! the schedule that is.

use super::{Gil, LastHolder, State, SyncPrimitives};
use crate::python::version::HandOff;
use crate::system::platform::model::{Loom, Model, needless_orderings};
use crate::system::platform::{Platform, Word};
use loom::sync::atomic::AtomicU64;
use loom::sync::{Condvar, Mutex, MutexGuard};
use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32 as Unseen, Ordering};
use std::sync::{Arc, Mutex as Exclusive, MutexGuard as Exclusively};
use std::time::Duration;

/// What is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    Nothing,
    /// A release wakes nobody.
    Release,
    /// A switch wakes nobody.
    Switch,
}

thread_local! {
    static BROKEN: Cell<Broken> = const { Cell::new(Broken::Nothing) };
}

/// Whether the interval of the next wait runs out, one bit each.
#[derive(Debug, Default)]
struct RunOut(Unseen);

impl RunOut {
    fn next(&self) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left >> 1, Ordering::Relaxed);
        left & 1 == 1
    }
}

/// Made of loom's mutexes and condition variables.
#[derive(Debug)]
struct Sleeping {
    drop_request: <Loom as Platform>::Bool,
    state: Mutex<State>,
    released: Condvar,
    last_holder: Mutex<LastHolder>,
    switched: Condvar,
    run_out: RunOut,
}

impl SyncPrimitives for Sleeping {
    type Flag = <Loom as Platform>::Bool;
    type Guard<'a> = MutexGuard<'a, State>;
    type SwitchGuard<'a> = MutexGuard<'a, LastHolder>;

    fn new(state: State) -> Self {
        Self {
            drop_request: Word::new(false),
            state: Mutex::new(state),
            released: Condvar::new(),
            last_holder: Mutex::new(None),
            switched: Condvar::new(),
            run_out: RunOut::default(),
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
        if most.is_some() && self.run_out.next() {
            drop(guard);
            return (self.lock(), true);
        }
        (self.released.wait(guard).unwrap(), false)
    }

    fn wait_for_switch<'a>(&'a self, guard: Self::SwitchGuard<'a>) -> Self::SwitchGuard<'a> {
        self.switched.wait(guard).unwrap()
    }

    fn released(&self) {
        if BROKEN.get() != Broken::Release {
            self.released.notify_one();
        }
    }

    fn switched(&self) {
        if BROKEN.get() != Broken::Switch {
            self.switched.notify_all();
        }
    }

    fn drop_request(&self) -> &Self::Flag {
        &self.drop_request
    }
}

impl WithIntervals for Sleeping {
    fn run_out(&self) -> &RunOut {
        &self.run_out
    }
}

/// A monitor whose intervals are told when to run out.
trait WithIntervals: SyncPrimitives + 'static {
    fn run_out(&self) -> &RunOut;
}

/// A value behind a flag, whose orderings are stated here and can therefore be weakened.
#[derive(Debug)]
struct Flagged<T> {
    taken: <Loom as Platform>::Bool,
    value: Exclusive<T>,
}

struct FlaggedGuard<'a, T> {
    flagged: &'a Flagged<T>,
    value: Option<Exclusively<'a, T>>,
}

impl<T> Flagged<T> {
    fn new(value: T) -> Self {
        Self { taken: Word::new(false), value: Exclusive::new(value) }
    }

    fn lock(&self) -> FlaggedGuard<'_, T> {
        while self.taken.swap(true, Ordering::Acquire) {
            Loom::wait_while(|| self.taken.load(Ordering::Relaxed));
        }
        FlaggedGuard { flagged: self, value: Some(self.value.try_lock().unwrap()) }
    }
}

impl<T> Deref for FlaggedGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.value.as_ref().unwrap()
    }
}

impl<T> DerefMut for FlaggedGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().unwrap()
    }
}

impl<T> Drop for FlaggedGuard<'_, T> {
    fn drop(&mut self) {
        self.value = None;
        self.flagged.taken.store(false, Ordering::Release);
    }
}

/// Made of flags; whoever waits looks again and again.
#[derive(Debug)]
struct Spinning {
    drop_request: <Loom as Platform>::Bool,
    state: Flagged<State>,
    last_holder: Flagged<LastHolder>,
    run_out: RunOut,
}

impl SyncPrimitives for Spinning {
    type Flag = <Loom as Platform>::Bool;
    type Guard<'a> = FlaggedGuard<'a, State>;
    type SwitchGuard<'a> = FlaggedGuard<'a, LastHolder>;

    fn new(state: State) -> Self {
        Self {
            drop_request: Word::new(false),
            state: Flagged::new(state),
            last_holder: Flagged::new(None),
            run_out: RunOut::default(),
        }
    }

    fn now() -> u64 {
        0
    }

    fn lock(&self) -> Self::Guard<'_> {
        self.state.lock()
    }

    fn lock_last_holder(&self) -> Self::SwitchGuard<'_> {
        self.last_holder.lock()
    }

    fn wait_for_release<'a>(
        &'a self,
        guard: Self::Guard<'a>,
        _: Option<Duration>,
    ) -> (Self::Guard<'a>, bool) {
        drop(guard);
        Loom::spin();
        (self.lock(), self.run_out.next())
    }

    fn wait_for_switch<'a>(&'a self, guard: Self::SwitchGuard<'a>) -> Self::SwitchGuard<'a> {
        drop(guard);
        Loom::spin();
        self.lock_last_holder()
    }

    fn released(&self) {}

    fn switched(&self) {}

    fn drop_request(&self) -> &Self::Flag {
        &self.drop_request
    }
}

impl WithIntervals for Spinning {
    fn run_out(&self) -> &RunOut {
        &self.run_out
    }
}

/// Some workers add to a number that the lock guards, and look at the request after each addition.
fn add<M: WithIntervals, const WORKERS: u64, const LOOKS: u64, const RUN_OUT: u32>() {
    let count = usize::try_from(WORKERS).unwrap();
    let gil = Gil::<M>::with_monitor(count, HandOff::Interval(Duration::from_millis(5)));
    gil.monitor.run_out().0.store(RUN_OUT, Ordering::Relaxed);
    let shared = Arc::new((gil, AtomicU64::new(0)));
    let threads: Vec<_> = (0..count)
        .map(|worker| {
            let shared = Arc::clone(&shared);
            loom::thread::spawn(move || {
                let (gil, number) = &*shared;
                let mut holder = gil.enter(worker);
                for _ in 0..LOOKS {
                    let seen = number.load(Ordering::Relaxed);
                    number.store(seen + 1, Ordering::Relaxed);
                    let asked = gil.requested();
                    let before = gil.monitor.lock().usage.switches;
                    holder.look();
                    let after = gil.monitor.lock().usage.switches;
                    // There and back again: another worker has had it.
                    assert!(!asked || after >= before + 2, "a request did not reach another worker");
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let (gil, number) = &*shared;
    assert_eq!(number.load(Ordering::Relaxed), WORKERS * LOOKS, "an addition was lost");
    let state = gil.monitor.lock();
    assert!(!state.locked);
    assert!(!gil.requested(), "a request outlived its lock");
    let requests = state.usage.requests;
    assert!(requests <= u64::from(RUN_OUT.count_ones()), "a request before its interval");
    SWITCHED_ON_REQUEST.set(SWITCHED_ON_REQUEST.get() + state.usage.forced);
}

thread_local! {
    /// How often a request was obeyed, in all schedules of a model.
    static SWITCHED_ON_REQUEST: Cell<u64> = const { Cell::new(0) };
}

const NO_REQUEST: [Model; 3] = [
    Model::new(add::<Sleeping, 2, 1, 0>),
    Model::new(add::<Sleeping, 2, 2, 0>),
    Model::new(add::<Sleeping, 3, 1, 0>).preempted(2),
];
const REQUESTS: [Model; 4] = [
    Model::new(add::<Sleeping, 2, 1, 0b1>),
    Model::new(add::<Sleeping, 2, 2, 0b11>).preempted(3),
    Model::new(add::<Sleeping, 3, 1, 0b10>).preempted(2),
    Model::new(add::<Sleeping, 3, 1, 0b101>).preempted(2),
];
const FLAGS: Model = Model::new(add::<Spinning, 2, 1, 0b1>).preempted(2);

#[test]
fn one_holder_at_a_time_sees_what_the_one_before_wrote() {
    let schedules: u64 = NO_REQUEST.into_iter().map(Model::check).sum();
    assert!(schedules > 500, "{schedules} schedules");
}

#[test]
fn a_request_hands_the_lock_over() {
    for model in REQUESTS {
        SWITCHED_ON_REQUEST.set(0);
        model.check();
        assert!(SWITCHED_ON_REQUEST.get() > 0, "no request was obeyed");
    }
}

#[test]
fn a_lost_wake_up_is_seen() {
    for (broken, model) in [(Broken::Release, NO_REQUEST[0]), (Broken::Switch, REQUESTS[0])] {
        BROKEN.set(broken);
        let fails = model.fails();
        BROKEN.set(Broken::Nothing);
        assert!(fails, "{broken:?}");
    }
}

#[test]
fn no_ordering_can_be_weaker() {
    assert_eq!(needless_orderings(&[REQUESTS[0]]), (Vec::new(), 0));
}

#[test]
fn what_the_mutex_does_not_order_is_seen() {
    assert_eq!(needless_orderings(&[FLAGS]), (Vec::new(), 2));
}

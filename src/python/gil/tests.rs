//! Hand-off, held against what CPython does, and every schedule of a few workers.

use super::{Gil, Holder, LastHolder, State, SyncPrimitives};
use crate::python::version::HandOff;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

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
        drop_request: AtomicBool,
        state: Mutex<State>,
        released: Condvar,
        last_holder: Mutex<LastHolder>,
        switched: Condvar,
    }

    impl SyncPrimitives for Shuttle {
        type Flag = AtomicBool;
        type Guard<'a> = MutexGuard<'a, State>;
        type SwitchGuard<'a> = MutexGuard<'a, LastHolder>;

        fn new(state: State) -> Self {
            Self {
                drop_request: AtomicBool::new(false),
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

        fn drop_request(&self) -> &AtomicBool {
            &self.drop_request
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
                        let asked = gil.requested();
                        let switches = gil.monitor.lock().usage.switches;
                        inside.fetch_sub(1, Ordering::SeqCst);
                        holder.look();
                        let after = gil.monitor.lock().usage.switches;
                        // There and back again: another worker has had it.
                        assert!(!asked || after >= switches + 2, "a request did not reach another worker");
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
        assert!(!gil.requested(), "a request outlived its lock");
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

use super::*;
use crate::measure::Group;
use crate::python::program::Shared;

const PAIR: &[[i64; 2]] = &[[1, -1]];

#[test]
fn what_is_promised_depends_on_what_the_workers_add() {
    // Only workers that add 1 update x here, so it takes two of them to lose anything.
    let promise = |pairs: &[[i64; 2]]| {
        UnderGil::new("if d > 0: x = x + int(d)", "", Version::V3_13, pairs).unwrap().promise()
    };
    assert_eq!(promise(&Workload::for_tests(2, 1).pairs()), Promise::Exact);
    assert_eq!(promise(&Workload::for_tests(3, 1).pairs()), Promise::MayLose);
    assert_eq!(promise(&[[1, 1]]), Promise::MayLose);
    assert_eq!(promise(&[[-1, -1]]), Promise::Exact);
    assert_eq!(promise(&Workload::for_tests(1, 1).pairs()), Promise::Exact);
}

#[test]
fn a_fault_in_one_worker_ends_those_who_wait_for_its_lock() {
    let body = "with lock: x += d * 46116860184273879";
    let scenario = UnderGil::new(body, "", Version::V3_13, &[[1, 1]]).unwrap();
    let load = Workload { pattern: crate::measure::Pattern::Plus, ..Workload::for_tests(3, 1000) };
    let error = scenario.observe(&load, &Control::default()).unwrap_err().to_string();
    assert!(error.contains("64 bits"), "{error}");
}

#[test]
fn no_update_is_lost_where_the_version_promises_it() {
    for version in ["3.10", "3.13", "3.14"] {
        let scenario = UnderGil::new(BODY, "", version.parse().unwrap(), PAIR).unwrap();
        assert_eq!(scenario.promise(), Promise::Exact);
        for workers in [1, 2, 3, 8] {
            let load = Workload {
                switch_interval: Duration::from_micros(20),
                ..Workload::for_tests(workers, 100_000)
            };
            let observation = scenario.observe(&load, &Control::default()).unwrap();
            assert_eq!(observation.actual, Group::Counter.expected(&load), "{version}, {workers} workers");
            let lock = observation.lock.unwrap();
            assert!(lock.switches >= workers as u64 - 1);
            assert!(lock.held.iter().sum::<f64>() <= 1.0 + 1e-9);
        }
    }
}

#[test]
fn a_lock_in_the_body_protects_it_in_every_version() {
    for version in Version::ALL {
        let scenario = UnderGil::new("with lock: x += d", "", version, PAIR).unwrap();
        assert_eq!(scenario.promise(), Promise::Exact, "{version}");
        let load = Workload { switch_interval: Duration::from_micros(20), ..Workload::for_tests(3, 3_000) };
        let observation = scenario.observe(&load, &Control::default()).unwrap();
        assert_eq!(observation.actual, 3_000, "{version}");
    }
}

/// A worker that finds the body's lock held lets go of the GIL once, and takes it again when it has the lock.
#[test]
fn who_waits_for_a_lock_has_it_before_the_gil_and_takes_the_gil_once() {
    for version in ["2.7", "3.9", "3.13"] {
        for body in ["with lock: x += d", "with lock: x += int(str(d))"] {
            let scenario = UnderGil::new(body, "", version.parse().unwrap(), PAIR).unwrap();
            let load = Workload::for_tests(2, 1);
            let (memory, gil) = (Memory::new(), Gil::new(2, scenario.hand_off(&load)));
            let control = Control::default();
            let watch = Watch { control: &control, failed: AtomicBool::new(false) };
            let given = Cell::new(false);
            let mut other = View::new(&memory, &given);
            assert!(other.try_acquire(0));
            std::thread::scope(|scope| {
                let worker = scope.spawn(|| scenario.work(&memory, &gil, &load, &watch, 1));
                while memory.waiting(0) == 0 {
                    std::thread::yield_now();
                }
                // Somebody else has the GIL meanwhile, for longer than the worker sleeps at a time.
                let holder = gil.enter(0);
                std::thread::sleep(Duration::from_millis(50));
                assert_eq!(memory.waiting(0), 1);
                other.release(0);
                while memory.waiting(0) == 1 {
                    std::thread::yield_now();
                }
                assert!(!other.try_acquire(0), "{version}: the lock is free although somebody waited for it");
                assert_eq!(memory.x(), 0);
                drop(holder);
                assert_eq!(worker.join().unwrap().unwrap(), End::Finished);
            });
            assert_eq!(memory.x(), load.delta(1));
            // Twice by the worker, and once by the other.
            assert_eq!(gil.into_use().takes, 3, "{version}, {body}");
        }
    }
}

#[test]
fn a_wait_for_a_lock_ends_when_the_run_is_stopped() {
    let scenario = UnderGil::new("with lock: x += d", "", Version::V3_9, PAIR).unwrap();
    let load = Workload::for_tests(2, 1);
    let (memory, gil) = (Memory::new(), Gil::new(2, scenario.hand_off(&load)));
    let control = Control::default();
    let watch = Watch { control: &control, failed: AtomicBool::new(false) };
    let given = Cell::new(false);
    assert!(View::new(&memory, &given).try_acquire(0));
    let end = std::thread::scope(|scope| {
        let worker = scope.spawn(|| scenario.work(&memory, &gil, &load, &watch, 1));
        while memory.waiting(0) == 0 {
            std::thread::yield_now();
        }
        watch.failed.store(true, Ordering::Relaxed);
        worker.join().unwrap().unwrap()
    });
    assert_eq!((end, memory.waiting(0), memory.x()), (End::Stopped, 0, 0));
}

#[test]
fn the_explanation_names_the_instruction() {
    let why = |version: &str| {
        UnderGil::new(BODY, "", version.parse().unwrap(), PAIR).unwrap().why(&Workload::for_tests(2, 1), true)
    };
    assert!(
        why("3.9").contains("CPython 3.9 may drop the GIL right after LOAD_GLOBAL x, before STORE_GLOBAL x"),
        "{}",
        why("3.9")
    );
    assert!(why("3.13").contains("cannot lose the GIL: after LOAD_FAST and BINARY_OP"), "{}", why("3.13"));
    assert!(why("3.13t").contains("has no GIL"), "{}", why("3.13t"));
}

#[test]
fn of_a_body_that_another_may_interrupt_no_more_is_said_than_that_x_is_right() {
    let why = |body: &str, version: &str| {
        UnderGil::new(body, "", version.parse().unwrap(), PAIR)
            .unwrap()
            .why(&Workload::for_tests(2, 1), false)
    };
    // On 3.9 the GIL can be lost between load and store: a lock protects the first, the others store what was there.
    for body in ["with lock: x += d", "x += 0", "x = x", "x = max(x, 3)", "pass"] {
        let said = why(body, "3.9");
        assert!(
            said.contains("no switch to another worker within this body changes what it leaves in x"),
            "{said}"
        );
        assert!(!said.contains("first few executions"), "{said}");
        let free = why(body, "3.13t");
        assert!(
            free.contains("changes what another's run of this body leaves in x")
                && !free.contains("protects"),
            "{free}"
        );
    }
    let cold = why("x = len('s')", "3.13");
    assert!(
        cold.contains("in the first few executions the GIL can change hands after them")
            && !cold.contains("update"),
        "{cold}"
    );
    // A load that is not the one before the store.
    let twice = why("y = x; x = y; x = max(x, y)", "3.13");
    assert!(twice.contains("no switch to another worker"), "{twice}");
}

#[test]
fn who_acts_on_a_test_that_no_longer_holds_overwrites_nothing() {
    let why = |body: &str, version: &str, lost: bool| {
        UnderGil::new(body, "", version.parse().unwrap(), PAIR).unwrap().why(&Workload::for_tests(2, 1), lost)
    };
    for (body, version) in
        [("if x < 5: x += 1", "3.13t"), ("if x < 5: x += 1", "3.9"), ("while x < 9: x += 1", "3.13")]
    {
        let said = [why(body, version, true), why(body, version, false)];
        assert!(
            said[0].ends_with("what another worker stored in between made untrue what this one had read"),
            "{said:?}"
        );
        assert!(said[1].ends_with("but the result is right this time"), "{said:?}");
        assert!(
            said.iter().all(|it| !it.contains("overwritten") && !it.contains("an instruction")),
            "{said:?}"
        );
    }
    assert!(why("x += d", "3.13t", true).contains("overwritten"));
}

#[test]
fn what_cannot_be_expected_is_refused() {
    let refusal = |body: &str, setup: &str| {
        UnderGil::new(body, setup, Version::newest_with_gil(), PAIR).unwrap_err().to_string()
    };
    assert!(refusal("x = x * 2 + d", "").contains("depends on the order"));
    assert!(refusal("x += ", "").contains("line 1"));
    assert!(refusal("import os", "").contains("import"));
    assert!(
        refusal("while True: pass", "")
            .contains("one iteration of the body takes more than 1000000 instructions")
    );
}

#[test]
fn the_expected_value_of_any_body_is_that_of_one_worker_after_the_other() {
    let scenario = UnderGil::new("x += 2 * d + 1", "", Version::newest_with_gil(), PAIR).unwrap();
    let load = Workload::for_tests(2, 1_000);
    assert_eq!(scenario.expected(&load, &Control::default()).unwrap(), 2_000);
}

//! Threads that take a lock in their sleep, before they have the GIL to go on, and calls that fail by whether a lock is taken.

use super::super::play;
use super::*;
use crate::python::version::Version;

/// Two threads, of which one has this body and the other may have another.
fn two(setup: &str, one: &str, other: &str) -> String {
    let indented = |body: &str| format!("        {}\n", body.replace('\n', "\n        "));
    format!(
        "import threading\nL = threading.Lock()\nM = threading.Lock()\n{setup}\ndef one():\n    global x\n    for _ in range(2):\n{}\
         def other():\n    global x\n    for _ in range(2):\n{}ts = [threading.Thread(target=f) for f in (one, other)]\nfor t in ts: t.start()\n\
         for t in ts: t.join()\nprint(x)\n",
        indented(one),
        indented(other)
    )
}

const GIL: [Version; 6] =
    [Version::V3_10, Version::V3_11, Version::V3_12, Version::V3_13, Version::V3_14, Version::V3_15];

#[test]
fn who_lets_a_lock_go_may_find_it_taken_with_no_place_in_between() {
    let stale = "with L:\n    int('1')\ny = x\nwith L:\n    x = y + 1";
    let orders = "with L:\n    with M: pass\nwith M:\n    with L: pass";
    for (text, kind) in [
        (two("x = 0", stale, "with L:\n    x += 1"), Kind::Loses),
        (two("x = 0", stale, "with L:\n    x += 1").replace(".Lock()", ".RLock()"), Kind::Loses),
        (two("x = 0", orders, orders), Kind::Deadlocks),
    ] {
        let checked = check(&text, &GIL, 2, &Control::default()).unwrap();
        for finding in checked.findings {
            assert_eq!(finding.kind, kind, "{}: {text}", finding.version);
            // What is found can be carried out again, by real threads too.
            let played = play(&text, finding.version, 2, &finding.turns, true, &Control::default()).unwrap();
            assert_eq!((played.finding.kind, &played.finding.ends), (kind, &finding.ends));
            assert_eq!(
                (&played.finding.turns, &played.finding.sleepers),
                (&finding.turns, &finding.sleepers)
            );
            assert_eq!(played.finding.reason, finding.reason);
            assert!(played.real.unwrap().agrees);
        }
    }
}

#[test]
fn what_waits_for_a_lock_in_the_midst_of_an_update_is_said_to() {
    let text = two("x = 0", "with L:\n    int('1')\ny = x\nwith L:\n    x = y + 1", "with L:\n    x += 1");
    let checked = check(&text, &[Version::V3_12], 2, &Control::default()).unwrap();
    let finding = &checked.findings[0];
    let collision = finding.collision.as_ref().unwrap();
    assert_eq!((&*collision.name, &*collision.drop_point), ("x", "waiting for a lock in line 11"));
    assert_eq!(finding.sleepers, [(2, 16)]);
}

#[test]
fn nobody_sleeps_at_a_lock_whose_holder_cannot_be_interrupted() {
    // Its holder lets it go before the GIL can go.
    let text = two("x = 0", "y = x\nwith L:\n    x = y + 1", "y = x\nwith L:\n    x = y + 1");
    for finding in check(&text, &GIL[..4], 2, &Control::default()).unwrap().findings {
        assert_eq!(finding.kind, Kind::Exact, "{}", finding.version);
        assert!(!finding.reason.contains("nothing can come between"), "{}", finding.reason);
    }
}

/// A call that fails by the state of a lock looks at it, whether it fails or not.
#[test]
fn whether_a_call_fails_is_up_to_what_other_threads_do_with_the_lock() {
    let program = |make: &str, call: &str, held: &str| {
        format!(
            "import threading\nL = []\nlog = []\nlock = {make}\ndef one():\n    try:\n        {call}\n    except (RuntimeError, ValueError):\n        \
             log.append('e')\ndef other():\n    {held}\nts = [threading.Thread(target=one), threading.Thread(target=other)]\nfor t in ts: t.start()\n\
             for t in ts: t.join()\nprint(log)\n"
        )
    };
    let kind_of =
        |text: &str| check(text, &[Version::V3_12], 2, &Control::default()).unwrap().findings[0].kind;
    let takes = "if lock.acquire(False):\n        L.append(2)\n        lock.release()";
    for make in ["threading.Lock()", "threading.BoundedSemaphore(1)"] {
        assert_eq!(kind_of(&program(make, "lock.release()", takes)), Kind::Raises, "{make}");
    }
    // Only its owner lets go of an RLock.
    assert_eq!(kind_of(&program("threading.RLock()", "lock.release()", takes)), Kind::Exact);
    for method in ["notify()", "wait(1)"] {
        let call = format!("cond.{method}");
        let of = |make: &str| {
            kind_of(&program(&format!("{make}\ncond = threading.Condition(lock)"), &call, takes))
        };
        // Without the lock, a plain one counts as its own while another thread has it.
        let plain = if method == "notify()" { Kind::Differs } else { Kind::Raises };
        assert_eq!((of("threading.Lock()"), of("threading.RLock()")), (plain, Kind::Exact), "{method}");
    }
}

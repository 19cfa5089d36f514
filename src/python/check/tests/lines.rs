//! In which order lines come, and whether they can run into one another.

use super::*;
use crate::python::check::listing;

#[test]
fn lines_of_threads_that_wait_for_each_other_stay_in_order() {
    let text = "import threading\ndef f(n):\n    print(n)\nfor n in (1, 2):\n    t = threading.Thread(target=f, args=(n,))\n    t.start()\n    t.join()\nprint('end')\n";
    let reason = |text: &str| {
        check(text, &[Version::V3_13], 2, &Control::default()).unwrap().findings[0].reason.clone()
    };
    assert!(!reason(text).contains("another order"), "{}", reason(text));
    assert!(reason(&text.replace("    t.join()\n", "")).contains("another order"));
}

#[test]
fn of_lines_only_that_is_said_which_can_be() {
    let program = |setup: &str, one: &str, two: &str, main: &str| {
        format!(
            "import threading\n{setup}\ndef f():\n    {one}\ndef g():\n    {two}\na = threading.Thread(target=f)\nb = threading.Thread(target=g)\n\
             a.start(); b.start()\n{main}\na.join(); b.join()\n"
        )
    };
    let turns = "p, q = threading.Semaphore(1), threading.Semaphore(0)";
    let (lock, event) = ("lock = threading.Lock()", "done = threading.Event()");
    let apart = "; lines may come in another order";
    let mixed = "; lines may come in another order, or run into one another";
    let same = "; lines may run into one another";
    for (text, says) in [
        (
            program(
                turns,
                "for i in range(2): p.acquire(); print('ping'); q.release()",
                "for i in range(2): q.acquire(); print('pong'); p.release()",
                "",
            ),
            "",
        ),
        (program(event, "print('f'); done.set()", "pass", "done.wait(); print('main')"), ""),
        (program(event, "done.set(); print('f')", "pass", "done.wait(); print('main')"), mixed),
        (program(lock, "with lock: print('f')", "with lock: print('g')", ""), apart),
        (program(lock, "with lock: print('f')", "print('g')", ""), mixed),
        // Which of them it was shows in nothing.
        (program(lock, "with lock: print('f')", "with lock: print('f')", ""), ""),
        (program("", "print('f')", "print('f')", ""), same),
        (program("", "print('f')", "print('f'); print('f')", ""), same),
        (program("", "print('f')", "print('f'); print('g')", ""), mixed),
        (program("", "print('f')", "print('g')", ""), mixed),
        (program("n = [0]", "n.append(1); print(len(n) > 0)", "n.append(2); print(len(n) > 0)", ""), same),
    ] {
        for finding in check(&text, &Version::ALL, 2, &Control::default()).unwrap().findings {
            let lines = finding.reason.find("; lines").map_or("", |at| &finding.reason[at..]);
            assert_eq!((finding.kind, lines), (Kind::Exact, says), "{}: {text}", finding.version);
        }
    }
}

#[test]
fn what_leaves_a_with_bears_the_line_of_dis_and_is_told_as_a_part_of_the_with() {
    let text = "import threading\nn = 0\nlock = threading.Lock()\ndef work(k):\n    global n\n    with lock:\n        t = n\n        if t < 0:\n            t = 0\n    \
                with lock:\n        n = t + k\nts = [threading.Thread(target=work, args=(k,)) for k in (1, 2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n\
                print(n)\n";
    let places = [
        (Version::V2_7, "WITH_CLEANUP", 9),
        (Version::V3_8, "WITH_CLEANUP_START", 9),
        (Version::V3_9, "CALL_FUNCTION", 9),
        (Version::V3_10, "CALL_FUNCTION", 6),
    ];
    for (version, opcode, line) in places {
        let functions = listing(text, version).unwrap().functions;
        let leaving = functions[1].instructions.iter().find(|it| it.opcode == opcode).unwrap();
        assert_eq!(leaving.line.as_ref().map(|line| line.number), Some(line), "{version}");
        let checked = check(text, &[version], 2, &Control::default()).unwrap();
        let place = &checked.findings[0].collision.as_ref().unwrap().drop_point;
        assert_eq!(*place, format!("after {opcode} in line 6"), "{version}");
    }
}

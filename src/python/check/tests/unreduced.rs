//! What threads have to do with small numbers, beside what they do in the program as it stands.

use super::super::{Kind, check};
use crate::python::version::Version;
use crate::system::control::Control;
use std::collections::BTreeSet;

#[test]
fn what_one_thread_alone_does_with_small_numbers_is_said() {
    let text = "import threading\nclass Part:\n    def __init__(self, low): self.low = low\n    @property\n    def high(self): return self.low + 2500\n\
                nums = list(range(5000))\nhits = 0\ndef part(p):\n    global hits\n    for n in nums:\n        if p.low <= n < p.high:\n            \
                hits = hits + abs(1)\nts = [threading.Thread(target=part, args=(Part(k),)) for k in (0, 2500)]\nfor t in ts: t.start()\n\
                for t in ts: t.join()\nprint(hits)\n";
    let untried = |text: &str| {
        let checked = check(text, &[Version::V3_9], 2, &Control::default()).unwrap();
        (checked.findings[0].kind, checked.untried().alone)
    };
    assert_eq!(untried(text), (Kind::Exact, BTreeSet::from([5, 11, 12])));
    // Where it stands as it is, there is nothing to be said.
    let few = text.replace("5000", "4").replace("2500", "2");
    assert_eq!(untried(&few), (Kind::Loses, BTreeSet::new()));
    let all = text.replace("if p.low <= n < p.high", "if p.low >= 0");
    assert_eq!(untried(&all), (Kind::Loses, BTreeSet::new()));
    let locked = text
        .replace("            hits", "            with lock: hits")
        .replace("hits = 0", "hits = 0; lock = threading.Lock()");
    assert_eq!(
        untried(&locked.replace("if p.low <= n < p.high", "if p.low >= 0")),
        (Kind::Exact, BTreeSet::new())
    );
}

/// What `__exit__` returns is tested, but no test stands there.
#[test]
fn the_end_of_a_with_block_is_no_test_that_always_comes_out_the_same() {
    let text = "import threading\nclass Quiet(object):\n    def __enter__(self): return self\n    def __exit__(self, kind, value, trace): return True\n\
                quiet = Quiet()\ndone = []\ndef work():\n    with quiet:\n        done.append(1)\n        raise ValueError\n\
                ts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(len(done))\n";
    let checked = check(text, &[Version::V3_9, Version::V3_13], 2, &Control::default()).unwrap();
    assert_eq!(checked.untried().tests, BTreeSet::new());
}

/// Of three items one is odd, so that one thread alone comes to the last line; what is put in comes first, and is more than is tried.
#[test]
fn threads_are_come_to_though_what_they_work_on_is_long() {
    let rest = "odd = 0\ndef work():\n    global odd\n    while True:\n        try: n = take()\n        except Exception: return\n        if n % 2 == 1:\n            \
                odd += 1\nts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(odd)\n";
    let jobs = "import threading\njobs = list(range(100000))\ntake = jobs.pop\n";
    let queue = "import threading, queue\nq = queue.Queue()\nfor i in range(100000):\n    q.put(i)\ntake = q.get_nowait\n";
    for start in [jobs, queue] {
        let checked = check(&format!("{start}{rest}"), &[Version::V3_9], 3, &Control::default()).unwrap();
        assert!(checked.findings[0].uneven, "{start}");
    }
}

/// One end of a range that goes in steps, made small, must not leave a single iteration.
#[test]
fn a_range_in_steps_goes_round_twice() {
    for (range, kind) in [
        ("start, 7, 2", Kind::Loses),
        ("start, 9, 3", Kind::Loses),
        ("start, 13, 3", Kind::Loses),
        ("start, 21, 5", Kind::Loses),
        ("start, 101, 2", Kind::Loses),
        ("start, 3, 2", Kind::Exact),
    ] {
        let text = format!(
            "import threading\nn = 0\ndef work(start):\n    global n\n    prev = 0\n    for k in range({range}):\n        n = n + prev * int('1')\n        \
             prev = k\nts = [threading.Thread(target=work, args=(s,)) for s in (1, 2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(n)\n"
        );
        let checked = check(&text, &[Version::V3_12], 2, &Control::default()).unwrap();
        assert_eq!(checked.findings[0].kind, kind, "{range}: {:?}", checked.small);
    }
}

/// What a run with the numbers as they stand does and no order with small ones does: then those are another program.
#[test]
fn a_program_that_does_something_else_with_small_numbers_is_not_judged_by_them() {
    let buffer = |puts: u32, gets: u32, room: u32| {
        format!(
            "import threading, queue\nq = queue.Queue({room})\ndef put():\n    for i in range({puts}): q.put(i)\ndef get():\n    for i in range({gets}): q.get()\n\
             ts = [threading.Thread(target=put), threading.Thread(target=get)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint('end')\n"
        )
    };
    let checked =
        |text: &str| check(text, &[Version::V3_12], 2, &Control::default()).unwrap().findings.remove(0);
    let full = checked(&buffer(100, 89, 10));
    assert_eq!(full.kind, Kind::Incomplete, "{full:?}");
    assert!(full.departs && !full.is_limited(), "{full:?}");
    assert!(
        full.reason.starts_with(
            "as it stands, threads wait for what never comes, and with numbers that small they never do:"
        ),
        "{full:?}"
    );
    // There is room for what is left over.
    let right = checked(&buffer(100, 95, 10));
    assert_eq!((right.kind, right.departs), (Kind::Exact, false), "{right:?}");
    let counted = "import threading\nlock = threading.Lock()\nn = 0\ndef work():\n    global n\n    for i in range(10):\n        with lock: n += 1\n\
                   ts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nassert n <= 15\n";
    let raises = checked(counted);
    assert!(
        raises
            .reason
            .starts_with("as it stands, AssertionError is raised, and with numbers that small it never is:"),
        "{raises:?}"
    );
}

/// An assert with a number that was smaller than another one, and is not any more, may hold by that alone.
#[test]
fn an_assert_beside_a_number_that_is_no_longer_larger_is_not_tried() {
    let pool = |most: u32| {
        format!(
            "import threading\nsem = threading.Semaphore(4)\nlock = threading.Lock()\nn = 0\ndef work():\n    global n\n    with sem:\n        with lock:\n            \
             n += 1\n            assert n <= {most}\n        with lock: n -= 1\nts = [threading.Thread(target=work) for _ in range(10)]\nfor t in ts: t.start()\n\
             for t in ts: t.join()\n"
        )
    };
    let untried = |most| {
        let checked = check(&pool(most), &[Version::V3_12], 2, &Control::default()).unwrap();
        assert_eq!(checked.findings[0].kind, Kind::Exact, "{most}");
        checked.untried().tests
    };
    assert_eq!(untried(3), [10].into());
    assert_eq!(untried(20), [].into());
}

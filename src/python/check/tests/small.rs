//! What numbers are taken as small, and as what.

use super::*;
use crate::python::check::Scope;

#[test]
fn what_all_iterations_come_to_is_as_many_times_the_small_number() {
    let small = |text: &str| check(text, &[Version::V3_13], 3, &Control::default()).unwrap().small.numbers;
    let text = "import threading\nx = 0\ndef f():\n    global x\n    for i in range(1000):\n        x += 1\n\
                ts = [threading.Thread(target=f) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n\
                assert x == 2000, 2000 - x\n";
    assert_eq!(small(text), [(1000, 3), (2000, 6)].into());
    assert_eq!(small("for i in range(5): pass\nprint(10 == 2 * 5, 10, 7 == 5)"), [(5, 3), (10, 6)].into());
    assert_eq!(small("for i in range(5): pass\nprint(10, 2005)"), [(5, 3)].into());
    assert_eq!(
        small("for i in range(100000): pass\nprint(800000, 90000)"),
        [(90_000, 3), (100_000, 3), (800_000, 24)].into()
    );
    assert_eq!(
        small("for i in range(10): pass\nfor i in range(1000): pass\nprint(7 == 10000)"),
        [(10, 3), (1000, 3), (10_000, 9)].into()
    );
    assert_eq!(small("for i in range(100): pass\nfor i in range(1000): pass"), [(100, 3), (1000, 3)].into());
    for (version, kind) in verdicts(text) {
        assert_eq!(
            kind,
            if version.has_gil() && version >= Version::V3_10 { Kind::Exact } else { Kind::Raises },
            "{version}"
        );
    }
}

#[test]
fn no_number_is_taken_as_a_larger_one() {
    let small = |text: &str| check(text, &[Version::V3_13], 10, &Control::default()).unwrap().small.numbers;
    assert_eq!(small("for i in range(4): pass\nfor i in range(8): pass"), [(4, 4), (8, 8)].into());
    assert_eq!(small("for i in range(6): pass\nfor i in range(30): pass"), [(6, 6), (30, 10)].into());
}

#[test]
fn what_a_number_is_compared_with_stays_larger_or_smaller() {
    let small = |text: &str| check(text, &[Version::V3_13], 3, &Control::default()).unwrap().small.numbers;
    assert_eq!(
        small("for i in range(300000):\n    if i >= 299000: pass"),
        [(299_000, 2), (300_000, 3)].into()
    );
    let late = "import threading\nx = 0\ndef w():\n    global x\n    for i in range(300000):\n        if i >= 299000:\n            x = x + int(1)\n        \
                else:\n            x += 1\nts = [threading.Thread(target=w) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(x)\n";
    let checked = check(late, &[Version::V3_13], 2, &Control::default()).unwrap();
    assert_eq!(checked.findings[0].kind, Kind::Loses);
}

#[test]
fn as_many_are_taken_as_are_put() {
    let program = |wait: &str| {
        format!(
            "import queue, threading\nq = queue.Queue({wait})\nout = []\ndef put(k):\n    for i in range(2): q.put(k)\ndef take():\n    \
             for _ in range(4): out.append(q.get())\nts = [threading.Thread(target=put, args=(k,)) for k in range(2)]\n\
             ts.append(threading.Thread(target=take))\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(sorted(out))\n"
        )
    };
    for wait in ["", "1"] {
        let checked = check(&program(wait), &[Version::V3_13], 2, &Control::default()).unwrap();
        assert_eq!((checked.findings[0].kind, checked.findings[0].prints.len()), (Kind::Exact, 1), "{wait}");
        assert!(!checked.is_reduced(), "{:?}", checked.small);
    }
    // Those that only put go round less often.
    let items = program("").replace("range(2): q.put", "range(100): q.put");
    let small = check(&items, &[Version::V3_13], 3, &Control::default()).unwrap().small.numbers;
    assert_eq!(small.get(&100), Some(&5));
}

#[test]
fn one_more_is_taken_than_is_put() {
    let program = |setup: &str, put: &str, take: &str, threads: &str| {
        format!(
            "import queue, threading\n{setup}\ndef put():\n    {put}\ndef take():\n    {take}\nts = [{threads}]\n\
             for t in ts: t.start()\nfor t in ts: t.join()\n"
        )
    };
    let two = "threading.Thread(target=put), threading.Thread(target=take)";
    let queue = |put: u32, take: u32| {
        let (put, take) =
            (format!("for i in range({put}): q.put(i)"), format!("for i in range({take}): q.get()"));
        program("q = queue.Queue()", &put, &take, two)
    };
    let semaphore = program(
        "s = threading.Semaphore(0)",
        "for i in range(5): s.release()",
        "for i in range(6): s.acquire()",
        two,
    );
    let barrier = |threads: u32| {
        let threads = format!("threading.Thread(target=take) for _ in range({threads})");
        program("b = threading.Barrier(4)", "pass", "b.wait()", &threads)
    };
    let sentinels = program(
        "q = queue.Queue()\nfor i in range(10): q.put(i)\nfor i in range(3): q.put(None)",
        "pass",
        "while q.get() is not None: pass",
        "threading.Thread(target=take) for _ in range(4)",
    );
    for (text, kind) in [
        (queue(9, 10), Kind::Deadlocks),
        (queue(5, 5), Kind::Exact),
        (queue(1001, 1000), Kind::Exact),
        (queue(1000, 1001), Kind::Deadlocks),
        (semaphore, Kind::Deadlocks),
        (barrier(8), Kind::Exact),
        (barrier(4).replace("Barrier(4)", "Barrier(2)"), Kind::Exact),
        (queue(15, 7).replace("target=take)", "target=take), threading.Thread(target=take)"), Kind::Exact),
        (
            queue(15, 8).replace("target=take)", "target=take), threading.Thread(target=take)"),
            Kind::Deadlocks,
        ),
        (barrier(6), Kind::Deadlocks),
        (sentinels, Kind::Deadlocks),
    ] {
        let found = check(&text, &[Version::V3_13], 2, &Control::default()).unwrap();
        assert_eq!(found.findings[0].kind, kind, "{:?}: {text}", found.small);
    }
}

#[test]
fn in_proportion_limits_keep_their_ratio_to_what_is_counted() {
    let scope = |iterations| Scope { iterations, in_proportion: true };
    let small =
        |text: &str| check(text, &[Version::V3_13], scope(2), &Control::default()).unwrap().small.numbers;
    let counts = "for i in range(800): pass\n";
    assert_eq!(small(&format!("{counts}stock = {{'a': 1000}}\nprint(5)")), [(800, 2), (1000, 3)].into());
    assert_eq!(
        small(&format!("{counts}half = 400\nprint(half == 3, 20 < 7)")),
        [(20, 1), (400, 1), (7, 1), (800, 2)].into()
    );
    // An amount, a divisor, an index and a number of workers are none.
    assert_eq!(
        small(&format!("{counts}x = 9\nprint(9 < 7, x % 1000, 2000 // 900, [0][0:1200])")),
        [(7, 1), (800, 2), (2000, 5)].into()
    );
    let workers = "from concurrent.futures import ThreadPoolExecutor\nfor i in range(6): pass\npool = ThreadPoolExecutor(max_workers=8)\n";
    assert_eq!(small(workers), [(6, 2)].into());
    // A loss behind a limit that small loops do not reach without it.
    let stock = "import threading\nlock = threading.Lock()\nstock = 1000\ndef sell():\n    global stock\n    for _ in range(800):\n        with lock:\n            \
                 left = stock\n        if left > 0:\n            with lock:\n                stock -= 1\n\
                 ts = [threading.Thread(target=sell) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(stock)\n";
    let kind =
        |scope: Scope| check(stock, &[Version::V3_12], scope, &Control::default()).unwrap().findings[0].kind;
    assert_eq!((kind(2.into()), kind(scope(2))), (Kind::Exact, Kind::Loses));
}

#[test]
fn numbers_of_iterations_are_found_where_loops_get_them_from() {
    let program = |setup: &str, run: &str| {
        format!(
            "import threading\ntotal = 0\n{setup}\ndef add():\n    global total\n    total += 1\n{run}\nfor t in ts: t.start()\nfor t in ts: t.join()\n\
             print(total)\n"
        )
    };
    let class = [
        "class Worker(threading.Thread):",
        "    def __init__(self, rounds):",
        "        threading.Thread.__init__(self)",
        "        self.n = rounds",
        "    def run(self):",
        "        for i in range(self.n): add()\n",
    ]
    .join("\n");
    let counting = "def run():\n    n = 0\n    while n < MOST:\n        add()\n        n += 1\nts = [threading.Thread(target=run) for _ in range(2)]";
    let ranged = "def run(times=500):\n    for i in range(times): add()\n";
    let many = |number: &str| counting.replace("MOST", number);
    let (keyword, default) = (
        format!("{ranged}ts = [threading.Thread(target=run, kwargs={{'times': 700}}) for _ in range(2)]"),
        format!("{ranged}ts = [threading.Thread(target=run) for _ in range(2)]"),
    );
    let class = |number: &str| format!("{class}ts = [Worker({number}), Worker({number})]");
    for (text, number) in [
        (program("", &class("1000")), 1000),
        (program("", &class("rounds=800")), 800),
        (program("MOST = 600", &class("MOST")), 600),
        (program("", &many("900")), 900),
        (program("MOST = 400", &many("MOST")), 400),
        (program("", &keyword), 700),
        (program("", &default), 500),
        (program("", &default.replace("times=500", "times=500, *rest, last=3")), 500),
    ] {
        let checked = check(&text, &[Version::V3_9, Version::V3_13], 2, &Control::default()).unwrap();
        assert_eq!(checked.small.numbers.get(&number), Some(&2), "{text}: {:?}", checked.small);
        assert_eq!(checked.findings[0].kind, Kind::Loses, "{text}");
        assert!(checked.findings[1].untried.is_empty(), "{text}: {:?}", checked.findings[1].untried);
    }
}

//! What numbers are taken as small, and as what.

use super::*;
use crate::python::check::{Scope, small};
use crate::python::program::parse_program;

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
        [(90_000, 2), (100_000, 3), (800_000, 24)].into()
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

/// At a condition as well, where all come as often as they are waited for; and where a number has to be larger than another, what is so many
/// times that stays so many times that.
#[test]
fn as_many_come_to_a_condition_as_go() {
    let program = |puts: &str, takes: &str| {
        format!(
            "import threading\nbuffer = []\ncondition = threading.Condition()\ndef put():\n    for i in range({puts}):\n        with condition:\n            \
             buffer.append(i)\n            condition.notify()\ndef take():\n    for i in range({takes}):\n        with condition:\n            \
             while not buffer: condition.wait()\n            buffer.pop()\nts = [threading.Thread(target=put)]\n\
             ts += [threading.Thread(target=take) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n"
        )
    };
    for (puts, takes, taken) in [("6", "3", [].into()), ("10", "5", [(5, 3), (10, 6)].into())] {
        let mut program = parse_program(&program(puts, takes)).unwrap();
        assert_eq!(small::shrink(&mut program, 2.into()), taken, "{puts}");
    }
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
    // One that comes to a comparison by a parameter and an attribute is one; elsewhere it is an amount.
    let limit = "class A:\n    def __init__(self, most): self.most = most\n    def is_full(self): return 9 > self.most\na = A(40)\n";
    assert_eq!(small(&format!("{counts}{limit}")), [(9, 1), (40, 1), (800, 2)].into());
    assert_eq!(small(&format!("{counts}{limit}print(40)")), [(9, 1), (800, 2)].into());
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
        (program("", &keyword.replace("times=500", "times=3")), 700),
        (program("", &default), 500),
        (program("MOST = 800", &keyword.replace("500", "3").replace("700", "MOST // 4")), 800),
        (
            program("MOST = 800\nPART = int(MOST / 4)", &keyword.replace("500", "3").replace("700", "PART")),
            800,
        ),
        (program("", &default.replace("times=500", "times=500, *rest, last=3")), 500),
    ] {
        let checked = check(&text, &[Version::V3_9, Version::V3_13], 2, &Control::default()).unwrap();
        let taken = if text.contains("/ 4") { 2 * checked.small.numbers.get(&4).unwrap_or(&4) } else { 2 };
        assert_eq!(checked.small.numbers.get(&number), Some(&taken), "{text}: {:?}", checked.small);
        assert_eq!(checked.findings[0].kind, Kind::Loses, "{text}");
        assert!(checked.findings[1].untried.is_empty(), "{text}: {:?}", checked.findings[1].untried);
    }
}

/// What is left of a program of threads that each add a part of so many numbers, on 3.9 and with what numbers.
fn of_parts(setup: &str, threads: &str) -> (Kind, std::collections::BTreeMap<i64, i64>) {
    let text = format!(
        "import threading\ntotal = 0\nshards = [0] * 4\ndata = list(range(1000))\ndef add(numbers):\n    global total\n    for n in numbers: total += n + 1\n\
         def count(k):\n    for _ in range(5000): shards[k % 4] += 1\n{setup}\nts = [{threads}]\nfor t in ts: t.start()\nfor t in ts: t.join()\n\
         print(total, shards)\n"
    );
    let mut checked = check(&text, &[Version::V3_9], 2, &Control::default()).unwrap();
    (checked.findings.remove(0).kind, checked.small.numbers)
}

#[test]
fn each_thread_has_a_part_of_what_is_shared_out() {
    let two = |one: &str, other: &str| {
        format!("threading.Thread(target=add, args=({one},)), threading.Thread(target=add, args=({other},))")
    };
    for threads in [
        two("data[:500]", "data[500:]"),
        two("range(1, 501)", "range(501, 1001)"),
        two("range(1000000)", "range(1000000, 10000000)"),
        two("range(20000, 25000)", "range(25000, 30000)"),
        "threading.Thread(target=add, args=(data[i:i + 100],)) for i in range(0, 1000, 100)".to_owned(),
        "threading.Thread(target=add, args=(data[k * 250:(k + 1) * 250],)) for k in range(4)".to_owned(),
        "threading.Thread(target=count, args=(k,)) for k in range(8)".to_owned(),
    ] {
        let (kind, small) = of_parts("", &threads);
        assert_eq!(kind, Kind::Loses, "{threads}: {small:?}");
    }
    let four = "threading.Thread(target=count, args=(k,)) for k in range(4)";
    assert_eq!(of_parts("", four).0, Kind::Exact, "a shard for each");
}

#[test]
fn numbers_that_differ_stay_different() {
    let kind = |text: &str| {
        let text = format!("import threading\n{text}\nfor t in ts: t.start()\nfor t in ts: t.join()\n");
        check(&text, &[Version::V3_9], 2, &Control::default()).unwrap().findings[0].kind
    };
    // Two accounts of which nobody gets at the other's, and loops elsewhere.
    let keys = "box = {k: 0 for k in (70001, 70002)}\ndef add(key):\n    for _ in range(1000): box[key] += 1\n\
                ts = [threading.Thread(target=add, args=(key,)) for key in (70001, 70002)]";
    assert_eq!(kind(keys), Kind::Exact);
    // There is enough for both.
    let withdraw = |amount: u32| {
        format!(
            "balance = 50000\nlock = threading.Lock()\ndef take(amount):\n    global balance\n    with lock: enough = balance >= amount\n    \
             if enough:\n        with lock: balance -= amount\nts = [threading.Thread(target=take, args=({amount},)) for _ in range(2)]"
        )
    };
    assert_eq!([kind(&withdraw(20_000)), kind(&withdraw(30_000))], [Kind::Exact, Kind::Loses]);
    // An invariant of numbers that are added up.
    let transfer = "a = 100\nb = 100\nlock = threading.Lock()\ndef move():\n    global a, b\n    for _ in range(50):\n        \
                    with lock:\n            a -= 1\n            b += 1\n\
                    def audit():\n    with lock:\n        if a + b != 200: print('inconsistent')\n\
                    ts = [threading.Thread(target=move), threading.Thread(target=audit)]";
    assert_eq!(kind(transfer), Kind::Exact);
    let text = format!("import threading\n{transfer}\nfor t in ts: t.start()\nfor t in ts: t.join()\n");
    let checked = check(&text, &[Version::V3_9], 2, &Control::default()).unwrap();
    assert!(
        !checked.findings[0].prints.concat().contains(&"inconsistent".to_owned()),
        "{:?}",
        checked.findings[0].prints
    );
    // Elements that there are.
    let slots = "slots = [0] * 10\nlock = threading.Lock()\ndef fill():\n    for i in range(10):\n        with lock: slots[i] += 1\n    slots[9], slots[5]\n\
                 ts = [threading.Thread(target=fill) for _ in range(2)]";
    assert_eq!(kind(slots), Kind::Exact);
    let checked = check(
        &format!("import threading\n{slots}\nfor t in ts: t.start()\n"),
        &[Version::V3_9],
        2,
        &Control::default(),
    )
    .unwrap();
    assert!(!format!("{:?}", checked.findings[0].expected).contains("IndexError"));
}

#[test]
fn what_has_room_for_fewer_than_come_is_filled() {
    let program = |setup: &str, work: &str| {
        format!(
            "import queue, threading\n{setup}\ndef work():\n    for i in range(100): {work}\n\
             t = threading.Thread(target=work)\nt.start()\nt.join()\n"
        )
    };
    for (setup, work) in
        [("q = queue.Queue(maxsize=10)", "q.put(i)"), ("s = threading.Semaphore(10)", "s.acquire()")]
    {
        let checked = check(&program(setup, work), &[Version::V3_13], 2, &Control::default()).unwrap();
        assert_eq!(checked.findings[0].kind, Kind::Deadlocks, "{setup}: {:?}", checked.small);
        // There is room for all.
        let enough = program(setup, work).replace("range(100)", "range(9)");
        let checked = check(&enough, &[Version::V3_13], 2, &Control::default()).unwrap();
        assert_eq!(checked.findings[0].kind, Kind::Exact, "{setup}: {:?}", checked.small);
    }
}

#[test]
fn a_buffer_at_whose_limit_a_thread_waits_is_filled() {
    let program = |setup: &str, wait: &str| {
        format!(
            "import threading\n{setup}\nbuffer = []\nnot_full = threading.Condition()\ndef work():\n    for i in range(1000):\n        with not_full:\n            \
             {wait}\n            buffer.append(i)\nt = threading.Thread(target=work)\nt.start()\nt.join()\n"
        )
    };
    for (setup, wait) in [
        ("", "while len(buffer) >= 10: not_full.wait()"),
        ("", "while not len(buffer) < 10: not_full.wait()"),
        ("", "if 10 == len(buffer): not_full.wait()"),
        ("LIMIT = 10", "not_full.wait_for(lambda: len(buffer) < LIMIT)"),
    ] {
        let checked = check(&program(setup, wait), &[Version::V3_13], 3, &Control::default()).unwrap();
        assert_eq!(checked.findings[0].kind, Kind::Deadlocks, "{wait}: {:?}", checked.small);
    }
    // In proportion there is room for several, too.
    let scope = Scope { iterations: 2, in_proportion: true };
    let text = program("", "while len(buffer) >= 10: not_full.wait()");
    let small = check(&text, &[Version::V3_13], scope, &Control::default()).unwrap().small.numbers;
    assert_eq!(small, [(10, 2), (1000, 2)].into());
    // Who waits for 10 must not wait for fewer, and neither for more than there is room for.
    for wait in [
        "while len(buffer) < 10 and i > 10: not_full.wait()",
        "while len(buffer) >= 10 and len(buffer) != 20: not_full.wait()",
    ] {
        let checked = check(&program("", wait), &[Version::V3_13], 3, &Control::default()).unwrap();
        assert_eq!(checked.small.numbers, [(1000, 3)].into(), "{wait}");
    }
}

#[test]
fn what_is_made_up_of_others_stays_so() {
    let small = |text: &str| check(text, &[Version::V3_13], 2, &Control::default()).unwrap().small.numbers;
    // Four parts are all of it.
    assert_eq!(
        small("data = list(range(1000))\nfor k in range(4): data[k * 250:(k + 1) * 250]"),
        [(4, 2), (250, 2), (1000, 4)].into()
    );
    assert_eq!(
        small(
            "data = list(range(1, 1001))\nfor k in range(10): data[k * 100:(k + 1) * 100]\nprint(max(data) == 1000)"
        ),
        [(10, 2), (100, 2), (1000, 4), (1001, 5)].into()
    );
    assert_eq!(small("for k in range(0, 1000, 100): pass"), [(100, 2), (1000, 4)].into());
    assert_eq!(
        small("for i in range(1, 501): pass\nfor i in range(501, 1001): pass"),
        [(501, 3), (1001, 5)].into()
    );
    assert_eq!(
        small("for i in range(100): pass\nfor i in range(150): pass\nprint(250 == 7)"),
        [(100, 2), (150, 3), (250, 5)].into()
    );
    assert_eq!(
        small("N = 1000000\nWORKERS = 4\nstep = N // WORKERS\nfor w in range(WORKERS): range(w * step, N)"),
        [(4, 2), (1_000_000, 4)].into()
    );
}

/// The constants of generators of random numbers.
#[test]
fn numbers_as_large_as_there_are_do_no_harm() {
    for iterations in ["100", "4611686018427387904", "9223372036854775807"] {
        for in_proportion in [false, true] {
            let text = format!(
                "x = 1\nn = 0\nwhile n < {iterations}:\n    x = (x * 6364136223846793005 + 1442695040888963407) % 9223372036854775807\n    \
                 n += 4611686018427387903\nif x == 9223372036854775806 or n > 9223372036854775801: print(x)\n"
            );
            let scope = Scope { iterations: 10, in_proportion };
            let checked = check(&text, &[Version::V3_13], scope, &Control::default());
            assert!(checked.is_ok(), "{iterations}: {checked:?}");
        }
    }
}

#[test]
fn what_is_counted_down_to_nothing_is_a_number_of_iterations() {
    let small = |text: &str| check(text, &[Version::V3_13], 2, &Control::default()).unwrap().small.numbers;
    let fifty = [(50, 2)].into();
    for sell in [
        "    while n > 0:\n        n -= 1\n",
        "    while n:\n        n = n - 1\n",
        "    while True:\n        if 0 >= n: break\n        n -= 1\n",
        "    while not n < 1: n -= 1\n",
    ] {
        assert_eq!(small(&format!("n = 50\ndef sell():\n    global n\n{sell}sell()")), fifty, "{sell}");
    }
    let office = "class Office:\n    def __init__(self, left):\n        self.left = left\n    def sell(self):\n        \
                  if self.left == 0: return False\n        self.left -= 1\n        return True\noffice = Office(50)\n\
                  while office.sell(): pass\n";
    assert_eq!(small(office), fifty);
    // Those that come to it are as many as it was at first, wherever they stand.
    let latch = "n = 50\ndone = False\ndef work():\n    global n, done\n    n -= 1\n    if n == 0: done = True\nfor _ in [1, 2]: work()\n\
                 while False: pass\n";
    assert_eq!(small(latch), [].into());
    assert_eq!(small("n = 50\nwhile n > 7: n -= 1\n"), [].into());
}

#[test]
fn how_often_a_sequence_is_repeated_that_a_loop_goes_through_is_one_too() {
    let small = |text: &str| check(text, &[Version::V3_13], 2, &Control::default()).unwrap().small.numbers;
    assert_eq!(small("words = ['a', 'b'] * 1000\nfor word in words: pass"), [(1000, 2)].into());
    assert_eq!(small("words = 50 * ('a',)\nfor word in words: pass"), [(50, 2)].into());
    // What is picked out by its number has to be there.
    assert_eq!(small("words = ['a', 'b'] * 50\nfor word in words: pass\nwords[99]"), [].into());
}

/// Four are put by statements that stand one after the other, in two threads: so four are taken.
#[test]
fn what_others_put_by_statements_of_their_own_is_taken_as_often() {
    let setup = "import threading, queue\nq = queue.Queue()\nout = []\ns = threading.Semaphore(0)\n";
    let begin = "ts = [threading.Thread(target=w, args=(k,)) for k in (1, 2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n";
    let takes = [
        ("q.put(k)", "total = 0\nfor _ in range(4): total += q.get()\nprint(total)\n"),
        ("q.put(k)", "print(sum(q.get() for _ in range(4)))\n"),
        (
            "q.put(k)",
            "def main():\n    n = 0\n    while n < 4:\n        q.get()\n        n += 1\nmain()\nprint(q.qsize())\n",
        ),
        (
            "q.put(k)",
            "def take():\n    for _ in range(4): q.get()\nt = threading.Thread(target=take)\nt.start()\nt.join()\nprint(q.qsize())\n",
        ),
        ("s.release()", "for _ in range(4): s.acquire()\nprint(out)\n"),
        ("with s: pass\n    out.append(k)", "total = 0\nfor i in range(4): total += out[i]\nprint(total)\n"),
    ];
    for (put, take) in takes {
        let setup =
            if put.starts_with("with") { setup.replace("Semaphore(0)", "Lock()") } else { setup.to_owned() };
        let text = format!("{setup}def w(k):\n    {put}\n    {put}\n{begin}{take}");
        let checked = check(&text, &[Version::V3_13], 2, &Control::default()).unwrap();
        assert_eq!(checked.small.numbers, [].into(), "{text}");
        let finding = &checked.findings[0];
        assert_eq!(finding.prints.len(), 1, "{text}: {}", finding.reason);
        assert_ne!(finding.kind, Kind::Loses, "{text}: {}", finding.reason);
    }
    // Where threads run as often as they are made, all of it is small.
    let made = "import threading\nn = 0\ndef w():\n    global n\n    n += 1\nts = [threading.Thread(target=w) for _ in range(5)]\n\
                for t in ts: t.start()\nfor i in range(5): ts[i].join()\nprint(n)\n";
    let checked = check(made, &[Version::V3_13], 2, &Control::default()).unwrap();
    assert_eq!(checked.small.numbers, [(5, 2)].into());
}

/// As in 100 numbers that are shared out by slices: each thread has some of them.
#[test]
fn bounds_of_slices_are_parts_however_they_get_there() {
    let program = |threads: &str| {
        format!(
            "import threading\nfrom concurrent.futures import ThreadPoolExecutor\nnums = list(range(9000))\nhits = 0\ndef part(low, high):\n    global hits\n    \
             for n in nums[low:high]:\n        hits = hits + abs(1)\n{threads}\n"
        )
    };
    let started = "for t in ts: t.start()\nfor t in ts: t.join()\nprint(hits)";
    for made in [
        "ts = [threading.Thread(target=part, args=(i * 4500, i * 4500 + 4500)) for i in range(2)]",
        "ts = [threading.Thread(target=part, args=(i * 4500, (i + 1) * 4500)) for i in range(2)]",
        "ts = [threading.Thread(target=part, args=pair) for pair in ((0, 4500), (4500, 9000))]",
    ] {
        let checked =
            check(&program(&format!("{made}\n{started}")), &[Version::V3_13], 2, &Control::default())
                .unwrap();
        assert_eq!(checked.small.numbers, [(4500, 2), (9000, 4)].into(), "{made}");
        assert_eq!(checked.findings[0].kind, Kind::Loses, "{made}");
    }
    let pool = "with ThreadPoolExecutor(3) as pool:\n    for i in range(3): pool.submit(part, i * 3000, (i + 1) * 3000)\nprint(hits)";
    let checked = check(&program(pool), &[Version::V3_13], 2, &Control::default()).unwrap();
    assert_eq!(checked.small.numbers, [(3000, 2), (9000, 6)].into());
    assert_eq!(checked.findings[0].kind, Kind::Loses);
}

#[test]
fn ends_of_ranges_in_steps_stay_different() {
    let text = "import threading\nout = []\ndef odd():\n    for i in range(1, 100, 2): out.append(i)\ndef even():\n    for i in range(2, 101, 2): out.append(i)\n\
                ts = [threading.Thread(target=f) for f in (odd, even)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n";
    let small = check(text, &[Version::V3_13], 2, &Control::default()).unwrap().small.numbers;
    assert_eq!(small[&101], small[&100] + 1, "{small:?}");
}

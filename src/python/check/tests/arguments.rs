//! What the library is given: known to the model, or refused.

use super::super::{Finding, Kind, check};
use crate::python::version::Version;
use crate::system::control::Control;

const IMPORTS: &str = "import queue, threading\nfrom concurrent.futures import ThreadPoolExecutor\nfrom collections import deque\n";

fn finding(text: &str, version: Version) -> Finding {
    let checked = check(&format!("{IMPORTS}{text}"), &[version], 2, &Control::default());
    checked.unwrap_or_else(|error| panic!("{text}: {error}")).findings[0].clone()
}

/// What it prints, alone.
fn printed(text: &str) -> String {
    let finding = finding(text, Version::V3_12);
    assert_eq!((finding.kind, finding.expected.len()), (Kind::Exact, 1), "{text}: {}", finding.reason);
    finding.expected[0].join("\n")
}

#[test]
fn an_argument_that_the_model_does_not_know_is_refused() {
    for (text, refused) in [
        ("threading.Barrier(2, print, 1)", "so many arguments of Barrier()"),
        ("threading.Barrier(2, timeout=0.05)", "the argument timeout of Barrier()"),
        ("ThreadPoolExecutor(initializer=print)", "the argument initializer of ThreadPoolExecutor()"),
        ("ThreadPoolExecutor(1).shutdown(cancel_futures=True)", "the argument cancel_futures of shutdown()"),
        ("int('11', base=2)", "the argument base of int()"),
        ("sum([1], start=2)", "the argument start of sum()"),
        ("queue.SimpleQueue(3)", "so many arguments of SimpleQueue()"),
        ("ValueError(name='x')", "the argument name of ValueError()"),
    ] {
        let text = format!("{IMPORTS}print({text})\n");
        let error = check(&text, &[Version::V3_12], 2, &Control::default()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("not covered: {refused}\n")), "{text}: {error}");
    }
}

#[test]
fn arguments_by_name_are_those_by_place() {
    for (text, prints) in [
        (
            "s = threading.Semaphore(value=0)\ns.release(n=2)\nprint(s.acquire(False), s.acquire(False), s.acquire(False))",
            "True True False",
        ),
        ("q = queue.Queue(maxsize=1)\nq.put(item=7)\nprint(q.full(), q.get(timeout=1))", "True 7"),
        (
            "print(list(deque(iterable=[1, 2, 3], maxlen=2)), list(enumerate(iterable=[5], start=3)))",
            "[2, 3] [(3, 5)]",
        ),
        ("l = threading.Lock()\nc = threading.Condition(lock=l)\nwith c: print(l.locked())", "True"),
        ("t = threading.Thread(target=print)\nt.setDaemon(daemonic=True)\nprint(t.daemon)", "True"),
    ] {
        assert_eq!(printed(text), prints, "{text}");
    }
    let waiters = "c = threading.Condition()\nready = []\ndone = []\ndef wait():\n    with c:\n        ready.append(1)\n        c.wait()\n        done.append(1)\n\
                   ts = [threading.Thread(target=wait) for _ in range(2)]\nfor t in ts: t.start()\nwhile len(ready) < 2: pass\nwith c: c.notify(n=2)\n\
                   for t in ts: t.join()\nprint(len(done))";
    assert_eq!(printed(waiters), "2");
    let parties = "b = threading.Barrier(parties=2)\nts = [threading.Thread(target=b.wait) for _ in range(2)]\nfor t in ts: t.start()\n\
                   for t in ts: t.join()\nprint('on')";
    assert_eq!(printed(&parties.replace("target=b.wait", "target=lambda: b.wait()")), "on");
}

#[test]
fn what_the_library_does_not_take_raises_what_it_raises() {
    for (call, text) in [
        ("threading.Semaphore(-1)", "semaphore initial value must be >= 0"),
        ("threading.BoundedSemaphore(2).release(1)", "Semaphore released too many times"),
        ("threading.Semaphore().release(0)", "n must be one or more"),
        ("ThreadPoolExecutor(0)", "max_workers must be greater than 0"),
        ("threading.Lock().acquire(False, 1)", "can't specify a timeout for a non-blocking call"),
        ("threading.Semaphore().acquire(False, 1)", "can't specify timeout for non-blocking acquire"),
    ] {
        let text_of = format!("try:\n    {call}\nexcept ValueError as error:\n    print(error)\n");
        assert_eq!(printed(&text_of), text, "{call}");
    }
}

#[test]
fn an_executor_that_is_not_waited_for_is_not() {
    let text = "done = threading.Event()\npool = ThreadPoolExecutor(1)\npool.submit(lambda: done.wait())\npool.shutdown(wait=False)\ndone.set()\nprint(1)\n";
    assert_eq!(printed(text), "1");
    assert_eq!(finding(&text.replace("wait=False", ""), Version::V3_12).kind, Kind::Deadlocks);
}

#[test]
fn the_results_of_an_executor_end_with_an_exception() {
    let text = "def half(n):\n    return 4 // n\nwith ThreadPoolExecutor(1) as pool:\n    it = pool.map(half, [1, 0, 2])\n    print(next(it))\n    try:\n        \
                next(it)\n    except ZeroDivisionError:\n        print('none')\n    print(list(it))\n";
    assert_eq!(printed(text), "4\n[]\nnone");
}

#[test]
fn a_class_method_that_super_finds_is_of_the_class_that_it_was_called_on() {
    let text = "class A(object):\n    total = 0\n    @classmethod\n    def add(cls):\n        cls.total += 1\nclass B(A):\n    total = 5\n    @classmethod\n    \
                def add(cls):\n        super().add()\n    def more(self):\n        super().add()\nB.add()\nB().more()\nprint(A.total, B.total)\n";
    assert_eq!(printed(text), "0 7");
}

#[test]
fn what_a_name_stands_for_only_within_a_class_is_refused_outside() {
    let refused = |text: &str| {
        let error = check(text, &[Version::V3_12], 2, &Control::default()).unwrap_err().to_string();
        error.lines().next().unwrap_or_default().to_owned()
    };
    let class =
        "class A(object):\n    def __init__(self): self.__n = 1\n    def get(self): return self.__n\n";
    let message = "not covered: __n outside of the one class that has it is not covered";
    assert_eq!(refused(&format!("{class}print(A().__n)\n")), message);
    assert_eq!(
        refused(&format!("{class}class B(A):\n    def more(self): return self.__n\nprint(B())\n")),
        message
    );
    assert_eq!(printed(&format!("{class}print(A().get())")), "1");
    assert_eq!(refused("print(sorted(['b'], key=str.lower))\n"), "not covered: str.lower");
}

#[test]
fn a_class_that_a_function_makes_has_its_name() {
    let text = "def make():\n    class Local(object):\n        @classmethod\n        def called(cls): return cls.__name__\n    return Local\nprint(make().called())";
    assert_eq!(printed(text), "Local");
}

#[test]
fn a_generator_of_2_7_returns_no_value() {
    let text = "def two():\n    yield 1\n    return 2\nprint(list(two()))\n";
    let kind = |version| check(text, &[version], 2, &Control::default()).unwrap().findings[0].kind;
    assert_eq!((kind(Version::V2_7), kind(Version::V3_6)), (Kind::NotPython, Kind::Exact));
}

#[test]
fn newer_syntax_is_python_where_it_is_known() {
    let kinds = |text: &str, versions: [Version; 2]| {
        let checked =
            check(text, &versions, 2, &Control::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
        [checked.findings[0].kind, checked.findings[1].kind]
    };
    let split = [Kind::NotPython, Kind::Exact];
    for (text, versions) in [
        ("d = {'a': 1}\nprint(f\"{d[\"a\"]}\")\n", [Version::V3_11, Version::V3_12]),
        ("try: print(1)\nexcept ValueError, KeyError: pass\n", [Version::V3_13, Version::V3_14]),
        ("for i in (1, 2):\n    try: print(i)\n    finally: continue\n", [Version::V3_7, Version::V3_8]),
        ("def f(*a): return a\nprint(f(*[1], *[2]))\n", [Version::V2_7, Version::V3_6]),
        (
            "class A:\n    def f(self, other: A): return 1\nprint(A().f(2))\n",
            [Version::V3_13, Version::V3_14],
        ),
    ] {
        assert_eq!(kinds(text, versions), split, "{text}");
    }
    let quoted = "class A:\n    def f(self, other: 'A'): return 1\nprint(A().f(2))\n";
    assert_eq!(kinds(quoted, [Version::V3_13, Version::V3_14]), [Kind::Exact; 2]);
}

#[test]
fn a_shared_value_is_of_its_type() {
    let value = |make: &str| {
        format!("import multiprocessing\nv = multiprocessing.Value({make})\nv.value += 1\nprint(v.value)")
    };
    assert_eq!(printed(&value("'d', 1")), "2.0");
    assert_eq!(printed(&value("'i', 1")), "2");
    for (make, why) in [
        ("'H', 1", "a Value of other numbers than of i, l, q or d"),
        ("'i', 1.5", "such a value in a multiprocessing.Value"),
    ] {
        let error = check(&value(make), &[Version::V3_12], 2, &Control::default()).unwrap_err().to_string();
        assert!(error.contains(why), "{make}: {error}");
    }
}

#[test]
fn a_mutable_default_of_a_field_is_refused() {
    let text = "from dataclasses import dataclass\n@dataclass\nclass A:\n    items: list = []\nprint(A())\n";
    let error = check(text, &[Version::V3_12], 2, &Control::default()).unwrap_err().to_string();
    assert!(error.contains("give it a default_factory"), "{error}");
}

#[test]
fn an_ident_is_a_number_that_is_not_known_and_may_be_given_again() {
    let joined = "got = {}\ndef f():\n    got[threading.get_ident()] = 1\nfor _ in 'ab':\n    t = threading.Thread(target=f)\n    \
                  print(t.ident)\n    t.start()\n    t.join()\nprint(len(got), t.ident == threading.get_ident())";
    assert_eq!(finding(joined, Version::V3_13).expected, [["1 False", "None", "None"]]);
    let text = format!("{IMPORTS}{joined}");
    let before = check(&text, &[Version::V3_12], 2, &Control::default()).unwrap_err().to_string();
    assert!(before.contains("whether two threads have the same ident"), "{before}");
    // Nobody has joined the first when the second starts.
    let together = "got = {}\ndef f():\n    got[threading.get_ident()] = 1\nts = [threading.Thread(target=f) for _ in 'ab']\n\
                    for t in ts: t.start()\nfor t in ts: t.join()\nprint(len(got), ts[0].ident in got)";
    assert_eq!(finding(together, Version::V3_14).expected, [["2 True"]]);
    let shown = "print(threading.get_ident(), '%d' % threading.get_ident(), bool(threading.get_ident()))";
    assert_eq!(printed(shown), "‹ident› ‹ident› True");
}

#[test]
fn what_a_thread_is_given_or_not_is_found_when_it_starts() {
    for (text, prints) in [
        (
            "def f(a): pass\nt = threading.Thread(target=f, args=(5))\nt.start()\nprint('on')",
            "on\nTypeError: __main__.f() argument after * must be an iterable, not int",
        ),
        (
            "q = queue.Queue()\ndef f(a): pass\nt = threading.Thread(target=f, args=(q))\nt.start()",
            "TypeError: __main__.f() argument after * must be an iterable, not Queue",
        ),
        (
            "class T(threading.Thread):\n    def __init__(self): self.n = 1\nt = T()\nt.start()",
            "RuntimeError: thread.__init__() not called",
        ),
        (
            "class T(threading.Thread):\n    def __init__(self): self.name = 'n'\nt = T()",
            "AssertionError: Thread.__init__() not called",
        ),
        (
            "def f(): threading.current_thread().join()\nt = threading.Thread(target=f)\nt.start()",
            "RuntimeError: cannot join current thread",
        ),
        (
            "def f(): print(threading.Thread(target=f).daemon)\nt = threading.Thread(target=f, daemon=True)\nt.start()\nt.join()",
            "True",
        ),
    ] {
        assert_eq!(printed(text), prints, "{text}");
    }
}

#[test]
fn a_condition_lets_go_of_its_rlock_however_often_it_was_taken() {
    let nested = "c = threading.Condition()\nready = []\ndef f():\n    with c:\n        ready.append(1)\n        c.notify()\n\
                  with c:\n    with c:\n        t = threading.Thread(target=f)\n        t.start()\n        c.wait()\n        print(ready)\n\
                  t.join()\nwith c: print('free')";
    assert_eq!(printed(nested), "[1]\nfree");
}

#[test]
fn a_priority_queue_compares_what_a_heap_does() {
    let put = |items: &str, then: &str| {
        printed(&format!("p = queue.PriorityQueue()\nfor item in {items}: p.put(item)\n{then}"))
    };
    assert_eq!(put("(3, -5, 3, 0)", "print(p.get(), p.get(), p.get(), p.get())"), "-5 0 3 3");
    let refused = "TypeError: '<' not supported between instances of";
    assert_eq!(put("((1, {}), (2, {}), (1, {3: 3}))", ""), format!("{refused} 'dict' and 'dict'"));
    // Neither is above the other.
    assert_eq!(
        put("((1, {}), (2, {}), (2, {3: 3}))", "print(p.get())"),
        format!("{refused} 'dict' and 'dict'")
    );
    assert_eq!(put("((1, {}), (2, {}), (2, {3: 3}))", "print(p.qsize())"), "3");
    assert_eq!(put("'b'", "try: p.put(1)\nexcept TypeError: print(p.qsize(), p.get())"), "2 b");
}

#[test]
fn what_the_library_does_by_itself_is_refused_where_it_is_not_modelled() {
    let kept = "r = threading.RLock()\nc = threading.Condition()\ndef f():\n    r.acquire()\n    c.acquire()\nt = threading.Thread(target=f)\n\
                t.start()\nt.join()\n";
    let pool = "import time\nran = []\ndef job(n):\n    time.sleep(0.1)\n    ran.append(n)\n    return n\nwith ThreadPoolExecutor(1) as ex:\n";
    let own = |line: &str| {
        format!(
            "class T(threading.Thread):\n    def __init__(self):\n        super().__init__()\n        {line}\nt = T()\n"
        )
    };
    let of_a_thread = "in a thread, where the library has one of its own";
    let (left, number) = ("left before its end", "another one may have its number");
    for (text, refused) in [
        (format!("{kept}r.acquire()"), number),
        (format!("{kept}r.release()"), number),
        (format!("{kept}c.notify()"), number),
        (format!("{kept}c.wait(1)"), number),
        (format!("{pool}    for v in ex.map(job, [1, 2, 3]):\n        break\nprint(ran)"), left),
        (format!("{pool}    print(next(ex.map(job, [1, 2, 3])))\nprint(ran)"), left),
        (own("self._started = False"), of_a_thread),
        (own("self._args = (1,)"), of_a_thread),
        ("class T(threading.Thread):\n    def _bootstrap(self): pass\nt = T()".to_owned(), of_a_thread),
        (
            "class T(threading.Thread):\n    def _stop(self): pass\nt = T()\nt.start()\nt.join()".to_owned(),
            "a thread's _stop",
        ),
        ("b = threading.Barrier(2)\nb.wait(0)".to_owned(), "a time limit of a barrier"),
    ] {
        let text = format!("{IMPORTS}{text}\n");
        let error = check(&text, &[Version::V3_12], 2, &Control::default()).unwrap_err().to_string();
        assert!(error.contains(refused), "{text}: {error}");
    }
    // Nothing is left of it, or it has not begun.
    for lines in [
        "for v in ex.map(job, [1, 2]): pass",
        "ex.map(job, [1, 2])",
        "it = ex.map(job, [1, 2])\n    print(next(it))\n    ex.shutdown()",
    ] {
        let finding = finding(&format!("{pool}    {lines}\nprint(ran)"), Version::V3_12);
        assert_eq!(finding.expected.len(), 1, "{lines}: {finding:?}");
    }
    // With a run of its own a thread has no use for its arguments; from 3.13 on nobody calls `_stop`.
    let with_run = format!("{}    def run(self): pass\n", own("self._args = (1,)").replace("t = T()\n", ""));
    finding(&with_run, Version::V3_12);
    let stop = own("self._stop = threading.Event()");
    let joined = format!("{stop}t.start()\nt.join()\nprint('on')");
    let called = "TypeError: 'Event' object is not callable";
    assert_eq!(finding(&joined, Version::V3_12).expected, [[called]]);
    assert_eq!(finding(&joined, Version::V3_13).expected, [["on"]]);
}

#[test]
fn a_daemon_that_is_woken_may_go_on_before_the_last_line() {
    let text = "e = threading.Event()\ndef f():\n    e.wait()\n    print('woke')\nt = threading.Thread(target=f, daemon=True)\nt.start()\n\
                e.set()\nprint('end')";
    let finding = finding(text, Version::V3_12);
    assert_eq!((finding.kind, finding.expected.len()), (Kind::Exact, 2), "{}", finding.reason);
}

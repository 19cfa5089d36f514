//! What shows only in a later round, at the end of a thread, or beside what is named.

use super::super::{Finding, Kind, check};
use crate::python::version::Version;
use crate::system::control::Control;

fn finding(text: &str, version: Version) -> Finding {
    let text = format!("import queue, threading, time\n{text}");
    let checked = check(&text, &[version], 2, &Control::default());
    checked.unwrap_or_else(|error| panic!("{text}: {error}")).findings[0].clone()
}

#[test]
fn a_round_that_raises_or_waits_is_no_round_that_is_cut_short() {
    for requests in ["[1, 2]", "[1, 2, 3]", "[1, 2, 3, 4]"] {
        let text = format!(
            "running = True\nleft = {requests}\ndef serve():\n    while running:\n        left.pop(0)\n        time.sleep(0.01)\nt = threading.Thread(target=serve)\nt.start()\n\
             running = False\nt.join()\n"
        );
        let finding = finding(&text, Version::V3_12);
        let raises = finding.reason.contains("IndexError");
        // With four it would go round once more, which the report says.
        assert!(raises || finding.few_rounds, "{requests}: {finding:?}");
        assert_eq!(raises, requests != "[1, 2, 3, 4]", "{requests}: {finding:?}");
    }
    let consumer = |items: &str| {
        format!(
            "q = queue.Queue()\nstop = threading.Event()\ndef take():\n    while not stop.is_set():\n        q.get()\ndef put():\n    for i in {items}: q.put(i)\n    stop.set()\n\
             a = threading.Thread(target=take)\nb = threading.Thread(target=put)\na.start()\nb.start()\na.join()\nb.join()\n"
        )
    };
    for items in ["(1, 2)", "(1, 2, 3)"] {
        let finding = finding(&consumer(items), Version::V3_12);
        assert_eq!(finding.kind, Kind::Deadlocks, "{items}: {finding:?}");
    }
}

#[test]
fn a_daemon_that_waits_is_named_where_the_main_thread_waits_for_it() {
    let worker = "q = queue.Queue()\ndef work():\n    while True: q.get()\nt = threading.Thread(target=work, daemon=True)\nt.start()\nq.put(1)\n";
    for (last, waits) in
        [("q.join()", "main waits for what never comes"), ("t.join()", "thread 1 waits for what never comes")]
    {
        let finding = finding(&format!("{worker}{last}\n"), Version::V3_12);
        assert!(finding.reason.starts_with(waits), "{last}: {}", finding.reason);
    }
}

#[test]
fn a_daemon_that_prints_for_ever_can_run_into_the_lines_of_others() {
    let text = "def tick():\n    while True:\n        print('tick')\n        time.sleep(0.1)\nt = threading.Thread(target=tick, daemon=True)\nt.start()\nprint('main')\n";
    let reason = finding(text, Version::V3_12).reason;
    assert!(reason.contains("lines may come in another order, or run into one another"), "{reason}");
}

#[test]
fn what_a_thread_has_in_a_local_is_gone_with_it() {
    let tx = "state = threading.local()\nlock = threading.Lock()\ntotal = 0\ndef tx(n):\n    global total\n    with lock:\n        state.seen = total\n        total += n\n\
              ts = [threading.Thread(target=tx, args=(n,)) for n in (1, 10)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(total, hasattr(state, 'seen'))\n";
    let finding = finding(tx, Version::V3_9);
    assert_eq!(
        (finding.kind, &finding.expected[..]),
        (Kind::Exact, &[vec!["11 False".to_owned()]][..]),
        "{}",
        finding.reason
    );
}

#[test]
fn what_is_lost_is_named_and_not_what_is_counted_beside_it() {
    let text = "n = tries = 0\nlock = threading.Lock()\ndef work():\n    global n, tries\n    for _ in range(10000):\n        tries += 1\n        with lock:\n            v = n\n        \
                v += 1\n        with lock:\n            n = v\nts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(n, tries)\n";
    let reason = finding(text, Version::V3_13).reason;
    assert!(reason.starts_with("n is read in line 9, changed by another thread in line 12"), "{reason}");
}

#[test]
fn a_queue_differs_by_what_is_not_done_yet() {
    let text = "q = queue.Queue()\nflag = False\ndef put():\n    global flag\n    flag = True\ndef work():\n    a = flag\n    b = flag\n    if a == b:\n        q.put(1)\n\
                ts = [threading.Thread(target=f) for f in (put, work)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nwhile not q.empty(): q.get()\nprint('done')\n";
    let finding = finding(text, Version::V3_9);
    assert_eq!(finding.ends, ["done", "q.unfinished_tasks is 0"], "{finding:?}");
}

#[test]
fn a_lambda_keeps_the_variable_of_its_comprehension() {
    let text = "def main():\n    i = 7\n    fs = [lambda: i for i in range(3)]\n    print([f() for f in fs], i)\nmain()\ngs = [lambda: k for k in (4, 5)]\nprint([g() for g in gs])\n";
    for version in [Version::V3_11, Version::V3_12, Version::V3_14] {
        assert_eq!(finding(text, version).expected, [["[2, 2, 2] 7", "[5, 5]"]], "{version}");
    }
}

#[test]
fn a_print_within_an_expression_is_no_python_2() {
    let kind = |text: &str| check(text, &[Version::V2_7], 2, &Control::default()).unwrap().findings[0].kind;
    for text in [
        "f = lambda: print('x')",
        "[print(i) for i in (1, 2)]",
        "log = print",
        "n = 1\nn > 1 and print('x')",
        "def f(): return print(1)",
    ] {
        assert_eq!(kind(text), Kind::NotPython, "{text}");
        assert_eq!(kind(&format!("from __future__ import print_function\n{text}\n")), Kind::Exact, "{text}");
    }
    for text in ["print('x')", "print('a', 1)", "if True: print((1, 2))", "for i in (1, 2): print(i)"] {
        assert_eq!(kind(text), Kind::Exact, "{text}");
    }
}

#[test]
fn what_a_daemon_does_once_the_program_is_over_is_no_loss() {
    let appends = "out = []\ndef work():\n    out.append(1)\nthreading.Thread(target=work, daemon=True).start()\nprint(len(out))\n";
    let waits = "ready = False\nc = threading.Condition()\ndef work():\n    with c:\n        while not ready: c.wait()\n        print('go')\n\
                 threading.Thread(target=work, daemon=True).start()\nwith c:\n    ready = True\n    c.notify()\n";
    for text in [appends, waits] {
        for version in [Version::V3_9, Version::V3_12] {
            let finding = finding(text, version);
            assert_eq!(finding.kind, Kind::Exact, "{version}: {text}: {finding:?}");
            assert_eq!(finding.expected.len(), 2, "{version}: {text}: {finding:?}");
        }
    }
    // What one does to another is, though the program is over before the sum could be read.
    let adds = "x = 0\ndef work():\n    global x\n    for k in range(2): x += 1\nfor _ in range(2): threading.Thread(target=work, daemon=True).start()\n\
                time.sleep(1)\nprint(x)\n";
    let finding = finding(adds, Version::V3_9);
    assert_eq!(finding.kind, Kind::Loses, "{finding:?}");
    assert!(
        finding
            .reason
            .starts_with("x is read in line 5, changed by another thread in line 5, and written in line 5"),
        "{finding:?}"
    );
}

#[test]
fn a_daemon_that_is_started_last_may_print() {
    let text = "def work(): print('w')\nthreading.Thread(target=work, daemon=True).start()\n";
    let finding = finding(text, Version::V3_12);
    assert_eq!(finding.expected, [Vec::<String>::new(), vec!["w".to_owned()]], "{finding:?}");
}

#[test]
fn what_an_object_is_given_as_it_is_made_changes_no_other_one() {
    let sell = |escape: &str| {
        format!(
            "tickets = 3\nlock = threading.Lock()\nclass Seller(threading.Thread):\n    def __init__(self, delay):\n        super().__init__()\n        {escape}self.delay = delay\n    \
             def run(self):\n        global tickets\n        delay = self.delay\n        while True:\n            time.sleep(delay)\n            with lock:\n                if tickets == 0: break\n                \
             tickets -= 1\ndef main():\n    sellers = []\n    for _ in range(2):\n        s = Seller(0.01)\n        s.start()\n        sellers.append(s)\n    for s in sellers: s.join()\nmain()\n"
        )
    };
    let finding_of = |escape| finding(&sell(escape), Version::V3_9);
    let plain = finding_of("");
    assert_eq!(plain.kind, Kind::Exact, "{plain:?}");
    // One that others can come to is given it too late.
    let escaped = finding_of("threading.Thread(target=self.run).start(); ");
    assert!(escaped.reason.contains("some orders raise AttributeError"), "{escaped:?}");
}

/// An end that takes more rounds of one thread than the orders have is held against orders with as many.
#[test]
fn who_goes_round_more_often_than_others_loses_nothing() {
    let text = "jobs = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']\nlock = threading.Lock()\ndef work(name):\n    while True:\n        with lock:\n            \
                if not jobs: break\n            print(name, jobs.pop(0))\nts = [threading.Thread(target=work, args=(n,)) for n in ('ann', 'bob')]\n\
                for t in ts: t.start()\nfor t in ts: t.join()\n";
    let right = finding(text, Version::V3_12);
    assert_eq!(right.kind, Kind::Exact, "{}", right.reason);
    let wrong = finding(
        &text.replace(
            "        with lock:\n            if not jobs: break\n            print(",
            "        if not jobs: break\n        with lock:\n            print(",
        ),
        Version::V3_12,
    );
    assert!(wrong.kind == Kind::Raises && wrong.reason.contains("jobs"), "{}", wrong.reason);
}

#[test]
fn an_exception_more_is_raised_not_printed() {
    let text = "sem = threading.BoundedSemaphore(1)\ndef work():\n    sem.acquire()\n    sem.release()\n    sem.release()\n\
                ts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint('end')\n";
    let finding = finding(text, Version::V3_9);
    assert!(finding.reason.starts_with("what is raised can be another"), "{}", finding.reason);
}

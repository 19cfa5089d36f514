//! How a process begins: forked up to 3.13, by a fork server from 3.14 on.

use super::super::{Finding, Kind, check};
use crate::python::version::{StartMethod, Version};
use crate::system::control::Control;

/// What the versions make of a file whose main process starts one, by how they start it.
fn checked(file: &str, target: &str) -> Vec<(StartMethod, Finding)> {
    let text = format!(
        "from multiprocessing import Process, Queue, Value, Lock\n{file}\nif __name__ == '__main__':\n    v = Value('i', 0)\n    \
         q = Queue()\n    p = Process(target={target})\n    p.start()\n    p.join()\n    print(v.value)\n"
    );
    let checked = check(&text, &Version::ALL, 2, &Control::default()).unwrap();
    checked.findings.into_iter().map(|finding| (finding.version.facts().start_method, finding)).collect()
}

#[test]
fn what_a_process_is_handed_and_what_an_import_makes_is_the_same_after_a_fork_and_by_a_server() {
    for (file, target, prints) in [
        ("def work(v):\n    v.value += N\nN = 3", "work, args=(v,)", "3"),
        ("def work(v, q):\n    q.put(1)\n    v.value = q.get()", "work, kwargs={'v': v, 'q': q}", "1"),
        ("n = 0\ndef work():\n    global n\n    n += 1", "work", "0"),
        (
            "class A:\n    def __init__(self): self.n = 2\n    def add(self, v): v.value += self.n + one()\ndef one(): return 1\na = A()",
            "a.add, args=(v,)",
            "3",
        ),
        ("class A: pass\ndef work(a, v):\n    if isinstance(a, A): v.value = 7", "work, args=(A(), v)", "7"),
        (
            "import threading\nl = [threading.Lock()]\ndef work(v):\n    with l[0]: v.value = 2",
            "work, args=(v,)",
            "2",
        ),
        (
            "def work(v):\n    if __name__ == '__main__' or __name__ == '__mp_main__': v.value = 1",
            "work, args=(v,)",
            "1",
        ),
    ] {
        for (start, finding) in checked(file, target) {
            let ends = (finding.kind, &finding.prints, finding.is_by_fork_server());
            let by_server = start == StartMethod::ForkServer;
            assert_eq!(
                ends,
                (Kind::Exact, &vec![vec![prints.to_owned()]], by_server),
                "{}: {file}: {}",
                finding.version,
                finding.reason
            );
        }
    }
}

#[test]
fn what_is_otherwise_in_a_fork_server_is_incomplete_there_with_its_line() {
    for (file, target, what, line) in [
        ("def work():\n    v.value += 1", "work", "v in a process that a fork server starts", 3),
        (
            "x = 0\ndef work():\n    print(x)\nif __name__ == '__main__': x = 5",
            "work",
            "x in a process that a fork server",
            4,
        ),
        (
            "found = []\nl = [Lock()]\ndef work():\n    with l[0]: pass",
            "work",
            "imports the file anew: pass l as an argument",
            5,
        ),
        (
            "import threading\ndef work():\n    with l: pass\nif __name__ == '__main__': l = threading.Lock()",
            "work",
            "imports the file anew: a lock or queue of threads cannot be handed over",
            4,
        ),
        (
            "class A: pass\nif __name__ == '__main__':\n    def work(): pass",
            "work",
            "a function that is no global of the file",
            9,
        ),
        (
            "def work(): pass\nr = Process(target=work)\nr.start()",
            "work",
            "started while a fork server imports the file",
            4,
        ),
        ("print('hello')\ndef work(): pass", "work", "a file that prints", 8),
    ] {
        for (start, finding) in checked(file, target) {
            if start == StartMethod::Fork {
                assert_ne!(finding.kind, Kind::Incomplete, "{}: {file}: {}", finding.version, finding.reason);
                continue;
            }
            let not_covered = finding.not_covered.unwrap_or_else(|| panic!("{file}: {:?}", finding.kind));
            assert_eq!(
                (finding.kind, not_covered.line),
                (Kind::Incomplete, Some(line)),
                "{file}: {not_covered}"
            );
            assert!(not_covered.what.contains(what), "{file}: {not_covered}");
        }
    }
}

#[test]
fn the_main_process_waits_for_what_a_fork_server_has_started() {
    let text = "from multiprocessing import Process, Lock\ndef work(lock):\n    with lock: print('hello')\nif __name__ == '__main__':\n    \
                Process(target=work, args=(Lock(),)).start()\n";
    for finding in check(text, &Version::ALL, 2, &Control::default()).unwrap().findings {
        let by_server = finding.version.facts().start_method == StartMethod::ForkServer;
        assert_eq!(finding.kind == Kind::Incomplete, by_server, "{}: {}", finding.version, finding.reason);
    }
}

#[test]
fn threads_of_one_process_share_its_gil_beside_another_one() {
    let program = |process: &str, main: &str| {
        format!(
            "from multiprocessing import Process, Value\nfrom threading import Thread\nn = 0\n{process}\ndef work():\n    global n\n    \
             for _ in range(100): n += 1\ndef run():\n    ts = [Thread(target=work) for _ in range(2)]\n    for t in ts: t.start()\n    \
             for t in ts: t.join()\n    print(n)\nif __name__ == '__main__':\n    {main}\n"
        )
    };
    let before = program("def other(): pass", "p = Process(target=other); p.start(); p.join(); run()");
    let beside = program("def other(): pass", "p = Process(target=other); p.start(); run(); p.join()");
    let within = program("def other(): run()", "p = Process(target=other); p.start(); p.join()");
    let versions = [Version::V3_9, Version::V3_13, Version::V3_13t, Version::V3_15];
    for text in [before, beside, within] {
        let kinds: Vec<Kind> = check(&text, &versions, 2, &Control::default())
            .unwrap()
            .findings
            .iter()
            .map(|finding| finding.kind)
            .collect();
        assert_eq!(kinds, [Kind::Loses, Kind::Exact, Kind::Loses, Kind::Exact], "{text}");
    }
    // Two processes lose what a thread of each does, wherever they are, and with a lock for the threads of each one.
    let shared = "from multiprocessing import Process, Value\ndef work(v):\n    for _ in range(100): v.value += 1\nif __name__ == '__main__':\n    \
                  v = Value('i', 0)\n    ps = [Process(target=work, args=(v,)) for _ in range(2)]\n    for p in ps: p.start()\n    for p in ps: p.join()\n    print(v.value)\n";
    for finding in check(shared, &versions, 2, &Control::default()).unwrap().findings {
        assert_eq!(finding.kind, Kind::Loses, "{}", finding.version);
        assert!(finding.collision.unwrap().processes);
    }
}

/// Real ones of 3.10 to 3.15 lose in all but few runs of 100,000 iterations.
#[test]
fn the_value_of_a_value_is_read_and_written_by_calls_between_which_threads_come_in() {
    for (update, kind) in [("v.value += 1", Kind::Loses), ("with v.get_lock(): v.value += 1", Kind::Exact)] {
        let text = format!(
            "from multiprocessing import Value\nfrom threading import Thread\nv = Value('i', 0)\ndef work():\n    for _ in range(1000):\n        \
             {update}\nts = [Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(v.value)\n"
        );
        for finding in check(&text, &Version::ALL, 2, &Control::default()).unwrap().findings {
            assert_eq!(finding.kind, kind, "{}: {update}", finding.version);
        }
    }
    // Who has the lock of a value keeps others from it.
    let text = "from multiprocessing import Value\nfrom threading import Thread\nv = Value('i', 0)\ndef add():\n    with v.get_lock():\n        v.value += 1\n\
                def reset():\n    v.value = 5\nts = [Thread(target=add), Thread(target=reset)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(v.value)\n";
    for finding in check(text, &[Version::V3_9, Version::V3_13], 2, &Control::default()).unwrap().findings {
        assert_eq!((finding.kind, finding.prints.len()), (Kind::Exact, 2), "{}", finding.version);
    }
    let crossed = "from multiprocessing import Value\nfrom threading import Lock, Thread\nv = Value('i', 0)\nL = Lock()\ndef one():\n    with v.get_lock():\n        \
                   with L: v.value += 1\ndef other():\n    with L: v.value += 1\nts = [Thread(target=one), Thread(target=other)]\nfor t in ts: t.start()\n\
                   for t in ts: t.join()\n";
    for finding in check(crossed, &[Version::V3_9, Version::V3_13], 2, &Control::default()).unwrap().findings
    {
        assert_eq!(finding.kind, Kind::Deadlocks, "{}", finding.version);
    }
}

/// What is made for processes is one for all of them; of the rest each has its own, as it was when the process was forked.
#[test]
fn a_process_has_a_copy_of_a_lock_for_threads() {
    let program = |module: &str| {
        format!(
            "from multiprocessing import Process, Value\nfrom {module} import Lock\nlock = Lock()\nv = Value('i', 0)\ndef work():\n    for _ in range(100):\n        \
             with lock: v.value += 1\nif __name__ == '__main__':\n    ps = [Process(target=work) for _ in range(2)]\n    for p in ps: p.start()\n    \
             for p in ps: p.join()\n    print(v.value)\n"
        )
    };
    for (module, kind) in [("threading", Kind::Loses), ("multiprocessing", Kind::Exact)] {
        let checked =
            check(&program(module), &[Version::V3_9, Version::V3_13], 2, &Control::default()).unwrap();
        for finding in checked.findings {
            assert_eq!(finding.kind, kind, "{} {module}", finding.version);
        }
    }
    let forked = "from multiprocessing import Process\nimport threading\nlock = threading.Lock()\ndef hold():\n    with lock: int('1')\ndef child():\n    \
                  with lock: pass\nif __name__ == '__main__':\n    t = threading.Thread(target=hold)\n    t.start()\n    p = Process(target=child)\n    \
                  p.start()\n    p.join()\n    t.join()\n";
    for finding in check(forked, &[Version::V3_9, Version::V3_13], 2, &Control::default()).unwrap().findings {
        assert_eq!(finding.kind, Kind::Deadlocks, "{}", finding.version);
    }
}

/// What CPython does there depends on more than the model has.
#[test]
fn what_is_put_for_another_process_comes_a_moment_later() {
    for (call, what) in [
        ("q.get_nowait()", "get_nowait() of a multiprocessing.Queue"),
        ("q.get(False)", "get(False) of a multiprocessing.Queue"),
        ("q.empty()", "empty() of a multiprocessing.Queue"),
        ("Value('i', 0, lock=False)", "a Value with a lock that is given to it"),
        ("q.put(Value('i', 0))", "such an object put on a multiprocessing.Queue"),
        ("Value('i', 0).value = 1 << 31", "a number of more than 32 bits in a Value"),
        ("r.acquire()", "an RLock that a thread has kept which has ended"),
    ] {
        let text = format!(
            "from multiprocessing import Queue, Value\nimport threading\nq = Queue()\nr = threading.RLock()\ndef keep(): r.acquire()\nt = threading.Thread(target=keep)\nt.start()\n\
             t.join()\nq.put(1)\n{call}\n"
        );
        let refused = check(&text, &[Version::V3_9], 2, &Control::default()).unwrap_err().to_string();
        assert!(refused.contains(what), "{call}: {refused}");
    }
}

#[test]
fn what_goes_through_a_queue_of_processes_is_another_object() {
    for (module, prints) in [("multiprocessing", "[1]"), ("queue", "[1, 2]")] {
        let text = format!(
            "from {module} import Queue\nq = Queue()\none = [1]\nq.put(one)\nother = q.get()\nother.append(2)\nprint(one)\n"
        );
        let checked = check(&text, &[Version::V3_9, Version::V3_14], 2, &Control::default()).unwrap();
        for finding in checked.findings {
            assert_eq!(finding.prints, [[prints.to_owned()]], "{}: {module}", finding.version);
        }
    }
    let lock = "from multiprocessing import Lock\nL = Lock()\ntry:\n    L.release()\nexcept ValueError:\n    print('free')\n";
    for finding in check(lock, &[Version::V2_7, Version::V3_14], 2, &Control::default()).unwrap().findings {
        assert_eq!(finding.prints, [["free"]], "{}", finding.version);
    }
}

#[test]
fn what_processes_put_that_have_ended_is_there() {
    let text = "from multiprocessing import Process, Queue\ndef work(q): q.put(1)\nif __name__ == '__main__':\n    q = Queue()\n    \
                ps = [Process(target=work, args=(q,)) for _ in range(2)]\n    for p in ps: p.start()\n    for p in ps: p.join()\n    \
                total = 0\n    while not q.empty(): total += q.get()\n    print(total)\n";
    for finding in check(text, &[Version::V3_9, Version::V3_14], 2, &Control::default()).unwrap().findings {
        assert_eq!(
            (finding.kind, finding.prints),
            (Kind::Exact, vec![vec!["2".to_owned()]]),
            "{}",
            finding.version
        );
    }
}

/// A process that has put more than a pipe holds does not end before it is taken.
#[test]
fn a_process_that_is_joined_before_its_queue_is_taken_from_is_said_to_rest_on_the_pipe() {
    let text = |end: &str| {
        format!(
            "import multiprocessing\ndef work(q):\n    q.put(list(range(20000)))\nif __name__ == '__main__':\n    q = multiprocessing.Queue()\n    \
             p = multiprocessing.Process(target=work, args=(q,))\n    p.start()\n{end}"
        )
    };
    for (end, pipes) in [
        ("    p.join()\n    print(len(q.get()))\n", true),
        ("    n = len(q.get())\n    p.join()\n    print(n)\n", false),
    ] {
        let checked = check(&text(end), &[Version::V3_12], 2, &Control::default()).unwrap();
        let finding = &checked.findings[0];
        assert_eq!((finding.kind, finding.pipes), (Kind::Exact, pipes), "{end}: {finding:?}");
    }
}

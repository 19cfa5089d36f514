//! What is said to have made the difference.

use super::*;
use crate::python::check::Collision;

#[test]
fn a_reason_is_of_what_made_the_difference() {
    // Each thread has an element of its own; what is tested too early is the balance.
    let bank = "import threading\nlock = threading.Lock()\nbalance = 60\ngot = [0, 0]\ndef take(i):\n    global balance\n    for _ in range(2):\n        \
                if balance >= 20:\n            with lock:\n                balance -= 20\n            got[i] += 20\n\
                a = threading.Thread(target=take, args=(0,))\nb = threading.Thread(target=take, args=(1,))\na.start()\nb.start()\na.join()\nb.join()\n\
                assert balance >= 0, balance\n";
    for finding in check(bank, &[Version::V3_9], 2, &Control::default()).unwrap().findings {
        assert_eq!(finding.collision.as_ref().map(|it| &*it.name), Some("balance"), "{}", finding.reason);
    }
    // Those that wait do not wait for each other.
    let left = "import threading\nlock = threading.Lock()\ndef work(x):\n    lock.acquire()\n    1 // x\n    lock.release()\n\
                ts = [threading.Thread(target=work, args=(x,)) for x in (1, 0, 2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n";
    for finding in check(left, &[Version::V3_9], 2, &Control::default()).unwrap().findings {
        assert!(
            finding.reason.contains("wait for a lock that thread 2 has not released"),
            "{}",
            finding.reason
        );
    }
    // A dict of 2.7 does not show what was put in first.
    let order = "import threading\nd = {}\ndef put(k):\n    d[k] = d.get(k, 0) + 1\n    d['n'] = k\na = threading.Thread(target=put, args=('a',))\n\
                 b = threading.Thread(target=put, args=('b',))\na.start()\nb.start()\na.join()\nb.join()\ndel d['n']\nprint(d)\n";
    let kinds: Vec<Kind> = verdicts(order).into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds[0], Kind::Exact, "2.7");
}

/// A program of functions, of which each is a thread, and a last line.
fn program(setup: &str, functions: &str, targets: &[&str], last: &str) -> String {
    let threads: Vec<String> =
        targets.iter().map(|target| format!("threading.Thread(target={target})")).collect();
    let threads = threads.join(", ");
    format!(
        "import threading\n{setup}\n{functions}\nts = [{threads}]\nfor t in ts: t.start()\nfor t in ts: t.join()\n{last}\n"
    )
}

fn reason(text: &str, version: Version) -> String {
    check(text, &[version], 2, &Control::default()).unwrap().findings[0].reason.clone()
}

#[test]
fn what_a_thread_had_written_may_be_another_one_s_when_it_reads_it() {
    let ids = program(
        "last = 0\nids = []",
        "def new():\n    global last\n    last += 1\n    return last\ndef work():\n    ids.append(new())",
        &["work", "work"],
        "assert len(set(ids)) == 2",
    );
    let told = reason(&ids, Version::V3_9);
    assert!(
        told.starts_with(
            "last is written in line 6, changed by another thread in line 6, and then read in line 7"
        ),
        "{told}"
    );
    let cache = program(
        "cache = {}",
        "def get():\n    cache[1] = 5\n    print(cache[1])\ndef evict():\n    cache.pop(1, None)",
        &["get", "evict"],
        "",
    );
    let told = reason(&cache, Version::V3_9);
    assert!(
        told.starts_with(
            "cache is written in line 4, changed by another thread in line 7, and then read in line 5"
        ),
        "{told}"
    );
}

#[test]
fn a_lock_is_the_reason_where_it_is_found_taken_or_is_let_go_by_another() {
    let skips = program(
        "lock = threading.Lock()\ndone = skipped = 0",
        "def work():\n    global done, skipped\n    if lock.acquire(False):\n        done += 1\n        lock.release()\n    else:\n        skipped += 1",
        &["work", "work"],
        "assert done == 2",
    );
    let told = reason(&skips, Version::V3_13);
    assert!(
        told.starts_with(
            "lock is taken in line 6, found taken by another thread in line 6, and released in line 8"
        ),
        "{told}"
    );
    let twice = program(
        "lock = threading.Lock()\nn = 0",
        "def work():\n    global n\n    lock.acquire(False)\n    n += 1\n    lock.release()",
        &["work", "work"],
        "print(n)",
    );
    let told = reason(&twice, Version::V3_13);
    assert!(
        told.starts_with(
            "lock is taken in line 6, released by another thread in line 8, and found free in line 8"
        ),
        "{told}"
    );
}

#[test]
fn what_was_used_closest_to_the_interruption_is_named() {
    // Its length is asked for, and then another thread takes the same element out; `data` only follows.
    let lru = program(
        "order = [1, 2]\ndata = {1: 1, 2: 2}\nlock = threading.Lock()",
        "def put():\n    with lock:\n        data[3] = 3\n    if len(order) > 1:\n        old = order.pop(0)\n        del data[old]",
        &["put", "put"],
        "print(len(order), len(data))",
    );
    let told = reason(&lru, Version::V3_13);
    assert!(
        told.starts_with("order is read in line 8, changed by another thread in line 9, and written"),
        "{told}"
    );
    let half = program(
        "a, b = 10, 0",
        "def move():\n    global a, b\n    a = 0\n    b = 10\ndef look():\n    print(a + b)",
        &["move", "look"],
        "",
    );
    let told = reason(&half, Version::V3_9);
    assert!(
        told.starts_with(
            "a is written in line 5 and then read by another thread in line 8, before line 6 is run"
        ),
        "{told}"
    );
}

#[test]
fn no_switch_of_a_schedule_can_be_left_out() {
    let text = include_str!("../../../../tests/programs/race.py");
    let finding = &check(text, &[Version::V3_9], 2, &Control::default()).unwrap().findings[0];
    let threads: Vec<u8> = finding.turns.iter().map(|turn| turn.thread).collect();
    // The main thread starts both and waits; one is interrupted once, and the other runs to its end meanwhile.
    assert_eq!(threads.len(), 5, "{threads:?}");
    assert_eq!((threads[0], threads[4], threads[1]), (0, 0, threads[3]), "{threads:?}");
    assert_ne!(threads[1], threads[2], "{threads:?}");
}

#[test]
fn what_each_thread_has_for_itself_is_no_reason() {
    let slots = program(
        "parts = [0, 0]\ntotal = 0",
        "def work(i):\n    global total\n    parts[i] = 5\n    total = total + parts[i]",
        &["work, args=(0,)", "work, args=(1,)"],
        "print(total)",
    );
    let told = reason(&slots, Version::V3_9);
    assert!(told.starts_with("total is read in line 7, changed by another thread in line 7"), "{told}");
    let objects = program(
        "class Box: pass\nboxes = [Box() for _ in range(2)]\ntotal = 0",
        "def work(i):\n    global total\n    boxes[i].n = 5\n    total = total + boxes[i].n",
        &["work, args=(0,)", "work, args=(1,)"],
        "print(total)",
    );
    let told = reason(&objects, Version::V3_9);
    assert!(told.starts_with("total is read in line 8, changed by another thread in line 8"), "{told}");
}

#[test]
fn a_lock_at_work_is_no_reason() {
    let tokens = program(
        "lock = threading.Lock()\ntokens = 1",
        "def take():\n    global tokens\n    if tokens > 0:\n        with lock:\n            tokens -= 1",
        &["take", "take"],
        "print(tokens)",
    );
    // There the thread that is interrupted holds the lock, and the other, which has read before, waits for it.
    let told = reason(&tokens, Version::V3_14);
    assert!(
        told.starts_with("tokens is read in line 6, changed by another thread in line 8, and written"),
        "{told}"
    );
}

#[test]
fn a_daemon_that_the_end_cuts_short_is_interrupted_too() {
    let early = "import queue, threading\nq = queue.Queue()\nresults = []\ndef worker():\n    while True:\n        n = q.get()\n        q.task_done()\n        \
                 results.append(n)\nthreading.Thread(target=worker, daemon=True).start()\nfor n in range(2):\n    q.put(n)\nq.join()\nprint(len(results))\n";
    let findings = check(early, &[Version::V3_12], 2, &Control::default()).unwrap().findings;
    assert_eq!(
        findings[0].reason,
        "results is read by another thread in line 13, after line 7 and before it is written in line 8"
    );
    // The main thread is not interrupted: it goes on to where it waits by itself.
    let lines: Vec<(usize, u32)> = findings[0].schedule.iter().map(|line| (line.thread, line.line)).collect();
    let begins = lines.iter().position(|&(thread, _)| thread == 1).unwrap();
    assert_eq!(lines[begins - 1], (0, 12), "{lines:?}");
    let right =
        early.replace("q.task_done()\n        results.append(n)", "results.append(n)\n        q.task_done()");
    assert_eq!(
        check(&right, &[Version::V3_12], 2, &Control::default()).unwrap().findings[0].kind,
        Kind::Exact
    );
}

#[test]
fn what_a_thread_raises_at_comes_before_what_it_has_read_by_then() {
    let config = program(
        "ready = threading.Event()\nconfig = {}",
        "def load():\n    config['host'] = 1\n    ready.set()\n    config['port'] = 2\ndef use():\n    ready.wait()\n    print(config['host'])\n    \
         print(config['port'])",
        &["use", "load"],
        "",
    );
    assert_eq!(
        reason(&config, Version::V3_13),
        "config is read by another thread in line 11, after line 6 and before it is written in line 7"
    );
}

#[test]
fn who_waits_for_a_lock_between_a_check_and_what_follows_is_said_to() {
    let cache = program(
        "lock = threading.Lock()\ncache = {}\ncalls = 0",
        "def get(k):\n    global calls\n    if k in cache:\n        return cache[k]\n    with lock:\n        calls += 1\n        cache[k] = calls",
        &["get, args=(1,)", "get, args=(1,)"],
        "print(calls)",
    );
    let collision = |version| {
        let finding = check(&cache, &[version], 2, &Control::default()).unwrap().findings.remove(0);
        finding.collision.unwrap()
    };
    for version in [Version::V2_7, Version::V3_9] {
        let Collision { waits, drop_point, before, .. } = collision(version);
        assert_eq!(before.map(|(_, line)| line), Some(7));
        let line = drop_point.rsplit(' ').next().unwrap().parse::<u32>().unwrap();
        assert!((6..=9).contains(&line), "{drop_point}");
        assert_eq!(waits, drop_point == "waiting for a lock in line 9", "{drop_point}");
    }
}

#[test]
fn a_function_that_a_pool_s_thread_runs_again_is_shown_again() {
    let jobs = "from concurrent.futures import ThreadPoolExecutor\ntotal = 0\ndef add(n):\n    global total\n    total = total + n\n\
                with ThreadPoolExecutor(max_workers=2) as pool:\n    for n in (1, 2, 4, 8):\n        pool.submit(add, n)\nprint(total)\n";
    for version in [Version::V3_9, Version::V3_13t] {
        let findings = check(jobs, &[version], 2, &Control::default()).unwrap().findings;
        let begun = findings[0].schedule.iter().filter(|line| line.line == 5 && !line.continues);
        assert_eq!(begun.count(), 4, "{version}: {:?}", findings[0].schedule);
    }
}

#[test]
fn what_a_joined_thread_has_done_is_no_reason() {
    let crossed = "import threading\na, b = threading.Lock(), threading.Lock()\ngot = []\ndef f(x, y, name):\n    with x:\n        if y.acquire(timeout=1):\n            \
                   got.append(name)\n            y.release()\n        else:\n            got.append(name + ' gave up')\n\
                   ts = [threading.Thread(target=f, args=a) for a in ((a, b, 'one'), (b, a, 'two'))]\n\
                   ts[0].start(); ts[1].start(); ts[0].join(); ts[1].join()\nprint(sorted(got))\n";
    let told = reason(crossed, Version::V3_9);
    assert!(told.contains("is taken in line 5") && !told.contains("got"), "{told}");
}

#[test]
fn a_variable_of_a_function_has_its_name() {
    let named = |text: &str| {
        let finding = check(text, &[Version::V3_9], 2, &Control::default()).unwrap().findings.remove(0);
        (finding.collision.map(|it| it.name), finding.reason)
    };
    // The other variable that is shared is never in the way.
    let local = "import threading\ndef main():\n    step = 1\n    total = 0\n    def add():\n        nonlocal total\n        for i in range(3):\n            \
                 total += step\n    ts = [threading.Thread(target=add) for _ in range(2)]\n    for t in ts: t.start()\n    for t in ts: t.join()\n    \
                 print(total)\nmain()\n";
    let (name, reason) = named(local);
    assert_eq!(name.as_deref(), Some("total"), "{reason}");
    assert!(reason.starts_with("total is read in line 8"), "{reason}");
    let counter = "import threading\ndef make():\n    n = 0\n    def inc():\n        nonlocal n\n        n += 1\n    return inc\ninc = make()\n\
                   ts = [threading.Thread(target=inc) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n";
    assert_eq!(named(counter).0.as_deref(), Some("n"), "{}", named(counter).1);
}

/// Where every thread goes on by what is so, it is what one is in the midst of that others read.
#[test]
fn what_was_read_before_is_no_reason_where_it_is_not_gone_on_by() {
    let text = "import threading, time\ninside = 0\npeak = 0\ndef work():\n    global inside, peak\n    inside += 1\n    peak = max(peak, inside)\n    \
                time.sleep(0.01)\n    inside -= 1\nts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\n\
                for t in ts: t.join()\nprint(peak, inside)\n";
    let finding = &check(text, &[Version::V3_12], 2, &Control::default()).unwrap().findings[0];
    assert!(
        finding.reason.starts_with("inside is written in line 6, changed by another thread"),
        "{}",
        finding.reason
    );
}

/// What each does as a whole is no reason where something else is.
#[test]
fn what_is_checked_and_not_what_is_counted_beside_it_is_the_reason() {
    let reason = |text: &str| {
        check(text, &[Version::V3_12], 2, &Control::default()).unwrap().findings.remove(0).reason
    };
    let memo = |count: &str| {
        format!(
            "import threading\nlock = threading.Lock()\nmemo = {{0: 0, 1: 1}}\ncalls = 0\ndef fib(n):\n    global calls\n{count}    \
             if n not in memo:\n        memo[n] = fib(n - 1) + fib(n - 2)\n    return memo[n]\nts = [threading.Thread(target=fib, args=(2,)) \
             for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(memo[2], calls)\n"
        )
    };
    for count in ["    calls += 1\n", "    with lock:\n        calls += 1\n"] {
        let told = reason(&memo(count));
        assert!(told.starts_with("memo is read in line"), "{told}");
    }
    let cache = "import threading\nlock = threading.Lock()\norder = []\ndata = {}\ndef put(k):\n    with lock:\n        if len(order) >= 1:\n            \
                 del data[order.pop(0)]\n        order.append(k)\n        data[k] = k\ndef get(k):\n    if k in data:\n        with lock:\n            \
                 order.remove(k)\n            order.append(k)\nput(0)\nts = [threading.Thread(target=get, args=(0,)), \
                 threading.Thread(target=put, args=(1,))]\nfor t in ts: t.start()\nfor t in ts: t.join()\n";
    let told = reason(cache);
    assert!(told.starts_with("data is read in line 12"), "{told}");
}

#[test]
fn a_default_that_is_there_already_is_no_change() {
    let text = "import threading\ncache = {}\ndef get(n):\n    if n not in cache:\n        cache[n] = [n]\n    return cache.setdefault(n, None)\n\
                got = []\ndef work():\n    got.append(get(1))\nts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\n\
                for t in ts: t.join()\nprint(got[0] is got[1])\n";
    for finding in check(text, &[Version::V3_9], 2, &Control::default()).unwrap().findings {
        assert!(
            finding.reason.starts_with("cache is read in line 4, changed by another thread in line 5"),
            "{}",
            finding.reason
        );
    }
}

/// What main had set before it started threads, and looks at when they have ended, is as in every order.
#[test]
fn what_is_joined_is_no_reason_even_if_it_was_written_before() {
    let text = "import threading\na = threading.Lock()\nb = threading.Lock()\ndone = 0\ndef one():\n    global done\n    with a:\n        \
                if b.acquire(timeout=1):\n            done += 1\n            b.release()\ndef two():\n    global done\n    with b:\n        \
                if a.acquire(timeout=1):\n            done += 1\n            a.release()\nt = threading.Thread(target=one)\nu = threading.Thread(target=two)\n\
                t.start(); u.start()\nt.join(); u.join()\nprint('done', done)\n";
    let finding = &check(text, &[Version::V3_9], 2, &Control::default()).unwrap().findings[0];
    assert_eq!(finding.kind, Kind::Loses);
    assert!(
        finding.reason.starts_with(['a', 'b']) && finding.reason.contains(" is taken in line"),
        "{}",
        finding.reason
    );
}

/// Not to raise what every order raises is no exception.
#[test]
fn a_schedule_that_raises_less_raises_nothing_else() {
    let text = "import threading\ns = threading.BoundedSemaphore(1)\ndef work():\n    with s:\n        pass\n    s.release()\n\
                ts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n";
    for (version, kind) in verdicts(text) {
        assert_ne!(kind, Kind::Raises, "{version}");
    }
}

/// A generator that is at work for another thread is changed by nobody: who wants its next raises.
#[test]
fn a_generator_that_is_at_work_is_found_so() {
    let text = "import threading\ndef numbers():\n    n = 0\n    while True:\n        yield n\n        n += 1\ngen = numbers()\nseen = []\ndef take():\n    \
                for _ in range(3):\n        seen.append(next(gen))\nts = [threading.Thread(target=take) for _ in range(2)]\nfor t in ts: t.start()\n\
                for t in ts: t.join()\n";
    for version in [Version::V2_7, Version::V3_9, Version::V3_13] {
        let finding = &check(text, &[version], 2, &Control::default()).unwrap().findings[0];
        let reason = &finding.reason;
        assert_eq!(finding.kind, Kind::Raises, "{version}");
        assert!(reason.contains("then found at work by another thread in line 11"), "{version}: {reason}");
        // What is called is not done yet.
        let place = finding.collision.as_ref().map(|collision| collision.drop_point.as_str());
        assert_ne!(place, Some("after CALL_FUNCTION in line 11"), "{version}");
    }
}

#[test]
fn what_takes_away_what_another_one_was_woken_for_is_named_and_not_what_brought_it() {
    for (made, pop) in [("[]", "pop(0)"), ("collections.deque()", "popleft()")] {
        let text = program(
            &format!("import collections\nbuf = {made}\ncond = threading.Condition()"),
            &format!(
                "def produce():\n    for i in range(4):\n        with cond:\n            buf.append(i)\n            cond.notify()\n\
                 def consume():\n    for i in range(2):\n        with cond:\n            if not buf: cond.wait()\n            buf.{pop}"
            ),
            &["consume", "consume", "produce"],
            "",
        );
        let finding = check(&text, &[Version::V3_13], 2, &Control::default()).unwrap().findings.remove(0);
        let pop = u32::try_from(text.lines().position(|line| line.contains(".pop")).unwrap() + 1).unwrap();
        let collision = finding.collision.unwrap();
        assert_eq!((&*collision.name, finding.kind), ("buf", Kind::Raises), "{}", finding.reason);
        assert_eq!(collision.lines()[1..], [pop, pop], "{}", finding.reason);
    }
}

#[test]
fn what_orders_print_is_said_beside_what_only_differs() {
    let text = program(
        "x = 0\nlog = []",
        "def f(n=1):\n    global x\n    x = n\n    log.append(n)\ndef g(): f(2)",
        &["f", "g"],
        "print(x)",
    );
    for version in [Version::V3_9, Version::V3_13] {
        let told = reason(&text, version);
        assert!(told.ends_with("; what is printed depends on which goes first (2 ways)"), "{told}");
    }
    assert!(reason(&text, Version::V3_9).starts_with("only the order of elements"));
}

#[test]
fn who_waits_for_a_lock_of_its_own_is_told_so() {
    let told = |body: &str| {
        reason(
            &program("lock = threading.Lock()", &format!("def work():\n    {body}"), &["work"], ""),
            Version::V3_13,
        )
    };
    assert_eq!(told("with lock:\n        with lock: pass"), "thread 1 waits for a lock that it holds itself");
    assert_eq!(told("lock.acquire(); threading.Event().wait()"), "thread 1 waits for what never comes");
}

#[test]
fn what_leaves_a_container_as_it_was_has_not_changed_it() {
    let of = |what: &str, known: &str, then: &str| {
        format!(
            "import threading\nheld = {what}\nmade = 0\ndef work():\n    global made\n    if {known}:\n        made += int(1)\n        {then}\n    \
             @\nts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(made)\n"
        )
    };
    let dict = of("{}", "1 not in held", "held[1] = 2");
    let list = of("[]", "len(held) < 1", "held.append(1)");
    for (text, last) in [
        (&dict, "held.update({})"),
        (&dict, "held.setdefault(1, 3)"),
        (&list, "held.extend([])"),
        (&list, "held.sort()"),
        (&list, "held.reverse()"),
    ] {
        let told = reason(&text.replace('@', last), Version::V3_9);
        assert!(told.contains("changed by another thread in line 8"), "{last}: {told}");
    }
}

#[test]
fn what_raises_has_not_changed_what_it_was_to_change() {
    for leave in ["del members[first]", "members.pop(first)"] {
        let text = format!(
            "import threading\nmembers, queue = {{}}, []\ndef join(who):\n    if who not in members:\n        queue.append(who)\n        \
             members[who] = True\ndef kick():\n    if queue:\n        first = queue.pop(0)\n        {leave}\n\
             ts = [threading.Thread(target=join, args=('ann',)), threading.Thread(target=kick)]\n\
             for t in ts: t.start()\nfor t in ts: t.join()\nprint(len(members), len(queue))\n"
        );
        let told = reason(&text, Version::V3_13);
        assert!(told.starts_with("members is read by another thread in line 10"), "{leave}: {told}");
    }
}

/// What the orders print, and each exception that some of them raise, is told beside one another.
#[test]
fn who_comes_too_late_is_not_told_for_all() {
    let seat = |late: &str| {
        format!(
            "import threading\nlock = threading.Lock()\nfree = 1\ndone = []\ndef book(name):\n    global free\n    with lock:\n        \
             if free == 0:\n            {late}\n        free -= 1\n        done.append(name)\n\
             ts = [threading.Thread(target=book, args=(c,)) for c in ('ann', 'bob')]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(done)\n"
        )
    };
    let named = reason(&seat("raise RuntimeError('late: ' + name)"), Version::V3_13);
    assert!(
        named.ends_with("(2 ways); every order raises RuntimeError: late: ann or RuntimeError: late: bob"),
        "{named}"
    );
    let alike = reason(&seat("raise RuntimeError('late')"), Version::V3_13);
    assert!(alike.ends_with("; every order raises RuntimeError: late"), "{alike}");
    let other = "raise (RuntimeError if name == 'ann' else KeyError)(name)";
    let other = reason(&seat(other), Version::V3_13);
    assert!(other.ends_with("every order raises KeyError: 'bob' or RuntimeError: ann"), "{other}");
    let some = reason(&seat("1 / (name == 'ann')"), Version::V3_13);
    assert!(some.contains("; some orders raise ZeroDivisionError"), "{some}");
}

#[test]
fn what_an_object_was_made_of_is_read_before_it_is_written() {
    let text = "import threading\ntaken = []\nclass Box(object):\n    def __init__(self, k):\n        self.k = k\nbox = Box(0)\ndef grow():\n    \
                global box\n    for _ in range(3):\n        box = Box(box.k + 1)\ndef take():\n    global box\n    for _ in range(2):\n        \
                t = box\n        if t.k > 0:\n            box = Box(0)\n            taken.append(t.k)\n\
                ts = [threading.Thread(target=f) for f in (grow, take)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(sum(taken) + box.k)\n";
    for version in [Version::V3_9, Version::V3_10, Version::V3_12] {
        let told = reason(text, version);
        assert!(
            told.starts_with(
                "box is read in line 10, changed by another thread in line 16, and written in line 10"
            ),
            "{version}: {told}"
        );
    }
}

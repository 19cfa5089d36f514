//! Programs that may end as no order does though nothing is lost, beside programs that look like them and lose.

use super::*;

const VERSIONS: [Version; 4] = [Version::V3_9, Version::V3_10, Version::V3_13, Version::V3_13t];

fn kinds(setup: &str, body: &str, last: &str) -> Vec<Kind> {
    kinds_with(2, setup, body, last)
}

fn kinds_with(threads: usize, setup: &str, body: &str, last: &str) -> Vec<Kind> {
    let body = body.replace('\n', "\n    ");
    let text = format!(
        "import threading\nlock = threading.Lock()\n{setup}\ndef work():\n    {body}\nts = [threading.Thread(target=work) for _ in range({threads})]\n\
         for t in ts: t.start()\nfor t in ts: t.join()\n{last}\n"
    );
    let findings = check(&text, &VERSIONS, 2, &Control::default()).unwrap().findings;
    findings.into_iter().map(|finding| finding.kind).collect()
}

#[test]
fn what_is_done_under_a_lock_may_end_in_several_right_ways() {
    let enter = "with lock:\n    active += 1\n    if active > peak:\n        peak = active\n";
    let leave = "with lock:\n    active -= 1";
    let peak = kinds("active = peak = 0", &format!("global active, peak\n{enter}{leave}"), "print(active)");
    assert_eq!(peak, [Kind::Differs; 4]);
    // That both have taken a semaphore as well changes nothing.
    let indented = format!("{enter}{leave}").replace('\n', "\n    ");
    let limited = format!("global active, peak\nwith room:\n    {indented}");
    let setup = "room = threading.Semaphore(2)\nactive = peak = 0";
    assert_eq!(kinds(setup, &limited, "print(active)"), [Kind::Differs; 4]);
    let unlocked =
        kinds("active = peak = 0", &format!("global active, peak\n{enter}active -= 1"), "print(active)");
    assert_eq!(unlocked, [Kind::Loses, Kind::Loses, Kind::Loses, Kind::Loses], "what is not under the lock");
}

#[test]
fn who_is_given_which_task_makes_no_difference_to_that() {
    let enter = "with lock:\n    active += 1\n    if active > peak:\n        peak = active\n";
    let setup = "import queue\nq = queue.Queue()\nq.put(1)\nq.put(2)\nactive = peak = n = 0";
    let taken = |body: &str| {
        kinds(setup, &format!("global active, peak, n\nitem = q.get()\n{body}"), "print(active, n)")
    };
    assert_eq!(taken(&format!("{enter}with lock:\n    active -= 1")), [Kind::Differs; 4]);
    assert_eq!(taken("with lock:\n    old = n\nwith lock:\n    n = old + 1"), [Kind::Loses; 4]);
    // What is looked at, and not taken, may be out of date.
    let looked = "global n\nleft = q.qsize()\nwith lock:\n    q.get()\n    n += left";
    assert_eq!(kinds(setup, looked, "print(n)"), [Kind::Loses; 4]);
    let pool = |job: &str| {
        let text = format!(
            "from concurrent.futures import ThreadPoolExecutor\nimport threading\nlock = threading.Lock()\nactive = peak = n = 0\n\
             def job(i):\n    global active, peak, n\n    {}\nwith ThreadPoolExecutor(max_workers=2) as pool:\n    for i in range(2):\n        \
             pool.submit(job, i)\nprint(active, n)\n",
            job.replace('\n', "\n    ")
        );
        let findings = check(&text, &VERSIONS, 2, &Control::default()).unwrap().findings;
        findings.into_iter().map(|finding| finding.kind).collect::<Vec<Kind>>()
    };
    assert_eq!(pool(&format!("{enter}with lock:\n    active -= 1")), [Kind::Differs; 4]);
    assert_eq!(pool("with lock:\n    old = n\nwith lock:\n    n = old + 1"), [Kind::Loses; 4]);
}

#[test]
fn what_is_taken_out_and_put_back_is_its_takers_meanwhile() {
    let used = "print(sum(used), sorted(used))";
    let of_a_queue = "import queue\nfree = queue.Queue()\nfree.put(0)\nfree.put(1)\nused = [0, 0]";
    let in_a_loop = "for i in range(2):\n    k = free.get()\n    used[k] += 1\n    free.put(k)";
    assert_eq!(kinds(of_a_queue, in_a_loop, used), [Kind::Differs; 4]);
    let room = "room = threading.Semaphore(2)\nfree = [0, 1]\nused = [0, 0]";
    let limited = "with room:\n    k = free.pop()\n    used[k] += 1\n    free.append(k)";
    assert_eq!(kinds(room, limited, used), [Kind::Differs; 4]);
    let locked = "for i in range(2):\n    with room:\n        with lock:\n            k = free.pop(0)\n        used[k] += 1\n        with lock:\n            \
                  free.append(k)";
    assert_eq!(kinds(room, locked, used), [Kind::Differs; 4]);
    // Who puts something in and takes something out expects its own.
    let own = "me = threading.current_thread().name\nstack.append(me)\ngot[me] = stack.pop()";
    assert_eq!(kinds("stack = []\ngot = {}", own, "print(sorted(got.items()))"), [Kind::Loses; 4]);
    // What two use at once, and what is copied and not taken.
    let both = "for i in range(2):\n    k = free.get()\n    used[0] = used[0] + int('1')\n    free.put(k)";
    assert_eq!(kinds(of_a_queue, both, used), [Kind::Loses; 4]);
    let copied =
        "with room:\n    k = free[-1] + int('0')\n    free.pop()\n    used[k] += 1\n    free.append(k)";
    assert_eq!(kinds(room, copied, "print(sorted(used), sorted(free))"), [Kind::Loses; 4]);
}

#[test]
fn a_number_that_is_drawn_under_a_lock_is_right_whenever_it_is_kept() {
    let setup = "last = 0\ngot = {}\nseen = []\ndef draw():\n    global last\n    with lock:\n        last += 1\n        return last";
    for (body, last) in [
        (
            "got[threading.current_thread().name] = [draw() for _ in range(2)]",
            "print(last, sorted(sum(got.values(), [])))",
        ),
        (
            "first = draw()\nsecond = draw()\ngot[threading.current_thread().name] = (first, second)",
            "print(last)",
        ),
        ("mine = [draw() for _ in range(2)]\nseen.append(mine[-1])", "print(last, len(seen))"),
        ("got[threading.current_thread().name] = sum(draw() for _ in range(2))", "print(last)"),
    ] {
        assert_eq!(kinds(setup, body, last), [Kind::Differs; 4], "{body}");
    }
    // What is gone on by is not only kept.
    for body in [
        "global last\nmine = draw()\ndraw()\nlast = mine + 1",
        "global last\nmine = draw()\ndraw()\nif mine % 2 == 1:\n    last += 10",
        "first = draw()\ngot['last'] = first\ndraw()\ngot['last'] = first",
    ] {
        assert_eq!(kinds(setup, body, "print(last)"), [Kind::Loses; 4], "{body}");
    }
}

#[test]
fn what_is_decided_under_a_lock_is_decided_and_what_is_told_of_it_may_be_out_of_date() {
    let setup = "left = 3\nsold = {}\ndef buy():\n    global left\n    with lock:\n        if left > 0:\n            left -= 1\n            return 1\n        \
                 return 0\ndef is_left():\n    with lock:\n        return left > 2\ndef take():\n    global left\n    with lock:\n        left -= 1";
    let sale = "sold[threading.current_thread().name] = sum([buy() for _ in range(3)])";
    assert_eq!(kinds(setup, sale, "print(left, sum(sold.values()))"), [Kind::Differs; 4]);
    assert_eq!(kinds(setup, "if is_left():\n    take()", "print(left)"), [Kind::Loses; 4]);
    let kept = "known = is_left()\nif known:\n    take()";
    assert_eq!(kinds(setup, kept, "print(left)"), [Kind::Loses; 4]);
    // What is only looked at is out of date, if others go on.
    let first = "items = [3, 5]\nsold = {}\ndef first():\n    with lock:\n        return items[0]\ndef take():\n    with lock:\n        items.pop(0)";
    let shown = "sold[threading.current_thread().name] = first()\ntake()";
    assert_eq!(kinds(first, shown, "print(len(items))"), [Kind::Loses; 4]);
    // Whether anything is done at all is what it goes on by, be it only to put something beside the rest.
    let setup = "seen = []\nran = {}\ndef has():\n    with lock:\n        return 1 in seen\ndef add():\n    with lock:\n        seen.append(1)";
    for (act, last) in [
        ("add()", "print(len(seen))"),
        ("add()\n    ran[threading.current_thread().name] = 1", "print(len(ran))"),
        ("add()\n    print('registered')", ""),
    ] {
        assert_eq!(kinds(setup, &format!("if not has():\n    {act}"), last), [Kind::Loses; 4], "{act}");
        let known = format!("known = has()\nif not known:\n    {act}");
        assert_eq!(kinds(setup, &known, last), [Kind::Loses; 4], "{act}");
    }
}

#[test]
fn a_loop_in_the_midst_of_an_update_ends_nothing() {
    let body = "global owner, bad\nowner = threading.current_thread().name\nfor i in range(2):\n    seen.append(i)\nif owner != threading.current_thread().name:\n    bad += 1";
    assert_eq!(kinds("owner = bad = 0\nseen = []", body, "print(bad)"), [Kind::Loses; 4]);
}

#[test]
fn a_semaphore_keeps_nobody_out() {
    let body = "global n, peak\nwith room:\n    n += 1\n    if n > peak:\n        peak = n\n    n -= 1";
    let found = kinds_with(3, "room = threading.Semaphore(2)\nn = peak = 0", body, "print(n)");
    // 3.13 has no place to switch in it.
    assert_eq!(found, [Kind::Loses, Kind::Loses, Kind::Exact, Kind::Loses]);
}

#[test]
fn a_lock_that_is_found_taken_loses_nothing() {
    let body = "global done, skipped\nif lock.acquire(False):\n    done += 1\n    lock.release()\nelse:\n    skipped.append(1)";
    assert_eq!(kinds("done = 0\nskipped = []", body, "print(done + len(skipped))"), [Kind::Differs; 4]);
}

#[test]
fn what_is_lost_among_those_that_find_a_lock_taken_is_not_hidden_by_that() {
    let body = "global done, skipped\nif lock.acquire(False):\n    done += 1\n    lock.release()\nelse:\n    skipped += 1";
    let found = kinds_with(3, "done = skipped = 0", body, "assert done + skipped == 3");
    let is_fault: Vec<bool> = found.iter().map(|kind| kind.is_fault()).collect();
    assert_eq!(is_fault, [true, false, false, true], "{found:?}");
}

#[test]
fn what_is_an_order_only_differs() {
    let body = "with lock:\n    n = len(seen)\nseen.append(n)";
    let last = "print(len(seen))";
    assert_eq!(kinds("seen = []", body, last), [Kind::Loses; 4], "the number goes by what was");
    assert_eq!(kinds("seen = []", "seen.append('a')\nseen.append('b')", last), [Kind::Differs; 4]);
}

#[test]
fn a_lock_let_go_between_a_check_and_what_follows_from_it_loses() {
    let check = "global left\nwith lock:\n    ok = left > 0\nif ok:\n    with lock:\n        left -= 1";
    assert_eq!(kinds("left = 1", check, ""), [Kind::Loses; 4]);
    let update = "global n\nwith lock:\n    old = n\nwith lock:\n    n = old + 1";
    assert_eq!(kinds("n = 0", update, ""), [Kind::Loses; 4]);
    let own = "global last\nwith lock:\n    last += 1\nwith lock:\n    ids.append(last)";
    assert_eq!(kinds("last = 0\nids = []", own, "print(sorted(ids))"), [Kind::Loses; 4]);
}

#[test]
fn a_loss_is_found_behind_what_only_differs() {
    // The order in `seen` is the first that is another.
    let body = "global n\nseen.append('a')\nseen.append('b')\nold = n\nn = max(old, old + 1)";
    assert_eq!(kinds("n = 0\nseen = []", body, ""), [Kind::Loses; 4]);
}

#[test]
fn objects_in_another_order_are_an_order_only() {
    let body = "box = []\nbox.append(1)\nboxes.append(box)\nboxes.append([2])";
    assert_eq!(kinds("boxes = []", body, "print(len(boxes))"), [Kind::Differs; 4]);
}

#[test]
fn values_of_a_dict_that_change_places_are_no_order() {
    let text = "import threading\nlamp = {'on': 0, 'off': 1}\ndef toggle():\n    for _ in range(100):\n        on = int(lamp['on'])\n        \
                lamp['on'], lamp['off'] = 1 - on, on\nts = [threading.Thread(target=toggle) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n\
                print(lamp)\n";
    for finding in check(text, &[Version::V3_9, Version::V3_13], 2, &Control::default()).unwrap().findings {
        assert_eq!(finding.kind, Kind::Loses, "{}: {}", finding.version, finding.reason);
    }
}

#[test]
fn a_schedule_with_fewer_switches_goes_round_no_more_often_than_its_orders() {
    let text = "import threading\nclass Office:\n    def __init__(self, n):\n        self._left = n\n        self.sold = []\n    @property\n    def left(self):\n        \
                return self._left\n    def sell(self, who):\n        if self.left > 0:\n            self._left -= 1\n            self.sold.append(who)\n            \
                return True\n        return False\noffice = Office(5)\ndef customer(name):\n    got = 0\n    while office.sell(name):\n        got += 1\n    \
                print(name, 'bought', got)\nts = [threading.Thread(target=customer, args=(n,)) for n in ('Eve', 'Max')]\nfor t in ts: t.start()\n\
                for t in ts: t.join()\nprint(office.left, len(office.sold))\n";
    for version in [Version::V3_9, Version::V3_13t] {
        let finding = check(text, &[version], 2, &Control::default()).unwrap().findings.remove(0);
        assert_eq!(finding.kind, Kind::Loses, "{version}: {}", finding.reason);
        assert!(finding.ends.contains(&"0 6".to_owned()), "{version}: {:?}", finding.ends);
    }
}

#[test]
fn who_tests_anew_behind_a_wait_goes_by_what_is_so() {
    let setup = "cond = threading.Condition()\nbusy = False\nwaits = n = 0";
    let work = |before: &str, last: &str| {
        let body = format!(
            "global busy, waits, n\nwith cond:\n    {before}\n    while busy:\n        waits += 1\n        cond.wait()\n    busy = True\n\
             with cond:\n    busy = False\n    {last}\n    cond.notify()"
        );
        kinds(setup, &body, "print(n, waits)")
    };
    assert_eq!(work("pass", "n += 1"), [Kind::Differs; 4]);
    assert_eq!(work("old = n", "n = old + 1"), [Kind::Loses; 4], "what was read before the wait");
    let one = "cond = threading.Condition()\nfree = [0]\nwaits = used = 0";
    let two = "cond = threading.Condition()\nfree = [0, 1]\nwaits = used = 0";
    let pool = |setup: &str, inside: &str| {
        let body = format!(
            "global waits, used\nfor _ in range(2):\n    with cond:\n        while not free:\n            waits += 1\n            cond.wait()\n        \
             k = free.pop()\n    {inside}\n    with cond:\n        free.append(k)\n        cond.notify()"
        );
        kinds(setup, &body, "print(used, len(free), waits)")
    };
    let update = "old = used\n    used = int(str(old)) + 1";
    assert_eq!(pool(one, update), [Kind::Differs; 4], "one at a time has it");
    assert_eq!(pool(two, update), [Kind::Loses; 4], "two at a time have one each");
}

#[test]
fn what_a_thread_has_in_an_object_of_its_own_may_be_out_of_date() {
    let setup = "class Box(object):\n    def __init__(self, k):\n        self.k = k\nbox = Box(0)";
    let apart = "global box\nwith lock:\n    mine = Box(box.k)\nwith lock:\n    box = Box(mine.k + 1)";
    assert_eq!(kinds(setup, apart, "print(box.k)"), [Kind::Loses; 4]);
    let at_once = "global box\nwith lock:\n    box = Box(box.k + 1)";
    assert_eq!(kinds(setup, at_once, "print(box.k)"), [Kind::Exact; 4]);
}

#[test]
fn what_an_object_of_all_counts_is_no_knowledge_of_a_thread() {
    let setup = "class Pool(object):\n    def __init__(self):\n        self.free, self.waits = [0], 0\n        self.cond = threading.Condition()\n    \
                 def get(self):\n        with self.cond:\n            while not self.free:\n                self.waits += 1\n                self.cond.wait()\n            \
                 return self.free.pop()\n    def put(self, k):\n        with self.cond:\n            self.free.append(k)\n            self.cond.notify()\n\
                 pool = Pool()\nused = 0";
    let work = "global used\nfor _ in range(2):\n    k = pool.get()\n    try:\n        old = used\n        used = old + 1\n    finally:\n        pool.put(k)";
    assert_eq!(kinds(setup, work, "print(used, pool.waits)"), [Kind::Differs; 4]);
}

#[test]
fn an_event_that_is_set_behind_its_test_is_a_check_that_is_overtaken() {
    let setup = "over = threading.Event()\nleft = 3";
    let sell = "global left\nfor _ in range(2):\n    if not over.is_set():\n        with lock:\n            left -= 1\n            \
                if left == 0:\n                over.set()";
    assert_eq!(kinds(setup, sell, "print(left)"), [Kind::Loses; 4]);
    let setup = "m = threading.Lock()\ninits = 0";
    let begin = "global inits\nif not m.locked():\n    m.acquire(False)\n    with lock:\n        inits += 1";
    assert_eq!(kinds(setup, begin, "print(inits)"), [Kind::Loses; 4]);
}

#[test]
fn an_end_that_no_variable_tells_alone_is_told_by_several() {
    let program = |work: &str, shown: &str| {
        format!(
            "import threading\nlow = high = top = 0\ndef put(a, b):\n    global low, high, top\n{work}\
             ts = [threading.Thread(target=put, args=(k, 5 * k)) for k in (1, 10)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint({shown})\n"
        )
    };
    let told = |text: &str| {
        let finding = check(text, &[Version::V3_9], 2, &Control::default()).unwrap().findings.remove(0);
        (finding.kind, finding.ends, finding.expected)
    };
    let lines = |lines: &[&str]| lines.iter().map(ToString::to_string).collect::<Vec<String>>();
    // Each of them holds what it may hold; what they hold together is of no order.
    let (kind, ends, expected) = told(&program("    low = int(a)\n    high = int(b)\n", "'done'"));
    assert_eq!((kind, ends), (Kind::Loses, lines(&["done", "high is 5", "low is 10"])));
    let right = [["done", "high is 5", "low is 1"], ["done", "high is 50", "low is 10"]];
    assert_eq!(expected, right.map(|it| lines(&it)));
    // What none of them has tells it alone.
    let (_, ends, expected) = told(&program("    low = int(a)\n    top = top + int(1)\n", "'done'"));
    assert_eq!((ends, expected), (lines(&["done", "top is 1"]), vec![lines(&["done", "top is 2"])]));
}

#[test]
fn the_state_of_what_brings_threads_into_order_is_told_by_its_variable() {
    let ends = |make: &str, twice: &str| {
        let text = format!(
            "import threading, itertools\nroom = 0\nit = {make}\ndef work():\n    global room\n    room += 1\n    int('1')\n    if room == 2:\n        {twice}\n\
             ts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(room)\n"
        );
        let finding = check(&text, &[Version::V3_13], 2, &Control::default()).unwrap().findings.remove(0);
        assert!(!finding.hidden, "{make}");
        let right: Vec<String> = finding.expected.iter().map(|it| it[1].clone()).collect();
        (finding.ends[1].clone(), right.join(", "))
    };
    for (make, twice, end, right) in [
        ("threading.Semaphore(0)", "it.release()", "at 2", "at 1"),
        ("itertools.count()", "next(it)", "at 2", "at 1"),
        ("threading.Event()", "it.clear() if it.is_set() else it.set()", "not set", "set"),
    ] {
        assert_eq!(ends(make, twice), (format!("it is {end}"), format!("it is {right}")), "{make}");
    }
}

#[test]
fn what_a_thread_has_written_and_read_is_still_what_it_expects() {
    let pool = "import threading\nclass Pool:\n    def __init__(self):\n        self.free = ['a', 'b']\n        self.lock = threading.Lock()\n    \
                def __enter__(self):\n        with self.lock:\n            self.cur = self.free.pop()\n            return self.cur\n    \
                def __exit__(self, *exc):\n        with self.lock:\n            self.free.append(self.cur)\npool = Pool()\ndef work():\n    with pool: pass\n\
                ts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(sorted(pool.free))\n";
    let kind = |text: &str| check(text, &[Version::V3_12], 2, &Control::default()).unwrap().findings[0].kind;
    assert_eq!(kind(pool), Kind::Loses);
    // Whoever changes it by so much expects nothing of it.
    let peak = "import threading\nlock = threading.Lock()\nactive = peak = 0\ndef work():\n    global active, peak\n    with lock:\n        active += 1\n        \
                peak = max(peak, active)\n    with lock:\n        active -= 1\nts = [threading.Thread(target=work) for _ in range(2)]\n\
                for t in ts: t.start()\nfor t in ts: t.join()\nprint(peak)\n";
    assert_eq!(kind(peak), Kind::Differs);
}

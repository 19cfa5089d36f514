//! Programs of two or three threads that wait for one another: all ends that the model finds, beside those of many real runs.

use std::collections::BTreeMap;

use gilsim::interpreter::Interpreter;
use gilsim::python::check::{CheckError, End, ends};
use gilsim::python::version::Version;
use gilsim::system::control::Control;

use super::compare::{reason, run_script};
use super::random::Random;

/// What stands before the threads.
pub(crate) const SHARED: &str = "\
import queue
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
x = 0
y = 0
L = []
log = []
D = {}
st = set()
dq = deque()
it = iter(range(1, 9))
loc = threading.local()
lk = threading.Lock()
lk2 = threading.Lock()
rl = threading.RLock()
ev = threading.Event()
ev2 = threading.Event()
cv = threading.Condition()
sm = threading.Semaphore(1)
bs = threading.BoundedSemaphore(1)
br = threading.Barrier(2)
q = queue.Queue()
q1 = queue.Queue(1)
p = queue.PriorityQueue()
s = queue.SimpleQueue()
l = queue.LifoQueue()


class Box(object):
    pass


bx = Box()
bx.v = 0


def one(v):
    return v + 1


def g(k):
    global x
    L.append(k)
    x = x + int('1')


def h(k):
    L.append(k)
    return len(L) + k


def bad():
    L.append(9)
    raise ValueError('b')


class W(threading.Thread):
    def __init__(self, k):
        threading.Thread.__init__(self)
        self.k = k
        self.r = 0

    def run(self):
        L.append(self.k)
        self.r = len(L)


class Ob(object):
    def __init__(self):
        self.lock = threading.Lock()
        self.n = 0
        self.items = []

    def add(self, k):
        with self.lock:
            self.items.append(k)
            self.n += 1

    def get(self):
        with self.lock:
            if self.items:
                return self.items[-1]
        return None

    def take(self):
        try:
            with self.lock:
                self.n -= 1
                return self.items.pop()
        except IndexError:
            return -1

    def full(self):
        return self.n > 1

    @property
    def peek(self):
        return (self.n, len(self.items))

    def swap(self, k):
        old = self.items
        self.items = [k]
        log.append(old)

    def __enter__(self):
        self.lock.acquire()
        return self

    def __exit__(self, *a):
        self.lock.release()

    def __len__(self):
        return len(self.items)


ob = Ob()


";

/// What stands in the place of each `{B}`; `{k}` is the number of the thread.
const BODIES: &[&str] = &[
    "L.append({k})",
    "x += 1",
    "x = x + int('1')",
    "log.append(({k}, len(L)))",
    "x = one(x)",
    "log.append({k})",
    "D[{k}] = len(log)",
    "if not L: L.append({k})",
    "if x < 2: x = x + one(0)",
    "log.append(({k}, x))",
];

/// What the threads of a program do, by what they wait for.
const KITS: &[&[&str]] = &[
    // Locks.
    &[
        "with lk:\n    {B}",
        "with lk:\n    {B}\n    {B}",
        "if lk.acquire(False):\n    {B}\n    lk.release()",
        "if lk.acquire(False):\n    {B}\n    lk.release()\nelse:\n    {B}",
        "log.append(lk.locked())",
        "if not lk.locked():\n    {B}",
        "lk.acquire()\n{B}\nlk.release()",
        "if lk.acquire(timeout=0.3):\n    {B}\n    lk.release()",
        "with lk2:\n    {B}",
        "with lk:\n    with lk2:\n        {B}",
        "with lk2:\n    with lk:\n        {B}",
        "try:\n    lk.release()\nexcept RuntimeError:\n    log.append('r')",
    ],
    // Events.
    &[
        "ev.set()",
        "ev.set()",
        "ev.clear()",
        "if ev.is_set():\n    {B}",
        "ev.wait()",
        "log.append(ev.wait(0.3))",
        "while not ev.wait(0.3):\n    ev.set()",
        "if not ev.is_set():\n    ev.set()\n    {B}",
        "ev2.set()",
        "ev2.wait()",
        "if ev.is_set() and not ev2.is_set():\n    {B}",
    ],
    // Conditions.
    &[
        "with cv:\n    cv.notify()",
        "with cv:\n    {B}\n    cv.notify()",
        "with cv:\n    {B}\n    cv.notify_all()",
        "with cv:\n    while not L:\n        cv.wait()\n    {B}",
        "with cv:\n    if not L:\n        cv.wait(0.3)\n    {B}",
        "with cv:\n    log.append(cv.wait_for(lambda: len(L) > 1, timeout=0.3))",
        "with cv:\n    L.append({k})\n    cv.notify_all()",
        "with cv:\n    while not L:\n        cv.wait()\n    log.append(L.pop())",
        "with cv:\n    cv.wait(0.3)\n    {B}",
        "with cv:\n    log.append(cv.wait_for(lambda: x, 0.3))",
    ],
    // Semaphores.
    &[
        "with sm:\n    {B}",
        "sm.acquire()\n{B}",
        "sm.release()",
        "if sm.acquire(blocking=False):\n    {B}\n    sm.release()",
        "try:\n    bs.release()\nexcept ValueError:\n    log.append('v')",
        "with bs:\n    {B}\n    {B}",
        "log.append(sm.acquire(timeout=0.3))",
        "if bs.acquire(False):\n    {B}\n    bs.release()\nelse:\n    {B}",
    ],
    // Queues.
    &[
        "q.put({k})",
        "q.put({k})",
        "log.append(q.get())",
        "try:\n    log.append(q.get_nowait())\nexcept queue.Empty:\n    log.append('e')",
        "try:\n    q1.put_nowait({k})\nexcept queue.Full:\n    log.append('f')",
        "if not q.empty():\n    log.append(q.get())",
        "log.append(q.qsize())",
        "q1.put({k})",
        "log.append(q1.get())",
        "if q1.full():\n    {B}",
        "try:\n    log.append(q.get(timeout=0.3))\nexcept queue.Empty:\n    log.append('t')",
        "q.put({k})\nq.join()",
        "q.get()\nq.task_done()",
        "try:\n    q1.put({k}, timeout=0.3)\nexcept queue.Full:\n    log.append('F')",
    ],
    // Queues of other kinds.
    &[
        "p.put(5 - {k})",
        "p.put({k})",
        "log.append(p.get())",
        "s.put({k})",
        "log.append(s.get())",
        "l.put({k})",
        "log.append(l.get())",
        "try:\n    log.append(s.get_nowait())\nexcept queue.Empty:\n    log.append('e')",
        "log.append(s.empty())",
        "log.append(p.empty())",
        "if not l.empty():\n    log.append(l.get())",
        "if s.qsize():\n    log.append(s.get())",
    ],
    // Barriers.
    &[
        "log.append(br.wait() == 0)",
        "br.wait()",
        "br.wait()\n{B}",
        "try:\n    br.wait(timeout=0.3)\nexcept threading.BrokenBarrierError:\n    log.append('b')",
        "try:\n    br.wait()\nexcept threading.BrokenBarrierError:\n    log.append('b')",
        "br.abort()",
    ],
    // Reentrant locks.
    &[
        "with rl:\n    {B}",
        "with rl:\n    with rl:\n        {B}\n    {B}",
        "if rl.acquire(blocking=False):\n    {B}\n    rl.release()",
        "try:\n    rl.release()\nexcept RuntimeError:\n    log.append('r')",
        "rl.acquire()\n{B}\nrl.release()",
        "with rl:\n    L.append({k})\n    if len(L) > 1:\n        log.append(tuple(L))",
        "if rl.acquire(timeout=0.3):\n    {B}\n    rl.release()\nelse:\n    {B}",
    ],
    // Containers, and what they raise.
    &[
        "try:\n    L.pop()\nexcept IndexError:\n    log.append('i')",
        "try:\n    log.append(L[0])\nexcept IndexError:\n    log.append('i')",
        "L.append({k})",
        "try:\n    D.pop(1)\nexcept KeyError:\n    log.append('k')",
        "D[1] = {k}",
        "try:\n    del D[1]\nexcept KeyError:\n    log.append('k')",
        "try:\n    log.append(D[1])\nexcept KeyError:\n    log.append('k')",
        "try:\n    L.remove(1)\nexcept ValueError:\n    log.append('v')",
        "try:\n    log.append(bx.v)\nexcept AttributeError:\n    log.append('a')",
        "bx.v = {k}",
        "try:\n    del bx.v\nexcept AttributeError:\n    log.append('a')",
        "L.insert(0, {k})",
        "L.clear()",
        "D.clear()",
        "D.setdefault(1, {k})",
        "try:\n    log.append(max(L))\nexcept ValueError:\n    log.append('m')",
        "if 1 in D:\n    log.append(D[1])",
        "if L:\n    log.append(L.pop())",
        "for v in L:\n    log.append(v)",
        "log.append(sum(L))",
        "log.append(sorted(L))",
        "log.append(list(D))",
        "L.extend([{k}, 0])",
        "L[:] = [{k}]",
        "log.append(D.get(1, 0) + 1)",
        "D.update({1: {k}})",
        "x += len(L)",
        "x, y = {k}, x",
        "try:\n    a, b = L\n    log.append(a)\nexcept ValueError:\n    log.append('u')",
        "st.add({k})",
        "try:\n    st.remove({k})\nexcept KeyError:\n    log.append('s')",
        "log.append({k} in st)",
        "dq.append({k})",
        "try:\n    log.append(dq.popleft())\nexcept IndexError:\n    log.append('d')",
        "log.append(next(it))",
    ],
    // Threads that threads start.
    &[
        "if not L:\n    t = threading.Thread(target=g, args=({k},))\n    t.start()\n    t.join()",
        "t = threading.Thread(target=g, args=({k},))\nt.start()\n{B}\nt.join()",
        "t = threading.Thread(target=g, args=({k},))\nt.start()\nlog.append(t.is_alive())\nt.join()",
        "t = W({k})\nt.start()\n{B}\nt.join()\nlog.append(t.r)",
        "t = W({k})\nt.start()\nt.join(0.3)\nlog.append(t.is_alive())",
        "loc.v = {k}\n{B}\nlog.append(loc.v)",
        "with lk:\n    t = threading.Thread(target=g, args=({k},))\n    t.start()\nt.join()",
        "with lk:\n    {B}",
    ],
    // Executors.
    &[
        "f = ex.submit(h, {k})\nlog.append(f.result())",
        "f = ex.submit(h, {k})\n{B}\nlog.append(f.done())",
        "log.extend(ex.map(h, [{k}, 5]))",
        "fs = [ex.submit(h, i) for i in (1, 2)]\nlog.append([f.result() for f in fs])",
        "fs = [ex.submit(h, i) for i in (1, 2)]\nlog.append(sum(f.result() for f in fs))",
        "f = ex.submit(g, {k})\n{B}\nf.result()",
        "try:\n    ex.submit(bad).result()\nexcept ValueError:\n    log.append('b')",
        "f = ex.submit(bad)\nlog.append(f.exception() is None)",
    ],
    // Objects with a lock of their own.
    &[
        "ob.add({k})",
        "log.append(ob.get())",
        "log.append(ob.take())",
        "with ob:\n    {B}",
        "ob.n += 1",
        "if ob.n < 2:\n    ob.n += 1",
        "log.append(ob.peek)",
        "if ob.full():\n    {B}",
        "ob.swap({k})",
        "ob.items.append(ob.n)",
        "log.append(len(ob))",
    ],
];

/// The kit whose programs need an executor.
const EXECUTOR: &str = "ex.";

/// The program of a seed.
pub(crate) fn program(seed: u64) -> String {
    let mut random = Random::new(seed);
    let kit = KITS[random.below(KITS.len())];
    let mut lines = Vec::new();
    let threads = if random.percent(25) { 3 } else { 2 };
    let mut targets: Vec<String> = Vec::new();
    for number in 1..=threads {
        match targets.last() {
            Some(last) if random.percent(30) => targets.push(last.clone()),
            _ => {
                targets.push(format!("f{number}"));
                lines.push(format!("def f{number}():\n    global x, y"));
                for step in 0..=random.below(3) {
                    if step == 0 || random.percent(50) {
                        lines.push("    time.sleep(0)".to_owned());
                    }
                    lines.extend(
                        operation(&mut random, kit, number).lines().map(|line| format!("    {line}")),
                    );
                }
                lines.push("\n".to_owned());
            }
        }
    }
    if lines.iter().any(|line| line.contains(EXECUTOR)) {
        lines.push("ex = ThreadPoolExecutor(2)".to_owned());
    }
    lines.push(format!("ts = [threading.Thread(target=f) for f in ({})]", targets.join(", ")));
    lines.push("for t in ts:\n    t.start()\nfor t in ts:\n    t.join()".to_owned());
    lines.push("print(x, y, L, log, sorted(D.items()), sorted(st), list(dq), ob.n, ob.items)".to_owned());
    format!("{SHARED}{}\n", lines.join("\n"))
}

fn operation(random: &mut Random, kit: &[&str], number: usize) -> String {
    let mut text = if random.percent(25) { "{B}" } else { random.one(kit) }.to_owned();
    while text.contains("{B}") {
        text = text.replacen("{B}", random.one(BODIES), 1);
    }
    text.replace("{k}", &number.to_string())
}

/// What became of many programs.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Programs of which every real run came to an end that the model has.
    pub(crate) met: usize,
    /// How many ends the model has of those, and how many of them were seen.
    pub(crate) ends: usize,
    pub(crate) seen: usize,
    /// How often they were run.
    pub(crate) runs: usize,
    /// No ends: a limit was reached, or the model does not cover it.
    pub(crate) open: BTreeMap<String, usize>,
    /// An end that the model does not have.
    pub(crate) impossible: Vec<(u64, String)>,
}

/// What a real interpreter did with a program.
#[derive(serde::Deserialize)]
struct Runs {
    runs: usize,
    ends: Vec<(Vec<String>, Vec<String>, bool)>,
}

/// Holds the ends of programs, if they have no more than so many states, against those of so many seconds of real runs. They are run in one
/// process: threads of one that hangs stay in it.
pub(crate) fn hold(
    held: &mut Held,
    (interpreter, version): (&Interpreter, Version),
    programs: &[(u64, String)],
    states: usize,
    seconds: f64,
) -> Result<(), String> {
    let mut known = Vec::new();
    for (number, text) in programs {
        match ends(text, version, 2, states, &Control::default()) {
            Ok(Some(model)) => known.push((*number, text, model)),
            Ok(None) => *held.open.entry("too many states".to_owned()).or_default() += 1,
            Err(error @ CheckError::Stopped) => return Err(error.to_string()),
            Err(error) => *held.open.entry(reason(&error)).or_default() += 1,
        }
    }
    if known.is_empty() {
        return Ok(());
    }
    let texts: Vec<&String> = known.iter().map(|(_, text, _)| *text).collect();
    let real: Vec<Runs> = run_script(interpreter, include_str!("waits.py"), &texts, &[&seconds.to_string()])?;
    for ((number, _, model), Runs { runs, ends }) in known.iter().zip(real) {
        held.runs += runs;
        if let Some(other) = ends.iter().find(|end| !model.iter().any(|known| is_same(known, end))) {
            held.impossible.push((*number, format!("{other:?}")));
            continue;
        }
        held.met += 1;
        held.ends += model.len();
        held.seen += model.iter().filter(|known| ends.iter().any(|end| is_same(known, end))).count();
    }
    Ok(())
}

/// Whether a real run came to an end of the model; of one that waits only that is compared.
fn is_same(model: &End, (printed, raised, waits): &(Vec<String>, Vec<String>, bool)) -> bool {
    if model.waits || *waits {
        return model.waits == *waits;
    }
    let mut classes: Vec<&str> = model.raised.iter().map(|text| class(text)).collect();
    classes.sort_unstable();
    model.printed == *printed && classes == *raised
}

/// The name of an exception's class, without its module.
fn class(text: &str) -> &str {
    let name = text.split([':', ' ']).next().unwrap_or(text);
    name.rsplit('.').next().unwrap_or(name)
}

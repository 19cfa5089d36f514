//! Programs of two threads that do the same to what they share, so that every order of whole iterations ends alike.

use super::random::Random;

/// What stands before the threads.
const SHARED: &str = "\
import threading
from collections import defaultdict, Counter
x = 0
y = 0
S = 'a'
L = [0, 0]
A = []
D = {'k': 0}
F = defaultdict(int)
C = Counter()
lock = threading.Lock()
rlock = threading.RLock()


class Box(object):
    total = 0

    def __init__(self):
        self.n = 0

    def add(self, by):
        self.n += by

    def read(self):
        return self.n

    @property
    def value(self):
        return self.n

    @value.setter
    def value(self, new):
        self.n = new


o = Box()


def one():
    return 1


def same(v):
    return v


def numbers(v):
    yield v


";

/// Statements that add to something shared, in ways that versions treat differently.
const STATEMENTS: &[&str] = &[
    "x += d",
    "x = x + d",
    "x += d * one()",
    "x = x + int(d)",
    "x = same(x) + d",
    "x = d + x * len(S)",
    "y += 1",
    "x, y = x + d, y + 1",
    "t = x; x = t + d",
    "t = [x]; x = t[0] + d",
    "x += [d for _ in (1,)][0]",
    "x += sum(d for _ in (1,))",
    "x += next(numbers(d))",
    "x += (lambda: d)()",
    "x = int(str(x)) + d",
    "x = int('%d' % x) + d",
    "x = (x + d) if S else x",
    "D['k'] += d",
    "D['k'] = D['k'] + d",
    "D['k'] = D.get('k', 0) + d",
    "D['k'] = D['k'] + d * len(S)",
    "D[S] = D.get(S, 0) + d",
    "F['f'] += d",
    "C['c'] += d",
    "L[0] += d",
    "L[1] = L[1] + d * one()",
    "A.append(d)",
    "A.append(A.pop() if A else d); A.append(d)",
    "o.n += d",
    "o.n = o.n + d * len(S)",
    "o.add(d)",
    "o.n = o.read() + d",
    "o.value += d",
    "Box.total += d",
    "setattr(o, 'n', getattr(o, 'n') + d)",
    "x = max([x]) + d",
    "x = sorted([x], key=same)[0] + d",
    "x = isinstance(x, int) and x + d",
];

/// Those that take several lines.
const BLOCKS: &[&[&str]] = &[
    &["for i in (1, 2):", "    x += d"],
    &["try:", "    x += d", "finally:", "    y += 1"],
    &["if d:", "    x += d", "else:", "    y += 1"],
    &["i = 0", "while i < 2:", "    i += 1", "    y += 1"],
    &["t = x", "with lock:", "    x = t + d"],
    &["t = o.n", "if t is not None:", "    o.n = t + d"],
];

/// The program of a seed; `serial` has the second thread begin when the first is over.
pub(crate) fn program(seed: u64, iterations: usize, serial: bool) -> String {
    let mut random = Random::new(seed);
    let mut text = SHARED.to_owned();
    text.push_str("def work(d):\n    global x, y\n");
    text.push_str(&format!("    for _ in range({iterations}):\n"));
    for _ in 0..=random.below(2) {
        statement(&mut random, &mut text);
    }
    let other = random.one(&["1", "-1", "2"]);
    text.push_str(&format!("\n\nts = [threading.Thread(target=work, args=(v,)) for v in (1, {other})]\n"));
    text.push_str(if serial {
        "for t in ts:\n    t.start()\n    t.join()\n"
    } else {
        "for t in ts:\n    t.start()\nfor t in ts:\n    t.join()\n"
    });
    text.push_str("print((x, y, L, sorted(A), sorted(D.items()), F['f'], C['c'], o.n, Box.total))\n");
    text
}

fn statement(random: &mut Random, text: &mut String) {
    let guard = match random.below(10) {
        0 | 1 => Some("with lock:"),
        2 => Some("with rlock:"),
        3 => Some("lock.acquire()"),
        _ => None,
    };
    let lines: Vec<&str> = if random.percent(25) {
        BLOCKS[random.below(BLOCKS.len())].to_vec()
    } else {
        vec![random.one(STATEMENTS)]
    };
    // A lock is not taken twice.
    let guard = guard.filter(|_| lines.iter().all(|line| !line.contains("lock")));
    let indent = if guard.is_some_and(|guard| guard.ends_with(':')) { "            " } else { "        " };
    if let Some(guard) = guard {
        text.push_str(&format!("        {guard}\n"));
    }
    for line in lines {
        text.push_str(&format!("{indent}{line}\n"));
    }
    if guard == Some("lock.acquire()") {
        text.push_str("        lock.release()\n");
    }
}

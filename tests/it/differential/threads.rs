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

/// How the two threads of a program run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Together,
    /// The second begins when the first is over.
    FirstFirst,
    /// The other way round.
    SecondFirst,
}

/// The program of a seed.
pub(crate) fn program(seed: u64, iterations: usize, order: Order) -> String {
    let mut random = Random::new(seed);
    let mut lines = vec!["def work(d):".to_owned(), "    global x, y".to_owned()];
    lines.push(format!("    for _ in range({iterations}):"));
    for _ in 0..=random.below(2) {
        statement(&mut random, &mut lines);
    }
    let other = random.one(&["1", "-1", "2"]);
    lines.push(format!("\n\nts = [threading.Thread(target=work, args=(v,)) for v in (1, {other})]"));
    let begin = match order {
        Order::Together => "for t in ts:\n    t.start()\nfor t in ts:\n    t.join()",
        Order::FirstFirst => "for t in ts:\n    t.start()\n    t.join()",
        Order::SecondFirst => "for t in ts[::-1]:\n    t.start()\n    t.join()",
    };
    lines.push(begin.to_owned());
    let shown = "print((x, y, L, sorted(A), sorted(D.items()), F['f'], C['c'], o.n, Box.total))";
    lines.push(shown.to_owned());
    format!("{SHARED}{}\n", lines.join("\n"))
}

fn statement(random: &mut Random, lines: &mut Vec<String>) {
    let guard = match random.below(10) {
        0 | 1 => Some("with lock:"),
        2 => Some("with rlock:"),
        3 => Some("lock.acquire()"),
        _ => None,
    };
    let body: Vec<&str> = if random.percent(25) {
        BLOCKS[random.below(BLOCKS.len())].to_vec()
    } else {
        vec![random.one(STATEMENTS)]
    };
    // A lock is not taken twice.
    let guard = guard.filter(|_| body.iter().all(|line| !line.contains("lock")));
    let indent = if guard.is_some_and(|guard| guard.ends_with(':')) { "            " } else { "        " };
    lines.extend(guard.map(|guard| format!("        {guard}")));
    lines.extend(body.iter().map(|line| format!("{indent}{line}")));
    if guard == Some("lock.acquire()") {
        lines.push("        lock.release()".to_owned());
    }
}

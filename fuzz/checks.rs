//! What must hold of any input: no panic, no hang, and never an answer without a reason. Used by the fuzz targets and,
//! with fewer inputs, by the tests.
//!
//! Bytes decide between the choices of a small grammar, so that most inputs get past the first parser; every eighth
//! input or so is taken as it is.

use gilsim::count;
use gilsim::explore::{ExploreError, Final, Limits, Question, Schedule, ScheduleError, Setting, Switching};
use gilsim::measure::runner::{Case, CaseResult, Outcome};
use gilsim::python::program::{End, Program, Shared, SharedState, Step, Verdict};
use gilsim::python::version::Version;
use gilsim::report::Report;
use gilsim::report::export::Format;
use gilsim::scenario::split::message::Message;
use gilsim::scenario::split::{By, Split};
use gilsim::scenario::{Observation, Pattern, Workload};
use gilsim::system::clock::{Span, Usage};
use gilsim::system::control::Control;
use gilsim::system::cpus::Cpus;
use gilsim::{choice::Choice, cli};
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::fmt::Write;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStringExt;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// The input, taken byte by byte; zeros follow its end.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn next(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn below(&mut self, end: usize) -> usize {
        usize::from(self.next()) % end
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn rest(&mut self) -> String {
        String::from_utf8_lossy(std::mem::take(&mut self.0)).into_owned()
    }

    /// A few bytes as they are.
    fn some(&mut self) -> &'a [u8] {
        let (some, rest) =
            self.0.split_at(self.0.len().min(usize::from(self.0.first().map_or(0, |byte| byte % 32))));
        self.0 = rest;
        some
    }
}

/// An error says something.
fn reason(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    assert!(text.chars().filter(|letter| letter.is_alphabetic()).count() >= 8, "no reason: {text:?}");
    text
}

// ---- command lines ----

const COMMANDS: &[&str] = &[
    "race",
    "mutex",
    "atomic",
    "sharded",
    "gil",
    "split",
    "compare",
    "explore",
    "convoy",
    "python",
    "verify",
    "list",
    "echo",
    "split-worker",
    "--help",
    "--version",
    "help",
    "rcae",
];

const OPTIONS: &[&str] = &[
    "--threads",
    "--workers",
    "--iters",
    "--from",
    "--pattern",
    "--runs",
    "--pin",
    "--widen",
    "--expect",
    "--format",
    "--export",
    "--quiet",
    "-q",
    "--lock",
    "--by",
    "--body",
    "--setup",
    "--cpython",
    "--switch-interval",
    "--timeout",
    "--python",
    "--sum",
    "--hogs",
    "--pings",
    "--outcome",
    "--schedule",
    "--replay",
    "--max-memory",
    "--machine",
    "--cpu",
    "--beat",
    "--help",
    "-h",
    "-V",
    "--",
    "-",
];

const ARGUMENTS: &[&str] = &[
    "2",
    "1",
    "0",
    "3",
    "-1",
    "100M",
    "1e8",
    "1e30",
    "18446744073709551615",
    "1.5k",
    "0.5",
    "auto",
    "off",
    "plus",
    "plus-minus",
    "exact",
    "lost",
    "json",
    "csv",
    "markdown",
    "table",
    "/nonexistent/a.json",
    "-",
    "parking-lot",
    "std",
    "fair",
    "spin",
    "process",
    "thread",
    "rayon",
    "gil",
    "sequential",
    "x += d",
    "x = x + int(d)",
    "with lock: x += d",
    "with a: x += d",
    "for i in (1, 2): x += d",
    "x = (",
    "import os",
    "y = x; x = y + d",
    "x = x * 2 + d",
    "def f(a): return a",
    "x += f(d)",
    "import threading\\na = threading.Lock()",
    "3.9",
    "3.13",
    "3.13t",
    "2.7",
    "3.5",
    "5ms",
    "60s",
    "61s",
    "1us",
    "0ns",
    "µs",
    "",
    "python3",
    "deadlock",
    "v1:machine:A1,B3,A2",
    "v1:3.9:A1",
    "8G",
    "race",
    "mutex:fair",
    "split:gil",
    "mutex",
    "é",
    "\u{1F980}",
];

/// Any command line is read, or refused in one line that says why.
pub fn command_line(data: &[u8]) {
    let mut bytes = Bytes(data);
    let mut words = vec![OsString::from("gilsim")];
    if bytes.next() % 8 == 7 {
        let raw =
            bytes.0.split(|&byte| byte == 0 || byte == b' ').map(|word| OsString::from_vec(word.to_vec()));
        words.extend(raw);
    } else {
        words.push(bytes.pick(COMMANDS).into());
        while !bytes.0.is_empty() && words.len() < 24 {
            match bytes.next() % 16 {
                0..7 => words.push(bytes.pick(OPTIONS).into()),
                7..13 => words.push(bytes.pick(ARGUMENTS).into()),
                13 => words.push(format!("{}={}", bytes.pick(OPTIONS), bytes.pick(ARGUMENTS)).into()),
                14 => words.push(format!("{}{}", bytes.pick(ARGUMENTS), bytes.pick(ARGUMENTS)).into()),
                _ => words.push(OsString::from_vec(bytes.some().to_vec())),
            }
        }
    }
    match cli::parse(words.clone()) {
        Ok(cli::Request::Measure(session)) => {
            let real = session.real.as_ref().is_some_and(|real| !real.jobs.is_empty());
            assert!(!session.cases.is_empty() || real, "nothing to do: {words:?}");
        }
        Ok(cli::Request::Explore(session)) => {
            assert!(session.workers > 0 && session.iterations > 0, "{words:?}");
        }
        Ok(_) => {}
        Err(refusal) => {
            let _ = refusal.ending();
            match refusal.mistake() {
                Some(mistake) => {
                    let text = reason(&mistake);
                    assert!(text.starts_with("error: "), "{text:?}");
                }
                None => assert!(!matches!(refusal, cli::Refusal::Usage(_)), "{words:?}"),
            }
        }
    }
}

// ---- counts ----

/// Any text is a count that reads back, or is refused with a reason; the same for a time.
pub fn count(data: &[u8]) {
    let mut bytes = Bytes(data);
    let text = if bytes.next() % 4 == 3 {
        bytes.rest()
    } else {
        let mut text = String::new();
        while !bytes.0.is_empty() && text.len() < 64 {
            text.push(bytes.pick(&[
                '0', '1', '9', '5', '0', '0', '.', '_', 'e', 'E', '+', '-', 'k', 'M', 'G', 'T', 'm', 's',
                'u', 'µ', 'n', ' ', ',', '٣', 'é', '2', '3', '4', '6', '7', '8', '\u{a0}',
            ]));
        }
        text
    };
    match count::parse(&text) {
        Ok(number) => {
            assert_eq!(plain(&text), Some(u128::from(number)), "{text:?}");
            assert_eq!(count::parse(&number.to_string()), Ok(number));
            assert_eq!(count::parse(&count::short(number)), Ok(number));
            assert_eq!(count::parse(&count::grouped(number.into()).replace(',', "_")), Ok(number));
        }
        Err(error) => {
            reason(&error);
        }
    }
    match count::parse_interval(&text) {
        Ok(time) => {
            assert!(
                (Duration::from_micros(1)..=Duration::from_mins(1)).contains(&time),
                "{text:?}: {time:?}"
            );
        }
        Err(error) => {
            reason(&error);
        }
    }
}

/// A count by another way: with as many digits as it takes, one place after the other.
fn plain(text: &str) -> Option<u128> {
    let text: String = text.trim().trim_start_matches('+').chars().filter(|&letter| letter != '_').collect();
    let (digits, mut shift) = match text.find(|letter: char| !letter.is_ascii_digit() && letter != '.') {
        None => (&text[..], 0),
        Some(at) => {
            let shift = match &text[at..=at] {
                "k" | "K" => 3,
                "m" | "M" => 6,
                "g" | "G" => 9,
                "t" | "T" => 12,
                _ => text[at + 1..]
                    .trim_start_matches('+')
                    .bytes()
                    .fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(1 << 20)),
            };
            (&text[..at], shift)
        }
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut number = 0_u128;
    for digit in whole.bytes().chain(fraction.bytes()) {
        number = number.checked_mul(10)?.checked_add(u128::from(digit - b'0'))?;
    }
    shift -= i64::try_from(fraction.len()).ok()?;
    while shift < 0 {
        if number == 0 {
            return Some(0);
        }
        if !number.is_multiple_of(10) {
            return None;
        }
        (number, shift) = (number / 10, shift + 1);
    }
    while shift > 0 && number > 0 {
        (number, shift) = (number.checked_mul(10)?, shift - 1);
    }
    Some(number)
}

// ---- bodies ----

const NAMES: &[&str] =
    &["d", "x", "y", "t", "l", "n", "s", "i", "z", "x", "d", "one", "lock", "a", "f", "g", "int", "q"];
const NUMBERS: &[&str] = &[
    "1",
    "0",
    "2",
    "3",
    "-1",
    "5",
    "7",
    "31",
    "63",
    "64",
    "10",
    "100",
    "0x10",
    "1_0",
    "9223372036854775807",
    "-9223372036854775808",
    "10**18",
    "4611686018427387904",
    "9223372036854775808",
    "1.5",
    "300",
    "10000",
    "10001",
];
const OPERATORS: &[&str] =
    &["+", "-", "*", "//", "%", "**", "<<", ">>", "&", "|", "^", "+", "-", "/", "@", "and", "or"];
const COMPARISONS: &[&str] = &["<", "==", ">", "<=", ">=", "!=", "is", "is not", "in", "not in"];
const FUNCTIONS: &[&str] = &[
    "int",
    "len",
    "abs",
    "min",
    "max",
    "sum",
    "str",
    "isinstance",
    "type",
    "getattr",
    "setattr",
    "print",
    "list",
    "tuple",
    "range",
    "bool",
    "one",
    "f",
    "g",
    "xrange",
];

struct Grammar<'a, 'b> {
    bytes: &'a mut Bytes<'b>,
    text: String,
    in_function: bool,
}

impl Grammar<'_, '_> {
    fn expression(&mut self, depth: usize) {
        let kind = if depth == 0 { self.bytes.below(4) } else { self.bytes.below(20) };
        match kind {
            0 | 1 => self.text.push_str(self.bytes.pick(NAMES)),
            2 => self.text.push_str(self.bytes.pick(NUMBERS)),
            3 => self.text.push_str(
                self.bytes.pick(&["d", "None", "True", "False", "'ab'", "''", "()", "[]", "'é'", "\"\\n\""]),
            ),
            4..9 => {
                self.text.push('(');
                self.expression(depth - 1);
                let operator = self.bytes.pick(OPERATORS);
                let _ = write!(self.text, " {operator} ");
                self.expression(depth - 1);
                self.text.push(')');
            }
            9 | 10 => {
                self.text.push('(');
                self.expression(depth - 1);
                for _ in 0..=self.bytes.below(2) {
                    let operator = self.bytes.pick(COMPARISONS);
                    let _ = write!(self.text, " {operator} ");
                    self.expression(depth - 1);
                }
                self.text.push(')');
            }
            11 => {
                self.text.push_str(self.bytes.pick(&["-", "+", "~", "not "]));
                self.expression(depth - 1);
            }
            12 | 13 => {
                self.text.push_str(self.bytes.pick(FUNCTIONS));
                self.text.push('(');
                self.expressions(depth);
                self.text.push(')');
            }
            14 => {
                let (open, close) = self.bytes.pick(&[("(", ",)"), ("[", "]"), ("[", "]"), ("{", "}")]);
                self.text.push_str(open);
                self.expressions(depth);
                self.text.push_str(close);
            }
            15 => {
                self.expression(depth - 1);
                self.text.push('[');
                self.expression(depth - 1);
                self.text.push(']');
            }
            16 => {
                self.text.push('(');
                self.expression(depth - 1);
                self.text.push_str(" if ");
                self.expression(depth - 1);
                self.text.push_str(" else ");
                self.expression(depth - 1);
                self.text.push(')');
            }
            17 => {
                self.text.push('[');
                self.expression(depth - 1);
                for _ in 0..=self.bytes.below(2) {
                    let name = self.bytes.pick(&["i", "j", "y", "d", "x"]);
                    let _ = write!(self.text, " for {name} in ");
                    self.iterable(depth - 1);
                    if self.bytes.below(3) == 0 {
                        self.text.push_str(" if ");
                        self.expression(depth - 1);
                    }
                }
                self.text.push(']');
            }
            18 => self.text.push_str(self.bytes.pick(&[
                "lambda: x",
                "f'{x}'",
                "x.y",
                "b''",
                "...",
                "*l",
                "(y := x)",
                "l[1:2]",
            ])),
            _ => {
                let some = String::from_utf8_lossy(self.bytes.some()).into_owned();
                self.text.push_str(&some);
            }
        }
    }

    fn expressions(&mut self, depth: usize) {
        for index in 0..self.bytes.below(4) {
            if index > 0 {
                self.text.push_str(", ");
            }
            self.expression(depth - 1);
        }
    }

    /// Mostly a short one: what is long by itself is found by multiplying.
    fn iterable(&mut self, depth: usize) {
        match self.bytes.below(6) {
            0 => self.text.push_str("(1, 2)"),
            1 => self.text.push_str("range(2)"),
            2 => self.text.push_str("range(3, 0, -1)"),
            3 => self.text.push_str(self.bytes.pick(&[
                "l",
                "t",
                "s",
                "'abc'",
                "range(y)",
                "range(40)",
                "[d, x]",
            ])),
            _ => self.expression(depth),
        }
    }

    fn target(&mut self) {
        self.text.push_str(self.bytes.pick(&[
            "x",
            "y",
            "t",
            "l",
            "x",
            "z",
            "l[0]",
            "y, z",
            "x, y",
            "n",
            "(y, (z, x))",
            "d",
            "lock",
            "x",
        ]));
    }

    fn block(&mut self, indent: usize, depth: usize) {
        for _ in 0..=self.bytes.below(3) {
            self.statement(indent, depth);
        }
    }

    fn nested(&mut self, indent: usize, depth: usize) {
        self.text.push_str(":\n");
        self.block(indent + 1, depth - 1);
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind")]
    fn statement(&mut self, indent: usize, depth: usize) {
        let kind =
            if depth == 0 || self.text.len() > 1500 { self.bytes.below(10) } else { self.bytes.below(24) };
        let start = " ".repeat(indent);
        self.text.push_str(&start);
        match kind {
            0 | 1 => self.text.push_str("x += d\n"),
            2 | 3 => {
                self.target();
                self.text.push_str(" = ");
                self.expression(2);
                self.text.push('\n');
            }
            4 => {
                self.target();
                self.text.push_str(self.bytes.pick(&[" += ", " -= ", " *= ", " |= ", " //= "]));
                self.expression(2);
                self.text.push('\n');
            }
            5 => {
                self.expression(3);
                self.text.push('\n');
            }
            6 => self.text.push_str(self.bytes.pick(&["continue\n", "break\n", "pass\n", "global x\n"])),
            7 if self.in_function => {
                self.text.push_str("return ");
                self.expression(2);
                self.text.push('\n');
            }
            7 => self.text.push_str(self.bytes.pick(&[
                "x = x + int(d)\n",
                "l = l + [d]\n",
                "t = (t, t)\n",
                "l[0] = l\n",
            ])),
            8 => self.text.push_str(self.bytes.pick(&[
                "y = x\n",
                "x = y + d\n",
                "x = x + one() - 1 + d\n",
                "x -= d\n",
            ])),
            9 => {
                let name = self.bytes.pick(&[
                    "import os",
                    "del y",
                    "return",
                    "raise",
                    "assert x",
                    "a: int = 1",
                    "class A: pass",
                ]);
                let _ = writeln!(self.text, "{name}");
            }
            10..13 => {
                self.text.push_str("if ");
                self.expression(2);
                self.nested(indent, depth);
                match self.bytes.below(3) {
                    0 => {}
                    1 => {
                        let _ = write!(self.text, "{start}else");
                        self.nested(indent, depth);
                    }
                    _ => {
                        let _ = write!(self.text, "{start}elif y");
                        self.nested(indent, depth);
                    }
                }
            }
            13..16 => {
                self.text.push_str("for ");
                self.text.push_str(self.bytes.pick(&["i", "y", "i, y", "x", "l[0]"]));
                self.text.push_str(" in ");
                self.iterable(2);
                self.nested(indent, depth);
                if self.bytes.below(4) == 0 {
                    let _ = write!(self.text, "{start}else");
                    self.nested(indent, depth);
                }
            }
            16 | 17 => {
                // Mostly one that ends.
                if self.bytes.below(4) == 0 {
                    self.text.push_str("while ");
                    self.expression(2);
                    self.nested(indent, depth);
                } else {
                    let _ = writeln!(self.text, "n = 2\n{start}while n:\n{start} n -= 1");
                    self.block(indent + 1, depth - 1);
                }
            }
            18 | 19 => {
                self.text.push_str("with ");
                self.text.push_str(self.bytes.pick(&[
                    "lock",
                    "lock",
                    "a",
                    "a, lock",
                    "lock, a",
                    "lock as y",
                    "lock, lock",
                    "y",
                ]));
                self.nested(indent, depth);
            }
            20..23 => {
                self.text.push_str("try");
                self.nested(indent, depth);
                let _ = write!(self.text, "{start}finally");
                self.nested(indent, depth);
            }
            _ => {
                let some = String::from_utf8_lossy(self.bytes.some()).into_owned();
                let _ = writeln!(self.text, "{some}");
            }
        }
    }
}

/// A verdict may take no more instructions here, so that a second is enough for many bodies.
const MOST_WORK: u64 = 100_000;

/// A body and a setup.
pub fn sources(data: &[u8]) -> (String, String, Version) {
    let mut bytes = Bytes(data);
    let how = bytes.next();
    let version = bytes.pick(&Version::ALL);
    if how % 16 == 15 {
        let rest = bytes.rest();
        let (body, setup) = rest.split_once('\0').unwrap_or((&rest, ""));
        return (body.to_owned(), setup.to_owned(), version);
    }
    let mut setup = String::new();
    if how & 32 != 0 {
        setup.push_str("import threading\na = threading.Lock()\n");
        for name in ["f", "g"] {
            let parameters = bytes.pick(&["", "y", "y, z"]);
            let _ = writeln!(setup, "def {name}({parameters}):");
            let global = if bytes.below(2) == 0 { " global x\n" } else { "" };
            let mut grammar = Grammar { bytes: &mut bytes, text: global.to_owned(), in_function: true };
            grammar.block(1, 2);
            setup.push_str(&grammar.text);
        }
    }
    let prelude = if how & 64 == 0 { "y = 1\nn = z = 2\nt = (1, 2)\nl = [1, 2]\n" } else { "" };
    let mut grammar = Grammar { bytes: &mut bytes, text: prelude.to_owned(), in_function: false };
    grammar.block(0, 3);
    while !grammar.bytes.0.is_empty() && grammar.text.len() < 1000 {
        grammar.statement(0, 3);
    }
    (grammar.text, setup, version)
}

/// Any body is compiled or refused with a reason; so are its verdict and a run of a few iterations. What is said to be exact is.
pub fn body(data: &[u8]) {
    let (body, setup, version) = sources(data);
    let program = match Program::compile(&body, &setup, version) {
        Ok(program) => program,
        Err(error) => {
            reason(&error);
            return;
        }
    };
    assert!(!program.to_string().is_empty());
    let deltas = if data.len().is_multiple_of(2) { [1, -1] } else { [1, 1] };
    match program.verdict_within(deltas, MOST_WORK, &Control::default()) {
        Err(error) => {
            reason(&error);
        }
        Ok(Verdict::Exact) => {
            for iterations in 1..=2 {
                let expected = race(&program, deltas, iterations, &mut std::iter::repeat(false));
                let mut switches = data.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
                let reached = race(&program, deltas, iterations, &mut switches);
                if expected.is_some() && reached.is_some() {
                    assert_eq!(reached, expected, "said to be exact under {version}:\n{setup}\n---\n{body}");
                }
            }
        }
        Ok(Verdict::CanLose(witness)) => assert_ne!(witness.expected, witness.reached, "{body}"),
        Ok(Verdict::OrderDependent { outcomes }) => assert!(outcomes.len() > 1, "{body}"),
        Ok(Verdict::Deadlock { locks }) => assert!(locks.iter().all(|lock| !lock.is_empty()), "{body}"),
    }
    // The fast way and the one step by step come to the same.
    let mut looks = 0;
    let mut fast = SharedState::default();
    let end = program.run(deltas[1], 3, &mut fast, &mut |_| {
        looks += 1;
        if looks > 2_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match end {
        Err(fault) => {
            reason(&fault);
        }
        Ok(End::Stopped) => {}
        Ok(End::Finished) => {
            let mut slow = SharedState::default();
            let mut state = program.start(deltas[1], 3);
            for _ in 0..20_000 {
                match program.step(&mut state, &mut slow) {
                    Ok(Step::Done { .. }) => {}
                    Ok(Step::Finished) => {
                        assert_eq!(fast, slow, "under {version}:\n{setup}\n---\n{body}");
                        return;
                    }
                    other => {
                        panic!("{other:?} where the fast way ended, under {version}:\n{setup}\n---\n{body}")
                    }
                }
            }
        }
    }
}

/// Where x ends if workers are switched where they may be, as the switches say; nothing if that takes too long.
fn race(
    program: &Program,
    deltas: [i64; 2],
    iterations: u64,
    switches: &mut dyn Iterator<Item = bool>,
) -> Option<i64> {
    let mut shared = SharedState::default();
    let mut states = deltas.map(|delta| program.start(delta, iterations));
    let mut worker = 0;
    for _ in 0..20_000 {
        if states[worker].finished() {
            worker = 1 - worker;
            if states[worker].finished() {
                return Some(shared.load_x());
            }
        }
        match program.step(&mut states[worker], &mut shared) {
            Ok(Step::Done { may_drop, .. }) => {
                if may_drop && switches.next().unwrap_or(false) {
                    worker = 1 - worker;
                }
            }
            Ok(Step::Blocked(_)) => {
                let other = 1 - worker;
                assert!(
                    !states[other].finished(),
                    "a deadlock in what is said to be exact:\n{}",
                    program.body()
                );
                worker = other;
            }
            Ok(Step::Finished) => {}
            Err(fault) => {
                panic!("{fault} in what is said to be exact:\n{}\n---\n{}", program.setup(), program.body())
            }
        }
    }
    None
}

// ---- schedules ----

const BODIES: &[(&str, &str)] = &[
    ("x += d", ""),
    ("with lock: x += d", ""),
    ("x = x + int(d)", ""),
    ("y = x\nif y > 0: x = y + d", ""),
    ("with lock:\n with a: x += d", "import threading\na = threading.Lock()"),
    (
        "if d:\n with a:\n  with lock: x += d\nwith lock:\n with a: x -= d",
        "import threading\na = threading.Lock()",
    ),
    ("for i in (1, 2): x += d", ""),
];
const SETTINGS: &[Setting] = &[
    Setting::Machine,
    Setting::Version(Version::V3_9),
    Setting::Version(Version::V3_13),
    Setting::Version(Version::V2_7),
    Setting::Version(Version::V3_13t),
];

/// The endings that there are, and the steps of each worker alone, of each question that was asked.
type Known = HashMap<(usize, Setting, usize, u64), (Option<BTreeSet<Final>>, Vec<usize>)>;

fn with_question<T>(
    (body, setting, workers, iterations): (usize, Setting, usize, u64),
    then: impl FnOnce(&Question<'_>) -> T,
) -> T {
    let (switching, version) = match setting {
        Setting::Machine => (Switching::Machine, Version::newest_with_gil()),
        Setting::Version(version) => (Switching::Gil, version),
    };
    let program =
        Program::compile(BODIES[body].0, BODIES[body].1, version).expect("these bodies are covered");
    then(&Question { program: &program, switching, workers, iterations, pattern: Pattern::Plus })
}

/// Any schedule reads back or is refused with a reason; played back, it ends as some schedule does, or is refused.
#[expect(clippy::too_many_lines, reason = "one case after the other")]
pub fn schedule(data: &[u8]) {
    static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();
    let mut bytes = Bytes(data);
    let how = bytes.next();
    let setting = bytes.pick(SETTINGS);
    let asked = (bytes.below(BODIES.len()), setting, 1 + bytes.below(3), 1 + u64::from(bytes.next() % 2));
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let (endings, alone) = known.entry(asked).or_insert_with(|| {
        with_question(asked, |question| {
            let small = asked.2 < 3 || asked.3 < 2;
            let explored = small.then(|| {
                question.explore(
                    &Limits { memory: 1 << 28, witnesses: false },
                    &Control::default(),
                    &mut |_| {},
                )
            });
            let endings = explored.map(|explored| {
                let explored = explored.expect("these can be explored");
                explored.findings.outcomes.into_iter().map(|outcome| outcome.ending).collect()
            });
            let steps = |worker: usize| {
                let text = format!(
                    "v1:{setting}:{}100000",
                    gilsim::explore::letter(u8::try_from(worker).unwrap_or(0))
                );
                match question.replay(&text.parse().expect("a schedule")) {
                    Err(ExploreError::Schedule(ScheduleError::Finished { step, .. })) => {
                        usize::try_from(step - 1).unwrap_or(0)
                    }
                    _ => 0,
                }
            };
            (endings, (0..asked.2).map(steps).collect())
        })
    });
    let text = match how % 8 {
        0 => bytes.rest(),
        1 | 2 => {
            let mut text = bytes.pick(&["v1:", "v1:", "v1:", "v2:", "", " v1:"]).to_owned();
            let _ =
                write!(text, "{}:", bytes.pick(&["machine", "3.9", "3.13", "2.7", "3.13t", "3.5", "", "é"]));
            while !bytes.0.is_empty() && text.len() < 200 {
                text.push_str(bytes.pick(&[
                    "A",
                    "B",
                    "C",
                    "D",
                    "E",
                    "a",
                    "1",
                    "2",
                    "3",
                    "0",
                    "9",
                    ",",
                    ",",
                    " ",
                    "-",
                    "+",
                    "é",
                    ":",
                    ",A1",
                    ",B2",
                    "18446744073709551615",
                ]));
            }
            text
        }
        // Each worker has as many steps as it needs alone, or nearly.
        _ => {
            let mut left = alone.clone();
            if how & 64 != 0 {
                let worker = bytes.below(left.len());
                left[worker] = (left[worker] + bytes.below(3)).saturating_sub(1);
            }
            let mut order = Vec::new();
            while left.iter().any(|&steps| steps > 0) {
                let first = bytes.below(left.len());
                let worker = (0..left.len())
                    .map(|index| (first + index) % left.len())
                    .find(|&worker| left[worker] > 0);
                let Some(worker) = worker else { break };
                left[worker] -= 1;
                order.push(u8::try_from(worker).unwrap_or(0));
            }
            Schedule::of(setting, &order).to_string()
        }
    };
    let schedule = match text.parse::<Schedule>() {
        Ok(schedule) => schedule,
        Err(error) => {
            reason(&error);
            return;
        }
    };
    assert_eq!(schedule.to_string().parse().as_ref(), Ok(&schedule), "{text:?}");
    with_question(asked, |question| match question.replay(&schedule) {
        Ok(replayed) => {
            assert_eq!(replayed.trace.len() as u64, schedule.steps(), "{text:?}");
            if let Some(endings) = endings {
                assert!(
                    endings.contains(&replayed.ending),
                    "{:?} by {text:?} of {asked:?} was not found",
                    replayed.ending
                );
            }
            if data.last() == Some(&7) {
                assert_eq!(
                    question.replay_on_threads(&schedule),
                    Ok(replayed.ending),
                    "{text:?} of {asked:?}"
                );
            }
        }
        Err(error) => {
            reason(&error);
        }
    });
}

// ---- the worker protocol ----

const FIGURES: &[&str] = &[
    "0",
    "1",
    "2",
    "9",
    "18446744073709551615",
    "18446744073709551616",
    "340282366920938463463374607431768211455",
    "-1",
    "1.5",
    "1e400",
    "\"1\"",
    "null",
    "1000000000",
    "999999999",
];

/// Any line is a message that reads back, or none; and whatever subtotals tell, a report comes of them.
pub fn worker_protocol(data: &[u8]) {
    let mut bytes = Bytes(data);
    let mut text = String::new();
    if bytes.next() % 8 == 7 {
        text = bytes.rest();
    } else {
        while !bytes.0.is_empty() && text.len() < 2000 {
            let mut figure = || bytes.pick(FIGURES);
            let (worker, number) = (figure(), figure());
            let (start, end) = (figure(), figure());
            let mut time = || format!("{{\"secs\":{},\"nanos\":{}}}", figure(), figure());
            let usage = format!("\"user\":{},\"system\":{},\"voluntary\":{start}", time(), time());
            let _ = match bytes.next() % 8 {
                0 => writeln!(text, "{{\"ready\":{{\"worker\":{worker}}}}}"),
                1 => writeln!(text, "{{\"beat\":{{\"worker\":{worker},\"done\":{number}}}}}"),
                2 => writeln!(
                    text,
                    "{}{}",
                    bytes.pick(&["\"stop\"", "{", "[[[[", "\"", "\\u0000"]),
                    String::from_utf8_lossy(bytes.some())
                ),
                _ => writeln!(
                    text,
                    "{{\"subtotal\":{{\"worker\":{worker},\"total\":{number},\"span\":{{\"start\":{start},\"end\":{end}}},\
                     \"usage\":{{{usage},\"involuntary\":{end}}}}}}}"
                ),
            };
        }
    }
    let (mut spans, mut usages, mut total) = (Vec::<Span>::new(), Vec::<Usage>::new(), 0_u128);
    for line in text.lines() {
        let Some(message) = Message::parse(line) else { continue };
        let mut put = Vec::new();
        message.put(&mut put).expect("a vector takes everything");
        let put = String::from_utf8(put).expect("json is utf-8");
        assert_eq!(Message::parse(put.trim_end()).as_ref(), Some(&message), "{line:?}");
        let value: serde_json::Value = serde_json::from_str(&put).expect("a message is json");
        let Some(subtotal) = value.get("subtotal") else { continue };
        let part = |name: &str| subtotal[name].clone();
        spans.push(serde_json::from_value(part("span")).expect("a span"));
        usages.push(serde_json::from_value(part("usage")).expect("what was used"));
        total = total.saturating_add(serde_json::from_value(part("total")).expect("a total"));
    }
    if spans.is_empty() {
        return;
    }
    let observation = Observation {
        actual: i128::try_from(total).unwrap_or(i128::MAX),
        startup: Duration::from_nanos(spans[0].start),
        spans,
        usage: Some(usages.into_iter().sum()),
        foreign_values: None,
        lock: None,
    };
    let workers = NonZeroUsize::new(observation.spans.len()).unwrap_or(NonZeroUsize::MIN);
    let load = Workload {
        workers,
        iterations: 10,
        from: 0,
        pattern: Pattern::PlusMinus,
        cpus: Cpus { usable: 2, pinnable: Vec::new() },
        pins: Vec::new(),
        widen: None,
        switch_interval: Duration::from_millis(5),
    };
    let scenario = Split::by(By::Process);
    let cases = [Case { scenario: &scenario, load, baseline: false }];
    let result = CaseResult {
        expected: Some(45),
        observations: vec![observation.clone(), observation],
        failure: None,
    };
    let report = Report::new(&cases, &Outcome { finished: vec![result], interrupted: false }, false);
    let format = bytes.pick(Format::ALL);
    assert!(format.render(&report, Some(80)).is_ok_and(|text| !text.is_empty()));
}

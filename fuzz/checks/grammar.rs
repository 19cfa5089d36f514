//! Python source for bodies and setups: mostly what gilsim takes, now and then what it must refuse.

use super::bytes::Bytes;
use gilsim::python::version::Version;
use std::fmt::Write;

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

/// Writes Python source, as the bytes decide.
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

/// A body, a setup and a version to compile them for.
pub fn sources(data: &[u8]) -> (String, String, Version) {
    let mut bytes = Bytes::new(data);
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
    while !grammar.bytes.is_empty() && grammar.text.len() < 1000 {
        grammar.statement(0, 3);
    }
    (grammar.text, setup, version)
}

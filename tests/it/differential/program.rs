//! Small programs of one thread in the language that `check` covers, each from a seed: written, the types of its values known,
//! so that most of them run to their end.

use super::expressions::fits_f_string;
use super::random::Random;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Int,
    Float,
    Bool,
    Str,
    /// Of integers.
    List,
    /// From strings to integers.
    Dict,
    /// Of integers.
    Set,
    /// Of an integer and a string.
    Pair,
    /// An instance of the class of that number.
    Object(usize),
}

/// A function of the program: its name, its parameters, how many of them may be left out, and what it returns.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) parameters: Vec<(String, Type)>,
    pub(crate) optional: usize,
    pub(crate) result: Type,
}

/// A program being written.
pub(crate) struct Writer {
    pub(crate) random: Random,
    /// Whether it is for Python 3 alone: f-strings, `nonlocal`, dicts printed in their order.
    pub(crate) python3: bool,
    pub(crate) text: String,
    pub(crate) indent: usize,
    /// Variables by scope: those of the module, and of the function around the statement.
    pub(crate) scopes: Vec<Vec<(String, Type)>>,
    pub(crate) functions: Vec<Function>,
    /// How many classes there are.
    pub(crate) classes: usize,
    /// Numbers for new names.
    pub(crate) fresh: usize,
    /// Loops around the statement.
    pub(crate) loops: usize,
}

/// The program of a seed, and whether it is for Python 3 alone.
pub(crate) fn program(seed: u64) -> (String, bool) {
    let mut random = Random::new(seed);
    let python3 = random.percent(50);
    let mut writer = Writer {
        random,
        python3,
        text: String::new(),
        indent: 0,
        scopes: vec![Vec::new()],
        functions: Vec::new(),
        classes: 0,
        fresh: 0,
        loops: 0,
    };
    if !python3 {
        writer.line("from __future__ import print_function");
    }
    for (module, name) in
        [("collections", "deque"), ("collections", "defaultdict"), ("collections", "Counter")]
    {
        writer.line(&format!("from {module} import {name}"));
    }
    writer.line("import itertools");
    for kind in [Type::Int, Type::Str, Type::List, Type::Dict] {
        writer.assign_new(kind);
    }
    for _ in 0..writer.random.below(3) {
        writer.class();
    }
    for _ in 0..writer.random.below(4) {
        writer.function();
    }
    for _ in 0..4 + writer.random.below(8) {
        writer.statement();
    }
    let shown: Vec<(String, Type)> = writer.scopes[0].clone();
    for (name, kind) in shown {
        writer.show(&name, kind);
    }
    if writer.random.percent(10) {
        writer.last_raise();
    }
    (writer.text, python3)
}

impl Writer {
    pub(crate) fn line(&mut self, line: &str) {
        for _ in 0..self.indent {
            self.text.push_str("    ");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Writes a line and, one step further in, a block; `pass` if that writes nothing.
    pub(crate) fn block(&mut self, head: &str, write: impl FnOnce(&mut Self)) {
        self.line(head);
        self.indent += 1;
        let before = self.text.len();
        // What is bound in a block may not be bound behind it.
        let known = self.scopes.last().map_or(0, Vec::len);
        write(self);
        if let Some(scope) = self.scopes.last_mut() {
            scope.truncate(known);
        }
        if self.text.len() == before {
            self.line("pass");
        }
        self.indent -= 1;
    }

    pub(crate) fn name(&mut self, prefix: &str) -> String {
        self.fresh += 1;
        format!("{prefix}{}", self.fresh)
    }

    pub(crate) fn bind(&mut self, name: &str, kind: Type) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.push((name.to_owned(), kind));
        }
    }

    /// A variable of that type that can be read.
    pub(crate) fn variable(&mut self, kind: Type) -> Option<String> {
        let all: Vec<String> = self
            .scopes
            .iter()
            .flatten()
            .filter(|(_, of)| *of == kind)
            .map(|(name, _)| name.clone())
            .collect();
        if all.is_empty() { None } else { Some(all[self.random.below(all.len())].clone()) }
    }

    /// A variable of that type that can be assigned to.
    pub(crate) fn own(&mut self, kind: Type) -> Option<String> {
        let scope = self.scopes.last()?;
        let all: Vec<String> =
            scope.iter().filter(|(_, of)| *of == kind).map(|(name, _)| name.clone()).collect();
        if all.is_empty() { None } else { Some(all[self.random.below(all.len())].clone()) }
    }

    pub(crate) fn any_type(&mut self) -> Type {
        match self.random.below(if self.classes > 0 { 12 } else { 10 }) {
            0..=2 => Type::Int,
            3 => Type::Float,
            4 => Type::Bool,
            5 => Type::Str,
            6 => Type::List,
            7 => Type::Dict,
            8 => Type::Set,
            9 => Type::Pair,
            _ => Type::Object(self.random.below(self.classes)),
        }
    }

    pub(crate) fn assign_new(&mut self, kind: Type) {
        let value = self.expression(kind, 2);
        let name = self.name(match kind {
            Type::Int => "i",
            Type::Float => "f",
            Type::Bool => "b",
            Type::Str => "s",
            Type::List => "l",
            Type::Dict => "d",
            Type::Set => "m",
            Type::Pair => "p",
            Type::Object(_) => "o",
        });
        self.line(&format!("{name} = {value}"));
        self.bind(&name, kind);
    }

    /// Prints a value in a form that does not depend on hashes.
    pub(crate) fn show(&mut self, value: &str, kind: Type) {
        let shown = match kind {
            Type::Dict if self.python3 && self.random.percent(50) => value.to_owned(),
            Type::Dict => format!("sorted({value}.items())"),
            Type::Set => format!("sorted({value})"),
            Type::Object(_) => format!("{value}.n, str({value})"),
            _ => match self.random.below(6) {
                0 => format!("str({value})"),
                1 => format!("repr({value})"),
                2 => format!("({value}, [{value}])"),
                3 if kind == Type::Int => format!("'%d|%5d|%-4d|%s' % ({value}, {value}, {value}, {value})"),
                3 if kind == Type::Str => format!("'%s|%r|%6s' % ({value}, {value}, {value})"),
                3 if kind == Type::Float => format!("'%.2f|%s' % ({value}, {value})"),
                4 if self.python3 && fits_f_string(value) => {
                    format!("f'<{{{value}}}|{{{value}!r}}>'")
                }
                _ => value.to_owned(),
            },
        };
        if self.random.percent(10) {
            let separator =
                self.random.one(&["sep='-'", "end='!\\n'", "sep='', end=' '", "sep=', '"]).to_owned();
            self.line(&format!("print('shown', {shown}, {separator})"));
        } else {
            self.line(&format!("print({shown})"));
        }
    }
}

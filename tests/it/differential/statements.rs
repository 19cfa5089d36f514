//! Statements.

use super::program::{Type, Writer};

/// Exceptions that a program raises by itself.
const RAISED: &[&str] = &[
    "ValueError('bad')",
    "KeyError('key')",
    "RuntimeError('a', 1)",
    "TypeError()",
    "IndexError(3)",
    "ZeroDivisionError",
];

impl Writer {
    pub(crate) fn statement(&mut self) {
        let nested = self.indent > 2;
        match self.random.below(if nested { 16 } else { 28 }) {
            0..=2 => {
                let kind = self.any_type();
                self.assign_new(kind);
            }
            3 | 4 => self.assign_again(),
            5 => self.augmented(),
            6 => self.unpack(),
            7 | 8 => self.list_method(),
            9 => self.dict_method(),
            10 => self.set_method(),
            11 => self.object_statement(),
            12 | 13 => {
                let kind = self.any_type();
                let value = self.expression(kind, 2);
                self.show(&value, kind);
            }
            14 => {
                let test = self.expression(Type::Bool, 1);
                self.line(&format!("assert {test} or True, 'never'"));
            }
            15 if self.loops > 0 => {
                let test = self.expression(Type::Bool, 1);
                let jump = self.random.one(&["break", "continue"]);
                self.block(&format!("if {test}:"), |writer| writer.line(jump));
            }
            15 => self.containers(),
            16..=18 => self.choice(),
            19..=21 => self.for_loop(),
            22 => self.while_loop(),
            23..=25 => self.try_block(),
            26 => self.with_block(),
            _ => self.containers(),
        }
    }

    pub(crate) fn statements(&mut self, most: usize) {
        for _ in 0..=self.random.below(most) {
            self.statement();
        }
    }

    fn assign_again(&mut self) {
        let kind = self.any_type();
        let Some(name) = self.own(kind) else {
            return self.assign_new(kind);
        };
        let value = self.expression(kind, 2);
        if self.random.percent(15) {
            let other = self.name("v");
            self.line(&format!("{other} = {name} = {value}"));
            self.bind(&other, kind);
        } else {
            self.line(&format!("{name} = {value}"));
        }
    }

    fn augmented(&mut self) {
        let (kind, ops): (Type, &[&str]) = match self.random.below(5) {
            0 | 1 => (Type::Int, &["+=", "-=", "*=", "//=", "%=", "|=", "&=", "^=", ">>="]),
            2 => (Type::Str, &["+="]),
            3 => (Type::List, &["+="]),
            _ => (Type::Float, &["+=", "-=", "*="]),
        };
        let Some(name) = self.own(kind) else { return };
        let op = self.random.one(ops);
        let value =
            if matches!(op, "//=" | "%=" | ">>=") { "3".to_owned() } else { self.expression(kind, 1) };
        match (kind, self.random.below(4)) {
            (Type::Int, 0) if self.variable(Type::Dict).is_some() => {
                let dict = self.variable(Type::Dict).unwrap_or_default();
                self.line(&format!("{dict}['n'] = {name}"));
                self.line(&format!("{dict}['n'] {op} {value}"));
            }
            (Type::Int, 1) => {
                let list = self.name("l");
                self.line(&format!("{list} = [{name}]"));
                self.line(&format!("{list}[-1] {op} {value}"));
                self.bind(&list, Type::List);
            }
            _ => self.line(&format!("{name} {op} {value}")),
        }
    }

    fn unpack(&mut self) {
        let (one, two) = (self.name("i"), self.name("s"));
        match self.random.below(3) {
            0 => {
                let value = self.expression(Type::Pair, 1);
                self.line(&format!("{one}, {two} = {value}"));
            }
            1 => {
                let (int, str) = (self.expression(Type::Int, 1), self.expression(Type::Str, 1));
                self.line(&format!("{one}, ({two}, _) = {int}, ({str}, None)"));
            }
            _ => {
                let (int, str) = (self.expression(Type::Int, 1), self.expression(Type::Str, 1));
                self.line(&format!("{two}, {one} = {int}, {str}"));
                self.line(&format!("{one}, {two} = {two}, {one}"));
            }
        }
        self.bind(&one, Type::Int);
        self.bind(&two, Type::Str);
    }

    fn list_method(&mut self) {
        let Some(list) = self.variable(Type::List) else { return };
        let int = self.expression(Type::Int, 1);
        let statement = match self.random.below(14) {
            0..=2 => format!("{list}.append({int})"),
            3 => format!("{list}.extend({})", self.expression(Type::List, 1)),
            4 => format!("{list}.insert({}, {int})", self.random.one(&["0", "1", "-1", "99"])),
            5 => format!("print({list}.pop() if {list} else 'empty')"),
            6 => format!("{list}.sort()"),
            7 => format!("{list}.sort(key=lambda v: v % 3)"),
            8 => format!("{list}.reverse()"),
            9 => format!("del {list}[{}:]", self.random.one(&["3", "1", "-1"])),
            10 => format!(
                "{list}[{}:{}] = {}",
                self.random.below(3),
                self.random.below(4),
                self.expression(Type::List, 1)
            ),
            11 => {
                self.block(&format!("if {int} in {list}:"), |writer| {
                    writer.line(&format!("{list}.remove({int})"))
                });
                return;
            }
            12 => {
                self.block(&format!("if {list}:"), |writer| writer.line(&format!("{list}[0] = {int}")));
                return;
            }
            _ => format!("{list}.append(len({list}))"),
        };
        self.line(&statement);
    }

    fn dict_method(&mut self) {
        let Some(dict) = self.variable(Type::Dict) else { return };
        let (int, key) = (self.expression(Type::Int, 1), self.random.one(&["'a'", "'b'", "'q'", "str(1)"]));
        let statement = match self.random.below(9) {
            0 | 1 => format!("{dict}[{key}] = {int}"),
            2 => format!("{dict}[{key}] = {dict}.get({key}, 0) + {int}"),
            3 => format!("{dict}.update({})", self.expression(Type::Dict, 1)),
            4 => format!("print({dict}.setdefault({key}, {int}))"),
            5 => format!("print({dict}.pop({key}, {int}))"),
            6 => {
                self.block(&format!("if {key} in {dict}:"), |writer| {
                    writer.line(&format!("del {dict}[{key}]"))
                });
                return;
            }
            7 => format!("print(sorted({dict}.keys()), len({dict}.values()))"),
            _ => {
                self.block(&format!("for k, v in sorted({dict}.items()):"), |writer| {
                    writer.line("print(k, v)")
                });
                return;
            }
        };
        self.line(&statement);
    }

    fn set_method(&mut self) {
        let Some(set) = self.variable(Type::Set) else { return };
        let int = self.expression(Type::Int, 1);
        let statement = match self.random.below(4) {
            0 => format!("{set}.add({int})"),
            1 => format!("{set}.discard({int})"),
            2 => format!("{set}.update({})", self.expression(Type::List, 1)),
            _ => format!("print(len({set}), {int} in {set})"),
        };
        self.line(&statement);
    }

    fn choice(&mut self) {
        let test = self.expression(Type::Bool, 2);
        self.block(&format!("if {test}:"), |writer| writer.statements(2));
        if self.random.percent(30) {
            let test = self.expression(Type::Bool, 1);
            self.block(&format!("elif {test}:"), |writer| writer.statements(2));
        }
        if self.random.percent(50) {
            self.block("else:", |writer| writer.statements(2));
        }
    }

    fn in_loop(&mut self, head: &str, bound: &[(&str, Type)]) {
        self.loops += 1;
        self.block(head, |writer| {
            for (name, kind) in bound {
                writer.bind(name, *kind);
            }
            writer.statements(3);
        });
        self.loops -= 1;
        if self.random.percent(25) {
            self.block("else:", |writer| writer.line("print('no break')"));
        }
    }

    fn for_loop(&mut self) {
        if self.loops > 1 {
            return;
        }
        let name = self.name("i");
        match self.random.below(5) {
            0 | 1 => {
                let count = self.random.below(5);
                self.in_loop(&format!("for {name} in range({count}):"), &[(&name, Type::Int)]);
            }
            2 => {
                let list = self.expression(Type::List, 1);
                self.in_loop(&format!("for {name} in ({list})[:4]:"), &[(&name, Type::Int)]);
            }
            3 => {
                let (other, text) = (self.name("s"), self.expression(Type::Str, 1));
                self.in_loop(
                    &format!("for {name}, {other} in enumerate({text}[:3]):"),
                    &[(&name, Type::Int), (&other, Type::Str)],
                );
            }
            _ => {
                let (other, dict) = (self.name("s"), self.expression(Type::Dict, 1));
                self.in_loop(
                    &format!("for {other}, {name} in sorted(({dict}).items())[:3]:"),
                    &[(&name, Type::Int), (&other, Type::Str)],
                );
            }
        }
    }

    fn while_loop(&mut self) {
        if self.loops > 1 {
            return;
        }
        let name = self.name("w");
        let line = format!("{name} = {}", self.random.below(4));
        self.line(&line);
        let test = self.expression(Type::Bool, 1);
        let head = format!("while {name} > 0 and ({test} or {name} > 1):");
        self.loops += 1;
        self.block(&head, |writer| {
            writer.line(&format!("{name} -= 1"));
            writer.statements(2);
        });
        self.loops -= 1;
        if self.random.percent(20) {
            self.block("else:", |writer| writer.line("print('ended')"));
        }
    }

    /// Something that may raise.
    fn risky(&mut self) {
        let (int, list, dict) =
            (self.expression(Type::Int, 1), self.expression(Type::List, 1), self.expression(Type::Dict, 1));
        let statement = match self.random.below(16) {
            0 => format!("print({int} // {})", self.expression(Type::Int, 1)),
            1 => format!("print(({list})[{int}])"),
            2 => format!("print(({dict})['zz'])"),
            3 => format!("int({})", self.expression(Type::Str, 1)),
            4 => format!("print(({list}).index({int}))"),
            5 => format!("({list}).remove({int})"),
            6 => "print('a' + 1)".to_owned(),
            7 => "None.nothing".replace("nothing", "append"),
            8 => format!("raise {}", self.random.one(RAISED)),
            9 => "a, b = [1, 2, 3]".to_owned(),
            10 => format!("print(({list}).pop({int}))"),
            11 => "[].pop()".to_owned(),
            12 => "assert not 1, 'told'".to_owned(),
            13 => format!("del ({dict})['zz']"),
            14 => "print(len(5))".to_owned(),
            _ => "for v in 7: pass".to_owned(),
        };
        self.line(&statement);
    }

    fn try_block(&mut self) {
        self.block("try:", |writer| {
            if writer.random.percent(40) {
                writer.statement();
            }
            writer.risky();
            writer.line("print('went well')");
        });
        let bare = self.random.percent(40);
        if !bare {
            let class = self.random.one(&[
                "ValueError",
                "KeyError",
                "(IndexError, TypeError)",
                "ZeroDivisionError",
                "LookupError",
                "ArithmeticError",
            ]);
            self.block(&format!("except {class}:"), |writer| writer.line("print('caught')"));
        }
        let name = self.name("e");
        self.block(&format!("except Exception as {name}:"), |writer| {
            writer.line(&format!("print(type({name}).__name__, isinstance({name}, LookupError))"));
            if writer.random.percent(40) {
                writer.line(&format!("print({name})"));
            }
            if writer.random.percent(10) {
                writer.line(&format!("print(repr({name}.args))"));
            }
            if writer.loops == 0 && writer.random.percent(3) {
                writer.line("raise");
            }
        });
        if self.random.percent(25) {
            self.block("else:", |writer| writer.line("print('else')"));
        }
        if self.random.percent(30) {
            self.block("finally:", |writer| writer.line("print('finally')"));
        }
    }

    fn with_block(&mut self) {
        if self.classes == 0 {
            return;
        }
        let (class, name) = (self.random.below(self.classes), self.name("o"));
        let int = self.expression(Type::Int, 1);
        self.block(&format!("with C{class}({int}) as {name}:"), |writer| {
            writer.bind(&name, Type::Object(class));
            writer.statements(2);
            if writer.random.percent(20) {
                writer.line("raise KeyError('left')");
            }
        });
    }

    /// The containers of the library.
    fn containers(&mut self) {
        let name = self.name("c");
        let list = self.expression(Type::List, 1);
        match self.random.below(5) {
            0 => {
                let most = self.random.one(&["", ", 2", ", maxlen=3"]);
                self.line(&format!("{name} = deque({list}{most})"));
                let line = format!(
                    "{name}.{}({})",
                    self.random.one(&["append", "appendleft"]),
                    self.random.below(9)
                );
                self.line(&line);
                let line = format!(
                    "print(list({name}), len({name}), {name}.{}())",
                    self.random.one(&["pop", "popleft"])
                );
                self.line(&line);
            }
            1 => {
                let line =
                    format!("{name} = defaultdict({})", self.random.one(&["int", "list", "lambda: 5"]));
                self.line(&line);
                self.line(&format!("print({name}['x'], len({name}), 'y' in {name})"));
            }
            2 => {
                let text = self.expression(Type::Str, 1);
                self.line(&format!("{name} = Counter({text})"));
                self.line(&format!("{name}['l'] += 2"));
                self.line(&format!("print(sorted({name}.items()), {name}['none'])"));
            }
            3 => {
                let line =
                    format!("{name} = itertools.count({})", self.random.one(&["", "5", "1, 2", "start=3"]));
                self.line(&line);
                self.line(&format!("print(next({name}), next({name}))"));
            }
            _ => {
                self.line(&format!("{name} = iter({list})"));
                self.line(&format!("print(next({name}, 'none'), list({name}))"));
            }
        }
    }

    /// Ends the program by an exception that nobody catches.
    pub(crate) fn last_raise(&mut self) {
        if self.random.percent(50) {
            let line = format!("raise {}", self.random.one(RAISED));
            self.line(&line);
        } else {
            self.risky();
        }
    }
}

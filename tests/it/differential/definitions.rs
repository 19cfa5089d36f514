//! Functions, closures and classes.

use super::program::{Function, Type, Writer};

impl Writer {
    pub(crate) fn function(&mut self) {
        if self.random.percent(25) {
            return self.closure();
        }
        let name = self.name("fun");
        let count = self.random.below(4);
        let optional = self.random.below(count + 1);
        let parameters: Vec<(String, Type)> = (0..count).map(|_| (self.name("a"), self.any_type())).collect();
        let result = self.any_type();
        let listed: Vec<String> = parameters
            .iter()
            .enumerate()
            .map(|(index, (name, kind))| {
                if index + optional >= count {
                    format!("{name}={}", self.expression(*kind, 1))
                } else {
                    name.clone()
                }
            })
            .collect();
        let global = self.random.percent(25);
        self.scopes.push(parameters.clone());
        // Loops inside of what is called in a loop would make programs long.
        let around = std::mem::replace(&mut self.loops, 1);
        self.block(&format!("def {name}({}):", listed.join(", ")), |writer| {
            let shared =
                writer.scopes[0].iter().find(|(_, kind)| *kind == Type::Int).map(|(name, _)| name.clone());
            if let (true, Some(shared)) = (global, shared) {
                writer.line(&format!("global {shared}"));
                writer.line(&format!("{shared} += 1"));
            }
            // What leaves a loop stands in one: `break` and `continue` do so only here.
            writer.block("for once in (1,):", |writer| writer.statements(3));
            if writer.random.percent(30) {
                let test = writer.expression(Type::Bool, 1);
                writer.block(&format!("if {test}:"), |writer| {
                    let value = writer.expression(result, 1);
                    writer.line(&format!("return {value}"));
                });
            }
            if writer.random.percent(20) {
                writer.block("try:", |writer| {
                    let value = writer.expression(result, 1);
                    writer.line(&format!("return {value}"));
                });
                writer.block("finally:", |writer| writer.line("print('on the way out')"));
            } else {
                let value = writer.expression(result, 1);
                writer.line(&format!("return {value}"));
            }
        });
        self.loops = around;
        self.scopes.pop();
        self.functions.push(Function { name, parameters, optional, result });
    }

    /// A function that gives back another, which keeps what it has counted.
    fn closure(&mut self) {
        let (maker, name) = (self.name("make"), self.name("fun"));
        let int = self.expression(Type::Int, 1);
        let python3 = self.python3;
        self.block(&format!("def {maker}(start):"), |writer| {
            writer.line(if python3 { "total = start" } else { "total = [start]" });
            writer.block("def inner(step=1):", |writer| {
                if python3 {
                    writer.line("nonlocal total");
                    writer.line("total += step");
                    writer.line("return total");
                } else {
                    writer.line("total[0] += step");
                    writer.line("return total[0] + start");
                }
            });
            writer.line("return inner");
        });
        self.line(&format!("{name} = {maker}({int})"));
        let parameters = vec![("step".to_owned(), Type::Int)];
        self.functions.push(Function { name, parameters, optional: 1, result: Type::Int });
    }

    /// A class with an attribute `n`, a property `twice`, a method `add`, and special methods.
    pub(crate) fn class(&mut self) {
        let number = self.classes;
        let base = (number > 0 && self.random.percent(50)).then(|| self.random.below(number));
        let head = match base {
            Some(base) => format!("class C{number}(C{base}):"),
            None => format!("class C{number}(object):"),
        };
        let (one, two) = (self.random.below(9), self.random.below(5));
        let parts = self.random.below(1 << 12);
        let has = |bit: usize| parts >> bit & 1 == 1;
        let root = base.is_none();
        self.block(&head, |writer| {
            writer.line(&format!("kind = {one}"));
            match base {
                Some(base) if has(0) => writer.block("def __init__(self, n):", |writer| {
                    if writer.python3 && has(1) {
                        writer.line(&format!("super().__init__(n + {two})"));
                    } else if has(2) {
                        writer.line(&format!("super(C{number}, self).__init__(n + {two})"));
                    } else {
                        writer.line(&format!("C{base}.__init__(self, n)"));
                    }
                    writer.line("self.more = n");
                }),
                Some(_) => {}
                None => writer.block("def __init__(self, n):", |writer| writer.line("self.n = n")),
            }
            if root || has(3) {
                writer.line("@property");
                writer.block("def twice(self):", |writer| writer.line(&format!("return self.n * 2 + {two}")));
                if has(4) {
                    writer.line("@twice.setter");
                    writer.block("def twice(self, value):", |writer| writer.line("self.n = value // 2"));
                }
            }
            if root || has(5) {
                writer.block("def add(self, more=1):", |writer| {
                    if !root && writer.python3 && has(6) {
                        writer.line("super().add(more)");
                    }
                    writer.line(&format!("self.n += more * {two}"));
                    writer.line("return self.n");
                });
                writer.block("def __len__(self):", |writer| writer.line(&format!("return {one}")));
                writer.block("def __str__(self):", |writer| {
                    writer.line(&format!("return 'C{number}<%d>' % self.n"))
                });
                writer.block("def __enter__(self):", |writer| {
                    writer.line("print('enter', self.n)");
                    writer.line("return self");
                });
                let kept = if has(7) { "kind is not None" } else { "kind is KeyError" };
                writer.block("def __exit__(self, kind, value, trace):", |writer| {
                    writer.line("print('exit', kind is None)");
                    writer.line(&format!("return {kept}"));
                });
                writer.block("def __add__(self, other):", |writer| {
                    writer.line(&format!(
                        "return C{number}(self.n + (other if isinstance(other, int) else other.n))"
                    ));
                });
                writer.block("def __getitem__(self, at):", |writer| {
                    writer.line(&format!("return self.n + at * {two}"))
                });
                writer
                    .block("def __contains__(self, value):", |writer| writer.line("return value == self.n"));
                writer.block("def __call__(self, by):", |writer| writer.line("return self.n * by"));
            }
            if has(8) {
                writer.line("@staticmethod");
                writer.block("def fixed(v):", |writer| writer.line(&format!("return v + {one}")));
            }
            if has(9) {
                writer.line("@classmethod");
                writer.block("def made(cls, v):", |writer| writer.line("return cls(v)"));
            }
        });
        self.classes += 1;
        if has(8) {
            self.line(&format!("print(C{number}.fixed({two}), C{number}(1).fixed(2))"));
        }
        if has(9) {
            self.line(&format!("print(C{number}.made({two}).n, C{number}.kind, C{number}.__name__)"));
        }
        if has(10) {
            self.iterator(one);
        }
    }

    /// A class whose instances count down.
    fn iterator(&mut self, from: usize) {
        let name = self.name("Down");
        self.block(&format!("class {name}(object):"), |writer| {
            writer.block("def __init__(self):", |writer| writer.line(&format!("self.left = {}", from % 4)));
            writer.block("def __iter__(self):", |writer| writer.line("return self"));
            writer.block("def __next__(self):", |writer| {
                writer.block("if self.left <= 0:", |writer| writer.line("raise StopIteration"));
                writer.line("self.left -= 1");
                writer.line("return self.left");
            });
            writer.line("next = __next__");
        });
        self.block(&format!("for v in {name}():"), |writer| writer.line("print(v)"));
        self.line(&format!("print([v + 1 for v in {name}()])"));
        if self.random.percent(50) {
            self.line(&format!("print(list({name}()), sum({name}()))"));
        }
    }

    /// Something with an object.
    pub(crate) fn object_statement(&mut self) {
        if self.classes == 0 {
            return;
        }
        let class = self.random.below(self.classes);
        let Some(object) = self.variable(Type::Object(class)) else {
            return self.assign_new(Type::Object(class));
        };
        let int = self.expression(Type::Int, 1);
        let statement = match self.random.below(12) {
            0 => format!("{object}.n = {int}"),
            1 => format!("{object}.n += {int}"),
            2 => format!("print({object}.add({int}), {object}.twice)"),
            3 => format!("print({object}.add(more={int}))"),
            4 => format!("print(len({object}), bool({object}), {object}[{int}])"),
            5 => format!("print({int} in {object}, {object}({int}))"),
            6 => format!("print(({object} + {int}).n)"),
            7 => format!("{object}.extra = {int}"),
            8 => format!(
                "print(hasattr({object}, 'extra'), getattr({object}, 'n'), getattr({object}, 'none', 3))"
            ),
            9 => format!("print(isinstance({object}, C{}), {object}.kind)", self.random.below(self.classes)),
            10 => format!("{object}.kind = {object}.kind + 1"),
            _ => format!("print(str({object}), '%s' % {object}, {object}.__class__.__name__)"),
        };
        self.line(&statement);
    }
}

//! Expressions of each type.

use super::program::{Type, Writer};

const WORDS: &[&str] = &[
    "''",
    "'a'",
    "'bc'",
    "'Hello World'",
    "'x y  z'",
    "\"it's\"",
    "'tab\\t'",
    "'12'",
    "' 7 '",
    "'\"'",
    "'a,b,c'",
];

/// Whether an expression may stand in an f-string of single quotes: before 3.12 it may have none of these.
pub(crate) fn fits_f_string(expression: &str) -> bool {
    !expression.contains(['\'', '"', '\\', '{', ':', '!'])
}

impl Writer {
    /// An expression of that type, nested at most so deep.
    pub(crate) fn expression(&mut self, kind: Type, depth: usize) -> String {
        if self.random.percent(40)
            && let Some(name) = self.variable(kind)
        {
            return name;
        }
        if depth > 0 && self.random.percent(12) {
            return self.general(kind, depth - 1);
        }
        match kind {
            Type::Int => self.int(depth),
            Type::Float => self.float(depth),
            Type::Bool => self.bool(depth),
            Type::Str => self.str(depth),
            Type::List => self.list(depth),
            Type::Dict => self.dict(depth),
            Type::Set => self.set(depth),
            Type::Pair => {
                let (one, two) = (self.below(Type::Int, depth), self.below(Type::Str, depth));
                match self.random.below(3) {
                    0 => format!("tuple([{one}, {two}])"),
                    1 => format!("({one},) + ({two},)"),
                    _ => format!("({one}, {two})"),
                }
            }
            Type::Object(class) => {
                let value = self.below(Type::Int, depth);
                if self.random.percent(30) {
                    format!("C{class}(n={value})")
                } else {
                    format!("C{class}({value})")
                }
            }
        }
    }

    fn below(&mut self, kind: Type, depth: usize) -> String {
        if depth == 0 { self.atom(kind) } else { self.expression(kind, depth - 1) }
    }

    /// What has no expression in it.
    fn atom(&mut self, kind: Type) -> String {
        if self.random.percent(60)
            && let Some(name) = self.variable(kind)
        {
            return name;
        }
        match kind {
            Type::Int if self.random.percent(4) => {
                self.random.one(&["10 ** 18", "2 ** 62", "-(2 ** 63)", "123456789012345678901"]).to_owned()
            }
            Type::Int => (self.random.below(24).cast_signed() - 4).to_string(),
            Type::Float => {
                self.random.one(&["0.5", "2.0", "-1.25", "1e3", "0.1", "3.75", "1e-7", "1e20"]).to_owned()
            }
            Type::Bool => self.random.one(&["True", "False"]).to_owned(),
            Type::Str => self.random.one(WORDS).to_owned(),
            Type::List => self.random.one(&["[]", "[1]", "[3, 1, 2]", "[0, 0, 5, -2]"]).to_owned(),
            Type::Dict => self.random.one(&["{}", "{'a': 1}", "{'a': 1, 'b': 2}"]).to_owned(),
            Type::Set => self.random.one(&["set()", "{1}", "{1, 2, 3}"]).to_owned(),
            Type::Pair => "(1, 'p')".to_owned(),
            Type::Object(class) => format!("C{class}(1)"),
        }
    }

    /// Forms that exist for every type.
    fn general(&mut self, kind: Type, depth: usize) -> String {
        let value = self.below(kind, depth);
        match self.random.below(8) {
            0 => {
                let (test, other) = (self.below(Type::Bool, depth), self.below(kind, depth));
                format!("({value} if {test} else {other})")
            }
            1 => {
                let other = self.below(kind, depth);
                format!("({value} {} {other})", self.random.one(&["or", "and"]))
            }
            2 => format!("(lambda v: v)({value})"),
            3 => format!("[{value}][0]"),
            4 => format!("{{'k': {value}}}['k']"),
            5 => format!("(0, {value})[-1]"),
            6 => {
                let callable: Vec<usize> =
                    (0..self.functions.len()).filter(|&at| self.functions[at].result == kind).collect();
                if callable.is_empty() || self.loops > 1 {
                    return value;
                }
                let at = callable[self.random.below(callable.len())];
                self.call(at, depth)
            }
            _ => format!("({value})"),
        }
    }

    /// A call of a function of the program.
    pub(crate) fn call(&mut self, at: usize, depth: usize) -> String {
        let function = self.functions[at].clone();
        let left_out = self.random.below(function.optional + 1);
        let given = function.parameters.len() - left_out;
        let by_name = self.random.below(given + 1);
        let args: Vec<String> = function.parameters[..given]
            .iter()
            .enumerate()
            .map(|(index, (name, kind))| {
                let value = self.below(*kind, depth);
                if index + by_name >= given { format!("{name}={value}") } else { value }
            })
            .collect();
        format!("{}({})", function.name, args.join(", "))
    }

    fn int(&mut self, depth: usize) -> String {
        let one = self.below(Type::Int, depth);
        match self.random.below(34) {
            0..=4 => {
                let other = self.below(Type::Int, depth);
                format!("({one} {} {other})", self.random.one(&["+", "-", "*", "&", "|", "^"]))
            }
            5 | 6 => format!(
                "({one} {} {})",
                self.random.one(&["//", "%"]),
                self.random.one(&["3", "-7", "2", "10"])
            ),
            7 => {
                let other = self.below(Type::Int, depth);
                format!("({one} {} {other})", self.random.one(&["//", "%"]))
            }
            8 => format!("({one} {} {})", self.random.one(&["<<", ">>", "**"]), self.random.below(5)),
            9 => format!("{}{one}", self.random.one(&["-", "~", "+"])),
            10 => format!("abs({one})"),
            11 => {
                let kind = [Type::Str, Type::List, Type::Dict, Type::Set, Type::Pair][self.random.below(5)];
                let value = self.below(kind, depth);
                format!("len({value})")
            }
            12 => format!("sum({})", self.below(Type::List, depth)),
            13 => format!("{}({one}, {})", self.random.one(&["max", "min"]), self.below(Type::Int, depth)),
            14 => {
                format!("{}({} + [{one}])", self.random.one(&["max", "min"]), self.below(Type::List, depth))
            }
            15 => format!("int(str({one}))"),
            16 => format!(
                "{}.get('{}', {one})",
                self.below(Type::Dict, depth),
                self.random.one(&["a", "b", "z"])
            ),
            17 => format!(
                "{}.count({})",
                self.below(Type::Str, depth),
                self.random.one(&["'a'", "'l'", "' '", "','"])
            ),
            18 => format!(
                "{}.find({})",
                self.below(Type::Str, depth),
                self.random.one(&["'a'", "'l'", "'World'"])
            ),
            19 => format!("{}.count({one})", self.below(Type::List, depth)),
            20 => format!("({} + [{one}]).index({one})", self.below(Type::List, depth)),
            21 => format!("({} + [{one}])[{}]", self.below(Type::List, depth), self.random.one(&["0", "-1"])),
            22 => format!("divmod({one}, {})[{}]", self.random.one(&["3", "-4", "7"]), self.random.below(2)),
            23 => format!("int({})", self.below(Type::Bool, depth)),
            24 => format!("int({})", self.random.one(&["2.7", "-2.7", "'42'", "' -3 '", "1e3"])),
            25 => format!("sum(v * {} for v in {})", self.random.below(4), self.below(Type::List, depth)),
            26 => format!(
                "max({}, key=lambda v: -v)",
                format_args!("{} + [{one}]", self.below(Type::List, depth))
            ),
            27 => format!("sum(map(lambda v: v + 1, {}))", self.below(Type::List, depth)),
            28 => format!("{}[0]", self.below(Type::Pair, depth)),
            29 if self.classes > 0 => {
                let class = self.random.below(self.classes);
                let object = self.below(Type::Object(class), depth);
                match self.random.below(4) {
                    0 => format!("{object}.n"),
                    1 => format!("{object}.twice"),
                    2 => format!("len({object})"),
                    _ => format!("{object}.add({one})"),
                }
            }
            30 => format!("pow({one}, {})", self.random.below(4)),
            31 => format!("sum([v for v in range({}) if v % 2])", self.random.below(9)),
            32 => format!("sum(v for v in {})", self.below(Type::Set, depth)),
            33 => format!("next(iter({} + [{one}]))", self.below(Type::List, depth)),
            _ => one,
        }
    }

    fn float(&mut self, depth: usize) -> String {
        let one = self.below(Type::Float, depth);
        match self.random.below(9) {
            0..=2 => {
                format!("({one} {} {})", self.random.one(&["+", "-", "*"]), self.below(Type::Float, depth))
            }
            3 => format!("({one} {} {})", self.random.one(&["+", "-", "*"]), self.random.below(9)),
            4 => format!(
                "({one} {} {})",
                self.random.one(&["/", "//", "%"]),
                self.random.one(&["2", "0.25", "-3", "3.0"])
            ),
            5 => format!("float({})", self.random.below(30)),
            6 => format!("abs({one})"),
            7 => format!("max({one}, {})", self.below(Type::Float, depth)),
            _ => format!("-{one}"),
        }
    }

    fn bool(&mut self, depth: usize) -> String {
        let kind = [Type::Int, Type::Str, Type::List, Type::Int, Type::Float][self.random.below(5)];
        match self.random.below(14) {
            0..=3 => {
                let (one, two) = (self.below(kind, depth), self.below(kind, depth));
                format!("({one} {} {two})", self.random.one(&["<", "<=", ">", ">=", "==", "!="]))
            }
            4 => {
                let (one, two) = (self.below(Type::Int, depth), self.below(Type::Int, depth));
                format!("({} <= {one} < {two})", self.random.below(5))
            }
            5 => format!(
                "({} {} {})",
                self.below(Type::Bool, depth),
                self.random.one(&["and", "or"]),
                self.below(Type::Bool, depth)
            ),
            6 => format!("(not {})", self.below(kind, depth)),
            7 => {
                let holder = [Type::List, Type::Set][self.random.below(2)];
                let (one, two) = (self.below(Type::Int, depth), self.below(holder, depth));
                format!("({one} {} {two})", self.random.one(&["in", "not in"]))
            }
            8 => {
                format!("({} in {})", self.random.one(&["'a'", "'z'", "'b'"]), self.below(Type::Dict, depth))
            }
            9 => {
                format!("({} in {})", self.random.one(&["'a'", "'ell'", "''"]), self.below(Type::Str, depth))
            }
            10 => format!("({} {} None)", self.below(kind, depth), self.random.one(&["is", "is not"])),
            11 => format!(
                "{}(v > {} for v in {})",
                self.random.one(&["any", "all"]),
                self.random.below(4),
                self.below(Type::List, depth)
            ),
            12 => format!(
                "isinstance({}, {})",
                self.below(kind, depth),
                self.random.one(&["int", "str", "list", "(int, str)", "float", "object"])
            ),
            _ => match self.random.below(4) {
                0 => format!(
                    "{}.startswith({})",
                    self.below(Type::Str, depth),
                    self.random.one(&["'a'", "'He'", "''"])
                ),
                1 => format!("{}.isdigit()", self.below(Type::Str, depth)),
                2 => format!("bool({})", self.below(kind, depth)),
                _ => format!("({} == {})", self.below(Type::Dict, depth), self.below(Type::Dict, depth)),
            },
        }
    }

    fn str(&mut self, depth: usize) -> String {
        let one = self.below(Type::Str, depth);
        let int = self.below(Type::Int, depth);
        match self.random.below(20) {
            0 | 1 => format!("({one} + {})", self.below(Type::Str, depth)),
            2 => format!("({one} * {})", self.random.one(&["2", "0", "3", "-1"])),
            3 => format!("str({int})"),
            4 => format!("repr({one})"),
            5 => format!("('%s:%d' % ({one}, {int}))"),
            6 => {
                format!("('{}' % {int})", self.random.one(&["%d", "%5d", "%-5d|", "%03d", "%s", "%r", "%x"]))
            }
            7 => format!(
                "{one}.{}()",
                self.random.one(&["upper", "lower", "strip", "lstrip", "rstrip", "title", "capitalize"])
            ),
            8 => format!(
                "{one}.replace({}, {})",
                self.random.one(&["'a'", "'l'", "' '"]),
                self.random.one(&["''", "'-'", "'aa'"])
            ),
            9 => format!(
                "{}.join(['{}', {one}, {}])",
                self.random.one(&["','", "''", "' - '"]),
                self.random.one(&["p", "q"]),
                self.below(Type::Str, depth)
            ),
            10 => format!("{one}[{}:{}]", self.bound(), self.bound()),
            11 => format!(
                "{one}[{}:{}:{}]",
                self.bound(),
                self.bound(),
                self.random.one(&["1", "2", "-1", "-2", "3"])
            ),
            12 => format!("({one} + 'x')[{}]", self.random.one(&["0", "-1"])),
            13 => format!("'{{}} and {{}}'.format({one}, {int})"),
            14 => format!("'{{0:>4}}|{{1:<6}}|{{0}}'.format({int}, {one})"),
            15 if self.python3 && fits_f_string(&int) => {
                format!("f'{{{int}}}-{{{}:>5}}'", self.variable(Type::Int).unwrap_or_else(|| "1".to_owned()))
            }
            16 => format!("({one} + ' w').split()[-1]"),
            17 => format!("str({})", self.below(Type::List, depth)),
            18 => format!("str({})", self.below(Type::Float, depth)),
            19 => format!("{}[1]", self.below(Type::Pair, depth)),
            _ => format!("''.join([c for c in {one} if c != 'l'])"),
        }
    }

    fn bound(&mut self) -> &'static str {
        self.random.one(&["", "", "0", "1", "2", "-1", "-2", "5", "100", "-100"])
    }

    fn list(&mut self, depth: usize) -> String {
        let one = self.below(Type::List, depth);
        let int = self.below(Type::Int, depth);
        match self.random.below(20) {
            0 => format!("[{int}, {}, {int}]", self.below(Type::Int, depth)),
            1 => format!("({one} + {})", self.below(Type::List, depth)),
            2 => format!("({one} * {})", self.random.one(&["2", "0", "-1"])),
            3 => format!("sorted({one})"),
            4 => format!("sorted({one}, key=lambda v: -v)"),
            5 => format!("sorted({one}, reverse={})", self.random.one(&["True", "False"])),
            6 => format!("list(range({}))", self.random.below(6)),
            7 => format!(
                "list(range({}, {}, {}))",
                self.random.below(6),
                self.random.below(9),
                self.random.one(&["1", "2", "-1", "-3"])
            ),
            8 => format!("{one}[{}:{}]", self.bound(), self.bound()),
            9 => format!(
                "{one}[{}:{}:{}]",
                self.bound(),
                self.bound(),
                self.random.one(&["1", "2", "-1", "-2", "3"])
            ),
            10 => format!("[v + {int} for v in {one}]"),
            11 => format!("[v for v in {one} if v % 2 == {}]", self.random.below(2)),
            12 => format!("[a * b for a in {one} for b in (1, {})]", self.random.below(5)),
            13 => format!("list(map(lambda v: v * {}, {one}))", self.random.below(5)),
            14 => format!("list(filter(lambda v: v > {}, {one}))", self.random.below(3)),
            15 => format!("list(reversed({one}))"),
            16 => format!("[a + b for a, b in zip({one}, {})]", self.below(Type::List, depth)),
            17 => format!("[a * b for a, b in enumerate({one})]"),
            18 => format!("sorted({}.values())", self.below(Type::Dict, depth)),
            19 => format!("sorted({})", self.below(Type::Set, depth)),
            _ => format!("list({one})"),
        }
    }

    fn dict(&mut self, depth: usize) -> String {
        let int = self.below(Type::Int, depth);
        match self.random.below(7) {
            0 => format!("{{'a': {int}, 'c': {}}}", self.below(Type::Int, depth)),
            1 => format!("dict({})", self.below(Type::Dict, depth)),
            2 => format!("dict(a={int}, z={})", self.random.below(5)),
            3 => format!("dict([('a', {int}), ('k', 2)])"),
            4 => format!("{{str(v): v * v for v in {}}}", self.below(Type::List, depth)),
            5 => format!("{{k: v for k, v in sorted({}.items())}}", self.below(Type::Dict, depth)),
            _ => format!("{}.copy()", self.below(Type::Dict, depth)),
        }
    }

    fn set(&mut self, depth: usize) -> String {
        match self.random.below(6) {
            0 => format!("set({})", self.below(Type::List, depth)),
            1 => format!(
                "({} {} {})",
                self.below(Type::Set, depth),
                self.random.one(&["|", "&", "-", "^"]),
                self.below(Type::Set, depth)
            ),
            2 => format!("{{v % 4 for v in {}}}", self.below(Type::List, depth)),
            3 => format!("{{{}, {}}}", self.below(Type::Int, depth), self.below(Type::Int, depth)),
            4 => format!("{}.union({})", self.below(Type::Set, depth), self.below(Type::List, depth)),
            _ => format!("{}.intersection({})", self.below(Type::Set, depth), self.below(Type::Set, depth)),
        }
    }
}

//! The numbers that an expression of a program is made from.
//!
//! They stand there. Or they come there by a name or an attribute that they are bound to, by a loop over a container that is written down, or
//! by a parameter that they are passed to or that has them as its default.

use std::collections::BTreeSet;

use super::written::Written;
use crate::python::program::BinaryOp;
use crate::python::program::syntax::{
    Expr, ExprKind, Function, Stmt, StmtKind, all_expressions, all_statements,
};

/// Those of some expressions.
pub(super) struct Sources {
    /// Smaller numbers are none.
    least: i64,
    numbers: BTreeSet<i64>,
    /// The names and attributes that hold one.
    names: BTreeSet<String>,
    callables: Vec<Callable>,
    /// The containers that are written down, and what loops over them are given.
    written: Written,
    in_loops: Vec<(String, Expr)>,
}

/// What can be called.
struct Callable {
    name: String,
    /// Whether it is called as an attribute of an object.
    is_method: bool,
    /// Its parameters, without `self`.
    parameters: Vec<String>,
}

/// A parameter's name, and what it is given.
type Given<'e> = (&'e str, &'e Expr);

impl Sources {
    /// Of a program's expressions, none yet; numbers of at least so many count.
    pub(super) fn new(stmts: &[Stmt], least: i64) -> Self {
        let mut callables = Vec::new();
        all_statements(stmts, &mut |stmt| match &stmt.kind {
            StmtKind::Define(function) => callables.push(Callable::function(function)),
            StmtKind::Class(class) => {
                for stmt in &class.body {
                    if let StmtKind::Define(method) = &stmt.kind {
                        callables.extend(Callable::methods(method, &class.name));
                    }
                }
            }
            _ => {}
        });
        let written = Written::of(stmts);
        let in_loops = written.in_loops(stmts);
        Self { least, numbers: BTreeSet::new(), names: BTreeSet::new(), callables, written, in_loops }
    }

    /// Notes an expression that is a number or a name.
    pub(super) fn note(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Int(value, _) if *value >= self.least => {
                self.numbers.insert(*value);
            }
            ExprKind::Name(name) | ExprKind::Attribute(_, name) => {
                self.names.insert(name.clone());
            }
            _ => {}
        }
    }

    /// The numbers that the expressions noted are made from.
    pub(super) fn follow(mut self, stmts: &[Stmt]) -> BTreeSet<i64> {
        // What is given to such a name may be a name, too.
        loop {
            let known = self.names.len();
            self.follow_once(stmts);
            if self.names.len() == known {
                return self.numbers;
            }
        }
    }

    /// Notes what is given to the names that are known.
    fn follow_once(&mut self, stmts: &[Stmt]) {
        let mut found = Vec::new();
        let mut give = |(name, value): Given<'_>| {
            if self.names.contains(name) {
                found.push(value.clone());
            }
        };
        all_statements(stmts, &mut |stmt| match &stmt.kind {
            StmtKind::Assign(targets, value) => {
                for target in targets {
                    bound(target, value, &mut give);
                }
            }
            StmtKind::Define(function) => {
                function.with_defaults().for_each(&mut give);
            }
            _ => {}
        });
        self.in_loops.iter().for_each(|(name, value)| give((name, value)));
        let passed = |name: &str, is_method, args: &[Expr], give: &mut dyn FnMut(Given<'_>)| {
            let callee = self.callables.iter().find(|it| it.name == name && it.is_method == is_method);
            let parameters =
                callee.into_iter().flat_map(|callee| callee.parameters.iter().map(String::as_str));
            parameters.zip(args).for_each(give);
        };
        all_expressions(stmts, &mut |expr| match &expr.kind {
            ExprKind::Call(name, _, args) => passed(name, false, args, &mut give),
            ExprKind::CallValue(function, args, keywords) => {
                calls(expr, &mut |callee, args| called(callee, args, &passed, &mut give));
                if let (ExprKind::Attribute(_, name), [callee, source]) = (&function.kind, &args[..])
                    && name == "map"
                {
                    for row in self.written.rows(source) {
                        called(callee, &row, &passed, &mut give);
                    }
                }
                for (name, value) in keywords {
                    give((name, value));
                }
                let keyword = |name: &str| keywords.iter().find(|(known, _)| known == name).map(|(_, it)| it);
                if let (Some(target), Some(Expr { kind: ExprKind::Name(name), .. })) =
                    (keyword("target"), keyword("args"))
                {
                    for (_, value) in self.in_loops.iter().filter(|(known, _)| known == name) {
                        if let ExprKind::Tuple(args) = &value.kind {
                            called(target, args, &passed, &mut give);
                        }
                    }
                }
                if let Some(Expr { kind: ExprKind::Dict(items), .. }) = keyword("kwargs") {
                    for (key, value) in items {
                        if let ExprKind::Str(name) = &key.kind {
                            give((name, value));
                        }
                    }
                }
            }
            _ => {}
        });
        for value in &found {
            operands(value, &mut |operand| self.note(operand));
        }
    }
}

impl Callable {
    fn function(function: &Function) -> Self {
        Self { name: function.name.clone(), is_method: false, parameters: function.parameters.clone() }
    }

    /// A method, and the class itself where that is what makes its objects.
    fn methods(method: &Function, class: &str) -> Vec<Self> {
        let parameters: Vec<String> = method.parameters.iter().skip(1).cloned().collect();
        let it =
            |name: &str, is_method| Self { name: name.to_owned(), is_method, parameters: parameters.clone() };
        let mut all = vec![it(&method.name, true)];
        if method.name == "__init__" {
            all.push(it(class, false));
        }
        all
    }
}

/// Each function that a call calls, now or in a thread, and its arguments: itself, `submit(work, 1000)`, `target=work, args=(1000,)`.
pub(super) fn calls<'e>(expr: &'e Expr, tell: &mut dyn FnMut(&'e Expr, &'e [Expr])) {
    let ExprKind::CallValue(function, args, keywords) = &expr.kind else { return };
    tell(function, args);
    if let Some((callee, rest)) = args.split_first() {
        tell(callee, rest);
    }
    let keyword = |name: &str| keywords.iter().find(|(known, _)| known == name).map(|(_, it)| it);
    if let (Some(target), Some(Expr { kind: ExprKind::Tuple(args), .. })) =
        (keyword("target"), keyword("args"))
    {
        tell(target, args);
    }
}

/// What is called, now or later: a function or a method, with these arguments.
fn called(
    callee: &Expr,
    args: &[Expr],
    passed: &impl Fn(&str, bool, &[Expr], &mut dyn FnMut(Given<'_>)),
    give: &mut dyn FnMut(Given<'_>),
) {
    match &callee.kind {
        ExprKind::Name(name) => passed(name, false, args, give),
        ExprKind::Attribute(_, name) => passed(name, true, args, give),
        _ => {}
    }
}

/// What a number is worked out from: `N // WORKERS` from N. By what it is divided is no number of iterations.
fn operands<'e>(value: &'e Expr, tell: &mut dyn FnMut(&'e Expr)) {
    match &value.kind {
        ExprKind::Binary(BinaryOp::FloorDivide | BinaryOp::Divide, left, _) => operands(left, tell),
        ExprKind::Binary(BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply, left, right) => {
            operands(left, tell);
            operands(right, tell);
        }
        ExprKind::Call(name, _, args) if name == "int" => args.iter().for_each(|arg| operands(arg, tell)),
        _ => tell(value),
    }
}

/// What is bound to each name of an assignment.
fn bound<'e>(target: &'e Expr, value: &'e Expr, give: &mut impl FnMut(Given<'e>)) {
    match (&target.kind, &value.kind) {
        (ExprKind::Tuple(targets), ExprKind::Tuple(values)) => {
            targets.iter().zip(values).for_each(|(target, value)| bound(target, value, give));
        }
        (ExprKind::Name(name) | ExprKind::Attribute(_, name), _) => give((name, value)),
        _ => {}
    }
}

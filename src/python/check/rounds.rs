//! The numbers of a program that say how often its loops run.
//!
//! They stand in `range()`, or in the test of a `while` that counts up to them. Or they come there by a name or an attribute that they
//! are bound to, or by a parameter that they are passed to or that has them as its default.

use std::collections::BTreeSet;

use crate::python::program::syntax::{
    Expr, ExprKind, Function, Stmt, StmtKind, all_expressions, all_statements, walk_expr,
};
use crate::python::program::{BinaryOp, CompareOp};

/// Up to here a number of iterations stays as it is.
pub(super) const FEW: i64 = 3;

/// The numbers, and the names and attributes that hold one.
#[derive(Default)]
pub(super) struct Rounds {
    /// Those above [`FEW`].
    pub(super) many: BTreeSet<i64>,
    /// Those up to there that stand in `range()`, without 1.
    pub(super) few: BTreeSet<i64>,
    names: BTreeSet<String>,
    callables: Vec<Callable>,
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

impl Rounds {
    /// Those of a program.
    pub(super) fn of(stmts: &[Stmt]) -> Self {
        let mut rounds = Self::default();
        all_statements(stmts, &mut |stmt| match &stmt.kind {
            StmtKind::Define(function) => rounds.callables.push(Callable::function(function)),
            StmtKind::Class(class) => {
                for stmt in &class.body {
                    if let StmtKind::Define(method) = &stmt.kind {
                        rounds.callables.extend(Callable::methods(method, &class.name));
                    }
                }
            }
            _ => {}
        });
        all_expressions(stmts, &mut |expr| {
            if let ExprKind::Call(name, _, args) = &expr.kind
                && matches!(name.as_str(), "range" | "xrange")
            {
                for arg in args {
                    walk_expr(arg, &mut |expr| rounds.note(expr));
                }
            }
        });
        all_statements(stmts, &mut |stmt| {
            if let StmtKind::While(test, body, _) = &stmt.kind {
                rounds.note_while(test, body);
            }
        });
        // What is given to such a name may be a name, too.
        loop {
            let known = rounds.names.len();
            rounds.follow(stmts);
            if rounds.names.len() == known {
                return rounds;
            }
        }
    }

    fn note(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Int(value, _) if *value > FEW => {
                self.many.insert(*value);
            }
            ExprKind::Int(value, _) if *value > 1 => {
                self.few.insert(*value);
            }
            ExprKind::Name(name) | ExprKind::Attribute(_, name) => {
                self.names.insert(name.clone());
            }
            _ => {}
        }
    }

    /// `while n < 1000`, where the body adds to n.
    fn note_while(&mut self, test: &Expr, body: &[Stmt]) {
        walk_expr(test, &mut |expr| {
            if let ExprKind::Compare(left, rest) = &expr.kind
                && let ExprKind::Name(counter) = &left.kind
                && let [(CompareOp::Less | CompareOp::LessEqual, end)] = &rest[..]
                && counts_up(body, counter)
                && !matches!(end.kind, ExprKind::Int(..=FEW, _))
            {
                self.note(end);
            }
        });
    }

    /// Notes what is given to the names that are known.
    fn follow(&mut self, stmts: &[Stmt]) {
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
        let passed = |name: &str, is_method, args: &[Expr], give: &mut dyn FnMut(Given<'_>)| {
            let callee = self.callables.iter().find(|it| it.name == name && it.is_method == is_method);
            let parameters =
                callee.into_iter().flat_map(|callee| callee.parameters.iter().map(String::as_str));
            parameters.zip(args).for_each(give);
        };
        all_expressions(stmts, &mut |expr| match &expr.kind {
            ExprKind::Call(name, _, args) => passed(name, false, args, &mut give),
            ExprKind::CallValue(_, _, keywords) => {
                calls(expr, &mut |callee, args| called(callee, args, &passed, &mut give));
                for (name, value) in keywords {
                    give((name, value));
                }
                let keyword = |name: &str| keywords.iter().find(|(known, _)| known == name).map(|(_, it)| it);
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
        // A small number that is passed says nothing of loops.
        found.retain(|value| !matches!(value.kind, ExprKind::Int(..=FEW, _)));
        for value in &found {
            self.note(value);
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

/// Whether something is added to a variable.
fn counts_up(body: &[Stmt], counter: &str) -> bool {
    let is_it = |expr: &Expr| matches!(&expr.kind, ExprKind::Name(name) if name == counter);
    let mut counts = false;
    all_statements(body, &mut |stmt| match &stmt.kind {
        StmtKind::AugAssign(target, BinaryOp::Add, _) => counts |= is_it(target),
        StmtKind::Assign(targets, value) => {
            let adds = matches!(&value.kind, ExprKind::Binary(BinaryOp::Add, left, _) if is_it(left));
            counts |= adds && targets.iter().any(is_it);
        }
        _ => {}
    });
    counts
}

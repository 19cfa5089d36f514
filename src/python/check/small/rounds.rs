//! The numbers of a program that say how often its loops run.
//!
//! They stand in `range()`, or in the test of a `while` that counts up to them, or what it counts down is that at first, or they say how often
//! a sequence is repeated through which a loop goes. Or they come there from where [`super::sources`] finds them.

use std::collections::BTreeSet;

use super::sources::Sources;
use crate::python::program::syntax::{
    Expr, ExprKind, Stmt, StmtKind, all_expressions, all_statements, walk_expr,
};
use crate::python::program::{BinaryOp, CompareOp, UnaryOp};

/// Up to here a number of iterations stays as it is.
pub(super) const FEW: i64 = 3;

/// The numbers.
pub(super) struct Rounds {
    /// Those above [`FEW`].
    pub(super) many: BTreeSet<i64>,
    /// Those up to there that stand in `range()`, without 1.
    pub(super) few: BTreeSet<i64>,
}

impl Rounds {
    /// Those of a program.
    pub(super) fn of(stmts: &[Stmt]) -> Self {
        // A small number that is passed says nothing of loops.
        let mut sources = Sources::new(stmts, FEW + 1);
        let mut few = BTreeSet::new();
        all_expressions(stmts, &mut |expr| {
            if let ExprKind::Call(name, _, args) = &expr.kind
                && matches!(name.as_str(), "range" | "xrange")
            {
                for arg in args {
                    walk_expr(arg, &mut |expr| {
                        if let ExprKind::Int(value @ 2..=FEW, _) = expr.kind {
                            few.insert(value);
                        }
                        sources.note(expr);
                    });
                }
            }
        });
        all_statements(stmts, &mut |stmt| {
            if let StmtKind::While(test, body, _) = &stmt.kind {
                counted_to(test, body, &mut |end| sources.note(end));
            }
        });
        counted_down(stmts, &mut |counter| sources.note(counter));
        repeated(stmts, &mut |times| sources.note(times));
        Self { many: sources.follow(stmts), few }
    }
}

/// What is counted down one by one until there is none left, in a loop or in a function that it calls:
/// `while tickets > 0: tickets -= 1`.
fn counted_down(stmts: &[Stmt], tell: &mut dyn FnMut(&Expr)) {
    let mut called = BTreeSet::new();
    let mut parts: Vec<Vec<Stmt>> = Vec::new();
    all_statements(stmts, &mut |stmt| {
        if let StmtKind::While(..) = stmt.kind {
            let loop_alone = vec![stmt.clone()];
            all_expressions(&loop_alone, &mut |expr| match &expr.kind {
                ExprKind::Call(name, ..) => {
                    called.insert(name.clone());
                }
                ExprKind::CallValue(function, ..) => {
                    if let ExprKind::Name(name) | ExprKind::Attribute(_, name) = &function.kind {
                        called.insert(name.clone());
                    }
                }
                _ => {}
            });
            parts.push(loop_alone);
        }
    });
    all_statements(stmts, &mut |stmt| {
        if let StmtKind::Define(function) = &stmt.kind
            && called.contains(&function.name)
        {
            parts.push(function.body.clone());
        }
    });
    for part in &parts {
        let mut tested: Vec<Expr> = Vec::new();
        all_statements(part, &mut |stmt| {
            if let StmtKind::While(test, ..) | StmtKind::If(test, ..) = &stmt.kind {
                tested_for_none(test, &mut |counter| tested.push(counter.clone()));
            }
        });
        all_statements(part, &mut |stmt| {
            let counter = match &stmt.kind {
                StmtKind::AugAssign(target, BinaryOp::Subtract, Expr { kind: ExprKind::Int(1, _), .. }) => {
                    Some(target)
                }
                StmtKind::Assign(
                    targets,
                    Expr { kind: ExprKind::Binary(BinaryOp::Subtract, left, right), .. },
                ) if matches!(right.kind, ExprKind::Int(1, _)) => {
                    targets.iter().find(|target| is_same(target, left))
                }
                _ => None,
            };
            if let Some(counter) = counter
                && tested.iter().any(|other| is_same(other, counter))
            {
                tell(counter);
            }
        });
    }
}

/// What a test asks of whether there is any: `n > 0`, `n <= 0`, `0 < n`, `n == 0`, `n >= 1`, `not n`, `n`.
fn tested_for_none(test: &Expr, tell: &mut dyn FnMut(&Expr)) {
    match &test.kind {
        ExprKind::Name(_) | ExprKind::Attribute(..) => tell(test),
        ExprKind::Unary(UnaryOp::Not, test) => tested_for_none(test, tell),
        ExprKind::Bools(_, tests) => tests.iter().for_each(|test| tested_for_none(test, tell)),
        ExprKind::Compare(left, rest) => {
            if let [(_, right)] = &rest[..] {
                for (counter, number) in [(&**left, right), (right, &**left)] {
                    if matches!(number.kind, ExprKind::Int(0 | 1, _)) {
                        tell(counter);
                    }
                }
            }
        }
        _ => {}
    }
}

/// Whether two are the same variable, or attributes of the same name.
fn is_same(one: &Expr, other: &Expr) -> bool {
    match (&one.kind, &other.kind) {
        (ExprKind::Name(one), ExprKind::Name(other))
        | (ExprKind::Attribute(_, one), ExprKind::Attribute(_, other)) => one == other,
        _ => false,
    }
}

/// How often a sequence is repeated that a loop goes through, if no element or part of it is meant: `words = ["a", "b"] * 1000`.
fn repeated(stmts: &[Stmt], tell: &mut dyn FnMut(&Expr)) {
    let (mut gone_through, mut picked) = (BTreeSet::new(), BTreeSet::new());
    all_statements(stmts, &mut |stmt| {
        if let StmtKind::For(_, Expr { kind: ExprKind::Name(name), .. }, ..) = &stmt.kind {
            gone_through.insert(name.clone());
        }
    });
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Subscript(sequence, _) = &expr.kind
            && let ExprKind::Name(name) = &sequence.kind
        {
            picked.insert(name.clone());
        }
    });
    all_statements(stmts, &mut |stmt| {
        if let StmtKind::Assign(targets, Expr { kind: ExprKind::Binary(BinaryOp::Multiply, left, right), .. }) =
            &stmt.kind
            && targets.iter().any(|target| matches!(&target.kind, ExprKind::Name(name) if gone_through.contains(name) && !picked.contains(name)))
        {
            for (sequence, times) in [(left, right), (right, left)] {
                if matches!(sequence.kind, ExprKind::List(_) | ExprKind::Tuple(_) | ExprKind::Str(_)) {
                    tell(times);
                }
            }
        }
    });
}

/// What the test of a loop compares a variable with to which the body adds: `while n < 1000`.
pub(super) fn counted_to(test: &Expr, body: &[Stmt], tell: &mut dyn FnMut(&Expr)) {
    walk_expr(test, &mut |expr| {
        if let ExprKind::Compare(left, rest) = &expr.kind
            && let ExprKind::Name(counter) = &left.kind
            && let [(CompareOp::Less | CompareOp::LessEqual, end)] = &rest[..]
            && counts_up(body, counter)
        {
            tell(end);
        }
    });
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

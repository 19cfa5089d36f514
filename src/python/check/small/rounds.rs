//! The numbers of a program that say how often its loops run.
//!
//! They stand in `range()`, or in the test of a `while` that counts up to them, or come there from where [`super::sources`] finds them.

use std::collections::BTreeSet;

use super::sources::Sources;
use crate::python::program::syntax::{
    Expr, ExprKind, Stmt, StmtKind, all_expressions, all_statements, walk_expr,
};
use crate::python::program::{BinaryOp, CompareOp};

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
        Self { many: sources.follow(stmts), few }
    }
}

/// What the test of a loop compares a variable with to which the body adds: `while n < 1000`.
fn counted_to(test: &Expr, body: &[Stmt], tell: &mut dyn FnMut(&Expr)) {
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

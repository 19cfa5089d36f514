//! The whole numbers that stand in a syntax tree, and smaller ones in their place.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::syntax::{Expr, ExprKind, FStringPart, Generator, Stmt, StmtKind};

/// Puts in the place of each whole number what `f` makes of it.
pub(crate) fn map_numbers(stmts: &mut [Stmt], f: &dyn Fn(i64) -> i64) {
    for stmt in stmts.iter_mut() {
        map_in_stmt(stmt, f);
    }
}

fn map_in_stmt(stmt: &mut Stmt, f: &dyn Fn(i64) -> i64) {
    let block = |stmts: &mut Vec<Stmt>| map_numbers(stmts, f);
    let expr = |expr: &mut Expr| map_in_expr(expr, f);
    match &mut stmt.kind {
        StmtKind::Assign(targets, value) => {
            targets.iter_mut().for_each(expr);
            expr(value);
        }
        StmtKind::AugAssign(target, _, value) => {
            expr(target);
            expr(value);
        }
        StmtKind::Expr(value) | StmtKind::Return(Some(value)) | StmtKind::Raise(Some(value)) => expr(value),
        StmtKind::If(test, body, orelse) | StmtKind::While(test, body, orelse) => {
            expr(test);
            block(body);
            block(orelse);
        }
        StmtKind::For(target, iter, body, orelse) => {
            expr(target);
            expr(iter);
            block(body);
            block(orelse);
        }
        StmtKind::With(items, body) => {
            for (context, target) in items {
                expr(context);
                target.iter_mut().for_each(expr);
            }
            block(body);
        }
        StmtKind::Finally(body, last) => {
            block(body);
            block(last);
        }
        StmtKind::Define(function) => {
            function.defaults.iter_mut().for_each(expr);
            block(&mut function.body);
        }
        StmtKind::Class(class) => block(&mut class.body),
        StmtKind::Try(body, handlers, orelse) => {
            block(body);
            for handler in handlers.iter_mut() {
                block(&mut handler.body);
            }
            block(orelse);
        }
        StmtKind::Assert(test, message) => {
            expr(test);
            message.iter_mut().for_each(expr);
        }
        StmtKind::Delete(targets) => targets.iter_mut().for_each(expr),
        StmtKind::Return(None)
        | StmtKind::Raise(None)
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Pass
        | StmtKind::GlobalX
        | StmtKind::Global(_)
        | StmtKind::Nonlocal(_)
        | StmtKind::Import(_)
        | StmtKind::ImportFrom(..) => {}
    }
}

/// The same of an expression.
pub(crate) fn map_in_expr(expr: &mut Expr, f: &dyn Fn(i64) -> i64) {
    let each = |expr: &mut Expr| map_in_expr(expr, f);
    match &mut expr.kind {
        ExprKind::Int(value, _) => *value = f(*value),
        ExprKind::Tuple(items)
        | ExprKind::List(items)
        | ExprKind::Set(items)
        | ExprKind::Bools(_, items)
        | ExprKind::Call(_, _, items) => items.iter_mut().for_each(each),
        ExprKind::Subscript(left, right) | ExprKind::Binary(_, left, right) => {
            each(left);
            each(right);
        }
        ExprKind::Unary(_, value) | ExprKind::Attribute(value, _) => each(value),
        ExprKind::Compare(left, rest) => {
            each(left);
            for (_, right) in rest.iter_mut() {
                each(right);
            }
        }
        ExprKind::IfElse(test, body, orelse) => [test, body, orelse].into_iter().for_each(|part| each(part)),
        ExprKind::CallValue(function, args, keywords) => {
            each(function);
            args.iter_mut().for_each(each);
            for (_, value) in keywords.iter_mut() {
                each(value);
            }
        }
        ExprKind::CallStars(function, args, keywords) => {
            each(function);
            for (_, arg) in args {
                each(arg);
            }
            for (_, value) in keywords {
                each(value);
            }
        }
        ExprKind::Yield(value) => value.iter_mut().for_each(|value| each(value)),
        ExprKind::Comprehension(_, elt, generators) => {
            each(elt);
            for Generator { iter, conditions, .. } in generators {
                each(iter);
                conditions.iter_mut().for_each(each);
            }
        }
        ExprKind::Dict(items) => items.iter_mut().for_each(|(key, value)| {
            each(key);
            each(value);
        }),
        ExprKind::Slice(bounds) => bounds.iter_mut().flatten().for_each(|bound| each(bound)),
        ExprKind::Lambda(function) => map_numbers(&mut function.body, f),
        ExprKind::FString(parts) => parts.iter_mut().for_each(|part| {
            if let FStringPart::Value(value, ..) = part {
                each(value);
            }
        }),
        ExprKind::None
        | ExprKind::Bool(_)
        | ExprKind::BigInt(_)
        | ExprKind::Str(_)
        | ExprKind::Name(_)
        | ExprKind::Float(_) => {}
    }
}

/// What comes of making numbers small, of a compilation that takes each as what it is told: in each way the least of two or more becomes 1,
/// or 2, and the others the numbers that follow, in the same order. So a limit that only many iterations reach is reached with few.
/// Nothing where all are small.
pub(crate) fn smaller<T>(compile: impl Fn(&dyn Fn(i64) -> i64) -> Option<T>) -> Vec<T> {
    let found = RefCell::new(BTreeSet::new());
    let note = |number| {
        found.borrow_mut().insert(number);
        number
    };
    drop(compile(&note));
    let large: Vec<i64> = found.into_inner().into_iter().filter(|&number| number > 1).collect();
    let ways = [1, 2].map(|least| large.iter().copied().zip(least..).collect::<BTreeMap<i64, i64>>());
    let is_smaller = |way: &BTreeMap<i64, i64>| {
        way.iter().any(|(number, small)| small < number) && way.iter().all(|(number, small)| small <= number)
    };
    let small = |way: BTreeMap<i64, i64>| compile(&|number| way.get(&number).copied().unwrap_or(number));
    ways.into_iter().filter(is_smaller).filter_map(small).collect()
}

//! The syntax tree, of covered constructs only, and ways to walk it.

use super::{
    operators::{BinaryOp, CompareOp, UnaryOp},
    source::Position,
};

/// An expression and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expr {
    pub(super) kind: ExprKind,
    pub(super) position: Position,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum ExprKind {
    None,
    Bool(bool),
    /// With whether its digits were grouped by underscores.
    Int(i64, bool),
    Str(String),
    Name(String),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Subscript(Box<Expr>, Box<Expr>),
    Unary(UnaryOp, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    Compare(Box<Expr>, Vec<(CompareOp, Expr)>),
    /// `and` (true) or `or` (false) of two or more.
    Bools(bool, Vec<Expr>),
    IfElse(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A call by name, without keywords.
    Call(String, Position, Vec<Expr>),
    Comprehension(Box<Expr>, Vec<Generator>),
}

/// One `for … in … if …` of a list comprehension.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Generator {
    pub(super) target: Expr,
    pub(super) iter: Expr,
    pub(super) conditions: Vec<Expr>,
}

/// A statement and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stmt {
    pub(super) kind: StmtKind,
    pub(super) position: Position,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum StmtKind {
    Assign(Vec<Expr>, Expr),
    AugAssign(Expr, BinaryOp, Expr),
    Expr(Expr),
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    For(Expr, Expr, Vec<Stmt>, Vec<Stmt>),
    While(Expr, Vec<Stmt>, Vec<Stmt>),
    With(Vec<(Expr, Option<Expr>)>, Vec<Stmt>),
    Finally(Vec<Stmt>, Vec<Stmt>),
    Break,
    Continue,
    Pass,
    Return(Option<Expr>),
    GlobalX,
}

/// A `def` of the setup.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) parameters: Vec<String>,
    pub(super) body: Vec<Stmt>,
    pub(super) position: Position,
}

/// What the setup defines.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Setup {
    pub(super) functions: Vec<Function>,
    pub(super) locks: Vec<String>,
}

pub(super) fn target_names(target: &Expr, add: &mut impl FnMut(&str)) {
    match &target.kind {
        ExprKind::Name(name) => add(name),
        ExprKind::Tuple(targets) => targets.iter().for_each(|target| target_names(target, add)),
        _ => {}
    }
}

/// Calls `f` for the statement and each in its blocks.
pub(super) fn walk_blocks<'s>(stmt: &'s Stmt, f: &mut impl FnMut(&'s Stmt)) {
    f(stmt);
    let mut all = |stmts: &'s [Stmt]| stmts.iter().for_each(|stmt| walk_blocks(stmt, &mut *f));
    match &stmt.kind {
        StmtKind::If(_, body, orelse)
        | StmtKind::For(_, _, body, orelse)
        | StmtKind::While(_, body, orelse)
        | StmtKind::Finally(body, orelse) => {
            all(body);
            all(orelse);
        }
        StmtKind::With(_, body) => all(body),
        _ => {}
    }
}

/// Calls `f` for each target of an assignment.
pub(super) fn walk_targets(stmt: &Stmt, f: &mut impl FnMut(&Expr)) {
    walk_blocks(stmt, &mut |stmt| match &stmt.kind {
        StmtKind::Assign(targets, _) => targets.iter().for_each(&mut *f),
        StmtKind::AugAssign(target, ..) | StmtKind::For(target, ..) => f(target),
        StmtKind::With(items, _) => items.iter().filter_map(|(_, target)| target.as_ref()).for_each(&mut *f),
        _ => {}
    });
}

/// Calls `f` for each expression, those inside others included.
pub(super) fn walk_stmt(stmt: &Stmt, f: &mut impl FnMut(&Expr)) {
    walk_blocks(stmt, &mut |stmt| {
        let mut walk = |expr: &Expr| walk_expr(expr, f);
        match &stmt.kind {
            StmtKind::Assign(targets, value) => {
                targets.iter().for_each(&mut walk);
                walk(value);
            }
            StmtKind::AugAssign(target, _, value) => {
                walk(target);
                walk(value);
            }
            StmtKind::Expr(expr) | StmtKind::Return(Some(expr)) => walk(expr),
            StmtKind::If(test, ..) | StmtKind::While(test, ..) => walk(test),
            StmtKind::For(target, iter, ..) => {
                walk(target);
                walk(iter);
            }
            StmtKind::With(items, _) => {
                for (lock, target) in items {
                    walk(lock);
                    target.iter().for_each(&mut walk);
                }
            }
            _ => {}
        }
    });
}

pub(super) fn walk_expr(expr: &Expr, f: &mut impl FnMut(&Expr)) {
    f(expr);
    let mut walk = |expr: &Expr| walk_expr(expr, &mut *f);
    match &expr.kind {
        ExprKind::Tuple(items)
        | ExprKind::List(items)
        | ExprKind::Bools(_, items)
        | ExprKind::Call(_, _, items) => {
            items.iter().for_each(walk);
        }
        ExprKind::Subscript(left, right) | ExprKind::Binary(_, left, right) => {
            walk(left);
            walk(right);
        }
        ExprKind::Unary(_, operand) => walk(operand),
        ExprKind::Compare(left, rest) => {
            walk(left);
            for (_, right) in rest {
                walk(right);
            }
        }
        ExprKind::IfElse(test, body, orelse) => {
            walk(test);
            walk(body);
            walk(orelse);
        }
        ExprKind::Comprehension(elt, generators) => {
            walk(elt);
            for generator in generators {
                walk(&generator.iter);
                generator.conditions.iter().for_each(&mut walk);
            }
        }
        _ => {}
    }
}

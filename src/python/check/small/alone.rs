//! Loops that the main thread goes round while it starts no other.
//!
//! They cost little, and may take as many as others have put by statements that stand one after the other. So what says how often they run
//! need not be small.

use std::collections::BTreeSet;

use super::roles::names_of;
use super::rounds::{FEW, counted_to};
use super::sources::Sources;
use crate::python::program::syntax::{ExprKind, Stmt, StmtKind, all_expressions, all_statements};

/// What begins a thread or a process, or hands work to one.
const BEGINS: [&str; 8] = ["Thread", "Process", "Timer", "start", "submit", "map", "Pool", "apply_async"];

/// How often such loops run, if no other loop runs as often; nothing in a program of one thread.
pub(super) fn rounds_of_main(stmts: &[Stmt]) -> BTreeSet<i64> {
    let mut functions = BTreeSet::new();
    all_statements(stmts, &mut |stmt| match &stmt.kind {
        StmtKind::Define(function) => {
            functions.insert(function.name.clone());
        }
        StmtKind::Class(class) => {
            functions.insert(class.name.clone());
        }
        _ => {}
    });
    functions.remove("main");
    let (mut alone, mut others) = (Vec::new(), Vec::new());
    sort_out(stmts, &functions, &mut alone, &mut others);
    let begins = |stmts: &[Stmt]| {
        let names = names_of(stmts);
        BEGINS.iter().any(|name| names.contains(*name))
    };
    if !begins(&others) {
        return BTreeSet::new();
    }
    let rounds = |part: &[Stmt]| {
        let mut sources = Sources::new(stmts, FEW + 1);
        all_expressions(part, &mut |expr| {
            if let ExprKind::Call(name, _, args) = &expr.kind
                && matches!(name.as_str(), "range" | "xrange")
            {
                for arg in args {
                    sources.note(arg);
                }
            }
        });
        all_statements(part, &mut |stmt| {
            if let StmtKind::While(test, body, _) = &stmt.kind {
                counted_to(test, body, &mut |end| sources.note(end));
            }
        });
        sources.follow(stmts)
    };
    &rounds(&alone) - &rounds(&others)
}

/// Sorts out what the main thread does by itself, without a call of a function of the file, and what else there is.
fn sort_out(stmts: &[Stmt], functions: &BTreeSet<String>, alone: &mut Vec<Stmt>, others: &mut Vec<Stmt>) {
    for stmt in stmts {
        match &stmt.kind {
            StmtKind::Define(function) if function.name == "main" => {
                sort_out(&function.body, functions, alone, others);
            }
            StmtKind::If(_, body, or_else) | StmtKind::Finally(body, or_else) => {
                sort_out(body, functions, alone, others);
                sort_out(or_else, functions, alone, others);
            }
            StmtKind::With(_, body) => sort_out(body, functions, alone, others),
            StmtKind::Define(_) | StmtKind::Class(_) => others.push(stmt.clone()),
            _ => {
                let names = names_of(std::slice::from_ref(stmt));
                let is_alone =
                    names.iter().all(|name| !functions.contains(name) && !BEGINS.contains(&name.as_str()));
                if is_alone { &mut *alone } else { &mut *others }.push(stmt.clone());
            }
        }
    }
}

//! Which names statements bind, and which functions use of the functions around them.

use super::super::syntax::{
    Collection, Expr, ExprKind, Function, Generator, Stmt, StmtKind, each_expr, each_part, target_names,
    walk_blocks, walk_stmt, walk_targets,
};
use std::collections::BTreeSet;

/// The names that statements bind where they stand, in the order of CPython's slots, and those declared global or nonlocal.
pub(super) struct Bound {
    pub(super) names: Vec<String>,
    pub(super) globals: BTreeSet<String>,
    nonlocals: BTreeSet<String>,
}

impl Bound {
    pub(super) fn by(parameters: &[String], stmts: &[Stmt], leaking: bool) -> Self {
        let mut names = parameters.to_vec();
        let (mut globals, mut nonlocals) = (BTreeSet::new(), BTreeSet::new());
        for stmt in stmts {
            walk_blocks(stmt, &mut |stmt| match &stmt.kind {
                StmtKind::Global(declared) => globals.extend(declared.iter().cloned()),
                StmtKind::Nonlocal(declared) => nonlocals.extend(declared.iter().cloned()),
                _ => {}
            });
        }
        let mut add = |name: &str| {
            if !globals.contains(name) && !nonlocals.contains(name) && names.iter().all(|known| known != name)
            {
                names.push(name.to_owned());
            }
        };
        for stmt in stmts {
            walk_targets(stmt, &mut |target| target_names(target, &mut add));
            walk_blocks(stmt, &mut |stmt| match &stmt.kind {
                StmtKind::Define(function) => add(&function.name),
                StmtKind::Class(class) => add(&class.name),
                StmtKind::Import(bound) | StmtKind::ImportFrom(_, bound) => {
                    for (_, name) in bound {
                        add(name);
                    }
                }
                StmtKind::Try(_, handlers, _) => {
                    handlers.iter().filter_map(|handler| handler.name.as_deref()).for_each(&mut add);
                }
                _ => {}
            });
            if leaking {
                walk_stmt(stmt, &mut |expr| {
                    if let ExprKind::Comprehension(Collection::List, _, generators) = &expr.kind {
                        for generator in generators {
                            target_names(&generator.target, &mut add);
                        }
                    }
                });
            }
        }
        Self { names, globals, nonlocals }
    }
}

/// The names that a function uses and does not bind.
pub(super) fn of_function(function: &Function) -> BTreeSet<String> {
    let mut names = of_statements(&function.body);
    let bound = Bound::by(&function.parameters, &function.body, false);
    for name in bound.names.iter().chain(&bound.globals) {
        names.remove(name);
    }
    names.extend(bound.nonlocals);
    names
}

/// The names that statements use, those that inner functions use of theirs included.
pub(super) fn of_statements(stmts: &[Stmt]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for stmt in stmts {
        each_expr(stmt, &mut |expr| of_expr(expr, &mut names));
        walk_blocks(stmt, &mut |stmt| match &stmt.kind {
            StmtKind::Define(function) => names.extend(of_function(function)),
            StmtKind::Class(class) => names.extend(of_statements(&class.body)),
            _ => {}
        });
    }
    names
}

/// The names that the function of a comprehension uses and does not bind: the first iterable is worked out around it.
pub(super) fn of_comprehension(elt: &Expr, generators: &[Generator]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    of_expr(elt, &mut names);
    for (index, generator) in generators.iter().enumerate() {
        if index > 0 {
            of_expr(&generator.iter, &mut names);
        }
        generator.conditions.iter().for_each(|condition| of_expr(condition, &mut names));
    }
    for generator in generators {
        target_names(&generator.target, &mut |name| {
            names.remove(name);
        });
    }
    names
}

fn of_expr(expr: &Expr, names: &mut BTreeSet<String>) {
    match &expr.kind {
        ExprKind::Name(name) | ExprKind::Call(name, ..) => {
            names.insert(name.clone());
        }
        ExprKind::Lambda(function) => names.extend(of_function(function)),
        ExprKind::Comprehension(_, elt, generators) => {
            names.extend(of_comprehension(elt, generators));
            generators.iter().take(1).for_each(|first| of_expr(&first.iter, names));
            return;
        }
        _ => {}
    }
    each_part(expr, &mut |part| of_expr(part, names));
}

/// Whether a comprehension is a function of its own: by what it makes, its element, and where that comes from.
pub(super) type IsFunction<'a> = &'a dyn Fn(Collection, &Expr, &[Generator]) -> bool;

/// Whether functions inside a comprehension use what it binds: `[lambda: i for i in range(3)]`.
pub(super) fn keeps_its_variables(elt: &Expr, generators: &[Generator]) -> bool {
    let (mut used, mut keeps) = (BTreeSet::new(), false);
    of_inner(elt, &|_, _, _| true, &mut used);
    for generator in generators {
        target_names(&generator.target, &mut |name| keeps |= used.contains(name));
    }
    keeps
}

/// The names that functions inside an expression use of what is around them: lambdas, and the comprehensions that are functions.
pub(super) fn of_inner(expr: &Expr, is_function: IsFunction<'_>, names: &mut BTreeSet<String>) {
    match &expr.kind {
        ExprKind::Lambda(function) => names.extend(of_function(function)),
        ExprKind::Comprehension(collection, elt, generators) if is_function(*collection, elt, generators) => {
            names.extend(of_comprehension(elt, generators));
            generators.iter().take(1).for_each(|first| of_inner(&first.iter, is_function, names));
            return;
        }
        _ => {}
    }
    each_part(expr, &mut |part| of_inner(part, is_function, names));
}

//! What a program names and the model does not have: refused with its place, before anything runs.

use std::collections::{BTreeMap, BTreeSet};

use super::library;
use super::machine::{KNOWN, NAME};
use super::operations::special;
use crate::python::program::syntax::{
    Expr, ExprKind, Stmt, StmtKind, all_expressions, all_statements, binds_package, single_targets,
    target_names, walk_targets,
};
use crate::python::program::{BinaryOp, Place, Position, SourceError, SourceErrorKind};

/// Whether the machine calls a special method of that name.
fn is_special(name: &str) -> bool {
    let operator =
        |op: &BinaryOp| name == format!("__{}__", special(*op)) || name == format!("__i{}__", special(*op));
    (KNOWN.contains(&name) && name != KNOWN[usize::from(NAME)] && name.starts_with("__"))
        || BinaryOp::ALL.iter().any(operator)
}

/// The module that an expression stands for, by the names that modules are bound to.
fn module_of<'a>(expr: &Expr, modules: &'a [(String, String)]) -> Option<&'a str> {
    match &expr.kind {
        ExprKind::Name(alias) => {
            modules.iter().find(|(known, _)| known == alias).map(|(_, module)| module.as_str())
        }
        ExprKind::Attribute(package, name) => {
            library::item(module_of(package, modules)?, name).and_then(library::module)
        }
        _ => None,
    }
}

/// The text of such an expression.
fn text_of(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Name(name) => name.clone(),
        ExprKind::Attribute(package, name) => format!("{}.{name}", text_of(package)),
        _ => String::new(),
    }
}

/// Adds the names that comprehensions and lambdas bind.
fn bound_in_expressions(stmts: &[Stmt], names: &mut BTreeSet<String>) {
    all_expressions(stmts, &mut |expr| match &expr.kind {
        ExprKind::Comprehension(_, _, generators) => {
            for generator in generators {
                target_names(&generator.target, &mut |name| {
                    names.insert(name.to_owned());
                });
            }
        }
        ExprKind::Lambda(function) => names.extend(function.parameters.iter().cloned()),
        _ => {}
    });
}

/// The names of attributes that are set somewhere.
fn set_attributes(stmts: &[Stmt]) -> BTreeSet<String> {
    let mut attributes = BTreeSet::new();
    all_statements(stmts, &mut |stmt| {
        walk_targets(stmt, &mut |target| {
            single_targets(target, &mut |target| {
                if let ExprKind::Name(name) | ExprKind::Attribute(_, name) = &target.kind {
                    attributes.insert(name.clone());
                }
            });
        });
        match &stmt.kind {
            StmtKind::Define(function) => attributes.insert(function.name.clone()),
            StmtKind::Class(class) => attributes.insert(class.name.clone()),
            _ => false,
        };
    });
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Call(called, _, args) = &expr.kind
            && called == "setattr"
            && let Some(Expr { kind: ExprKind::Str(name), .. }) = args.get(1)
        {
            attributes.insert(name.clone());
        }
    });
    attributes
}

/// Whether a name is private (`__v`): in a class it is another one, `_Class__v`.
fn is_private(name: &str) -> bool {
    name.starts_with("__") && !name.ends_with("__")
}

/// The private attributes that statements use, and where.
fn private_attributes(stmts: &[Stmt]) -> BTreeMap<u32, (Position, String)> {
    let mut uses = BTreeMap::new();
    let mut note = |expr: &Expr| {
        if let ExprKind::Attribute(_, name) = &expr.kind
            && is_private(name)
        {
            uses.insert(expr.position.start, (expr.position, name.clone()));
        }
    };
    all_expressions(stmts, &mut note);
    all_statements(stmts, &mut |stmt| {
        walk_targets(stmt, &mut |target| single_targets(target, &mut note));
    });
    uses
}

/// The private names that a class gives to what it has: methods, attributes, and variables of its own.
fn given_private_names(body: &[Stmt]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut note = |name: &String| {
        if is_private(name) {
            names.insert(name.clone());
        }
    };
    all_statements(body, &mut |stmt| {
        walk_targets(stmt, &mut |target| {
            single_targets(target, &mut |target| {
                if let ExprKind::Name(name) | ExprKind::Attribute(_, name) = &target.kind {
                    note(name);
                }
            });
        });
        if let StmtKind::Define(function) = &stmt.kind {
            note(&function.name);
        }
    });
    names
}

/// Where a private name is used that is another one, or none, by what a class makes of it: outside of classes, where another class gives it
/// to what it has, in a class and one that it derives from, and by `getattr()`.
fn mangled(stmts: &[Stmt]) -> Option<(Position, String)> {
    let mut outside = private_attributes(stmts);
    let mut of_classes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut inherited = None;
    all_statements(stmts, &mut |stmt| {
        let StmtKind::Class(class) = &stmt.kind else { return };
        let (used, mut names) = (private_attributes(&class.body), given_private_names(&class.body));
        let is_own = |(_, name): &(Position, String)| names.contains(name);
        outside.retain(|start, _| !used.get(start).is_some_and(is_own));
        if let Some(Expr { kind: ExprKind::Name(base), .. }) = &class.base
            && let Some(others) = of_classes.get(base)
        {
            let of_both = names.iter().find(|name| others.contains(*name));
            inherited = inherited.take().or_else(|| of_both.map(|name| (stmt.position, name.clone())));
            names.extend(others.iter().cloned());
        }
        of_classes.insert(class.name.clone(), names);
    });
    // By its name it is asked for as it stands.
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Call(called, _, args) = &expr.kind
            && matches!(called.as_str(), "getattr" | "setattr" | "hasattr")
            && let Some(Expr { kind: ExprKind::Str(name), .. }) = args.get(1)
            && is_private(name)
        {
            inherited = Some((expr.position, name.clone()));
        }
    });
    outside.into_values().next().or(inherited)
}

/// Refuses the first thing that is not covered; `place` is where a position is.
pub(super) fn check(stmts: &[Stmt], place: &dyn Fn(Position) -> Place) -> Result<(), SourceError> {
    let mut refusal: Option<(Position, String)> = None;
    let mut refuse = |position: Position, message: String| {
        if refusal
            .as_ref()
            .is_none_or(|(known, _)| known.source == position.source && position.start < known.start)
        {
            refusal = Some((position, message));
        }
    };
    let mut names: BTreeSet<String> = BTreeSet::from(["__name__".to_owned()]);
    let attributes = set_attributes(stmts);
    let mut parameters: BTreeSet<String> = BTreeSet::new();
    let mut modules: Vec<(String, String)> = Vec::new();
    all_statements(stmts, &mut |stmt| {
        walk_targets(stmt, &mut |target| {
            target_names(target, &mut |name| {
                names.insert(name.to_owned());
            });
        });
        match &stmt.kind {
            StmtKind::Define(function) => {
                names.insert(function.name.clone());
                parameters.extend(function.parameters.iter().cloned());
                let dunder = function.name.starts_with("__") && function.name.ends_with("__");
                if dunder && !is_special(&function.name) && function.name != "__post_init__" {
                    refuse(function.position, format!("the special method {} is not covered", function.name));
                }
            }
            StmtKind::Class(class) => {
                names.insert(class.name.clone());
            }
            StmtKind::Import(imported) => {
                for (module, name) in imported {
                    names.insert(name.clone());
                    let is_package = binds_package(module, name);
                    modules.push((name.clone(), if is_package { name.clone() } else { module.clone() }));
                    if library::module(module).is_none_or(library::is_package) {
                        refuse(stmt.position, format!("the module {module} is not covered"));
                    }
                }
            }
            StmtKind::ImportFrom(module, items) => {
                for (item, name) in items {
                    names.insert(name.clone());
                    let found = library::item(module, item);
                    if let Some(module) = found.and_then(library::module) {
                        modules.push((name.clone(), module.to_owned()));
                    }
                    if found.is_none() {
                        refuse(stmt.position, format!("{item} of the module {module} is not covered"));
                    }
                }
            }
            StmtKind::Try(_, handlers, _) => {
                names.extend(handlers.iter().filter_map(|handler| handler.name.clone()));
            }
            _ => {}
        }
    });
    if let Some((position, name)) = mangled(stmts) {
        refuse(position, format!("{name} outside of the one class that has it is not covered"));
    }
    names.extend(parameters.iter().cloned());
    bound_in_expressions(stmts, &mut names);
    let known = |name: &str| names.contains(name) || library::builtin(name).is_some();
    // A parameter or a variable may be called as a module is.
    let is_rebound = |expr: &Expr| matches!(&expr.kind, ExprKind::Name(name) if parameters.contains(name) || attributes.contains(name));
    all_expressions(stmts, &mut |expr| match &expr.kind {
        ExprKind::Name(name) | ExprKind::Call(name, ..) if !known(name) => {
            refuse(expr.position, format!("the name {name} is not covered, or defined nowhere"));
        }
        ExprKind::Attribute(object, name) => {
            let module = module_of(object, &modules);
            let is_item = module.is_some_and(|module| library::item(module, name).is_some());
            if module.is_some() && !is_rebound(object) {
                if !is_item {
                    let module = text_of(object);
                    refuse(expr.position, format!("{module}.{name} is not covered"));
                }
            } else if !is_item
                && !attributes.contains(name)
                && !library::METHODS.contains(&name.as_str())
                && name != "setter"
            {
                refuse(expr.position, format!("the attribute {name} is not covered, or set nowhere"));
            }
        }
        _ => {}
    });
    match refusal {
        None => Ok(()),
        Some((position, message)) => {
            Err(SourceError { kind: SourceErrorKind::NotCovered, message, place: place(position) })
        }
    }
}

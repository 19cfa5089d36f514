//! Containers that are written down, and what loops over them are given: `for n in [1000, 2000]`, `for name, n in jobs.items()`.

use crate::python::program::BinaryOp;
use crate::python::program::syntax::{Expr, ExprKind, Stmt, StmtKind, all_expressions, all_statements};

/// The containers that are written down, each with the name or attribute that it is bound to.
pub(super) struct Written(Vec<(String, Expr)>);

impl Written {
    /// Those of a program.
    pub(super) fn of(stmts: &[Stmt]) -> Self {
        let mut containers = Vec::new();
        all_statements(stmts, &mut |stmt| {
            if let StmtKind::Assign(targets, value) = &stmt.kind
                && is_container(value)
            {
                containers
                    .extend(targets.iter().filter_map(name_of).map(|name| (name.to_owned(), value.clone())));
            }
        });
        Self(containers)
    }

    /// What each name is given by loops and comprehensions that go through such containers.
    pub(super) fn in_loops(&self, stmts: &[Stmt]) -> Vec<(String, Expr)> {
        let mut given = Vec::new();
        all_statements(stmts, &mut |stmt| {
            if let StmtKind::For(target, iter, ..) = &stmt.kind {
                self.rows(iter).iter().for_each(|row| give(target, row, &mut given));
            }
        });
        all_expressions(stmts, &mut |expr| {
            if let ExprKind::Comprehension(_, _, generators) = &expr.kind {
                for generator in generators {
                    self.rows(&generator.iter)
                        .iter()
                        .for_each(|row| give(&generator.target, row, &mut given));
                }
            }
        });
        given
    }

    /// What a loop over that is given, round by round: one value, or several.
    pub(super) fn rows(&self, iter: &Expr) -> Vec<Vec<Expr>> {
        match &iter.kind {
            ExprKind::List(items) | ExprKind::Tuple(items) => {
                items.iter().map(|item| vec![item.clone()]).collect()
            }
            ExprKind::Dict(items) => items.iter().map(|(key, _)| vec![key.clone()]).collect(),
            ExprKind::Binary(BinaryOp::Multiply, items, _) => self.rows(items),
            ExprKind::Name(_) | ExprKind::Attribute(..) => {
                self.named(iter).flat_map(|container| self.rows(container)).collect()
            }
            ExprKind::Call(name, _, args) => match (name.as_str(), &args[..]) {
                ("list" | "tuple" | "sorted" | "reversed", [of, ..]) => self.rows(of),
                // The call itself stands for what is no number of the program.
                ("enumerate", [of, ..]) => self
                    .rows(of)
                    .into_iter()
                    .map(|row| [vec![iter.clone()], vec![joined(row, iter)]].concat())
                    .collect(),
                ("zip", columns) => {
                    let columns: Vec<Vec<Vec<Expr>>> =
                        columns.iter().map(|column| self.rows(column)).collect();
                    let rows = columns.iter().map(Vec::len).filter(|rows| *rows > 0).min().unwrap_or(0);
                    let value = |row: Option<&Vec<Expr>>| {
                        row.map_or_else(|| iter.clone(), |row| joined(row.clone(), iter))
                    };
                    let row = |at: usize| columns.iter().map(|column| value(column.get(at))).collect();
                    (0..rows).map(row).collect()
                }
                _ => Vec::new(),
            },
            ExprKind::CallValue(function, args, _) if args.is_empty() => match &function.kind {
                ExprKind::Attribute(dict, method) => {
                    let items =
                        self.named(dict).chain([&**dict]).filter_map(|container| match &container.kind {
                            ExprKind::Dict(items) => Some(items),
                            _ => None,
                        });
                    let row = |(key, value): &(Expr, Expr)| match method.as_str() {
                        "items" => Some(vec![key.clone(), value.clone()]),
                        "values" => Some(vec![value.clone()]),
                        _ => None,
                    };
                    items.flatten().filter_map(row).collect()
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// The containers that a name or an attribute is bound to.
    fn named(&self, expr: &Expr) -> impl Iterator<Item = &Expr> {
        let name = name_of(expr).map(str::to_owned);
        let is_it = move |known: &str| name.as_deref() == Some(known);
        self.0.iter().filter(move |(known, _)| is_it(known)).map(|(_, container)| container)
    }
}

fn is_container(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::List(_) | ExprKind::Tuple(_) | ExprKind::Dict(_) => true,
        ExprKind::Binary(BinaryOp::Multiply, items, _) => is_container(items),
        _ => false,
    }
}

fn name_of(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Name(name) | ExprKind::Attribute(_, name) => Some(name),
        _ => None,
    }
}

/// The values of a round as one.
fn joined(mut row: Vec<Expr>, like: &Expr) -> Expr {
    match row.pop() {
        Some(one) if row.is_empty() => one,
        last => {
            row.extend(last);
            Expr { kind: ExprKind::Tuple(row), ..like.clone() }
        }
    }
}

/// Notes what the names of a target are given.
fn give(target: &Expr, row: &[Expr], given: &mut Vec<(String, Expr)>) {
    match (&target.kind, row) {
        (ExprKind::Tuple(targets) | ExprKind::List(targets), [one]) => {
            if let ExprKind::Tuple(items) | ExprKind::List(items) = &one.kind {
                targets.iter().zip(items).for_each(|(target, item)| {
                    give(target, std::slice::from_ref(item), given);
                });
            }
        }
        (ExprKind::Tuple(targets) | ExprKind::List(targets), _) => {
            targets
                .iter()
                .zip(row)
                .for_each(|(target, item)| give(target, std::slice::from_ref(item), given));
        }
        (ExprKind::Name(name) | ExprKind::Attribute(_, name), _) => {
            given.push((name.clone(), joined(row.to_vec(), target)));
        }
        _ => {}
    }
}

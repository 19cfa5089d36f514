//! Small scope: numbers that only make a program long are made small.
//!
//! A loss that exists shows with few iterations. Taken as small are numbers of at least [`LARGE`], and those that say how
//! often a loop runs: they stand in `range()`, or are bound to a name, or passed to a parameter, that does. Each such
//! number becomes the same small one wherever it stands, and what several threads count with it becomes as many times that.
//! In proportion, limits that are compared with what is counted keep their ratio to it, too.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::python::program::BinaryOp;
use crate::python::program::syntax::{
    Expr, ExprKind, FStringPart, Function, Generator, Stmt, StmtKind, walk_blocks, walk_expr, walk_stmt,
};

/// From here on a number is taken as small wherever it stands.
const LARGE: i64 = 10_000;

/// Up to here a number of iterations stays as it is.
const FEW: i64 = 3;

/// Up to so many times the least number, a number of iterations keeps its ratio to it.
const MOST_TIMES: i64 = 4;

/// Up to so many times a number of iterations, a number may be what they come to in all threads.
const MOST_THREADS: i64 = 16;

/// From here on a multiple of a number of iterations is no accident; below, it must stand in a comparison.
const TELLING: i64 = 100;

/// How small the numbers of a program are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// How many iterations a long loop has.
    pub iterations: u32,
    /// Whether other numbers, such as a limit or a stock, keep their ratio to the numbers of iterations.
    pub in_proportion: bool,
}

impl From<u32> for Scope {
    fn from(iterations: u32) -> Self {
        Self { iterations, in_proportion: false }
    }
}

/// As the options that ask for it.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proportion = if self.in_proportion { " --in-proportion" } else { "" };
        write!(f, "--scope {}{proportion}", self.iterations)
    }
}

/// What is called with a number of workers.
const WORKERS: [&str; 4] = ["ThreadPoolExecutor", "Pool", "ThreadPool", "sleep"];

/// Makes the numbers of a program small; what each became.
pub(super) fn shrink(stmts: &mut [Stmt], scope: Scope) -> BTreeMap<i64, i64> {
    let (mut counts, mut long) = (BTreeSet::new(), BTreeSet::new());
    let mut functions: Vec<Function> = Vec::new();
    all_statements(stmts, &mut |stmt| {
        if let StmtKind::Define(function) = &stmt.kind {
            functions.push((**function).clone());
        }
    });
    let mut names = BTreeSet::new();
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Int(value, _) = expr.kind
            && value >= LARGE
        {
            long.insert(value);
        }
        if let ExprKind::Call(name, _, args) = &expr.kind
            && matches!(name.as_str(), "range" | "xrange")
        {
            for arg in args {
                walk_expr(arg, &mut |expr| match &expr.kind {
                    ExprKind::Int(value, _) if *value > FEW => {
                        counts.insert(*value);
                    }
                    ExprKind::Name(name) | ExprKind::Attribute(_, name) => {
                        names.insert(name.clone());
                    }
                    _ => {}
                });
            }
        }
    });
    let is_count = |function: &str, at: usize| {
        let function = functions.iter().find(|known| known.name == function);
        function.and_then(|function| function.parameters.get(at)).is_some_and(|name| names.contains(name))
    };
    let mut passed = |function: &str, args: &[Expr]| {
        for (at, arg) in args.iter().enumerate() {
            if let ExprKind::Int(value, _) = arg.kind
                && value > FEW
                && is_count(function, at)
            {
                counts.insert(value);
            }
        }
    };
    all_expressions(stmts, &mut |expr| match &expr.kind {
        ExprKind::Call(name, _, args) => passed(name, args),
        ExprKind::CallValue(_, args, keywords) => {
            if let Some((Expr { kind: ExprKind::Name(name), .. }, rest)) = args.split_first() {
                passed(name, rest);
            }
            let keyword =
                |name: &str| keywords.iter().find(|(known, _)| known == name).map(|(_, value)| value);
            if let (Some(target), Some(args)) = (keyword("target"), keyword("args"))
                && let (ExprKind::Name(name), ExprKind::Tuple(args)) = (&target.kind, &args.kind)
            {
                passed(name, args);
            }
        }
        _ => {}
    });
    all_statements(stmts, &mut |stmt| {
        if let StmtKind::Assign(targets, value) = &stmt.kind {
            for target in targets {
                bound(target, value, &names, &mut counts);
            }
        }
    });
    // Where a part of a long range ends, and the next begins: `(0, 4000), (4000, 8000)`.
    let ends: BTreeSet<i64> = counts.union(&long).copied().collect();
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Tuple(items) = &expr.kind {
            let number =
                |item: &Expr| if let ExprKind::Int(value, _) = item.kind { Some(value) } else { None };
            let numbers: Vec<i64> = items.iter().filter_map(number).collect();
            let part = |value: i64, end: i64| {
                value >= TELLING && end % value == 0 && (2..=MOST_TIMES).contains(&(end / value))
            };
            let is_part = |value: &&i64| numbers.iter().any(|end| ends.contains(end) && part(**value, *end));
            counts.extend(numbers.iter().filter(is_part));
        }
    });
    let iterations = i64::from(scope.iterations);
    let mut small = taken_as(stmts, &counts, &long, iterations);
    if let Some(&least) = counts.union(&long).min().filter(|_| scope.in_proportion) {
        let others = limits(stmts, least).into_iter().filter(|value| !small.contains_key(value));
        // Rounded up: what is reached is reached with the small ones as well, or not at all.
        let scaled = others.map(|value| (value, (value * iterations + least - 1) / least));
        let smaller: Vec<(i64, i64)> = scaled.filter(|(value, scaled)| scaled < value).collect();
        small.extend(smaller);
    }
    for stmt in stmts {
        shrink_stmt(stmt, &small);
    }
    small
}

/// The numbers of a program that are small as they are, and could decide about something.
pub(super) fn few(stmts: &[Stmt]) -> BTreeSet<i64> {
    let mut few = BTreeSet::new();
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Int(value @ 2..10, _) = expr.kind {
            few.insert(value);
        }
    });
    few
}

/// The numbers beside those of iterations, of which the least is given, that something is counted up or down to: those of the same
/// size, wherever they stand, and smaller ones that are only compared, or bound to what is.
fn limits(stmts: &[Stmt], least: i64) -> BTreeSet<i64> {
    let (mut seen, mut compared) = (BTreeMap::new(), BTreeMap::new());
    let (mut names, mut excluded) = (BTreeSet::new(), BTreeSet::new());
    let number = |expr: &Expr| if let ExprKind::Int(value, _) = expr.kind { Some(value) } else { None };
    all_expressions(stmts, &mut |expr| match &expr.kind {
        ExprKind::Int(value, _) => *seen.entry(*value).or_insert(0_usize) += 1,
        ExprKind::Compare(left, rest) => {
            for operand in std::iter::once(&**left).chain(rest.iter().map(|(_, right)| right)) {
                match &operand.kind {
                    ExprKind::Int(value, _) => *compared.entry(*value).or_insert(0_usize) += 1,
                    ExprKind::Name(name) | ExprKind::Attribute(_, name) => {
                        names.insert(name.clone());
                    }
                    _ => {}
                }
            }
        }
        // How threads share out their work, and which element is meant, is no matter of how much there is.
        ExprKind::Binary(
            BinaryOp::Remainder
            | BinaryOp::FloorDivide
            | BinaryOp::Divide
            | BinaryOp::Power
            | BinaryOp::LeftShift
            | BinaryOp::RightShift,
            _,
            right,
        )
        | ExprKind::Subscript(_, right) => excluded.extend(number(right)),
        ExprKind::Slice(bounds) => excluded.extend(bounds.iter().flatten().filter_map(|bound| number(bound))),
        ExprKind::CallValue(function, args, keywords) => {
            let (ExprKind::Name(name) | ExprKind::Attribute(_, name)) = &function.kind else { return };
            if WORKERS.contains(&name.as_str()) {
                excluded
                    .extend(args.iter().chain(keywords.iter().map(|(_, value)| value)).filter_map(number));
            }
        }
        ExprKind::Call(name, _, args) if WORKERS.contains(&name.as_str()) => {
            excluded.extend(args.iter().filter_map(number));
        }
        _ => {}
    });
    all_statements(stmts, &mut |stmt| match &stmt.kind {
        StmtKind::Assign(targets, value) => {
            let is_compared = |target: &Expr| matches!(&target.kind, ExprKind::Name(name) | ExprKind::Attribute(_, name) if names.contains(name));
            if let Some(value) = number(value).filter(|_| targets.iter().any(is_compared)) {
                *compared.entry(value).or_insert(0) += 1;
            }
        }
        StmtKind::AugAssign(_, BinaryOp::Remainder | BinaryOp::FloorDivide, value) => {
            excluded.extend(number(value));
        }
        _ => {}
    });
    let limits = seen.into_iter().filter(|&(value, times)| {
        let same_size = (least..=MOST_THREADS * least).contains(&value);
        value > FEW && (same_size || compared.get(&value) == Some(&times))
    });
    limits.map(|(value, _)| value).filter(|value| *value < LARGE && !excluded.contains(value)).collect()
}

/// What each number of iterations, each long number, and each total of them is taken as.
fn taken_as(stmts: &[Stmt], counts: &BTreeSet<i64>, long: &BTreeSet<i64>, scope: i64) -> BTreeMap<i64, i64> {
    let mut small = BTreeMap::new();
    let Some(&least) = counts.union(long).min() else { return small };
    let scaled = |value: i64, most: i64| {
        let ratio = value / least;
        let scaled = scope * if value % least == 0 && ratio <= most { ratio } else { 1 };
        // A larger one than in the program would show what that does not do.
        scaled.min(value)
    };
    small.extend(long.iter().map(|&value| (value, scaled(value, MOST_THREADS))));
    small.extend(counts.iter().map(|&value| (value, scaled(value, MOST_TIMES))));
    let mut total = |value: i64, least: i64| {
        // So many threads that each do so many iterations.
        let product = counts.iter().find(|&&count| value % count == 0 && counts.contains(&(value / count)));
        if let Some(count) = product
            && !counts.contains(&value)
        {
            small.insert(value, small[count] * small[&(value / count)]);
            return;
        }
        let of = |count: &&i64| value % **count == 0 && (2..=MOST_THREADS).contains(&(value / **count));
        if let Some(count) = counts.range(least..).rev().find(of)
            && !counts.contains(&value)
        {
            small.insert(value, small[count] * (value / count));
        }
    };
    all_expressions(stmts, &mut |expr| match &expr.kind {
        ExprKind::Int(value, _) => total(*value, TELLING),
        ExprKind::Compare(..) => walk_expr(expr, &mut |expr| {
            if let ExprKind::Int(value, _) = expr.kind {
                total(value, FEW + 1);
            }
        }),
        _ => {}
    });
    small
}

fn bound(target: &Expr, value: &Expr, names: &BTreeSet<String>, counts: &mut BTreeSet<i64>) {
    match (&target.kind, &value.kind) {
        (ExprKind::Name(name) | ExprKind::Attribute(_, name), ExprKind::Int(value, _))
            if *value > FEW && names.contains(name) =>
        {
            counts.insert(*value);
        }
        (ExprKind::Tuple(targets), ExprKind::Tuple(values)) => {
            targets.iter().zip(values).for_each(|(target, value)| bound(target, value, names, counts));
        }
        _ => {}
    }
}

/// Calls `f` for each statement, those of functions and classes included.
pub(super) fn all_statements(stmts: &[Stmt], f: &mut dyn FnMut(&Stmt)) {
    for stmt in stmts {
        let mut inner: Vec<&[Stmt]> = Vec::new();
        walk_blocks(stmt, &mut |stmt| {
            f(stmt);
            match &stmt.kind {
                StmtKind::Define(function) => inner.push(&function.body),
                StmtKind::Class(class) => inner.push(&class.body),
                _ => {}
            }
        });
        for stmts in inner {
            all_statements(stmts, f);
        }
    }
}

/// Calls `f` for each expression, those of functions, lambdas and classes included.
pub(super) fn all_expressions(stmts: &[Stmt], f: &mut dyn FnMut(&Expr)) {
    for stmt in stmts {
        let mut lambdas: Vec<Vec<Stmt>> = Vec::new();
        walk_stmt(stmt, &mut |expr| {
            f(expr);
            if let ExprKind::Lambda(function) = &expr.kind {
                lambdas.push(function.body.clone());
            }
        });
        for body in lambdas {
            all_expressions(&body, f);
        }
        let mut inner: Vec<&[Stmt]> = Vec::new();
        walk_blocks(stmt, &mut |stmt| match &stmt.kind {
            StmtKind::Define(function) => inner.push(&function.body),
            StmtKind::Class(class) => inner.push(&class.body),
            _ => {}
        });
        for stmts in inner {
            all_expressions(stmts, f);
        }
    }
}

fn shrink_block(stmts: &mut [Stmt], small: &BTreeMap<i64, i64>) {
    for stmt in stmts.iter_mut() {
        shrink_stmt(stmt, small);
    }
}

fn shrink_stmt(stmt: &mut Stmt, small: &BTreeMap<i64, i64>) {
    let block = |stmts: &mut Vec<Stmt>| shrink_block(stmts, small);
    let expr = |expr: &mut Expr| shrink_expr(expr, small);
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

fn shrink_expr(expr: &mut Expr, small: &BTreeMap<i64, i64>) {
    let each = |expr: &mut Expr| shrink_expr(expr, small);
    match &mut expr.kind {
        ExprKind::Int(value, _) => {
            if let Some(new) = small.get(value) {
                *value = *new;
            }
        }
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
        ExprKind::Lambda(function) => shrink_block(&mut function.body, small),
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

//! Small scope: numbers that only make a program long are made small.
//!
//! A loss that exists shows with few iterations. Taken as small are numbers of at least [`LARGE`], and those that say how
//! often a loop runs ([`super::rounds`]). Each such number becomes the same small one wherever it stands, and what several threads
//! count with it becomes as many times that. In proportion, limits that are compared with what is counted keep their ratio to it, too.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::rounds::{FEW, Rounds};
use crate::python::program::syntax::{
    Expr, ExprKind, Stmt, StmtKind, all_expressions, all_statements, walk_expr,
};
use crate::python::program::{BinaryOp, CompareOp, map_numbers};

/// From here on a number is taken as small wherever it stands.
const LARGE: i64 = 10_000;

/// Up to so many times the least number, a number of iterations keeps its ratio to it.
const MOST_TIMES: i64 = 4;

/// Up to so many times a number of iterations, a number may be what they come to in all threads.
const MOST_THREADS: i64 = 16;

/// Up to here a number of iterations in which something is taken that others put there stays, if it is a multiple of a small one.
const MOST_KEPT: i64 = MOST_TIMES * FEW;

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

/// With what threads wait for as many of others as they count.
const HAND_OVER: [&str; 6] = ["put", "put_nowait", "Semaphore", "BoundedSemaphore", "Barrier", "Condition"];

/// What is called with a number of workers.
const WORKERS: [&str; 4] = ["ThreadPoolExecutor", "Pool", "ThreadPool", "sleep"];

/// Makes the numbers of a program small; what each became.
pub(super) fn shrink(stmts: &mut [Stmt], scope: Scope) -> BTreeMap<i64, i64> {
    let Rounds { many: mut counts, few: few_counts, .. } = Rounds::of(stmts);
    let (mut long, mut parties) = (BTreeSet::new(), Vec::new());
    all_expressions(stmts, &mut |expr| match &expr.kind {
        ExprKind::Int(value, _) if *value >= LARGE => {
            long.insert(*value);
        }
        ExprKind::CallValue(function, args, _) => parties.extend(parties_of(function, args)),
        _ => {}
    });
    let (few_parties, parties): (BTreeSet<i64>, BTreeSet<i64>) =
        parties.into_iter().partition(|&number| number <= FEW);
    counts.extend(parties);
    let ends: BTreeSet<i64> = counts.union(&long).copied().collect();
    counts.extend(parts(stmts, &ends));
    // So many gets belong to as many puts, which are few and stay.
    let names = names_of(stmts);
    let taken = taken_from_others(stmts, &names);
    let of = |count: &i64, few: &BTreeSet<i64>| few.iter().any(|few| count % few == 0);
    let belongs = |count: &i64| taken.contains(count) && of(count, &few_counts) || of(count, &few_parties);
    let stays = |count: &&i64| **count <= MOST_KEPT && belongs(count);
    let mut fixed: BTreeSet<i64> = counts.iter().filter(stays).copied().collect();
    counts.retain(|count| !fixed.contains(count));
    fixed.extend(few_counts);
    let hands_over = HAND_OVER.iter().any(|name| names.contains(*name));
    let iterations = i64::from(scope.iterations);
    let mut small = taken_as(stmts, &counts, &long, iterations, hands_over.then_some(&fixed));
    keep_below(stmts, &mut small);
    if let Some(&least) = counts.union(&long).min().filter(|_| scope.in_proportion) {
        in_proportion(stmts, least, iterations, &mut small);
    }
    map_numbers(stmts, &|value| small.get(&value).copied().unwrap_or(value));
    small
}

/// Keeps what is compared below a larger number: `i >= 299000` in a loop of 300000.
fn keep_below(stmts: &[Stmt], small: &mut BTreeMap<i64, i64>) {
    for value in compared(stmts) {
        if let Some(&taken) = small.get(&value)
            && small.range(value + 1..).any(|(_, other)| *other == taken)
        {
            small.insert(value, (taken - 1).max(1));
        }
    }
}

/// Takes limits as small as a number of iterations is taken.
fn in_proportion(stmts: &[Stmt], least: i64, iterations: i64, small: &mut BTreeMap<i64, i64>) {
    let others = limits(stmts, least).into_iter().filter(|value| !small.contains_key(value));
    // Rounded up: what is reached is reached with the small ones as well, or not at all.
    let scaled = others.map(|value| (value, (value * iterations + least - 1) / least));
    let smaller: Vec<(i64, i64)> = scaled.filter(|(value, scaled)| scaled < value).collect();
    small.extend(smaller);
}

/// Where parts of such long ranges end, and the next begin: `(0, 4000), (4000, 8000)`.
fn parts(stmts: &[Stmt], ends: &BTreeSet<i64>) -> BTreeSet<i64> {
    let mut parts = BTreeSet::new();
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Tuple(items) = &expr.kind {
            let numbers: Vec<i64> = items.iter().filter_map(number).collect();
            let part = |value: i64, end: i64| {
                value >= TELLING && end % value == 0 && (2..=MOST_TIMES).contains(&(end / value))
            };
            let is_part = |value: &&i64| numbers.iter().any(|end| ends.contains(end) && part(**value, *end));
            parts.extend(numbers.iter().filter(is_part));
        }
    });
    parts
}

/// How many threads a barrier waits for.
fn parties_of(function: &Expr, args: &[Expr]) -> Option<i64> {
    let (ExprKind::Name(name) | ExprKind::Attribute(_, name)) = &function.kind else { return None };
    match args.first().map(|arg| &arg.kind) {
        Some(ExprKind::Int(value, _)) if name == "Barrier" && *value > 1 => Some(*value),
        _ => None,
    }
}

/// All names and attributes, and what is called.
fn names_of(stmts: &[Stmt]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    all_expressions(stmts, &mut |expr| match &expr.kind {
        ExprKind::Attribute(_, name) | ExprKind::Name(name) | ExprKind::Call(name, ..) => {
            names.insert(name.clone());
        }
        _ => {}
    });
    names
}

/// How often loops run in which a thread takes what others put there: elements of a queue, or what a semaphore has.
fn taken_from_others(stmts: &[Stmt], names: &BTreeSet<String>) -> BTreeSet<i64> {
    let stands = |those: [&str; 2]| those.iter().any(|name| names.contains(*name));
    let from_queues = stands(["put", "put_nowait"]);
    let from_semaphores = stands(["Semaphore", "BoundedSemaphore"]);
    let is_taking = |name: &str| match name {
        "get" | "get_nowait" => from_queues,
        "acquire" => from_semaphores,
        _ => false,
    };
    let mut taken = BTreeSet::new();
    all_statements(stmts, &mut |stmt| {
        if let StmtKind::For(_, Expr { kind: ExprKind::Call(name, _, args), .. }, body, _) = &stmt.kind
            && matches!(name.as_str(), "range" | "xrange")
        {
            let mut is_taken = false;
            all_expressions(body, &mut |expr| {
                if let ExprKind::Attribute(_, name) = &expr.kind {
                    is_taken |= is_taking(name);
                }
            });
            if is_taken {
                taken.extend(args.iter().filter_map(number));
            }
        }
    });
    taken
}

/// The number that stands there.
fn number(expr: &Expr) -> Option<i64> {
    if let ExprKind::Int(value, _) = expr.kind { Some(value) } else { None }
}

/// What is compared, from left to right.
fn operands<'a>(left: &'a Expr, rest: &'a [(CompareOp, Expr)]) -> impl Iterator<Item = &'a Expr> {
    std::iter::once(left).chain(rest.iter().map(|(_, right)| right))
}

/// The numbers that something is compared with.
fn compared(stmts: &[Stmt]) -> BTreeSet<i64> {
    let mut compared = BTreeSet::new();
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Compare(left, rest) = &expr.kind {
            compared.extend(operands(left, rest).filter_map(number));
        }
    });
    compared
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
    all_expressions(stmts, &mut |expr| match &expr.kind {
        ExprKind::Int(value, _) => *seen.entry(*value).or_insert(0_usize) += 1,
        ExprKind::Compare(left, rest) => {
            for operand in operands(left, rest) {
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

/// What each number of iterations, each long number, and each total of them is taken as. Where threads hand things over, a larger number of
/// iterations stays larger, beside those that are `fixed`, too: it matters whether one more is taken than is put.
fn taken_as(
    stmts: &[Stmt],
    counts: &BTreeSet<i64>,
    long: &BTreeSet<i64>,
    scope: i64,
    fixed: Option<&BTreeSet<i64>>,
) -> BTreeMap<i64, i64> {
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
    let mut below = 0;
    for &value in fixed.into_iter().flat_map(|fixed| fixed.union(counts)) {
        // Of two threads or three that take so many, all have enough with these numbers where they have with the others.
        let (ratio, more) = (value / least, i64::from(value % least != 0));
        let between = if ratio <= MOST_TIMES { scope * ratio + more } else { 0 };
        let taken = small.entry(value).or_insert(value);
        *taken = (*taken).max(between).max(below + 1).min(value);
        below = *taken;
    }
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

//! What the numbers of a program are for.

use std::collections::{BTreeMap, BTreeSet};

use super::rounds::FEW;
use super::sizes::{MOST_TIMES, TELLING};
use super::sources::{Sources, calls};
use crate::python::program::syntax::{
    Expr, ExprKind, Stmt, StmtKind, all_expressions, all_statements, walk_expr,
};
use crate::python::program::{BinaryOp, CompareOp, UnaryOp};

/// With what threads wait for as many of others as they count.
const HAND_OVER: [&str; 6] = ["put", "put_nowait", "Semaphore", "BoundedSemaphore", "Barrier", "Condition"];

/// What has room for as many as it is called with.
const ROOMS: [&str; 8] = [
    "Queue",
    "LifoQueue",
    "Semaphore",
    "BoundedSemaphore",
    "ThreadPoolExecutor",
    "ProcessPoolExecutor",
    "Pool",
    "ThreadPool",
];

/// What is called with a number of workers.
const WORKERS: [&str; 4] = ["ThreadPoolExecutor", "Pool", "ThreadPool", "sleep"];

/// Whether a large number may make a program long that stands in no `range()`: a loop that goes on until it is reached, or a sequence of
/// so many elements.
pub(super) fn makes_it_long(stmts: &[Stmt]) -> bool {
    let mut long = false;
    all_statements(stmts, &mut |stmt| long |= matches!(stmt.kind, StmtKind::While(..)));
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Binary(BinaryOp::Multiply, left, right) = &expr.kind {
            let is_sequence =
                |expr: &Expr| matches!(expr.kind, ExprKind::List(_) | ExprKind::Tuple(_) | ExprKind::Str(_));
            long |= is_sequence(left) || is_sequence(right);
        }
    });
    long
}

/// Numbers by which so many are shared out: where parts of a sequence begin and end (`data[:500]`, `data[k * 250:(k + 1) * 250]`), how far
/// they are apart (`range(0, 1000, 100)`), and what is divided by.
pub(super) fn parts_of_many(stmts: &[Stmt]) -> BTreeSet<i64> {
    let parts = numbers_in(stmts, &|expr| match &expr.kind {
        ExprKind::Slice(bounds) => bounds.iter().flatten().map(|bound| &**bound).collect(),
        ExprKind::Binary(BinaryOp::FloorDivide, _, right) => vec![&**right],
        ExprKind::Call(name, _, args) if name == "int" => match args.first().map(|arg| &arg.kind) {
            Some(ExprKind::Binary(BinaryOp::Divide, _, right)) => vec![&**right],
            _ => Vec::new(),
        },
        ExprKind::Call(name, _, args) if matches!(name.as_str(), "range" | "xrange") => {
            args.get(2).into_iter().collect()
        }
        _ => Vec::new(),
    });
    &parts | &bounds_that_are_handed_over(stmts)
}

/// Where slices begin and end whose bounds get there by a parameter, as they stand or as products: `data[low:high]` in a function, and
/// `args=(i * 250, i * 250 + 250)`. Where they come out of pairs that are written down, `((0, 50), (50, 100))`, those.
fn bounds_that_are_handed_over(stmts: &[Stmt]) -> BTreeSet<i64> {
    let mut bounds = Sources::new(stmts, 2);
    let mut by_name = false;
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Slice(ends) = &expr.kind {
            for end in ends.iter().flatten() {
                walk_expr(end, &mut |expr| {
                    by_name |= matches!(expr.kind, ExprKind::Name(_));
                    bounds.note(expr);
                });
            }
        }
    });
    if !by_name {
        return BTreeSet::new();
    }
    let mut found = bounds.follow(stmts);
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Tuple(items) = &expr.kind
            && let [low, high] =
                items[..].iter().map(number).collect::<Option<Vec<i64>>>().unwrap_or_default()[..]
            && low < high
        {
            found.extend([low, high].iter().filter(|value| **value > 1));
        }
    });
    found
}

/// What is divided by for the remainder: `shards[k % 4]`, `if i % 100 == 0`.
pub(super) fn divisors(stmts: &[Stmt]) -> BTreeSet<i64> {
    numbers_in(stmts, &|expr| match &expr.kind {
        // A text before it is a format.
        ExprKind::Binary(BinaryOp::Remainder, left, right) if !matches!(left.kind, ExprKind::Str(_)) => {
            vec![&**right]
        }
        _ => Vec::new(),
    })
}

/// How many places there are, if not few, in what is made with a number of them.
pub(super) fn rooms(stmts: &[Stmt]) -> BTreeSet<i64> {
    let mut sources = Sources::new(stmts, FEW + 1);
    args_of(stmts, &ROOMS, &mut |arg| sources.note(arg));
    sources.follow(stmts)
}

/// At which lengths, if not few, a thread waits until it is less: `while len(buffer) >= 10: not_full.wait()`. None where lengths are
/// compared with other numbers, too, which could then no longer be reached.
pub(super) fn full_lengths(stmts: &[Stmt]) -> BTreeSet<i64> {
    let (mut full, mut all) = (Sources::new(stmts, FEW + 1), Sources::new(stmts, 2));
    all_statements(stmts, &mut |stmt| {
        if let StmtKind::If(test, body, _) | StmtKind::While(test, body, _) = &stmt.kind
            && ["wait", "sleep"].iter().any(|name| names_of(body).contains(*name))
        {
            full_at(test, true, &mut |limit| full.note(limit));
        }
    });
    all_expressions(stmts, &mut |expr| match &expr.kind {
        ExprKind::CallValue(function, args, _) => {
            if let ExprKind::Attribute(_, name) = &function.kind
                && name == "wait_for"
                && let Some(Expr { kind: ExprKind::Lambda(test), .. }) = args.first()
                && let [Stmt { kind: StmtKind::Return(Some(test)), .. }] = &test.body[..]
            {
                full_at(test, false, &mut |limit| full.note(limit));
            }
        }
        ExprKind::Compare(left, rest) if operands(left, rest).any(is_length) => {
            operands(left, rest).for_each(|operand| all.note(operand));
        }
        _ => {}
    });
    let full = full.follow(stmts);
    if full == all.follow(stmts) { full } else { BTreeSet::new() }
}

fn is_length(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(name, ..) if name == "len")
}

/// What a length has reached where a test comes out so.
fn full_at(test: &Expr, outcome: bool, tell: &mut dyn FnMut(&Expr)) {
    match &test.kind {
        ExprKind::Bools(_, tests) => tests.iter().for_each(|test| full_at(test, outcome, tell)),
        ExprKind::Unary(UnaryOp::Not, test) => full_at(test, !outcome, tell),
        ExprKind::Compare(left, rest) => {
            if let [(op, right)] = &rest[..] {
                use CompareOp::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
                let limit = if is_length(left) { right } else { left };
                let full = match (op, outcome) {
                    (Equal, true) | (NotEqual, false) => is_length(left) || is_length(right),
                    (Greater | GreaterEqual, true) | (Less | LessEqual, false) => is_length(left),
                    (Less | LessEqual, true) | (Greater | GreaterEqual, false) => is_length(right),
                    _ => false,
                };
                if full {
                    tell(limit);
                }
            }
        }
        _ => {}
    }
}

/// The numbers above 1 in such parts of a program's expressions, as they stand or by a name.
fn numbers_in(stmts: &[Stmt], parts: &dyn for<'e> Fn(&'e Expr) -> Vec<&'e Expr>) -> BTreeSet<i64> {
    let (mut numbers, mut names) = (BTreeSet::new(), BTreeSet::new());
    all_expressions(stmts, &mut |expr| {
        for part in parts(expr) {
            walk_expr(part, &mut |expr| match &expr.kind {
                ExprKind::Int(value, _) => {
                    numbers.insert(*value);
                }
                ExprKind::Name(name) => {
                    names.insert(name.clone());
                }
                _ => {}
            });
        }
    });
    all_statements(stmts, &mut |stmt| {
        if let StmtKind::Assign(targets, value) = &stmt.kind
            && targets
                .iter()
                .any(|target| matches!(&target.kind, ExprKind::Name(name) if names.contains(name)))
        {
            numbers.extend(number(value));
        }
    });
    numbers.retain(|value| *value > 1);
    numbers
}

/// The numbers that each function is given, now or by a thread that calls it, all of them together: `args=(0, 1000)`, `args=(1000, 9000)`.
pub(super) fn given_together(stmts: &[Stmt]) -> Vec<BTreeSet<i64>> {
    let mut given: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    all_expressions(stmts, &mut |expr| {
        calls(expr, &mut |callee, args| {
            if let ExprKind::Name(name) | ExprKind::Attribute(_, name) = &callee.kind {
                let numbers = given.entry(name.clone()).or_default();
                for arg in args {
                    walk_expr(arg, &mut |expr| numbers.extend(number(expr)));
                }
            }
        });
    });
    given.into_values().filter(|numbers| numbers.len() > 1).collect()
}

/// What functions of these names are called with.
fn args_of(stmts: &[Stmt], names: &[&str], tell: &mut dyn FnMut(&Expr)) {
    all_expressions(stmts, &mut |expr| match &expr.kind {
        ExprKind::Call(name, _, args) if names.contains(&name.as_str()) => {
            args.iter().for_each(&mut *tell);
        }
        ExprKind::CallValue(function, args, keywords) => {
            if let ExprKind::Name(name) | ExprKind::Attribute(_, name) = &function.kind
                && names.contains(&name.as_str())
            {
                args.iter().chain(keywords.iter().map(|(_, value)| value)).for_each(&mut *tell);
            }
        }
        _ => {}
    });
}

/// The numbers that stand for how many workers there are.
pub(super) fn workers(stmts: &[Stmt]) -> BTreeSet<i64> {
    let mut numbers = BTreeSet::new();
    args_of(stmts, &WORKERS, &mut |arg| numbers.extend(number(arg)));
    numbers
}

/// Which elements are meant: `slots[9]`.
pub(super) fn indices(stmts: &[Stmt]) -> BTreeSet<i64> {
    let mut numbers = BTreeSet::new();
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Subscript(_, index) = &expr.kind {
            numbers.extend(number(index).filter(|value| *value > 0));
        }
    });
    numbers
}

/// Where parts of such long ranges end, and the next begin: `(0, 4000), (4000, 8000)`.
pub(super) fn parts(stmts: &[Stmt], ends: &BTreeSet<i64>) -> BTreeSet<i64> {
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
pub(super) fn parties_of(function: &Expr, args: &[Expr]) -> Option<i64> {
    let (ExprKind::Name(name) | ExprKind::Attribute(_, name)) = &function.kind else { return None };
    match args.first().map(|arg| &arg.kind) {
        Some(ExprKind::Int(value, _)) if name == "Barrier" && *value > 1 => Some(*value),
        _ => None,
    }
}

/// All names and attributes, and what is called.
pub(super) fn names_of(stmts: &[Stmt]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    all_expressions(stmts, &mut |expr| match &expr.kind {
        ExprKind::Attribute(_, name) | ExprKind::Name(name) | ExprKind::Call(name, ..) => {
            names.insert(name.clone());
        }
        _ => {}
    });
    names
}

/// Whether threads wait for as many of others as they count.
pub(super) fn hands_over(names: &BTreeSet<String>) -> bool {
    HAND_OVER.iter().any(|name| names.contains(*name))
}

/// How often loops run in which a thread takes what others put there: elements of a queue, or what a semaphore has.
pub(super) fn taken_from_others(stmts: &[Stmt], names: &BTreeSet<String>) -> BTreeSet<i64> {
    let stands = |those: [&str; 2]| those.iter().any(|name| names.contains(*name));
    let from_queues = stands(["put", "put_nowait"]);
    let from_semaphores = stands(["Semaphore", "BoundedSemaphore"]);
    let is_taking = |name: &str| match name {
        "get" | "get_nowait" => from_queues,
        "acquire" => from_semaphores,
        _ => false,
    };
    rounds_with(stmts, &is_taking)
}

/// Whether something is put for others by statements that run once, or once for each element that is written down.
pub(super) fn puts_one_by_one(stmts: &[Stmt]) -> bool {
    let puts = |stmts: &[Stmt]| {
        let mut puts = 0_usize;
        all_expressions(stmts, &mut |expr| {
            let is_put = |name: &str| ["put", "put_nowait", "release"].contains(&name);
            puts += usize::from(matches!(&expr.kind, ExprKind::Attribute(_, name) if is_put(name)));
        });
        puts
    };
    let mut in_loops = 0;
    all_statements(stmts, &mut |stmt| match &stmt.kind {
        StmtKind::For(_, Expr { kind: ExprKind::Call(..), .. }, body, _) | StmtKind::While(_, body, _) => {
            in_loops += puts(body);
        }
        _ => {}
    });
    // What is in a loop within another one counts twice, and then nothing is known to be outside.
    puts(stmts) > in_loops
}

/// How often loops run in which threads meet at a condition.
pub(super) fn met_at_conditions(stmts: &[Stmt], names: &BTreeSet<String>) -> BTreeSet<i64> {
    let meets = ["wait", "wait_for", "notify", "notify_all"];
    if names.contains("Condition") {
        rounds_with(stmts, &|name| meets.contains(&name))
    } else {
        BTreeSet::new()
    }
}

/// How often loops run in which an attribute of such a name is used.
fn rounds_with(stmts: &[Stmt], is_one: &dyn Fn(&str) -> bool) -> BTreeSet<i64> {
    let mut rounds = BTreeSet::new();
    all_statements(stmts, &mut |stmt| {
        if let StmtKind::For(_, Expr { kind: ExprKind::Call(name, _, args), .. }, body, _) = &stmt.kind
            && matches!(name.as_str(), "range" | "xrange")
        {
            let mut uses = false;
            all_expressions(body, &mut |expr| {
                if let ExprKind::Attribute(_, name) = &expr.kind {
                    uses |= is_one(name);
                }
            });
            if uses {
                rounds.extend(args.iter().filter_map(number));
            }
        }
    });
    rounds
}

/// The number that stands there.
pub(super) fn number(expr: &Expr) -> Option<i64> {
    if let ExprKind::Int(value, _) = expr.kind { Some(value) } else { None }
}

/// What is compared, from left to right.
pub(super) fn operands<'a>(left: &'a Expr, rest: &'a [(CompareOp, Expr)]) -> impl Iterator<Item = &'a Expr> {
    std::iter::once(left).chain(rest.iter().map(|(_, right)| right))
}

/// The numbers of a program that are small as they are, and could decide about something.
pub(crate) fn few(stmts: &[Stmt]) -> BTreeSet<i64> {
    let mut few = BTreeSet::new();
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Int(value @ 2..10, _) = expr.kind {
            few.insert(value);
        }
    });
    few
}

/// The numbers that variables are compared with: 500 in `if i == 500`.
pub(crate) fn thresholds(stmts: &[Stmt]) -> BTreeSet<i64> {
    let mut sources = Sources::new(stmts, 2);
    let is_plain = |operand: &Expr| {
        matches!(operand.kind, ExprKind::Int(..) | ExprKind::Name(_) | ExprKind::Attribute(..))
    };
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Compare(left, rest) = &expr.kind
            && operands(left, rest).all(is_plain)
        {
            operands(left, rest).for_each(|operand| sources.note(operand));
        }
    });
    sources.follow(stmts)
}

/// The numbers above 1 in asserts, each with the line.
pub(crate) fn asserted(stmts: &[Stmt]) -> Vec<(u32, i64)> {
    let mut asserted = Vec::new();
    all_statements(stmts, &mut |stmt| {
        if let StmtKind::Assert(test, _) = &stmt.kind {
            walk_expr(test, &mut |expr| {
                if let Some(value @ 2..) = number(expr) {
                    asserted.push((stmt.position.line, value));
                }
            });
        }
    });
    asserted
}

/// Where ranges end that go in steps, each with its step: 100 and 2 in `range(start, 100, 2)`.
pub(super) fn strides(stmts: &[Stmt]) -> BTreeSet<(i64, i64)> {
    let mut strides = BTreeSet::new();
    let numbers = |expr: &Expr| {
        let mut sources = Sources::new(stmts, 2);
        sources.note(expr);
        sources.follow(stmts)
    };
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Call(name, _, args) = &expr.kind
            && matches!(name.as_str(), "range" | "xrange")
            && let [_, end, stride] = &args[..]
        {
            let (ends, steps) = (numbers(end), numbers(stride));
            strides.extend(ends.iter().flat_map(|&end| steps.iter().map(move |&step| (end, step))));
        }
    });
    strides
}

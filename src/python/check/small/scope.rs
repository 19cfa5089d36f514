//! Small scope: numbers that only make a program long are made small.
//!
//! A loss that exists shows with few iterations. Taken as small are the numbers that say how often a loop runs ([`super::rounds`]),
//! those that say which part of so many elements is meant, and those of at least [`LARGE`]. Each becomes the same small one
//! wherever it stands, and what several threads count with it becomes as many times that. Two that differ stay different, and the larger one
//! stays the larger: parts of a range stay apart, and so do keys. In proportion, limits that are compared with what is counted keep their
//! ratio to it, too.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::alone::rounds_of_main;
use super::roles::{
    divisors, full_lengths, given_together, hands_over, indices, makes_it_long, met_at_conditions, names_of,
    number, operands, parties_of, parts, parts_of_many, puts_one_by_one, rooms, strides, taken_from_others,
    workers,
};
use super::rounds::{FEW, Rounds};
use super::sizes::{LEAST_ROOM, MOST_THREADS, MOST_TIMES, Numbers, TELLING, scaled};
use super::sources::Sources;
use crate::python::program::syntax::{
    Expr, ExprKind, Stmt, StmtKind, all_expressions, all_statements, walk_expr,
};
use crate::python::program::{BinaryOp, map_numbers};

/// From here on a number is taken as small wherever it stands.
const LARGE: i64 = 10_000;

/// Up to here a number of iterations in which something is taken that others put there stays, if it is a multiple of a small one.
const MOST_KEPT: i64 = MOST_TIMES * FEW;

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

/// Makes the numbers of a program small; what each became.
pub(crate) fn shrink(stmts: &mut [Stmt], scope: Scope) -> BTreeMap<i64, i64> {
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
    if counts.is_empty() && !makes_it_long(stmts) {
        return BTreeMap::new();
    }
    let mut ends = counts.clone();
    ends.extend(&long);
    counts.extend(parts(stmts, &ends));
    // So many gets belong to as many puts, which are few and stay.
    let names = names_of(stmts);
    let taken = taken_from_others(stmts, &names);
    let of = |count: &i64, few: &BTreeSet<i64>| few.iter().any(|few| count % few == 0);
    // So do as many times at a condition as others meet there.
    let met = met_at_conditions(stmts, &names);
    let few_met: BTreeSet<i64> = met.range(2..=FEW).copied().collect();
    // Nor need be small what the main thread does alone, and what is taken of what is put one by one.
    let alone = rounds_of_main(stmts);
    let one_by_one = puts_one_by_one(stmts);
    let belongs = |count: &i64| {
        alone.contains(count)
            || taken.contains(count) && (one_by_one || of(count, &few_counts))
            || met.contains(count) && of(count, &few_met)
            || of(count, &few_parties)
    };
    let stays = |count: &i64| *count <= MOST_KEPT && belongs(count);
    let mut fixed = counts.clone();
    fixed.retain(stays);
    counts.retain(|count| !fixed.contains(count));
    let Some(&most) = counts.union(&long).max() else { return BTreeMap::new() };
    let is_within = |value: &i64| *value < most && !fixed.contains(value);
    let mut parts = parts_of_many(stmts);
    parts.retain(is_within);
    // Where there is room for a few, larger numbers of iterations are tried as long as they are no longer larger.
    let is_own = |value: &i64| is_within(value) && !counts.contains(value);
    let mut divisors = divisors(stmts);
    divisors.extend(rooms(stmts));
    divisors.retain(is_own);
    let mut lengths = full_lengths(stmts);
    lengths.retain(is_own);
    let mut within = indices(stmts);
    within.retain(is_within);
    within.extend(&parts);
    within.extend(&divisors);
    // Where threads hand things over, it matters whether one more is taken than is put.
    let in_order = hands_over(&names);
    if in_order {
        fixed.extend(few_counts);
    }
    fixed.extend(within.iter().filter(|value| **value <= FEW));
    counts.extend(parts.difference(&fixed));
    // One more than a round number is that, and one more: range(1, 501), range(501, 1001).
    let round = |value: &i64| (*value > TELLING && value % 10 == 1).then_some(value - 1);
    let round: Vec<i64> = counts.union(&long).filter_map(round).collect();
    counts.extend(round);
    let together = given_together(stmts);
    let numbers = Numbers { counts, long, divisors, within, together, fixed, in_order };
    let mut small = numbers.taken_as(i64::from(scope.iterations));
    // Whoever goes in steps goes round twice, from wherever in the first step.
    for (end, step) in strides(stmts) {
        let rest = i64::from(!numbers.counts.contains(&step) || end % step != 0);
        let twice = small.get(&step).unwrap_or(&step).saturating_mul(2).saturating_add(rest);
        let below = small.range(..end).next_back().map_or(0, |(_, taken)| *taken);
        if let Some(taken) = small.get_mut(&end) {
            *taken = (*taken).max(twice).max(below + 1).min(end);
        }
    }
    // With fewer iterations one thread does not fill it, and the line that is then not tried asks for more. Room for one alone would be
    // another program: there whoever puts something in has filled it.
    if scope.in_proportion || i64::from(scope.iterations) > LEAST_ROOM {
        small.extend(lengths.into_iter().map(|length| (length, LEAST_ROOM)));
    }
    take_totals(stmts, &numbers.counts, &mut small);
    if scope.in_proportion {
        in_proportion(stmts, &numbers, &mut small);
    }
    let mut stands = BTreeSet::new();
    all_expressions(stmts, &mut |expr| stands.extend(number(expr)));
    small.retain(|value, _| stands.contains(value));
    map_numbers(stmts, &|value| small.get(&value).copied().unwrap_or(value));
    small
}

/// Takes limits as small as the number of iterations that is closest to them is taken.
fn in_proportion(stmts: &[Stmt], numbers: &Numbers, small: &mut BTreeMap<i64, i64>) {
    let units: Vec<i64> = numbers.sizes().iter().map(|size| numbers.unit(size)).collect();
    let units: Vec<i64> = units.into_iter().filter(|unit| small.contains_key(unit)).collect();
    for value in limits(stmts, &units) {
        let times = |unit: &&i64| value.max(**unit) / value.min(**unit);
        if small.contains_key(&value) {
            continue;
        }
        if let Some(unit) = units.iter().min_by_key(times) {
            let taken = scaled(value, *unit, small[unit]);
            if taken < value {
                small.insert(value, taken);
            }
        }
    }
}

/// The numbers beside those of iterations, of which the least of each size is given, that something is counted up or down to: those of the same
/// size, wherever they stand, and smaller ones that are only compared, or bound to what is.
fn limits(stmts: &[Stmt], units: &[i64]) -> BTreeSet<i64> {
    let (mut seen, mut compared) = (BTreeMap::new(), BTreeMap::new());
    let (mut names, mut excluded) = (BTreeSet::new(), workers(stmts));
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
    // One that stands once, and gets into a comparison by a parameter or an attribute: `Limiter(100)`.
    let mut sources = Sources::new(stmts, FEW + 1);
    all_expressions(stmts, &mut |expr| {
        if let ExprKind::Compare(left, rest) = &expr.kind {
            operands(left, rest).for_each(|operand| sources.note(operand));
        }
    });
    let passed = sources.follow(stmts);
    let limits = seen.into_iter().filter(|&(value, times)| {
        let same_size = units.iter().any(|unit| (*unit..=unit.saturating_mul(MOST_THREADS)).contains(&value));
        let is_compared = compared.get(&value) == Some(&times) || times == 1 && passed.contains(&value);
        value > FEW && (same_size || is_compared)
    });
    limits.map(|(value, _)| value).filter(|value| *value < LARGE && !excluded.contains(value)).collect()
}

/// Takes what several threads count as so many times the number of iterations of each, and numbers that are added up to that likewise.
fn take_totals(stmts: &[Stmt], counts: &BTreeSet<i64>, small: &mut BTreeMap<i64, i64>) {
    let multiple =
        |value: i64, count: i64| value % count == 0 && (2..=MOST_THREADS).contains(&(value / count));
    // Each with the number of iterations that it is so many times.
    let (mut totals, mut composed) = (BTreeMap::new(), BTreeMap::new());
    let mut total = |value: i64, least: i64| {
        // So many threads that each do so many iterations.
        let product = counts.iter().find(|&&count| value % count == 0 && counts.contains(&(value / count)));
        let of = || counts.range(least..).rev().find(|count| multiple(value, **count));
        let sum = || counts.iter().find(|count| value >= least && counts.contains(&(value - **count)));
        if counts.contains(&value) {
            return;
        }
        if let Some(&count) = product {
            composed.insert(value, small[&count].saturating_mul(small[&(value / count)]));
        } else if let Some(&count) = of() {
            totals.insert(value, count);
        } else if let Some(&count) = sum() {
            composed.insert(value, small[&count] + small[&(value - count)]);
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
    let mut addends = BTreeMap::new();
    all_expressions(stmts, &mut |expr| {
        if let Some(value) = number(expr).filter(|value| !counts.contains(value)) {
            let of =
                |(&total, &count): (&i64, &i64)| (value < total && multiple(value, count)).then_some(count);
            addends.extend(totals.iter().find_map(of).map(|count| (value, count)));
        }
    });
    small.extend(composed);
    for (value, count) in totals.into_iter().chain(addends) {
        small.insert(value, small[&count].saturating_mul(value / count));
    }
}

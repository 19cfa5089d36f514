//! Equality, order, identity and membership.

use super::super::{
    fault::{FaultKind, LONGEST},
    operators::CompareOp,
};
use super::{
    sequences::elements,
    value::{DEEPEST, Heap, Result, Value, list, too_deep, type_error},
};
use std::cmp::Ordering;

/// How many pairs of elements one comparison looks at: a list may hold another one many times over.
pub(crate) const MOST_PAIRS: usize = 2 * LONGEST;

/// Takes one pair off those that a comparison may still look at.
fn look_at_pair(pairs: &mut usize, depth: usize) -> Result<()> {
    if depth > DEEPEST {
        return Err(too_deep());
    }
    *pairs = pairs.checked_sub(1).ok_or_else(|| {
        FaultKind::NotCovered(format!("comparing more than {MOST_PAIRS} pairs of elements is not covered"))
    })?;
    Ok(())
}

pub(crate) fn equal(
    left: &Value,
    right: &Value,
    heap: &Heap,
    depth: usize,
    pairs: &mut usize,
) -> Result<bool> {
    look_at_pair(pairs, depth)?;
    let mut all = |left: &[Value], right: &[Value]| -> Result<bool> {
        if left.len() != right.len() {
            return Ok(false);
        }
        for (left, right) in left.iter().zip(right) {
            if !equal(left, right, heap, depth + 1, pairs)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
        return Ok(left == right);
    }
    match (left, right) {
        (Value::Tuple(left), Value::Tuple(right)) => all(left, right),
        (Value::List(left), Value::List(right)) => all(list(heap, *left), list(heap, *right)),
        (Value::Range(left), Value::Range(right)) => {
            let len = left.len();
            Ok(len == right.len()
                && (len == 0 || left.start == right.start)
                && (len <= 1 || left.step == right.step))
        }
        _ => Ok(left == right),
    }
}

pub(crate) fn order(
    left: &Value,
    right: &Value,
    heap: &Heap,
    depth: usize,
    pairs: &mut usize,
) -> Result<Ordering> {
    look_at_pair(pairs, depth)?;
    let mut sequences = |left: &[Value], right: &[Value]| -> Result<Ordering> {
        for (left, right) in left.iter().zip(right) {
            if !equal(left, right, heap, depth + 1, pairs)? {
                return order(left, right, heap, depth + 1, pairs);
            }
        }
        Ok(left.len().cmp(&right.len()))
    };
    if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
        return Ok(left.cmp(&right));
    }
    match (left, right) {
        (Value::Str(left), Value::Str(right)) => Ok(left.cmp(right)),
        (Value::Tuple(left), Value::Tuple(right)) => sequences(left, right),
        (Value::List(left), Value::List(right)) => sequences(list(heap, *left), list(heap, *right)),
        _ => type_error(format!("cannot order a {} and a {}", left.type_name(), right.type_name())),
    }
}

pub(crate) fn same(left: &Value, right: &Value) -> Result<bool> {
    match (left, right) {
        (Value::Int(_), Value::Int(_))
        | (Value::Str(_), Value::Str(_))
        | (Value::Tuple(_), Value::Tuple(_))
        | (Value::Range(_), Value::Range(_)) => Err(FaultKind::NotCovered(format!(
            "whether two of type {} are one object is not covered: use ==",
            left.type_name()
        ))),
        _ => Ok(left == right),
    }
}

/// `left op right`. `pairs` is how many pairs of elements may be looked at; what is left of them is left there.
pub(crate) fn compare(
    op: CompareOp,
    left: &Value,
    right: &Value,
    heap: &Heap,
    pairs: &mut usize,
) -> Result<bool> {
    match op {
        CompareOp::Equal => equal(left, right, heap, 0, pairs),
        CompareOp::NotEqual => equal(left, right, heap, 0, pairs).map(|equal| !equal),
        CompareOp::Less => order(left, right, heap, 0, pairs).map(Ordering::is_lt),
        CompareOp::LessEqual => order(left, right, heap, 0, pairs).map(Ordering::is_le),
        CompareOp::Greater => order(left, right, heap, 0, pairs).map(Ordering::is_gt),
        CompareOp::GreaterEqual => order(left, right, heap, 0, pairs).map(Ordering::is_ge),
        CompareOp::Is => same(left, right),
        CompareOp::IsNot => same(left, right).map(|same| !same),
        CompareOp::In => contains(left, right, heap, pairs),
        CompareOp::NotIn => contains(left, right, heap, pairs).map(|contains| !contains),
    }
}

pub(crate) fn contains(item: &Value, container: &Value, heap: &Heap, pairs: &mut usize) -> Result<bool> {
    match (container, item) {
        (Value::Str(text), Value::Str(part)) => Ok(text.contains(&**part)),
        (Value::Str(_), other) => type_error(format!("cannot search a {} in a str", other.type_name())),
        (Value::Range(range), item) => Ok(item.as_int().is_some_and(|item| {
            let distance = i128::from(item) - i128::from(range.start);
            let step = i128::from(range.step);
            distance % step == 0 && distance / step >= 0 && distance / step < i128::from(range.len())
        })),
        _ => {
            for element in elements(container, heap)? {
                if equal(&element, item, heap, 0, pairs)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

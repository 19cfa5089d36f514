//! Unary and binary operators.

use super::super::{
    fault::{FaultKind, LONGEST},
    operators::{BinaryOp, UnaryOp},
};
use super::{
    sequences::elements,
    value::{Heap, Result, Value, list, new_list, new_tuple, room, small, type_error, weight_within},
};

pub(crate) fn unary(op: UnaryOp, value: &Value, heap: &Heap) -> Result<Value> {
    if op == UnaryOp::Not {
        return Ok(Value::Bool(!value.truth(heap)));
    }
    let Some(int) = value.as_int() else {
        return type_error(format!("bad operand type for a unary operator: {}", value.type_name()));
    };
    Ok(Value::Int(match op {
        UnaryOp::Negative => int.checked_neg().ok_or(FaultKind::Overflow)?,
        UnaryOp::Invert => !int,
        UnaryOp::Positive | UnaryOp::Not => int,
    }))
}

pub(crate) fn int_binary(op: BinaryOp, left: i64, right: i64) -> Result<i64> {
    let checked = match op {
        BinaryOp::Add => left.checked_add(right),
        BinaryOp::Subtract => left.checked_sub(right),
        BinaryOp::Multiply => left.checked_mul(right),
        // Python 2 floors; Python 3 is refused by the compiler.
        BinaryOp::FloorDivide | BinaryOp::Divide => {
            if right == 0 {
                return Err(FaultKind::ZeroDivision);
            }
            left.checked_div(right).map(|quotient| {
                let inexact = left.checked_rem(right).is_some_and(|rest| rest != 0);
                quotient - i64::from(inexact && (left < 0) != (right < 0))
            })
        }
        BinaryOp::Remainder => {
            if right == 0 {
                return Err(FaultKind::ZeroDivision);
            }
            let rest = left.checked_rem(right).unwrap_or(0);
            Some(if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest })
        }
        BinaryOp::Power => {
            if right < 0 {
                return Err(FaultKind::NotCovered(
                    "a negative exponent gives a float, which is not covered".to_owned(),
                ));
            }
            match left {
                0 | 1 => Some(if right == 0 { 1 } else { left }),
                -1 => Some(if right % 2 == 0 { 1 } else { -1 }),
                _ => u32::try_from(right).ok().and_then(|exponent| left.checked_pow(exponent)),
            }
        }
        BinaryOp::LeftShift | BinaryOp::RightShift if right < 0 => {
            return Err(FaultKind::Value("negative shift count".to_owned()));
        }
        BinaryOp::LeftShift => {
            if left == 0 {
                Some(0)
            } else {
                let shift = u32::try_from(right).ok().filter(|&shift| shift < 64);
                shift.and_then(|shift| i64::try_from(i128::from(left) << shift).ok())
            }
        }
        BinaryOp::RightShift => Some(left >> right.min(63)),
        BinaryOp::And => Some(left & right),
        BinaryOp::Or => Some(left | right),
        BinaryOp::Xor => Some(left ^ right),
    };
    checked.ok_or(FaultKind::Overflow)
}

/// `left op right`, or with `in_place` what `left op= right` leaves in `left`.
pub(crate) fn binary(
    op: BinaryOp,
    in_place: bool,
    left: &Value,
    right: &Value,
    heap: &mut Heap,
) -> Result<Value> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => match op {
            BinaryOp::And => return Ok(Value::Bool(left & right)),
            BinaryOp::Or => return Ok(Value::Bool(left | right)),
            BinaryOp::Xor => return Ok(Value::Bool(left ^ right)),
            _ => {}
        },
        (Value::Builtin(kind), _) | (_, Value::Builtin(kind)) if op == BinaryOp::Or && kind.is_type() => {
            return Err(FaultKind::NotCovered("a union of types is not covered".to_owned()));
        }
        (Value::Str(_), _) if op == BinaryOp::Remainder => {
            return Err(FaultKind::NotCovered("formatting with % is not covered".to_owned()));
        }
        _ => {}
    }
    if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
        return int_binary(op, left, right).map(Value::Int);
    }
    match (op, left, right) {
        (BinaryOp::Add, Value::Str(left), Value::Str(right)) => {
            small(left.len() + right.len())?;
            Ok(Value::Str(format!("{left}{right}").into()))
        }
        (BinaryOp::Add, Value::Tuple(left), Value::Tuple(right)) => {
            small(left.len() + right.len())?;
            new_tuple(left.iter().chain(right.iter()).cloned().collect())
        }
        (BinaryOp::Add, &Value::List(id), _) if in_place => {
            let more = elements(right, heap)?;
            small(list(heap, id).len() + more.len())?;
            room(heap, more.len())?;
            if let Some(items) = heap.get_mut(id as usize) {
                items.extend(more);
                weight_within(items, LONGEST)?;
            }
            Ok(left.clone())
        }
        (BinaryOp::Add, Value::List(left), Value::List(right)) => {
            let items = [list(heap, *left), list(heap, *right)].concat();
            new_list(heap, items)
        }
        (BinaryOp::Multiply, sequence, count) if count.as_int().is_some() => {
            repeat(sequence, count, in_place, heap)
        }
        (BinaryOp::Multiply, count, sequence) if count.as_int().is_some() => {
            repeat(sequence, count, false, heap)
        }
        _ => type_error(format!(
            "unsupported operand types for {}: {} and {}",
            op.symbol(),
            left.type_name(),
            right.type_name()
        )),
    }
}

fn repeat(sequence: &Value, count: &Value, in_place: bool, heap: &mut Heap) -> Result<Value> {
    let count = count.as_int().unwrap_or(0).max(0);
    let times = |len: usize| -> Result<usize> {
        if len == 0 {
            return Ok(0);
        }
        let count = usize::try_from(count).map_err(|_| FaultKind::TooLong)?;
        small(len.checked_mul(count).ok_or(FaultKind::TooLong)?)?;
        Ok(count)
    };
    match sequence {
        Value::Str(text) => Ok(Value::Str(text.repeat(times(text.len())?).into())),
        Value::Tuple(items) => {
            let count = times(items.len())?;
            new_tuple(repeated(items, count))
        }
        &Value::List(id) => {
            let items = list(heap, id);
            let items = repeated(items, times(items.len())?);
            if !in_place {
                return new_list(heap, items);
            }
            weight_within(&items, LONGEST)?;
            room(heap, items.len())?;
            if let Some(place) = heap.get_mut(id as usize) {
                *place = items;
            }
            Ok(sequence.clone())
        }
        other => type_error(format!("cannot multiply a {}", other.type_name())),
    }
}

fn repeated(items: &[Value], count: usize) -> Vec<Value> {
    (0..count).flat_map(|_| items.iter().cloned()).collect()
}

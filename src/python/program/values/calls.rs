//! Calls of builtin functions and types.

use super::super::{fault::FaultKind, operators::BinaryOp};
use super::{
    arithmetic::binary,
    attributes::get_attribute,
    builtin::Builtin,
    comparison::order,
    sequences::{elements, length},
    text::{parse_int, to_str},
    value::{Heap, Range, Result, Value, list, new_list, new_tuple, type_error},
};
use std::{cmp::Ordering, sync::Arc};

/// Calls a builtin. `range_is_list` is Python 2's habit; `pairs` is as for [`compare`].
pub(crate) fn call(
    builtin: Builtin,
    args: &[Value],
    range_is_list: bool,
    heap: &mut Heap,
    pairs: &mut usize,
) -> Result<Value> {
    let wrong = || type_error(format!("{}() does not take {} arguments", builtin.name(), args.len()));
    match (builtin, args) {
        (Builtin::Abs, [value]) => match value.as_int() {
            Some(int) => int.checked_abs().map(Value::Int).ok_or(FaultKind::Overflow),
            None => type_error(format!("abs() needs a number, not a {}", value.type_name())),
        },
        (Builtin::Bool, []) => Ok(Value::Bool(false)),
        (Builtin::Bool, [value]) => Ok(Value::Bool(value.truth(heap))),
        (Builtin::Getattr, [object, name]) => get_attribute(object, name, None),
        (Builtin::Getattr, [object, name, default]) => get_attribute(object, name, Some(default)),
        (Builtin::Setattr, [Value::Function(_), _, _]) => Err(FaultKind::NotCovered(
            "an attribute of a function would be shared: x is the only shared variable".to_owned(),
        )),
        (Builtin::Setattr, [object, _, _]) => {
            Err(FaultKind::Attribute(format!("a {} has no attribute that can be set", object.type_name())))
        }
        (Builtin::Int, []) => Ok(Value::Int(0)),
        (Builtin::Int, [Value::Str(text)]) => parse_int(text, 10),
        (Builtin::Int, [Value::Str(text), base]) if base.as_int().is_some() => {
            parse_int(text, base.as_int().unwrap_or(10))
        }
        (Builtin::Int, [value]) => match value.as_int() {
            Some(int) => Ok(Value::Int(int)),
            None => type_error(format!("int() cannot convert a {}", value.type_name())),
        },
        (Builtin::Isinstance, [value, class]) => is_instance(value, class).map(Value::Bool),
        (Builtin::Len, [value]) => length(value, heap),
        (Builtin::List, []) => new_list(heap, Vec::new()),
        (Builtin::List, [value]) => {
            let items = elements(value, heap)?;
            new_list(heap, items)
        }
        (Builtin::Max, [_, ..]) => extreme(args, Ordering::Greater, heap, pairs),
        (Builtin::Min, [_, ..]) => extreme(args, Ordering::Less, heap, pairs),
        (Builtin::Print, _) => {
            for arg in args {
                to_str(arg, heap)?;
            }
            Ok(Value::None)
        }
        (Builtin::Xrange, [_] | [_, _] | [_, _, _]) => range(args).map(Value::Range),
        (Builtin::Range, [_] | [_, _] | [_, _, _]) => {
            let range = Value::Range(range(args)?);
            if range_is_list {
                let items = elements(&range, heap)?;
                return new_list(heap, items);
            }
            Ok(range)
        }
        (Builtin::Str, []) => Ok(Value::str("")),
        (Builtin::Str, [value]) => to_str(value, heap),
        (Builtin::Sum, [items]) => sum(items, Value::Int(0), heap, pairs),
        (Builtin::Sum, [items, start]) => sum(items, start.clone(), heap, pairs),
        (Builtin::Tuple, []) => Ok(Value::Tuple(Arc::new([]))),
        (Builtin::Tuple, [value]) => new_tuple(elements(value, heap)?),
        (Builtin::Type, [value]) => Ok(Value::Builtin(value.type_of())),
        _ => wrong(),
    }
}

fn extreme(args: &[Value], wanted: Ordering, heap: &Heap, pairs: &mut usize) -> Result<Value> {
    let items = match args {
        [one] => elements(one, heap)?,
        several => several.to_vec(),
    };
    let mut items = items.into_iter();
    let Some(mut best) = items.next() else {
        return Err(FaultKind::Value("min() or max() of nothing".to_owned()));
    };
    for item in items {
        if order(&item, &best, heap, 0, pairs)? == wanted {
            best = item;
        }
    }
    Ok(best)
}

fn is_instance(value: &Value, class: &Value) -> Result<bool> {
    match class {
        Value::Builtin(class) if class.is_type() => {
            let own = value.type_of();
            Ok(own == *class || (own == Builtin::Bool && *class == Builtin::Int))
        }
        Value::Tuple(classes) => {
            for class in classes.iter() {
                if is_instance(value, class)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        _ => type_error("isinstance() needs a type or a tuple of types".to_owned()),
    }
}

pub(crate) fn range(args: &[Value]) -> Result<Range> {
    let mut ints = [0_i64; 3];
    for (place, arg) in ints.iter_mut().zip(args) {
        *place = match arg.as_int() {
            Some(value) => value,
            None => {
                return type_error(format!("range() needs integers, not a {}", arg.type_name()));
            }
        };
    }
    let (start, end, step) = match args.len() {
        1 => (0, ints[0], 1),
        2 => (ints[0], ints[1], 1),
        _ => (ints[0], ints[1], ints[2]),
    };
    if step == 0 {
        return Err(FaultKind::Value("the step of range() must not be 0".to_owned()));
    }
    let step = i32::try_from(step)
        .map_err(|_| FaultKind::NotCovered("a step beyond 32 bits is not covered".to_owned()))?;
    Ok(Range { start, stop: end, step })
}

pub(crate) fn sum(items: &Value, start: Value, heap: &mut Heap, pairs: &mut usize) -> Result<Value> {
    if matches!(start, Value::Str(_)) {
        return type_error("sum() cannot add strings".to_owned());
    }
    let mut total = start;
    for item in elements(items, heap)? {
        // Each sum of two lists or tuples is a new one: what it copies is counted like pairs that are compared.
        let copied = match &total {
            Value::Tuple(items) => items.len(),
            Value::List(id) => list(heap, *id).len(),
            _ => 0,
        };
        *pairs = pairs.checked_sub(copied).ok_or(FaultKind::TooLong)?;
        total = binary(BinaryOp::Add, false, &total, &item, heap)?;
    }
    Ok(total)
}

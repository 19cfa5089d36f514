//! Strings, tuples, lists and ranges taken element by element.

use super::super::fault::{FaultKind, LONGEST};
use super::value::{Heap, Result, Value, list, small, type_error, weight_within};
use std::sync::Arc;

/// What an iteration over `value` yields.
pub(crate) fn elements(value: &Value, heap: &Heap) -> Result<Vec<Value>> {
    match value {
        Value::Tuple(items) => Ok(items.to_vec()),
        Value::List(id) => Ok(list(heap, *id).to_vec()),
        Value::Str(text) => {
            Ok((0..text.len()).filter_map(|index| text.get(index..=index)).map(Value::str).collect())
        }
        Value::Range(range) => {
            let len = usize::try_from(range.len()).map_err(|_| FaultKind::TooLong)?;
            small(len)?;
            Ok((0..range.len()).map(|index| Value::Int(range.get(index))).collect())
        }
        other => type_error(format!("a {} is not iterable", other.type_name())),
    }
}

/// The elements that an unpacking assignment takes apart.
pub(crate) fn unpack(value: &Value, count: usize, heap: &Heap) -> Result<Vec<Value>> {
    let items = elements(value, heap)?;
    if items.len() != count {
        return Err(FaultKind::Value(format!("{count} values to unpack expected, {} found", items.len())));
    }
    Ok(items)
}

/// `iter(value)`.
pub(crate) fn iterator(value: &Value) -> Result<Value> {
    match value {
        Value::Range(range) => Ok(Value::RangeIterator(*range)),
        Value::Tuple(items) => Ok(Value::TupleIterator(Arc::clone(items), 0)),
        Value::List(id) => Ok(Value::ListIterator(*id, 0)),
        Value::Str(text) => Ok(Value::StrIterator(Arc::clone(text), 0)),
        other => type_error(format!("a {} is not iterable", other.type_name())),
    }
}

/// `next(iterator)`, or nothing when it is exhausted.
pub(crate) fn next(iterator: &mut Value, heap: &Heap) -> Option<Value> {
    match iterator {
        Value::RangeIterator(range) => range.next().map(Value::Int),
        Value::TupleIterator(items, index) => {
            let item = items.get(*index as usize).cloned();
            *index += u32::from(item.is_some());
            item
        }
        Value::ListIterator(id, index) => {
            let item = list(heap, *id).get(*index as usize).cloned();
            *index += u32::from(item.is_some());
            item
        }
        Value::StrIterator(text, index) => {
            let at = *index as usize;
            let item = text.get(at..=at).map(Value::str);
            *index += u32::from(item.is_some());
            item
        }
        _ => None,
    }
}

/// The place that an index means in a sequence of that length.
pub(crate) fn place(index: &Value, len: u64) -> Result<u64> {
    let Some(index) = index.as_int() else {
        return type_error(format!("an index must be an integer, not a {}", index.type_name()));
    };
    let place = if index < 0 { i128::from(index) + i128::from(len) } else { i128::from(index) };
    u64::try_from(place).ok().filter(|&place| place < len).ok_or(FaultKind::Index)
}

/// `container[index]`.
pub(crate) fn subscript(container: &Value, index: &Value, heap: &Heap) -> Result<Value> {
    let at = |items: &[Value]| -> Result<Value> {
        let place = place(index, items.len() as u64)?;
        usize::try_from(place).ok().and_then(|place| items.get(place).cloned()).ok_or(FaultKind::Index)
    };
    match container {
        Value::Tuple(items) => at(items),
        Value::List(id) => at(list(heap, *id)),
        Value::Str(text) => {
            let place = place(index, text.len() as u64)?;
            usize::try_from(place)
                .ok()
                .and_then(|place| text.get(place..=place))
                .map(Value::str)
                .ok_or(FaultKind::Index)
        }
        Value::Range(range) => Ok(Value::Int(range.get(place(index, range.len())?))),
        other => type_error(format!("a {} cannot be indexed", other.type_name())),
    }
}

/// `container[index] = value`.
pub(crate) fn store_subscript(container: &Value, index: &Value, value: Value, heap: &mut Heap) -> Result<()> {
    let Value::List(id) = container else {
        return type_error(format!(
            "a {} does not support assignment to its elements",
            container.type_name()
        ));
    };
    let place = place(index, list(heap, *id).len() as u64)?;
    let slot = heap
        .get_mut(*id as usize)
        .zip(usize::try_from(place).ok())
        .and_then(|(items, place)| items.get_mut(place))
        .ok_or(FaultKind::Index)?;
    let heavy = value.has_weight();
    *slot = value;
    if heavy {
        weight_within(list(heap, *id), LONGEST)?;
    }
    Ok(())
}

pub(crate) fn length(value: &Value, heap: &Heap) -> Result<Value> {
    let len = match value {
        Value::Str(text) => text.len() as u64,
        Value::Tuple(items) => items.len() as u64,
        Value::List(id) => list(heap, *id).len() as u64,
        Value::Range(range) => range.len(),
        other => return type_error(format!("a {} has no len()", other.type_name())),
    };
    i64::try_from(len).map(Value::Int).map_err(|_| FaultKind::Overflow)
}

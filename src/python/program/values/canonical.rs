//! Canonicalises the heap: lists that nothing refers to are dropped, the rest numbered in the order of their first use.
//! Equal states then have one form.

use super::value::{Heap, Value};
use std::{collections::HashMap, sync::Arc};

/// Drops the lists that no root reaches and numbers the others in the order in which the roots reach them, so that equal
/// states compare equal.
pub(crate) fn collect(roots: &mut [Value], heap: &mut Heap) {
    let mut kept: Heap = Vec::new();
    let mut numbers: Vec<Option<u32>> = vec![None; heap.len()];
    let mut copies = Copies::new();
    for root in roots.iter_mut() {
        renumber(root, heap, &mut numbers, &mut kept, &mut copies);
    }
    // Lists inside kept lists; `kept` grows while it is walked.
    let mut index = 0;
    while index < kept.len() {
        let mut items = std::mem::take(&mut kept[index]);
        for item in &mut items {
            renumber(item, heap, &mut numbers, &mut kept, &mut copies);
        }
        kept[index] = items;
        index += 1;
    }
    *heap = kept;
}

/// Tuples and what has become of them, by where they are: what was shared stays shared. The old ones are kept so that no
/// new one comes to their places.
type Copies = HashMap<*const Value, (Arc<[Value]>, Arc<[Value]>)>;

fn renumber(
    value: &mut Value,
    heap: &mut Heap,
    numbers: &mut [Option<u32>],
    kept: &mut Heap,
    copies: &mut Copies,
) {
    match value {
        Value::List(id) | Value::ListIterator(id, _) => {
            let old = *id as usize;
            let Some(number) = numbers.get_mut(old) else {
                return;
            };
            *id = *number.get_or_insert_with(|| {
                kept.push(std::mem::take(&mut heap[old]));
                // `kept` is no longer than the heap, whose places fit in 32 bits.
                u32::try_from(kept.len() - 1).unwrap_or(u32::MAX)
            });
        }
        Value::Tuple(items) | Value::TupleIterator(items, _) | Value::Closure(_, items)
            if items.iter().any(holds_list) =>
        {
            if let Some((_, copy)) = copies.get(&items.as_ptr()) {
                *items = Arc::clone(copy);
                return;
            }
            let mut copy = items.to_vec();
            for item in &mut copy {
                renumber(item, heap, numbers, kept, copies);
            }
            let copy: Arc<[Value]> = copy.into();
            let old = std::mem::replace(items, Arc::clone(&copy));
            copies.insert(old.as_ptr(), (old, copy));
        }
        _ => {}
    }
}

fn holds_list(value: &Value) -> bool {
    match value {
        Value::List(_) | Value::ListIterator(..) => true,
        Value::Tuple(items) | Value::TupleIterator(items, _) | Value::Closure(_, items) => {
            items.iter().any(holds_list)
        }
        _ => false,
    }
}

//! Slices: what they take, replace and remove.

use super::machine::{LONGEST, Machine, R, beyond};
use super::numbers::big;
use super::state::{Object, Value};

/// The places that a slice names: start, stride, and how many.
#[derive(Clone, Copy)]
struct Places {
    start: i64,
    stop: i64,
    stride: i64,
    count: usize,
}

impl Places {
    fn all(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |nth| {
            let at = self.start + self.stride * i64::try_from(nth).unwrap_or(0);
            usize::try_from(at).unwrap_or(0)
        })
    }
}

impl Machine<'_> {
    /// `PySlice_AdjustIndices`.
    fn places(&mut self, slice: &Object, length: usize) -> R<Option<Places>> {
        let Object::Slice(start, stop, stride) = slice else { return Ok(None) };
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        for part in [start, stop, stride] {
            if *part != Value::None && part.as_int().is_none() {
                if big(part).is_some() {
                    return beyond("a slice with such a large bound");
                }
                return self
                    .type_error("slice indices must be integers or None or have an __index__ method", &[]);
            }
        }
        let stride = stride.as_int().unwrap_or(1);
        if stride == 0 {
            return self.raise("ValueError", "slice step cannot be zero");
        }
        let (low, high) = if stride < 0 { (-1, length - 1) } else { (0, length) };
        let bound = |value: &Value, default: i64| match value.as_int() {
            Some(int) if int < 0 => int.saturating_add(length).max(low),
            Some(int) => int.min(high),
            None => default,
        };
        let (first, last) = if stride < 0 { (high, low) } else { (low, high) };
        let (start, stop) = (bound(start, first), bound(stop, last));
        let span = if stride < 0 { start - stop } else { stop - start };
        let count = if span <= 0 { 0 } else { (span - 1) / stride.saturating_abs() + 1 };
        Ok(Some(Places { start, stop, stride, count: usize::try_from(count).unwrap_or(0) }))
    }

    pub(super) fn slice(&mut self, container: &Value, slice: &Object) -> R<Value> {
        if let Value::Str(text) = container {
            let letters: Vec<char> = text.chars().collect();
            let Some(places) = self.places(slice, letters.len())? else { return beyond("this slice") };
            let text: String = places.all().filter_map(|at| letters.get(at)).collect();
            return Ok(Value::str(&text));
        }
        let (items, tuple) = match self.object_of(container) {
            Some(Object::Tuple(items)) => (items.clone(), true),
            Some(Object::List(items)) => (items.clone(), false),
            Some(Object::Range(..)) => return beyond("a slice of a range"),
            // A slice can be a key from 3.12 on.
            Some(Object::Dict(..)) => return beyond("a slice of a dict"),
            Some(Object::Set(_) | Object::Deque(..)) | None => {
                return self.type_error("object cannot be sliced", &[container]);
            }
            Some(_) => return beyond("a slice of this"),
        };
        let Some(places) = self.places(slice, items.len())? else { return beyond("this slice") };
        let part = places.all().filter_map(|at| items.get(at).cloned()).collect();
        Ok(if tuple { self.tuple(part) } else { self.list(part) })
    }

    pub(super) fn store_slice(&mut self, at: u32, slice: &Object, value: &Value) -> R<()> {
        let new = self.elements_of_argument(value, None)?;
        let Object::List(mut items) = self.state.object(at).clone() else {
            return beyond("assignment to a slice of this");
        };
        let Some(places) = self.places(slice, items.len())? else { return beyond("this slice") };
        if places.stride == 1 {
            let from = usize::try_from(places.start).unwrap_or(0);
            let to = usize::try_from(places.stop).unwrap_or(0).max(from);
            items.splice(from..to, new);
        } else if places.count == new.len() {
            for (at, item) in places.all().zip(new) {
                items[at] = item;
            }
        } else {
            let message = format!(
                "attempt to assign sequence of size {} to extended slice of size {}",
                new.len(),
                places.count
            );
            return self.raise("ValueError", &message);
        }
        if items.len() > LONGEST {
            return beyond(format!("a list of more than {LONGEST} elements"));
        }
        self.touch(at, true);
        *self.state.object_mut(at) = Object::List(items);
        Ok(())
    }

    pub(super) fn delete_slice(&mut self, at: u32, slice: &Object) -> R<()> {
        let Object::List(mut items) = self.state.object(at).clone() else {
            return beyond("del of a slice of this");
        };
        let Some(places) = self.places(slice, items.len())? else { return beyond("this slice") };
        let gone: Vec<usize> = places.all().collect();
        let mut index = 0;
        items.retain(|_| {
            index += 1;
            !gone.contains(&(index - 1))
        });
        self.touch(at, true);
        *self.state.object_mut(at) = Object::List(items);
        Ok(())
    }
}

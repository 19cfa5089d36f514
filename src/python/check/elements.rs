//! Elements of values: iteration, subscripts, slices.

use super::machine::{DELITEM, GETITEM, ITER, LONGEST, Machine, NEXT, R, SETITEM, Stop, beyond};
use super::operations::range_length;
use super::state::{Object, Value};

impl Machine<'_> {
    pub(super) fn iterator(&mut self, value: &Value) -> R<Value> {
        match self.object_of(value) {
            Some(Object::Iterator(..) | Object::Pulled(..) | Object::Count(..)) => return Ok(value.clone()),
            Some(
                Object::Tuple(_)
                | Object::List(_)
                | Object::Set(_)
                | Object::Dict(..)
                | Object::Deque(..)
                | Object::Range(..),
            ) => {}
            Some(Object::Instance { .. }) => {
                if let Some(method) = self.lookup_special(value, ITER) {
                    return self.call_back(&method, Vec::new());
                }
                return self.type_error("object is not iterable", &[value]);
            }
            None if matches!(value, Value::Str(_)) => {}
            _ => return self.type_error("object is not iterable", &[value]),
        }
        Ok(self.allocate(Object::Iterator(value.clone(), 0)))
    }

    /// The next value of an iterator.
    pub(super) fn next(&mut self, iterator: &Value) -> R<Option<Value>> {
        let Value::Ref(at) = *iterator else {
            return self.type_error("object is not an iterator", &[iterator]);
        };
        match self.state.object(at).clone() {
            Object::Iterator(over, index) => {
                self.touch_value(&over, false);
                let value = match (&over, self.object_of(&over)) {
                    (Value::Str(text), _) => {
                        text.chars().nth(index).map(|letter| Value::str(letter.encode_utf8(&mut [0; 4])))
                    }
                    (_, Some(Object::Range(start, stop, stride))) => (index
                        < range_length(*start, *stop, *stride))
                    .then(|| Value::Int(start + stride * i64::try_from(index).unwrap_or(0))),
                    (_, Some(Object::Dict(items, _))) => items.get(index).map(|(key, _)| key.clone()),
                    _ => self.items_of(&over).and_then(|items| items.get(index).cloned()),
                };
                if value.is_some() {
                    *self.state.object_mut(at) = Object::Iterator(over, index + 1);
                }
                Ok(value)
            }
            Object::Pulled(items, index) => {
                let value = items.get(index).cloned();
                *self.state.object_mut(at) = Object::Pulled(items, index + usize::from(value.is_some()));
                Ok(value)
            }
            Object::Count(next, stride) => {
                self.touch(at, true);
                *self.state.object_mut(at) = Object::Count(next + stride, stride);
                Ok(Some(Value::Int(next)))
            }
            Object::Instance { .. } => match self.lookup_special(iterator, NEXT) {
                Some(method) => match self.call_back(&method, Vec::new())? {
                    Value::Unbound => Ok(None),
                    value => Ok(Some(value)),
                },
                None => self.type_error("object is not an iterator", &[iterator]),
            },
            _ => self.type_error("object is not an iterator", &[iterator]),
        }
    }

    /// All elements of something that can be iterated over.
    pub(super) fn elements(&mut self, value: &Value) -> R<Vec<Value>> {
        if let Some(items) = self.items_of(value) {
            self.touch_value(value, false);
            return Ok(items);
        }
        if let Some(Object::Instance { .. }) = self.object_of(value) {
            return beyond("all elements of an iterator that is written in Python");
        }
        let mut copy = self.iterator(value)?;
        if let Some(Object::Iterator(over, index)) = self.object_of(&copy) {
            // What begins anew must not find it used up.
            let fresh = Object::Iterator(over.clone(), *index);
            copy = self.allocate(fresh);
        }
        let mut items = Vec::new();
        while let Some(item) = self.next(&copy)? {
            items.push(item);
            if items.len() > LONGEST {
                return beyond(format!("more than {LONGEST} elements at once"));
            }
        }
        Ok(items)
    }

    pub(super) fn index(&mut self, index: &Value, length: usize) -> R<usize> {
        let Some(int) = index.as_int() else {
            return self.type_error("indices must be integers, not", &[index]);
        };
        let length_int = i64::try_from(length).unwrap_or(i64::MAX);
        let at = if int < 0 { int + length_int } else { int };
        match usize::try_from(at).ok().filter(|&at| at < length) {
            Some(at) => Ok(at),
            None => self.raise("IndexError", "index out of range"),
        }
    }

    pub(super) fn subscript(&mut self, container: &Value, index: &Value) -> R<Value> {
        self.touch_value(container, false);
        if let Some(Object::Slice(start, stop, stride)) = self.object_of(index).cloned() {
            return self.slice(container, &start, &stop, &stride);
        }
        if let Value::Str(text) = container {
            let letters: Vec<char> = text.chars().collect();
            let at = self.index(index, letters.len())?;
            return Ok(Value::str(letters[at].encode_utf8(&mut [0; 4])));
        }
        match self.object_of(container).cloned() {
            Some(Object::Tuple(items) | Object::List(items) | Object::Deque(items, _)) => {
                let at = self.index(index, items.len())?;
                Ok(items[at].clone())
            }
            Some(Object::Range(start, stop, stride)) => {
                let at = self.index(index, range_length(start, stop, stride))?;
                Ok(Value::Int(start + stride * i64::try_from(at).unwrap_or(0)))
            }
            Some(Object::Dict(items, factory)) => {
                self.hashable(index)?;
                let keys: Vec<Value> = items.iter().map(|(key, _)| key.clone()).collect();
                if let Some(at) = self.position(&keys, index)? {
                    return Ok(items[at].1.clone());
                }
                if let Some(factory) = factory {
                    if factory == Value::Native("collections.Counter") {
                        return Ok(Value::Int(0));
                    }
                    let value = self.call_back(&factory, Vec::new())?;
                    self.store_subscript(container, index, value.clone())?;
                    return Ok(value);
                }
                let exception = self.allocate(Object::Instance {
                    class: Value::Native("KeyError"),
                    attributes: Vec::new(),
                    part: super::state::Part::Exception(vec![index.clone()]),
                });
                Err(Stop::Raise(exception))
            }
            Some(Object::Instance { .. }) => match self.lookup_special(container, GETITEM) {
                Some(method) => self.call_back(&method, vec![index.clone()]),
                None => self.type_error("object is not subscriptable", &[container]),
            },
            _ => self.type_error("object is not subscriptable", &[container]),
        }
    }

    pub(super) fn slice(
        &mut self,
        container: &Value,
        start: &Value,
        stop: &Value,
        stride: &Value,
    ) -> R<Value> {
        if *stride != Value::None && stride.as_int() != Some(1) && stride.as_int() != Some(-1) {
            return beyond("a slice with a step");
        }
        let letters: Option<Vec<Value>> = match container {
            Value::Str(text) => {
                Some(text.chars().map(|letter| Value::str(letter.encode_utf8(&mut [0; 4]))).collect())
            }
            _ => self.items_of(container),
        };
        let Some(items) = letters else {
            return self.type_error("object cannot be sliced", &[container]);
        };
        let length = items.len();
        let mut part: Vec<Value> = if stride.as_int() == Some(-1) {
            if *start != Value::None || *stop != Value::None {
                return beyond("a slice with a step and a bound");
            }
            items.into_iter().rev().collect()
        } else {
            items[part_of(length, start, stop)].to_vec()
        };
        Ok(match self.object_of(container) {
            None => {
                let text: String = part
                    .drain(..)
                    .map(
                        |letter| {
                            if let Value::Str(letter) = letter { letter.to_string() } else { String::new() }
                        },
                    )
                    .collect();
                Value::str(&text)
            }
            Some(Object::Tuple(_)) => self.tuple(part),
            Some(_) => self.list(part),
        })
    }

    pub(super) fn store_subscript(&mut self, container: &Value, index: &Value, value: Value) -> R<()> {
        let Value::Ref(at) = *container else {
            return self.type_error("object does not support item assignment", &[container]);
        };
        match self.state.object(at).clone() {
            Object::List(mut items) if matches!(self.object_of(index), Some(Object::Slice(..))) => {
                let Some(Object::Slice(start, stop, stride)) = self.object_of(index).cloned() else {
                    return beyond("this slice");
                };
                if stride != Value::None {
                    return beyond("an assignment to a slice with a step");
                }
                let new = self.elements(&value)?;
                self.touch(at, true);
                let part = part_of(items.len(), &start, &stop);
                items.splice(part, new);
                if items.len() > LONGEST {
                    return beyond(format!("a list of more than {LONGEST} elements"));
                }
                *self.state.object_mut(at) = Object::List(items);
                Ok(())
            }
            Object::List(items) => {
                self.touch(at, true);
                let place = self.index(index, items.len())?;
                if let Object::List(items) = self.state.object_mut(at) {
                    items[place] = value;
                }
                Ok(())
            }
            Object::Dict(items, _) => {
                self.touch(at, true);
                self.hashable(index)?;
                let keys: Vec<Value> = items.into_iter().map(|(key, _)| key).collect();
                let place = self.position(&keys, index)?;
                if let Object::Dict(items, _) = self.state.object_mut(at) {
                    match place {
                        Some(place) => items[place].1 = value,
                        None => items.push((index.clone(), value)),
                    }
                    if items.len() > LONGEST {
                        return beyond(format!("a dict of more than {LONGEST} items"));
                    }
                }
                Ok(())
            }
            Object::Instance { .. } => match self.lookup_special(container, SETITEM) {
                Some(method) => self.call_back(&method, vec![index.clone(), value]).map(|_| ()),
                None => self.type_error("object does not support item assignment", &[container]),
            },
            _ => self.type_error("object does not support item assignment", &[container]),
        }
    }

    pub(super) fn delete_subscript(&mut self, container: &Value, index: &Value) -> R<()> {
        let Value::Ref(at) = *container else {
            return self.type_error("object does not support item deletion", &[container]);
        };
        match self.state.object(at).clone() {
            Object::List(mut items) => {
                self.touch(at, true);
                let place = self.index(index, items.len())?;
                items.remove(place);
                *self.state.object_mut(at) = Object::List(items);
                Ok(())
            }
            Object::Dict(mut items, factory) => {
                self.touch(at, true);
                let keys: Vec<Value> = items.iter().map(|(key, _)| key.clone()).collect();
                match self.position(&keys, index)? {
                    Some(place) => {
                        items.remove(place);
                        *self.state.object_mut(at) = Object::Dict(items, factory);
                        Ok(())
                    }
                    None => self.raise("KeyError", ""),
                }
            }
            Object::Instance { .. } => match self.lookup_special(container, DELITEM) {
                Some(method) => self.call_back(&method, vec![index.clone()]).map(|_| ()),
                None => self.type_error("object does not support item deletion", &[container]),
            },
            _ => self.type_error("object does not support item deletion", &[container]),
        }
    }
}

/// The elements from `start` to `stop` of so many, as a slice has them.
fn part_of(length: usize, start: &Value, stop: &Value) -> std::ops::Range<usize> {
    let signed = i64::try_from(length).unwrap_or(i64::MAX);
    let bound = |value: &Value, default: i64| match value.as_int() {
        Some(int) if int < 0 => (int + signed).max(0),
        Some(int) => int.min(signed),
        None => default,
    };
    let from = usize::try_from(bound(start, 0)).unwrap_or(0);
    let to = usize::try_from(bound(stop, signed)).unwrap_or(0).max(from);
    from..to
}

//! Elements of containers by their place or key.

use super::comparison::range_length;
use super::library;
use super::machine::{DELITEM, GETITEM, LONGEST, Machine, R, SETITEM, beyond};
use super::state::{Object, Value};

impl Machine<'_> {
    /// The place that an index names in something of that length; the words are for one that names none.
    fn index(&mut self, container: &Value, index: &Value, length: usize, outside: &'static str) -> R<usize> {
        let Some(int) = index.as_int() else {
            if matches!(index, Value::Big(_)) {
                // A range compares whole numbers of any size, the others convert to a C type first.
                let range = matches!(self.object_of(container), Some(Object::Range(..)));
                let words = if range { outside } else { "cannot fit 'int' into an index-sized integer" };
                return self.raise("IndexError", words);
            }
            let words = &self.module.facts.messages;
            return match container {
                Value::Str(_) => self.raise_types("TypeError", words.string_index_type, &[index]),
                _ => match self.object_of(container) {
                    Some(Object::Tuple(_) | Object::List(_)) => {
                        self.raise_types("TypeError", words.index_type, &[container, index])
                    }
                    _ => self.raise_unworded("TypeError"),
                },
            };
        };
        let length_int = i64::try_from(length).unwrap_or(i64::MAX);
        let at = if int < 0 { int.saturating_add(length_int) } else { int };
        match usize::try_from(at).ok().filter(|&at| at < length) {
            Some(at) => Ok(at),
            None => self.raise("IndexError", outside),
        }
    }

    pub(super) fn subscript(&mut self, container: &Value, index: &Value) -> R<Value> {
        let touched = self.accesses.len();
        self.touch_value(container, false);
        if self.accesses.len() > touched {
            self.touch_element(index);
        }
        if let Some(slice @ Object::Slice(..)) = self.object_of(index).cloned()
            && !self.is_instance(container)
        {
            return self.slice(container, &slice);
        }
        if let Value::Str(text) = container {
            let letters: Vec<char> = text.chars().collect();
            let at = self.index(container, index, letters.len(), "string index out of range")?;
            return Ok(Value::str(letters[at].encode_utf8(&mut [0; 4])));
        }
        if let Value::Native(name) = container
            && (library::is_class(name) || name.starts_with("typing."))
        {
            return beyond("a type with parameters elsewhere than in an annotation");
        }
        match self.object_of(container).cloned() {
            Some(Object::Tuple(items)) => {
                let at = self.index(container, index, items.len(), "tuple index out of range")?;
                Ok(items[at].clone())
            }
            Some(Object::List(items)) => {
                let at = self.index(container, index, items.len(), "list index out of range")?;
                Ok(items[at].clone())
            }
            Some(Object::Deque(items, _)) => {
                let at = self.index(container, index, items.len(), "deque index out of range")?;
                Ok(items[at].clone())
            }
            Some(Object::Range(start, stop, stride)) => {
                let length = range_length(start, stop, stride);
                let at = self.index(container, index, length, "range object index out of range")?;
                Ok(Value::Int(start + stride * i64::try_from(at).unwrap_or(0)))
            }
            Some(Object::Dict(items, factory)) => {
                self.hashable(index, self.module.facts.messages.unhashable_key)?;
                let keys: Vec<Value> = items.iter().map(|(key, _)| key.clone()).collect();
                let found = self.position(&keys, index)?.map(|at| items[at].1.clone());
                if factory == Some(Value::Native("collections.Counter")) {
                    // `Counter.__missing__` is written in Python, so others may run before it says 0.
                    let found = self.once(|_| Ok(found.unwrap_or(Value::Unbound)))?;
                    if found != Value::Unbound {
                        return Ok(found);
                    }
                    self.yield_once()?;
                    return Ok(Value::Int(0));
                }
                let now = found.clone();
                let found = self.once(|_| Ok(found.unwrap_or(Value::Unbound)))?;
                if found != Value::Unbound {
                    return Ok(found);
                }
                if let Some(factory) = factory {
                    let value = self.call_back(&factory, Vec::new())?;
                    // Others may have stored something while the factory was at work.
                    if let Some(now) = now.filter(|_| self.module.facts.shape.missing_keeps_what_is_there) {
                        return Ok(now);
                    }
                    self.store_subscript(container, index, value.clone())?;
                    return Ok(value);
                }
                self.raise_with("KeyError", vec![index.clone()])
            }
            Some(Object::Instance { .. }) => match self.lookup_special(container, GETITEM) {
                Some(method) => self.call_back(&method, vec![index.clone()]),
                None => self.type_error("object is not subscriptable", &[container]),
            },
            _ => {
                let message = self.module.facts.messages.no_item;
                self.raise_types("TypeError", message, &[container])
            }
        }
    }

    /// How often a `Counter` has counted something, as its `_count_elements` in C looks it up.
    pub(super) fn counted(&mut self, counter: &Value, item: &Value) -> R<Value> {
        let known = match self.object_of(counter) {
            Some(Object::Dict(items, _)) => items.clone(),
            _ => Vec::new(),
        };
        let keys: Vec<Value> = known.iter().map(|(key, _)| key.clone()).collect();
        Ok(self.position(&keys, item)?.map_or(Value::Int(0), |at| known[at].1.clone()))
    }

    pub(super) fn store_subscript(&mut self, container: &Value, index: &Value, value: Value) -> R<()> {
        let refusal = "'{}' object does not support item assignment";
        let Value::Ref(at) = *container else {
            return self.raise_types("TypeError", refusal, &[container]);
        };
        match self.state.object(at).clone() {
            Object::List(items) => {
                if let Some(slice @ Object::Slice(..)) = self.object_of(index).cloned() {
                    return self.store_slice(at, &slice, &value);
                }
                self.touch(at, true);
                self.touch_element(index);
                let place =
                    self.index(container, index, items.len(), "list assignment index out of range")?;
                if let Object::List(items) = self.state.object_mut(at) {
                    items[place] = value;
                }
                self.keeps_extent(at);
                Ok(())
            }
            Object::Dict(items, _) => {
                self.touch(at, true);
                self.touch_element(index);
                self.hashable(index, self.module.facts.messages.unhashable_key)?;
                let keys: Vec<Value> = items.into_iter().map(|(key, _)| key).collect();
                let place = self.position(&keys, index)?;
                if place.is_some() {
                    self.keeps_extent(at);
                }
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
            Object::Deque(..) => beyond("assignment to an element of a deque"),
            _ => self.raise_types("TypeError", refusal, &[container]),
        }
    }

    pub(super) fn delete_subscript(&mut self, container: &Value, index: &Value) -> R<()> {
        let Value::Ref(at) = *container else {
            return self.type_error("object does not support item deletion", &[container]);
        };
        match self.state.object(at).clone() {
            Object::List(mut items) => {
                if let Some(slice @ Object::Slice(..)) = self.object_of(index).cloned() {
                    return self.delete_slice(at, &slice);
                }
                self.touch(at, true);
                let place =
                    self.index(container, index, items.len(), "list assignment index out of range")?;
                items.remove(place);
                *self.state.object_mut(at) = Object::List(items);
                Ok(())
            }
            Object::Dict(mut items, factory) => {
                self.touch(at, true);
                self.touch_element(index);
                self.hashable(index, self.module.facts.messages.unhashable_key)?;
                let keys: Vec<Value> = items.iter().map(|(key, _)| key.clone()).collect();
                match self.position(&keys, index)? {
                    Some(place) => {
                        items.remove(place);
                        *self.state.object_mut(at) = Object::Dict(items, factory);
                        Ok(())
                    }
                    None => self.raise_with("KeyError", vec![index.clone()]),
                }
            }
            Object::Instance { .. } => match self.lookup_special(container, DELITEM) {
                Some(method) => self.call_back(&method, vec![index.clone()]).map(|_| ()),
                None => self.type_error("object does not support item deletion", &[container]),
            },
            Object::Deque(..) => beyond("del of an element of a deque"),
            _ => self.type_error("object does not support item deletion", &[container]),
        }
    }
}

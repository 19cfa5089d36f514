//! Iteration: what a loop, a function of the library or an unpacking takes its elements from.
//!
//! An instruction that needs a Python function for an element begins anew with what it has learned ([`Machine::once`]), so whatever
//! is taken from an iterator is noted there, and taken once.

use std::sync::Arc;

use super::comparison::range_length;
use super::machine::{GETITEM, ITER, LONGEST, Machine, NEXT, NEXT_OF_PYTHON2, R, Stop, Wait, beyond};
use super::state::{Iterated, Lazy, Object, Value};
use crate::python::program::Op;

/// So many entries, gaps among them, a small dict has room for (`USABLE_FRACTION(8)` in Objects/dictobject.c); with more its gaps are
/// closed, and an iterator is somewhere else in it.
const ROOM: usize = 5;
/// The most elements that one instruction takes from what runs Python for each: it begins anew after each.
const MOST_COMPUTED: usize = 1000;

impl Machine<'_> {
    pub(super) fn iterator(&mut self, value: &Value) -> R<Value> {
        let kept = match self.object_of(value) {
            Some(
                Object::Iterator(..)
                | Object::Pulled(..)
                | Object::Count(..)
                | Object::Lazy(..)
                | Object::Generator(..),
            ) => return Ok(value.clone()),
            Some(Object::Dict(..) | Object::View(..) | Object::Set(_) | Object::Deque(..)) => {
                let keys: Arc<Vec<Value>> = Arc::new(self.keys(value).cloned().collect());
                Some(Box::new(Iterated { left: keys.len(), keys }))
            }
            Some(Object::Tuple(_) | Object::List(_) | Object::Range(..)) => None,
            Some(Object::Instance { .. }) => {
                if let Some(method) = self.lookup_special(value, ITER) {
                    return self.call_back(&method, Vec::new());
                }
                if self.has_special(value, GETITEM) {
                    return beyond("iteration over an object with __getitem__ alone");
                }
                return self.raise_types("TypeError", "'{}' object is not iterable", &[value]);
            }
            None if matches!(value, Value::Str(_)) => None,
            _ => return self.raise_types("TypeError", "'{}' object is not iterable", &[value]),
        };
        self.touch_iterated(value);
        Ok(self.allocate(Object::Iterator(value.clone(), 0, kept)))
    }

    /// An iterator over a value, made once though the instruction begins anew after each call.
    pub(super) fn iterator_once(&mut self, value: &Value) -> R<Value> {
        let made = self.once(|machine| {
            if machine.has_special(value, ITER) { Ok(Value::Unbound) } else { machine.iterator(value) }
        })?;
        if made == Value::Unbound { self.iterator(value) } else { Ok(made) }
    }

    /// The next value of an iterator.
    pub(super) fn next(&mut self, iterator: &Value) -> R<Option<Value>> {
        let Value::Ref(at) = *iterator else {
            return self.type_error("object is not an iterator", &[iterator]);
        };
        match self.state.object(at) {
            Object::Iterator(..) | Object::Pulled(..) | Object::Count(..) => {
                let value =
                    self.once(|machine| machine.advance(at).map(|value| value.unwrap_or(Value::Unbound)))?;
                Ok((value != Value::Unbound).then_some(value))
            }
            Object::Lazy(lazy, function, sources) => {
                let (lazy, function, sources) = (*lazy, function.clone(), sources.clone());
                self.next_lazy(at, lazy, &function, &sources)
            }
            Object::Generator(..) => {
                let value = self.resumed(Stop::Resume(at))?;
                Ok((value != Value::Unbound).then_some(value))
            }
            Object::Instance { .. } => {
                let name = if self.module.facts.shape.python2 { NEXT_OF_PYTHON2 } else { NEXT };
                match self.lookup_special(iterator, name) {
                    Some(method) => {
                        let value = self.resumed(Stop::Next(method))?;
                        Ok((value != Value::Unbound).then_some(value))
                    }
                    None => self.raise_types("TypeError", "'{}' object is not an iterator", &[iterator]),
                }
            }
            _ => self.type_error("object is not an iterator", &[iterator]),
        }
    }

    /// What something came to that runs Python, once it has been run.
    fn resumed(&mut self, stop: Stop) -> R<Value> {
        let at = self.consumed;
        self.consumed += 1;
        match self.frame().progress.get(at) {
            Some(value) => Ok(value.clone()),
            None => Err(stop),
        }
    }

    /// Takes the next value of an iterator that needs no Python for it.
    fn advance(&mut self, at: u32) -> R<Option<Value>> {
        // How far it is, whoever takes from it. One that a loop has made for itself is on its stack, and nowhere else.
        let site = self.state.heap[at as usize].site;
        let made_by = self.module.instruction(site.code, site.instruction());
        if made_by.is_none_or(|instruction| !matches!(instruction.op, Op::GetIter)) {
            self.touch(at, true);
        }
        match self.state.object(at).clone() {
            Object::Iterator(over, index, mut iterated) => {
                self.touch_iterated(&over);
                let index = match &mut iterated {
                    Some(iterated) if index != usize::MAX => self.go_on(&over, index, iterated)?,
                    _ => index,
                };
                let value = self.element(&over, index);
                if let Some(iterated) = &mut iterated {
                    let no_more = self.module.facts.messages.keys_changed;
                    if let (Some(_), 0, Some(message)) = (&value, iterated.left, no_more) {
                        return self.raise("RuntimeError", message);
                    }
                    iterated.left = iterated.left.saturating_sub(1);
                }
                // An iterator that has come to its end stays there.
                let next = if value.is_some() { index + 1 } else { usize::MAX };
                *self.state.object_mut(at) = Object::Iterator(over, next, iterated);
                Ok(value)
            }
            Object::Pulled(items, index) => {
                let value = items.get(index).cloned();
                *self.state.object_mut(at) = Object::Pulled(items, index + usize::from(value.is_some()));
                Ok(value)
            }
            Object::Count(next, stride) => {
                *self.state.object_mut(at) = Object::Count(next + stride, stride);
                Ok(Some(Value::Int(next)))
            }
            _ => beyond("an iterator of this kind"),
        }
    }

    /// The keys or elements of what may not change while it is gone through.
    fn keys<'a>(&'a self, over: &Value) -> Box<dyn Iterator<Item = &'a Value> + 'a> {
        match self.object_of(over) {
            Some(Object::Dict(items, _)) => Box::new(items.iter().map(|(key, _)| key)),
            Some(Object::View(_, dict)) => self.keys(dict),
            Some(Object::Set(items) | Object::Deque(items, _)) => Box::new(items.iter()),
            _ => Box::new(std::iter::empty()),
        }
    }

    /// The place at which an iterator goes on in what may have changed since its last step.
    fn go_on(&mut self, over: &Value, index: usize, iterated: &mut Iterated) -> R<usize> {
        if self.keys(over).eq(iterated.keys.iter()) {
            return Ok(index);
        }
        let now: Vec<Value> = self.keys(over).cloned().collect();
        let before = std::mem::replace(&mut iterated.keys, Arc::new(now));
        let now = &iterated.keys;
        let (same_size, python2) = (now.len() == before.len(), self.module.facts.shape.python2);
        match self.object_of(over) {
            Some(Object::Deque(..)) => self.raise("RuntimeError", "deque mutated during iteration"),
            Some(Object::Set(_)) if same_size => {
                beyond("a set that changes, but not its size, while it is gone through")
            }
            Some(Object::Set(_)) => self.raise("RuntimeError", "Set changed size during iteration"),
            _ if !same_size => self.raise("RuntimeError", "dictionary changed size during iteration"),
            _ if python2 => beyond("a dict that changes, but not its size, while it is gone through"),
            _ => {
                // What was deleted leaves a gap, and what is new comes last.
                let mut kept = 0;
                let mut passed = 0;
                for (place, key) in before.iter().enumerate() {
                    let is_kept = now.get(kept) == Some(key);
                    kept += usize::from(is_kept);
                    passed += usize::from(is_kept && place < index);
                }
                if 2 * now.len() - kept > ROOM {
                    return beyond(
                        "a dict of many keys that changes, but not its size, while it is gone through",
                    );
                }
                Ok(passed)
            }
        }
    }

    /// The element of a container at a place.
    fn element(&mut self, over: &Value, index: usize) -> Option<Value> {
        match (over, self.object_of(over)) {
            (Value::Str(text), _) => {
                text.chars().nth(index).map(|letter| Value::str(letter.encode_utf8(&mut [0; 4])))
            }
            (_, Some(Object::Range(start, stop, stride))) => (index < range_length(*start, *stop, *stride))
                .then(|| Value::Int(start + stride * i64::try_from(index).unwrap_or(0))),
            (_, Some(Object::Dict(items, _))) => items.get(index).map(|(key, _)| key.clone()),
            (_, Some(Object::View(kind, dict))) => {
                let (kind, dict) = (*kind, dict.clone());
                let Some(Object::Dict(items, _)) = self.object_of(&dict) else { return None };
                let (key, value) = items.get(index)?.clone();
                Some(match kind {
                    "keys" => key,
                    "values" => value,
                    _ => self.tuple(vec![key, value]),
                })
            }
            (
                _,
                Some(
                    Object::Tuple(items) | Object::List(items) | Object::Set(items) | Object::Deque(items, _),
                ),
            ) => items.get(index).cloned(),
            _ => None,
        }
    }

    fn next_lazy(&mut self, at: u32, lazy: Lazy, function: &Value, sources: &[Value]) -> R<Option<Value>> {
        if lazy == Lazy::Until {
            let Some(end) = sources.first() else { return Ok(None) };
            let value = self.call_back(function, Vec::new())?;
            let is_end = self.equal(&value, end)?;
            if is_end && let Object::Lazy(_, _, sources) = self.state.object_mut(at) {
                sources.clear();
            }
            return Ok((!is_end).then_some(value));
        }
        loop {
            let mut values = Vec::new();
            for source in sources {
                match self.next(source)? {
                    Some(value) => values.push(value),
                    None => return Ok(None),
                }
            }
            match lazy {
                Lazy::Map => return self.call_back(function, values).map(Some),
                Lazy::Zip if values.is_empty() => return Ok(None),
                Lazy::Zip => return Ok(Some(self.tuple(values))),
                Lazy::Enumerate(_) => {
                    let number = self.once(|machine| {
                        let Object::Lazy(Lazy::Enumerate(number), ..) = machine.state.object_mut(at) else {
                            return beyond("an iterator of this kind");
                        };
                        *number += 1;
                        Ok(Value::Int(*number - 1))
                    })?;
                    values.insert(0, number);
                    return Ok(Some(self.tuple(values)));
                }
                Lazy::Result => {
                    let Some(future) = values.pop() else { return Ok(None) };
                    return match self.future_result(&future, Wait::Forever) {
                        Err(Stop::Raise(exception)) => {
                            self.cancel(function, &sources[0]);
                            Err(Stop::Raise(exception))
                        }
                        result => result.map(Some),
                    };
                }
                Lazy::Until => return Ok(None),
                Lazy::Filter => {
                    let Some(value) = values.pop() else { return Ok(None) };
                    let test = if *function == Value::None {
                        value.clone()
                    } else {
                        self.call_back(function, vec![value.clone()])?
                    };
                    if self.truth(&test)? {
                        return Ok(Some(value));
                    }
                }
            }
        }
    }

    /// The list that `zip()` is in python 2: from iterators it takes a row after the other, and no more than it needs.
    pub(super) fn zip_at_once(&mut self, args: &[Value]) -> R<Value> {
        let is_iterator = |arg: &Value| {
            let object = self.object_of(arg);
            matches!(object, Some(Object::Iterator(..) | Object::Pulled(..) | Object::Count(..)))
        };
        if args.iter().any(is_iterator) {
            let rows = self.once(|machine| machine.lazy(Lazy::Zip, Value::None, args))?;
            let rows = self.elements(&rows)?;
            return Ok(self.list(rows));
        }
        let columns = args.iter().map(|arg| self.elements(arg)).collect::<R<Vec<_>>>()?;
        let rows = columns.iter().map(Vec::len).min().unwrap_or(0);
        let mut tuples = Vec::new();
        for row in 0..rows {
            let row = columns.iter().map(|column| column[row].clone()).collect();
            tuples.push(self.tuple(row));
        }
        Ok(self.list(tuples))
    }

    /// What computes its elements one by one, over these.
    pub(super) fn lazy(&mut self, lazy: Lazy, function: Value, sources: &[Value]) -> R<Value> {
        let sources = sources.iter().map(|source| self.iterator(source)).collect::<R<Vec<_>>>()?;
        Ok(self.allocate(Object::Lazy(lazy, function, sources)))
    }

    /// All elements of something that can be iterated over.
    pub(super) fn elements(&mut self, value: &Value) -> R<Vec<Value>> {
        if let Some(items) = self.items_of(value) {
            self.touch_value(value, false);
            return Ok(items);
        }
        let length = match (value, self.object_of(value)) {
            (Value::Str(_), _) | (_, Some(Object::Dict(..) | Object::View(..) | Object::Range(..))) => {
                self.length_of(value)
            }
            _ => None,
        };
        if let Some(length) = length {
            if length > LONGEST {
                return beyond(format!("more than {LONGEST} elements at once"));
            }
            self.touch_iterated(value);
            return Ok((0..length).filter_map(|index| self.element(value, index)).collect());
        }
        let iterator = self.iterator(value)?;
        if let (Value::Ref(at), Some(Object::Iterator(..) | Object::Pulled(..))) =
            (&iterator, self.object_of(&iterator))
        {
            let at = *at;
            let taken = self.once(|machine| {
                let mut items = Vec::new();
                while let Some(item) = machine.advance(at)? {
                    items.push(item);
                }
                Ok(machine.list(items))
            })?;
            return Ok(self.items_of(&taken).unwrap_or_default());
        }
        let mut items = Vec::new();
        while let Some(item) = self.next(&iterator)? {
            items.push(item);
            if items.len() > MOST_COMPUTED {
                return beyond(format!("more than {MOST_COMPUTED} elements at once from an iterator"));
            }
        }
        Ok(items)
    }

    /// All elements of an argument; raises a `TypeError` with these words, or without any, where it cannot be iterated over.
    pub(super) fn elements_of_argument(&mut self, value: &Value, words: Option<&str>) -> R<Vec<Value>> {
        match (self.elements(value), words) {
            (Err(Stop::Raise(_)), Some(words)) if !self.is_computed(value) => self.raise("TypeError", words),
            (Err(Stop::Raise(_)), None) if !self.is_computed(value) => self.raise_unworded("TypeError"),
            (elements, _) => elements,
        }
    }
}

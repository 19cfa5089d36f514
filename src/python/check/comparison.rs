//! Comparison, membership, truth and length.

use std::cmp::Ordering;

use super::machine::{BOOL, BOOL_OF_PYTHON2, CONTAINS, GETITEM, ITER, LEN, Machine, R, beyond};
use super::numbers::{big, has_a_float, numerical_order};
use super::readings::{look_into, look_into_both};
use super::state::{Object, Value};
use crate::python::program::{CompareOp, DATACLASS_FIELDS};

/// How deep values may be nested where their text is made or they are compared; CPython goes some way further.
const DEEPEST_VALUE: usize = 100;

impl Machine<'_> {
    /// Does something with a value inside of another.
    pub(super) fn inside<T>(&mut self, f: impl FnOnce(&mut Self) -> R<T>) -> R<T> {
        if self.depth > DEEPEST_VALUE {
            return beyond(format!("values nested more than {DEEPEST_VALUE} deep, or in themselves"));
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    pub(super) fn is_instance(&self, value: &Value) -> bool {
        matches!(self.object_of(value), Some(Object::Instance { .. }))
    }

    /// Whether the objects of its class are compared by their fields.
    fn is_of_dataclass(&mut self, value: &Value) -> bool {
        let Some(name) = self.name_number(DATACLASS_FIELDS) else { return false };
        match self.object_of(value) {
            Some(Object::Instance { class, .. }) => {
                let class = class.clone();
                self.in_class(&class, name).is_some()
            }
            _ => false,
        }
    }

    pub(super) fn equal(&mut self, left: &Value, right: &Value) -> R<bool> {
        if let (Some(one), Some(two)) = (left.as_int(), right.as_int()) {
            return Ok(one == two);
        }
        if let (Some(one), Some(two)) = (big(left), big(right)) {
            return Ok(one == two);
        }
        if has_a_float(left, right) {
            return Ok(numerical_order(left, right) == Some(Ordering::Equal));
        }
        match (left, right) {
            (&Value::Ident(one), &Value::Ident(two)) => return self.same_ident(one, two),
            // No thread has such a number.
            (Value::Ident(_), Value::Int(..=0)) | (Value::Int(..=0), Value::Ident(_)) => return Ok(false),
            _ => look_into_both(left, right)?,
        }
        if left == right {
            return Ok(true);
        }
        if self.is_of_dataclass(left) && self.is_of_dataclass(right) {
            return beyond("a comparison of objects of a dataclass");
        }
        let (Some(one), Some(two)) = (self.object_of(left).cloned(), self.object_of(right).cloned()) else {
            return Ok(false);
        };
        self.inside(|machine| machine.equal_objects(left, right, one, two))
    }

    fn equal_objects(&mut self, left: &Value, right: &Value, one: Object, two: Object) -> R<bool> {
        match (one, two) {
            (Object::Tuple(one), Object::Tuple(two))
            | (Object::List(one), Object::List(two))
            | (Object::Deque(one, _), Object::Deque(two, _)) => {
                self.touch_value(left, false);
                self.touch_value(right, false);
                if one.len() != two.len() {
                    return Ok(false);
                }
                for (one, two) in one.iter().zip(&two) {
                    if !self.equal(one, two)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Object::Dict(one, _), Object::Dict(two, _)) => {
                self.touch_value(left, false);
                self.touch_value(right, false);
                if one.len() != two.len() {
                    return Ok(false);
                }
                for (key, value) in &one {
                    let mut found = false;
                    for (known, other) in &two {
                        found |= self.equal(key, known)? && self.equal(value, other)?;
                    }
                    if !found {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Object::Set(one), Object::Set(two)) => {
                if one.len() != two.len() {
                    return Ok(false);
                }
                for item in &one {
                    if self.position(&two, item)?.is_none() {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Object::Range(..), Object::Range(..)) if self.module.facts.shape.python2 => Ok(left == right),
            (Object::Range(one, end, step), Object::Range(other, end_2, step_2)) => {
                let lengths = (range_length(one, end, step), range_length(other, end_2, step_2));
                Ok(lengths.0 == lengths.1
                    && (lengths.0 == 0 || one == other && (lengths.0 == 1 || step == step_2)))
            }
            (Object::Method(function, one), Object::Method(other, two)) => {
                Ok(function == other && one == two)
            }
            _ => Ok(false),
        }
    }

    /// How two values are ordered; `symbol` is how the comparison is written.
    pub(super) fn order(&mut self, left: &Value, right: &Value, symbol: &str) -> R<Ordering> {
        if let (Some(one), Some(two)) = (left.as_int(), right.as_int()) {
            return Ok(one.cmp(&two));
        }
        if let (Some(one), Some(two)) = (big(left), big(right)) {
            return Ok(one.cmp(&two));
        }
        if has_a_float(left, right) {
            return match numerical_order(left, right) {
                Some(order) => Ok(order),
                None => beyond("an order with nan"),
            };
        }
        if let (Value::Str(one), Value::Str(two)) = (left, right) {
            return Ok(one.cmp(two));
        }
        look_into(&[left, right])?;
        match (self.object_of(left).cloned(), self.object_of(right).cloned()) {
            (Some(Object::Tuple(one)), Some(Object::Tuple(two)))
            | (Some(Object::List(one)), Some(Object::List(two))) => {
                self.touch_value(left, false);
                self.touch_value(right, false);
                for (one, two) in one.iter().zip(&two) {
                    if !self.equal(one, two)? {
                        return self.inside(|machine| machine.order(one, two, symbol));
                    }
                }
                return Ok(one.len().cmp(&two.len()));
            }
            (Some(Object::Set(_) | Object::Deque(..) | Object::View(..)), Some(_)) => {
                return beyond("an order of these");
            }
            _ => {}
        }
        if self.module.facts.shape.python2 {
            return beyond("an order between different types, which only python 2 has");
        }
        let (Some(one), Some(two)) = (self.known_type_name(left), self.known_type_name(right)) else {
            return self.raise_unworded("TypeError");
        };
        let message = format!("'{symbol}' not supported between instances of '{one}' and '{two}'");
        self.raise("TypeError", &message)
    }

    pub(super) fn compare(&mut self, op: CompareOp, left: &Value, right: &Value) -> R<bool> {
        let order = |machine: &mut Self| machine.order(left, right, op.symbol());
        Ok(match op {
            CompareOp::Equal => self.equal(left, right)?,
            CompareOp::NotEqual => !self.equal(left, right)?,
            CompareOp::Less => order(self)? == Ordering::Less,
            CompareOp::LessEqual => order(self)? != Ordering::Greater,
            CompareOp::Greater => order(self)? == Ordering::Greater,
            CompareOp::GreaterEqual => order(self)? != Ordering::Less,
            CompareOp::Is => left == right,
            CompareOp::IsNot => left != right,
            CompareOp::In => self.contains(right, left)?,
            CompareOp::NotIn => !self.contains(right, left)?,
        })
    }

    pub(super) fn contains(&mut self, container: &Value, item: &Value) -> R<bool> {
        if let (Value::Str(text), Value::Str(part)) = (container, item) {
            return Ok(text.contains(&**part));
        }
        if let Value::Str(_) = container {
            return self.type_error("in a string needs a string", &[item]);
        }
        let touched = self.accesses.len();
        self.touch_value(container, false);
        if matches!(self.object_of(container), Some(Object::Dict(..) | Object::Set(_)))
            && self.accesses.len() > touched
        {
            self.touch_element(item);
        }
        match self.object_of(container).cloned() {
            Some(Object::Dict(items, _)) => {
                self.hashable(item, self.module.facts.messages.unhashable_key)?;
                let keys: Vec<Value> = items.into_iter().map(|(key, _)| key).collect();
                Ok(self.position(&keys, item)?.is_some())
            }
            Some(Object::Set(items)) => {
                self.hashable(item, self.module.facts.messages.unhashable_element)?;
                Ok(self.position(&items, item)?.is_some())
            }
            Some(Object::Instance { .. }) => match self.lookup_special(container, CONTAINS) {
                Some(method) => {
                    let found = self.call_back(&method, vec![item.clone()])?;
                    self.truth(&found)
                }
                None if self.has_special(container, ITER) => {
                    let items = self.elements(container)?;
                    Ok(self.position(&items, item)?.is_some())
                }
                None if self.has_special(container, GETITEM) => {
                    beyond("in of an object with __getitem__ alone")
                }
                None => {
                    let message = self.module.facts.messages.no_container;
                    self.raise_types("TypeError", message, &[container])
                }
            },
            None => {
                let message = self.module.facts.messages.no_container;
                self.raise_types("TypeError", message, &[container])
            }
            _ => {
                let items = self.elements(container)?;
                Ok(self.position(&items, item)?.is_some())
            }
        }
    }

    /// Where an equal element is.
    pub(super) fn position(&mut self, items: &[Value], item: &Value) -> R<Option<usize>> {
        for (at, known) in items.iter().enumerate() {
            if self.equal(known, item)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// What stands in tuples, and in those of tuples.
    pub(super) fn flattened(&self, value: &Value) -> Vec<Value> {
        match self.object_of(value) {
            Some(Object::Tuple(items)) => items.iter().flat_map(|item| self.flattened(item)).collect(),
            _ => vec![value.clone()],
        }
    }

    /// The elements, each once.
    pub(super) fn unique(&mut self, items: Vec<Value>) -> R<Vec<Value>> {
        let mut kept = Vec::new();
        for item in items {
            self.hashable(&item, self.module.facts.messages.unhashable_element)?;
            if self.position(&kept, &item)?.is_none() {
                kept.push(item);
            }
        }
        Ok(kept)
    }

    pub(super) fn set_add(&mut self, at: u32, item: Value) -> R<()> {
        self.hashable(&item, self.module.facts.messages.unhashable_element)?;
        let items = match self.state.object(at) {
            Object::Set(items) => items.clone(),
            _ => return Ok(()),
        };
        if self.position(&items, &item)?.is_none()
            && let Object::Set(items) = self.state.object_mut(at)
        {
            items.push(item);
        }
        Ok(())
    }

    /// Refuses what has no hash, with the version's words.
    pub(super) fn hashable(&mut self, key: &Value, message: &'static str) -> R<()> {
        if !matches!(key, Value::Ident(_)) {
            look_into(&[key])?;
        }
        match self.object_of(key).cloned() {
            Some(Object::List(_) | Object::Dict(..) | Object::Set(_)) => {
                self.raise_types("TypeError", message, &[key])
            }
            Some(Object::Tuple(items)) => items.iter().try_for_each(|item| self.hashable(item, message)),
            _ if self.is_of_dataclass(key) => self.raise_types("TypeError", message, &[key]),
            _ => Ok(()),
        }
    }

    pub(super) fn truth(&mut self, value: &Value) -> R<bool> {
        Ok(match value {
            Value::Unbound | Value::Elsewhere | Value::None => false,
            Value::Bool(truth) => *truth,
            Value::Int(int) => *int != 0,
            Value::Float(bits) => f64::from_bits(*bits) != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::Unknown(_) => {
                look_into(&[value])?;
                true
            }
            Value::Big(_) | Value::Native(_) | Value::Ident(_) | Value::UnknownText(_) => true,
            Value::Ref(_) => {
                if self.is_instance(value) {
                    let name = if self.module.facts.shape.python2 { BOOL_OF_PYTHON2 } else { BOOL };
                    if let Some(method) = self.lookup_special(value, name) {
                        return match self.call_back(&method, Vec::new())? {
                            Value::Bool(truth) => Ok(truth),
                            Value::Int(int) if self.module.facts.shape.python2 => Ok(int != 0),
                            _ => self.raise_unworded("TypeError"),
                        };
                    }
                    return match self.lookup_special(value, LEN) {
                        Some(method) => {
                            let length = self.called_length(&method)?;
                            self.truth(&length)
                        }
                        None => Ok(true),
                    };
                }
                match self.length_of(value) {
                    Some(length) => {
                        self.touch_extent_of(value);
                        length != 0
                    }
                    None => true,
                }
            }
        })
    }

    pub(super) fn length_of(&self, value: &Value) -> Option<usize> {
        Some(match (value, self.object_of(value)) {
            (Value::Str(text), _) => text.chars().count(),
            (
                _,
                Some(
                    Object::Tuple(items) | Object::List(items) | Object::Set(items) | Object::Deque(items, _),
                ),
            ) => items.len(),
            (_, Some(Object::Dict(items, _))) => items.len(),
            (_, Some(Object::Range(start, stop, stride))) => range_length(*start, *stop, *stride),
            (_, Some(Object::View(_, dict))) => return self.length_of(dict),
            _ => return None,
        })
    }

    /// What `__len__` gives.
    fn called_length(&mut self, method: &Value) -> R<Value> {
        let length = self.call_back(method, Vec::new())?;
        match length.as_int() {
            Some(0..) => Self::int(length.as_int()),
            Some(_) => self.raise("ValueError", "__len__() should return >= 0"),
            None => {
                look_into(&[&length])?;
                self.raise_unworded("TypeError")
            }
        }
    }

    pub(super) fn length(&mut self, value: &Value) -> R<Value> {
        if let Some(length) = self.length_of(value) {
            self.touch_extent_of(value);
            return Self::int(i64::try_from(length).ok());
        }
        if self.is_instance(value)
            && let Some(method) = self.lookup_special(value, LEN)
        {
            return self.called_length(&method);
        }
        self.raise_types("TypeError", "object of type '{}' has no len()", &[value])
    }
}

pub(super) fn range_length(start: i64, stop: i64, stride: i64) -> usize {
    let span = if stride > 0 { stop.saturating_sub(start) } else { start.saturating_sub(stop) };
    let stride = stride.unsigned_abs().max(1);
    match u64::try_from(span) {
        Ok(span) if span > 0 => usize::try_from(span.div_ceil(stride)).unwrap_or(usize::MAX),
        _ => 0,
    }
}

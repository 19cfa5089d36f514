//! Operators, comparison, truth and length of values: above 500 lines, for each operator treats each kind of value.

use std::cmp::Ordering;

use super::machine::{BOOL, CONTAINS, LEN, LONGEST, Machine, R, beyond};
use super::state::{Object, Value};
use crate::python::program::{BinaryOp, CompareOp, UnaryOp};

impl Machine<'_> {
    pub(super) fn type_name(&self, value: &Value) -> String {
        match value {
            Value::Unbound | Value::None => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Str(_) => "str",
            Value::Native(_) => "type",
            Value::Ref(at) => match self.state.object(*at) {
                Object::Tuple(_) => "tuple",
                Object::List(_) => "list",
                Object::Dict(..) => "dict",
                Object::Set(_) => "set",
                Object::Function { .. } => "function",
                Object::Instance { class, .. } => return self.class_name(class),
                _ => "object",
            },
        }
        .to_owned()
    }

    pub(super) fn class_name(&self, class: &Value) -> String {
        match (class, self.object_of(class)) {
            (Value::Native(name), _) => name.rsplit('.').next().unwrap_or(name).to_owned(),
            (_, Some(Object::Class { name, .. })) => self.name(*name).to_owned(),
            _ => "object".to_owned(),
        }
    }

    pub(super) fn type_error<T>(&mut self, what: &str, values: &[&Value]) -> R<T> {
        let names: Vec<String> = values.iter().map(|value| format!("'{}'", self.type_name(value))).collect();
        self.raise("TypeError", &format!("{what}: {}", names.join(" and ")))
    }

    pub(super) fn unary(&mut self, op: UnaryOp, value: &Value) -> R<Value> {
        if op == UnaryOp::Not {
            return Ok(Value::Bool(!self.truth(value)?));
        }
        match (op, value.as_int(), value) {
            (UnaryOp::Negative, Some(int), _) => Self::int(int.checked_neg()),
            (UnaryOp::Positive, Some(int), _) => Ok(Value::Int(int)),
            (UnaryOp::Invert, Some(int), _) => Ok(Value::Int(!int)),
            (UnaryOp::Negative, _, Value::Float(bits)) => {
                Ok(Value::Float((-f64::from_bits(*bits)).to_bits()))
            }
            (UnaryOp::Positive, _, Value::Float(_)) => Ok(value.clone()),
            _ => self.type_error("bad operand type for unary operator", &[value]),
        }
    }

    /// An integer, which the model keeps in 64 bits.
    pub(super) fn int(int: Option<i64>) -> R<Value> {
        match int {
            Some(int) => Ok(Value::Int(int)),
            None => beyond("an integer of more than 64 bits"),
        }
    }

    pub(super) fn as_float(value: &Value) -> Option<f64> {
        match value {
            Value::Float(bits) => Some(f64::from_bits(*bits)),
            #[expect(
                clippy::cast_precision_loss,
                reason = "as Python converts an int for arithmetic with floats"
            )]
            other => other.as_int().map(|int| int as f64),
        }
    }

    /// The elements of a builtin container, for reading.
    pub(super) fn items_of(&self, value: &Value) -> Option<Vec<Value>> {
        Some(match self.object_of(value)? {
            Object::Tuple(items) | Object::List(items) | Object::Set(items) | Object::Deque(items, _) => {
                items.clone()
            }
            _ => return None,
        })
    }

    pub(super) fn touch_value(&mut self, value: &Value, write: bool) {
        if let Value::Ref(at) = value
            && !matches!(
                self.state.object(*at),
                Object::Tuple(_) | Object::Range(..) | Object::Iterator(..) | Object::Pulled(..)
            )
        {
            self.touch(*at, write);
        }
    }

    pub(super) fn binary(&mut self, op: BinaryOp, in_place: bool, left: &Value, right: &Value) -> R<Value> {
        if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
            return self.int_binary(op, left, right);
        }
        if let (Some(one), Some(two)) = (Self::as_float(left), Self::as_float(right)) {
            return self.float_binary(op, one, two);
        }
        if let (BinaryOp::Remainder, Value::Str(text)) = (op, left) {
            let args = match self.object_of(right) {
                Some(Object::Tuple(items)) => items.clone(),
                _ => vec![right.clone()],
            };
            let text = std::sync::Arc::clone(text);
            return self.percent(&text, &args).map(|text| Value::str(&text));
        }
        match (op, left, right) {
            (BinaryOp::Add, Value::Str(one), Value::Str(two)) => {
                return Ok(Value::str(&format!("{one}{two}")));
            }
            (BinaryOp::Multiply, Value::Str(text), count) | (BinaryOp::Multiply, count, Value::Str(text))
                if count.as_int().is_some() =>
            {
                let count = usize::try_from(count.as_int().unwrap_or(0)).unwrap_or(0);
                if text.len().saturating_mul(count) > LONGEST {
                    return beyond(format!("a string of more than {LONGEST} characters"));
                }
                return Ok(Value::str(&text.repeat(count)));
            }
            _ => {}
        }
        if self.is_instance(left) {
            let name = special(op);
            for name in [format!("__i{name}__"), format!("__{name}__")].iter().skip(usize::from(!in_place)) {
                if let Some(number) = self.name_number(name)
                    && let Some(method) = self.lookup_special(left, number)
                {
                    return self.call_back(&method, vec![right.clone()]);
                }
            }
        }
        let (one, two) = (self.object_of(left).cloned(), self.object_of(right).cloned());
        self.touch_value(left, false);
        self.touch_value(right, false);
        match (op, one, two) {
            (BinaryOp::Add, Some(Object::List(mut items)), Some(other)) => {
                let more = match (&other, in_place) {
                    (Object::List(more), _) => more.clone(),
                    (_, true) => self.elements(right)?,
                    _ => return self.type_error("can only concatenate list to list", &[left, right]),
                };
                items.extend(more);
                if items.len() > LONGEST {
                    return beyond(format!("a list of more than {LONGEST} elements"));
                }
                if in_place && let Value::Ref(at) = left {
                    self.touch(*at, true);
                    *self.state.object_mut(*at) = Object::List(items);
                    return Ok(left.clone());
                }
                Ok(self.list(items))
            }
            (BinaryOp::Add, Some(Object::Tuple(mut items)), Some(Object::Tuple(more))) => {
                items.extend(more);
                Ok(self.tuple(items))
            }
            (BinaryOp::Multiply, Some(object @ (Object::List(_) | Object::Tuple(_))), None)
                if right.as_int().is_some() =>
            {
                let count = usize::try_from(right.as_int().unwrap_or(0)).unwrap_or(0);
                let items = self.items_of(left).unwrap_or_default();
                if items.len().saturating_mul(count) > LONGEST {
                    return beyond(format!("a list of more than {LONGEST} elements"));
                }
                let items: Vec<Value> = std::iter::repeat_n(items, count).flatten().collect();
                Ok(if matches!(object, Object::List(_)) { self.list(items) } else { self.tuple(items) })
            }
            (
                BinaryOp::Or | BinaryOp::And | BinaryOp::Subtract | BinaryOp::Xor,
                Some(Object::Set(one)),
                Some(Object::Set(two)),
            ) => {
                let mut result = Vec::new();
                for item in &one {
                    let both = self.position(&two, item)?.is_some();
                    if op == BinaryOp::Or || (op == BinaryOp::And) == both {
                        result.push(item.clone());
                    }
                }
                if matches!(op, BinaryOp::Or | BinaryOp::Xor) {
                    for item in &two {
                        if self.position(&one, item)?.is_none() {
                            result.push(item.clone());
                        }
                    }
                }
                Ok(self.allocate(Object::Set(result)))
            }
            _ => self.type_error(&format!("unsupported operand type(s) for {}", op.symbol()), &[left, right]),
        }
    }

    pub(super) fn int_binary(&mut self, op: BinaryOp, left: i64, right: i64) -> R<Value> {
        let floor = |left: i64, right: i64| {
            let quotient = left.checked_div(right)?;
            Some(quotient - i64::from(left % right != 0 && (left < 0) != (right < 0)))
        };
        let zero = right == 0 && matches!(op, BinaryOp::Divide | BinaryOp::FloorDivide | BinaryOp::Remainder);
        if zero {
            return self.raise("ZeroDivisionError", "division by zero");
        }
        let shift = u32::try_from(right).ok();
        let result = match op {
            BinaryOp::Add => left.checked_add(right),
            BinaryOp::Subtract => left.checked_sub(right),
            BinaryOp::Multiply => left.checked_mul(right),
            BinaryOp::Divide if !self.module.facts.shape.python2 => {
                let (one, two) = (Value::Int(left), Value::Int(right));
                let quotient = Self::as_float(&one).zip(Self::as_float(&two)).map(|(one, two)| one / two);
                return Ok(Value::Float(quotient.unwrap_or_default().to_bits()));
            }
            BinaryOp::Divide | BinaryOp::FloorDivide => floor(left, right),
            BinaryOp::Remainder => floor(left, right).map(|quotient| left - quotient * right),
            BinaryOp::Power => shift.and_then(|power| left.checked_pow(power)),
            BinaryOp::LeftShift => {
                shift.filter(|&shift| shift < 63).and_then(|shift| left.checked_mul(1_i64 << shift))
            }
            BinaryOp::RightShift => shift.map(|shift| left >> shift.min(63)),
            BinaryOp::And => Some(left & right),
            BinaryOp::Or => Some(left | right),
            BinaryOp::Xor => Some(left ^ right),
        };
        Self::int(result)
    }

    pub(super) fn float_binary(&mut self, op: BinaryOp, left: f64, right: f64) -> R<Value> {
        let divides = matches!(op, BinaryOp::Divide | BinaryOp::FloorDivide | BinaryOp::Remainder);
        if divides && right == 0.0 {
            return self.raise("ZeroDivisionError", "float division by zero");
        }
        let result = match op {
            BinaryOp::Add => left + right,
            BinaryOp::Subtract => left - right,
            BinaryOp::Multiply => left * right,
            BinaryOp::Divide => left / right,
            BinaryOp::FloorDivide => (left / right).floor(),
            BinaryOp::Remainder => left - right * (left / right).floor(),
            BinaryOp::Power => left.powf(right),
            _ => return self.raise("TypeError", "unsupported operand type(s) for floats"),
        };
        Ok(Value::Float(result.to_bits()))
    }

    pub(super) fn is_instance(&self, value: &Value) -> bool {
        matches!(self.object_of(value), Some(Object::Instance { .. }))
    }

    pub(super) fn equal(&mut self, left: &Value, right: &Value) -> R<bool> {
        if let (Some(one), Some(two)) = (left.as_int(), right.as_int()) {
            return Ok(one == two);
        }
        if let (Some(one), Some(two)) = (Self::as_float(left), Self::as_float(right)) {
            return Ok(one.total_cmp(&two).is_eq() || (one == 0.0 && two == 0.0));
        }
        if left == right {
            return Ok(true);
        }
        let (Some(one), Some(two)) = (self.object_of(left).cloned(), self.object_of(right).cloned()) else {
            return Ok(false);
        };
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
            (Object::Method(function, one), Object::Method(other, two)) => {
                Ok(function == other && one == two)
            }
            _ => Ok(false),
        }
    }

    pub(super) fn order(&mut self, left: &Value, right: &Value) -> R<Ordering> {
        if let (Some(one), Some(two)) = (left.as_int(), right.as_int()) {
            return Ok(one.cmp(&two));
        }
        if let (Some(one), Some(two)) = (Self::as_float(left), Self::as_float(right)) {
            return Ok(one.partial_cmp(&two).unwrap_or(Ordering::Equal));
        }
        if let (Value::Str(one), Value::Str(two)) = (left, right) {
            return Ok(one.cmp(two));
        }
        if let (Some(Object::Tuple(one)), Some(Object::Tuple(two)))
        | (Some(Object::List(one)), Some(Object::List(two))) =
            (self.object_of(left).cloned(), self.object_of(right).cloned())
        {
            for (one, two) in one.iter().zip(&two) {
                if !self.equal(one, two)? {
                    return self.order(one, two);
                }
            }
            return Ok(one.len().cmp(&two.len()));
        }
        if self.module.facts.shape.python2 {
            return beyond("an order between different types, which only python 2 has");
        }
        self.type_error("no order between instances of", &[left, right])
    }

    pub(super) fn compare(&mut self, op: CompareOp, left: &Value, right: &Value) -> R<bool> {
        let order = |machine: &mut Self| machine.order(left, right);
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
        self.touch_value(container, false);
        match self.object_of(container).cloned() {
            Some(Object::Dict(items, _)) => {
                let keys: Vec<Value> = items.into_iter().map(|(key, _)| key).collect();
                Ok(self.position(&keys, item)?.is_some())
            }
            Some(Object::Instance { .. }) => match self.lookup_special(container, CONTAINS) {
                Some(method) => {
                    let found = self.call_back(&method, vec![item.clone()])?;
                    self.truth(&found)
                }
                None => self.type_error("argument is not iterable", &[container]),
            },
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

    /// The elements, each once.
    pub(super) fn unique(&mut self, items: Vec<Value>) -> R<Vec<Value>> {
        let mut kept = Vec::new();
        for item in items {
            self.hashable(&item)?;
            if self.position(&kept, &item)?.is_none() {
                kept.push(item);
            }
        }
        Ok(kept)
    }

    pub(super) fn set_add(&mut self, at: u32, item: Value) -> R<()> {
        self.hashable(&item)?;
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

    pub(super) fn hashable(&mut self, key: &Value) -> R<()> {
        match self.object_of(key) {
            Some(Object::List(_) | Object::Dict(..) | Object::Set(_)) => {
                let name = self.type_name(key);
                self.raise("TypeError", &format!("unhashable type: '{name}'"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn truth(&mut self, value: &Value) -> R<bool> {
        Ok(match value {
            Value::Unbound | Value::None => false,
            Value::Bool(truth) => *truth,
            Value::Int(int) => *int != 0,
            Value::Float(bits) => f64::from_bits(*bits) != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::Native(_) => true,
            Value::Ref(_) => {
                if self.is_instance(value) {
                    if let Some(method) = self.lookup_special(value, BOOL) {
                        let result = self.call_back(&method, Vec::new())?;
                        return self.truth(&result);
                    }
                    return match self.lookup_special(value, LEN) {
                        Some(method) => {
                            let length = self.call_back(&method, Vec::new())?;
                            self.truth(&length)
                        }
                        None => Ok(true),
                    };
                }
                match self.length_of(value) {
                    Some(length) => {
                        self.touch_value(value, false);
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
            _ => return None,
        })
    }

    pub(super) fn length(&mut self, value: &Value) -> R<Value> {
        if let Some(length) = self.length_of(value) {
            self.touch_value(value, false);
            return Self::int(i64::try_from(length).ok());
        }
        if self.is_instance(value)
            && let Some(method) = self.lookup_special(value, LEN)
        {
            return self.call_back(&method, Vec::new());
        }
        self.type_error("object has no len()", &[value])
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

/// The middle of a special method's name.
pub(super) const fn special(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "add",
        BinaryOp::Subtract => "sub",
        BinaryOp::Multiply => "mul",
        BinaryOp::FloorDivide => "floordiv",
        BinaryOp::Divide => "truediv",
        BinaryOp::Remainder => "mod",
        BinaryOp::Power => "pow",
        BinaryOp::LeftShift => "lshift",
        BinaryOp::RightShift => "rshift",
        BinaryOp::And => "and",
        BinaryOp::Or => "or",
        BinaryOp::Xor => "xor",
    }
}

//! Operators, and the names that errors give to types.

use super::library;
use super::machine::{Arguments, LONGEST, Machine, R, Stop, beyond};
use super::numbers::big;
use super::readings::look_into;
use super::state::{Object, Order, Part, Value};
use crate::python::program::{BinaryOp, UnaryOp};

/// What a sequence says that is to be repeated more often than 64 bits can count. In 2.7 such a number is refused.
const TOO_MANY: &str = "cannot fit 'int' into an index-sized integer";

impl Machine<'_> {
    /// The name of a value's type, as messages have it; `None` where that is not modelled.
    pub(super) fn known_type_name(&self, value: &Value) -> Option<String> {
        let python2 = self.module.facts.shape.python2;
        Some(
            match value {
                Value::None => "NoneType",
                Value::Bool(_) => "bool",
                Value::Int(_) | Value::Big(_) | Value::Ident(_) => "int",
                Value::Str(_) | Value::UnknownText(_) => "str",
                Value::Unknown(number) if number.whole => "int",
                Value::Float(_) | Value::Unknown(_) => "float",
                Value::Native(name) if library::is_type(name) => "type",
                Value::Unbound | Value::Elsewhere | Value::Native(_) => return None,
                Value::Ref(at) => match self.state.object(*at) {
                    Object::Tuple(_) => "tuple",
                    Object::List(_) => "list",
                    Object::Dict(_, None) => "dict",
                    Object::Set(_) => "set",
                    Object::Deque(..) => "collections.deque",
                    Object::Range(..) if python2 => "xrange",
                    Object::Range(..) => "range",
                    Object::Function { .. } => "function",
                    Object::Class { .. } if self.is_old_style(value) => "classobj",
                    Object::Class { .. } => "type",
                    Object::Instance { class, .. } if self.is_old_style(class) => "instance",
                    Object::Instance { class, .. } => return Some(self.class_name(class)),
                    // Of python 2 they are instances of old-style classes.
                    _ if python2 => return None,
                    Object::Queue(.., Order::First) => "Queue",
                    Object::Queue(.., Order::Simple) => "_queue.SimpleQueue",
                    Object::Queue(.., Order::Last) => "LifoQueue",
                    Object::Queue(.., Order::Least) => "PriorityQueue",
                    Object::Event(..) => "Event",
                    Object::Lock(_) => "_thread.lock",
                    Object::RLock(..) => "_thread.RLock",
                    _ => return None,
                },
            }
            .to_owned(),
        )
    }

    pub(super) fn type_name(&self, value: &Value) -> String {
        self.known_type_name(value).unwrap_or_else(|| "object".to_owned())
    }

    pub(super) fn class_name(&self, class: &Value) -> String {
        match (class, self.object_of(class)) {
            (Value::Native(name), _) => name.rsplit('.').next().unwrap_or(name).to_owned(),
            (_, Some(Object::Class { name, .. })) => self.name(*name).to_owned(),
            _ => "object".to_owned(),
        }
    }

    /// Raises an exception whose words are not modelled.
    pub(super) fn raise_unworded<T>(&mut self, class: &'static str) -> R<T> {
        self.look_into_operands()?;
        Err(Stop::Raise(self.allocate(Object::Instance {
            class: Value::Native(class),
            attributes: Vec::new(),
            part: Part::Exception(vec![Value::Unbound]),
        })))
    }

    /// Raises a `TypeError` whose words are not modelled.
    pub(super) fn type_error<T>(&mut self, _what: &str, values: &[&Value]) -> R<T> {
        look_into(values)?;
        self.raise_unworded("TypeError")
    }

    /// Raises an exception with the names of the values' types in the places of the message.
    pub(super) fn raise_types<T>(
        &mut self,
        class: &'static str,
        message: &'static str,
        values: &[&Value],
    ) -> R<T> {
        look_into(values)?;
        let names: Option<Vec<String>> = values.iter().map(|value| self.known_type_name(value)).collect();
        match names {
            Some(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                self.raise(class, &Self::fill(message, &names))
            }
            None => self.raise_unworded(class),
        }
    }

    /// Raises an exception with some values as its arguments.
    pub(super) fn raise_with<T>(&mut self, class: &'static str, args: Vec<Value>) -> R<T> {
        Err(Stop::Raise(self.allocate(Object::Instance {
            class: Value::Native(class),
            attributes: Vec::new(),
            part: Part::Exception(args),
        })))
    }

    pub(super) fn unary(&mut self, op: UnaryOp, value: &Value) -> R<Value> {
        if op == UnaryOp::Not {
            return Ok(Value::Bool(!self.truth(value)?));
        }
        match (op, big(value), value) {
            (UnaryOp::Negative, _, Value::Unknown(number)) => {
                Ok(Value::Unknown(number.mapped("neg", number.whole)))
            }
            (UnaryOp::Positive, _, Value::Unknown(_)) => Ok(value.clone()),
            (UnaryOp::Negative, Some(int), _) => self.integer(-int),
            (UnaryOp::Positive, Some(int), _) => self.integer(int),
            (UnaryOp::Invert, Some(int), _) => self.integer(-int - 1),
            (UnaryOp::Negative, _, Value::Float(bits)) => {
                Ok(Value::Float((-f64::from_bits(*bits)).to_bits()))
            }
            (UnaryOp::Positive, _, Value::Float(_)) => Ok(value.clone()),
            _ => {
                let message = match op {
                    UnaryOp::Negative => "bad operand type for unary -: '{}'",
                    UnaryOp::Positive => "bad operand type for unary +: '{}'",
                    _ => "bad operand type for unary ~: '{}'",
                };
                self.raise_types("TypeError", message, &[value])
            }
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

    pub(super) fn binary(&mut self, op: BinaryOp, in_place: bool, left: &Value, right: &Value) -> R<Value> {
        if let Some(result) = self.int_binary(op, left, right)? {
            return Ok(result);
        }
        if big(left).is_some() && big(right).is_some() {
            return self.unsupported(op, in_place, left, right);
        }
        if let (Some(one), Some(two)) = (Self::as_float(left), Self::as_float(right)) {
            return match self.float_binary(op, one, two)? {
                Some(result) => Ok(result),
                None => self.unsupported(op, in_place, left, right),
            };
        }
        if let Some(number) = Self::unknown_binary(op, left, right) {
            return Ok(number);
        }
        if let (Some(text), Some(more), BinaryOp::Add) = (left.letters(), right.letters(), op)
            && (left.is_unknown() || right.is_unknown())
            && text.len() + more.len() <= LONGEST
        {
            return Ok(Value::str(&format!("{text}{more}")));
        }
        if let Value::Str(text) = left {
            let text = std::sync::Arc::clone(text);
            return self.string_binary(op, in_place, &text, left, right);
        }
        if self.is_instance(left) {
            let python2 = self.module.facts.shape.python2;
            let name = special(op);
            let name = if python2 && op == BinaryOp::Divide { "div" } else { name };
            for name in [format!("__i{name}__"), format!("__{name}__")].iter().skip(usize::from(!in_place)) {
                if let Some(number) = self.name_number(name)
                    && let Some(method) = self.lookup_special(left, number)
                {
                    return self.call_back(&method, vec![right.clone()]);
                }
            }
        }
        let sequence = |value: &Value| {
            matches!(value, Value::Str(_))
                || matches!(self.object_of(value), Some(Object::List(_) | Object::Tuple(_)))
        };
        if op == BinaryOp::Multiply
            && ((sequence(left) && matches!(right, Value::Big(_)))
                || (matches!(left, Value::Big(_)) && sequence(right)))
        {
            return self.raise("OverflowError", TOO_MANY);
        }
        if op == BinaryOp::Multiply
            && (left.as_int().is_some() || right.as_int().is_some())
            && let Some(repeated) = self.repeated(in_place, left, right)?
        {
            return Ok(repeated);
        }
        self.container_binary(op, in_place, left, right)
    }

    fn string_binary(
        &mut self,
        op: BinaryOp,
        in_place: bool,
        text: &str,
        left: &Value,
        right: &Value,
    ) -> R<Value> {
        match (op, right) {
            (BinaryOp::Remainder, _) => {
                let args = match self.object_of(right) {
                    Some(Object::Tuple(items)) => items.clone(),
                    Some(Object::Dict(..)) => return beyond("a dict to the right of %"),
                    // What could be a dict need not be used.
                    Some(Object::List(_)) if !text.contains('%') => return Ok(left.clone()),
                    _ => vec![right.clone()],
                };
                self.percent(text, &args).map(|text| Value::str(&text))
            }
            (BinaryOp::Add, Value::Str(more)) => {
                if text.len() + more.len() > LONGEST {
                    return beyond(format!("a string of more than {LONGEST} characters"));
                }
                Ok(Value::str(&format!("{text}{more}")))
            }
            (BinaryOp::Add, _) => {
                let message = self.module.facts.messages.concatenate;
                self.raise_types("TypeError", message, &[right])
            }
            (BinaryOp::Multiply, count) if count.as_int().is_some() => {
                let count = usize::try_from(count.as_int().unwrap_or(0)).unwrap_or(0);
                if text.len().saturating_mul(count) > LONGEST {
                    return beyond(format!("a string of more than {LONGEST} characters"));
                }
                Ok(Value::str(&text.repeat(count)))
            }
            (BinaryOp::Multiply, Value::Big(_)) => self.raise("OverflowError", TOO_MANY),
            (BinaryOp::Multiply, _) => {
                self.raise_types("TypeError", "can't multiply sequence by non-int of type '{}'", &[right])
            }
            _ => self.unsupported(op, in_place, left, right),
        }
    }

    /// A sequence and a number multiplied, in either order.
    fn repeated(&mut self, in_place: bool, left: &Value, right: &Value) -> R<Option<Value>> {
        let (sequence, count) = if right.as_int().is_some() { (left, right) } else { (right, left) };
        let count = usize::try_from(count.as_int().unwrap_or(0)).unwrap_or(0);
        if let Value::Str(text) = sequence {
            if text.len().saturating_mul(count) > LONGEST {
                return beyond(format!("a string of more than {LONGEST} characters"));
            }
            return Ok(Some(Value::str(&text.repeat(count))));
        }
        let tuple = match self.object_of(sequence) {
            Some(Object::Tuple(_)) => true,
            Some(Object::List(_)) => false,
            Some(Object::Deque(..)) => return beyond("a deque multiplied"),
            _ => return Ok(None),
        };
        let items = self.items_of(sequence).unwrap_or_default();
        if items.len().saturating_mul(count) > LONGEST {
            return beyond(format!("a list of more than {LONGEST} elements"));
        }
        let items: Vec<Value> = std::iter::repeat_n(items, count).flatten().collect();
        self.touch_value(sequence, false);
        if let (true, false, Value::Ref(at)) = (in_place && sequence == left, tuple, sequence) {
            self.touch(*at, true);
            *self.state.object_mut(*at) = Object::List(items);
            return Ok(Some(left.clone()));
        }
        Ok(Some(if tuple { self.tuple(items) } else { self.list(items) }))
    }

    fn container_binary(&mut self, op: BinaryOp, in_place: bool, left: &Value, right: &Value) -> R<Value> {
        let (one, two) = (self.object_of(left).cloned(), self.object_of(right).cloned());
        self.touch_value(left, false);
        self.touch_value(right, false);
        match (op, one, two) {
            (BinaryOp::Add, Some(Object::List(_)), _) if in_place && self.is_computed(right) => {
                if let Value::Ref(at) = left {
                    self.extend_by_each(*at, right)?;
                }
                Ok(left.clone())
            }
            (BinaryOp::Add, Some(Object::List(mut items)), other) => {
                let more = match (other, in_place) {
                    (Some(Object::List(more)), _) => more,
                    (_, true) => self.elements(right)?,
                    _ => {
                        let message = "can only concatenate list (not \"{}\") to list";
                        return self.raise_types("TypeError", message, &[right]);
                    }
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
            (BinaryOp::Add, Some(Object::Tuple(_)), _) => {
                self.raise_types("TypeError", "can only concatenate tuple (not \"{}\") to tuple", &[right])
            }
            (BinaryOp::Multiply, Some(Object::List(_) | Object::Tuple(_)), _) => {
                self.raise_types("TypeError", "can't multiply sequence by non-int of type '{}'", &[right])
            }
            (BinaryOp::Multiply, _, Some(Object::List(_) | Object::Tuple(_))) => {
                self.raise_types("TypeError", "can't multiply sequence by non-int of type '{}'", &[left])
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
                if let (true, Value::Ref(at)) = (in_place, left) {
                    self.touch(*at, true);
                    *self.state.object_mut(*at) = Object::Set(result);
                    return Ok(left.clone());
                }
                Ok(self.allocate(Object::Set(result)))
            }
            (_, Some(Object::Dict(..) | Object::Deque(..) | Object::View(..)), _) => {
                beyond(format!("the operator {} on this", op.symbol()))
            }
            _ => self.unsupported(op, in_place, left, right),
        }
    }

    fn unsupported<T>(&mut self, op: BinaryOp, in_place: bool, left: &Value, right: &Value) -> R<T> {
        look_into(&[left, right])?;
        let (Some(one), Some(two)) = (self.known_type_name(left), self.known_type_name(right)) else {
            return self.raise_unworded("TypeError");
        };
        let symbol = match (op, in_place) {
            (BinaryOp::Power, false) => "** or pow()".to_owned(),
            (_, true) => format!("{}=", op.symbol()),
            _ => op.symbol().to_owned(),
        };
        self.raise("TypeError", &format!("unsupported operand type(s) for {symbol}: '{one}' and '{two}'"))
    }

    /// What is called with these values by position, and none by keyword.
    pub(super) const fn positional(values: Vec<Value>) -> Arguments {
        Arguments { positional: values, keywords: Vec::new() }
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

//! The values of the covered part of Python, and what operators and builtins make of them.
//!
//! Semantics are Python's, except that an integer beyond 64 bits is a fault. Lists live on the worker's own [`Heap`], because
//! two names may stand for one list; everything else is immutable and shared by reference count.

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use super::{FaultKind, parse::BinaryOp, parse::CompareOp, parse::UnaryOp};

/// The longest string, list or tuple that is made, in elements; those of tuples within tuples count.
pub const LONGEST: usize = 10_000;

/// What all lists of one worker may hold together, in elements.
const MOST_ELEMENTS: usize = 5 * LONGEST;

/// How many pairs of elements one comparison looks at: a list may hold another one many times over.
pub(super) const MOST_PAIRS: usize = 2 * LONGEST;

/// How deep tuples may nest, and lists before comparing or printing them is refused. Tuples are hashed, compared and
/// dropped by recursion, so that a deep one would overflow the stack.
const DEEPEST: usize = 32;

/// A Python value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// A variable that has no value yet.
    Unbound,
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An integer of at most 64 bits.
    Int(i64),
    /// A string of ASCII characters.
    Str(Arc<str>),
    /// A tuple.
    Tuple(Arc<[Value]>),
    /// A list: its place on the worker's heap.
    List(u32),
    /// A range.
    Range(Range),
    /// An iterator over a range: what is left of it.
    RangeIterator(Range),
    /// An iterator over a tuple, with the index of its next element.
    TupleIterator(Arc<[Value]>, u32),
    /// An iterator over a list, with the index of its next element.
    ListIterator(u32, u32),
    /// An iterator over a string, with the index of its next character.
    StrIterator(Arc<str>, u32),
    /// A Python function: the number of its code.
    Function(u16),
    /// The function that a comprehension is, with the values that it uses of the surrounding function.
    Closure(u16, Arc<[Value]>),
    /// A builtin function or type.
    Builtin(Builtin),
    /// A `threading.Lock`, by its number.
    Lock(u8),
    /// What a `with` block keeps in order to release its lock.
    Exit(u8),
}

/// `range(start, stop, step)`; the step is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    /// The first element.
    pub start: i64,
    /// The end, not included.
    pub stop: i64,
    /// The distance of two elements.
    pub step: i32,
}

impl Range {
    fn len(self) -> u64 {
        let (first, end) = (i128::from(self.start), i128::from(self.stop));
        let step = i128::from(self.step);
        let span = if step > 0 { end - first } else { first - end };
        if span <= 0 {
            return 0;
        }
        let step = step.abs();
        u64::try_from((span + step - 1) / step).unwrap_or(u64::MAX)
    }

    fn get(self, index: u64) -> i64 {
        let value = i128::from(self.start) + i128::from(index) * i128::from(self.step);
        i64::try_from(value).unwrap_or(self.stop)
    }

    /// Takes the first element off.
    #[inline]
    pub(super) fn next(&mut self) -> Option<i64> {
        let more = if self.step > 0 { self.start < self.stop } else { self.start > self.stop };
        more.then(|| {
            let value = self.start;
            // Saturation ends the range just as well: no element can lie beyond `stop`.
            self.start = value.saturating_add(i64::from(self.step));
            value
        })
    }
}

/// A builtin function or type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Builtin {
    /// `abs`
    Abs,
    /// `bool`
    Bool,
    /// `getattr`
    Getattr,
    /// `int`
    Int,
    /// `isinstance`
    Isinstance,
    /// `len`
    Len,
    /// `list`
    List,
    /// `max`
    Max,
    /// `min`
    Min,
    /// `print`
    Print,
    /// `range`
    Range,
    /// `setattr`
    Setattr,
    /// `str`
    Str,
    /// `sum`
    Sum,
    /// `tuple`
    Tuple,
    /// `type`
    Type,
    /// Python 2's `xrange`.
    Xrange,
    /// The type of `None`.
    NoneType,
    /// The type of Python functions.
    FunctionType,
    /// The type of builtin functions.
    BuiltinFunctionType,
    /// The type of locks.
    LockType,
}

impl Builtin {
    const NAMED: [(&'static str, Self); 16] = [
        ("abs", Self::Abs),
        ("bool", Self::Bool),
        ("getattr", Self::Getattr),
        ("int", Self::Int),
        ("isinstance", Self::Isinstance),
        ("len", Self::Len),
        ("list", Self::List),
        ("max", Self::Max),
        ("min", Self::Min),
        ("print", Self::Print),
        ("range", Self::Range),
        ("setattr", Self::Setattr),
        ("str", Self::Str),
        ("sum", Self::Sum),
        ("tuple", Self::Tuple),
        ("type", Self::Type),
    ];

    /// The builtin of that name, if it is covered.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|&(_, builtin)| builtin)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Xrange => "xrange",
            Self::NoneType => "NoneType",
            Self::FunctionType => "function",
            Self::BuiltinFunctionType => "builtin_function_or_method",
            Self::LockType => "lock",
            named => Self::NAMED.iter().find(|&&(_, builtin)| builtin == named).map_or("", |&(name, _)| name),
        }
    }

    const fn is_type(self) -> bool {
        matches!(
            self,
            Self::Bool
                | Self::Int
                | Self::List
                | Self::Range
                | Self::Str
                | Self::Tuple
                | Self::Type
                | Self::NoneType
                | Self::FunctionType
                | Self::BuiltinFunctionType
                | Self::LockType
        )
    }
}

/// The lists of one worker. A [`Value::List`] is an index into it.
pub(super) type Heap = Vec<Vec<Value>>;

type Result<T> = std::result::Result<T, FaultKind>;

fn type_error<T>(text: String) -> Result<T> {
    Err(FaultKind::Type(text))
}

impl Value {
    pub(super) fn str(text: &str) -> Self {
        Self::Str(text.into())
    }

    /// Whether it may weigh more than one element: a string or a tuple.
    pub(super) const fn has_weight(&self) -> bool {
        matches!(self, Self::Tuple(_) | Self::Str(_))
    }

    /// The type, as `type()` gives it.
    fn type_of(&self) -> Builtin {
        match self {
            Self::None | Self::Unbound => Builtin::NoneType,
            Self::Bool(_) => Builtin::Bool,
            Self::Int(_) => Builtin::Int,
            Self::Str(_) | Self::StrIterator(..) => Builtin::Str,
            Self::Tuple(_) | Self::TupleIterator(..) => Builtin::Tuple,
            Self::List(_) | Self::ListIterator(..) => Builtin::List,
            Self::Range(_) | Self::RangeIterator(_) => Builtin::Range,
            Self::Function(_) | Self::Closure(..) => Builtin::FunctionType,
            Self::Builtin(builtin) if builtin.is_type() => Builtin::Type,
            Self::Builtin(_) | Self::Exit(_) => Builtin::BuiltinFunctionType,
            Self::Lock(_) => Builtin::LockType,
        }
    }

    /// The name of its type.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.type_of().name()
    }

    /// The integer that a number or truth value counts as.
    #[inline]
    pub(super) fn as_int(&self) -> Option<i64> {
        match *self {
            Self::Int(value) => Some(value),
            Self::Bool(value) => Some(i64::from(value)),
            _ => None,
        }
    }

    /// Whether it counts as true.
    #[inline]
    pub(super) fn truth(&self, heap: &Heap) -> bool {
        match self {
            Self::None | Self::Unbound => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Str(text) => !text.is_empty(),
            Self::Tuple(items) => !items.is_empty(),
            Self::List(id) => !list(heap, *id).is_empty(),
            Self::Range(range) => range.len() > 0,
            _ => true,
        }
    }
}

/// The elements of a list. An index that the heap does not have cannot occur; it reads as an empty list.
pub(super) fn list(heap: &Heap, id: u32) -> &[Value] {
    heap.get(id as usize).map_or(&[], Vec::as_slice)
}

fn small(len: usize) -> Result<usize> {
    if len > LONGEST {
        return Err(FaultKind::TooLong);
    }
    Ok(len)
}

/// Takes what a value weighs off `left`: itself, its text, and what a tuple holds, as often as it holds it.
fn weigh(value: &Value, left: &mut usize, depth: usize) -> Result<()> {
    let text = if let Value::Str(text) | Value::StrIterator(text, _) = value { text.len() / 16 } else { 0 };
    *left = left.checked_sub(1 + text).ok_or(FaultKind::TooLong)?;
    if let Value::Tuple(items) | Value::TupleIterator(items, _) | Value::Closure(_, items) = value {
        if depth > DEEPEST {
            return Err(too_deep());
        }
        for item in items.iter() {
            weigh(item, left, depth + 1)?;
        }
    }
    Ok(())
}

/// What values weigh, in elements; more than that is a fault.
fn weight_within(values: &[Value], most: usize) -> Result<usize> {
    let mut left = most;
    for value in values {
        weigh(value, &mut left, 2)?;
    }
    Ok(most - left)
}

/// What values and lists weigh, in elements, about 24 bytes each.
pub(super) fn weight(values: &[Value], heap: &Heap) -> usize {
    let lists = heap.iter().map(Vec::as_slice);
    lists.chain([values]).map(|values| 1 + weight_within(values, usize::MAX).unwrap_or(LONGEST)).sum()
}

/// Whether the lists may hold so many more.
fn room(heap: &Heap, more: usize) -> Result<()> {
    let elements: usize = heap.iter().map(|items| 1 + items.len()).sum();
    if elements + more > MOST_ELEMENTS {
        return Err(FaultKind::NotCovered(format!(
            "lists with more than {MOST_ELEMENTS} elements in all are not covered: use fewer or shorter ones"
        )));
    }
    Ok(())
}

/// Makes a tuple.
pub(super) fn new_tuple(items: Vec<Value>) -> Result<Value> {
    weight_within(&items, LONGEST)?;
    Ok(Value::Tuple(items.into()))
}

/// Appends to a list.
pub(super) fn append(heap: &mut Heap, id: u32, item: Value) -> Result<()> {
    room(heap, 1)?;
    let heavy = item.has_weight();
    if let Some(items) = heap.get_mut(id as usize) {
        items.push(item);
        small(items.len())?;
        // Weighing all of a list each time would be slow where numbers are appended.
        if heavy {
            weight_within(items, LONGEST)?;
        }
    }
    Ok(())
}

/// Makes a list.
pub(super) fn new_list(heap: &mut Heap, items: Vec<Value>) -> Result<Value> {
    weight_within(&items, LONGEST)?;
    room(heap, 1 + items.len())?;
    let id = u32::try_from(heap.len()).map_err(|_| FaultKind::TooLong)?;
    heap.push(items);
    Ok(Value::List(id))
}

pub(super) fn unary(op: UnaryOp, value: &Value, heap: &Heap) -> Result<Value> {
    if op == UnaryOp::Not {
        return Ok(Value::Bool(!value.truth(heap)));
    }
    let Some(int) = value.as_int() else {
        return type_error(format!("bad operand type for a unary operator: {}", value.type_name()));
    };
    Ok(Value::Int(match op {
        UnaryOp::Negative => int.checked_neg().ok_or(FaultKind::Overflow)?,
        UnaryOp::Invert => !int,
        UnaryOp::Positive | UnaryOp::Not => int,
    }))
}

pub(super) fn int_binary(op: BinaryOp, left: i64, right: i64) -> Result<i64> {
    let checked = match op {
        BinaryOp::Add => left.checked_add(right),
        BinaryOp::Subtract => left.checked_sub(right),
        BinaryOp::Multiply => left.checked_mul(right),
        // Python 2 floors; Python 3 is refused by the compiler.
        BinaryOp::FloorDivide | BinaryOp::Divide => {
            if right == 0 {
                return Err(FaultKind::ZeroDivision);
            }
            left.checked_div(right).map(|quotient| {
                let inexact = left.checked_rem(right).is_some_and(|rest| rest != 0);
                quotient - i64::from(inexact && (left < 0) != (right < 0))
            })
        }
        BinaryOp::Remainder => {
            if right == 0 {
                return Err(FaultKind::ZeroDivision);
            }
            let rest = left.checked_rem(right).unwrap_or(0);
            Some(if rest != 0 && (rest < 0) != (right < 0) { rest + right } else { rest })
        }
        BinaryOp::Power => {
            if right < 0 {
                return Err(FaultKind::NotCovered(
                    "a negative exponent gives a float, which is not covered".to_owned(),
                ));
            }
            match left {
                0 | 1 => Some(if right == 0 { 1 } else { left }),
                -1 => Some(if right % 2 == 0 { 1 } else { -1 }),
                _ => u32::try_from(right).ok().and_then(|exponent| left.checked_pow(exponent)),
            }
        }
        BinaryOp::LeftShift | BinaryOp::RightShift if right < 0 => {
            return Err(FaultKind::Value("negative shift count".to_owned()));
        }
        BinaryOp::LeftShift => {
            if left == 0 {
                Some(0)
            } else {
                let shift = u32::try_from(right).ok().filter(|&shift| shift < 64);
                shift.and_then(|shift| i64::try_from(i128::from(left) << shift).ok())
            }
        }
        BinaryOp::RightShift => Some(left >> right.min(63)),
        BinaryOp::And => Some(left & right),
        BinaryOp::Or => Some(left | right),
        BinaryOp::Xor => Some(left ^ right),
    };
    checked.ok_or(FaultKind::Overflow)
}

/// `left op right`, or with `in_place` what `left op= right` leaves in `left`.
pub(super) fn binary(
    op: BinaryOp,
    in_place: bool,
    left: &Value,
    right: &Value,
    heap: &mut Heap,
) -> Result<Value> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => match op {
            BinaryOp::And => return Ok(Value::Bool(left & right)),
            BinaryOp::Or => return Ok(Value::Bool(left | right)),
            BinaryOp::Xor => return Ok(Value::Bool(left ^ right)),
            _ => {}
        },
        (Value::Builtin(kind), _) | (_, Value::Builtin(kind)) if op == BinaryOp::Or && kind.is_type() => {
            return Err(FaultKind::NotCovered("a union of types is not covered".to_owned()));
        }
        (Value::Str(_), _) if op == BinaryOp::Remainder => {
            return Err(FaultKind::NotCovered("formatting with % is not covered".to_owned()));
        }
        _ => {}
    }
    if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
        return int_binary(op, left, right).map(Value::Int);
    }
    match (op, left, right) {
        (BinaryOp::Add, Value::Str(left), Value::Str(right)) => {
            small(left.len() + right.len())?;
            Ok(Value::Str(format!("{left}{right}").into()))
        }
        (BinaryOp::Add, Value::Tuple(left), Value::Tuple(right)) => {
            small(left.len() + right.len())?;
            new_tuple(left.iter().chain(right.iter()).cloned().collect())
        }
        (BinaryOp::Add, &Value::List(id), _) if in_place => {
            let more = elements(right, heap)?;
            small(list(heap, id).len() + more.len())?;
            room(heap, more.len())?;
            if let Some(items) = heap.get_mut(id as usize) {
                items.extend(more);
                weight_within(items, LONGEST)?;
            }
            Ok(left.clone())
        }
        (BinaryOp::Add, Value::List(left), Value::List(right)) => {
            let items = [list(heap, *left), list(heap, *right)].concat();
            new_list(heap, items)
        }
        (BinaryOp::Multiply, sequence, count) if count.as_int().is_some() => {
            repeat(sequence, count, in_place, heap)
        }
        (BinaryOp::Multiply, count, sequence) if count.as_int().is_some() => {
            repeat(sequence, count, false, heap)
        }
        _ => type_error(format!(
            "unsupported operand types for {}: {} and {}",
            op.symbol(),
            left.type_name(),
            right.type_name()
        )),
    }
}

fn repeat(sequence: &Value, count: &Value, in_place: bool, heap: &mut Heap) -> Result<Value> {
    let count = count.as_int().unwrap_or(0).max(0);
    let times = |len: usize| -> Result<usize> {
        if len == 0 {
            return Ok(0);
        }
        let count = usize::try_from(count).map_err(|_| FaultKind::TooLong)?;
        small(len.checked_mul(count).ok_or(FaultKind::TooLong)?)?;
        Ok(count)
    };
    match sequence {
        Value::Str(text) => Ok(Value::Str(text.repeat(times(text.len())?).into())),
        Value::Tuple(items) => {
            let count = times(items.len())?;
            new_tuple(repeated(items, count))
        }
        &Value::List(id) => {
            let items = list(heap, id);
            let items = repeated(items, times(items.len())?);
            if !in_place {
                return new_list(heap, items);
            }
            weight_within(&items, LONGEST)?;
            room(heap, items.len())?;
            if let Some(place) = heap.get_mut(id as usize) {
                *place = items;
            }
            Ok(sequence.clone())
        }
        other => type_error(format!("cannot multiply a {}", other.type_name())),
    }
}

/// Python tells a list that contains itself from one that is merely deep; the model refuses both.
fn too_deep() -> FaultKind {
    FaultKind::NotCovered(format!("lists and tuples that nest more than {DEEPEST} deep are not covered"))
}

fn repeated(items: &[Value], count: usize) -> Vec<Value> {
    (0..count).flat_map(|_| items.iter().cloned()).collect()
}

/// Takes one pair off those that a comparison may still look at.
fn look_at_pair(pairs: &mut usize, depth: usize) -> Result<()> {
    if depth > DEEPEST {
        return Err(too_deep());
    }
    *pairs = pairs.checked_sub(1).ok_or_else(|| {
        FaultKind::NotCovered(format!("comparing more than {MOST_PAIRS} pairs of elements is not covered"))
    })?;
    Ok(())
}

fn equal(left: &Value, right: &Value, heap: &Heap, depth: usize, pairs: &mut usize) -> Result<bool> {
    look_at_pair(pairs, depth)?;
    let mut all = |left: &[Value], right: &[Value]| -> Result<bool> {
        if left.len() != right.len() {
            return Ok(false);
        }
        for (left, right) in left.iter().zip(right) {
            if !equal(left, right, heap, depth + 1, pairs)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
        return Ok(left == right);
    }
    match (left, right) {
        (Value::Tuple(left), Value::Tuple(right)) => all(left, right),
        (Value::List(left), Value::List(right)) => all(list(heap, *left), list(heap, *right)),
        (Value::Range(left), Value::Range(right)) => {
            let len = left.len();
            Ok(len == right.len()
                && (len == 0 || left.start == right.start)
                && (len <= 1 || left.step == right.step))
        }
        _ => Ok(left == right),
    }
}

fn order(left: &Value, right: &Value, heap: &Heap, depth: usize, pairs: &mut usize) -> Result<Ordering> {
    look_at_pair(pairs, depth)?;
    let mut sequences = |left: &[Value], right: &[Value]| -> Result<Ordering> {
        for (left, right) in left.iter().zip(right) {
            if !equal(left, right, heap, depth + 1, pairs)? {
                return order(left, right, heap, depth + 1, pairs);
            }
        }
        Ok(left.len().cmp(&right.len()))
    };
    if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
        return Ok(left.cmp(&right));
    }
    match (left, right) {
        (Value::Str(left), Value::Str(right)) => Ok(left.cmp(right)),
        (Value::Tuple(left), Value::Tuple(right)) => sequences(left, right),
        (Value::List(left), Value::List(right)) => sequences(list(heap, *left), list(heap, *right)),
        _ => type_error(format!("cannot order a {} and a {}", left.type_name(), right.type_name())),
    }
}

fn same(left: &Value, right: &Value) -> Result<bool> {
    match (left, right) {
        (Value::Int(_), Value::Int(_))
        | (Value::Str(_), Value::Str(_))
        | (Value::Tuple(_), Value::Tuple(_))
        | (Value::Range(_), Value::Range(_)) => Err(FaultKind::NotCovered(format!(
            "whether two of type {} are one object is not covered: use ==",
            left.type_name()
        ))),
        _ => Ok(left == right),
    }
}

/// `left op right`. `pairs` is how many pairs of elements may be looked at; what is left of them is left there.
pub(super) fn compare(
    op: CompareOp,
    left: &Value,
    right: &Value,
    heap: &Heap,
    pairs: &mut usize,
) -> Result<bool> {
    match op {
        CompareOp::Equal => equal(left, right, heap, 0, pairs),
        CompareOp::NotEqual => equal(left, right, heap, 0, pairs).map(|equal| !equal),
        CompareOp::Less => order(left, right, heap, 0, pairs).map(Ordering::is_lt),
        CompareOp::LessEqual => order(left, right, heap, 0, pairs).map(Ordering::is_le),
        CompareOp::Greater => order(left, right, heap, 0, pairs).map(Ordering::is_gt),
        CompareOp::GreaterEqual => order(left, right, heap, 0, pairs).map(Ordering::is_ge),
        CompareOp::Is => same(left, right),
        CompareOp::IsNot => same(left, right).map(|same| !same),
        CompareOp::In => contains(left, right, heap, pairs),
        CompareOp::NotIn => contains(left, right, heap, pairs).map(|contains| !contains),
    }
}

fn contains(item: &Value, container: &Value, heap: &Heap, pairs: &mut usize) -> Result<bool> {
    match (container, item) {
        (Value::Str(text), Value::Str(part)) => Ok(text.contains(&**part)),
        (Value::Str(_), other) => type_error(format!("cannot search a {} in a str", other.type_name())),
        (Value::Range(range), item) => Ok(item.as_int().is_some_and(|item| {
            let distance = i128::from(item) - i128::from(range.start);
            let step = i128::from(range.step);
            distance % step == 0 && distance / step >= 0 && distance / step < i128::from(range.len())
        })),
        _ => {
            for element in elements(container, heap)? {
                if equal(&element, item, heap, 0, pairs)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

/// What an iteration over `value` yields.
fn elements(value: &Value, heap: &Heap) -> Result<Vec<Value>> {
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
pub(super) fn unpack(value: &Value, count: usize, heap: &Heap) -> Result<Vec<Value>> {
    let items = elements(value, heap)?;
    if items.len() != count {
        return Err(FaultKind::Value(format!("{count} values to unpack expected, {} found", items.len())));
    }
    Ok(items)
}

/// `iter(value)`.
pub(super) fn iterator(value: &Value) -> Result<Value> {
    match value {
        Value::Range(range) => Ok(Value::RangeIterator(*range)),
        Value::Tuple(items) => Ok(Value::TupleIterator(Arc::clone(items), 0)),
        Value::List(id) => Ok(Value::ListIterator(*id, 0)),
        Value::Str(text) => Ok(Value::StrIterator(Arc::clone(text), 0)),
        other => type_error(format!("a {} is not iterable", other.type_name())),
    }
}

/// `next(iterator)`, or nothing when it is exhausted.
pub(super) fn next(iterator: &mut Value, heap: &Heap) -> Option<Value> {
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
fn place(index: &Value, len: u64) -> Result<u64> {
    let Some(index) = index.as_int() else {
        return type_error(format!("an index must be an integer, not a {}", index.type_name()));
    };
    let place = if index < 0 { i128::from(index) + i128::from(len) } else { i128::from(index) };
    u64::try_from(place).ok().filter(|&place| place < len).ok_or(FaultKind::Index)
}

/// `container[index]`.
pub(super) fn subscript(container: &Value, index: &Value, heap: &Heap) -> Result<Value> {
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
pub(super) fn store_subscript(container: &Value, index: &Value, value: Value, heap: &mut Heap) -> Result<()> {
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

fn length(value: &Value, heap: &Heap) -> Result<Value> {
    let len = match value {
        Value::Str(text) => text.len() as u64,
        Value::Tuple(items) => items.len() as u64,
        Value::List(id) => list(heap, *id).len() as u64,
        Value::Range(range) => range.len(),
        other => return type_error(format!("a {} has no len()", other.type_name())),
    };
    i64::try_from(len).map(Value::Int).map_err(|_| FaultKind::Overflow)
}

fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if letter == quote => {
                out.push('\\');
                out.push(letter);
            }
            _ if letter.is_ascii_control() => {
                out.push_str("\\x");
                for shift in [4, 0] {
                    let digit = u32::from(letter) >> shift & 15;
                    out.extend(char::from_digit(digit, 16));
                }
            }
            _ => out.push(letter),
        }
    }
    out.push(quote);
    out
}

fn repr(value: &Value, heap: &Heap, depth: usize) -> Result<String> {
    if depth > DEEPEST {
        return Err(too_deep());
    }
    let joined = |items: &[Value]| -> Result<String> {
        let mut text = String::new();
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                text.push_str(", ");
            }
            text.push_str(&repr(item, heap, depth + 1)?);
            small(text.len())?;
        }
        Ok(text)
    };
    Ok(match value {
        Value::None => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(value) => value.to_string(),
        Value::Str(text) => quoted(text),
        Value::Tuple(items) if items.len() == 1 => format!("({},)", joined(items)?),
        Value::Tuple(items) => format!("({})", joined(items)?),
        Value::List(id) => format!("[{}]", joined(list(heap, *id))?),
        Value::Range(range) if range.step == 1 => format!("range({}, {})", range.start, range.stop),
        Value::Range(range) => format!("range({}, {}, {})", range.start, range.stop, range.step),
        other => {
            return Err(FaultKind::NotCovered(format!("the text of a {} is not covered", other.type_name())));
        }
    })
}

/// `str(value)`.
pub(super) fn to_str(value: &Value, heap: &Heap) -> Result<Value> {
    match value {
        Value::Str(_) => Ok(value.clone()),
        other => repr(other, heap, 0).map(|text| Value::Str(text.into())),
    }
}

fn parse_int(text: &str, base: i64) -> Result<Value> {
    let invalid = || FaultKind::Value(format!("invalid literal for int(): {}", quoted(text)));
    let radix = u32::try_from(base)
        .ok()
        .filter(|radix| (2..=36).contains(radix))
        .ok_or_else(|| FaultKind::NotCovered("this base of int() is not covered".to_owned()))?;
    let trimmed = text.trim();
    let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(invalid());
    }
    i64::from_str_radix(trimmed, radix).map(Value::Int).map_err(|_| FaultKind::Overflow)
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

/// What Python's own objects have, and so is neither absent nor covered.
const ATTRIBUTES: &[&str] = &[
    "acquire",
    "append",
    "as_integer_ratio",
    "bit_count",
    "bit_length",
    "capitalize",
    "casefold",
    "center",
    "clear",
    "conjugate",
    "copy",
    "count",
    "decode",
    "encode",
    "endswith",
    "expandtabs",
    "extend",
    "find",
    "format",
    "format_map",
    "from_bytes",
    "func_closure",
    "func_code",
    "func_defaults",
    "func_dict",
    "func_doc",
    "func_globals",
    "func_name",
    "index",
    "insert",
    "is_integer",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "locked",
    "locked_lock",
    "lower",
    "lstrip",
    "maketrans",
    "mro",
    "partition",
    "pop",
    "release",
    "remove",
    "removeprefix",
    "removesuffix",
    "replace",
    "reverse",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "sort",
    "split",
    "splitlines",
    "start",
    "startswith",
    "step",
    "stop",
    "strip",
    "swapcase",
    "title",
    "to_bytes",
    "translate",
    "upper",
    "zfill",
];

fn get_attribute(object: &Value, name: &Value, default: Option<&Value>) -> Result<Value> {
    let Value::Str(name) = name else {
        return type_error("the name of an attribute must be a str".to_owned());
    };
    match (object.as_int(), &**name) {
        (Some(value), "real" | "numerator") => return Ok(Value::Int(value)),
        (Some(_), "imag") => return Ok(Value::Int(0)),
        (Some(_), "denominator") => return Ok(Value::Int(1)),
        _ => {}
    }
    if name.starts_with("__") || ATTRIBUTES.contains(&&**name) {
        return Err(FaultKind::NotCovered(format!("the attribute {name} is not covered")));
    }
    default
        .cloned()
        .ok_or_else(|| FaultKind::Attribute(format!("a {} has no attribute {name}", object.type_name())))
}

fn range(args: &[Value]) -> Result<Range> {
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

/// Calls a builtin. `range_is_list` is Python 2's habit; `pairs` is as for [`compare`].
pub(super) fn call(
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

fn sum(items: &Value, start: Value, heap: &mut Heap, pairs: &mut usize) -> Result<Value> {
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

/// Drops the lists that no root reaches and numbers the others in the order in which the roots reach them, so that equal
/// states compare equal.
pub(super) fn collect(roots: &mut [Value], heap: &mut Heap) {
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

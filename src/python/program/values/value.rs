//! Values, the heap of lists, and how large they may become.

use super::super::fault::{FaultKind, LONGEST};
use super::builtin::Builtin;
use std::sync::Arc;

/// What all lists of one worker may hold together, in elements.
pub(crate) const MOST_ELEMENTS: usize = 5 * LONGEST;

/// How deep tuples may nest, and lists before comparing or printing them is refused. Tuples are hashed, compared and
/// dropped by recursion, so that a deep one would overflow the stack.
pub(crate) const DEEPEST: usize = 32;

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
    pub(crate) fn len(self) -> u64 {
        let (first, end) = (i128::from(self.start), i128::from(self.stop));
        let step = i128::from(self.step);
        let span = if step > 0 { end - first } else { first - end };
        if span <= 0 {
            return 0;
        }
        let step = step.abs();
        u64::try_from((span + step - 1) / step).unwrap_or(u64::MAX)
    }

    pub(crate) fn get(self, index: u64) -> i64 {
        let value = i128::from(self.start) + i128::from(index) * i128::from(self.step);
        i64::try_from(value).unwrap_or(self.stop)
    }

    /// Takes the first element off.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<i64> {
        let more = if self.step > 0 { self.start < self.stop } else { self.start > self.stop };
        more.then(|| {
            let value = self.start;
            // Saturation ends the range just as well: no element can lie beyond `stop`.
            self.start = value.saturating_add(i64::from(self.step));
            value
        })
    }
}

/// The lists of one worker. A [`Value::List`] is an index into it.
pub(crate) type Heap = Vec<Vec<Value>>;

pub(crate) type Result<T> = std::result::Result<T, FaultKind>;

pub(crate) fn type_error<T>(text: String) -> Result<T> {
    Err(FaultKind::Type(text))
}

/// Python tells a list that contains itself from one that is merely deep; the model refuses both.
pub(crate) fn too_deep() -> FaultKind {
    FaultKind::NotCovered(format!("lists and tuples that nest more than {DEEPEST} deep are not covered"))
}

impl Value {
    pub(crate) fn str(text: &str) -> Self {
        Self::Str(text.into())
    }

    /// Whether it may weigh more than one element: a string or a tuple.
    pub(crate) const fn has_weight(&self) -> bool {
        matches!(self, Self::Tuple(_) | Self::Str(_))
    }

    /// The type, as `type()` gives it.
    pub(crate) fn type_of(&self) -> Builtin {
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
    pub(crate) fn as_int(&self) -> Option<i64> {
        match *self {
            Self::Int(value) => Some(value),
            Self::Bool(value) => Some(i64::from(value)),
            _ => None,
        }
    }

    /// Whether it counts as true.
    #[inline]
    pub(crate) fn truth(&self, heap: &Heap) -> bool {
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
pub(crate) fn list(heap: &Heap, id: u32) -> &[Value] {
    heap.get(id as usize).map_or(&[], Vec::as_slice)
}

pub(crate) fn small(len: usize) -> Result<usize> {
    if len > LONGEST {
        return Err(FaultKind::TooLong);
    }
    Ok(len)
}

/// Takes what a value weighs off `left`: itself, its text, and what a tuple holds, as often as it holds it.
pub(crate) fn weigh(value: &Value, left: &mut usize, depth: usize) -> Result<()> {
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
pub(crate) fn weight_within(values: &[Value], most: usize) -> Result<usize> {
    let mut left = most;
    for value in values {
        weigh(value, &mut left, 2)?;
    }
    Ok(most - left)
}

/// What values and lists weigh, in elements, about 24 bytes each.
pub(crate) fn weight(values: &[Value], heap: &Heap) -> usize {
    let lists = heap.iter().map(Vec::as_slice);
    lists.chain([values]).map(|values| 1 + weight_within(values, usize::MAX).unwrap_or(LONGEST)).sum()
}

/// Whether the lists may hold so many more.
pub(crate) fn room(heap: &Heap, more: usize) -> Result<()> {
    let elements: usize = heap.iter().map(|items| 1 + items.len()).sum();
    if elements + more > MOST_ELEMENTS {
        return Err(FaultKind::NotCovered(format!(
            "lists with more than {MOST_ELEMENTS} elements in all are not covered: use fewer or shorter ones"
        )));
    }
    Ok(())
}

/// Makes a tuple.
pub(crate) fn new_tuple(items: Vec<Value>) -> Result<Value> {
    weight_within(&items, LONGEST)?;
    Ok(Value::Tuple(items.into()))
}

/// Appends to a list.
pub(crate) fn append(heap: &mut Heap, id: u32, item: Value) -> Result<()> {
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
pub(crate) fn new_list(heap: &mut Heap, items: Vec<Value>) -> Result<Value> {
    weight_within(&items, LONGEST)?;
    room(heap, 1 + items.len())?;
    let id = u32::try_from(heap.len()).map_err(|_| FaultKind::TooLong)?;
    heap.push(items);
    Ok(Value::List(id))
}

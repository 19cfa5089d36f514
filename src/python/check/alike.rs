//! Whether a thread stands alike in two states: at the same place, with the same values of its own.

use std::collections::BTreeSet;

use super::machine::Location;
use super::state::{Object, State, Thread, Value};

/// How deep values are compared.
const DEEPEST: usize = 8;

/// Two states, of which a thread's own values are compared.
pub(super) struct View<'s> {
    pub(super) states: (&'s State, &'s State),
    pub(super) shared: &'s BTreeSet<Location>,
    /// Whether numbers and texts have to be the same, and not only of the same type.
    pub(super) exactly: bool,
}

impl View<'_> {
    /// Whether a thread is at the same place in both states, with such values.
    pub(super) fn stands_alike(&self, thread: usize) -> bool {
        let (one, other): (&Thread, &Thread) =
            (&self.states.0.threads[thread], &self.states.1.threads[thread]);
        one.frames.len() == other.frames.len()
            && one.frames.iter().zip(&other.frames).all(|(one, other)| {
                (one.code, one.pc) == (other.code, other.pc)
                    && self.same_all(&one.slots, &other.slots, 0)
                    && self.same_all(&one.stack, &other.stack, 0)
                    && self.same_all(&one.handling, &other.handling, 0)
                    && self.same_all(&one.progress, &other.progress, 0)
            })
    }

    /// Whether two containers have as many elements.
    pub(super) fn as_long(&self, one: &Value, other: &Value) -> bool {
        let (Value::Ref(one), Value::Ref(other)) = (one, other) else { return false };
        let length = |state: &State, at: u32| match state.object(at) {
            Object::List(items) | Object::Deque(items, _) => Some(items.len()),
            _ => None,
        };
        let length_of_one = length(self.states.0, *one);
        length_of_one.is_some() && length_of_one == length(self.states.1, *other)
    }

    pub(super) fn same_all(&self, one: &[Value], other: &[Value], depth: usize) -> bool {
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| self.same(one, other, depth))
    }

    /// Whether two values are the same: what threads share is the same object, whatever it holds by now.
    fn same(&self, one: &Value, other: &Value, depth: usize) -> bool {
        let (Value::Ref(one), Value::Ref(other)) = (one, other) else {
            let alike = std::mem::discriminant(one) == std::mem::discriminant(other);
            return one == other || alike && !self.exactly;
        };
        let place = *one;
        let (one, other) = (&self.states.0.heap[place as usize], &self.states.1.heap[*other as usize]);
        // What an object holds that others can come to is no knowledge of the thread's; what it has made and not handed out is.
        let is_shared = self.shared.contains(&Location::Content(one.site))
            || matches!(one.object, Object::Instance { .. }) && self.states.0.is_in_reach(place);
        one.site == other.site
            && (is_shared || depth > DEEPEST || self.same_object(&one.object, &other.object, depth + 1))
    }

    fn same_object(&self, one: &Object, other: &Object, depth: usize) -> bool {
        match (one, other) {
            (Object::Tuple(one), Object::Tuple(other))
            | (Object::List(one), Object::List(other))
            | (Object::Set(one), Object::Set(other))
            | (Object::Deque(one, _), Object::Deque(other, _))
            | (Object::Queue(one, ..), Object::Queue(other, ..)) => self.same_all(one, other, depth),
            (Object::Dict(one, _), Object::Dict(other, _)) => {
                one.len() == other.len()
                    && one.iter().zip(other).all(|(one, other)| {
                        self.same(&one.0, &other.0, depth) && self.same(&one.1, &other.1, depth)
                    })
            }
            (Object::Iterator(one, at, _), Object::Iterator(other, there, _)) => {
                at == there && self.same(one, other, depth)
            }
            (Object::Cell(one), Object::Cell(other))
            | (Object::SharedValue(one, _), Object::SharedValue(other, _)) => self.same(one, other, depth),
            (Object::Instance { attributes: one, .. }, Object::Instance { attributes: other, .. }) => {
                one.len() == other.len()
                    && one
                        .iter()
                        .zip(other)
                        .all(|((one, value), (other, there))| one == other && self.same(value, there, depth))
            }
            _ => std::mem::discriminant(one) == std::mem::discriminant(other),
        }
    }
}

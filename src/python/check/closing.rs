//! Generators that are dropped before their end. CPython closes one at once: a `with` or `finally` in which it waits is left, and what an
//! executor's `map()` has not begun is cancelled. That is not modelled, and so refused.

use super::machine::{Beyond, Machine};
use super::state::{Frame, Lazy, Object};
use crate::python::program::Position;

impl Machine<'_> {
    /// Drops what nothing reaches.
    pub(super) fn compact(&mut self) -> Result<(), Beyond> {
        let has_guarded = self.module.codes.iter().any(|code| code.generator && !code.handlers.is_empty());
        if !has_guarded && self.name_number("map").is_none() {
            self.state.compact();
            return Ok(());
        }
        let (guarded, maps) = (self.guarded_generators(), self.maps_under_way());
        self.state.compact();
        let place = |position: Option<Position>| position.map(|position| self.module.place(position));
        if self.guarded_generators().len() != guarded.len() {
            return Err(Beyond {
                what: "a generator that is left in the midst of a try or with, which ends that".to_owned(),
                place: place(guarded.first().copied().flatten()),
            });
        }
        if self.maps_under_way() < maps {
            return Err(Beyond {
                what: "what map() gives, left before its end, which cancels what has not begun".to_owned(),
                place: place(self.instruction(self.thread).and_then(|instruction| instruction.position)),
            });
        }
        Ok(())
    }

    /// Where generators wait in which an exception would be met.
    fn guarded_generators(&self) -> Vec<Option<Position>> {
        let waiting = self.state.heap.iter().filter_map(|entry| match &entry.object {
            Object::Generator(Ok(frame)) if self.is_guarded(frame) => {
                Some(self.module.instruction(frame.code, frame.pc as usize)?.position)
            }
            _ => None,
        });
        waiting.collect()
    }

    /// How many results of an executor's `map()` are gone through of which some have not begun.
    fn maps_under_way(&self) -> usize {
        let is_under_way = |object: &Object| {
            let Object::Lazy(Lazy::Result, executor, sources) = object else { return false };
            let Some(Object::Executor { tasks, .. }) = self.object_of(executor) else { return false };
            let Some(Object::Pulled(futures, given)) = sources.first().and_then(|it| self.object_of(it))
            else {
                return false;
            };
            *given > 0 && futures[*given..].iter().any(|future| tasks.contains(future))
        };
        self.state.heap.iter().filter(|entry| is_under_way(&entry.object)).count()
    }

    /// Whether a generator waits where an exception would be met.
    fn is_guarded(&self, frame: &Frame) -> bool {
        let pc = frame.pc as usize;
        let code = self.module.codes.get(usize::from(frame.code));
        code.is_some_and(|code| {
            code.handlers.iter().any(|handler| (handler.range.0..handler.range.1).contains(&pc))
        })
    }
}

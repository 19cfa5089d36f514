//! Generators that are dropped before their end. CPython closes one at once: a `with` or `finally` in which it waits is left. That is not
//! modelled, and so refused.

use super::machine::{Beyond, Machine};
use super::state::{Frame, Object};

impl Machine<'_> {
    /// Drops what nothing reaches.
    pub(super) fn compact(&mut self) -> Result<(), Beyond> {
        let in_the_midst = |machine: &Self| -> Vec<Frame> {
            let waiting = machine.state.heap.iter().filter_map(|entry| match &entry.object {
                Object::Generator(Ok(frame)) if machine.is_guarded(frame) => Some((**frame).clone()),
                _ => None,
            });
            waiting.collect()
        };
        if !self.module.codes.iter().any(|code| code.generator && !code.handlers.is_empty()) {
            self.state.compact();
            return Ok(());
        }
        let before = in_the_midst(self);
        self.state.compact();
        if in_the_midst(self).len() == before.len() {
            return Ok(());
        }
        let position = before.first().and_then(|frame| {
            let instruction = self.module.instruction(frame.code, frame.pc as usize);
            instruction.and_then(|instruction| instruction.position)
        });
        Err(Beyond {
            what: "a generator that is left in the midst of a try or with, which ends that".to_owned(),
            place: position.map(|position| self.module.place(position)),
        })
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

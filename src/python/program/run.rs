//! All instructions, quickly where possible.
//!
//! A body that handles integers only runs on registers ([`super::registers`]). Any other is executed by the machinery of
//! [`Program::step`], with the same effects in the same order.

use super::{
    callback::{End, Point},
    compiled::Program,
    fault::{Fault, FaultKind},
    shared::Shared,
    step::Looked,
    worker::WorkerState,
};
use std::ops::ControlFlow;

/// The most instructions without a look at the eval breaker: a stop is obeyed only there.
const LONGEST_STRETCH: u64 = 1_000_000;

impl Program {
    /// Does the body so many times with that `d`, calling `hook` wherever the version looks at its eval breaker.
    ///
    /// # Errors
    ///
    /// As [`Program::step`].
    pub fn run<S: Shared>(
        &self,
        delta: i64,
        iterations: u64,
        shared: &mut S,
        hook: &mut impl FnMut(Point) -> ControlFlow<()>,
    ) -> Result<End, Fault> {
        match self.lower() {
            Some(lowered) => self.run_lowered(&lowered, delta, iterations, shared, hook),
            None => self.run_stepwise(delta, iterations, shared, hook),
        }
    }

    pub(super) fn run_stepwise<S: Shared>(
        &self,
        delta: i64,
        iterations: u64,
        shared: &mut S,
        hook: &mut impl FnMut(Point) -> ControlFlow<()>,
    ) -> Result<End, Fault> {
        let mut state = self.start(delta, iterations);
        let mut looked = state.work();
        loop {
            let point = match self.step_and_look(&mut state, shared)? {
                Looked::Not if state.work() - looked > LONGEST_STRETCH => {
                    return Err(self.stuck(&state));
                }
                Looked::Not => continue,
                Looked::At => Point::Look,
                Looked::Blocked(lock) => Point::Blocked(lock),
                Looked::Finished => return Ok(End::Finished),
            };
            if hook(point).is_break() {
                return Ok(End::Stopped);
            }
            looked = state.work();
        }
    }

    /// A loop that nothing can interrupt, nor could in CPython: `while d:` with nothing but a `try` in it, in 3.10.
    fn stuck(&self, state: &WorkerState) -> Fault {
        let instruction = state.next().and_then(|(code, pc)| self.codes.get(code)?.instructions.get(pc));
        Fault {
            kind: FaultKind::NotCovered(format!(
                "{LONGEST_STRETCH} instructions during which {} does not look whether another thread wants the GIL are not \
                 covered: nothing could interrupt them; make the loop shorter",
                self.version
            )),
            opcode: instruction.map_or("", |instruction| instruction.opcode),
            place: instruction
                .and_then(|instruction| instruction.position)
                .map(|position| self.place(position)),
        }
    }
}

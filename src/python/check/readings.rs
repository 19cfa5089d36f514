//! What the machine does with values that come from clocks.

use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use super::clock::Clock;
use super::machine::{Machine, R, beyond};
use super::numbers::big;
use super::state::Value;
use crate::python::program::BinaryOp;

/// What is asked of a time that only the time itself could answer.
const LOOKED_INTO: &str = "what depends on the time that a clock shows";

/// A number in the terms of formulas.
fn term(value: &Value) -> Option<Clock> {
    match value {
        Value::Clock(clock) => Some(*clock),
        Value::Float(bits) => Some(Clock::number(FxBuildHasher.hash_one(bits), false)),
        other => match other.as_int() {
            Some(int) => Some(Clock::int(int)),
            None => Some(Clock::number(FxBuildHasher.hash_one(big(other)?), true)),
        },
    }
}

/// Refuses to go on where a value comes from a clock.
pub(super) fn look_into(values: &[&Value]) -> R<()> {
    if values.iter().any(|value| value.is_of_a_clock()) { beyond(LOOKED_INTO) } else { Ok(()) }
}

/// Refuses to say whether two values are equal where that depends on a clock: a time is equal to no text, and to no object.
pub(super) fn look_into_both(left: &Value, right: &Value) -> R<()> {
    let numbers = left.is_number() && right.is_number();
    let texts = left.letters().is_some() && right.letters().is_some();
    if numbers || texts { look_into(&[left, right]) } else { Ok(()) }
}

impl Machine<'_> {
    /// What a clock reads. Two readings at the same place count as alike, whoever makes them.
    pub(super) fn read_clock(&mut self, whole: bool) -> Value {
        self.assumed.clocks = true;
        let site = self.site();
        Value::Clock(Clock::reading(FxBuildHasher.hash_one((site.code, site.pc)), whole))
    }

    /// What an operation makes of two numbers, if one of them comes from a clock.
    pub(super) fn clock_binary(op: BinaryOp, left: &Value, right: &Value) -> Option<Value> {
        let of_a_clock = left.is_of_a_clock() || right.is_of_a_clock();
        of_a_clock.then(|| Some(Value::Clock(Clock::binary(op, term(left)?, term(right)?))))?
    }

    /// Refuses to go on where what an instruction works with comes from a clock: what it would raise may be wrong.
    pub(super) fn look_into_operands(&self) -> R<()> {
        let Some(frame) = self.current().frames.last() else { return Ok(()) };
        let operands: Vec<&Value> = frame.stack.iter().rev().take(3).collect();
        look_into(&operands)
    }
}

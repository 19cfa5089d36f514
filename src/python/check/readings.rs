//! What the machine does with values that come from clocks, or from chance.

use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use super::library;
use super::machine::{Machine, R, beyond};
use super::numbers::big;
use super::state::{Object, Value};
use super::unknown::{Origin, Unknown};
use crate::python::program::BinaryOp;

/// What is asked of a number that only the number itself could answer.
const LOOKED_INTO: &str =
    "what depends on the time that a clock shows, or on a number that is drawn at random";

/// A number in the terms of formulas.
fn term(value: &Value) -> Option<Unknown> {
    match value {
        Value::Unknown(number) => Some(*number),
        Value::Float(bits) => Some(Unknown::number(FxBuildHasher.hash_one(bits), false)),
        other => match other.as_int() {
            Some(int) => Some(Unknown::int(int)),
            None => Some(Unknown::number(FxBuildHasher.hash_one(big(other)?), true)),
        },
    }
}

/// Refuses to go on where a value is not known.
pub(super) fn look_into(values: &[&Value]) -> R<()> {
    match values.iter().find(|value| value.is_unknown()) {
        Some(Value::Ident(_)) => beyond("what depends on the number that an ident is"),
        Some(_) => beyond(LOOKED_INTO),
        None => Ok(()),
    }
}

/// Refuses to say whether two values are equal where that is not known: a number is equal to no text, and to no object.
pub(super) fn look_into_both(left: &Value, right: &Value) -> R<()> {
    let numbers = left.is_number() && right.is_number();
    let texts = left.letters().is_some() && right.letters().is_some();
    if numbers || texts { look_into(&[left, right]) } else { Ok(()) }
}

impl Machine<'_> {
    /// What a function of the library gives that is not known: what clocks read, what is drawn, and what is made of such a number.
    pub(super) fn unknown(&mut self, name: &'static str, args: &[Value]) -> Option<Value> {
        Some(match (name, args) {
            (clock, []) if library::is_clock(clock) => self.read(Origin::Clocks, clock.ends_with("_ns")),
            ("random.random", [])
            | ("random.uniform" | "random.gauss", [_, _])
            | ("random.expovariate", [_]) => self.read(Origin::Chance, false),
            ("random.randint", [_, _]) | ("random.randrange", [_] | [_, _] | [_, _, _]) => {
                self.read(Origin::Chance, true)
            }
            // Other elements are told apart by what they are.
            ("random.choice", [Value::Ref(at)]) => {
                let whole = |value: &Value| value.as_int().is_some() && !matches!(value, Value::Bool(_));
                match self.state.object(*at) {
                    Object::List(items) | Object::Tuple(items)
                        if !items.is_empty() && items.iter().all(whole) => {}
                    Object::Range(start, stop, 1) if start < stop => {}
                    _ => return None,
                }
                self.touch(*at, false);
                self.read(Origin::Chance, true)
            }
            ("float", [Value::Unknown(number)]) => Value::Unknown(number.mapped(name, false)),
            ("abs" | "int" | "round", [Value::Unknown(number)]) => {
                let rounds = name == "round" && !self.module.facts.shape.python2;
                Value::Unknown(number.mapped(name, name == "int" || rounds || number.whole))
            }
            ("round", [Value::Unknown(number), _]) => Value::Unknown(number.mapped(name, number.whole)),
            _ => return None,
        })
    }

    /// What a clock reads, or chance gives. Two numbers that are read or drawn at the same place count as alike, whoever does it.
    fn read(&mut self, origin: Origin, whole: bool) -> Value {
        self.assumed.clocks |= origin == Origin::Clocks;
        self.assumed.chance |= origin == Origin::Chance;
        let site = self.site();
        Value::Unknown(Unknown::reading(origin, FxBuildHasher.hash_one((site.code, site.pc)), whole))
    }

    /// What an operation makes of two numbers, if one of them is not known.
    pub(super) fn unknown_binary(op: BinaryOp, left: &Value, right: &Value) -> Option<Value> {
        let is_unknown = left.is_unknown() || right.is_unknown();
        is_unknown.then(|| Some(Value::Unknown(Unknown::binary(op, term(left)?, term(right)?))))?
    }

    /// Refuses to go on where what an instruction works with is not known: what it would raise may be wrong.
    pub(super) fn look_into_operands(&self) -> R<()> {
        let Some(frame) = self.current().frames.last() else { return Ok(()) };
        let operands: Vec<&Value> = frame.stack.iter().rev().take(3).collect();
        look_into(&operands)
    }
}

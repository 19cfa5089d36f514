//! Integers of any size, and floats.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};

use super::machine::{Machine, R, beyond};
use super::state::Value;
use crate::python::program::{BinaryOp, float_binary};
use crate::python::version::Messages;

/// The most bits of an integer: whatever has more than 4,300 digits has no text from 3.11 on, and in late releases of the
/// versions before.
const MOST_BITS: u64 = 14_000;

/// Up to here every integer is a float.
const EXACT: i64 = 1 << 53;

/// An integer of any size.
pub(super) fn big(value: &Value) -> Option<BigInt> {
    match value {
        Value::Big(big) => Some(BigInt::clone(big)),
        other => other.as_int().map(BigInt::from),
    }
}

/// Whether both are numbers that are known, and one of them is a float.
pub(super) fn has_a_float(left: &Value, right: &Value) -> bool {
    let is_known = |value: &Value| value.is_number() && !value.is_unknown();
    let is_float = |value: &Value| matches!(value, Value::Float(_));
    is_known(left) && is_known(right) && (is_float(left) || is_float(right))
}

/// How two numbers are ordered, of which one is a float: by what they are, and not as two floats. None with one that is no number.
pub(super) fn numerical_order(left: &Value, right: &Value) -> Option<Ordering> {
    let (float, int) = match (left, right) {
        (Value::Float(one), Value::Float(two)) => {
            return f64::from_bits(*one).partial_cmp(&f64::from_bits(*two));
        }
        (Value::Float(_), _) => return numerical_order(right, left).map(Ordering::reverse),
        (_, Value::Float(bits)) => (f64::from_bits(*bits), big(left)?),
        _ => return Some(big(left)?.cmp(&big(right)?)),
    };
    if !float.is_finite() {
        return 0.0.partial_cmp(&float);
    }
    let whole: BigInt = format!("{:.0}", float.trunc()).parse().ok()?;
    Some(int.cmp(&whole).then(0.0.partial_cmp(&float.fract())?))
}

/// Quotient and remainder as Python has them: the remainder has the sign of the divisor.
fn floor_divide(left: &BigInt, right: &BigInt) -> (BigInt, BigInt) {
    let (quotient, rest) = (left / right, left % right);
    if rest.sign() != Sign::NoSign && (rest.sign() == Sign::Minus) != (right.sign() == Sign::Minus) {
        (quotient - 1, rest + right)
    } else {
        (quotient, rest)
    }
}

impl Machine<'_> {
    /// An integer, as small as it can be kept.
    pub(super) fn integer(&self, int: BigInt) -> R<Value> {
        if let Ok(small) = i64::try_from(&int) {
            return Ok(Value::Int(small));
        }
        if self.module.facts.shape.python2 {
            return beyond("an integer of more than 64 bits, which is of another type in python 2");
        }
        if int.bits() > MOST_BITS {
            return beyond(format!("an integer of more than {MOST_BITS} bits"));
        }
        Ok(Value::Big(int.into()))
    }

    /// An integer that fits 64 bits: a length, a position.
    pub(super) fn int(int: Option<i64>) -> R<Value> {
        match int {
            Some(int) => Ok(Value::Int(int)),
            None => beyond("an integer of more than 64 bits in this place"),
        }
    }

    pub(super) fn as_float(value: &Value) -> Option<f64> {
        match value {
            Value::Float(bits) => Some(f64::from_bits(*bits)),
            // Decimal digits are rounded to the nearest float, as CPython does.
            Value::Big(big) => big.to_string().parse().ok().filter(|float: &f64| float.is_finite()),
            #[expect(
                clippy::cast_precision_loss,
                reason = "as Python converts an int for arithmetic with floats"
            )]
            other => other.as_int().map(|int| int as f64),
        }
    }

    pub(super) fn int_binary(&mut self, op: BinaryOp, left: &Value, right: &Value) -> R<Option<Value>> {
        let both_bool = matches!((left, right), (Value::Bool(_), Value::Bool(_)));
        if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
            let truths = matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor);
            let small = match op {
                BinaryOp::Add => left.checked_add(right),
                BinaryOp::Subtract => left.checked_sub(right),
                BinaryOp::Multiply => left.checked_mul(right),
                BinaryOp::And => Some(left & right),
                BinaryOp::Or => Some(left | right),
                BinaryOp::Xor => Some(left ^ right),
                BinaryOp::Remainder if left >= 0 && right > 0 => Some(left % right),
                _ => None,
            };
            match small {
                // Two truth values stay one under these.
                Some(small) if truths && both_bool => return Ok(Some(Value::Bool(small != 0))),
                Some(small) => return Ok(Some(Value::Int(small))),
                None => {}
            }
        }
        let (Some(one), Some(two)) = (big(left), big(right)) else {
            return Ok(None);
        };
        let words = &self.module.facts.messages;
        if two.sign() == Sign::NoSign {
            let zero = match op {
                BinaryOp::Divide => Some(words.true_by_zero),
                BinaryOp::FloorDivide => Some(words.floor_by_zero),
                BinaryOp::Remainder => Some(words.remainder_by_zero),
                _ => None,
            };
            if let Some(words) = zero {
                return self.raise("ZeroDivisionError", words);
            }
        }
        let result = match op {
            BinaryOp::Add => one + two,
            BinaryOp::Subtract => one - two,
            BinaryOp::Multiply => one * two,
            BinaryOp::Divide if !self.module.facts.shape.python2 => {
                return Self::true_divide(&one, &two).map(Some);
            }
            BinaryOp::Divide | BinaryOp::FloorDivide => floor_divide(&one, &two).0,
            BinaryOp::Remainder => floor_divide(&one, &two).1,
            BinaryOp::Power => return self.power(&one, &two).map(Some),
            BinaryOp::LeftShift | BinaryOp::RightShift => {
                if two.sign() == Sign::Minus {
                    return self.raise("ValueError", "negative shift count");
                }
                let count = u64::try_from(&two).unwrap_or(u64::MAX);
                match op {
                    BinaryOp::RightShift => one >> count.min(MOST_BITS),
                    _ if one.sign() == Sign::NoSign => one,
                    _ if count > MOST_BITS => {
                        return beyond(format!("an integer of more than {MOST_BITS} bits"));
                    }
                    _ => one << count,
                }
            }
            BinaryOp::And => one & two,
            BinaryOp::Or => one | two,
            BinaryOp::Xor => one ^ two,
        };
        self.integer(result).map(Some)
    }

    fn true_divide(one: &BigInt, two: &BigInt) -> R<Value> {
        let exact = |int: &BigInt| i64::try_from(int).ok().filter(|int| (-EXACT..=EXACT).contains(int));
        let (Some(one), Some(two)) = (exact(one), exact(two)) else {
            return beyond("the quotient of integers that are no floats");
        };
        let float = |int: i64| Self::as_float(&Value::Int(int)).unwrap_or_default();
        Ok(Value::Float((float(one) / float(two)).to_bits()))
    }

    fn power(&mut self, one: &BigInt, two: &BigInt) -> R<Value> {
        if two.sign() == Sign::Minus {
            if one.sign() == Sign::NoSign {
                return self.raise("ZeroDivisionError", self.module.facts.messages.zero_power);
            }
            return beyond("an integer to a negative power");
        }
        let Ok(exponent) = u32::try_from(two) else {
            return beyond("such a large power");
        };
        if one.bits().saturating_mul(u64::from(exponent)) > 2 * MOST_BITS {
            return beyond(format!("an integer of more than {MOST_BITS} bits"));
        }
        self.integer(one.pow(exponent))
    }

    pub(super) fn float_binary(&mut self, op: BinaryOp, left: f64, right: f64) -> R<Option<Value>> {
        let words = &self.module.facts.messages;
        let zero = match op {
            BinaryOp::Divide => Some(words.float_by_zero),
            BinaryOp::FloorDivide => Some(words.float_floor_by_zero),
            BinaryOp::Remainder => Some(words.float_remainder_by_zero),
            _ => None,
        };
        if let Some(words) = zero
            && right == 0.0
        {
            return self.raise("ZeroDivisionError", words);
        }
        match float_binary(op, left, right) {
            None if op == BinaryOp::Power => beyond("such a power of floats"),
            result => Ok(result.map(|float| Value::Float(float.to_bits()))),
        }
    }

    /// `sum()`: from 3.12 on what rounding loses among floats is added in the end (gh-100425).
    pub(super) fn sum(&mut self, start: Value, items: &[Value]) -> R<Value> {
        let (mut total, mut lost) = (start, 0.0_f64);
        for item in items {
            if let (Value::Float(bits), Some(before), true) =
                (item, Self::as_float(&total), self.module.facts.shape.compensated_sum)
            {
                let item = f64::from_bits(*bits);
                let sum = before + item;
                lost +=
                    if before.abs() >= item.abs() { (before - sum) + item } else { (item - sum) + before };
                total = Value::Float(sum.to_bits());
            } else {
                total = self.binary(BinaryOp::Add, false, &total, item)?;
            }
        }
        match &total {
            Value::Float(bits) if lost != 0.0 && lost.is_finite() => {
                Ok(Value::Float((f64::from_bits(*bits) + lost).to_bits()))
            }
            _ => Ok(total),
        }
    }

    /// `int(value)` of a float or a text.
    pub(super) fn int_of(&mut self, value: &Value) -> R<Value> {
        match value {
            Value::Float(bits) => {
                let float = f64::from_bits(*bits).trunc();
                match format!("{float:.0}").parse() {
                    Ok(int) => self.integer(int),
                    Err(_) => beyond("int() of an infinite float"),
                }
            }
            Value::Str(text) => {
                let digits = text.trim();
                let parsed = if digits.contains('_') { None } else { digits.parse::<BigInt>().ok() };
                match parsed {
                    Some(int) => self.integer(int),
                    None if !digits.is_ascii() => beyond("int() of other letters than those of ASCII"),
                    None if digits.contains('_') => beyond("int() of a text with underscores"),
                    None => {
                        // 2.7 shows what it has not read yet: blanks in front are gone.
                        let python2 = self.module.facts.shape.python2;
                        let text = if python2 { text.trim_start() } else { text };
                        let text = crate::python::program::quoted(text);
                        self.raise("ValueError", &format!("invalid literal for int() with base 10: {text}"))
                    }
                }
            }
            other => match big(other) {
                Some(int) => self.integer(int),
                None => self.type_error("int() of", &[other]),
            },
        }
    }

    /// `round(value)`.
    pub(super) fn round(&mut self, value: &Value) -> R<Value> {
        match value {
            Value::Float(bits) if self.module.facts.shape.python2 => {
                Ok(Value::Float(f64::from_bits(*bits).round().to_bits()))
            }
            Value::Float(bits) => {
                let even = f64::from_bits(*bits).round_ties_even();
                self.int_of(&Value::Float(even.to_bits()))
            }
            other if self.module.facts.shape.python2 => match Self::as_float(other) {
                Some(float) => Ok(Value::Float(float.to_bits())),
                None => self.type_error("round() of", &[other]),
            },
            other => match big(other) {
                Some(int) => self.integer(int),
                None => self.type_error("round() of", &[other]),
            },
        }
    }

    /// Words of the version, with their places filled.
    pub(super) fn fill(words: &'static str, with: &[&str]) -> String {
        Messages::fill(words, with)
    }
}

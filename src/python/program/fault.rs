//! Why the execution of a body fails: a Python exception, or a limit of the model.

use super::source::Place;
use thiserror::Error;

/// The longest string, list or tuple that is made, in elements; those of tuples within tuples count.
pub const LONGEST: usize = 10_000;

/// What ends a worker before its time: an exception in Python's terms, or the border of the model.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FaultKind {
    /// Division by zero.
    #[error("ZeroDivisionError: division by zero")]
    ZeroDivision,
    /// An operation that the type does not have.
    #[error("TypeError: {0}")]
    Type(String),
    /// A variable without a value.
    #[error(
        "UnboundLocalError: {0} has no value yet: a worker's own variable has to be assigned first, and the shared counter is x"
    )]
    Unbound(String),
    /// An index out of range.
    #[error("IndexError: index out of range")]
    Index,
    /// A value that an operation does not take.
    #[error("ValueError: {0}")]
    Value(String),
    /// An attribute that is not there.
    #[error("AttributeError: {0}")]
    Attribute(String),
    /// Calls or containers nest too deeply.
    #[error("RecursionError: nested too deeply")]
    Recursion,
    /// An integer beyond 64 bits.
    #[error("an integer does not fit in 64 bits, which is not covered: use smaller numbers")]
    Overflow,
    /// A string, list or tuple that is too long.
    #[error(
        "a string, list or tuple has more than {LONGEST} elements (those of tuples in it, and long strings, count as several), which is not covered: use a shorter one"
    )]
    TooLong,
    /// The shared x became something else than an integer.
    #[error("x became a {0}: it must stay an int")]
    XNotInt(&'static str),
    /// Python, but beyond the model.
    #[error("{0}")]
    NotCovered(String),
}

/// A fault and the instruction that met it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{kind}\n{opcode}{}", place.as_ref().map(|place| format!(" in the {place}")).unwrap_or_default())]
pub struct Fault {
    /// What happened.
    pub kind: FaultKind,
    /// CPython's name of the instruction.
    pub opcode: &'static str,
    /// Where in the source, unless it is in the loop around the body.
    pub place: Option<Place>,
}

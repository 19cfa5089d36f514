//! What must hold of any input: no panic, no hang, and never an answer without a reason. Used by the fuzz targets and,
//! with fewer inputs, by the tests.
//!
//! Bytes decide between the choices of a small grammar, so that most inputs get past the first parser; every eighth
//! input or so is taken as it is. There is a file for each fuzz target, with a `check` that takes an input.

pub mod body;
mod bytes;
pub mod command_line;
pub mod count;
mod grammar;
pub mod schedule;
pub mod worker_protocol;

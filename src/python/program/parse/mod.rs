//! Python source to the syntax tree of [`super::syntax`].
//!
//! The grammar is a parser crate's. What this module adds is the border: whatever the model does not cover is refused here,
//! by name and place, so that the compiler and the stepper need not doubt what they are given.

mod dataclasses;
mod definitions;
mod expressions;
mod programs;
mod reader;
mod statements;
mod versions;

pub use reader::{LONGEST_PROGRAM, LONGEST_SOURCE};

pub(crate) use dataclasses::FIELDS;
pub(super) use definitions::{body, setup};
pub(crate) use programs::{part, program, result};
pub(crate) use versions::refusal;

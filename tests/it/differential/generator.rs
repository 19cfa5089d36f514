//! Generated programs, and what the model and real interpreters make of them. Shared by the tests and `benches/differential.rs`.

pub(crate) mod compare;
mod definitions;
mod expressions;
pub(crate) mod program;
pub(crate) mod random;
mod statements;
pub(crate) mod threads;
pub(crate) mod waits;

//! CPython as gilsim knows it: where each version may drop its GIL, how the lock is handed over, and what becomes of a program.
//!
//! - [`version`]: the versions, and the one table of what differs between them. Nothing else in the crate compares versions.
//! - [`gil`]: a lock that is handed over as CPython's is, for real threads.
//! - [`body`]: a loop body, of the quick shape or of the general one.
//! - [`program`]: Python source, compiled to the instructions of one version, executed and searched.
//!
//! This room knows the clock and the stop flag of [`crate::system`], no more: not what a scenario is, nor how a result is shown, and
//! it never starts an interpreter. What a program does stays inside the model. Start reading with [`version`].

pub mod body;
pub mod check;
pub mod gil;
pub mod program;
pub mod version;

//! A loop body over shared lists, dicts and objects.
//!
//! A body is short for a module: what the model provides (`x`, `s`, `lock`, `one`), the setup, a function `work` whose loop has
//! that body, and workers that call it. The setup is run by the main thread alone, so that the workers begin where it has ended.
//! What is looked at in the end is one expression, the *result*.
//!
//! `body` is the module and its start, `steps` one step of a worker, `trace` what the steps of a schedule do, in words,
//! `verdict` whether a version can lose.

mod body;
mod error;
mod steps;
mod trace;
mod verdict;

pub(super) use body::WORK;
pub use body::{LoopBody, LoopEnd, LoopState};
pub use error::LoopError;
pub use steps::{LoopStep, Steps};
pub use trace::{TracedStep, finds_taken};
pub use verdict::LoopVerdict;

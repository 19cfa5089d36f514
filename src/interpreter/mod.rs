//! The real interpreters on this machine: finding them, asking what they are, and having them work.
//!
//! An interpreter is somebody else's program. It may be missing, be no Python at all, hang, print without end
//! or crash. So it runs in a process group of its own, under [`Limits`], and nothing of it is left when a call returns.
//! If gilsim ends first, the kernel ends the interpreters, where the scripts could ask it to; elsewhere they end when
//! they notice that their standard input has closed.
//!
//! This room may know processes ([`crate::system`]), and nothing of the model of CPython or of scenarios. What an
//! interpreter is asked to do stands in the Python files beside this one. Start reading with `cpython.rs`, then `jobs.rs`
//! and `program.rs`.

mod child;
mod cpython;
mod error;
mod find;
mod jobs;
mod locate;
mod overhead;
mod program;

pub use child::{Limits, MOST_OUTPUT};
pub use cpython::{Interpreter, PROBE, SwitchInterval};
pub use error::Error;
pub(crate) use error::shown;
pub use find::{Found, Places, find};
pub use jobs::{
    BodyRequest, BodyResult, BodyRun, ConvoyRequest, ConvoyResult, LONGEST_INTERVAL, MOST_MEASUREMENTS,
    Pattern, SHORTEST_INTERVAL, SplitRequest, SplitResult,
};
pub use locate::is_missing;
pub use overhead::{Case, OverheadRequest, OverheadResult, PROGRAMS, Program};
pub use program::{ProgramRun, Threads};

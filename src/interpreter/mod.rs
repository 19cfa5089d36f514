//! The real interpreters on this machine: finding them, asking what they are, and having them work.
//!
//! An interpreter is somebody else's program. It may be missing, be no Python at all, hang, print without end
//! or die, so everything that it does happens in a process group of its own, under [`Limits`], and nothing of
//! it is left when a call returns. If this process dies first, the kernel ends them, where the scripts could ask
//! it to; elsewhere they notice that their standard input has closed and end by themselves.
//!
//! What an interpreter is asked to do stands in Python files of its own, beside this one.

mod child;
mod cpython;
mod error;
mod find;
mod jobs;
mod locate;

pub use child::{Limits, MOST_OUTPUT};
pub use cpython::{Interpreter, PROBE, SwitchInterval};
pub use error::Error;
pub(crate) use error::shown;
pub use find::{Found, Places, find};
pub use jobs::{
    BodyRequest, BodyResult, BodyRun, ConvoyRequest, ConvoyResult, LONGEST_INTERVAL, MOST_MEASUREMENTS,
    Pattern, SHORTEST_INTERVAL, SplitRequest, SplitResult,
};

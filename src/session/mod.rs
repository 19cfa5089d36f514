//! One invocation: runs what was asked for, writes the reports, and says how it ended.

pub mod convoy;
mod ending;
mod error;
pub mod explore;
mod measuring;
mod progress;
pub mod verify;

pub use ending::{Ending, Expectation};
pub use error::{Error, Result};
pub use measuring::{Real, Session};

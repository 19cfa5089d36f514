//! One invocation: runs what was asked for, shows progress, writes the report, and says how it ended.
//!
//! A file for each kind of invocation: [`Session`] measures scenarios; [`explore`], [`references`], [`convoy`], [`dis`], [`overhead`], [`verify`], [`tour`] and [`list`] have
//! functions or types of their own. All end with an [`Ending`], or with an [`Error`] that wraps those of the rooms below.
//!
//! This room may know everything below it. clap never comes in, and the process is not ended here. Start reading with
//! `measuring.rs`.

pub mod baseline;
pub mod check;
pub mod convoy;
pub mod dis;
mod ending;
mod error;
pub mod explore;
pub mod list;
mod measuring;
mod named;
pub mod overhead;
pub mod pages;
mod progress;
pub mod ranks;
pub mod real_runs;
pub mod references;
pub mod tour;
pub mod verify;

pub use baseline::Baseline;
pub use ending::{Ending, Expectation};
pub use error::{Error, Result};
pub use measuring::{Real, Session};

//! The machine below: clocks, CPUs, memory, processes, threads and signals.
//!
//! Whatever asks the kernel for something, or works around what it may refuse, stands here. It may know the operating
//! system and the ground. Nothing of scenarios, Python or reports comes in.
//!
//! Start reading with [`control`], how a stop reaches a run, and [`clock`], by which workers time themselves.

pub mod background;
pub mod clock;
pub mod control;
pub mod cpus;
pub mod error;
pub mod executable;
pub mod holds;
pub mod memory;
pub mod parent;
pub mod platform;
pub mod process;
pub mod run_queue;
pub mod shell;
pub mod signals;
pub mod standard_output;
pub mod threads;

pub use error::{Error, Result};

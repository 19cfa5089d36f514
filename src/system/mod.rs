//! The machine below: clocks, CPUs, memory, processes, threads, and what passes between a run and its watcher.

pub mod background;
pub mod clock;
pub mod control;
pub mod cpus;
pub mod error;
pub mod executable;
pub mod lifeline;
pub mod memory;
pub mod process;
pub mod signals;
pub mod thread_room;

pub use error::{Error, Result};

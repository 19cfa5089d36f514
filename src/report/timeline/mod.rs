//! A timeline: who ran, who waited, who held the lock, and each hand-off.
//!
//! [`Timeline`] is the data, made from what was recorded of a run or from a schedule. [`strip`] draws a part of it on a
//! terminal, [`picture`] as SVG; [`trace`] writes all of it in the trace-event form that Perfetto and Chrome open.

mod data;
pub mod picture;
pub mod strip;
#[cfg(test)]
mod tests;
pub mod trace;
mod window;

pub use data::{Doing, HandOff, Slice, Timeline, Track, Unit, worker};
pub use window::Window;

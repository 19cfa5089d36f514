//! What a measurement is made of: who does what, how often, and what was observed.
//!
//! A [`Scenario`] does a [`Workload`] with some workers, which leave the [`start_line`] together. The [`runner`] repeats
//! it; each run is an [`Observation`], and [`stats`] sums them up. How sure a median is says [`interval`].
//!
//! This room may know the machine ([`crate::system`]). It does not know any particular scenario, nor how a result is
//! shown. Start reading with [`scenario`], then [`runner`].

pub mod change;
pub mod error;
pub mod interval;
pub mod observation;
pub mod pace;
pub mod parameters;
pub mod runner;
pub mod scaling;
pub mod scenario;
pub mod start_line;
pub mod stats;
pub mod workload;

pub use change::Change;
pub use error::{Error, Result};
pub use interval::Interval;
pub use observation::{Distribution, HostShare, LockUse, Misuse, Observation, Promise};
pub use pace::Pace;
pub use parameters::{Parameter, Parameters};
pub use scenario::{Explanation, Scenario, Seen, Variant};
pub use workload::{Group, Objects, Pattern, Workload};

//! What a measurement is made of.

pub mod error;
pub mod observation;
pub mod runner;
pub mod scenario;
pub mod start_line;
pub mod stats;
pub mod workload;

pub use error::{Error, Result};
pub use observation::{Distribution, LockUse, Observation, Promise};
pub use scenario::{Explanation, Scenario, Variant};
pub use workload::{Group, Pattern, Workload};

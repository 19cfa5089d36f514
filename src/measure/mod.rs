//! What a measurement is made of.

pub mod observation;
pub mod runner;
pub mod start_line;
pub mod stats;
pub mod workload;

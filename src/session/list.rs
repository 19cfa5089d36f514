//! A session that lists the scenarios.

use super::ending::Ending;
use super::error::Result;
use crate::report::list::ListReport;
use crate::report::output::Destination;

/// Lists the scenarios and their variants, on so many CPUs.
///
/// # Errors
///
/// When the list cannot be written.
pub fn run(cpus: usize, destination: &Destination) -> Result<Ending> {
    destination.open()?.deliver(&ListReport::new(cpus))?;
    Ok(Ending::Ran)
}

//! A session that measures the convoy effect.

use super::ending::Ending;
use super::error::Result;
use super::named::refuse_unknown;
use super::progress::with_spinner;
use crate::report::convoy::ConvoyReport;
use crate::report::export::Charts;
use crate::report::output::Destination;
use crate::scenario::convoy::Convoy;
use crate::system::control::Control;
use std::sync::Arc;

/// Measures the convoy effect on so many CPUs and reports.
///
/// # Errors
///
/// As [`super::Session::run`].
pub fn run(convoy: Convoy, cpus: usize, destination: &Destination, control: &Arc<Control>) -> Result<Ending> {
    let output = destination.open_for(Charts::Some)?;
    refuse_unknown(&convoy.pythons, control)?;
    let convoy = Arc::new(convoy);
    let theirs = Arc::clone(&convoy);
    let rows = with_spinner(
        control,
        |rows: &Vec<_>| !rows.is_empty(),
        move |control, rows, say| theirs.run(control, rows, say),
    );
    let report = ConvoyReport::new(&convoy, cpus, rows?);
    output.deliver(&report)?;
    Ok(if report.failed() { Ending::CouldNotRun } else { Ending::Ran })
}

//! A session that measures the convoy effect.

use super::baseline::Baseline;
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
pub fn run(
    convoy: Convoy,
    cpus: usize,
    baseline: &Baseline,
    destination: &Destination,
    control: &Arc<Control>,
) -> Result<Ending> {
    let earlier = baseline.read()?;
    let output = destination.open_for(Charts::Some)?;
    refuse_unknown(&convoy.pythons, control)?;
    let convoy = Arc::new(convoy);
    let theirs = Arc::clone(&convoy);
    let rows = with_spinner(
        control,
        |rows: &Vec<_>| !rows.is_empty(),
        move |control, rows, say| theirs.run(control, rows, say),
    );
    let mut report = ConvoyReport::new(&convoy, cpus, rows?);
    if let Some(earlier) = &earlier {
        let measured = report.exported()?;
        earlier.check(&measured)?;
        report.baseline = Some(earlier.changes(&measured));
    }
    output.deliver(&report)?;
    let slower = earlier.zip(report.baseline.as_ref()).and_then(|(earlier, changes)| earlier.judge(changes));
    if let Some(slower) = slower {
        return Ok(slower);
    }
    Ok(if report.failed() { Ending::CouldNotRun } else { Ending::Ran })
}

//! A session of the ranks of an MPI job: rank 0 measures and reports, the others do what it says and print nothing.

use super::ending::Ending;
use super::error::Result;
use super::measuring::Session;
use crate::report::output;
use crate::scenario::split::mpi::Job;
use crate::system::control::Control;
use std::sync::Arc;

/// Runs the session as a rank of the job that this process belongs to.
///
/// # Errors
///
/// When the job cannot be joined; of rank 0 whatever the session meets with.
pub fn run(mut session: Session, control: &Arc<Control>) -> Result<Ending> {
    let job = Job::join()?;
    if !job.leads() {
        // A stop is told by rank 0, or by mpirun, which sees that this rank leaves the job too early.
        let done = job.follow(control).is_ok();
        if done {
            job.end();
        }
        return Ok(if done { Ending::Ran } else { Ending::CouldNotRun });
    }
    for case in &mut session.cases {
        // How many ranks there are, and on which CPUs, is known by now.
        case.load = case.scenario.adapt(&case.load);
    }
    output::without_colours();
    let ending = session.run(control);
    if !control.stopped() {
        job.end();
    }
    // Otherwise the others may be in the middle of a run: mpirun ends them when this rank leaves.
    ending
}

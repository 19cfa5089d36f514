//! The split between the ranks of an MPI job, on one machine or several.
//!
//! `mpirun` starts every rank with the same command line. Rank 0 runs the session as without MPI; the others follow it
//! ([`Job::follow`]): they sleep until it begins a run, add their part, and let MPI reduce the subtotals.
//!
//! Without the feature `mpi` there is no [`Job`] to be had, and nothing here knows of MPI.

#[cfg(not(feature = "mpi"))]
mod absent;
mod error;
#[cfg(feature = "mpi")]
mod job;
mod team;
#[cfg(any(feature = "mpi", test))]
mod wire;

#[cfg(not(feature = "mpi"))]
pub use absent::Job;
pub use error::Error;
#[cfg(feature = "mpi")]
pub use job::Job;
pub(super) use team::team;
pub use team::{Member, Team};

use error::{NO_FEATURE, NO_JOB};
use std::env;

/// What says, in the environment of a rank, which one it is: of Open MPI, of `PMIx` (Slurm), and of MPICH and its like.
const RANK: [&str; 3] = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"];

/// Which rank of an MPI job this process is, by its environment; nothing outside of a job.
#[must_use]
pub fn rank() -> Option<usize> {
    RANK.iter().find_map(|name| env::var(name).ok()?.parse().ok())
}

/// Why there are no ranks to split between; nothing where there are.
#[must_use]
pub fn absent() -> Option<&'static str> {
    if cfg!(not(feature = "mpi")) {
        Some(NO_FEATURE)
    } else if rank().is_none() {
        Some(NO_JOB)
    } else {
        None
    }
}

#[cfg(not(feature = "mpi"))]
pub(super) use absent::observe;
#[cfg(feature = "mpi")]
pub(super) use job::observe;

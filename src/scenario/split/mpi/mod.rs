//! The split between the ranks of an MPI job, on one machine or several.
//!
//! `mpirun` starts every rank with the same command line. Rank 0 runs the session as without MPI; the others follow it
//! ([`Job::follow`]): they sleep until it begins a run, add their part, and let MPI reduce the subtotals.
//!
//! Without the feature `mpi` there is no [`Job`] to be had, and nothing here knows of MPI.

#[cfg(not(feature = "mpi"))]
mod absent;
#[cfg(feature = "mpi")]
mod job;
mod team;
#[cfg(any(feature = "mpi", test))]
mod wire;

#[cfg(not(feature = "mpi"))]
pub use absent::Job;
#[cfg(feature = "mpi")]
pub use job::Job;
pub use team::{Member, Team};

use crate::error::{Classified, Kind};
use crate::measure;
use std::env;
use std::sync::OnceLock;

/// Why the ranks cannot do anything together.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are no ranks.
    #[error("{0}")]
    NoJob(&'static str),

    /// The MPI here does not let another thread than the first one call it.
    #[error("this MPI allows calls from its first thread alone; use an Open MPI with MPI_THREAD_SERIALIZED")]
    Threads,

    /// MPI does not tell the name of a rank's host, or what a rank says of itself is garbled.
    #[error("rank {rank} of the MPI job did not introduce itself as it should: {reason}")]
    Introduction {
        /// The rank.
        rank: usize,
        /// What is wrong.
        reason: String,
    },

    /// Two ranks are not of one gilsim.
    #[error(
        "rank {rank} on {host} is gilsim {theirs}, and rank 0 is gilsim {ours}; install the same on every host"
    )]
    OtherVersion {
        /// The rank that differs.
        rank: usize,
        /// Its host.
        host: String,
        /// Its version.
        theirs: String,
        /// That of rank 0.
        ours: &'static str,
    },
}

impl Classified for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoJob(_) => Kind::Usage,
            Self::Threads | Self::Introduction { .. } | Self::OtherVersion { .. } => Kind::Failure,
        }
    }
}

impl From<Error> for measure::Error {
    fn from(error: Error) -> Self {
        Self::scenario(error)
    }
}

/// What to do where this build has no MPI.
const NO_FEATURE: &str = "--by mpi needs a gilsim with MPI: build it with --features mpi (cargo install --path . --features mpi, with \
     openmpi-bin, libopenmpi-dev and libclang-dev installed), then mpirun -n 4 gilsim split --by mpi";
/// What to do where no MPI job has started this process.
const NO_JOB: &str =
    "--by mpi sums by the ranks of an MPI job: start it by mpirun, such as mpirun -n 4 gilsim split --by mpi";

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

/// The ranks, as rank 0 knows them. A process can belong to one MPI job only, so there is one place for it.
static TEAM: OnceLock<Team> = OnceLock::new();

/// The ranks of the job that this process leads; nothing where it leads none.
#[must_use]
pub(super) fn team() -> Option<&'static Team> {
    TEAM.get()
}

#[cfg(not(feature = "mpi"))]
pub(super) use absent::observe;
#[cfg(feature = "mpi")]
pub(super) use job::observe;

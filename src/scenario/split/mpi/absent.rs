//! What stands in the place of MPI in a build without it.

use super::error::{Error, NO_FEATURE};
use crate::measure::{Observation, Result, Workload};
use crate::system::control::Control;

/// A job that this process belongs to: there is none.
#[derive(Debug)]
pub enum Job {}

impl Job {
    /// Joins the job.
    ///
    /// # Errors
    ///
    /// Always: this build has no MPI.
    pub fn join() -> Result<Self> {
        Err(Error::NoJob(NO_FEATURE).into())
    }

    /// Whether this is rank 0.
    #[must_use]
    pub const fn leads(&self) -> bool {
        match *self {}
    }

    /// Does what rank 0 says until it says that the job is done.
    ///
    /// # Errors
    ///
    /// None here.
    pub const fn follow(&self, _: &Control) -> Result<()> {
        match *self {}
    }

    /// Leaves the job.
    pub const fn end(self) {
        match self {}
    }
}

/// Does the sum by the ranks.
pub(in super::super) fn observe(_: &Workload, _: &Control) -> Result<Observation> {
    Err(Error::NoJob(NO_FEATURE).into())
}

//! What the errors of all rooms have in common.
//!
//! Each room has an error type of its own, which knows nothing above it; `session::Error`, at the top, wraps them.
//! Each message is lower-case, fits on a line and says what to do.

/// What an error means for the rest of the invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What was asked for cannot be done by anybody: a mistake in the command line.
    Usage,
    /// A program that is not gilsim's own failed. What else was asked for can go on.
    External,
    /// A stop was asked for.
    Interrupted,
    /// gilsim could not do its work here.
    Failure,
}

/// An error that knows what it means for the invocation.
pub trait Classified: std::error::Error + Send + Sync + 'static {
    /// What it means.
    fn kind(&self) -> Kind;
}

/// A stop was asked for before there was anything to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stopped before the first round was finished, so there is no result")]
pub struct Interrupted;

impl Classified for Interrupted {
    fn kind(&self) -> Kind {
        Kind::Interrupted
    }
}

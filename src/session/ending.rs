//! How an invocation ends, and what a script may expect of it.

use super::error::Error;
use crate::choice::Choice;
use crate::error::{Classified, Kind};

/// What a script may expect of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// Every run is right.
    Exact,
    /// At least one run is wrong.
    Lost,
}

impl Expectation {
    /// Whether a result is as expected, if something was.
    pub(super) const fn met(expected: Option<Self>, lost: bool) -> bool {
        match expected {
            None => true,
            Some(Self::Exact) => !lost,
            Some(Self::Lost) => lost,
        }
    }

    /// What to say of a result that is not as expected; `seen` says what it is instead.
    pub(super) fn unmet(expected: Option<Self>, lost: bool, seen: &str) -> Option<String> {
        let expected = expected.filter(|&it| !Self::met(Some(it), lost))?;
        Some(format!("--expect {} is not met: {seen}", expected.name()))
    }
}

impl Choice for Expectation {
    const ALL: &'static [Self] = &[Self::Exact, Self::Lost];

    fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Lost => "lost",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Exact => "exit with 3 unless every run is right",
            Self::Lost => "exit with 3 unless at least one run loses updates",
        }
    }
}

/// How an invocation ended, as its exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Ending {
    /// It ran.
    Ran = 0,
    /// It could not run.
    CouldNotRun = 1,
    /// The command line was wrong.
    WrongUsage = 2,
    /// An exact scenario lost an update, the result was not what `--expect` said, or a time above what `--fail-if-slower` allows.
    PromiseBroken = 3,
}

impl Ending {
    /// The ending that an error leads to.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        if matches!(error.kind(), Kind::Usage) { Self::WrongUsage } else { Self::CouldNotRun }
    }
}

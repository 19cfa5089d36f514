//! The one error of the top: it wraps those of the rooms below.

use crate::error::{Classified, Interrupted, Kind};
use crate::explore::ExploreError;
use crate::python::check::CheckError;
use crate::python::program::{ProgramError, SourceError};
use crate::report::change::ExportError;
use std::path::PathBuf;

use crate::{measure, report, scenario, system};

/// Why gilsim could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no real interpreter to do what was asked for.
    #[error("{0}")]
    NoInterpreter(String),

    /// The same interpreter was named again, where each has results of its own.
    #[error("--python {0} is given twice; leave one of them out")]
    NamedTwice(String),

    /// The machine refused something.
    #[error(transparent)]
    System(#[from] system::Error),

    /// A workload could not be done.
    #[error(transparent)]
    Measure(#[from] measure::Error),

    /// A program could not be explored, or a schedule not be carried out.
    #[error(transparent)]
    Explore(#[from] ExploreError),

    /// A file could not be read.
    #[error("could not read {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },

    /// It is something else.
    #[error("{} is no folder; name one that is there, or make one", .0.display())]
    NotAFolder(PathBuf),

    /// A folder is not there.
    #[error("there is no folder {}; make it first", .0.display())]
    NoFolder(PathBuf),

    /// A file is no program.
    #[error("{} is not taken: {reason}", path.display())]
    NoProgram {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },

    /// A program is not taken.
    #[error(transparent)]
    Source(#[from] SourceError),

    /// A loop body is not taken.
    #[error(transparent)]
    Program(#[from] ProgramError),

    /// A schedule of machine steps was given where there are none.
    #[error("the schedule is for machine steps: check takes one of a version, such as v1:3.9:A12,B3")]
    NotOfAVersion,

    /// A program could not be checked.
    #[error(transparent)]
    Check(#[from] CheckError),

    /// An earlier export is not taken.
    #[error(transparent)]
    Export(#[from] ExportError),

    /// An earlier export was measured otherwise.
    #[error(
        "{file} was measured otherwise, there and here: {differing}; measure it again, or add --baseline-anyway (diff: --anyway)"
    )]
    OtherBaseline {
        /// The file.
        file: String,
        /// What differs.
        differing: String,
    },

    /// An earlier export has nothing of what is measured.
    #[error("nothing is measured here that stands in {file}: it has {there}, and this is {here}")]
    NothingAlike {
        /// The file.
        file: String,
        /// What it has.
        there: String,
        /// What is measured.
        here: String,
    },

    /// The report could not be written.
    #[error(transparent)]
    Report(#[from] report::Error),

    /// A stop was asked for before there was anything to report.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl Classified for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoInterpreter(_)
            | Self::Unreadable { .. }
            | Self::Export(ExportError::Unreadable { .. })
            | Self::NoFolder(_)
            | Self::NotAFolder(_) => Kind::Failure,
            Self::NamedTwice(_)
            | Self::Export(_)
            | Self::OtherBaseline { .. }
            | Self::NothingAlike { .. }
            | Self::NoProgram { .. }
            | Self::NotOfAVersion
            | Self::Source(_)
            | Self::Program(_) => Kind::Usage,
            Self::Check(error) => error.kind(),
            Self::System(error) => error.kind(),
            Self::Measure(error) => error.kind(),
            Self::Explore(error) => error.kind(),
            Self::Report(error) => error.kind(),
            Self::Interrupted(error) => error.kind(),
        }
    }
}

impl From<scenario::Error> for Error {
    fn from(error: scenario::Error) -> Self {
        Self::Measure(error.into())
    }
}

/// What every fallible call of this room returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

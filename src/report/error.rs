//! Why a report could not be written.

use crate::error::{Classified, Kind};
use std::io;
use std::path::PathBuf;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ending of an export's name says no form.
    #[error("{0}")]
    Format(String),

    /// There is nothing to draw.
    #[error(
        "{0}: this report has no chart; compare, overhead, convoy, refcount and every sweep (--threads 1,2,4) have one. FILE.html holds the tables"
    )]
    NoChart(String),

    /// There is nothing to draw beside the only thing that is measured.
    #[error(
        "{0}: this report has no chart, as one thing is measured; several side by side have one: compare, overhead, convoy, refcount with both kinds of objects or more ways than one, and every sweep (--threads 1,2,4). FILE.html holds the tables"
    )]
    OneThing(String),

    /// An export would go to a device.
    #[error("{} is a device, a pipe or an open stream and keeps no report; name a file, or use --export - for JSON on standard output", .0.display())]
    Device(PathBuf),

    /// An export cannot be written.
    #[error("could not write {}: {source}; {}", path.display(), remedy(source))]
    Export {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// The program was started without a standard output.
    #[error("standard output is closed; send it to a file, or to /dev/null to discard it")]
    Closed,

    /// Standard output could not be written.
    #[error("could not write to standard output: {0}")]
    Output(io::Error),
}

impl Classified for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Format(_) | Self::NoChart(_) | Self::OneThing(_) | Self::Device(_) => Kind::Usage,
            Self::Export { .. } | Self::Closed | Self::Output(_) => Kind::Failure,
        }
    }
}

/// What a person can do about a file that cannot be written.
fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room, or choose a file elsewhere",
        io::ErrorKind::FileTooLarge => "raise the limit on the size of files (ulimit -f)",
        _ => "choose a file in a folder that you may write to",
    }
}

/// What every fallible call of this room returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

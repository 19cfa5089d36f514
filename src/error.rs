//! The one error type: each message is lower-case, fits on a line and says what to do.

use crate::scenario::split::crew::Fate;
use std::io;
use std::path::PathBuf;

/// Why gilsim could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for something that cannot be.
    #[error("{0}")]
    Usage(String),

    /// A loop body that is not Python, is not covered, or fails.
    #[error("{0}")]
    Body(String),

    /// A real interpreter that is missing, broken or hangs; the others can go on.
    #[error("{0}")]
    Interpreter(String),

    /// The echo process cannot be started or does not answer.
    #[error("the echo process failed: {0}; run it again")]
    Echo(io::Error),

    /// The thread that does the work could not be made.
    #[error(
        "could not start: {0}; raise the limit on processes (ulimit -u), open files (ulimit -n) or memory (ulimit -v)"
    )]
    Start(io::Error),

    /// A thread or process for a worker could not be made.
    #[error(
        "could not start worker {} of {workers}: {source}; ask for fewer workers, or raise the limit on processes (ulimit -u), open files (ulimit -n) or memory (ulimit -v)",
        worker + 1
    )]
    StartWorker {
        /// Its number, from 0.
        worker: usize,
        /// How many were asked for.
        workers: usize,
        /// What the system said.
        source: io::Error,
    },

    /// A worker thread panicked: a fault in gilsim itself.
    #[error("worker {} stopped in the middle of its work, which is a fault in gilsim; please report it", worker + 1)]
    WorkerPanicked {
        /// Its number, from 0.
        worker: usize,
    },

    /// A worker process did not do what it should.
    #[error("worker process {} of {workers} (pid {pid}) {fate}, so there is no result; run it again", worker + 1)]
    WorkerProcess {
        /// Its number, from 0.
        worker: usize,
        /// How many there were.
        workers: usize,
        /// Its process number.
        pid: u32,
        /// What became of it.
        fate: Fate,
    },

    /// The pipes between the worker processes and their parent failed.
    #[error("the pipes to the worker processes failed: {0}; run it again")]
    Pipe(io::Error),

    /// This program's own file could not be found, so it cannot be started again as a worker.
    #[error("could not find gilsim's own executable: {0}; start it by its full path")]
    OwnExecutable(io::Error),

    /// The rayon pool could not be made.
    #[error(
        "could not start a pool of {workers} workers: {reason}; ask for fewer workers, or raise the limit on processes (ulimit -u) or memory (ulimit -v)"
    )]
    Pool {
        /// How many were asked for.
        workers: usize,
        /// What rayon said.
        reason: String,
    },

    /// A program could not be explored, or a schedule not be carried out.
    #[error(transparent)]
    Explore(#[from] crate::explore::ExploreError),

    /// An export cannot be written.
    #[error("could not write {}: {source}; {}", path.display(), remedy(source))]
    Export {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// Standard output could not be written.
    #[error("could not write to standard output: {0}")]
    Output(io::Error),

    /// A stop was asked for before any round was finished.
    #[error("stopped before the first round was finished, so there is no result")]
    Interrupted,
}

/// What a person can do about a file that cannot be written.
fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room, or choose a file elsewhere",
        io::ErrorKind::FileTooLarge => "raise the limit on the size of files (ulimit -f)",
        _ => "choose a file in a folder that you may write to",
    }
}

/// What every fallible call returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

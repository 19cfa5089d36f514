//! What a command line asks for, in plain types.

use crate::report::output::Destination;
use crate::scenario::convoy::Convoy;
use crate::scenario::split::worker;
use crate::session::baseline::Diff;
use crate::session::check::CheckSession;
use crate::session::dis::Disassembly;
use crate::session::explore::ExploreSession;
use crate::session::overhead::{Expected, Overhead};
use crate::session::references::References;
use crate::session::tour::Tour;
use crate::session::verify::Verify;
use crate::session::{Baseline, Session};
use std::path::PathBuf;

/// What the command line asks for.
pub enum Request {
    /// To run scenarios and report.
    Measure(Box<Session>),
    /// The same as a rank of an MPI job, which all ranks are asked for.
    MeasureByRanks(Box<Session>),
    /// To say which scenarios there are, on so many CPUs.
    List(usize, Destination),
    /// To explore every interleaving of a program.
    Explore(Box<ExploreSession>),
    /// To explore every interleaving of reference counts.
    References(Box<References>),
    /// To check a whole program.
    Check(CheckSession),
    /// To list a program's instructions.
    Dis(Disassembly),
    /// To measure the convoy effect on so many CPUs.
    Convoy(Convoy, usize, Baseline, Destination),
    /// To hold two exports against each other, on so many CPUs.
    Diff(Diff, usize, Destination),
    /// To measure what interpreters take for the same programs, on so many CPUs.
    Overhead(Overhead, Option<Expected>, usize, Destination),
    /// To hold the model against real interpreters, on so many CPUs.
    Verify(Verify, usize, Destination),
    /// To show the tour.
    Tour(Tour),
    /// To print a text.
    Print(String),
    /// To write files of these names and texts into a folder.
    Pages(PathBuf, Vec<(String, String)>),
    /// To echo bytes for another gilsim.
    Echo,
    /// To be a worker process of another gilsim.
    SplitWorker(worker::Task),
}

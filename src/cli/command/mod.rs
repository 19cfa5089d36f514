//! The commands, a file for each family, and the choice between them.

mod compare;
mod convoy;
mod counter;
mod explore;
mod list;
mod python;
mod refcount;
mod split;
mod verify;
mod worker;

pub use list::list;

use super::refusal::UsageError;
use super::request::Request;
use crate::scenario::convoy::ECHO_COMMAND;
use crate::scenario::split::message::WORKER_COMMAND;
use crate::system::cpus::Cpus;
use clap::{Parser, Subcommand};

const EXIT_CODES: &str = "\
Exit codes: 0 it ran; 1 it could not run; 2 the command line is wrong; \
3 a promise was broken (an exact scenario lost an update), or --expect was not met.";

/// Shows race conditions, locks, the GIL and the split into processes at work on this machine, and
/// measures them side by side.
#[derive(Debug, Parser)]
#[command(name = "gilsim", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = EXIT_CODES, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

/// The commands in the order of the help. What each is and how it is used stands at its type.
#[derive(Debug, Subcommand)]
enum Command {
    Race(counter::RaceCommand),
    Mutex(counter::MutexCommand),
    Atomic(counter::AtomicCommand),
    Sharded(counter::ShardedCommand),
    Gil(counter::GilCommand),
    Split(split::SplitCommand),
    Refcount(refcount::RefcountCommand),
    Compare(compare::CompareCommand),
    Convoy(convoy::ConvoyCommand),
    Python(python::PythonCommand),
    Verify(verify::VerifyCommand),
    Explore(explore::ExploreCommand),
    /// The scenarios, what they promise and what they show
    List,
    #[command(name = WORKER_COMMAND, hide = true)]
    SplitWorker(worker::WorkerCommand),
    #[command(name = ECHO_COMMAND, hide = true)]
    Echo,
}

impl CommandLine {
    /// What it asks for, on these CPUs.
    pub(super) fn request(self, cpus: Cpus) -> Result<Request, UsageError> {
        match self.command {
            Command::Race(command) => command.request(cpus),
            Command::Mutex(command) => command.request(cpus),
            Command::Atomic(command) => command.request(cpus),
            Command::Sharded(command) => command.request(cpus),
            Command::Gil(command) => command.request(cpus),
            Command::Split(command) => command.request(cpus),
            Command::Refcount(command) => command.request(cpus),
            Command::Compare(command) => command.request(cpus),
            Command::Convoy(command) => Ok(command.request(&cpus)),
            Command::Python(command) => command.request(cpus),
            Command::Verify(command) => Ok(command.request(&cpus)),
            Command::Explore(command) => command.request(&cpus),
            Command::List => Ok(Request::List),
            Command::SplitWorker(command) => Ok(command.request()),
            Command::Echo => Ok(Request::Echo),
        }
    }
}

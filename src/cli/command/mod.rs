//! The commands, a file for each family, and the choice between them.

mod check;
mod compare;
mod convoy;
mod counter;
mod diff;
mod dis;
mod explore;
mod list;
mod overhead;
mod python;
mod refcount;
mod schema;
mod shell;
mod split;
mod tour;
mod verify;
mod worker;

use super::refusal::UsageError;
use super::request::Request;
use crate::scenario::convoy::ECHO_COMMAND;
use crate::scenario::split::message::WORKER_COMMAND;
use crate::system::cpus::Cpus;
use clap::{ArgMatches, Args, FromArgMatches, Parser, Subcommand};

const EXIT_CODES: &str = "\
Exit codes: 0 it ran; 1 it could not run; 2 the command line is wrong, or names a body, program or export that gilsim cannot take; \
3 a promise was broken (an exact scenario lost an update, verify or check saw in a real run what the model excludes), --expect was not met, or something is slower than --fail-if-slower allows; \
130 and 143 it was interrupted by SIGINT or SIGTERM and reported what was finished by then.";

/// Shows race conditions, locks, the GIL (CPython's global interpreter lock, under which one thread at a time runs)
/// and the split into processes at work on this machine, and measures them side by side.
#[derive(Debug, Parser)]
#[command(name = "gilsim", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = EXIT_CODES, max_term_width = 100)]
pub(super) struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

/// The commands in the order of the help, each with its line there. How it is used stands at its type.
#[derive(Debug, Subcommand)]
enum Command {
    /// Two workers on one counter without synchronisation: updates get lost
    Race(Deferred<counter::RaceCommand>),
    /// The same counter behind a lock: right, at the price of waiting
    Mutex(Deferred<counter::MutexCommand>),
    /// The same counter as one atomic instruction (`fetch_add`)
    Atomic(Deferred<counter::AtomicCommand>),
    /// A counter for each worker, added up at the end: nothing is shared
    Sharded(Deferred<counter::ShardedCommand>),
    /// A loop body under the GIL of one CPython version, which decides where the lock may be lost
    Gil(Deferred<counter::GilCommand>),
    /// The sum over a range, split between processes, threads, a rayon pool or threads under a global lock
    Split(Deferred<split::SplitCommand>),
    /// References to objects, counted in several ways: what goes wrong without protection, and what each one costs
    Refcount(Deferred<refcount::RefcountCommand>),
    /// Scenarios side by side, right or wrong, fast or slow, their rounds interleaved
    Compare(Deferred<compare::CompareCommand>),
    /// The convoy effect: round trips of one byte beside workers that only compute, under the GIL
    Convoy(Deferred<convoy::ConvoyCommand>),
    /// The two jobs by real interpreters: a loop body in threads, and a sum split between processes
    Python(Deferred<python::PythonCommand>),
    /// What real interpreters take for the same programs, in pairs: is Python without a GIL slower?
    Overhead(Deferred<overhead::OverheadCommand>),
    /// The model against real interpreters: for each loop body, can updates be lost, and are they?
    Verify(Deferred<verify::VerifyCommand>),
    /// Every interleaving of a loop body: what can come out, how often, and the schedule that shows it
    Explore(Deferred<explore::ExploreCommand>),
    /// Your own program, on every version of CPython: can threads come between each other, where, and by which schedule
    Check(Deferred<check::CheckCommand>),
    /// The instructions of a program or a loop body, with a mark where a version of CPython may drop its GIL, and why
    Dis(Deferred<dis::DisCommand>),
    /// The whole story in ten steps, each a guess and then a real run on this machine
    Tour(Deferred<tour::TourCommand>),
    /// What takes longer, or less long, than it did: two exports held against each other, without running anything
    Diff(Deferred<diff::DiffCommand>),
    /// The scenarios and their variants, what they promise and what they show
    List(Deferred<list::ListCommand>),
    /// The schema of the JSON that the other commands write: every field, its type and its meaning (JSON Schema 2020-12)
    Schema(Deferred<schema::SchemaCommand>),
    /// The completions of a shell, to be read by it: commands and options; in bash, zsh and fish the values of options and the names of scenarios, too
    Completions(Deferred<shell::CompletionsCommand>),
    /// The pages of the manual, one for each command, written into a folder
    Man(Deferred<shell::ManCommand>),
    #[command(name = WORKER_COMMAND, hide = true)]
    SplitWorker(Deferred<worker::WorkerCommand>),
    #[command(name = ECHO_COMMAND, hide = true)]
    Echo,
}

impl CommandLine {
    /// What it asks for, on these CPUs.
    pub(super) fn request(self, cpus: Cpus) -> Result<Request, UsageError> {
        match self.command {
            Command::Race(Deferred(command)) => command.request(cpus),
            Command::Mutex(Deferred(command)) => command.request(cpus),
            Command::Atomic(Deferred(command)) => command.request(cpus),
            Command::Sharded(Deferred(command)) => command.request(cpus),
            Command::Gil(Deferred(command)) => command.request(cpus),
            Command::Split(Deferred(command)) => command.request(cpus),
            Command::Refcount(Deferred(command)) => command.request(cpus),
            Command::Compare(Deferred(command)) => command.request(cpus, &names()),
            Command::Convoy(Deferred(command)) => command.request(&cpus),
            Command::Python(Deferred(command)) => command.request(cpus),
            Command::Overhead(Deferred(command)) => command.request(&cpus),
            Command::Verify(Deferred(command)) => command.request(&cpus),
            Command::Explore(Deferred(command)) => command.request(&cpus),
            Command::Check(Deferred(command)) => command.request(&cpus),
            Command::Dis(Deferred(command)) => command.request(&cpus),
            Command::Tour(Deferred(command)) => command.request(cpus),
            Command::Diff(Deferred(command)) => command.request(&cpus),
            Command::List(Deferred(command)) => command.request(&cpus),
            Command::Schema(Deferred(command)) => Ok(command.request()),
            Command::Completions(Deferred(command)) => command.request(&definition()),
            Command::Man(Deferred(command)) => command.request(&definition()),
            Command::SplitWorker(Deferred(command)) => Ok(command.request()),
            Command::Echo => Ok(Request::Echo),
        }
    }
}

fn definition() -> clap::Command {
    <CommandLine as clap::CommandFactory>::command()
}

/// The names of the commands that a person may give.
fn names() -> Vec<String> {
    let definition = definition();
    let shown = definition.get_subcommands().filter(|command| !command.is_hide_set());
    shown.map(|command| command.get_name().to_owned()).collect()
}

/// The options of one command, which clap defines only when that command is the one that is called: the start of
/// gilsim does not wait for the definitions of all the others.
#[derive(Debug)]
struct Deferred<T>(T);

impl<T: Args> Args for Deferred<T> {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.defer(T::augment_args)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command.defer(T::augment_args_for_update)
    }
}

impl<T: FromArgMatches> FromArgMatches for Deferred<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_list_of_commands_says_what_each_says_of_itself() {
        let listed = CommandLine::command();
        let mut built = CommandLine::command();
        built.build();
        for (listed, built) in listed.get_subcommands().zip(built.get_subcommands()) {
            let about = |command: &clap::Command| command.get_about().map(ToString::to_string);
            assert_eq!(about(listed), about(built), "{}", listed.get_name());
        }
    }
}

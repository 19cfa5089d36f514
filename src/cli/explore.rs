//! The command line of `gilsim explore`.

use super::{OutputArguments, choice, statements, version as versions};
use crate::choice::Choice;
use crate::count;
use crate::explore::{MOST_WORKERS, Schedule, Switching};
use crate::measure::Pattern;
use crate::python::program::Program;
use crate::python::version::Version;
use crate::scenario;
use crate::session::Error;
use crate::session::Expectation;
use crate::session::explore::{ExploreSession, Wanted};
use crate::system::cpus::Cpus;
use clap::Args;

/// Every interleaving of a loop body: what can come out, how often, and the schedule that shows it
///
/// All schedules of the workers are counted, each by what it ends with. Workers are switched between any two of
/// load, add and store (--machine), or only where a version of CPython may drop its GIL (--cpython). Every worker
/// adds 1 by default, so that no loss can make up for another.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim explore\n  gilsim explore --iters 40 --quiet\n  gilsim explore --body x=x+int(1) --cpython 3.13 --pattern plus-minus\n  gilsim explore --iters 1 --schedule v1:machine:A1,B3,A2 --replay"
)]
pub(super) struct ExploreArguments {
    /// The body of each worker's loop, in Python: `x` is shared, `d` is the worker's +1 or -1
    #[arg(long, value_name = "BODY", default_value = scenario::gil::BODY)]
    body: String,
    /// Functions and locks that the body uses, in Python
    #[arg(long, value_name = "SETUP", default_value = "")]
    setup: String,
    /// Switch where this version of CPython may drop its GIL: 2.7, 3.6 to 3.14, 3.13t or 3.14t
    #[arg(long, value_name = "VERSION", value_parser = versions(), conflicts_with = "machine")]
    cpython: Option<Version>,
    /// Switch between any two of load, add and store (the default)
    #[arg(long)]
    machine: bool,
    /// How many workers
    #[arg(long, value_name = "T", default_value = "2", value_parser = parse_workers, allow_negative_numbers = true)]
    threads: usize,
    /// How often each worker does the body
    #[arg(long, value_name = "N", default_value = "2", value_parser = parse_iterations, allow_negative_numbers = true)]
    iters: u64,
    /// What each worker adds
    #[arg(long, default_value = Pattern::Plus.name(), value_parser = choice::<Pattern>())]
    pattern: Pattern,
    /// The outcome to show a schedule of: a value of x, or deadlock [default: the furthest from right]
    #[arg(long, value_name = "VALUE|deadlock", value_parser = parse_outcome, allow_negative_numbers = true, conflicts_with = "schedule")]
    outcome: Option<Wanted>,
    /// Carry out this schedule, instead of exploring them all
    #[arg(long, value_name = "TEXT")]
    schedule: Option<Schedule>,
    /// Have real threads carry out the schedule that is shown, and check where the real counter ends
    #[arg(long)]
    replay: bool,
    /// Memory for states, in bytes (8G and 8e9 are the same); no more than a limit on the address space
    /// (ulimit -v) leaves [default: half of what is free]
    #[arg(long, value_name = "BYTES", value_parser = count::parse, allow_negative_numbers = true)]
    max_memory: Option<u64>,
    /// Exit with 3 unless no schedule (exact), or some schedule (lost), loses an update or deadlocks
    #[arg(long, value_parser = choice::<Expectation>())]
    expect: Option<Expectation>,
    #[command(flatten)]
    output: OutputArguments,
}

impl ExploreArguments {
    /// The request that it stands for.
    pub(super) fn session(self, cpus: &Cpus) -> Result<ExploreSession, Error> {
        let Self {
            body,
            setup,
            cpython,
            machine: _,
            threads,
            iters,
            pattern,
            outcome,
            schedule,
            replay,
            max_memory,
            expect,
            output,
        } = self;
        let version = cpython.unwrap_or(Version::newest_with_gil());
        let program = Program::compile(&statements(&body), &statements(&setup), version)
            .map_err(|error| Error::Usage(error.to_string()))?;
        Ok(ExploreSession {
            program,
            switching: if cpython.is_some() { Switching::Gil } else { Switching::Machine },
            workers: threads,
            iterations: iters,
            pattern,
            outcome,
            schedule,
            replay,
            max_memory,
            cpus: cpus.usable,
            expect,
            destination: output.into(),
        })
    }
}

fn parse_workers(text: &str) -> Result<usize, String> {
    let number = count::parse(text).map_err(|error| error.to_string())?;
    let workers = usize::try_from(number).ok().filter(|workers| (1..=MOST_WORKERS).contains(workers));
    workers.ok_or_else(|| {
        format!("out of range; use 1 to {MOST_WORKERS} workers, whose interleavings can be counted")
    })
}

fn parse_iterations(text: &str) -> Result<u64, String> {
    match count::parse(text) {
        Ok(0) => Err("out of range; use 1 or more".to_owned()),
        Ok(number) if number > 100_000 => {
            Err("out of range; use 1 to 100000: more could not be counted".to_owned())
        }
        Ok(number) => Ok(number),
        Err(error) => Err(error.to_string()),
    }
}

fn parse_outcome(text: &str) -> Result<Wanted, String> {
    match text {
        "deadlock" => Ok(Wanted::Deadlock),
        _ => text
            .parse()
            .map(Wanted::Value)
            .map_err(|_| "not an outcome; write a value of x such as 2, or deadlock".to_owned()),
    }
}

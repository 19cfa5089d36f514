//! `check`: a whole program on every version.

use crate::cli::options::{OutputOptions, TimeoutOption};
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::cli::values::{self, choice, count_in};
use crate::explore::Schedule;
use crate::python::version::Version;
use crate::session::Expectation;
use crate::session::check::{CheckSession, Pythons};
use crate::session::real_runs::RealRuns;
use crate::system::cpus::Cpus;
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// The most iterations of a long loop: every schedule of more cannot be tried.
const MOST_ITERATIONS: u32 = 20;

/// Your own program, on every version of CPython: can threads come between each other, where, and by which schedule
///
/// Every schedule of the program is tried at small scope: numbers that only make it long are taken as small. Threads are
/// switched only where a version may drop its GIL. *exact* means that every schedule ends as some order of whole loop
/// iterations, or of whole threads, does; what those print and raise is told. *differs*: it may end otherwise, but
/// only an order is another, or several ends are right. Nothing is run or opened unless real
/// interpreters are asked for: what the model does not cover is refused by name and place, and what only some versions meet,
/// while they run, is *incomplete* on those, with the reason.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim check race.py\n  gilsim check race.py --cpython 3.9,3.13t --expect lost\n  gilsim check race.py --python all"
)]
#[command(mut_arg("time", |arg| arg.help("How long one run in a real interpreter may take; one that is to show a deadlock is given 20 times as long as one that ended, and 2 s at least").requires("python")))]
#[command(mut_arg("quiet", |arg| arg.help("Print for each version a line of version and verdict, with a tab between them; for each real interpreter its release and what was seen")))]
pub(super) struct CheckCommand {
    /// The program
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A version to check it on; several as 3.9,3.13 [default: all]
    #[arg(long, value_name = "VERSION", value_parser = values::version(), value_delimiter = ',')]
    cpython: Vec<Version>,
    /// How many iterations long loops are taken to have [default: 2; where nothing goes wrong and that was little to try, 3, and up to 10 while some line is never run or some test always comes out the same]
    #[arg(long, value_name = "N", value_parser = parse_scope, allow_negative_numbers = true)]
    scope: Option<u32>,
    /// Take other numbers as small in the same proportion, such as a limit, or a stock, beside a loop [default: where something is
    /// not tried without it, or no order comes to an end]
    #[arg(long)]
    in_proportion: bool,
    /// Carry out this schedule of a version, instead of trying them all
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["cpython", "python"])]
    schedule: Option<Schedule>,
    /// Have real threads carry out the schedule that is shown, each in its turns, and check that they end the same
    #[arg(long)]
    replay: bool,
    /// Show the schedule by instructions, and not by lines
    #[arg(long)]
    steps: bool,
    /// A real interpreter that runs the file as it stands as well, under a switch interval of 1 us, in a fresh process for each
    /// run; may be given several times; all: those on PATH and among pyenv's versions that are of a version checked, besides those
    /// given by name
    #[arg(long, value_name = "EXE|all")]
    python: Vec<PathBuf>,
    /// How many runs each real interpreter has; the first that shows what the model warns of is the last [default: as many as
    /// fit in some 5 s: up to 10, or up to 100 where the model says that it can go wrong]
    #[arg(long, value_name = "R", value_parser = values::runs, allow_negative_numbers = true, requires = "python")]
    runs: Option<NonZeroUsize>,
    #[command(flatten)]
    timeout: TimeoutOption,
    /// Exit with 3 unless every version is right (exact), or every version loses, raises or deadlocks (lost); versions on which the
    /// file is "not python" are left out, and where it is so on all, neither is met
    #[arg(long, hide_possible_values = true, value_name = "exact|lost", value_parser = choice::<Expectation>())]
    expect: Option<Expectation>,
    #[command(flatten)]
    output: OutputOptions,
}

impl CheckCommand {
    pub(super) fn request(self, cpus: &Cpus) -> Result<Request, UsageError> {
        let versions = if self.cpython.is_empty() { Version::ALL.to_vec() } else { self.cpython };
        let (all, named): (Vec<PathBuf>, Vec<PathBuf>) =
            self.python.into_iter().partition(|python| python.as_os_str() == "all");
        Ok(Request::Check(CheckSession {
            file: self.file,
            versions,
            scope: self.scope,
            in_proportion: self.in_proportion,
            pythons: Pythons { named, all: !all.is_empty() },
            real_runs: RealRuns { runs: self.runs.map(NonZeroUsize::get), timeout: self.timeout.time },
            schedule: self.schedule,
            replay: self.replay,
            steps: self.steps,
            expect: self.expect,
            cpus: cpus.usable,
            destination: self.output.destination()?,
        }))
    }
}

/// With one, a number of threads could become one, and nothing would be shared.
const FEWEST_ITERATIONS: u32 = 2;

fn parse_scope(text: &str) -> Result<u32, String> {
    let few = |number| {
        u32::try_from(number).ok().filter(|number| (FEWEST_ITERATIONS..=MOST_ITERATIONS).contains(number))
    };
    count_in(text, few, || format!("use {FEWEST_ITERATIONS} to {MOST_ITERATIONS} iterations"))
}

//! The command line, and how it becomes a plain request. Nothing below this file knows clap.

mod explore;

use crate::choice::Choice;
use crate::count;
use crate::interpreter::MOST_MEASUREMENTS;
use crate::measure::runner::{Case, Rounds};
use crate::measure::{Group, Pattern, Promise, Scenario, Workload};
use crate::python::version::Version;
use crate::report::export::Format;
use crate::report::layout::{Grid, finish, paragraph};
use crate::report::output::{self, Destination};
use crate::scenario;
use crate::scenario::convoy::{self, Convoy};
use crate::scenario::gil::UnderGil;
use crate::scenario::mutex::Lock;
use crate::scenario::python::Job;
use crate::scenario::split::{By, message, worker};
use crate::session::Error;
use crate::session::explore::ExploreSession;
use crate::session::verify::{self, Verify};
use crate::session::{Ending, Expectation, Real, Session};
use crate::system::cpus::Cpus;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand};
use std::convert::Infallible;
use std::ffi::OsString;
use std::io::Write;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

/// More workers than any machine has room for; what this one has room for shows when they start.
const MOST_WORKERS: u64 = 100_000;
/// A process is dearer than a thread.
const MOST_PROCESSES: usize = 1_000;
/// Each idle worker of a rayon pool looks for work at all others, so its cost grows with the square of their
/// number: 1,000 of them on 2 CPUs need 4 s to start. A machine with more CPUs may have as many workers.
const MOST_IN_POOL: usize = 256;
/// How long the rounds of one scenario may take when their number was not asked for.
const BUDGET: Duration = Duration::from_secs(3);
/// The same for a comparison, which has more to do.
const COMPARISON_BUDGET: Duration = Duration::from_secs(8);

const EXIT_CODES: &str = "\
Exit codes: 0 it ran; 1 it could not run; 2 the command line is wrong; \
3 a promise was broken (an exact scenario lost an update), or --expect was not met.";

/// What the command line asks for.
pub enum Request {
    /// To run scenarios and report.
    Measure(Box<Session>),
    /// To say which scenarios there are.
    List,
    /// To explore every interleaving of a program.
    Explore(Box<ExploreSession>),
    /// To measure the convoy effect on so many CPUs.
    Convoy(Convoy, usize, Destination),
    /// To hold the model against real interpreters, on so many CPUs.
    Verify(Verify, usize, Destination),
    /// To echo bytes for another gilsim.
    Echo,
    /// To be a worker process of another gilsim.
    SplitWorker(worker::Task),
}

/// Why a command line is not carried out: a mistake in it, or a request for help.
pub enum Refusal {
    /// What clap has to say.
    Clap(Box<clap::Error>),
    /// What gilsim has to say.
    Usage(Error),
}

impl Refusal {
    /// Prints the help that was asked for, or the mistake in one line.
    ///
    /// # Errors
    ///
    /// [`Error::Output`] when help cannot be written. A mistake has no other place to be told.
    pub fn print(&self) -> crate::session::Result<()> {
        match (self, self.mistake()) {
            (Self::Clap(error), None) if !error.use_stderr() => {
                Ok(output::write(&mut anstream::stdout().lock(), &error.render().ansi().to_string())?)
            }
            (Self::Clap(error), None) => {
                let _ = write!(anstream::stderr(), "{}", error.render().ansi());
                Ok(())
            }
            (_, mistake) => {
                let _ = writeln!(anstream::stderr(), "{}", mistake.unwrap_or_default());
                Ok(())
            }
        }
    }

    /// What is wrong, in one line unless it shows a place in a body; nothing when help was asked for.
    #[must_use]
    pub fn mistake(&self) -> Option<String> {
        match self {
            Self::Clap(error) if !error.use_stderr() || is_help(error) => None,
            Self::Clap(error) => Some(one_line(error)),
            Self::Usage(error) => Some(format!("error: {error}")),
        }
    }

    /// How the invocation ends.
    #[must_use]
    pub fn ending(&self) -> Ending {
        match self {
            Self::Clap(error) if !error.use_stderr() => Ending::Ran,
            Self::Clap(_) => Ending::WrongUsage,
            Self::Usage(error) => Ending::of(error),
        }
    }
}

fn is_help(error: &clap::Error) -> bool {
    error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
}

/// clap's message without the usage that follows it, its lines joined.
fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("; ").replace("arguments were not provided:; ", "arguments were not provided: ")
}

/// Shows race conditions, locks, the GIL and the split into processes at work on this machine, and
/// measures them side by side.
#[derive(Debug, Parser)]
#[command(name = "gilsim", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_help = EXIT_CODES, max_term_width = 100, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Two workers on one counter without synchronisation: updates get lost
    ///
    /// Each update is a load, an addition and a store. What another worker stores between one worker's load
    /// and its store is overwritten.
    #[command(
        after_help = "Example:\n  gilsim race --iters 100M\n  gilsim race --pattern plus --threads 4 --expect lost"
    )]
    Race {
        #[command(flatten)]
        count: CountArguments,
        /// How often a worker yields its CPU between load and store: once in N updates, off, or auto
        /// (only when there are fewer CPUs than workers, which would otherwise rarely meet)
        #[arg(long, value_name = "auto|off|N", default_value = "auto", value_parser = parse_widen, allow_negative_numbers = true)]
        widen: Widen,
        #[command(flatten)]
        measure: MeasureArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// The same counter behind a lock: right, at the price of waiting
    #[command(
        after_help = "Example:\n  gilsim mutex --lock spin --threads 4\n  gilsim mutex --lock fair --iters 100k"
    )]
    Mutex {
        /// Which lock
        #[arg(long, default_value = Lock::ALL[0].name(), value_parser = choice::<Lock>())]
        lock: Lock,
        #[command(flatten)]
        count: CountArguments,
        #[command(flatten)]
        measure: MeasureArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// The same counter as one atomic instruction (`fetch_add`)
    #[command(after_help = "Example:\n  gilsim atomic --iters 100M --runs 3")]
    Atomic {
        #[command(flatten)]
        count: CountArguments,
        #[command(flatten)]
        measure: MeasureArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// A counter for each worker, added up at the end: nothing is shared
    #[command(after_help = "Example:\n  gilsim sharded --threads 2 --iters 1e9 --runs 1")]
    Sharded {
        #[command(flatten)]
        count: CountArguments,
        #[command(flatten)]
        measure: MeasureArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// A loop body under the GIL of one CPython version, which decides where the lock may be lost
    ///
    /// One worker at a time runs. A waiter asks the holder to let go after the switch interval; the holder does
    /// so after the next instruction at which its version looks, and another worker takes the lock.
    #[command(
        after_help = "Example:\n  gilsim gil --iters 100M --cpython 3.9\n  gilsim gil --body 'x = x + int(d)' --cpython 3.13 --expect lost"
    )]
    Gil {
        #[command(flatten)]
        body: BodyArguments,
        /// Which version's GIL: 2.7, 3.6 to 3.14, or 3.13t and 3.14t, which have none
        #[arg(long, value_name = "VERSION", default_value = Version::newest_with_gil().name(), value_parser = version())]
        cpython: Version,
        #[command(flatten)]
        interval: IntervalArguments,
        #[command(flatten)]
        count: CountArguments,
        #[command(flatten)]
        measure: MeasureArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// The sum over a range, split between processes, threads, a rayon pool or threads under a global lock
    #[command(
        after_help = "Example:\n  gilsim split --iters 100M\n  gilsim split --by gil --workers 4 --iters 1e9"
    )]
    Split {
        /// The first number of the sum
        #[arg(long, value_name = "A", default_value = "0", value_parser = count::parse, allow_negative_numbers = true)]
        from: u64,
        /// The end of the range, which is not part of it (100M, 1e8 and 100000000 are the same)
        #[arg(long, value_name = "N", default_value = "100M", value_parser = count::parse, allow_negative_numbers = true)]
        iters: u64,
        /// How many workers share the sum
        #[arg(long, value_name = "W", default_value = "2", value_parser = parse_workers, allow_negative_numbers = true)]
        workers: NonZeroUsize,
        /// How the sum is split
        #[arg(long, default_value = By::ALL[0].name(), value_parser = choice::<By>())]
        by: By,
        #[command(flatten)]
        interval: IntervalArguments,
        #[command(flatten)]
        measure: MeasureArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// Scenarios side by side, right or wrong, fast or slow, their rounds interleaved
    #[command(
        after_help = "Example:\n  gilsim compare\n  gilsim compare race mutex atomic --iters 1M\n  gilsim compare mutex:std mutex:spin mutex:fair --iters 100k"
    )]
    Compare {
        /// Scenarios to compare, as `gilsim list` names them; all commands if none is named
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// How many workers each scenario has
        #[arg(long, visible_alias = "workers", value_name = "T", default_value = "2", value_parser = parse_workers, allow_negative_numbers = true)]
        threads: NonZeroUsize,
        /// Updates of each worker to the counter, and the end of the range for the sum [default: 5M for the
        /// counter, 500M for the sum]
        #[arg(long, value_name = "N", value_parser = count::parse, allow_negative_numbers = true)]
        iters: Option<u64>,
        /// What each worker adds
        #[arg(long, default_value = Pattern::ALL[0].name(), value_parser = choice::<Pattern>())]
        pattern: Pattern,
        #[command(flatten)]
        interval: IntervalArguments,
        /// How many rounds [default: as many as fit in some 8 s, 1 to 10]
        #[arg(long, value_name = "R", value_parser = parse_runs, allow_negative_numbers = true)]
        runs: Option<NonZeroUsize>,
        /// A real interpreter to compare with; may be given several times
        #[arg(long, value_name = "EXE")]
        python: Vec<PathBuf>,
        #[command(flatten)]
        timeout: TimeoutArguments,
        #[command(flatten)]
        pin: PinArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// The convoy effect: round trips of one byte beside workers that only compute, under the GIL
    ///
    /// A worker sends a byte to an echo process and waits for its return, first alone, then beside computing
    /// workers (hogs) that keep the GIL until they are asked to let go.
    #[command(after_help = "Example:\n  gilsim convoy --hogs 2 --cpython 3.12 --python python3")]
    Convoy {
        /// How many workers compute meanwhile
        #[arg(long, value_name = "H", default_value = "1", value_parser = parse_workers, allow_negative_numbers = true)]
        hogs: NonZeroUsize,
        /// How many round trips, alone and beside the hogs
        #[arg(long, value_name = "N", default_value = "200", value_parser = parse_pings, allow_negative_numbers = true)]
        pings: u32,
        /// Whose GIL is modelled: 2.7, 3.6 to 3.14, 3.13t or 3.14t
        #[arg(long, value_name = "VERSION", default_value = Version::newest_with_gil().name(), value_parser = version())]
        cpython: Version,
        #[command(flatten)]
        interval: IntervalArguments,
        /// A real interpreter to measure as well; may be given several times
        #[arg(long, value_name = "EXE")]
        python: Vec<PathBuf>,
        #[command(flatten)]
        timeout: TimeoutArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// The two jobs by real interpreters: a loop body in threads, and a sum split between processes
    #[command(after_help = "Example:\n  gilsim python --python python3 --body 'x += d'")]
    Python {
        /// An interpreter; may be given several times [default: those on PATH and among pyenv's versions]
        #[arg(long, value_name = "EXE")]
        python: Vec<PathBuf>,
        #[command(flatten)]
        body: BodyArguments,
        /// How many threads, and how many processes
        #[arg(long, visible_alias = "workers", value_name = "T", default_value = "2", value_parser = parse_workers, allow_negative_numbers = true)]
        threads: NonZeroUsize,
        /// Repetitions of the body by each thread
        #[arg(long, value_name = "N", default_value = "1M", value_parser = parse_iterations, allow_negative_numbers = true)]
        iters: NonZeroU64,
        /// The end of the range that is summed
        #[arg(long, value_name = "N", default_value = "4M", value_parser = count::parse, allow_negative_numbers = true)]
        sum: u64,
        /// What each thread adds
        #[arg(long, default_value = Pattern::ALL[0].name(), value_parser = choice::<Pattern>())]
        pattern: Pattern,
        #[command(flatten)]
        interval: IntervalArguments,
        /// How many rounds
        #[arg(long, value_name = "R", default_value = "1", value_parser = parse_runs, allow_negative_numbers = true)]
        runs: NonZeroUsize,
        #[command(flatten)]
        timeout: TimeoutArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    /// The model against real interpreters: for each loop body, can updates be lost, and are they?
    #[command(
        after_help = "Example:\n  gilsim verify\n  gilsim verify --python python3 --body 'x = max(x + d, x + d)'"
    )]
    Verify {
        /// An interpreter; may be given several times [default: those on PATH and among pyenv's versions]
        #[arg(long, value_name = "EXE")]
        python: Vec<PathBuf>,
        /// One more body, besides the built-in ones; may be given several times; \n begins a new line
        #[arg(long, value_name = "STATEMENTS", value_parser = |text: &str| Ok::<_, Infallible>(statements(text)))]
        body: Vec<String>,
        /// Definitions that the bodies use
        #[arg(long, value_name = "STATEMENTS", value_parser = |text: &str| Ok::<_, Infallible>(statements(text)))]
        setup: Option<String>,
        /// Repetitions of the body by each of two threads in one run
        #[arg(long, value_name = "N", default_value = "200k", value_parser = parse_iterations, allow_negative_numbers = true)]
        iters: NonZeroU64,
        /// How many runs without a loss mean exact
        #[arg(long, value_name = "R", default_value = "10", value_parser = parse_verify_runs, allow_negative_numbers = true)]
        runs: NonZeroUsize,
        #[command(flatten)]
        timeout: TimeoutArguments,
        #[command(flatten)]
        output: OutputArguments,
    },
    Explore(explore::ExploreArguments),
    /// The scenarios, what they promise and what they show
    List,
    #[command(name = message::WORKER_COMMAND, hide = true)]
    SplitWorker {
        worker: usize,
        start: u64,
        end: u64,
        #[arg(long, value_parser = count::parse_interval)]
        beat: Duration,
        #[arg(long)]
        cpu: Option<usize>,
    },
    #[command(name = convoy::ECHO_COMMAND, hide = true)]
    Echo,
}

#[derive(Debug, Args)]
struct CountArguments {
    /// How many workers update the counter
    #[arg(long, value_name = "T", default_value = "2", value_parser = parse_workers, allow_negative_numbers = true)]
    threads: NonZeroUsize,
    /// Updates of each worker (100M, 1e8 and 100000000 are the same)
    #[arg(long, value_name = "N", default_value = "10M", value_parser = parse_iterations, allow_negative_numbers = true)]
    iters: NonZeroU64,
    /// What each worker adds
    #[arg(long, default_value = Pattern::ALL[0].name(), value_parser = choice::<Pattern>())]
    pattern: Pattern,
}

const BODY_HELP: &str = "The loop's body, in Python: x is the shared counter, d the worker's +1 or -1, s is \"a\", one() returns 1, \
     lock is a threading.Lock; other names are the worker's own; \\n begins a new line";

#[derive(Debug, Args)]
struct BodyArguments {
    #[arg(
        help = BODY_HELP,long, value_name = "STATEMENTS", default_value = scenario::gil::BODY, value_parser = |text: &str| Ok::<_, Infallible>(statements(text)))]
    body: String,
    /// Definitions that the body uses: functions, and more locks
    #[arg(long, value_name = "STATEMENTS", value_parser = |text: &str| Ok::<_, Infallible>(statements(text)))]
    setup: Option<String>,
}

impl BodyArguments {
    fn setup(&self) -> &str {
        self.setup.as_deref().unwrap_or_default()
    }
}

/// Statements as they are typed in a shell, where `\n` is easier than a line end.
fn statements(text: &str) -> String {
    text.replace("\\n", "\n")
}

#[derive(Debug, Clone, Copy, Args)]
struct TimeoutArguments {
    /// How long a real interpreter may take for one job
    #[arg(long = "timeout", value_name = "TIME", default_value = "60s", value_parser = count::parse_interval, allow_hyphen_values = true)]
    time: Duration,
}

#[derive(Debug, Args)]
struct IntervalArguments {
    /// How long a waiter waits before it asks the holder of the global lock to let go
    #[arg(long, value_name = "TIME", default_value = "5ms", value_parser = count::parse_interval, allow_hyphen_values = true)]
    switch_interval: Duration,
}

#[derive(Debug, Args)]
struct PinArguments {
    /// Whether each worker is kept on a CPU of its own (auto: when there are CPUs enough) or the kernel chooses (off)
    #[arg(long, default_value = Pin::ALL[0].name(), value_parser = choice::<Pin>())]
    pin: Pin,
}

#[derive(Debug, Args)]
struct MeasureArguments {
    /// How many runs [default: as many as fit in some 3 s, 1 to 10]
    #[arg(long, value_name = "R", value_parser = parse_runs, allow_negative_numbers = true)]
    runs: Option<NonZeroUsize>,
    #[command(flatten)]
    pin: PinArguments,
    /// Exit with 3 unless the result is as expected
    #[arg(long, value_parser = choice::<Expectation>())]
    expect: Option<Expectation>,
}

#[derive(Debug, Args)]
struct OutputArguments {
    /// The form of the report on standard output
    #[arg(long, default_value = Format::ALL[0].name(), value_parser = choice::<Format>())]
    format: Format,
    /// Write the report to a file, too; its ending chooses the form (.json .csv .md .txt); may be given
    /// several times; - is JSON on standard output, the other report then goes to standard error
    #[arg(long, value_name = "FILE")]
    export: Vec<PathBuf>,
    /// Print nothing but the result
    #[arg(long, short)]
    quiet: bool,
}

impl From<OutputArguments> for Destination {
    fn from(arguments: OutputArguments) -> Self {
        Self { format: arguments.format, exports: arguments.export, quiet: arguments.quiet }
    }
}

/// Whether workers are kept on CPUs of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pin {
    Auto,
    Off,
}

impl Choice for Pin {
    const ALL: &'static [Self] = &[Self::Auto, Self::Off];

    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Off => "off",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Auto => "each worker on a CPU of its own, when there are CPUs enough",
            Self::Off => "the kernel chooses",
        }
    }
}

/// How often a worker of the race yields between load and store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Widen {
    Auto,
    Off,
    Every(NonZeroU64),
}

impl Widen {
    /// With too few CPUs the workers would hardly ever meet; some thousand widened updates make sure that
    /// they do, and cost little beside the rest.
    fn settle(self, load: &Workload) -> Option<NonZeroU64> {
        match self {
            Self::Off => None,
            Self::Every(updates) => Some(updates),
            Self::Auto if load.workers.get() <= load.cpus.usable => None,
            Self::Auto => NonZeroU64::new((load.iterations / 1024).clamp(16, 1 << 16)),
        }
    }
}

/// A parser for the names of a choice's values, with their meanings in the long help.
fn choice<C: Choice>() -> impl TypedValueParser<Value = C> {
    let values = C::ALL.iter().map(|choice| PossibleValue::new(choice.name()).help(choice.meaning()));
    PossibleValuesParser::new(values)
        .map(|name| C::ALL.iter().copied().find(|choice| choice.name() == name).unwrap_or(C::ALL[0]))
}

fn parse_workers(text: &str) -> Result<NonZeroUsize, String> {
    let number = count::parse(text).map_err(|error| error.to_string())?;
    match usize::try_from(number).ok().and_then(NonZeroUsize::new) {
        Some(workers) if number <= MOST_WORKERS => Ok(workers),
        _ => Err(format!("out of range; use 1 to {MOST_WORKERS} workers")),
    }
}

fn parse_iterations(text: &str) -> Result<NonZeroU64, String> {
    let number = count::parse(text).map_err(|error| error.to_string())?;
    NonZeroU64::new(number).ok_or_else(|| "out of range; a counter needs at least 1 update".to_owned())
}

fn parse_pings(text: &str) -> Result<u32, String> {
    let number = count::parse(text).map_err(|error| error.to_string())?;
    let pings = u32::try_from(number).ok().filter(|pings| (1..=MOST_MEASUREMENTS).contains(pings));
    pings.ok_or_else(|| format!("out of range; use 1 to {MOST_MEASUREMENTS} round trips"))
}

fn parse_verify_runs(text: &str) -> Result<NonZeroUsize, String> {
    // A body that can lose is given ten times as many.
    parse_runs(text).ok().filter(|runs| runs.get() <= 1000).ok_or_else(|| "use 1 to 1000 runs".to_owned())
}

/// A parser for versions, which lists them where it refuses one.
fn version() -> impl TypedValueParser<Value = Version> {
    PossibleValuesParser::new(Version::ALL.map(Version::name))
        .map(|name| name.parse().unwrap_or(Version::newest_with_gil()))
}

fn parse_runs(text: &str) -> Result<NonZeroUsize, String> {
    let number = count::parse(text).map_err(|error| error.to_string())?;
    let runs = usize::try_from(number).ok().filter(|&runs| runs <= 1_000_000).and_then(NonZeroUsize::new);
    runs.ok_or_else(|| "out of range; use 1 to 1000000 runs".to_owned())
}

fn parse_widen(text: &str) -> Result<Widen, String> {
    match text {
        "auto" => Ok(Widen::Auto),
        "off" => Ok(Widen::Off),
        _ => count::parse(text)
            .ok()
            .and_then(NonZeroU64::new)
            .map(Widen::Every)
            .ok_or_else(|| "use auto, off, or once in how many updates (1 or more)".to_owned()),
    }
}

/// Reads a command line.
///
/// # Errors
///
/// Says what is wrong with it, or carries the help that was asked for.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, Refusal> {
    let arguments = Arguments::try_parse_from(arguments).map_err(|error| Refusal::Clap(Box::new(error)))?;
    request(arguments.command, Cpus::detect()).map_err(Refusal::Usage)
}

#[expect(clippy::too_many_lines, reason = "one arm for each command")]
fn request(command: Command, cpus: Cpus) -> Result<Request, Error> {
    let session = match command {
        Command::List => return Ok(Request::List),
        Command::Echo => return Ok(Request::Echo),
        Command::Explore(arguments) => return Ok(Request::Explore(Box::new(arguments.session(&cpus)?))),
        Command::SplitWorker { worker, start, end, beat, cpu } => {
            return Ok(Request::SplitWorker(worker::Task { worker, range: start..end, beat, cpu }));
        }
        Command::Race { count, widen, measure, output } => {
            let mut load = count.workload(&measure.pin, cpus)?;
            load.widen = widen.settle(&load);
            single(&scenario::race::Race, load, &measure, output)
        }
        Command::Mutex { lock, count, measure, output } => {
            single(mutex(lock), count.workload(&measure.pin, cpus)?, &measure, output)
        }
        Command::Atomic { count, measure, output } => {
            single(&scenario::atomic::Atomic, count.workload(&measure.pin, cpus)?, &measure, output)
        }
        Command::Sharded { count, measure, output } => {
            single(&scenario::sharded::Sharded, count.workload(&measure.pin, cpus)?, &measure, output)
        }
        Command::Gil { body, cpython, interval, count, measure, output } => {
            let load =
                Workload { switch_interval: interval.switch_interval, ..count.workload(&measure.pin, cpus)? };
            let scenario = UnderGil::new(&body.body, body.setup(), cpython, &load.pairs())?;
            single(scenario::leak(scenario), load, &measure, output)
        }
        Command::Convoy { hogs, pings, cpython, interval, python, timeout, output } => {
            let convoy = Convoy {
                hogs: hogs.get(),
                pings,
                version: cpython,
                switch_interval: interval.switch_interval,
                pythons: python,
                timeout: timeout.time,
            };
            return Ok(Request::Convoy(convoy, cpus.usable, output.into()));
        }
        Command::Python { python, body, threads, iters, sum, pattern, interval, runs, timeout, output } => {
            let load = Workload {
                switch_interval: interval.switch_interval,
                ..workload(threads, 0, pattern, &PinArguments { pin: Pin::Off }, cpus)
            };
            let job = Job::Body { body: body.body.clone(), setup: body.setup().to_owned() };
            if i64::try_from(sum).is_err() {
                return Err(Error::Usage("--sum ends at 2^63 - 1; give a smaller end".to_owned()));
            }
            let real = Real {
                programs: (!python.is_empty()).then_some(python),
                jobs: vec![
                    (job, Workload { iterations: iters.get(), ..load.clone() }),
                    (Job::Split, Workload { iterations: sum, ..load }),
                ],
                timeout: timeout.time,
            };
            Session {
                cases: Vec::new(),
                real: Some(real),
                rounds: Rounds::Exactly(runs),
                comparison: true,
                expect: None,
                destination: output.into(),
            }
        }
        Command::Verify { python, body, setup, iters, runs, timeout, output } => {
            let bodies = verify::BODIES.iter().map(|&body| body.to_owned()).chain(body).collect();
            let verify = Verify {
                bodies,
                setup: setup.unwrap_or_default(),
                pythons: python,
                iterations: iters.get(),
                runs: u32::try_from(runs.get()).unwrap_or(u32::MAX),
                timeout: timeout.time,
            };
            return Ok(Request::Verify(verify, cpus.usable, output.into()));
        }
        Command::Split { from, iters, workers, by, interval, measure, output } => {
            if from > iters {
                return Err(Error::Usage(format!(
                    "--from {from} is beyond the end of the range, --iters {iters}; give a smaller start or a larger end"
                )));
            }
            let load = Workload {
                from,
                switch_interval: interval.switch_interval,
                ..workload(workers, iters, Pattern::PlusMinus, &measure.pin, cpus)
            };
            split(by, &load, &measure, output)?
        }
        Command::Compare { names, threads, iters, pattern, interval, runs, python, timeout, pin, output } => {
            let load = Workload {
                switch_interval: interval.switch_interval,
                ..workload(threads, 0, pattern, &pin, cpus)
            };
            let cases = comparison(&names, &load, iters)?;
            let jobs = [(Group::Counter, program_1()), (Group::Sum, Job::Split)].into_iter().filter_map(
                |(group, job)| {
                    let asked = cases.iter().any(|case| case.scenario.group() == group);
                    let load = Workload {
                        iterations: iters.unwrap_or(compared(group)),
                        pins: Vec::new(),
                        ..load.clone()
                    };
                    asked.then_some((job, load))
                },
            );
            let real = Real { jobs: jobs.collect(), timeout: timeout.time, programs: Some(python) };
            Session {
                cases,
                real: Some(real),
                rounds: rounds(runs, COMPARISON_BUDGET),
                comparison: true,
                expect: None,
                destination: output.into(),
            }
        }
    };
    Ok(Request::Measure(Box::new(session)))
}

impl CountArguments {
    fn workload(&self, pin: &PinArguments, cpus: Cpus) -> Result<Workload, Error> {
        let load = workload(self.threads, self.iters.get(), self.pattern, pin, cpus);
        fits_counter(&load)?;
        Ok(load)
    }
}

/// A counter has 64 bits; what would not fit is refused before any work is done.
fn fits_counter(load: &Workload) -> Result<(), Error> {
    // With both signs the counter may stray as far as one sign's updates go.
    if Group::Counter.updates(load) > i64::MAX as u128 {
        return Err(Error::Usage(format!(
            "{} updates by each of {} workers would not fit the counter's 64 bits; use fewer of either",
            load.iterations, load.workers
        )));
    }
    Ok(())
}

fn workload(
    workers: NonZeroUsize,
    iterations: u64,
    pattern: Pattern,
    pin: &PinArguments,
    cpus: Cpus,
) -> Workload {
    let pins = match pin.pin {
        Pin::Auto => cpus.apart(workers.get()),
        Pin::Off => Vec::new(),
    };
    Workload {
        workers,
        iterations,
        from: 0,
        pattern,
        cpus,
        pins,
        widen: None,
        switch_interval: Duration::ZERO,
    }
}

fn rounds(runs: Option<NonZeroUsize>, budget: Duration) -> Rounds {
    runs.map_or(Rounds::Within(budget), Rounds::Exactly)
}

fn single(
    scenario: &'static dyn Scenario,
    load: Workload,
    measure: &MeasureArguments,
    output: OutputArguments,
) -> Session {
    Session {
        cases: vec![Case { scenario, load, baseline: false }],
        real: None,
        rounds: rounds(measure.runs, BUDGET),
        comparison: false,
        expect: measure.expect,
        destination: output.into(),
    }
}

fn split(
    by: By,
    load: &Workload,
    measure: &MeasureArguments,
    output: OutputArguments,
) -> Result<Session, Error> {
    fits(by, load)?;
    let chosen = variant("split", by.name());
    let baseline = variant("split", By::Sequential.name());
    let mut session = single(chosen, chosen.adapt(load), measure, output);
    if !chosen.is_sequential() {
        session.cases.insert(0, Case { scenario: baseline, load: baseline.adapt(load), baseline: true });
    }
    Ok(session)
}

/// Refuses more workers than a way to split is made for.
fn fits(by: By, load: &Workload) -> Result<(), Error> {
    let (most, what) = match by {
        By::Process => (MOST_PROCESSES, "processes"),
        By::Rayon => (MOST_IN_POOL.max(load.cpus.usable), "workers of a rayon pool"),
        By::Thread | By::Gil | By::Sequential => return Ok(()),
    };
    if load.workers.get() > most {
        return Err(Error::Usage(format!(
            "{} {what} are too many; use at most {most}, or split by thread",
            load.workers
        )));
    }
    Ok(())
}

fn mutex(lock: Lock) -> &'static dyn Scenario {
    variant("mutex", lock.name())
}

/// A scenario of the list by its command and its variant.
fn variant(name: &str, value: &str) -> &'static dyn Scenario {
    let found = scenario::ALL.iter().copied().find(|scenario| {
        scenario.name() == name && scenario.variant().is_some_and(|variant| variant.value == value)
    });
    // Each value of the two enums stands in the list, which a test below makes sure of.
    found.unwrap_or(scenario::ALL[0])
}

/// The first of the two programs that started gilsim.
fn program_1() -> Job {
    Job::Body { body: scenario::gil::BODY.to_owned(), setup: String::new() }
}

/// Counter updates of each worker in a comparison: the dearest scenario takes about a second.
const COMPARED_UPDATES: u64 = 5_000_000;
/// The end of the compared sums' range: work enough to make up for starting processes.
const COMPARED_RANGE: u64 = 500_000_000;

/// How much each scenario of a group has to do in a comparison.
const fn compared(group: Group) -> u64 {
    match group {
        Group::Counter => COMPARED_UPDATES,
        Group::Sum => COMPARED_RANGE,
    }
}

/// The cases of a comparison: those named, or each command's default and all ways to split.
fn comparison(names: &[String], load: &Workload, iters: Option<u64>) -> Result<Vec<Case<'static>>, Error> {
    let mut scenarios: Vec<&'static dyn Scenario> = Vec::new();
    if names.is_empty() {
        let by_default = |scenario: &&dyn Scenario| {
            scenario.group() == Group::Sum || scenario.variant().is_none_or(|variant| variant.is_default)
        };
        scenarios.extend(scenario::ALL.iter().copied().filter(by_default));
    }
    for name in names {
        let found: Vec<_> = scenario::ALL
            .iter()
            .copied()
            .filter(|scenario| {
                let default = scenario.variant().is_none_or(|variant| variant.is_default);
                scenario.label() == *name
                    || (scenario.name() == name && (default || scenario.group() == Group::Sum))
            })
            .collect();
        if found.is_empty() {
            let known: Vec<String> = scenario::ALL.iter().map(|scenario| scenario.label()).collect();
            return Err(Error::Usage(format!(
                "there is no scenario {name:?}; choose from {}",
                known.join(", ")
            )));
        }
        scenarios.extend(found);
    }

    let mut cases: Vec<Case<'static>> = Vec::new();
    for scenario in scenarios {
        if cases.iter().any(|case| case.scenario.label() == scenario.label()) {
            continue;
        }
        let default = compared(scenario.group());
        let mut load = Workload { iterations: iters.unwrap_or(default), ..scenario.adapt(load) };
        if scenario.group() == Group::Counter {
            if load.iterations == 0 {
                return Err(Error::Usage("--iters 0 leaves nothing to compare; use 1 or more".to_owned()));
            }
            fits_counter(&load)?;
        } else if let Some(by) =
            By::ALL.iter().find(|by| variant("split", by.name()).label() == scenario.label())
        {
            fits(*by, &load)?;
        }
        if scenario.promise() == Promise::MayLose {
            load.widen = Widen::Auto.settle(&load);
        }
        cases.push(Case { scenario, load, baseline: false });
    }
    Ok(cases)
}

/// The scenarios as a table, no wider than so many columns if possible.
#[must_use]
pub fn list(width: Option<usize>) -> String {
    let promise = |scenario: &dyn Scenario| match scenario.promise() {
        Promise::Exact => "exact",
        Promise::MayLose => "may lose",
    };
    let row = |&scenario: &&'static dyn Scenario| {
        vec![scenario.label().into(), promise(scenario).into(), scenario.lesson().into()]
    };
    let grid = Grid {
        header: ["name", "promise", "what it shows"].map(str::to_owned).to_vec(),
        rows: scenario::ALL.iter().map(row).collect(),
        words: vec![1, 2],
        ..Grid::default()
    };
    let usage = "Run one with gilsim NAME (a variant with its option: mutex:fair is gilsim mutex --lock fair), or set several \
                 side by side with gilsim compare NAME NAME ...";
    let mut text = grid.table(width) + "\n" + &paragraph(usage, width);
    finish(&mut text);
    text
}

/// The command line's definition, for tests that walk through it.
#[must_use]
pub fn definition() -> clap::Command {
    Arguments::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(line: &str) -> Session {
        let words = line.split_whitespace().map(OsString::from);
        match parse(words) {
            Ok(Request::Measure(session)) => *session,
            _ => panic!("{line}"),
        }
    }

    fn labels(session: &Session) -> Vec<String> {
        session.cases.iter().map(|case| case.scenario.label()).collect()
    }

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }

    #[test]
    fn every_lock_and_way_to_split_stands_in_the_list() {
        for lock in Lock::ALL {
            assert_eq!(mutex(*lock).label(), format!("mutex:{}", lock.name()));
        }
        for by in By::ALL {
            assert_eq!(variant("split", by.name()).label(), format!("split:{}", by.name()));
        }
    }

    #[test]
    fn a_command_becomes_its_case() {
        let race = session("gilsim race --threads 3 --iters 1e3 --pattern plus --widen 7 --runs 4 --pin off");
        assert_eq!(labels(&race), ["race"]);
        let load = &race.cases[0].load;
        assert_eq!((load.workers.get(), load.iterations, load.pattern), (3, 1000, Pattern::Plus));
        assert_eq!(load.widen, NonZeroU64::new(7));
        assert!(load.pins.is_empty());
        assert!(matches!(race.rounds, Rounds::Exactly(runs) if runs.get() == 4));

        let gil = session("gilsim gil --switch-interval 1ms");
        assert_eq!(gil.cases[0].load.switch_interval, Duration::from_millis(1));
    }

    #[test]
    fn a_split_brings_its_yardstick() {
        let split = session("gilsim split --by thread --workers 5");
        assert_eq!(labels(&split), ["split:sequential", "split:thread"]);
        assert!(split.cases[0].baseline && !split.cases[1].baseline);
        assert_eq!(split.cases[0].load.workers.get(), 1);
        assert_eq!(split.cases[1].load.workers.get(), 5);
        assert_eq!(labels(&session("gilsim split --by sequential")), ["split:sequential"]);
    }

    #[test]
    fn a_comparison_takes_names_and_variants_each_once() {
        let all = labels(&session("gilsim compare"));
        assert_eq!(all[..5], ["race", "mutex:parking-lot", "atomic", "sharded", "gil:3.14"]);
        assert_eq!(all.len(), 10);
        assert_eq!(
            labels(&session("gilsim compare mutex mutex:fair mutex race")),
            ["mutex:parking-lot", "mutex:fair", "race"]
        );
        assert_eq!(labels(&session("gilsim compare split")).len(), 5);
    }

    #[test]
    fn the_race_is_widened_only_when_cpus_are_short() {
        let load = |workers, iterations| Workload::for_tests(workers, iterations);
        assert_eq!(Widen::Auto.settle(&load(1, 1000)), None);
        assert_eq!(Widen::Auto.settle(&load(2, 1000)), NonZeroU64::new(16));
        assert_eq!(Widen::Auto.settle(&load(2, 1 << 20)), NonZeroU64::new(1 << 10));
        assert_eq!(Widen::Auto.settle(&load(2, u64::MAX)), NonZeroU64::new(1 << 16));
        assert_eq!(Widen::Off.settle(&load(2, 1000)), None);
    }

    #[test]
    fn a_mistake_is_told_in_one_line_that_says_what_would_be_right() {
        for (line, expected) in [
            ("gilsim race --threads 0", "use 1 to 100000 workers"),
            ("gilsim race --threads 1e9", "use 1 to 100000 workers"),
            ("gilsim race --iters 1e30", "the largest count is"),
            ("gilsim race --iters -5", "below zero"),
            ("gilsim race --iters abc", "write a whole number such as"),
            ("gilsim race --iters 0", "at least 1 update"),
            ("gilsim race --iters 1e19 --threads 2", "would not fit the counter's 64 bits"),
            ("gilsim race --runs 0", "use 1 to 1000000 runs"),
            ("gilsim race --widen no", "use auto, off"),
            ("gilsim mutex --lock futex", "parking-lot, std, fair, spin"),
            ("gilsim gil --switch-interval 5", "write 5ms"),
            ("gilsim split --from 10 --iters 5", "beyond the end of the range"),
            ("gilsim split --workers 5000", "use at most 1000"),
            ("gilsim split --by rayon --workers 100000", "or split by thread"),
            ("gilsim compare split:rayon --threads 100000", "or split by thread"),
            ("gilsim compare rcae", "choose from race"),
            ("gilsim compare --iters 0", "use 1 or more"),
            ("gilsim rcae", "race"),
            ("gilsim race --threds 2", "--threads"),
        ] {
            let Err(refusal) = parse(line.split_whitespace().map(OsString::from)) else { panic!("{line}") };
            assert_eq!(refusal.ending(), Ending::WrongUsage, "{line}");
            let text = match refusal {
                Refusal::Clap(error) => one_line(&error),
                Refusal::Usage(error) => error.to_string(),
            };
            assert!(text.contains(expected), "{line}: {text}");
            assert_eq!(text.lines().count(), 1, "{line}: {text}");
        }
    }
}

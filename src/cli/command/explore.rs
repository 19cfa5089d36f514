//! `explore`: every interleaving of a loop body.

use crate::choice::Choice;
use crate::cli::options::{BodyOptions, OutputOptions, PatternOption, TimelineOptions};
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::cli::values::{self, choice, count_in};
use crate::count;
use crate::explore::refcount::{MOST_COUNTING, MOST_PAIRS, Protocol, Question};
use crate::explore::{MOST_WORKERS, Schedule, Switching};
use crate::measure::Pattern;
use crate::python::body::Body;
use crate::python::version::Version;
use crate::session::Expectation;
use crate::session::explore::{ExploreSession, Wanted};
use crate::session::references::References;
use crate::system::cpus::Cpus;
use clap::Args;

/// More iterations could not be counted.
const MOST_ITERATIONS: u64 = 100_000;

/// Every interleaving of a loop body: what can come out, how often, and the schedule that shows it
///
/// All schedules of the workers are counted, each by what it ends with. Workers are switched around every
/// read and write of what is shared, locks included, every operator and every call, which is between any two of load, add and
/// store of `x += d` (--machine), or only where a version of CPython may drop its GIL (--cpython). Every worker adds 1 by
/// default, so that no loss can make up for another.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim explore\n  gilsim explore --iters 40 --quiet\n  gilsim explore --body x=x+int(1) --cpython 3.13 --pattern plus-minus\n  gilsim explore --iters 1 --schedule v1:machine:A1,B3,A2 --replay\n  gilsim explore --setup 'D = {0: 0}' --body 'D[0] += d' --result 'D[0]' --cpython 3.9\n  gilsim explore --refcount --iters 1"
)]
#[command(mut_arg("body", |arg| arg.value_name("BODY").help(BODY_HELP)))]
#[command(mut_arg("setup", |arg| arg.value_name("SETUP").default_value("").help(SETUP_HELP)))]
#[command(mut_arg("pattern", |arg| arg.default_value(Pattern::Plus.name())))]
#[command(mut_arg("quiet", |arg| arg.help("Print one line of least, greatest, total and without_value (how many schedules raise or deadlock), with tabs between them; with --schedule the outcome; with --refcount a line for each way: count, early, leaking, right")))]
pub(super) struct ExploreCommand {
    #[command(flatten)]
    body: BodyOptions,
    #[arg(help = version_help(), long, value_name = "VERSION", value_parser = values::version(), conflicts_with = "machine")]
    cpython: Option<Version>,
    /// Switch around every read and write of what is shared, every operator and every call (the default)
    #[arg(long)]
    machine: bool,
    /// Explore reference counts instead of a body: who takes a reference to an object and gives it back, and whether the object
    /// is freed too early, or never [default: each way of counting]
    #[arg(long, value_name = "WAY", value_parser = choice::<Protocol>(), num_args = 0..=1, require_equals = true,
          conflicts_with_all = ["body", "setup", "result", "cpython", "machine", "pattern", "outcome", "schedule", "replay", "max_memory", "timeline"])]
    #[expect(clippy::option_option, reason = "clap's type of an option with an optional value")]
    refcount: Option<Option<Protocol>>,
    /// How many workers
    #[arg(long, visible_alias = "workers", value_name = "T", default_value = "2", value_parser = parse_workers, allow_negative_numbers = true)]
    threads: usize,
    /// How often each worker does the body
    #[arg(long, value_name = "N", default_value = "2", value_parser = parse_iterations, allow_negative_numbers = true)]
    iters: u64,
    #[command(flatten)]
    pattern: PatternOption,
    /// The outcome to show a schedule of: a value of the result, or deadlock [default: the furthest from right]
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
    /// Exit with 3 unless no schedule (exact), or some schedule (lost), loses an update, or raises or deadlocks where workers that run one after the other do not
    #[arg(long, hide_possible_values = true, value_name = "exact|lost", value_parser = choice::<Expectation>())]
    expect: Option<Expectation>,
    #[command(flatten)]
    timeline: TimelineOptions,
    #[command(flatten)]
    output: OutputOptions,
}

const BODY_HELP: &str =
    "The body of each worker's loop, in Python: `x` is shared, `d` is the worker's +1 or -1";
const SETUP_HELP: &str =
    "Functions, locks, and whatever the workers share, such as lists, dicts and objects, in Python";

fn version_help() -> String {
    let (with, without) = (values::versions_with_gil(), values::versions_without_gil("or"));
    format!(
        "Switch where this version of CPython may drop its GIL: {with}, {without} (t: the free-threaded build, which has no GIL)"
    )
}

impl ExploreCommand {
    pub(super) fn request(self, cpus: &Cpus) -> Result<Request, UsageError> {
        if let Some(way) = self.refcount {
            return self.references(way, cpus);
        }
        let version = self.cpython.unwrap_or(Version::newest_with_gil());
        let body = Body::compile(&self.body.body, self.body.setup(), self.body.result.trim(), version)
            .map_err(|error| UsageError::new(error.to_string()))?;
        Ok(Request::Explore(Box::new(ExploreSession {
            body,
            switching: if self.cpython.is_some() { Switching::Gil } else { Switching::Machine },
            workers: self.threads,
            iterations: self.iters,
            pattern: self.pattern.pattern,
            outcome: self.outcome,
            schedule: self.schedule,
            replay: self.replay,
            max_memory: self.max_memory,
            cpus: cpus.usable,
            expect: self.expect,
            destination: self.output.with(self.timeline)?.destination()?,
        })))
    }
}

impl ExploreCommand {
    /// The request to explore one way of counting references, or all.
    fn references(self, way: Option<Protocol>, cpus: &Cpus) -> Result<Request, UsageError> {
        let (workers, pairs) = (self.threads, self.iters);
        if workers > MOST_COUNTING || pairs > MOST_PAIRS {
            return Err(UsageError::new(format!(
                "--refcount explores up to {MOST_COUNTING} workers and {MOST_PAIRS} iterations; use fewer"
            )));
        }
        let ways = way.map_or_else(|| Protocol::ALL.to_vec(), |way| vec![way]);
        let questions = ways.into_iter().map(|protocol| Question { protocol, workers, pairs }).collect();
        Ok(Request::References(Box::new(References {
            questions,
            cpus: cpus.usable,
            expect: self.expect,
            destination: self.output.destination()?,
        })))
    }
}

fn parse_workers(text: &str) -> Result<usize, String> {
    let countable =
        |number| usize::try_from(number).ok().filter(|workers| (1..=MOST_WORKERS).contains(workers));
    count_in(text, countable, || {
        format!("use 1 to {MOST_WORKERS} workers, whose interleavings can be counted")
    })
}

fn parse_iterations(text: &str) -> Result<u64, String> {
    let at_least_1 = count_in(text, |number| (number > 0).then_some(number), || "use 1 or more".to_owned())?;
    if at_least_1 > MOST_ITERATIONS {
        return Err(format!("out of range; use 1 to {MOST_ITERATIONS}: more could not be counted"));
    }
    Ok(at_least_1)
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

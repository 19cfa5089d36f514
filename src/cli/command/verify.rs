//! `verify`: the model against real interpreters.

use crate::choice::Choice;
use crate::cli::options::{OutputOptions, SearchOption, TimeoutOption};
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::cli::values::{self, choice, statements};
use crate::python::body::RESULT;
use crate::session::verify::{BodySet, Runs, Verify, VerifyBody};
use crate::system::cpus::Cpus;
use clap::Args;
use std::num::NonZeroU64;

/// More would take hours for the built-in bodies.
const MOST_RUNS: u32 = 1000;

/// The model against real interpreters: for each loop body, can updates be lost, and are they?
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim verify\n  gilsim verify --python python3 --body 'x = max(x + d, x + d)'\n  gilsim verify --set none --setup 'D = {0: 0}' --body 'D[0] += d' --result 'D[0]'"
)]
#[command(mut_arg("quiet", |arg| arg.help("Print three lines of a name, a tab and a number: agreements, disagreements, not_seen")))]
pub(super) struct VerifyCommand {
    #[command(flatten)]
    interpreters: SearchOption,
    /// Which built-in bodies are tried
    #[arg(long, value_name = "SET", default_value = BodySet::ALL[0].name(), value_parser = choice::<BodySet>())]
    set: BodySet,
    /// One more body, besides those of the set; may be given several times; \n begins a new line
    #[arg(long, value_name = "STATEMENTS", value_parser = statements())]
    body: Vec<String>,
    /// Definitions that the given bodies use: functions, locks, shared lists, dicts and objects
    #[arg(long, value_name = "STATEMENTS", value_parser = statements(), requires = "body")]
    setup: Option<String>,
    /// What is looked at when both workers of a given body have ended: an expression that is a whole number, such as len(L)
    #[arg(long, value_name = "EXPR", default_value = RESULT)]
    result: String,
    /// Repetitions of the body by each of two threads in one run
    #[arg(long, value_name = "N", default_value = "200k", value_parser = values::updates, allow_negative_numbers = true)]
    iters: NonZeroU64,
    /// How many runs each body has; the first loss ends them [default: 10, or up to 100 where the model says
    /// that updates can be lost]
    #[arg(long, value_name = "R", value_parser = parse_runs, allow_negative_numbers = true)]
    runs: Option<u32>,
    #[command(flatten)]
    timeout: TimeoutOption,
    #[command(flatten)]
    output: OutputOptions,
}

impl VerifyCommand {
    pub(super) fn request(self, cpus: &Cpus) -> Result<Request, UsageError> {
        if self.set == BodySet::None && self.body.is_empty() {
            return Err(UsageError::new("--set none tries only what --body gives: give one".to_owned()));
        }
        let setup = self.setup.unwrap_or_default();
        let given = self.body.into_iter().map(|body| VerifyBody {
            operation: None,
            body,
            setup: setup.clone(),
            result: self.result.trim().to_owned(),
        });
        let given: Vec<VerifyBody> = given.collect();
        let verify = Verify {
            bodies: self.set.bodies().into_iter().chain(given).collect(),
            setup,
            pythons: self.interpreters.python,
            iterations: self.iters.get(),
            runs: self.runs.map_or_else(Runs::default, Runs::each),
            timeout: self.timeout.time,
        };
        Ok(Request::Verify(verify, cpus.usable, self.output.destination()?))
    }
}

fn parse_runs(text: &str) -> Result<u32, String> {
    let runs = values::runs(text).ok().and_then(|runs| u32::try_from(runs.get()).ok());
    runs.filter(|&runs| runs <= MOST_RUNS).ok_or_else(|| format!("use 1 to {MOST_RUNS} runs"))
}

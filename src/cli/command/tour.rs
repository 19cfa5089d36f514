//! `tour`: the whole story in ten steps.

use crate::choice::Choice;
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::cli::values::{choice, count_in};
use crate::report::tour::Language;
use crate::session::tour::{STEPS, Tour};
use crate::system::cpus::Cpus;
use clap::Args;

/// The whole story in ten steps, each a guess and then a real run on this machine
///
/// A race, why it happens, a mutex and its price, the GIL of 3.9 and of 3.13, what it does not protect, a convoy,
/// processes, reference counts, and Python without a GIL. It takes some seconds of computing.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gilsim tour\n  gilsim tour --step 5\n  gilsim tour --no-ask > tour.txt")]
pub(super) struct TourCommand {
    /// Show everything without asking for a guess; so it is in a pipe
    #[arg(long)]
    no_ask: bool,
    /// Only this step: 1 to 10
    #[arg(long, value_name = "N", value_parser = parse_step, allow_negative_numbers = true)]
    step: Option<usize>,
    /// The language
    #[arg(long, default_value = Language::ALL[0].name(), value_parser = choice::<Language>())]
    lang: Language,
}

impl TourCommand {
    #[expect(clippy::unnecessary_wraps, reason = "as all commands")]
    pub(super) fn request(self, cpus: Cpus) -> Result<Request, UsageError> {
        let Self { no_ask, step, lang } = self;
        Ok(Request::Tour(Tour { step, ask: !no_ask, language: lang, cpus }))
    }
}

/// A step by its number from 1, as one from 0.
fn parse_step(text: &str) -> Result<usize, String> {
    let from_0 = |number: u64| usize::try_from(number).ok()?.checked_sub(1).filter(|&step| step < STEPS);
    count_in(text, from_0, || format!("there are steps 1 to {STEPS}"))
}

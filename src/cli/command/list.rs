//! `list`: the scenarios, what they promise and what they show.

use crate::cli::options::OutputOptions;
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::system::cpus::Cpus;
use clap::Args;

/// The scenarios and their variants, what they promise and what they show
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gilsim list\n  gilsim list --format json")]
#[command(mut_arg("quiet", |arg| arg.help("Print the names alone, one a line")))]
pub(super) struct ListCommand {
    #[command(flatten)]
    output: OutputOptions,
}

impl ListCommand {
    pub(super) fn request(self, cpus: &Cpus) -> Result<Request, UsageError> {
        Ok(Request::List(cpus.usable, self.output.destination()?))
    }
}

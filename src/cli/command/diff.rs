//! `diff`: what changed between two exports.

use crate::cli::options::{OutputOptions, share};
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::session::baseline::Diff;
use crate::system::cpus::Cpus;
use clap::Args;
use std::path::PathBuf;

/// What takes longer, or less long, than it did: two exports held against each other, without running anything
///
/// Every run of the later export is held against every run of the earlier one. Runs in which others had the CPUs are left out.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim diff old.json new.json\n  gilsim diff old.json new.json --fail-if-slower 5% --quiet"
)]
#[command(mut_arg("quiet", |arg| arg.help("Print for each row a line of group, scenario, for references the objects, the values that are swept, verdict and ratio, with tabs between them")))]
pub(super) struct DiffCommand {
    /// The earlier export (--export OLD.json)
    #[arg(value_name = "OLD.json")]
    before: PathBuf,
    /// The later one
    #[arg(value_name = "NEW.json")]
    after: PathBuf,
    /// Compare although they were measured otherwise, and say so
    #[arg(long)]
    anyway: bool,
    /// Exit with 3 when something is slower by more than this: when its whole interval lies above it
    #[arg(long, value_name = "SHARE%", value_parser = share, allow_hyphen_values = true)]
    fail_if_slower: Option<f64>,
    #[command(flatten)]
    output: OutputOptions,
}

impl DiffCommand {
    pub(super) fn request(self, cpus: &Cpus) -> Result<Request, UsageError> {
        let Self { before, after, anyway, fail_if_slower, output } = self;
        Ok(Request::Diff(Diff { before, after, anyway, fail_if_slower }, cpus.usable, output.destination()?))
    }
}

//! `overhead`: what interpreters take for the same programs, in pairs.

use crate::cli::options::{IntervalOption, OutputOptions, TimeoutOption, WorkersOption};
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::cli::values::{self, choice};
use crate::session::overhead::{Expected, Overhead};
use crate::system::cpus::Cpus;
use clap::Args;
use std::path::PathBuf;

/// More would take days.
const MOST_RUNS: u32 = 1000;

/// What real interpreters take for the same programs, in pairs: is Python without a GIL slower?
///
/// Small programs of gilsim's own, for the condition that Guido van Rossum set for taking out the GIL (a program with one
/// thread, and threads that wait, do not become slower), and for what it would be taken out for: threads that compute. Rounds take turns between the interpreters; what PEP 703 and CPython's
/// documentation state stands beside what is measured.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim overhead --python python3.13 --python python3.13t\n  gilsim overhead --runs 21 --expect met"
)]
#[command(mut_arg("threads", |arg| arg.help("How many threads wait, or share out the work")))]
#[command(mut_arg("quiet", |arg| arg.help("Print for each case of each pair a line of base, other, case, verdict and ratio, with tabs between them")))]
pub(super) struct OverheadCommand {
    /// An interpreter; given twice for each pair, first the base, then the one that is measured against it [default: each
    /// version that is there with and without a GIL, otherwise neighbouring versions, on PATH and among pyenv's versions]
    #[arg(long, value_name = "EXE")]
    python: Vec<PathBuf>,
    #[command(flatten)]
    workers: WorkersOption,
    #[command(flatten)]
    interval: IntervalOption,
    /// How many rounds; an interval needs 7
    #[arg(long, value_name = "R", default_value = "11", value_parser = parse_runs, allow_negative_numbers = true)]
    runs: u32,
    #[command(flatten)]
    timeout: TimeoutOption,
    /// Exit with 3 unless the verdicts are as expected
    #[arg(long, value_parser = choice::<Expected>())]
    expect: Option<Expected>,
    #[command(flatten)]
    output: OutputOptions,
}

impl OverheadCommand {
    pub(super) fn request(self, cpus: &Cpus) -> Result<Request, UsageError> {
        let (pairs, odd) = self.python.as_chunks();
        if let [odd] = odd {
            return Err(UsageError::new(format!(
                "--python {} has nothing to be compared with; give --python twice for each pair, the base first",
                odd.display()
            )));
        }
        let overhead = Overhead {
            pairs: pairs.to_vec(),
            threads: u32::try_from(self.workers.threads.only("threads", "gilsim overhead")?.get())
                .unwrap_or(u32::MAX),
            runs: self.runs,
            switch_interval: self.interval.only("gilsim overhead")?,
            timeout: self.timeout.time,
        };
        Ok(Request::Overhead(overhead, self.expect, cpus.usable, self.output.destination()?))
    }
}

fn parse_runs(text: &str) -> Result<u32, String> {
    let runs = values::runs(text).ok().and_then(|runs| u32::try_from(runs.get()).ok());
    runs.filter(|&runs| runs <= MOST_RUNS).ok_or_else(|| format!("use 1 to {MOST_RUNS} runs"))
}

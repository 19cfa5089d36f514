//! The hidden command by which gilsim starts itself as a worker process. What it reads, `scenario::split` writes.

use crate::cli::request::Request;
use crate::count;
use crate::scenario::split::worker::Task;
use clap::Args;
use std::time::Duration;

// The command is hidden and has no description.
#[derive(Debug, Args)]
pub(super) struct WorkerCommand {
    worker: usize,
    start: u64,
    end: u64,
    #[arg(long, value_parser = count::parse_interval)]
    beat: Duration,
    #[arg(long)]
    cpu: Option<usize>,
}

impl WorkerCommand {
    pub(super) const fn request(self) -> Request {
        let Self { worker, start, end, beat, cpu } = self;
        Request::SplitWorker(Task { worker, range: start..end, beat, cpu })
    }
}

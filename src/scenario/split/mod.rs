//! One sum over a range, split between workers that share nothing until the end.
//!
//! Under a GIL, threads gain nothing, because one at a time computes; processes do, because each has an
//! interpreter and a GIL of its own. The price is to start them and to send the subtotals over.

pub mod error;
pub mod message;
pub mod mpi;
mod queue;
mod sum;
pub mod supervisor;
pub mod worker;

pub use sum::{SUM_BLOCK, sum, sum_under_lock};
use sum::{in_blocks, result};

use crate::choice::Choice;
use crate::count;
use crate::measure::start_line;
use crate::measure::workload::part;
use crate::measure::{Explanation, Group, Observation, Result, Scenario, Seen, Variant, Workload};
use crate::python::gil::Gil;
use crate::python::version::HandOff;
use crate::system::clock::{self, Span, Usage};
use crate::system::control::Control;
use crate::system::cpus;
use crate::system::holds::Recorder;
use crate::system::run_queue::{RunQueue, longest_wait};
use crate::system::threads::{self, STACK};
use parking_lot::Mutex;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

/// The sum over a range, split in one of several ways.
#[derive(Debug, Clone, Copy)]
pub struct Split<'a> {
    by: By,
    executable: Option<&'a Path>,
    patience: Duration,
}

/// How the range is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A process for each part.
    Process,
    /// A thread for each part.
    Thread,
    /// A rayon pool.
    Rayon,
    /// Threads under a global lock.
    Gil,
    /// One thread for all of it.
    Sequential,
    /// The ranks of an MPI job.
    Mpi,
}

impl By {
    /// Whether it is for the ranks of an MPI job, which gilsim does not start itself.
    #[must_use]
    pub fn needs_job(self) -> bool {
        self == Self::Mpi
    }
}

impl Choice for By {
    const ALL: &'static [Self] =
        &[Self::Process, Self::Thread, Self::Rayon, Self::Gil, Self::Sequential, Self::Mpi];

    fn name(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Thread => "thread",
            Self::Rayon => "rayon",
            Self::Gil => "gil",
            Self::Sequential => "sequential",
            Self::Mpi => "mpi",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Process => "a process for each part, each sending its subtotal to a queue",
            Self::Thread => "a thread for each part",
            Self::Rayon => "a rayon pool, whose workers steal each other's work",
            Self::Gil => "threads under a global lock like CPython's",
            Self::Sequential => "one worker does all of it",
            Self::Mpi => {
                "the ranks of an MPI job, on one machine or several; needs a build with --features mpi, and mpirun"
            }
        }
    }
}

impl Split<'static> {
    /// Splits this way; worker processes are started from this program's own executable.
    #[must_use]
    pub const fn by(by: By) -> Self {
        Self { by, executable: None, patience: supervisor::PATIENCE }
    }
}

impl<'a> Split<'a> {
    /// By processes of this gilsim, for a caller that is not gilsim itself (a test, a bench).
    #[must_use]
    pub const fn by_processes_of(executable: &'a Path) -> Self {
        Self { by: By::Process, executable: Some(executable), patience: supervisor::PATIENCE }
    }

    /// Takes a worker process for hung when it comes no further for this time, with a CPU for each.
    #[must_use]
    pub const fn hung_after(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

fn by_threads(load: &Workload, control: &Control) -> Result<Observation> {
    let run = start_line::run(load, control, |worker| {
        in_blocks(part(&load.range(), load.workers, worker), worker, control, sum)
    })?;
    Ok(Observation::of(result(run.workers.iter().map(|worker| worker.value).sum()), &run))
}

/// The whole sum by one worker. A program that does this starts nothing for it; the thread that it has here is gilsim's own, to be pinned
/// and timed as others are.
fn alone(load: &Workload, control: &Control) -> Result<Observation> {
    let none = Some(Duration::ZERO);
    Ok(Observation { startup: none, startup_waited: none, ..by_threads(load, control)? })
}

fn under_lock(load: &Workload, control: &Control) -> Result<Observation> {
    let gil = Gil::recorded(load.workers.get(), HandOff::Interval(load.switch_interval), load.record);
    let run = start_line::run(load, control, |worker| {
        let part = part(&load.range(), load.workers, worker);
        let mut holder = gil.enter(worker);
        in_blocks(part, worker, control, |range| sum_under_lock(range, &mut holder))
    })?;
    let total = result(run.workers.iter().map(|worker| worker.value).sum());
    let usage = gil.into_use();
    Ok(Observation {
        lock: Some(super::gil::lock_use(&usage, &run)),
        holds: usage.recorder.map(|it| Recorder::merge([it])),
        ..Observation::of(total, &run)
    })
}

/// Pieces for each worker of the pool: enough that one who is done can steal from one who is late.
const PIECES: usize = 16;

fn by_rayon(load: &Workload, control: &Control) -> Result<Observation> {
    let workers = load.workers.get();
    let asked = clock::now();
    let pins = load.pins.clone();
    let pool = threads::pool(workers, STACK, move |worker| {
        if let Some(&cpu) = pins.get(worker) {
            cpus::pin_current_thread(cpu);
        }
    })?;
    // The threads are asked one by one, so all of them are running when the work is handed out.
    pool.broadcast(|_| ());
    let startup = Duration::from_nanos(clock::now().saturating_sub(asked));
    let queues = pool.broadcast(|_| RunQueue::of_thread());
    let startup_waited = longest_wait(queues.iter().map(RunQueue::waited), startup);

    let pieces = load.workers.saturating_mul(NonZeroUsize::MIN.saturating_add(PIECES - 1));
    let spans: Vec<Mutex<Option<Span>>> = (0..workers).map(|_| Mutex::new(None)).collect();
    // When each came to its first piece, and how long it had waited for a CPU by then.
    let earlier: Vec<OnceLock<(u64, Option<Duration>)>> = (0..workers).map(|_| OnceLock::new()).collect();
    let before = Usage::of_process();
    let total: u128 = pool.install(|| {
        (0..pieces.get())
            .into_par_iter()
            .map(|piece| {
                let worker = rayon::current_thread_index().unwrap_or(0);
                earlier[worker].get_or_init(|| (clock::now(), queues[worker].waited()));
                let start = clock::now();
                let total = in_blocks(part(&load.range(), pieces, piece), worker, control, sum);
                let span = Span { start, end: clock::now() };
                let mut covered = spans[worker].lock();
                *covered = Some(covered.map_or(span, |before: Span| before.cover(span)));
                total
            })
            .sum()
    });
    let usage = Usage::of_process().since(before);
    let spans: Vec<Option<Span>> = spans.into_iter().map(Mutex::into_inner).collect();
    let waits = queues.iter().zip(&earlier).zip(&spans).filter_map(|((queue, earlier), span)| {
        let (&(came, before), span) = (earlier.get()?, (*span)?);
        let before =
            Usage::default().and_waited(before).later(Duration::from_nanos(span.start.saturating_sub(came)));
        Some(Usage::default().and_waited(queue.waited()).until(span.end, before).waited)
    });
    let usage = usage.and_waited(waits.sum());
    let spans: Vec<Span> = spans.into_iter().flatten().collect();
    // What the pool takes to hand out the pieces, and to wait for the last, is the whole process's, too.
    let under_way = spans.iter().map(|span| span.duration()).sum();
    let usage = Usage { cpu: usage.cpu.min(under_way), ..usage };
    Ok(Observation {
        actual: result(total),
        spans,
        startup: Some(startup),
        startup_waited,
        usage: Some(usage),
        ..Observation::default()
    })
}

impl Scenario for Split<'_> {
    fn name(&self) -> &'static str {
        "split"
    }

    fn variant(&self) -> Option<Variant> {
        Some(Variant { option: "by", value: self.by.name(), is_default: self.by == By::ALL[0] })
    }

    fn group(&self) -> Group {
        Group::Sum
    }

    fn switch_interval(&self, load: &Workload) -> Option<Duration> {
        (self.by == By::Gil).then_some(load.switch_interval)
    }

    fn records_holds(&self) -> bool {
        self.by == By::Gil
    }

    fn is_sequential(&self) -> bool {
        self.by == By::Sequential
    }

    fn lesson(&self) -> &'static str {
        match self.by {
            By::Sequential => "a sum over a range by one worker: what the others are measured against",
            By::Thread => "the sum split between threads that share nothing until the end",
            By::Rayon => "the same by a pool whose workers steal each other's work",
            By::Gil => "the same by threads under a global lock: a second CPU gains nothing",
            By::Process => "the same by processes that send their subtotals to a queue: the way around a GIL",
            By::Mpi => {
                "the same by the ranks of an MPI job, whose subtotals MPI reduces: the way to several machines"
            }
        }
    }

    fn options(&self, load: &Workload) -> Vec<String> {
        let mut options = vec!["--by".to_owned(), self.by.name().to_owned()];
        let of_load = load.options(Group::Sum);
        // How many ranks there are is said to mpirun.
        let unsaid = if self.by.needs_job() { "--workers" } else { "" };
        options.extend(of_load.chunks(2).filter(|pair| pair[0] != unsaid).flatten().cloned());
        options
    }

    fn launcher(&self, load: &Workload) -> Option<String> {
        self.by.needs_job().then(|| format!("mpirun -n {}", load.workers))
    }

    fn own_share(&self, load: &Workload) -> Workload {
        match mpi::team() {
            Some(team) if self.by.needs_job() => team.leaders(load),
            _ => load.clone(),
        }
    }

    fn adapt(&self, load: &Workload) -> Workload {
        match (self.by, mpi::team()) {
            (By::Mpi, Some(team)) => team.adapt(load),
            _ if self.is_sequential() => load.alone(),
            _ => load.clone(),
        }
    }

    fn observe(&self, load: &Workload, control: &Control) -> Result<Observation> {
        let observation = match self.by {
            By::Sequential => alone(&self.adapt(load), control),
            By::Thread => by_threads(load, control),
            By::Rayon => by_rayon(load, control),
            By::Gil => under_lock(load, control),
            By::Process => queue::observe(load, control, self.executable, self.patience),
            By::Mpi => return mpi::observe(load, control),
        }?;
        let hosts = mpi::team().map(|team| team.alone(&self.adapt(load), observation.elapsed()));
        Ok(Observation { hosts: hosts.unwrap_or_default(), ..observation })
    }

    fn explain(&self, load: &Workload, seen: &Seen<'_>) -> Explanation {
        let shared = load.shared();
        // What needs a job of its own is not begun by gilsim: one machine's processes come next.
        let own = if self.by.needs_job() { By::Process } else { self.by };
        let by = |by: By, load: &Workload| format!("split --by {} {}", by.name(), load.arguments(Group::Sum));
        let next = match self.by {
            _ if load.range().is_empty()
                || self.too_short(load, seen)
                || seen.is_too_short_to_tell()
                || self.too_short_to_pay(load, seen) =>
            {
                enough(load, seen).or_else(|| load.longer()).map(|longer| by(own, &longer))
            }
            By::Sequential | By::Mpi => Some(by(By::Process, &shared)),
            By::Process => Some(by(By::Gil, &shared)),
            By::Gil => Some(by(By::Thread, &shared)),
            By::Thread => Some(by(By::Rayon, &shared)),
            By::Rayon => None,
        };
        Explanation { why: self.why(load, seen), next: next.unwrap_or_else(|| "compare".to_owned()) }
    }
}

impl Split<'_> {
    /// Whether each part was done before the others were under way, although they could have been.
    fn too_short(&self, load: &Workload, seen: &Seen<'_>) -> bool {
        !self.is_sequential() && load.workers.get() > 1 && load.cpus.usable > 1 && !seen.overlapped()
    }

    /// Whether workers that did run at once took longer to start than that saved.
    fn too_short_to_pay(&self, load: &Workload, seen: &Seen<'_>) -> bool {
        let parallel = matches!(self.by, By::Process | By::Thread | By::Rayon | By::Mpi);
        parallel
            && load.workers.get() > 1
            && load.cpus.usable > 1
            && seen.speedup_with_startup.is_some_and(|speedup| speedup < 1.0)
    }

    fn why(&self, load: &Workload, seen: &Seen<'_>) -> String {
        match self.by {
            _ if load.range().is_empty() => {
                return if self.is_sequential() {
                    "there is nothing to add".to_owned()
                } else {
                    "there is nothing to add, so all that was done is to start workers and to end them"
                        .to_owned()
                };
            }
            By::Sequential => {
                return "one worker does everything, so nothing is started, shared or waited for".to_owned();
            }
            _ if load.workers.get() == 1 => {
                return "a single worker has nobody to share the work with".to_owned();
            }
            By::Gil => {
                return "only the lock's holder adds while the others wait, so more CPUs do not help threads"
                    .to_owned();
            }
            _ if load.cpus.usable < 2 => {
                return "there is one CPU to run on, so the workers take turns".to_owned();
            }
            By::Thread | By::Rayon | By::Process | By::Mpi => {}
        }
        let apart = match self.by {
            By::Process => "each process has memory of its own (and, in Python, a GIL of its own)",
            By::Mpi => "each rank is a process with memory of its own, on whichever host mpirun has put it",
            _ => "the workers share nothing until their subtotals are added, so no lock stands in the way",
        };
        let gained = |speedup: Option<f64>| speedup.is_some_and(|speedup| speedup > 1.0);
        let outcome = if self.too_short(load, seen) {
            "; but for most of the time fewer than two of them were at work: the parts were too short, so give them more to add, or others had the CPUs"
        } else if seen.is_too_short_to_tell() {
            "; but the parts were too short to tell what that gains, so give them more to add"
        } else if seen.had_one_cpu() {
            "; but in no run had all workers together more CPU time than one CPU gives: they took turns on it, or others had the CPUs"
        } else if seen.speedup.is_none() {
            "; they were at work at the same time, and what that gains over one worker shows beside split:sequential"
        } else if !gained(seen.speedup) {
            "; they were at work at the same time, but no faster than one worker that does all of it"
        } else if !gained(seen.speedup_with_startup) {
            ", and they used several CPUs at once; but to start them took longer than that saved"
        } else if self.by == By::Mpi {
            ", and they used several CPUs at once; the price is to start the job, and to have MPI add the subtotals"
        } else if self.by == By::Process {
            ", and they used several CPUs at once; the price is to start them and to send each subtotal over a queue"
        } else {
            ", and they used several CPUs at once"
        };
        format!("{apart}{outcome}")
    }
}

/// A range long enough that adding takes some ten times as long as to start the workers took; nothing when that is
/// no longer than the one at hand.
fn enough(load: &Workload, seen: &Seen<'_>) -> Option<Workload> {
    /// What is shorter says more of the clock than of an addition.
    const TELLING: f64 = 100e-6;
    /// The time for one addition, in seconds, where it cannot be told: that of several at once by one instruction.
    const ADDITION: f64 = 0.2e-9;
    let range = load.range();
    let median = seen.summary.timing.median;
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let (numbers, workers) = ((range.end - range.start) as f64, load.workers.get() as f64);
    let addition = if numbers == 0.0 || median < TELLING { ADDITION } else { median * workers / numbers };
    let wanted = count::rounded_up(10.0 * seen.summary.startup / addition)?;
    let iterations = load.from.checked_add(wanted)?;
    (iterations > load.iterations).then(|| Workload { iterations, ..load.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_within_one_process_is_right() {
        for by in [By::Sequential, By::Thread, By::Rayon, By::Gil] {
            for workers in [1, 2, 3, 64] {
                for iterations in 0..70 {
                    let load = Workload::for_tests(workers, iterations);
                    let observation = Split::by(by).observe(&load, &Control::default()).unwrap();
                    let expected = Group::Sum.expected(&load);
                    assert_eq!(observation.actual, expected, "{by:?}, {workers} workers, 0..{iterations}");
                }
            }
        }
    }

    #[test]
    fn a_pool_has_no_more_cpu_time_than_its_workers_had_time() {
        for iterations in [1_000, 1_000_000] {
            let observation = by_rayon(&Workload::for_tests(2, iterations), &Control::default()).unwrap();
            let under_way: Duration = observation.spans.iter().map(|span| span.duration()).sum();
            assert!(observation.usage.unwrap().cpu <= under_way, "{observation:?}");
        }
    }

    #[test]
    fn totals_beyond_64_bits_and_ranges_at_their_end_are_right() {
        for by in [By::Sequential, By::Thread, By::Rayon, By::Gil] {
            let load = Workload { from: u64::MAX - 50_001, ..Workload::for_tests(3, u64::MAX) };
            let observation = Split::by(by).observe(&load, &Control::default()).unwrap();
            assert!(observation.actual > i128::from(u64::MAX));
            assert_eq!(observation.actual, Group::Sum.expected(&load), "{by:?}");
        }
    }
}

//! The job itself: the calls of MPI.
//!
//! Open MPI waits busily, in a barrier as in a reduction. A rank that has nothing to do for longer than a moment would
//! take the CPU from one that adds, so it sleeps, and looks now and then whether a word has come ([`wait_for_word`]). What all
//! ranks do together (broadcast, barrier, reduction) comes only when every one of them has said that it is there, or has
//! been called.
//!
//! A rank that dies ends the job: `mpirun` notices, says which one it was, and kills the others. So does one that leaves
//! without [`Job::end`], which is how an error or a stop ends the job.

use super::super::sum::{in_blocks, result, sum};
use super::error::{Error, NO_JOB};
use super::team::{Member, Team, team};
use super::wire::{self, FIGURES, LIMBS, Task};
use crate::error::Interrupted;
use crate::measure::workload::part;
use crate::measure::{Observation, Result, Workload};
use crate::system::clock::{self, Span, Usage};
use crate::system::control::Control;
use crate::system::run_queue::{AtWork, RunQueue};
use mpi::Threading;
use mpi::collective::SystemOperation;
use mpi::environment::{self, Universe};
use mpi::topology::{Process, Rank, SimpleCommunicator};
use mpi::traits::{Communicator, CommunicatorCollectives, Destination, Root, Source};
use std::mem::ManuallyDrop;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::thread;
use std::time::Duration;

/// The rank that leads.
const FIRST: Rank = 0;

/// A job that this process belongs to. It is left only by [`Job::end`]: to leave it otherwise would wait for the others.
pub struct Job {
    universe: ManuallyDrop<Universe>,
    world: SimpleCommunicator,
}

impl Job {
    /// Joins the job, which is done when all ranks have come.
    ///
    /// # Errors
    ///
    /// When this MPI does not do, or when the ranks are not of one gilsim.
    pub fn join() -> Result<Self> {
        let asked = clock::now();
        // The runner calls MPI from a thread of its own, while the first one waits for it.
        let (universe, threading) =
            mpi::initialize_with_threading(Threading::Serialized).ok_or(Error::NoJob(NO_JOB))?;
        let world = universe.world();
        let job = Self { universe: ManuallyDrop::new(universe), world };
        if threading < Threading::Serialized {
            return Err(Error::Threads.into());
        }
        job.introduce(asked)?;
        Ok(job)
    }

    /// Each rank tells the first who it is.
    fn introduce(&self, asked: u64) -> Result<()> {
        let rank = index(self.world.rank());
        let wrong = |rank: usize, reason: String| Error::Introduction { rank, reason };
        let host = environment::processor_name().map_err(|error| wrong(rank, error.to_string()))?;
        let this = Member::here(host);
        if !self.leads() {
            let text = serde_json::to_vec(&this).map_err(|error| wrong(rank, error.to_string()))?;
            self.world.process_at_rank(FIRST).send(&text[..]);
            return Ok(());
        }
        let mut members = vec![this];
        for other in others(&self.world) {
            let rank = index(other.rank());
            let (text, _) = other.receive_vec::<u8>();
            let member: Member =
                serde_json::from_slice(&text).map_err(|error| wrong(rank, error.to_string()))?;
            let ours = env!("CARGO_PKG_VERSION");
            if member.gilsim != ours {
                let Member { host, gilsim: theirs, .. } = member;
                return Err(Error::OtherVersion { rank, host, theirs, ours }.into());
            }
            members.push(member);
        }
        let joining = Duration::from_nanos(clock::now().saturating_sub(asked));
        Team::of(members, joining).lead();
        Ok(())
    }

    /// Whether this is rank 0.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.world.rank() == FIRST
    }

    /// Does what rank 0 says until it says that the job is done.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] when a stop was asked for.
    pub fn follow(&self, control: &Control) -> Result<()> {
        let first = self.world.process_at_rank(FIRST);
        loop {
            wait_for_word(&first, control)?;
            let mut numbers = Task::End.numbers();
            first.broadcast_into(&mut numbers[..]);
            let Task::Sum(from, end) = Task::of(numbers) else { return Ok(()) };
            let work = Work::of(&self.world, &(from..end), control)?;
            give_word(&first);
            // The word that all are done.
            wait_for_word(&first, control)?;
            first.reduce_into(&work.limbs()[..], SystemOperation::sum());
            first.gather_into(&work.figures()[..]);
        }
    }

    /// Leaves the job, all ranks together: rank 0 when it has told the others.
    pub fn end(self) {
        if self.leads() {
            tell(&self.world, Task::End);
        }
        drop(ManuallyDrop::into_inner(self.universe));
    }
}

/// What a rank did of a sum.
struct Work {
    total: u128,
    span: Span,
    usage: Usage,
}

impl Work {
    /// Adds this rank's part, when all ranks have come to the start line.
    fn of(world: &SimpleCommunicator, range: &Range<u64>, control: &Control) -> Result<Self> {
        let ranks = NonZeroUsize::new(index(world.size())).unwrap_or(NonZeroUsize::MIN);
        let part = part(range, ranks, index(world.rank()));
        let queue = RunQueue::of_thread();
        world.barrier();
        let work = AtWork::start(&queue, Usage::of_thread);
        // The first of its own process, so the count of what is done is kept.
        let total = in_blocks(part, 0, control, sum);
        let (span, usage) = work.end();
        if control.stopped() {
            return Err(Interrupted.into());
        }
        Ok(Self { total, span, usage })
    }

    fn limbs(&self) -> [u64; LIMBS] {
        wire::cut(self.total)
    }

    fn figures(&self) -> [u64; FIGURES] {
        wire::figures(self.span, self.usage)
    }
}

/// Does the sum by the ranks, of which this is the first.
pub(in super::super) fn observe(load: &Workload, control: &Control) -> Result<Observation> {
    let team = team().ok_or(Error::NoJob(NO_JOB))?;
    let world = SimpleCommunicator::world();
    let first = world.process_at_rank(FIRST);
    let range = load.range();

    let asked = clock::now();
    tell(&world, Task::Sum(range.start, range.end));
    let work = Work::of(&world, &range, control)?;
    for other in others(&world) {
        wait_for_word(&other, control)?;
    }
    others(&world).for_each(|other| give_word(&other));
    let mut limbs = [0; LIMBS];
    first.reduce_into_root(&work.limbs()[..], &mut limbs[..], SystemOperation::sum());
    let reduced = clock::now();

    let mut figures = vec![0; FIGURES * index(world.size())];
    first.gather_into_root(&work.figures()[..], &mut figures[..]);
    let (figures, _) = figures.as_chunks::<FIGURES>();
    let (spans, usages): (Vec<Span>, Vec<Usage>) = figures.iter().copied().map(wire::read_figures).unzip();

    let left = work.span.start;
    let between = |start: u64, end: u64| Duration::from_nanos(end.saturating_sub(start));
    let observation = Observation {
        actual: result(wire::put_together(limbs)),
        startup: Some(team.joining().saturating_add(between(asked, left))),
        usage: Some(usages.into_iter().sum()),
        hosts: team.shares(load, &spans),
        spans: team.on_one_clock(&spans, left),
        ..Observation::default()
    };
    let communication = between(left, reduced).saturating_sub(observation.elapsed());
    Ok(Observation { communication: Some(communication), ..observation })
}

/// Calls the other ranks and tells them what to do.
fn tell(world: &SimpleCommunicator, task: Task) {
    others(world).for_each(|other| give_word(&other));
    world.process_at_rank(FIRST).broadcast_into(&mut task.numbers()[..]);
}

/// The ranks but the first.
fn others(world: &SimpleCommunicator) -> impl Iterator<Item = Process<'_>> {
    (FIRST + 1..world.size()).map(|rank| world.process_at_rank(rank))
}

/// A rank, or a number of ranks, as a number of Rust's: there is no negative one.
fn index(rank: Rank) -> usize {
    usize::try_from(rank).unwrap_or(0)
}

/// What a word consists of: that it came is all.
const WORD: [u8; 1] = [1];
/// The shortest time that a waiting rank sleeps between two looks.
const SHORT_SLEEP: Duration = Duration::from_micros(20);
/// The longest: a look takes some microseconds, so less than one per cent of a CPU goes into them.
const LONG_SLEEP: Duration = Duration::from_millis(1);
/// It sleeps for this part of the time that it has waited: who waits for long need not be exact.
const PART_OF_WAIT: u32 = 8;

fn give_word(to: &Process<'_>) {
    to.send(&WORD[..]);
}

/// Waits for a word without using the CPU.
fn wait_for_word(from: &Process<'_>, control: &Control) -> Result<()> {
    let mut waited = Duration::ZERO;
    while from.immediate_probe().is_none() {
        if control.stopped() {
            return Err(Interrupted.into());
        }
        let sleep = (waited / PART_OF_WAIT).clamp(SHORT_SLEEP, LONG_SLEEP);
        thread::sleep(sleep);
        waited += sleep;
    }
    let mut word = WORD;
    from.receive_into(&mut word[..]);
    Ok(())
}

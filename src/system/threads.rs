//! Whether there is room for threads, known before they are asked for.
//!
//! The kernel refuses a thread politely, and that is an error like any other. But the standard library gives each
//! new thread a second stack for its signal handler, and where there is no room for that one the whole process is
//! aborted, because the thread exists already. So room is looked for first.

use super::error::{Error, Result};
use crate::error::Interrupted;
use crate::system::control::Control;
use crate::system::memory;
use rayon::{ThreadBuilder, ThreadPool, ThreadPoolBuilder};
use std::fs;
use std::hint;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, Scope, ScopedJoinHandle};

/// A worker's stack holds little more than a few frames; a small one lets many workers start.
pub const STACK: usize = 256 * 1024;
/// What the kernel gives a program's first thread by default.
const MAIN_STACK: usize = 8 << 20;
/// What is to be left when a thread has begun, in bytes: for its second stack, and for all that is allocated later,
/// where no failure could be told.
const RESERVE: usize = 4 << 20;
/// What glibc's `malloc` takes for a new thread (`HEAP_MAX_SIZE`), if it can, before the thread's second stack is made.
pub const ARENA: usize = 64 << 20;
/// The stack, the second one, and the guard page of each.
const MAPPINGS: usize = 4;
/// What a thread really uses, in bytes: pages of its stacks, and the kernel's own stack and book-keeping.
const TOUCHED: u64 = 48 * 1024;
/// What the program maps besides its threads' stacks: a few dozen for libraries, and the allocator's own.
const OTHER_MAPPINGS: usize = 512;
/// The kernel's default, for where it does not tell.
const MAX_MAP_COUNT: usize = 65_530;
/// Fewer threads than this can come near no machine's limit on mappings.
const MANY: usize = 1_000;

/// Room for the threads of one run.
#[derive(Debug)]
pub struct ThreadStarter {
    /// How many there are to be.
    workers: usize,
    /// Whether the address space is limited, so that it may end before the threads do.
    limited: bool,
    arrivals: Mutex<Arrivals>,
    /// Notified when `arrivals` changes.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Arrivals {
    /// How many threads have begun, and so have all that they need.
    begun: usize,
    /// Whether one could not be started, so that the others need not wait for it.
    given_up: bool,
}

impl ThreadStarter {
    /// Looks whether there is room for so many workers at all.
    ///
    /// # Errors
    ///
    /// [`Error::NoRoom`] when their stacks would be more mappings than the kernel allows a process, or more memory
    /// than is free (there the kernel would kill somebody instead of refusing).
    pub fn for_workers(workers: usize) -> Result<Self> {
        match shortage(workers) {
            Some((fit, reason)) => Err(Error::NoRoom { workers, fit, reason }),
            None => Ok(Self::of(workers)),
        }
    }

    fn of(workers: usize) -> Self {
        Self {
            workers,
            limited: memory::address_space_is_limited(),
            arrivals: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Starts the thread of a worker, which must be the one after those that were started before.
    ///
    /// # Errors
    ///
    /// [`Error::StartWorker`] when there is no room for it, or the kernel refuses it; [`Error::Interrupted`] after a stop.
    pub fn start_scoped<'scope, T: Send + 'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        worker: usize,
        control: &Control,
        work: impl FnOnce() -> T + Send + 'scope,
    ) -> Result<ScopedJoinHandle<'scope, T>> {
        if control.stopped() {
            self.give_up();
            return Err(Interrupted.into());
        }
        let begin = || {
            self.begin();
            work()
        };
        self.look(worker, STACK)
            .and_then(|()| named(worker, STACK).spawn_scoped(scope, begin))
            .inspect_err(|_| self.give_up())
            .map_err(|source| Error::StartWorker { worker, workers: self.workers, source })
    }

    /// To be called before each thread is asked for, `before` of which have been. Where the address space is limited
    /// it waits for those to begin, because what they will take cannot be seen until then.
    fn look(&self, before: usize, stack: usize) -> io::Result<()> {
        if !self.limited {
            return Ok(());
        }
        drop(self.wait_while(|arrivals| arrivals.begun < before));
        // A thread that gets its arena and then has nothing left would not even live to see that.
        let arena = stack + ARENA;
        if !memory::fits(stack + RESERVE) || (memory::fits(arena) && !memory::fits(arena + RESERVE)) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        Ok(())
    }

    /// To be called by each thread, first of all. Where the address space is limited it waits for all to begin, or for
    /// one that cannot be started: while `malloc` looks for a place for an arena it maps twice its size for a moment,
    /// and another thread that allocates then would find nothing and abort the process.
    fn begin(&self) {
        // The first allocation of a thread is the one that takes an arena.
        drop(hint::black_box(Box::new(0_u8)));
        if self.limited {
            self.change(|arrivals| arrivals.begun += 1);
            drop(self.wait_while(|arrivals| arrivals.begun < self.workers && !arrivals.given_up));
        }
    }

    fn give_up(&self) {
        self.change(|arrivals| arrivals.given_up = true);
    }

    fn change(&self, change: impl FnOnce(&mut Arrivals)) {
        change(&mut self.arrivals());
        self.changed.notify_all();
    }

    fn wait_while(&self, waiting: impl Fn(&Arrivals) -> bool) -> MutexGuard<'_, Arrivals> {
        let arrivals = self.changed.wait_while(self.arrivals(), |arrivals| waiting(arrivals));
        arrivals.unwrap_or_else(PoisonError::into_inner)
    }

    fn arrivals(&self) -> MutexGuard<'_, Arrivals> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a thread that is to run through all of gilsim, with as much stack as the first one has.
///
/// # Errors
///
/// When there is no room for it, or the kernel refuses it.
pub fn start<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<JoinHandle<T>> {
    let room = ThreadStarter::of(1);
    room.look(0, MAIN_STACK)?;
    thread::Builder::new().name("run".to_owned()).stack_size(MAIN_STACK).spawn(work)
}

/// A rayon pool, each of whose threads has such a stack and does something at its start, with its number.
///
/// # Errors
///
/// [`Error::Pool`] when there is no room for one of them, or the kernel refuses it.
pub fn pool(
    workers: usize,
    stack: usize,
    at_start: impl Fn(usize) + Send + Sync + 'static,
) -> Result<ThreadPool> {
    let failed = |reason| Error::Pool { workers, reason };
    let room = Arc::new(ThreadStarter::for_workers(workers)?);
    let start = |worker: ThreadBuilder| {
        let index = worker.index();
        let starter = Arc::clone(&room);
        let begin = move || {
            starter.begin();
            worker.run();
        };
        let spawn = || named(index, stack).spawn(begin);
        room.look(index, stack).and_then(|()| spawn()).inspect_err(|_| room.give_up())?;
        Ok(())
    };
    let pool = ThreadPoolBuilder::new().num_threads(workers).start_handler(at_start).spawn_handler(start);
    pool.build().map_err(|error| failed(error.to_string()))
}

fn named(worker: usize, stack: usize) -> thread::Builder {
    thread::Builder::new().name(format!("worker-{worker}")).stack_size(stack)
}

/// How many of so many threads there is room for, and why not for more; nothing when there is room for all.
fn shortage(threads: usize) -> Option<(usize, String)> {
    if threads < MANY {
        return None;
    }
    let most = max_map_count();
    let fit = most.saturating_sub(OTHER_MAPPINGS) / MAPPINGS;
    if threads > fit {
        let reason = format!(
            "there is room for {fit} threads, because each takes {MAPPINGS} of the {most} memory mappings that the kernel \
             allows a process; ask for at most that many workers, or raise that limit (sysctl vm.max_map_count)"
        );
        return Some((fit, reason));
    }
    let fit = usize::try_from(memory::available()? / TOUCHED).unwrap_or(usize::MAX);
    let reason = || {
        format!(
            "there is room for {fit} threads in the memory that is free; ask for at most that many workers, or free some memory"
        )
    };
    (threads > fit).then(|| (fit, reason()))
}

fn max_map_count() -> usize {
    let text = fs::read_to_string("/proc/sys/vm/max_map_count").ok();
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(MAX_MAP_COUNT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_cannot_be_mapped_are_refused() {
        let Err(error) = ThreadStarter::for_workers(usize::MAX / 8) else { panic!("there is room") };
        assert!(error.to_string().contains("vm.max_map_count"), "{error}");
        let Error::NoRoom { fit, .. } = error else { panic!("{error}") };
        assert!(fit > MANY && ThreadStarter::for_workers(fit).is_ok(), "{fit}");
        assert!(!error.to_string().contains("ulimit"), "{error}");
    }
}

//! Whether there is room for threads, known before they are asked for.
//!
//! The kernel refuses a thread politely, and that is an error like any other. But the standard library gives each
//! new thread a second stack for its signal handler, and where there is no room for that one the whole process is
//! aborted, because the thread exists already. So room is looked for first.

use crate::memory;
use std::fs;
use std::hint;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// A worker's stack holds little more than a few frames; a small one lets many workers start.
pub const STACK: usize = 256 * 1024;
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
pub struct ThreadRoom {
    /// Whether the address space is limited, so that it may end before the threads do.
    limited: bool,
    /// How many threads have begun, and so have all that they need.
    begun: AtomicUsize,
}

impl ThreadRoom {
    /// Looks whether so many threads can be had at all.
    ///
    /// # Errors
    ///
    /// When their stacks would be more mappings than the kernel allows a process, or more memory than is free (there the
    /// kernel would kill somebody instead of refusing); the number says how many fit.
    pub fn for_threads(threads: usize) -> Result<Self, (usize, io::Error)> {
        if threads >= MANY {
            let most = max_map_count();
            let fit = most.saturating_sub(OTHER_MAPPINGS) / MAPPINGS;
            if threads > fit {
                let reason = format!(
                    "there is room for {fit} threads, because each takes {MAPPINGS} of the {most} memory mappings that the \
                     kernel allows (sysctl vm.max_map_count)"
                );
                return Err((fit, io::Error::other(reason)));
            }
            let fit = memory::available().map(|bytes| usize::try_from(bytes / TOUCHED).unwrap_or(usize::MAX));
            if let Some(fit) = fit.filter(|&fit| threads > fit) {
                let reason = format!("there is room for {fit} threads, because so much memory is free");
                return Err((fit, io::Error::other(reason)));
            }
        }
        Ok(Self { limited: memory::address_space_left().is_some(), begun: AtomicUsize::new(0) })
    }

    /// To be called before each thread is asked for, `before` of which have been. Where the address space is limited
    /// it waits for those to begin, because what they will take cannot be seen until then.
    ///
    /// # Errors
    ///
    /// When a thread with such a stack would have no room.
    pub fn look(&self, before: usize, stack: usize) -> io::Result<()> {
        if !self.limited {
            return Ok(());
        }
        // Relaxed: nothing is read on its account.
        while self.begun.load(Ordering::Relaxed) < before {
            thread::sleep(Duration::from_micros(20));
        }
        let left = memory::address_space_left().unwrap_or(usize::MAX);
        let arena = stack + ARENA;
        // A thread that gets its arena and then has nothing left would not even live to see that.
        if left < stack + RESERVE || (arena..arena + RESERVE).contains(&left) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        Ok(())
    }

    /// Starts a thread of a rayon pool: one with our stack, and only where there is room for it.
    ///
    /// # Errors
    ///
    /// When there is none, or the kernel refuses it.
    pub fn start(self: &Arc<Self>, worker: rayon::ThreadBuilder, stack: usize) -> io::Result<()> {
        self.look(worker.index(), stack)?;
        let room = Arc::clone(self);
        let thread = thread::Builder::new().name(format!("worker-{}", worker.index())).stack_size(stack);
        thread.spawn(move || {
            room.begin();
            worker.run();
        })?;
        Ok(())
    }

    /// To be called by each thread, first of all.
    pub fn begin(&self) {
        // The first allocation of a thread is the one that takes an arena.
        drop(hint::black_box(Box::new(0_u8)));
        self.begun.fetch_add(1, Ordering::Relaxed);
    }
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
        let (fit, error) = ThreadRoom::for_threads(usize::MAX / 8).unwrap_err();
        assert!(fit > MANY && error.to_string().contains("vm.max_map_count"), "{fit}: {error}");
        assert!(ThreadRoom::for_threads(fit).is_ok());
    }
}

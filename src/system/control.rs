//! A request to stop a run, and how far the run has come.

use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// How many updates a worker does between two looks at its [`Control`]. At less than a nanosecond for the
/// cheapest update and some ten microseconds for the dearest, a block ends within 100 ms; the look costs
/// about a nanosecond, far less than 1 % of the shortest block.
pub const BLOCK: u64 = 1 << 13;

/// Shared by the workers of a run and the thread that started it.
///
/// All atomic accesses are relaxed: neither value guards any other memory, and results travel by joining the workers.
#[derive(Debug, Default)]
pub struct Control {
    stop: Arc<AtomicBool>,
    done: AtomicU64,
    stop_notifier: OnceLock<UnixStream>,
}

impl Control {
    /// Asks the workers to end after the block that they are in. Their results are then worth nothing.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether they have been asked to.
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The flag itself, for code that can only look at a flag.
    #[must_use]
    pub fn flag(&self) -> &Arc<AtomicBool> {
        &self.stop
    }

    /// Sets what becomes readable at a stop, so that a thread can wait for one. Only the first call counts.
    pub fn set_stop_notifier(&self, notifier: UnixStream) {
        // Threads that already wait do so at the first.
        let _ = self.stop_notifier.set(notifier);
    }

    /// What becomes readable at a stop, where that was set.
    #[must_use]
    pub fn stop_notifier(&self) -> Option<&UnixStream> {
        self.stop_notifier.get()
    }

    /// How many updates the first worker has done in the present run: a measure of how far all have come.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Tells how many updates the first worker has done.
    pub fn report(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
    }

    /// Cuts a worker's updates into blocks of at most `size`; there are no more of them once a stop is asked for.
    ///
    /// Only worker 0 keeps the count of [`Control::done`]: one writer, so no cache line goes back and forth.
    pub fn blocks(&self, worker: usize, updates: u64, size: u64) -> impl Iterator<Item = u64> {
        let mut left = updates;
        std::iter::from_fn(move || {
            if worker == 0 {
                self.report(updates - left);
            }
            if left == 0 || self.stopped() {
                return None;
            }
            let block = left.min(size);
            left -= block;
            Some(block)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_add_up_and_are_counted_by_the_first_worker() {
        let control = Control::default();
        let blocks: Vec<u64> = control.blocks(0, 2 * BLOCK + 5, BLOCK).collect();
        assert_eq!(blocks, [BLOCK, BLOCK, 5]);
        assert_eq!(control.done(), 2 * BLOCK + 5);
        assert_eq!(control.blocks(1, 3, BLOCK).sum::<u64>(), 3);
        assert_eq!(control.done(), 2 * BLOCK + 5);
        assert_eq!(control.blocks(0, 0, BLOCK).count(), 0);
    }

    #[test]
    fn no_block_follows_a_stop() {
        let control = Control::default();
        let mut blocks = control.blocks(0, u64::MAX, BLOCK);
        assert_eq!(blocks.next(), Some(BLOCK));
        control.stop();
        assert_eq!(blocks.next(), None);
    }
}

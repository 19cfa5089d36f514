//! Who held a lock and when, recorded while it is used, in a buffer of bounded size.

use std::collections::VecDeque;

/// The most holds that are recorded of a lock; of more the last ones are kept.
pub const MOST_HOLDS: usize = 24_000;

/// One time that a worker held a lock. Times are in nanoseconds of [`super::clock::now`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The worker's number, from 0.
    pub worker: usize,
    /// Since when it had waited; nothing if the lock was free.
    pub waited_since: Option<u64>,
    /// When it first asked the holder before it to let go, if it did.
    pub requested: Option<u64>,
    /// When it took the lock.
    pub taken: u64,
    /// When it let go.
    pub released: u64,
    /// Whether it let go because another worker had asked for that.
    pub forced: bool,
}

/// The holds of a lock, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holds {
    /// Those that were kept.
    pub kept: Vec<Hold>,
    /// How many came before these and were not.
    pub left_out: u64,
}

/// Keeps the last holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorder {
    ring: VecDeque<Hold>,
    most: usize,
    left_out: u64,
}

impl Recorder {
    /// One that keeps so many.
    #[must_use]
    pub fn new(most: usize) -> Self {
        let most = most.max(1);
        Self { ring: VecDeque::with_capacity(most), most, left_out: 0 }
    }

    /// Keeps a hold, instead of the first one where there is no more room.
    #[inline]
    pub fn record(&mut self, hold: Hold) {
        if self.ring.len() == self.most {
            self.ring.pop_front();
            self.left_out += 1;
        }
        self.ring.push_back(hold);
    }

    /// What several recorders of the same lock kept, from where on none of them left out any.
    #[must_use]
    pub fn merge(all: impl IntoIterator<Item = Self>) -> Holds {
        let (mut kept, mut left_out, mut complete_from) = (Vec::new(), 0, 0);
        for recorder in all {
            if recorder.left_out > 0 {
                complete_from = complete_from.max(recorder.ring.front().map_or(0, |first| first.taken));
            }
            left_out += recorder.left_out;
            kept.extend(recorder.ring);
        }
        let before = kept.len();
        kept.retain(|hold: &Hold| hold.taken >= complete_from);
        left_out += (before - kept.len()) as u64;
        kept.sort_unstable_by_key(|hold| hold.taken);
        Holds { kept, left_out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(worker: usize, taken: u64) -> Hold {
        Hold { worker, waited_since: None, requested: None, taken, released: taken + 1, forced: false }
    }

    #[test]
    fn the_last_holds_are_kept_and_the_others_counted() {
        let mut recorder = Recorder::new(3);
        (0..10).for_each(|at| recorder.record(hold(0, at)));
        let holds = Recorder::merge([recorder]);
        assert_eq!(
            (holds.kept.iter().map(|hold| hold.taken).collect::<Vec<_>>(), holds.left_out),
            (vec![7, 8, 9], 7)
        );
    }

    #[test]
    fn several_recorders_are_merged_from_where_all_are_complete() {
        let mut recorders = [Recorder::new(2), Recorder::new(2)];
        for at in [0, 4, 8] {
            recorders[0].record(hold(0, at));
        }
        for at in [2, 6] {
            recorders[1].record(hold(1, at));
        }
        let holds = Recorder::merge(recorders);
        let kept: Vec<_> = holds.kept.iter().map(|hold| (hold.worker, hold.taken)).collect();
        assert_eq!((kept, holds.left_out), (vec![(0, 4), (1, 6), (0, 8)], 2));
    }
}

//! What happened to a lock: how often it was taken, for how long it was held and waited for.

use crate::system::holds::Recorder;
use hdrhistogram::Histogram;

/// What happened to a lock.
#[derive(Debug, Clone, PartialEq)]
pub struct GilUse {
    /// How often a worker took it.
    pub takes: u64,
    /// How often it went from one worker to another (`gil->switch_number`).
    pub switches: u64,
    /// How often a waiter asked the holder to drop it.
    pub requests: u64,
    /// How often a holder that dropped it on request then waited for another to take it.
    pub forced: u64,
    /// For how long each worker held it, in nanoseconds.
    pub held: Vec<u64>,
    /// How long it was held at a time, in nanoseconds.
    pub holds: Histogram<u64>,
    /// How long a worker that found it taken waited for it, in nanoseconds.
    pub waits: Histogram<u64>,
    /// Each time that it was held, if that was asked for.
    pub recorder: Option<Recorder>,
}

impl GilUse {
    pub(super) fn new(workers: usize, recorder: Option<Recorder>) -> Self {
        Self {
            recorder,
            takes: 0,
            switches: 0,
            requests: 0,
            forced: 0,
            held: vec![0; workers],
            holds: histogram(),
            waits: histogram(),
        }
    }
}

/// Two digits suffice for a distribution of times, and keep it small.
fn histogram() -> Histogram<u64> {
    // The crate refuses only digits above 5.
    Histogram::new(2).unwrap_or_else(|_| unreachable!("two digits are within the histogram's range"))
}

pub(super) fn record(histogram: &mut Histogram<u64>, nanoseconds: u64) {
    // It grows as needed, and fails only where its memory could not be addressed.
    let _ = histogram.record(nanoseconds);
}

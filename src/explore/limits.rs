//! How large a question and its exploration may become.

/// The most workers that are explored.
pub const MOST_WORKERS: usize = 4;

/// The most instructions of one step, and of one whole iteration.
pub(super) const LONGEST_STEP: u64 = 1_000_000;

/// The most steps that are replayed: each is outlines, for the report.
pub const MOST_REPLAYED: u64 = 2_000_000;

/// The most that is outlines of single workers' states in a search over states, in elements of about 24 bytes, twice.
pub(super) const MOST_ELEMENTS: usize = 16_000_000;

/// How much memory an exploration may take, and whether it must be able to show schedules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes for states, at most.
    pub memory: u64,
    /// Whether to keep what [`super::Explored::schedule`] needs, and to find the fewest preemptions. Without it, an
    /// exploration is about a third faster.
    pub witnesses: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 1 << 30, witnesses: true }
    }
}

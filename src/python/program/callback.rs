//! Where a program that runs calls back, and how its run ended.

/// Why a running program calls back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// The version looks at its eval breaker here, and drops its GIL if it was asked to (2.7: counts a tick). The free-threaded
    /// builds look in the same places.
    Look,
    /// The worker waits for that lock: call back once it may have become free.
    Blocked(u8),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All iterations were done.
    Finished,
    /// The callback broke off.
    Stopped,
}

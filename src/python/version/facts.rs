//! What is known of one version: a row of the table.

use std::time::Duration;

use super::{drop_rule::DropRule, messages::Messages, shape::Shape};

/// How the GIL passes from one thread to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandOff {
    /// Released and re-acquired at once after so many ticks; whoever is faster has it (`ceval.c`, `_Py_Ticker`).
    Ticks(u32),
    /// A waiter asks for it after this interval; who drops it then waits until another thread has taken it
    /// (`ceval_gil.h`, `take_gil` and `drop_gil`, `FORCE_SWITCHING`).
    Interval(Duration),
    /// There is no GIL.
    NoGil,
}

/// How `multiprocessing` begins a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartMethod {
    /// As a copy of the one that begins it.
    Fork,
    /// As a copy of a server, which has imported the program anew.
    ForkServer,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Where a thread may lose the GIL.
    pub drop: DropRule,
    /// How it passes to another thread.
    pub hand_off: HandOff,
    /// What statements compile to.
    pub shape: Shape,
    /// The words of its exceptions.
    pub messages: Messages,
    /// How `multiprocessing` begins a process by default, on Linux.
    pub start_method: StartMethod,
    /// Where in CPython's sources `drop` and `shape` were read.
    pub source: &'static str,
}

/// The default switch interval (`ceval_gil.h`, `DEFAULT_INTERVAL`), 5 ms in every version that has one.
pub const SWITCH_INTERVAL: Duration = Duration::from_millis(5);

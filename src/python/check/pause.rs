//! Where a search lets other threads come in, and what ends it before its time.

use super::machine::{Beyond, Machine, Step};
use crate::system::control::Control;

/// Where threads may be switched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Switching {
    /// Between whole iterations, and where a thread has to wait.
    Iterations,
    /// Where the version may drop its GIL, and the thread has since used something that another one uses: a partial-order
    /// reduction, for what nobody else sees can be done in any order.
    DropPoints,
    /// Wherever the version may drop its GIL, for the reduction to be held against.
    #[cfg(test)]
    EveryDropPoint,
    /// At each place that the text of a schedule counts: to carry one out, not to find one.
    Places,
}

/// What ends a search before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unfinished {
    /// The program leaves the model.
    Beyond(Beyond),
    /// A limit was reached.
    Limit(String),
    Stopped,
}

/// What limits a search.
pub(super) struct Bounds<'c> {
    pub(super) states: usize,
    pub(super) steps: u64,
    pub(super) control: &'c Control,
}

/// How a thread's run came to its end.
pub(super) enum Pause {
    Switch,
    /// After [`PATIENCE`] instructions, or some rounds of a loop without an end of its own, at a place of no other interest.
    Long,
    Blocked,
}

/// What is told of an instruction.
pub(super) enum Told {
    /// It is about to be done; whether more than one thread could run.
    Before { together: bool },
    /// It was done.
    After(Step),
    /// The thread has taken the lock that it sleeps at.
    TakesLock,
}

/// What is told of each instruction of a thread.
pub(super) type Tell<'t, 'm> = dyn FnMut(&Machine<'m>, usize, &Told) + 't;

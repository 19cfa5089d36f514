//! A global lock in the manner of CPython's: `take_gil` and `drop_gil` of `Python/ceval_gil.c`.
//!
//! From 3.2 on the holder goes on until somebody asks it to stop. A waiter that has waited for a whole *switch
//! interval* in which the lock did not change hands sets the *drop request*; the holder looks at it at certain
//! points of its program, drops the lock and then waits until another worker has taken it (*forced switch*, so
//! that the one who drops cannot snatch it back). Waiters stand in no queue, and every switch restarts their
//! interval. 2.7 has no requests: the holder counts *ticks*, and after so many releases the lock and takes it
//! again at once, if it can. A free-threaded build has no lock at all.
//!
//! The lock is made of a [`SyncPrimitives`], so that a model checker can put its own in place of the real one and try
//! the schedules of a few workers: see the tests.
//!
//! It knows how each version hands the lock over ([`crate::python::version::HandOff`]) and the clock, nothing of programs. Start reading
//! with `lock`.

mod lock;
#[cfg(test)]
mod orderings;
mod primitives;
#[cfg(test)]
mod tests;
mod usage;

pub use lock::{Gil, Holder};
pub use primitives::{Futex, LastHolder, State, SyncPrimitives};
pub use usage::GilUse;

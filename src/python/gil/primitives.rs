//! The synchronisation primitives of the lock: mutexes, condition variables and a flag, of the standard library or of a
//! model checker.

use std::{
    ops::DerefMut,
    sync::{Condvar, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
    time::Duration,
};

use super::usage::GilUse;
use crate::system::clock;
use crate::system::platform::Word;

/// What the lock protects of itself.
#[derive(Debug)]
pub struct State {
    pub(super) locked: bool,
    /// When the present holder took it, in nanoseconds of [`clock::now`].
    pub(super) taken_at: u64,
    /// Since when that one had waited, if the lock was not free.
    pub(super) waited_since: Option<u64>,
    /// When it first asked for the lock, if it did.
    pub(super) requested_at: Option<u64>,
    pub(super) usage: GilUse,
}

/// Who holds the lock, or held it last (`gil->last_holder`). Only a change of this is a switch.
///
/// It has a mutex of its own (`gil->switch_mutex`), so that who waits for a switch is not in the way of who waits
/// for a release.
pub type LastHolder = Option<usize>;

/// Two mutexes with a condition each, and a flag, which is all that the lock is made of.
pub trait SyncPrimitives {
    /// A flag that is looked at without a mutex.
    type Flag: Word<bool>;
    /// The state, while nobody else has it.
    type Guard<'a>: DerefMut<Target = State>
    where
        Self: 'a;
    /// The last holder, while nobody else has it.
    type SwitchGuard<'a>: DerefMut<Target = LastHolder>
    where
        Self: 'a;

    /// A monitor of a state, with no request.
    fn new(state: State) -> Self;
    /// The time in nanoseconds.
    fn now() -> u64;
    /// Waits for the state.
    fn lock(&self) -> Self::Guard<'_>;
    /// Waits for the last holder.
    fn lock_last_holder(&self) -> Self::SwitchGuard<'_>;
    /// Waits until the lock is released (`gil->cond`), at most for so long if a time is given; says whether the
    /// time ran out.
    fn wait_for_release<'a>(
        &'a self,
        guard: Self::Guard<'a>,
        most: Option<Duration>,
    ) -> (Self::Guard<'a>, bool);
    /// Waits until the lock is taken by another worker (`gil->switch_cond`).
    fn wait_for_switch<'a>(&'a self, guard: Self::SwitchGuard<'a>) -> Self::SwitchGuard<'a>;
    /// Wakes one who waits for a release.
    fn released(&self);
    /// Wakes all who wait for a switch.
    fn switched(&self);
    /// Whether the holder is asked to drop the lock (the drop-request bit of `eval_breaker`).
    fn drop_request(&self) -> &Self::Flag;
}

/// The real monitor.
///
/// Made of std's condition variables, which are bare futexes, as glibc's under CPython are: who has waited longest is
/// woken first, has yet to get the mutex like anybody else, and goes to the end of the line whenever its interval has run out.
/// `parking_lot`'s hand a woken waiter over to the mutex, and the long waits of the convoy effect do not show.
#[derive(Debug)]
pub struct Futex {
    drop_request: AtomicBool,
    pub(super) state: Mutex<State>,
    released: Condvar,
    last_holder: Mutex<LastHolder>,
    switched: Condvar,
}

/// Nothing is ever left half done under the mutex, so that a panic elsewhere does not spoil what it protects.
pub(super) fn sound<T>(result: Result<T, PoisonError<T>>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}

impl SyncPrimitives for Futex {
    type Flag = AtomicBool;
    type Guard<'a> = MutexGuard<'a, State>;
    type SwitchGuard<'a> = MutexGuard<'a, LastHolder>;

    fn new(state: State) -> Self {
        Self {
            drop_request: AtomicBool::new(false),
            state: Mutex::new(state),
            released: Condvar::new(),
            last_holder: Mutex::default(),
            switched: Condvar::new(),
        }
    }

    fn now() -> u64 {
        clock::now()
    }

    fn lock(&self) -> Self::Guard<'_> {
        sound(self.state.lock())
    }

    fn lock_last_holder(&self) -> Self::SwitchGuard<'_> {
        sound(self.last_holder.lock())
    }

    fn wait_for_release<'a>(
        &'a self,
        guard: Self::Guard<'a>,
        most: Option<Duration>,
    ) -> (Self::Guard<'a>, bool) {
        if let Some(most) = most {
            let (guard, result) = sound(self.released.wait_timeout(guard, most));
            return (guard, result.timed_out());
        }
        (sound(self.released.wait(guard)), false)
    }

    fn wait_for_switch<'a>(&'a self, guard: Self::SwitchGuard<'a>) -> Self::SwitchGuard<'a> {
        sound(self.switched.wait(guard))
    }

    fn released(&self) {
        self.released.notify_one();
    }

    fn switched(&self) {
        self.switched.notify_all();
    }

    #[inline]
    fn drop_request(&self) -> &AtomicBool {
        &self.drop_request
    }
}

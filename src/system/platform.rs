//! What code for several threads is made of: atomics, mutexes, spinning and the clock.
//!
//! Locks, counts and the start line are generic over a [`Platform`]. In the program it is the [`Machine`], which
//! compiles to what std and `parking_lot` would be by themselves; in tests it can be a model checker, which tries
//! the schedules of a few threads, and what each load may see by the memory model. So what is checked is the code that
//! runs. Each ordering is stated where the access is, never here.

#[cfg(test)]
pub(crate) mod model;

use super::clock;
use crossbeam_utils::Backoff;
use std::fmt::Debug;
use std::hint;
use std::ops::DerefMut;
use std::sync::atomic::{self, AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};

/// A shared word of memory.
pub trait Word<T>: Debug {
    /// A word with a value.
    fn new(value: T) -> Self;
    /// Its value.
    fn load(&self, ordering: Ordering) -> T;
    /// Gives it a value.
    fn store(&self, value: T, ordering: Ordering);
    /// Gives it a value and returns the one before, in one step.
    fn swap(&self, value: T, ordering: Ordering) -> T;
    /// Gives it a value if it has an expected one, in one step; or returns the one that it has.
    ///
    /// # Errors
    ///
    /// With the value, when it was not the expected one.
    fn compare_exchange(&self, expected: T, value: T, success: Ordering, failure: Ordering) -> Result<T, T>;
    /// Its value, when nobody else can have it.
    fn into_inner(self) -> T;
}

/// A shared number.
pub trait Number<T>: Word<T> {
    /// Adds, in one step; returns the value before.
    fn fetch_add(&self, value: T, ordering: Ordering) -> T;
    /// Subtracts, in one step; returns the value before.
    fn fetch_sub(&self, value: T, ordering: Ordering) -> T;
}

/// A value behind a mutex, with a condition to wait for.
pub trait Monitor<T>: Debug {
    /// The value, while nobody else has it.
    type Guard<'a>: DerefMut<Target = T>
    where
        Self: 'a;

    /// A monitor of a value.
    fn new(value: T) -> Self;
    /// Waits for the value.
    fn lock(&self) -> Self::Guard<'_>;
    /// Lets go of the value and waits until [`Monitor::notify_all`] is called.
    fn wait<'a>(&'a self, guard: Self::Guard<'a>) -> Self::Guard<'a>;
    /// Wakes all who wait.
    fn notify_all(&self);
}

/// Where threads run.
pub trait Platform: Debug {
    /// A shared flag.
    type Bool: Word<bool>;
    /// A shared number with a sign.
    type I64: Number<i64>;
    /// A shared number.
    type U64: Number<u64>;
    /// A shared count.
    type Usize: Number<usize>;
    /// A mutex with a condition.
    type Monitor<T: Debug>: Monitor<T>;

    /// A fence between the accesses before and after it.
    fn fence(ordering: Ordering);
    /// Tells the CPU that the thread is in a loop that waits for another one.
    fn spin();
    /// Waits while a condition holds, at first spinning; after a while it yields the CPU.
    fn wait_while(condition: impl Fn() -> bool);
    /// The time in nanoseconds.
    fn now() -> u64;
}

/// The machine itself.
#[derive(Debug, Clone, Copy)]
pub struct Machine;

impl Platform for Machine {
    type Bool = AtomicBool;
    type I64 = AtomicI64;
    type U64 = AtomicU64;
    type Usize = AtomicUsize;
    type Monitor<T: Debug> = ParkingLot<T>;

    #[inline]
    fn fence(ordering: Ordering) {
        atomic::fence(ordering);
    }

    #[inline]
    fn spin() {
        hint::spin_loop();
    }

    #[inline]
    fn wait_while(condition: impl Fn() -> bool) {
        let backoff = Backoff::new();
        while condition() {
            backoff.snooze();
        }
    }

    #[inline]
    fn now() -> u64 {
        clock::now()
    }
}

macro_rules! words {
    ($($atomic:ty: $value:ty),*) => {$(
        impl Word<$value> for $atomic {
            #[inline]
            fn new(value: $value) -> Self {
                Self::new(value)
            }
            #[inline]
            fn load(&self, ordering: Ordering) -> $value {
                self.load(ordering)
            }
            #[inline]
            fn store(&self, value: $value, ordering: Ordering) {
                self.store(value, ordering);
            }
            #[inline]
            fn swap(&self, value: $value, ordering: Ordering) -> $value {
                self.swap(value, ordering)
            }
            #[inline]
            fn compare_exchange(
                &self,
                expected: $value,
                value: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(expected, value, success, failure)
            }
            #[inline]
            fn into_inner(self) -> $value {
                self.into_inner()
            }
        }
    )*};
}

macro_rules! numbers {
    ($($atomic:ty: $value:ty),*) => {$(
        impl Number<$value> for $atomic {
            #[inline]
            fn fetch_add(&self, value: $value, ordering: Ordering) -> $value {
                self.fetch_add(value, ordering)
            }
            #[inline]
            fn fetch_sub(&self, value: $value, ordering: Ordering) -> $value {
                self.fetch_sub(value, ordering)
            }
        }
    )*};
}

words!(AtomicBool: bool, AtomicI64: i64, AtomicU64: u64, AtomicUsize: usize);
numbers!(AtomicI64: i64, AtomicU64: u64, AtomicUsize: usize);
// Another model checker's, which takes every ordering for `SeqCst` and can therefore try longer schedules.
#[cfg(test)]
words!(shuttle::sync::atomic::AtomicBool: bool, shuttle::sync::atomic::AtomicI64: i64);
#[cfg(test)]
numbers!(shuttle::sync::atomic::AtomicI64: i64);

/// `parking_lot`'s mutex and condition variable.
#[derive(Debug)]
pub struct ParkingLot<T> {
    value: parking_lot::Mutex<T>,
    changed: parking_lot::Condvar,
}

impl<T: Debug> Monitor<T> for ParkingLot<T> {
    type Guard<'a>
        = parking_lot::MutexGuard<'a, T>
    where
        T: 'a;

    fn new(value: T) -> Self {
        Self { value: parking_lot::Mutex::new(value), changed: parking_lot::Condvar::new() }
    }

    fn lock(&self) -> Self::Guard<'_> {
        self.value.lock()
    }

    fn wait<'a>(&'a self, mut guard: Self::Guard<'a>) -> Self::Guard<'a> {
        self.changed.wait(&mut guard);
        guard
    }

    fn notify_all(&self) {
        self.changed.notify_all();
    }
}

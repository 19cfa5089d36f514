//! A platform under loom, a model checker of the memory model: it tries every schedule, and for each load every store that
//! the load may see by its ordering.
//!
//! It also tells whether the orderings matter. Each access says where in the source it stands, so any single ordering
//! can be weakened without a change of the code, and the model must then be seen to fail.
//!
//! What loom cannot do: a load never sees a store that comes later in the schedule (*load buffering*), `SeqCst` counts as
//! `AcqRel`, and a word's history is seven stores long.

use super::{Monitor, Number, Platform, Word};
use loom::sync::{Condvar, Mutex, MutexGuard, atomic};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt::{self, Debug, Display, Formatter};
use std::panic::{self, Location};
use std::sync::atomic::Ordering;

/// An ordering as it is stated in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stated {
    at: &'static Location<'static>,
    /// The second ordering of a compare-and-exchange.
    of_failure: bool,
    strength: Strength,
}

/// [`Ordering`], in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    Relaxed,
    Acquire,
    Release,
    AcqRel,
    SeqCst,
}

impl Strength {
    fn of(ordering: Ordering) -> Self {
        match ordering {
            Ordering::Relaxed => Self::Relaxed,
            Ordering::Acquire => Self::Acquire,
            Ordering::Release => Self::Release,
            Ordering::AcqRel => Self::AcqRel,
            Ordering::SeqCst => Self::SeqCst,
            other => panic!("a new ordering: {other:?}"),
        }
    }

    fn ordering(self) -> Ordering {
        match self {
            Self::Relaxed => Ordering::Relaxed,
            Self::Acquire => Ordering::Acquire,
            Self::Release => Ordering::Release,
            Self::AcqRel => Ordering::AcqRel,
            Self::SeqCst => Ordering::SeqCst,
        }
    }

    /// Those that are one step weaker: if the model fails with each of them, it does with any that is weaker still.
    fn weaker(self) -> &'static [Self] {
        match self {
            Self::Relaxed => &[],
            Self::Acquire | Self::Release => &[Self::Relaxed],
            Self::AcqRel => &[Self::Acquire, Self::Release],
            Self::SeqCst => &[Self::AcqRel],
        }
    }
}

impl Display for Stated {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let failure = if self.of_failure { " of a failed exchange" } else { "" };
        write!(f, "{:?}{failure} at {}", self.strength, self.at)
    }
}

// loom runs all threads of a model on the thread that started it.
thread_local! {
    static STATED: RefCell<BTreeSet<Stated>> = const { RefCell::new(BTreeSet::new()) };
    static WEAKENED: Cell<Option<(Stated, Strength)>> = const { Cell::new(None) };
    static SCHEDULES: Cell<u64> = const { Cell::new(0) };
    static SPINS: Cell<u32> = const { Cell::new(0) };
    static TIME: Cell<u64> = const { Cell::new(0) };
    static TICK: Cell<u64> = const { Cell::new(0) };
    static WAKES: Cell<bool> = const { Cell::new(true) };
}

/// The ordering of the caller's caller: as it is stated, unless it is the one that is weakened.
#[track_caller]
fn in_force(ordering: Ordering, of_failure: bool) -> Ordering {
    let stated = Stated { at: Location::caller(), of_failure, strength: Strength::of(ordering) };
    STATED.with_borrow_mut(|all| all.insert(stated));
    match WEAKENED.get() {
        Some((which, weaker)) if which == stated => weaker.ordering(),
        _ => ordering,
    }
}

/// How many turns of waiting loops are tried in every order.
const MOST_SPINS: u32 = 4;

/// The platform.
#[derive(Debug)]
pub(crate) struct Loom;

impl Platform for Loom {
    type Bool = Watched<atomic::AtomicBool>;
    type I64 = Watched<atomic::AtomicI64>;
    type U64 = Watched<atomic::AtomicU64>;
    type Usize = Watched<atomic::AtomicUsize>;
    type Monitor<T: Debug> = LoomMonitor<T>;

    #[track_caller]
    fn fence(ordering: Ordering) {
        match in_force(ordering, false) {
            Ordering::Relaxed => {}
            ordering => atomic::fence(ordering),
        }
    }

    /// After so many turns of waiting loops the rest of the schedule is fair and not varied: else threads that wait would
    /// wake each other for ever, while the one that they wait for has no turn.
    fn spin() {
        SPINS.set(SPINS.get() + 1);
        if SPINS.get() > MOST_SPINS {
            loom::skip_branch();
        }
        loom::thread::yield_now();
    }

    fn wait_while(condition: impl Fn() -> bool) {
        while condition() {
            Self::spin();
        }
    }

    /// A tick later each time that somebody looks.
    fn now() -> u64 {
        TIME.set(TIME.get() + TICK.get());
        TIME.get()
    }
}

/// A word of loom's whose orderings can be weakened.
#[derive(Debug)]
pub(crate) struct Watched<A>(A);

/// Of a flag that has the value already, a swap writes nothing: loom takes that write and what the last holder of a lock
/// then writes for unordered, and a waiter would see the former for ever. Nobody can tell the difference unless the swap
/// releases.
macro_rules! swap {
    (AtomicBool, $flag:expr, $value:expr, $ordering:expr) => {{
        let (value, ordering) = ($value, $ordering);
        assert!(
            matches!(ordering, Ordering::Relaxed | Ordering::Acquire),
            "a swap that releases is not modelled"
        );
        $flag.compare_exchange(!value, value, ordering, ordering).unwrap_or_else(|same| same)
    }};
    ($number:ident, $word:expr, $value:expr, $ordering:expr) => {
        $word.swap($value, $ordering)
    };
}

macro_rules! words {
    ($($atomic:ident: $value:ty),*) => {$(
        impl Word<$value> for Watched<atomic::$atomic> {
            fn new(value: $value) -> Self {
                Self(atomic::$atomic::new(value))
            }
            #[track_caller]
            fn load(&self, ordering: Ordering) -> $value {
                self.0.load(in_force(ordering, false))
            }
            #[track_caller]
            fn store(&self, value: $value, ordering: Ordering) {
                self.0.store(value, in_force(ordering, false));
            }
            #[track_caller]
            fn swap(&self, value: $value, ordering: Ordering) -> $value {
                swap!($atomic, self.0, value, in_force(ordering, false))
            }
            #[track_caller]
            fn compare_exchange(
                &self,
                expected: $value,
                value: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                let (success, failure) = (in_force(success, false), in_force(failure, true));
                self.0.compare_exchange(expected, value, success, failure)
            }
            fn into_inner(self) -> $value {
                self.0.load(Ordering::Relaxed)
            }
        }
    )*};
}

macro_rules! numbers {
    ($($atomic:ident: $value:ty),*) => {$(
        impl Number<$value> for Watched<atomic::$atomic> {
            #[track_caller]
            fn fetch_add(&self, value: $value, ordering: Ordering) -> $value {
                self.0.fetch_add(value, in_force(ordering, false))
            }
            #[track_caller]
            fn fetch_sub(&self, value: $value, ordering: Ordering) -> $value {
                self.0.fetch_sub(value, in_force(ordering, false))
            }
        }
    )*};
}

words!(AtomicBool: bool, AtomicI64: i64, AtomicU64: u64, AtomicUsize: usize);
numbers!(AtomicI64: i64, AtomicU64: u64, AtomicUsize: usize);

/// loom's mutex and condition variable.
#[derive(Debug)]
pub(crate) struct LoomMonitor<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T: Debug> Monitor<T> for LoomMonitor<T> {
    type Guard<'a>
        = MutexGuard<'a, T>
    where
        T: 'a;

    fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: Condvar::new() }
    }

    fn lock(&self) -> Self::Guard<'_> {
        self.value.lock().unwrap()
    }

    fn wait<'a>(&'a self, guard: Self::Guard<'a>) -> Self::Guard<'a> {
        self.changed.wait(guard).unwrap()
    }

    fn notify_all(&self) {
        if WAKES.get() {
            self.changed.notify_all();
        }
    }
}

/// Something that must hold, and in how many schedules it is tried.
#[derive(Clone, Copy)]
pub(crate) struct Model {
    /// What the first thread does; it starts the others.
    pub(crate) run: fn(),
    /// How often threads may be interrupted in a schedule; without a number all schedules are tried.
    pub(crate) preemptions: Option<usize>,
    /// By how much the clock is later at each look, in nanoseconds.
    pub(crate) tick: u64,
    /// Whether those who sleep are woken.
    pub(crate) wakes: bool,
}

impl Model {
    /// One that is tried in all schedules.
    pub(crate) const fn new(run: fn()) -> Self {
        Self { run, preemptions: None, tick: 1_000, wakes: true }
    }

    /// The same with at most so many preemptions.
    pub(crate) const fn preempted(self, preemptions: usize) -> Self {
        Self { preemptions: Some(preemptions), ..self }
    }

    /// Tries the schedules, and says how many there were.
    pub(crate) fn check(self) -> u64 {
        SCHEDULES.set(0);
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = self.preemptions;
        builder.check(move || {
            SCHEDULES.set(SCHEDULES.get() + 1);
            SPINS.set(0);
            TIME.set(0);
            TICK.set(self.tick);
            WAKES.set(self.wakes);
            (self.run)();
        });
        SCHEDULES.get()
    }

    /// Whether something does not hold in some schedule, or all its threads sleep.
    pub(crate) fn fails(self) -> bool {
        let Err(panic) = panic::catch_unwind(|| self.check()) else { return false };
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default();
        assert!(!message.contains("Model exceeded"), "the model is too large: {message}");
        true
    }
}

/// Those of the orderings which the models meet that can be weakened without any of the models failing, each with what it
/// was weakened to; and how many were tried.
pub(crate) fn needless_orderings(models: &[Model]) -> (Vec<String>, usize) {
    STATED.take();
    for model in models {
        model.check();
    }
    let stated = STATED.take();
    let weaker = |&stated: &Stated| stated.strength.weaker().iter().map(move |&weaker| (stated, weaker));
    let all: Vec<_> = stated.iter().flat_map(weaker).collect();
    let needless = |&(stated, weaker): &(Stated, Strength)| {
        WEAKENED.set(Some((stated, weaker)));
        let fails = models.iter().any(|model| model.fails());
        WEAKENED.set(None);
        (!fails).then(|| format!("{stated} may be {weaker:?}"))
    };
    (all.iter().filter_map(needless).collect(), all.len())
}

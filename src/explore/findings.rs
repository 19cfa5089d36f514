//! How schedules end, and how many end in which way.

use crate::python::program::Program;
use num_bigint::BigUint;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

/// How a schedule ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FinalState {
    /// All workers have finished, and x has this value.
    Value(i64),
    /// These exceptions ended workers.
    Raised(Vec<String>),
    /// Workers wait for these locks, by number, and none can go on.
    Deadlock(Vec<u8>),
}

/// What locks are called, by their numbers.
pub trait LockNames {
    /// The lock's name.
    fn lock_name(&self, number: u8) -> &str;
}

impl LockNames for Program {
    fn lock_name(&self, number: u8) -> &str {
        Self::lock_name(self, number)
    }
}

/// Whether an outcome is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// A serial schedule, which switches between iterations only, ends so too.
    Right,
    /// No serial schedule ends so: an update was lost.
    Lost,
    /// No serial schedule raises that: an exception ended a worker.
    Raises,
    /// Not every worker finished.
    Deadlock,
}

/// One way in which schedules end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The final state.
    pub ending: FinalState,
    /// Whether that is right.
    pub grade: Grade,
    /// How many schedules end so.
    pub schedules: BigUint,
    /// The fewest preemptions (switches away from a worker that could have gone on) with which a schedule ends so;
    /// `None` if [`Limits::witnesses`](super::limits::Limits::witnesses) was not set.
    pub preemptions: Option<u16>,
}

/// What an exploration found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// Every outcome, by value; deadlocks last.
    pub outcomes: Vec<Outcome>,
    /// The right results: what serial schedules, which switch between iterations only, end with. More than one value
    /// means that the order of whole iterations matters.
    pub serial: BTreeSet<i64>,
    /// How many schedules there are.
    pub total: BigUint,
    /// How many states were reached, after the reductions.
    pub states: u64,
    /// The most steps of a schedule.
    pub steps: usize,
    /// The most bytes that states took at one time.
    pub peak_memory: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl Findings {
    /// The least and the greatest value of x, unless every schedule ends in a deadlock.
    #[must_use]
    pub fn extremes(&self) -> Option<(i64, i64)> {
        let mut values = self.outcomes.iter().filter_map(|outcome| match outcome.ending {
            FinalState::Value(value) => Some(value),
            FinalState::Raised(_) | FinalState::Deadlock(_) => None,
        });
        let least = values.next()?;
        Some((least, values.next_back().unwrap_or(least)))
    }

    /// Whether some schedule loses an update or deadlocks.
    #[must_use]
    pub fn any_wrong(&self) -> bool {
        self.outcomes.iter().any(|outcome| outcome.grade != Grade::Right)
    }

    /// The outcome that is the furthest from right: a deadlock if there is one, else the lost value that is the
    /// furthest from all right ones, the lower of two; else the first.
    #[must_use]
    pub fn worst(&self) -> Option<&Outcome> {
        let distance = |value: i64| self.serial.iter().map(|right| value.abs_diff(*right)).min().unwrap_or(0);
        self.outcomes.iter().min_by_key(|outcome| {
            let far = match outcome.ending {
                FinalState::Deadlock(_) => u64::MAX,
                FinalState::Raised(_) => u64::MAX - 1,
                FinalState::Value(value) => distance(value),
            };
            std::cmp::Reverse((outcome.grade != Grade::Right, far))
        })
    }
}

impl FinalState {
    /// The end with this x, where workers wait for these locks.
    pub(super) fn of(x: i64, waited: BTreeSet<u8>) -> Self {
        if waited.is_empty() { Self::Value(x) } else { Self::Deadlock(waited.into_iter().collect()) }
    }

    /// Its grade where these values are right.
    #[must_use]
    pub fn grade(&self, right: &BTreeSet<i64>) -> Grade {
        match self {
            Self::Deadlock(_) => Grade::Deadlock,
            Self::Raised(_) => Grade::Raises,
            Self::Value(value) if right.contains(value) => Grade::Right,
            Self::Value(_) => Grade::Lost,
        }
    }

    /// In words: `2`, `raises KeyError`, or `deadlock (a, b)` by the names of the locks.
    #[must_use]
    pub fn words(&self, names: &impl LockNames) -> String {
        match self {
            Self::Value(value) => value.to_string(),
            Self::Raised(raised) => format!("raises {}", raised.join(", ")),
            Self::Deadlock(waited) => {
                let names: Vec<&str> = waited.iter().map(|&lock| names.lock_name(lock)).collect();
                format!("deadlock ({})", names.join(", "))
            }
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Right => "right",
            Self::Lost => "lost",
            Self::Raises => "raises",
            Self::Deadlock => "deadlock",
        })
    }
}

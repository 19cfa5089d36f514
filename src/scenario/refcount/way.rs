//! The ways of counting references.

use crate::choice::Choice;

/// How references to an object are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// With no protection.
    Plain,
    /// Plain, under the global lock.
    Gil,
    /// Behind a lock of the object's own.
    Mutex,
    /// With atomic instructions.
    Atomic,
    /// One count for the owner, one for all others.
    Biased,
    /// Per thread, added up at the end.
    Deferred,
    /// Not at all.
    Immortal,
    /// [`std::rc::Rc`].
    Rc,
    /// [`std::sync::Arc`].
    Arc,
}

impl Choice for Way {
    const ALL: &'static [Self] = &[
        Self::Plain,
        Self::Gil,
        Self::Mutex,
        Self::Atomic,
        Self::Biased,
        Self::Deferred,
        Self::Immortal,
        Self::Rc,
        Self::Arc,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gil => "gil",
            Self::Mutex => "mutex",
            Self::Atomic => "atomic",
            Self::Biased => "biased",
            Self::Deferred => "deferred",
            Self::Immortal => "immortal",
            Self::Rc => "rc",
            Self::Arc => "arc",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Plain => "load, add and store without protection: counts go wrong",
            Self::Gil => {
                "the plain count, changed by the holder of the global lock alone (CPython's default build)"
            }
            Self::Mutex => "a lock in each object",
            Self::Atomic => "one atomic instruction each time (the Gilectomy of 2016)",
            Self::Biased => {
                "not atomic for the thread that owns the object, atomic for others (PEP 703, 3.13t)"
            }
            Self::Deferred => "a count for each thread, added up at the end (3.14t, for types)",
            Self::Immortal => "the count is looked at and never changed (PEP 683, 3.12)",
            Self::Rc => "Rust's Rc, which the compiler keeps on one thread",
            Self::Arc => "Rust's Arc, which counts atomically",
        }
    }
}

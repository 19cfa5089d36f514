//! Biased reference counts (Choi, Shull, Torrellas, PACT 2018), as PEP 703 has them in free-threaded CPython.
//!
//! Most objects are used by one thread alone, the one that made them. This *owner* has a count of its own
//! (`ob_ref_local`) that nobody else writes, so it needs no atomic instruction. All others change a second count
//! (`ob_ref_shared`) atomically; it may become negative, when a reference that the owner counted is given back by another
//! thread. Their sum is the number of references, so neither says alone whether the object can be freed. Therefore the
//! counts are *merged* when the owner's reaches zero or the owner is done: from then on the shared count is all.
//!
//! Whoever gives back a reference and finds the shared count at zero cannot know how many the owner has. It leaves its
//! reference to the owner (the object is *queued*), who gives it back when it merges. In CPython the owner looks at its
//! queue now and then, here when it is done.
//!
//! The functions follow those of `Objects/object.c` and `Python/brc.c` of CPython 3.13, whose names they cite.

use super::object::{Object, Tally};
use crate::system::platform::Number;
use std::hint;
use std::sync::atomic::{AtomicI64, Ordering};

/// The shared count stands above two bits of flags (`_Py_REF_SHARED_SHIFT`).
const SHIFT: u32 = 2;
/// One reference in the shared count.
const ONE: i64 = 1 << SHIFT;
/// The flag of an object in its owner's queue (`_Py_REF_QUEUED`).
const QUEUED: i64 = 0b10;
/// The flags of an object whose counts are merged (`_Py_REF_MERGED`).
const MERGED: i64 = 0b11;
/// The local count of an object that is never freed, which no reference changes (`_Py_IMMORTAL_REFCNT_LOCAL`, all bits
/// set). None of the objects here is one, but CPython looks each time.
const IMMORTAL: i64 = -1;
/// No thread, as the owner: the counts are merged.
const NOBODY: i64 = 0;

/// The owner's queue, of this one object: nothing in it.
const EMPTY: i64 = 0;
/// It holds a reference to the object.
const HOLDS: i64 = 1;
/// Its owner is done.
const CLOSED: i64 = 2;

/// The two counts of an object, and its owner's queue. Threads are numbered from 1.
#[derive(Debug)]
pub struct Counts<W = AtomicI64> {
    /// `ob_tid`.
    owner: W,
    /// `ob_ref_local`. The owner alone writes it.
    local: W,
    /// `ob_ref_shared`.
    shared: W,
    queue: W,
}

impl<W: Number<i64>> Counts<W> {
    /// An object of a thread's, with so many references that the owner counts.
    #[must_use]
    pub fn new(owner: i64, references: i64) -> Self {
        Self { owner: W::new(owner), local: W::new(references), shared: W::new(0), queue: W::new(EMPTY) }
    }

    /// A thread takes a reference (`Py_INCREF`).
    #[inline]
    pub fn take(&self, thread: i64) {
        // Relaxed throughout: only the owner's number is compared with its own, and only the owner can undo that. Others
        // may see an old local count, but an object is immortal from the start or never.
        let one_more = self.local.load(Ordering::Relaxed).wrapping_add(1);
        if one_more == 0 {
            // It was `IMMORTAL`.
            hint::cold_path();
            return;
        }
        if self.owner.load(Ordering::Relaxed) == thread {
            self.local.store(one_more, Ordering::Relaxed);
        } else {
            self.shared.fetch_add(ONE, Ordering::Relaxed);
        }
    }

    /// A thread gives a reference back (`Py_DECREF`); says whether it was the last, so that the object is to be freed.
    #[inline]
    pub fn give_back(&self, thread: i64) -> bool {
        let local = self.local.load(Ordering::Relaxed);
        if local == IMMORTAL {
            hint::cold_path();
            return false;
        }
        if self.owner.load(Ordering::Relaxed) != thread {
            return self.give_back_shared();
        }
        let left = local.wrapping_sub(1);
        self.local.store(left, Ordering::Relaxed);
        left == 0 && self.merge_zero_local()
    }

    /// `_Py_DecRefShared`.
    fn give_back_shared(&self) -> bool {
        let mut shared = self.shared.load(Ordering::Relaxed);
        loop {
            // At zero, neither queued nor merged, the reference that is given back is one of those that the owner has
            // counted. It is not subtracted: the queue has it from now on.
            let queue = shared == 0;
            let left = if queue { QUEUED } else { shared.wrapping_sub(ONE) };
            // Release what was done with the object, acquire what others did, for the one who frees it.
            match self.shared.compare_exchange(shared, left, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) if queue => return self.leave_to_owner(),
                Ok(_) => return left == MERGED,
                Err(other) => shared = other,
            }
        }
    }

    /// `_Py_brc_queue_object`: leaves a reference to the owner, or gives it back if the owner is done.
    fn leave_to_owner(&self) -> bool {
        // Relaxed: the change to `QUEUED` before has released what the owner acquires when it merges. Acquire, if the queue
        // is closed: then the owner's count is read.
        let queued = self.queue.compare_exchange(EMPTY, HOLDS, Ordering::Relaxed, Ordering::Acquire);
        // Who has closed its queue no longer looks at its own count, so anybody may merge.
        queued.is_err() && self.merge(-1) == 0
    }

    /// `_Py_MergeZeroLocalRefcount`: the owner has no more references.
    #[cold]
    fn merge_zero_local(&self) -> bool {
        // Acquire, here and below: it may free what others have used.
        let mut shared = self.shared.load(Ordering::Acquire);
        if shared == 0 {
            // Nobody has any.
            return true;
        }
        self.owner.store(NOBODY, Ordering::Relaxed);
        loop {
            let merged = shared | MERGED;
            match self.shared.compare_exchange(shared, merged, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return merged == MERGED,
                Err(other) => shared = other,
            }
        }
    }

    /// `_Py_ExplicitMergeRefcount`: adds the local count, and something besides, to the shared one; says what it comes to.
    ///
    /// Only for the owner, and for others once the owner has closed its queue.
    fn merge(&self, besides: i64) -> i64 {
        let local = self.local.load(Ordering::Relaxed);
        let mut shared = self.shared.load(Ordering::Relaxed);
        let references = loop {
            let references = (shared >> SHIFT).wrapping_add(local).wrapping_add(besides);
            let merged = (references << SHIFT) | MERGED;
            // Release the owner's uses to whoever frees it; acquire, for that may be the caller.
            match self.shared.compare_exchange(shared, merged, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => break references,
                Err(other) => shared = other,
            }
        };
        self.local.store(0, Ordering::Relaxed);
        self.owner.store(NOBODY, Ordering::Relaxed);
        references
    }

    /// The owner is done with an object to which it holds a reference: it merges the counts, and gives back what it was
    /// left. Says whether the object is to be freed.
    pub fn owner_is_done(&self) -> bool {
        self.merge(0);
        self.close_queue()
    }

    /// The owner's thread ends (`_Py_brc_remove_thread`): it gives back what it was left. Says whether the object is to
    /// be freed.
    pub fn close_queue(&self) -> bool {
        // Whoever would leave a reference from now on merges the counts: release shows it the owner's. What was left is
        // acquired by the merge.
        self.queue.swap(CLOSED, Ordering::Release) == HOLDS && self.merge(-1) == 0
    }

    /// How many references are counted, when nobody changes that.
    #[must_use]
    pub fn references(&self) -> i64 {
        // Relaxed: who knows that nobody changes them has seen the last changes.
        let left_to_owner = i64::from(self.queue.load(Ordering::Relaxed) == HOLDS);
        // What was left to the owner was neither subtracted nor is it anybody's.
        (self.shared.load(Ordering::Relaxed) >> SHIFT)
            .wrapping_add(self.local.load(Ordering::Relaxed))
            .wrapping_sub(left_to_owner)
    }
}

/// An object with biased counts, which belongs to its first user.
#[derive(Debug)]
pub struct Biased(Counts);

/// The number of a user as a thread.
fn thread(user: usize) -> i64 {
    i64::try_from(user).unwrap_or(i64::MAX - 1) + 1
}

impl Object for Biased {
    fn new(_: usize) -> Self {
        Self(Counts::new(thread(0), 1))
    }

    #[inline(never)]
    fn pairs(&self, user: usize, pairs: u64, tally: &mut Tally) {
        let thread = thread(user);
        for _ in 0..pairs {
            self.0.take(thread);
            if self.0.give_back(thread) {
                tally.premature_frees += 1;
            }
        }
    }

    fn leave(&self, user: usize, tally: &mut Tally) {
        if user == 0 && self.0.owner_is_done() {
            tally.premature_frees += 1;
        }
    }

    fn count(self) -> i64 {
        self.0.references()
    }
}

#[cfg(test)]
mod orderings;
#[cfg(test)]
mod tests;

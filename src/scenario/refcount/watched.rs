//! An object under the memory model: whoever frees it does so once, at the last reference, and has seen every use of it.

use loom::sync::atomic::AtomicI64;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64 as Unseen, Ordering::Relaxed};

/// A way to count references. Threads are numbered from 1, and 1 is the owner.
pub(super) trait Count: 'static {
    /// A thread takes a reference.
    fn take(&self, thread: usize);
    /// A thread gives a reference back; says whether it was the last.
    fn give_back(&self, thread: usize) -> bool;
}

/// What is known of an object without its count.
pub(super) struct Watched<C> {
    pub(super) count: C,
    /// How often each thread has used it. Each writes its own, and nothing but the count orders that before the end.
    uses: [AtomicI64; 4],
    /// The same, and the references and ends, as they are in the order of the schedule: loom does not know of these.
    used: [Unseen; 4],
    held: Unseen,
    frees: Unseen,
}

impl<C: Count> Watched<C> {
    pub(super) fn new(count: C, references: i64) -> Self {
        Self {
            count,
            uses: Default::default(),
            used: Default::default(),
            held: Unseen::new(references),
            frees: Unseen::new(0),
        }
    }

    pub(super) fn take(&self, thread: usize) {
        self.held.fetch_add(1, Relaxed);
        self.count.take(thread);
    }

    pub(super) fn use_and_give_back(&self, thread: usize) {
        assert_eq!(self.frees.load(Relaxed), 0, "used after it was freed");
        let uses = self.used[thread].fetch_add(1, Relaxed) + 1;
        self.uses[thread].store(uses, Relaxed);
        self.held.fetch_sub(1, Relaxed);
        self.freed(self.count.give_back(thread));
    }

    /// To be told what each change of the count says.
    pub(super) fn freed(&self, freed: bool) {
        if freed {
            assert_eq!(self.held.load(Relaxed), 0, "freed while a reference was held");
            assert_eq!(self.frees.fetch_add(1, Relaxed), 0, "freed twice");
            for (seen, used) in self.uses.iter().zip(&self.used) {
                assert_eq!(seen.load(Relaxed), used.load(Relaxed), "a use does not come before the end");
            }
        }
    }

    /// The first thread and so many others do this. Then all references must have been given back.
    pub(super) fn meet(
        self,
        others: usize,
        first: impl FnOnce(&Self),
        other: impl Fn(&Self, usize) + Copy + 'static,
    ) {
        let object = Arc::new(self);
        let others: Vec<_> = (2..2 + others)
            .map(|thread| {
                let object = Arc::clone(&object);
                loom::thread::spawn(move || other(&object, thread))
            })
            .collect();
        first(&object);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(object.held.load(Relaxed), 0);
        assert_eq!(object.frees.load(Relaxed), 1, "leaked");
    }
}

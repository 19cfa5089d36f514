//! One atomic instruction for each change, which nothing can come in between.

use super::object::{Object, Tally};
use crate::system::platform::{Machine, Number, Platform, Word};
use std::sync::atomic::Ordering;

/// An object with an atomic count.
#[derive(Debug)]
pub struct Atomic<P: Platform = Machine>(P::I64);

impl<P: Platform> Atomic<P> {
    fn with_references(references: i64) -> Self {
        Self(P::I64::new(references))
    }

    #[inline]
    fn take(&self) {
        // Relaxed: who takes a reference has one already, so nothing is published by it.
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Says whether it was the last, so that the object is to be freed.
    #[inline]
    fn give_back(&self) -> bool {
        // Release, and acquire by whoever frees: all uses of the object come before its end.
        let last = self.0.fetch_sub(1, Ordering::Release) == 1;
        if last {
            P::fence(Ordering::Acquire);
        }
        last
    }
}

impl Object for Atomic {
    fn new(_: usize) -> Self {
        Self::with_references(1)
    }

    #[inline(never)]
    fn pairs(&self, _: usize, pairs: u64, tally: &mut Tally) {
        for _ in 0..pairs {
            self.take();
            if self.give_back() {
                tally.premature_frees += 1;
            }
        }
    }

    fn count(self) -> i64 {
        self.0.into_inner()
    }
}

#[cfg(test)]
mod orderings {
    use super::*;
    use crate::scenario::refcount::watched::{Count, Watched};
    use crate::system::platform::model::{Loom, Model, needless_orderings};

    impl Count for Atomic<Loom> {
        fn take(&self, _: usize) {
            self.take();
        }
        fn give_back(&self, _: usize) -> bool {
            self.give_back()
        }
    }

    /// Each thread has a reference, takes another, uses the object and gives both back.
    fn threads<const OTHERS: usize>() {
        let references = i64::try_from(1 + OTHERS).unwrap();
        let object = Watched::new(Atomic::<Loom>::with_references(references), references);
        let pair = |object: &Watched<_>, thread| {
            object.take(thread);
            object.use_and_give_back(thread);
            object.use_and_give_back(thread);
        };
        object.meet(OTHERS, move |object| pair(object, 1), pair);
    }

    const TWO: Model = Model::new(threads::<1>);
    const THREE: Model = Model::new(threads::<2>).preempted(4);

    #[test]
    fn it_is_freed_once_and_after_every_use() {
        let schedules: u64 = [TWO, THREE].into_iter().map(Model::check).sum();
        assert!(schedules > 100, "{schedules} schedules");
    }

    #[test]
    fn no_ordering_can_be_weaker() {
        for model in [TWO, THREE] {
            assert_eq!(needless_orderings(&[model]), (Vec::new(), 2));
        }
    }
}

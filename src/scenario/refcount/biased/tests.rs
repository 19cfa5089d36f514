//! The protocol on paper, and under a model checker: a scheduler that may switch at every access.

use super::*;

#[test]
fn the_owner_counts_alone_until_another_thread_comes() {
    let counts = Counts::<AtomicI64>::new(1, 1);
    counts.take(1);
    assert_eq!(counts.shared.load(Ordering::Relaxed), 0);
    assert!(!counts.give_back(1));
    counts.take(2);
    assert_eq!(counts.shared.load(Ordering::Relaxed), ONE);
    assert_eq!(counts.references(), 2);
    assert!(!counts.give_back(2));
    assert!(counts.give_back(1), "the last reference frees");
}

#[test]
fn a_reference_that_the_owner_counted_is_left_to_it() {
    let counts = Counts::<AtomicI64>::new(1, 2);
    assert!(!counts.give_back(2));
    assert_eq!(counts.shared.load(Ordering::Relaxed), QUEUED);
    assert_eq!(counts.references(), 1);
    assert!(!counts.owner_is_done());
    assert_eq!(counts.shared.load(Ordering::Relaxed), ONE | MERGED);
    assert!(counts.give_back(1), "merged, so the owner is one of many");
}

#[test]
fn who_finds_the_owner_gone_merges() {
    let counts = Counts::<AtomicI64>::new(1, 2);
    assert!(!counts.close_queue());
    assert!(!counts.give_back(2));
    assert_eq!(counts.references(), 1);
    assert!(counts.give_back(2));
}

#[test]
fn the_owners_last_reference_leaves_the_object_to_others() {
    let counts = Counts::<AtomicI64>::new(1, 1);
    counts.take(2);
    assert!(!counts.give_back(1));
    assert_eq!(counts.shared.load(Ordering::Relaxed), ONE | MERGED);
    assert!(counts.give_back(2));
}

#[test]
fn an_immortal_object_is_never_changed() {
    let counts = Counts::<AtomicI64>::new(1, IMMORTAL);
    for thread in [1, 2] {
        counts.take(thread);
        assert!(!counts.give_back(thread));
        assert!(!counts.give_back(thread), "not even when it is given back more often than it was taken");
    }
    assert_eq!(counts.local.load(Ordering::Relaxed), IMMORTAL);
    assert_eq!(counts.shared.load(Ordering::Relaxed), 0);
}

mod model {
    use super::*;
    use shuttle::sync::Arc;
    use shuttle::sync::atomic as shuttle_atomic;
    use std::panic::{self, AssertUnwindSafe};

    type Shared = Counts<shuttle_atomic::AtomicI64>;

    /// What the owner does at its end. It holds one reference.
    type End = fn(&Watched);

    /// An object, and what is known of it without its counts.
    struct Watched {
        counts: Shared,
        /// How many references are held. std's atomics: the model checker does not switch at them, so that the
        /// schedules remain those of the protocol.
        held: AtomicI64,
        frees: AtomicI64,
    }

    impl Watched {
        fn take(&self, thread: i64) {
            self.held.fetch_add(1, Ordering::SeqCst);
            self.alive();
            self.counts.take(thread);
        }

        fn give_back(&self, thread: i64) {
            self.alive();
            self.held.fetch_sub(1, Ordering::SeqCst);
            self.freed(self.counts.give_back(thread));
        }

        fn alive(&self) {
            assert_eq!(self.frees.load(Ordering::SeqCst), 0, "used after it was freed");
        }

        fn freed(&self, freed: bool) {
            if freed {
                assert_eq!(self.held.load(Ordering::SeqCst), 0, "freed while a reference was held");
                assert_eq!(self.frees.fetch_add(1, Ordering::SeqCst), 0, "freed twice");
            }
        }
    }

    /// Each thread has a reference that the owner has counted, takes another and gives both back; the others may hand the
    /// one that they have taken to the owner, which gives it back.
    fn threads(number: i64, end: End, hand_over: bool) {
        let counts = Shared::new(1, number);
        let object = Arc::new(Watched { counts, held: AtomicI64::new(number), frees: AtomicI64::new(0) });
        let handed = Arc::new(shuttle_atomic::AtomicI64::new(0));
        let others: Vec<_> = (2..=number)
            .map(|thread| {
                let (object, handed) = (Arc::clone(&object), Arc::clone(&handed));
                shuttle::thread::spawn(move || {
                    object.take(thread);
                    if hand_over {
                        handed.fetch_add(1, Ordering::SeqCst);
                    } else {
                        object.give_back(thread);
                    }
                    object.give_back(thread);
                })
            })
            .collect();
        object.take(1);
        object.give_back(1);
        let received = handed.swap(0, Ordering::SeqCst);
        (0..received).for_each(|_| object.give_back(1));
        end(&object);
        for other in others {
            other.join().unwrap();
        }
        // What was handed over too late: the owner is gone, and somebody else gives it back.
        (0..handed.load(Ordering::SeqCst)).for_each(|_| object.give_back(number + 1));
        assert_eq!(object.held.load(Ordering::SeqCst), 0);
        assert_eq!(object.frees.load(Ordering::SeqCst), 1, "leaked");
    }

    /// Merges while it has a reference, and gives that back as anybody.
    fn merges(object: &Watched) {
        object.freed(object.counts.owner_is_done());
        object.give_back(1);
    }

    /// Gives its reference back, which merges at zero, and ends.
    fn gives_back_and_ends(object: &Watched) {
        object.give_back(1);
        object.freed(object.counts.close_queue());
    }

    /// Looks at its queue no more.
    fn never_merges(object: &Watched) {
        object.give_back(1);
    }

    /// Merges in two steps, between which another thread's change is lost.
    fn merges_without_exchange(object: &Watched) {
        let counts = &object.counts;
        let shared = counts.shared.load(Ordering::SeqCst);
        let references = (shared >> SHIFT) + counts.local.load(Ordering::SeqCst);
        counts.shared.store((references << SHIFT) | MERGED, Ordering::SeqCst);
        counts.local.store(0, Ordering::SeqCst);
        counts.owner.store(NOBODY, Ordering::SeqCst);
        object.freed(counts.close_queue());
        object.give_back(1);
    }

    /// Whether some schedule that chance finds breaks what must hold.
    fn breaks(number: i64, end: End, hand_over: bool) -> bool {
        let tried = AssertUnwindSafe(|| {
            shuttle::check_random(move || threads(number, end, hand_over), 2_000);
            shuttle::check_pct(move || threads(number, end, hand_over), 2_000, 3);
        });
        panic::catch_unwind(tried).is_err()
    }

    /// The end alone: the owner is done while another thread gives back what the owner has counted.
    fn ends_meet(end: End) {
        let counts = Shared::new(1, 2);
        let object = Arc::new(Watched { counts, held: AtomicI64::new(2), frees: AtomicI64::new(0) });
        let theirs = Arc::clone(&object);
        let other = shuttle::thread::spawn(move || theirs.give_back(2));
        end(&object);
        other.join().unwrap();
        assert_eq!(object.frees.load(Ordering::SeqCst), 1, "leaked");
    }

    #[test]
    fn the_end_of_two_threads_in_every_schedule() {
        for end in [merges as End, gives_back_and_ends] {
            let schedules = std::sync::Arc::new(AtomicI64::new(0));
            let counted = std::sync::Arc::clone(&schedules);
            shuttle::check_dfs(
                move || {
                    counted.fetch_add(1, Ordering::SeqCst);
                    ends_meet(end);
                },
                None,
            );
            let schedules = schedules.load(Ordering::SeqCst);
            assert!(schedules > 50, "{schedules} schedules");
        }
    }

    #[test]
    fn two_and_three_threads_free_once_and_not_too_early() {
        for number in [2, 3] {
            for end in [merges as End, gives_back_and_ends] {
                for hand_over in [false, true] {
                    shuttle::check_random(move || threads(number, end, hand_over), 3_000);
                    shuttle::check_pct(move || threads(number, end, hand_over), 3_000, 3);
                }
            }
        }
    }

    #[test]
    fn weaker_protocols_are_seen_to_fail() {
        for number in [2, 3] {
            assert!(breaks(number, never_merges, false), "{number} threads, no merge");
            assert!(breaks(number, merges_without_exchange, false), "{number} threads, no exchange");
        }
    }
}

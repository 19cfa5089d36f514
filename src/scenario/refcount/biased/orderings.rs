//! The protocol under the memory model.

use super::Counts;
use crate::scenario::refcount::watched::{Count, Watched};
use crate::system::platform::Platform;
use crate::system::platform::model::{Loom, Model, needless_orderings};

type Biased = Counts<<Loom as Platform>::I64>;

impl Count for Biased {
    fn take(&self, thread: usize) {
        self.take(thread.try_into().unwrap());
    }
    fn give_back(&self, thread: usize) -> bool {
        self.give_back(thread.try_into().unwrap())
    }
}

/// An object with so many references that the owner counts.
fn object(references: usize) -> Watched<Biased> {
    let references = references.try_into().unwrap();
    Watched::new(Biased::new(1, references), references)
}

/// Merges while it has a reference, and gives that back as anybody.
fn merges(object: &Watched<Biased>) {
    object.freed(object.count.owner_is_done());
    object.use_and_give_back(1);
}

/// Gives its reference back, which merges at zero, and ends.
fn ends(object: &Watched<Biased>) {
    object.use_and_give_back(1);
    object.freed(object.count.close_queue());
}

/// The owner comes to its end in one of the two ways, while others do something.
fn meet<const OTHERS: usize, const MERGES: bool>(
    object: Watched<Biased>,
    other: fn(&Watched<Biased>, usize),
) {
    object.meet(OTHERS, if MERGES { merges } else { ends }, other);
}

/// Each of the others gives back a reference that the owner has counted.
fn counted_by_the_owner<const OTHERS: usize, const MERGES: bool>() {
    meet::<OTHERS, MERGES>(object(1 + OTHERS), Watched::use_and_give_back);
}

/// Each of the others gives back a reference of its own.
fn taken_before<const OTHERS: usize, const MERGES: bool>() {
    let object = object(1);
    (2..2 + OTHERS).for_each(|thread| object.take(thread));
    meet::<OTHERS, MERGES>(object, Watched::use_and_give_back);
}

/// Each of the others has a reference that the owner has counted, takes another, and gives both back.
fn taken_meanwhile<const OTHERS: usize, const MERGES: bool>() {
    meet::<OTHERS, MERGES>(object(1 + OTHERS), |object, thread| {
        object.take(thread);
        object.use_and_give_back(thread);
        object.use_and_give_back(thread);
    });
}

// Those that fail soonest with a weaker ordering stand first.
const MODELS: [Model; 10] = [
    Model::new(taken_before::<1, false>),
    Model::new(counted_by_the_owner::<1, false>),
    Model::new(taken_before::<1, true>),
    Model::new(counted_by_the_owner::<1, true>),
    Model::new(taken_meanwhile::<1, false>),
    Model::new(taken_meanwhile::<1, true>).preempted(3),
    Model::new(counted_by_the_owner::<2, false>).preempted(2),
    Model::new(taken_before::<2, false>).preempted(2),
    Model::new(counted_by_the_owner::<2, true>).preempted(1),
    Model::new(taken_before::<2, true>).preempted(1),
];

#[test]
fn it_is_freed_once_and_after_every_use() {
    let schedules: u64 = MODELS.into_iter().map(Model::check).sum();
    assert!(schedules > 5_000, "{schedules} schedules");
}

#[test]
fn no_ordering_can_be_weaker() {
    assert_eq!(needless_orderings(&MODELS), (Vec::new(), 9));
}

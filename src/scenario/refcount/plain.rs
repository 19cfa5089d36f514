//! No protection: to count is to load, to add and to store.
//!
//! What another worker stores between the two is overwritten. A taking that is lost makes the count too low, and
//! the object is freed while it is in use; a giving back that is lost makes it too high, and the object is never freed.
//! Every access is atomic by itself, so this is a race condition and never a data race.

use super::object::{Object, Objects, Tally};
use crate::measure::start_line;
use crate::measure::{Observation, Result, Workload};
use crate::scenario::widening::{self, Stretch};
use crate::system::control::Control;
use std::hint;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

/// An object with a plain count.
#[derive(Debug)]
pub struct Plain(AtomicI64);

impl Object for Plain {
    fn new(_: usize) -> Self {
        Self(AtomicI64::new(1))
    }

    #[inline(never)]
    fn pairs(&self, _: usize, pairs: u64, tally: &mut Tally) {
        for _ in 0..pairs {
            self.pair(tally);
        }
    }

    fn count(self) -> i64 {
        self.0.into_inner()
    }
}

impl Plain {
    /// Takes a reference and gives it back.
    #[inline]
    pub(super) fn pair(&self, tally: &mut Tally) {
        let loaded = self.load(tally);
        self.take(loaded);
        let loaded = self.load(tally);
        self.give_back(loaded, tally);
    }

    /// The first half of a change. Besides the sum, the loaded value decides whether the object is in use: that keeps
    /// the compiler from fusing load, addition and store into one instruction that no interrupt could split.
    #[inline]
    fn load(&self, tally: &mut Tally) -> i64 {
        // Relaxed here and below: any ordering would do, for what is missing is atomicity, not order.
        let loaded = self.0.load(Ordering::Relaxed);
        if loaded <= 0 {
            hint::cold_path();
            tally.uses_after_free = tally.uses_after_free.wrapping_add(1);
        }
        loaded
    }

    #[inline]
    fn take(&self, loaded: i64) {
        self.0.store(loaded.wrapping_add(1), Ordering::Relaxed);
    }

    #[inline]
    fn give_back(&self, loaded: i64, tally: &mut Tally) {
        let left = loaded.wrapping_sub(1);
        if left == 0 {
            hint::cold_path();
            tally.premature_frees = tally.premature_frees.wrapping_add(1);
        }
        self.0.store(left, Ordering::Relaxed);
    }

    /// A pair with the CPU given up in one place: inside the taking, while the reference is held, or inside the giving
    /// back. If it was always the same place, workers that take turns on one CPU would undo each other's errors.
    #[inline(never)]
    fn pair_widened(&self, place: Place, tally: &mut Tally) {
        let yield_at = |here| {
            if place == here {
                thread::yield_now();
            }
        };
        let loaded = self.load(tally);
        yield_at(Place::Taking);
        self.take(loaded);
        yield_at(Place::Holding);
        let loaded = self.load(tally);
        yield_at(Place::GivingBack);
        self.give_back(loaded, tally);
    }
}

/// Where in a pair the CPU is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Taking,
    Holding,
    GivingBack,
}

/// Places as if drawn by lot, in an order of each worker's own (a xorshift generator).
struct Places(u64);

impl Places {
    fn of_worker(worker: usize) -> Self {
        // Any odd number spreads the workers' numbers over all bits, and none of them becomes 0.
        Self((worker as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> Place {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        match self.0 % 3 {
            0 => Place::Taking,
            1 => Place::Holding,
            _ => Place::GivingBack,
        }
    }
}

/// Has the workers of a load do their pairs, some of them widened where that was asked for.
pub(super) fn run(load: &Workload, control: &Control) -> Result<Observation> {
    let objects = Objects::<Plain>::of(load);
    let run = start_line::run(load, control, |worker| {
        let (object, user) = objects.of_worker(worker);
        let mut tally = Tally::default();
        let mut places = Places::of_worker(worker);
        widening::run(control, worker, load.iterations, load.widen, |stretch| match stretch {
            Stretch::Plain(pairs) => object.pairs(user, pairs, &mut tally),
            Stretch::Widened => object.pair_widened(places.next(), &mut tally),
        });
        tally
    })?;
    Ok(objects.observed(&run))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two workers in an order that is given: `Ll` is a load of worker A or B, `T` and `G` the store that ends its
    /// taking or giving back.
    fn interleaved(order: &str) -> (i64, Tally) {
        let object = Plain::new(2);
        let mut tally = Tally::default();
        let mut loaded = [0, 0];
        for step in order.split_whitespace() {
            let worker = usize::from(step.starts_with('B'));
            match &step[1..] {
                "load" => loaded[worker] = object.load(&mut tally),
                "take" => object.take(loaded[worker]),
                "give" => object.give_back(loaded[worker], &mut tally),
                _ => panic!("{step}"),
            }
        }
        (object.count(), tally)
    }

    #[test]
    fn one_after_the_other_ends_at_one() {
        let (count, tally) = interleaved("Aload Atake Aload Agive Bload Btake Bload Bgive");
        assert_eq!((count, tally), (1, Tally::default()));
        let (count, tally) = interleaved("Aload Atake Bload Btake Aload Agive Bload Bgive");
        assert_eq!((count, tally), (1, Tally::default()));
    }

    #[test]
    fn a_lost_taking_frees_too_early() {
        let (count, tally) = interleaved("Aload Bload Btake Atake Aload Agive Bload Bgive");
        assert_eq!((count, tally), (0, Tally { premature_frees: 1, uses_after_free: 0 }));
    }

    #[test]
    fn a_lost_giving_back_leaks() {
        let (count, tally) = interleaved("Aload Atake Bload Btake Aload Bload Agive Bgive");
        assert_eq!((count, tally), (2, Tally::default()));
    }

    #[test]
    fn what_comes_after_a_free_is_a_use_of_the_freed_and_may_free_again() {
        let early = "Aload Bload Btake Atake Aload Agive Bload Bgive";
        let (count, tally) = interleaved(&format!("{early} Aload Atake Aload Agive"));
        // The taking finds zero; the giving back brings the count to zero a second time.
        assert_eq!((count, tally), (0, Tally { premature_frees: 2, uses_after_free: 1 }));
        // Nobody holds a count below zero to be free: it was freed before, and is used all the same.
        let (count, tally) = interleaved(&format!("{early} Aload Atake Aload Bload Bgive Agive"));
        assert_eq!((count, tally), (0, Tally { premature_frees: 3, uses_after_free: 1 }));
    }

    #[test]
    fn a_free_counts_even_where_the_count_ends_right() {
        // A's taking is lost, and B's giving back.
        let order = "Aload Bload Btake Atake Aload Agive Bload Aload Bgive Atake Aload";
        let (count, tally) = interleaved(order);
        assert_eq!((count, tally.premature_frees), (2, 1));
    }

    #[test]
    fn a_worker_alone_counts_right_wherever_it_yields() {
        for place in [Place::Taking, Place::Holding, Place::GivingBack] {
            let object = Plain::new(1);
            let mut tally = Tally::default();
            object.pair_widened(place, &mut tally);
            assert_eq!((object.count(), tally), (1, Tally::default()));
        }
    }

    #[test]
    fn all_places_have_their_turn() {
        for worker in 0..64 {
            let mut places = Places::of_worker(worker);
            let drawn: Vec<Place> = (0..64).map(|_| places.next()).collect();
            for place in [Place::Taking, Place::Holding, Place::GivingBack] {
                assert!(drawn.contains(&place), "{worker}: {place:?}");
            }
        }
    }
}

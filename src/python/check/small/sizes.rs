//! What the numbers of a program become when they are made small: their order, their ratios, and what they are made up of stay.

use std::collections::{BTreeMap, BTreeSet};

/// Up to so many times the least number, a number of iterations keeps its ratio to it.
pub(super) const MOST_TIMES: i64 = 4;

/// Up to so many times a number of iterations, a number may be what they come to in all threads.
pub(super) const MOST_THREADS: i64 = 16;

/// From here on a multiple of a number of iterations is no accident; below, it must stand in a comparison.
pub(super) const TELLING: i64 = 100;

/// What a larger divisor is taken as, and where there is room for more: with one more iteration than that each remainder comes up and one of
/// them again, and a queue is filled.
pub(super) const LEAST_ROOM: i64 = 2;

/// Numbers that become small.
pub(super) struct Numbers {
    /// Those of iterations, and the parts in which so many are shared out.
    pub(super) counts: BTreeSet<i64>,
    /// Large ones.
    pub(super) long: BTreeSet<i64>,
    /// What is divided by for the remainder, and how many there is room for.
    pub(super) divisors: BTreeSet<i64>,
    /// Those, parts of so many, and places among them: what is larger than one of them stays larger.
    pub(super) within: BTreeSet<i64>,
    /// Those that are given to the same function: what is larger than another one of them stays larger.
    pub(super) together: Vec<BTreeSet<i64>>,
    /// Those that stay, and whose order among the others matters.
    pub(super) fixed: BTreeSet<i64>,
    /// Whether each number stays larger than all that are less, and not only than those of its size.
    pub(super) in_order: bool,
}

impl Numbers {
    /// All of them from the least on, those of one size together: up to so many times the least.
    pub(super) fn sizes(&self) -> Vec<Vec<i64>> {
        let all: BTreeSet<i64> =
            [&self.counts, &self.long, &self.within, &self.fixed].into_iter().flatten().copied().collect();
        let mut sizes: Vec<Vec<i64>> = Vec::new();
        for value in all {
            let most = if self.counts.contains(&value) { MOST_TIMES } else { MOST_THREADS };
            match sizes.last_mut() {
                Some(size) if value <= self.unit(size).saturating_mul(most) => size.push(value),
                _ => sizes.push(vec![value]),
            }
        }
        sizes
    }

    /// Of numbers of one size, the one that the others are so many times.
    pub(super) fn unit(&self, size: &[i64]) -> i64 {
        let first = |of: &BTreeSet<i64>| size.iter().find(|value| of.contains(value)).copied();
        first(&self.counts).or_else(|| first(&self.long)).unwrap_or(size[0])
    }

    /// What a number is taken as that is the product of two others, or one more than that or than another.
    fn composed(&self, value: i64, small: &BTreeMap<i64, i64>) -> Option<i64> {
        let of = |value: i64| {
            let is_known = |factor: &i64| self.counts.contains(factor) || self.fixed.contains(factor);
            let taken = |factor: i64| small.get(&factor).filter(|_| is_known(&factor));
            let is_factor =
                |factor: &&i64| **factor > 1 && value % **factor == 0 && value / **factor != **factor;
            let mut factors = small.keys().filter(is_factor);
            factors.find_map(|factor| Some(taken(*factor)?.saturating_mul(*taken(value / factor)?)))
        };
        let before = || small.get(&(value - 1)).filter(|_| self.counts.contains(&(value - 1))).copied();
        of(value).or_else(|| Some(before().or_else(|| of(value - 1))?.saturating_add(1)))
    }

    /// So many or a few more that the parts that make up a number make it up when it is small.
    fn whole(&self, value: i64, taken: i64, small: &BTreeMap<i64, i64>) -> i64 {
        let is_part =
            |part: &&i64| value % **part == 0 && self.within.contains(part) && self.counts.contains(part);
        let part = small.keys().rev().find(is_part).map_or(1, |part| small[part]);
        taken.saturating_add(part - 1) / part * part
    }

    /// What the lesser ones are taken as at most that are given to the same function as a number.
    fn above(&self, value: i64, small: &BTreeMap<i64, i64>) -> i64 {
        let with_it = self.together.iter().filter(|together| together.contains(&value));
        let lesser =
            with_it.flat_map(|together| together.range(..value)).filter_map(|lesser| small.get(lesser));
        lesser.copied().max().unwrap_or(0)
    }

    /// What each number is taken as: multiples of the least one of its size as multiples of `scope`, what lies between them as what lies
    /// between those. A larger number stays larger, and none becomes larger than it is: that would show what the program does not do.
    pub(super) fn taken_as(&self, scope: i64) -> BTreeMap<i64, i64> {
        let (mut small, mut last, mut part) = (BTreeMap::new(), 0, 0_i64);
        for size in self.sizes() {
            let unit = self.unit(&size);
            let mut below = if self.in_order { last } else { 0 };
            // What the least of a size is taken as, the others are so many times.
            let mut scope = scope;
            for value in size {
                let taken = if self.fixed.contains(&value) {
                    value
                } else if self.divisors.contains(&value) {
                    LEAST_ROOM
                } else if let Some(composed) = self.composed(value, &small) {
                    composed
                } else {
                    let floor = self.above(value, &small);
                    let taken = scaled(value, unit, scope);
                    if taken > floor {
                        taken
                    } else {
                        (floor / scope).saturating_add(1).saturating_mul(scope)
                    }
                };
                below = self.whole(value, taken.max(below.max(part).saturating_add(1)), &small).min(value);
                last = below;
                if value == unit && self.counts.contains(&unit) {
                    scope = below;
                }
                if self.within.contains(&value) {
                    part = below;
                }
                small.insert(value, below);
            }
        }
        small.retain(|value, _| !self.fixed.contains(value));
        small
    }
}

/// A multiple of `least` as so many times `scope`; another number as what lies between two of them, or is next to one.
pub(super) fn scaled(value: i64, least: i64, scope: i64) -> i64 {
    let (times, rest) = (value / least, value % least);
    // A constant of a generator of random numbers fills its 64 bits.
    let [part, whole] = [rest, least].map(i128::from);
    let nearest = (2 * part * i128::from(scope) + whole) / (2 * whole);
    let nearest = i64::try_from(nearest).unwrap_or(scope).clamp(1, (scope - 1).max(1));
    scope.saturating_mul(times).saturating_add(if rest == 0 { 0 } else { nearest })
}

//! A program with its large numbers taken as small ones.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage;
use super::small::{self, Scope};
use crate::python::program::module::FEW_ROUNDS;
use crate::python::program::syntax::Stmt;
use crate::python::program::{Place, SourceError, parse_program};

/// From so many iterations on most are done with calls that are specialised: 3.11 begins with that after eight.
const WARM: i64 = 50;

/// The numbers of a program that were taken as smaller ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Small {
    /// What each was taken as.
    pub numbers: BTreeMap<i64, i64>,
    /// Whether one of them was larger than a number of the program that stayed as it was, and is not any more; or by more than one than
    /// what a variable is compared with, and is by one now.
    pub overtaken: bool,
    /// The lines of asserts with a number that was smaller than one of them, and is not any more.
    pub asserts: BTreeSet<u32>,
    /// So often a loop that has no end of its own goes round before others go on.
    pub rounds: u8,
}

impl Small {
    /// Whether the program is tried as it stands.
    #[must_use]
    pub fn is_as_it_stands(&self) -> bool {
        self.numbers.iter().all(|(number, taken_as)| number == taken_as)
    }

    /// Whether loops are long enough for their calls to be specialised most of the time.
    pub(super) fn is_warm(&self) -> bool {
        self.numbers.keys().any(|&number| number >= WARM)
    }
}

/// A program with small numbers, and which those are.
pub(super) fn parse(text: &str, scope: Scope) -> Result<(Vec<Stmt>, Small), SourceError> {
    let mut stmts = parse_program(text)?;
    coverage::check(&stmts, &|position| Place::new(text, position))?;
    let asserted = small::asserted(&stmts);
    let (beside, thresholds) = (small::few(&stmts), small::thresholds(&stmts));
    let small = small::shrink(&mut stmts, scope);
    // Those that were large in both are not small in one.
    let is_overtaken = |(number, taken_as): (&i64, &i64)| {
        let mut others = beside.iter().filter(|other| !small.contains_key(other));
        others.any(|other| (number > other) != (taken_as > other))
    };
    // An iteration that is chosen (`if i == 500`) is not the last one where many follow.
    let taken = |number: &i64| small.get(number).copied().unwrap_or(*number);
    let is_last = |(number, taken_as): (&i64, &i64)| {
        thresholds.iter().any(|other| *other < number - 1 && taken(other) == taken_as - 1)
    };
    // An assert may hold only because a number that stays as it is is no longer smaller.
    let mut asserts = BTreeSet::new();
    for (line, value) in asserted {
        let mut larger = small.iter().filter(|(number, _)| **number > value);
        if !small.contains_key(&value) && larger.any(|(_, taken_as)| *taken_as <= value) {
            asserts.insert(line);
        }
    }
    let overtaken = small.iter().any(is_overtaken) || small.iter().any(is_last) || !asserts.is_empty();
    let rounds = u8::try_from(scope.iterations).unwrap_or(u8::MAX).max(FEW_ROUNDS);
    Ok((stmts, Small { numbers: small, overtaken, asserts, rounds }))
}

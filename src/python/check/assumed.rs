//! What is taken for granted of a program where nothing says it.

/// What the model takes for granted of a run, where it could be otherwise.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct Assumed {
    /// That a call is specialised, and so does not look at the eval breaker.
    pub(super) specialised: bool,
    /// That a time limit does not come as long as another thread can go on.
    pub(super) long_limits: bool,
    /// That `as_completed()` gives futures in the order in which it was given them.
    pub(super) given_order: bool,
    /// That a pipe holds what a process has put on a queue, so that it can end before that is taken.
    pub(super) pipes: bool,
    /// That a loop without an end of its own has gone round often enough.
    pub(super) few_rounds: bool,
    /// That what a print gives is a line of its own, whatever its `end`.
    pub(super) parts: bool,
    /// That nothing depends on what clocks read.
    pub(super) clocks: bool,
    /// That nothing depends on what is drawn at random.
    pub(super) chance: bool,
    /// That what goes to standard error counts for nothing.
    pub(super) standard_error: bool,
}

impl Assumed {
    /// What either of two takes for granted.
    pub(super) const fn or(self, other: Self) -> Self {
        Self {
            specialised: self.specialised || other.specialised,
            long_limits: self.long_limits || other.long_limits,
            given_order: self.given_order || other.given_order,
            pipes: self.pipes || other.pipes,
            few_rounds: self.few_rounds || other.few_rounds,
            parts: self.parts || other.parts,
            clocks: self.clocks || other.clocks,
            chance: self.chance || other.chance,
            standard_error: self.standard_error || other.standard_error,
        }
    }
}

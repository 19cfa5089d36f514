//! Where a thread may lose the GIL.

/// When, after an instruction, the eval breaker (2.7: the ticker) is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Never.
    Never,
    /// Each time.
    Always,
    /// When the jump was taken.
    Taken,
    /// When the tested value was neither `True` nor `False`.
    NotBool,
    /// After a call of anything but a Python function, except for the callables in [`DropRule::silent_calls`].
    Call,
}

/// Where a thread may lose the GIL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DropRule {
    /// What holds for an opcode that is not in `exceptions`.
    pub default: Check,
    /// Opcodes of their own kind, in groups that versions share.
    pub exceptions: &'static [&'static [(&'static str, Check)]],
    /// No drop directly before one of these opcodes, so that what they guard is not skipped.
    pub deferred_before: &'static [&'static str],
    /// Whether a Python function's frame looks before its first instruction (from 3.11 on `RESUME` does it).
    pub frame_entry: bool,
    /// Whether the calling instruction looks once a Python function has returned (from 3.11 on no C frame is left to do so).
    pub after_return: bool,
    /// Whether the eval breaker is looked at before the first instruction of a handler (from 3.11 on the way there is no loop's top).
    pub after_exception: bool,
    /// No look after a call directly behind one of these opcodes, which have prepared it.
    pub silent_after: &'static [&'static str],
    /// Builtins whose specialised call does not look, with the number of arguments for which it is specialised.
    pub silent_calls: &'static [(&'static str, usize)],
}

impl DropRule {
    /// When the eval breaker is looked at after `opcode`, CPython's name for it.
    #[must_use]
    pub fn check(&self, opcode: &str) -> Check {
        let mut exceptions = self.exceptions.iter().copied().flatten();
        exceptions.find(|(name, _)| *name == opcode).map_or(self.default, |&(_, check)| check)
    }
}

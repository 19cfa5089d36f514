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
    /// After a call of anything but a Python function, except for what [`DropRule::silent_calls`] and [`DropRule::init`] name.
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
    /// How a Python function is called with `*args` or `**kwargs`.
    pub spread: SpreadCall,
    /// How a class is called.
    pub init: InitCall,
}

/// How a class whose `__init__` is a Python function without `*args`, `**kwargs` and parameters by keyword alone is called by position,
/// once that is specialised (`CALL_ALLOC_AND_ENTER_INIT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitCall {
    /// `__init__` is called by C, and the call looks when that has returned.
    ThroughC,
    /// `__init__` is entered, if it is given all its parameters and the class has no `__slots__`. The call does not look.
    IfExact,
    /// `__init__` is entered.
    Entered,
}

impl DropRule {
    /// When the eval breaker is looked at after `opcode`, CPython's name for it.
    #[must_use]
    pub fn check(&self, opcode: &str) -> Check {
        let mut exceptions = self.exceptions.iter().copied().flatten();
        exceptions.find(|(name, _)| *name == opcode).map_or(self.default, |&(_, check)| check)
    }
}

/// How a Python function is called with `*args` or `**kwargs` (`CALL_FUNCTION_EX`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpreadCall {
    /// By C, and the call looks when it has returned.
    ThroughC,
    /// It is entered; a bound method is called by C still.
    Entered,
}

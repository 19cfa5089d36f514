//! A compiled loop body: its functions, and the listing of them.

use super::{
    instruction::{Code, Instruction, Op},
    operators::BinaryOp,
    source::{Place, Position, Source},
};
use crate::python::version::{Check, Facts, Version};
use std::fmt;

/// The number of the code of `work`.
pub(super) const WORK: u16 = 0;

/// A loop body, compiled for one version of CPython.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    pub(super) version: Version,
    pub(super) facts: &'static Facts,
    pub(super) codes: Vec<Code>,
    pub(super) loop_head: usize,
    pub(super) locks: Vec<String>,
    pub(super) body: String,
    pub(super) setup: String,
}

impl Program {
    /// The version that it was compiled for.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The functions: `work`, `one`, those of the setup, and those of comprehensions.
    #[must_use]
    pub fn codes(&self) -> &[Code] {
        &self.codes
    }

    /// The index in `work` of the instruction that begins each iteration.
    #[must_use]
    pub const fn loop_head(&self) -> usize {
        self.loop_head
    }

    /// The name of the lock of that number; 0 is `lock`.
    #[must_use]
    pub fn lock_name(&self, lock: u8) -> &str {
        self.locks.get(usize::from(lock)).map_or("lock", String::as_str)
    }

    /// Whether it has a lock in it that a worker may take.
    #[must_use]
    pub fn takes_locks(&self) -> bool {
        let mut all = self.codes.iter().flat_map(|code| &code.instructions);
        all.any(|instruction| matches!(instruction.op, Op::EnterWith | Op::ExitWith))
    }

    /// Whether the body does nothing but load x, add or subtract, and store: it calls, compares and locks nothing.
    #[must_use]
    pub fn only_counts(&self) -> bool {
        let body = self.codes.get(usize::from(WORK)).map_or(&[][..], |code| &code.instructions);
        let counts = |op: &Op| match op {
            Op::Binary(op, _) => matches!(op, BinaryOp::Add | BinaryOp::Subtract),
            Op::LoadX | Op::StoreX | Op::LoadConst(_) | Op::LoadFast(_) | Op::Nop => true,
            _ => false,
        };
        let mut own = body.iter().filter(|it| it.position.is_some_and(|at| at.source == Source::Body));
        own.all(|instruction| counts(&instruction.op))
    }

    /// Whether all that can go wrong with x is that a store overwrites what others have stored: x is read in one place, and stored
    /// by the same function. Where it is read twice, a worker may act on a test that no longer holds.
    #[must_use]
    pub fn only_overwrites(&self) -> bool {
        let holds = |code: &Code, op: &Op| code.instructions.iter().filter(|it| it.op == *op).count();
        let mut readers = self.codes.iter().filter(|code| holds(code, &Op::LoadX) > 0);
        match (readers.next(), readers.next()) {
            (Some(code), None) => holds(code, &Op::LoadX) == 1 && holds(code, &Op::StoreX) > 0,
            _ => false,
        }
    }

    /// The instructions between the first load of x and the last store, and these two, if the body itself has both, does all of them one
    /// after the other, and the GIL cannot be lost from that load on.
    #[must_use]
    pub fn unbroken(&self) -> Option<(String, Vec<&'static str>, String)> {
        let (code, functions) = self.codes.split_first()?;
        let instructions = &code.instructions;
        let mut others = functions.iter().flat_map(|function| &function.instructions);
        if others.any(|instruction| matches!(instruction.op, Op::LoadX | Op::StoreX)) {
            return None;
        }
        let load = instructions.iter().position(|instruction| instruction.op == Op::LoadX)?;
        let store = instructions.iter().rposition(|instruction| instruction.op == Op::StoreX)?;
        // To the jump to the next iteration, for a loop of the body's own could come back to a store.
        let next = |instruction: &Instruction| instruction.op.target().is_some_and(|target| target <= load);
        let end = store + instructions.get(store..)?.iter().position(next)?;
        if store < load || instructions[load..end].iter().any(|instruction| instruction.check != Check::Never)
        {
            return None;
        }
        // Of branches no execution does all.
        if instructions[load..store].iter().any(|instruction| instruction.op.target().is_some()) {
            return None;
        }
        let named = |index: usize| format!("{} x", instructions[index].opcode);
        let mut between: Vec<&str> =
            instructions[load + 1..store].iter().map(|instruction| instruction.opcode).collect();
        between.dedup();
        Some((named(load), between, named(store)))
    }

    /// The body's source.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The setup's source.
    #[must_use]
    pub fn setup(&self) -> &str {
        &self.setup
    }

    pub(super) fn place(&self, position: Position) -> Place {
        let text = match position.source {
            Source::Body | Source::File | Source::Result => &self.body,
            Source::Setup => &self.setup,
        };
        Place::new(text, position)
    }
}

/// A listing like that of `dis`: number, instruction, argument, and a mark where the GIL may be dropped.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free = !self.version.has_gil();
        for (index, code) in self.codes.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            writeln!(f, "{}({}):", code.name, code.locals[..code.parameters].join(", "))?;
            for (number, instruction) in code.instructions.iter().enumerate() {
                let deferred = code.instructions.get(number + 1).is_some_and(|next| next.defers);
                let mark = match instruction.check {
                    _ if free => "",
                    Check::Never => "",
                    _ if deferred && instruction.op.target().is_none() => "",
                    Check::Always | Check::Call => "<- may drop the GIL",
                    Check::Taken => "<- may drop the GIL if it jumps",
                    Check::NotBool => "<- may drop the GIL if the value is no bool",
                };
                let line =
                    format!("{number:>4}  {:<28} {:<20} {mark}", instruction.opcode, instruction.argument);
                writeln!(f, "{}", line.trim_end())?;
            }
        }
        if free {
            writeln!(f, "\nno GIL: another thread may come between any two instructions")?;
        }
        Ok(())
    }
}

//! The register machine: its instructions, and the loop that executes them.

use super::super::{
    callback::{End, Point},
    compiled::Program,
    fault::{Fault, FaultKind},
    operators::{BinaryOp, CompareOp, UnaryOp},
    shared::Shared,
    values::int_binary,
};
use std::ops::ControlFlow;

/// A jump out of the code.
pub(super) const OUT: u32 = u32::MAX;

/// What an instruction on registers does. The target comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing but looking at the eval breaker.
    Look,
    LoadX(u8),
    StoreX(u8),
    /// Reads x, adds and writes x, where the version does not look in between.
    UpdateX(u8),
    /// Adds that number to x, in a read and a write, for as long as the range goes on: a whole loop of nothing else.
    UpdateLoop(u8, u8, u8, u32),
    Move(u8, u8),
    Add(u8, u8, u8),
    Binary(BinaryOp, u8, u8, u8),
    Unary(UnaryOp, u8, u8),
    Compare(CompareOp, u8, u8, u8),
    Jump(u32),
    JumpIf(bool, u8, u32),
    /// An iterator over `range(stop)`: the next value, and in the register behind it the end.
    StartRange(u8, u8),
    ForRange(u8, u8, u32),
    /// A jump to a `ForRange`, and that: where the body begins, where the loop is left.
    Again(u8, u8, u32, u32),
    Acquire(u8),
    Release(u8),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct RegisterInstruction {
    pub(super) action: Action,
    pub(super) look: bool,
    /// For a conditional jump: the look is for the jump alone.
    pub(super) look_if_taken: bool,
    /// For a jump that is joined to what it goes to: look in between.
    pub(super) look_first: bool,
}

/// A program on registers.
pub(crate) struct Lowered {
    pub(super) code: Vec<RegisterInstruction>,
    /// The instruction of `work` that each comes from.
    pub(super) origins: Vec<usize>,
    /// The registers at the start: constants have their own.
    pub(super) registers: Box<[i64; 256]>,
}

pub(super) const fn jump_target(action: Action) -> Option<u32> {
    match action {
        Action::Jump(target) | Action::JumpIf(_, _, target) | Action::ForRange(_, _, target) => Some(target),
        _ => None,
    }
}

impl Program {
    #[expect(clippy::too_many_lines, reason = "one arm for each instruction")]
    pub(crate) fn run_lowered<S: Shared>(
        &self,
        lowered: &Lowered,
        delta: i64,
        iterations: u64,
        shared: &mut S,
        hook: &mut impl FnMut(Point) -> ControlFlow<()>,
    ) -> Result<End, Fault> {
        // An index of one byte is always within these, so that none is checked.
        let mut registers = lowered.registers.clone();
        let r = &mut *registers;
        r[0] = delta;
        r[1] = i64::try_from(iterations).unwrap_or(i64::MAX);
        let mut pc = 0;
        loop {
            let Some(&instruction) = lowered.code.get(pc) else {
                return Ok(End::Finished);
            };
            pc += 1;
            match instruction.action {
                Action::Look => {}
                Action::LoadX(to) => r[usize::from(to)] = shared.load_x(),
                Action::StoreX(from) => shared.store_x(r[usize::from(from)]),
                Action::UpdateX(by) => match shared.load_x().checked_add(r[usize::from(by)]) {
                    Some(x) => shared.store_x(x),
                    None => return Err(self.fault(FaultKind::Overflow, lowered, pc - 1)),
                },
                Action::Move(to, from) => r[usize::from(to)] = r[usize::from(from)],
                Action::Add(to, left, right) => match r[usize::from(left)].checked_add(r[usize::from(right)])
                {
                    Some(sum) => r[usize::from(to)] = sum,
                    None => return Err(self.fault(FaultKind::Overflow, lowered, pc - 1)),
                },
                Action::Binary(op, to, left, right) => {
                    match int_binary(op, r[usize::from(left)], r[usize::from(right)]) {
                        Ok(value) => r[usize::from(to)] = value,
                        Err(kind) => return Err(self.fault(kind, lowered, pc - 1)),
                    }
                }
                Action::Unary(op, to, from) => {
                    let value = r[usize::from(from)];
                    r[usize::from(to)] = match op {
                        UnaryOp::Negative => match value.checked_neg() {
                            Some(value) => value,
                            None => return Err(self.fault(FaultKind::Overflow, lowered, pc - 1)),
                        },
                        UnaryOp::Positive => value,
                        UnaryOp::Invert => !value,
                        UnaryOp::Not => i64::from(value == 0),
                    };
                }
                Action::Compare(op, to, left, right) => {
                    let (left, right) = (r[usize::from(left)], r[usize::from(right)]);
                    r[usize::from(to)] = i64::from(match op {
                        CompareOp::Equal => left == right,
                        CompareOp::NotEqual => left != right,
                        CompareOp::Less => left < right,
                        CompareOp::LessEqual => left <= right,
                        CompareOp::Greater => left > right,
                        _ => left >= right,
                    });
                }
                Action::Jump(target) => pc = target as usize,
                Action::JumpIf(when, register, target) => {
                    if (r[usize::from(register)] != 0) == when {
                        pc = target as usize;
                    } else if instruction.look_if_taken {
                        continue;
                    }
                }
                Action::StartRange(to, stop) => {
                    r[usize::from(to)] = 0;
                    r[usize::from(to.wrapping_add(1))] = r[usize::from(stop)];
                }
                Action::ForRange(iterator, to, exit) => {
                    let next = r[usize::from(iterator)];
                    if next < r[usize::from(iterator.wrapping_add(1))] {
                        r[usize::from(iterator)] = next + 1;
                        r[usize::from(to)] = next;
                    } else {
                        pc = exit as usize;
                    }
                }
                Action::Again(iterator, to, body, exit) => {
                    if instruction.look_first && hook(Point::Look).is_break() {
                        return Ok(End::Stopped);
                    }
                    let next = r[usize::from(iterator)];
                    if next < r[usize::from(iterator.wrapping_add(1))] {
                        r[usize::from(iterator)] = next + 1;
                        r[usize::from(to)] = next;
                        pc = body as usize;
                    } else {
                        pc = exit as usize;
                    }
                }
                Action::UpdateLoop(by, iterator, to, exit) => {
                    let (by, end) = (r[usize::from(by)], r[usize::from(iterator.wrapping_add(1))]);
                    let mut next = r[usize::from(iterator)];
                    loop {
                        // Still a read and a write: the check for overflow stands between them.
                        match shared.load_x().checked_add(by) {
                            Some(x) => shared.store_x(x),
                            None => return Err(self.fault(FaultKind::Overflow, lowered, pc - 1)),
                        }
                        if instruction.look_first && hook(Point::Look).is_break() {
                            return Ok(End::Stopped);
                        }
                        if next >= end {
                            break;
                        }
                        r[usize::from(to)] = next;
                        next += 1;
                    }
                    r[usize::from(iterator)] = next;
                    pc = exit as usize;
                }
                Action::Acquire(lock) => {
                    while !shared.try_acquire(lock) {
                        if hook(Point::Blocked(lock)).is_break() {
                            return Ok(End::Stopped);
                        }
                    }
                }
                Action::Release(lock) => shared.release(lock),
            }
            if instruction.look && hook(Point::Look).is_break() {
                return Ok(End::Stopped);
            }
        }
    }

    pub(super) fn fault(&self, kind: FaultKind, lowered: &Lowered, at: usize) -> Fault {
        let instruction =
            lowered.origins.get(at).and_then(|&origin| self.codes.first()?.instructions.get(origin));
        Fault {
            kind,
            opcode: instruction.map_or("", |instruction| instruction.opcode),
            place: instruction
                .and_then(|instruction| instruction.position)
                .map(|position| self.place(position)),
        }
    }
}

//! What of a program is done in the schedules that are tried: small numbers may leave something out.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::Machine;
use crate::python::program::Op;
use crate::python::program::module::Module;

/// An instruction was done; a test jumped; a test did not.
const DONE: u8 = 1;
const JUMPED: u8 = 2;
const WENT_ON: u8 = 4;

/// What no schedule does that was tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Untried {
    /// Lines that are never run.
    pub lines: BTreeSet<u32>,
    /// Lines with a test that always comes out the same.
    pub tests: BTreeSet<u32>,
}

impl Untried {
    /// Whether everything was tried.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.tests.is_empty()
    }

    /// What is untried here and there.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self { lines: &self.lines & &other.lines, tests: &self.tests & &other.tests }
    }
}

/// For each instruction, what was seen of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Reached(Vec<Vec<u8>>);

impl Reached {
    pub(super) fn new(module: &Module) -> Self {
        Self(module.codes.iter().map(|code| vec![0; code.instructions.len()]).collect())
    }

    /// The instruction that a thread is at, by its code and place, and how many calls deep it is.
    pub(super) fn place(machine: &Machine<'_>, thread: usize) -> Option<(u16, usize, usize)> {
        let frames = &machine.state.threads[thread].frames;
        frames.last().map(|frame| (frame.code, frame.pc as usize, frames.len()))
    }

    /// Takes note of an instruction, once it was done.
    pub(super) fn note(&mut self, before: Option<(u16, usize, usize)>, machine: &Machine<'_>, thread: usize) {
        let Some((code, pc, depth)) = before else { return };
        let Some(seen) = self.0.get_mut(usize::from(code)).and_then(|code| code.get_mut(pc)) else { return };
        *seen |= match Self::place(machine, thread) {
            Some((other, next, now)) if other == code && now == depth && next == pc + 1 => DONE | WENT_ON,
            Some((other, next, now)) if other == code && now == depth && next != pc => DONE | JUMPED,
            _ => DONE,
        };
    }

    /// What neither of two searches has done.
    pub(super) fn untried(&self, other: &Self, module: &Module) -> Untried {
        let source = lines(&module.texts.file);
        let text = |line: u32| source.get(&line).map_or("", |text| text.trim());
        let mut run: BTreeMap<u32, bool> = BTreeMap::new();
        let mut tests: BTreeMap<(u32, u32), [bool; 2]> = BTreeMap::new();
        for (code, (one, two)) in module.codes.iter().zip(self.0.iter().zip(&other.0)) {
            for (instruction, (one, two)) in code.instructions.iter().zip(one.iter().zip(two)) {
                let (Some(position), seen) = (instruction.position, one | two) else { continue };
                match instruction.op {
                    // They may bear the number of a line that is not run; what stands behind a loop is never done.
                    Op::Jump(_) | Op::Nop | Op::LoopEnd => continue,
                    Op::PopJump(when, _) | Op::PopJumpNone(when, _) | Op::JumpOrPop(when, _) => {
                        // A loop's test may stand at its start and at its end.
                        let came_out = tests.entry((position.line, position.start)).or_default();
                        came_out[usize::from(when)] |= seen & JUMPED != 0;
                        came_out[usize::from(!when)] |= seen & WENT_ON != 0;
                    }
                    _ => {}
                }
                *run.entry(position.line).or_default() |= seen & DONE != 0;
            }
        }
        let of_itself = |line: u32| text(line).starts_with("assert") || text(line).contains("__name__");
        let one_sided = tests.iter().filter(|(_, came_out)| came_out[0] != came_out[1]);
        Untried {
            lines: run.into_iter().filter(|&(_, run)| !run).map(|(line, _)| line).collect(),
            tests: one_sided.map(|(&(line, _), _)| line).filter(|&line| !of_itself(line)).collect(),
        }
    }
}

/// Lines of the program by number.
pub(super) fn lines(text: &str) -> BTreeMap<u32, String> {
    (1..).zip(text.lines().map(|line| line.trim_end().to_owned())).collect()
}

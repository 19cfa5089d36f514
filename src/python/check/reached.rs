//! What of a program is done in the schedules that are tried: small numbers may leave something out.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::Machine;
use crate::python::program::module::Module;
use crate::python::program::{Op, Position};

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
    /// Lines of which one thread alone runs what several run in the program as it stands.
    pub alone: BTreeSet<u32>,
}

impl Untried {
    /// Whether everything was tried.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How much it is.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lines.len() + self.tests.len() + self.alone.len()
    }

    /// What is untried here and there.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            lines: &self.lines & &other.lines,
            tests: &self.tests & &other.tests,
            alone: &self.alone & &other.alone,
        }
    }
}

/// Where an instruction stands in the text: its line, and how far from the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    line: u32,
    start: u32,
}

impl Spot {
    pub(super) const fn at(position: Position) -> Self {
        Self { line: position.line, start: position.start }
    }
}

/// Who has done something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum By {
    #[default]
    Nobody,
    One(u8),
    Several,
}

impl By {
    /// Takes note of a thread that has done it.
    pub(super) fn note(&mut self, thread: usize) {
        let thread = u8::try_from(thread).unwrap_or(u8::MAX);
        *self = match *self {
            Self::Nobody => Self::One(thread),
            Self::One(known) if known == thread => return,
            _ => Self::Several,
        };
    }

    /// Who has done one of two things.
    const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nobody, by) | (by, Self::Nobody) => by,
            (Self::One(one), Self::One(two)) if one == two => self,
            _ => Self::Several,
        }
    }
}

/// What was seen of an instruction, and of whom.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    how: u8,
    by: By,
}

/// For each instruction, what was seen of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Reached(Vec<Vec<Seen>>);

impl Reached {
    pub(super) fn new(module: &Module) -> Self {
        Self(module.codes.iter().map(|code| vec![Seen::default(); code.instructions.len()]).collect())
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
        seen.by.note(thread);
        seen.how |= match Self::place(machine, thread) {
            Some((other, next, now)) if other == code && now == depth && next == pc + 1 => DONE | WENT_ON,
            Some((other, next, now)) if other == code && now == depth && next != pc => DONE | JUMPED,
            _ => DONE,
        };
    }

    /// What neither of two searches has done, or one thread alone, though in the program as it stands several do.
    pub(super) fn untried(&self, other: &Self, module: &Module, several: &BTreeSet<Spot>) -> Untried {
        let source = lines(&module.texts.file);
        let text = |line: u32| source.get(&line).map_or("", |text| text.trim());
        let mut run: BTreeMap<u32, bool> = BTreeMap::new();
        let mut tests: BTreeMap<(u32, u32), [bool; 2]> = BTreeMap::new();
        let mut by: BTreeMap<Spot, By> = BTreeMap::new();
        for (code, (one, two)) in module.codes.iter().zip(self.0.iter().zip(&other.0)) {
            for (instruction, (one, two)) in code.instructions.iter().zip(one.iter().zip(two)) {
                let Some(position) = instruction.statement() else { continue };
                let seen = one.how | two.how;
                let known = by.entry(Spot::at(position)).or_default();
                *known = known.or(one.by).or(two.by);
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
        // The `__init__` of a data class tests whether a field was given.
        let of_itself = |line: u32| {
            ["assert", "class "].iter().any(|word| text(line).starts_with(word))
                || text(line).contains("__name__")
        };
        let one_sided = tests.iter().filter(|(_, came_out)| came_out[0] != came_out[1]);
        Untried {
            lines: run.into_iter().filter(|&(_, run)| !run).map(|(line, _)| line).collect(),
            alone: several
                .iter()
                .filter(|spot| matches!(by.get(spot), Some(By::One(_))))
                .map(|spot| spot.line)
                .collect(),
            tests: one_sided.map(|(&(line, _), _)| line).filter(|&line| !of_itself(line)).collect(),
        }
    }
}

/// Lines of the program by number.
pub(super) fn lines(text: &str) -> BTreeMap<u32, String> {
    (1..).zip(text.lines().map(|line| line.trim_end().to_owned())).collect()
}

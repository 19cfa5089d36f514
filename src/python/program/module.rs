//! A compiled program: its functions and names.

use super::{
    instruction::{Code, Instruction},
    source::{Place, Position, Source},
};
use crate::python::version::{Facts, Version};

/// The texts that a module was parsed from.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Texts<T> {
    /// A whole program, or what a loop body is put into.
    pub(crate) file: T,
    pub(crate) body: T,
    pub(crate) setup: T,
    pub(crate) result: T,
}

impl<T: AsRef<str>> Texts<T> {
    pub(crate) fn of(&self, source: Source) -> &str {
        match source {
            Source::File => self.file.as_ref(),
            Source::Body => self.body.as_ref(),
            Source::Setup => self.setup.as_ref(),
            Source::Result => self.result.as_ref(),
        }
    }

    pub(crate) fn owned(&self) -> Texts<String> {
        let owned = |source| self.of(source).to_owned();
        Texts {
            file: owned(Source::File),
            body: owned(Source::Body),
            setup: owned(Source::Setup),
            result: owned(Source::Result),
        }
    }
}

/// How often a thread goes through a loop that has no end of its own, at least.
pub(crate) const FEW_ROUNDS: u8 = 3;

/// A whole program, compiled for one version of CPython.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    pub(crate) version: Version,
    pub(crate) facts: &'static Facts,
    /// The functions; the first is the module's own code.
    pub(crate) codes: Vec<Code>,
    pub(crate) names: Vec<String>,
    pub(crate) texts: Texts<String>,
    /// Whether its loops are long enough for instructions to be specialised (PEP 659).
    pub(crate) warm: bool,
    /// So often a thread goes through a loop that has no end of its own; then the others go on first.
    pub(crate) rounds: u8,
}

impl Module {
    pub(crate) fn instruction(&self, code: u16, pc: usize) -> Option<&Instruction> {
        self.codes.get(usize::from(code))?.instructions.get(pc)
    }

    pub(crate) fn place(&self, position: Position) -> Place {
        Place::new(self.texts.of(position.source), position)
    }
}

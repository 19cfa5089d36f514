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
    /// The functions; the first is the module's own code, and the library's come last.
    pub(crate) codes: Vec<Code>,
    /// The number of the first that is the library's, and stands in no line.
    pub(crate) library: u16,
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

    /// The number of the library's function `run(target, args, kwargs)`, which calls the target.
    pub(crate) fn run(&self) -> u16 {
        u16::try_from(self.codes.len().saturating_sub(1)).unwrap_or(u16::MAX)
    }

    /// That of `timer(finished, interval, function, args, kwargs)`, if the program names a `Timer`.
    pub(crate) fn timer(&self) -> u16 {
        self.run().saturating_sub(1)
    }

    pub(crate) fn place(&self, position: Position) -> Place {
        Place::new(self.texts.of(position.source), position)
    }
}

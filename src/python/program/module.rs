//! A compiled program: its functions and names.

use super::{
    instruction::{Code, Instruction},
    source::{Place, Position},
};
use crate::python::version::{Facts, Version};

/// A whole program, compiled for one version of CPython.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    pub(crate) version: Version,
    pub(crate) facts: &'static Facts,
    /// The functions; the first is the module's own code.
    pub(crate) codes: Vec<Code>,
    pub(crate) names: Vec<String>,
    pub(crate) text: String,
    /// Whether its loops are long enough for instructions to be specialised (PEP 659).
    pub(crate) warm: bool,
}

impl Module {
    pub(crate) fn instruction(&self, code: u16, pc: usize) -> Option<&Instruction> {
        self.codes.get(usize::from(code))?.instructions.get(pc)
    }

    pub(crate) fn place(&self, position: Position) -> Place {
        Place::new(&self.text, position)
    }
}

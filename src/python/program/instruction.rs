//! Instructions: what each does, and what CPython calls it.

use super::{
    operators::{BinaryOp, CompareOp, UnaryOp},
    source::Position,
    values::Value,
};
use crate::python::version::Check;

/// What an instruction does. Names are CPython's where there is one name in all versions; [`Instruction::opcode`] has the name
/// in the program's own version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Nothing that the model keeps: `RESUME`, `PUSH_NULL`, `PRECALL`, `TO_BOOL`, `SETUP_FINALLY`, `POP_BLOCK` …
    Nop,
    /// What stands behind a loop and is skipped: `END_FOR`, `POP_ITER`.
    LoopEnd,
    /// Pushes a constant, or a global that never changes.
    LoadConst(Value),
    /// Pushes a variable.
    LoadFast(u16),
    /// Pushes a variable, which may be unbound, and unbinds it.
    LoadFastAndClear(u16),
    /// Pops into a variable.
    StoreFast(u16),
    /// Pushes the shared x.
    LoadX,
    /// Pops into the shared x.
    StoreX,
    /// Pops.
    PopTop,
    /// Pushes the n-th from the top, counted from 1.
    Copy(u16),
    /// Pushes the topmost two again.
    CopyTwo,
    /// Exchanges the top with the n-th from it.
    Swap(u16),
    /// Puts the top below the next two.
    RotThree,
    /// Applies a unary operator.
    Unary(UnaryOp),
    /// Applies a binary operator, in place if so said.
    Binary(BinaryOp, bool),
    /// Compares.
    Compare(CompareOp),
    /// Indexes.
    Subscript,
    /// Assigns to an element.
    StoreSubscript,
    /// Makes a tuple of the topmost n.
    BuildTuple(u16),
    /// Makes a list of the topmost n.
    BuildList(u16),
    /// Pops and appends to the list that is then n-th from the top.
    ListAppend(u16),
    /// Takes a sequence of n apart, its first element on top.
    Unpack(u16),
    /// Jumps.
    Jump(usize),
    /// Pops, and jumps if it counts as the truth value.
    PopJump(bool, usize),
    /// Pops, and jumps if it is (true) or is not (false) `None`.
    PopJumpNone(bool, usize),
    /// Jumps if the top counts as the truth value; else pops.
    JumpOrPop(bool, usize),
    /// Leaves a loop: pops its iterator if it has one, and jumps.
    BreakLoop(usize, bool),
    /// Replaces the top by an iterator over it.
    GetIter,
    /// Pushes the iterator's next value; at its end pops the iterator and jumps.
    ForIter(usize),
    /// Calls what lies below n arguments.
    Call(u16),
    /// Makes the function of a comprehension, with these variables of the surrounding function.
    MakeFunction(u16, Box<[u16]>),
    /// Replaces a lock by its release, acquires it and pushes `True`.
    EnterWith,
    /// Replaces a lock's release by `None`, releasing it.
    ExitWith,
    /// Pops what a print statement writes.
    PrintItem,
    /// Returns the top.
    Return,
    /// Returns a constant.
    ReturnConst(Value),
}

impl Op {
    pub(super) const fn target(&self) -> Option<usize> {
        match *self {
            Self::Jump(target)
            | Self::PopJump(_, target)
            | Self::PopJumpNone(_, target)
            | Self::JumpOrPop(_, target)
            | Self::BreakLoop(target, _)
            | Self::ForIter(target) => Some(target),
            _ => None,
        }
    }

    pub(super) const fn set_target(&mut self, to: usize) {
        match self {
            Self::Jump(target)
            | Self::PopJump(_, target)
            | Self::PopJumpNone(_, target)
            | Self::JumpOrPop(_, target)
            | Self::BreakLoop(target, _)
            | Self::ForIter(target) => *target = to,
            _ => {}
        }
    }
}

/// An instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What it does.
    pub op: Op,
    /// CPython's name of it in the program's version.
    pub opcode: &'static str,
    /// Its argument, as `dis` would show it.
    pub argument: String,
    /// When the eval breaker is looked at after it.
    pub check: Check,
    /// Whether the GIL is never dropped directly before it.
    pub defers: bool,
    /// What it was compiled from, unless it belongs to the loop around the body.
    pub position: Option<Position>,
}

/// The instructions of one function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// Its name.
    pub name: String,
    /// How many of the variables are parameters.
    pub parameters: usize,
    /// The names of its variables.
    pub locals: Vec<String>,
    /// For a comprehension: variables of the surrounding function, and the slots into which they are copied.
    pub captures: Vec<(u16, u16)>,
    /// The instructions.
    pub instructions: Vec<Instruction>,
}

/// How a listing shows a constant.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::None => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(value) => value.to_string(),
        Value::Str(text) => format!("{text:?}"),
        Value::Tuple(items) => {
            let items: Vec<_> = items.iter().map(show).collect();
            let comma = if items.len() == 1 { "," } else { "" };
            format!("({}{comma})", items.join(", "))
        }
        other => other.type_name().to_owned(),
    }
}

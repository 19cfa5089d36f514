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
    /// What only whole programs do.
    Program(ProgramOp),
}

/// What an import of a module binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    /// The module.
    Module,
    /// The package that it is in.
    Package(Box<str>),
    /// Something of it.
    Item(Box<str>),
}

/// What only whole programs do, with the numbers of names in the program's list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProgramOp {
    /// Pushes an integer of those digits, which does not fit 64 bits.
    LoadBig(Box<str>),
    /// Gives the top to whoever wanted the generator's next value, and pushes what is sent back: `None`.
    Yield,
    /// Pops something to iterate over, and puts its elements behind those of the list below.
    Extend,
    /// Pops a dict, and puts its items into the dict below.
    Merge,
    /// Calls what lies below a list of arguments and a dict of those by keyword.
    CallStars,
    /// Pushes a float of those bits.
    LoadFloat(u64),
    /// Pushes a global or, failing that, a builtin.
    LoadGlobal(u16),
    /// Pops into a global.
    StoreGlobal(u16),
    /// Unbinds a global.
    DeleteGlobal(u16),
    /// Pushes a name of a class body or, failing that, a global.
    LoadName(u16),
    /// Pops into a name of a class body.
    StoreName(u16),
    /// Pushes the content of a cell.
    LoadDeref(u16),
    /// Pops into a cell.
    StoreDeref(u16),
    /// Unbinds a variable.
    DeleteFast(u16),
    /// Replaces an object by its attribute.
    LoadAttr(u16),
    /// Pops an object, then a value into its attribute.
    StoreAttr(u16),
    /// Pops an object and unbinds its attribute.
    DeleteAttr(u16),
    /// Pops an index, then a container, and removes the element.
    DeleteSubscript,
    /// Calls what lies below the arguments, the last of which have these names.
    CallKeywords(u16, Box<[u16]>),
    /// Makes a dict of n keys and values.
    BuildMap(u16),
    /// Makes a set of n values.
    BuildSet(u16),
    /// Makes a slice of start, end and step.
    BuildSlice,
    /// Joins n strings.
    BuildString(u16),
    /// Replaces a value by its text, by `repr()` if so said, in that format.
    Format(bool, Box<str>),
    /// Pops and adds to the set that is then n-th from the top.
    SetAdd(u16),
    /// Pops value and key, the key first if so said, and puts them into the dict that is then n-th from the top.
    MapAdd(u16, bool),
    /// Makes a function of that code, with so many default values on the stack, and these cells of the present one.
    MakeFunction(u16, u16, Box<[u16]>),
    /// Runs a class body of that code and makes a class of it; whether its base is on the stack.
    BuildClass(u16, bool, Box<[u16]>),
    /// Pushes something of the standard library: of which module, and what.
    LoadLibrary(Box<str>, Imported),
    /// Makes a tuple of the list on top.
    ListToTuple,
    /// Pushes `super()` of the present method.
    LoadSuper,
    /// Raises what is on the stack.
    Raise,
    /// Raises again what is being handled.
    Reraise,
    /// Pushes the exception that is being handled.
    LoadException,
    /// Pops a class, and jumps unless the exception that is being handled is of it.
    JumpUnlessMatch(usize),
    /// The exception counts as handled.
    LeaveHandler,
    /// Calls a context's exit, on the stack, with the exception that is being handled; pushes what it returns.
    ExitWithException,
    /// Raises `AssertionError` with a message, if one is on the stack.
    FailAssertion(bool),
}

impl Op {
    pub(in crate::python) const fn target(&self) -> Option<usize> {
        match *self {
            Self::Jump(target)
            | Self::PopJump(_, target)
            | Self::PopJumpNone(_, target)
            | Self::JumpOrPop(_, target)
            | Self::BreakLoop(target, _)
            | Self::ForIter(target)
            | Self::Program(ProgramOp::JumpUnlessMatch(target)) => Some(target),
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
            | Self::ForIter(target)
            | Self::Program(ProgramOp::JumpUnlessMatch(target)) => *target = to,
            _ => {}
        }
    }
}

/// What an instruction is a part of: `dis` gives what leaves a block the line of a statement in it, which need not have been run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PartOf {
    /// Of the line that it bears.
    #[default]
    Line,
    /// Of none: it leads on behind a block.
    Nothing,
    /// Of the `with` in that line, which it ends.
    With(u32),
}

impl PartOf {
    /// Of the `with` at that position.
    pub(super) fn of_with(position: Option<Position>) -> Self {
        position.map_or(Self::Nothing, |at| Self::With(at.line))
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
    /// What it is a part of.
    pub part: PartOf,
}

impl Instruction {
    /// Where the statement stands that it is a part of, if that is the one in the line that it bears.
    #[must_use]
    pub fn statement(&self) -> Option<Position> {
        self.position.filter(|_| self.part == PartOf::Line)
    }
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
    /// In a whole program, the slots of variables that inner functions share.
    pub cells: Vec<u16>,
    /// In a whole program, what an exception leads to.
    pub handlers: Vec<HandlerRange>,
    /// In a whole program, its loops.
    pub loops: Vec<LoopRange>,
    /// Whether a call of it makes a generator.
    pub generator: bool,
    /// Its parameters beyond those that go by position.
    pub stars: Stars,
}

/// Parameters beyond those that go by position, whose slots come behind those.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stars {
    /// For each parameter that goes by keyword alone, whether it has a default value.
    pub keyword_only: Vec<bool>,
    /// Whether there is `*args`.
    pub list: bool,
    /// Whether there is `**kwargs`.
    pub dict: bool,
}

/// Where an exception leads from some instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandlerRange {
    /// The first instruction that is guarded, and the one behind the last.
    pub range: (usize, usize),
    /// Parts of them that are not, for the block has been left there already.
    pub gaps: Vec<(usize, usize)>,
    /// Where the handler begins.
    pub target: usize,
    /// How many values stay on the stack.
    pub depth: usize,
    /// How many exceptions are being handled around it.
    pub handling: usize,
}

/// The instructions of a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopRange {
    /// The first, and the one behind the last.
    pub range: (usize, usize),
    /// The instructions before which an iteration has ended.
    pub ends: Vec<usize>,
    /// Whether nothing in it brings its own test to an end: it goes on until another thread says so, or it is left.
    pub endless: bool,
    /// The line of the statement.
    pub line: Option<u32>,
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

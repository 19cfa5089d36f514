//! A Python loop body as the bytecode of one CPython version, executed instruction by instruction.
//!
//! The body is placed in `def work(d, n): global x` and there in `for _ in range(n):` (2.7: `xrange`). `x` is the one shared
//! variable and stays an integer; `d` is the worker's +1 or -1; `s` is `"a"`; `one()` returns 1; `lock` is a
//! `threading.Lock`. Other names are the worker's own.
//!
//! One program is executed in three ways that agree: [`Program::step`] does one instruction and says whether the GIL may be
//! dropped after it; [`Program::run`] does all of them, quickly, and calls back at each such point; [`Program::verdict`]
//! tries every schedule of two workers.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
};

use crossbeam_utils::CachePadded;
use thiserror::Error;

use crate::python::version::{Check, Facts, Version};

mod compile;
mod fast;
mod parse;
pub(crate) mod states;
mod step;
mod value;
mod verdict;

pub use fast::{End, Point};
pub use parse::{BinaryOp, CompareOp, LONGEST_SOURCE, UnaryOp};
pub use step::{Step, Touched, WorkerState};
pub use value::{Builtin, LONGEST, Range, Value};
pub use verdict::{MOST_STATES, MOST_WORK, Site, Verdict, VerdictError, Witness};

/// Which of the two texts a position is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The loop body.
    Body,
    /// The module-level definitions.
    Setup,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Body => "body",
            Self::Setup => "setup",
        })
    }
}

/// Where something stands in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// Which text.
    pub source: Source,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// First byte.
    pub start: u32,
    /// The byte behind the last.
    pub end: u32,
}

/// A position with the line of source that it is in; shown with a caret under the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where.
    pub position: Position,
    /// The line of source, whole.
    pub text: String,
}

impl Place {
    fn new(source: &str, position: Position) -> Self {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        Self {
            position,
            text: source.split('\n').nth(line.saturating_sub(1)).unwrap_or("").trim_end().to_owned(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { source, line, column, .. } = self.position;
        let before = usize::try_from(column).unwrap_or(1).saturating_sub(1);
        // Tabs stay tabs, so that the caret stands where the eye expects it.
        let indent: String =
            self.text.chars().take(before).map(|letter| if letter == '\t' { '\t' } else { ' ' }).collect();
        writeln!(f, "{source}, line {line}, column {column}")?;
        writeln!(f, "  {}", self.text)?;
        write!(f, "  {indent}^")
    }
}

/// What is wrong with a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceErrorKind {
    /// Not Python, or not that version's.
    NotPython,
    /// Python, but beyond the model.
    NotCovered,
    /// There is nothing to run.
    Empty,
}

impl fmt::Display for SourceErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPython => "not python",
            Self::NotCovered => "not covered",
            Self::Empty => "nothing to run",
        })
    }
}

/// A source that is not taken, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{kind}: {message}\n{place}")]
pub struct SourceError {
    /// What kind of error.
    pub kind: SourceErrorKind,
    /// What is wrong and what to do.
    pub message: String,
    /// Where.
    pub place: Place,
}

/// Why there is no program.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ProgramError {
    /// The body or setup is not taken.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There are more locks than fit the shared state.
    #[error("the setup has more than 31 locks: use fewer")]
    TooManyLocks,
}

/// What ends a worker before its time: an exception in Python's terms, or the border of the model.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FaultKind {
    /// Division by zero.
    #[error("ZeroDivisionError: division by zero")]
    ZeroDivision,
    /// An operation that the type does not have.
    #[error("TypeError: {0}")]
    Type(String),
    /// A variable without a value.
    #[error("UnboundLocalError: {0} has no value yet")]
    Unbound(String),
    /// An index out of range.
    #[error("IndexError: index out of range")]
    Index,
    /// A value that an operation does not take.
    #[error("ValueError: {0}")]
    Value(String),
    /// An attribute that is not there.
    #[error("AttributeError: {0}")]
    Attribute(String),
    /// Calls or containers nest too deeply.
    #[error("RecursionError: nested too deeply")]
    Recursion,
    /// An integer beyond 64 bits.
    #[error("an integer does not fit in 64 bits, which is not covered: use smaller numbers")]
    Overflow,
    /// A string, list or tuple that is too long.
    #[error(
        "a string, list or tuple has more than {LONGEST} elements (those of tuples in it, and long strings, count as several), which is not covered: use a shorter one"
    )]
    TooLong,
    /// The shared x became something else than an integer.
    #[error("x became a {0}: it must stay an int")]
    XNotInt(&'static str),
    /// Python, but beyond the model.
    #[error("{0}")]
    NotCovered(String),
}

/// A fault and the instruction that met it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{kind}\n{opcode}{}", place.as_ref().map(|place| format!(" in the {place}")).unwrap_or_default())]
pub struct Fault {
    /// What happened.
    pub kind: FaultKind,
    /// CPython's name of the instruction.
    pub opcode: &'static str,
    /// Where in the source, unless it is in the loop around the body.
    pub place: Option<Place>,
}

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
    const fn target(&self) -> Option<usize> {
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

    const fn set_target(&mut self, to: usize) {
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

/// A loop body, compiled for one version of CPython.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    version: Version,
    facts: &'static Facts,
    codes: Vec<Code>,
    loop_head: usize,
    locks: Vec<String>,
    body: String,
    setup: String,
}

impl Program {
    /// Compiles a loop body, and the module-level definitions that it uses, for one version.
    ///
    /// # Errors
    ///
    /// If either is not Python or not covered; the error names the construct and shows its place.
    pub fn compile(body: &str, setup: &str, version: Version) -> Result<Self, ProgramError> {
        compile::program(body, setup, version)
    }

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

    fn place(&self, position: Position) -> Place {
        let text = match position.source {
            Source::Body => &self.body,
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

/// How a listing shows a constant.
fn show(value: &Value) -> String {
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

/// The memory that workers share: x and the locks.
pub trait Shared {
    /// Reads x.
    fn load_x(&mut self) -> i64;
    /// Writes x.
    fn store_x(&mut self, value: i64);
    /// Takes a lock if it is free.
    fn try_acquire(&mut self, lock: u8) -> bool;
    /// Frees a lock.
    fn release(&mut self, lock: u8);
}

/// Shared memory as a plain value, for exploring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SharedState {
    /// The shared x.
    pub x: i64,
    /// One bit for each lock that is held. A `threading.Lock` has no owner.
    pub held: u32,
}

impl Shared for SharedState {
    fn load_x(&mut self) -> i64 {
        self.x
    }

    fn store_x(&mut self, value: i64) {
        self.x = value;
    }

    fn try_acquire(&mut self, lock: u8) -> bool {
        let bit = 1 << lock;
        let free = self.held & bit == 0;
        self.held |= bit;
        free
    }

    fn release(&mut self, lock: u8) {
        self.held &= !(1 << lock);
    }
}

/// Shared memory for real threads.
///
/// A read of x and a write of x are two atomic operations, so that two workers may lose an update: a race condition, never a
/// data race.
#[derive(Debug, Default)]
pub struct SharedAtomics {
    x: CachePadded<AtomicI64>,
    held: CachePadded<AtomicU32>,
}

impl SharedAtomics {
    /// With that x, and every lock free.
    #[must_use]
    pub fn new(x: i64) -> Self {
        Self { x: CachePadded::new(AtomicI64::new(x)), held: CachePadded::default() }
    }

    /// The value of x.
    #[must_use]
    pub fn x(&self) -> i64 {
        // What the workers wrote is visible once they are joined; until then any value will do.
        self.x.load(Ordering::Relaxed)
    }
}

impl Shared for &SharedAtomics {
    #[inline]
    fn load_x(&mut self) -> i64 {
        // Under a GIL or a lock, that lock orders the accesses; without one, disorder is the subject.
        self.x.load(Ordering::Relaxed)
    }

    #[inline]
    fn store_x(&mut self, value: i64) {
        // As for the load.
        self.x.store(value, Ordering::Relaxed);
    }

    #[inline]
    fn try_acquire(&mut self, lock: u8) -> bool {
        // Acquire pairs with the release below: what the last holder wrote is seen.
        self.held.fetch_or(1 << lock, Ordering::Acquire) & (1 << lock) == 0
    }

    #[inline]
    fn release(&mut self, lock: u8) {
        // Release publishes what was written under the lock.
        self.held.fetch_and(!(1 << lock), Ordering::Release);
    }
}

/// Tuples and strings are shared between states.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<(Program, WorkerState, Arc<SharedAtomics>)>();
};

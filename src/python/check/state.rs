//! The state of a program under way: a heap that all threads share, and the threads.
//!
//! Everything that can be changed or compared by identity is an object on the heap; values are small and copied. Equal
//! states behave equally: [`State::compact`] drops what nothing reaches and numbers the rest in the order in which it is reached.

use std::sync::Arc;

use num_bigint::BigInt;

use super::unknown::{Unknown, shows_an_unknown};
use crate::python::program::module::Module;

/// A Python value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Value {
    /// A variable that has no value.
    Unbound,
    /// What a variable holds in a process of a fork server, where that is not what it holds in the process that began it.
    Elsewhere,
    None,
    Bool(bool),
    Int(i64),
    /// An integer that does not fit 64 bits.
    Big(Arc<BigInt>),
    /// The bits of a float.
    Float(u64),
    Str(Arc<str>),
    /// A number that is worked out from what clocks read, or chance gives.
    Unknown(Unknown),
    /// What `get_ident()` gives, by the thread to which it was given first.
    Ident(u8),
    /// A string that shows such a number.
    UnknownText(Arc<str>),
    /// An object on the heap.
    Ref(u32),
    /// A function or class of the library, by its name.
    Native(&'static str),
}

impl Value {
    pub(super) fn str(text: &str) -> Self {
        if shows_an_unknown(text) { Self::UnknownText(text.into()) } else { Self::Str(text.into()) }
    }

    /// Whether it is not known: it comes from a clock, from chance, or is an ident.
    pub(super) const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_) | Self::Ident(_) | Self::UnknownText(_))
    }

    pub(super) const fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Bool(_) | Self::Int(_) | Self::Big(_) | Self::Float(_) | Self::Unknown(_) | Self::Ident(_)
        )
    }

    /// The characters of a string, if it is one.
    pub(super) fn letters(&self) -> Option<&str> {
        match self {
            Self::Str(text) | Self::UnknownText(text) => Some(text),
            _ => None,
        }
    }

    pub(super) const fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Bool(truth) => Some(*truth as i64),
            _ => None,
        }
    }
}

/// Where an object was made: the same place in the source gives objects of which the search keeps one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Site {
    pub(super) thread: u8,
    pub(super) code: u16,
    pub(super) pc: u32,
}

/// In the place of an instruction: that what it makes is one for all processes that have it.
const OF_PROCESSES: u32 = 1 << 30;

/// In the place of an instruction: the first of the variables of a function that inner functions share.
const FIRST_CELL: u32 = 1 << 31;

impl Site {
    /// That of a variable of a function that inner functions share: each is an object of its own, made by the call.
    pub(super) const fn of_cell(thread: u8, code: u16, slot: u16) -> Self {
        Self { thread, code, pc: FIRST_CELL + slot as u32 }
    }

    /// That of an object which is one for all processes that have it.
    pub(super) const fn of_processes(self) -> Self {
        Self { pc: self.pc | OF_PROCESSES, ..self }
    }

    /// Whether what is made there is one for all processes that have it.
    pub(super) const fn is_of_processes(self) -> bool {
        self.pc & (FIRST_CELL | OF_PROCESSES) == OF_PROCESSES
    }

    /// The instruction that makes it.
    pub(super) const fn instruction(self) -> usize {
        (self.pc & !OF_PROCESSES) as usize
    }

    /// Which variable of its function it is, if it is one.
    pub(super) fn cell(self) -> Option<usize> {
        usize::try_from(self.pc.checked_sub(FIRST_CELL)?).ok()
    }
}

/// An object and where it was made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub(super) site: Site,
    pub(super) object: Object,
}

/// Attributes in the order in which they were bound.
pub(super) type Attributes = Vec<(u16, Value)>;

/// What an instance is beside its attributes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Plain,
    Exception(Vec<Value>),
    Thread(Box<ThreadPart>),
}

/// A `threading.Thread` or `multiprocessing.Process`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ThreadPart {
    pub(super) target: Value,
    /// Its arguments; or what was given in their place, if that cannot be gone through.
    pub(super) args: Result<Vec<Value>, Value>,
    pub(super) keywords: Attributes,
    pub(super) name: Value,
    pub(super) daemon: bool,
    /// Whether `Thread.__init__` was called.
    pub(super) initialised: bool,
    pub(super) process: bool,
    /// Its number, once it is started.
    pub(super) number: Option<u8>,
}

impl ThreadPart {
    /// One whose `__init__` was not called yet.
    pub(super) const fn new() -> Self {
        Self {
            target: Value::None,
            args: Ok(Vec::new()),
            keywords: Vec::new(),
            name: Value::None,
            daemon: false,
            initialised: false,
            process: false,
            number: None,
        }
    }
}

/// What an iterator knows of a dict, a set or a deque.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Iterated {
    /// Its keys or elements at the last step.
    pub(super) keys: Arc<Vec<Value>>,
    /// How many elements are left to be given.
    pub(super) left: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Object {
    Tuple(Vec<Value>),
    List(Vec<Value>),
    /// Keys and values in their order, and what makes a missing one.
    Dict(Vec<(Value, Value)>, Option<Value>),
    Set(Vec<Value>),
    /// Its elements, and the most that it keeps.
    Deque(Vec<Value>, Option<usize>),
    Range(i64, i64, i64),
    Slice(Value, Value, Value),
    /// What is iterated over, how far, and what it was at the last step, if it may not change.
    Iterator(Value, usize, Option<Box<Iterated>>),
    /// What computes its elements one by one: `map()`, `filter()`, `zip()`, `enumerate()` of Python 3, and
    /// `Executor.map()`.
    Lazy(Lazy, Value, Vec<Value>),
    /// `dict.keys()`, `values()` or `items()` of Python 3: the method's name, and the dict.
    View(&'static str, Value),
    /// Values that were computed at once, of which so many are taken.
    Pulled(Vec<Value>, usize),
    /// `itertools.count`: the next number and the step.
    Count(i64, i64),
    Function {
        code: u16,
        defaults: Vec<Value>,
        cells: Vec<Value>,
        owner: Value,
    },
    /// A function and its first argument.
    Method(Value, Value),
    /// A method of the library: the object and the name.
    NativeMethod(Value, u16),
    Class {
        name: u16,
        base: Value,
        attributes: Attributes,
    },
    Instance {
        class: Value,
        attributes: Attributes,
        part: Part,
    },
    /// `super()`: the class above which is looked, and the instance.
    Super(Value, Value),
    Property(Value, Value),
    Static(Value),
    ClassMethod(Value),
    Cell(Value),
    /// A generator that waits, with its frame; or one that runs or has ended, and which of the two.
    Generator(Result<Box<Frame>, bool>),
    /// The attributes of a class body under way.
    Namespace(Attributes),
    /// Whether it is held, and by whom it was taken last.
    Lock(Option<u8>),
    /// Who holds it, and how often.
    RLock(Option<u8>, u32),
    /// How much is left, and the most.
    Semaphore(i64, Option<i64>),
    /// Whether it is set, and who waits: whether each was woken.
    Event(bool, Vec<(u8, bool)>),
    /// Its lock, and who waits: whether each was notified.
    Condition(Value, Vec<(u8, bool)>),
    /// How many must come, how many have, how many rounds are over, and what the last one does.
    Barrier(u32, u32, u32, Value),
    /// Elements, the most of them, elements not yet done, and in which order they leave.
    Queue(Vec<Value>, usize, u32, Order),
    /// Tasks that wait, the most workers, workers so far, how many have done a task that no other was given for, and whether it
    /// is shut down.
    Executor {
        /// What the names of its workers begin with, where the program asks for names.
        prefix: Value,
        tasks: Vec<Value>,
        most: usize,
        workers: Vec<u8>,
        idle: usize,
        closed: bool,
    },
    /// Function, arguments, keywords, and the result or exception.
    Future {
        call: Vec<Value>,
        keywords: Attributes,
        done: Option<Result<Value, Value>>,
    },
    /// `threading.local`: attributes by thread.
    Local(Vec<(u8, u16, Value)>),
    /// `multiprocessing.Value`.
    SharedValue(Value, Value),
    Module(Arc<str>),
}

impl Object {
    /// Whether it has elements or keys that can become more or fewer.
    pub(super) const fn has_extent(&self) -> bool {
        matches!(self, Self::List(_) | Self::Dict(..) | Self::Set(_) | Self::Deque(..))
    }

    /// Whether it is there for threads to wait for each other, and holds nothing else.
    pub(super) const fn synchronises(&self) -> bool {
        matches!(
            self,
            Self::Lock(_)
                | Self::RLock(..)
                | Self::Semaphore(..)
                | Self::Event(..)
                | Self::Condition(..)
                | Self::Barrier(..)
        )
    }
}

/// What is computed one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lazy {
    Map,
    Filter,
    Zip,
    /// With the next number.
    Enumerate(i64),
    /// The results of an executor's tasks, each waited for.
    Result,
    /// What a function returns, until that is a value.
    Until,
}

/// In which order a queue gives its elements back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Order {
    First,
    /// The same, of a `SimpleQueue`, which has fewer methods.
    Simple,
    Last,
    Least,
}

/// What becomes of the value that a frame returns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum OnReturn {
    /// It is pushed: the caller's instruction is over.
    Push,
    /// The same, but the caller's instruction has called it through C, and looks at the eval breaker behind it.
    PushAndLook,
    /// The caller's instruction goes on with it.
    Resume,
    /// A class is made of the name space.
    Class { base: Value },
    /// As `Resume`, but it is the next value of an iterator, of which `StopIteration` is the end.
    Next,
    /// It ends the thread.
    End,
    /// The thread has ended with an exception, of which it is still to be told.
    Raised(Value),
    /// It becomes the result of a future.
    Future(Value),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Frame {
    pub(super) code: u16,
    pub(super) pc: u32,
    pub(super) slots: Vec<Value>,
    pub(super) stack: Vec<Value>,
    /// Exceptions that are being handled.
    pub(super) handling: Vec<Value>,
    /// What the present instruction has learned so far from calls that it made; it begins anew after each.
    pub(super) progress: Vec<Value>,
    pub(super) on_return: OnReturn,
    /// The name space of a class body, or the function that runs.
    pub(super) context: Value,
    /// The generator whose frame it is.
    pub(super) generator: Value,
}

/// How much of a whole iteration a thread has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Unit {
    /// Whether it has got at something shared since its last whole iteration.
    pub(super) begun: bool,
    /// How often it has gone through its outermost loop, if that is one without an end of its own, up to a few.
    pub(super) rounds: u8,
    /// Whether it waits for an event or a condition in the midst of one.
    pub(super) waits: bool,
    /// Its outermost loop, and whether the iterations of that count.
    pub(super) within: Option<(Loop, bool)>,
}

/// A loop of a thread: how many frames lie below its own, its code, and its first instruction.
pub(super) type Loop = (usize, u16, usize);

/// That a thread sleeps until a lock is let go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asleep {
    pub(super) lock: Value,
    /// Whether it has taken the lock and only waits for the GIL.
    pub(super) has_it: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct Thread {
    pub(super) object: Value,
    pub(super) process: u8,
    pub(super) daemon: bool,
    pub(super) finished: bool,
    /// Whether another one has waited for its end.
    pub(super) joined: bool,
    /// The executor whose tasks it does.
    pub(super) executor: Option<Value>,
    /// The lock at which it sleeps.
    pub(super) asleep: Option<Asleep>,
    /// Whether it stopped where it keeps the GIL, and only other processes come in: no other thread of its own goes on.
    pub(super) keeps_gil: bool,
    /// Its ident, where the program asks for idents.
    pub(super) ident: Ident,
    /// What it has done of a whole iteration, where whole iterations are looked at.
    pub(super) unit: Unit,
    pub(super) frames: Vec<Frame>,
}

/// The ident of a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Ident {
    /// The thread to which it was given first.
    pub(super) first: u8,
    /// The threads of which one may have had the same, a bit for each.
    pub(super) perhaps: u16,
}

impl Thread {
    /// A thread of a process that has done nothing yet.
    pub(super) fn new(object: Value, process: u8) -> Self {
        Self {
            object,
            process,
            daemon: false,
            finished: false,
            joined: false,
            executor: None,
            asleep: None,
            keeps_gil: false,
            ident: Ident::default(),
            unit: Unit::default(),
            frames: Vec::new(),
        }
    }
}

impl Frame {
    /// That of a file's own code, at its first instruction.
    pub(super) fn of_file(module: &Module) -> Self {
        Self {
            code: 0,
            pc: 0,
            slots: vec![Value::Unbound; module.codes.first().map_or(0, |code| code.locals.len())],
            stack: Vec::new(),
            handling: Vec::new(),
            progress: Vec::new(),
            on_return: OnReturn::End,
            context: Value::None,
            generator: Value::None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) heap: Vec<Arc<Entry>>,
    /// The globals of each process by the number of the name.
    pub(super) globals: Vec<Vec<Value>>,
    pub(super) threads: Vec<Arc<Thread>>,
    /// What was printed, line by line, in alphabetical order.
    pub(super) printed: Vec<Arc<str>>,
    /// Exceptions that ended a thread.
    pub(super) uncaught: Vec<Arc<str>>,
    /// How many threads were given a name by their number, and how many executors.
    pub(super) unnamed: u8,
    pub(super) executors: u8,
}

impl State {
    pub(super) fn object(&self, at: u32) -> &Object {
        &self.heap[at as usize].object
    }

    pub(super) fn object_mut(&mut self, at: u32) -> &mut Object {
        &mut Arc::make_mut(&mut self.heap[at as usize]).object
    }

    /// How many threads may still do something.
    pub(super) fn live(&self) -> usize {
        self.threads.iter().filter(|thread| !thread.finished).count()
    }

    /// Whether nothing orders what a thread does now and what some other one does or has done.
    pub(super) fn is_concurrent(&self, thread: usize) -> bool {
        (0..self.threads.len()).any(|other| self.runs_beside(other, thread))
    }

    /// Whether nothing orders what a thread does now and what that other one does or has done.
    pub(super) fn runs_beside(&self, other: usize, thread: usize) -> bool {
        other != thread && !(self.threads[other].finished && self.threads[other].joined)
    }

    /// How much of memory a state needs for itself, in references: objects that other states have, too, count as one.
    pub(super) fn weight(&self) -> usize {
        let own = |entry: &Arc<Entry>| match &entry.object {
            _ if Arc::strong_count(entry) > 1 => 0,
            Object::Tuple(items) | Object::List(items) | Object::Set(items) | Object::Deque(items, _) => {
                16 + 6 * items.len()
            }
            Object::Dict(items, _) => 16 + 12 * items.len(),
            Object::Iterator(_, _, Some(iterated)) => 24 + 6 * iterated.keys.len(),
            _ => 16,
        };
        let globals: usize = self.globals.iter().map(Vec::len).sum();
        let objects: usize = self.heap.iter().map(|entry| 1 + own(entry)).sum();
        objects + 3 * globals + self.printed.len() + 16
    }
}

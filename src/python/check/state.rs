//! The state of a program under way: a heap that all threads share, and the threads.
//!
//! Everything that can be changed or compared by identity is an object on the heap; values are small and copied. Equal
//! states behave equally: [`State::compact`] drops what nothing reaches and numbers the rest in the order in which it is reached.

use std::sync::Arc;

use num_bigint::BigInt;

/// A Python value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Value {
    /// A variable that has no value.
    Unbound,
    None,
    Bool(bool),
    Int(i64),
    /// An integer that does not fit 64 bits.
    Big(Arc<BigInt>),
    /// The bits of a float.
    Float(u64),
    Str(Arc<str>),
    /// An object on the heap.
    Ref(u32),
    /// A function or class of the library, by its name.
    Native(&'static str),
}

impl Value {
    pub(super) fn str(text: &str) -> Self {
        Self::Str(text.into())
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
    pub(super) args: Vec<Value>,
    pub(super) keywords: Attributes,
    pub(super) name: Value,
    pub(super) daemon: bool,
    pub(super) process: bool,
    /// Its number, once it is started.
    pub(super) number: Option<u8>,
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
    /// What computes its elements one by one: `map()`, `filter()`, `zip()`, `enumerate()` of Python 3.
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
    /// How many must come, how many have, and how many rounds are over.
    Barrier(u32, u32, u32),
    /// Elements, the most of them, elements not yet done, and in which order they leave.
    Queue(Vec<Value>, usize, u32, Order),
    /// Tasks that wait, the most workers, workers so far, how many have done a task that no other was given for, and whether it
    /// is shut down.
    Executor {
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

/// What is computed one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lazy {
    Map,
    Filter,
    Zip,
    /// With the next number.
    Enumerate(i64),
}

/// In which order a queue gives its elements back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Order {
    First,
    Last,
    Least,
}

/// What becomes of the value that a frame returns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum OnReturn {
    /// It is pushed: the caller's instruction is over.
    Push,
    /// The caller's instruction goes on with it.
    Resume,
    /// A class is made of the name space.
    Class { base: Value },
    /// As `Resume`, but it is the next value of an iterator, of which `StopIteration` is the end.
    Next,
    /// It ends the thread.
    End,
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
    /// Its outermost loop, and whether the iterations of that count.
    pub(super) within: Option<(Loop, bool)>,
}

/// A loop of a thread: how many frames lie below its own, its code, and its first instruction.
pub(super) type Loop = (usize, u16, usize);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Thread {
    pub(super) object: Value,
    pub(super) process: u8,
    pub(super) daemon: bool,
    pub(super) finished: bool,
    /// Whether another one has waited for its end.
    pub(super) joined: bool,
    /// The executor whose tasks it does.
    pub(super) executor: Option<Value>,
    /// What it has done of a whole iteration, where whole iterations are looked at.
    pub(super) unit: Unit,
    pub(super) frames: Vec<Frame>,
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
            unit: Unit::default(),
            frames: Vec::new(),
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

    /// Drops what is out of reach, and numbers the rest in the order in which it is reached.
    pub(super) fn compact(&mut self) {
        let mut compaction = Compaction { numbers: vec![u32::MAX; self.heap.len()], order: Vec::new() };
        for value in self.globals.iter_mut().flatten() {
            compaction.value(value);
        }
        for thread in &mut self.threads {
            if compaction.thread_moves(thread) {
                compaction.thread(Arc::make_mut(thread));
            }
        }
        let mut kept: Vec<Arc<Entry>> = Vec::new();
        while kept.len() < compaction.order.len() {
            let mut entry = Arc::clone(&self.heap[compaction.order[kept.len()] as usize]);
            let mut moves = false;
            let mut copy = None;
            each(&entry.object, &mut |value| moves |= compaction.reach(value));
            if moves {
                copy = Some(Arc::make_mut(&mut entry));
            }
            if let Some(entry) = copy {
                each_mut(&mut entry.object, &mut |value| compaction.value(value));
            }
            kept.push(entry);
        }
        self.heap = kept;
    }
}

struct Compaction {
    /// The new number of each object that was reached.
    numbers: Vec<u32>,
    order: Vec<u32>,
}

impl Compaction {
    /// Numbers what a value refers to; whether that has another number now.
    fn reach(&mut self, value: &Value) -> bool {
        let Value::Ref(at) = value else { return false };
        let number = &mut self.numbers[*at as usize];
        if *number == u32::MAX {
            *number = u32::try_from(self.order.len()).unwrap_or(u32::MAX);
            self.order.push(*at);
        }
        *number != *at
    }

    fn value(&mut self, value: &mut Value) {
        if self.reach(value)
            && let Value::Ref(at) = value
        {
            *at = self.numbers[*at as usize];
        }
    }

    fn thread_moves(&mut self, thread: &Thread) -> bool {
        let mut moves = self.reach(&thread.object);
        let mut reach = |value: &Value| moves |= self.reach(value);
        thread.executor.iter().for_each(&mut reach);
        for frame in &thread.frames {
            for values in [&frame.slots, &frame.stack, &frame.handling, &frame.progress] {
                values.iter().for_each(&mut reach);
            }
            reach(&frame.context);
            reach(&frame.generator);
            if let OnReturn::Class { base: value } | OnReturn::Future(value) = &frame.on_return {
                reach(value);
            }
        }
        moves
    }

    fn thread(&mut self, thread: &mut Thread) {
        self.value(&mut thread.object);
        if let Some(value) = &mut thread.executor {
            self.value(value);
        }
        for frame in &mut thread.frames {
            for values in [&mut frame.slots, &mut frame.stack, &mut frame.handling, &mut frame.progress] {
                for value in values.iter_mut() {
                    self.value(value);
                }
            }
            self.value(&mut frame.context);
            self.value(&mut frame.generator);
            if let OnReturn::Class { base: value } | OnReturn::Future(value) = &mut frame.on_return {
                self.value(value);
            }
        }
    }
}

/// Calls `f` for each value in an object.
pub(super) fn each(object: &Object, f: &mut dyn FnMut(&Value)) {
    // One list of what refers to what: the copy is dropped again.
    let mut copy;
    match object {
        Object::Tuple(items) | Object::List(items) | Object::Set(items) => items.iter().for_each(f),
        Object::Cell(value) => f(value),
        Object::Range(..) | Object::Lock(_) | Object::Module(_) => {}
        other => {
            copy = other.clone();
            each_mut(&mut copy, &mut |value| f(value));
        }
    }
}

/// Calls `f` for each value in an object.
pub(super) fn each_mut(object: &mut Object, f: &mut dyn FnMut(&mut Value)) {
    match object {
        Object::Tuple(items)
        | Object::List(items)
        | Object::Set(items)
        | Object::Deque(items, _)
        | Object::Pulled(items, _)
        | Object::Queue(items, ..) => items.iter_mut().for_each(f),
        Object::Dict(items, factory) => {
            for (key, value) in items {
                f(key);
                f(value);
            }
            factory.iter_mut().for_each(f);
        }
        Object::Slice(start, end, step) => [start, end, step].into_iter().for_each(f),
        Object::Lazy(_, function, sources) => {
            f(function);
            sources.iter_mut().for_each(f);
        }
        Object::Iterator(value, _, iterated) => {
            f(value);
            iterated.iter_mut().flat_map(|iterated| Arc::make_mut(&mut iterated.keys)).for_each(f);
        }
        Object::View(_, value)
        | Object::NativeMethod(value, _)
        | Object::Static(value)
        | Object::ClassMethod(value)
        | Object::Cell(value)
        | Object::Condition(value, _) => f(value),
        Object::Function { defaults, cells, owner, .. } => {
            defaults.iter_mut().chain(cells).for_each(&mut *f);
            f(owner);
        }
        Object::Method(one, two)
        | Object::Super(one, two)
        | Object::Property(one, two)
        | Object::SharedValue(one, two) => [one, two].into_iter().for_each(f),
        Object::Class { base, attributes, .. } => {
            f(base);
            for (_, value) in attributes.iter_mut() {
                f(value);
            }
        }
        Object::Instance { class, attributes, part } => {
            f(class);
            for (_, value) in attributes.iter_mut() {
                f(value);
            }
            match part {
                Part::Plain => {}
                Part::Exception(args) => args.iter_mut().for_each(f),
                Part::Thread(part) => {
                    f(&mut part.target);
                    f(&mut part.name);
                    part.args.iter_mut().for_each(&mut *f);
                    for (_, value) in &mut part.keywords {
                        f(value);
                    }
                }
            }
        }
        Object::Generator(frame) => {
            if let Ok(frame) = frame {
                for values in [&mut frame.slots, &mut frame.stack, &mut frame.handling] {
                    values.iter_mut().for_each(&mut *f);
                }
                f(&mut frame.context);
                f(&mut frame.generator);
            }
        }
        Object::Namespace(attributes) => attributes.iter_mut().for_each(|(_, value)| f(value)),
        Object::Executor { tasks, .. } => tasks.iter_mut().for_each(f),
        Object::Future { call, keywords, done } => {
            call.iter_mut().for_each(&mut *f);
            for (_, value) in keywords.iter_mut() {
                f(value);
            }
            if let Some(Ok(value) | Err(value)) = done {
                f(value);
            }
        }
        Object::Local(items) => items.iter_mut().for_each(|(_, _, value)| f(value)),
        Object::Range(..)
        | Object::Count(..)
        | Object::Lock(_)
        | Object::RLock(..)
        | Object::Semaphore(..)
        | Object::Event(..)
        | Object::Barrier(..)
        | Object::Module(_) => {}
    }
}

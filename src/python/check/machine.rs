//! One instruction at a time, over the shared heap.
//!
//! An instruction that needs a Python function's result (a property, `__enter__`, a `key=`) or that waits is begun again from
//! the start once there is more: what it has learned is in its frame's `progress`. Until it is over it takes nothing off
//! the stack.

use std::sync::Arc;

use super::assumed::Assumed;
use super::state::{Entry, Frame, Object, OnReturn, Part, Site, State, Thread, ThreadPart, Value};
use crate::python::program::module::Module;
use crate::python::program::{Instruction, Place};
use crate::python::version::Check;

/// Names that the machine itself asks for, in the order of their numbers.
pub(super) const KNOWN: [&str; 18] = [
    "__name__",
    "__init__",
    "__enter__",
    "__exit__",
    "__call__",
    "__len__",
    "__iter__",
    "__next__",
    "__getitem__",
    "__setitem__",
    "__contains__",
    "__str__",
    "__repr__",
    "__bool__",
    "run",
    "__delitem__",
    "next",
    "__nonzero__",
];
pub(super) const NAME: u16 = 0;
pub(super) const INIT: u16 = 1;
pub(super) const ENTER: u16 = 2;
pub(super) const EXIT: u16 = 3;
pub(super) const CALL: u16 = 4;
pub(super) const LEN: u16 = 5;
pub(super) const ITER: u16 = 6;
pub(super) const NEXT: u16 = 7;
pub(super) const GETITEM: u16 = 8;
pub(super) const SETITEM: u16 = 9;
pub(super) const CONTAINS: u16 = 10;
pub(super) const STR: u16 = 11;
pub(super) const REPR: u16 = 12;
pub(super) const BOOL: u16 = 13;
pub(super) const RUN: u16 = 14;
pub(super) const DELITEM: u16 = 15;
pub(super) const NEXT_OF_PYTHON2: u16 = 16;
pub(super) const BOOL_OF_PYTHON2: u16 = 17;

/// How many calls may be under way, as `sys.getrecursionlimit()`.
pub(super) const DEEPEST: usize = 1000;

/// The most elements of one list, dict or string.
pub(super) const LONGEST: usize = 10_000;

/// Something that more than one thread can get at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Location {
    /// A global of a process.
    Global(u8, u16),
    /// An attribute of the objects made at a place.
    Attribute(Site, u16),
    /// The elements, or the state, of the objects made at a place.
    Content(Site),
    /// How many elements, and which keys, the containers made at a place have: another value in the place of one changes neither.
    Extent(Site),
}

/// How something is got at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Use {
    /// It is read.
    Read,
    /// It is changed.
    Write,
    /// A lock is taken.
    Take,
    /// A lock is let go.
    Release,
    /// A lock was to be taken and was not free, and its thread goes on without it.
    Miss,
    /// The same, and its thread waits.
    Wait,
    /// A lock was to be let go and was free, which raises.
    Free,
    /// A generator was to go on and is at work for another thread, which raises.
    Busy,
}

impl Use {
    /// Whether it changes something.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Take | Self::Release)
    }
}

/// An access to a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) location: Location,
    pub(super) how: Use,
    /// Which of the objects at that location, by its place on the heap; none for a global.
    pub(super) object: Option<u32>,
    /// A hash of the key or index of the one element that it is about, if it is about one.
    pub(super) key: Option<u64>,
    /// Whether an element is put into a list or deque, or taken out.
    pub(super) moves: Option<Move>,
}

/// What becomes of an element that a method hands over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    In,
    Out,
}

/// What is beyond the model, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Beyond {
    pub(super) what: String,
    pub(super) place: Option<Place>,
}

/// Why an instruction is not over.
#[derive(Debug)]
pub(super) enum Stop {
    Raise(Value),
    /// It needs the result of a Python function.
    Call(Value, Arguments),
    /// It needs the next value of an iterator that is written in Python: its method.
    Next(Value),
    /// It needs the next value of a generator.
    Resume(u32),
    /// It waits for another thread.
    Block,
    /// Others may run; then it goes on.
    Yield,
    Beyond(String),
}

pub(super) type R<T> = Result<T, Stop>;

/// Ends the search: the program leaves the model.
pub(super) fn beyond<T>(what: impl Into<String>) -> R<T> {
    Err(Stop::Beyond(what.into()))
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Whether another thread may run now.
    Done {
        may_drop: bool,
    },
    Blocked,
    Finished,
}

/// Where an instruction leads.
pub(super) enum Next {
    Follow,
    To(usize),
    Entered,
    Returned,
}

/// How long a call waits for what is not there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    No,
    Forever,
    /// Up to a time limit, which comes only when no thread can go on.
    Limited,
}

/// A call taken apart: what is called and with what.
#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) positional: Vec<Value>,
    pub(super) keywords: Vec<(u16, Value)>,
}

/// What is looked at in a turn of those who wait for a lock or for the GIL.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sleepers {
    /// Whether threads of a process go on by its GIL.
    pub(super) by_gil: bool,
    /// Whether those who sleep at a lock are looked at.
    pub(super) count: bool,
    /// Which of those that could take a lock do so, a bit for each.
    pub(super) chosen: u8,
    /// How many could so far.
    pub(super) offers: u32,
}

pub(super) struct Machine<'m> {
    pub(super) module: &'m Module,
    pub(super) state: State,
    /// The thread that runs.
    pub(super) thread: usize,
    /// What the present step got at.
    pub(super) accesses: Vec<Access>,
    /// How much of the progress the present instruction has used.
    pub(super) consumed: usize,
    /// Whether the eval breaker is looked at after the present instruction.
    pub(super) check: bool,
    /// What was taken for granted.
    pub(super) assumed: Assumed,
    /// Whether the time limit of the thread that runs comes now.
    pub(super) expires: bool,
    /// What is looked at of threads that sleep until a lock is let go.
    pub(super) sleepers: Sleepers,
    /// Whether the present step let a lock go that such a thread could take.
    pub(super) offered: bool,
    /// Who has taken it.
    pub(super) taken_by: Option<usize>,
    /// How deep in a value its text, or what it is compared with, is.
    pub(super) depth: usize,
    /// What was printed, in order; the state has it without.
    pub(super) output: String,
}

impl<'m> Machine<'m> {
    /// The program before its first instruction.
    pub(super) fn start(module: &'m Module) -> Self {
        let mut globals = vec![Value::Unbound; module.names.len()];
        globals[usize::from(NAME)] = Value::str("__main__");
        let site = Site { thread: 0, code: 0, pc: 0 };
        let name = Value::str("MainThread");
        let part = ThreadPart { name, initialised: true, number: Some(0), ..ThreadPart::new() };
        let object = Object::Instance {
            class: Value::Native("threading.Thread"),
            attributes: Vec::new(),
            part: Part::Thread(Box::new(part)),
        };
        let thread = Thread { frames: vec![Frame::of_file(module)], ..Thread::new(Value::Ref(0), 0) };
        let state = State {
            heap: vec![Arc::new(Entry { site, object })],
            globals: vec![globals],
            threads: vec![Arc::new(thread)],
            printed: Vec::new(),
            uncaught: Vec::new(),
            unnamed: 0,
            executors: 0,
        };
        Self::at(module, state)
    }

    pub(super) fn at(module: &'m Module, state: State) -> Self {
        Self {
            module,
            state,
            thread: 0,
            accesses: Vec::new(),
            consumed: 0,
            check: false,
            assumed: Assumed::default(),
            expires: false,
            sleepers: Sleepers::default(),
            offered: false,
            taken_by: None,
            depth: 0,
            output: String::new(),
        }
    }

    pub(super) fn current(&self) -> &Thread {
        &self.state.threads[self.thread]
    }

    pub(super) fn current_mut(&mut self) -> &mut Thread {
        Arc::make_mut(&mut self.state.threads[self.thread])
    }

    pub(super) fn frame(&self) -> &Frame {
        let frames = &self.current().frames;
        &frames[frames.len() - 1]
    }

    pub(super) fn frame_mut(&mut self) -> &mut Frame {
        let frames = &mut self.current_mut().frames;
        let last = frames.len() - 1;
        &mut frames[last]
    }

    /// The instruction that a thread is at.
    pub(super) fn instruction(&self, thread: usize) -> Option<&'m Instruction> {
        let frame = self.state.threads[thread].frames.last()?;
        self.module.instruction(frame.code, frame.pc as usize)
    }

    pub(super) fn name(&self, number: u16) -> &'m str {
        self.module.names.get(usize::from(number)).map_or("", String::as_str)
    }

    pub(super) fn name_number(&self, name: &str) -> Option<u16> {
        let number = self.module.names.iter().position(|known| known == name)?;
        u16::try_from(number).ok()
    }

    pub(super) fn site(&self) -> Site {
        let thread = u8::try_from(self.thread).unwrap_or(u8::MAX);
        match self.current().frames.last() {
            Some(frame) => Site { thread, code: frame.code, pc: frame.pc },
            None => Site { thread, code: u16::MAX, pc: 0 },
        }
    }

    pub(super) fn allocate(&mut self, object: Object) -> Value {
        self.allocate_at(self.site(), object)
    }

    /// Makes an object that counts as made there.
    pub(super) fn allocate_at(&mut self, site: Site, object: Object) -> Value {
        self.state.heap.push(Arc::new(Entry { site, object }));
        Value::Ref(u32::try_from(self.state.heap.len() - 1).unwrap_or(u32::MAX))
    }

    pub(super) fn tuple(&mut self, items: Vec<Value>) -> Value {
        self.allocate(Object::Tuple(items))
    }

    pub(super) fn list(&mut self, items: Vec<Value>) -> Value {
        self.allocate(Object::List(items))
    }

    pub(super) fn object_of(&self, value: &Value) -> Option<&Object> {
        match value {
            Value::Ref(at) => Some(self.state.object(*at)),
            _ => None,
        }
    }

    pub(super) fn exception(&mut self, class: &'static str, message: &str) -> Value {
        let args = if message.is_empty() { Vec::new() } else { vec![Value::str(message)] };
        self.allocate(Object::Instance {
            class: Value::Native(class),
            attributes: Vec::new(),
            part: Part::Exception(args),
        })
    }

    pub(super) fn raise<T>(&mut self, class: &'static str, message: &str) -> R<T> {
        self.look_into_operands()?;
        Err(Stop::Raise(self.exception(class, message)))
    }

    /// The topmost `count` values.
    pub(super) fn top(&self, count: usize) -> Vec<Value> {
        let stack = &self.frame().stack;
        stack[stack.len().saturating_sub(count)..].to_vec()
    }

    pub(super) fn peek(&self) -> Value {
        self.frame().stack.last().cloned().unwrap_or(Value::Unbound)
    }

    pub(super) fn push(&mut self, value: Value) {
        self.frame_mut().stack.push(value);
    }

    /// Takes `count` values off the stack and pushes one.
    pub(super) fn replace(&mut self, count: usize, value: Value) {
        self.drop_top(count);
        self.push(value);
    }

    pub(super) fn drop_top(&mut self, count: usize) {
        let stack = &mut self.frame_mut().stack;
        let kept = stack.len().saturating_sub(count);
        stack.truncate(kept);
    }

    /// Does one instruction of a thread.
    pub(super) fn step(&mut self, thread: usize) -> Result<Step, Beyond> {
        self.thread = thread;
        self.accesses.clear();
        self.consumed = 0;
        (self.offered, self.taken_by) = (false, None);
        if self.current().finished {
            return Ok(Step::Finished);
        }
        if !self.gets_gil() {
            return Ok(Step::Blocked);
        }
        if self.current().frames.is_empty() {
            return match self.next_task() {
                Ok(()) => Ok(Step::Done { may_drop: true }),
                Err(Stop::Block) => Ok(Step::Blocked),
                Err(Stop::Beyond(what)) => Err(Beyond { what, place: None }),
                Err(_) => Err(Beyond { what: "a task that cannot be called".to_owned(), place: None }),
            };
        }
        let Some(instruction) = self.instruction(thread) else {
            return Err(Beyond { what: "a function without an end".to_owned(), place: None });
        };
        let position = instruction.position.or_else(|| self.asked_for(thread));
        let place = position.map(|position| self.module.place(position));
        let free = !self.module.version.has_gil();
        self.check = matches!(instruction.check, Check::Always | Check::Call);
        let rule = &self.module.facts.drop;
        let mut result = match &self.frame().on_return {
            OnReturn::Raised(exception) => self.tell_raised(&exception.clone()),
            _ => self.execute(instruction),
        };
        result = match result {
            Err(Stop::Call(callee, args)) => self.enter(&callee, args, OnReturn::Resume),
            Err(Stop::Next(method)) => self.enter(&method, Self::positional(Vec::new()), OnReturn::Next),
            Err(Stop::Resume(generator)) => self.resume_generator(generator),
            other => other,
        };
        match result {
            Ok(Next::Follow) => {
                let frame = self.frame_mut();
                frame.pc += 1;
                frame.progress.clear();
            }
            Ok(Next::To(target)) => {
                let frame = self.frame_mut();
                frame.pc = u32::try_from(target).unwrap_or(u32::MAX);
                frame.progress.clear();
            }
            Ok(Next::Entered) => self.check = rule.frame_entry,
            Ok(Next::Returned) => {}
            Err(Stop::Raise(exception)) => {
                // Unless it has done a part, what raises has changed nothing.
                if self.frame().progress.is_empty() {
                    self.changed_nothing(None);
                }
                self.unwind(exception)?;
                self.check = rule.after_exception;
            }
            Err(Stop::Block) => return Ok(Step::Blocked),
            Err(Stop::Yield) => return Ok(Step::Done { may_drop: true }),
            Err(Stop::Beyond(what)) => return Err(Beyond { what, place }),
            Err(Stop::Call(..) | Stop::Next(_) | Stop::Resume(_)) => {
                return Err(Beyond { what: "a call inside a call".to_owned(), place });
            }
        }
        if thread == 0 {
            self.leaves_no_process(place)?;
        }
        let deferred = self.instruction(thread).is_some_and(|next| next.defers);
        // A worker of an executor is in code of the library between its tasks, where it can be interrupted.
        let between_tasks = self.current().executor.is_some() && self.current().frames.is_empty();
        let drops = free || between_tasks || (self.check && !deferred);
        Ok(Step::Done { may_drop: drops || self.keeps_gil() })
    }

    /// Waits at an object: who waits for what another thread does with it uses it, too.
    pub(super) fn block_at(&mut self, at: u32, wait: Wait) -> R<()> {
        self.touch_lock(at, Use::Wait);
        self.block(wait)?;
        self.accesses.pop();
        Ok(())
    }

    /// Waits, or comes to an end of it: after that what was waited for is not there.
    pub(super) fn block(&mut self, wait: Wait) -> R<()> {
        let over = match wait {
            Wait::No => true,
            Wait::Forever => false,
            Wait::Limited => {
                self.assumed.long_limits |= !self.expires && self.state.live() > 1;
                std::mem::take(&mut self.expires)
            }
        };
        if over { Ok(()) } else { Err(Stop::Block) }
    }

    /// Says whether the eval breaker is looked at, for an instruction where it depends.
    pub(super) fn set_check(&mut self, check: bool) {
        self.check = check;
    }
}

/// Binds an attribute.
pub(super) fn set_attribute(attributes: &mut Vec<(u16, Value)>, name: u16, value: Value) {
    match attributes.iter_mut().find(|(known, _)| *known == name) {
        Some((_, place)) => *place = value,
        None => attributes.push((name, value)),
    }
}

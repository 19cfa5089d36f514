//! One instruction at a time, over the shared heap.
//!
//! An instruction that needs a Python function's result (a property, `__enter__`, a `key=`) or that waits is begun again from
//! the start once there is more: what it has learned is in its frame's `progress`. Until it is over it takes nothing off
//! the stack.

use std::rc::Rc;

use super::library;
use super::state::{Entry, Frame, Object, OnReturn, Part, Site, State, Thread, ThreadPart, Value};
use crate::python::program::module::Module;
use crate::python::program::{Instruction, Op, Place, ProgramOp};
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
    "append",
    "__delitem__",
    "__del__",
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
pub(super) const DELITEM: u16 = 16;

/// How many calls may be under way, as `sys.getrecursionlimit()`.
const DEEPEST: usize = 1000;

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
}

/// An access to a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) location: Location,
    pub(super) write: bool,
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
    Call(Value, Vec<Value>),
    /// It waits for another thread.
    Block,
    /// Others may run; then it goes on.
    Yield,
    Beyond(String),
}

pub(super) type R<T> = Result<T, Stop>;

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

/// A call taken apart: what is called and with what.
pub(super) struct Arguments {
    pub(super) positional: Vec<Value>,
    pub(super) keywords: Vec<(u16, Value)>,
}

pub(super) struct Machine<'m> {
    pub(super) module: &'m Module,
    pub(super) state: State,
    /// The thread that runs.
    pub(super) thread: usize,
    /// What the present step got at.
    pub(super) accesses: Vec<Access>,
    /// How much of the progress the present instruction has used.
    consumed: usize,
    /// Whether the eval breaker is looked at after the present instruction.
    check: bool,
}

impl<'m> Machine<'m> {
    /// The program before its first instruction.
    pub(super) fn start(module: &'m Module) -> Self {
        let mut globals = vec![Value::Unbound; module.names.len()];
        globals[usize::from(NAME)] = Value::str("__main__");
        let site = Site { thread: 0, code: 0, pc: 0 };
        let part = ThreadPart {
            target: Value::None,
            args: Vec::new(),
            keywords: Vec::new(),
            name: Value::str("MainThread"),
            daemon: false,
            process: false,
            number: Some(0),
        };
        let object = Object::Instance {
            class: Value::Native("threading.Thread"),
            attributes: Vec::new(),
            part: Part::Thread(Box::new(part)),
        };
        let slots = vec![Value::Unbound; module.codes.first().map_or(0, |code| code.locals.len())];
        let frame = Frame {
            code: 0,
            pc: 0,
            slots,
            stack: Vec::new(),
            handling: Vec::new(),
            progress: Vec::new(),
            on_return: OnReturn::End,
            context: Value::None,
        };
        let thread = Thread {
            object: Value::Ref(0),
            process: 0,
            daemon: false,
            finished: false,
            executor: None,
            frames: vec![frame],
        };
        let state = State {
            heap: vec![Rc::new(Entry { site, object })],
            globals: vec![globals],
            threads: vec![Rc::new(thread)],
            printed: Vec::new(),
            uncaught: Vec::new(),
        };
        Self::at(module, state)
    }

    pub(super) fn at(module: &'m Module, state: State) -> Self {
        Self { module, state, thread: 0, accesses: Vec::new(), consumed: 0, check: false }
    }

    // ---- small things ----

    pub(super) fn current(&self) -> &Thread {
        &self.state.threads[self.thread]
    }

    pub(super) fn current_mut(&mut self) -> &mut Thread {
        Rc::make_mut(&mut self.state.threads[self.thread])
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
        let site = self.site();
        self.state.heap.push(Rc::new(Entry { site, object }));
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

    /// Notes that an object's elements or state are got at.
    pub(super) fn touch(&mut self, at: u32, write: bool) {
        let location = Location::Content(self.state.heap[at as usize].site);
        self.accesses.push(Access { location, write });
    }

    pub(super) fn touch_attribute(&mut self, at: u32, name: u16, write: bool) {
        let location = Location::Attribute(self.state.heap[at as usize].site, name);
        self.accesses.push(Access { location, write });
    }

    fn touch_global(&mut self, name: u16, write: bool) {
        let location = Location::Global(self.current().process, name);
        self.accesses.push(Access { location, write });
    }

    pub(super) fn beyond<T>(&self, what: impl Into<String>) -> R<T> {
        Err(Stop::Beyond(what.into()))
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
        Err(Stop::Raise(self.exception(class, message)))
    }

    // ---- the stack ----

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

    // ---- progress ----

    /// Does something once, however often the instruction begins anew.
    pub(super) fn once(&mut self, f: impl FnOnce(&mut Self) -> R<Value>) -> R<Value> {
        let at = self.consumed;
        self.consumed += 1;
        if let Some(value) = self.frame().progress.get(at) {
            return Ok(value.clone());
        }
        let value = f(self)?;
        self.frame_mut().progress.push(value.clone());
        Ok(value)
    }

    /// Lets others run once, as a function written in Python does on its way in.
    pub(super) fn yield_once(&mut self) -> R<()> {
        let at = self.consumed;
        self.consumed += 1;
        if self.frame().progress.len() > at {
            return Ok(());
        }
        self.frame_mut().progress.push(Value::None);
        Err(Stop::Yield)
    }

    /// The result of calling something in the midst of an instruction.
    pub(super) fn call_back(&mut self, callee: &Value, args: Vec<Value>) -> R<Value> {
        if self.is_python(callee) {
            let at = self.consumed;
            self.consumed += 1;
            return match self.frame().progress.get(at) {
                Some(value) => Ok(value.clone()),
                None => Err(Stop::Call(callee.clone(), args)),
            };
        }
        let before = self.consumed;
        if let Some(value) = self.frame().progress.get(before) {
            let value = value.clone();
            self.consumed += 1;
            return Ok(value);
        }
        let value = self.call_native(callee, Arguments { positional: args, keywords: Vec::new() })?;
        if self.consumed == before {
            self.consumed += 1;
            self.frame_mut().progress.push(value.clone());
        }
        Ok(value)
    }

    fn is_python(&self, callee: &Value) -> bool {
        match self.object_of(callee) {
            Some(Object::Function { .. }) => true,
            Some(Object::Method(function, _)) => self.is_python(function),
            Some(Object::Instance { part: Part::Plain, .. }) => true,
            _ => false,
        }
    }

    // ---- steps ----

    /// Does one instruction of a thread.
    pub(super) fn step(&mut self, thread: usize) -> Result<Step, Beyond> {
        self.thread = thread;
        self.accesses.clear();
        self.consumed = 0;
        if self.current().finished {
            return Ok(Step::Finished);
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
        let place = instruction.position.map(|position| self.module.place(position));
        let free = !self.module.version.has_gil() || self.state.globals.len() > 1;
        self.check = matches!(instruction.check, Check::Always | Check::Call);
        let rule = &self.module.facts.drop;
        let mut result = self.execute(instruction);
        if let Err(Stop::Call(callee, args)) = result {
            let arguments = Arguments { positional: args, keywords: Vec::new() };
            result = self.enter(&callee, arguments, OnReturn::Resume);
        }
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
                self.unwind(exception)?;
                self.check = rule.after_exception;
            }
            Err(Stop::Block) => return Ok(Step::Blocked),
            Err(Stop::Yield) => return Ok(Step::Done { may_drop: true }),
            Err(Stop::Beyond(what)) => return Err(Beyond { what, place }),
            Err(Stop::Call(..)) => {
                return Err(Beyond { what: "a call inside a call".to_owned(), place });
            }
        }
        let deferred = self.instruction(thread).is_some_and(|next| next.defers);
        Ok(Step::Done { may_drop: free || (self.check && !deferred) })
    }

    /// Says whether the eval breaker is looked at, for an instruction where it depends.
    pub(super) fn set_check(&mut self, check: bool) {
        self.check = check;
    }

    /// Leads an exception to its handler, or ends the thread.
    fn unwind(&mut self, exception: Value) -> Result<(), Beyond> {
        loop {
            let Some(frame) = self.current().frames.last() else {
                return Ok(());
            };
            let pc = frame.pc as usize;
            let code = &self.module.codes[usize::from(frame.code)];
            let within = |range: &(usize, usize)| range.0 <= pc && pc < range.1;
            let handler = code
                .handlers
                .iter()
                .filter(|handler| within(&handler.range) && !handler.gaps.iter().any(within))
                .max_by_key(|handler| handler.range.0);
            if let Some(handler) = handler {
                let frame = self.frame_mut();
                frame.stack.truncate(handler.depth);
                frame.handling.truncate(handler.handling);
                frame.handling.push(exception);
                frame.progress.clear();
                frame.pc = u32::try_from(handler.target).unwrap_or(u32::MAX);
                return Ok(());
            }
            let Some(frame) = self.current_mut().frames.pop() else {
                return Ok(());
            };
            match frame.on_return {
                OnReturn::Push | OnReturn::Class { .. } => {}
                OnReturn::Resume => {
                    let iterates = self
                        .instruction(self.thread)
                        .is_some_and(|instruction| matches!(instruction.op, Op::ForIter(_)));
                    if iterates && self.is_exception(&exception, &Value::Native("StopIteration")) {
                        self.frame_mut().progress.push(Value::Unbound);
                        return Ok(());
                    }
                }
                OnReturn::Future(future) => {
                    self.finish_future(&future, Err(exception));
                    return Ok(());
                }
                OnReturn::End => {
                    let text = self
                        .exception_text(&exception)
                        .map_err(|_| Beyond { what: "the text of this exception".to_owned(), place: None })?;
                    let at = self.state.uncaught.partition_point(|known| **known <= *text);
                    self.state.uncaught.insert(at, text.into());
                    self.finish_thread();
                    return Ok(());
                }
            }
        }
    }

    pub(super) fn finish_thread(&mut self) {
        if let Value::Ref(at) = self.current().object {
            self.touch(at, true);
        }
        let thread = self.current_mut();
        thread.finished = true;
        thread.frames.clear();
    }

    /// Returns from the innermost function.
    fn return_value(&mut self, value: Value) -> R<Next> {
        let Some(frame) = self.current_mut().frames.pop() else {
            return Ok(Next::Returned);
        };
        self.check = self.module.facts.drop.after_return;
        match frame.on_return {
            OnReturn::Push => {
                let caller = self.frame_mut();
                caller.pc += 1;
                caller.progress.clear();
                caller.stack.push(value);
            }
            OnReturn::Resume => {
                self.check = false;
                self.frame_mut().progress.push(value);
            }
            OnReturn::Class { base } => {
                let attributes = match self.object_of(&frame.context) {
                    Some(Object::Namespace(attributes)) => attributes.clone(),
                    _ => Vec::new(),
                };
                let name = self.name_number(&self.module.codes[usize::from(frame.code)].name).unwrap_or(NAME);
                let functions: Vec<Value> = attributes.iter().map(|(_, value)| value.clone()).collect();
                let class = self.allocate(Object::Class { name, base, attributes });
                for function in functions {
                    self.set_owner(&function, &class);
                }
                let caller = self.frame_mut();
                caller.pc += 1;
                caller.progress.clear();
                caller.stack.push(class);
            }
            OnReturn::Future(future) => self.finish_future(&future, Ok(value)),
            OnReturn::End => self.finish_thread(),
        }
        Ok(Next::Returned)
    }

    /// Tells a method of which class it is, for `super()`.
    fn set_owner(&mut self, function: &Value, class: &Value) {
        let inner = match self.object_of(function) {
            Some(Object::Property(getter, setter)) => vec![getter.clone(), setter.clone()],
            Some(Object::Static(inner) | Object::ClassMethod(inner)) => vec![inner.clone()],
            _ => vec![function.clone()],
        };
        for function in inner {
            if let Value::Ref(at) = function
                && let Object::Function { owner, .. } = self.state.object_mut(at)
            {
                *owner = class.clone();
            }
        }
    }

    /// Begins a Python function.
    pub(super) fn enter(&mut self, callee: &Value, mut arguments: Arguments, on_return: OnReturn) -> R<Next> {
        if self.current().frames.len() >= DEEPEST {
            return self.raise("RecursionError", "maximum recursion depth exceeded");
        }
        let mut callee = callee.clone();
        loop {
            match self.object_of(&callee).cloned() {
                Some(Object::Method(function, first)) => {
                    arguments.positional.insert(0, first);
                    callee = function;
                }
                Some(Object::Function { code, defaults, cells, .. }) => {
                    let slots = self.bind(code, &defaults, &cells, arguments)?;
                    self.current_mut().frames.push(Frame {
                        code,
                        pc: 0,
                        slots,
                        stack: Vec::new(),
                        handling: Vec::new(),
                        progress: Vec::new(),
                        on_return,
                        context: callee,
                    });
                    return Ok(Next::Entered);
                }
                Some(Object::Instance { .. }) => match self.lookup_special(&callee, CALL) {
                    Some(method) => callee = method,
                    None => return self.raise("TypeError", "object is not callable"),
                },
                _ => return self.beyond("a call of this in the midst of another"),
            }
        }
    }

    /// The variables of a function that is called with these arguments.
    fn bind(
        &mut self,
        code: u16,
        defaults: &[Value],
        cells: &[Value],
        arguments: Arguments,
    ) -> R<Vec<Value>> {
        let module = self.module;
        let code = &module.codes[usize::from(code)];
        let mut slots = vec![Value::Unbound; code.locals.len()];
        let given = arguments.positional.len();
        if given > code.parameters {
            let message = format!(
                "{}() takes {} positional arguments but {given} were given",
                code.name, code.parameters
            );
            return self.raise("TypeError", &message);
        }
        for (slot, value) in slots.iter_mut().zip(arguments.positional) {
            *slot = value;
        }
        for (name, value) in arguments.keywords {
            let name = self.name(name);
            match code.locals[..code.parameters].iter().position(|known| known == name) {
                Some(at) if slots[at] == Value::Unbound => slots[at] = value,
                Some(_) => {
                    let message = format!("{}() got multiple values for argument '{name}'", code.name);
                    return self.raise("TypeError", &message);
                }
                None => {
                    let message = format!("{}() got an unexpected keyword argument '{name}'", code.name);
                    return self.raise("TypeError", &message);
                }
            }
        }
        let first = code.parameters - defaults.len().min(code.parameters);
        for (slot, default) in slots[first..code.parameters].iter_mut().zip(defaults) {
            if *slot == Value::Unbound {
                *slot = default.clone();
            }
        }
        if let Some(at) = slots[..code.parameters].iter().position(|slot| *slot == Value::Unbound) {
            let message = format!("{}() missing a required argument: '{}'", code.name, code.locals[at]);
            return self.raise("TypeError", &message);
        }
        for &slot in &code.cells {
            let value = std::mem::replace(&mut slots[usize::from(slot)], Value::Unbound);
            slots[usize::from(slot)] = self.allocate(Object::Cell(value));
        }
        for (&(_, slot), cell) in code.captures.iter().zip(cells) {
            slots[usize::from(slot)] = cell.clone();
        }
        Ok(slots)
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each instruction")]
    fn execute(&mut self, instruction: &'m Instruction) -> R<Next> {
        match &instruction.op {
            Op::Nop | Op::LoopEnd => {}
            Op::LoadConst(value) => {
                let value = self.constant(value)?;
                self.push(value);
            }
            Op::LoadFast(slot) => {
                let value = self.frame().slots[usize::from(*slot)].clone();
                if value == Value::Unbound {
                    let code = &self.module.codes[usize::from(self.frame().code)];
                    let message = format!(
                        "local variable '{}' referenced before assignment",
                        code.locals[usize::from(*slot)]
                    );
                    return self.raise("UnboundLocalError", &message);
                }
                self.push(value);
            }
            Op::LoadFastAndClear(slot) => {
                let value =
                    std::mem::replace(&mut self.frame_mut().slots[usize::from(*slot)], Value::Unbound);
                self.push(value);
            }
            Op::StoreFast(slot) => {
                let value = self.peek();
                self.drop_top(1);
                self.frame_mut().slots[usize::from(*slot)] = value;
            }
            Op::PopTop => self.drop_top(1),
            Op::Copy(n) => {
                let value = self.top(usize::from(*n)).first().cloned().unwrap_or(Value::Unbound);
                self.push(value);
            }
            Op::CopyTwo => {
                let two = self.top(2);
                self.frame_mut().stack.extend(two);
            }
            Op::Swap(n) => {
                let stack = &mut self.frame_mut().stack;
                let top = stack.len();
                stack.swap(top - 1, top - usize::from(*n));
            }
            Op::RotThree => {
                let stack = &mut self.frame_mut().stack;
                let top = stack.len();
                stack[top - 3..].rotate_right(1);
            }
            Op::Unary(op) => {
                let value = self.peek();
                let result = self.unary(*op, &value)?;
                self.replace(1, result);
            }
            Op::Binary(op, in_place) => {
                let operands = self.top(2);
                let result = self.binary(*op, *in_place, &operands[0], &operands[1])?;
                self.replace(2, result);
            }
            Op::Compare(op) => {
                let operands = self.top(2);
                let result = self.compare(*op, &operands[0], &operands[1])?;
                self.replace(2, Value::Bool(result));
            }
            Op::Subscript => {
                let operands = self.top(2);
                let result = self.subscript(&operands[0], &operands[1])?;
                self.replace(2, result);
            }
            Op::StoreSubscript => {
                let operands = self.top(3);
                self.store_subscript(&operands[1], &operands[2], operands[0].clone())?;
                self.drop_top(3);
            }
            Op::BuildTuple(count) => {
                let items = self.top(usize::from(*count));
                let tuple = self.tuple(items);
                self.replace(usize::from(*count), tuple);
            }
            Op::BuildList(count) => {
                let items = self.top(usize::from(*count));
                let list = self.list(items);
                self.replace(usize::from(*count), list);
            }
            Op::ListAppend(n) => {
                let values = self.top(usize::from(*n) + 1);
                if let (Some(Value::Ref(at)), Some(item)) = (values.first(), values.last())
                    && let Object::List(items) = self.state.object_mut(*at)
                {
                    items.push(item.clone());
                }
                self.drop_top(1);
            }
            Op::Unpack(count) => {
                let value = self.peek();
                let mut items = self.elements(&value)?;
                let count = usize::from(*count);
                if items.len() != count {
                    let message = if items.len() > count {
                        format!("too many values to unpack (expected {count})")
                    } else {
                        format!("not enough values to unpack (expected {count}, got {})", items.len())
                    };
                    return self.raise("ValueError", &message);
                }
                items.reverse();
                self.drop_top(1);
                self.frame_mut().stack.extend(items);
            }
            Op::Jump(target) => return Ok(Next::To(*target)),
            Op::BreakLoop(target, pops) => {
                if *pops {
                    self.drop_top(1);
                }
                return Ok(Next::To(*target));
            }
            Op::PopJump(when, target) => {
                let value = self.peek();
                let taken = self.truth(&value)? == *when;
                self.drop_top(1);
                self.tested(instruction.check, taken, &value);
                if taken {
                    return Ok(Next::To(*target));
                }
            }
            Op::PopJumpNone(when, target) => {
                let value = self.peek();
                let taken = (value == Value::None) == *when;
                self.drop_top(1);
                self.tested(instruction.check, taken, &value);
                if taken {
                    return Ok(Next::To(*target));
                }
            }
            Op::JumpOrPop(when, target) => {
                let value = self.peek();
                let taken = self.truth(&value)? == *when;
                self.tested(instruction.check, taken, &value);
                if taken {
                    return Ok(Next::To(*target));
                }
                self.drop_top(1);
            }
            Op::GetIter => {
                let value = self.peek();
                let iterator = self.iterator(&value)?;
                self.replace(1, iterator);
            }
            Op::ForIter(target) => {
                let iterator = self.peek();
                match self.next(&iterator)? {
                    Some(value) => self.push(value),
                    None => {
                        self.drop_top(1);
                        return Ok(Next::To(*target));
                    }
                }
            }
            Op::Call(count) => return self.call_op(usize::from(*count), &[]),
            Op::EnterWith => {
                let context = self.peek();
                let entered = self.enter_context(&context)?;
                let exit = self.exit_of(&context)?;
                self.replace(1, exit);
                self.push(entered);
            }
            Op::ExitWith => {
                let exit = self.peek();
                let nones = vec![Value::None; 3];
                self.call_back(&exit, nones)?;
                self.replace(1, Value::None);
            }
            Op::PrintItem => {
                let value = self.peek();
                let text = self.text(&value, false)?;
                self.print(&text);
                self.drop_top(1);
                self.set_check(true);
            }
            Op::Return => {
                let value = self.peek();
                return self.return_value(value);
            }
            Op::ReturnConst(value) => {
                let value = self.constant(value)?;
                return self.return_value(value);
            }
            Op::LoadX | Op::StoreX | Op::MakeFunction(..) => {
                return self.beyond("an instruction of a loop body");
            }
            Op::Program(op) => return self.execute_program_op(op),
        }
        Ok(Next::Follow)
    }

    fn tested(&mut self, check: Check, taken: bool, value: &Value) {
        self.check = match check {
            Check::Never => false,
            Check::Always | Check::Call => true,
            Check::Taken => taken,
            Check::NotBool => !matches!(value, Value::Bool(_)),
        };
    }

    /// Calls what lies below the arguments.
    fn call_op(&mut self, count: usize, names: &[u16]) -> R<Next> {
        let mut values = self.top(count + 1);
        let callee = values.remove(0);
        let keywords = names.iter().copied().zip(values.split_off(count - names.len())).collect();
        let arguments = Arguments { positional: values, keywords };
        if self.is_python(&callee) {
            self.drop_top(count + 1);
            return self.enter(&callee, arguments, OnReturn::Push);
        }
        let silent = self.is_silent(&callee, count);
        let result = self.call_native(&callee, arguments)?;
        if silent {
            self.set_check(false);
        }
        self.replace(count + 1, result);
        Ok(Next::Follow)
    }

    /// Whether the specialised call of this does not look at the eval breaker.
    fn is_silent(&self, callee: &Value, count: usize) -> bool {
        if !self.module.warm {
            return false;
        }
        let name = match (callee, self.object_of(callee)) {
            (Value::Native(name), _) => *name,
            (_, Some(Object::NativeMethod(receiver, name))) => {
                match (self.object_of(receiver), self.name(*name)) {
                    (Some(Object::List(_)), "append") => "list.append",
                    _ => return false,
                }
            }
            _ => return false,
        };
        self.module.facts.drop.silent_calls.contains(&(name, count))
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each instruction")]
    fn execute_program_op(&mut self, op: &'m ProgramOp) -> R<Next> {
        match op {
            ProgramOp::LoadFloat(bits) => self.push(Value::Float(*bits)),
            ProgramOp::LoadGlobal(name) => {
                let value = self.load_global(*name)?;
                self.push(value);
            }
            ProgramOp::StoreGlobal(name) => {
                let value = self.peek();
                self.drop_top(1);
                self.touch_global(*name, true);
                let process = usize::from(self.current().process);
                self.state.globals[process][usize::from(*name)] = value;
            }
            ProgramOp::DeleteGlobal(name) => {
                self.touch_global(*name, true);
                let process = usize::from(self.current().process);
                let place = &mut self.state.globals[process][usize::from(*name)];
                if std::mem::replace(place, Value::Unbound) == Value::Unbound {
                    let message = format!("name '{}' is not defined", self.name(*name));
                    return self.raise("NameError", &message);
                }
            }
            ProgramOp::LoadName(name) => {
                let found = match self.object_of(&self.frame().context) {
                    Some(Object::Namespace(attributes)) => {
                        attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
                    }
                    _ => None,
                };
                let value = match found {
                    Some(value) => value,
                    None => self.load_global(*name)?,
                };
                self.push(value);
            }
            ProgramOp::StoreName(name) => {
                let value = self.peek();
                self.drop_top(1);
                if let Value::Ref(at) = self.frame().context
                    && let Object::Namespace(attributes) = self.state.object_mut(at)
                {
                    set_attribute(attributes, *name, value);
                }
            }
            ProgramOp::LoadDeref(slot) => {
                let cell = self.frame().slots[usize::from(*slot)].clone();
                let Value::Ref(at) = cell else {
                    return self.beyond("a variable that has no cell");
                };
                self.touch(at, false);
                match self.state.object(at) {
                    Object::Cell(Value::Unbound) => {
                        return self.raise("NameError", "a variable is used before it has a value");
                    }
                    Object::Cell(value) => {
                        let value = value.clone();
                        self.push(value);
                    }
                    _ => return self.beyond("a variable that has no cell"),
                }
            }
            ProgramOp::StoreDeref(slot) => {
                let value = self.peek();
                self.drop_top(1);
                if let Value::Ref(at) = self.frame().slots[usize::from(*slot)] {
                    self.touch(at, true);
                    *self.state.object_mut(at) = Object::Cell(value);
                }
            }
            ProgramOp::DeleteFast(slot) => self.frame_mut().slots[usize::from(*slot)] = Value::Unbound,
            ProgramOp::LoadAttr(name) => {
                let object = self.peek();
                let value = self.load_attribute(&object, *name)?;
                self.replace(1, value);
            }
            ProgramOp::StoreAttr(name) => {
                let operands = self.top(2);
                self.store_attribute(&operands[1], *name, operands[0].clone())?;
                self.drop_top(2);
            }
            ProgramOp::DeleteAttr(name) => {
                let object = self.peek();
                self.delete_attribute(&object, *name)?;
                self.drop_top(1);
            }
            ProgramOp::DeleteSubscript => {
                let operands = self.top(2);
                self.delete_subscript(&operands[0], &operands[1])?;
                self.drop_top(2);
            }
            ProgramOp::CallKeywords(count, names) => return self.call_op(usize::from(*count), names),
            ProgramOp::BuildMap(count) => {
                let count = 2 * usize::from(*count);
                let items = self.top(count);
                let dict = self.once(|machine| Ok(machine.allocate(Object::Dict(Vec::new(), None))))?;
                for pair in items.chunks_exact(2) {
                    self.store_subscript(&dict, &pair[0], pair[1].clone())?;
                }
                self.accesses.clear();
                self.replace(count, dict);
            }
            ProgramOp::BuildSet(count) => {
                let items = self.top(usize::from(*count));
                let items = self.unique(items)?;
                let set = self.allocate(Object::Set(items));
                self.replace(usize::from(*count), set);
            }
            ProgramOp::BuildSlice => {
                let parts = self.top(3);
                let slice =
                    self.allocate(Object::Slice(parts[0].clone(), parts[1].clone(), parts[2].clone()));
                self.replace(3, slice);
            }
            ProgramOp::BuildString(count) => {
                let parts = self.top(usize::from(*count));
                let mut text = String::new();
                for part in &parts {
                    if let Value::Str(part) = part {
                        text.push_str(part);
                    }
                }
                self.replace(usize::from(*count), Value::str(&text));
            }
            ProgramOp::Format(repr, format) => {
                let value = self.peek();
                let value = if *repr { Value::str(&self.text(&value, true)?) } else { value };
                let text = self.format(&value, format)?;
                self.replace(1, Value::str(&text));
            }
            ProgramOp::SetAdd(n) => {
                let values = self.top(usize::from(*n) + 1);
                if let (Some(Value::Ref(at)), Some(item)) = (values.first(), values.last()) {
                    self.set_add(*at, item.clone())?;
                }
                self.drop_top(1);
            }
            ProgramOp::MapAdd(n) => {
                let values = self.top(usize::from(*n) + 2);
                let count = values.len();
                self.store_subscript(&values[0], &values[count - 2], values[count - 1].clone())?;
                self.drop_top(2);
            }
            ProgramOp::MakeFunction(code, defaults, captures) => {
                let popped = usize::from(*defaults > 0);
                let defaults = match (popped, self.object_of(&self.peek())) {
                    (1, Some(Object::Tuple(items))) => items.clone(),
                    _ => Vec::new(),
                };
                let cells =
                    captures.iter().map(|&slot| self.frame().slots[usize::from(slot)].clone()).collect();
                let function = Object::Function { code: *code, defaults, cells, owner: Value::None };
                let function = self.allocate(function);
                self.replace(popped, function);
            }
            ProgramOp::BuildClass(code, has_base, captures) => {
                let base = if *has_base { self.peek() } else { Value::Native("object") };
                match (&base, self.object_of(&base)) {
                    (_, Some(Object::Class { .. })) | (Value::Native("object" | "threading.Thread"), _) => {}
                    (Value::Native(name), _) if library::exception_base(name).is_some() => {}
                    _ => return self.beyond("this base class"),
                }
                self.drop_top(usize::from(*has_base));
                let module = self.module;
                let inner = &module.codes[usize::from(*code)];
                let mut slots = vec![Value::Unbound; inner.locals.len()];
                for (&(_, slot), &outer) in inner.captures.iter().zip(captures) {
                    slots[usize::from(slot)] = self.frame().slots[usize::from(outer)].clone();
                }
                let context = self.allocate(Object::Namespace(Vec::new()));
                self.current_mut().frames.push(Frame {
                    code: *code,
                    pc: 0,
                    slots,
                    stack: Vec::new(),
                    handling: Vec::new(),
                    progress: Vec::new(),
                    on_return: OnReturn::Class { base },
                    context,
                });
                return Ok(Next::Entered);
            }
            ProgramOp::LoadLibrary(module, item) => {
                let python2 = self.module.facts.shape.python2;
                if library::is_missing(module, python2) {
                    return self.raise("ImportError", &format!("No module named {module}"));
                }
                let value = if item.is_empty() {
                    match library::module(module) {
                        Some(name) => self.allocate(Object::Module(name.into())),
                        None => return self.beyond(format!("the module {module}")),
                    }
                } else {
                    match library::item(module, item) {
                        Some(name) => Value::Native(name),
                        None => return self.beyond(format!("{module}.{item}")),
                    }
                };
                self.push(value);
            }
            ProgramOp::LoadSuper if self.module.facts.shape.python2 => {
                return self.raise("TypeError", "super() takes at least 1 argument (0 given)");
            }
            ProgramOp::LoadSuper => {
                let owner = match self.object_of(&self.frame().context) {
                    Some(Object::Function { owner, .. }) => owner.clone(),
                    _ => Value::None,
                };
                let mut first = self.frame().slots.first().cloned().unwrap_or(Value::Unbound);
                if let Some(Object::Cell(inner)) = self.object_of(&first) {
                    first = inner.clone();
                }
                let value = self.allocate(Object::Super(owner, first));
                self.push(value);
            }
            ProgramOp::Raise => {
                let raised = self.peek();
                let exception = match self.object_of(&raised) {
                    Some(Object::Instance { .. }) => raised,
                    _ => {
                        self.call_native(&raised, Arguments { positional: Vec::new(), keywords: Vec::new() })?
                    }
                };
                return Err(Stop::Raise(exception));
            }
            ProgramOp::Reraise => {
                return match self.frame().handling.last() {
                    Some(exception) => Err(Stop::Raise(exception.clone())),
                    None => self.raise("RuntimeError", "No active exception to reraise"),
                };
            }
            ProgramOp::LoadException => {
                let exception = self.frame().handling.last().cloned().unwrap_or(Value::None);
                self.push(exception);
            }
            ProgramOp::JumpUnlessMatch(target) => {
                let class = self.peek();
                let exception = self.frame().handling.last().cloned().unwrap_or(Value::None);
                let matches = self.is_exception(&exception, &class);
                self.drop_top(1);
                if !matches {
                    return Ok(Next::To(*target));
                }
            }
            ProgramOp::LeaveHandler => {
                self.frame_mut().handling.pop();
            }
            ProgramOp::ExitWithException => {
                let exit = self.peek();
                let exception = self.frame().handling.last().cloned().unwrap_or(Value::None);
                let class = match self.object_of(&exception) {
                    Some(Object::Instance { class, .. }) => class.clone(),
                    _ => Value::None,
                };
                let result = self.call_back(&exit, vec![class, exception, Value::None])?;
                self.replace(1, result);
            }
            ProgramOp::FailAssertion(has_message) => {
                let args = if *has_message { vec![self.peek()] } else { Vec::new() };
                let exception = self.allocate(Object::Instance {
                    class: Value::Native("AssertionError"),
                    attributes: Vec::new(),
                    part: Part::Exception(args),
                });
                return Err(Stop::Raise(exception));
            }
        }
        Ok(Next::Follow)
    }

    fn load_global(&mut self, name: u16) -> R<Value> {
        let process = usize::from(self.current().process);
        let value = self.state.globals[process][usize::from(name)].clone();
        self.touch_global(name, false);
        if value != Value::Unbound {
            return Ok(value);
        }
        let text = self.name(name);
        let python2 = self.module.facts.shape.python2;
        match library::builtin(text) {
            Some("xrange") if !python2 => {}
            Some(builtin) => return Ok(Value::Native(builtin)),
            None => {}
        }
        let message = format!("name '{text}' is not defined");
        self.raise("NameError", &message)
    }

    fn constant(&mut self, value: &crate::python::program::Value) -> R<Value> {
        use crate::python::program::Value as Constant;
        Ok(match value {
            Constant::None => Value::None,
            Constant::Bool(truth) => Value::Bool(*truth),
            Constant::Int(int) => Value::Int(*int),
            Constant::Str(text) => Value::str(text),
            Constant::Tuple(items) => {
                let items = items.iter().map(|item| self.constant(item)).collect::<R<Vec<_>>>()?;
                self.tuple(items)
            }
            _ => return self.beyond("a constant of this kind"),
        })
    }
}

/// Binds an attribute.
pub(super) fn set_attribute(attributes: &mut Vec<(u16, Value)>, name: u16, value: Value) {
    match attributes.iter_mut().find(|(known, _)| *known == name) {
        Some((_, place)) => *place = value,
        None => attributes.push((name, value)),
    }
}

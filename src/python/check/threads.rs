//! Threads: how each begins and is waited for, and what can be asked of it.

use std::sync::Arc;

use super::machine::{Arguments, Machine, Next, R, RUN, Stop, Wait, beyond};
use super::names::name_of;
use super::state::{Attributes, Object, OnReturn, Part, Thread, ThreadPart, Value};
use super::sync::MOST_THREADS;
use crate::python::program::Position;
use crate::python::version::Version;

impl Machine<'_> {
    /// A method of a thread.
    pub(super) fn thread_method(&mut self, at: u32, name: &str, arguments: Arguments) -> R<Value> {
        let Object::Instance { part: Part::Thread(part), .. } = self.state.object(at).clone() else {
            return beyond(format!("the method {name} of this"));
        };
        match name {
            "start" => self.thread_start(at),
            "join" => {
                let wait = self.time_limit(&arguments, 0)?;
                self.thread_join(at, wait)
            }
            "run" => self.thread_run(at, *part),
            "is_alive" => self.is_alive(at),
            "setDaemon" => {
                let daemon = self.keyword(&arguments, "daemonic", 0).unwrap_or(Value::Bool(true));
                let daemon = self.truth(&daemon)?;
                if let Object::Instance { part: Part::Thread(part), .. } = self.state.object_mut(at) {
                    part.daemon = daemon;
                }
                Ok(Value::None)
            }
            "getName" => name_of(&part),
            "cancel" => match part.args {
                Ok(args) if self.is_timer(&part.target) => self.call_method(&args[0], "set", arguments),
                _ => self.no_attribute(&Value::Ref(at), "cancel"),
            },
            "__init__" => self.initialise_thread(at, arguments),
            _ => beyond(format!("the method {name} of a thread")),
        }
    }

    /// A `Thread`, a `Process` or a `Timer`: a thread that waits for an event, and then calls the function unless that is set.
    pub(super) fn make_thread(&mut self, class: &str, arguments: Arguments) -> R<Value> {
        let mut part = ThreadPart::new();
        part.process = class == "multiprocessing.Process";
        let made = Object::Instance {
            class: Value::Native("threading.Thread"),
            attributes: Vec::new(),
            part: Part::Thread(Box::new(part)),
        };
        let thread = self.allocate(made);
        let Value::Ref(at) = thread else { return Ok(thread) };
        if class != "threading.Timer" {
            self.initialise_thread(at, arguments)?;
            return Ok(thread);
        }
        self.initialise_thread(at, Self::positional(Vec::new()))?;
        let given = |machine: &Self, name, position| {
            machine.keyword(&arguments, name, position).filter(|it| *it != Value::None)
        };
        let (Some(interval), Some(function)) = (given(self, "interval", 0), given(self, "function", 1))
        else {
            return beyond("a Timer without an interval or a function");
        };
        let finished = self.allocate(Object::Event(false, Vec::new()));
        let args = given(self, "args", 2).unwrap_or_else(|| self.list(Vec::new()));
        let kwargs =
            given(self, "kwargs", 3).unwrap_or_else(|| self.allocate(Object::Dict(Vec::new(), None)));
        let target = self.library_function(self.module.timer());
        if let Object::Instance { part: Part::Thread(part), .. } = self.state.object_mut(at) {
            part.target = target;
            part.args = Ok(vec![finished, interval, function, args, kwargs]);
        }
        Ok(thread)
    }

    /// Where the program has asked for what a function of the library does: it stands in no line of its own.
    pub(super) fn asked_for(&self, thread: usize) -> Option<Position> {
        let thread = self.state.threads.get(thread)?;
        let frame = thread.frames.last().filter(|frame| frame.code >= self.module.library)?;
        let asked = match (&frame.on_return, &thread.object) {
            (OnReturn::Future(Value::Ref(at)), _) | (_, Value::Ref(at)) => *at as usize,
            _ => return None,
        };
        let site = self.state.heap[asked].site;
        self.module.instruction(site.code, site.instruction())?.position
    }

    /// Whether that is the target of a `Timer`.
    fn is_timer(&self, target: &Value) -> bool {
        let timer = Some(self.module.timer()).filter(|timer| *timer >= self.module.library);
        matches!(self.object_of(target), Some(Object::Function { code, .. }) if Some(*code) == timer)
    }

    /// A function of the library that is written in Python.
    fn library_function(&mut self, code: u16) -> Value {
        self.allocate(Object::Function { code, defaults: Vec::new(), cells: Vec::new(), owner: Value::None })
    }

    /// `Thread.run` where the program calls it: it calls the target, and forgets it.
    fn thread_run(&mut self, at: u32, part: ThreadPart) -> R<Value> {
        self.needs_init(part.initialised, "AttributeError", "Thread")?;
        match part.target {
            Value::None => Ok(Value::None),
            Value::Unbound => self.raise_unworded("AttributeError"),
            target => {
                let Ok(positional) = part.args else { return beyond("run() with such args") };
                self.call_back_with(&target, Arguments { positional, keywords: part.keywords })?;
                if let Object::Instance { part: Part::Thread(part), .. } = self.state.object_mut(at) {
                    part.target = Value::Unbound;
                }
                Ok(Value::None)
            }
        }
    }

    /// What a thread was given: `_target`, `_args` or `_kwargs`, as a `run` of the program's own reads them.
    pub(super) fn given_to_thread(&mut self, part: &ThreadPart, name: &str) -> R<Value> {
        match (name, &part.args) {
            _ if !part.initialised || part.target == Value::Unbound => self.raise_unworded("AttributeError"),
            ("_target", _) => Ok(part.target.clone()),
            ("_kwargs", _) => {
                let keywords = part.keywords.clone();
                Ok(self.dict_of(keywords))
            }
            (_, Ok(args)) => {
                let args = args.clone();
                Ok(self.tuple(args))
            }
            (_, Err(args)) => Ok(args.clone()),
        }
    }

    /// Begins a call of anything: of what is not written in Python by the library's function that calls it.
    pub(super) fn enter_any(&mut self, callee: &Value, arguments: Arguments, on_return: OnReturn) -> R<Next> {
        if self.is_python(callee) && !self.makes_generator(callee) {
            return self.enter(callee, arguments, on_return);
        }
        let args = self.tuple(arguments.positional);
        let kwargs = self.dict_of(arguments.keywords);
        let run = self.library_function(self.module.run());
        self.enter(&run, Self::positional(vec![callee.clone(), args, kwargs]), on_return)
    }

    /// What a function of the library tells of threads.
    pub(super) fn ask_of_threads(&mut self, function: &'static str) -> R<Value> {
        match function {
            "threading.current_thread" => self.current_thread(),
            "threading.get_ident" => Ok(self.ident_of(self.thread)),
            "threading.main_thread" if self.current().process == 0 => {
                Ok(self.state.threads[0].object.clone())
            }
            "threading.enumerate" => {
                let alive = self.alive_threads()?;
                Ok(self.list(alive))
            }
            "threading.active_count" => Self::int(i64::try_from(self.alive_threads()?.len()).ok()),
            _ => beyond(format!("this call of {function}()")),
        }
    }

    /// The dict of arguments by name.
    fn dict_of(&mut self, keywords: Attributes) -> Value {
        let mut pairs = Vec::new();
        for (name, value) in keywords {
            pairs.push((Value::str(self.name(name)), value));
        }
        self.allocate(Object::Dict(pairs, None))
    }

    /// `threading.enumerate()`: the threads that are alive, the main thread first.
    pub(super) fn alive_threads(&mut self) -> R<Vec<Value>> {
        let process = self.current().process;
        if process != 0 {
            return beyond("the threads of another process");
        }
        let mut alive = Vec::new();
        for number in 0..self.state.threads.len() {
            let thread = Arc::clone(&self.state.threads[number]);
            if thread.process != process {
                continue;
            }
            if let Value::Ref(at) = thread.object {
                self.touch(at, false);
            }
            // The main thread stays among them until the interpreter ends.
            if !thread.finished || number == 0 {
                alive.push(thread.object.clone());
            }
        }
        Ok(alive)
    }

    pub(super) fn thread_start(&mut self, at: u32) -> R<Value> {
        let Object::Instance { class, attributes, part: Part::Thread(part) } = self.state.object(at).clone()
        else {
            return beyond("start() of this");
        };
        self.needs_init(part.initialised, "RuntimeError", "thread")?;
        if part.number.is_some() {
            self.touch(at, false);
            if part.process {
                return self.raise("AssertionError", "cannot start a process twice");
            }
            return self.raise("RuntimeError", "threads can only be started once");
        }
        if self.state.threads.len() >= MOST_THREADS {
            return beyond(format!("more than {MOST_THREADS} threads"));
        }
        // Python gh-113964.
        if self.state.threads[0].finished && self.module.version == Version::V3_12 && !part.process {
            return beyond(
                "a thread that is started after the main thread's end: 3.12.0 to 3.12.2 raise RuntimeError, later releases do not",
            );
        }
        let number = self.state.threads.len();
        if let Object::Instance { part: Part::Thread(part), .. } = self.state.object_mut(at) {
            part.number = u8::try_from(number).ok();
        }
        let object = Value::Ref(at);
        let own = attributes.into_iter().find(|(name, _)| *name == RUN);
        let run = match self.in_class(&class, RUN) {
            _ if let Some((_, run)) = own => Some((run, Self::positional(Vec::new()))),
            Some(run) => Some((run, Arguments { positional: vec![object.clone()], keywords: Vec::new() })),
            None if part.target == Value::None => None,
            None => {
                let positional = part.args.clone().unwrap_or_default();
                Some((part.target.clone(), Arguments { positional, keywords: part.keywords.clone() }))
            }
        };
        let mut thread = Thread { daemon: part.daemon, ..Thread::new(object, self.current().process) };
        self.give_ident(&mut thread);
        let me = self.thread;
        self.state.threads.push(Arc::new(thread));
        self.thread = number;
        let begun = match run {
            None => {
                self.finish_thread();
                Ok(())
            }
            Some((callee, arguments)) => {
                let begun = match &part.args {
                    Err(value) if callee == part.target => self.cannot_be_spread(&callee, value),
                    _ => self.begin_thread(&callee, arguments, part.process),
                };
                self.ends_at_once(begun)
            }
        };
        self.thread = me;
        begun?;
        self.touch(at, true);
        Ok(Value::None)
    }

    fn begin_thread(&mut self, callee: &Value, mut arguments: Arguments, process: bool) -> R<()> {
        let mut callee = callee.clone();
        if process {
            let mut roots = vec![callee];
            roots.append(&mut arguments.positional);
            roots.extend(arguments.keywords.iter().map(|(_, value)| value.clone()));
            let mut roots = self.begin_process(roots)?.into_iter();
            callee = roots.next().unwrap_or(Value::None);
            let mut roots: Vec<Value> = roots.collect();
            let keywords = roots.split_off(roots.len() - arguments.keywords.len());
            for ((_, place), value) in arguments.keywords.iter_mut().zip(keywords) {
                *place = value;
            }
            arguments.positional = roots;
        }
        self.enter_any(&callee, arguments, OnReturn::End).map(drop)
    }

    /// Ends the thread that runs if its call raises before anything of it is done.
    fn ends_at_once(&mut self, begun: R<()>) -> R<()> {
        match begun {
            Err(Stop::Raise(exception)) => {
                let text = self.exception_text(&exception)?;
                self.state.uncaught.push(text.into());
                self.finish_thread();
                Ok(())
            }
            others => others,
        }
    }

    /// Raises unless `Thread.__init__` was called.
    pub(super) fn needs_init(&mut self, initialised: bool, class: &'static str, word: &str) -> R<()> {
        if initialised { Ok(()) } else { self.raise(class, &format!("{word}.__init__() not called")) }
    }

    pub(super) fn thread_join(&mut self, at: u32, wait: Wait) -> R<Value> {
        let Object::Instance { part: Part::Thread(part), .. } = self.state.object(at) else {
            return beyond("join() of this");
        };
        let (number, process) = (part.number, part.process);
        self.needs_init(part.initialised, "RuntimeError", "Thread")?;
        let Some(number) = number else {
            self.touch(at, false);
            if process {
                return self.raise("AssertionError", "can only join a started process");
            }
            return self.raise("RuntimeError", "cannot join thread before it is started");
        };
        if number == self.number() {
            return self.raise("RuntimeError", "cannot join current thread");
        }
        if self.has_ended(number) {
            self.assumed.pipes |= process && self.leaves_on_queues();
            Arc::make_mut(&mut self.state.threads[usize::from(number)]).joined = true;
            self.calls_stop(at)?;
        } else {
            self.block(wait)?;
        }
        self.touch(at, false);
        Ok(Value::None)
    }

    /// Whether more is left on a queue of processes than a number of each process, which a pipe holds.
    fn leaves_on_queues(&self) -> bool {
        let processes = self.state.globals.len();
        let is_much =
            |items: &[Value]| items.len() >= processes || items.iter().any(|item| !item.is_number());
        self.state.heap.iter().any(|entry| match &entry.object {
            Object::Queue(items, ..) => entry.site.is_of_processes() && !items.is_empty() && is_much(items),
            _ => false,
        })
    }

    pub(super) fn is_alive(&mut self, at: u32) -> R<Value> {
        self.touch(at, false);
        let Object::Instance { part: Part::Thread(part), .. } = self.state.object(at) else {
            return beyond("is_alive() of this");
        };
        let number = part.number;
        self.needs_init(part.initialised, "AssertionError", "Thread")?;
        let alive = number.map(|number| !self.has_ended(number));
        if alive == Some(false) {
            self.calls_stop(at)?;
        }
        Ok(Value::Bool(alive.unwrap_or(false)))
    }
}

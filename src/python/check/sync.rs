//! Threads, locks and what else threads wait for.
//!
//! Waiting is an instruction that is begun again whenever its thread is tried: [`Stop::Block`] until it can go on.

use std::sync::Arc;

use super::machine::{Arguments, Machine, Next, R, RUN, Stop, Use, Wait, beyond};
use super::state::{Object, OnReturn, Part, Thread, Value};

/// What a task has to be.
const NO_FUNCTION: &str = "a task that is no function of the program";

/// The owner of an `RLock` is told by its ident.
pub(super) const KEPT: &str =
    "an RLock that a thread has kept which has ended: another one may have its number by now";

/// The most threads of a program.
pub(super) const MOST_THREADS: usize = 12;

impl Machine<'_> {
    pub(super) fn number(&self) -> u8 {
        u8::try_from(self.thread).unwrap_or(u8::MAX)
    }

    pub(super) fn has_ended(&self, thread: u8) -> bool {
        self.state.threads[usize::from(thread)].finished
    }

    /// Takes a lock, a semaphore or a condition's lock; `False` if it is taken and there is no waiting.
    pub(super) fn acquire(&mut self, lock: &Value, wait: Wait) -> R<Value> {
        let me = self.number();
        let Value::Ref(at) = *lock else {
            return self.type_error("cannot be acquired", &[lock]);
        };
        if self.wakes_with(at) {
            self.touch_lock(at, Use::Take);
            return Ok(Value::Bool(true));
        }
        let taken = match self.state.object(at).clone() {
            Object::Condition(inner, _) => return self.acquire(&inner, wait),
            Object::Lock(None) => Object::Lock(Some(me)),
            Object::RLock(None, _) => Object::RLock(Some(me), 1),
            Object::RLock(Some(owner), depth) if owner == me => Object::RLock(Some(me), depth + 1),
            Object::RLock(Some(owner), _) if self.has_ended(owner) => {
                return beyond(KEPT);
            }
            Object::Semaphore(left, most) if left > 0 => Object::Semaphore(left - 1, most),
            object => {
                let is_lock = matches!(object, Object::Lock(_) | Object::RLock(..));
                self.sleeps_at(is_lock.then_some(at));
                self.block_at(at, wait)?;
                self.sleeps_at(None);
                self.touch_lock(at, Use::Miss);
                return Ok(Value::Bool(false));
            }
        };
        self.sleeps_at(None);
        self.touch_lock(at, Use::Take);
        let again = matches!(taken, Object::RLock(_, 2..));
        *self.state.object_mut(at) = taken;
        // An RLock of 2.7, which is written in Python, says so otherwise.
        let is_one = again && self.module.facts.shape.python2;
        Ok(if is_one { Value::Int(1) } else { Value::Bool(true) })
    }

    pub(super) fn release(&mut self, lock: &Value) -> R<Value> {
        let me = self.number();
        let Value::Ref(at) = *lock else {
            return self.type_error("cannot be released", &[lock]);
        };
        let freed = match self.state.object(at).clone() {
            Object::Condition(inner, _) => return self.release(&inner),
            Object::Lock(Some(_)) => Object::Lock(None),
            Object::RLock(Some(owner), 1) if owner == me => Object::RLock(None, 0),
            Object::RLock(Some(owner), depth) if owner == me => Object::RLock(Some(me), depth - 1),
            Object::RLock(Some(owner), _) if self.has_ended(owner) => {
                return beyond(KEPT);
            }
            Object::Semaphore(..) => return self.release_semaphore(at, 1),
            // What others do with it makes no difference to that.
            Object::RLock(..) => return self.raise("RuntimeError", "cannot release un-acquired lock"),
            object => {
                self.touch_lock(at, Use::Free);
                let of_processes = self.state.heap[at as usize].site.is_of_processes();
                let python2 = self.module.facts.shape.python2;
                return match object {
                    _ if of_processes => {
                        self.raise("ValueError", "semaphore or lock released too many times")
                    }
                    _ if python2 => self.raise("thread.error", "release unlocked lock"),
                    _ => self.raise("RuntimeError", "release unlocked lock"),
                };
            }
        };
        self.touch_lock(at, Use::Release);
        *self.state.object_mut(at) = freed;
        self.offers(at);
        Ok(Value::None)
    }

    /// Lets so many more take a semaphore.
    pub(super) fn release_semaphore(&mut self, at: u32, times: i64) -> R<Value> {
        let Object::Semaphore(left, most) = *self.state.object(at) else {
            return beyond("release() of this");
        };
        if most.is_some_and(|most| times > most - left) {
            self.touch_lock(at, Use::Free);
            return self.raise("ValueError", "Semaphore released too many times");
        }
        let Some(left) = left.checked_add(times) else { return beyond("so many of a semaphore") };
        self.touch_lock(at, Use::Release);
        *self.state.object_mut(at) = Object::Semaphore(left, most);
        self.offers(at);
        Ok(Value::None)
    }

    /// `Barrier.wait`: the number of those who are still to come.
    pub(super) fn barrier_wait(&mut self, barrier: u32) -> R<Value> {
        let generation = self.once(|machine| {
            machine.touch(barrier, true);
            let Object::Barrier(parties, waiting, round) = machine.state.object_mut(barrier) else {
                return Err(Stop::Block);
            };
            let mine = i64::from(*round) * 100 + i64::from(*parties - *waiting - 1);
            *waiting += 1;
            if waiting == parties {
                *waiting = 0;
                *round += 1;
            }
            Ok(Value::Int(mine))
        })?;
        let mine = generation.as_int().unwrap_or(0);
        self.touch(barrier, false);
        match self.state.object(barrier) {
            Object::Barrier(_, _, round) if i64::from(*round) > mine / 100 => Ok(Value::Int(mine % 100)),
            _ => Err(Stop::Block),
        }
    }

    // ---- threads ----

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
        match self.enter(&callee, arguments, OnReturn::End) {
            Ok(_) => Ok(()),
            Err(Stop::Raise(exception)) => Err(Stop::Raise(exception)),
            Err(_) => beyond("a thread whose target is no function of the program"),
        }
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
            Arc::make_mut(&mut self.state.threads[usize::from(number)]).joined = true;
            self.calls_stop(at)?;
        } else {
            self.block(wait)?;
        }
        self.touch(at, false);
        Ok(Value::None)
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

    // ---- executors ----

    pub(super) fn submit(&mut self, executor: u32, mut arguments: Arguments) -> R<Value> {
        self.touch(executor, true);
        let call = std::mem::take(&mut arguments.positional);
        let is_python = |callee: &Value| {
            let object = self.object_of(callee);
            matches!(object, Some(Object::Function { .. } | Object::Method(..) | Object::Instance { .. }))
        };
        if call.first().is_some_and(|callee| !is_python(callee)) {
            return beyond(NO_FUNCTION);
        }
        let future = self.allocate(Object::Future { call, keywords: arguments.keywords, done: None });
        let Object::Executor { closed, workers, most, idle, prefix, .. } = self.state.object(executor) else {
            return beyond("submit() of this");
        };
        if *closed {
            return self.raise("RuntimeError", "cannot schedule new futures after shutdown");
        }
        // As _idle_semaphore, of which a worker is counted only after its first task.
        let has_idle = *idle > 0;
        let new_worker = !has_idle && workers.len() < *most;
        let (workers, prefix) = (workers.len(), prefix.clone());
        if let Object::Executor { tasks, idle, .. } = self.state.object_mut(executor) {
            tasks.push(future.clone());
            *idle -= usize::from(has_idle);
        }
        if new_worker {
            if self.state.threads.len() >= MOST_THREADS {
                return beyond(format!("more than {MOST_THREADS} threads"));
            }
            let number = self.state.threads.len();
            let process = self.current().process;
            let object = self.worker_object(&prefix, workers);
            // Who waits for the executor, or for a result of it, comes after what it did.
            let mut worker =
                Thread { joined: true, executor: Some(Value::Ref(executor)), ..Thread::new(object, process) };
            self.give_ident(&mut worker);
            self.state.threads.push(Arc::new(worker));
            if let Object::Executor { workers, .. } = self.state.object_mut(executor) {
                workers.push(u8::try_from(number).unwrap_or(u8::MAX));
            }
        }
        Ok(future)
    }

    /// A worker of an executor takes its next task, or ends.
    pub(super) fn next_task(&mut self) -> R<()> {
        let Some(Value::Ref(executor)) = self.current().executor else {
            self.finish_thread();
            return Ok(());
        };
        let Object::Executor { tasks, closed, .. } = self.state.object(executor) else {
            return beyond("a worker without an executor");
        };
        let Some(future) = tasks.first().cloned() else {
            if *closed || self.state.threads[0].finished {
                self.touch(executor, true);
                self.finish_thread();
                return Ok(());
            }
            return Err(Stop::Block);
        };
        self.touch(executor, true);
        if let Object::Executor { tasks, .. } = self.state.object_mut(executor) {
            tasks.remove(0);
        }
        let Some(Object::Future { call, keywords, .. }) = self.object_of(&future).cloned() else {
            return beyond("a task that is none");
        };
        let Some((callee, positional)) = call.split_first() else {
            return beyond("submit() without a function");
        };
        let arguments = Arguments { positional: positional.to_vec(), keywords };
        match self.enter(callee, arguments, OnReturn::Future(future.clone())) {
            Ok(Next::Entered) => Ok(()),
            Err(Stop::Raise(exception)) => {
                self.finish_future(&future, Err(exception));
                Ok(())
            }
            _ => beyond(NO_FUNCTION),
        }
    }

    pub(super) fn finish_future(&mut self, future: &Value, result: Result<Value, Value>) {
        if let Value::Ref(at) = *future {
            self.touch(at, true);
            if let Object::Future { done, .. } = self.state.object_mut(at) {
                *done = Some(result);
            }
            if let Some(Value::Ref(executor)) = self.current().executor
                && let Object::Executor { idle, .. } = self.state.object_mut(executor)
            {
                *idle += 1;
            }
        }
    }

    pub(super) fn future_result(&mut self, future: &Value, wait: Wait) -> R<Value> {
        let Value::Ref(at) = *future else {
            return beyond("result() of this");
        };
        if let Object::Future { done: Some(result), .. } = self.state.object(at).clone() {
            self.touch(at, false);
            return result.map_err(Stop::Raise);
        }
        self.block_at(at, wait)?;
        self.touch(at, false);
        self.raise("TimeoutError", "")
    }

    /// Cancels those of an executor's tasks that are left to be asked for and not begun, as `Executor.map` does once one has raised: the
    /// generator that it is has ended then.
    pub(super) fn cancel(&mut self, executor: &Value, left: &Value) {
        let left = match *left {
            Value::Ref(at) => match self.state.object_mut(at) {
                Object::Pulled(futures, taken) => {
                    let left = futures.get(*taken..).unwrap_or_default().to_vec();
                    *taken = futures.len();
                    left
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        let Value::Ref(at) = *executor else { return };
        self.touch(at, true);
        if let Object::Executor { tasks, .. } = self.state.object_mut(at) {
            tasks.retain(|task| !left.contains(task));
        }
    }

    /// Submits a call for each element; the futures.
    pub(super) fn submit_all(&mut self, executor: u32, function: &Value, items: &Value) -> R<Vec<Value>> {
        let submit = |machine: &mut Self, item| {
            machine.submit(executor, Self::positional(vec![function.clone(), item]))
        };
        if self.is_computed(items) {
            let iterator = self.iterator_once(items)?;
            let mut futures = Vec::new();
            while let Some(item) = self.next(&iterator)? {
                futures.push(self.once(|machine| submit(machine, item))?);
            }
            return Ok(futures);
        }
        let futures = self.once(|machine| {
            let futures: R<Vec<Value>> =
                machine.elements(items)?.into_iter().map(|item| submit(machine, item)).collect();
            futures.map(|futures| machine.list(futures))
        })?;
        self.elements(&futures)
    }

    /// `Executor.shutdown`, which waits for the tasks.
    pub(super) fn shutdown(&mut self, executor: u32, waits: bool) -> R<Value> {
        self.once(|machine| {
            machine.touch(executor, true);
            if let Object::Executor { closed, .. } = machine.state.object_mut(executor) {
                *closed = true;
            }
            Ok(Value::None)
        })?;
        let Object::Executor { workers, .. } = self.state.object(executor) else {
            return beyond("shutdown() of this");
        };
        if waits && workers.iter().any(|&worker| !self.state.threads[usize::from(worker)].finished) {
            return Err(Stop::Block);
        }
        Ok(Value::None)
    }
}

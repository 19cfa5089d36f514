//! Locks, barriers and executors, and what else threads wait for.
//!
//! Waiting is an instruction that is begun again whenever its thread is tried: [`Stop::Block`] until it can go on.

use std::sync::Arc;

use super::machine::{Arguments, Machine, R, Stop, Use, Wait, beyond};
use super::state::{Object, OnReturn, Thread, Value};
use crate::python::version::Version;

/// The owner of an `RLock` is told by its ident.
pub(super) const KEPT: &str =
    "an RLock that a thread has kept which has ended: another one may have its number by now";

/// `BrokenBarrierError` is not modelled.
pub(super) const BROKEN: &str = "an exception in what a Barrier does, which breaks it";

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

    /// `Barrier.wait`: how many had come before. The last one does what the barrier was given to do, and lets the others go on.
    pub(super) fn barrier_wait(&mut self, barrier: u32) -> R<Value> {
        let mine = self.once(|machine| {
            let Object::Barrier(parties, waiting, round, action) = machine.state.object_mut(barrier) else {
                return Err(Stop::Block);
            };
            if waiting == parties {
                return Err(Stop::Block);
            }
            let mine = i64::from(*round) * 100 + i64::from(*waiting);
            *waiting += 1;
            if waiting == parties && *action == Value::None {
                (*waiting, *round) = (0, *round + 1);
            }
            machine.touch(barrier, true);
            Ok(Value::Int(mine))
        })?;
        let mine = mine.as_int().unwrap_or(0);
        let Object::Barrier(parties, _, _, action) = self.state.object(barrier).clone() else {
            return Err(Stop::Block);
        };
        if action != Value::None && mine % 100 + 1 == i64::from(parties) {
            match self.call_back(&action, Vec::new()) {
                Err(Stop::Raise(_)) => return beyond(BROKEN),
                done => done?,
            };
            self.once(|machine| {
                machine.touch(barrier, true);
                if let Object::Barrier(_, waiting, round, _) = machine.state.object_mut(barrier) {
                    (*waiting, *round) = (0, *round + 1);
                }
                Ok(Value::None)
            })?;
        }
        self.touch(barrier, false);
        match self.state.object(barrier) {
            Object::Barrier(_, _, round, _) if i64::from(*round) > mine / 100 => Ok(Value::Int(mine % 100)),
            _ => Err(Stop::Block),
        }
    }

    /// Whether a thread is in the midst of what a barrier was given to do.
    pub(super) fn barrier_acts(&self) -> bool {
        let mut objects = self.state.heap.iter().map(|entry| &entry.object);
        objects.any(|object| matches!(object, Object::Barrier(parties, waiting, ..) if parties == waiting))
    }

    // ---- executors ----

    pub(super) fn submit(&mut self, executor: u32, mut arguments: Arguments) -> R<Value> {
        self.touch(executor, true);
        let call = std::mem::take(&mut arguments.positional);
        let future = self.allocate(Object::Future { call, keywords: arguments.keywords, done: None });
        let Object::Executor { closed, workers, most, idle, prefix, .. } = self.state.object(executor) else {
            return beyond("submit() of this");
        };
        if *closed {
            return self.raise("RuntimeError", "cannot schedule new futures after shutdown");
        }
        if self.state.threads[0].finished && self.module.version >= Version::V3_9 {
            return self.raise("RuntimeError", "cannot schedule new futures after interpreter shutdown");
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
        match self.enter_any(callee, arguments, OnReturn::Future(future.clone())) {
            Err(Stop::Raise(exception)) => {
                self.finish_future(&future, Err(exception));
                Ok(())
            }
            begun => begun.map(drop),
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
        match self.library_value("concurrent.futures.TimeoutError") {
            Value::Native(class) => self.raise(class, ""),
            _ => beyond("a time limit of result()"),
        }
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

//! Waiting for an event or a condition, until another thread says that it has come.

use super::machine::{Arguments, Machine, R, Stop, Use, Wait, beyond};
use super::state::{Object, Value};
use super::sync::KEPT;
use crate::python::version::Version;

impl Machine<'_> {
    /// Whether a call waits at all: `block` or `blocking` stands at that position.
    fn blocks(&mut self, arguments: &Arguments, position: usize) -> R<bool> {
        let blocking = self.keyword(arguments, "blocking", position);
        match blocking.or_else(|| self.keyword(arguments, "block", position)) {
            Some(value) => self.truth(&value),
            None => Ok(true),
        }
    }

    /// How long `acquire` of a lock or a semaphore waits: -1 is no limit of a lock.
    pub(super) fn waits_for_lock(&mut self, lock: &Value, arguments: &Arguments) -> R<Wait> {
        let object = self.object_of(lock);
        let of_semaphore = matches!(object, Some(Object::Semaphore(..)));
        // One that is written in C takes none.
        let by_name = matches!(object, Some(Object::Lock(_))) && !arguments.keywords.is_empty();
        let given = self.keyword(arguments, "timeout", 1);
        if given == Some(Value::None) && self.is_built_in_lock(lock) {
            return self.raise_unworded("TypeError");
        }
        let (given, limit) = (given.is_some(), given.filter(|limit| *limit != Value::None));
        let python2 = self.module.facts.shape.python2;
        if python2 && by_name {
            return self.raise("TypeError", "acquire() takes no keyword arguments");
        }
        if python2 && given {
            return self.type_error("acquire() of python 2 has no time limit", &[]);
        }
        let seconds = limit.as_ref().and_then(Self::as_float);
        let unlimited = !of_semaphore && seconds == Some(-1.0);
        match (self.blocks(arguments, 0)?, limit.is_some() && !unlimited) {
            (false, false) => Ok(Wait::No),
            (false, true) if of_semaphore => {
                self.raise("ValueError", "can't specify timeout for non-blocking acquire")
            }
            (false, true) => self.raise("ValueError", "can't specify a timeout for a non-blocking call"),
            (true, false) => Ok(Wait::Forever),
            (true, true) if !of_semaphore && seconds.is_some_and(|seconds| seconds < 0.0) => {
                self.raise_unworded("ValueError")
            }
            (true, true) => self.time_limit(arguments, 1),
        }
    }

    /// Whether it is a lock whose `acquire` takes no `None` for a time limit: that is written in C.
    fn is_built_in_lock(&self, lock: &Value) -> bool {
        match self.object_of(lock) {
            Some(Object::Condition(inner, _)) => self.is_built_in_lock(inner),
            Some(Object::Lock(_) | Object::RLock(..)) => match lock {
                Value::Ref(at) => !self.state.heap[*at as usize].site.is_of_processes(),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether it is an `RLock` of a version in which that does not say whether it is taken.
    pub(super) fn lacks_locked(&self, at: u32) -> bool {
        matches!(self.state.object(at), Object::RLock(..)) && self.module.version < Version::V3_14
    }

    /// How long `put` and `get` of a queue wait.
    ///
    /// What `put` of one without bounds is told of waiting makes no difference.
    pub(super) fn waits_at_queue(&mut self, queue: u32, arguments: &Arguments, position: usize) -> R<Wait> {
        let puts_at_once = position == 1 && matches!(self.state.object(queue), Object::Queue(_, 0, ..));
        if puts_at_once || !self.blocks(arguments, position)? {
            return Ok(Wait::No);
        }
        let limit = self.keyword(arguments, "timeout", position + 1);
        if limit.as_ref().and_then(Self::as_float).is_some_and(|seconds| seconds < 0.0) {
            return self.raise("ValueError", "'timeout' must be a non-negative number");
        }
        self.time_limit(arguments, position + 1)
    }

    /// Whether a call that waits does so up to a time limit, which stands at that position.
    pub(super) fn time_limit(&mut self, arguments: &Arguments, position: usize) -> R<Wait> {
        match self.keyword(arguments, "timeout", position) {
            None | Some(Value::None) => Ok(Wait::Forever),
            // What is left until a deadline is taken to be some time.
            Some(Value::Unknown(_)) => Ok(Wait::Limited),
            Some(limit) => match Self::as_float(&limit) {
                Some(limit) if limit <= 0.0 => Ok(Wait::No),
                Some(_) => Ok(Wait::Limited),
                None => self.type_error("a time limit is a number", &[&limit]),
            },
        }
    }

    /// `Event.wait`: waits to be woken by `set()`, unless it is set; whether it was.
    pub(super) fn event_wait(&mut self, event: u32, wait: Wait) -> R<Value> {
        let me = self.number();
        let is_set = self.once(|machine| {
            machine.touch(event, false);
            Ok(match machine.state.object_mut(event) {
                Object::Event(false, waiters) => {
                    let at = waiters.partition_point(|waiter| *waiter < (me, false));
                    waiters.insert(at, (me, false));
                    Value::Bool(false)
                }
                _ => Value::Bool(true),
            })
        })?;
        if is_set == Value::Bool(true) {
            return Ok(is_set);
        }
        self.once(|machine| {
            let Object::Event(set, waiters) = machine.state.object(event) else { return Err(Stop::Block) };
            let (set, woken) = (*set, waiters.contains(&(me, true)));
            if !woken {
                machine.block(wait)?;
            }
            machine.touch(event, false);
            if let Object::Event(_, waiters) = machine.state.object_mut(event) {
                waiters.retain(|(thread, _)| *thread != me);
            }
            // 2.7 looks at the event once more.
            Ok(Value::Bool(if machine.module.facts.shape.python2 { set } else { woken }))
        })
    }

    /// Raises unless a condition takes the thread for the owner of its lock: a plain lock does not know who holds it.
    fn needs_owner(&mut self, lock: &Value, method: &str) -> R<()> {
        match (lock, self.object_of(lock)) {
            (_, Some(Object::RLock(owner, _))) if *owner == Some(self.number()) => return Ok(()),
            (_, Some(Object::RLock(Some(owner), _))) if self.has_ended(*owner) => {
                return beyond(KEPT);
            }
            (_, Some(Object::Lock(Some(_)))) => return Ok(()),
            (Value::Ref(at), Some(Object::Lock(None))) => self.touch_lock(*at, Use::Free),
            _ => {}
        }
        self.raise("RuntimeError", &format!("cannot {method} on un-acquired lock"))
    }

    /// `Condition.wait`: lets go of the lock, waits to be notified, and takes it again; whether it was notified.
    pub(super) fn condition_wait(&mut self, condition: u32, wait: Wait) -> R<Value> {
        let me = self.number();
        let Object::Condition(lock, _) = self.state.object(condition).clone() else {
            return beyond("wait() of this");
        };
        let depth = self.once(|machine| {
            machine.needs_owner(&lock, "wait")?;
            // An RLock is let go of altogether, however often it was taken.
            let depth = match (&lock, machine.object_of(&lock)) {
                (&Value::Ref(at), Some(&Object::RLock(owner, depth))) => {
                    *machine.state.object_mut(at) = Object::RLock(owner, 1);
                    depth
                }
                _ => 1,
            };
            machine.release(&lock)?;
            machine.touch(condition, true);
            if let Object::Condition(_, waiters) = machine.state.object_mut(condition) {
                waiters.push((me, false));
            }
            Ok(Value::Int(i64::from(depth)))
        })?;
        self.yield_once()?;
        let notified = self.once(|machine| {
            let Object::Condition(_, waiters) = machine.state.object(condition) else {
                return Err(Stop::Block);
            };
            let notified = waiters.contains(&(me, true));
            if !notified {
                machine.block(wait)?;
            }
            machine.touch(condition, true);
            if let Object::Condition(_, waiters) = machine.state.object_mut(condition) {
                waiters.retain(|(thread, _)| *thread != me);
            }
            Ok(Value::Bool(notified))
        })?;
        self.once(|machine| {
            let taken = machine.acquire(&lock, Wait::Forever)?;
            if let (&Value::Ref(at), Some(&Object::RLock(owner, _))) = (&lock, machine.object_of(&lock)) {
                let depth = depth.as_int().and_then(|depth| u32::try_from(depth).ok()).unwrap_or(1);
                *machine.state.object_mut(at) = Object::RLock(owner, depth);
            }
            Ok(taken)
        })?;
        Ok(if self.module.facts.shape.python2 { Value::None } else { notified })
    }

    /// `Condition.wait_for`: waits until a function says that there is no more to wait for.
    pub(super) fn condition_wait_for(&mut self, condition: u32, test: &Value, wait: Wait) -> R<Value> {
        loop {
            let result = self.call_back(test, Vec::new())?;
            // A container may hold something else by the time that it has waited.
            let holds = if self.is_instance(&result) {
                self.truth(&result)?
            } else {
                self.once(|machine| machine.truth(&result).map(Value::Bool))? == Value::Bool(true)
            };
            if holds {
                return Ok(result);
            }
            let notified = self.condition_wait(condition, wait)?;
            if notified == Value::Bool(false) {
                return self.call_back(test, Vec::new());
            }
        }
    }

    pub(super) fn condition_notify(&mut self, condition: u32, count: usize) -> R<Value> {
        let Object::Condition(lock, _) = self.state.object(condition).clone() else {
            return beyond("notify() of this");
        };
        self.needs_owner(&lock, "notify")?;
        self.touch(condition, true);
        if let Object::Condition(_, waiters) = self.state.object_mut(condition) {
            let waiting = waiters.iter_mut().filter(|(_, notified)| !*notified);
            waiting.take(count).for_each(|(_, notified)| *notified = true);
        }
        Ok(Value::None)
    }
}

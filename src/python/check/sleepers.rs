//! Threads that wait for the GIL of their process, or sleep until a lock is let go.
//!
//! Who finds a lock taken lets go of the GIL and sleeps. Woken as the lock is let go, it takes the lock at once: it needs the GIL only to
//! go on (`acquire_timed` in `Modules/_threadmodule.c`, `PyThread_acquire_lock_timed`). So a thread may have a lock before it gets to run
//! again, and meanwhile whoever has let it go finds it taken. Or the thread comes too late, and the lock is taken again by then.
//!
//! When it takes the lock makes a difference only to those who come to the lock, so it does so at once or after the next one has let it
//! go. Where the GIL may go after each instruction none of this needs to be looked at: there the thread may be interrupted as soon as it
//! has the lock, which is the same.

use std::sync::Arc;

use super::machine::{Machine, Sleepers};
use super::state::{Asleep, Object, Thread, Value};
use crate::python::version::Check;

/// The most of those who could take a lock in one turn that are tried, each by itself and together.
pub(super) const MOST_OFFERS: u32 = 4;

impl Machine<'_> {
    /// Begins to look at sleepers, of whom those with these bits are to take the lock that they sleep at.
    pub(super) fn look_at_sleepers(&mut self, chosen: u8) {
        let rule = &self.module.facts.drop;
        let by_gil = self.module.version.has_gil();
        let count = by_gil && rule.default != Check::Always;
        self.sleepers = Sleepers { by_gil, count, chosen, ..Sleepers::default() };
    }

    /// Whether the thread that is to run has the GIL of its process, or may take it.
    pub(super) fn gets_gil(&mut self) -> bool {
        let (me, process) = (self.thread, self.current().process);
        let keeps = |(at, it): (usize, &Arc<Thread>)| {
            at != me && it.keeps_gil && !it.finished && it.process == process
        };
        if self.state.threads.iter().enumerate().any(keeps) {
            return false;
        }
        if self.current().keeps_gil {
            self.current_mut().keeps_gil = false;
        }
        true
    }

    /// Whether the thread that has run keeps the GIL of its process at a place where it does not drop it, and another process may come in
    /// there: each process has a GIL of its own.
    pub(super) fn keeps_gil(&mut self) -> bool {
        let (it, others) = (self.current(), &self.state.threads);
        let beside = others.iter().any(|other| other.process != it.process && !other.finished);
        let keeps = self.sleepers.by_gil && beside && !it.finished;
        if keeps {
            self.current_mut().keeps_gil = true;
        }
        keeps
    }

    /// The thread that runs waits for a lock, or no longer.
    pub(super) fn sleeps_at(&mut self, lock: Option<u32>) {
        let asleep =
            lock.filter(|_| self.sleepers.count).map(|at| Asleep { lock: Value::Ref(at), has_it: false });
        if self.current().asleep != asleep {
            self.current_mut().asleep = asleep;
        }
    }

    /// Whether the thread that runs has taken this lock in its sleep, from which it wakes now.
    pub(super) fn wakes_with(&mut self, lock: u32) -> bool {
        let asleep = self.current().asleep.as_ref();
        let has_it = asleep.is_some_and(|asleep| asleep.has_it && asleep.lock == Value::Ref(lock));
        if has_it {
            self.current_mut().asleep = None;
        }
        has_it
    }

    /// The thread that runs has let a lock go: one that was chosen takes it, if it sleeps there.
    pub(super) fn offers(&mut self, lock: u32) {
        let is_free = matches!(self.state.object(lock), Object::Lock(None) | Object::RLock(None, _));
        if !self.sleepers.count || !is_free {
            return;
        }
        for other in 0..self.state.threads.len() {
            if self.could_take(other, lock) {
                let bit = 1_u8.checked_shl(self.sleepers.offers).unwrap_or(0);
                self.sleepers.offers += 1;
                self.offered = true;
                if self.sleepers.chosen & bit != 0 {
                    self.take_asleep(other);
                }
            }
        }
    }

    /// Whether a thread sleeps until this lock is let go, by whoever has the GIL that it needs.
    fn could_take(&self, other: usize, lock: u32) -> bool {
        let (it, me) = (&self.state.threads[other], self.current());
        let sleeps =
            it.asleep.as_ref().is_some_and(|asleep| !asleep.has_it && asleep.lock == Value::Ref(lock));
        sleeps && !it.finished && other != self.thread && it.process == me.process
    }

    /// A thread takes the lock that it sleeps at; whether there is one and it is free.
    pub(super) fn take_asleep(&mut self, thread: usize) -> bool {
        let Some(Asleep { lock: Value::Ref(at), has_it: false }) = self.state.threads[thread].asleep else {
            return false;
        };
        let number = u8::try_from(thread).unwrap_or(u8::MAX);
        let taken = match self.state.object(at) {
            Object::Lock(None) => Object::Lock(Some(number)),
            Object::RLock(None, _) => Object::RLock(Some(number), 1),
            _ => return false,
        };
        *self.state.object_mut(at) = taken;
        if let Some(asleep) = &mut Arc::make_mut(&mut self.state.threads[thread]).asleep {
            asleep.has_it = true;
        }
        self.taken_by = Some(thread);
        true
    }
}

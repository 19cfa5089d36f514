//! What `with` enters and leaves.

use super::machine::{ENTER, EXIT, Machine, R, Wait};
use super::state::{Object, Value};
use crate::python::version::{Version, With};

impl Machine<'_> {
    /// Enters a `with` block; what `as` binds.
    pub(super) fn enter_context(&mut self, context: &Value) -> R<Value> {
        if let Some(method) = self.lookup_special(context, ENTER) {
            return self.call_back(&method, Vec::new());
        }
        match self.object_of(context) {
            Some(Object::Executor { .. }) => Ok(context.clone()),
            // Written in Python, they let others in before they take the lock.
            Some(Object::Semaphore(..) | Object::Condition(..)) => {
                self.yield_once()?;
                let entered = self.acquire(context, Wait::Forever)?;
                // So they do once they have taken it, whatever the instruction that called them does.
                self.set_check(true);
                Ok(entered)
            }
            Some(Object::Lock(_) | Object::RLock(..)) => self.acquire(context, Wait::Forever),
            _ if self.module.version < Version::V3_11 => self.raise_unworded("AttributeError"),
            _ => self.type_error("object does not support the context manager protocol", &[context]),
        }
    }

    /// What a `with` statement has called is over. From 3.14 on a function of the program was entered, and the call does not look.
    pub(super) fn calls_for_with(&mut self, by_the_program: bool) {
        if by_the_program && self.module.facts.shape.with == With::LoadSpecial {
            self.set_check(false);
        }
    }

    /// What leaving a `with` block calls.
    pub(super) fn exit_of(&mut self, context: &Value) -> Value {
        match self.lookup_special(context, EXIT) {
            Some(method) => method,
            None => self.allocate(Object::NativeMethod(context.clone(), EXIT)),
        }
    }
}

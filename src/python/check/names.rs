//! The names of threads that are given none: `Thread-1` (from 3.10 on with that of their function), `ThreadPoolExecutor-0_0`.
//!
//! They are made only where a program asks for names: so two orders of starting threads are the same state elsewhere.

use super::machine::{Machine, R, beyond};
use super::state::{Object, Part, ThreadPart, Value};
use crate::python::version::Messages;

/// What of a program asks for the name of a thread.
const ASKS: [&str; 3] = ["name", "getName", "current_thread"];

/// Where names are not modelled.
const UNNAMED: &str =
    "the name of a process that was given none, or of a thread in another process (name=\"…\" gives it one)";

/// The name that a thread has.
pub(super) fn name_of(part: &ThreadPart) -> R<Value> {
    if part.name == Value::None { beyond(UNNAMED) } else { Ok(part.name.clone()) }
}

impl Machine<'_> {
    pub(super) fn asks_for_names(&self) -> bool {
        ASKS.iter().any(|&name| self.name_number(name).is_some())
    }

    /// Names a thread, by what it is given.
    pub(super) fn name_thread(&mut self, part: &mut ThreadPart) -> R<()> {
        if part.name != Value::None && self.truth(&part.name)? {
            part.name = Value::str(&self.text(&part.name.clone(), false)?);
            return Ok(());
        }
        part.name = Value::None;
        if part.process || self.current().process != 0 || !self.asks_for_names() {
            return Ok(());
        }
        self.state.unnamed += 1;
        let number = self.state.unnamed.to_string();
        part.name = Value::str(&match self.name_of_callable(&part.target) {
            Some(target) => Messages::fill(self.module.facts.messages.thread_name, &[&number, &target]),
            None => format!("Thread-{number}"),
        });
        Ok(())
    }

    /// `__name__` of what can be called, if it has one.
    fn name_of_callable(&self, callable: &Value) -> Option<String> {
        if let Value::Native(name) = callable {
            return name.rsplit('.').next().map(str::to_owned);
        }
        match (callable, self.object_of(callable)?) {
            (_, Object::Function { code, .. }) => Some(self.module.codes[usize::from(*code)].name.clone()),
            (_, Object::Method(function, _)) => self.name_of_callable(function),
            (_, Object::NativeMethod(_, name)) => Some(self.name(*name).to_owned()),
            (class, Object::Class { .. }) => Some(self.class_name(class)),
            _ => None,
        }
    }

    /// `threading.current_thread()`.
    pub(super) fn current_thread(&self) -> R<Value> {
        let object = self.current().object.clone();
        match self.object_of(&object) {
            Some(Object::Instance { part: Part::Thread(part), .. }) if !part.process => Ok(object),
            _ => beyond("current_thread() in a process, whose main thread is none of the program's objects"),
        }
    }

    /// What the names of an executor's workers begin with.
    pub(super) fn worker_prefix(&mut self, given: Option<Value>) -> R<Value> {
        if let Some(given) = given {
            let text = self.text(&given, false)?;
            if !text.is_empty() {
                return Ok(Value::str(&text));
            }
        }
        if !self.asks_for_names() {
            return Ok(Value::None);
        }
        let number = self.state.executors;
        self.state.executors += 1;
        Ok(Value::str(&format!("ThreadPoolExecutor-{number}")))
    }

    /// The thread that a new worker of an executor is, where the program can get at it.
    pub(super) fn worker_object(&mut self, prefix: &Value, number: usize) -> Value {
        if !self.asks_for_names() {
            return Value::None;
        }
        let name = prefix.letters().map(|prefix| Value::str(&format!("{prefix}_{number}")));
        let part = ThreadPart {
            name: name.unwrap_or(Value::None),
            initialised: true,
            number: u8::try_from(self.state.threads.len()).ok(),
            ..ThreadPart::new()
        };
        self.allocate(Object::Instance {
            class: Value::Native("threading.Thread"),
            attributes: Vec::new(),
            part: Part::Thread(Box::new(part)),
        })
    }
}

//! How a process begins: as a copy of the one that begins it, or of a fork server.
//!
//! A fork server imports the file anew, under the name `__mp_main__`; of the process that begins another one it is handed the function
//! and its arguments, pickled. What is covered of that is what ends as after a fork: a variable that holds something else in the server
//! is refused where it is read.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::attributes::shared_number;
use super::compaction::{each, each_mut};
use super::machine::{Arguments, Beyond, Machine, NAME, R, Step, Stop, beyond};
use super::state::{Entry, Frame, Object, Part, State, Thread, Value};
use crate::python::program::Place;
use crate::python::version::StartMethod;

/// The process that the fork server is.
const SERVER: u8 = 1;

/// The most instructions of an import.
const LONGEST_IMPORT: usize = 20_000;

impl Machine<'_> {
    /// `multiprocessing.Value`: a number that processes share, and its lock.
    pub(super) fn make_shared_value(&mut self, arguments: &Arguments) -> R<Value> {
        if self.keyword(arguments, "lock", 2).is_some() {
            return beyond("a Value with a lock that is given to it, or without one");
        }
        let code = self.keyword(arguments, "typecode_or_type", 0);
        let of_floats = code == Some(Value::str("d"));
        if !(of_floats || ["i", "l", "q"].iter().any(|it| code == Some(Value::str(it)))) {
            return beyond("a Value of other numbers than of i, l, q or d");
        }
        let Some(value) = self.keyword(arguments, "value", 1) else {
            return beyond("a Value without its number");
        };
        let value = shared_number(of_floats, &value)?;
        let lock = self.allocate_at(self.site().of_processes(), Object::RLock(None, 0));
        Ok(self.allocate(Object::SharedValue(value, lock)))
    }

    /// Lets the thread that runs be in a process of its own; returns what it is handed.
    pub(super) fn begin_process(&mut self, handed: Vec<Value>) -> R<Vec<Value>> {
        let parent = self.current().process;
        let forked = match self.module.facts.start_method {
            StartMethod::Fork => {
                let globals = self.state.globals[usize::from(parent)].clone();
                let count = globals.len();
                let roots = globals.into_iter().chain(handed).collect();
                let mut copied = copy_reachable(&mut self.state, roots, &[]).values;
                let handed = copied.split_off(count);
                (copied, handed)
            }
            StartMethod::ForkServer => self.begin_by_server(handed)?,
        };
        let number = u8::try_from(self.state.globals.len()).unwrap_or(u8::MAX);
        self.state.globals.push(forked.0);
        self.current_mut().process = number;
        Ok(forked.1)
    }

    /// The globals of a process that the fork server starts, and what it is handed there.
    fn begin_by_server(&mut self, handed: Vec<Value>) -> R<(Vec<Value>, Vec<Value>)> {
        match self.current().process {
            0 => {}
            SERVER => {
                return beyond(
                    "a process that is started while a fork server imports the file (the default from 3.14 on): start it below \
                     if __name__ == \"__main__\"",
                );
            }
            _ => return beyond("a process that is started by another one that a fork server has started"),
        }
        if self.state.globals.len() == usize::from(SERVER) {
            self.start_server()?;
        }
        let server = self.state.globals[usize::from(SERVER)].clone();
        let mut globals = copy_reachable(&mut self.state, server, &[]).values;
        let parent = self.state.globals[0].clone();
        let mut pickled_by_name = Vec::new();
        for (name, (own, of_parent)) in globals.iter_mut().zip(&parent).enumerate() {
            if name == usize::from(NAME) {
                continue;
            }
            if self.is_alike(own, of_parent) {
                self.pair(own, of_parent, name, &mut pickled_by_name);
            } else {
                *own = Value::Elsewhere;
            }
        }
        let made_before = self.state.heap.len();
        let copy = copy_reachable(&mut self.state, handed, &pickled_by_name);
        let made = self.state.heap[made_before..].iter();
        let met = copy.shared.iter().map(|&at| &self.state.heap[at as usize]);
        if let Some(entry) = made.chain(met).find(|entry| !is_pickled(entry)) {
            let what = match &entry.object {
                Object::Function { .. } => "a function that is no global of the file",
                Object::Class { .. } => "a class that is no global of the file",
                _ => "such an object",
            };
            return beyond(format!(
                "{what} in what a process is handed that a fork server starts (the default from 3.14 on)"
            ));
        }
        Ok((globals, copy.values))
    }

    /// Ends the search where a process reads a variable that its fork server has otherwise.
    pub(super) fn not_handed_over<T>(&self, name: u16) -> R<T> {
        let text = self.name(name);
        let advice = if self.reaches_lock_of_threads(&self.state.globals[0][usize::from(name)]) {
            "a lock or queue of threads cannot be handed over, take one of multiprocessing, and pass that as an argument".to_owned()
        } else {
            format!("pass {text} as an argument")
        };
        beyond(format!(
            "{text} in a process that a fork server starts (the default from 3.14 on), for that imports the file anew: {advice}"
        ))
    }

    /// Whether a value has to do with a lock or a queue of the threads of one process, which cannot be pickled.
    fn reaches_lock_of_threads(&self, value: &Value) -> bool {
        let mut open = vec![value.clone()];
        let mut seen = BTreeSet::new();
        while let Some(value) = open.pop() {
            let Value::Ref(at) = value else { continue };
            let entry = &self.state.heap[at as usize];
            if entry.site.is_of_processes() || !seen.insert(at) {
                continue;
            }
            if entry.object.synchronises() || matches!(entry.object, Object::Queue(..)) {
                return true;
            }
            each(&entry.object, &mut |value| open.push(value.clone()));
        }
        false
    }

    /// Imports the file once more, in a process of its own.
    fn start_server(&mut self) -> R<()> {
        let mut state = self.state.clone();
        let mut globals = vec![Value::Unbound; self.module.names.len()];
        globals[usize::from(NAME)] = Value::str("__mp_main__");
        state.globals.push(globals);
        let number = state.threads.len();
        let frames = vec![Frame::of_file(self.module)];
        state.threads.push(Arc::new(Thread { frames, ..Thread::new(Value::None, SERVER) }));
        let mut machine = Machine::at(self.module, state);
        for _ in 0..LONGEST_IMPORT {
            let step = machine.step(number).map_err(|Beyond { what, .. }| Stop::Beyond(what))?;
            let state = &machine.state;
            let alone = state.threads.len() == number + 1 && step != Step::Blocked;
            let silent = (&state.printed, &state.uncaught) == (&self.state.printed, &self.state.uncaught);
            if !alone || !silent {
                break;
            }
            if state.threads[number].finished {
                self.state = machine.state;
                self.state.threads.pop();
                return Ok(());
            }
        }
        beyond(
            "a file that prints, waits, raises, starts threads or does much where a fork server imports it (the default from 3.14 on): \
             do that below if __name__ == \"__main__\"",
        )
    }

    /// Notes which functions and classes are the same by name in two processes: they are pickled by it.
    fn pair(&self, own: &Value, other: &Value, name: usize, pairs: &mut Vec<(u32, u32)>) {
        let (&Value::Ref(own), &Value::Ref(other)) = (own, other) else { return };
        match (self.state.object(own), self.state.object(other)) {
            (Object::Function { code, .. }, Object::Function { .. })
                if self.module.names.get(name) == Some(&self.module.codes[usize::from(*code)].name) =>
            {
                pairs.push((other, own));
            }
            (
                Object::Class { name: class, attributes: own_ones, .. },
                Object::Class { attributes: others, .. },
            ) if usize::from(*class) == name => {
                pairs.push((other, own));
                for ((name, own), (_, other)) in own_ones.iter().zip(others) {
                    self.pair(own, other, usize::from(*name), pairs);
                }
            }
            _ => {}
        }
    }

    /// Whether two values are equal in all that they reach, and nothing of it is shared between processes.
    fn is_alike(&self, one: &Value, other: &Value) -> bool {
        let mut open = vec![(one.clone(), other.clone())];
        let mut seen = BTreeSet::new();
        while let Some((one, other)) = open.pop() {
            let (&Value::Ref(one), &Value::Ref(other)) = (&one, &other) else {
                if one != other {
                    return false;
                }
                continue;
            };
            if !seen.insert((one, other)) {
                continue;
            }
            if is_shared(&self.state.heap[one as usize]) {
                return false;
            }
            let (mut one, mut other) = (self.state.object(one).clone(), self.state.object(other).clone());
            let (left, right) = (taken_out(&mut one), taken_out(&mut other));
            if one != other {
                return false;
            }
            open.extend(left.into_iter().zip(right));
        }
        true
    }

    /// Refuses that the main process ends before one that a fork server has started: what that was handed may be gone before it has it.
    pub(super) fn leaves_no_process(&self, place: Option<Place>) -> Result<(), Beyond> {
        let by_server = self.module.facts.start_method == StartMethod::ForkServer;
        let leaves = by_server
            && self.state.threads[0].finished
            && self.state.threads.iter().any(|thread| thread.process > 0 && !thread.finished);
        if leaves {
            let what = "the end of the main process before that of one that a fork server has started (the default from 3.14 on): join() it";
            return Err(Beyond { what: what.to_owned(), place });
        }
        Ok(())
    }
}

/// Takes the values out of an object, so that what is left can be compared.
fn taken_out(object: &mut Object) -> Vec<Value> {
    let mut values = Vec::new();
    each_mut(object, &mut |value| values.push(std::mem::replace(value, Value::None)));
    values
}

/// Whether an object is one for all processes that have it.
pub(super) fn is_shared(entry: &Entry) -> bool {
    let of_processes = entry.site.is_of_processes();
    of_processes
        || matches!(entry.object, Object::SharedValue(..) | Object::Instance { part: Part::Thread(_), .. })
}

/// Whether an object can be pickled for a new process. Functions and classes of the file are by their names.
fn is_pickled(entry: &Entry) -> bool {
    entry.site.is_of_processes()
        || matches!(
            entry.object,
            Object::Tuple(_)
                | Object::List(_)
                | Object::Dict(..)
                | Object::Set(_)
                | Object::Deque(..)
                | Object::Range(..)
                | Object::Method(..)
                | Object::Instance { part: Part::Plain | Part::Exception(_), .. }
                | Object::SharedValue(..)
        )
}

/// What values became in another process.
struct Copy {
    values: Vec<Value>,
    /// The objects that are reached and stayed shared.
    shared: BTreeSet<u32>,
}

/// Copies a value, as it goes from one process to another.
pub(super) fn copy_value(state: &mut State, value: &Value) -> Value {
    copy_reachable(state, vec![value.clone()], &[]).values.remove(0)
}

/// Copies what values reach, as a new process does; locks, queues and shared values stay shared. Of what is known there is a copy
/// already.
fn copy_reachable(state: &mut State, mut roots: Vec<Value>, known: &[(u32, u32)]) -> Copy {
    let mut copies: Vec<Option<u32>> = vec![None; state.heap.len()];
    for &(at, copy) in known {
        copies[at as usize] = Some(copy);
    }
    let mut open: Vec<u32> = Vec::new();
    let mut shared = BTreeSet::new();
    let mut copy = |value: &Value, state: &mut State, open: &mut Vec<u32>| -> Value {
        let Value::Ref(at) = *value else {
            return value.clone();
        };
        let Some(place) = copies.get_mut(at as usize) else {
            return value.clone();
        };
        if is_shared(&state.heap[at as usize]) {
            shared.insert(at);
            return value.clone();
        }
        let number = *place.get_or_insert_with(|| {
            let entry: Arc<Entry> = Arc::clone(&state.heap[at as usize]);
            state.heap.push(entry);
            let number = u32::try_from(state.heap.len() - 1).unwrap_or(u32::MAX);
            open.push(number);
            number
        });
        Value::Ref(number)
    };
    for root in &mut roots {
        *root = copy(root, state, &mut open);
    }
    while let Some(at) = open.pop() {
        let mut values = Vec::new();
        each(state.object(at), &mut |value| values.push(value.clone()));
        let mut renewed: Vec<Value> = values.iter().map(|value| copy(value, state, &mut open)).collect();
        renewed.reverse();
        each_mut(state.object_mut(at), &mut |value| {
            if let Some(new) = renewed.pop() {
                *value = new;
            }
        });
    }
    Copy { values: roots, shared }
}

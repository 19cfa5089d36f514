//! How a program can end, and when two ends are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::compaction::each_mut;
use super::machine::Machine;
use super::state::{Entry, Object, Site, State, Value};
use super::unordered::Unordered;
use crate::python::program::module::Module;

/// How deep what values refer to is compared.
const DEEPEST: usize = 8;

/// How deep what a global holds has a name.
const DEEPEST_NAME: usize = 3;

/// The most texts of what globals hold.
const MOST_TEXTS: usize = 200;

/// How a program can end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ending {
    pub(super) printed: Vec<Arc<str>>,
    pub(super) uncaught: Vec<Arc<str>>,
    /// Threads that wait for each other without end.
    pub(super) waiting: Vec<usize>,
    /// Those of them that go round a loop that nothing ends.
    pub(super) spins: Vec<usize>,
    /// Whether a daemon thread was in the midst of something as the program ended: how much of that is done says nothing.
    pub(super) open: bool,
    globals: Vec<Vec<Value>>,
    heap: Vec<Object>,
}

impl Ending {
    /// The end of a loop body: the result, what was raised, and who waits.
    pub(super) fn of_body(result: Option<i64>, state: &State, over: bool) -> Self {
        Self {
            printed: result.map(|value| value.to_string().into()).into_iter().collect(),
            uncaught: state.uncaught.clone(),
            waiting: waiting(state, over),
            spins: Vec::new(),
            open: false,
            globals: Vec::new(),
            heap: Vec::new(),
        }
    }

    /// Whether what is printed and raised is the same, and who waits.
    pub(super) fn looks_like(&self, other: &Self) -> bool {
        self.printed == other.printed && self.uncaught == other.uncaught && self.waiting == other.waiting
    }

    /// Whether it is one of these, or differs from one in nothing but how far a daemon thread has come.
    pub(super) fn is_among(&self, expected: &[Self]) -> bool {
        let holds_the_same = |it: &Self| self.globals == it.globals && self.heap == it.heap;
        let is_it = |it: &Self| self.looks_like(it) && self.spins == it.spins;
        expected.iter().any(|it| is_it(it) && (self.open || holds_the_same(it)))
    }

    /// Whether it differs from the other in nothing but the order of elements.
    pub(super) fn reorders(&self, other: &Self) -> bool {
        let unordered = |ending: &Self| {
            let values = ending.globals.iter().flatten();
            values.map(|value| ending.unordered(value, 0)).collect::<Vec<String>>()
        };
        self.looks_like(other) && unordered(self) == unordered(other)
    }

    /// A value and all that it refers to, without the order of elements and without the numbers that objects have on the heap.
    fn unordered(&self, value: &Value, depth: usize) -> String {
        let Value::Ref(at) = value else { return format!("{value:?}") };
        let object = &self.heap[*at as usize];
        let mut parts = Vec::new();
        let mut bare = object.clone();
        each_mut(&mut bare, &mut |part| {
            if depth < DEEPEST {
                parts.push(self.unordered(part, depth + 1));
            }
            *part = Value::Unbound;
        });
        if matches!(object, Object::List(_) | Object::Deque(..) | Object::Queue(..)) {
            parts.sort();
        }
        format!("{bare:?}({})", parts.join(","))
    }

    /// Whether it prints the same but for the order of what stands in a dict or a list, and raises the same.
    pub(super) fn prints_in_another_order(&self, other: &Self) -> bool {
        let alike = |(one, other): (&Arc<str>, &Arc<str>)| {
            Unordered::Lists.sorted(one) == Unordered::Lists.sorted(other)
        };
        self.printed.len() == other.printed.len()
            && self.printed != other.printed
            && self.printed.iter().zip(&other.printed).all(alike)
            && self.uncaught == other.uncaught
            && self.waiting == other.waiting
    }

    /// The text of each global that has one, and of what the others hold: `account.balance`, `accounts[0].balance`.
    pub(super) fn globals(&self, module: &Module) -> BTreeMap<String, String> {
        let mut state = Machine::start(module).state;
        let site = Site { thread: 0, code: 0, pc: 0 };
        state.heap =
            self.heap.iter().map(|object| Arc::new(Entry { site, object: object.clone() })).collect();
        state.globals.clone_from(&self.globals);
        let mut machine = Machine::at(module, state);
        let values = self.globals.first().into_iter().flatten();
        let mut texts = BTreeMap::new();
        for (name, value) in module.names.iter().zip(values) {
            if *value != Value::Unbound && !name.starts_with("__") {
                self.describe(name.clone(), value, 0, &mut machine, &mut texts);
            }
        }
        texts
    }

    /// Notes the text of a value under its name, or those of its parts.
    fn describe(
        &self,
        name: String,
        value: &Value,
        depth: usize,
        machine: &mut Machine<'_>,
        texts: &mut BTreeMap<String, String>,
    ) {
        if texts.len() >= MOST_TEXTS {
            return;
        }
        // What shows its address has no text, and what is written in Python is not run here.
        let is_class =
            matches!(value, Value::Ref(at) if matches!(self.heap[*at as usize], Object::Class { .. }));
        if !is_class && let Ok(text) = machine.text(value, true) {
            texts.insert(name, text);
            return;
        }
        let Value::Ref(at) = value else { return };
        let object = &self.heap[*at as usize];
        if let Some(condition) = in_words(object) {
            texts.insert(name, condition);
            return;
        }
        let size = match object {
            Object::List(items) | Object::Tuple(items) | Object::Deque(items, _) => Some(items.len()),
            Object::Dict(items, _) => Some(items.len()),
            _ => None,
        };
        if let Some(size) = size {
            texts.insert(format!("len({name})"), size.to_string());
        }
        let parts: Vec<(String, &Value)> = match object {
            _ if depth >= DEEPEST_NAME => return,
            Object::Instance { attributes, .. } | Object::Class { attributes, .. } => {
                let names = &machine.module.names;
                let attribute =
                    |number: u16| names.get(usize::from(number)).filter(|it| !it.starts_with("__"));
                let parts = attributes.iter().map(|(number, value)| (attribute(*number), value));
                parts.filter_map(|(it, value)| Some((format!("{name}.{}", it?), value))).collect()
            }
            Object::SharedValue(value, _) => vec![(format!("{name}.value"), value)],
            Object::List(items) | Object::Tuple(items) | Object::Deque(items, _) => {
                items.iter().enumerate().map(|(at, item)| (format!("{name}[{at}]"), item)).collect()
            }
            Object::Queue(items, _, unfinished, _) => {
                texts.insert(format!("{name}.qsize()"), items.len().to_string());
                texts.insert(format!("{name}.unfinished_tasks"), unfinished.to_string());
                items.iter().enumerate().map(|(at, item)| (format!("{name}.queue[{at}]"), item)).collect()
            }
            Object::Dict(items, _) => {
                let keys = items.iter().map(|(key, value)| (machine.text(key, true), value));
                keys.filter_map(|(key, value)| Some((format!("{name}[{}]", key.ok()?), value))).collect()
            }
            _ => return,
        };
        for (name, part) in parts {
            self.describe(name, part, depth + 1, machine, texts);
        }
    }
}

/// What state an object is in that has no text of its own, as the end of "it is …".
fn in_words(object: &Object) -> Option<String> {
    Some(match object {
        Object::Lock(None) | Object::RLock(None, _) => "free".to_owned(),
        Object::Lock(_) | Object::RLock(_, 1) => "held".to_owned(),
        Object::RLock(_, depth) => format!("held {depth} times"),
        Object::Semaphore(left, _) => format!("at {left}"),
        Object::Count(next, _) => format!("at {next}"),
        Object::Event(set, _) => if *set { "set" } else { "not set" }.to_owned(),
        Object::Barrier(_, waiting, ..) => format!("a barrier with {waiting} waiting"),
        _ => return None,
    })
}

/// The names by which an end can be told from every right one, by the texts of what each name holds. What none of the right ones
/// holds tells most; where each name has a value that one of them has, too, it takes several. None if one differs in no name.
pub(super) fn names_that_tell(
    found: &BTreeMap<String, String>,
    right: &[BTreeMap<String, String>],
) -> BTreeSet<String> {
    let mut open: Vec<BTreeSet<String>> = right.iter().map(|known| differing(found, known)).collect();
    if open.iter().any(BTreeSet::is_empty) {
        return BTreeSet::new();
    }
    let of_none = open.iter().cloned().reduce(|one, other| &one & &other).unwrap_or_default();
    if !of_none.is_empty() {
        return of_none;
    }
    let mut names = BTreeSet::new();
    while let Some(first) = open.first() {
        let told_from = |name: &&String| open.iter().filter(|it| it.contains(*name)).count();
        // The first in the alphabet of those that tell it from most.
        let Some(name) = first.iter().rev().max_by_key(told_from).cloned() else { break };
        open.retain(|it| !it.contains(&name));
        names.insert(name);
    }
    names
}

/// The names that hold something else in two ends.
fn differing(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> BTreeSet<String> {
    let all = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
    let differing = all.filter(|name| one.get(*name) != other.get(*name)).cloned();
    let (in_both, in_one): (BTreeSet<String>, BTreeSet<String>) =
        differing.partition(|name| one.contains_key(name) && other.contains_key(name));
    // That a list is longer tells more than that the other has no such element.
    if in_both.is_empty() { in_one } else { in_both }
}

/// The threads that have not ended, though not all that had to have.
fn waiting(state: &State, over: bool) -> Vec<usize> {
    let threads = state.threads.iter().enumerate();
    threads.filter(|(_, thread)| !over && !thread.finished).map(|(at, _)| at).collect()
}

/// How a state from which nobody goes on counts: by what was printed and raised, and what the globals hold.
pub(super) fn ending(state: &State, over: bool) -> Ending {
    let mut end = state.clone();
    let waiting = waiting(state, over);
    end.threads.clear();
    end.globals.truncate(1);
    end.compact();
    let site = Site { thread: 0, code: 0, pc: 0 };
    for entry in &mut end.heap {
        let entry = Arc::make_mut(entry);
        entry.site = site;
        match &mut entry.object {
            Object::Dict(items, _) => items.sort_by_cached_key(|(key, _)| format!("{key:?}")),
            // Which worker did a task shows nowhere.
            Object::Executor { workers, idle, .. } => {
                workers.clear();
                *idle = 0;
            }
            // A set has no order, and that of a dict counts for nothing when it is compared.
            Object::Set(items) => items.sort_by_cached_key(|item| format!("{item:?}")),
            _ => {}
        }
    }
    end.compact();
    let heap: Vec<Object> = end.heap.iter().map(|entry| entry.object.clone()).collect();
    Ending {
        printed: end.printed,
        uncaught: end.uncaught,
        waiting,
        spins: Vec::new(),
        open: false,
        globals: end.globals,
        heap,
    }
}

//! What of a state is in reach, and in which order.

use std::sync::Arc;

use super::state::{Entry, Object, OnReturn, Part, State, Thread, Value};

impl State {
    /// Drops what is out of reach, and numbers the rest in the order in which it is reached.
    pub(super) fn compact(&mut self) {
        let mut compaction = Compaction { numbers: vec![u32::MAX; self.heap.len()], order: Vec::new() };
        for value in self.globals.iter_mut().flatten() {
            compaction.value(value);
        }
        for thread in &mut self.threads {
            if compaction.thread_moves(thread) {
                compaction.thread(Arc::make_mut(thread));
            }
        }
        let mut kept: Vec<Arc<Entry>> = Vec::new();
        while kept.len() < compaction.order.len() {
            let mut entry = Arc::clone(&self.heap[compaction.order[kept.len()] as usize]);
            let mut moves = false;
            let mut copy = None;
            each(&entry.object, &mut |value| moves |= compaction.reach(value));
            if moves {
                copy = Some(Arc::make_mut(&mut entry));
            }
            if let Some(entry) = copy {
                each_mut(&mut entry.object, &mut |value| compaction.value(value));
            }
            kept.push(entry);
        }
        self.heap = kept;
    }

    /// Whether an object is in reach of the program's globals, so that any thread can come to it.
    pub(super) fn is_in_reach(&self, wanted: u32) -> bool {
        self.is_reached(wanted, Vec::new())
    }

    /// Whether another thread than this one can come to an object.
    pub(super) fn is_in_reach_of_others(&self, wanted: u32, thread: usize) -> bool {
        let mut roots = Vec::new();
        let others = self.threads.iter().enumerate().filter(|(at, _)| *at != thread);
        others.for_each(|(_, other)| of_thread(other, &mut |value| roots.extend(reference(value))));
        self.is_reached(wanted, roots)
    }

    /// Whether an object is in reach of the globals or of these.
    fn is_reached(&self, wanted: u32, mut open: Vec<u32>) -> bool {
        open.extend(self.globals.iter().flatten().filter_map(reference));
        let mut seen = vec![false; self.heap.len()];
        while let Some(at) = open.pop() {
            if at == wanted {
                return true;
            }
            if !std::mem::replace(&mut seen[at as usize], true) {
                each(&self.heap[at as usize].object, &mut |value| open.extend(reference(value)));
            }
        }
        false
    }
}

const fn reference(value: &Value) -> Option<u32> {
    match value {
        Value::Ref(at) => Some(*at),
        _ => None,
    }
}

/// Calls `f` for each value that a thread holds.
fn of_thread(thread: &Thread, f: &mut dyn FnMut(&Value)) {
    f(&thread.object);
    thread.executor.iter().for_each(&mut *f);
    thread.asleep.iter().for_each(|asleep| f(&asleep.lock));
    for frame in &thread.frames {
        for values in [&frame.slots, &frame.stack, &frame.handling, &frame.progress] {
            values.iter().for_each(&mut *f);
        }
        f(&frame.context);
        f(&frame.generator);
        if let OnReturn::Class { base: value } | OnReturn::Future(value) | OnReturn::Raised(value) =
            &frame.on_return
        {
            f(value);
        }
    }
}

struct Compaction {
    /// The new number of each object that was reached.
    numbers: Vec<u32>,
    order: Vec<u32>,
}

impl Compaction {
    /// Numbers what a value refers to; whether that has another number now.
    fn reach(&mut self, value: &Value) -> bool {
        let Value::Ref(at) = value else { return false };
        let number = &mut self.numbers[*at as usize];
        if *number == u32::MAX {
            *number = u32::try_from(self.order.len()).unwrap_or(u32::MAX);
            self.order.push(*at);
        }
        *number != *at
    }

    fn value(&mut self, value: &mut Value) {
        if self.reach(value)
            && let Value::Ref(at) = value
        {
            *at = self.numbers[*at as usize];
        }
    }

    fn thread_moves(&mut self, thread: &Thread) -> bool {
        let mut moves = false;
        of_thread(thread, &mut |value| moves |= self.reach(value));
        moves
    }

    fn thread(&mut self, thread: &mut Thread) {
        self.value(&mut thread.object);
        if let Some(value) = &mut thread.executor {
            self.value(value);
        }
        if let Some(asleep) = &mut thread.asleep {
            self.value(&mut asleep.lock);
        }
        for frame in &mut thread.frames {
            for values in [&mut frame.slots, &mut frame.stack, &mut frame.handling, &mut frame.progress] {
                for value in values.iter_mut() {
                    self.value(value);
                }
            }
            self.value(&mut frame.context);
            self.value(&mut frame.generator);
            if let OnReturn::Class { base: value } | OnReturn::Future(value) | OnReturn::Raised(value) =
                &mut frame.on_return
            {
                self.value(value);
            }
        }
    }
}

/// Calls `f` for each value in an object.
pub(super) fn each(object: &Object, f: &mut dyn FnMut(&Value)) {
    // One list of what refers to what: the copy is dropped again.
    let mut copy;
    match object {
        Object::Tuple(items) | Object::List(items) | Object::Set(items) => items.iter().for_each(f),
        Object::Cell(value) => f(value),
        Object::Range(..) | Object::Lock(_) | Object::Module(_) => {}
        other => {
            copy = other.clone();
            each_mut(&mut copy, &mut |value| f(value));
        }
    }
}

/// Calls `f` for each value in an object.
pub(super) fn each_mut(object: &mut Object, f: &mut dyn FnMut(&mut Value)) {
    match object {
        Object::Tuple(items)
        | Object::List(items)
        | Object::Set(items)
        | Object::Deque(items, _)
        | Object::Pulled(items, _)
        | Object::Queue(items, ..) => items.iter_mut().for_each(f),
        Object::Dict(items, factory) => {
            for (key, value) in items {
                f(key);
                f(value);
            }
            factory.iter_mut().for_each(f);
        }
        Object::Slice(start, end, step) => [start, end, step].into_iter().for_each(f),
        Object::Lazy(_, function, sources) => {
            f(function);
            sources.iter_mut().for_each(f);
        }
        Object::Iterator(value, _, iterated) => {
            f(value);
            iterated.iter_mut().flat_map(|iterated| Arc::make_mut(&mut iterated.keys)).for_each(f);
        }
        Object::View(_, value)
        | Object::NativeMethod(value, _)
        | Object::Static(value)
        | Object::ClassMethod(value)
        | Object::Cell(value)
        | Object::Condition(value, _)
        | Object::Barrier(_, _, _, value) => f(value),
        Object::Function { defaults, cells, owner, .. } => {
            defaults.iter_mut().chain(cells).for_each(&mut *f);
            f(owner);
        }
        Object::Method(one, two)
        | Object::Super(one, two)
        | Object::Property(one, two)
        | Object::SharedValue(one, two) => [one, two].into_iter().for_each(f),
        Object::Class { base, attributes, .. } => {
            f(base);
            for (_, value) in attributes.iter_mut() {
                f(value);
            }
        }
        Object::Instance { class, attributes, part } => {
            f(class);
            for (_, value) in attributes.iter_mut() {
                f(value);
            }
            match part {
                Part::Plain => {}
                Part::Exception(args) => args.iter_mut().for_each(f),
                Part::Thread(part) => {
                    f(&mut part.target);
                    f(&mut part.name);
                    match &mut part.args {
                        Ok(args) => args.iter_mut().for_each(&mut *f),
                        Err(value) => f(value),
                    }
                    for (_, value) in &mut part.keywords {
                        f(value);
                    }
                }
            }
        }
        Object::Generator(frame) => {
            if let Ok(frame) = frame {
                for values in [&mut frame.slots, &mut frame.stack, &mut frame.handling] {
                    values.iter_mut().for_each(&mut *f);
                }
                f(&mut frame.context);
                f(&mut frame.generator);
            }
        }
        Object::Namespace(attributes) => attributes.iter_mut().for_each(|(_, value)| f(value)),
        Object::Executor { tasks, .. } => tasks.iter_mut().for_each(f),
        Object::Future { call, keywords, done } => {
            call.iter_mut().for_each(&mut *f);
            for (_, value) in keywords.iter_mut() {
                f(value);
            }
            if let Some(Ok(value) | Err(value)) = done {
                f(value);
            }
        }
        Object::Local(items) => items.iter_mut().for_each(|(_, _, value)| f(value)),
        Object::Range(..)
        | Object::Count(..)
        | Object::Lock(_)
        | Object::RLock(..)
        | Object::Semaphore(..)
        | Object::Event(..)
        | Object::Module(_) => {}
    }
}

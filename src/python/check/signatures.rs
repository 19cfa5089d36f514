//! The arguments of the library's functions and methods that the model knows. Any other is refused: a call without it would be another one.

use std::ops::RangeInclusive;

use super::machine::{Arguments, Machine, R, beyond};
use super::state::{Object, Part, Value};

/// What may be given to a function, or to a method of such an object.
struct Signature {
    /// Of which kind of object it is a method; nothing for a function.
    kind: &'static str,
    name: &'static str,
    /// Its parameters, in their order; one may be given by name, too.
    parameters: &'static [&'static str],
    /// Those that are given by name only, or of which it does not matter what they are.
    by_name: &'static [&'static str],
}

const fn signature(
    kind: &'static str,
    name: &'static str,
    parameters: &'static [&'static str],
    by_name: &'static [&'static str],
) -> Signature {
    Signature { kind, name, parameters, by_name }
}

/// Those whose parameters can be given by name, or are fewer than CPython's.
const SIGNATURES: &[Signature] = &[
    signature("", "enumerate", &["iterable", "start"], &[]),
    signature("", "threading.Condition", &["lock"], &[]),
    signature("", "threading.Semaphore", &["value"], &[]),
    signature("", "threading.BoundedSemaphore", &["value"], &[]),
    signature("", "threading.Barrier", &["parties", "action"], &[]),
    signature("", "threading.Timer", &["interval", "function", "args", "kwargs"], &[]),
    signature("", "queue.Queue", &["maxsize"], &[]),
    signature("", "queue.LifoQueue", &["maxsize"], &[]),
    signature("", "queue.PriorityQueue", &["maxsize"], &[]),
    signature("", "queue.SimpleQueue", &[], &[]),
    signature("", "multiprocessing.Queue", &["maxsize"], &[]),
    signature("", "multiprocessing.Value", &["typecode_or_type", "value"], &["lock"]),
    signature("", "concurrent.futures.ThreadPoolExecutor", &["max_workers", "thread_name_prefix"], &[]),
    signature("", "itertools.count", &["start", "step"], &[]),
    signature("", "collections.deque", &["iterable", "maxlen"], &[]),
    signature("lock", "acquire", &["blocking", "timeout"], &["block"]),
    signature("lock", "release", &[], &[]),
    signature("semaphore", "acquire", &["blocking", "timeout"], &[]),
    signature("semaphore", "release", &["n"], &[]),
    signature("condition", "acquire", &["blocking", "timeout"], &[]),
    signature("condition", "release", &[], &[]),
    signature("condition", "wait", &["timeout"], &[]),
    signature("condition", "wait_for", &["predicate", "timeout"], &[]),
    signature("condition", "notify", &["n"], &[]),
    signature("condition", "notify_all", &[], &[]),
    signature("event", "set", &[], &[]),
    signature("event", "wait", &["timeout"], &[]),
    signature("barrier", "wait", &["timeout"], &[]),
    signature("queue", "put", &["item", "block", "timeout"], &[]),
    signature("queue", "put_nowait", &["item"], &[]),
    signature("queue", "get", &["block", "timeout"], &[]),
    signature("queue", "get_nowait", &[], &[]),
    signature("executor", "shutdown", &["wait"], &[]),
    signature("future", "result", &["timeout"], &[]),
    signature("future", "exception", &["timeout"], &[]),
    signature("thread", "join", &["timeout"], &[]),
    signature("thread", "setDaemon", &["daemonic"], &[]),
];

/// Those that take any number of arguments, and these by name.
const BY_NAME: &[(&str, &str, &[&str])] = &[
    ("", "print", &["sep", "end", "file", "flush"]),
    ("", "max", &["key", "default"]),
    ("", "min", &["key", "default"]),
    ("", "sorted", &["key", "reverse"]),
    ("list", "sort", &["key", "reverse"]),
    // Threads work on one element at a time.
    ("executor", "map", &["chunksize"]),
];

/// How many arguments other methods take: any other number raises a `TypeError`.
const COUNTS: &[(&str, &[&str], RangeInclusive<usize>)] = &[
    ("dict", &["keys", "values", "items", "copy", "clear", "popitem"], 0..=0),
    ("dict", &["get", "pop", "setdefault"], 1..=2),
    ("queue", &["join", "qsize", "empty", "full", "task_done"], 0..=0),
    ("event", &["is_set", "clear"], 0..=0),
    ("lock", &["locked"], 0..=0),
    ("thread", &["is_alive", "start", "getName"], 0..=0),
];

/// Those that see to their arguments themselves.
const ON_THEIR_OWN: &[(&str, &str)] = &[
    ("", "dict"),
    ("", "threading.Thread"),
    ("", "multiprocessing.Process"),
    ("dict", "update"),
    ("executor", "submit"),
    ("thread", "__init__"),
];

/// The numbers in whose places `None` may stand.
const NONE_FOR_NO_NUMBER: [&str; 2] = ["max_workers", "maxlen"];

/// What objects of that kind are called in the tables.
const fn kind(object: &Object) -> Option<&'static str> {
    Some(match object {
        Object::Lock(_) | Object::RLock(..) => "lock",
        Object::Semaphore(..) => "semaphore",
        Object::Condition(..) => "condition",
        Object::Event(..) => "event",
        Object::Barrier(..) => "barrier",
        Object::Queue(..) => "queue",
        Object::Executor { .. } => "executor",
        Object::Future { .. } => "future",
        Object::List(_) => "list",
        Object::Dict(..) => "dict",
        Object::Instance { part: Part::Thread(_), .. } => "thread",
        _ => return None,
    })
}

impl Machine<'_> {
    /// Refuses what a function of the library, or a method of such an object, is given and the model does not know.
    pub(super) fn know_arguments(&self, kind: &str, function: &str, arguments: &Arguments) -> R<()> {
        let known = SIGNATURES.iter().find(|known| (known.kind, known.name) == (kind, function));
        let short = || function.rsplit('.').next().unwrap_or(function);
        if known.is_some_and(|known| arguments.positional.len() > known.parameters.len()) {
            return beyond(format!("so many arguments of {}()", short()));
        }
        let on_its_own = || function.starts_with("logging.") || ON_THEIR_OWN.contains(&(kind, function));
        if arguments.keywords.is_empty() || on_its_own() {
            return Ok(());
        }
        let by_name = BY_NAME.iter().find(|(of, name, _)| (*of, *name) == (kind, function));
        for (number, _) in &arguments.keywords {
            let name = self.name(*number);
            let is_known = by_name.is_some_and(|(_, _, by_name)| by_name.contains(&name))
                || known.is_some_and(|it| it.parameters.contains(&name) || it.by_name.contains(&name));
            if !is_known {
                return beyond(format!("the argument {name} of {}()", short()));
            }
        }
        Ok(())
    }

    pub(super) fn keyword(&self, arguments: &Arguments, name: &str, position: usize) -> Option<Value> {
        let named = arguments.keywords.iter().find(|(number, _)| self.name(*number) == name);
        named.map(|(_, value)| value).or_else(|| arguments.positional.get(position)).cloned()
    }

    /// An integer that is given; nothing if none is, or `None` where that says so.
    pub(super) fn given_int(&self, arguments: &Arguments, name: &str, position: usize) -> R<Option<i64>> {
        match self.keyword(arguments, name, position) {
            None => Ok(None),
            Some(Value::None) if NONE_FOR_NO_NUMBER.contains(&name) => Ok(None),
            Some(value) => match value.as_int() {
                Some(int) => Ok(Some(int)),
                None => beyond(format!("such a {name}")),
            },
        }
    }

    /// The same of a method of an object; those of texts and of classes see to their arguments themselves.
    pub(super) fn know_arguments_of_method(
        &mut self,
        of: &Value,
        method: &str,
        arguments: &Arguments,
    ) -> R<()> {
        let kind = match self.object_of(of) {
            None | Some(Object::Super(..) | Object::Class { .. }) => return Ok(()),
            Some(object) => kind(object).unwrap_or("other"),
        };
        let takes = COUNTS.iter().find(|(of, names, _)| *of == kind && names.contains(&method));
        if takes.is_some_and(|(.., counts)| !counts.contains(&arguments.positional.len())) {
            return self.raise_unworded("TypeError");
        }
        self.know_arguments(kind, method, arguments)
    }
}

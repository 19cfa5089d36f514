//! Instances: of the program's classes, and threads.

use super::machine::{Arguments, INIT, Machine, R, RUN, Stop, beyond};
use super::state::{Object, Part, ThreadPart, Value};
use crate::python::version::Version;

/// The library's own attributes and methods of a thread, in some version: a program that sets one of them changes what the library does.
const OWN_OF_THREADS: &[&str] = &[
    "ident",
    "native_id",
    "_ident",
    "_native_id",
    "_name",
    "_daemonic",
    "_initialized",
    "_started",
    "_is_stopped",
    "_tstate_lock",
    "_handle",
    "_os_thread_handle",
    "_stderr",
    "_context",
    "_bootstrap",
    "_bootstrap_inner",
    "_delete",
    "_set_ident",
    "_set_native_id",
    "_set_tstate_lock",
    "_wait_for_tstate_lock",
    "_invoke_excepthook",
    "_reset_internal_locks",
    "_after_fork",
];

impl Machine<'_> {
    /// Refuses a name that the library's threads keep for themselves. `Thread.run` reads some of them: a class with its own `run` may use those.
    pub(super) fn leaves_to_threads(&mut self, class: &Value, name: &str) -> R<()> {
        let of_run = matches!(name, "_target" | "_args" | "_kwargs") && self.in_class(class, RUN).is_none();
        if (of_run || OWN_OF_THREADS.contains(&name)) && !self.module.facts.shape.python2 {
            return beyond(format!("the name {name} in a thread, where the library has one of its own"));
        }
        Ok(())
    }

    /// What the library does with the `_stop` of a thread that has ended, if the program has given it one: up to 3.12 it calls it.
    pub(super) fn calls_stop(&mut self, at: u32) -> R<()> {
        let shape = &self.module.facts.shape;
        let Some(stop) = self.name_number("_stop") else { return Ok(()) };
        if shape.python2 || self.module.version >= Version::V3_13 {
            return Ok(());
        }
        let Object::Instance { class, attributes, .. } = self.state.object(at).clone() else { return Ok(()) };
        let own = attributes.iter().find(|(name, _)| *name == stop).map(|(_, value)| value.clone());
        let Some(value) = own.or_else(|| self.in_class(&class, stop)) else { return Ok(()) };
        match self.object_of(&value) {
            None | Some(Object::Event(..) | Object::Lock(_) | Object::List(_))
                if !matches!(value, Value::Native(_)) =>
            {
                self.raise_types("TypeError", "'{}' object is not callable", &[&value])
            }
            _ => beyond("a thread's _stop, which the library calls up to 3.12"),
        }
    }

    /// Makes an instance of a class of the program.
    pub(super) fn instantiate(&mut self, class: &Value, arguments: Arguments) -> R<Value> {
        let base = self.native_base(class);
        if base == "threading.Thread" {
            for name in OWN_OF_THREADS {
                if self.name_number(name).is_some_and(|number| self.in_class(class, number).is_some()) {
                    self.leaves_to_threads(class, name)?;
                }
            }
        }
        let positional = arguments.positional.clone();
        let instance = self.once(|machine| {
            let part = match base {
                "threading.Thread" => Part::Thread(Box::new(ThreadPart::new())),
                "object" => Part::Plain,
                _ => Part::Exception(positional),
            };
            Ok(machine.allocate(Object::Instance { class: class.clone(), attributes: Vec::new(), part }))
        })?;
        if let Some(init) = self.lookup_special(&instance, INIT) {
            if self.call_back_with(&init, arguments)? != Value::None {
                return self.raise_unworded("TypeError");
            }
        } else if base == "threading.Thread" {
            let Value::Ref(at) = instance else { return Ok(instance) };
            self.initialise_thread(at, arguments)?;
        } else if base == "object" && !(arguments.positional.is_empty() && arguments.keywords.is_empty()) {
            return self.raise_unworded("TypeError");
        }
        Ok(instance)
    }

    /// The class of a value, if it has one that is modelled.
    pub(super) fn class_of(&self, value: &Value) -> Option<Value> {
        Some(Value::Native(match (value, self.object_of(value)) {
            (_, Some(Object::Instance { class, .. })) => return Some(class.clone()),
            (Value::Bool(_), _) => "bool",
            (Value::Int(_) | Value::Big(_) | Value::Ident(_), _) => "int",
            (Value::Unknown(number), _) if number.whole => "int",
            (Value::Float(_) | Value::Unknown(_), _) => "float",
            (Value::Str(_) | Value::UnknownText(_), _) => "str",
            (_, Some(Object::Tuple(_))) => "tuple",
            (_, Some(Object::List(_))) => "list",
            (_, Some(Object::Dict(_, None))) => "dict",
            (_, Some(Object::Dict(_, Some(Value::Native("collections.Counter"))))) => "collections.Counter",
            (_, Some(Object::Dict(..))) => "collections.defaultdict",
            (_, Some(Object::Deque(..))) => "collections.deque",
            (_, Some(Object::Set(_))) => "set",
            (_, Some(Object::Class { .. })) => "type",
            _ => return None,
        }))
    }

    /// Raises what `function(*value)` does where that cannot be gone through.
    pub(super) fn cannot_be_spread(&mut self, function: &Value, value: &Value) -> R<()> {
        let name = match self.object_of(function) {
            Some(Object::Function { code, .. }) => &self.module.codes[usize::from(*code)].name,
            _ => return self.raise_unworded("TypeError"),
        };
        // One in a class or a function has their names before its own.
        let globals = &self.state.globals[usize::from(self.current().process)];
        let is_global = self.name_number(name).is_some_and(|at| globals[usize::from(at)] == *function);
        match self.known_type_name(value).filter(|_| is_global) {
            Some(kind) => {
                let module = if self.module.version < Version::V3_9 { "" } else { "__main__." };
                let message = format!("{module}{name}() argument after * must be an iterable, not {kind}");
                self.raise("TypeError", &message)
            }
            None => self.raise_unworded("TypeError"),
        }
    }

    /// `Thread.__init__`.
    pub(super) fn initialise_thread(&mut self, at: u32, arguments: Arguments) -> R<Value> {
        let mut given = ThreadPart { initialised: true, ..ThreadPart::new() };
        if let Object::Instance { part: Part::Thread(part), .. } = self.state.object(at) {
            given.process = part.process;
            // A thread is a daemon if the thread that makes it is one.
            given.daemon = !part.process && self.current().daemon;
        }
        let mut named: Vec<(&str, Value)> =
            arguments.keywords.into_iter().map(|(name, value)| (self.name(name), value)).collect();
        let order = ["group", "target", "name", "args", "kwargs"];
        named.extend(order.into_iter().zip(arguments.positional));
        for (name, value) in named {
            match name {
                "target" => given.target = value,
                "args" => {
                    given.args = match self.elements(&value) {
                        // A thread goes through them only when it runs.
                        Err(Stop::Raise(_)) if !given.process => Err(value),
                        elements => Ok(elements?),
                    }
                }
                "name" => given.name = value,
                "daemon" if self.module.facts.shape.python2 => {
                    let message = "__init__() got an unexpected keyword argument 'daemon'";
                    return self.raise("TypeError", message);
                }
                "group" | "daemon" | "kwargs" if value == Value::None => {}
                "daemon" => given.daemon = self.truth(&value)?,
                "kwargs" => {
                    let Some(Object::Dict(items, _)) = self.object_of(&value).cloned() else {
                        return beyond("the argument kwargs of a thread that is no dict");
                    };
                    for (key, value) in items {
                        let Value::Str(key) = key else {
                            return beyond("an argument whose name is no string");
                        };
                        let Some(number) = self.name_number(&key) else {
                            return beyond("an argument by a name that stands nowhere else");
                        };
                        given.keywords.push((number, value));
                    }
                }
                "group" => return self.raise("AssertionError", "group argument must be None for now"),
                other => return beyond(format!("the argument {other} of a thread")),
            }
        }
        self.name_thread(&mut given)?;
        if let Object::Instance { part: Part::Thread(part), .. } = self.state.object_mut(at) {
            **part = given;
        }
        Ok(Value::None)
    }
}

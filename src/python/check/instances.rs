//! Instances: of the program's classes, and threads.

use super::machine::{Arguments, INIT, Machine, R, Stop, beyond};
use super::state::{Object, Part, ThreadPart, Value};
use crate::python::version::Version;

impl Machine<'_> {
    /// Makes an instance of a class of the program.
    pub(super) fn instantiate(&mut self, class: &Value, arguments: Arguments) -> R<Value> {
        let base = self.native_base(class);
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
            self.call_back_with(&init, arguments)?;
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
            // That of a thread is what the thread is that makes it.
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

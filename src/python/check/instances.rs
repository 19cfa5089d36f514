//! Instances: of the program's classes, and threads.

use super::machine::{Arguments, INIT, Machine, R, beyond};
use super::state::{Object, Part, ThreadPart, Value};

impl Machine<'_> {
    /// Makes an instance of a class of the program.
    pub(super) fn instantiate(&mut self, class: &Value, arguments: Arguments) -> R<Value> {
        let base = self.native_base(class);
        let positional = arguments.positional.clone();
        let instance = self.once(|machine| {
            let part = match base {
                "threading.Thread" => Part::Thread(Box::new(plain_thread())),
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
            (Value::Int(_) | Value::Big(_), _) => "int",
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

    /// `Thread.__init__`.
    pub(super) fn initialise_thread(&mut self, at: u32, arguments: Arguments) -> R<Value> {
        let mut given = plain_thread();
        let mut named: Vec<(&str, Value)> =
            arguments.keywords.into_iter().map(|(name, value)| (self.name(name), value)).collect();
        let order = ["group", "target", "name", "args", "kwargs"];
        named.extend(order.into_iter().zip(arguments.positional));
        for (name, value) in named {
            match name {
                "target" => given.target = value,
                "args" => given.args = self.elements(&value)?,
                "name" => given.name = value,
                "daemon" if self.module.facts.shape.python2 => {
                    let message = "__init__() got an unexpected keyword argument 'daemon'";
                    return self.raise("TypeError", message);
                }
                "daemon" => given.daemon = self.truth(&value)?,
                "kwargs" => {
                    if let Some(Object::Dict(items, _)) = self.object_of(&value).cloned() {
                        for (key, value) in items {
                            let Value::Str(key) = key else { continue };
                            let Some(number) = self.name_number(&key) else {
                                return beyond("an argument by a name that stands nowhere else");
                            };
                            given.keywords.push((number, value));
                        }
                    }
                }
                "group" if value == Value::None => {}
                "group" => return self.raise("AssertionError", "group argument must be None, for now"),
                other => return beyond(format!("the argument {other} of a thread")),
            }
        }
        if let Object::Instance { part: Part::Thread(part), .. } = self.state.object(at) {
            given.process = part.process;
        }
        self.name_thread(&mut given)?;
        if let Object::Instance { part: Part::Thread(part), .. } = self.state.object_mut(at) {
            **part = given;
        }
        Ok(Value::None)
    }
}

pub(super) fn plain_thread() -> ThreadPart {
    ThreadPart {
        target: Value::None,
        args: Vec::new(),
        keywords: Vec::new(),
        name: Value::None,
        daemon: false,
        process: false,
        number: None,
    }
}

//! Attributes: where each is found, and what classes and instances are to one another.

use std::sync::Arc;

use super::library;
use super::logging::LOGGER;
use super::machine::{INIT, Machine, R, Stop, Use, beyond, set_attribute};
use super::names::name_of;
use super::readings::look_into;
use super::state::{Object, Order, Part, Value};
use crate::python::version::Version;

impl Machine<'_> {
    /// Looks a name up in a class and those that it derives from; with whom it was found.
    pub(super) fn in_class(&mut self, class: &Value, name: u16) -> Option<Value> {
        let mut class = class.clone();
        while let Value::Ref(at) = class {
            let Object::Class { base, attributes, .. } = self.state.object(at) else {
                return None;
            };
            let found = attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
            let base = base.clone();
            if found.is_some() {
                self.touch_attribute(at, name, false);
                return found;
            }
            class = base;
        }
        None
    }

    /// The library's class that a class derives from.
    pub(super) fn native_base(&self, class: &Value) -> &'static str {
        let mut class = class.clone();
        loop {
            match (&class, self.object_of(&class)) {
                (Value::Native(name), _) => return name,
                (_, Some(Object::Class { base, .. })) => class = base.clone(),
                _ => return "object",
            }
        }
    }

    /// Whether a class is of the old style of Python 2: neither it nor any that it derives from derives from `object`.
    pub(super) fn is_old_style(&self, class: &Value) -> bool {
        let mut class = class;
        while let Some(Object::Class { base, .. }) = self.object_of(class) {
            if *base == Value::None {
                return true;
            }
            class = base;
        }
        false
    }

    /// Whether a value found in a class for an instance goes before what the instance itself holds, and takes what is stored in it: a
    /// property, but for classes of the old style.
    fn is_data_descriptor(&self, found: &Value, class: &Value) -> bool {
        matches!(self.object_of(found), Some(Object::Property(..))) && !self.is_old_style(class)
    }

    /// Whether an exception is of a class, or of one of a tuple of them.
    pub(super) fn is_exception(&self, exception: &Value, class: &Value) -> bool {
        if let Some(Object::Tuple(classes)) = self.object_of(class) {
            return classes.iter().any(|class| self.is_exception(exception, class));
        }
        let Some(Object::Instance { class: own, .. }) = self.object_of(exception) else {
            return false;
        };
        self.derives(own, class)
    }

    /// Raises if something else stands behind `except`.
    pub(super) fn needs_exceptions(&mut self, class: &Value) -> R<()> {
        let classes = match self.object_of(class) {
            Some(Object::Tuple(classes)) => classes.clone(),
            _ => vec![class.clone()],
        };
        let is_one = |class: &Value| {
            let is_class = matches!(class, Value::Native(_))
                || matches!(self.object_of(class), Some(Object::Class { .. }));
            is_class && library::exception_base(self.native_base(class)).is_some()
        };
        if self.module.facts.shape.python2 || classes.iter().all(is_one) {
            return Ok(());
        }
        self.raise("TypeError", "catching classes that do not inherit from BaseException is not allowed")
    }

    pub(super) fn derives(&self, class: &Value, from: &Value) -> bool {
        let mut class = class.clone();
        loop {
            if class == *from {
                return true;
            }
            class = match (&class, self.object_of(&class)) {
                (_, Some(Object::Class { base, .. })) => base.clone(),
                (Value::Native(name), _) => match library::exception_base(name) {
                    Some(base) => Value::Native(base),
                    None => return false,
                },
                _ => return false,
            };
        }
    }

    /// A special method of an instance, bound to it.
    pub(super) fn lookup_special(&mut self, value: &Value, name: u16) -> Option<Value> {
        let Some(Object::Instance { class, .. }) = self.object_of(value) else {
            return None;
        };
        let class = class.clone();
        let function = self.in_class(&class, name)?;
        Some(self.allocate(Object::Method(function, value.clone())))
    }

    /// Whether a value is an instance whose class has that special method.
    pub(super) fn has_special(&mut self, value: &Value, name: u16) -> bool {
        self.lookup_special(value, name).is_some()
    }

    /// What a name found in a class is for an instance.
    fn bound(&mut self, found: Value, instance: &Value, class: &Value) -> R<Value> {
        Ok(match self.object_of(&found).cloned() {
            Some(Object::Function { .. }) => self.allocate(Object::Method(found, instance.clone())),
            Some(Object::Property(getter, _)) => self.call_back(&getter, vec![instance.clone()])?,
            Some(Object::Static(function)) => function,
            Some(Object::ClassMethod(function)) => self.allocate(Object::Method(function, class.clone())),
            _ => found,
        })
    }

    /// What a name of the library stands for: a module, or something of one.
    pub(super) fn library_value(&mut self, name: &'static str) -> Value {
        if name == "concurrent.futures.TimeoutError" && self.module.version >= Version::V3_11 {
            Value::Native("TimeoutError")
        } else if library::module(name) == Some(name) {
            self.allocate(Object::Module(name.into()))
        } else {
            Value::Native(name)
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind of object")]
    pub(super) fn load_attribute(&mut self, object: &Value, name: u16) -> R<Value> {
        let text = self.name(name);
        let Value::Ref(at) = *object else {
            return match object {
                Value::Native(class) if text == "__name__" => {
                    Ok(Value::str(class.rsplit('.').next().unwrap_or(class)))
                }
                Value::Native("dict") if text == "fromkeys" => beyond("dict.fromkeys"),
                Value::Str(_) if library::METHODS.contains(&text) => {
                    Ok(self.allocate(Object::NativeMethod(object.clone(), name)))
                }
                logger if *logger == LOGGER && library::METHODS.contains(&text) => {
                    Ok(self.allocate(Object::NativeMethod(LOGGER, name)))
                }
                Value::Native("threading.Thread") if library::METHODS.contains(&text) => {
                    Ok(self.allocate(Object::NativeMethod(object.clone(), name)))
                }
                Value::Native(class)
                    if text == "__init__"
                        && (matches!(*class, "threading.Thread" | "object")
                            || library::exception_base(class).is_some()) =>
                {
                    Ok(self.allocate(Object::NativeMethod(object.clone(), name)))
                }
                Value::Native(class) => beyond(format!("{class}.{text}")),
                _ => self.no_attribute(object, text),
            };
        };
        // Shared and not copied: an object may hold many elements.
        let entry = Arc::clone(&self.state.heap[at as usize]);
        match &entry.object {
            Object::Module(module) => match library::item(module, text) {
                Some(item) if library::item_is_missing(item, self.module.version) => {
                    let message = if self.module.facts.shape.python2 {
                        format!("'module' object has no attribute '{text}'")
                    } else {
                        format!("module '{module}' has no attribute '{text}'")
                    };
                    self.raise("AttributeError", &message)
                }
                Some(item) => Ok(self.library_value(item)),
                None => beyond(format!("{module}.{text}")),
            },
            &Object::Class { name: class_name, .. } => {
                if text == "__name__" {
                    return Ok(Value::str(self.name(class_name)));
                }
                match self.in_class(object, name) {
                    Some(found) => match self.object_of(&found).cloned() {
                        Some(Object::Static(function)) => Ok(function),
                        Some(Object::ClassMethod(function)) => {
                            Ok(self.allocate(Object::Method(function, object.clone())))
                        }
                        _ => Ok(found),
                    },
                    None if name == INIT => Ok(self.allocate(Object::NativeMethod(object.clone(), name))),
                    None => {
                        self.touch_attribute(at, name, false);
                        self.no_attribute(object, text)
                    }
                }
            }
            Object::Instance { class, attributes, part } => {
                let in_class = self.in_class(class, name);
                if let Some(found) = &in_class
                    && self.is_data_descriptor(found, class)
                {
                    return self.bound(found.clone(), object, class);
                }
                self.touch_attribute(at, name, false);
                if let Some((_, value)) = attributes.iter().find(|(known, _)| *known == name) {
                    return Ok(value.clone());
                }
                if let Some(found) = in_class {
                    return self.bound(found, object, class);
                }
                match (part, text) {
                    (_, "__class__") => Ok(class.clone()),
                    (Part::Exception(_), "value") => beyond("the value of an exception"),
                    (Part::Exception(args), "args") => {
                        let args = args.clone();
                        Ok(self.tuple(args))
                    }
                    (Part::Thread(part), "name" | "daemon" | "ident") => {
                        self.needs_init(part.initialised, "AssertionError", "Thread")?;
                        match (text, part.number) {
                            ("name", _) => name_of(part),
                            ("daemon", _) => Ok(Value::Bool(part.daemon)),
                            (_, Some(number)) => Ok(self.ident_of(usize::from(number))),
                            (_, None) => Ok(Value::None),
                        }
                    }
                    (Part::Thread(part), "_target" | "_args" | "_kwargs")
                        if !self.module.facts.shape.python2 =>
                    {
                        self.given_to_thread(part, text)
                    }
                    (Part::Thread(_), _) if library::METHODS.contains(&text) => {
                        Ok(self.allocate(Object::NativeMethod(object.clone(), name)))
                    }
                    _ => self.no_attribute(object, text),
                }
            }
            Object::Super(owner, instance) => {
                let base = match self.object_of(owner) {
                    Some(Object::Class { base, .. }) => base.clone(),
                    _ => return self.raise("RuntimeError", "super(): no arguments"),
                };
                match self.in_class(&base, name) {
                    Some(found) => {
                        // A class method gets the class that it was called on.
                        let of_class = matches!(self.object_of(instance), Some(Object::Class { .. }));
                        let class = if of_class { Some(instance.clone()) } else { self.class_of(instance) };
                        self.bound(found, instance, &class.unwrap_or(base))
                    }
                    None => Ok(self.allocate(Object::NativeMethod(object.clone(), name))),
                }
            }
            Object::Local(items) => {
                let thread = u8::try_from(self.thread).unwrap_or(u8::MAX);
                match items.iter().find(|(of, known, _)| *of == thread && *known == name) {
                    Some((_, _, value)) => Ok(value.clone()),
                    None => self.no_attribute(object, text),
                }
            }
            Object::Deque(_, most) if text == "maxlen" => {
                Ok(most.and_then(|most| i64::try_from(most).ok()).map_or(Value::None, Value::Int))
            }
            Object::SharedValue(value, lock) if text == "value" => {
                self.by_property(lock)?;
                self.touch(at, false);
                Ok(value.clone())
            }
            &Object::Function { code, .. } if text == "__name__" => {
                Ok(Value::str(&self.module.codes[usize::from(code)].name))
            }
            Object::Property(..) if text == "setter" => {
                Ok(self.allocate(Object::NativeMethod(Value::Ref(at), name)))
            }
            // Data of others, and methods of other queues.
            _ if matches!(text, "args" | "daemon" | "ident" | "maxlen" | "name" | "value") => {
                self.no_attribute(object, text)
            }
            Object::Queue(.., order)
                if matches!(text, "join" | "task_done")
                    && (*order == Order::Simple || entry.site.is_of_processes())
                    || text == "full" && *order == Order::Simple =>
            {
                self.no_attribute(object, text)
            }
            _ if library::METHODS.contains(&text) => {
                Ok(self.allocate(Object::NativeMethod(object.clone(), name)))
            }
            _ => self.no_attribute(object, text),
        }
    }

    /// Whether an attribute of an object is worked out by its class.
    pub(super) fn is_property(&mut self, object: &Value, attribute: &str) -> bool {
        let (Some(name), Some(class)) = (self.name_number(attribute), self.class_of(object)) else {
            return false;
        };
        let found = self.in_class(&class, name);
        found.is_some_and(|found| matches!(self.object_of(&found), Some(Object::Property(..))))
    }

    pub(super) fn no_attribute(&mut self, object: &Value, name: &str) -> R<Value> {
        look_into(&[object])?;
        match self.object_of(object) {
            Some(Object::Class { .. }) => {
                let class = self.class_name(object);
                let kind = if self.is_old_style(object) {
                    format!("class {class}")
                } else {
                    format!("type object '{class}'")
                };
                return self.raise("AttributeError", &format!("{kind} has no attribute '{name}'"));
            }
            Some(Object::Instance { class, .. }) if self.is_old_style(class) => {
                let message = format!("{} instance has no attribute '{name}'", self.class_name(class));
                return self.raise("AttributeError", &message);
            }
            _ => {}
        }
        if let Value::Native(class) = object
            && library::is_type(class)
        {
            return self.raise("AttributeError", &format!("type object '{class}' has no attribute '{name}'"));
        }
        match self.known_type_name(object) {
            Some(class) if !matches!(object, Value::Native(_)) => {
                self.raise("AttributeError", &format!("'{class}' object has no attribute '{name}'"))
            }
            _ => self.raise_unworded("AttributeError"),
        }
    }

    pub(super) fn store_attribute(&mut self, object: &Value, name: u16, value: Value) -> R<()> {
        let Value::Ref(at) = *object else {
            look_into(&[object])?;
            return self.raise_unworded("AttributeError");
        };
        match self.state.object(at).clone() {
            Object::Instance { class, part, .. } => {
                if let Some(found) = self.in_class(&class, name)
                    && self.is_data_descriptor(&found, &class)
                    && let Some(Object::Property(_, setter)) = self.object_of(&found).cloned()
                {
                    if setter == Value::None {
                        let (words, class) = (self.module.facts.messages.no_setter, self.class_name(&class));
                        let message = Self::fill(words, &[self.name(name), &class]);
                        return self.raise("AttributeError", &message);
                    }
                    return self.call_back(&setter, vec![object.clone(), value]).map(|_| ());
                }
                if let (Part::Thread(part), "daemon") = (&part, self.name(name)) {
                    self.needs_init(part.initialised, "RuntimeError", "Thread")?;
                    let Value::Bool(daemon) = value else {
                        return beyond("a daemon that is neither True nor False");
                    };
                    let Object::Instance { part: Part::Thread(part), .. } = self.state.object_mut(at) else {
                        return Ok(());
                    };
                    if part.number.is_some() {
                        return self.raise("RuntimeError", "cannot set daemon status of active thread");
                    }
                    part.daemon = daemon;
                    return Ok(());
                }
                if let (Part::Thread(part), "name") = (&part, self.name(name)) {
                    self.needs_init(part.initialised, "AssertionError", "Thread")?;
                    let text = Value::str(&self.text(&value, false)?);
                    if let Object::Instance { part: Part::Thread(part), .. } = self.state.object_mut(at) {
                        part.name = text;
                    }
                    return Ok(());
                }
                if let Part::Thread(_) = part {
                    self.leaves_to_threads(&class, self.name(name))?;
                }
                if let Some(slots) = self.slots(&class) {
                    self.needs_slot(object, slots, name)?;
                }
                self.touch_attribute(at, name, true);
                if let Object::Instance { attributes, .. } = self.state.object_mut(at) {
                    set_attribute(attributes, name, value);
                }
                Ok(())
            }
            Object::Class { .. } => {
                self.touch_attribute(at, name, true);
                if let Object::Class { attributes, .. } = self.state.object_mut(at) {
                    set_attribute(attributes, name, value);
                }
                Ok(())
            }
            Object::Local(_) => {
                let thread = u8::try_from(self.thread).unwrap_or(u8::MAX);
                if let Object::Local(items) = self.state.object_mut(at) {
                    let at = items.partition_point(|(of, known, _)| (*of, *known) < (thread, name));
                    match items.get_mut(at) {
                        Some((of, known, place)) if (*of, *known) == (thread, name) => *place = value,
                        _ => items.insert(at, (thread, name, value)),
                    }
                }
                Ok(())
            }
            Object::SharedValue(before, lock) if self.name(name) == "value" => {
                self.by_property(&lock)?;
                let value = shared_number(matches!(before, Value::Float(_)), &value)?;
                self.touch(at, true);
                *self.state.object_mut(at) = Object::SharedValue(value, lock);
                Ok(())
            }
            Object::List(_) | Object::Tuple(_) | Object::Dict(_, None) | Object::Set(_) | Object::Lock(_) => {
                self.raise_unworded("AttributeError")
            }
            _ => beyond(format!("setting the attribute {} of this", self.name(name))),
        }
    }

    /// Raises unless one of an object's `__slots__` has that name.
    fn needs_slot(&mut self, object: &Value, slots: Vec<Value>, name: u16) -> R<()> {
        for own in slots {
            let names = if matches!(own, Value::Str(_)) { vec![own] } else { self.elements(&own)? };
            if names.contains(&Value::str(self.name(name))) {
                return Ok(());
            }
        }
        let text = self.name(name);
        self.no_attribute(object, text).map(|_| ())
    }

    /// The value of a `multiprocessing.Value` is a property written in Python, which takes the lock and lets it go by a call behind which
    /// the GIL may go (`make_property` in `multiprocessing/sharedctypes.py`).
    fn by_property(&mut self, lock: &Value) -> R<()> {
        if let (Value::Ref(at), Some(Object::RLock(Some(owner), _))) = (lock, self.object_of(lock))
            && *owner != self.number()
        {
            self.touch_lock(*at, Use::Wait);
            return Err(Stop::Block);
        }
        self.set_check(true);
        Ok(())
    }

    pub(super) fn delete_attribute(&mut self, object: &Value, name: u16) -> R<()> {
        let Value::Ref(at) = *object else {
            return self.type_error("cannot delete an attribute of", &[object]);
        };
        self.touch_attribute(at, name, true);
        if let Object::Instance { attributes, .. } | Object::Class { attributes, .. } =
            self.state.object_mut(at)
        {
            let before = attributes.len();
            attributes.retain(|(known, _)| *known != name);
            if attributes.len() < before {
                return Ok(());
            }
        }
        if let Some(Object::Instance { class, .. }) = self.object_of(object)
            && self.is_old_style(class)
        {
            return self.no_attribute(object, self.name(name)).map(drop);
        }
        let class = self.type_name(object);
        let message = Self::fill(self.module.facts.messages.no_deletion, &[&class, self.name(name)]);
        self.raise("AttributeError", &message)
    }
}

/// What a `Value` of integers or of floats holds of a number that is stored in it.
pub(super) fn shared_number(of_floats: bool, value: &Value) -> R<Value> {
    match (of_floats, Machine::as_float(value), value.as_int()) {
        (true, Some(float), _) => Ok(Value::Float(float.to_bits())),
        (false, _, Some(int)) if i32::try_from(int).is_ok() => Ok(Value::Int(int)),
        (false, _, Some(_)) => beyond("a number of more than 32 bits in a Value"),
        _ => beyond("such a value in a multiprocessing.Value"),
    }
}

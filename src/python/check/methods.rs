//! Methods of the library's objects.

use super::library;
use super::machine::{Arguments, LONGEST, Machine, R, Stop};
use super::state::{Object, Part, Value};

impl Machine<'_> {
    pub(super) fn call_method(&mut self, receiver: &Value, name: &str, arguments: Arguments) -> R<Value> {
        if let Value::Str(text) = receiver {
            let text = std::rc::Rc::clone(text);
            return self.str_method(&text, name, &arguments.positional);
        }
        let at = match receiver {
            Value::Ref(at) => *at,
            Value::Native("threading.Thread") => {
                let mut arguments = arguments;
                return match arguments.positional.first() {
                    Some(&Value::Ref(at)) => {
                        arguments.positional.remove(0);
                        self.initialise_thread(at, arguments)
                    }
                    _ => self.beyond("this call of Thread.__init__"),
                };
            }
            _ => return self.beyond(format!("the method {name}")),
        };
        let object = self.state.object(at).clone();
        let in_python = match &object {
            Object::Queue(..) | Object::Event(_) | Object::Condition(..) | Object::Barrier(..) => true,
            Object::Instance { part: Part::Thread(_), .. }
            | Object::Executor { .. }
            | Object::Future { .. } => true,
            _ => false,
        };
        if in_python && library::IN_PYTHON.contains(&name) {
            self.yield_once()?;
        }
        match object {
            Object::List(items) => self.list_method(at, items, name, &arguments),
            Object::Dict(items, factory) => self.dict_method(at, items, factory, name, &arguments),
            Object::Set(items) => self.set_method(at, items, name, &arguments.positional),
            Object::Deque(items, most) => self.deque_method(at, items, most, name, &arguments.positional),
            Object::Tuple(items) => match (name, &arguments.positional[..]) {
                ("count", [item]) => self.count_equal(&items, item),
                ("index", [item]) => self.index_of(&items, item),
                _ => self.beyond(format!("the method {name} of a tuple")),
            },
            Object::Property(getter, _) if name == "setter" => {
                let setter = arguments.positional.first().cloned().unwrap_or(Value::None);
                Ok(self.allocate(Object::Property(getter, setter)))
            }
            Object::Super(_, instance) => self.super_method(&instance, name, arguments),
            Object::Class { .. } if name == "__init__" => {
                let mut arguments = arguments;
                let instance = if arguments.positional.is_empty() {
                    Value::None
                } else {
                    arguments.positional.remove(0)
                };
                self.super_method(&instance, name, arguments)
            }
            Object::Instance { part: Part::Thread(part), .. } => match name {
                "start" => self.thread_start(at),
                "join" => {
                    let timeout = !(arguments.positional.is_empty() && arguments.keywords.is_empty());
                    self.thread_join(at, !timeout)
                }
                "is_alive" => self.is_alive(at),
                "setDaemon" => {
                    let daemon = arguments.positional.first().cloned().unwrap_or(Value::Bool(true));
                    let daemon = self.truth(&daemon)?;
                    if let Object::Instance { part: Part::Thread(part), .. } = self.state.object_mut(at) {
                        part.daemon = daemon;
                    }
                    Ok(Value::None)
                }
                "getName" if part.name != Value::None => Ok(part.name.clone()),
                "__init__" => self.initialise_thread(at, arguments),
                _ => self.beyond(format!("the method {name} of a thread")),
            },
            Object::Lock(_) | Object::RLock(..) | Object::Semaphore(..) => match name {
                "acquire" => {
                    let waits = self.waits(&arguments, 0)?;
                    self.acquire(receiver, waits)
                }
                "release" | "__exit__" => self.release(receiver),
                "__enter__" => self.acquire(receiver, true),
                "locked" => {
                    self.touch(at, false);
                    Ok(Value::Bool(matches!(
                        self.state.object(at),
                        Object::Lock(Some(_)) | Object::RLock(Some(_), _)
                    )))
                }
                _ => self.beyond(format!("the method {name} of a lock")),
            },
            Object::Condition(..) => match name {
                "acquire" => {
                    let waits = self.waits(&arguments, 0)?;
                    self.acquire(receiver, waits)
                }
                "release" | "__exit__" => self.release(receiver),
                "__enter__" => self.acquire(receiver, true),
                "wait" if arguments.positional.is_empty() && arguments.keywords.is_empty() => {
                    self.condition_wait(at)
                }
                "notify" => {
                    let count = arguments.positional.first().and_then(Value::as_int).unwrap_or(1);
                    self.condition_notify(at, usize::try_from(count).unwrap_or(0))
                }
                "notify_all" | "notifyAll" => self.condition_notify(at, usize::MAX),
                _ => self.beyond(format!("this call of the method {name} of a condition")),
            },
            Object::Event(set) => match name {
                "set" | "clear" => {
                    self.touch(at, true);
                    *self.state.object_mut(at) = Object::Event(name == "set");
                    Ok(Value::None)
                }
                "is_set" => {
                    self.touch(at, false);
                    Ok(Value::Bool(set))
                }
                "wait" if arguments.positional.is_empty() && arguments.keywords.is_empty() => {
                    if !set {
                        return Err(Stop::Block);
                    }
                    self.touch(at, false);
                    Ok(Value::Bool(true))
                }
                _ => self.beyond(format!("this call of the method {name} of an event")),
            },
            Object::Barrier(..) if name == "wait" => self.barrier_wait(at),
            Object::Queue(items, most, unfinished, _) => match name {
                "put" | "put_nowait" => {
                    let Some(item) = arguments.positional.first().cloned() else {
                        return self.beyond("put() without an element");
                    };
                    let waits = name == "put" && self.waits(&arguments, 1)?;
                    self.queue_put(at, item, waits)
                }
                "get" | "get_nowait" => {
                    let waits = name == "get" && self.waits(&arguments, 0)?;
                    self.queue_get(at, waits)
                }
                "empty" | "full" | "qsize" => {
                    self.touch(at, false);
                    Ok(match name {
                        "empty" => Value::Bool(items.is_empty()),
                        "full" => Value::Bool(most > 0 && items.len() >= most),
                        _ => self.int(i64::try_from(items.len()).ok())?,
                    })
                }
                "task_done" => {
                    self.touch(at, true);
                    if unfinished == 0 {
                        return self.raise("ValueError", "task_done() called too many times");
                    }
                    if let Object::Queue(_, _, unfinished, _) = self.state.object_mut(at) {
                        *unfinished -= 1;
                    }
                    Ok(Value::None)
                }
                "join" => {
                    if unfinished > 0 {
                        return Err(Stop::Block);
                    }
                    self.touch(at, false);
                    Ok(Value::None)
                }
                _ => self.beyond(format!("the method {name} of a queue")),
            },
            Object::Executor { .. } => match name {
                "submit" => self.submit(at, arguments),
                "map" => {
                    let [function, items] = &arguments.positional[..] else {
                        return self.beyond("map() of several iterables");
                    };
                    let (function, items) = (function.clone(), items.clone());
                    let futures = self.once(|machine| {
                        let mut futures = Vec::new();
                        for item in machine.elements(&items)? {
                            let call = vec![function.clone(), item];
                            futures.push(
                                machine.submit(at, Arguments { positional: call, keywords: Vec::new() })?,
                            );
                        }
                        Ok(machine.list(futures))
                    })?;
                    self.yield_once()?;
                    let mut results = Vec::new();
                    for future in self.elements(&futures)? {
                        results.push(self.future_result(&future)?);
                    }
                    Ok(self.allocate(Object::Pulled(results, 0)))
                }
                "shutdown" => self.shutdown(at, true),
                "__exit__" => {
                    self.shutdown(at, true)?;
                    Ok(Value::None)
                }
                _ => self.beyond(format!("the method {name} of an executor")),
            },
            Object::Future { done, .. } => match name {
                "result" if arguments.positional.is_empty() => self.future_result(receiver),
                "done" => {
                    self.touch(at, false);
                    Ok(Value::Bool(done.is_some()))
                }
                _ => self.beyond(format!("the method {name} of a future")),
            },
            Object::SharedValue(_, lock) if name == "get_lock" => Ok(lock),
            Object::Count(..) if name == "__next__" => match self.next(receiver)? {
                Some(value) => Ok(value),
                None => self.raise("StopIteration", ""),
            },
            _ => {
                let class = self.type_name(receiver);
                self.beyond(format!("the method {name} of a {class}"))
            }
        }
    }

    /// A method of the library's class from which an instance's class derives.
    fn super_method(&mut self, instance: &Value, name: &str, arguments: Arguments) -> R<Value> {
        let Value::Ref(at) = *instance else {
            return self.beyond("super() of this");
        };
        match (self.state.object_mut(at), name) {
            (Object::Instance { part: Part::Thread(_), .. }, "__init__") => {
                self.initialise_thread(at, arguments)
            }
            (Object::Instance { part: Part::Exception(args), .. }, "__init__") => {
                *args = arguments.positional;
                Ok(Value::None)
            }
            (Object::Instance { .. }, "__init__") => Ok(Value::None),
            (Object::Instance { part: Part::Thread(_), .. }, "start") => self.thread_start(at),
            (Object::Instance { part: Part::Thread(_), .. }, "join") => self.thread_join(at, true),
            _ => self.beyond(format!("super().{name}()")),
        }
    }

    fn count_equal(&mut self, items: &[Value], item: &Value) -> R<Value> {
        let mut count = 0;
        for known in items {
            count += i64::from(self.equal(known, item)?);
        }
        Ok(Value::Int(count))
    }

    fn index_of(&mut self, items: &[Value], item: &Value) -> R<Value> {
        match self.position(items, item)? {
            Some(at) => self.int(i64::try_from(at).ok()),
            None => self.raise("ValueError", "value is not in list"),
        }
    }

    fn list_method(&mut self, at: u32, mut items: Vec<Value>, name: &str, arguments: &Arguments) -> R<Value> {
        let args = &arguments.positional[..];
        let reads = matches!(name, "count" | "index" | "copy");
        self.touch(at, !reads);
        let mut result = Value::None;
        match (name, args) {
            ("append", [item]) => items.push(item.clone()),
            ("extend", [more]) => items.extend(self.elements(more)?),
            ("insert", [place, item]) => {
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let place = place.as_int().unwrap_or(0);
                let place = if place < 0 { (place + length).max(0) } else { place.min(length) };
                items.insert(usize::try_from(place).unwrap_or(0), item.clone());
            }
            ("pop", [] | [_]) => {
                if items.is_empty() {
                    return self.raise("IndexError", "pop from empty list");
                }
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let place = args.first().and_then(Value::as_int).unwrap_or(-1);
                let place = if place < 0 { place + length } else { place };
                match usize::try_from(place).ok().filter(|&place| place < items.len()) {
                    Some(place) => result = items.remove(place),
                    None => return self.raise("IndexError", "pop index out of range"),
                }
            }
            ("remove", [item]) => match self.position(&items, item)? {
                Some(place) => drop(items.remove(place)),
                None => return self.raise("ValueError", "list.remove(x): x not in list"),
            },
            ("clear", []) => items.clear(),
            ("reverse", []) => items.reverse(),
            ("sort", []) => items = self.sorted(items, arguments)?,
            ("copy", []) => return Ok(self.list(items)),
            ("count", [item]) => return self.count_equal(&items, item),
            ("index", [item]) => return self.index_of(&items, item),
            _ => return self.beyond(format!("this call of the method {name} of a list")),
        }
        if items.len() > LONGEST {
            return self.beyond(format!("a list of more than {LONGEST} elements"));
        }
        *self.state.object_mut(at) = Object::List(items);
        Ok(result)
    }

    fn dict_method(
        &mut self,
        at: u32,
        mut items: Vec<(Value, Value)>,
        factory: Option<Value>,
        name: &str,
        arguments: &Arguments,
    ) -> R<Value> {
        let args = &arguments.positional[..];
        let writes = matches!(name, "pop" | "setdefault" | "update" | "clear" | "popitem");
        self.touch(at, writes);
        let keys: Vec<Value> = items.iter().map(|(key, _)| key.clone()).collect();
        let place = match args.first() {
            Some(key) if matches!(name, "get" | "pop" | "setdefault") => self.position(&keys, key)?,
            _ => None,
        };
        let default = args.get(1).cloned();
        match (name, place) {
            ("get", Some(place)) => return Ok(items[place].1.clone()),
            ("get", None) => return Ok(default.unwrap_or(Value::None)),
            ("setdefault", Some(place)) => return Ok(items[place].1.clone()),
            ("setdefault", None) => {
                let value = default.unwrap_or(Value::None);
                if let Some(key) = args.first() {
                    items.push((key.clone(), value.clone()));
                }
                *self.state.object_mut(at) = Object::Dict(items, factory);
                return Ok(value);
            }
            ("pop", Some(place)) => {
                let (_, value) = items.remove(place);
                *self.state.object_mut(at) = Object::Dict(items, factory);
                return Ok(value);
            }
            ("pop", None) => {
                return match default {
                    Some(value) => Ok(value),
                    None => {
                        let key = args.first().cloned().unwrap_or(Value::None);
                        let exception = self.allocate(Object::Instance {
                            class: Value::Native("KeyError"),
                            attributes: Vec::new(),
                            part: Part::Exception(vec![key]),
                        });
                        Err(Stop::Raise(exception))
                    }
                };
            }
            ("popitem", _) => {
                let Some((key, value)) = items.pop() else {
                    return self.raise("KeyError", "popitem(): dictionary is empty");
                };
                *self.state.object_mut(at) = Object::Dict(items, factory);
                return Ok(self.tuple(vec![key, value]));
            }
            ("clear", _) => {
                *self.state.object_mut(at) = Object::Dict(Vec::new(), factory);
                return Ok(Value::None);
            }
            ("copy", _) => return Ok(self.allocate(Object::Dict(items, factory))),
            ("keys", _) => return Ok(self.list(keys)),
            ("values", _) => {
                let values = items.into_iter().map(|(_, value)| value).collect();
                return Ok(self.list(values));
            }
            ("items", _) => {
                let mut pairs = Vec::new();
                for (key, value) in items {
                    pairs.push(self.tuple(vec![key, value]));
                }
                return Ok(self.list(pairs));
            }
            _ => {}
        }
        if let ("update", [other]) = (name, args)
            && let Some(Object::Dict(more, _)) = self.object_of(other).cloned()
        {
            for (key, value) in more {
                self.store_subscript(&Value::Ref(at), &key, value)?;
            }
            return Ok(Value::None);
        }
        self.beyond(format!("this call of the method {name} of a dict"))
    }

    fn set_method(&mut self, at: u32, mut items: Vec<Value>, name: &str, args: &[Value]) -> R<Value> {
        let writes = matches!(name, "add" | "discard" | "remove" | "pop" | "clear" | "update");
        self.touch(at, writes);
        let mut result = Value::None;
        match (name, args) {
            ("add", [item]) => {
                self.set_add(at, item.clone())?;
                return Ok(Value::None);
            }
            ("discard" | "remove", [item]) => match self.position(&items, item)? {
                Some(place) => drop(items.remove(place)),
                None if name == "remove" => return self.raise("KeyError", ""),
                None => {}
            },
            ("pop", []) => match items.pop() {
                Some(item) => result = item,
                None => return self.raise("KeyError", "pop from an empty set"),
            },
            ("clear", []) => items.clear(),
            ("update", [more]) => {
                for item in self.elements(more)? {
                    self.set_add(at, item)?;
                }
                return Ok(Value::None);
            }
            ("copy", []) => return Ok(self.allocate(Object::Set(items))),
            ("union", [more]) => {
                items.extend(self.elements(more)?);
                let items = self.unique(items)?;
                return Ok(self.allocate(Object::Set(items)));
            }
            ("intersection" | "difference", [more]) => {
                let more = self.elements(more)?;
                let mut kept = Vec::new();
                for item in items {
                    if self.position(&more, &item)?.is_some() == (name == "intersection") {
                        kept.push(item);
                    }
                }
                return Ok(self.allocate(Object::Set(kept)));
            }
            _ => return self.beyond(format!("this call of the method {name} of a set")),
        }
        *self.state.object_mut(at) = Object::Set(items);
        Ok(result)
    }

    fn deque_method(
        &mut self,
        at: u32,
        mut items: Vec<Value>,
        most: Option<usize>,
        name: &str,
        args: &[Value],
    ) -> R<Value> {
        self.touch(at, true);
        let mut result = Value::None;
        match (name, args) {
            ("append", [item]) => {
                items.push(item.clone());
                if most.is_some_and(|most| items.len() > most) {
                    items.remove(0);
                }
            }
            ("appendleft", [item]) => {
                items.insert(0, item.clone());
                if most.is_some_and(|most| items.len() > most) {
                    items.pop();
                }
            }
            ("extend", [more]) => items.extend(self.elements(more)?),
            ("pop" | "popleft", []) => {
                if items.is_empty() {
                    return self.raise("IndexError", "pop from an empty deque");
                }
                result = if name == "pop" { items.pop().unwrap_or(Value::None) } else { items.remove(0) };
            }
            ("clear", []) => items.clear(),
            _ => return self.beyond(format!("this call of the method {name} of a deque")),
        }
        if items.len() > LONGEST {
            return self.beyond(format!("a deque of more than {LONGEST} elements"));
        }
        *self.state.object_mut(at) = Object::Deque(items, most);
        Ok(result)
    }

    fn str_method(&mut self, text: &str, name: &str, args: &[Value]) -> R<Value> {
        let new = |text: &str| Ok(Value::str(text));
        match (name, args) {
            ("upper", []) => new(&text.to_uppercase()),
            ("lower", []) => new(&text.to_lowercase()),
            ("strip", []) => new(text.trim()),
            ("lstrip", []) => new(text.trim_start()),
            ("rstrip", []) => new(text.trim_end()),
            ("startswith", [Value::Str(part)]) => Ok(Value::Bool(text.starts_with(&**part))),
            ("endswith", [Value::Str(part)]) => Ok(Value::Bool(text.ends_with(&**part))),
            ("isdigit", []) => {
                Ok(Value::Bool(!text.is_empty() && text.chars().all(|letter| letter.is_ascii_digit())))
            }
            ("replace", [Value::Str(from), Value::Str(to)]) if text.len() <= LONGEST => {
                new(&text.replace(&**from, to))
            }
            ("count", [Value::Str(part)]) if !part.is_empty() => {
                self.int(i64::try_from(text.matches(&**part).count()).ok())
            }
            ("find", [Value::Str(part)]) => {
                let at = text.find(&**part).map(|at| text[..at].chars().count());
                self.int(Some(at.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1)))
            }
            ("split", [] | [_]) => {
                let parts: Vec<Value> = match args.first() {
                    Some(Value::Str(separator)) => text.split(&**separator).map(Value::str).collect(),
                    _ => text.split_whitespace().map(Value::str).collect(),
                };
                Ok(self.list(parts))
            }
            ("join", [items]) => {
                let mut texts = Vec::new();
                for item in self.elements(items)? {
                    match item {
                        Value::Str(text) => texts.push(text.to_string()),
                        other => return self.type_error("sequence item: expected str instance", &[&other]),
                    }
                }
                new(&texts.join(text))
            }
            ("format", _) => {
                let mut out = String::new();
                let mut rest = text;
                let mut next = args.iter();
                while let Some(open) = rest.find('{') {
                    let Some(length) = rest[open..].find('}') else {
                        return self.raise("ValueError", "expected '}' before end of string");
                    };
                    out.push_str(&rest[..open]);
                    let inside = &rest[open + 1..open + length];
                    let (field, spec) = inside.split_once(':').unwrap_or((inside, ""));
                    let value = match field.parse::<usize>() {
                        Ok(index) => args.get(index),
                        Err(_) if field.is_empty() => next.next(),
                        Err(_) => return self.beyond("a named field of str.format()"),
                    };
                    let Some(value) = value.cloned() else {
                        return self.raise("IndexError", "Replacement index out of range");
                    };
                    out.push_str(&self.format(&value, spec)?);
                    rest = &rest[open + length + 1..];
                }
                out.push_str(rest);
                new(&out)
            }
            _ => self.beyond(format!("this call of the method {name} of a str")),
        }
    }
}

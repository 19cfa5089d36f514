//! Methods of lists, dicts, sets, deques and strings.

use super::machine::{Arguments, LONGEST, Machine, R, Stop, beyond};
use super::state::{Object, Part, Value};

impl Machine<'_> {
    pub(super) fn count_equal(&mut self, items: &[Value], item: &Value) -> R<Value> {
        let mut count = 0;
        for known in items {
            count += i64::from(self.equal(known, item)?);
        }
        Ok(Value::Int(count))
    }

    pub(super) fn index_of(&mut self, items: &[Value], item: &Value) -> R<Value> {
        match self.position(items, item)? {
            Some(at) => Self::int(i64::try_from(at).ok()),
            None => self.raise("ValueError", "value is not in list"),
        }
    }

    pub(super) fn list_method(
        &mut self,
        at: u32,
        mut items: Vec<Value>,
        name: &str,
        arguments: &Arguments,
    ) -> R<Value> {
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
            _ => return beyond(format!("this call of the method {name} of a list")),
        }
        if items.len() > LONGEST {
            return beyond(format!("a list of more than {LONGEST} elements"));
        }
        *self.state.object_mut(at) = Object::List(items);
        Ok(result)
    }

    pub(super) fn dict_method(
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
            ("get" | "setdefault", Some(place)) => return Ok(items[place].1.clone()),
            ("get", None) => return Ok(default.unwrap_or(Value::None)),
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
                return if let Some(value) = default {
                    Ok(value)
                } else {
                    let key = args.first().cloned().unwrap_or(Value::None);
                    let exception = self.allocate(Object::Instance {
                        class: Value::Native("KeyError"),
                        attributes: Vec::new(),
                        part: Part::Exception(vec![key]),
                    });
                    Err(Stop::Raise(exception))
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
        beyond(format!("this call of the method {name} of a dict"))
    }

    pub(super) fn set_method(
        &mut self,
        at: u32,
        mut items: Vec<Value>,
        name: &str,
        args: &[Value],
    ) -> R<Value> {
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
            _ => return beyond(format!("this call of the method {name} of a set")),
        }
        *self.state.object_mut(at) = Object::Set(items);
        Ok(result)
    }

    pub(super) fn deque_method(
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
            _ => return beyond(format!("this call of the method {name} of a deque")),
        }
        if items.len() > LONGEST {
            return beyond(format!("a deque of more than {LONGEST} elements"));
        }
        *self.state.object_mut(at) = Object::Deque(items, most);
        Ok(result)
    }

    pub(super) fn str_method(&mut self, text: &str, name: &str, args: &[Value]) -> R<Value> {
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
                Self::int(i64::try_from(text.matches(&**part).count()).ok())
            }
            ("find", [Value::Str(part)]) => {
                let at = text.find(&**part).map(|at| text[..at].chars().count());
                Self::int(Some(at.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1)))
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
                        Err(_) => return beyond("a named field of str.format()"),
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
            _ => beyond(format!("this call of the method {name} of a str")),
        }
    }
}

//! Methods of lists, dicts, sets and deques.

use super::machine::{Arguments, LONGEST, Machine, R, Stop, beyond};
use super::state::{Object, Value};

impl Machine<'_> {
    /// What `dict()` and `update()` are to put in: the pairs of a value, if one is given, and those of the keywords.
    pub(super) fn given_pairs(
        &mut self,
        given: Option<&Value>,
        arguments: &Arguments,
    ) -> R<Vec<(Value, Value)>> {
        let mut pairs = match given {
            Some(value) => self.pairs(value)?,
            None => Vec::new(),
        };
        let keywords = arguments.keywords.iter();
        pairs.extend(keywords.map(|(name, value)| (Value::str(self.name(*name)), value.clone())));
        Ok(pairs)
    }

    pub(super) fn count_equal(&mut self, items: &[Value], item: &Value) -> R<Value> {
        let mut count = 0;
        for known in items {
            count += i64::from(self.equal(known, item)?);
        }
        Ok(Value::Int(count))
    }

    pub(super) fn index_of(&mut self, items: &[Value], item: &Value) -> R<Value> {
        if let Some(at) = self.position(items, item)? {
            return Self::int(i64::try_from(at).ok());
        }
        let shown = self.text(item, true)?;
        let message = Self::fill(self.module.facts.messages.no_index, &[&shown]);
        self.raise("ValueError", &message)
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
        let python2 = self.module.facts.shape.python2;
        self.touch_by_method(at, name, !reads, items.is_empty());
        let mut result = Value::None;
        match (name, args) {
            ("append", [item]) => items.push(item.clone()),
            ("extend", [more]) if self.is_computed(more) => return self.extend_by_each(at, more),
            ("extend", [more]) => {
                let more = self.elements(more)?;
                // What ran in Python meanwhile may have changed the list.
                if let Object::List(now) = self.state.object(at) {
                    items.clone_from(now);
                }
                items.extend(more);
            }
            ("insert", [place, item]) if place.as_int().is_some() => {
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let place = place.as_int().unwrap_or(0);
                let place = if place < 0 { place.saturating_add(length).max(0) } else { place.min(length) };
                items.insert(usize::try_from(place).unwrap_or(0), item.clone());
            }
            ("pop", [Value::Big(_)]) => {
                return self.raise("OverflowError", "Python int too large to convert to C ssize_t");
            }
            ("pop", [] | [_]) => {
                if items.is_empty() {
                    return self.raise("IndexError", "pop from empty list");
                }
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let place = match args.first() {
                    Some(place) if place.as_int().is_none() => {
                        return self.type_error("pop() of", &[place]);
                    }
                    place => place.and_then(Value::as_int).unwrap_or(-1),
                };
                let place = if place < 0 { place.saturating_add(length) } else { place };
                match usize::try_from(place).ok().filter(|&place| place < items.len()) {
                    Some(place) => result = items.remove(place),
                    None => return self.raise("IndexError", "pop index out of range"),
                }
            }
            ("remove", [item]) => match self.position(&items, item)? {
                Some(place) => drop(items.remove(place)),
                None => return self.raise("ValueError", "list.remove(x): x not in list"),
            },
            ("clear" | "copy", []) if python2 => {
                let receiver = Value::Ref(at);
                return self.no_attribute(&receiver, name);
            }
            ("clear", []) => items.clear(),
            ("reverse", []) => items.reverse(),
            ("sort", []) => return self.sort(at, arguments),
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

    /// Appends to a list or a deque what is computed one by one.
    pub(super) fn extend_by_each(&mut self, at: u32, more: &Value) -> R<Value> {
        let iterator = self.iterator_once(more)?;
        while let Some(item) = self.next(&iterator)? {
            self.once(|machine| {
                machine.touch(at, true);
                match machine.state.object_mut(at) {
                    Object::Deque(items, most) => {
                        items.push(item);
                        if most.is_some_and(|most| items.len() > most) {
                            items.remove(0);
                        }
                    }
                    Object::List(items) => items.push(item),
                    _ => {}
                }
                Ok(Value::None)
            })?;
            self.no_longer_than(at)?;
        }
        Ok(Value::None)
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
        let writes = matches!(name, "pop" | "update" | "clear" | "popitem");
        let (known, python2) = (self.accesses.len(), self.module.facts.shape.python2);
        self.touch_for(at, writes, matches!(name, "keys" | "iterkeys"));
        let keys: Vec<Value> = items.iter().map(|(key, _)| key.clone()).collect();
        let counts = factory == Some(Value::Native("collections.Counter"));
        let place = match args.first() {
            Some(key) if matches!(name, "get" | "pop" | "setdefault") => {
                self.touch_element(key);
                self.hashable(key, self.module.facts.messages.unhashable_key)?;
                self.position(&keys, key)?
            }
            _ => None,
        };
        let default = args.get(1).cloned();
        match (name, place) {
            ("get" | "setdefault", Some(place)) => return Ok(items[place].1.clone()),
            ("get", None) => return Ok(default.unwrap_or(Value::None)),
            ("setdefault", None) => {
                let value = default.unwrap_or(Value::None);
                if let Some(key) = args.first() {
                    // Only where there is no such key it changes anything.
                    self.accesses.truncate(known);
                    self.touch(at, true);
                    self.touch_element(key);
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
                    self.raise_with("KeyError", vec![key])
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
            ("keys" | "values" | "items", _) if !python2 => {
                let kind = match name {
                    "keys" => "keys",
                    "values" => "values",
                    _ => "items",
                };
                return Ok(self.allocate(Object::View(kind, Value::Ref(at))));
            }
            ("keys", _) => return Ok(self.list(keys)),
            ("values", _) => {
                let values = items.into_iter().map(|(_, value)| value).collect();
                return Ok(self.list(values));
            }
            ("most_common", _) if counts => return self.most_common(items, args),
            ("items", _) => {
                let mut pairs = Vec::new();
                for (key, value) in items {
                    pairs.push(self.tuple(vec![key, value]));
                }
                return Ok(self.list(pairs));
            }
            _ => {}
        }
        if let ("update", [] | [_]) = (name, args)
            && !counts
        {
            if let Some(more) = args.first().filter(|more| self.is_computed(more)) {
                let iterator = self.iterator(more)?;
                while let Some(pair) = self.next(&iterator)? {
                    let [key, value] = &self.elements(&pair)?[..] else {
                        return beyond("a dict of something else than pairs");
                    };
                    let (key, value) = (key.clone(), value.clone());
                    self.once(|machine| {
                        machine.store_subscript(&Value::Ref(at), &key, value).map(|()| Value::None)
                    })?;
                    self.no_longer_than(at)?;
                }
            }
            let given = args.first().filter(|more| !self.is_computed(more));
            for (key, value) in self.given_pairs(given, arguments)? {
                self.store_subscript(&Value::Ref(at), &key, value)?;
            }
            return Ok(Value::None);
        }
        beyond(format!("this call of the method {name} of a dict"))
    }

    /// `list.sort`: what it calls meanwhile finds the list empty.
    fn sort(&mut self, at: u32, arguments: &Arguments) -> R<Value> {
        let taken = self.once(|machine| {
            let items = std::mem::replace(machine.state.object_mut(at), Object::List(Vec::new()));
            Ok(machine.allocate(items))
        })?;
        let items = self.items_of(&taken).unwrap_or_default();
        let sorted = match self.sorted(items.clone(), arguments) {
            Err(Stop::Raise(exception)) => {
                *self.state.object_mut(at) = Object::List(items);
                return Err(Stop::Raise(exception));
            }
            sorted => sorted?,
        };
        let now = std::mem::replace(self.state.object_mut(at), Object::List(sorted));
        if now == Object::List(Vec::new()) {
            Ok(Value::None)
        } else {
            self.raise("ValueError", "list modified during sort")
        }
    }

    /// Whether code of the program computes the elements one by one, and others may run in between.
    pub(super) fn is_computed(&self, value: &Value) -> bool {
        matches!(
            self.object_of(value),
            Some(Object::Generator(_) | Object::Lazy(..) | Object::Instance { .. })
        )
    }

    /// Refuses a list or dict that has grown too long to be followed.
    fn no_longer_than(&mut self, at: u32) -> R<()> {
        let length = match self.state.object(at) {
            Object::List(items) | Object::Set(items) | Object::Deque(items, _) => items.len(),
            Object::Dict(items, _) => items.len(),
            _ => 0,
        };
        if length > LONGEST { beyond(format!("a container of more than {LONGEST} elements")) } else { Ok(()) }
    }

    /// The elements in their order, by `key=` and `reverse=` where they are given.
    pub(super) fn sorted(&mut self, items: Vec<Value>, arguments: &Arguments) -> R<Vec<Value>> {
        let key = self.keyword(arguments, "key", usize::MAX).filter(|key| *key != Value::None);
        let reverse = match self.keyword(arguments, "reverse", usize::MAX) {
            Some(reverse) => self.truth(&reverse)?,
            None => false,
        };
        // Turned round before and after, equals keep their order.
        let mut items = items;
        if reverse {
            items.reverse();
        }
        let mut ranked: Vec<(Value, Value)> = Vec::new();
        for item in items {
            let rank = match &key {
                Some(key) => self.call_back(key, vec![item.clone()])?,
                None => item.clone(),
            };
            // Behind all that are not greater: insertion keeps the order of equals.
            let mut at = ranked.len();
            while at > 0 && self.order(&rank, &ranked[at - 1].0, "<")?.is_lt() {
                at -= 1;
            }
            ranked.insert(at, (rank, item));
        }
        let mut items: Vec<Value> = ranked.into_iter().map(|(_, item)| item).collect();
        if reverse {
            items.reverse();
        }
        Ok(items)
    }

    /// Keys and values: of a dict, or of something that gives pairs.
    pub(super) fn pairs(&mut self, value: &Value) -> R<Vec<(Value, Value)>> {
        if let Some(Object::Dict(items, _)) = self.object_of(value) {
            let items = items.clone();
            self.touch_value(value, false);
            return Ok(items);
        }
        let mut pairs = Vec::new();
        for pair in self.elements(value)? {
            match &self.elements_of_argument(&pair, None)?[..] {
                [key, value] => pairs.push((key.clone(), value.clone())),
                _ => return beyond("a dict of something else than pairs"),
            }
        }
        Ok(pairs)
    }

    /// Keys and counts, the most frequent first.
    pub(super) fn by_count(&mut self, items: Vec<(Value, Value)>) -> R<Vec<(Value, Value)>> {
        let mut ranked: Vec<(Value, Value)> = Vec::new();
        for item in items {
            let mut at = ranked.len();
            while at > 0 && self.order(&ranked[at - 1].1, &item.1, "<")?.is_lt() {
                at -= 1;
            }
            ranked.insert(at, item);
        }
        Ok(ranked)
    }

    fn most_common(&mut self, items: Vec<(Value, Value)>, args: &[Value]) -> R<Value> {
        let most = args.first().and_then(Value::as_int).and_then(|most| usize::try_from(most).ok());
        let mut pairs = Vec::new();
        for (key, value) in self.by_count(items)?.into_iter().take(most.unwrap_or(usize::MAX)) {
            pairs.push(self.tuple(vec![key, value]));
        }
        Ok(self.list(pairs))
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
        if let ("add" | "discard" | "remove", [item]) = (name, args) {
            if name != "add" && matches!(self.object_of(item), Some(Object::Set(_))) {
                return beyond(format!("{name}() of a set in a set"));
            }
            self.hashable(item, self.module.facts.messages.unhashable_element)?;
            self.touch_element(item);
        }
        let mut result = Value::None;
        match (name, args) {
            ("add", [item]) => {
                self.set_add(at, item.clone())?;
                return Ok(Value::None);
            }
            ("discard" | "remove", [item]) => match self.position(&items, item)? {
                Some(place) => drop(items.remove(place)),
                None if name == "remove" => return self.raise_with("KeyError", vec![item.clone()]),
                None => {}
            },
            ("pop", []) if items.len() > 1 => return beyond("pop() of a set, which takes any element"),
            ("pop", []) => match items.pop() {
                Some(item) => result = item,
                None => return self.raise("KeyError", "pop from an empty set"),
            },
            ("clear", []) => items.clear(),
            ("update", [more]) if self.is_computed(more) => {
                let iterator = self.iterator(more)?;
                while let Some(item) = self.next(&iterator)? {
                    self.once(|machine| machine.set_add(at, item).map(|()| Value::None))?;
                    self.no_longer_than(at)?;
                }
                return Ok(Value::None);
            }
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
        self.touch_by_method(at, name, true, items.is_empty());
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
            ("extend", [more]) if self.is_computed(more) => return self.extend_by_each(at, more),
            ("extend", [more]) => {
                items.extend(self.elements(more)?);
                if let Some(most) = most
                    && items.len() > most
                {
                    items.drain(..items.len() - most);
                }
            }
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
}

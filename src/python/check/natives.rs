//! Calls of what the builtins and the library define: functions and constructors.

use super::library;
use super::machine::{Arguments, CALL, Location, Machine, R, Stop, beyond};
use super::numbers::big;
use super::state::{Lazy, Object, Part, Value};
use crate::python::program::BinaryOp;
use crate::python::version::Version;
use num_bigint::Sign;

impl Machine<'_> {
    /// Calls something that is no Python function.
    pub(super) fn call_native(&mut self, callee: &Value, arguments: Arguments) -> R<Value> {
        match (callee, self.object_of(callee).cloned()) {
            (Value::Native(name), _) => self.call_library(name, arguments),
            (_, Some(Object::NativeMethod(receiver, name))) => {
                let text = self.name(name);
                self.call_method(&receiver, text, arguments)
            }
            (_, Some(Object::Class { .. })) => self.instantiate(callee, arguments),
            (_, Some(Object::Method(function, first))) => {
                let mut arguments = arguments;
                arguments.positional.insert(0, first);
                self.call_native(&function, arguments)
            }
            (_, Some(Object::Instance { .. })) => match self.lookup_special(callee, CALL) {
                Some(method) => self.call_back_with(&method, arguments),
                None => self.raise_types("TypeError", "'{}' object is not callable", &[callee]),
            },
            _ => self.raise_types("TypeError", "'{}' object is not callable", &[callee]),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each function of the library")]
    pub(super) fn call_library(&mut self, name: &'static str, arguments: Arguments) -> R<Value> {
        self.know_arguments("", name, &arguments)?;
        if library::exception_base(name).is_some() {
            return Ok(self.allocate(Object::Instance {
                class: Value::Native(name),
                attributes: Vec::new(),
                part: Part::Exception(arguments.positional),
            }));
        }
        let python2 = self.module.facts.shape.python2;
        let args = &arguments.positional[..];
        if let Some(unknown) = self.unknown(name, args) {
            return Ok(unknown);
        }
        match (name, args) {
            ("print", _) => {
                let mut texts = Vec::new();
                for arg in args {
                    texts.push(self.text(arg, false)?);
                }
                if python2 && self.keyword(&arguments, "flush", usize::MAX).is_some() {
                    return self.raise_unworded("TypeError");
                }
                let separator = match self.keyword(&arguments, "sep", usize::MAX) {
                    Some(Value::Str(text)) => text.to_string(),
                    None | Some(Value::None) => " ".to_owned(),
                    Some(_) => return self.raise_unworded("TypeError"),
                };
                match self.keyword(&arguments, "file", usize::MAX) {
                    None | Some(Value::None) => {}
                    Some(Value::Native("sys.stderr")) => {
                        self.assumed.standard_error = true;
                        return Ok(Value::None);
                    }
                    Some(_) => return beyond("print() to a file"),
                }
                let end = match self.keyword(&arguments, "end", usize::MAX) {
                    Some(Value::Str(text)) => text.to_string(),
                    None | Some(Value::None) => "\n".to_owned(),
                    Some(_) => return self.raise_unworded("TypeError"),
                };
                self.assumed.parts |= !end.ends_with('\n');
                self.print(&texts.join(&separator), &end);
                Ok(Value::None)
            }
            ("len", [value]) => self.length(value),
            ("range" | "xrange", [_] | [_, _] | [_, _, _]) => {
                let ints: Option<Vec<i64>> = args.iter().map(Value::as_int).collect();
                let Some(ints) = ints else {
                    return self.type_error("range() needs integers", &[&args[0]]);
                };
                let (start, stop, stride) = match ints[..] {
                    [stop] => (0, stop, 1),
                    [start, stop] => (start, stop, 1),
                    _ => (ints[0], ints[1], ints[2]),
                };
                if stride == 0 {
                    return self.raise("ValueError", self.module.facts.messages.zero_stride);
                }
                let range = self.allocate(Object::Range(start, stop, stride));
                if python2 && name == "range" {
                    let items = self.elements(&range)?;
                    return Ok(self.list(items));
                }
                Ok(range)
            }
            ("int", []) => Ok(Value::Int(0)),
            ("int", [value]) => self.int_of(value),
            ("float", []) => Ok(Value::Float(0)),
            ("float", [Value::Str(text)]) => match text.trim().parse::<f64>() {
                Ok(float) if !text.contains('_') => Ok(Value::Float(float.to_bits())),
                Ok(_) => beyond("float() of a text with underscores"),
                Err(_) => self.raise_unworded("ValueError"),
            },
            ("float", [value]) if Self::as_float(value).is_some() => {
                Ok(Value::Float(Self::as_float(value).unwrap_or_default().to_bits()))
            }
            ("bool", []) => Ok(Value::Bool(false)),
            ("bool", [value]) => self.truth(value).map(Value::Bool),
            ("str", []) => Ok(Value::str("")),
            ("str" | "repr", [value]) => self.text(value, name == "repr").map(|text| Value::str(&text)),
            ("abs", [value]) => match (value, big(value)) {
                (_, Some(int)) => self.integer(if int.sign() == Sign::Minus { -int } else { int }),
                (Value::Float(bits), _) => Ok(Value::Float(f64::from_bits(*bits).abs().to_bits())),
                _ => self.raise_types("TypeError", "bad operand type for abs(): '{}'", &[value]),
            },
            ("round", [value]) => self.round(value),
            ("pow", [one, two]) => self.binary(BinaryOp::Power, false, one, two),
            ("divmod", [one, two]) if big(one).is_some() && big(two).is_some() => {
                let quotient = self.binary(BinaryOp::FloorDivide, false, one, two)?;
                let rest = self.binary(BinaryOp::Remainder, false, one, two)?;
                Ok(self.tuple(vec![quotient, rest]))
            }
            ("list", []) => Ok(self.list(Vec::new())),
            ("list", [value]) => {
                let items = self.elements(value)?;
                Ok(self.list(items))
            }
            ("tuple", []) => Ok(self.tuple(Vec::new())),
            ("tuple", [value]) => {
                let items = self.elements(value)?;
                Ok(self.tuple(items))
            }
            ("set", []) => Ok(self.allocate(Object::Set(Vec::new()))),
            ("set", [value]) => {
                let items = self.elements(value)?;
                let items = self.unique(items)?;
                Ok(self.allocate(Object::Set(items)))
            }
            ("dict", [] | [_]) => {
                let pairs = self.given_pairs(args.first(), &arguments)?;
                let dict = self.allocate(Object::Dict(Vec::new(), None));
                for (key, value) in pairs {
                    self.store_subscript(&dict, &key, value)?;
                }
                // Nobody else knows the new dict yet.
                let site = self.site();
                self.accesses.retain(|access| !matches!(access.location, Location::Content(at) | Location::Extent(at) if at == site));
                Ok(dict)
            }
            ("enumerate", _) if let Some(value) = self.keyword(&arguments, "iterable", 0) => {
                let first = self.given_int(&arguments, "start", 1)?.unwrap_or(0);
                self.lazy(Lazy::Enumerate(first), Value::None, &[value])
            }
            ("zip", _) if python2 && args.iter().any(|arg| self.is_computed(arg)) => {
                beyond("zip() of a generator in python 2")
            }
            ("zip", _) if python2 => self.zip_at_once(args),
            ("zip", _) => self.lazy(Lazy::Zip, Value::None, args),
            ("map", [function, sources @ ..]) if !python2 && !sources.is_empty() => {
                self.lazy(Lazy::Map, function.clone(), sources)
            }
            ("filter", [function, source]) if !python2 => {
                self.lazy(Lazy::Filter, function.clone(), std::slice::from_ref(source))
            }
            ("reversed", [value])
                if matches!(self.object_of(value), Some(Object::Dict(..)))
                    && self.module.version >= Version::V3_8 =>
            {
                beyond("reversed() of a dict")
            }
            ("reversed", [value])
                if (self.items_of(value).is_none()
                    || matches!(self.object_of(value), Some(Object::Set(_))))
                    && !matches!(self.object_of(value), Some(Object::Range(..))) =>
            {
                match value {
                    Value::Str(_) => beyond("reversed() of a str"),
                    _ => self.type_error("object is not reversible", &[value]),
                }
            }
            ("reversed", [value]) => {
                let mut items = self.elements(value)?;
                items.reverse();
                Ok(self.allocate(Object::Pulled(items, 0)))
            }
            ("filter", [_, value]) if !matches!(self.object_of(value), Some(Object::List(_))) => {
                beyond("filter() of something else than a list in python 2")
            }
            ("map" | "filter", [function, value]) => {
                let mut results = Vec::new();
                for item in self.elements(value)? {
                    let result = if name == "filter" && *function == Value::None {
                        item.clone()
                    } else {
                        self.call_back(function, vec![item.clone()])?
                    };
                    if name == "map" {
                        results.push(result);
                    } else if self.truth(&result)? {
                        results.push(item);
                    }
                }
                Ok(self.list(results))
            }
            ("sum", [value] | [value, _]) => {
                let start = args.get(1).cloned().unwrap_or(Value::Int(0));
                let items = self.elements(value)?;
                self.sum(start, &items)
            }
            ("any" | "all", [value]) => {
                // One by one: what comes behind the one that decides is not asked for.
                let iterator = self.iterator_once(value)?;
                while let Some(item) = self.next(&iterator)? {
                    if self.truth(&item)? == (name == "any") {
                        return Ok(Value::Bool(name == "any"));
                    }
                }
                Ok(Value::Bool(name == "all"))
            }
            ("max" | "min", [_, ..]) => {
                let default = self.keyword(&arguments, "default", usize::MAX);
                if default.is_some() && (python2 || args.len() > 1) {
                    return self.raise_unworded("TypeError");
                }
                let key = self.keyword(&arguments, "key", usize::MAX);
                let mut best: Option<(Value, Value)> = None;
                // One by one where a key is asked for: meanwhile others may change what is gone through.
                let (iterator, items) = match (args, &key) {
                    ([value], Some(_)) => (Some(self.iterator_once(value)?), Vec::new()),
                    ([value], None) => (None, self.elements(value)?),
                    _ => (None, args.to_vec()),
                };
                let mut items = items.into_iter();
                while let Some(item) = match &iterator {
                    Some(iterator) => self.next(iterator)?,
                    None => items.next(),
                } {
                    let rank = match &key {
                        Some(key) => self.call_back(key, vec![item.clone()])?,
                        None => item.clone(),
                    };
                    let better = match &best {
                        None => true,
                        Some((known, _)) => {
                            let order = self.order(&rank, known, if name == "max" { ">" } else { "<" })?;
                            if name == "max" { order.is_gt() } else { order.is_lt() }
                        }
                    };
                    if better {
                        best = Some((rank, item));
                    }
                }
                match (best, default) {
                    (Some((_, item)), _) | (None, Some(item)) => Ok(item),
                    (None, None) => {
                        let message = Self::fill(self.module.facts.messages.empty_extreme, &[name]);
                        self.raise("ValueError", &message)
                    }
                }
            }
            ("sorted", [value]) => {
                let items = if self.is_computed(value) {
                    self.elements(value)?
                } else {
                    // It is copied before anything is compared.
                    let copy = self.once(|machine| {
                        let items = machine.elements(value)?;
                        Ok(machine.list(items))
                    })?;
                    self.items_of(&copy).unwrap_or_default()
                };
                let items = self.sorted(items, &arguments)?;
                Ok(self.list(items))
            }
            ("iter", [value]) => self.iterator(value),
            ("iter", [function, end]) => {
                Ok(self.allocate(Object::Lazy(Lazy::Until, function.clone(), vec![end.clone()])))
            }
            ("next", [iterator]) => match self.next(iterator)? {
                Some(value) => Ok(value),
                None => self.raise("StopIteration", ""),
            },
            ("next", [iterator, default]) => Ok(self.next(iterator)?.unwrap_or_else(|| default.clone())),
            ("isinstance", [value, class]) => {
                let classes = self.flattened(class);
                let is_class = |machine: &Self, class: &Value| match class {
                    Value::Native(name) => library::is_class(name),
                    _ => matches!(machine.object_of(class), Some(Object::Class { .. })),
                };
                if !classes.iter().all(|class| is_class(self, class)) {
                    return self.type_error("isinstance() arg 2 must be a type", &[]);
                }
                let own = self.class_of(value).unwrap_or(Value::None);
                let found = classes.iter().any(|class| {
                    self.derives(&own, class)
                        || *class == Value::Native("object")
                        || (*class == Value::Native("instance") && self.is_old_style(&own))
                        || (own == Value::Native("bool") && *class == Value::Native("int"))
                });
                Ok(Value::Bool(found))
            }
            ("type", [value]) => match self.class_of(value) {
                // An old-style class is no type: all of its instances have one together.
                Some(class) if self.is_old_style(&class) => Ok(Value::Native("instance")),
                Some(_) if self.is_old_style(value) => Ok(Value::Native("classobj")),
                Some(class) => Ok(class),
                None => beyond("the type of this"),
            },
            ("callable", [value]) => Ok(Value::Bool(match self.object_of(value).cloned() {
                Some(Object::Instance { class, .. }) => self.in_class(&class, CALL).is_some(),
                Some(object) => matches!(
                    object,
                    Object::Function { .. }
                        | Object::Method(..)
                        | Object::NativeMethod(..)
                        | Object::Class { .. }
                ),
                None => matches!(value, Value::Native(_)),
            })),
            ("getattr" | "hasattr", [object, Value::Str(attribute), ..]) => {
                if (name == "hasattr" || args.len() > 2) && self.is_property(object, attribute) {
                    return beyond(format!("{name}() of a property, which may raise"));
                }
                let found = match self.name_number(attribute) {
                    Some(number) => self.load_attribute(object, number),
                    None if library::METHODS.contains(&&**attribute) => {
                        return beyond(format!("{name}() of {attribute}, which the program does not name"));
                    }
                    None => self.no_attribute(object, attribute),
                };
                let attribute_error = Value::Native("AttributeError");
                match (name, found, args.get(2)) {
                    ("hasattr", Ok(_), _) => Ok(Value::Bool(true)),
                    ("hasattr", Err(Stop::Raise(raised)), _)
                        if self.is_exception(&raised, &attribute_error) =>
                    {
                        Ok(Value::Bool(false))
                    }
                    (_, Err(Stop::Raise(raised)), Some(default))
                        if self.is_exception(&raised, &attribute_error) =>
                    {
                        Ok(default.clone())
                    }
                    (_, found, _) => found,
                }
            }
            ("setattr", [object, Value::Str(attribute), value]) => match self.name_number(attribute) {
                Some(number) => self.store_attribute(object, number, value.clone()).map(|()| Value::None),
                None => beyond("setattr() of a name that stands nowhere else"),
            },
            ("property", [getter]) => Ok(self.allocate(Object::Property(getter.clone(), Value::None))),
            ("property", [getter, setter]) => {
                Ok(self.allocate(Object::Property(getter.clone(), setter.clone())))
            }
            ("staticmethod", [function]) => Ok(self.allocate(Object::Static(function.clone()))),
            ("classmethod", [function]) => Ok(self.allocate(Object::ClassMethod(function.clone()))),
            ("super", [class, instance]) => Ok(self.allocate(Object::Super(class.clone(), instance.clone()))),
            ("object", []) => Ok(self.allocate(Object::Instance {
                class: Value::Native("object"),
                attributes: Vec::new(),
                part: Part::Plain,
            })),
            ("time.sleep", [seconds]) => {
                match (seconds, Self::as_float(seconds)) {
                    (_, Some(seconds)) if seconds < 0.0 && python2 => return beyond("such a sleep()"),
                    (_, Some(seconds)) if seconds < 0.0 => return self.raise_unworded("ValueError"),
                    (Value::Unknown(_), _) | (_, Some(_)) => {}
                    _ => return self.raise_unworded("TypeError"),
                }
                self.yield_once()?;
                Ok(Value::None)
            }
            ("random.seed", [] | [_]) | ("sys.setswitchinterval", [_]) => Ok(Value::None),
            ("threading.Lock", []) => Ok(self.allocate(Object::Lock(None))),
            ("multiprocessing.Lock", []) => {
                Ok(self.allocate_at(self.site().of_processes(), Object::Lock(None)))
            }
            ("threading.RLock", []) => Ok(self.allocate(Object::RLock(None, 0))),
            ("threading.Event", []) => Ok(self.allocate(Object::Event(false, Vec::new()))),
            ("threading.local", []) => Ok(self.allocate(Object::Local(Vec::new()))),
            ("threading.Condition", _) => {
                let lock = self.keyword(&arguments, "lock", 0).filter(|lock| *lock != Value::None);
                let lock = lock.unwrap_or_else(|| self.allocate(Object::RLock(None, 0)));
                if !matches!(self.object_of(&lock), Some(Object::Lock(_) | Object::RLock(..))) {
                    return beyond("a Condition of what is no Lock and no RLock");
                }
                Ok(self.allocate(Object::Condition(lock, Vec::new())))
            }
            ("threading.Semaphore" | "threading.BoundedSemaphore", _) => {
                let value = self.given_int(&arguments, "value", 0)?.unwrap_or(1);
                if value < 0 {
                    return self.raise("ValueError", "semaphore initial value must be >= 0");
                }
                let most = (name == "threading.BoundedSemaphore").then_some(value);
                Ok(self.allocate(Object::Semaphore(value, most)))
            }
            ("threading.Barrier", _) => match self.given_int(&arguments, "parties", 0)?.map(u32::try_from) {
                Some(Ok(parties @ 1..)) => {
                    let action = self.keyword(&arguments, "action", 1).unwrap_or(Value::None);
                    Ok(self.allocate(Object::Barrier(parties, 0, 0, action)))
                }
                _ => beyond("a Barrier of other than one or more parties"),
            },
            (log, _) if let Some(log) = log.strip_prefix("logging.") => self.log(log, &arguments),
            ("sys.exit", [] | [_]) => {
                self.call_library("SystemExit", arguments).and_then(|it| Err(Stop::Raise(it)))
            }
            (
                "queue.Queue"
                | "queue.LifoQueue"
                | "queue.PriorityQueue"
                | "queue.SimpleQueue"
                | "multiprocessing.Queue",
                _,
            ) => self.make_queue(name, &arguments),
            ("threading.Thread" | "threading.Timer" | "multiprocessing.Process", _) => {
                self.make_thread(name, arguments)
            }
            ("multiprocessing.Value", _) => self.make_shared_value(&arguments),
            ("concurrent.futures.ThreadPoolExecutor", _) => {
                let most = self.given_int(&arguments, "max_workers", 0)?;
                if most.is_some_and(|most| most <= 0) {
                    return self.raise("ValueError", "max_workers must be greater than 0");
                }
                let most = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(2);
                let prefix = self.worker_prefix(self.keyword(&arguments, "thread_name_prefix", 1))?;
                Ok(self.allocate(Object::Executor {
                    prefix,
                    tasks: Vec::new(),
                    most,
                    workers: Vec::new(),
                    idle: 0,
                    closed: false,
                }))
            }
            ("concurrent.futures.as_completed", [futures]) => {
                let futures = self.elements(futures)?;
                self.assumed.given_order |= futures.len() > 1;
                for future in &futures {
                    if matches!(self.object_of(future), Some(Object::Future { done: None, .. })) {
                        return Err(Stop::Block);
                    }
                }
                Ok(self.allocate(Object::Pulled(futures, 0)))
            }
            ("itertools.count", _) => {
                let start = self.given_int(&arguments, "start", 0)?.unwrap_or(0);
                let stride = self.given_int(&arguments, "step", 1)?.unwrap_or(1);
                Ok(self.allocate(Object::Count(start, stride)))
            }
            ("collections.deque", _) => {
                let items = match self.keyword(&arguments, "iterable", 0) {
                    Some(value) => self.elements(&value)?,
                    None => Vec::new(),
                };
                let most = match self.given_int(&arguments, "maxlen", 1)?.map(usize::try_from) {
                    Some(Err(_)) => return self.raise("ValueError", "maxlen must be non-negative"),
                    most => most.and_then(Result::ok),
                };
                let gone = items.len().saturating_sub(most.unwrap_or(usize::MAX));
                let items = items.into_iter().skip(gone).collect();
                Ok(self.allocate(Object::Deque(items, most)))
            }
            ("collections.defaultdict", [factory]) => {
                Ok(self.allocate(Object::Dict(Vec::new(), Some(factory.clone()))))
            }
            ("collections.Counter", [] | [_]) => {
                let counter =
                    self.allocate(Object::Dict(Vec::new(), Some(Value::Native("collections.Counter"))));
                if let Some(Object::Dict(items, _)) =
                    args.first().and_then(|value| self.object_of(value)).cloned()
                {
                    for (key, count) in items {
                        self.store_subscript(&counter, &key, count)?;
                    }
                    return Ok(counter);
                }
                for item in args.first().map_or(Ok(Vec::new()), |value| self.elements(value))? {
                    let count = self.counted(&counter, &item)?;
                    let count = Self::int(count.as_int().map(|count| count + 1))?;
                    self.store_subscript(&counter, &item, count)?;
                }
                Ok(counter)
            }
            (_, []) if name.starts_with("threading.") => self.ask_of_threads(name),
            _ => beyond(format!("this call of {name}()")),
        }
    }
}

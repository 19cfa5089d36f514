//! Calls of what the builtins and the library define: functions and constructors.

use super::instances::plain_thread;
use super::library;
use super::machine::{Arguments, CALL, LONGEST, Machine, R, Stop, beyond};
use super::state::{Object, Order, Part, Value};

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
                Some(method) => self.call_back(&method, arguments.positional),
                None => self.type_error("object is not callable", &[callee]),
            },
            _ => self.type_error("object is not callable", &[callee]),
        }
    }

    pub(super) fn keyword(&self, arguments: &Arguments, name: &str, position: usize) -> Option<Value> {
        let named = arguments.keywords.iter().find(|(number, _)| self.name(*number) == name);
        named.map(|(_, value)| value).or_else(|| arguments.positional.get(position)).cloned()
    }

    /// Whether a blocking call waits, for as long as it takes; a time limit is not modelled.
    pub(super) fn waits(&mut self, arguments: &Arguments, position: usize) -> R<bool> {
        let blocking = match self.keyword(arguments, "blocking", position) {
            Some(value) => Some(value),
            None => self.keyword(arguments, "block", position),
        };
        let waits = match blocking {
            Some(value) => self.truth(&value)?,
            None => true,
        };
        let timeout = self.keyword(arguments, "timeout", position + 1).filter(|value| *value != Value::None);
        if waits && timeout.is_some() {
            return beyond("a time limit");
        }
        Ok(waits)
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each function of the library")]
    pub(super) fn call_library(&mut self, name: &'static str, arguments: Arguments) -> R<Value> {
        if library::exception_base(name).is_some() {
            return Ok(self.allocate(Object::Instance {
                class: Value::Native(name),
                attributes: Vec::new(),
                part: Part::Exception(arguments.positional),
            }));
        }
        let python2 = self.module.facts.shape.python2;
        let args = &arguments.positional[..];
        match (name, args) {
            ("print", _) => {
                let mut texts = Vec::new();
                for arg in args {
                    texts.push(self.text(arg, false)?);
                }
                let separator = match self.keyword(&arguments, "sep", usize::MAX) {
                    Some(Value::Str(text)) => text.to_string(),
                    _ => " ".to_owned(),
                };
                if self.keyword(&arguments, "file", usize::MAX).is_some() {
                    return beyond("print() to a file");
                }
                let end = match self.keyword(&arguments, "end", usize::MAX) {
                    Some(Value::Str(text)) => text.to_string(),
                    _ => "\n".to_owned(),
                };
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
                    return self.raise("ValueError", "range() arg 3 must not be zero");
                }
                let range = self.allocate(Object::Range(start, stop, stride));
                if python2 && name == "range" {
                    let items = self.elements(&range)?;
                    return Ok(self.list(items));
                }
                Ok(range)
            }
            ("int", []) => Ok(Value::Int(0)),
            ("int", [Value::Float(bits)]) => {
                let float = f64::from_bits(*bits).trunc();
                let text = format!("{float:.0}");
                Self::int(text.parse().ok())
            }
            ("int", [Value::Str(text)]) => {
                if let Ok(int) = text.trim().parse() {
                    Ok(Value::Int(int))
                } else {
                    let message = format!("invalid literal for int() with base 10: '{text}'");
                    self.raise("ValueError", &message)
                }
            }
            ("int", [value]) if value.as_int().is_some() => Self::int(value.as_int()),
            ("float", [value]) if Self::as_float(value).is_some() => {
                Ok(Value::Float(Self::as_float(value).unwrap_or_default().to_bits()))
            }
            ("bool", []) => Ok(Value::Bool(false)),
            ("bool", [value]) => self.truth(value).map(Value::Bool),
            ("str", []) => Ok(Value::str("")),
            ("str" | "repr", [value]) => self.text(value, name == "repr").map(|text| Value::str(&text)),
            ("abs", [value]) => match (value.as_int(), Self::as_float(value)) {
                (Some(int), _) => Self::int(int.checked_abs()),
                (None, Some(float)) => Ok(Value::Float(float.abs().to_bits())),
                _ => self.type_error("bad operand type for abs()", &[value]),
            },
            ("round", [value]) if value.as_int().is_some() => Ok(value.clone()),
            ("divmod", [one, two]) => {
                let quotient = self.binary(crate::python::program::BinaryOp::FloorDivide, false, one, two)?;
                let rest = self.binary(crate::python::program::BinaryOp::Remainder, false, one, two)?;
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
            ("set" | "frozenset", []) => Ok(self.allocate(Object::Set(Vec::new()))),
            ("set" | "frozenset", [value]) => {
                let items = self.elements(value)?;
                let items = self.unique(items)?;
                Ok(self.allocate(Object::Set(items)))
            }
            ("dict", []) => {
                let mut items = Vec::new();
                for (name, value) in &arguments.keywords {
                    items.push((Value::str(self.name(*name)), value.clone()));
                }
                Ok(self.allocate(Object::Dict(items, None)))
            }
            ("dict", [value]) => {
                if let (Some(Object::Dict(items, _)), Value::Ref(at)) =
                    (self.object_of(value).cloned(), value)
                {
                    self.touch(*at, false);
                    return Ok(self.allocate(Object::Dict(items, None)));
                }
                let dict = self.allocate(Object::Dict(Vec::new(), None));
                for pair in self.elements(value)? {
                    let pair = self.elements(&pair)?;
                    if let [key, value] = &pair[..] {
                        self.store_subscript(&dict, key, value.clone())?;
                    }
                }
                Ok(dict)
            }
            ("enumerate", [value] | [value, _]) => {
                let first =
                    self.keyword(&arguments, "start", 1).and_then(|value| value.as_int()).unwrap_or(0);
                let mut pairs = Vec::new();
                for (index, item) in (first..).zip(self.elements(value)?) {
                    pairs.push(self.tuple(vec![Value::Int(index), item]));
                }
                Ok(self.allocate(Object::Pulled(pairs, 0)))
            }
            ("zip", _) => {
                let columns = args.iter().map(|arg| self.elements(arg)).collect::<R<Vec<_>>>()?;
                let rows = columns.iter().map(Vec::len).min().unwrap_or(0);
                let mut tuples = Vec::new();
                for row in 0..rows {
                    let row = columns.iter().map(|column| column[row].clone()).collect();
                    tuples.push(self.tuple(row));
                }
                self.pulled(tuples)
            }
            ("reversed", [value]) => {
                let mut items = self.elements(value)?;
                items.reverse();
                Ok(self.allocate(Object::Pulled(items, 0)))
            }
            ("map" | "filter", [function, value]) => {
                let mut results = Vec::new();
                for item in self.elements(value)? {
                    let result = self.call_back(function, vec![item.clone()])?;
                    if name == "map" {
                        results.push(result);
                    } else if self.truth(&result)? {
                        results.push(item);
                    }
                }
                self.pulled(results)
            }
            ("sum", [value] | [value, _]) => {
                let mut total = args.get(1).cloned().unwrap_or(Value::Int(0));
                for item in self.elements(value)? {
                    total = self.binary(crate::python::program::BinaryOp::Add, false, &total, &item)?;
                }
                Ok(total)
            }
            ("any" | "all", [value]) => {
                for item in self.elements(value)? {
                    if self.truth(&item)? == (name == "any") {
                        return Ok(Value::Bool(name == "any"));
                    }
                }
                Ok(Value::Bool(name == "all"))
            }
            ("max" | "min", [_, ..]) => {
                let items = if args.len() == 1 { self.elements(&args[0])? } else { args.to_vec() };
                let key = self.keyword(&arguments, "key", usize::MAX);
                let mut best: Option<(Value, Value)> = None;
                for item in items {
                    let rank = match &key {
                        Some(key) => self.call_back(key, vec![item.clone()])?,
                        None => item.clone(),
                    };
                    let better = match &best {
                        None => true,
                        Some((known, _)) => {
                            let order = self.order(&rank, known)?;
                            if name == "max" { order.is_gt() } else { order.is_lt() }
                        }
                    };
                    if better {
                        best = Some((rank, item));
                    }
                }
                match (best, self.keyword(&arguments, "default", usize::MAX)) {
                    (Some((_, item)), _) | (None, Some(item)) => Ok(item),
                    (None, None) => self.raise("ValueError", &format!("{name}() arg is an empty sequence")),
                }
            }
            ("sorted", [value]) => {
                let items = self.elements(value)?;
                let items = self.sorted(items, &arguments)?;
                Ok(self.list(items))
            }
            ("iter", [value]) => self.iterator(value),
            ("next", [iterator]) => match self.next(iterator)? {
                Some(value) => Ok(value),
                None => self.raise("StopIteration", ""),
            },
            ("next", [iterator, default]) => Ok(self.next(iterator)?.unwrap_or_else(|| default.clone())),
            ("isinstance", [value, class]) => {
                let classes = match self.object_of(class) {
                    Some(Object::Tuple(classes)) => classes.clone(),
                    _ => vec![class.clone()],
                };
                let own = self.class_of(value);
                let found = classes.iter().any(|class| {
                    self.derives(&own, class)
                        || *class == Value::Native("object")
                        || (own == Value::Native("bool") && *class == Value::Native("int"))
                });
                Ok(Value::Bool(found))
            }
            ("type", [value]) => Ok(self.class_of(value)),
            ("callable", [value]) => Ok(Value::Bool(matches!(
                (value, self.object_of(value)),
                (Value::Native(_), _)
                    | (
                        _,
                        Some(
                            Object::Function { .. }
                                | Object::Method(..)
                                | Object::NativeMethod(..)
                                | Object::Class { .. }
                        )
                    )
            ))),
            ("getattr" | "hasattr", [object, Value::Str(attribute), ..]) => {
                let found = match self.name_number(attribute) {
                    Some(number) => self.load_attribute(object, number),
                    None => self.raise("AttributeError", &format!("no attribute '{attribute}'")),
                };
                match (name, found, args.get(2)) {
                    ("hasattr", Ok(_), _) => Ok(Value::Bool(true)),
                    ("hasattr", Err(Stop::Raise(_)), _) => Ok(Value::Bool(false)),
                    (_, Err(Stop::Raise(_)), Some(default)) => Ok(default.clone()),
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
            ("time.sleep", [_]) => {
                self.yield_once()?;
                Ok(Value::None)
            }
            ("sys.setswitchinterval", [_]) => Ok(Value::None),
            ("threading.Lock" | "multiprocessing.Lock", []) => Ok(self.allocate(Object::Lock(None))),
            ("threading.RLock", []) => Ok(self.allocate(Object::RLock(None, 0))),
            ("threading.Event", []) => Ok(self.allocate(Object::Event(false))),
            ("threading.local", []) => Ok(self.allocate(Object::Local(Vec::new()))),
            ("threading.Condition", []) => {
                let lock = self.allocate(Object::RLock(None, 0));
                Ok(self.allocate(Object::Condition(lock, Vec::new())))
            }
            ("threading.Condition", [lock]) => Ok(self.allocate(Object::Condition(lock.clone(), Vec::new()))),
            ("threading.Semaphore" | "threading.BoundedSemaphore", _) => {
                let value =
                    self.keyword(&arguments, "value", 0).and_then(|value| value.as_int()).unwrap_or(1);
                let most = (name == "threading.BoundedSemaphore").then_some(value);
                Ok(self.allocate(Object::Semaphore(value, most)))
            }
            ("threading.Barrier", [parties]) => {
                let parties = parties.as_int().and_then(|count| u32::try_from(count).ok()).unwrap_or(1);
                Ok(self.allocate(Object::Barrier(parties, 0, 0)))
            }
            ("threading.current_thread", []) => Ok(self.current().object.clone()),
            ("threading.get_ident", []) => Self::int(i64::try_from(self.thread).ok()),
            (
                "queue.Queue"
                | "queue.LifoQueue"
                | "queue.PriorityQueue"
                | "queue.SimpleQueue"
                | "multiprocessing.Queue",
                _,
            ) => {
                let most =
                    self.keyword(&arguments, "maxsize", 0).and_then(|value| value.as_int()).unwrap_or(0);
                let order = match name {
                    "queue.LifoQueue" => Order::Last,
                    "queue.PriorityQueue" => Order::Least,
                    _ => Order::First,
                };
                Ok(self.allocate(Object::Queue(Vec::new(), usize::try_from(most).unwrap_or(0), 0, order)))
            }
            ("threading.Thread" | "multiprocessing.Process", _) => {
                let mut part = plain_thread();
                part.process = name == "multiprocessing.Process";
                let thread = self.allocate(Object::Instance {
                    class: Value::Native("threading.Thread"),
                    attributes: Vec::new(),
                    part: Part::Thread(Box::new(part)),
                });
                if let Value::Ref(at) = thread {
                    self.initialise_thread(at, arguments)?;
                }
                Ok(thread)
            }
            ("multiprocessing.Value", [_, value]) => {
                let lock = self.allocate(Object::RLock(None, 0));
                Ok(self.allocate(Object::SharedValue(value.clone(), lock)))
            }
            ("concurrent.futures.ThreadPoolExecutor", _) => {
                let most = self
                    .keyword(&arguments, "max_workers", 0)
                    .and_then(|value| value.as_int())
                    .and_then(|most| usize::try_from(most).ok())
                    .unwrap_or(2);
                Ok(self.allocate(Object::Executor {
                    tasks: Vec::new(),
                    most,
                    workers: Vec::new(),
                    idle: 0,
                    closed: false,
                }))
            }
            ("concurrent.futures.as_completed", [futures]) => {
                let futures = self.elements(futures)?;
                for future in &futures {
                    if matches!(self.object_of(future), Some(Object::Future { done: None, .. })) {
                        return Err(Stop::Block);
                    }
                }
                Ok(self.allocate(Object::Pulled(futures, 0)))
            }
            ("itertools.count", _) => {
                let int =
                    |value: Option<Value>, default| value.and_then(|value| value.as_int()).unwrap_or(default);
                let start = int(self.keyword(&arguments, "start", 0), 0);
                let stride = int(self.keyword(&arguments, "step", 1), 1);
                Ok(self.allocate(Object::Count(start, stride)))
            }
            ("collections.deque", _) => {
                let items = match args.first() {
                    Some(value) => self.elements(value)?,
                    None => Vec::new(),
                };
                let most = self.keyword(&arguments, "maxlen", 1).and_then(|value| value.as_int());
                Ok(self.allocate(Object::Deque(items, most.and_then(|most| usize::try_from(most).ok()))))
            }
            ("collections.defaultdict", [factory]) => {
                Ok(self.allocate(Object::Dict(Vec::new(), Some(factory.clone()))))
            }
            ("collections.Counter", [] | [_]) => {
                let counter =
                    self.allocate(Object::Dict(Vec::new(), Some(Value::Native("collections.Counter"))));
                for item in args.first().map_or(Ok(Vec::new()), |value| self.elements(value))? {
                    let count = self.subscript(&counter, &item)?;
                    let count = Self::int(count.as_int().map(|count| count + 1))?;
                    self.store_subscript(&counter, &item, count)?;
                }
                Ok(counter)
            }
            _ => beyond(format!("this call of {name}()")),
        }
    }

    /// What Python 3 computes one by one and Python 2 at once.
    pub(super) fn pulled(&mut self, items: Vec<Value>) -> R<Value> {
        if items.len() > LONGEST {
            return beyond(format!("more than {LONGEST} elements at once"));
        }
        Ok(if self.module.facts.shape.python2 {
            self.list(items)
        } else {
            self.allocate(Object::Pulled(items, 0))
        })
    }

    pub(super) fn class_of(&self, value: &Value) -> Value {
        Value::Native(match (value, self.object_of(value)) {
            (_, Some(Object::Instance { class, .. })) => return class.clone(),
            (Value::Bool(_), _) => "bool",
            (Value::Int(_), _) => "int",
            (Value::Float(_), _) => "float",
            (Value::Str(_), _) => "str",
            (_, Some(Object::Tuple(_))) => "tuple",
            (_, Some(Object::List(_))) => "list",
            (_, Some(Object::Dict(..))) => "dict",
            (_, Some(Object::Set(_))) => "set",
            _ => "object",
        })
    }

    pub(super) fn sorted(&mut self, items: Vec<Value>, arguments: &Arguments) -> R<Vec<Value>> {
        let key = self.keyword(arguments, "key", usize::MAX).filter(|key| *key != Value::None);
        let mut ranked: Vec<(Value, Value)> = Vec::new();
        for item in items {
            let rank = match &key {
                Some(key) => self.call_back(key, vec![item.clone()])?,
                None => item.clone(),
            };
            // Behind all that are not greater: insertion keeps the order of equals.
            let mut at = ranked.len();
            while at > 0 && self.order(&ranked[at - 1].0, &rank)?.is_gt() {
                at -= 1;
            }
            ranked.insert(at, (rank, item));
        }
        let mut items: Vec<Value> = ranked.into_iter().map(|(_, item)| item).collect();
        if let Some(reverse) = self.keyword(arguments, "reverse", usize::MAX)
            && self.truth(&reverse)?
        {
            items.reverse();
        }
        Ok(items)
    }
}

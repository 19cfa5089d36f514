//! The part of the builtins and of the standard library that is modelled, by name.

use crate::python::version::Version;

/// Modules and what is taken from them. A name of the builtins stands without its module.
pub(super) const LIBRARY: &[(&str, &[&str])] = &[
    (
        "threading",
        &[
            "threading.Thread",
            "threading.Lock",
            "threading.RLock",
            "threading.Condition",
            "threading.Semaphore",
            "threading.BoundedSemaphore",
            "threading.Event",
            "threading.Barrier",
            "threading.local",
            "threading.current_thread",
            "threading.get_ident",
            "threading.BrokenBarrierError",
            "threading.enumerate",
            "threading.active_count",
            "threading.main_thread",
            "threading.Timer",
        ],
    ),
    (
        "queue",
        &[
            "queue.Queue",
            "queue.LifoQueue",
            "queue.PriorityQueue",
            "queue.SimpleQueue",
            "queue.Empty",
            "queue.Full",
        ],
    ),
    ("concurrent", &["concurrent.futures"]),
    (
        "concurrent.futures",
        &[
            "concurrent.futures.ThreadPoolExecutor",
            "concurrent.futures.as_completed",
            "concurrent.futures.TimeoutError",
        ],
    ),
    (
        "multiprocessing",
        &[
            "multiprocessing.Process",
            "multiprocessing.Queue",
            "multiprocessing.Value",
            "multiprocessing.Lock",
        ],
    ),
    (
        "time",
        &[
            "time.sleep",
            "time.time",
            "time.perf_counter",
            "time.monotonic",
            "time.process_time",
            "time.thread_time",
            "time.time_ns",
            "time.perf_counter_ns",
            "time.monotonic_ns",
            "time.process_time_ns",
            "time.thread_time_ns",
        ],
    ),
    ("timeit", &["timeit.default_timer"]),
    (
        "random",
        &[
            "random.random",
            "random.uniform",
            "random.randint",
            "random.randrange",
            "random.choice",
            "random.gauss",
            "random.expovariate",
            "random.seed",
        ],
    ),
    ("itertools", &["itertools.count"]),
    ("collections", &["collections.deque", "collections.defaultdict", "collections.Counter"]),
    ("sys", &["sys.setswitchinterval", "sys.stderr", "sys.exit"]),
    (
        "logging",
        &[
            "logging.basicConfig",
            "logging.getLogger",
            "logging.log",
            "logging.debug",
            "logging.info",
            "logging.warning",
            "logging.error",
            "logging.exception",
            "logging.critical",
            "logging.DEBUG",
            "logging.INFO",
            "logging.WARNING",
            "logging.ERROR",
            "logging.CRITICAL",
        ],
    ),
    ("dataclasses", &["dataclasses.dataclass", "dataclasses.field"]),
    ("__future__", &["__future__.annotations", "__future__.print_function"]),
    (
        "typing",
        &[
            "typing.Any",
            "typing.Callable",
            "typing.ClassVar",
            "typing.DefaultDict",
            "typing.Deque",
            "typing.Dict",
            "typing.Final",
            "typing.FrozenSet",
            "typing.Generator",
            "typing.Iterable",
            "typing.Iterator",
            "typing.List",
            "typing.Literal",
            "typing.Mapping",
            "typing.NoReturn",
            "typing.Optional",
            "typing.Sequence",
            "typing.Set",
            "typing.Tuple",
            "typing.Type",
            "typing.Union",
        ],
    ),
];

/// Functions of the module `logging`, and methods of its loggers, that log a message.
pub(super) const LEVELS: &[&str] = &["debug", "info", "warning", "error", "exception", "critical"];

/// The builtins.
pub(super) const BUILTINS: &[&str] = &[
    "abs",
    "all",
    "any",
    "bool",
    "callable",
    "classmethod",
    "dict",
    "divmod",
    "enumerate",
    "filter",
    "float",
    "getattr",
    "hasattr",
    "id",
    "int",
    "isinstance",
    "iter",
    "len",
    "list",
    "map",
    "max",
    "min",
    "next",
    "object",
    "pow",
    "print",
    "property",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "xrange",
    "zip",
];

/// Exceptions, each with the one that it derives from.
pub(super) const EXCEPTIONS: &[(&str, &str)] = &[
    ("BaseException", "object"),
    ("Exception", "BaseException"),
    ("KeyboardInterrupt", "BaseException"),
    ("SystemExit", "BaseException"),
    ("ArithmeticError", "Exception"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("OverflowError", "ArithmeticError"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("ImportError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("NameError", "Exception"),
    ("UnboundLocalError", "NameError"),
    ("RuntimeError", "Exception"),
    ("RecursionError", "RuntimeError"),
    ("NotImplementedError", "RuntimeError"),
    ("StopIteration", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("TimeoutError", "Exception"),
    ("concurrent.futures.TimeoutError", "Exception"),
    ("threading.BrokenBarrierError", "RuntimeError"),
    ("thread.error", "Exception"),
    ("queue.Empty", "Exception"),
    ("queue.Full", "Exception"),
];

/// Methods and attributes of the library's objects that are modelled.
pub(super) const METHODS: &[&str] = &[
    "acquire",
    "add",
    "add_done_callback",
    "append",
    "appendleft",
    "args",
    "cancel",
    "capitalize",
    "isalnum",
    "isalpha",
    "isspace",
    "ljust",
    "rjust",
    "clear",
    "copy",
    "count",
    "daemon",
    "difference",
    "discard",
    "done",
    "empty",
    "endswith",
    "extend",
    "find",
    "format",
    "full",
    "get",
    "get_lock",
    "get_nowait",
    "ident",
    "index",
    "insert",
    "intersection",
    "is_alive",
    "is_set",
    "isdigit",
    "items",
    "join",
    "keys",
    "locked",
    "lower",
    "lstrip",
    "map",
    "maxlen",
    "most_common",
    "name",
    "notify",
    "notify_all",
    "pop",
    "popleft",
    "put",
    "put_nowait",
    "qsize",
    "release",
    "remove",
    "replace",
    "result",
    "_target",
    "_args",
    "_kwargs",
    "reverse",
    "rstrip",
    "run",
    "set",
    "setDaemon",
    "setdefault",
    "shutdown",
    "sort",
    "split",
    "start",
    "startswith",
    "strip",
    "submit",
    "task_done",
    "title",
    "union",
    "update",
    "upper",
    "value",
    "values",
    "wait",
    "wait_for",
    "zfill",
    "__init__",
    "__name__",
    "__class__",
    "__enter__",
    "__exit__",
    "popitem",
    "getName",
    "setName",
    "notifyAll",
    "__setattr__",
    "log",
    "debug",
    "info",
    "warning",
    "error",
    "exception",
    "critical",
    "setLevel",
];

/// Functions of the library that are written in Python: a thread may lose the GIL on their way in and out.
pub(super) const IN_PYTHON: &[&str] = &[
    "put",
    "get",
    "put_nowait",
    "get_nowait",
    "task_done",
    "start",
    "submit",
    "result",
    "exception",
    "wait",
    "notify",
    "notify_all",
];

/// The types among the builtins, and those of old-style classes and their instances in 2.7, which have no name there.
const TYPES: &[&str] = &[
    "bool", "classobj", "dict", "float", "instance", "int", "list", "object", "set", "str", "tuple", "type",
    "property", "super",
];

/// Whether a name of the library is that of a builtin type, or of an exception.
pub(super) fn is_type(name: &str) -> bool {
    TYPES.contains(&name)
}

/// Whether a name of the library is that of a class.
pub(super) fn is_class(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    is_type(name)
        || EXCEPTIONS.iter().any(|(known, _)| *known == name)
        || (last != name && last.starts_with(char::is_uppercase))
        || matches!(last, "deque" | "defaultdict")
}

/// A builtin or an exception by its name.
pub(super) fn builtin(name: &str) -> Option<&'static str> {
    let exceptions = EXCEPTIONS.iter().map(|&(name, _)| name);
    BUILTINS.iter().copied().chain(exceptions).find(|&known| known == name)
}

/// The module of that name, under the name of Python 3.
pub(super) fn module(name: &str) -> Option<&'static str> {
    let name = if name == "Queue" { "queue" } else { name };
    LIBRARY.iter().map(|&(module, _)| module).find(|&known| known == name)
}

/// Whether a module has nothing but modules.
pub(super) fn is_package(name: &str) -> bool {
    LIBRARY
        .iter()
        .any(|(module, items)| *module == name && items.iter().all(|item| self::module(item).is_some()))
}

/// Whether a function of the library reads a clock.
pub(super) fn is_clock(name: &str) -> bool {
    name == "timeit.default_timer" || name.starts_with("time.") && name != "time.sleep"
}

/// Whether a version has no module of that name.
pub(super) fn is_missing(name: &str, version: Version) -> bool {
    match name {
        "queue" | "concurrent" | "concurrent.futures" | "typing" => version.facts().shape.python2,
        "dataclasses" => version < Version::V3_7,
        name => name == "Queue" && !version.facts().shape.python2,
    }
}

/// Whether a version's module has not got something yet.
pub(super) fn item_is_missing(item: &str, version: Version) -> bool {
    match item {
        "threading.Barrier"
        | "threading.main_thread"
        | "threading.get_ident"
        | "time.perf_counter"
        | "time.monotonic"
        | "time.process_time" => version.facts().shape.python2,
        "queue.SimpleQueue" | "time.thread_time" => version < Version::V3_7,
        "typing.Final" | "typing.Literal" => version < Version::V3_8,
        _ => item.starts_with("time.") && item.ends_with("_ns") && version < Version::V3_7,
    }
}

/// What a module has under that name.
pub(super) fn item(module_name: &str, name: &str) -> Option<&'static str> {
    let module_name = module(module_name)?;
    let (_, items) = LIBRARY.iter().find(|(known, _)| *known == module_name)?;
    items.iter().copied().find(|item| item.strip_prefix(module_name) == Some(&format!(".{name}")))
}

/// The exception that another derives from.
pub(super) fn exception_base(name: &str) -> Option<&'static str> {
    EXCEPTIONS.iter().find(|(known, _)| *known == name).map(|&(_, base)| base)
}

//! What goes to standard error: logging, and `print(…, file=sys.stderr)`. None of it is compared; what it costs is a place to switch.

use super::library;
use super::machine::{Arguments, Machine, R, REPR, STR, Stop, beyond};
use super::state::{Object, Value};

/// What `logging.getLogger()` gives: loggers are not told apart, for none of them shows in what is compared.
pub(super) const LOGGER: Value = Value::Native("logging.Logger");

/// What `basicConfig()` may be given: the others have what is logged go elsewhere.
const CONFIGURED: [&str; 5] = ["format", "level", "datefmt", "style", "force"];

impl Machine<'_> {
    /// A function of the module `logging`, or a method of a logger.
    pub(super) fn log(&mut self, name: &str, arguments: &Arguments) -> R<Value> {
        match (name, &arguments.positional[..]) {
            ("basicConfig", []) => {
                let mut names = arguments.keywords.iter().map(|(name, _)| self.name(*name));
                match names.find(|name| !CONFIGURED.contains(name)) {
                    Some(other) => beyond(format!(
                        "basicConfig() with {other}: only what goes to standard error is covered"
                    )),
                    None => Ok(Value::None),
                }
            }
            ("getLogger", _) => Ok(LOGGER),
            ("setLevel", [_]) => Ok(Value::None),
            ("log", [_, message, args @ ..]) => self.log_message(message, args),
            (_, [message, args @ ..]) if library::LEVELS.contains(&name) => self.log_message(message, args),
            _ => beyond(format!("this call of {name}() of logging")),
        }
    }

    /// Logs a message: Python code, on whose way in and out a thread may lose the GIL, and whose lock threads take in turn.
    fn log_message(&mut self, message: &Value, args: &[Value]) -> R<Value> {
        self.yield_once()?;
        for arg in args.iter().chain([message]) {
            let is_instance = matches!(self.object_of(arg), Some(Object::Instance { .. }));
            if is_instance && [STR, REPR].iter().any(|&name| self.lookup_special(arg, name).is_some()) {
                return beyond("an object in a log message whose text is made by the program");
            }
        }
        if let (Some(text), false) = (message.letters(), args.is_empty()) {
            let fits = self.percent(text, args);
            if let Err(Stop::Raise(_)) = fits {
                return beyond("a log message that does not fit its arguments");
            }
            fits?;
        }
        self.assumed.standard_error = true;
        Ok(Value::None)
    }
}

//! The text of values: `str()`, `repr()`, what is printed.

use super::idents::IDENT;
use super::library;
use super::machine::{Machine, R, REPR, STR, beyond};
use super::state::{Object, Part, Value};
use crate::python::program::float_text;
use crate::python::program::quoted;

impl Machine<'_> {
    /// `str(value)`, or `repr(value)`.
    pub(super) fn text(&mut self, value: &Value, repr: bool) -> R<String> {
        match value {
            Value::Ref(_) => self.inside(|machine| machine.text_of(value, repr)),
            _ => self.text_of(value, repr),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind of value")]
    fn text_of(&mut self, value: &Value, repr: bool) -> R<String> {
        Ok(match value {
            Value::Unbound | Value::Elsewhere => return beyond("the words of this exception"),
            Value::None => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(int) => int.to_string(),
            Value::Big(big) => big.to_string(),
            Value::Float(bits) => {
                let twelve = self.module.facts.shape.python2 && !repr;
                float_text(f64::from_bits(*bits), twelve)
            }
            Value::Str(text) | Value::UnknownText(text) if repr => quoted(text),
            Value::Str(text) | Value::UnknownText(text) => text.to_string(),
            Value::Unknown(number) => number.text(),
            Value::Ident(_) => IDENT.to_owned(),
            Value::Native(name) if library::is_type(name) => {
                let word = if self.module.facts.shape.python2 { "type" } else { "class" };
                format!("<{word} '{name}'>")
            }
            Value::Native(_) => return beyond("the text of this"),
            Value::Ref(at) => match self.state.object(*at).clone() {
                Object::Tuple(items) => match &items[..] {
                    [one] => format!("({},)", self.text(one, true)?),
                    items => format!("({})", self.joined(items)?),
                },
                Object::List(items) => {
                    self.touch(*at, false);
                    format!("[{}]", self.joined(&items)?)
                }
                Object::Deque(items, most) => {
                    self.touch(*at, false);
                    let most = most.map(|most| format!(", maxlen={most}")).unwrap_or_default();
                    format!("deque([{}]{most})", self.joined(&items)?)
                }
                Object::Set(items) => {
                    self.touch(*at, false);
                    // Its order is that of hashes; the model shows it sorted.
                    let mut items = items;
                    items.sort_by_key(Value::as_int);
                    let mut texts = Vec::new();
                    for item in &items {
                        texts.push(self.text(item, true)?);
                    }
                    if items.iter().any(|item| item.as_int().is_none()) {
                        texts.sort();
                    }
                    match (texts.is_empty(), self.module.facts.shape.python2) {
                        (true, true) => "set([])".to_owned(),
                        (true, false) => "set()".to_owned(),
                        (false, true) => format!("set([{}])", texts.join(", ")),
                        (false, false) => format!("{{{}}}", texts.join(", ")),
                    }
                }
                Object::View(kind, dict) => {
                    let items = self.elements(value)?;
                    self.touch_value(&dict, false);
                    format!("dict_{kind}([{}])", self.joined(&items)?)
                }
                Object::Dict(items, factory) => {
                    self.touch(*at, false);
                    let counts = factory == Some(Value::Native("collections.Counter"));
                    let items = if counts { self.by_count(items)? } else { items };
                    let mut texts = Vec::new();
                    for (key, value) in &items {
                        texts.push(format!("{}: {}", self.text(key, true)?, self.text(value, true)?));
                    }
                    if self.module.facts.shape.python2 && !counts {
                        // As a set: what was put in first shows nowhere.
                        texts.sort();
                    }
                    let dict = format!("{{{}}}", texts.join(", "));
                    match factory {
                        None => dict,
                        Some(_) if counts && texts.is_empty() => "Counter()".to_owned(),
                        Some(_) if counts => format!("Counter({dict})"),
                        Some(factory) => format!("defaultdict({}, {dict})", self.text(&factory, true)?),
                    }
                }
                Object::Range(..) if self.module.facts.shape.python2 => {
                    return beyond("the text of an xrange");
                }
                Object::Range(start, stop, 1) => format!("range({start}, {stop})"),
                Object::Range(start, stop, stride) => format!("range({start}, {stop}, {stride})"),
                Object::Instance { part, class, .. } => {
                    // An exception has a text of its own, whatever shows it.
                    let methods = match (repr, &part) {
                        (true, _) => &[REPR][..],
                        (false, Part::Exception(_)) => &[STR],
                        (false, _) => &[STR, REPR],
                    };
                    for &number in methods {
                        if let Some(method) = self.lookup_special(value, number) {
                            return match self.call_back(&method, Vec::new())? {
                                Value::Str(text) | Value::UnknownText(text) => Ok(text.to_string()),
                                other => self.type_error("a text must be a str, not", &[&other]),
                            };
                        }
                    }
                    let Part::Exception(args) = part else {
                        return beyond("the text of an object, which shows its address");
                    };
                    let name = self.class_name(&class);
                    let key = self.derives(&class, &Value::Native("KeyError"));
                    let one_argument = self.module.facts.messages.one_argument;
                    match (&args[..], repr) {
                        ([], false) => String::new(),
                        ([one], false) => self.text(one, key)?,
                        (args, false) => format!("({})", self.joined(args)?),
                        ([one], true) => {
                            let shown = self.text(one, true)?;
                            Self::fill(one_argument, &[&name, &shown])
                        }
                        (args, true) => format!("{name}({})", self.joined(args)?),
                    }
                }
                Object::Class { name, .. } if self.is_old_style(value) => {
                    format!("__main__.{}", self.name(name))
                }
                Object::Class { name, .. }
                    if self.state.globals.iter().flatten().any(|global| global == value) =>
                {
                    format!("<class '__main__.{}'>", self.name(name))
                }
                Object::Class { .. } => {
                    return beyond("the text of a class that a class or a function holds");
                }
                _ => return beyond("the text of an object, which shows its address"),
            },
        })
    }

    fn joined(&mut self, items: &[Value]) -> R<String> {
        let texts = items.iter().map(|item| self.text(item, true)).collect::<R<Vec<_>>>()?;
        Ok(texts.join(", "))
    }

    /// An exception as the last line of a traceback shows it.
    pub(super) fn exception_text(&mut self, exception: &Value) -> R<String> {
        let class = match self.object_of(exception) {
            Some(Object::Instance { class, .. }) => self.class_name(class),
            _ => "an exception".to_owned(),
        };
        // Where its words are not modelled, the class must do.
        if let Some(Object::Instance { part: Part::Exception(args), .. }) = self.object_of(exception)
            && args.contains(&Value::Unbound)
        {
            return Ok(class);
        }
        let text = self.text(exception, false)?;
        Ok(if text.is_empty() { class } else { format!("{class}: {text}") })
    }

    /// Prints a line, or a part of one.
    pub(super) fn print(&mut self, line: &str, end: &str) {
        self.output.push_str(line);
        self.output.push_str(end);
        let line = &*format!("{line}{}", end.strip_suffix('\n').unwrap_or(end));
        let at = self.state.printed.partition_point(|known| **known <= *line);
        self.state.printed.insert(at, line.into());
    }
}

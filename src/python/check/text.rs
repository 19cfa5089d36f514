//! The text of values: `str()`, `repr()`, formats.

use super::machine::{Machine, R, REPR, STR, beyond};
use super::state::{Object, Part, Value};
use crate::python::program::quoted;

impl Machine<'_> {
    /// `str(value)`, or `repr(value)`.
    pub(super) fn text(&mut self, value: &Value, repr: bool) -> R<String> {
        Ok(match value {
            Value::Unbound | Value::None => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(int) => int.to_string(),
            Value::Float(bits) => float_text(f64::from_bits(*bits)),
            Value::Str(text) if repr => quoted(text),
            Value::Str(text) => text.to_string(),
            Value::Native(name) => format!("<class '{name}'>"),
            Value::Ref(at) => match self.state.object(*at).clone() {
                Object::Tuple(items) => match &items[..] {
                    [one] => format!("({},)", self.text(one, true)?),
                    items => format!("({})", self.joined(items)?),
                },
                Object::List(items) => {
                    self.touch(*at, false);
                    format!("[{}]", self.joined(&items)?)
                }
                Object::Deque(items, _) => {
                    self.touch(*at, false);
                    format!("deque([{}])", self.joined(&items)?)
                }
                Object::Set(items) => {
                    self.touch(*at, false);
                    // Its order is that of hashes; the model shows it sorted.
                    let mut texts = Vec::new();
                    for item in &items {
                        texts.push(self.text(item, true)?);
                    }
                    texts.sort();
                    if texts.is_empty() { "set()".to_owned() } else { format!("{{{}}}", texts.join(", ")) }
                }
                Object::Dict(items, factory) => {
                    self.touch(*at, false);
                    let mut texts = Vec::new();
                    for (key, value) in &items {
                        texts.push(format!("{}: {}", self.text(key, true)?, self.text(value, true)?));
                    }
                    let dict = format!("{{{}}}", texts.join(", "));
                    match factory {
                        None => dict,
                        Some(Value::Native("collections.Counter")) => format!("Counter({dict})"),
                        Some(factory) => format!("defaultdict({}, {dict})", self.text(&factory, true)?),
                    }
                }
                Object::Range(start, stop, 1) => format!("range({start}, {stop})"),
                Object::Range(start, stop, stride) => format!("range({start}, {stop}, {stride})"),
                Object::Instance { part, class, .. } => {
                    let number = if repr { REPR } else { STR };
                    for number in [number, REPR] {
                        if let Some(method) = self.lookup_special(value, number) {
                            let text = self.call_back(&method, Vec::new())?;
                            return self.text(&text, false);
                        }
                    }
                    let Part::Exception(args) = part else {
                        return beyond("the text of an object, which shows its address");
                    };
                    let name = self.class_name(&class);
                    let key = class == Value::Native("KeyError");
                    match (&args[..], repr) {
                        ([], false) => String::new(),
                        ([one], false) => self.text(one, key)?,
                        (args, false) => format!("({})", self.joined(args)?),
                        (args, true) => format!("{name}({})", self.joined(args)?),
                    }
                }
                Object::Class { name, .. } => format!("<class '__main__.{}'>", self.name(name)),
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
        let text = self.text(exception, false)?;
        Ok(if text.is_empty() { class } else { format!("{class}: {text}") })
    }

    /// Prints a line, or a part of one.
    pub(super) fn print(&mut self, line: &str, end: &str) {
        self.output.push_str(line);
        self.output.push_str(end);
        let line = &*format!("{line}{}", if end == "\n" { "" } else { end });
        let at = self.state.printed.partition_point(|known| **known <= *line);
        self.state.printed.insert(at, line.into());
    }

    /// `format(value, spec)`.
    pub(super) fn format(&mut self, value: &Value, spec: &str) -> R<String> {
        if spec.is_empty() {
            return self.text(value, false);
        }
        let letters: Vec<char> = spec.chars().collect();
        let mut at = 0;
        let (mut fill, mut align) = (' ', None);
        if letters.len() > 1 && "<>^".contains(letters[1]) {
            (fill, align) = (letters[0], Some(letters[1]));
            at = 2;
        } else if "<>^".contains(letters[0]) {
            align = Some(letters[0]);
            at = 1;
        }
        if letters.get(at) == Some(&'0') {
            fill = '0';
            align = align.or(Some('>'));
            at += 1;
        }
        let number = |at: &mut usize| {
            let from = *at;
            while letters.get(*at).is_some_and(char::is_ascii_digit) {
                *at += 1;
            }
            letters[from..*at].iter().collect::<String>().parse::<usize>().ok()
        };
        let width = number(&mut at).unwrap_or(0).min(1000);
        let commas = letters.get(at) == Some(&',');
        at += usize::from(commas);
        let mut precision = None;
        if letters.get(at) == Some(&'.') {
            at += 1;
            precision = number(&mut at);
        }
        let kind = letters.get(at).copied();
        if at + usize::from(kind.is_some()) < letters.len() {
            return beyond(format!("the format {spec}"));
        }
        let mut text = match (kind, value.as_int(), Self::as_float(value)) {
            (None | Some('d'), Some(int), _) if precision.is_none() => int.to_string(),
            (Some('x'), Some(int), _) if int >= 0 => format!("{int:x}"),
            (Some('f'), _, Some(float)) => format!("{float:.*}", precision.unwrap_or(6)),
            (Some('%'), _, Some(float)) => format!("{:.*}%", precision.unwrap_or(6), float * 100.0),
            (None | Some('s'), _, None) => {
                let text = self.text(value, false)?;
                precision.map_or(text.clone(), |most| text.chars().take(most).collect())
            }
            _ => return beyond(format!("the format {spec} of a {}", self.type_name(value))),
        };
        if commas {
            let (sign, rest) = text.strip_prefix('-').map_or(("", &text[..]), |rest| ("-", rest));
            let (whole, fraction) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
            let mut grouped = String::new();
            for (index, digit) in whole.chars().enumerate() {
                if index > 0 && (whole.len() - index).is_multiple_of(3) {
                    grouped.push(',');
                }
                grouped.push(digit);
            }
            text = format!("{sign}{grouped}{fraction}");
        }
        let missing = width.saturating_sub(text.chars().count());
        let numeric = Self::as_float(value).is_some();
        let (before, after) = match align.unwrap_or(if numeric { '>' } else { '<' }) {
            '<' => (0, missing),
            '^' => (missing / 2, missing - missing / 2),
            _ => (missing, 0),
        };
        let pad = |count: usize| fill.to_string().repeat(count);
        Ok(format!("{}{text}{}", pad(before), pad(after)))
    }

    /// `text % args`.
    pub(super) fn percent(&mut self, text: &str, args: &[Value]) -> R<String> {
        let mut out = String::new();
        let mut args = args.iter();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            if letter != '%' {
                out.push(letter);
                continue;
            }
            let mut spec = String::new();
            while letters.peek().is_some_and(|letter| "-0123456789.".contains(*letter)) {
                spec.extend(letters.next());
            }
            let Some(kind) = letters.next() else {
                return self.raise("ValueError", "incomplete format");
            };
            if kind == '%' {
                out.push('%');
                continue;
            }
            let Some(value) = args.next() else {
                return self.raise("TypeError", "not enough arguments for format string");
            };
            let spec = spec.strip_prefix('-').map_or(spec.clone(), |rest| format!("<{rest}"));
            let part = match kind {
                's' | 'r' => {
                    let text = Value::str(&self.text(value, kind == 'r')?);
                    let spec =
                        if spec.is_empty() || spec.starts_with('<') { spec } else { format!(">{spec}") };
                    self.format(&text, &spec)?
                }
                'd' | 'i' | 'x' | 'f' => {
                    let kind = if kind == 'i' { 'd' } else { kind };
                    self.format(value, &format!("{spec}{kind}"))?
                }
                other => return beyond(format!("the format %{other}")),
            };
            out.push_str(&part);
        }
        if args.next().is_some() {
            return self.raise("TypeError", "not all arguments converted during string formatting");
        }
        Ok(out)
    }
}

fn float_text(float: f64) -> String {
    if float.is_finite() && float.fract() == 0.0 && float.abs() < 1e16 {
        format!("{float:.1}")
    } else if float.is_nan() {
        "nan".to_owned()
    } else {
        float.to_string()
    }
}

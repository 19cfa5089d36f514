//! Methods of strings.

use super::machine::{Arguments, LONGEST, Machine, R, beyond};
use super::state::Value;

impl Machine<'_> {
    #[expect(clippy::too_many_lines, reason = "one arm for each method")]
    pub(super) fn str_method(&mut self, text: &str, name: &str, arguments: &Arguments) -> R<Value> {
        let args = &arguments.positional[..];
        if !arguments.keywords.is_empty() {
            return beyond(format!("{name}() of a str with arguments by keyword"));
        }
        // What depends on more than ASCII is not modelled.
        if !text.is_ascii()
            && !matches!(name, "join" | "format" | "split" | "strip" | "startswith" | "endswith")
        {
            return beyond(format!("{name}() of a text with other than ASCII characters"));
        }
        let new = |text: &str| Ok(Value::str(text));
        let all = |test: fn(char) -> bool| Ok(Value::Bool(!text.is_empty() && text.chars().all(test)));
        match (name, args) {
            ("upper", []) => new(&text.to_ascii_uppercase()),
            ("lower", []) => new(&text.to_ascii_lowercase()),
            ("capitalize", []) => {
                let mut text = text.to_ascii_lowercase();
                if let Some(first) = text.get_mut(..1) {
                    first.make_ascii_uppercase();
                }
                new(&text)
            }
            ("title", []) => {
                let mut inside = false;
                let titled: String = text
                    .chars()
                    .map(|letter| {
                        let letter =
                            if inside { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() };
                        inside = letter.is_ascii_alphabetic();
                        letter
                    })
                    .collect();
                new(&titled)
            }
            ("strip" | "lstrip" | "rstrip", [] | [Value::None | Value::Str(_)]) => {
                let letters: Option<Vec<char>> = match args.first() {
                    Some(Value::Str(letters)) => Some(letters.chars().collect()),
                    _ => None,
                };
                let gone = |letter: char| match &letters {
                    Some(letters) => letters.contains(&letter),
                    None => letter.is_whitespace() || ('\x1c'..='\x1f').contains(&letter),
                };
                new(match name {
                    "strip" => text.trim_matches(gone),
                    "lstrip" => text.trim_start_matches(gone),
                    _ => text.trim_end_matches(gone),
                })
            }
            ("startswith", [Value::Str(part)]) => Ok(Value::Bool(text.starts_with(&**part))),
            ("endswith", [Value::Str(part)]) => Ok(Value::Bool(text.ends_with(&**part))),
            ("isdigit", []) => all(|letter| letter.is_ascii_digit()),
            ("isalpha", []) => all(|letter| letter.is_ascii_alphabetic()),
            ("isalnum", []) => all(|letter| letter.is_ascii_alphanumeric()),
            ("isspace", []) => all(|letter| letter.is_ascii_whitespace() || letter == '\x0b'),
            ("replace", [Value::Str(from), Value::Str(to)]) => {
                let grown = text.len().saturating_add(1).saturating_mul(to.len().saturating_add(1));
                if grown > 8 * LONGEST {
                    return beyond("replace() in such a long string");
                }
                new(&text.replace(&**from, to))
            }
            ("count", [Value::Str(part)]) => {
                let count = if part.is_empty() { text.len() + 1 } else { text.matches(&**part).count() };
                Self::int(i64::try_from(count).ok())
            }
            ("find" | "index", [Value::Str(part)]) => match text.find(&**part) {
                None if name == "index" => self.raise("ValueError", "substring not found"),
                at => Self::int(Some(at.and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))),
            },
            ("zfill", [width]) if width.as_int().is_some() => {
                let width = width.as_int().and_then(|width| usize::try_from(width).ok()).unwrap_or(0);
                let (sign, rest) = match text.chars().next() {
                    Some('+' | '-') => text.split_at(1),
                    _ => ("", text),
                };
                let zeros = "0".repeat(width.min(LONGEST).saturating_sub(text.len()));
                new(&format!("{sign}{zeros}{rest}"))
            }
            ("ljust" | "rjust" | "center", [width]) if name != "center" && width.as_int().is_some() => {
                let width = width.as_int().and_then(|width| usize::try_from(width).ok()).unwrap_or(0);
                let pad = " ".repeat(width.min(LONGEST).saturating_sub(text.len()));
                new(&if name == "ljust" { format!("{text}{pad}") } else { format!("{pad}{text}") })
            }
            ("split", []) => {
                let parts = text.split_whitespace().map(Value::str).collect();
                Ok(self.list(parts))
            }
            ("split", [Value::Str(separator)]) => {
                if separator.is_empty() {
                    return self.raise("ValueError", "empty separator");
                }
                let parts = text.split(&**separator).map(Value::str).collect();
                Ok(self.list(parts))
            }
            ("join", [items]) => {
                let mut texts = Vec::new();
                for item in self.elements_of_argument(items, Some("can only join an iterable"))? {
                    match item {
                        Value::Str(text) | Value::UnknownText(text) => texts.push(text.to_string()),
                        other => return self.type_error("sequence item: expected str instance", &[&other]),
                    }
                }
                new(&texts.join(text))
            }
            ("format", _) => self.fill_fields(text, args),
            _ => beyond(format!("this call of the method {name} of a str")),
        }
    }

    /// `text.format(*args)`.
    fn fill_fields(&mut self, text: &str, args: &[Value]) -> R<Value> {
        let mut out = String::new();
        let mut rest = text;
        let mut next = 0;
        let mut numbered = None;
        while let Some(at) = rest.find(['{', '}']) {
            out.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if rest.starts_with(brace) {
                out.push_str(brace);
                rest = &rest[1..];
                continue;
            }
            let Some(length) = rest.find('}').filter(|_| brace == "{") else {
                return self.raise_unworded("ValueError");
            };
            let inside = &rest[..length];
            rest = &rest[length + 1..];
            let (field, spec) = inside.split_once(':').unwrap_or((inside, ""));
            let (field, repr) = match field.split_once('!') {
                Some((field, "r")) => (field, true),
                Some((field, "s")) => (field, false),
                Some(_) => return beyond("this conversion of str.format()"),
                None => (field, false),
            };
            if *numbered.get_or_insert(!field.is_empty()) == field.is_empty() {
                return self.raise_unworded("ValueError");
            }
            let index = match field.parse::<usize>() {
                Ok(index) => index,
                Err(_) if field.is_empty() => {
                    next += 1;
                    next - 1
                }
                Err(_) => return beyond("a named field of str.format()"),
            };
            let Some(value) = args.get(index).cloned() else {
                let message = Self::fill(self.module.facts.messages.no_field, &[&index.to_string()]);
                return self.raise("IndexError", &message);
            };
            let value = if repr { Value::str(&self.text(&value, true)?) } else { value };
            out.push_str(&self.format(&value, spec)?);
        }
        out.push_str(rest);
        Ok(Value::str(&out))
    }
}

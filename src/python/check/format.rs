//! Formats: `format(value, spec)`, f-strings and `%`.

use super::machine::{Machine, R, beyond};
use super::numbers::big;
use super::state::Value;
use crate::python::program::float_text;

/// A format such as `>8.2f`, taken apart.
struct Spec {
    fill: char,
    align: Option<char>,
    /// A `0` before the width: zeros between sign and digits.
    zeros: bool,
    width: usize,
    commas: bool,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    fn parse(spec: &str) -> Option<Self> {
        let letters: Vec<char> = spec.chars().collect();
        let mut at = 0;
        let (mut fill, mut align) = (' ', None);
        if letters.len() > 1 && "<>^".contains(letters[1]) {
            (fill, align) = (letters[0], Some(letters[1]));
            at = 2;
        } else if letters.first().is_some_and(|first| "<>^".contains(*first)) {
            align = letters.first().copied();
            at = 1;
        }
        let zeros = letters.get(at) == Some(&'0');
        at += usize::from(zeros);
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
            precision = number(&mut at).map(|digits| digits.min(1000));
        }
        let kind = letters.get(at).copied();
        (at + usize::from(kind.is_some()) == letters.len()).then_some(Self {
            fill,
            align,
            zeros,
            width,
            commas,
            precision,
            kind,
        })
    }

    fn pad(&self, text: &str, numeric: bool) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        let zeros = self.zeros && self.align.is_none();
        if zeros && numeric {
            let (sign, digits) = text.split_at(usize::from(text.starts_with('-')));
            return format!("{sign}{}{digits}", "0".repeat(missing));
        }
        let fill = if self.zeros && self.fill == ' ' { '0' } else { self.fill };
        let (before, after) = match self.align.unwrap_or(if numeric { '>' } else { '<' }) {
            '<' => (0, missing),
            '^' => (missing / 2, missing - missing / 2),
            _ => (missing, 0),
        };
        let pad = |count: usize| fill.to_string().repeat(count);
        format!("{}{text}{}", pad(before), pad(after))
    }
}

/// Digits in groups of three.
fn grouped(text: &str) -> String {
    let (sign, rest) = text.split_at(usize::from(text.starts_with('-')));
    let (whole, fraction) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{fraction}")
}

impl Machine<'_> {
    /// `format(value, spec)`.
    pub(super) fn format(&mut self, value: &Value, spec: &str) -> R<String> {
        // How wide a time is, and how many digits it has, no format can say.
        if spec.is_empty() || value.is_unknown() {
            return self.text(value, false);
        }
        let Some(parts) = Spec::parse(spec) else {
            return beyond(format!("the format {spec}"));
        };
        let text = match (parts.kind, big(value), Self::as_float(value)) {
            (None | Some('d'), Some(int), _) if parts.precision.is_none() => int.to_string(),
            (Some('x'), Some(int), _) if parts.precision.is_none() && !parts.commas => format!("{int:x}"),
            (Some('f'), _, Some(float)) if float.is_finite() => {
                format!("{float:.*}", parts.precision.unwrap_or(6))
            }
            (Some('%'), _, Some(float)) if float.is_finite() => {
                format!("{:.*}%", parts.precision.unwrap_or(6), float * 100.0)
            }
            (None, None, Some(float)) if parts.precision.is_none() => {
                let twelve = self.module.facts.shape.python2;
                float_text(float, twelve)
            }
            (None | Some('s'), None, None) if matches!(value, Value::Str(_)) && !parts.commas => {
                let text = self.text(value, false)?;
                parts.precision.map_or(text.clone(), |most| text.chars().take(most).collect())
            }
            _ => return beyond(format!("the format {spec} of a {}", self.type_name(value))),
        };
        let text = if parts.commas { grouped(&text) } else { text };
        Ok(parts.pad(&text, Self::as_float(value).is_some() || big(value).is_some()))
    }

    /// `text % args`.
    pub(super) fn percent(&mut self, text: &str, args: &[Value]) -> R<String> {
        let mut out = String::new();
        let mut used = 0;
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
                return self.raise_unworded("ValueError");
            };
            if kind == '%' {
                out.push('%');
                continue;
            }
            let Some(value) = args.get(used).cloned() else {
                let message = Self::fill(self.module.facts.messages.not_enough, &[&args.len().to_string()]);
                return self.raise("TypeError", &message);
            };
            used += 1;
            out.push_str(&self.percent_part(&spec, kind, &value)?);
        }
        if used < args.len() {
            let counts = [used.to_string(), args.len().to_string()];
            let message = Self::fill(self.module.facts.messages.not_all, &[&counts[0], &counts[1]]);
            return self.raise("TypeError", &message);
        }
        Ok(out)
    }

    fn percent_part(&mut self, spec: &str, kind: char, value: &Value) -> R<String> {
        if matches!(value, Value::Unknown(_) | Value::Ident(_)) {
            return self.text(value, false);
        }
        let left = spec.starts_with('-');
        let spec = spec.trim_start_matches('-');
        match kind {
            's' | 'r' => {
                let text = Value::str(&self.text(value, kind == 'r')?);
                let spec = spec.trim_start_matches('0');
                let spec = if spec.is_empty() {
                    String::new()
                } else {
                    format!("{}{spec}", if left { '<' } else { '>' })
                };
                self.format(&text, &spec)
            }
            'd' | 'i' | 'x' | 'f' => {
                let value = match (kind, value) {
                    ('d' | 'i', Value::Float(_)) => self.int_of(value)?,
                    ('d' | 'i' | 'x', _) if big(value).is_none() => {
                        return self.type_error("a number is required, not", &[value]);
                    }
                    ('f', _) if Self::as_float(value).is_none() => {
                        return self.type_error("a number is required, not", &[value]);
                    }
                    _ => value.clone(),
                };
                let kind = if kind == 'i' { 'd' } else { kind };
                let spec = if left { format!("<{}", spec.trim_start_matches('0')) } else { spec.to_owned() };
                self.format(&value, &format!("{spec}{kind}"))
            }
            other => beyond(format!("the format %{other}")),
        }
    }
}

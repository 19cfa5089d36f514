//! The text of a value, and a value from text.

use super::super::fault::FaultKind;
use super::value::{DEEPEST, Heap, Result, Value, list, small, too_deep};

/// `repr()` of a string.
pub(crate) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if letter == quote => {
                out.push('\\');
                out.push(letter);
            }
            _ if letter.is_ascii_control() => {
                out.push_str("\\x");
                for shift in [4, 0] {
                    let digit = u32::from(letter) >> shift & 15;
                    out.extend(char::from_digit(digit, 16));
                }
            }
            _ => out.push(letter),
        }
    }
    out.push(quote);
    out
}

fn repr(value: &Value, heap: &Heap, depth: usize) -> Result<String> {
    if depth > DEEPEST {
        return Err(too_deep());
    }
    let joined = |items: &[Value]| -> Result<String> {
        let mut text = String::new();
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                text.push_str(", ");
            }
            text.push_str(&repr(item, heap, depth + 1)?);
            small(text.len())?;
        }
        Ok(text)
    };
    Ok(match value {
        Value::None => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Int(value) => value.to_string(),
        Value::Str(text) => quoted(text),
        Value::Tuple(items) if items.len() == 1 => format!("({},)", joined(items)?),
        Value::Tuple(items) => format!("({})", joined(items)?),
        Value::List(id) => format!("[{}]", joined(list(heap, *id))?),
        Value::Range(range) if range.step == 1 => format!("range({}, {})", range.start, range.stop),
        Value::Range(range) => format!("range({}, {}, {})", range.start, range.stop, range.step),
        other => {
            return Err(FaultKind::NotCovered(format!("the text of a {} is not covered", other.type_name())));
        }
    })
}

/// `str(value)`.
pub(crate) fn to_str(value: &Value, heap: &Heap) -> Result<Value> {
    match value {
        Value::Str(_) => Ok(value.clone()),
        other => repr(other, heap, 0).map(|text| Value::Str(text.into())),
    }
}

pub(crate) fn parse_int(text: &str, base: i64) -> Result<Value> {
    let invalid = || FaultKind::Value(format!("invalid literal for int(): {}", quoted(text)));
    let radix = u32::try_from(base)
        .ok()
        .filter(|radix| (2..=36).contains(radix))
        .ok_or_else(|| FaultKind::NotCovered("this base of int() is not covered".to_owned()))?;
    let trimmed = text.trim();
    let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(invalid());
    }
    i64::from_str_radix(trimmed, radix).map(Value::Int).map_err(|_| FaultKind::Overflow)
}

//! What is printed, without the order of the elements of what stands in brackets.

/// What counts without the order of its elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unordered {
    /// Sets and dicts, whose order is that of hashes, which differ from run to run, or of insertion.
    Hashed,
    /// Lists as well.
    Lists,
}

/// A value whose end is not reached yet.
struct Open {
    /// What stands before it, in the value around it or outside of all.
    before: String,
    bracket: char,
    sorts: bool,
    /// Whether it is what a set is shown as made from: `set([1, 2])`.
    of_set: bool,
    elements: Vec<String>,
}

impl Open {
    /// What stands before the value and as much of it as has been read.
    fn read(self) -> String {
        format!("{}{}{}", self.before, self.bracket, self.elements.join(", "))
    }
}

impl Unordered {
    /// A line with the elements of each such value in alphabetical order: `{'b': 2, 'a': 1}` as `{'a': 1, 'b': 2}`.
    #[must_use]
    pub fn sorted(self, line: &str) -> String {
        // The values around the place, and what was read of the innermost one's present element.
        let (mut open, mut text): (Vec<Open>, String) = (Vec::new(), String::new());
        let mut left = line;
        while let Some(first) = left.chars().next() {
            let mut length = first.len_utf8();
            match (first, open.last_mut()) {
                ('{' | '[' | '(', around) => {
                    let of_set = around.is_some_and(|it| it.of_set) && text.is_empty();
                    open.push(Open {
                        bracket: first,
                        sorts: first == '{' || first == '[' && (of_set || self == Self::Lists),
                        of_set: first == '(' && text.ends_with("set"),
                        before: std::mem::take(&mut text),
                        elements: Vec::new(),
                    });
                }
                (',', Some(value)) if left.starts_with(", ") => {
                    value.elements.push(std::mem::take(&mut text));
                    length = 2;
                }
                (_, Some(value)) if closes(value.bracket) == first => {
                    value.elements.push(std::mem::take(&mut text));
                    if value.sorts {
                        value.elements.sort_unstable();
                    }
                    text = open.pop().map_or_else(String::new, Open::read);
                    text.push(first);
                }
                (_, around) => {
                    if around.is_some() && matches!(first, '\'' | '"') {
                        length = end_of_text(left);
                    }
                    text.push_str(&left[..length]);
                }
            }
            left = &left[length..];
        }
        // What has no end is no value.
        while let Some(mut value) = open.pop() {
            value.elements.push(text);
            text = value.read();
        }
        text
    }
}

/// The bracket at the end of a value.
const fn closes(bracket: char) -> char {
    match bracket {
        '{' => '}',
        '[' => ']',
        _ => ')',
    }
}

/// Where a text in quotes ends, or the quote that has no other.
fn end_of_text(text: &str) -> usize {
    let quote = text.chars().next();
    let mut escaped = false;
    for (at, it) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if it == '\\' {
            escaped = true;
        } else if Some(it) == quote {
            return at + 1;
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::Unordered::{self, Hashed, Lists};

    #[test]
    fn elements_have_no_order_and_keep_together() {
        for (how, line, other, same) in [
            (Hashed, "{'on': 0, 'off': 1}", "{'off': 1, 'on': 0}", true),
            (Hashed, "{'on': 0, 'off': 1}", "{'on': 1, 'off': 0}", false),
            (Hashed, "at {3, 1, 2} and {1}", "at {1, 2, 3} and {1}", true),
            (Hashed, "set([2, 1]) frozenset([4, 3])", "set([1, 2]) frozenset([3, 4])", true),
            (Hashed, "[2, 1]", "[1, 2]", false),
            (Lists, "[2, 1]", "[1, 2]", true),
            (Lists, "[(2, 1)]", "[(1, 2)]", false),
            (Lists, "{'a': [1, {2, 3}], 'b': (1, 2)}", "{'b': (1, 2), 'a': [{3, 2}, 1]}", true),
            (Hashed, "{'a, b', 'c}'}", "{'c}', 'a, b'}", true),
            (Hashed, "{\"it's\", 'b'}", "{'b', \"it's\"}", true),
            // What is no value stays as it is.
            (Hashed, "it's {1, 2} that's", "it's {2, 1} that's", true),
            (Hashed, "{1, 2", "{2, 1", false),
            (Hashed, "a) b] {é, è}", "a) b] {è, é}", true),
        ] {
            let sorted = |text: &str| Unordered::sorted(how, text);
            assert_eq!(
                sorted(line) == sorted(other),
                same,
                "{line}, {other}: {}, {}",
                sorted(line),
                sorted(other)
            );
            assert_eq!(sorted(line).len(), line.len());
        }
    }
}

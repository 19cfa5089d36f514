//! What clocks read and chance gives: numbers and texts of which the model knows only where they come from.
//!
//! A number that is worked out from such ones is known by its formula: of which, by the places at which they were read or drawn, and in
//! which operations. So two orders that leave the same sum of times leave the same value, and a lost update of it leaves another one.
//! Whatever would need the number itself (a comparison, a number of iterations, the letters of its text) leaves the model.

use std::collections::HashSet;
use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use crate::python::program::BinaryOp;

/// What a text has in the place of an unknown number begins and ends with these.
const OPEN: char = '‹';
const CLOSE: char = '›';

/// Where a number comes from that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    Clocks,
    Chance,
    Both,
}

impl Origin {
    /// What stands for a number in a text, and how many it is worked out from.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Clocks => ("time", "readings"),
            Self::Chance => ("random", "draws"),
            Self::Both => ("unknown", "numbers"),
        }
    }

    /// From how many on these are counted in the text. A span of time is worked out from two readings.
    const fn counted(self) -> u32 {
        match self {
            Self::Clocks => 3,
            Self::Chance | Self::Both => 2,
        }
    }

    fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Both }
    }
}

/// A number that is worked out from what clocks read, or chance gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Unknown {
    /// Where it comes from; nothing for a number that is known.
    origin: Option<Origin>,
    /// How many such numbers it is worked out from.
    readings: u32,
    /// Whether it is an integer.
    pub(super) whole: bool,
    /// A hash of how it is worked out. That of a sum or a difference is the sum or the difference of theirs, whatever the order.
    formula: u64,
}

impl Unknown {
    /// What stands for it in a text.
    pub(super) fn text(self) -> String {
        let origin = self.origin.unwrap_or(Origin::Both);
        let (kind, parts) = origin.words();
        if self.readings < origin.counted() {
            format!("{OPEN}{kind}{CLOSE}")
        } else {
            format!("{OPEN}{kind} of {} {parts}{CLOSE}", self.readings)
        }
    }

    /// What is read or drawn at a place, which has that hash.
    pub(super) const fn reading(origin: Origin, place: u64, whole: bool) -> Self {
        Self { origin: Some(origin), readings: 1, whole, formula: place }
    }

    /// An integer that is known.
    pub(super) const fn int(int: i64) -> Self {
        // Of integers the sum counts, however it is made.
        Self {
            origin: None,
            readings: 0,
            whole: true,
            formula: int.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15),
        }
    }

    /// Another number that is known, by its hash.
    pub(super) const fn number(hash: u64, whole: bool) -> Self {
        Self { origin: None, readings: 0, whole, formula: hash }
    }

    /// What an operation makes of two numbers.
    pub(super) fn binary(op: BinaryOp, one: Self, two: Self) -> Self {
        let formula = match op {
            BinaryOp::Add => one.formula.wrapping_add(two.formula),
            BinaryOp::Subtract => one.formula.wrapping_sub(two.formula),
            _ => FxBuildHasher.hash_one((op.symbol(), one.formula, two.formula)),
        };
        let whole = one.whole && two.whole && op != BinaryOp::Divide;
        let origin = match (one.origin, two.origin) {
            (Some(one), Some(two)) => Some(one.and(two)),
            (origin, None) | (None, origin) => origin,
        };
        Self { origin, readings: one.readings.saturating_add(two.readings), whole, formula }
    }

    /// What a function of one number makes of it.
    pub(super) fn mapped(self, name: &str, whole: bool) -> Self {
        let formula = match name {
            // Neither changes what it is worked out from.
            "int" | "float" | "round" => self.formula,
            "neg" => self.formula.wrapping_neg(),
            _ => FxBuildHasher.hash_one((name, self.formula)),
        };
        Self { whole, formula, ..self }
    }
}

/// Whether a text shows an unknown number.
pub(super) fn shows_an_unknown(text: &str) -> bool {
    text.contains(OPEN)
}

/// In which places of lines unknown numbers stand: to compare what a real interpreter prints, which shows the numbers themselves, with what
/// the model prints, which shows what they are.
#[derive(Debug, Default)]
pub struct Unknowns {
    /// Lines that show some, in parts.
    lines: Vec<Vec<Part>>,
    /// Lines that show none, though they may look as if they did.
    others: HashSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Number(String),
    /// What stands for one, however it is worked out.
    Unknown(String),
}

impl Part {
    /// The same for each number, known or not, with whatever blanks around it.
    fn shape(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()),
            Self::Number(_) | Self::Unknown(_) => None,
        }
    }
}

impl Unknowns {
    /// Those that lines of the model show.
    pub fn of<'a>(lines: impl Iterator<Item = &'a String>) -> Self {
        let lines = lines.flat_map(|text| text.split('\n'));
        let (lines, others): (Vec<&str>, Vec<&str>) = lines.partition(|line| shows_an_unknown(line));
        Self {
            lines: lines.into_iter().map(parts).collect(),
            others: others.into_iter().map(str::to_owned).collect(),
        }
    }

    /// Whether some line shows one.
    #[must_use]
    pub fn are_shown(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Lines of the model or of a real interpreter, in which each unknown number stands as such, however it is worked out.
    #[must_use]
    pub fn hidden(&self, text: &str) -> String {
        text.split('\n').map(|line| self.hidden_in(line)).collect::<Vec<_>>().join("\n")
    }

    fn hidden_in(&self, line: &str) -> String {
        if self.others.contains(line) {
            return line.to_owned();
        }
        let own = parts(line);
        let known = self.lines.iter().find(|known| {
            known.len() == own.len()
                && known.iter().zip(&own).all(|(known, own)| known.shape() == own.shape())
        });
        let Some(known) = known else { return line.to_owned() };
        let texts = known.iter().zip(&own).map(|(known, own)| match (known, own) {
            (Part::Unknown(kind), _) | (_, Part::Unknown(kind)) => kind.as_str(),
            (_, Part::Number(number)) => number,
            (Part::Text(text) | Part::Number(text), _) => text,
        });
        texts.collect()
    }

    /// A text without what could be such a number.
    #[must_use]
    pub fn left_out(text: &str) -> String {
        let parts = parts(text).into_iter();
        parts.filter_map(|part| if let Part::Text(text) = part { Some(text) } else { None }).collect()
    }
}

/// A line in parts: numbers, known or not, and what stands between them. A text stands before, between and behind them, empty or not.
fn parts(line: &str) -> Vec<Part> {
    let (mut parts, mut text, mut rest) = (Vec::new(), String::new(), line);
    while let Some(first) = rest.chars().next() {
        let unknown = if first == OPEN { rest.find(CLOSE).map(|at| at + CLOSE.len_utf8()) } else { None };
        let signed = first == '-' && !text.ends_with(|it: char| it.is_ascii_alphanumeric());
        let number = number(rest, signed);
        let length = unknown.unwrap_or(number);
        if length == 0 {
            text.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        parts.push(Part::Text(std::mem::take(&mut text)));
        let part = &rest[..length];
        parts.push(match unknown.and(part.split_once(' ')) {
            Some((kind, _)) => Part::Unknown(format!("{kind}{CLOSE}")),
            None if unknown.is_some() => Part::Unknown(part.to_owned()),
            None => Part::Number(part.to_owned()),
        });
        rest = &rest[length..];
    }
    parts.push(Part::Text(text));
    parts
}

/// How long the number is with which a text begins: 0 if it begins with none.
fn number(text: &str, signed: bool) -> usize {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let sign = usize::from(signed);
    let mut at = sign + digits(sign);
    if at == sign {
        return 0;
    }
    // Thousands, and what stands behind the point.
    for mark in [",", "."] {
        while text[at..].starts_with(mark) && digits(at + 1) > 0 {
            at += 1 + digits(at + 1);
            if mark == "." {
                break;
            }
        }
    }
    if text[at..].starts_with('e') {
        let sign = usize::from(text[at + 1..].starts_with(['-', '+']));
        let exponent = digits(at + 1 + sign);
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_real_runs_are_found_by_the_lines_of_the_model() {
        let lines = [
            "done 4 in ‹time› s".to_owned(),
            "[‹time›, ‹time of 6 readings›]".to_owned(),
            "Thread-1: ‹time›".to_owned(),
            "[1, 4]".to_owned(),
            "drawn ‹random of 3 draws›".to_owned(),
        ];
        let times = Unknowns::of(lines.iter());
        for (real, hidden) in [
            ("done 4 in 0.25 s", "done 4 in ‹time› s"),
            ("done 5000 in    1.5e-06 s", "done 5000 in ‹time› s"),
            ("done 4 in ‹time of 6 readings› s", "done 4 in ‹time› s"),
            ("[0.1, -2.0]", "[‹time›, ‹time›]"),
            ("Thread-2: 1,234.5", "Thread-2: ‹time›"),
            ("done 4 in 0.25 ms", "done 4 in 0.25 ms"),
            ("done 4 items in 0.25 s", "done 4 items in 0.25 s"),
            ("4", "4"),
            ("[1, 4]", "[1, 4]"),
            ("[1, 5]", "[‹time›, ‹time›]"),
            ("drawn 17", "drawn ‹random›"),
        ] {
            assert_eq!(times.hidden(real), hidden, "{real}");
        }
        assert_eq!(Unknowns::left_out("a 1.5 b 3"), "a  b ");
        assert!(!Unknowns::of(["4".to_owned()].iter()).are_shown());
    }

    #[test]
    fn a_sum_of_times_is_the_same_in_any_order_and_another_one_where_a_time_is_lost() {
        let add = |one, two| Unknown::binary(BinaryOp::Add, one, two);
        let (one, two, zero) = (
            Unknown::reading(Origin::Clocks, 5, false),
            Unknown::reading(Origin::Clocks, 7, false),
            Unknown::int(0),
        );
        let sum = add(add(zero, one), two);
        assert_eq!(sum.formula, add(add(zero, two), one).formula);
        assert_ne!(sum.formula, add(zero, two).formula);
        assert_ne!(sum.formula, add(sum, Unknown::int(1)).formula);
        assert_eq!(add(add(one, Unknown::int(1)), Unknown::int(2)), add(one, Unknown::int(3)));
    }
}

//! How the words after options are read: counts, named choices, versions, statements.
//!
//! Each parser says what would be right when it refuses a word; clap puts the option's name before that.

use super::sweep::{self, Several};
use crate::choice::Choice;
use crate::count;
use crate::interpreter::MOST_MEASUREMENTS;
use crate::python::version::{UnknownVersion, Version};
use clap::builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser};
use clap::{Arg, Command};
use std::ffi::OsStr;
use std::num::{NonZeroU64, NonZeroUsize};

/// More workers than any machine has room for; what this one has room for shows when they start.
const MOST_WORKERS: u64 = 100_000;
/// More rounds than anybody waits for.
const MOST_RUNS: u64 = 1_000_000;

/// Reads a count and makes a value of it, or says which counts would be right.
pub(super) fn count_in<T>(
    text: &str,
    make: impl FnOnce(u64) -> Option<T>,
    right: impl FnOnce() -> String,
) -> Result<T, String> {
    let number = count::parse(text).map_err(|error| error.to_string())?;
    in_range(make(number), right)
}

fn in_range<T>(value: Option<T>, right: impl FnOnce() -> String) -> Result<T, String> {
    value.ok_or_else(|| format!("out of range; {}", right()))
}

/// A number from 1 to `most`.
fn up_to(most: u64) -> impl Fn(u64) -> Option<NonZeroUsize> {
    move |number| usize::try_from(number).ok().filter(|_| number <= most).and_then(NonZeroUsize::new)
}

pub(super) fn workers(text: &str) -> Result<Several<NonZeroUsize>, String> {
    sweep::counts(text, |number| {
        in_range(up_to(MOST_WORKERS)(number), || format!("use 1 to {MOST_WORKERS} workers"))
    })
}

fn at_least_one(number: u64) -> Result<NonZeroU64, String> {
    in_range(NonZeroU64::new(number), || "a counter needs at least 1 update".to_owned())
}

pub(super) fn updates(text: &str) -> Result<NonZeroU64, String> {
    at_least_one(count::parse(text).map_err(|error| error.to_string())?)
}

pub(super) fn several_updates(text: &str) -> Result<Several<NonZeroU64>, String> {
    sweep::counts(text, at_least_one)
}

pub(super) fn several_counts(text: &str) -> Result<Several<u64>, String> {
    sweep::counts(text, Ok)
}

pub(super) fn runs(text: &str) -> Result<NonZeroUsize, String> {
    count_in(text, up_to(MOST_RUNS), || format!("use 1 to {MOST_RUNS} runs"))
}

pub(super) fn round_trips(text: &str) -> Result<u32, String> {
    let allowed = |number| u32::try_from(number).ok().filter(|pings| (1..=MOST_MEASUREMENTS).contains(pings));
    count_in(text, allowed, || format!("use 1 to {MOST_MEASUREMENTS} round trips"))
}

/// A parser for statements as they are typed in a shell, where `\n` is easier than a line end.
pub(super) fn statements() -> impl TypedValueParser<Value = String> {
    StringValueParser::new().map(|text| text.replace("\\n", "\n"))
}

/// A parser for the names of a choice's values, with their meanings in the long help.
pub(super) fn choice<C: Choice>() -> impl TypedValueParser<Value = C> {
    let mut values = Vec::new();
    for choice in C::ALL {
        values.push((choice.name(), choice.meaning()));
    }
    possible(&values).try_map(|name| {
        let found = C::ALL.iter().copied().find(|choice| choice.name() == name);
        found.ok_or_else(|| format!("there is no {name}"))
    })
}

/// A parser for names, each with its meaning.
fn possible(values: &[(&'static str, &'static str)]) -> PossibleValuesParser {
    let values = values.iter().map(|(name, meaning)| PossibleValue::new(*name).help(*meaning));
    PossibleValuesParser::new(values)
}

/// A parser for versions, which lists them where it refuses one. It takes a release, too (`3.9.18`), because tables
/// print those of real interpreters.
pub(super) fn version() -> impl TypedValueParser<Value = Version> {
    VersionParser
}

#[derive(Debug, Clone, Copy)]
struct VersionParser;

impl VersionParser {
    fn names() -> PossibleValuesParser {
        PossibleValuesParser::new(Version::ALL.map(Version::name))
    }
}

impl TypedValueParser for VersionParser {
    type Value = Version;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, word: &OsStr) -> Result<Version, clap::Error> {
        let name =
            word.to_str().and_then(Version::of_release).map_or(word, |version| version.name().as_ref());
        Self::names()
            .try_map(|name| name.parse::<Version>() as Result<_, UnknownVersion>)
            .parse_ref(command, arg, name)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let names: Vec<PossibleValue> = Self::names().possible_values()?.collect();
        Some(Box::new(names.into_iter()))
    }
}

/// A parser that takes any word, and names these for the completions of a shell: what is wrong with a word is said where
/// more is known.
#[derive(Debug, Clone)]
pub(super) struct Suggested(pub(super) fn() -> Vec<String>);

impl TypedValueParser for Suggested {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, word: &OsStr) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, word)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        // clap asks for them once, for a help text or completions.
        Some(Box::new((self.0)().into_iter().map(|name| PossibleValue::new(&*name.leak()))))
    }
}

/// The versions that have a GIL, as a help text names them: `2.7, 3.6 to 3.15`.
pub(super) fn versions_with_gil() -> String {
    let mut ranges: Vec<(Version, Version)> = Vec::new();
    for version in Version::ALL.into_iter().filter(|version| version.has_gil()) {
        match ranges.last_mut() {
            Some((_, last)) if follows(*last, version) => *last = version,
            _ => ranges.push((version, version)),
        }
    }
    let words = ranges
        .into_iter()
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first} to {last}") });
    words.collect::<Vec<_>>().join(", ")
}

/// The free-threaded versions, as a help text names them: `3.13t, 3.14t or 3.15t`.
pub(super) fn versions_without_gil(conjunction: &str) -> String {
    let versions: Vec<&str> =
        Version::ALL.into_iter().filter(|version| !version.has_gil()).map(Version::name).collect();
    match versions.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {conjunction} {last}", rest.join(", ")),
        _ => versions.concat(),
    }
}

/// Whether one version is the next minor version after the other.
fn follows(earlier: Version, later: Version) -> bool {
    let numbers = |version: Version| {
        let (major, minor) = version.name().split_once('.')?;
        Some((major, minor.parse::<u32>().ok()?))
    };
    numbers(earlier).map(|(major, minor)| (major, minor + 1)) == numbers(later)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_texts_name_every_version_once() {
        assert_eq!(versions_with_gil(), "2.7, 3.6 to 3.15");
        assert_eq!(versions_without_gil("or"), "3.13t, 3.14t or 3.15t");
    }

    #[test]
    fn a_name_is_read_as_the_value_that_bears_it() {
        let command = clap::Command::new("test");
        for version in Version::ALL {
            let read = self::version().parse_ref(&command, None, version.name().as_ref());
            assert_eq!(read.unwrap(), version);
        }
    }

    #[test]
    fn a_line_end_can_be_typed_in_a_shell() {
        let command = clap::Command::new("test");
        let read = statements().parse_ref(&command, None, r"y = x\nx = y".as_ref());
        assert_eq!(read.unwrap(), "y = x\nx = y");
    }
}

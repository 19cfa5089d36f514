//! What somebody may have meant by words that no option takes.

use crate::count;
use crate::python::version::Version;
use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;

/// What is wrong with an unexpected word of a command line, and what would be right, if that can be told.
pub(super) fn meant(error: &clap::Error, words: &[OsString], definition: &Command) -> Option<String> {
    if error.kind() == ErrorKind::InvalidValue {
        return other_version(error);
    }
    if error.kind() == ErrorKind::InvalidSubcommand {
        return row_of_compare(error, definition).or_else(|| without_hidden(error, definition));
    }
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(stray)) = error.get(ContextKind::InvalidArg) else { return None };
    let words: Vec<&str> = words.iter().map(|word| word.to_str()).collect::<Option<_>>()?;
    let command = &built(definition.find_subcommand(words.get(1)?)?);
    match stray.as_str() {
        "--python" | "--cpython" => {
            another_option(stray, &words, command).or_else(|| option_of_others(stray, command, definition))
        }
        _ => number(stray, command)
            .or_else(|| body(stray, &words, command))
            .or_else(|| option_of_others(stray, command, definition)),
    }
}

/// A version that is not modelled: those that are, without the one whose name happens to look like it.
fn other_version(error: &clap::Error) -> Option<String> {
    let (Some(ContextValue::String(option)), Some(ContextValue::String(value))) =
        (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidValue))
    else {
        return None;
    };
    let asked = option.starts_with("--cpython") && value.starts_with(|first: char| first.is_ascii_digit());
    asked.then(|| {
        let versions: Vec<&str> = Version::ALL.into_iter().map(Version::name).collect();
        format!("CPython {value} is not modelled; choose from {}", versions.join(", "))
    })
}

/// A row of `compare` that is written as a command.
fn row_of_compare(error: &clap::Error, definition: &Command) -> Option<String> {
    let Some(ContextValue::String(stray)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let (name, _) = stray.split_once(':')?;
    let command = definition.find_subcommand(name).filter(|command| !command.is_hide_set())?;
    Some(format!(
        "{stray} names a row of compare; write gilsim compare {stray}, or gilsim {} --help",
        command.get_name()
    ))
}

/// A command that is none, where clap would offer one that is not for people.
fn without_hidden(error: &clap::Error, definition: &Command) -> Option<String> {
    let (Some(ContextValue::String(stray)), Some(ContextValue::Strings(similar))) =
        (error.get(ContextKind::InvalidSubcommand), error.get(ContextKind::SuggestedSubcommand))
    else {
        return None;
    };
    let is_hidden = |name: &&String| definition.find_subcommand(name).is_some_and(Command::is_hide_set);
    similar.iter().any(|name| is_hidden(&name)).then(|| {
        let shown: Vec<&str> = similar.iter().filter(|name| !is_hidden(name)).map(String::as_str).collect();
        let tip = if shown.is_empty() {
            "see gilsim --help".to_owned()
        } else {
            format!("try {}", shown.join(", "))
        };
        format!("unrecognized subcommand '{stray}'; {tip}")
    })
}

/// An option that other commands have.
fn option_of_others(stray: &str, command: &Command, definition: &Command) -> Option<String> {
    let option = stray.strip_prefix("--")?;
    let others: Vec<&str> = definition
        .get_subcommands()
        .filter(|other| !other.is_hide_set() && has(&built(other), option))
        .map(Command::get_name)
        .collect();
    let has = if others.len() == 1 { "has" } else { "have" };
    (!others.is_empty()).then(|| {
        format!("{} has no {stray}, which {} {has}; leave it out", command.get_name(), others.join(", "))
    })
}

/// A command with its options, which are defined only when it is built.
fn built(command: &Command) -> Command {
    let mut command = command.clone();
    command.build();
    command
}

fn has(command: &Command, option: &str) -> bool {
    command.get_arguments().any(|argument| argument.get_long() == Some(option))
}

/// `--python`, which names a program, where `--cpython` chooses a version of the model, and the other way round.
fn another_option(stray: &str, words: &[&str], command: &Command) -> Option<String> {
    let at = words.iter().position(|word| word.split('=').next() == Some(stray))?;
    let value = words[at].split_once('=').map(|(_, value)| value).or_else(|| words.get(at + 1).copied());
    let name = command.get_name();
    match stray {
        "--python" if has(command, "cpython") => {
            let version = value
                .map(|value| value.trim_start_matches("python"))
                .filter(|value| Version::of_release(value).is_some())
                .unwrap_or("VERSION");
            Some(format!(
                "{name} has no --python; write --cpython {version} for the version that is modelled, or ask a real interpreter \
                 with gilsim python --python EXE"
            ))
        }
        "--cpython" if has(command, "python") => {
            let program = value.filter(|value| Version::of_release(value).is_some());
            let program = program.map_or_else(|| "EXE".to_owned(), |version| format!("python{version}"));
            Some(format!(
                "{name} has no --cpython, which chooses the version that is modelled (gil, explore, convoy); name an interpreter \
                 with --python {program}"
            ))
        }
        _ => None,
    }
}

/// A number without its option.
fn number(stray: &str, command: &Command) -> Option<String> {
    count::parse(stray).ok()?;
    let option = ["iters", "pings"].into_iter().find(|option| has(command, option))?;
    Some(format!("unexpected argument {stray}; write --{option} {stray}"))
}

/// A loop body that is not one word after `--body`.
fn body(stray: &str, words: &[&str], command: &Command) -> Option<String> {
    let at = words.iter().position(|word| *word == stray)?;
    if !has(command, "body") {
        return None;
    }
    let (first, start) = match words[..at] {
        [.., "--body", first] => (first, at - 1),
        [.., first] if first.starts_with("--body=") => (&first["--body=".len()..], at - 1),
        _ => (stray, at),
    };
    let rest = words[start + 1..].iter().take_while(|word| !word.starts_with("--"));
    let body = [first].into_iter().chain(rest.copied()).collect::<Vec<_>>().join(" ");
    let quote = if body.contains('\'') { '"' } else { '\'' };
    // A word alone that is no statement was meant as something else.
    let statement = body.contains('=') || body.contains('(');
    statement.then(|| {
        format!("unexpected argument {stray}; a body is one word, in quotes: --body {quote}{body}{quote}")
    })
}

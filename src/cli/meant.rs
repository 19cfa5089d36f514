//! What somebody may have meant by words that no option takes.

use crate::count;
use crate::python::version::Version;
use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;

/// What is wrong with an unexpected word of a command line, and what would be right, if that can be told.
pub(super) fn meant(error: &clap::Error, words: &[OsString], definition: &Command) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(stray)) = error.get(ContextKind::InvalidArg) else { return None };
    let words: Vec<&str> = words.iter().map(|word| word.to_str()).collect::<Option<_>>()?;
    let mut command = definition.find_subcommand(words.get(1)?)?.clone();
    // Its options are defined only now.
    command.build();
    let command = &command;
    match stray.as_str() {
        "--python" | "--cpython" => another_option(stray, &words, command),
        _ => number(stray, command).or_else(|| body(stray, &words, command)),
    }
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

//! Interpreters that were asked for by name.

use super::error::{Error, Result};
use crate::interpreter::{self, Interpreter, Places};
use crate::system::control::Control;
use std::path::{Path, PathBuf};

/// Refuses names that mean no program, before any work: a version is easily taken for one. A path is somebody's word
/// that there is something; when there is not, its row says so.
///
/// # Errors
///
/// Names the interpreter of that version, if there is one.
pub(super) fn refuse_unknown(programs: &[PathBuf], control: &Control) -> Result<()> {
    let by_name = |program: &&PathBuf| !program.as_os_str().as_encoded_bytes().contains(&b'/');
    let Some(unknown) = programs.iter().filter(by_name).find(|program| interpreter::is_missing(program))
    else {
        return Ok(());
    };
    let found = Places::from_env().search(control.flag()).interpreters;
    let name = interpreter::shown(unknown);
    let one = found.iter().rev().find(|it| is_of(it, &name));
    let advice = one.map_or_else(
        || "give the path of a CPython, or a name that is on PATH such as python3".to_owned(),
        |it| format!("CPython {} is --python {}", it.label(), interpreter::shown(Path::new(it.path()))),
    );
    Err(Error::NoInterpreter(format!("there is no program {name} on PATH; {advice}")))
}

/// Refuses an interpreter that is named twice, where each is to have results of its own.
///
/// # Errors
///
/// Names it.
pub(super) fn refuse_twice(programs: &[PathBuf]) -> Result<()> {
    let twice = |(at, program): &(usize, &PathBuf)| programs[..*at].contains(program);
    match programs.iter().enumerate().find(twice) {
        None => Ok(()),
        Some((_, program)) => Err(Error::NamedTwice(interpreter::shown(program))),
    }
}

/// Whether a name such as `3.12`, `python3.12` or `3.12.1` means this interpreter.
fn is_of(interpreter: &Interpreter, name: &str) -> bool {
    let version = name.trim_start_matches("python");
    let label = interpreter.label();
    let minor = |release: &str| {
        let numbers: Vec<&str> = release.trim_end_matches('t').split('.').take(2).collect();
        numbers.join(".") + if release.ends_with('t') { "t" } else { "" }
    };
    !version.is_empty() && (label == version || minor(&label) == version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpreter_that_is_named_twice_is_refused_by_name() {
        let named = |names: &[&str]| refuse_twice(&names.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert!(named(&["python3.12", "python3.13"]).is_ok());
        let error = named(&["a", "python3.12", "b", "python3.12"]).unwrap_err();
        assert_eq!(error.to_string(), "--python python3.12 is given twice; leave one of them out");
    }
}

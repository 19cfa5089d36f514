//! What can go wrong with somebody else's program, each with what to do about it.

use crate::system::process::Ended;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Why an interpreter gave no answer. Each message is one line that begins with the interpreter's path.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such file, on PATH or at the path given.
    #[error("{interpreter}: not found; give the path of a CPython or a name that is on PATH")]
    NotFound {
        /// As it was given.
        interpreter: String,
    },

    /// The file is there, but it is a folder or its owner did not make it executable.
    #[error("{interpreter}: not an executable file; give the path of a CPython such as python3")]
    NotExecutable {
        /// Its path.
        interpreter: String,
    },

    /// The system would not start it: no room for a process, a file of another machine's format, …
    #[error("{interpreter}: could not be started: {source}; try it by hand with --version")]
    Start {
        /// Its path.
        interpreter: String,
        /// What the system said.
        source: io::Error,
    },

    /// It ran, but did not answer the first question as a Python does.
    #[error("{interpreter}: not a Python: it {ended} and printed {}; give the path of a CPython", printed.trim_end_matches('.'))]
    NotPython {
        /// Its path.
        interpreter: String,
        /// How it ended.
        ended: Ended,
        /// The last line of what it printed, or `nothing`.
        printed: String,
    },

    /// A Python by somebody else, whose threads follow other rules.
    #[error("{interpreter}: a Python, but {implementation} and not CPython; give the path of a CPython")]
    NotCPython {
        /// Its path.
        interpreter: String,
        /// What it calls itself.
        implementation: String,
    },

    /// What was asked for makes no sense, so nothing was started.
    #[error("{interpreter}: cannot do this: {reason}")]
    Request {
        /// Its path.
        interpreter: String,
        /// What is wrong, and which values are right.
        reason: String,
    },

    /// It exited with a status other than 0, or was killed by a signal that gilsim did not send.
    #[error("{interpreter}: {ended} and said: {said}; {}", advice(*ended))]
    Failed {
        /// Its path.
        interpreter: String,
        /// How it ended.
        ended: Ended,
        /// The last line of its standard error, or `nothing`.
        said: String,
    },

    /// It ended well, but what it printed is not the answer to the question.
    #[error(
        "{interpreter}: answered with rubbish ({reason}): {printed}; check that nothing else prints at its start"
    )]
    Rubbish {
        /// Its path.
        interpreter: String,
        /// In what way.
        reason: String,
        /// The beginning of it, or `nothing`.
        printed: String,
    },

    /// It printed without end and was killed.
    #[error(
        "{interpreter}: killed because it printed more than {limit} bytes; check that nothing else prints at its start"
    )]
    TooMuch {
        /// Its path.
        interpreter: String,
        /// How much would have been taken, in bytes.
        limit: usize,
    },

    /// It took too long to say what it is, and was killed.
    #[error("{interpreter}: killed because it did not say within {} s which Python it is; see whether it starts at all, or allow more than that (--timeout)", after.as_secs_f64())]
    Silent {
        /// Its path.
        interpreter: String,
        /// How long it was given.
        after: Duration,
    },

    /// It took too long and was killed.
    #[error("{interpreter}: killed because it gave no answer within {} s{}; ask for less work, allow more time, or look for threads that wait for each other (a deadlock)", after.as_secs_f64(), last_word(said.as_deref()))]
    TimedOut {
        /// Its path.
        interpreter: String,
        /// How long it was given.
        after: Duration,
        /// The last line of its standard error by then, if there was one.
        said: Option<String>,
    },

    /// It was killed because the caller's stop flag was set.
    #[error("{interpreter}: stopped before it had answered; run it again for a result")]
    Stopped {
        /// Its path.
        interpreter: String,
    },

    /// Its output could not be read.
    #[error("{interpreter}: its output could not be read: {source}; run it again")]
    Read {
        /// Its path.
        interpreter: String,
        /// What the system said.
        source: io::Error,
    },
}

/// What a person can do about an interpreter that did not end well.
fn advice(ended: Ended) -> &'static str {
    match ended {
        Ended::Signal(_) => "look for a memory limit or for who killed it, and run it again",
        Ended::Status(_) => {
            "see whether it runs by itself, and check the body and the setup if there are any, or ask for less; where threads raise only together, that is what the race does, and gilsim verify counts it"
        }
    }
}

fn last_word(said: Option<&str>) -> String {
    said.map(|said| format!(" and said: {said}")).unwrap_or_default()
}

/// How a path stands in a message: on one line, whatever is in it.
pub(crate) fn shown(path: &Path) -> String {
    one_line(&path.to_string_lossy())
}

/// Some text of unknown origin, fit to stand in a message: one line, no control characters, not too long.
pub(super) fn one_line(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut line: String = text.trim().chars().take(LONGEST).flat_map(printable).collect();
    if text.trim().chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

fn printable(character: char) -> impl Iterator<Item = char> {
    let escaped = character.is_control().then(|| character.escape_default());
    let plain = escaped.is_none().then_some(character);
    escaped.into_iter().flatten().chain(plain)
}

/// The last line that says anything, or `nothing`.
pub(super) fn last_line(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    text.lines().rev().find(|line| !line.trim().is_empty()).map_or_else(|| "nothing".into(), one_line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_becomes_one_harmless_line() {
        assert_eq!(one_line("  a\u{1b}[31m\tb\nc "), "a\\u{1b}[31m\\tb\\nc");
        assert_eq!(one_line(&"é".repeat(500)).chars().count(), 201);
        assert_eq!(last_line(b"first\nlast\n\n  \n"), "last");
        assert_eq!(last_line(b"\n"), "nothing");
        assert_eq!(last_line(b"\xff\n"), "\u{fffd}");
    }
}

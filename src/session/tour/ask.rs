//! Asks for a guess, and gives up when a stop is asked for.

use crate::report;
use crate::report::tour::{Texts, filled};
use crate::session::error::{Error, Result};
use crate::system::control::Control;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, BufRead};
use std::os::fd::AsFd;

/// How often it is looked whether a stop was asked for, in milliseconds.
const LOOK: u8 = 50;

/// What came of asking.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The number of an answer, from 0; nothing if somebody only wants to see.
    Guess(Option<usize>),
    /// A stop was asked for.
    Stopped,
}

/// Asks which of so many answers it will be.
pub(super) fn guess(
    texts: &Texts,
    answers: usize,
    control: &Control,
    print: &impl Fn(&str) -> Result<(), report::Error>,
) -> Result<Asked> {
    let number = [answers.to_string()];
    print(&filled(&texts.prompt, &number))?;
    loop {
        let Some(line) = line(control).map_err(output_error)? else { return Ok(Asked::Stopped) };
        match understood(&line, answers) {
            Typed::Neither => print(&filled(&texts.again, &number))?,
            typed => {
                // Enter has ended the line on the terminal, too; the end of input has not.
                print(if line.ends_with('\n') { "\n" } else { "\n\n" })?;
                return Ok(Asked::Guess(if let Typed::Number(number) = typed { Some(number) } else { None }));
            }
        }
    }
}

/// A line, or what there is of it at the end of input; nothing when a stop was asked for before that.
fn line(control: &Control) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    while readable(control)? {
        // One read at a time: a second one might wait for ever, whatever comes.
        let mut input = io::stdin().lock();
        let read = input.fill_buf()?;
        let end = read.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
        let taken = end.unwrap_or(read.len());
        line.extend_from_slice(&read[..taken]);
        input.consume(taken);
        if end.is_some() || taken == 0 {
            return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
        }
    }
    Ok(None)
}

/// What somebody typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Typed {
    /// The number of an answer, from 0.
    Number(usize),
    /// Enter alone.
    Nothing,
    /// Neither.
    Neither,
}

fn understood(line: &str, answers: usize) -> Typed {
    let line = line.trim();
    match line.parse() {
        _ if line.is_empty() => Typed::Nothing,
        Ok(number) if (1..=answers).contains(&number) => Typed::Number(number - 1),
        _ => Typed::Neither,
    }
}

/// Waits until there is a line to read; false when a stop was asked for before that.
fn readable(control: &Control) -> io::Result<bool> {
    let input = io::stdin();
    while !control.stopped() {
        let mut fds = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::from(LOOK)) {
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(false)
}

fn output_error(error: io::Error) -> Error {
    Error::from(report::Error::Output(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_nothing_is_an_answer() {
        assert_eq!(understood("2\n", 3), Typed::Number(1));
        assert_eq!(understood(" 3 \n", 3), Typed::Number(2));
        assert_eq!(understood("\n", 3), Typed::Nothing);
        assert_eq!(understood("", 3), Typed::Nothing);
        for nothing in ["0", "4", "-1", "two", "1 2", "99999999999999999999"] {
            assert_eq!(understood(nothing, 3), Typed::Neither, "{nothing}");
        }
    }
}

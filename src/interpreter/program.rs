//! A whole program, run as it stands.

use super::child::{self, Limits};
use super::cpython::Interpreter;
use super::error::Error;
use super::jobs::SHORTEST_INTERVAL;
use crate::system::process::Ended;
use std::path::Path;
use std::time::{Duration, Instant};

const PROGRAM: &str = include_str!("program.py");

/// A switch interval that no program outlives.
const NO_SWITCH: Duration = Duration::from_secs(100_000);

/// How threads share the GIL while a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// They are switched as often as can be.
    Eager,
    /// A thread goes on until it waits or ends: whole threads, one after the other. A free-threaded build is given its GIL.
    InTurn,
}

/// How a run of a program ended.
#[derive(Debug, Clone, PartialEq)]
pub struct ProgramRun {
    /// The lines on standard output.
    pub printed: Vec<String>,
    /// The exceptions of which standard error tells that nobody handled them: class and message.
    pub raised: Vec<String>,
    /// How its process ended.
    pub ended: Ended,
    /// How long it took, the interpreter's start included.
    pub time: Duration,
}

impl Interpreter {
    /// Runs a program in a fresh process, isolated as in [`Interpreter::run`] and with nothing on standard input.
    ///
    /// # Errors
    ///
    /// When it cannot be started or exceeds a limit; how it ended is for the caller to judge.
    pub fn program(&self, path: &Path, threads: Threads, limits: &Limits<'_>) -> Result<ProgramRun, Error> {
        let isolated: &[&str] = if self.version.0 < 3 { &["-E", "-s"] } else { &["-I"] };
        let with_gil: &[&str] =
            if threads == Threads::InTurn && self.free_threaded { &["-X", "gil=1"] } else { &[] };
        let interval = match threads {
            Threads::Eager => SHORTEST_INTERVAL,
            Threads::InTurn => NO_SWITCH,
        };
        let interval = interval.as_secs_f64().to_string();
        let words = isolated.iter().chain(with_gil).chain(&["-B", "-c", PROGRAM]).map(AsRef::as_ref);
        let arguments = words.chain([path.as_os_str(), interval.as_ref()]);
        let began = Instant::now();
        let output = child::run(&self.path, arguments, limits)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        Ok(ProgramRun {
            printed: text(&output.stdout).lines().map(str::to_owned).collect(),
            raised: uncaught(&text(&output.stderr), output.ended != Ended::Status(0)),
            ended: output.ended,
            time: began.elapsed(),
        })
    }
}

/// The mark of the main thread's lines.
const MAIN: u64 = 0;

/// The exceptions that nobody handled, by the tracebacks on standard error, thread by thread, without those that led to another one.
/// Others are messages of the program: it has logged them. `failed`: the program has ended as one does of which the main thread raised.
fn uncaught(stderr: &str, failed: bool) -> Vec<String> {
    let mut threads: Vec<(Option<u64>, Vec<&str>)> = Vec::new();
    for line in stderr.lines() {
        // What the interpreter itself writes, not by `sys.stderr`, has no thread before it.
        let (thread, text) = match line.split_once('\t').map(|(thread, text)| (thread.parse().ok(), text)) {
            Some((Some(thread), text)) => (Some(thread), text),
            _ => (None, line),
        };
        match threads.iter_mut().find(|(known, _)| *known == thread) {
            Some((_, lines)) => lines.push(text),
            None => threads.push((thread, vec![text])),
        }
    }
    let of_one = |(thread, lines): &(Option<u64>, Vec<&str>)| {
        uncaught_in_one(lines, failed && thread.is_none_or(|thread| thread == MAIN))
    };
    threads.iter().flat_map(of_one).collect()
}

/// Those of one thread. That of the main thread has nothing before it, and is the last.
fn uncaught_in_one(lines: &[&str], main_raised: bool) -> Vec<String> {
    const LED_ON: [&str; 2] = [
        "During handling of the above exception, another exception occurred:",
        "The above exception was the direct cause of the following exception:",
    ];
    /// What stands before the traceback of a thread, or of a process.
    const HEADS: [&str; 2] = ["Exception in thread ", "Process "];
    let mut raised: Vec<String> = Vec::new();
    let mut last = None;
    let (mut inside, mut headed) = (false, false);
    for &line in lines {
        if line.starts_with("Traceback (most recent call last):") {
            inside = true;
        } else if LED_ON.contains(&line) && headed {
            raised.pop();
        } else if inside && !line.starts_with([' ', '\t']) && !line.is_empty() {
            inside = false;
            if headed {
                raised.push(line.to_owned());
            } else {
                last = Some(line.to_owned());
            }
        } else if !inside && line.starts_with("SyntaxError: ") {
            // A file that does not compile has a traceback of its own, if any.
            raised.push(line.to_owned());
            last = None;
        } else if !inside && !line.is_empty() && !LED_ON.contains(&line) {
            headed = HEADS.iter().any(|head| line.starts_with(head));
        }
    }
    raised.extend(last.filter(|_| main_raised));
    raised
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracebacks_of_two_threads_are_told_apart() {
        let mixed = "7\tException in thread Thread-1 (f):\n8\tException in thread Thread-2 (f):\n7\tTraceback (most recent \
                     call last):\n8\tTraceback (most recent call last):\n7\t  File \"a\", line 1, in f\n8\tKeyError: 1\n8\t\n\
                     8\tDuring handling of the above exception, another exception occurred:\n7\tValueError: a\n8\t\n\
                     8\tTraceback (most recent call last):\n8\t  File \"a\", line 2\n8\tOSError: b\n";
        assert_eq!(uncaught(mixed, false), ["ValueError: a", "OSError: b"]);
    }

    #[test]
    fn each_exception_that_nobody_handled_is_told_once() {
        let thread = "Exception in thread Thread-1 (f):\nTraceback (most recent call last):\n  File \"a\", line 1, in f\n    \
                      g()\n    ~^^\nIndexError: pop from empty list\n";
        let chained = "Traceback (most recent call last):\n  File \"a\", line 1\nKeyError: 1\n\nDuring handling of the \
                       above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"a\", \
                       line 2\n__main__.Mine: no\n";
        assert_eq!(uncaught(thread, false), ["IndexError: pop from empty list"]);
        assert_eq!(uncaught(chained, true), ["__main__.Mine: no"]);
        assert_eq!(uncaught(&[thread, chained].concat(), true).len(), 2);
        assert_eq!(uncaught("warning: nothing\n", true), [""; 0]);
        let syntax = "Traceback (most recent call last):\n  File \"b\", line 66\n  File \"a\", line 2\n    f\"\"\n     \
                      ^\nSyntaxError: invalid syntax\n";
        assert_eq!(uncaught(syntax, true), ["SyntaxError: invalid syntax"]);
    }

    #[test]
    fn what_a_program_logs_was_not_raised() {
        let logged = "ERROR:root:bad\nTraceback (most recent call last):\n  File \"a\", line 3\nKeyError: 1\n\nDuring handling of \
                      the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"a\", \
                      line 4\nOSError: b\n";
        let marked = |thread: &str, text: &str| -> String {
            text.lines().flat_map(|line| [thread, "\t", line, "\n"]).collect()
        };
        let head = "Exception in thread Thread-2 (f):\nTraceback (most recent call last):\n  File \"a\", line 1\nIndexError: no\n";
        let raised = "Traceback (most recent call last):\n  File \"a\", line 9\nValueError: two\nlines\n";
        assert_eq!(uncaught(&marked("0", logged), false), [""; 0]);
        assert_eq!(uncaught(&marked("7", logged), true), [""; 0]);
        assert_eq!(uncaught(&marked("7", &[logged, head].concat()), false), ["IndexError: no"]);
        assert_eq!(uncaught(&marked("7", &[head, logged].concat()), false), ["IndexError: no"]);
        let all = [marked("7", logged), marked("0", logged), marked("0", raised)].concat();
        assert_eq!(uncaught(&all, true), ["ValueError: two"]);
    }
}

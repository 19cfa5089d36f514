//! The parent's side of the split by processes: starts them, gives the word, and empties the queue until STOP.
//!
//! The queue is one pipe that all workers write and the parent reads. A message is a line of JSON, shorter
//! than what the kernel writes to a pipe in one piece (`PIPE_BUF`), so lines never mix. The parent takes
//! messages off while the workers live, which is what keeps a full queue from blocking a worker that its
//! parent is waiting for; after the last subtotal it puts STOP on the queue itself.

use super::{part, result};
use crate::clock::{self, Span, Usage};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::scenario::{Observation, Workload};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The parent's word to start.
pub const GO: &str = "go\n";

/// The hidden command under which this program is a worker.
pub const WORKER_COMMAND: &str = "split-worker";

/// No message is longer, in bytes; `PIPE_BUF` is at least 512 everywhere.
const LONGEST: usize = 512;

/// How long to wait for a message before looking whether the workers are alive.
const LOOK_AFTER: Duration = Duration::from_millis(20);

/// What goes over the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Message {
    /// A worker stands at the start line.
    Ready {
        /// Its number, from 0.
        worker: usize,
    },
    /// A worker is done.
    Subtotal {
        /// Its number, from 0.
        worker: usize,
        /// The sum over its part.
        total: u128,
        /// When it was at work.
        span: Span,
        /// What the kernel counted meanwhile.
        usage: Usage,
    },
    /// The sentinel that follows the last subtotal.
    Stop,
}

impl Message {
    /// Puts the message on a queue, in one piece.
    ///
    /// # Errors
    ///
    /// When the queue's other end is gone.
    pub fn put(&self, queue: &mut impl Write) -> io::Result<()> {
        let mut line = serde_json::to_string(self).map_err(io::Error::other)?;
        line.push('\n');
        queue.write_all(line.as_bytes())
    }

    /// Reads a message from its line; `None` when it is none.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

/// What can become of a worker process that owes a subtotal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It ended by itself, or was killed.
    Ended(ExitStatus),
    /// It put something on the queue that is no message, or not the one that was due.
    Rubbish(String),
    /// It put its subtotal on the queue but did not end.
    Hung(Duration),
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(status) => {
                use std::os::unix::process::ExitStatusExt;
                match (status.code(), status.signal()) {
                    (Some(code), _) => write!(f, "ended with exit code {code} before it was done"),
                    (None, Some(signal)) => write!(f, "was killed by signal {signal}"),
                    (None, None) => write!(f, "ended before it was done ({status})"),
                }
            }
            Self::Rubbish(text) => write!(f, "put something on the queue that is no subtotal: {text:?}"),
            Self::Hung(waited) => write!(f, "did not end within {} s of its subtotal", waited.as_secs_f64()),
        }
    }
}

/// Does the sum by processes of an executable, or of this program's own.
pub(super) fn observe(load: &Workload, control: &Control, executable: Option<&Path>) -> Result<Observation> {
    let executable = match executable {
        Some(path) => path.to_owned(),
        None => std::env::current_exe().map_err(Error::OwnExecutable)?,
    };
    let asked = clock::now();
    let (mut queue, mut putter) = Queue::open()?;
    let mut crew = Crew::start(load, &executable, &putter)?;

    let mut ready = vec![false; crew.len()];
    while ready.contains(&false) {
        match queue.take(&mut crew, control)? {
            Message::Ready { worker } if ready.get(worker) == Some(&false) => ready[worker] = true,
            other => return Err(crew.rubbish(&other)),
        }
    }
    crew.give_the_word()?;

    let mut subtotals: Vec<Option<(u128, Span, Usage)>> = vec![None; crew.len()];
    loop {
        match queue.take(&mut crew, control)? {
            Message::Subtotal { worker, total, span, usage } if subtotals.get(worker) == Some(&None) => {
                subtotals[worker] = Some((total, span, usage));
                crew.expect_the_end_of(worker);
                if subtotals.iter().all(Option::is_some) {
                    Message::Stop.put(&mut putter).map_err(Error::Queue)?;
                }
            }
            Message::Stop if subtotals.iter().all(Option::is_some) => break,
            other => return Err(crew.rubbish(&other)),
        }
    }
    crew.dismiss()?;

    let subtotals: Vec<_> = subtotals.into_iter().flatten().collect();
    let spans: Vec<Span> = subtotals.iter().map(|&(_, span, _)| span).collect();
    let left = spans.iter().map(|span| span.start).min().unwrap_or(asked);
    Ok(Observation {
        actual: result(subtotals.iter().map(|&(total, _, _)| total).fold(0, u128::saturating_add)),
        startup: Duration::from_nanos(left.saturating_sub(asked)),
        usage: Some(subtotals.iter().map(|&(_, _, usage)| usage).sum()),
        spans,
        foreign_values: None,
        lock: None,
    })
}

/// The reading end.
struct Queue {
    pipe: PipeReader,
    /// What was read beyond the last whole line.
    pending: Vec<u8>,
}

impl Queue {
    fn open() -> Result<(Self, PipeWriter)> {
        let (pipe, putter) = io::pipe().map_err(Error::Queue)?;
        Ok((Self { pipe, pending: Vec::new() }, putter))
    }

    /// Takes the next message off, looking after the workers while there is none.
    fn take(&mut self, crew: &mut Crew, control: &Control) -> Result<Message> {
        loop {
            if let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line[..end]);
                return Message::parse(&line).ok_or_else(|| crew.rubbish_line(&line));
            }
            if self.pending.len() > LONGEST {
                return Err(crew.rubbish_line(&String::from_utf8_lossy(&self.pending)));
            }
            if control.stopped() {
                return Err(Error::Interrupted);
            }
            if self.has_something()? {
                let mut buffer = [0; 4096];
                match self.pipe.read(&mut buffer) {
                    Ok(length) => self.pending.extend_from_slice(&buffer[..length]),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(Error::Queue(error)),
                }
            } else {
                crew.look_after()?;
            }
        }
    }

    fn has_something(&self) -> Result<bool> {
        let mut fds = [PollFd::new(self.pipe.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(LOOK_AFTER).unwrap_or(PollTimeout::MAX);
        match poll(&mut fds, timeout) {
            Ok(ready) => Ok(ready > 0),
            Err(nix::errno::Errno::EINTR) => Ok(false),
            Err(error) => Err(Error::Queue(error.into())),
        }
    }
}

/// The worker processes. However a run ends, none of them is left behind.
struct Crew {
    workers: Vec<Worker>,
}

struct Worker {
    child: Child,
    /// Held open while the worker shall live: its closing is the sign to end.
    word: Option<ChildStdin>,
    done: bool,
}

impl Crew {
    fn start(load: &Workload, executable: &PathBuf, queue: &PipeWriter) -> Result<Self> {
        let workers = load.workers.get();
        let mut crew = Self { workers: Vec::with_capacity(workers) };
        for worker in 0..workers {
            let range = part(&load.range(), load.workers, worker);
            let failed = |source| Error::StartWorker { worker, workers, source };
            let mut command = Command::new(executable);
            command.arg(WORKER_COMMAND).arg(worker.to_string());
            command.arg(range.start.to_string()).arg(range.end.to_string());
            if let Some(cpu) = load.pins.get(worker) {
                command.arg("--cpu").arg(cpu.to_string());
            }
            let stdout = queue.try_clone().map_err(failed)?;
            // What it has to say goes over the queue; its end is told by its exit status.
            // Not in the terminal's foreground: an interrupt is the parent's to deal with.
            let command = command.process_group(0).stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::null());
            let mut child = command.spawn().map_err(failed)?;
            let word = child.stdin.take();
            crew.workers.push(Worker { child, word, done: false });
        }
        Ok(crew)
    }

    fn len(&self) -> usize {
        self.workers.len()
    }

    /// Lets all of them leave the start line.
    fn give_the_word(&mut self) -> Result<()> {
        for index in 0..self.workers.len() {
            let word = self.workers[index].word.as_mut();
            if word.is_some_and(|word| word.write_all(GO.as_bytes()).is_err()) {
                // It is gone, or about to be; its exit status says more than the broken pipe.
                let status = self.workers[index].child.wait().map_err(Error::Queue)?;
                return Err(self.lost(index, Fate::Ended(status)));
            }
        }
        Ok(())
    }

    fn expect_the_end_of(&mut self, worker: usize) {
        self.workers[worker].done = true;
    }

    /// Whether one that still owes something has ended.
    fn look_after(&mut self) -> Result<()> {
        for index in 0..self.workers.len() {
            let worker = &mut self.workers[index];
            if worker.done {
                continue;
            }
            if let Some(status) = worker.child.try_wait().map_err(Error::Queue)? {
                // Its last message may have arrived between the look at the queue and this one.
                if status.success() && worker.word.take().is_some() {
                    continue;
                }
                return Err(self.lost(index, Fate::Ended(status)));
            }
        }
        Ok(())
    }

    /// Waits for all to end by themselves, as they do after their subtotal.
    fn dismiss(mut self) -> Result<()> {
        const LIMIT: Duration = Duration::from_secs(5);
        let since = Instant::now();
        for index in 0..self.workers.len() {
            self.workers[index].word = None;
            loop {
                match self.workers[index].child.try_wait().map_err(Error::Queue)? {
                    Some(status) if status.success() => break,
                    Some(status) => return Err(self.lost(index, Fate::Ended(status))),
                    None if since.elapsed() > LIMIT => return Err(self.lost(index, Fate::Hung(LIMIT))),
                    None => std::thread::sleep(Duration::from_micros(100)),
                }
            }
        }
        Ok(())
    }

    fn lost(&self, worker: usize, fate: Fate) -> Error {
        Error::WorkerProcess { worker, workers: self.len(), pid: self.workers[worker].child.id(), fate }
    }

    /// A well-formed message at the wrong time.
    fn rubbish(&self, message: &Message) -> Error {
        let worker = match *message {
            Message::Ready { worker } | Message::Subtotal { worker, .. } => worker.min(self.len() - 1),
            Message::Stop => 0,
        };
        self.lost(worker, Fate::Rubbish(serde_json::to_string(message).unwrap_or_default()))
    }

    /// No message at all. Who wrote it cannot be told from a shared pipe, unless only one can have.
    fn rubbish_line(&self, line: &str) -> Error {
        let owing = self.workers.iter().position(|worker| !worker.done).unwrap_or(0);
        self.lost(owing, Fate::Rubbish(line.chars().take(60).collect()))
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            worker.word = None;
            // An error here means that it has ended already, which is what is wanted.
            let _ = worker.child.kill();
        }
        for worker in &mut self.workers {
            let _ = worker.child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_message_goes_over_in_one_piece() {
        let time = Duration::new(u64::MAX, 999_999_999);
        let message = Message::Subtotal {
            worker: usize::MAX,
            total: u128::MAX,
            span: Span { start: u64::MAX, end: u64::MAX },
            usage: Usage { user: time, system: time, voluntary: u64::MAX, involuntary: u64::MAX },
        };
        let mut queue = Vec::new();
        message.put(&mut queue).unwrap();
        assert!(queue.len() <= LONGEST, "{} bytes", queue.len());
        let line = String::from_utf8(queue).unwrap();
        assert_eq!(Message::parse(line.trim_end()), Some(message));
    }

    #[test]
    fn what_is_no_message_is_not_taken_for_one() {
        for line in [
            "",
            "7",
            "null",
            "{}",
            "\"go\"",
            "{\"ready\":{}}",
            "{\"ready\":{\"worker\":-1}}",
            "{\"ready\":{\"worker\":1,\"more\":2}}",
        ] {
            assert_eq!(Message::parse(line), None, "{line}");
        }
        assert_eq!(Message::parse("\"stop\""), Some(Message::Stop));
    }
}

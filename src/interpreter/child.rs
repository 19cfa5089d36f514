//! One child process, from its start to the last of its descendants.
//!
//! It gets a process group of its own, so that its own children end with it, and a standard input that it
//! finds closed as soon as this process is gone, for whatever reason: our scripts end themselves then.

use super::error::{Error, last_line, shown};
use crate::system::process::{Ended, kill_group};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

/// How much an interpreter may print, in bytes, unless [`Limits`] say otherwise: 1 MiB.
pub const MOST_OUTPUT: usize = 1 << 20;

/// How far a call may go.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// How long the interpreter may take, its own start included.
    pub timeout: Duration,
    /// How much it may print on standard output, in bytes.
    pub output: usize,
    /// When another thread or a signal handler sets this, the call ends within some 20 ms.
    pub stop: &'a AtomicBool,
}

impl<'a> Limits<'a> {
    /// This much time, [`MOST_OUTPUT`], and a flag that ends the call when it is set.
    #[must_use]
    pub fn new(timeout: Duration, stop: &'a AtomicBool) -> Self {
        Self { timeout, output: MOST_OUTPUT, stop }
    }
}

/// How often the stop flag and the deadline are looked at while nothing happens: often enough for a person
/// who pressed Ctrl-C, seldom enough not to show in what the child measures.
const LOOK: Duration = Duration::from_millis(20);
/// Between two looks at a child that has closed its output but has not ended yet.
const SHORT_LOOK: Duration = Duration::from_millis(1);
/// How long output is still waited for from a descendant that outlived the child and left its group.
const STRAGGLERS: Duration = Duration::from_millis(500);
/// How much of the end of standard error is kept, in bytes.
const STDERR_KEPT: usize = 1 << 16;

/// What a child left behind.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) ended: Ended,
    pub(super) stdout: Vec<u8>,
    /// Its end, if it is long.
    pub(super) stderr: Vec<u8>,
}

/// Runs a program to its end. Neither it nor any process of its group is left when this returns.
///
/// # Errors
///
/// When it cannot be started, exceeds a limit or is stopped. How it ended is for the caller to judge.
pub(super) fn run<S: AsRef<OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item = S>,
    limits: &Limits<'_>,
) -> Result<Output, Error> {
    let mut command = Command::new(program);
    command.args(arguments).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // The flags -I and -E say the same, but a Python that is started by this one would not have them.
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"PYTHON") {
            command.env_remove(name);
        }
    }
    let started = Instant::now();
    let child = command.spawn().map_err(|source| {
        let interpreter = shown(program);
        match source.kind() {
            io::ErrorKind::NotFound => Error::NotFound { interpreter },
            io::ErrorKind::PermissionDenied => Error::NotExecutable { interpreter },
            _ => Error::Start { interpreter, source },
        }
    })?;
    Group { child, over: false }.follow(program, started, limits)
}

/// A child with its process group; both are gone once this is dropped.
struct Group {
    child: Child,
    /// Whether the child has been waited for and the rest of its group killed.
    over: bool,
}

impl Group {
    fn follow(mut self, program: &Path, started: Instant, limits: &Limits<'_>) -> Result<Output, Error> {
        let interpreter = || shown(program);
        let unreadable = |source| Error::Read { interpreter: interpreter(), source };
        let mut stdout = Stream::new(self.child.stdout.take());
        let mut stderr = Stream::new(self.child.stderr.take());
        let mut ended: Option<(Ended, Instant)> = None;
        loop {
            // Relaxed: nothing but the flag itself is read on its account.
            if limits.stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped { interpreter: interpreter() });
            }
            if ended.is_none() {
                if let Some(status) = self.child.try_wait().map_err(unreadable)? {
                    ended = Some((status.into(), Instant::now()));
                    // What it left running would keep its output open.
                    kill_group(&self.child);
                    self.over = true;
                } else if started.elapsed() >= limits.timeout {
                    let said = (!stderr.kept.is_empty()).then(|| last_line(&stderr.kept));
                    return Err(Error::TimedOut { interpreter: interpreter(), after: limits.timeout, said });
                }
            }
            let open = stdout.is_open() || stderr.is_open();
            if let Some((ended, at)) = ended {
                if !open || at.elapsed() >= STRAGGLERS {
                    return Ok(Output { ended, stdout: stdout.kept, stderr: stderr.kept });
                }
            } else if !open {
                thread::sleep(SHORT_LOOK);
                continue;
            }

            let patience = if ended.is_some() {
                LOOK
            } else {
                LOOK.min(limits.timeout.saturating_sub(started.elapsed()))
            };
            let (read_stdout, read_stderr) = wait_for(&stdout, &stderr, patience).map_err(unreadable)?;
            if read_stdout {
                stdout.read().map_err(unreadable)?;
                if stdout.kept.len() > limits.output {
                    return Err(Error::TooMuch { interpreter: interpreter(), limit: limits.output });
                }
            }
            if read_stderr {
                stderr.read().map_err(unreadable)?;
                let surplus = stderr.kept.len().saturating_sub(STDERR_KEPT);
                stderr.kept.drain(..surplus);
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.over {
            kill_group(&self.child);
            // Cannot fail for a child that nobody has waited for.
            let _ = self.child.wait();
        }
    }
}

/// One end of a pipe, and what has come out of it.
struct Stream<R> {
    pipe: Option<R>,
    kept: Vec<u8>,
}

impl<R: Read + AsFd> Stream<R> {
    fn new(pipe: Option<R>) -> Self {
        Self { pipe, kept: Vec::new() }
    }

    fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Reads once; to be called only when there is something, or the end, so that it does not block.
    fn read(&mut self) -> io::Result<()> {
        let Some(pipe) = &mut self.pipe else { return Ok(()) };
        let mut buffer = [0; 16 * 1024];
        match pipe.read(&mut buffer) {
            Ok(0) => self.pipe = None,
            Ok(length) => self.kept.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Waits until one of the two has something to read or has come to its end; says which.
fn wait_for<A: Read + AsFd, B: Read + AsFd>(
    first: &Stream<A>,
    second: &Stream<B>,
    patience: Duration,
) -> io::Result<(bool, bool)> {
    // Rounded up, or the last millisecond would be spent spinning.
    let patience = PollTimeout::try_from(patience + Duration::from_micros(999)).unwrap_or(PollTimeout::MAX);
    let mut fds = Vec::with_capacity(2);
    fds.extend(first.pipe.as_ref().map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
    fds.extend(second.pipe.as_ref().map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
    match poll(&mut fds, patience) {
        // A signal: the caller looks at its flag.
        Ok(_) | Err(Errno::EINTR) => {}
        Err(error) => return Err(error.into()),
    }
    // An unknown event counts as news: reading tells.
    let mut news = fds.iter().map(|fd| fd.any().unwrap_or(true));
    Ok((first.is_open() && news.next().unwrap_or(false), second.is_open() && news.next().unwrap_or(false)))
}

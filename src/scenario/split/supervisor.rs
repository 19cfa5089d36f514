//! The parent's side of the worker processes: starts them, releases them together, and notices how each of them ends.
//!
//! Each worker writes to a pipe of its own, so it is known which one sent what. The standard input of all of them is the
//! reading end of one shared pipe: a byte in it is the sign to start, and its end means that the parent is gone.
//!
//! A worker is taken to hang when it makes no progress for too long: until it is ready, in its part of the sum (as its
//! progress messages tell), or until it ends. Its work is finite, so a worker that never ends is always noticed.

use super::error::{Error, Fate};
use super::message::{GO, LONGEST, Message, Subtotal, WORKER_COMMAND};
use crate::error::Interrupted;
use crate::measure::workload::part;
use crate::measure::{Result, Workload};
use crate::system::Error as SystemError;
use crate::system::clock;
use crate::system::control::Control;
use crate::system::executable;
use crate::system::process::kill_group;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{self, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::thread;
use std::time::Duration;

/// How long a worker may come no further before it is taken to hang, with a CPU for each.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// What each further worker for the same CPU adds to that: they take turns of a few milliseconds.
const TURN: Duration = Duration::from_millis(100);
/// How many beats there are in that time: one that comes late is no reason to worry.
const BEATS: u32 = 10;
/// The longest time between two beats, in milliseconds.
const LONGEST_BEAT: u128 = 60_000;
/// The longest wait for news before the stop flag is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// Between two looks at a worker that has closed its pipe but has not ended yet.
const SHORT_LOOK: Duration = Duration::from_micros(100);

/// What can become of a worker process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Starting,
    Ready,
    Working,
    /// Its subtotal has come.
    Done,
    /// And it has ended, as it should.
    Ended,
}

/// How long the parent has been looking.
///
/// A time in which it could not look, because it was suspended or had no CPU, counts as a short one: the workers
/// may have had no CPU either, and what they sent meanwhile has not been read.
#[derive(Debug)]
struct Watch {
    now: u64,
    looked: Duration,
}

impl Watch {
    fn tick(&mut self, now: u64) {
        let passed = Duration::from_nanos(now.saturating_sub(self.now));
        self.looked += passed.min(2 * LOOK);
        self.now = now;
    }
}

/// How far a worker has come, by what it has sent.
#[derive(Debug)]
struct Progress {
    stage: Stage,
    /// How many numbers there are in its part, and how many of them it has added as far as it has told.
    length: u64,
    done: u64,
    /// When it last came further, by the parent's watch.
    moved: Duration,
}

impl Progress {
    const fn of(length: u64) -> Self {
        Self { stage: Stage::Starting, length, done: 0, moved: Duration::ZERO }
    }

    /// Takes note of a message; false when it was not due.
    fn note(&mut self, message: &Message, looked: Duration) -> bool {
        let before = (self.stage, self.done);
        match (self.stage, message) {
            (Stage::Starting, Message::Ready { .. }) => self.stage = Stage::Ready,
            (Stage::Working, Message::Subtotal(_)) => self.stage = Stage::Done,
            (Stage::Working | Stage::Done, &Message::Beat { done, .. })
                if (self.done..=self.length).contains(&done) =>
            {
                self.done = done;
            }
            (Stage::Starting | Stage::Ready, Message::Beat { done: 0, .. }) => {}
            _ => return false,
        }
        if (self.stage, self.done) != before {
            self.moved = looked;
        }
        true
    }

    /// What has become of it when it has come no further for so long.
    fn hung(&self, looked: Duration, patience: Duration) -> Option<Fate> {
        if looked.saturating_sub(self.moved) <= patience {
            return None;
        }
        match self.stage {
            Stage::Starting => Some(Fate::HungAtStart(patience)),
            Stage::Working => Some(Fate::HungAtWork(patience)),
            Stage::Done => Some(Fate::HungAtEnd(patience)),
            // At the line it waits for others; and there is nothing to wait for when it has ended.
            Stage::Ready | Stage::Ended => None,
        }
    }
}

/// One worker process.
struct Worker {
    child: Child,
    /// Until it has come to its end.
    pipe: Option<ChildStdout>,
    /// What was read beyond the last whole line.
    pending: Vec<u8>,
    progress: Progress,
}

impl Worker {
    /// Reads once; to be called only when there is something, or the end, so that it does not block.
    fn read(&mut self) -> io::Result<()> {
        let Some(pipe) = &mut self.pipe else { return Ok(()) };
        let mut buffer = [0; 4096];
        match pipe.read(&mut buffer) {
            Ok(0) => self.pipe = None,
            Ok(length) => self.pending.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The next message that has come whole, which must be one that was due.
    fn message(&mut self, index: usize, looked: Duration) -> Result<Option<Message>, Fate> {
        let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') else {
            return if self.pending.len() > LONGEST { Err(self.rubbish()) } else { Ok(None) };
        };
        let message = str::from_utf8(&self.pending[..end]).ok().and_then(Message::parse);
        match message {
            Some(message) if message.worker() == index && self.progress.note(&message, looked) => {
                self.pending.drain(..=end);
                Ok(Some(message))
            }
            _ => Err(self.rubbish()),
        }
    }

    /// The beginning of what it sent last.
    fn rubbish(&self) -> Fate {
        let line = self.pending.split(|&byte| byte == b'\n').next().unwrap_or_default();
        Fate::Rubbish(String::from_utf8_lossy(line).chars().take(60).collect())
    }

    /// Takes note of its end, if that has come.
    fn check_exit(&mut self) -> io::Result<Result<(), Fate>> {
        let Some(status) = self.child.try_wait()? else { return Ok(Ok(())) };
        if !status.success() {
            return Ok(Err(Fate::Ended(status.into())));
        }
        Ok(match self.progress.stage {
            _ if !self.pending.is_empty() => Err(self.rubbish()),
            Stage::Done => {
                self.progress.stage = Stage::Ended;
                Ok(())
            }
            _ => Err(Fate::Ended(status.into())),
        })
    }
}

/// The worker processes. However a run ends, none of them is left behind.
pub(super) struct WorkerProcesses {
    workers: Vec<Worker>,
    /// The pipe that the workers wait at, held open while they shall live.
    line: Option<PipeWriter>,
    watch: Watch,
    patience: Duration,
}

impl WorkerProcesses {
    /// Starts a process for each part.
    pub(super) fn start(
        load: &Workload,
        executable: &Path,
        patience: Duration,
        control: &Control,
    ) -> Result<Self> {
        let workers = load.workers.get();
        let in_turn = u32::try_from(workers.div_ceil(load.cpus.usable.max(1)) - 1).unwrap_or(u32::MAX);
        let patience = patience.saturating_add(TURN.saturating_mul(in_turn));
        let (waiting, line) = io::pipe().map_err(Error::Pipe)?;
        let watch = Watch { now: clock::now(), looked: Duration::ZERO };
        let mut processes = Self { workers: Vec::with_capacity(workers), line: Some(line), watch, patience };
        for worker in 0..workers {
            if control.stopped() {
                return Err(Interrupted.into());
            }
            let range = part(&load.range(), load.workers, worker);
            let failed = |source| SystemError::StartWorker { worker, workers, source };
            let mut command = executable::command(executable);
            command.arg(WORKER_COMMAND).arg(worker.to_string());
            command.arg(range.start.to_string()).arg(range.end.to_string());
            command.arg("--beat").arg(format!("{}ms", (patience / BEATS).as_millis().clamp(1, LONGEST_BEAT)));
            if let Some(cpu) = load.pins.get(worker) {
                command.arg("--cpu").arg(cpu.to_string());
            }
            // What it has to say goes over its pipe; its end is told by its exit status.
            command.stdin(waiting.try_clone().map_err(failed)?).stdout(Stdio::piped()).stderr(Stdio::null());
            // Not in the terminal's foreground: an interrupt is the parent's to deal with.
            let mut child = command.process_group(0).spawn().map_err(failed)?;
            let pipe = child.stdout.take();
            let progress = Progress::of(range.end - range.start);
            processes.workers.push(Worker { child, pipe, pending: Vec::new(), progress });
        }
        Ok(processes)
    }

    pub(super) fn len(&self) -> usize {
        self.workers.len()
    }

    /// Waits until all stand at the start line.
    pub(super) fn wait_until_ready(&mut self, control: &Control) -> Result<()> {
        while self.any(Stage::Starting) {
            self.look(control, |_| ())?;
        }
        Ok(())
    }

    /// Lets all of them leave the start line, by a single system call.
    pub(super) fn release(&mut self) -> Result<()> {
        for worker in &mut self.workers {
            worker.progress.stage = Stage::Working;
            worker.progress.moved = self.watch.looked;
        }
        let written = self.line.as_mut().map_or(Ok(()), |line| line.write_all(&[GO]));
        // When none is left to hear it, their ends say more than the broken pipe.
        written.or_else(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(Error::Pipe(error).into()),
        })
    }

    /// Waits for all to end by themselves, as they do after their subtotal.
    pub(super) fn join(mut self, control: &Control) -> Result<()> {
        self.line = None;
        while self.workers.iter().any(|worker| worker.progress.stage != Stage::Ended) {
            self.look(control, |_| ())?;
        }
        Ok(())
    }

    fn any(&self, stage: Stage) -> bool {
        self.workers.iter().any(|worker| worker.progress.stage == stage)
    }

    /// Waits a moment for news and hands on the subtotals that came, in the order of their arrival.
    pub(super) fn look(&mut self, control: &Control, mut arrived: impl FnMut(Subtotal)) -> Result<()> {
        if control.stopped() {
            return Err(Interrupted.into());
        }
        // Before the look, so that a worker is judged by a time up to which everything has been read.
        self.watch.tick(clock::now());
        let news = self.wait_for_output().map_err(Error::Pipe)?;
        for index in news {
            self.workers[index].read().map_err(Error::Pipe)?;
            loop {
                let message = self.workers[index].message(index, self.watch.looked);
                match message.map_err(|fate| self.lost(index, fate))? {
                    None => break,
                    Some(Message::Beat { worker: 0, done }) => control.report(done),
                    Some(Message::Subtotal(subtotal)) => arrived(subtotal),
                    Some(_) => {}
                }
            }
        }
        self.check_for_failures()
    }

    /// Those that have sent something or have closed their pipe.
    fn wait_for_output(&self) -> io::Result<Vec<usize>> {
        let ending = |worker: &Worker| worker.pipe.is_none() && worker.progress.stage != Stage::Ended;
        let patience = if self.workers.iter().any(ending) {
            thread::sleep(SHORT_LOOK);
            Duration::ZERO
        } else {
            LOOK
        };
        let (indices, mut fds): (Vec<usize>, Vec<PollFd<'_>>) = (0..)
            .zip(&self.workers)
            .filter_map(|(index, worker)| {
                Some((index, PollFd::new(worker.pipe.as_ref()?.as_fd(), PollFlags::POLLIN)))
            })
            .unzip();
        match poll(&mut fds, PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX)) {
            Ok(_) => {}
            // A signal: the caller looks at its flag.
            Err(Errno::EINTR) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        }
        // An unknown event counts as news: reading tells.
        let news = indices.into_iter().zip(&fds).filter(|(_, fd)| fd.any().unwrap_or(true));
        Ok(news.map(|(index, _)| index).collect())
    }

    /// Whether one has ended too soon, or hangs.
    fn check_for_failures(&mut self) -> Result<()> {
        for index in 0..self.workers.len() {
            let worker = &mut self.workers[index];
            if worker.progress.stage == Stage::Ended {
                continue;
            }
            let hung = worker.progress.hung(self.watch.looked, self.patience);
            // With its pipe still open it may have ended, too, and left it to a child.
            let fate = if worker.pipe.is_none() || hung.is_some() {
                worker.check_exit().map_err(Error::Pipe)?.err()
            } else {
                None
            };
            if let Some(fate) = fate.or_else(|| hung.filter(|_| worker.progress.stage != Stage::Ended)) {
                return Err(self.lost(index, fate).into());
            }
        }
        Ok(())
    }

    fn lost(&self, worker: usize, fate: Fate) -> Error {
        Error::WorkerProcess { worker, workers: self.len(), pid: self.workers[worker].child.id(), fate }
    }
}

impl Drop for WorkerProcesses {
    fn drop(&mut self) {
        for worker in &self.workers {
            // With what it may have started, which is in its group.
            kill_group(&worker.child);
        }
        for worker in &mut self.workers {
            let _ = worker.child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::clock::{Span, Usage};

    const PATIENCE: Duration = Duration::from_secs(10);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn beat(done: u64) -> Message {
        Message::Beat { worker: 0, done }
    }

    fn subtotal() -> Message {
        Message::Subtotal(Subtotal {
            worker: 0,
            total: 0,
            span: Span { start: 0, end: 0 },
            usage: Usage::default(),
            startup_waited: None,
        })
    }

    #[test]
    fn long_work_that_goes_on_is_no_hang() {
        let mut progress = Progress { stage: Stage::Working, ..Progress::of(u64::MAX) };
        for second in 1..100_000 {
            assert_eq!(progress.hung(seconds(second), PATIENCE), None);
            assert!(progress.note(&beat(second), seconds(second)));
        }
        assert!(progress.note(&subtotal(), seconds(100_001)));
        assert_eq!(progress.hung(seconds(100_011), PATIENCE), None);
        assert_eq!(progress.hung(seconds(100_012), PATIENCE), Some(Fate::HungAtEnd(PATIENCE)));
    }

    #[test]
    fn beats_that_tell_nothing_new_do_not_help() {
        for (stage, fate) in [
            (Stage::Starting, Some(Fate::HungAtStart(PATIENCE))),
            (Stage::Ready, None),
            (Stage::Working, Some(Fate::HungAtWork(PATIENCE))),
            (Stage::Done, Some(Fate::HungAtEnd(PATIENCE))),
        ] {
            let mut progress = Progress { stage, ..Progress::of(100) };
            for second in 1..=10 {
                assert!(progress.note(&beat(0), seconds(second)));
                assert_eq!(progress.hung(seconds(second), PATIENCE), None, "{stage:?}");
            }
            assert_eq!(progress.hung(seconds(11), PATIENCE), fate, "{stage:?}");
        }
    }

    #[test]
    fn only_what_is_due_is_taken() {
        let ready = Message::Ready { worker: 0 };
        for (stage, due) in [
            (Stage::Starting, vec![ready.clone(), beat(0)]),
            (Stage::Ready, vec![beat(0)]),
            (Stage::Working, vec![beat(0), beat(50), beat(100), subtotal()]),
            (Stage::Done, vec![beat(0), beat(50), beat(100)]),
        ] {
            for message in [ready.clone(), beat(0), beat(50), beat(100), beat(101), subtotal()] {
                let mut progress = Progress { stage, ..Progress::of(100) };
                let taken = progress.note(&message, Duration::ZERO);
                assert_eq!(taken, due.contains(&message), "{stage:?}: {message:?}");
            }
        }
        let mut progress = Progress { stage: Stage::Working, done: 50, ..Progress::of(100) };
        assert!(!progress.note(&beat(49), Duration::ZERO));
    }

    #[test]
    fn a_time_in_which_the_parent_could_not_look_is_not_held_against_the_workers() {
        let mut watch = Watch { now: 0, looked: Duration::ZERO };
        for look in 1..=1_000 {
            watch.tick(look * 50_000_000);
        }
        assert_eq!(watch.looked, seconds(50));
        watch.tick(3_600_000_000_000);
        assert_eq!(watch.looked, seconds(50) + 2 * LOOK);
    }
}

//! The worker process's side: says that it is ready, waits for the sign to start, sums, sends its subtotal.

use super::message::{Message, Subtotal};
use super::sum::{in_blocks, sum};
use crate::system::clock::Usage;
use crate::system::control::Control;
use crate::system::cpus;
use crate::system::run_queue::{AtWork, RunQueue};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use parking_lot::Mutex;
use std::io::{self, Write};
use std::ops::Range;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// What a worker process is told on its command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its number, from 0.
    pub worker: usize,
    /// The numbers to sum.
    pub range: Range<u64>,
    /// How long to wait between two signs of life.
    pub beat: Duration,
    /// The CPU to stay on.
    pub cpu: Option<usize>,
}

/// Does a worker process's whole life. `input` hangs up when the parent is gone or wants no more, and then the
/// worker ends without a subtotal; it never outlives its parent.
///
/// # Errors
///
/// When the parent cannot be written to or its word cannot be waited for.
pub fn run(
    task: Task,
    input: impl AsFd + Send + Sync + 'static,
    output: impl Write + Send + 'static,
    control: &Arc<Control>,
) -> io::Result<()> {
    if let Some(cpu) = task.cpu {
        cpus::pin_current_thread(cpu);
    }
    let input = Arc::new(input);
    let output = Arc::new(Mutex::new(output));
    // Before it says that it is ready: making a thread is no part of leaving the line.
    watch(&task, Arc::clone(&input), Arc::clone(&output), Arc::clone(control))?;
    let queue = RunQueue::of_thread();
    let startup_waited = queue.waited();
    Message::Ready { worker: task.worker }.put(&mut *output.lock())?;
    if !wait_for_release(&*input, control)? {
        return Ok(());
    }

    let work = AtWork::start(&queue, Usage::of_process);
    // The first of its own process, so the count of what is done is kept.
    let total = in_blocks(task.range, 0, control, sum);
    let (span, usage) = work.end();
    if control.stopped() {
        return Ok(());
    }
    Message::Subtotal(Subtotal { worker: task.worker, total, span, usage, startup_waited })
        .put(&mut *output.lock())
}

/// Waits for the parent's word without taking it off: the others wait for the same one. False when there will be
/// none.
fn wait_for_release(input: &impl AsFd, control: &Control) -> io::Result<bool> {
    loop {
        let mut fds = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::NONE) {
            // Only the byte by itself counts: with a hang-up beside it, it is too late to start.
            Ok(_) => return Ok(fds[0].revents() == Some(PollFlags::POLLIN) && !control.stopped()),
            Err(Errno::EINTR) if control.stopped() => return Ok(false),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Starts the thread that stops the work when the parent is gone, and tells the parent how far it has come.
fn watch(
    task: &Task,
    input: Arc<impl AsFd + Send + Sync + 'static>,
    output: Arc<Mutex<impl Write + Send + 'static>>,
    control: Arc<Control>,
) -> io::Result<()> {
    let worker = task.worker;
    // Rounded up: a time of 0 would be no wait at all.
    let beat = PollTimeout::try_from(task.beat.max(Duration::from_millis(1))).unwrap_or(PollTimeout::MAX);
    let look = move || {
        while !control.stopped() {
            // No event is asked for, or the byte would end each wait at once; a hang-up is always reported.
            let mut fds = [PollFd::new((*input).as_fd(), PollFlags::empty())];
            match poll(&mut fds, beat) {
                Ok(0) => {
                    let message = Message::Beat { worker, done: control.done() };
                    if message.put(&mut *output.lock()).is_err() {
                        control.stop();
                    }
                }
                Err(Errno::EINTR) => {}
                Ok(_) | Err(_) => control.stop(),
            }
        }
    };
    thread::Builder::new().name("parent".to_owned()).stack_size(64 * 1024).spawn(look)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::message::GO;
    use super::*;
    use std::io::{BufRead, BufReader, PipeWriter};

    fn task(end: u64) -> Task {
        Task { worker: 3, range: 0..end, beat: Duration::from_millis(5), cpu: None }
    }

    /// What a worker sends while somebody does something with the parent's end of its input.
    fn sent_by(
        task: Task,
        parent: impl FnOnce(PipeWriter, &mut dyn Iterator<Item = Message>),
    ) -> Vec<Message> {
        let (input, word) = io::pipe().unwrap();
        let (output, sending) = io::pipe().unwrap();
        let worker = thread::spawn(|| run(task, input, sending, &Arc::default()).unwrap());
        let mut messages = BufReader::new(output).lines().map(|line| Message::parse(&line.unwrap()).unwrap());
        assert_eq!(messages.next(), Some(Message::Ready { worker: 3 }));
        parent(word, &mut messages);
        worker.join().unwrap();
        messages.filter(|message| !matches!(message, Message::Beat { .. })).collect()
    }

    #[test]
    fn the_word_starts_it_and_stays_for_the_others() {
        let (input, mut word) = io::pipe().unwrap();
        let others = input.try_clone().unwrap();
        let (output, sending) = io::pipe().unwrap();
        word.write_all(&[GO]).unwrap();
        run(task(10), input, sending, &Arc::default()).unwrap();
        let mut fds = [PollFd::new(others.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut fds, PollTimeout::ZERO), Ok(1));
        drop(word);
        let lines: Vec<String> = BufReader::new(output).lines().map(Result::unwrap).collect();
        let Some(Message::Subtotal(last)) = Message::parse(lines.last().unwrap()) else {
            panic!("{lines:?}")
        };
        assert_eq!((last.worker, last.total), (3, 45));
    }

    #[test]
    fn without_the_word_there_is_no_subtotal() {
        assert_eq!(sent_by(task(10), |word, _| drop(word)), []);
        let both = |mut word: PipeWriter, _: &mut dyn Iterator<Item = Message>| {
            // A word that nobody stands behind any more.
            word.write_all(&[GO]).unwrap();
        };
        assert_eq!(sent_by(task(u64::MAX), both), []);
    }

    #[test]
    fn an_endless_sum_beats_as_it_goes_on_and_ends_when_the_parent_is_gone() {
        let parent = |mut word: PipeWriter, messages: &mut dyn Iterator<Item = Message>| {
            word.write_all(&[GO]).unwrap();
            let mut done = messages.map(|message| match message {
                Message::Beat { worker: 3, done } => done,
                other => panic!("{other:?}"),
            });
            let first = done.find(|&done| done > 0).unwrap();
            assert!(done.any(|done| done > first));
        };
        assert_eq!(sent_by(task(u64::MAX), parent), []);
    }
}

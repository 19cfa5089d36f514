//! The worker process's side of the queue: says that it is ready, waits for the word, sums, puts its subtotal.

use super::queue::{GO, Message};
use super::{in_blocks, sum};
use crate::clock::{self, Span, Usage};
use crate::control::Control;
use crate::cpus;
use std::io::{self, BufRead, Read, Write};
use std::ops::Range;
use std::sync::Arc;
use std::thread;

/// What a worker process is told on its command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its number, from 0.
    pub worker: usize,
    /// The numbers to sum.
    pub range: Range<u64>,
    /// The CPU to stay on.
    pub cpu: Option<usize>,
}

/// Does a worker process's whole life. `input` closes when the parent is gone or wants no more, and then the
/// worker ends without a subtotal; it never outlives its parent.
///
/// # Errors
///
/// When the queue cannot be written or the parent's word cannot be read.
pub fn run(task: Task, input: impl Read + Send + 'static, mut queue: impl Write) -> io::Result<()> {
    if let Some(cpu) = task.cpu {
        cpus::pin_current_thread(cpu);
    }
    let mut input = io::BufReader::new(input);
    Message::Ready { worker: task.worker }.put(&mut queue)?;
    let mut word = String::new();
    input.read_line(&mut word)?;
    if word != GO {
        return Ok(());
    }

    let control = Arc::new(Control::default());
    let watch = Arc::clone(&control);
    thread::Builder::new().name("parent".to_owned()).stack_size(64 * 1024).spawn(move || {
        // Nothing more is ever sent, so this returns when the parent's end is closed.
        let _ = input.read(&mut [0]);
        watch.stop();
    })?;

    let before = Usage::of_process();
    let start = clock::now();
    let total = in_blocks(task.range, task.worker, &control, sum);
    let span = Span { start, end: clock::now() };
    if control.stopped() {
        return Ok(());
    }
    let usage = Usage::of_process().since(before);
    Message::Subtotal { worker: task.worker, total, span, usage }.put(&mut queue)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_by(task: Task, input: &'static [u8]) -> Vec<Message> {
        let mut queue = Vec::new();
        run(task, input, &mut queue).unwrap();
        let text = String::from_utf8(queue).unwrap();
        text.lines().map(|line| Message::parse(line).unwrap()).collect()
    }

    #[test]
    fn without_the_word_there_is_no_subtotal() {
        for input in [&b""[..], b"\n", b"stay\n", b"go"] {
            let messages = put_by(Task { worker: 3, range: 0..10, cpu: None }, input);
            assert_eq!(messages, [Message::Ready { worker: 3 }]);
        }
    }

    #[test]
    fn an_endless_sum_ends_when_the_parent_is_gone() {
        let messages = put_by(Task { worker: 0, range: 0..u64::MAX, cpu: None }, GO.as_bytes());
        assert_eq!(messages, [Message::Ready { worker: 0 }]);
    }
}

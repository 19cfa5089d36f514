//! What a worker process tells its parent: a line of JSON each, over a pipe of the worker's own.

use crate::system::clock::{Span, Usage};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::time::Duration;

/// The hidden command under which this program is a worker.
pub const WORKER_COMMAND: &str = "split-worker";

/// The parent's word to start. It stays in the pipe that all workers share: nobody takes it off, so it wakes all
/// of them at once.
pub const GO: u8 = b'\n';

/// No message is longer, in bytes.
pub const LONGEST: usize = 768;

/// What goes over a worker's pipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Message {
    /// The worker stands at the start line.
    Ready {
        /// Its number, from 0.
        worker: usize,
    },
    /// It is alive and has come so far. Sent every now and then.
    Beat {
        /// Its number, from 0.
        worker: usize,
        /// How many numbers of its part it has added.
        done: u64,
    },
    /// It is done.
    Subtotal(Subtotal),
}

/// What one worker brings home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subtotal {
    /// Its number, from 0.
    pub worker: usize,
    /// The sum over its part.
    pub total: u128,
    /// When it was at work.
    pub span: Span,
    /// What the kernel counted meanwhile.
    pub usage: Usage,
    /// How long the worker had waited for a CPU when it came to the start line, where that is known.
    pub startup_waited: Option<Duration>,
}

impl Message {
    /// Writes the message in one piece.
    ///
    /// # Errors
    ///
    /// When the other end is gone.
    pub fn put(&self, output: &mut impl Write) -> io::Result<()> {
        let mut line = serde_json::to_string(self).map_err(io::Error::other)?;
        line.push('\n');
        output.write_all(line.as_bytes())?;
        output.flush()
    }

    /// Reads a message from its line; `None` when it is none.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    /// Who says that it has sent it.
    #[must_use]
    pub const fn worker(&self) -> usize {
        match *self {
            Self::Ready { worker } | Self::Beat { worker, .. } | Self::Subtotal(Subtotal { worker, .. }) => {
                worker
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_is_longer_than_the_longest() {
        let time = Duration::new(u64::MAX, 999_999_999);
        let message = Message::Subtotal(Subtotal {
            worker: usize::MAX,
            total: u128::MAX,
            span: Span { start: u64::MAX, end: u64::MAX },
            usage: Usage {
                cpu: time,
                user: time,
                system: time,
                voluntary: u64::MAX,
                involuntary: u64::MAX,
                waited: Some(time),
            },
            startup_waited: Some(time),
        });
        let mut output = Vec::new();
        message.put(&mut output).unwrap();
        assert!(output.len() <= LONGEST, "{} bytes", output.len());
        let line = String::from_utf8(output).unwrap();
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
            "\"ready\"",
            "{\"ready\":{}}",
            "{\"ready\":{\"worker\":-1}}",
            "{\"ready\":{\"worker\":1,\"more\":2}}",
            "{\"beat\":{\"worker\":1,\"done\":0.5}}",
            "{\"subtotal\":{\"worker\":1,\"total\":1}}",
        ] {
            assert_eq!(Message::parse(line), None, "{line}");
        }
        assert_eq!(Message::parse("{\"ready\":{\"worker\":1}}"), Some(Message::Ready { worker: 1 }));
    }
}

//! Child processes: how they end, and how they are ended.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Status(code),
            // One of the two is always there.
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Status(code) => write!(formatter, "exited with status {code}"),
            Self::Signal(number) => match Signal::try_from(number) {
                Ok(signal) => write!(formatter, "was killed by {signal}"),
                Err(_) => write!(formatter, "was killed by signal {number}"),
            },
        }
    }
}

/// Kills a child that leads a process group, and every process of that group. That there is none left is no failure.
///
/// Still right at once after the child has been waited for: its number is not given out again while the group has
/// members, and otherwise only when the kernel has gone through all the others.
pub fn kill_group(leader: &Child) {
    if let Ok(number) = i32::try_from(leader.id()) {
        let _ = killpg(Pid::from_raw(number), Signal::SIGKILL);
    }
}

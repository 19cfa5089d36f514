//! What becomes of an interrupt (Ctrl-C) or a request to terminate.
//!
//! The first one stops the run, whose finished rounds are then reported. A second one, or a report that cannot be
//! written in time, ends the program at once.

use super::control::Control;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::low_level::pipe;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// A signal that follows another within this time is the same one: whoever signals a process and its group sends two.
const SAME_SIGNAL: Duration = Duration::from_millis(500);
/// How long the report may take after that. It is longer only when its reader does not read.
const TIME_TO_REPORT: Duration = Duration::from_millis(1500);

/// The process's handling of SIGINT and SIGTERM.
pub struct Signals {
    /// The number of the signal that came; 0 is none.
    received: Arc<AtomicUsize>,
    /// Whether the next one ends the program at once.
    ends_at_once: Arc<AtomicBool>,
    /// Becomes readable when a signal has come.
    notifier: UnixStream,
}

impl Signals {
    /// Installs the handlers. Until [`Signals::stop_the_run`], a signal ends the program at once.
    ///
    /// # Errors
    ///
    /// When the kernel refuses a handler or a socket.
    pub fn listen(control: &Control) -> io::Result<Self> {
        let (notifier, sender) = UnixStream::pair()?;
        let signals =
            Self { received: Arc::default(), ends_at_once: Arc::new(AtomicBool::new(true)), notifier };
        for number in [SIGINT, SIGTERM] {
            let value = usize::try_from(number).unwrap_or_default();
            flag::register_usize(number, Arc::clone(&signals.received), value)?;
            flag::register(number, Arc::clone(control.flag()))?;
            // After the flags: a thread that is woken by the notifier must find them set.
            pipe::register(number, sender.try_clone()?)?;
            let code = i32::from(exit_code(value));
            flag::register_conditional_shutdown(number, code, Arc::clone(&signals.ends_at_once))?;
        }
        // A file that would exceed `ulimit -f` is then an error of its write instead of the program's end.
        flag::register(SIGXFSZ, Arc::default())?;
        control.set_stop_notifier(signals.notifier.try_clone()?);
        Ok(signals)
    }

    /// From now on the first signal stops the run instead of the program.
    pub fn stop_the_run(&self) {
        self.ends_at_once.store(false, Ordering::Relaxed);
    }

    /// Calls `end` with the signal's number when the program still runs some time after it. Another signal meanwhile
    /// ends the program.
    pub fn limit_the_stop(&self, end: impl FnOnce(usize) + Send + 'static) {
        let (received, ends_at_once) = (Arc::clone(&self.received), Arc::clone(&self.ends_at_once));
        let Ok(notifier) = self.notifier.try_clone() else { return };
        let watch = move || {
            let mut fds = [PollFd::new(notifier.as_fd(), PollFlags::POLLIN)];
            while !matches!(poll(&mut fds, PollTimeout::NONE), Ok(1..)) {}
            thread::sleep(SAME_SIGNAL);
            ends_at_once.store(true, Ordering::Relaxed);
            thread::sleep(TIME_TO_REPORT);
            end(received.load(Ordering::Relaxed));
        };
        // Where there is no room for a thread, only the first signal is obeyed.
        let _ = thread::Builder::new().name("signals".to_owned()).stack_size(64 * 1024).spawn(watch);
    }

    /// The number of the signal that came, if one did.
    #[must_use]
    pub fn received(&self) -> Option<usize> {
        Some(self.received.load(Ordering::Relaxed)).filter(|&number| number > 0)
    }
}

/// The exit code that a shell gives a program which a signal has ended: 130 for SIGINT, 143 for SIGTERM.
#[must_use]
pub fn exit_code(signal: usize) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}

//! Work on a thread of its own, so that a stop need not wait for what takes long to clean up.
//!
//! To join thousands of threads one by one, or to free gigabytes of states, takes several times as long as to end the
//! process, because the kernel then frees everything at once. So work that does not end soon after a stop is left
//! as it is. What it had finished by then is kept outside it ([`run_until_stopped`]).

use super::error::{Error, Result};
use crate::error::{Classified, Interrupted, Kind};
use crate::system::control::Control;
use crate::system::threads;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use parking_lot::Mutex;
use std::io;
use std::mem;
use std::os::fd::AsFd;
use std::panic;
use std::sync::Arc;
use std::time::Duration;

/// How long work may take to come to its end after a stop: enough for all but thousands of threads, and for worker
/// processes to be ended and waited for.
const GRACE: Duration = Duration::from_millis(60);

/// What some work had finished when it ended or was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial<T> {
    /// What was finished.
    pub finished: T,
    /// Whether that is not all, because a stop was asked for.
    pub interrupted: bool,
}

/// Does some work on a thread of its own. The work puts what it has finished into the place that it is given, so that
/// it is there when a stop comes.
///
/// # Errors
///
/// What the work says; [`Interrupted`] when a stop was asked for before `anything` was finished;
/// [`Error::Start`] when it could not be begun.
pub fn run_until_stopped<T, E>(
    control: &Arc<Control>,
    anything: impl FnOnce(&T) -> bool,
    work: impl FnOnce(&Control, &Mutex<T>) -> Result<(), E> + Send + 'static,
) -> Result<Partial<T>, E>
where
    T: Default + Send + 'static,
    E: Classified + From<Error> + From<Interrupted>,
{
    let place = Arc::new(Mutex::new(T::default()));
    let theirs = Arc::clone(&place);
    let ended = run(control, GRACE, move |control| work(control, &theirs))?;
    let interrupted = match ended {
        Some(Ok(())) => false,
        None => true,
        Some(Err(error)) if error.kind() == Kind::Interrupted => true,
        Some(Err(error)) => return Err(error),
    };
    let finished = mem::take(&mut *place.lock());
    if interrupted && !anything(&finished) {
        Err(Interrupted.into())
    } else {
        Ok(Partial { finished, interrupted })
    }
}

/// Does some work; nothing when a stop was asked for and the work has not come to its end within the grace. It is then
/// left to the end of the process.
///
/// A stop that comes without a notifier ([`Control::set_stop_notifier`]) is left to the work alone.
///
/// # Errors
///
/// [`Error::Start`] when the work could not be begun.
pub fn run<T: Send + 'static>(
    control: &Arc<Control>,
    grace: Duration,
    work: impl FnOnce(&Control) -> T + Send + 'static,
) -> Result<Option<T>> {
    // Its writing end is closed when the work has come to its end, however that is.
    let (ended, end) = io::pipe().map_err(Error::Start)?;
    let theirs = Arc::clone(control);
    let thread = threads::start(move || {
        let _end = end;
        work(&theirs)
    })
    .map_err(Error::Start)?;

    while !wait(&ended, control.stop_notifier(), PollTimeout::NONE).map_err(Error::Start)? {
        if control.stopped() {
            let grace = PollTimeout::try_from(grace).unwrap_or(PollTimeout::MAX);
            if !wait(&ended, None::<&io::PipeReader>, grace).map_err(Error::Start)? {
                return Ok(None);
            }
            break;
        }
    }
    thread.join().map(Some).or_else(|panic| panic::resume_unwind(panic))
}

/// Waits for the work's end, for a stop, or for so long; says whether it was the end.
fn wait(ended: &impl AsFd, notifier: Option<&impl AsFd>, timeout: PollTimeout) -> io::Result<bool> {
    let mut fds = vec![PollFd::new(ended.as_fd(), PollFlags::POLLIN)];
    fds.extend(notifier.map(|notifier| PollFd::new(notifier.as_fd(), PollFlags::POLLIN)));
    match poll(&mut fds, timeout) {
        // An unknown event counts as its end: joining tells.
        Ok(_) => Ok(fds[0].any().unwrap_or(true)),
        Err(Errno::EINTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::thread;

    /// A control, and what notifies it.
    fn with_notifier() -> (Arc<Control>, UnixStream) {
        let (notifier, sender) = UnixStream::pair().unwrap();
        let control = Arc::new(Control::default());
        control.set_stop_notifier(notifier);
        (control, sender)
    }

    fn forever() -> ! {
        loop {
            thread::park();
        }
    }

    #[test]
    fn work_that_comes_to_its_end_is_waited_for() {
        let (control, _sender) = with_notifier();
        assert!(matches!(run(&control, Duration::ZERO, |_| 7), Ok(Some(7))));
        assert!(matches!(run(&Arc::default(), Duration::ZERO, |_| 7), Ok(Some(7))));
        // A stop that the work obeys at once.
        let (control, mut sender) = with_notifier();
        let ended = run(&control, Duration::from_secs(1000), move |control| {
            control.stop();
            sender.write_all(b"!").unwrap();
            7
        });
        assert!(matches!(ended, Ok(Some(7))));
    }

    #[test]
    fn work_that_does_not_end_is_left_after_a_stop() {
        let (control, mut sender) = with_notifier();
        let ended = run(&control, Duration::from_millis(1), move |control| {
            control.stop();
            sender.write_all(b"!").unwrap();
            forever()
        });
        assert!(matches!(ended, Ok(None)));
    }

    #[test]
    fn what_was_finished_before_a_stop_is_kept() {
        for finished in [0, 3] {
            let (control, mut sender) = with_notifier();
            let partial: Result<_> = run_until_stopped(
                &control,
                |numbers: &Vec<u32>| !numbers.is_empty(),
                move |control, numbers| {
                    numbers.lock().extend(0..finished);
                    control.stop();
                    sender.write_all(b"!").unwrap();
                    forever()
                },
            );
            match partial {
                Ok(partial) => {
                    assert_eq!(partial, Partial { finished: (0..finished).collect(), interrupted: true });
                    assert!(finished > 0);
                }
                Err(error) => assert!(finished == 0 && error.kind() == Kind::Interrupted, "{error}"),
            }
        }
    }

    #[test]
    #[should_panic(expected = "on purpose")]
    fn a_panic_is_passed_on() {
        let _ = run(&Arc::default(), Duration::ZERO, |_| panic!("on purpose"));
    }
}

//! Work on a thread of its own, so that a stop need not wait for what takes long to put away.
//!
//! Thousands of threads that are joined one by one, or gigabytes of states that are given back, take several times as
//! long as the end of the process, at which the kernel puts away everything at once. So work that has not come to its
//! end soon after a stop is left as it is; what it has finished by then was gathered where it can be found.

use crate::error::{Error, Result};
use crate::system::control::Control;
use crate::system::thread_room;
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

/// What was gathered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathered<T> {
    /// What was finished.
    pub finished: T,
    /// Whether that is not all, because a stop was asked for.
    pub interrupted: bool,
}

/// Does some work that puts whatever it has finished into the place it is given.
///
/// # Errors
///
/// What the work says; [`Error::Interrupted`] when a stop was asked for before `anything` was finished;
/// [`Error::Start`] when it could not be begun.
pub fn gather<T: Default + Send + 'static>(
    control: &Arc<Control>,
    anything: impl FnOnce(&T) -> bool,
    work: impl FnOnce(&Control, &Mutex<T>) -> Result<()> + Send + 'static,
) -> Result<Gathered<T>> {
    let place = Arc::new(Mutex::new(T::default()));
    let theirs = Arc::clone(&place);
    let ended = run(control, GRACE, move |control| work(control, &theirs))?;
    let interrupted = match ended {
        Some(Ok(())) => false,
        None | Some(Err(Error::Interrupted)) => true,
        Some(Err(error)) => return Err(error),
    };
    let finished = mem::take(&mut *place.lock());
    if interrupted && !anything(&finished) {
        Err(Error::Interrupted)
    } else {
        Ok(Gathered { finished, interrupted })
    }
}

/// Does some work; nothing when a stop was asked for and the work has not come to its end within the grace. It is then
/// left to the end of the process.
///
/// A stop that comes without a bell ([`Control::hear`]) is left to the work alone.
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
    let thread = thread_room::start(move || {
        let _end = end;
        work(&theirs)
    })
    .map_err(Error::Start)?;

    while !wait(&ended, control.bell(), PollTimeout::NONE).map_err(Error::Start)? {
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

/// Waits for the work's end, for the bell, or for so long; says whether it was the end.
fn wait(ended: &impl AsFd, bell: Option<&impl AsFd>, patience: PollTimeout) -> io::Result<bool> {
    let mut fds = vec![PollFd::new(ended.as_fd(), PollFlags::POLLIN)];
    fds.extend(bell.map(|bell| PollFd::new(bell.as_fd(), PollFlags::POLLIN)));
    match poll(&mut fds, patience) {
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

    /// A control, and what rings its bell.
    fn with_bell() -> (Arc<Control>, UnixStream) {
        let (bell, ringer) = UnixStream::pair().unwrap();
        let control = Arc::new(Control::default());
        control.hear(bell);
        (control, ringer)
    }

    fn forever() -> ! {
        loop {
            thread::park();
        }
    }

    #[test]
    fn work_that_comes_to_its_end_is_waited_for() {
        let (control, _ringer) = with_bell();
        assert!(matches!(run(&control, Duration::ZERO, |_| 7), Ok(Some(7))));
        assert!(matches!(run(&Arc::default(), Duration::ZERO, |_| 7), Ok(Some(7))));
        // A stop that the work obeys at once.
        let (control, mut ringer) = with_bell();
        let ended = run(&control, Duration::from_secs(1000), move |control| {
            control.stop();
            ringer.write_all(b"!").unwrap();
            7
        });
        assert!(matches!(ended, Ok(Some(7))));
    }

    #[test]
    fn work_that_does_not_end_is_left_after_a_stop() {
        let (control, mut ringer) = with_bell();
        let ended = run(&control, Duration::from_millis(1), move |control| {
            control.stop();
            ringer.write_all(b"!").unwrap();
            forever()
        });
        assert!(matches!(ended, Ok(None)));
    }

    #[test]
    fn what_was_finished_before_a_stop_is_kept() {
        for finished in [0, 3] {
            let (control, mut ringer) = with_bell();
            let gathered = gather(
                &control,
                |numbers: &Vec<u32>| !numbers.is_empty(),
                move |control, numbers| {
                    numbers.lock().extend(0..finished);
                    control.stop();
                    ringer.write_all(b"!").unwrap();
                    forever()
                },
            );
            match gathered {
                Ok(gathered) => {
                    assert_eq!(gathered, Gathered { finished: (0..finished).collect(), interrupted: true });
                    assert!(finished > 0);
                }
                Err(error) => assert!(finished == 0 && matches!(error, Error::Interrupted), "{error}"),
            }
        }
    }

    #[test]
    #[should_panic(expected = "on purpose")]
    fn a_panic_is_passed_on() {
        let _ = run(&Arc::default(), Duration::ZERO, |_| panic!("on purpose"));
    }
}

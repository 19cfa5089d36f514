//! The command `gilsim`.

use gilsim::cli::{self, Request};
use gilsim::error::Error;
use gilsim::report::output;
use gilsim::scenario::convoy;
use gilsim::scenario::split::worker;
use gilsim::session::{self, Ending};
use gilsim::system::control::Control;
use gilsim::system::lifeline;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::low_level::pipe;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

fn main() -> ExitCode {
    let control = Arc::new(Control::default());
    let signals = match Signals::listen(&control) {
        Ok(signals) => signals,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: could not listen for interrupts: {error}");
            return end(Ending::CouldNotRun);
        }
    };
    let request = match cli::parse(std::env::args_os()) {
        Ok(request) => request,
        Err(refusal) => {
            let told = refusal.print();
            return end(told.map_or_else(|error| report(&error), |()| refusal.ending()));
        }
    };
    signals.stop_the_run();
    if !matches!(request, Request::SplitWorker(_) | Request::Echo) {
        signals.insist();
    }
    let ending = match request {
        Request::Measure(session) => session.run(&control),
        Request::Explore(session) => session.run(&control),
        Request::Convoy(convoy, cpus, destination) => session::convoy(convoy, cpus, &destination, &control),
        Request::Verify(verify, cpus, destination) => session::verify(verify, cpus, &destination, &control),
        Request::List => {
            let list = cli::list(output::width(&io::stdout()));
            output::write(&mut anstream::stdout().lock(), &list).map(|()| Ending::Ran)
        }
        Request::Echo => {
            lifeline::tie_to_parent();
            convoy::echo(io::stdin().lock(), io::stdout().lock()).map(|()| Ending::Ran).map_err(Error::Echo)
        }
        Request::SplitWorker(task) => {
            lifeline::tie_to_parent();
            worker::run(task, io::stdin(), io::stdout(), &control).map(|()| Ending::Ran).map_err(Error::Pipe)
        }
    };
    let ending = ending.unwrap_or_else(|error| report(&error));
    match signals.received.load(Ordering::Relaxed) {
        0 => end(ending),
        number => ExitCode::from(ended_by(number)),
    }
}

/// A signal that comes again so soon is the same one: whoever sends it to a process and to its group sends it twice.
const AGAIN: Duration = Duration::from_millis(500);
/// How long it may go on after that: what it has to say is said by then, unless somebody does not take it.
const LAST: Duration = Duration::from_millis(1500);

/// What becomes of an interrupt (Ctrl-C) or a request to terminate.
struct Signals {
    /// The number of the signal that came; 0 is none.
    received: Arc<AtomicUsize>,
    /// Whether the next one ends the program at once.
    at_once: Arc<AtomicBool>,
    /// Becomes readable when there is one.
    bell: UnixStream,
}

impl Signals {
    /// While the command line is read, a signal ends the program.
    fn listen(control: &Control) -> io::Result<Self> {
        let (bell, ringer) = UnixStream::pair()?;
        let signals = Self { received: Arc::default(), at_once: Arc::new(AtomicBool::new(true)), bell };
        for number in [SIGINT, SIGTERM] {
            let value = usize::try_from(number).unwrap_or_default();
            flag::register_usize(number, Arc::clone(&signals.received), value)?;
            flag::register(number, Arc::clone(control.flag()))?;
            // After the flags, so that whoever is woken finds them set.
            pipe::register(number, ringer.try_clone()?)?;
            flag::register_conditional_shutdown(number, 128 + number, Arc::clone(&signals.at_once))?;
        }
        // A file that would exceed `ulimit -f` is then an error of its write instead of the program's end.
        flag::register(SIGXFSZ, Arc::default())?;
        control.hear(signals.bell.try_clone()?);
        Ok(signals)
    }

    /// From now on the first one stops the run, whose finished rounds are then reported.
    fn stop_the_run(&self) {
        self.at_once.store(false, Ordering::Relaxed);
    }

    /// Ends the program when another signal comes, or when it still goes on some time after the first.
    fn insist(&self) {
        let (received, at_once) = (Arc::clone(&self.received), Arc::clone(&self.at_once));
        let Ok(bell) = self.bell.try_clone() else { return };
        let watch = move || {
            let mut fds = [PollFd::new(bell.as_fd(), PollFlags::POLLIN)];
            while !matches!(poll(&mut fds, PollTimeout::NONE), Ok(1..)) {}
            thread::sleep(AGAIN);
            at_once.store(true, Ordering::Relaxed);
            thread::sleep(LAST);
            process::exit(ended_by(received.load(Ordering::Relaxed)).into());
        };
        // Without room for a thread it is left to the first one alone.
        let _ = thread::Builder::new().name("signals".to_owned()).stack_size(64 * 1024).spawn(watch);
    }
}

/// As a shell says it of a program that a signal has ended.
fn ended_by(signal: usize) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}

/// Says what went wrong.
fn report(error: &Error) -> Ending {
    // Nobody is left to tell when standard error cannot be written.
    let _ = writeln!(io::stderr(), "error: {error}");
    Ending::of(error)
}

fn end(ending: Ending) -> ExitCode {
    ExitCode::from(ending as u8)
}

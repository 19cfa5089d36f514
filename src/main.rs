//! The command `gilsim`.

use gilsim::cli::{self, Request};
use gilsim::control::Control;
use gilsim::error::Error;
use gilsim::scenario::split::worker;
use gilsim::session::{self, Ending};
use gilsim::{convoy, lifeline, output};
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use signal_hook::low_level::pipe;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

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
        // As a shell says it of a program that a signal has ended.
        number => ExitCode::from(u8::try_from(128 + number).unwrap_or(u8::MAX)),
    }
}

/// What becomes of an interrupt (Ctrl-C) or a request to terminate.
struct Signals {
    /// The number of the signal that came; 0 is none.
    received: Arc<AtomicUsize>,
    /// Whether the next one ends the program at once.
    at_once: Arc<AtomicBool>,
}

impl Signals {
    /// While the command line is read, a signal ends the program.
    fn listen(control: &Control) -> io::Result<Self> {
        let signals = Self { received: Arc::default(), at_once: Arc::new(AtomicBool::new(true)) };
        let (bell, ringer) = UnixStream::pair()?;
        control.hear(bell);
        for number in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(number, 128 + number, Arc::clone(&signals.at_once))?;
            flag::register(number, Arc::clone(&signals.at_once))?;
            let value = usize::try_from(number).unwrap_or_default();
            flag::register_usize(number, Arc::clone(&signals.received), value)?;
            flag::register(number, Arc::clone(control.flag()))?;
            // Last, so that whoever is woken finds the flag set.
            pipe::register(number, ringer.try_clone()?)?;
        }
        // A file that would exceed `ulimit -f` is then an error of its write instead of the program's end.
        flag::register(SIGXFSZ, Arc::default())?;
        Ok(signals)
    }

    /// From now on the first one stops the run, whose finished rounds are then reported; a second one ends the program.
    fn stop_the_run(&self) {
        self.at_once.store(false, Ordering::Relaxed);
    }
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

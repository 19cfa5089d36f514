//! The command `gilsim`.

use gilsim::cli::{self, Request};
use gilsim::control::Control;
use gilsim::error::Error;
use gilsim::scenario::split::worker;
use gilsim::session::{self, Ending};
use gilsim::{convoy, lifeline, output};
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn main() -> ExitCode {
    let request = match cli::parse(std::env::args_os()) {
        Ok(request) => request,
        Err(refusal) => {
            let told = refusal.print();
            return end(told.map_or_else(|error| report(&error), |()| refusal.ending()));
        }
    };
    let control = Arc::new(Control::default());
    let signal = match stop_on_signals(&control) {
        Ok(signal) => signal,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: could not listen for interrupts: {error}");
            return end(Ending::CouldNotRun);
        }
    };
    let ending = match request {
        Request::Measure(session) => session.run(&control),
        Request::Explore(session) => session.run(&control),
        Request::Convoy(convoy, cpus, destination) => session::convoy(&convoy, cpus, &destination, &control),
        Request::Verify(verify, destination) => session::verify(&verify, &destination, &control),
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
    match signal.load(Ordering::Relaxed) {
        0 => end(ending),
        // As a shell says it of a program that a signal has ended.
        number => ExitCode::from(u8::try_from(128 + number).unwrap_or(u8::MAX)),
    }
}

/// Has an interrupt (Ctrl-C) or a request to terminate stop the run, whose finished rounds are then reported; a
/// second one ends the program at once. The number of the signal is left in what is returned; 0 is none.
fn stop_on_signals(control: &Control) -> io::Result<Arc<AtomicUsize>> {
    let received = Arc::new(AtomicUsize::new(0));
    for number in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(number, 128 + number, Arc::clone(control.flag()))?;
        flag::register(number, Arc::clone(control.flag()))?;
        flag::register_usize(number, Arc::clone(&received), usize::try_from(number).unwrap_or_default())?;
    }
    // A file that would exceed `ulimit -f` is then an error of its write instead of the program's end.
    flag::register(SIGXFSZ, Arc::default())?;
    Ok(received)
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

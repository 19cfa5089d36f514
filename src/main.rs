//! The command `gilsim`: parses, runs, and ends with an exit code. Nothing else ends the process.

use gilsim::cli::{self, Request};
use gilsim::scenario::convoy;
use gilsim::scenario::split::{self, worker};
use gilsim::session::{self, Ending, Error};
use gilsim::system::control::Control;
use gilsim::system::parent;
use gilsim::system::signals::{Signals, exit_code};
use gilsim::{measure, scenario};
use std::io::{self, Write};
use std::process::{self, ExitCode};
use std::sync::Arc;

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
            return end(told.map_or_else(|error| report(&error.into()), |()| refusal.ending()));
        }
    };
    signals.stop_the_run();
    if !matches!(request, Request::SplitWorker(_) | Request::Echo) {
        signals.limit_the_stop(|signal| process::exit(exit_code(signal).into()));
    }
    let ending = match request {
        Request::Measure(session) => session.run(&control),
        Request::MeasureByRanks(session) => session::ranks::run(*session, &control),
        Request::Explore(session) => session.run(&control),
        Request::References(session) => session.run(&control),
        Request::Check(session) => session.run(&control),
        Request::Dis(disassembly) => session::dis::run(disassembly),
        Request::Convoy(convoy, cpus, baseline, destination) => {
            session::convoy::run(convoy, cpus, &baseline, &destination, &control)
        }
        Request::Diff(diff, cpus, destination) => diff.run(cpus, &destination),
        Request::Overhead(overhead, expected, cpus, destination) => {
            session::overhead::run(overhead, expected, cpus, &destination, &control)
        }
        Request::Verify(verify, cpus, destination) => {
            session::verify::run(verify, cpus, &destination, &control)
        }
        Request::Print(text) => session::pages::print(&text),
        Request::Pages(folder, pages) => session::pages::write(&folder, &pages),
        Request::Tour(tour) => session::tour::run(&tour, &control),
        Request::List(cpus, destination) => session::list::run(cpus, &destination),
        Request::Echo => {
            parent::end_with_parent();
            let echoed = convoy::echo(io::stdin().lock(), io::stdout().lock());
            echoed.map(|()| Ending::Ran).map_err(|error| scenario::Error::Echo(error).into())
        }
        Request::SplitWorker(task) => {
            parent::end_with_parent();
            let worked = worker::run(task, io::stdin(), io::stdout(), &control);
            worked
                .map(|()| Ending::Ran)
                .map_err(|error| measure::Error::from(split::error::Error::Pipe(error)).into())
        }
    };
    let ending = ending.unwrap_or_else(|error| report(&error));
    signals.received().map_or_else(|| end(ending), |signal| ExitCode::from(exit_code(signal)))
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

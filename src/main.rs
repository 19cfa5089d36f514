//! The command `gilsim`.

use gilsim::cli::{self, Request};
use gilsim::control::Control;
use gilsim::scenario::split::worker;
use gilsim::session::{self, Ending};
use gilsim::{convoy, output};
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let request = match cli::parse(std::env::args_os()) {
        Ok(request) => request,
        Err(refusal) => {
            refusal.print();
            return end(refusal.ending());
        }
    };
    let control = Arc::new(Control::default());
    let ending = match request {
        Request::Measure(session) => session.run(&control),
        Request::Convoy(convoy, cpus, destination) => session::convoy(&convoy, cpus, &destination, &control),
        Request::Verify(verify, destination) => session::verify(&verify, &destination, &control),
        Request::List => output::write(&mut anstream::stdout().lock(), &cli::list()).map(|()| Ending::Ran),
        Request::Echo => {
            let done = convoy::echo(io::stdin().lock(), io::stdout().lock());
            return end(if done.is_ok() { Ending::Ran } else { Ending::CouldNotRun });
        }
        Request::SplitWorker(task) => {
            let done = worker::run(task, io::stdin(), io::stdout());
            return end(if done.is_ok() { Ending::Ran } else { Ending::CouldNotRun });
        }
    };
    end(ending.unwrap_or_else(|error| {
        // Nobody is left to tell when standard error cannot be written.
        let _ = writeln!(io::stderr(), "error: {error}");
        Ending::of(&error)
    }))
}

fn end(ending: Ending) -> ExitCode {
    ExitCode::from(ending as u8)
}

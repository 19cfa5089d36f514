//! A program of one thread, run to its end without a search: what it prints and raises, to be held against real interpreters.

use super::coverage;
use super::machine::{Beyond, KNOWN, Machine, Step};
use super::verdict::CheckError;
use crate::python::program::{compile_module, parse_program};
use crate::python::version::Version;

/// How a program of one thread ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alone {
    /// What it printed.
    pub output: String,
    /// The exception that ended it: its class and its text.
    pub raised: Option<String>,
    /// Whether it was still running after so many instructions.
    pub endless: bool,
}

/// Runs a program of one thread for at most so many instructions. Its numbers stay as they are.
///
/// # Errors
///
/// If the program is not Python, or not covered.
pub fn run_alone(text: &str, version: Version, steps: u64) -> Result<Alone, CheckError> {
    let stmts = parse_program(text)?;
    coverage::check(&stmts, &|position| crate::python::program::Place::new(text, position))?;
    let module = compile_module(&stmts, text, version, &KNOWN, false)?;
    let mut machine = Machine::start(&module);
    let mut endless = true;
    for step in 0..steps {
        let done = machine.step(0).map_err(|Beyond { what, place }| CheckError::Beyond { what, place })?;
        if machine.state.threads.len() > 1 || done == Step::Blocked {
            return Err(CheckError::Beyond { what: "a second thread".to_owned(), place: None });
        }
        if machine.state.threads[0].finished {
            endless = false;
            break;
        }
        if step % 256 == 0 {
            machine.state.compact();
        }
    }
    let raised = machine.state.uncaught.first().map(ToString::to_string);
    Ok(Alone { output: machine.output, raised, endless })
}

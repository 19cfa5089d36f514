//! A program of one thread, run to its end without a search: what it does, prints and raises, to be held against real interpreters.

use super::coverage;
use super::machine::{Beyond, KNOWN, Machine, Step};
use super::pause::Told;
use super::verdict::CheckError;
use super::witness::{Record, ScheduleLine};
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
    /// What it did, in order.
    pub trace: Vec<Executed>,
    /// The lines that it ran, as a schedule shows them.
    pub lines: Vec<ScheduleLine>,
}

/// A step of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Executed {
    /// An instruction of the program: its opcode and its argument, as `dis` shows them.
    Instruction(&'static str, String),
    /// The eval breaker was looked at: another thread may take the GIL.
    Look,
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
    let (mut endless, mut trace, mut record) = (true, Vec::new(), Record::default());
    for step in 0..steps {
        // An instruction that has begun before is begun again once it has what it asked for.
        let is_first = machine.current().frames.last().is_some_and(|frame| frame.progress.is_empty());
        if let Some(instruction) = machine.instruction(0).filter(|_| is_first) {
            trace.push(Executed::Instruction(instruction.opcode, instruction.argument.clone()));
        }
        record.note(&machine, 0, &Told::Before { together: true });
        let done = machine.step(0).map_err(|Beyond { what, place }| CheckError::Beyond { what, place })?;
        record.note(&machine, 0, &Told::After(done));
        if machine.state.threads.len() > 1 || done == Step::Blocked {
            return Err(CheckError::Beyond { what: "a second thread".to_owned(), place: None });
        }
        if matches!(done, Step::Done { may_drop: true }) {
            trace.push(Executed::Look);
        }
        if machine.state.threads[0].finished {
            endless = false;
            break;
        }
        if step % 256 == 0 {
            machine.compact().map_err(|Beyond { what, place }| CheckError::Beyond { what, place })?;
        }
    }
    let raised = machine.state.uncaught.first().map(ToString::to_string);
    Ok(Alone { output: machine.output, raised, endless, trace, lines: record.lines(&module) })
}

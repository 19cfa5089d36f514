//! The module that a loop body stands in, the workers' start, and how they end.

use super::super::coverage;
use super::super::machine::{Arguments, KNOWN, Machine, Step, Stop};
use super::super::state::{OnReturn, State, Thread, Value};
use super::error::LoopError;
use crate::python::program::module::{Module, Texts};
use crate::python::program::syntax::{Stmt, StmtKind, walk_blocks};
use crate::python::program::{
    Source, SourceError, SourceErrorKind, compile_loop, map_in_expr, map_numbers, parse_part, parse_program,
    parse_result, smaller,
};
use crate::python::version::Version;
use std::sync::Arc;

/// The function that repeats the body.
pub(in super::super) const WORK: &str = "work";

/// The function that computes the result, and the global in which it leaves it.
const LOOK: &str = "_look";
const RESULT: &str = "_result";

/// The most instructions of the setup, and of the result.
const MOST_STEPS: usize = 200_000;

/// What a body is put into. The setup stands before `work`, the body in its loop.
fn frame(range: &str) -> String {
    format!(
        "import threading\nx = 0\ns = \"a\"\nlock = threading.Lock()\ndef one():\n    return 1\n\
         def {WORK}(d, n):\n    global x\n    for _ in {range}(n):\n        pass\n\
         def {LOOK}():\n    global {RESULT}\n    {RESULT} = 0\n"
    )
}

/// A loop body over shared objects, compiled for one version.
#[derive(Clone, Debug)]
pub struct LoopBody {
    pub(in super::super) module: Module,
    /// The numbers of the globals that the workers may bind anew.
    pub(super) written: Vec<u16>,
}

/// The workers of a body under way, and all that they share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoopState(pub(super) Arc<State>);

/// How workers end that cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoopEnd {
    /// All have done their work, and this is the result.
    Value(i64),
    /// Some ended with an exception.
    Raised(Vec<String>),
    /// Some wait without end: for what each of them does, in the order of the workers.
    Waiting(Vec<String>),
}

impl LoopState {
    /// About how much room it takes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let state = &*self.0;
        let frames: usize = state.threads.iter().map(|thread| 1 + thread.frames.len()).sum();
        let globals: usize = state.globals.iter().map(Vec::len).sum();
        (frames * 256 + state.heap.len() * 128 + globals * size_of::<Value>() + size_of::<State>()) as u64
    }
}

impl LoopBody {
    /// Compiles a body, the definitions that it uses, and the expression that is looked at in the end.
    ///
    /// # Errors
    ///
    /// If one of them is not Python or not covered; the error shows its place.
    pub fn compile(body: &str, setup: &str, result: &str, version: Version) -> Result<Self, SourceError> {
        Self::with_numbers(body, setup, result, version, &|value| value)
    }

    /// The same with its numbers made small, in so many ways; none where they are.
    pub(super) fn smaller(&self) -> Vec<Self> {
        smaller(|number| {
            Self::with_numbers(self.body(), self.setup(), self.result(), self.version(), number).ok()
        })
    }

    /// `number` is what each whole number is taken as.
    fn with_numbers(
        body: &str,
        setup: &str,
        result: &str,
        version: Version,
        number: &dyn Fn(i64) -> i64,
    ) -> Result<Self, SourceError> {
        let mut statements = parse_part(body, Source::Body)?;
        if statements.is_empty() {
            return Err(SourceError {
                kind: SourceErrorKind::Empty,
                message: "write at least one statement, such as x += d".to_owned(),
                place: crate::python::program::Place::beginning(Source::Body, body),
            });
        }
        let mut definitions = parse_part(setup, Source::Setup)?;
        map_numbers(&mut statements, number);
        map_numbers(&mut definitions, number);
        let mut value = parse_result(result)?;
        map_in_expr(&mut value, number);
        let file = frame(if version.facts().shape.python2 { "xrange" } else { "range" });
        let mut stmts = parse_program(&file)?;
        for stmt in &mut stmts {
            let StmtKind::Define(function) = &mut stmt.kind else { continue };
            match function.body.last_mut().map(|last| &mut last.kind) {
                Some(StmtKind::For(_, _, inner, _)) if function.name == WORK => {
                    inner.clone_from(&statements);
                }
                Some(StmtKind::Assign(_, right)) if function.name == LOOK => *right = value.clone(),
                _ => {}
            }
        }
        let is_work = |stmt: &Stmt| matches!(&stmt.kind, StmtKind::Define(function) if function.name == WORK);
        let at = stmts.iter().position(is_work).unwrap_or(0);
        stmts.splice(at..at, definitions);
        let texts = Texts { file: &*file, body, setup, result };
        coverage::check(&stmts, &|position| {
            crate::python::program::Place::new(texts.of(position.source), position)
        })?;
        let module = compile_loop(&stmts, texts, version, &KNOWN)?;
        let mut globals = vec!["x".to_owned()];
        for stmt in &stmts {
            each_function(stmt, &mut |names| globals.extend_from_slice(names));
        }
        let number = |name: &String| module.names.iter().position(|known| known == name);
        let written = globals.iter().filter_map(number).filter_map(|at| u16::try_from(at).ok()).collect();
        Ok(Self { module, written })
    }

    /// The version that it was compiled for.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.module.version
    }

    /// The body's source.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.module.texts.body
    }

    /// The setup's source.
    #[must_use]
    pub fn setup(&self) -> &str {
        &self.module.texts.setup
    }

    /// The source of what is looked at in the end.
    #[must_use]
    pub fn result(&self) -> &str {
        &self.module.texts.result
    }

    /// What the setup leaves, and workers about to begin, one for each value of `d`.
    ///
    /// # Errors
    ///
    /// If the setup raises, leaves the model, or starts threads.
    pub fn start(&self, deltas: &[i64], iterations: u64) -> Result<LoopState, LoopError> {
        let mut machine = Machine::start(&self.module);
        run_alone(&mut machine, 0)?;
        if !machine.state.uncaught.is_empty() {
            return Err(LoopError::Setup(machine.state.uncaught.join(", ")));
        }
        if machine.state.threads.len() > 1 {
            return Err(LoopError::SetupBeyond("starts threads"));
        }
        let iterations = Value::Int(i64::try_from(iterations).unwrap_or(i64::MAX));
        for &delta in deltas {
            let positional = vec![Value::Int(delta), iterations.clone()];
            Self::begin(&mut machine, WORK, Arguments { positional, keywords: Vec::new() })?;
        }
        machine.state.compact();
        Ok(LoopState(Arc::new(machine.state)))
    }

    /// Begins a thread that calls a function of the module.
    fn begin(machine: &mut Machine<'_>, name: &str, arguments: Arguments) -> Result<(), LoopError> {
        machine.thread = machine.state.threads.len();
        machine.state.threads.push(Arc::new(Thread::new(Value::None, 0)));
        let global = machine.name_number(name).map(|number| &machine.state.globals[0][usize::from(number)]);
        let function = global.cloned().unwrap_or(Value::Unbound);
        machine.enter(&function, arguments, OnReturn::End).map(drop).map_err(|stop| match stop {
            Stop::Beyond(what) => LoopError::Beyond { what, place: None },
            _ => LoopError::SetupBeyond("puts something else in the place of a function of gilsim's"),
        })
    }

    /// How many workers there are.
    pub(super) fn workers(state: &LoopState) -> usize {
        state.0.threads.len() - 1
    }

    /// How the workers end in a state from which none goes on.
    ///
    /// # Errors
    ///
    /// If the result cannot be computed, or is no whole number.
    pub fn end(&self, state: &LoopState) -> Result<LoopEnd, LoopError> {
        let uncaught: Vec<String> = state.0.uncaught.iter().map(ToString::to_string).collect();
        if state.0.live() > 0 {
            let waiting = (1..state.0.threads.len()).filter(|&at| !state.0.threads[at].finished);
            let machine = Machine::at(&self.module, State::clone(&state.0));
            return Ok(LoopEnd::Waiting(waiting.map(|thread| self.waits_for(&machine, thread)).collect()));
        }
        if uncaught.is_empty() {
            self.value(&state.0).map(LoopEnd::Value)
        } else {
            Ok(LoopEnd::Raised(uncaught))
        }
    }

    /// The result in a state.
    pub(super) fn value(&self, state: &State) -> Result<i64, LoopError> {
        let mut machine = Machine::at(&self.module, state.clone());
        machine.state.uncaught.clear();
        Self::begin(&mut machine, LOOK, Arguments { positional: Vec::new(), keywords: Vec::new() })?;
        let thread = machine.thread;
        run_alone(&mut machine, thread)?;
        if !machine.state.uncaught.is_empty() {
            return Err(LoopError::ResultRaises(machine.state.uncaught.join(", ")));
        }
        let global = machine.name_number(RESULT).map(|number| &machine.state.globals[0][usize::from(number)]);
        let value = global.cloned().unwrap_or(Value::Unbound);
        value.as_int().ok_or_else(|| {
            LoopError::ResultKind(match machine.class_of(&value) {
                Some(Value::Native(name)) => name.to_owned(),
                _ => "object".to_owned(),
            })
        })
    }
}

/// Runs a thread to its end.
fn run_alone(machine: &mut Machine<'_>, thread: usize) -> Result<(), LoopError> {
    for _ in 0..MOST_STEPS {
        match machine.step(thread)? {
            Step::Blocked => return Err(LoopError::SetupBeyond("or the result waits for what never comes")),
            Step::Finished => return Ok(()),
            Step::Done { .. } if machine.state.threads[thread].finished => return Ok(()),
            Step::Done { .. } => {}
        }
    }
    Err(LoopError::Limit(format!("the setup or the result takes more than {MOST_STEPS} instructions")))
}

/// The names that functions declare global, those in classes included.
fn each_function(stmt: &Stmt, found: &mut dyn FnMut(&[String])) {
    walk_blocks(stmt, &mut |stmt| {
        let inner = match &stmt.kind {
            StmtKind::Global(names) => return found(names),
            StmtKind::Define(function) => &function.body,
            StmtKind::Class(class) => &class.body,
            _ => return,
        };
        for stmt in inner {
            each_function(stmt, found);
        }
    });
}

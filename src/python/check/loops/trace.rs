//! What the steps of a schedule do, in words.

use super::super::machine::{Access, Location, Machine, Use};
use super::super::state::{Object, Value};
use super::body::{LoopBody, LoopState};
use super::error::LoopError;
use super::steps::{Moved, Steps, Witnessing};
use crate::python::program::{Instruction, Op, ProgramOp};
use rustc_hash::FxHashMap;

/// The longest text of a value that is shown.
const LONGEST: usize = 24;

/// What is said of a lock that was to be taken and was not free, before and behind its name.
const FIND: &str = "find ";
const TAKEN: &str = " taken";

/// Whether this is said of a step that found a lock taken and did not wait for it.
#[must_use]
pub fn finds_taken(does: &str) -> bool {
    does.starts_with(FIND) && does.ends_with(TAKEN)
}

/// A step that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedStep {
    /// By which worker, from 0.
    pub worker: u8,
    /// What it did that others can see.
    pub does: Vec<String>,
    /// The result after it, where it could be computed then.
    pub value: Option<i64>,
    /// How many changes by others since this worker's last read it overwrote.
    pub overwritten: u64,
}

/// A place that is read and written: a global, an attribute, or an element by its key.
type Spot = (Location, Option<String>);

/// What the workers have read, and how often others have written there since.
#[derive(Default)]
struct Unread {
    /// By worker and place.
    known: FxHashMap<(usize, Spot), u64>,
}

impl Unread {
    fn read(&mut self, worker: usize, spot: Spot) {
        self.known.insert((worker, spot), 0);
    }

    /// How many changes are overwritten.
    fn write(&mut self, worker: usize, spot: &Spot) -> u64 {
        let mut lost = 0;
        for ((by, (location, key)), since) in &mut self.known {
            let same = *location == spot.0 && (key.is_none() || spot.1.is_none() || *key == spot.1);
            if !same {
                continue;
            }
            if *by != worker {
                *since += 1;
            } else if *key == spot.1 {
                lost = std::mem::take(since);
            }
        }
        lost
    }
}

struct Teller<'b> {
    body: &'b LoopBody,
    worker: usize,
    all: bool,
    unread: &'b mut Unread,
    /// What the instruction under way will be called, and the key that it uses.
    said: Option<String>,
    key: Option<String>,
    does: Vec<String>,
    overwritten: u64,
}

impl Teller<'_> {
    fn text(machine: &mut Machine<'_>, value: &Value) -> String {
        // The copy: to make a text may raise, which is not the program's doing.
        let mut copy = Machine::at(machine.module, machine.state.clone());
        copy.thread = machine.thread;
        let text = copy.text(value, true).unwrap_or_else(|_| "…".to_owned());
        if text.chars().count() > LONGEST {
            text.chars().take(LONGEST).chain(['…']).collect()
        } else {
            text
        }
    }

    fn name(&self, machine: &Machine<'_>, value: &Value) -> String {
        self.body.name_of(&machine.state, value)
    }

    fn call(&self, machine: &mut Machine<'_>, count: usize) -> Option<String> {
        let values = machine.top(count + 1);
        let (callee, args) = values.split_first()?;
        let (what, name) = match machine.object_of(callee).cloned() {
            Some(Object::NativeMethod(of, name)) => {
                let of_name = self.name(machine, &of);
                match machine.name(name) {
                    "acquire" => return Some(format!("take {of_name}")),
                    "release" => return Some(format!("free {of_name}")),
                    name => (format!("{of_name}.{name}"), Some(of)),
                }
            }
            _ => match callee {
                Value::Native(name) => ((*name).to_owned(), None),
                _ => (self.name(machine, callee), None),
            },
        };
        let shared = |machine: &mut Machine<'_>, value: &Value| match value {
            Value::Ref(_) if machine.state.globals.iter().flatten().any(|known| known == value) => {
                self.name(machine, value)
            }
            _ => Self::text(machine, value),
        };
        let args: Vec<String> = args.iter().map(|arg| shared(machine, arg)).collect();
        drop(name);
        Some(format!("{what}({})", args.join(", ")))
    }
}

impl Witnessing for Teller<'_> {
    fn before(&mut self, machine: &mut Machine<'_>, instruction: &Instruction) {
        self.key = None;
        let top = machine.top(3);
        let item = |this: &mut Self, machine: &mut Machine<'_>, container: &Value, key: &Value| {
            let text = Self::text(machine, key);
            this.key = Some(text.clone());
            format!("{}[{text}]", this.name(machine, container))
        };
        self.said = match (&instruction.op, &top[..]) {
            (Op::Subscript, [.., container, key]) => {
                Some(format!("load {}", item(self, machine, container, key)))
            }
            (Op::StoreSubscript, [value, container, key]) => {
                let value = Self::text(machine, value);
                Some(format!("store {} {value}", item(self, machine, container, key)))
            }
            (Op::Program(ProgramOp::DeleteSubscript), [.., container, key]) => {
                Some(format!("delete {}", item(self, machine, container, key)))
            }
            (Op::Program(ProgramOp::LoadGlobal(name)), _) => Some(format!("load {}", machine.name(*name))),
            (Op::Program(ProgramOp::StoreGlobal(name)), [.., value]) => {
                let value = Self::text(machine, value);
                Some(format!("store {} {value}", machine.name(*name)))
            }
            (Op::Program(ProgramOp::LoadAttr(name)), [.., object]) => {
                Some(format!("load {}.{}", self.name(machine, object), machine.name(*name)))
            }
            (Op::Program(ProgramOp::StoreAttr(name)), [.., value, object]) => {
                let value = Self::text(machine, value);
                Some(format!("store {}.{} {value}", self.name(machine, object), machine.name(*name)))
            }
            (Op::EnterWith, [.., context]) => Some(format!("take {}", self.name(machine, context))),
            (Op::ExitWith, [.., exit]) => {
                let of = match machine.object_of(exit) {
                    Some(Object::NativeMethod(of, _) | Object::Method(_, of)) => of.clone(),
                    _ => exit.clone(),
                };
                Some(format!("free {}", self.name(machine, &of)))
            }
            (Op::Call(count), _) => self.call(machine, usize::from(*count)),
            _ => None,
        };
    }

    fn after(&mut self, machine: &mut Machine<'_>, instruction: &Instruction) {
        let loads = matches!(
            instruction.op,
            Op::Subscript | Op::Program(ProgramOp::LoadGlobal(_) | ProgramOp::LoadAttr(_))
        );
        let said = self.said.take().map(|said| {
            if loads && !machine.current().frames.is_empty() {
                let value = machine.peek();
                format!("{said} {}", Self::text(machine, &value))
            } else {
                said
            }
        });
        let missed = machine.accesses.iter().any(|access| access.how == Use::Miss);
        let said = said.map(|said| match said.strip_prefix("take ") {
            Some(lock) if missed => format!("{FIND}{lock}{TAKEN}"),
            _ => said,
        });
        let words = said.unwrap_or_else(|| {
            let name = instruction.opcode.to_lowercase();
            let name = name.trim_start_matches("binary_").trim_start_matches("inplace_").to_owned();
            match (&*name, instruction.argument.as_str()) {
                ("op", argument) => argument.trim_matches(['(', ')']).to_owned(),
                (_, "") => name,
                (_, argument) => format!("{name} {argument}"),
            }
        });
        if self.all || !machine.accesses.is_empty() {
            self.does.push(words);
        }
        let stores = matches!(
            instruction.op,
            Op::StoreSubscript | Op::Program(ProgramOp::StoreGlobal(_) | ProgramOp::StoreAttr(_))
        );
        for &Access { location, how, .. } in &machine.accesses {
            let location = match location {
                // What changes it changes the content, too.
                Location::Extent(_) if how.writes() => continue,
                Location::Extent(site) => Location::Content(site),
                location => location,
            };
            let key = if matches!(location, Location::Content(_)) { self.key.clone() } else { None };
            let spot = (location, key);
            if how.writes() {
                let lost = self.unread.write(self.worker, &spot);
                self.overwritten += if stores { lost } else { 0 };
            } else {
                self.unread.read(self.worker, spot);
            }
        }
    }
}

impl LoopBody {
    /// What each step of a schedule does, given by the worker of each step, and the state that they lead to. Nothing if a
    /// worker of the schedule cannot go on: then the number of that step, from 0, is told, and whether the worker had finished.
    ///
    /// # Errors
    ///
    /// If a step leaves the model.
    #[expect(clippy::type_complexity, reason = "the two ways to end")]
    pub fn trace(
        &self,
        start: &LoopState,
        order: &[u8],
        steps: Steps,
    ) -> Result<Result<(Vec<TracedStep>, LoopState), (usize, bool)>, LoopError> {
        let mut state = start.clone();
        let mut unread = Unread::default();
        let mut trace = Vec::with_capacity(order.len());
        for (number, &worker) in order.iter().enumerate() {
            let thread = usize::from(worker) + 1;
            if thread > Self::workers(&state) || state.0.threads[thread].finished {
                return Ok(Err((number, true)));
            }
            let mut machine = Machine::at(&self.module, super::super::state::State::clone(&state.0));
            let mut teller = Teller {
                body: self,
                worker: usize::from(worker),
                all: steps == Steps::Machine,
                unread: &mut unread,
                said: None,
                key: None,
                does: Vec::new(),
                overwritten: 0,
            };
            if let Moved::Blocked = self.one_step(&mut machine, thread, steps, &mut teller)? {
                return Ok(Err((number, false)));
            }
            let (does, overwritten) = (teller.does, teller.overwritten);
            machine.state.compact();
            let value = self.value(&machine.state).ok();
            state = LoopState(std::sync::Arc::new(machine.state));
            trace.push(TracedStep { worker, does, value, overwritten });
        }
        Ok(Ok((trace, state)))
    }
}

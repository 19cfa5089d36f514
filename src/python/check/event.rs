//! What is done in a schedule, and the names of what it is done to.

use super::machine::{Access, Location, Machine, Step};
use super::state::{Object, Part, State, Value};
use super::unit::At;
use crate::python::program::module::Module;
use crate::python::program::{Instruction, Op, PartOf, ProgramOp};

/// The main thread, or another by its number.
#[must_use]
pub fn thread_name(thread: usize) -> String {
    if thread == 0 { "main".to_owned() } else { format!("thread {thread}") }
}

/// The same, or the process that it began.
pub(super) fn name_of(state: &State, thread: usize) -> String {
    let process = |at: usize| state.threads.get(at).map_or(0, |thread| thread.process);
    let is_first = (0..thread).all(|earlier| process(earlier) != process(thread));
    if thread > 0 && is_first { format!("process {thread}") } else { thread_name(thread) }
}

/// An instruction that was done.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) thread: usize,
    pub(super) code: u16,
    /// How many functions its thread is in.
    pub(super) depth: usize,
    pub(super) pc: usize,
    pub(super) line: Option<u32>,
    pub(super) opcode: &'static str,
    pub(super) accesses: Vec<Access>,
    pub(super) can_drop: bool,
    /// Who has taken the lock that it let go, without the GIL.
    pub(super) taken_by: Option<usize>,
    /// Whether more than one thread could run.
    pub(super) together: bool,
    /// Where its thread was before it, and where it came by it.
    pub(super) from: At,
    pub(super) to: At,
}

impl Event {
    /// What a thread is about to do.
    pub(super) fn before(machine: &Machine<'_>, thread: usize, together: bool) -> Self {
        let instruction = machine.instruction(thread);
        let frame = machine.state.threads[thread].frames.last();
        Self {
            thread,
            code: frame.map_or(u16::MAX, |frame| frame.code),
            depth: machine.state.threads[thread].frames.len(),
            pc: frame.map_or(0, |frame| frame.pc as usize),
            line: instruction.and_then(line).or_else(|| Some(machine.asked_for(thread)?.line)),
            opcode: instruction.map_or("", |instruction| instruction.opcode),
            accesses: Vec::new(),
            can_drop: false,
            taken_by: None,
            together,
            from: At::of(machine, thread),
            to: At::default(),
        }
    }

    /// Whether it ends an iteration of the thread's outermost loop.
    pub(super) const fn ends_iteration(&self) -> bool {
        self.to.ends
    }

    /// Takes note of what it did.
    pub(super) fn is_done(&mut self, machine: &Machine<'_>, step: Step) {
        self.accesses.clone_from(&machine.accesses);
        self.can_drop = matches!(step, Step::Done { may_drop: true });
        self.taken_by = machine.taken_by;
        self.to = At::of(machine, self.thread);
    }
}

/// What a location that these lines use is called in the program. An object is called by what it is bound to in the end; where that is
/// bound to several in turn, as with buffers that are swapped, only if these lines name it so.
pub(super) fn location_name(module: &Module, state: &State, location: Location, lines: &[u32]) -> String {
    let name = |number: u16| module.names.get(usize::from(number)).cloned().unwrap_or_default();
    let is_its_name = |number: u16| !is_rebound(module, number) || is_named(module, &name(number), lines);
    match location {
        Location::Global(_, number) => name(number),
        Location::Attribute(_, number) => format!(".{}", name(number)),
        Location::Content(site) | Location::Extent(site) => {
            if let Some(slot) = site.cell() {
                let code = module.codes.get(usize::from(site.code));
                return code.and_then(|code| code.locals.get(slot)).cloned().unwrap_or_default();
            }
            // Threads that one line makes, as a list of them does, are one place.
            let threads = state.heap.iter().filter(|entry| entry.site == site);
            let threads = threads.filter_map(|entry| match &entry.object {
                Object::Instance { part: Part::Thread(part), .. } => part.number,
                _ => None,
            });
            match threads.collect::<Vec<u8>>()[..] {
                [] => {}
                [number] => return name_of(state, usize::from(number)),
                _ => return "a thread".to_owned(),
            }
            let is_it =
                |value: &Value| matches!(value, Value::Ref(at) if state.heap[*at as usize].site == site);
            for globals in &state.globals {
                let at = globals.iter().position(is_it).and_then(|at| u16::try_from(at).ok());
                if let Some(at) = at.filter(|&at| is_its_name(at)) {
                    return name(at);
                }
            }
            for entry in &state.heap {
                if let Object::Instance { attributes, .. } | Object::Class { attributes, .. } = &entry.object
                    && let Some((number, _)) = attributes.iter().find(|(_, value)| is_it(value))
                    && is_its_name(*number)
                {
                    return format!(".{}", name(*number));
                }
            }
            let line = module
                .instruction(site.code, site.instruction())
                .and_then(|instruction| instruction.position)
                .map(|position| position.line);
            line.map_or("something".to_owned(), |line| format!("what line {line} makes"))
        }
    }
}

/// Whether a name or an attribute is bound at several places of the program.
fn is_rebound(module: &Module, name: u16) -> bool {
    let instructions = module.codes.iter().flat_map(|code| &code.instructions);
    let binds = |instruction: &&Instruction| {
        use ProgramOp::{StoreAttr, StoreGlobal, StoreName};
        matches!(instruction.op, Op::Program(StoreAttr(it) | StoreGlobal(it) | StoreName(it)) if it == name)
    };
    instructions.filter(binds).nth(1).is_some()
}

/// Whether all of these lines name something.
fn is_named(module: &Module, name: &str, lines: &[u32]) -> bool {
    let texts: Vec<&str> = module.texts.file.lines().collect();
    let is_part = |letter: char| !(letter.is_alphanumeric() || letter == '_');
    let names = |line: &u32| {
        let text = (*line as usize).checked_sub(1).and_then(|at| texts.get(at));
        text.is_some_and(|text| text.split(is_part).any(|word| word == name))
    };
    lines.iter().all(names)
}

/// The line that an instruction is a part of, if it is one of any.
fn line(instruction: &Instruction) -> Option<u32> {
    match instruction.part {
        PartOf::With(line) => Some(line),
        PartOf::Nothing if matches!(instruction.op, Op::Jump(_)) => None,
        PartOf::Nothing | PartOf::Line => instruction.position.map(|position| position.line),
    }
}

//! What is done in a schedule, and the names of what it is done to.

use super::machine::{Access, Location};
use super::state::{Object, Part, State, Value};
use crate::python::program::module::Module;

/// The main thread, or another by its number.
#[must_use]
pub fn thread_name(thread: usize) -> String {
    if thread == 0 { "main".to_owned() } else { format!("thread {thread}") }
}

/// An instruction that was done.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) thread: usize,
    pub(super) code: u16,
    pub(super) pc: usize,
    pub(super) line: Option<u32>,
    pub(super) opcode: &'static str,
    pub(super) accesses: Vec<Access>,
    pub(super) can_drop: bool,
    /// Whether more than one thread could run.
    pub(super) together: bool,
    /// Whether it ends an iteration of the thread's outermost loop.
    pub(super) ends_iteration: bool,
}

/// What a location is called in the program.
pub(super) fn location_name(module: &Module, state: &State, location: Location) -> String {
    let name = |number: u16| module.names.get(usize::from(number)).cloned().unwrap_or_default();
    match location {
        Location::Global(_, number) => name(number),
        Location::Attribute(_, number) => format!(".{}", name(number)),
        Location::Content(site) => {
            // Threads that one line makes, as a list of them does, are one place.
            let threads = state.heap.iter().filter(|entry| entry.site == site);
            let threads = threads.filter_map(|entry| match &entry.object {
                Object::Instance { part: Part::Thread(part), .. } => part.number,
                _ => None,
            });
            match threads.collect::<Vec<u8>>()[..] {
                [] => {}
                [number] => return thread_name(usize::from(number)),
                _ => return "a thread".to_owned(),
            }
            let is_it =
                |value: &Value| matches!(value, Value::Ref(at) if state.heap[*at as usize].site == site);
            for globals in &state.globals {
                if let Some(at) = globals.iter().position(is_it) {
                    return name(u16::try_from(at).unwrap_or(0));
                }
            }
            for entry in &state.heap {
                if let Object::Instance { attributes, .. } | Object::Class { attributes, .. } = &entry.object
                    && let Some((number, _)) = attributes.iter().find(|(_, value)| is_it(value))
                {
                    return format!(".{}", name(*number));
                }
            }
            let line = module
                .instruction(site.code, site.pc as usize)
                .and_then(|instruction| instruction.position)
                .map(|position| position.line);
            line.map_or("something".to_owned(), |line| format!("what line {line} makes"))
        }
    }
}

//! What makes the difference in a schedule: where a thread is interrupted, and what another one does there to what it uses.

use std::collections::BTreeSet;
use std::fmt;

use super::event::{Event, location_name};
use super::machine::{Location, Use};
use super::meetings::{
    Cut, Meeting, accesses, all_meetings, brings_into_order, cuts, have_a_lock_in_common, held, object_at,
    uses_of, waits,
};
use super::state::{Object, State};
use crate::python::program::module::Module;

/// What a thread uses before and after it is interrupted, or one of the two, and another thread uses meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Collision {
    /// The variable, attribute or object.
    pub name: String,
    /// How the interrupted thread has used it before that, and in which line.
    pub before: Option<(Use, u32)>,
    /// How another thread uses it meanwhile, and in which line.
    pub between: (Use, u32),
    /// How the interrupted thread uses it when it goes on, and in which line.
    pub after: Option<(Use, u32)>,
    /// The line in which the thread is interrupted.
    pub left: u32,
    /// The line with which it goes on.
    pub resumed: u32,
    /// The instruction after which it is interrupted, the function at whose entry it is, or the line in which it waits for a lock.
    pub drop_point: String,
    /// Whether it waits for a lock there.
    pub waits: bool,
    /// Whether the two are processes, each with a GIL of its own.
    pub processes: bool,
}

impl Collision {
    /// The lines that meet, in their order.
    #[must_use]
    pub fn lines(&self) -> Vec<u32> {
        [self.before, Some(self.between), self.after].into_iter().flatten().map(|(_, line)| line).collect()
    }

    /// The lines of a read, and of the write after it, if that is what another thread came between.
    #[must_use]
    pub const fn update(&self) -> Option<(u32, u32)> {
        match (self.before, self.after) {
            (Some((Use::Read, read)), Some((Use::Write, write))) => Some((read, write)),
            _ => None,
        }
    }
}

impl fmt::Display for Collision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, before, between: (between, in_line), after, left, resumed, .. } = self;
        let by = if self.processes { "by another process" } else { "by another thread" };
        let other = match between {
            Use::Write => "changed",
            other => word(*other),
        };
        match (before, after) {
            (Some((before, first)), Some((after, last))) => {
                let (then, again) = match (before, after) {
                    _ if before == after => ("", " again"),
                    (_, Use::Read) => ("then ", ""),
                    _ => ("", ""),
                };
                write!(
                    f,
                    "{name} is {} in line {first}, {other} {by} in line {in_line}, and {then}{}{again} in line {last}",
                    word(*before),
                    word(*after)
                )
            }
            (Some((before, first)), None) => {
                let over = if left == resumed { "done" } else { "run" };
                write!(
                    f,
                    "{name} is {} in line {first} and then {other} {by} in line {in_line}, before line {resumed} is {over}",
                    word(*before)
                )
            }
            (None, Some((after, last))) => write!(
                f,
                "{name} is {other} {by} in line {in_line}, after line {left} and before it is {} in line {last}",
                word(*after)
            ),
            (None, None) => {
                write!(f, "{name} is {other} {by} in line {in_line}, after line {left}")
            }
        }
    }
}

const fn word(how: Use) -> &'static str {
    match how {
        Use::Read => "read",
        Use::Write => "written",
        Use::Take => "taken",
        Use::Release => "released",
        Use::Miss => "found taken",
        Use::Free => "found free",
        Use::Wait => "waited for",
        Use::Busy => "found at work",
    }
}

/// How little it says where what is written is only part of what a thread does again as a whole.
const ROUTINE: u8 = 1;

/// How much less it says where all hold the same lock.
const GUARDED: u8 = 4;

/// What makes the difference in a schedule that ends as it should not, by what is shared, and whether every thread is known to go on by
/// what is so: then it is not what a thread had read before.
pub(super) fn collision(
    events: &[Event],
    module: &Module,
    state: &State,
    (shared, up_to_date): (&BTreeSet<Location>, bool),
) -> Option<Collision> {
    let real = cuts(events);
    let cuts: Vec<Cut> = real.iter().copied().chain(waits(events, &real)).collect();
    let mut meetings = all_meetings(events, &cuts, state, shared, up_to_date);
    if meetings.is_empty() {
        meetings = all_meetings(events, &cuts, state, shared, false);
    }
    let held = held(events, state);
    // What a thread does as a whole is mostly none, nor is what all do under one lock: more often it is what they do beside it.
    let routine = |meeting: &Meeting| match (meeting.before, meeting.between, meeting.after) {
        (Some((Use::Write, _)), (Use::Write, _), Some((Use::Read, at))) => {
            leads_to_a_write(events, &held, at, meeting.location)
        }
        _ => false,
    };
    let guarded = |meeting: &Meeting| have_a_lock_in_common(&held, uses_of(events, meeting));
    // How an executor hands out its tasks is a reason only where there is no other. What threads wait for is one only where nothing
    // says as much, and a part of a pattern there only where nothing says anything, unless a lock is let go by others.
    let rank = |meeting: &&Meeting| {
        let object = object_at(state, meeting.location);
        let of_executor = matches!(object, Some(Object::Executor { .. } | Object::Future { .. }));
        let (crosses, class, distance) = meeting.rank;
        let brings = object.is_some_and(brings_into_order);
        let of_a_lock = matches!(meeting.before, Some((Use::Take, _)));
        // Of parts of patterns the one that a thread ends at tells most: it is what raises.
        let class = match class {
            0 if routine(meeting) => ROUTINE,
            1.. if !ends_a_thread(events, meeting.between) => class + 1,
            _ => class.min(1),
        };
        let class = match class {
            // An update that is torn tells more than a part of a pattern, though each half of it is done under the lock.
            0 if guarded(meeting) && is_update(meeting) => 1,
            class if guarded(meeting) => class + GUARDED,
            class => class,
        };
        let raises = meeting.after.is_some_and(|after| ends_a_thread(events, after));
        (of_executor, crosses, brings && class > 0 && !of_a_lock, class, brings, !raises, distance)
    };
    let meeting = meetings.iter().min_by_key(rank)?;
    let told = |(how, at): (Use, usize)| (how, line(events, at));
    // Of an update those of its read and its write, as where nothing can come between the two.
    let lines = match (meeting.before, meeting.after) {
        (Some((_, before)), Some((_, after))) => [before, after],
        (Some((_, at)), None) | (None, Some((_, at))) => [at, meeting.between.1],
        (None, None) => [meeting.between.1; 2],
    };
    let lines = lines.map(|at| line(events, at));
    let Cut { left, resumed, drop } = meeting.cut;
    let waits = events[left].thread != events[drop].thread;
    Some(Collision {
        name: location_name(module, state, meeting.location, &lines),
        before: meeting.before.map(told),
        between: told(meeting.between),
        after: meeting.after.map(told),
        left: line(events, left),
        resumed: line(events, resumed),
        processes: {
            let process = |at: usize| state.threads[events[at].thread].process;
            process(left) != process(meeting.between.1)
        },
        waits,
        drop_point: if waits {
            format!("waiting for a lock in line {}", line(events, left))
        } else {
            drop_point(events, drop, module)
        },
    })
}

/// Whether a thread reads a variable and writes it later, and another one writes it meanwhile.
fn is_update(meeting: &Meeting) -> bool {
    if !matches!(meeting.location, Location::Global(..) | Location::Attribute(..)) {
        return false;
    }
    let uses =
        [meeting.before, Some(meeting.between), meeting.after].map(|use_of| use_of.map(|(how, _)| how));
    uses == [Some(Use::Read), Some(Use::Write), Some(Use::Write)]
}

/// Whether a thread that reads something goes on to write it before another one can get at it: under the same lock, or with no place in
/// between at which it could be interrupted.
fn leads_to_a_write(events: &[Event], held: &[BTreeSet<Location>], read: usize, location: Location) -> bool {
    let mine = (read..events.len()).filter(|&at| events[at].thread == events[read].thread);
    for at in mine {
        if accesses(&events[at], location).any(|access| access.how == Use::Write) {
            return true;
        }
        if events[at].can_drop && held[at].is_disjoint(&held[read]) {
            return false;
        }
    }
    false
}

/// The place behind an event: the instruction that was done, or the function that it has entered, of which nothing is done yet.
fn drop_point(events: &[Event], drop: usize, module: &Module) -> String {
    let is_named = |at: &usize| events[*at].thread == events[drop].thread && !events[*at].opcode.is_empty();
    let named = (0..=drop).rev().find(is_named).unwrap_or(drop);
    let Event { code, opcode, .. } = events[named];
    let next = (drop + 1..events.len()).find(is_named).map(|at| &events[at]);
    let at_entry = |next: &&Event| next.pc == 0 && (next.code != code || !opcode.contains("JUMP"));
    // A generator goes on where it was.
    let goes_on = |next: &&Event| next.code != code && (opcode.contains("CALL") || opcode == "FOR_ITER");
    let name = |next: &Event| module.codes.get(usize::from(next.code)).map(|code| &code.name);
    match (next.filter(at_entry).and_then(name), next.filter(goes_on).and_then(name)) {
        // A worker of an executor calls it, in no line of the program.
        (Some(function), _) if line(events, named) == 0 => format!("at the entry of {function}"),
        (Some(function), _) => {
            format!("at the entry of {function}, called in line {}", line(events, named))
        }
        (None, Some(generator)) => format!("as {generator} goes on, called in line {}", line(events, named)),
        (None, None) => format!("after {opcode} in line {}", line(events, named)),
    }
}

/// Whether a thread gets at something and does nothing any more, though it has not come to its last return.
fn ends_a_thread(events: &[Event], (how, at): (Use, usize)) -> bool {
    let Event { thread, opcode, .. } = events[at];
    matches!(how, Use::Read | Use::Write | Use::Free | Use::Busy)
        && !opcode.starts_with("RETURN")
        && events[at + 1..].iter().all(|event| event.thread != thread)
}

/// An instruction that stands in no line of the text belongs to the last line that its thread has run.
fn line(events: &[Event], at: usize) -> u32 {
    let mut mine = (0..=at).rev().filter(|&earlier| events[earlier].thread == events[at].thread);
    mine.find_map(|earlier| events[earlier].line).unwrap_or(0)
}

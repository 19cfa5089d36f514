//! Whether what threads do to each other in a schedule is what the program allows them to.

use std::collections::{BTreeMap, BTreeSet};

use super::event::Event;
use super::machine::{Location, Move, Use};
use super::meetings::{
    Cut, Meeting, accesses, all_meetings, brings_into_order, cuts, have_a_lock_in_common, held, object_at,
    uses_of,
};
use super::state::{State, Unit};
use super::unit::{Came, is_order};

/// Whether all that others do where a thread is interrupted is what the program allows them to: it is done under a lock, as all that the
/// thread itself does with it, or it is to find a lock taken. What the thread had written and reads again must still be there.
pub(super) fn is_allowed(events: &[Event], state: &State, shared: &BTreeSet<Location>) -> bool {
    let held = held(events, state);
    let guarded = |meeting: &Meeting| have_a_lock_in_common(&held, uses_of(events, meeting));
    let ends = whole_ends(events, state, shared);
    // Who takes an element out has it alone: then a list is as good as a queue. Who puts one in and takes one out again expects its own.
    let hands_over = |meeting: &Meeting| {
        uses_of(events, meeting)
            .all(|at| accesses(&events[at], meeting.location).all(|access| access.moves.is_some()))
            && !takes_back(events, &ends, meeting)
    };
    let overwritten = |meeting: &Meeting| {
        let (Some((mine, before)), Some((Use::Read, read))) = (meeting.before, meeting.after) else {
            return false;
        };
        let written = match mine {
            Use::Write => Some(before),
            // Who changes it by so much expects nothing of it.
            Use::Read if !changes_it(events, &ends, read, meeting.location) => {
                own_write(events, &ends, before, meeting.location)
            }
            _ => None,
        };
        meeting.between.0 == Use::Write
            && written.is_some_and(|written| !begins_anew(events, &held, written, read))
    };
    // What it used in another iteration, or task, is over: if that is not what it goes on by.
    let is_over = |meeting: &Meeting| {
        let Cut { left, resumed, .. } = meeting.cut;
        let ended = |range: std::ops::Range<usize>| {
            range.into_iter().any(|at| ends[at] && events[at].thread == events[left].thread)
        };
        meeting.before.is_some_and(|(_, before)| ended(before..left + 1))
            || meeting.after.is_some_and(|(_, after)| ended(resumed..after))
    };
    let meetings = all_meetings(events, &cuts(events), state, shared, false);
    // What it only reads later on it takes as it is then.
    let reads_later =
        |meeting: &Meeting| meeting.before.is_none() && meeting.after.is_none_or(|(how, _)| how == Use::Read);
    let mut meetings = meetings.iter().filter(|meeting| !is_over(meeting) && !reads_later(meeting));
    meetings.all(|meeting| {
        let waits = object_at(state, meeting.location).is_some_and(brings_into_order);
        waits && meeting.between.0 != Use::Release
            || hands_over(meeting)
            || guarded(meeting) && !overwritten(meeting)
    })
}

/// What a thread reads there, if it is what it has written itself in the same iteration.
fn own_write(events: &[Event], ends: &[bool], read: usize, location: Location) -> Option<usize> {
    let writes = |at: usize| accesses(&events[at], location).any(|access| access.how.writes());
    let written = (0..read).rev().find(|&at| writes(at))?;
    let thread = events[read].thread;
    let is_over = (written..read).any(|at| ends[at] && events[at].thread == thread);
    (events[written].thread == thread && !is_over).then_some(written)
}

/// Whether a thread writes next what it reads there, in the same iteration.
fn changes_it(events: &[Event], ends: &[bool], read: usize, location: Location) -> bool {
    let mine = (read..events.len()).filter(|&at| events[at].thread == events[read].thread);
    let mut mine = mine.take_while(|&at| at == read || !ends[at]);
    mine.any(|at| accesses(&events[at], location).any(|access| access.how.writes()))
}

/// Whether a thread that reads what it had written begins the same piece anew, under a lock that it takes in the same place: then it
/// expects nothing of what it had written.
fn begins_anew(events: &[Event], held: &[BTreeSet<Location>], written: usize, read: usize) -> bool {
    let taken_at = |lock: Location, at: usize| {
        let mine = (0..=at).rev().filter(|&earlier| events[earlier].thread == events[at].thread);
        let mut takes =
            mine.filter(|&earlier| accesses(&events[earlier], lock).any(|access| access.how == Use::Take));
        takes.next().map(|take| (events[take].code, events[take].pc, take))
    };
    held[written].intersection(&held[read]).any(|&lock| {
        match (taken_at(lock, written), taken_at(lock, read)) {
            (Some((code, pc, first)), Some((again, there, second))) => {
                (code, pc) == (again, there) && first < second
            }
            _ => false,
        }
    })
}

/// Whether the interrupted thread has put an element in, and takes one out next, in the same iteration.
fn takes_back(events: &[Event], ends: &[bool], meeting: &Meeting) -> bool {
    let moves = |at: usize| accesses(&events[at], meeting.location).find_map(|access| access.moves);
    let Cut { left, resumed, .. } = meeting.cut;
    let thread = events[left].thread;
    let later = (resumed..events.len()).filter(|&at| events[at].thread == thread);
    let mut later = later.take_while(|&at| at == resumed || !ends[at]).filter_map(moves);
    meeting.before.is_some_and(|(_, at)| moves(at) == Some(Move::In)) && later.next() == Some(Move::Out)
}

/// Whether each event ends a whole iteration of its thread, or a task.
fn whole_ends(events: &[Event], state: &State, shared: &BTreeSet<Location>) -> Vec<bool> {
    let mut units: BTreeMap<usize, Unit> = BTreeMap::new();
    let of_event = |event: &Event| {
        let unit = units.entry(event.thread).or_default();
        unit.enter(event.from);
        let at = event.accesses.iter().map(|access| access.location);
        let touched = at.filter(|at| shared.contains(at)).any(|at| !is_order(state, at));
        matches!(unit.follow(event.to, touched, false), Came::ToAnIteration | Came::ToAnEnd)
    };
    events.iter().map(of_event).collect()
}

//! How what threads do while another one is interrupted bears on what that one does.

use std::collections::{BTreeMap, BTreeSet};

use super::event::Event;
use super::machine::{Access, Location, Use};
use super::state::{Object, Part, State};

/// A place at which a thread is interrupted and others go on, by the events' places in the schedule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// The last that the thread did before.
    pub(super) left: usize,
    /// The first that it does again.
    pub(super) resumed: usize,
    /// The last that it, or the thread whose lock it waits for, did before it lost the GIL.
    pub(super) drop: usize,
}

/// A way in which what others do in a cut bears on its thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meeting {
    pub(super) cut: Cut,
    pub(super) location: Location,
    pub(super) before: Option<(Use, usize)>,
    pub(super) between: (Use, usize),
    pub(super) after: Option<(Use, usize)>,
    /// How it is told apart from others: the least is the closest.
    pub(super) rank: Rank,
}

/// Whether the uses lie in different iterations of the thread's loop, how little they say, and how many instructions of the thread
/// lie between them.
pub(super) type Rank = (bool, u8, usize);

/// Whether it is there for threads to wait for each other, or for their work.
pub(super) const fn brings_into_order(object: &Object) -> bool {
    object.synchronises()
        || matches!(object, Object::Queue(..) | Object::Executor { .. } | Object::Future { .. })
}

/// The locks that the thread of each event holds when it is over, or held when it began. A semaphore keeps nobody out.
pub(super) fn held(events: &[Event], state: &State) -> Vec<BTreeSet<Location>> {
    let mut now: BTreeMap<usize, BTreeSet<Location>> = BTreeMap::new();
    let of_event = |event: &Event| {
        let mine = now.entry(event.thread).or_default();
        let taken = |how: Use| event.accesses.iter().filter(move |it| it.how == how).map(|it| it.location);
        let keeps_out = |at: &Location| !matches!(object_at(state, *at), Some(Object::Semaphore(..)));
        mine.extend(taken(Use::Take).filter(keeps_out));
        let held = mine.clone();
        taken(Use::Release).for_each(|location| {
            mine.remove(&location);
        });
        held
    };
    events.iter().map(of_event).collect()
}

/// What an event gets at of a location.
pub(super) fn accesses(event: &Event, location: Location) -> impl Iterator<Item = &Access> {
    event.accesses.iter().filter(move |access| access.location == location)
}

/// The events that use what a meeting is about: of the interrupted thread before and after, and all of others meanwhile.
pub(super) fn uses_of(events: &[Event], meeting: &Meeting) -> impl Iterator<Item = usize> {
    let location = meeting.location;
    let mine = meeting.before.into_iter().chain(meeting.after).map(|(_, at)| at);
    let others = meeting.cut.left + 1..meeting.cut.resumed;
    mine.chain(others.filter(move |&at| accesses(&events[at], location).next().is_some()))
}

/// Whether the threads of all these events hold the same lock there.
pub(super) fn have_a_lock_in_common(held: &[BTreeSet<Location>], uses: impl Iterator<Item = usize>) -> bool {
    let locks = uses.map(|at| held[at].clone()).reduce(|one, other| &one & &other);
    locks.is_some_and(|locks| !locks.is_empty())
}

/// All ways in which what is done where a thread is interrupted bears on it; without what it has only read before, if that is up to date.
pub(super) fn all_meetings(
    events: &[Event],
    cuts: &[Cut],
    state: &State,
    shared: &BTreeSet<Location>,
    up_to_date: bool,
) -> Vec<Meeting> {
    let meetings = cuts.iter().flat_map(|&cut| meetings(events, cut, shared, up_to_date));
    // That another thread takes a semaphore and lets it go again is nothing to those that have their own share of it.
    let is_share = |meeting: &Meeting| {
        matches!(object_at(state, meeting.location), Some(Object::Semaphore(..)))
            && matches!(meeting.between.0, Use::Take | Use::Release)
    };
    // What has been done when its thread is joined is done by then in every order.
    let is_joined = |meeting: &Meeting| {
        let Some((_, after)) = meeting.after else { return false };
        let (mine, other) = (events[after].thread, events[meeting.between.1].thread);
        let at_thread = |event: &Event, how: Use| {
            let mut accesses = event.accesses.iter();
            event.thread == mine
                && accesses.any(|access| access.how == how && is_thread(state, access.location))
        };
        // What was done before its thread was started is, too.
        let starts_after = |(_, before): (Use, usize)| {
            let first = events.iter().position(|event| event.thread == other).unwrap_or(0);
            before < first && events[before..first].iter().any(|event| at_thread(event, Use::Write))
        };
        meeting.before.is_none_or(starts_after)
            && events[meeting.cut.left..after].iter().any(|event| at_thread(event, Use::Read))
            && events[after..].iter().all(|event| event.thread != other)
    };
    let counts =
        |meeting: &Meeting| !is_thread(state, meeting.location) && !is_share(meeting) && !is_joined(meeting);
    meetings.filter(counts).collect()
}

/// Where threads are interrupted that could have gone on, and later do.
pub(super) fn cuts(events: &[Event]) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut last: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        if let Some(left) = last.insert(event.thread, at)
            && left + 1 < at
            && events[left].can_drop
            && events[left].together
        {
            cuts.push(Cut { left, resumed: at, drop: left });
        }
    }
    cuts
}

/// Where threads wait for the lock of one that is interrupted, or that has taken it in its sleep and has not run since.
pub(super) fn waits(events: &[Event], cuts: &[Cut]) -> Vec<Cut> {
    let mut waits = Vec::new();
    let mut last: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        let Some(left) = last.insert(event.thread, at) else { continue };
        let around = |cut: &&Cut| cut.left < left && left < cut.resumed;
        let waits_for_a_lock = events[left].accesses.iter().any(|access| access.how == Use::Wait);
        let interrupted = || cuts.iter().filter(around).max_by_key(|cut| cut.left).map(|cut| cut.drop);
        if left + 1 < at
            && waits_for_a_lock
            && let Some(drop) = interrupted().or_else(|| sleeper(&events[..left], event.thread))
        {
            waits.push(Cut { left, resumed: at, drop });
        }
    }
    waits
}

/// The last that another thread has done before it took a lock in its sleep, if it has not run since.
fn sleeper(events: &[Event], thread: usize) -> Option<usize> {
    let last = |other: usize| events.iter().rposition(|event| event.thread == other);
    let takers = events.iter().enumerate().rev().filter_map(|(at, event)| Some((at, event.taken_by?)));
    let mut asleep =
        takers.filter_map(|(at, other)| last(other).filter(|&last| last < at && other != thread));
    asleep.next()
}

/// What is used: a location, which of the objects there, and which element of it.
type Place = (Location, Option<u32>, Option<u64>);

/// How what others do in a cut bears on its thread, by what they use.
fn meetings(events: &[Event], cut: Cut, shared: &BTreeSet<Location>, up_to_date: bool) -> Vec<Meeting> {
    let thread = events[cut.left].thread;
    let uses = |at: usize, (location, object, key): Place| {
        let same = move |access: &&Access| {
            (access.location, access.object) == (location, object)
                && (key.is_none() || access.key.is_none() || key == access.key)
        };
        events[at].accesses.iter().filter(same).map(move |access| (access.how, at))
    };
    let inside = cut.left + 1..cut.resumed;
    let touched: BTreeSet<Place> = inside
        .clone()
        .flat_map(|at| events[at].accesses.iter())
        .filter(|access| shared.contains(&access.location))
        .map(|access| (access.location, access.object, access.key))
        .collect();
    let earlier: Vec<usize> = (0..=cut.left).rev().filter(|&at| events[at].thread == thread).collect();
    let later: Vec<usize> = (cut.resumed..events.len()).filter(|&at| events[at].thread == thread).collect();
    // From here on it is another iteration.
    let begun = earlier.iter().skip(1).take_while(|&&at| !events[at].ends_iteration()).count() + 1;
    let done = later.iter().take_while(|&&at| !events[at].ends_iteration()).count() + 1;
    let mut meetings = Vec::new();
    for place in touched {
        let between: Vec<(Use, usize)> = inside.clone().rev().flat_map(|at| uses(at, place)).collect();
        let before = |most: usize| {
            let mine = earlier.iter().enumerate().take(most);
            let mine = mine.flat_map(|(far, &at)| uses(at, place).map(move |it| (it, far)));
            mine.filter(|((how, _), _)| !up_to_date || *how != Use::Read).collect::<Vec<_>>()
        };
        let after = |most: usize| {
            let mine = later.iter().enumerate().take(most);
            mine.flat_map(|(far, &at)| uses(at, place).map(move |it| (it, far))).collect::<Vec<_>>()
        };
        for (crosses, most_before, most_after) in [(false, begun, done), (true, usize::MAX, usize::MAX)] {
            let found = meet(&before(most_before), &between, &after(most_after));
            if let Some((before, between, after, class, distance)) = found {
                let rank = (crosses, class, distance);
                meetings.push(Meeting { cut, location: place.0, before, between, after, rank });
                break;
            }
        }
    }
    meetings
}

/// A use, and how many instructions of its thread lie between it and the interruption.
type Far = ((Use, usize), usize);

/// How three uses of one thing meet: those of the interrupted thread before and after, and what is done between; how little that says,
/// and how far apart they are.
#[expect(clippy::type_complexity, reason = "three uses, and how they meet")]
fn meet(
    before: &[Far],
    between: &[(Use, usize)],
    after: &[Far],
) -> Option<(Option<(Use, usize)>, (Use, usize), Option<(Use, usize)>, u8, usize)> {
    // What it does next with it decides; what it has done last, first.
    let next = after.first();
    let of_next = after.iter().take_while(|(_, far)| next.is_some_and(|(_, first)| first == far));
    let mut released = false;
    for &(mine, far) in before {
        released |= mine.0 == Use::Release;
        if released && mine.0 == Use::Take {
            continue;
        }
        for &(again, away) in of_next.clone() {
            let other = between.iter().find(|(other, _)| is_torn(mine.0, *other, again.0));
            if let Some(&other) = other {
                // A read that leads to a write is an update.
                let write = after.iter().find(|((how, _), _)| *how == Use::Write);
                let update = write.filter(|_| mine.0 == Use::Read && again.0 == Use::Read);
                let (again, away) = update.copied().unwrap_or((again, away));
                return Some((Some(mine), other, Some(again), 0, far + away));
            }
        }
    }
    let changed = between.iter().find(|(how, _)| how.writes());
    let seen = between.iter().find(|(how, _)| matches!(how, Use::Read | Use::Miss | Use::Free | Use::Busy));
    let last = before.first();
    let half = last.and_then(|&(mine, far)| {
        let other = match mine.0 {
            Use::Read => changed,
            Use::Take => between.iter().find(|(how, _)| matches!(how, Use::Miss | Use::Release)),
            Use::Write => seen,
            Use::Release | Use::Miss | Use::Free | Use::Wait | Use::Busy => None,
        };
        other.map(|&other| (Some(mine), other, None, 1, far))
    });
    let other_half = next.and_then(|&(again, away)| {
        let other = match again.0 {
            Use::Read | Use::Miss | Use::Free | Use::Busy => changed,
            Use::Write => seen,
            Use::Take | Use::Release | Use::Wait => None,
        };
        other.map(|&other| (None, other, Some(again), 2, away))
    });
    let overwritten = || {
        let (mine, far) = last.filter(|((how, _), _)| *how == Use::Write)?;
        Some((Some(*mine), *changed?, None, 3, *far))
    };
    // A lock that is waited for does its work, unless nobody goes on.
    let waited_for = || {
        let (mine, far) = last.filter(|((how, _), _)| *how == Use::Take)?;
        let other = between.iter().find(|(how, _)| *how == Use::Wait)?;
        Some((Some(*mine), *other, None, 4, *far))
    };
    half.or(other_half).or_else(overwritten).or_else(waited_for)
}

/// Whether no order of whole pieces has a thread use something in this way twice, and another one in this way meanwhile.
const fn is_torn(before: Use, between: Use, after: Use) -> bool {
    match before {
        Use::Read => between.writes() && matches!(after, Use::Read | Use::Write),
        Use::Write => matches!((between, after), (Use::Write, Use::Read) | (Use::Read, Use::Write)),
        // Others are kept out as long as it is held.
        Use::Take => matches!(between, Use::Miss | Use::Release),
        Use::Release | Use::Miss | Use::Free | Use::Wait | Use::Busy => false,
    }
}

/// What stands at a location.
pub(super) fn object_at(state: &State, location: Location) -> Option<&Object> {
    let (Location::Content(site) | Location::Extent(site)) = location else { return None };
    state.heap.iter().find(|entry| entry.site == site).map(|entry| &entry.object)
}

/// Whether it is the state of a thread, which others wait for.
fn is_thread(state: &State, location: Location) -> bool {
    matches!(object_at(state, location), Some(Object::Instance { part: Part::Thread(_), .. }))
}

//! What makes the difference in a schedule: where a thread is interrupted, and what another one does there to what it uses.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::event::{Event, location_name};
use super::machine::{Access, Location, Use};
use super::state::{Object, Part, State};
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
        Use::Wait => "waited for",
        Use::Busy => "found at work",
    }
}

/// A place at which a thread is interrupted and others go on, by the events' places in the schedule.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// The last that the thread did before.
    left: usize,
    /// The first that it does again.
    resumed: usize,
    /// The last that it, or the thread whose lock it waits for, did before it lost the GIL.
    drop: usize,
}

/// A way in which what others do in a cut bears on its thread.
#[derive(Clone, Copy, Debug)]
struct Meeting {
    cut: Cut,
    location: Location,
    before: Option<(Use, usize)>,
    between: (Use, usize),
    after: Option<(Use, usize)>,
    /// How it is told apart from others: the least is the closest.
    rank: Rank,
}

/// Whether the uses lie in different iterations of the thread's loop, how little they say, and how many instructions of the thread
/// lie between them.
type Rank = (bool, u8, usize);

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
    // How an executor hands out its tasks is a reason only where there is no other. What threads wait for is one only where nothing
    // says as much, and a part of a pattern there only where nothing says anything, unless a lock is let go by others.
    let rank = |meeting: &&Meeting| {
        let object = object_at(state, meeting.location);
        let of_executor = matches!(object, Some(Object::Executor { .. } | Object::Future { .. }));
        let (crosses, class, distance) = meeting.rank;
        let brings = object.is_some_and(brings_into_order);
        let of_a_lock = matches!(meeting.before, Some((Use::Take, _)));
        // Of parts of patterns the one that a thread ends at tells most: it is what raises.
        let class =
            if class > 0 && !ends_a_thread(events, meeting.between) { class + 1 } else { class.min(1) };
        let raises = meeting.after.is_some_and(|after| ends_a_thread(events, after));
        (of_executor, crosses, brings && class > 0 && !of_a_lock, class, brings, !raises, distance)
    };
    let meeting = meetings.iter().min_by_key(rank)?;
    let told = |(how, at): (Use, usize)| (how, line(events, at));
    let Cut { left, resumed, drop } = meeting.cut;
    let waits = events[left].thread != events[drop].thread;
    Some(Collision {
        name: location_name(module, state, meeting.location),
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
    matches!(how, Use::Read | Use::Write | Use::Busy)
        && !opcode.starts_with("RETURN")
        && events[at + 1..].iter().all(|event| event.thread != thread)
}

/// Whether all that others do where a thread is interrupted is what the program allows them to: it is done under a lock, as all that the
/// thread itself does with it, or it is to find a lock taken. What the thread had written and reads again must still be there.
pub(super) fn is_allowed(events: &[Event], state: &State, shared: &BTreeSet<Location>) -> bool {
    let held = held(events, state);
    let guarded = |meeting: &Meeting| {
        let mine = meeting.before.into_iter().chain(meeting.after).map(|(_, at)| at);
        let others = meeting.cut.left + 1..meeting.cut.resumed;
        let others =
            others.filter(|&at| events[at].accesses.iter().any(|access| access.location == meeting.location));
        let locks = mine.chain(others).map(|at| held[at].clone()).reduce(|one, other| &one & &other);
        locks.is_some_and(|locks| !locks.is_empty())
    };
    let overwritten = |meeting: &Meeting| {
        let uses = [meeting.before, Some(meeting.between), meeting.after].map(|it| it.map(|(how, _)| how));
        uses == [Some(Use::Write), Some(Use::Write), Some(Use::Read)]
    };
    all_meetings(events, &cuts(events), state, shared, false).iter().all(|meeting| {
        let waits = object_at(state, meeting.location).is_some_and(brings_into_order);
        waits && meeting.between.0 != Use::Release || guarded(meeting) && !overwritten(meeting)
    })
}

/// Whether it is there for threads to wait for each other, or for their work.
const fn brings_into_order(object: &Object) -> bool {
    object.synchronises()
        || matches!(object, Object::Queue(..) | Object::Executor { .. } | Object::Future { .. })
}

/// The locks that the thread of each event holds when it is over, or held when it began. A semaphore keeps nobody out.
fn held(events: &[Event], state: &State) -> Vec<BTreeSet<Location>> {
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

/// All ways in which what is done where a thread is interrupted bears on it; without what it has only read before, if that is up to date.
fn all_meetings(
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

/// An instruction that stands in no line of the text belongs to the last line that its thread has run.
fn line(events: &[Event], at: usize) -> u32 {
    let mut mine = (0..=at).rev().filter(|&earlier| events[earlier].thread == events[at].thread);
    mine.find_map(|earlier| events[earlier].line).unwrap_or(0)
}

/// Where threads are interrupted that could have gone on, and later do.
fn cuts(events: &[Event]) -> Vec<Cut> {
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
fn waits(events: &[Event], cuts: &[Cut]) -> Vec<Cut> {
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
    let begun = earlier.iter().skip(1).take_while(|&&at| !events[at].ends_iteration).count() + 1;
    let done = later.iter().take_while(|&&at| !events[at].ends_iteration).count() + 1;
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
    let seen = between.iter().find(|(how, _)| matches!(how, Use::Read | Use::Miss | Use::Busy));
    let last = before.first();
    let half = last.and_then(|&(mine, far)| {
        let other = match mine.0 {
            Use::Read => changed,
            Use::Take => between.iter().find(|(how, _)| matches!(how, Use::Miss | Use::Release)),
            Use::Write => seen,
            Use::Release | Use::Miss | Use::Wait | Use::Busy => None,
        };
        other.map(|&other| (Some(mine), other, None, 1, far))
    });
    let other_half = next.and_then(|&(again, away)| {
        let other = match again.0 {
            Use::Read | Use::Miss | Use::Busy => changed,
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
        Use::Release | Use::Miss | Use::Wait | Use::Busy => false,
    }
}

/// What stands at a location.
fn object_at(state: &State, location: Location) -> Option<&Object> {
    let (Location::Content(site) | Location::Extent(site)) = location else { return None };
    state.heap.iter().find(|entry| entry.site == site).map(|entry| &entry.object)
}

/// Whether it is the state of a thread, which others wait for.
fn is_thread(state: &State, location: Location) -> bool {
    matches!(object_at(state, location), Some(Object::Instance { part: Part::Thread(_), .. }))
}

//! What of a thread is a whole iteration: the orders that every schedule is held against take turns only between these.
//!
//! A thread that loops does one iteration after the other, and each is meant to be done for itself. That does not go for a
//! loop in the midst of something: `y = x; for i in range(2): y += 1; x = y` is one thing, whose loop ends no part of it. So the
//! iterations of a thread's outermost loop count, if the loop was begun with nothing got at that another thread changes.

use super::machine::{Location, Machine, Step, Use};
use super::state::{Loop, Object, Part, State, Unit, Value};
use crate::python::program::Op;
use crate::python::program::module::Module;

impl Unit {
    /// Takes note of where its thread is, before an instruction.
    pub(super) fn enter(&mut self, at: At) {
        if self.within.map(|(within, _)| within) != at.outermost {
            self.within = at.outermost.map(|now| (now, !self.begun));
        }
    }

    /// Takes note of where its thread has come by an instruction, whether that got at something shared, and whether it started another
    /// thread.
    pub(super) fn follow(&mut self, at: At, touched: bool, started: bool) -> Came {
        self.begun |= touched;
        let counts = match (self.within, at.outermost) {
            (Some((before, counts)), Some(now)) if before == now => counts,
            // It ends where its last iteration has ended.
            (Some((_, counts)), None) => counts,
            _ => !self.begun,
        };
        if at.ends && counts {
            self.begun = false;
            Came::ToAnIteration
        } else if (started && !self.begun) || at.is_before_its_task {
            self.begun = false;
            Came::ToAnEnd
        } else if at.ends {
            Came::Round
        } else {
            Came::On
        }
    }
}

/// Where a thread is, in its loops and tasks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct At {
    outermost: Option<Loop>,
    /// Whether an iteration of that ends here.
    pub(super) ends: bool,
    is_before_its_task: bool,
}

impl At {
    pub(super) fn of(machine: &Machine<'_>, thread: usize) -> Self {
        Self {
            outermost: outermost(machine, thread),
            ends: iteration_ends(machine, thread),
            is_before_its_task: is_before_its_task(machine, thread),
        }
    }
}

/// Counts how often a thread has gone through a loop that has no end of its own; whether it has just done so for the last time before
/// others go on.
pub(super) fn goes_round(machine: &mut Machine<'_>, thread: usize) -> bool {
    let at_end = is_round(machine, thread);
    let rounds = machine.state.threads[thread].unit.rounds;
    let most = machine.module.rounds;
    let now = match at_end {
        None => 0,
        Some(false) => rounds,
        Some(true) => most.min(rounds + 1),
    };
    if now != rounds {
        machine.thread = thread;
        machine.current_mut().unit.rounds = now;
    }
    at_end == Some(true) && now == most
}

/// Whether a thread has come to the end of a round of a loop that has no end of its own, if it is in one.
pub(super) fn is_round(machine: &Machine<'_>, thread: usize) -> Option<bool> {
    let frames = &machine.state.threads[thread].frames;
    let frame = frames.first()?;
    let (loops, pc) = (&machine.module.codes[usize::from(frame.code)].loops, frame.pc as usize);
    let endless = loops.iter().find(|one| one.endless && one.range.0 <= pc && pc < one.range.1)?;
    Some(frames.len() == 1 && endless.ends.contains(&pc))
}

/// The most instructions of a round that are looked at.
const MOST_OF_A_ROUND: usize = 1000;

/// Whether a thread has gone round often enough, and would go round once more if it went on at once.
pub(super) fn goes_on_last(module: &Module, state: &State, thread: usize) -> bool {
    let it = &state.threads[thread];
    !it.finished && it.unit.rounds >= module.rounds && would_go_round(module, state, thread)
}

/// Whether a thread would go round once more if it went on at once. It may be about to leave its loop, to wait, or to raise.
fn would_go_round(module: &Module, state: &State, thread: usize) -> bool {
    let mut machine = Machine::at(module, state.clone());
    for _ in 0..MOST_OF_A_ROUND {
        if !matches!(machine.step(thread), Ok(Step::Done { .. })) {
            return false;
        }
        let goes_round = !machine.state.threads[thread].finished && goes_round(&mut machine, thread);
        if goes_round || machine.state.threads[thread].unit.rounds == 0 {
            return goes_round;
        }
    }
    true
}

/// What a thread has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// The end of a whole iteration.
    ToAnIteration,
    /// The start of another thread with nothing begun, or the start of an executor's task.
    ToAnEnd,
    /// The end of an iteration that does not count.
    Round,
    /// Neither.
    On,
}

/// Notes which loop a thread is in, before it does an instruction: what that gets at belongs to the loop.
pub(super) fn enter(machine: &mut Machine<'_>, thread: usize) {
    let mut unit = machine.state.threads[thread].unit;
    unit.enter(At::of(machine, thread));
    if machine.state.threads[thread].unit != unit {
        machine.thread = thread;
        machine.current_mut().unit = unit;
    }
}

/// Notes whether a thread waits in the midst of a whole iteration, by whether its last instruction could go on: then it has to be woken, and
/// goes on before others begin anew.
pub(super) fn wait(machine: &mut Machine<'_>, thread: usize, is_blocked: bool) {
    let it = &machine.state.threads[thread];
    let waits = is_blocked && it.unit.begun && is_to_be_woken(&machine.state, thread);
    if waits != it.unit.waits {
        machine.thread = thread;
        machine.current_mut().unit.waits = waits;
    }
}

/// Whether a thread is among those that wait for an event or a condition.
fn is_to_be_woken(state: &State, thread: usize) -> bool {
    state.heap.iter().any(|entry| match &entry.object {
        Object::Event(_, waiters) | Object::Condition(_, waiters) => {
            waiters.iter().any(|(waiter, _)| usize::from(*waiter) == thread)
        }
        _ => false,
    })
}

/// Whether the last instruction came to a barrier as the last of its threads: who comes to it before waits there.
pub(super) fn opens_barrier(machine: &Machine<'_>) -> bool {
    let mut changed = machine.accesses.iter().filter(|access| access.how == Use::Write);
    changed
        .any(|access| access.object.is_some_and(|at| matches!(machine.state.object(at), Object::Barrier(..))))
}

/// Whether the last instruction let a daemon thread go on that waits for an event or a condition: nobody may wait for it to do so.
pub(super) fn wakes_daemon(machine: &Machine<'_>) -> bool {
    let state = &machine.state;
    if !state.threads.iter().any(|thread| thread.daemon && !thread.finished) {
        return false;
    }
    let is_woken = |&(waiter, woken): &(u8, bool)| woken && state.threads[usize::from(waiter)].daemon;
    // Who waits for a condition goes on once its lock is let go.
    let waits_with = |at: u32| {
        state.heap.iter().any(|entry| match &entry.object {
            Object::Condition(lock, waiters) => *lock == Value::Ref(at) && waiters.iter().any(is_woken),
            _ => false,
        })
    };
    machine.accesses.iter().any(|access| match (access.how, access.object) {
        (Use::Release, Some(at)) => waits_with(at),
        (Use::Write, Some(at)) => match state.object(at) {
            Object::Event(_, waiters) => waiters.iter().any(is_woken),
            _ => false,
        },
        _ => false,
    })
}

/// What a thread has come to by an instruction: whether that got at something shared, and whether it started another thread.
pub(super) fn follow(machine: &mut Machine<'_>, thread: usize, touched: bool, started: bool) -> Came {
    let mut unit = machine.state.threads[thread].unit;
    let came = unit.follow(At::of(machine, thread), touched, started);
    machine.thread = thread;
    machine.current_mut().unit = unit;
    came
}

/// Whether a location is what brings threads into an order, and holds nothing else that they could read: a lock, a thread's end.
pub(super) fn is_order(state: &State, location: Location) -> bool {
    let Location::Content(site) = location else { return false };
    let entry = state.heap.iter().find(|entry| entry.site == site);
    entry.is_some_and(|entry| match &entry.object {
        Object::Instance { part, .. } => matches!(part, Part::Thread(_)),
        Object::Executor { .. } => true,
        object => object.synchronises(),
    })
}

/// Whether the main thread has nothing left to do but to end the program. What daemon threads still do then is seen by nobody, and how
/// much of it there is time for is no matter of the program.
pub(super) fn all_is_done(machine: &Machine<'_>, thread: usize) -> bool {
    let state = &machine.state;
    let [frame] = &state.threads[thread].frames[..] else { return false };
    let rest = machine.module.codes[usize::from(frame.code)].instructions.get(frame.pc as usize..);
    let mut rest = rest.into_iter().flatten().map(|instruction| &instruction.op);
    let ends = rest.find(|op| !matches!(op, Op::PopTop | Op::LoadConst(_)));
    thread == 0
        && matches!(ends, Some(Op::Return | Op::ReturnConst(_)))
        && state.threads.iter().skip(1).all(|other| other.daemon || other.finished)
}

/// Whether a worker of an executor has a task, and nothing of it is done: the worker that took the next one may begin before. Or whether
/// it has none: whoever waits for the result of the last one may go on before it takes the next.
fn is_before_its_task(machine: &Machine<'_>, thread: usize) -> bool {
    let thread = &machine.state.threads[thread];
    let is_before = match &thread.frames[..] {
        [] => true,
        [frame] => frame.pc == 0,
        _ => false,
    };
    thread.executor.is_some() && is_before && !thread.finished
}

/// The outermost loop that a thread is in.
fn outermost(machine: &Machine<'_>, thread: usize) -> Option<Loop> {
    let frames = machine.state.threads[thread].frames.iter().enumerate();
    let mut loops = frames.filter_map(|(depth, frame)| {
        let pc = frame.pc as usize;
        let ranges = machine.module.codes[usize::from(frame.code)].loops.iter().map(|one| one.range);
        let start = ranges.filter(|&(start, end)| start <= pc && pc < end).map(|(start, _)| start).min();
        start.map(|start| (depth, frame.code, start))
    });
    loops.next()
}

/// Whether a thread stands where an iteration of some loop has ended.
pub(super) fn ends_inner(machine: &Machine<'_>, thread: usize) -> bool {
    let last = machine.state.threads[thread].frames.last();
    last.is_some_and(|frame| {
        let loops = &machine.module.codes[usize::from(frame.code)].loops;
        loops.iter().any(|one| one.ends.contains(&(frame.pc as usize)))
    })
}

/// Whether a thread stands where an iteration of its outermost loop has ended.
fn iteration_ends(machine: &Machine<'_>, thread: usize) -> bool {
    let frames = &machine.state.threads[thread].frames;
    let Some((last, outer)) = frames.split_last() else { return true };
    let loops = |frame: &super::state::Frame| &machine.module.codes[usize::from(frame.code)].loops;
    let inside = |range: (usize, usize), pc: usize| range.0 <= pc && pc < range.1;
    let pc = last.pc as usize;
    let around = loops(last).iter().filter(|one| inside(one.range, pc) && !one.ends.contains(&pc)).count();
    around == 0
        && loops(last).iter().any(|one| one.ends.contains(&pc))
        && outer.iter().all(|frame| loops(frame).iter().all(|one| !inside(one.range, frame.pc as usize)))
}

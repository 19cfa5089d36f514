//! A schedule that is given, carried out: by one thread, or by real threads that take turns.

use std::panic;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use thiserror::Error;

use super::ending::{Ending, ending as ending_of};
use super::event::thread_name;
use super::machine::{Beyond, Machine, Step};
use super::order::{Mark, Order};
use super::pause::{Bounds, Told, Unfinished};
use super::search::Search;
use super::sleepers::MOST_OFFERS;
use super::state::State;
use super::witness::{Start, Turn, ends_step};
use crate::python::program::module::Module;

/// The most instructions of a schedule.
const MOST_STEPS: u64 = 5_000_000;

/// The stack of a thread that carries out turns: the text of a deep list is made by recursion.
const STACK: usize = 16 << 20;

/// Why a schedule cannot be carried out.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PlayError {
    /// It has a turn of a thread that has not begun, or has ended.
    #[error(
        "turn {turn} of the schedule is of {thread}, which {why}: give the file and the --scope that it was made with"
    )]
    NotThere {
        /// The number of the turn, from 1.
        turn: usize,
        /// The thread.
        thread: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It ends too soon.
    #[error(
        "the schedule ends while {thread} could go on: give the file and the --scope that it was made with"
    )]
    Unfinished {
        /// The thread.
        thread: String,
    },
    /// It is too long.
    #[error("the schedule has more than {MOST_STEPS} instructions: give one that gilsim check has printed")]
    TooLong,
    /// The program leaves the model.
    #[error("not covered: {0}")]
    Beyond(String),
    /// A thread could not be started.
    #[error("a thread for the schedule could not be started: {0}")]
    Thread(String),
    /// Another thread failed.
    #[error("the schedule was given up")]
    GivenUp,
}

/// Carries out a schedule; the state that it leaves.
pub(super) fn play<'m>(
    module: &'m Module,
    turns: &[Turn],
    tell: &mut dyn FnMut(&Machine<'m>, usize, &Told),
) -> Result<State, PlayError> {
    let mut machine = Machine::start(module);
    let mut left = MOST_STEPS;
    for (number, turn) in (1..).zip(turns) {
        take_turn(&mut machine, number, *turn, &mut left, tell)?;
    }
    Ok(machine.state)
}

fn take_turn<'m>(
    machine: &mut Machine<'m>,
    number: usize,
    turn: Turn,
    left: &mut u64,
    tell: &mut dyn FnMut(&Machine<'m>, usize, &Told),
) -> Result<(), PlayError> {
    let thread = usize::from(turn.thread);
    let not_there = |why| PlayError::NotThere { turn: number, thread: thread_name(thread), why };
    machine.look_at_sleepers(0);
    if turn.start == Start::TakesLock {
        let sleeps = thread < machine.state.threads.len() && turn.steps == 1;
        return if sleeps && machine.take_asleep(thread) {
            tell(machine, thread, &Told::TakesLock);
            Ok(())
        } else {
            Err(not_there("sleeps at no lock that has been let go"))
        };
    }
    let expires = turn.start == Start::Expires;
    machine.expires = expires;
    for step_number in 1..=turn.steps {
        let mut first = true;
        loop {
            match machine.state.threads.get(thread) {
                None => return Err(not_there("has not begun")),
                Some(it) if it.finished => return Err(not_there("has ended")),
                Some(_) => {}
            }
            *left = left.checked_sub(1).ok_or(PlayError::TooLong)?;
            let together = machine.state.live() > 1;
            tell(machine, thread, &Told::Before { together });
            let mut step = machine.step(thread).map_err(|Beyond { what, .. }| PlayError::Beyond(what))?;
            if expires && first && step == Step::Blocked {
                // Neighbouring turns are one in the text: this is the next time limit.
                machine.expires = true;
                step = machine.step(thread).map_err(|Beyond { what, .. }| PlayError::Beyond(what))?;
            }
            first = false;
            tell(machine, thread, &Told::After(step));
            if step == Step::Blocked && step_number < turn.steps {
                return Err(not_there("waits for another thread"));
            }
            if ends_step(machine, thread, step) {
                break;
            }
        }
    }
    Ok(())
}

/// The order of threads that a schedule carries out which can be, by a search that stops at each of its places.
pub(super) fn order_of(
    search: &mut Search<'_>,
    turns: &[Turn],
    bounds: &Bounds<'_>,
) -> Result<Order, Unfinished> {
    let mut machine = Machine::at(search.module(), search.begin().clone());
    let mut order = Order::new();
    let in_sleep = |turn: &&Turn| turn.start == Start::TakesLock;
    for (at, turn) in turns.iter().enumerate().filter(|(_, turn)| !in_sleep(turn)) {
        let takers: Vec<usize> =
            turns[at + 1..].iter().take_while(in_sleep).map(|turn| usize::from(turn.thread)).collect();
        for step in 1..=turn.steps {
            let expires = turn.start == Start::Expires && step == 1;
            let mark = Mark { expires, ..Mark::of(usize::from(turn.thread)) };
            let before = machine.state.clone();
            search.advance(&mut machine, mark, bounds, &mut |_, _, _| {})?;
            order.push(mark);
            if step < turn.steps || takers.is_empty() {
                continue;
            }
            // Which bits those are is known by who has taken it.
            for bits in 1..1_u8 << MOST_OFFERS {
                let mark = Mark { takers: bits, ..mark };
                let mut other = Machine::at(search.module(), before.clone());
                search.advance(&mut other, mark, bounds, &mut |_, _, _| {})?;
                let has_taken = |thread: &usize| {
                    let asleep = other.state.threads.get(*thread).and_then(|thread| thread.asleep.as_ref());
                    asleep.is_some_and(|asleep| asleep.has_it)
                };
                if takers.iter().all(has_taken) {
                    (machine, order) = (other, [&order[..order.len() - 1], &[mark]].concat());
                    break;
                }
            }
        }
    }
    Ok(order)
}

/// How a schedule ends that has left this state.
pub(super) fn ending(module: &Module, state: &State) -> Result<Ending, PlayError> {
    let over = state.threads.iter().all(|thread| thread.finished || thread.daemon);
    for expires in [false, true] {
        for thread in (0..state.threads.len()).filter(|&thread| !over && !state.threads[thread].finished) {
            let mut machine = Machine::at(module, state.clone());
            machine.expires = expires;
            let step = machine.step(thread).map_err(|Beyond { what, .. }| PlayError::Beyond(what))?;
            if step != Step::Blocked {
                return Err(PlayError::Unfinished { thread: thread_name(thread) });
            }
        }
    }
    Ok(ending_of(state, over))
}

/// What is handed from thread to thread.
struct Baton {
    state: State,
    /// The index of the next turn.
    next: usize,
    left: u64,
    /// Whether a thread could not take its turn.
    given_up: bool,
}

/// Has real threads carry out a schedule, one for each of the program's, each in its turns; the state that they leave.
pub(super) fn on_threads(module: &Module, turns: &[Turn]) -> Result<State, PlayError> {
    let baton = Baton { state: Machine::start(module).state, next: 0, left: MOST_STEPS, given_up: false };
    let (baton, handed_on) = (Mutex::new(baton), Condvar::new());
    let last = turns.iter().map(|turn| turn.thread).max().unwrap_or(0);
    let results = thread::scope(|scope| {
        let mut threads = Vec::new();
        for number in 0..=last {
            let (baton, handed_on) = (&baton, &handed_on);
            let work = move || take_turns(module, turns, number, baton, handed_on);
            match thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work) {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    give_up(baton, handed_on);
                    return vec![Err(PlayError::Thread(error.to_string()))];
                }
            }
        }
        let joined = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|cause| panic::resume_unwind(cause)));
        joined.collect()
    });
    // The error of the thread that failed counts, not that of those that gave up because of it.
    let failed = |error: &PlayError| *error != PlayError::GivenUp;
    let mut errors: Vec<PlayError> = results.into_iter().filter_map(Result::err).collect();
    let first = errors.iter().position(failed).unwrap_or(0);
    match errors.get_mut(first) {
        Some(error) => Err(std::mem::replace(error, PlayError::GivenUp)),
        None => Ok(baton.into_inner().unwrap_or_else(PoisonError::into_inner).state),
    }
}

fn give_up(baton: &Mutex<Baton>, handed_on: &Condvar) {
    baton.lock().unwrap_or_else(PoisonError::into_inner).given_up = true;
    handed_on.notify_all();
}

/// Takes the turns of one thread.
fn take_turns(
    module: &Module,
    turns: &[Turn],
    number: u8,
    baton: &Mutex<Baton>,
    handed_on: &Condvar,
) -> Result<(), PlayError> {
    for (index, turn) in turns.iter().enumerate().filter(|(_, turn)| turn.thread == number) {
        let waiting = |baton: &mut Baton| baton.next != index && !baton.given_up;
        // A thread that panicked in its turn has poisoned the lock.
        let held = baton.lock().map_err(|_| PlayError::GivenUp)?;
        let mut held = handed_on.wait_while(held, waiting).map_err(|_| PlayError::GivenUp)?;
        if held.given_up {
            return Err(PlayError::GivenUp);
        }
        let mut machine = Machine::at(module, held.state.clone());
        let mut left = held.left;
        let taken = take_turn(&mut machine, index + 1, *turn, &mut left, &mut |_, _, _| {});
        held.given_up = taken.is_err();
        held.state = machine.state;
        (held.next, held.left) = (index + 1, left);
        drop(held);
        handed_on.notify_all();
        taken?;
    }
    Ok(())
}

//! The same end with fewer switches: a schedule that a reader can follow, in which each interruption matters.

use super::ending::{Ending, ending};
use super::machine::Machine;
use super::order::{Mark, Order, runs};
use super::pause::{Bounds, Pause, Tell, Unfinished};
use super::search::Search;

/// The most orders that are tried.
const MOST_TRIES: usize = 200;

/// The most instructions of all these.
const MOST_STEPS: u64 = 2_000_000;

/// The most turns that an order may need to come to its end.
const MOST_TURNS: usize = 4000;

/// The most turns that a thread is given in addition, for it to come to where it waits.
const MOST_MORE: usize = 4;

impl<'m> Search<'m> {
    /// An order of threads whose end shows as much as that of this one, and in which no interruption can be left out; the same one where
    /// a time limit comes in it.
    pub(super) fn with_fewer_switches(
        &mut self,
        found: (Ending, Order),
        shows_as_much: &dyn Fn(&Ending) -> bool,
        bounds: &Bounds<'_>,
    ) -> Result<(Ending, Order), Unfinished> {
        if found.1.iter().any(|mark| mark.expires) {
            return Ok(found);
        }
        let bounds = &Bounds { steps: self.steps.saturating_add(MOST_STEPS), ..*bounds };
        // One that leaves the model or takes too long is no better.
        let mut try_out = |order: &[Mark]| match self.carried_out(order, bounds) {
            Err(Unfinished::Stopped) => Err(Unfinished::Stopped),
            Err(_) => Ok(None),
            Ok(carried) => Ok(carried.filter(|carried| carried.end.as_ref().is_some_and(shows_as_much))),
        };
        let Some(mut best) = try_out(&found.1)? else { return Ok(found) };
        let mut tries = 0;
        'again: loop {
            for candidate in simpler(&runs(&best.order)) {
                tries += 1;
                if tries > MOST_TRIES {
                    break 'again;
                }
                let order: Order =
                    candidate.into_iter().flat_map(|(mark, turns)| vec![mark; turns]).collect();
                if let Some(carried) = try_out(&order)?.filter(|carried| carried.switches() < best.switches())
                {
                    best = carried;
                    continue 'again;
                }
            }
            break;
        }
        let Carried { order, end, .. } = best;
        Ok(end.map_or(found, |end| (end, order)))
    }

    /// Carries out an order as far as it goes, and then lets one thread after the other go on; nothing if that takes too long.
    fn carried_out(&mut self, order: &[Mark], bounds: &Bounds<'_>) -> Result<Option<Carried>, Unfinished> {
        let mut machine = Machine::at(self.module(), self.begin().clone());
        let (mut done, mut planned) = (Carried::default(), order.iter().copied());
        while done.order.len() < MOST_TURNS {
            if bounds.control.stopped() {
                return Err(Unfinished::Stopped);
            }
            let threads = &machine.state.threads;
            let over = threads.iter().all(|thread| thread.finished || thread.daemon);
            if over {
                done.end = Some(ending(&machine.state, true));
                return Ok(Some(done));
            }
            let all = (0..machine.state.threads.len()).map(Mark::of);
            // The plan first; then whoever went last, as long as it can.
            let (candidates, is_planned): (Order, bool) = if let Some(mark) = planned.next() {
                (vec![mark], true)
            } else {
                let last = done.order.last().map(|mark| Mark::of(usize::from(mark.thread)));
                (last.into_iter().chain(all).collect(), false)
            };
            let mut moved = false;
            for mark in candidates {
                if let Some(pause) = self.take_turn(&mut machine, mark, bounds, &mut |_, _, _| {})? {
                    let goes_on = !machine.state.threads[usize::from(mark.thread)].finished;
                    done.order.push(mark);
                    done.can_go_on.push(goes_on && !matches!(pause, Pause::Blocked));
                    moved = true;
                    break;
                }
            }
            if !moved && !is_planned {
                done.end = Some(ending(&machine.state, false));
                return Ok(Some(done));
            }
        }
        Ok(None)
    }

    /// Has a thread take its next turn; how that ended. Nothing if the thread is not there, is over or cannot go on.
    pub(super) fn take_turn(
        &mut self,
        machine: &mut Machine<'m>,
        mark: Mark,
        bounds: &Bounds<'_>,
        tell: &mut Tell<'_, 'm>,
    ) -> Result<Option<Pause>, Unfinished> {
        let thread = usize::from(mark.thread);
        if machine.state.threads.get(thread).is_none_or(|thread| thread.finished) {
            return Ok(None);
        }
        let before = machine.state.clone();
        let pause = self.advance(machine, mark, bounds, tell)?;
        Ok(if matches!(pause, Pause::Blocked) && machine.state == before { None } else { Some(pause) })
    }
}

/// An order that was carried out.
#[derive(Default)]
struct Carried {
    order: Order,
    /// Whether the thread of each turn could have gone on.
    can_go_on: Vec<bool>,
    end: Option<Ending>,
}

impl Carried {
    /// How many runs it has, and how many of them were cut short: the fewer, the easier to follow.
    fn switches(&self) -> (usize, usize) {
        let ends = (0..self.order.len()).filter(|&at| self.order.get(at + 1) != Some(&self.order[at]));
        (runs(&self.order).len(), ends.filter(|&at| self.can_go_on[at]).count())
    }
}

/// Orders that may need fewer switches: what comes next of a thread goes on at once, or what came before waits for it, or the thread
/// only comes a little further, perhaps to where it waits by itself.
fn simpler(runs: &[(Mark, usize)]) -> Vec<Vec<(Mark, usize)>> {
    let pairs = runs.iter().enumerate().filter_map(|(at, &(mark, _))| {
        let next = (at + 1..runs.len()).find(|&next| runs[next].0 == mark)?;
        Some((at, next))
    });
    let pairs: Vec<(usize, usize)> = pairs.collect();
    let moved = |from: usize, to: usize| {
        let mut candidate = runs.to_vec();
        let run = candidate.remove(from);
        candidate.insert(to, run);
        candidate
    };
    let longer = |at: usize, next: usize, more: usize| {
        let mut candidate = runs.to_vec();
        candidate[at].1 += more;
        candidate[next].1 -= more;
        candidate
    };
    let whole = pairs.iter().flat_map(|&(at, next)| [moved(next, at + 1), moved(at, next - 1)]);
    let a_little = pairs
        .iter()
        .flat_map(|&(at, next)| (1..runs[next].1.min(MOST_MORE + 1)).map(move |more| longer(at, next, more)));
    whole.chain(a_little).collect()
}

//! The same end with fewer switches: a schedule that a reader can follow, in which each interruption matters.

use super::ending::{Ending, ending};
use super::machine::Machine;
use super::search::{Bounds, EXPIRED, Pause, Search, Unfinished};

/// The most orders that are tried.
const MOST_TRIES: usize = 200;

/// The most instructions of all these.
const MOST_STEPS: u64 = 2_000_000;

/// The most turns that an order may need to come to its end.
const MOST_TURNS: usize = 4000;

impl Search<'_> {
    /// An order of threads whose end shows as much as that of this one, and in which no interruption can be left out; the same one where
    /// a time limit comes in it.
    pub(super) fn with_fewer_switches(
        &mut self,
        found: (Ending, Vec<u8>),
        shows_as_much: &dyn Fn(&Ending) -> bool,
        bounds: &Bounds<'_>,
    ) -> Result<(Ending, Vec<u8>), Unfinished> {
        let mut best = found;
        if best.1.iter().any(|thread| thread & EXPIRED != 0) {
            return Ok(best);
        }
        let bounds = &Bounds { steps: self.steps.saturating_add(MOST_STEPS), ..*bounds };
        let mut tries = 0;
        'again: loop {
            let runs = runs(&best.1);
            for (at, &(thread, _)) in runs.iter().enumerate() {
                let next = (at + 1..runs.len()).find(|&next| runs[next].0 == thread);
                // What comes next goes on at once, or what came before waits for it.
                let moved = next.into_iter().flat_map(|next| [(next, at + 1), (at, next - 1)]);
                for (from, to) in moved {
                    tries += 1;
                    if tries > MOST_TRIES {
                        return Ok(best);
                    }
                    let mut candidate = runs.clone();
                    let run = candidate.remove(from);
                    candidate.insert(to, run);
                    let order: Vec<u8> =
                        candidate.into_iter().flat_map(|(thread, turns)| vec![thread; turns]).collect();
                    // One that leaves the model or takes too long is no better.
                    let carried_out = match self.carried_out(&order, bounds) {
                        Err(Unfinished::Stopped) => return Err(Unfinished::Stopped),
                        Err(_) => None,
                        Ok(carried_out) => carried_out,
                    };
                    if let Some((order, end)) = carried_out
                        && shows_as_much(&end)
                        && self::runs(&order).len() < runs.len()
                    {
                        best = (end, order);
                        continue 'again;
                    }
                }
            }
            return Ok(best);
        }
    }

    /// Carries out an order as far as it goes, and then lets one thread after the other go on; the order that this was, and its end.
    fn carried_out(
        &mut self,
        order: &[u8],
        bounds: &Bounds<'_>,
    ) -> Result<Option<(Vec<u8>, Ending)>, Unfinished> {
        let mut machine = Machine::at(self.module(), self.begin().clone());
        let (mut done, mut planned) = (Vec::new(), order.iter().copied());
        while done.len() < MOST_TURNS {
            if bounds.control.stopped() {
                return Err(Unfinished::Stopped);
            }
            let threads = &machine.state.threads;
            let over = threads.iter().all(|thread| thread.finished || thread.daemon);
            if over {
                return Ok(Some((done, ending(&machine.state, true))));
            }
            let mut moved = false;
            let count = machine.state.threads.len();
            // The plan first; then whoever went last, as long as it can.
            let last = done.last().map(|&thread| usize::from(thread));
            let candidates: Vec<usize> = match planned.next() {
                Some(thread) => vec![usize::from(thread)],
                None => last.into_iter().chain(0..count).collect(),
            };
            let is_planned = candidates.len() == 1;
            for thread in candidates {
                if thread >= count || machine.state.threads[thread].finished {
                    continue;
                }
                let before = machine.state.clone();
                let pause = self.advance(&mut machine, thread, bounds, &mut |_, _, _| {})?;
                if matches!(pause, Pause::Blocked) && machine.state == before {
                    continue;
                }
                done.push(u8::try_from(thread).unwrap_or(u8::MAX));
                moved = true;
                break;
            }
            if !moved && !is_planned {
                return Ok(Some((done, ending(&machine.state, false))));
            }
        }
        Ok(None)
    }
}

/// The runs of an order: a thread, and how many turns it has there.
pub(super) fn runs(order: &[u8]) -> Vec<(u8, usize)> {
    order.chunk_by(|one, next| one == next).map(|run| (run[0], run.len())).collect()
}

//! One turn of a thread: how far it runs before another one may come in.

use std::ops::Range;

use super::machine::{Access, Machine, Step};
use super::order::Mark;
use super::pause::{Bounds, Pause, Switching, Tell, Told, Unfinished};
use super::prints::Stretch;
use super::reached::Reached;
use super::search::Search;
use super::sleepers::MOST_OFFERS;
use super::state::State;
use super::unit::{self, Came};

/// The most instructions of a thread without a switch that matters.
const LONGEST_STRETCH: usize = 200_000;

/// After so many instructions a thread may be switched wherever it can be: it may wait for another one in a loop that
/// reads what nobody has been seen to write yet.
const PATIENCE: usize = LONGEST_STRETCH / 10;

/// After so many instructions within one whole iteration a thread may wait for another one in an inner loop.
const LONG: usize = 100;

/// How many objects may be made before those that nothing reaches are dropped.
const SPARE: usize = 512;

impl<'m> Search<'m> {
    /// What a thread's turn can come to: those that sleep until a lock is let go may take it at once.
    pub(super) fn turns(
        &mut self,
        state: &State,
        mark: Mark,
        bounds: &Bounds<'_>,
    ) -> Result<Vec<(Mark, Machine<'m>, Pause)>, Unfinished> {
        let (mut turns, mut takers, mut offers) = (Vec::new(), 0, 0);
        while takers < 1_u8 << offers {
            let mark = Mark { takers, ..mark };
            let mut machine = Machine::at(self.module, state.clone());
            let pause = self.advance(&mut machine, mark, bounds, &mut |_, _, _| {})?;
            offers = machine.sleepers.offers.min(MOST_OFFERS).max(offers);
            if !matches!(pause, Pause::Blocked) || machine.state != *state {
                machine.compact().map_err(Unfinished::Beyond)?;
                turns.push((mark, machine, pause));
            }
            takers += 1;
        }
        Ok(turns)
    }

    /// Lets a thread run to where a switch matters.
    pub(super) fn advance(
        &mut self,
        machine: &mut Machine<'m>,
        mark: Mark,
        bounds: &Bounds<'_>,
        tell: &mut Tell<'_, 'm>,
    ) -> Result<Pause, Unfinished> {
        let thread = usize::from(mark.thread);
        machine.expires = mark.expires;
        if self.switching != Switching::Iterations {
            machine.look_at_sleepers(mark.takers);
        }
        let mut touched = false;
        self.stretch = Stretch::default();
        let mut round: Option<State> = None;
        let mut room = SPARE + machine.state.heap.len();
        for stretch in 0..LONGEST_STRETCH {
            if machine.state.heap.len() > room {
                machine.compact().map_err(Unfinished::Beyond)?;
                room = SPARE + 2 * machine.state.heap.len();
            }
            self.steps += 1;
            if self.steps > bounds.steps {
                return Err(Unfinished::Limit(format!("more than {} instructions in all", bounds.steps)));
            }
            let together = machine.state.live() > 1;
            tell(machine, thread, &Told::Before { together });
            if self.switching == Switching::Iterations {
                unit::enter(machine, thread);
            }
            let (lines, threads) = (machine.state.printed.len(), machine.state.threads.len());
            let before = Reached::place(machine, thread);
            let step = machine.step(thread).map_err(Unfinished::Beyond)?;
            self.reached.note(before, machine, thread);
            self.assumed = self.assumed.or(machine.assumed);
            let mut touched_data = false;
            if together || machine.state.is_concurrent(thread) {
                self.sharing.note(machine, thread, machine.state.printed.len() > lines);
                if self.switching == Switching::Iterations {
                    let shared = |access: &&Access| self.shared.contains(&access.location);
                    let mut shared = machine.accesses.iter().filter(shared);
                    touched_data = shared.any(|access| {
                        !unit::is_order(&machine.state, access.location)
                            && !self.sharing.is_own(access, thread)
                    });
                }
            }
            tell(machine, thread, &Told::After(step));
            if self.switching == Switching::Iterations {
                unit::wait(machine, thread, step == Step::Blocked);
            }
            // A daemon may be ended within a critical section.
            let is_guarded =
                |location| self.guarded.contains(location) && !machine.state.threads[thread].daemon;
            let at_shared = machine
                .accesses
                .iter()
                .any(|access| self.shared.contains(&access.location) && !is_guarded(&access.location));
            touched |= at_shared;
            self.stretch.note(machine.state.printed.len() > lines, at_shared);
            match step {
                Step::Blocked => return Ok(Pause::Blocked),
                Step::Finished => return Ok(Pause::Switch),
                Step::Done { .. } if machine.state.threads[thread].finished => return Ok(Pause::Switch),
                Step::Done { .. } if unit::goes_round(machine, thread) => {
                    return Ok(if touched { Pause::Switch } else { Pause::Long });
                }
                Step::Done { .. }
                    if machine.state.threads.len() == threads && unit::all_is_done(machine, thread) => {}
                Step::Done { may_drop } => {
                    if self.switching == Switching::DropPoints && may_drop && !touched && stretch > PATIENCE {
                        return Ok(Pause::Long);
                    }
                    let started = threads..machine.state.threads.len();
                    let pauses = match self.switching {
                        Switching::DropPoints => {
                            may_drop && (touched || self.starts_printer(machine, started))
                        }
                        #[cfg(test)]
                        Switching::EveryDropPoint => may_drop,
                        Switching::Places => may_drop || machine.offered,
                        Switching::Iterations => {
                            let started = self.starts_one_felt(machine, started);
                            match unit::follow(machine, thread, touched_data, started) {
                                // Behind a barrier all go on in any order, the last to come to it among them.
                                _ if unit::opens_barrier(machine) || unit::wakes_daemon(machine) => true,
                                Came::ToAnIteration => {
                                    self.iterates |= thread > 0;
                                    true
                                }
                                Came::ToAnEnd => true,
                                Came::Round => comes_back(machine, &mut round),
                                Came::On if stretch > LONG && unit::ends_inner(machine, thread) => {
                                    comes_back(machine, &mut round)
                                }
                                Came::On => false,
                            }
                        }
                    };
                    if pauses {
                        return Ok(Pause::Switch);
                    }
                }
            }
        }
        Err(Unfinished::Limit(format!(
            "one thread runs for more than {LONGEST_STRETCH} instructions with no place in them where another could come in"
        )))
    }

    /// Whether a thread was started that others wait for, or of which somebody notices what it does.
    fn starts_one_felt(&self, machine: &Machine<'_>, mut started: Range<usize>) -> bool {
        let felt = |new| self.sharing.is_user(new, &self.shared) || self.sharing.prints(new);
        started.any(|new| !machine.state.threads[new].daemon || felt(new))
    }

    /// Whether a daemon thread that prints was started: what it prints counts only as long as the program goes on.
    fn starts_printer(&self, machine: &Machine<'_>, mut started: Range<usize>) -> bool {
        started.any(|new| machine.state.threads[new].daemon && self.sharing.prints(new))
    }
}

/// Whether a thread is where it was one round of its loop ago, with nothing changed: it waits for another one.
fn comes_back(machine: &Machine<'_>, round: &mut Option<State>) -> bool {
    let mut here = machine.state.clone();
    here.compact();
    let again = round.as_ref() == Some(&here);
    *round = Some(here);
    again
}

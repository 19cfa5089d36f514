//! A schedule that was carried out, as it is told: by lines, by instructions, as turns, and what collided in it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::collision::{Collision, collision};
use super::event::{Event, location_name};
use super::machine::{Location, Machine, Step, Use};
use super::pause::Told;
use super::reached::lines;
use super::state::State;
use super::sync::MOST_THREADS;
use crate::python::program::module::Module;
use crate::python::program::{Instruction, PartOf};

/// A line that a thread runs in a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScheduleLine {
    /// The thread: 0 is the main thread.
    pub thread: usize,
    /// The line's number.
    pub line: u32,
    /// The line.
    pub text: String,
    /// Whether the thread goes on with the line where it had left it.
    pub continues: bool,
}

/// An instruction that a thread does in a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScheduleStep {
    /// The thread: 0 is the main thread.
    pub thread: usize,
    /// The line that it belongs to, if any.
    pub line: Option<u32>,
    /// The instruction as `dis` shows it.
    pub instruction: String,
    /// What it reads that another thread changes, or the other way round.
    pub reads: Vec<String>,
    /// What it changes.
    pub writes: Vec<String>,
    /// Whether the GIL can go after it.
    pub can_drop: bool,
}

/// A thread's part of a schedule between two switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Turn {
    /// The thread: 0 is the main thread.
    pub thread: u8,
    /// How often it comes to a place where the GIL can go, where it lets go of a lock at which another thread sleeps, or where it
    /// waits or ends; the last ends the turn.
    pub steps: u64,
    /// How it begins.
    pub start: Start,
}

/// How a turn begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Start {
    /// The thread goes on.
    #[default]
    GoesOn,
    /// It waits, and the time limit of that comes.
    Expires,
    /// It sleeps until a lock is let go, which it takes now. That is all: it has no GIL to go on with.
    TakesLock,
}

impl Turn {
    /// The turn of which this letter of a schedule tells, counted from 0: from `MOST_THREADS` on a time limit comes, and from twice as
    /// many on a lock is taken.
    #[must_use]
    pub fn of_letter(letter: u8, steps: u64) -> Self {
        let most = u8::try_from(MOST_THREADS).unwrap_or(u8::MAX);
        let start = [Start::GoesOn, Start::Expires].get(usize::from(letter / most)).copied();
        Self { thread: letter % most, steps, start: start.unwrap_or(Start::TakesLock) }
    }

    /// The letter that tells of it.
    #[must_use]
    pub fn letter(self) -> u8 {
        let most = u8::try_from(MOST_THREADS).unwrap_or(u8::MAX);
        let how = match self.start {
            Start::GoesOn => 0,
            Start::Expires => 1,
            Start::TakesLock => 2,
        };
        self.thread.saturating_add(how * most)
    }
}

/// The most instructions of a daemon that are looked at behind the end.
const MOST_BEYOND: usize = 1000;

/// What was done in a schedule.
#[derive(Debug, Default)]
pub(super) struct Record {
    events: Vec<Event>,
    /// What daemons that were cut short would have done next.
    beyond: Vec<Event>,
    pub(super) turns: Vec<Turn>,
    /// Whether every thread is known to go on by what is so.
    pub(super) up_to_date: bool,
    /// Whether a time limit comes in the present step.
    expires: bool,
}

impl Record {
    /// Takes note of an instruction.
    pub(super) fn note(&mut self, machine: &Machine<'_>, thread: usize, told: &Told) {
        match told {
            Told::Before { together } => {
                self.expires |= machine.expires;
                self.events.push(Event::before(machine, thread, *together));
            }
            Told::After(step) => {
                if let Some(last) = self.events.last_mut() {
                    last.is_done(machine, *step);
                }
                if ends_step(machine, thread, *step) {
                    let thread = u8::try_from(thread).unwrap_or(u8::MAX);
                    let expires = std::mem::take(&mut self.expires);
                    match self.turns.last_mut() {
                        Some(last) if last.thread == thread && !expires && last.start != Start::TakesLock => {
                            last.steps += 1;
                        }
                        _ => {
                            let start = if expires { Start::Expires } else { Start::GoesOn };
                            self.turns.push(Turn { thread, steps: 1, start });
                        }
                    }
                    if let Some(other) = machine.taken_by {
                        self.takes_lock(other);
                    }
                }
            }
            Told::TakesLock => {
                if let Some(last) = self.events.last_mut() {
                    last.taken_by = Some(thread);
                }
                self.takes_lock(thread);
            }
        }
    }

    /// Takes note of the turn in which a thread takes a lock in its sleep.
    fn takes_lock(&mut self, thread: usize) {
        let thread = u8::try_from(thread).unwrap_or(u8::MAX);
        self.turns.push(Turn { thread, steps: 1, start: Start::TakesLock });
    }

    /// The locations at which threads were in each other's way: one changed what another got at.
    pub(super) fn shared(&self) -> BTreeSet<Location> {
        let mut users: BTreeMap<Location, (BTreeSet<usize>, bool)> = BTreeMap::new();
        for event in self.events.iter().filter(|event| event.together) {
            for access in &event.accesses {
                let (threads, written) = users.entry(access.location).or_default();
                threads.insert(event.thread);
                *written |= access.how.writes();
            }
        }
        users.retain(|_, (threads, written)| *written && threads.len() > 1);
        users.into_keys().collect()
    }

    /// Takes note of what each daemon that the end of the program has cut short would have done in the rest of its iteration.
    pub(super) fn go_on(&mut self, module: &Module, state: &State) {
        for thread in (0..state.threads.len()).filter(|&thread| state.threads[thread].daemon) {
            let mut machine = Machine::at(module, state.clone());
            for _ in 0..MOST_BEYOND {
                if machine.state.threads[thread].finished {
                    break;
                }
                let mut event = Event::before(&machine, thread, true);
                let Ok(step @ Step::Done { .. }) = machine.step(thread) else { break };
                event.is_done(&machine, step);
                let is_last = event.ends_iteration();
                self.beyond.push(event);
                if is_last {
                    break;
                }
            }
        }
    }

    /// All that was done, and what daemons would have done next.
    pub(super) fn events(&self) -> Vec<Event> {
        [&self.events[..], &self.beyond].concat()
    }

    /// What makes the difference in it.
    pub(super) fn collision(
        &self,
        module: &Module,
        state: &State,
        shared: &BTreeSet<Location>,
    ) -> Option<Collision> {
        collision(&self.events(), module, state, (shared, self.up_to_date))
    }

    /// What threads read and then wrote with no place in between at which another could have come in, as often as they did: its name,
    /// and the two lines.
    pub(super) fn closed(
        &self,
        module: &Module,
        state: &State,
        shared: &BTreeSet<Location>,
    ) -> BTreeSet<(String, u32, u32)> {
        let (mut closed, mut open) = (BTreeSet::new(), BTreeSet::new());
        // Where each line has read it first since it was written last.
        let mut reads: BTreeMap<(usize, Location), BTreeMap<u32, usize>> = BTreeMap::new();
        for (at, event) in self.events.iter().enumerate().filter(|(_, event)| event.together) {
            for access in event.accesses.iter().filter(|access| shared.contains(&access.location)) {
                let place = (event.thread, access.location);
                let Some(line) = event.line else { continue };
                if !access.how.writes() {
                    reads.entry(place).or_default().entry(line).or_insert(at);
                    continue;
                }
                for (first, read) in reads.remove(&place).unwrap_or_default() {
                    let mut mine = self.events[read..at].iter().filter(|other| other.thread == event.thread);
                    // It lets go of the GIL where it waits for a lock, too.
                    let takes = |other: &Event| other.accesses.iter().any(|access| access.how == Use::Take);
                    let interrupted = mine.any(|other| other.can_drop || takes(other));
                    let pairs = if interrupted { &mut open } else { &mut closed };
                    pairs.insert((
                        location_name(module, state, access.location, &[first, line]),
                        first,
                        line,
                    ));
                }
            }
        }
        closed.retain(|pair| !open.contains(pair));
        closed
    }

    /// Who takes a lock in its sleep, and the line in which it waits for that.
    pub(super) fn sleepers(&self) -> BTreeSet<(usize, u32)> {
        let takers = self.events.iter().enumerate().filter_map(|(at, event)| Some((at, event.taken_by?)));
        let line = |(at, thread): (usize, usize)| {
            let mut its = self.events[..at].iter().rev().filter(|event| event.thread == thread);
            Some((thread, its.find_map(|event| event.line)?))
        };
        takers.filter_map(line).collect()
    }

    /// What is shown of it: from where there is more than one thread, to where all but one have ended; and what that one does then if
    /// it was interrupted, and does not only wait for the others.
    fn shown(&self) -> impl Iterator<Item = &Event> {
        let alone = self.events.iter().rposition(|event| event.together).map_or(0, |last| last + 1);
        let goes_on = self.events.get(alone).is_some_and(|next| {
            let mut before = self.events[..alone].iter().rev().filter(|event| event.thread == next.thread);
            before.next().is_some_and(|last| last.can_drop && last.together)
        });
        let shown = move |(at, event): &(usize, &Event)| event.together || (goes_on && *at >= alone);
        self.events.iter().enumerate().filter(shown).map(|(_, event)| event)
    }

    /// The lines in the order in which they are run, from where there is more than one thread.
    pub(super) fn lines(&self, module: &Module) -> Vec<ScheduleLine> {
        let texts = lines(&module.texts.file);
        let mut lines: Vec<ScheduleLine> = Vec::new();
        // Where each thread is in each function: what is further on in the same line belongs to the same execution of it.
        let mut places = BTreeMap::new();
        let mut withs = BTreeMap::new();
        // Who has returned from a function, and so runs it anew: a pool's thread, with no line of its own in between.
        let mut returned = BTreeSet::new();
        // Who has ended an iteration, and the line of that loop: one that has only one other line goes through that again.
        let mut rounds: BTreeMap<(usize, usize, u16), Option<u32>> = BTreeMap::new();
        for event in self.shown() {
            let place = (event.thread, event.depth, event.code);
            let round = rounds.remove(&place);
            let loops = module.codes.get(usize::from(event.code)).map_or(&[][..], |code| &code.loops);
            if let Some(ended) = loops.iter().find(|one| one.ends.contains(&event.pc)) {
                rounds.insert(place, ended.line);
            }
            let anew =
                returned.contains(&place) || round.is_some_and(|line| line.is_some() && line != event.line);
            if event.opcode.starts_with("RETURN_") {
                returned.insert(place);
            } else if event.opcode != "RESUME" {
                returned.remove(&place);
            }
            let Some(line) = event.line else { continue };
            if module.instruction(event.code, event.pc).is_some_and(is_beside_its_line) {
                continue;
            }
            let text = texts.get(&line).map_or("", |text| text.trim());
            let before = places.insert(place, (line, event.pc));
            // What leaves a `with` block may bear the line of the `with`.
            let entered = withs.insert((place, line), event.pc).filter(|_| text.starts_with("with "));
            let continues = before.is_some_and(|(last, pc)| last == line && pc <= event.pc)
                || entered.is_some_and(|pc| pc <= event.pc);
            if !anew && lines.last().is_some_and(|last| last.thread == event.thread && last.line == line) {
                continue;
            }
            lines.push(ScheduleLine { thread: event.thread, line, text: text.to_owned(), continues });
        }
        lines
    }

    /// The instructions in the order in which they are done, from where there is more than one thread.
    pub(super) fn steps(
        &self,
        module: &Module,
        state: &State,
        shared: &BTreeSet<Location>,
    ) -> Vec<ScheduleStep> {
        let steps = self.shown().filter(|event| !event.opcode.is_empty()).map(|event| {
            let names = |write: bool| {
                let those = event.accesses.iter().filter(|access| access.how.writes() == write);
                let mut names: Vec<String> = those
                    .filter(|access| shared.contains(&access.location))
                    .map(|access| location_name(module, state, access.location, event.line.as_slice()))
                    .collect();
                names.dedup();
                names
            };
            let argument = module.instruction(event.code, event.pc).map_or("", |known| &*known.argument);
            ScheduleStep {
                thread: event.thread,
                line: event.line,
                instruction: format!("{} {argument}", event.opcode).trim_end().to_owned(),
                reads: names(false),
                writes: names(true),
                can_drop: event.can_drop,
            }
        });
        steps.collect()
    }
}

/// Whether a thread comes to a place there that ends a step of a turn.
pub(super) fn ends_step(machine: &Machine<'_>, thread: usize, step: Step) -> bool {
    !matches!(step, Step::Done { may_drop: false })
        || machine.offered
        || machine.state.threads[thread].finished
}

/// Whether it bears the number of a line that it is no part of, and that may not have been run.
fn is_beside_its_line(instruction: &Instruction) -> bool {
    match instruction.part {
        PartOf::Line => false,
        PartOf::Nothing => true,
        PartOf::With(line) => instruction.position.is_some_and(|position| position.line != line),
    }
}

//! The program as it stands, in one schedule: what several threads do of it, though with small numbers perhaps one alone does it.
//!
//! A number that was not taken as small, though what it has to do with others was, can leave a thread without anything to do: of a list
//! that is three elements long by now, `data[4500:9000]` has none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::coverage;
use super::finding::{Finding, Kind};
use super::machine::{KNOWN, Machine, Step};
use super::reached::{By, Reached, Spot};
use super::small::{self, Scope};
use crate::python::program::module::Module;
use crate::python::program::{Place, compile_module, parse_program};
use crate::python::version::Version;

/// How much is done of the program: so many instructions, or fewer where it has large objects.
const BUDGET: usize = 100_000;

/// Where the program as it stands does not come to its threads, as it makes a list beyond the model first or goes round a loop too often,
/// numbers of iterations are this.
const MANY: u32 = 1000;

/// After so many instructions of a thread it is the next one's turn. Turns of one length could end in the same place of a loop each time,
/// such as where a lock is held, which keeps the others out.
const TURNS: [usize; 5] = [200, 60, 110, 50, 90];

/// Objects that weigh so much make an instruction twice as dear, as each use may copy one.
const HEAVY: usize = 32_768;

/// So do so many results of calls in the midst of an instruction, which begins anew after each.
const CALLS: usize = 32;

/// What a schedule of a program has shown.
#[derive(Debug, Default)]
struct Shown {
    /// What several of its threads do.
    several: BTreeSet<Spot>,
    /// How it ends; nothing where it leaves the model, takes too long, or rests on a time limit.
    end: Option<Met>,
}

/// How a schedule ends.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Met {
    /// With these exceptions that nothing has caught.
    End(Vec<String>),
    /// Threads wait for what never comes.
    Wait,
}

/// A program as it stands.
#[derive(Debug)]
pub(super) struct Unreduced<'t> {
    text: &'t str,
    shown: OnceLock<Shown>,
}

impl<'t> Unreduced<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, shown: OnceLock::new() }
    }

    /// What several of its threads do, as far as it is tried; none where that leaves the model.
    pub(super) fn several(&self, version: Version) -> &BTreeSet<Spot> {
        &self.shown(version).several
    }

    fn shown(&self, version: Version) -> &Shown {
        self.shown.get_or_init(|| {
            let shown = run(self.text, version, None).unwrap_or_default();
            if !shown.several.is_empty() || shown.end.is_some() {
                return shown;
            }
            // How it ends with other numbers than its own says nothing.
            let with_many = run(self.text, version, Some(MANY.into())).unwrap_or_default();
            Shown { end: None, ..with_many }
        })
    }

    /// What the program does as it stands that no order does which was found with small numbers: then these make another program of it.
    pub(super) fn departs(&self, finding: &Finding) -> Option<String> {
        let departs = |end: &Met| departs(end, finding);
        self.shown(finding.version).end.as_ref().and_then(departs)?;
        // Another version may have done otherwise.
        run(self.text, finding.version, None)?.end.as_ref().and_then(departs)
    }
}

/// In which way an end is none that was found.
fn departs(end: &Met, finding: &Finding) -> Option<String> {
    let is_right = matches!(finding.kind, Kind::Exact | Kind::Differs);
    let none_ends = finding.kind == Kind::Deadlocks && finding.prints.is_empty();
    match end {
        Met::Wait if is_right && !finding.orders.wait => {
            Some("threads wait for what never comes, and with numbers that small they never do".to_owned())
        }
        Met::End(_) if none_ends => {
            Some("the program ends, and with numbers that small no order does".to_owned())
        }
        Met::End(raised) if is_right && finding.orders.raise && raised.is_empty() => {
            Some("nothing is raised, and with numbers that small every order raises something".to_owned())
        }
        Met::End(raised) if is_right => {
            let lines = || finding.expected.iter().flatten();
            let is_known = |raised: &str| lines().any(|line| class_in(line) == raised);
            let new = raised.iter().find(|raised| !is_known(raised))?;
            Some(format!("{new} is raised, and with numbers that small it never is"))
        }
        _ => None,
    }
}

/// What several threads of a program with small numbers do in one and the same schedule, as far as a few schedules show it: in another one
/// each of them may do it, but only one.
pub(super) fn together(module: &Module) -> BTreeSet<Spot> {
    [&[1][..], &[5], &[20], &[60], &TURNS].iter().flat_map(|turns| in_turns(module, turns).several).collect()
}

/// Runs a program as it stands, or with numbers of that size.
fn run(text: &str, version: Version, scope: Option<Scope>) -> Option<Shown> {
    let mut stmts = parse_program(text).ok()?;
    coverage::check(&stmts, &|position| Place::new(text, position)).ok()?;
    if let Some(scope) = scope {
        small::shrink(&mut stmts, scope);
    }
    let module = compile_module(&stmts, text, version, &KNOWN, false).ok()?;
    Some(in_turns(&module, &TURNS))
}

/// Runs a program, a thread after the other for so many instructions each.
fn in_turns(module: &Module, turns: &[usize]) -> Shown {
    let mut machine = Machine::start(module);
    let mut done: BTreeMap<Spot, By> = BTreeMap::new();
    let (mut left, mut goes_on) = (BUDGET, true);
    let mut turns = turns.iter().cycle();
    while goes_on {
        goes_on = false;
        let mut thread = 0;
        while thread < machine.state.threads.len() {
            let (mut dear, turn) = (0, *turns.next().unwrap_or(&TURNS[0]));
            for taken in 0.. {
                let at = Reached::place(&machine, thread);
                // What leaves the model with large numbers was nonetheless done up to there.
                let Ok(step) = machine.step(thread) else {
                    return Shown { several: by_several(done), end: None };
                };
                let Step::Done { may_drop } = step else { break };
                goes_on = true;
                let frames = machine.state.threads[thread].frames.iter();
                dear += frames.map(|frame| frame.progress.len()).sum::<usize>() / CALLS;
                if let Some((code, pc, _)) = at
                    && let Some(position) = module.codes[usize::from(code)].instructions[pc].statement()
                {
                    done.entry(Spot::at(position)).or_default().note(thread);
                }
                if machine.state.threads[thread].finished
                    || (may_drop && taken + dear >= turn)
                    || dear >= left
                {
                    break;
                }
            }
            machine.state.compact();
            left = left.saturating_sub(dear + turn * (1 + machine.state.weight() / HEAVY));
            thread += 1;
        }
        goes_on &= left > 0;
    }
    let end = if left > 0 { met(&mut machine) } else { None };
    Shown { several: by_several(done), end }
}

/// How a schedule has ended in which no thread goes on.
fn met(machine: &mut Machine<'_>) -> Option<Met> {
    let is_left = |machine: &Machine<'_>, at: usize| {
        let thread = &machine.state.threads[at];
        !thread.finished && !thread.daemon
    };
    let count = machine.state.threads.len();
    if !(0..count).any(|at| is_left(machine, at)) {
        let mut raised = Vec::new();
        for text in &machine.state.uncaught {
            raised.push(class_in(text).to_owned());
        }
        return Some(Met::End(raised));
    }
    machine.expires = true;
    let mut waits = true;
    for at in 0..count {
        waits &= machine.state.threads[at].finished || matches!(machine.step(at), Ok(Step::Blocked));
    }
    waits.then_some(Met::Wait)
}

/// The class in the text of an exception.
fn class_in(text: &str) -> &str {
    text.split_once(':').map_or(text, |(class, _)| class)
}

fn by_several(done: BTreeMap<Spot, By>) -> BTreeSet<Spot> {
    done.into_iter().filter(|(_, by)| *by == By::Several).map(|(spot, _)| spot).collect()
}

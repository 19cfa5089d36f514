//! What each version makes of a program: exact, or how not.

use std::collections::BTreeSet;

use rayon::prelude::*;
use thiserror::Error;

use super::ending::Ending;
use super::finding::{Finding, Kind, NotCovered, Orders, Shows, endings_of_orders, lines, safe, shown, tell};
use super::machine::{Beyond, KNOWN};
use super::pause::{Bounds, Switching, Unfinished};
use super::reached::Untried;
use super::reduction::{Small, parse};
use super::replay::{self, PlayError};
use super::search::Search;
use super::small::Scope;
use super::unreduced::{Unreduced, together};
use super::witness::{Record, Turn};
use super::worst::{self, may_be_right};
use crate::error::{Classified, Kind as ErrorKind};
use crate::python::program::module::Module;
use crate::python::program::syntax::Stmt;
use crate::python::program::{Place, SourceError, SourceErrorKind, compile_module, refusal};
use crate::python::version::Version;
use crate::system::control::Control;

/// The most states of one search.
const MOST_STATES: usize = 60_000;

/// The most instructions of one version's searches.
const MOST_STEPS: u64 = 6_000_000;

/// The fewest iterations of a long loop.
const FEWEST: u32 = 2;

/// What to do where small numbers make another program of one.
const HOW_TO_TELL: &str =
    "give it smaller numbers of its own, which are tried as they are, or a larger --scope";

/// What was found for all versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The numbers that were taken as smaller ones.
    pub small: Small,
    /// A finding for each version, in the order in which they were asked for.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// How many instructions were done in all.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.findings.iter().map(|finding| finding.work).sum()
    }

    /// Whether more may be tried with larger numbers, or with more rounds of loops that have no end of their own.
    #[must_use]
    pub fn is_reduced(&self) -> bool {
        !self.small.is_as_it_stands() || self.findings.iter().any(|finding| finding.few_rounds)
    }

    /// What of the program no schedule has done on any version on which nothing goes wrong.
    #[must_use]
    pub fn untried(&self) -> Untried {
        let right = self.findings.iter().filter(|finding| finding.goes_on());
        let untried = right.map(|finding| finding.untried.clone());
        untried.reduce(|one, other| one.and(&other)).unwrap_or_default()
    }
}

/// Why there is no verdict.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CheckError {
    /// The program is not taken.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The program runs into something that is not modelled.
    #[error("not covered: {what}{}", place.as_ref().map(|place| format!("\n{place}")).unwrap_or_default())]
    Beyond {
        /// What.
        what: String,
        /// Where.
        place: Option<Place>,
    },
    /// A schedule does not fit the program.
    #[error(transparent)]
    Schedule(#[from] PlayError),
    /// A stop was asked for.
    #[error(
        "stopped before every schedule of the program was tried; run it again, on one version (--cpython) or with --scope 2 if it takes too long"
    )]
    Stopped,
}

impl Classified for CheckError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Schedule(PlayError::Thread(_)) => ErrorKind::Failure,
            Self::Source(_) | Self::Beyond { .. } | Self::Schedule(_) => ErrorKind::Usage,
            Self::Stopped => ErrorKind::Interrupted,
        }
    }
}

/// Checks a program on some versions, with loops of so many iterations.
///
/// # Errors
///
/// If the program is not Python, or not covered; the error names the construct and shows its place.
pub fn check(
    text: &str,
    versions: &[Version],
    scope: impl Into<Scope>,
    control: &Control,
) -> Result<Checked, CheckError> {
    let scope = scope.into();
    let (stmts, small) = parse(text, scope)?;
    let unreduced = Unreduced::new(text);
    let unreduced = (!small.is_as_it_stands()).then_some(&unreduced);
    let mut findings = Vec::new();
    // What one version does and the model does not is no reason to say nothing of the others.
    let mut refusals = Vec::new();
    let checked: Vec<(Version, Result<Finding, CheckError>)> = versions
        .par_iter()
        .map(|&version| (version, check_version(&stmts, (text, scope), version, &small, unreduced, control)))
        .collect();
    for (version, checked) in checked {
        match checked {
            Err(CheckError::Beyond { what, place }) => {
                let line = place.as_ref().map(|place| place.position.line);
                findings.push(Finding::beyond(version, NotCovered { what: what.clone(), line }));
                refusals.push(CheckError::Beyond { what, place });
            }
            finding => findings.push(finding?),
        }
    }
    match refusals.pop() {
        Some(refusal) if refusals.len() + 1 == findings.len() => Err(refusal),
        _ => Ok(Checked { small, findings }),
    }
}

/// What came of carrying out a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// The numbers that were taken as smaller ones.
    pub small: Small,
    /// How it ends, and what that shows.
    pub finding: Finding,
    /// How it ended on real threads, if they were to carry it out.
    pub real: Option<RealThreads>,
}

/// How real threads ended that carried out a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RealThreads {
    /// Whether they left what the schedule leaves.
    pub agrees: bool,
    /// What they printed and raised.
    pub ends: Vec<String>,
}

/// Carries out a schedule of a program, on real threads as well if they are asked for.
///
/// # Errors
///
/// As [`check`]; if the schedule does not fit the program; if there is no room for a thread.
pub fn play(
    text: &str,
    version: Version,
    scope: impl Into<Scope>,
    turns: &[Turn],
    on_threads: bool,
    control: &Control,
) -> Result<Played, CheckError> {
    let (stmts, small) = parse(text, scope.into())?;
    let mut module = compile_module(&stmts, text, version, &KNOWN, small.is_warm())?;
    module.rounds = small.rounds;
    let bounds = Bounds { states: MOST_STATES, steps: MOST_STEPS, control };
    let unfinished = |unfinished| match unfinished {
        Unfinished::Limit(limit) => CheckError::Beyond { what: limit, place: None },
        Unfinished::Stopped => CheckError::Stopped,
        Unfinished::Beyond(Beyond { what, place }) => CheckError::Beyond { what, place },
    };
    let mut whole = Search::new(&module, Switching::Iterations);
    let serial = whole.run(&bounds, None).map_err(unfinished)?;
    let serial: Vec<Ending> = serial.into_iter().map(|(ending, _)| ending).collect();
    let orders = Orders::of(whole.iterates, &serial);
    let expected: Vec<Ending> = serial.into_iter().filter(|ending| ending.waiting.is_empty()).collect();
    let mut record = Record::default();
    let state =
        replay::play(&module, turns, &mut |machine, thread, told| record.note(machine, thread, told))?;
    record.go_on(&module, &state);
    let ending = replay::ending(&module, &state)?;
    let shows = Shows::of(&ending, &expected);
    let right = shows.is_none();
    let mut kind = shows.map_or(Kind::Exact, |shows| shows.kind);
    if let Some(shows) = shows.filter(|_| kind == Kind::Loses) {
        let mut search = Search::new(&module, Switching::Places);
        search.conflicts = &whole.conflicts | &record.shared();
        search.share(search.conflicts.clone(), BTreeSet::new());
        let order = replay::order_of(&mut search, turns, &bounds).map_err(unfinished)?;
        let played = (&order[..], &mut record, &state);
        if may_be_right(&mut search, played, &bounds).map_err(unfinished)? || shows.reordered {
            kind = Kind::Differs;
        }
    }
    let mut finding = Finding::new(version, kind, String::new());
    finding.orders = orders;
    finding.expected = expected.iter().map(shown).collect();
    finding.expected.sort();
    finding.expected.dedup();
    finding.prints.clone_from(&finding.expected);
    tell(&mut finding, &module, &ending, &expected, &record, &state, &record.shared());
    if right {
        finding.collision = None;
        finding.hidden = false;
        finding.reason = format!("this schedule ends as {}", orders.words());
    }
    let real = if on_threads {
        let real = replay::ending(&module, &replay::on_threads(&module, turns)?)?;
        Some(RealThreads { agrees: real == ending, ends: shown(&real) })
    } else {
        None
    };
    Ok(Played { small, finding, real })
}

fn check_version(
    stmts: &[Stmt],
    (text, scope): (&str, Scope),
    version: Version,
    small: &Small,
    unreduced: Option<&Unreduced<'_>>,
    control: &Control,
) -> Result<Finding, CheckError> {
    let compiled = refusal(text, version)
        .map_or_else(|| compile_module(stmts, text, version, &KNOWN, small.is_warm()), Err);
    let mut module = match compiled {
        Ok(module) => module,
        Err(error) if error.kind == SourceErrorKind::NotPython => {
            return Ok(Finding::new(version, Kind::NotPython, error.message));
        }
        Err(error) => return Err(error.into()),
    };
    module.rounds = small.rounds;
    let bounds = Bounds { states: MOST_STATES, steps: MOST_STEPS, control };
    match judge(&module, unreduced, &bounds) {
        Ok((mut found, silenced)) => {
            if found.goes_on() && !found.expected.iter().flatten().any(|it| it.starts_with("AssertionError"))
            {
                for line in small.asserts.iter().filter(|line| !found.untried.lines.contains(line)) {
                    found.untried.tests.insert(*line);
                }
            }
            if let Some(how) = unreduced.and_then(|unreduced| unreduced.departs(&found)) {
                let reason = format!("as it stands, {how}: {HOW_TO_TELL}");
                let finding = Finding {
                    work: found.work,
                    departs: true,
                    ..Finding::new(version, Kind::Incomplete, reason)
                };
                return Ok(finding);
            }
            if silenced && matches!(found.kind, Kind::Exact | Kind::Differs) {
                module.warm = false;
                if let Some(remark) =
                    before_specialising(&module, (text, scope), found.kind, unreduced, &bounds)?
                {
                    found.cold_differs = true;
                    found.reason += &remark;
                    found.remark += &remark;
                }
            }
            Ok(found)
        }
        Err(Unfinished::Limit(limit)) => Ok(Finding::new(version, Kind::Incomplete, limit)),
        Err(Unfinished::Stopped) => Err(CheckError::Stopped),
        Err(Unfinished::Beyond(Beyond { what, place })) => Err(CheckError::Beyond { what, place }),
    }
}

/// What is to be said of the first iterations of a program, whose calls are not specialised yet: nothing where these are *exact*, too, or as
/// the others are.
fn before_specialising(
    module: &Module,
    (text, scope): (&str, Scope),
    kind: Kind,
    unreduced: Option<&Unreduced<'_>>,
    bounds: &Bounds<'_>,
) -> Result<Option<String>, CheckError> {
    let holds = "; that holds once its calls are specialised, and in the first iterations, before that,";
    let (cold, is_all) = match judge(module, unreduced, bounds) {
        // What these lose they may lose in fewer, of which every schedule can be tried.
        Err(Unfinished::Limit(_)) if scope.iterations > FEWEST => {
            let (stmts, small) = parse(text, Scope { iterations: FEWEST, ..scope })?;
            let mut fewer = compile_module(&stmts, text, module.version, &KNOWN, false)?;
            fewer.rounds = small.rounds;
            (judge(&fewer, unreduced, bounds), false)
        }
        cold => (cold, true),
    };
    match cold {
        Err(Unfinished::Stopped) => Err(CheckError::Stopped),
        Ok((cold, _)) if cold.kind == kind || (is_all && cold.kind == Kind::Exact) => Ok(None),
        Ok((cold, _)) if cold.kind != Kind::Exact => {
            Ok(Some(format!("{holds} the verdict is {}: {}", cold.kind.word(), cold.reason)))
        }
        _ => Ok(Some(format!("{holds} not every schedule was tried"))),
    }
}

/// A finding, and whether it rests on calls that are taken to be specialised.
fn judge(
    module: &Module,
    unreduced: Option<&Unreduced<'_>>,
    bounds: &Bounds<'_>,
) -> Result<(Finding, bool), Unfinished> {
    let none = BTreeSet::new();
    let several = || unreduced.map_or(&none, |unreduced| unreduced.several(module.version));
    let mut whole = Search::new(module, Switching::Iterations);
    let serial = whole.run(bounds, None)?;
    let one_order = serial.first().map(|(_, order)| order.clone()).unwrap_or_default();
    let serial: Vec<Ending> = serial.into_iter().map(|(ending, _)| ending).collect();
    let orders = Orders::of(whole.iterates, &serial);
    let mut expected: Vec<Ending> = serial.into_iter().filter(|ending| ending.waiting.is_empty()).collect();
    let mut search = Search::new(module, Switching::DropPoints);
    let worst = worst::of(&mut search, module, &mut expected, bounds)?;
    let mut finding = Finding::new(module.version, Kind::Exact, String::new());
    finding.orders = orders;
    finding.work = whole.steps + search.steps;
    let assumed = whole.assumed.or(search.assumed);
    finding.time_limits = assumed.long_limits;
    finding.given_order = assumed.given_order;
    finding.pipes = assumed.pipes;
    finding.parts = assumed.parts;
    finding.clocks = assumed.clocks;
    finding.chance = assumed.chance;
    finding.standard_error = assumed.standard_error;
    finding.few_rounds = assumed.few_rounds;
    finding.expected = expected.iter().map(shown).collect();
    finding.expected.sort();
    finding.expected.dedup();
    finding.prints.clone_from(&finding.expected);
    let missing = |ending: &Ending| ending.uncaught.iter().any(|text| text.starts_with("ImportError"));
    if !expected.is_empty() && expected.iter().all(missing) {
        finding.kind = Kind::NotPython;
        finding.reason = expected[0].uncaught.join(", ");
        return Ok((finding, false));
    }
    let Some(worst) = worst else {
        let mut record = Record::default();
        let state = whole
            .replay(&one_order, bounds, &mut |machine, thread, told| record.note(machine, thread, told))?;
        finding.processes = state.threads.iter().any(|thread| thread.process > 0);
        finding.daemons_print = search.daemons_print(&state);
        finding.closed = record.closed(module, &state, &search.conflicts);
        finding.untried = search.reached.untried(&whole.reached, module, several());
        finding.uneven = unreduced.is_some() && !several().is_subset(&together(module));
        finding.remark = lines(&search).to_owned()
            + &endings_of_orders(&expected, assumed.few_rounds, unreduced.is_some());
        finding.reason = safe(&search, orders) + &finding.remark;
        return Ok((finding, search.assumed.specialised));
    };
    finding.kind = worst.kind;
    if finding.kind == Kind::Differs {
        finding.untried = search.reached.untried(&whole.reached, module, several());
    }
    let (record, state) = worst.played(&mut search, bounds)?;
    finding.daemons_print = search.daemons_print(&state);
    tell(&mut finding, module, &worst.ending, &expected, &record, &state, &search.conflicts);
    finding.reason += &worst.remark;
    if finding.kind == Kind::Differs {
        finding.reason += &endings_of_orders(&expected, assumed.few_rounds, unreduced.is_some());
    }
    Ok((finding, search.assumed.specialised))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_reduction_leaves_out_no_ending() {
        let (mut reduced_steps, mut all_steps) = (0, 0);
        for text in [
            include_str!("../../../tests/programs/account.py"),
            include_str!("../../../tests/programs/deadlock_two_locks.py"),
            "import threading\nL = threading.Lock()\nx = 0\ndef work():\n    global x\n    with L:\n        int('1')\n    y = x\n    with L:\n        \
             x = y + 1\nts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(x)\n",
            // All that is shared is guarded by a lock, but for what is printed in the critical section.
            "import threading\nL = threading.Lock()\nlog = []\nx = 0\ndef work(k):\n    global x\n    with L:\n        x = int(x) + 1\n        \
             print(k)\n        log.append(x)\n    print(k)\nts = [threading.Thread(target=work, args=(k,)) for k in range(2)]\nfor t in ts: t.start()\n\
             for t in ts: t.join()\nprint(x, log)\n",
            // One of two ways to get at it is guarded, or both are, by a lock each; and one that guards while another thread lets go of it.
            "import threading\nL = threading.Lock()\nx = 0\ndef work(k):\n    global x\n    if k or x:\n        with L:\n            x = int(x) + 1\n    \
             else:\n        x = int(x) + 1\nts = [threading.Thread(target=work, args=(k,)) for k in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(x)\n",
            "import threading\nLs = [threading.Lock() for k in range(2)]\nx = 0\ndef work(k):\n    global x\n    with Ls[k]:\n        x = int(x) + 1\n\
             ts = [threading.Thread(target=work, args=(k,)) for k in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(x)\n",
            // Who waits for what another thread takes itself.
            "import threading, queue\nq = queue.Queue()\nlog = []\ndef get():\n    log.append(q.get())\ndef both():\n    q.put(2)\n    if q.qsize():\n        \
             log.append(q.get())\nts = [threading.Thread(target=get), threading.Thread(target=both)]\nfor t in ts: t.start()\n\
             for t in ts: t.join()\nprint(log)\n",
            // A release that fails where the lock is free.
            "import threading\nL = threading.Lock()\nlog = []\ndef free():\n    try: L.release()\n    except RuntimeError: log.append('e')\ndef work():\n    \
             if L.acquire(False):\n        log.append(1)\n        L.release()\nts = [threading.Thread(target=free), threading.Thread(target=work)]\n\
             for t in ts: t.start()\nfor t in ts: t.join()\nprint(log)\n",
            "import threading\nL = threading.Lock()\nx = 0\ndef work(k):\n    global x\n    L.acquire()\n    y = int(x)\n    x = y + 1\n    L.release()\n\
             def free():\n    if L.locked(): L.release()\nts = [threading.Thread(target=work, args=(k,)) for k in range(2)]\nts.append(threading.Thread(target=free))\n\
             for t in ts: t.start()\nfor t in ts: t.join()\nprint(x)\n",
        ] {
            for version in [Version::V3_9, Version::V3_12, Version::V3_13t] {
                let (stmts, small) = parse(text, 2.into()).unwrap();
                let module =
                    compile_module(&stmts, text, version, &KNOWN, !small.numbers.is_empty()).unwrap();
                let control = Control::default();
                let bounds = Bounds { states: 20 * MOST_STATES, steps: 20 * MOST_STEPS, control: &control };
                let endings = |switching, steps: &mut u64| {
                    let mut search = Search::new(&module, switching);
                    let found = search.run(&bounds, None).unwrap();
                    *steps += search.steps;
                    found.into_iter().map(|(ending, _)| ending).collect::<HashSet<Ending>>()
                };
                let reduced = endings(Switching::DropPoints, &mut reduced_steps);
                let all = endings(Switching::EveryDropPoint, &mut all_steps);
                assert_eq!(reduced, all, "{version}: {text}");
            }
        }
        assert!(
            5 * reduced_steps < all_steps,
            "it pays: {reduced_steps} instructions instead of {all_steps}"
        );
    }

    #[test]
    fn of_the_first_iterations_something_is_said_though_not_every_schedule_of_them_can_be_tried() {
        let text = "import threading\ninbox = []\nhandled = 0\nlock = threading.Lock()\ndef collect():\n    global handled\n    with lock:\n        \
                    handled += len(inbox)\n        inbox.clear()\ndef post(n):\n    for i in range(n):\n        inbox.append(i)\n        if i % 50 == 49:\n            \
                    collect()\nts = [threading.Thread(target=post, args=(1000,)) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n\
                    collect()\nprint(handled)\n";
        let control = Control::default();
        let remark = |steps, iterations| {
            let scope = Scope { iterations, in_proportion: true };
            let (stmts, small) = parse(text, scope).unwrap();
            let mut module = compile_module(&stmts, text, Version::V3_11, &KNOWN, false).unwrap();
            module.rounds = small.rounds;
            let bounds = Bounds { states: MOST_STATES, steps, control: &control };
            before_specialising(&module, (text, scope), Kind::Exact, None, &bounds).unwrap().unwrap()
        };
        for (steps, iterations) in [(MOST_STEPS, 3), (30_000, 10)] {
            let said = remark(steps, iterations);
            assert!(said.contains("the verdict is loses: inbox is read"), "{iterations}: {said}");
        }
        assert!(remark(300, 10).ends_with("not every schedule was tried"));
    }
}

//! The counts, held against every schedule tried one by one, against SPIN, and against formulas.

use super::questions::{CROSSED, binomial, explore, machine, program};
use gilsim::explore::{FinalState, Findings, Grade, Limits, Outcome, Question, Switching};
use gilsim::measure::Pattern;
use gilsim::python::program::{Program, SharedState, Step, Touched, WorkerState};
use gilsim::python::version::Version;
use gilsim::system::control::Control;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// What comes out: how many schedules, and the fewest preemptions.
type Table = BTreeMap<FinalState, (u64, u16)>;

fn table(findings: &Findings) -> Table {
    let row = |outcome: &Outcome| {
        let schedules = u64::try_from(&outcome.schedules).unwrap();
        (outcome.ending.clone(), (schedules, outcome.preemptions.unwrap()))
    };
    findings.outcomes.iter().map(row).collect()
}

fn note(table: &mut Table, ending: FinalState, preemptions: u16) {
    let (schedules, fewest) = table.entry(ending).or_insert((0, u16::MAX));
    *schedules += 1;
    *fewest = (*fewest).min(preemptions);
}

/// Load, add and store as a person would write them: nothing of gilsim is in it.
#[derive(Clone, Copy)]
struct ByHand {
    delta: i64,
    done: u64,
    register: i64,
}

fn try_all(workers: &mut Vec<ByHand>, x: i64, steps: u64, last: Option<usize>, cost: u16, table: &mut Table) {
    if workers.iter().all(|worker| worker.done == steps) {
        return note(table, FinalState::Value(x), cost);
    }
    for at in 0..workers.len() {
        let before = workers[at];
        if before.done == steps {
            continue;
        }
        let mut after = x;
        match before.done % 3 {
            0 => workers[at].register = x,
            1 => workers[at].register += before.delta,
            _ => after = before.register,
        }
        workers[at].done += 1;
        let preempted = last.is_some_and(|last| last != at && workers[last].done < steps);
        try_all(workers, after, steps, Some(at), cost + u16::from(preempted), table);
        workers[at] = before;
    }
}

#[test]
fn machine_steps_are_those_of_an_enumeration_by_hand() {
    let program = program("x += d", "", Version::newest_with_gil());
    let sizes = [(1, 3), (2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (4, 1)];
    for (workers, iterations) in sizes {
        for pattern in [Pattern::Plus, Pattern::PlusMinus] {
            if (workers, iterations, pattern) == (3, 2, Pattern::Plus) {
                continue; // 17 million schedules: the other pattern, whose outcomes are more, is enough.
            }
            let question = machine(&program, workers, iterations, pattern);
            let mut by_hand = (0..workers)
                .map(|worker| ByHand { delta: question.delta(worker), done: 0, register: 0 })
                .collect();
            let mut expected = Table::new();
            try_all(&mut by_hand, 0, 3 * iterations, None, 0, &mut expected);
            let explored = explore(&question);
            assert_eq!(table(&explored.findings), expected, "T={workers} N={iterations} {pattern:?}");
            let right: i64 = (0..workers).map(|worker| question.delta(worker)).sum();
            for outcome in &explored.findings.outcomes {
                let is_right = outcome.ending == FinalState::Value(right * iterations.cast_signed());
                assert_eq!(outcome.grade == Grade::Right, is_right);
            }
        }
    }
}

/// The steps of a version, taken from the program one instruction at a time. Who finds a lock taken sleeps, if the GIL may not go
/// after each instruction anyway, and takes the lock in a step of its own: for that it needs no GIL.
fn try_steps(
    program: &Program,
    states: &[(WorkerState, bool)],
    shared: SharedState,
    last: Option<usize>,
    cost: u16,
    table: &mut Table,
) {
    let mut waits = BTreeSet::new();
    let sleep = program.version() > Version::V3_9;
    let next: Vec<Option<((WorkerState, bool), SharedState)>> = states
        .iter()
        .map(|(state, asleep)| {
            let (mut state, mut shared) = (state.clone(), shared);
            let mut seen = false;
            if state.finished() {
                return None;
            }
            loop {
                match program.step(&mut state, &mut shared).unwrap() {
                    Step::Blocked(_) if seen || sleep && !asleep => return Some(((state, sleep), shared)),
                    Step::Blocked(lock) => {
                        waits.insert(lock);
                        return None;
                    }
                    Step::Done { may_drop, touched } => {
                        seen |= touched != Touched::Nothing;
                        if may_drop || *asleep || state.finished() {
                            return Some(((state, false), shared));
                        }
                    }
                    Step::Finished => return Some(((state, false), shared)),
                }
            }
        })
        .collect();
    if next.iter().all(Option::is_none) {
        let ending = if waits.is_empty() {
            FinalState::Value(shared.x)
        } else {
            FinalState::Deadlock(waits.into_iter().collect())
        };
        return note(table, ending, cost);
    }
    for (worker, step) in next.iter().enumerate() {
        let Some((state, shared)) = step else { continue };
        let mut states = states.to_vec();
        states[worker] = state.clone();
        let preempted = last.is_some_and(|last| last != worker && next[last].is_some());
        try_steps(program, &states, *shared, Some(worker), cost + u16::from(preempted), table);
    }
}

#[test]
fn the_steps_of_a_version_are_those_of_an_enumeration_by_instructions() {
    for (body, setup, version, iterations) in [
        ("x += d", "", Version::V3_9, 1),
        ("x += d", "", Version::V3_12, 3),
        ("x = x + int(1)", "", Version::V3_12, 2),
        ("x += one()", "", Version::V3_11, 1),
        ("x += one()", "", Version::V3_10, 1),
        ("t = x\nx = len(s) + t", "", Version::V3_10, 2),
        ("if x < 1: x += d", "", Version::V3_11, 2),
        ("with lock: x += d", "", Version::V3_12, 2),
        ("with lock: x = one() + x", "", Version::V3_12, 1),
        ("with lock: pass", "", Version::V3_9, 1),
        ("with lock: one()\nt = x\nwith lock: x = t + d", "", Version::V3_11, 1),
        ("f() if d > 0 else g()", CROSSED, Version::V3_11, 1),
    ] {
        let program = program(body, setup, version);
        for pattern in [Pattern::Plus, Pattern::PlusMinus] {
            let question =
                Question { program: &program, switching: Switching::Gil, workers: 2, iterations, pattern };
            let states: Vec<_> =
                (0..2).map(|worker| (program.start(question.delta(worker), iterations), false)).collect();
            let mut expected = Table::new();
            try_steps(&program, &states, SharedState::default(), None, 0, &mut expected);
            assert_eq!(table(&explore(&question).findings), expected, "{body} {version:?} {pattern:?}");
        }
    }
}

#[test]
fn two_workers_end_with_2_at_least_in_as_many_schedules_as_there_are() {
    let program = program("x += d", "", Version::newest_with_gil());
    let bare = Limits { witnesses: false, ..Limits::default() };
    for iterations in (2..=12).chain([20]) {
        let question = machine(&program, 2, iterations, Pattern::Plus);
        let explored = question.explore(&bare, &Control::default(), &mut |_| {}).unwrap();
        assert_eq!(explored.findings.extremes(), Some((2, 2 * iterations.cast_signed())));
        assert_eq!(explored.findings.total, binomial(6 * iterations, 3 * iterations), "N={iterations}");
    }
}

#[test]
fn three_workers_end_with_2_at_least() {
    let program = program("x += d", "", Version::newest_with_gil());
    for iterations in 2..=4 {
        let explored = explore(&machine(&program, 3, iterations, Pattern::Plus));
        assert_eq!(explored.findings.extremes(), Some((2, 3 * iterations.cast_signed())));
        let total = binomial(9 * iterations, 3 * iterations) * binomial(6 * iterations, 3 * iterations);
        assert_eq!(explored.findings.total, total);
    }
}

/// The outcomes of two workers by another model checker.
fn by_spin(iterations: i64) -> Result<BTreeSet<i64>, String> {
    let folder = tempfile::tempdir().unwrap();
    let model = format!(
        "short x = 0;\n\
         proctype worker() {{\n  short i = 0, r;\n  do\n  :: i < {iterations} -> r = x; x = r + 1; i++\n  :: else -> break\n  od\n}}\n\
         init {{ atomic {{ run worker(); run worker() }}; (_nr_pr == 1); printf(\"end %d\\n\", x) }}\n"
    );
    std::fs::write(folder.path().join("model.pml"), model).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let output = std::process::Command::new(program).args(arguments).current_dir(folder.path()).output();
        let output = output.map_err(|error| format!("no {program}: {error}"))?;
        Ok::<_, String>(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    run("spin", &["-a", "model.pml"])?;
    run("gcc", &["-O2", "-DSAFETY", "-DPRINTF", "-o", "pan", "pan.c"])?;
    let said = run(folder.path().join("pan").to_str().unwrap(), &["-m100000"])?;
    assert!(said.contains("errors: 0"), "{said}");
    Ok(said.lines().filter_map(|line| line.trim().strip_prefix("end ")?.parse().ok()).collect())
}

#[test]
fn another_model_checker_finds_the_same_outcomes() {
    let program = program("x += d", "", Version::newest_with_gil());
    for iterations in [5, 10, 16] {
        let expected = match by_spin(iterations) {
            Ok(expected) => expected,
            Err(reason) => {
                let _ = writeln!(std::io::stderr(), "skipped: {reason}; install spin and gcc");
                return;
            }
        };
        let findings = explore(&machine(&program, 2, iterations.cast_unsigned(), Pattern::Plus)).findings;
        let found: BTreeSet<i64> = findings
            .outcomes
            .iter()
            .map(|outcome| match outcome.ending {
                FinalState::Value(value) => value,
                FinalState::Raised(_) | FinalState::Deadlock(_) => panic!("there are no locks"),
            })
            .collect();
        assert_eq!(found, expected, "N={iterations}");
    }
}

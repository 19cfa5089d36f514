//! Every interleaving, held against enumerations that are written here, schedule by schedule, and against SPIN.

use gilsim::explore::{
    ExploreError, Explored, FinalState, Findings, Grade, Limits, Question, Schedule, ScheduleError, Switching,
};
use gilsim::measure::Pattern;
use gilsim::python::program::{Program, SharedState, Step, Touched, Verdict, WorkerState};
use gilsim::python::version::Version;
use gilsim::system::control::Control;
use num_bigint::BigUint;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// What comes out: how many schedules, and the fewest preemptions.
type Table = BTreeMap<FinalState, (u64, u16)>;

fn program(body: &str, setup: &str, version: Version) -> Program {
    Program::compile(body, setup, version).unwrap()
}

fn machine(program: &Program, workers: usize, iterations: u64, pattern: Pattern) -> Question<'_> {
    Question { program, switching: Switching::Machine, workers, iterations, pattern }
}

fn explore<'p>(question: &Question<'p>) -> Explored<'p> {
    question.explore(&Limits::default(), &Control::default(), &mut |_| {}).unwrap()
}

fn table(findings: &Findings) -> Table {
    let row = |outcome: &gilsim::explore::Outcome| {
        let schedules = u64::try_from(&outcome.schedules).unwrap();
        (outcome.ending.clone(), (schedules, outcome.preemptions.unwrap()))
    };
    findings.outcomes.iter().map(row).collect()
}

fn binomial(n: u64, k: u64) -> BigUint {
    (1..=k).fold(BigUint::from(1_u32), |product, i| product * (n - k + i) / i)
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

/// The steps of a version, taken from the program one instruction at a time.
fn try_steps(
    program: &Program,
    states: &[WorkerState],
    shared: SharedState,
    last: Option<usize>,
    cost: u16,
    table: &mut Table,
) {
    let mut waits = BTreeSet::new();
    let next: Vec<Option<(WorkerState, SharedState)>> = states
        .iter()
        .map(|state| {
            let (mut state, mut shared) = (state.clone(), shared);
            let mut seen = false;
            if state.finished() {
                return None;
            }
            loop {
                match program.step(&mut state, &mut shared).unwrap() {
                    Step::Blocked(_) if seen => return Some((state, shared)),
                    Step::Blocked(lock) => {
                        waits.insert(lock);
                        return None;
                    }
                    Step::Done { may_drop, touched } => {
                        seen |= touched != Touched::Nothing;
                        if may_drop || state.finished() {
                            return Some((state, shared));
                        }
                    }
                    Step::Finished => return Some((state, shared)),
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

/// Two locks taken in opposite orders.
const CROSSED: &str = "\
import threading
a = threading.Lock()
b = threading.Lock()
def f():
    with a:
        with b:
            return 1
def g():
    with b:
        with a:
            return -1
";

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
        ("f() if d > 0 else g()", CROSSED, Version::V3_11, 1),
    ] {
        let program = program(body, setup, version);
        for pattern in [Pattern::Plus, Pattern::PlusMinus] {
            let question =
                Question { program: &program, switching: Switching::Gil, workers: 2, iterations, pattern };
            let states: Vec<_> =
                (0..2).map(|worker| program.start(question.delta(worker), iterations)).collect();
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

/// Every outcome's schedule: reads back, has the preemptions that were promised, and ends there, in the mind and on
/// threads.
fn check_witnesses(explored: &Explored<'_>, on_threads: usize) {
    let question = explored.question();
    for outcome in &explored.findings.outcomes {
        let schedule = explored.schedule(&outcome.ending, &Control::default()).unwrap();
        assert_eq!(schedule.to_string().parse::<Schedule>().as_ref(), Ok(&schedule));
        let replayed = question.replay(&schedule).unwrap();
        assert_eq!(replayed.ending, outcome.ending, "{schedule}");
        assert_eq!(replayed.preemptions, u64::from(outcome.preemptions.unwrap()), "{schedule}");
        assert_eq!(replayed.trace.len() as u64, schedule.steps());
        let overwritten: u64 = replayed.trace.iter().map(|step| step.overwritten).sum();
        if outcome.grade == Grade::Lost {
            assert!(overwritten > 0, "{schedule}");
        }
        for _ in 0..on_threads {
            assert_eq!(question.replay_on_threads(&schedule).unwrap(), outcome.ending, "{schedule}");
        }
    }
}

#[test]
fn every_witness_replays_as_text_and_on_threads() {
    let newest = Version::newest_with_gil();
    let plain = program("x += d", "", newest);
    for (workers, iterations, pattern, on_threads) in [
        (2, 4, Pattern::Plus, 100),
        (2, 14, Pattern::Plus, 1),
        (2, 5, Pattern::PlusMinus, 10),
        (3, 3, Pattern::Plus, 10),
        (3, 2, Pattern::PlusMinus, 10),
        (4, 1, Pattern::Plus, 10),
        (4, 1, Pattern::PlusMinus, 10),
    ] {
        check_witnesses(&explore(&machine(&plain, workers, iterations, pattern)), on_threads);
    }
    for (body, setup, version) in [
        ("x = x + int(1)", "", Version::V3_13),
        ("x += d", "", Version::V3_13t),
        ("x += one()", "", Version::V2_7),
        ("f() if d > 0 else g()", CROSSED, Version::V3_12),
    ] {
        let program = program(body, setup, version);
        for (workers, pattern) in [(2, Pattern::PlusMinus), (3, Pattern::PlusMinus), (2, Pattern::Plus)] {
            let question =
                Question { program: &program, switching: Switching::Gil, workers, iterations: 1, pattern };
            check_witnesses(&explore(&question), 10);
        }
    }
}

#[test]
fn a_lock_leaves_one_outcome() {
    for version in [Version::V3_8, Version::V3_12, Version::V3_14t] {
        let program = program("with lock: x += d", "", version);
        for switching in [Switching::Gil, Switching::Machine] {
            let question =
                Question { program: &program, switching, workers: 2, iterations: 3, pattern: Pattern::Plus };
            let findings = explore(&question).findings;
            let endings: Vec<_> = findings.outcomes.iter().map(|outcome| &outcome.ending).collect();
            assert_eq!(endings, [&FinalState::Value(6)], "{version:?} {switching:?}");
            assert!(!findings.any_wrong());
        }
    }
}

#[test]
fn locks_in_opposite_orders_deadlock() {
    for switching in [Switching::Machine, Switching::Gil] {
        let program = program("f() if d > 0 else g()", CROSSED, Version::V3_9);
        let question =
            Question { program: &program, switching, workers: 2, iterations: 2, pattern: Pattern::PlusMinus };
        let explored = explore(&question);
        let worst = explored.findings.worst().unwrap();
        assert_eq!(worst.grade, Grade::Deadlock);
        assert_eq!(worst.ending.words(&program), "deadlock (a, b)");
        assert!(explored.findings.any_wrong());
        let schedule = explored.schedule(&worst.ending, &Control::default()).unwrap();
        assert_eq!(question.replay(&schedule).unwrap().ending, worst.ending);
        assert_eq!(worst.preemptions, Some(1));
    }
}

#[test]
fn what_is_found_agrees_with_the_verdict() {
    for body in [
        "x += d",
        "x = x + len(s)",
        "x = x + int(1)",
        "x += one()",
        "with lock: x += d",
        "t = x\nx = t + d",
        "x = max(x, 0) + d",
        "x = d",
    ] {
        for version in Version::ALL {
            let program = program(body, "", version);
            let question = Question {
                program: &program,
                switching: Switching::Gil,
                workers: 2,
                iterations: 2,
                pattern: Pattern::PlusMinus,
            };
            let findings = explore(&question).findings;
            let agrees = match program.verdict().unwrap() {
                Verdict::Exact => findings.serial.len() == 1 && !findings.any_wrong(),
                Verdict::CanLose(_) => findings.any_wrong(),
                Verdict::OrderDependent { .. } => findings.serial.len() > 1,
                Verdict::Deadlock { .. } => {
                    findings.outcomes.iter().any(|outcome| outcome.grade == Grade::Deadlock)
                }
            };
            assert!(agrees, "{body} {version:?}: {findings:?}");
        }
    }
}

#[test]
fn what_does_not_fit_is_said_and_so_is_what_would() {
    let program = program("x += d", "", Version::newest_with_gil());
    let question = machine(&program, 2, 12, Pattern::Plus);
    let explore = |question: &Question<'_>, memory| {
        let limits = Limits { memory, witnesses: true };
        question.explore(&limits, &Control::default(), &mut |_| {}).map(|explored| explored.findings.total)
    };
    let error = explore(&question, 100_000).unwrap_err();
    let ExploreError::Memory { layer, layers: 72, limit: 100_000, fits, states } = error else {
        panic!("{error}")
    };
    assert!(layer > 1 && states > 1 && fits < 12, "{layer} {states} {fits}");
    let total = explore(&Question { iterations: fits, ..question }, 100_000).unwrap();
    assert_eq!(total, binomial(6 * fits, 3 * fits));
}

#[test]
fn a_stop_ends_it() {
    let program = program("x += d", "", Version::newest_with_gil());
    let question = machine(&program, 2, 100, Pattern::Plus);
    let control = Control::default();
    let stop = &mut |progress: gilsim::explore::Progress| {
        if progress.layer == 30 {
            control.stop();
        }
    };
    let ended = question.explore(&Limits::default(), &control, stop);
    assert_eq!(ended.map(|explored| explored.findings).unwrap_err(), ExploreError::Interrupted);
}

#[test]
fn a_program_that_need_not_end_is_refused() {
    let program = program("while x == 0:\n  if d > 0: x = 1", "", Version::newest_with_gil());
    let question = machine(&program, 2, 1, Pattern::PlusMinus);
    let ended = question.explore(&Limits::default(), &Control::default(), &mut |_| {});
    assert_eq!(ended.map(|explored| explored.findings).unwrap_err(), ExploreError::Endless);
}

#[test]
fn what_takes_too_long_without_a_switch_is_refused() {
    // A whole iteration, though each of its steps is short; and a step, to which all that only moves values belongs.
    for body in ["for i in range(400000): x += d", "x += d\nwhile True: pass"] {
        let program = program(body, "", Version::newest_with_gil());
        let question = machine(&program, 2, 1, Pattern::Plus);
        let ended = question.explore(&Limits::default(), &Control::default(), &mut |_| {});
        let error = ended.map(|explored| explored.findings).unwrap_err();
        assert_eq!(error, ExploreError::LongStep, "{body}");
        assert!(
            error.to_string().starts_with("a step or an iteration of the body takes 1000000 instructions")
        );
    }
}

#[test]
fn a_schedule_for_something_else_is_refused() {
    let program = program("with lock: x += d", "", Version::V3_12);
    let question = machine(&program, 2, 1, Pattern::Plus);
    let refusal = |text: &str| {
        let schedule = text.parse().unwrap();
        let ExploreError::Schedule(by_mind) = question.replay(&schedule).unwrap_err() else {
            panic!("{text}")
        };
        let ExploreError::Schedule(on_threads) = question.replay_on_threads(&schedule).unwrap_err() else {
            panic!("{text}")
        };
        assert_eq!(by_mind, on_threads, "{text}");
        by_mind
    };
    assert!(matches!(refusal("v1:3.12:A1"), ScheduleError::OtherStepKind { .. }));
    assert!(matches!(refusal("v1:machine:C1"), ScheduleError::NoSuchWorker { worker: 'C', workers: 2 }));
    assert!(matches!(refusal("v1:machine:A1"), ScheduleError::Unfinished { worker: 'A' }));
    assert!(matches!(refusal("v1:machine:A6"), ScheduleError::Finished { step: 6, worker: 'A' }));
    assert!(matches!(refusal("v1:machine:A2,B1,A3"), ScheduleError::Waits { step: 3, worker: 'B', .. }));
    assert_eq!(question.replay(&"v1:machine:A5,B5".parse().unwrap()).unwrap().ending, FinalState::Value(2));
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
                FinalState::Deadlock(_) => panic!("there are no locks"),
            })
            .collect();
        assert_eq!(found, expected, "N={iterations}");
    }
}

/// The command line with arguments that have blanks in them.
fn explore_line(arguments: &[&str]) -> assert_cmd::Command {
    let mut command = crate::gilsim("explore");
    command.args(arguments);
    command
}

#[test]
fn the_command_tells_counts_and_shows_a_schedule() {
    assert_eq!(crate::output_of("explore --iters 1 --quiet"), "1 2 20\n");
    assert_eq!(crate::output_of("explore --iters 12 --quiet"), format!("2 24 {}\n", binomial(72, 36)));
    let text = crate::output_of("explore --iters 6 --replay");
    assert!(text.contains("--schedule v1:machine:A1,B15,A2,B1,A15,B2 --replay"), "{text}");
    assert!(text.contains("… 4 more times") && text.contains("<- overwrites 5 updates"), "{text}");
    assert!(text.contains("real threads did so, and ended with 2, too"), "{text}");
    for line in text.lines().filter(|line| !line.contains("--schedule")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn the_command_grades_what_it_finds() {
    explore_line(&["--expect", "lost"]).assert().code(0);
    explore_line(&["--expect", "exact"]).assert().code(3);
    explore_line(&["--cpython", "3.13", "--expect", "exact"]).assert().code(0);
    explore_line(&["--body", "with lock: x += d", "--expect", "exact"]).assert().code(0);
    let crossed = ["--body", "f() if d > 0 else g()", "--setup", CROSSED, "--pattern", "plus-minus"];
    let found =
        explore_line(&crossed).args(["--iters", "1", "--expect", "exact", "--replay"]).assert().code(3);
    let text = String::from_utf8(found.get_output().stdout.clone()).unwrap();
    assert!(text.contains("ends with deadlock (a, b)") && text.contains("take a"), "{text}");
    explore_line(&["--iters", "1", "--schedule", "v1:machine:A1,B3,A2", "--expect", "lost"]).assert().code(0);
    explore_line(&["--iters", "1", "--schedule", "v1:machine:A3,B3", "--expect", "lost"]).assert().code(3);
}

#[test]
fn every_form_has_the_exact_numbers() {
    let total = binomial(90, 45).to_string();
    let json: serde_json::Value =
        serde_json::from_str(&crate::output_of("explore --iters 15 --format json")).unwrap();
    assert_eq!(json["total"], total.as_str());
    assert_eq!(json["outcomes"].as_array().unwrap().len(), 29);
    assert_eq!((json["least"].as_i64(), json["greatest"].as_i64()), (Some(2), Some(30)));
    assert_eq!(json["witness"]["outcome"], "2");
    let csv = crate::output_of("explore --iters 15 --format csv");
    assert_eq!(csv.lines().count(), 30);
    assert!(csv.lines().skip(1).all(|line| line.contains(&total)), "{csv}");
    assert!(crate::output_of("explore --iters 15 --format markdown").contains(&total));
}

/// The cells of the tables in a page of Markdown: a bar ends a cell unless it is escaped.
fn cells_of(page: &str) -> Vec<Vec<String>> {
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let inner = row.trim_matches('|').replace("\\|", "\0");
        inner.split('|').map(|cell| cell.trim().replace('\0', "|")).collect()
    };
    rows.map(cells).collect()
}

#[test]
fn a_page_says_all_that_the_table_says_with_its_bars_escaped() {
    let line = ["--body", "x = x | d", "--iters", "1", "--replay"];
    let said = |form: &str| {
        let run = explore_line(&line).args(["--format", form]).assert().code(0);
        String::from_utf8(run.get_output().stdout.clone()).unwrap()
    };
    let (page, table) = (said("markdown"), said("table"));
    let rows = cells_of(&page);
    let (outcomes, steps) = rows.split_at(rows.iter().position(|row| row[0] == "step").unwrap());
    assert!(outcomes.len() > 2 && outcomes.iter().all(|row| row.len() == 5), "{page}");
    assert!(steps.len() > 2 && steps.iter().all(|row| row.len() == 5), "{page}");
    assert!(steps.iter().any(|row| row[1] == "|"), "{page}");
    for text in [&page, &table] {
        assert!(text.contains("replayed: 2 real threads did so"), "{text}");
        assert_eq!(text.contains("built without optimisation"), cfg!(debug_assertions), "{text}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn more_memory_than_the_address_space_has_is_cut_to_it() {
    // It was an abort.
    let scene = crate::surroundings::Scene::shell("ulimit -v 300000");
    scene
        .run("explore --threads 4 --iters 12 --max-memory 8G --quiet")
        .says_why_not(1, "bytes of --max-memory; raise it (and ulimit -v");
}

#[test]
fn mistakes_are_said() {
    for (arguments, code, said) in [
        (&["--threads", "5"][..], 2, "use 1 to 4 workers"),
        (&["--cpython", "3.5"], 2, "2.7, 3.6, 3.7"),
        (&["--cpython", "3.9", "--machine"], 2, "--machine"),
        (&["--body", "x +="], 2, "not python"),
        (&["--outcome", "9"], 2, "no schedule ends with 9"),
        (&["--outcome", "deadlock"], 2, "no schedule ends with a deadlock"),
        (&["--schedule", "A1"], 2, "not a schedule"),
        (&["--schedule", "v1:machine:A1"], 2, "ends while worker A"),
        (&["--iters", "30", "--max-memory", "1M"], 1, "--iters"),
        (&["--body", "x = 1 // (d - 1)"], 1, "ZeroDivisionError"),
    ] {
        let said = predicates::str::contains(said);
        explore_line(arguments).assert().code(code).stdout("").stderr(said);
    }
}

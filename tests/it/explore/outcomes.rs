//! Which outcomes there are, and which questions are refused.

use super::questions::{CROSSED, binomial, explore, machine, program};
use gilsim::explore::{ExploreError, FinalState, Grade, Limits, Progress, Question, Switching};
use gilsim::measure::Pattern;
use gilsim::python::program::Verdict;
use gilsim::python::version::Version;
use gilsim::system::control::Control;

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
    let stop = &mut |progress: Progress| {
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

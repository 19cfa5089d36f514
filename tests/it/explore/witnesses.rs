//! Schedules of outcomes, and what refuses a schedule.

use super::questions::{CROSSED, explore, machine, program};
use gilsim::explore::{
    ExploreError, Explored, FinalState, Grade, Question, Schedule, ScheduleError, Switching,
};
use gilsim::measure::Pattern;
use gilsim::python::version::Version;
use gilsim::system::control::Control;

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

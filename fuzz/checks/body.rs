//! Loop bodies: compiling, verdicts, and runs.

use super::bytes::reason;
use super::grammar::sources;
use gilsim::python::program::{End, Program, Shared, SharedState, Step, Verdict};
use gilsim::system::control::Control;
use std::ops::ControlFlow;

/// A verdict may take no more instructions here, so that a second is enough for many bodies.
const MOST_WORK: u64 = 100_000;

/// Any body is compiled or refused with a reason; so are its verdict and a run of a few iterations. What is said to be exact is.
pub fn check(data: &[u8]) {
    let (body, setup, version) = sources(data);
    let program = match Program::compile(&body, &setup, version) {
        Ok(program) => program,
        Err(error) => {
            reason(&error);
            return;
        }
    };
    assert!(!program.to_string().is_empty());
    let deltas = if data.len().is_multiple_of(2) { [1, -1] } else { [1, 1] };
    match program.verdict_within(deltas, MOST_WORK, &Control::default()) {
        Err(error) => {
            reason(&error);
        }
        Ok(Verdict::Exact) => {
            for iterations in 1..=2 {
                let expected = race(&program, deltas, iterations, &mut std::iter::repeat(false));
                let mut switches = data.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1));
                let reached = race(&program, deltas, iterations, &mut switches);
                if expected.is_some() && reached.is_some() {
                    assert_eq!(reached, expected, "said to be exact under {version}:\n{setup}\n---\n{body}");
                }
            }
        }
        Ok(Verdict::CanLose(witness)) => assert_ne!(witness.expected, witness.reached, "{body}"),
        Ok(Verdict::OrderDependent { outcomes }) => assert!(outcomes.len() > 1, "{body}"),
        Ok(Verdict::Deadlock { locks }) => assert!(locks.iter().all(|lock| !lock.is_empty()), "{body}"),
    }
    // The fast way and the one step by step come to the same.
    let mut looks = 0;
    let mut fast = SharedState::default();
    let end = program.run(deltas[1], 3, &mut fast, &mut |_| {
        looks += 1;
        if looks > 2_000 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match end {
        Err(fault) => {
            reason(&fault);
        }
        Ok(End::Stopped) => {}
        Ok(End::Finished) => {
            let mut slow = SharedState::default();
            let mut state = program.start(deltas[1], 3);
            for _ in 0..20_000 {
                match program.step(&mut state, &mut slow) {
                    Ok(Step::Done { .. }) => {}
                    Ok(Step::Finished) => {
                        assert_eq!(fast, slow, "under {version}:\n{setup}\n---\n{body}");
                        return;
                    }
                    other => {
                        panic!("{other:?} where the fast way ended, under {version}:\n{setup}\n---\n{body}")
                    }
                }
            }
        }
    }
}

/// Where x ends if workers are switched where they may be, as the switches say; nothing if that takes too long.
fn race(
    program: &Program,
    deltas: [i64; 2],
    iterations: u64,
    switches: &mut dyn Iterator<Item = bool>,
) -> Option<i64> {
    let mut shared = SharedState::default();
    let mut states = deltas.map(|delta| program.start(delta, iterations));
    let mut worker = 0;
    for _ in 0..20_000 {
        if states[worker].finished() {
            worker = 1 - worker;
            if states[worker].finished() {
                return Some(shared.load_x());
            }
        }
        match program.step(&mut states[worker], &mut shared) {
            Ok(Step::Done { may_drop, .. }) => {
                if may_drop && switches.next().unwrap_or(false) {
                    worker = 1 - worker;
                }
            }
            Ok(Step::Blocked(_)) => {
                let other = 1 - worker;
                assert!(
                    !states[other].finished(),
                    "a deadlock in what is said to be exact:\n{}",
                    program.body()
                );
                worker = other;
            }
            Ok(Step::Finished) => {}
            Err(fault) => {
                panic!("{fault} in what is said to be exact:\n{}\n---\n{}", program.setup(), program.body())
            }
        }
    }
    None
}

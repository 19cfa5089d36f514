use super::*;

fn ask(protocol: Protocol, workers: usize, pairs: u64) -> Question {
    Question { protocol, workers, pairs }
}

fn explore(protocol: Protocol, workers: usize, pairs: u64) -> Findings {
    ask(protocol, workers, pairs).explore(&Control::default()).unwrap()
}

/// Every schedule by itself, carried out from its beginning to its end; the early ones with their preemptions.
fn brute_force(question: Question, state: &State, last: Option<usize>, preemptions: u32) -> (Findings, u32) {
    if state.done() {
        let findings = Question::ending(state);
        let fewest = if state.freed { preemptions } else { u32::MAX };
        return (findings, fewest);
    }
    let (mut sum, mut fewest) = (Findings::default(), u32::MAX);
    for (worker, _, next) in question.steps(state) {
        let interrupted = last.is_some_and(|last| last != worker && state.workers[last].at != Place::Done);
        let (findings, few) =
            brute_force(question, &next, Some(worker), preemptions + u32::from(interrupted));
        sum.add(&findings);
        fewest = fewest.min(few);
    }
    (sum, fewest)
}

#[test]
fn totals_are_those_of_brute_force() {
    for &protocol in Protocol::ALL {
        for (workers, pairs) in [(1, 1), (1, 3), (2, 1), (2, 2), (3, 1)] {
            let question = ask(protocol, workers, pairs);
            let (counted, fewest) = brute_force(question, &question.start(), None, 0);
            let explored = question.explore(&Control::default()).unwrap();
            assert_eq!(Findings { states: 0, ..explored }, counted, "{question:?}");
            let witness = question.witness(&Control::default()).unwrap();
            let preemptions = witness.map_or(u32::MAX, |witness| witness.preemptions);
            // What comes after the free may need no more preemptions.
            assert_eq!(preemptions, fewest, "{question:?}");
        }
    }
}

#[test]
fn the_plain_count_frees_early_and_leaks_and_is_right() {
    let findings = explore(Protocol::Plain, 2, 1);
    assert_eq!(findings.total(), BigUint::from(70_u8), "8 over 4");
    assert!(findings.early > BigUint::default());
    assert!(findings.leaking > BigUint::default());
    assert!(findings.right > BigUint::default());
    assert!(findings.wrong());
}

#[test]
fn atomic_and_biased_counts_are_right_in_every_schedule() {
    for protocol in [Protocol::Atomic, Protocol::Biased] {
        for (workers, pairs) in [(1, 1), (2, 1), (2, 2), (2, 5), (3, 1), (3, 2)] {
            let findings = explore(protocol, workers, pairs);
            assert!(!findings.wrong(), "{protocol:?} {workers} {pairs}: {findings:?}");
            assert_eq!(ask(protocol, workers, pairs).witness(&Control::default()).unwrap(), None);
        }
    }
}

#[test]
fn a_witness_is_a_schedule_that_frees_early() {
    let question = ask(Protocol::Plain, 2, 1);
    let witness = question.witness(&Control::default()).unwrap().unwrap();
    let mut state = question.start();
    for step in &witness.steps {
        assert!(!state.freed);
        assert_eq!(question.step(&mut state, step.worker), step.does);
        assert_eq!(state.count(), step.count);
    }
    assert!(state.freed);
}

#[test]
fn a_stop_ends_it() {
    let control = Control::default();
    control.stop();
    assert_eq!(ask(Protocol::Plain, 2, 2).explore(&control), Err(ExploreError::Interrupted));
    assert_eq!(ask(Protocol::Plain, 2, 2).witness(&control), Err(ExploreError::Interrupted));
}

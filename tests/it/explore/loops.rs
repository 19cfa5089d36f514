//! A body over shared objects is explored as one over the counter is: the two shapes are one model.

use gilsim::explore::{Awaited, FinalState, Grade, Limits, LoopQuestion, Question, Switching};
use gilsim::measure::Pattern;
use gilsim::python::body::{Body, Claim};
use gilsim::python::check::LoopBody;
use gilsim::python::program::Program;
use gilsim::python::version::Version;
use gilsim::session::verify::BODIES;
use gilsim::system::control::Control;

/// How schedules end and how many do, with the fewest preemptions.
type Counted = Vec<(FinalState, Grade, String, Option<u16>)>;

fn by_loops(body: &LoopBody, switching: Switching, workers: usize, iterations: u64) -> Counted {
    let question = LoopQuestion { body, switching, workers, iterations, pattern: Pattern::PlusMinus };
    let explored = question
        .explore(&Limits::default(), &mut Awaited::default(), &Control::default(), &mut |_| {})
        .unwrap();
    let outcomes = explored.findings.outcomes.into_iter();
    outcomes.map(|one| (one.ending, one.grade, one.schedules.to_string(), one.preemptions)).collect()
}

fn by_counter(program: &Program, switching: Switching, workers: usize, iterations: u64) -> Counted {
    let question = Question { program, switching, workers, iterations, pattern: Pattern::PlusMinus };
    let explored = question.explore(&Limits::default(), &Control::default(), &mut |_| {}).unwrap();
    let outcomes = explored.findings.outcomes.into_iter();
    outcomes.map(|one| (one.ending, one.grade, one.schedules.to_string(), one.preemptions)).collect()
}

#[test]
fn both_shapes_say_the_same_of_every_body_on_every_version() {
    for body in BODIES {
        for version in Version::ALL {
            let counter = Body::compile(body, "", "x", version).unwrap();
            assert!(matches!(counter, Body::Counter(_)), "{body}");
            let heap = Body::Heap(Box::new(LoopBody::compile(body, "", "x", version).unwrap()));
            let claims = [counter, heap].map(|body| body.claim([1, -1], &Control::default()).unwrap());
            assert_eq!(claims[0], claims[1], "{body} on {version}");
        }
    }
}

#[test]
fn both_shapes_count_the_same_schedules() {
    for (body, workers, iterations) in
        [("x += d", 2, 2), ("x += d", 3, 1), ("y = x\nx = y + d", 2, 2), ("x = x + int(d)", 2, 2)]
    {
        for version in Version::ALL {
            for switching in [Switching::Machine, Switching::Gil] {
                let counter = Program::compile(body, "", version).unwrap();
                let heap = LoopBody::compile(body, "", "x", version).unwrap();
                assert_eq!(
                    by_loops(&heap, switching, workers, iterations),
                    by_counter(&counter, switching, workers, iterations),
                    "{body} on {version}, {switching:?}, {workers} workers"
                );
            }
        }
    }
}

fn claim(setup: &str, body: &str, result: &str, version: Version) -> Claim {
    let body = Body::compile(body, setup, result, version).unwrap();
    assert!(matches!(body, Body::Heap(_)));
    body.claim([1, -1], &Control::default()).unwrap()
}

#[test]
fn what_shared_containers_come_to_depends_on_the_version() {
    for version in Version::ALL {
        let loses_early =
            if version <= Version::V3_9 || !version.has_gil() { Claim::Loses } else { Claim::Exact };
        let claim = |setup, body, result| claim(setup, body, result, version);
        assert_eq!(claim("D = {'k': 0}", "D['k'] += d", "D['k']"), loses_early, "{version}");
        assert_eq!(
            claim("class C(object):\n    n = 0\nc = C()", "c.n += d", "c.n"),
            loses_early,
            "{version}"
        );
        assert_eq!(claim("D = {'k': 0}", "D['k'] = D.get('k') + d", "D['k']"), Claim::Loses, "{version}");
        assert_eq!(claim("D = {'k': 0}", "with lock: D['k'] += d", "D['k']"), Claim::Exact, "{version}");
        // Whoever finds an empty list skips its turn; but len() may be overtaken before pop(), as it is where a test or a
        // call may be followed by a switch.
        let pops = claim("L = [1]", "if L:\n    v = L.pop()\n    L.append(v)", "len(L)");
        assert_eq!(
            pops == Claim::Raises,
            version <= Version::V3_9 || !version.has_gil(),
            "{version}: {pops:?}"
        );
        assert_eq!(
            claim(
                "import threading\nA = threading.Lock()\nB = threading.Lock()\nL = [0]",
                "if d > 0:\n    with A:\n        with B: L[0] += d\nelse:\n    with B:\n        with A: L[0] += d",
                "L[0]"
            ),
            Claim::Deadlocks,
            "{version}"
        );
    }
}

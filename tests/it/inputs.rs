//! Any input: a few of each kind here, millions with `cargo fuzz` (see the README), and what was found so far.

#[path = "../../fuzz/checks/mod.rs"]
#[expect(unreachable_pub, reason = "the fuzz targets use it, too")]
mod checks;

use gilsim::explore::{ExploreError, Limits, Question, Switching};
use gilsim::measure::Pattern;
use gilsim::python::program::{MOST_WORK, Program, ProgramError, SharedState, VerdictError};
use gilsim::python::version::Version;
use gilsim::system::control::Control;
use proptest::prelude::*;
use std::fmt::Write;
use std::ops::ControlFlow;

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_count_is_read_or_refused(data in bytes(40)) {
        checks::count::check(&data);
    }

    #[test]
    fn any_schedule_is_played_back_or_refused(data in bytes(80)) {
        checks::schedule::check(&data);
    }

    #[test]
    fn any_line_of_a_worker_is_a_message_or_none(data in bytes(120)) {
        checks::worker_protocol::check(&data);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_command_line_is_read_or_refused(data in bytes(60)) {
        checks::command_line::check(&data);
    }

    #[test]
    fn any_body_is_run_or_refused(data in bytes(120)) {
        checks::body::check(&data);
    }
}

/// What came of a body.
fn compiled(body: &str, version: Version) -> Result<Program, ProgramError> {
    Program::compile(body, "", version)
}

fn verdict(body: &str) -> Result<(), String> {
    let program = compiled(body, Version::V3_13).map_err(|error| error.to_string())?;
    program.verdict().map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn tuples_that_nest_deeply_or_hold_one_many_times_over_are_refused() {
    // Hashing, comparing and dropping these overflowed the stack, or took for ever.
    let deep = verdict("t = ()\nfor i in range(100000): t = (t,)\nx += d").unwrap_err();
    assert!(deep.contains("nest more than 32 deep"), "{deep}");
    let wide = verdict("t = ()\nfor i in range(60): t = (t, t)\nx += d").unwrap_err();
    assert!(wide.contains("more than 10000 elements"), "{wide}");
    let added = verdict("t = ('a' * 9999,)\nfor i in range(14): t = t + t\nx += d").unwrap_err();
    assert!(added.contains("more than 10000 elements"), "{added}");
    assert_eq!(verdict("t = ()\nfor i in range(30): t = (t,)\nx += d"), Ok(()));
}

#[test]
fn lists_that_hold_too_much_are_refused() {
    // These took gigabytes.
    let lists = verdict("l = [[0] * 9999 for i in range(10000)]\nx += d").unwrap_err();
    assert!(lists.contains("more than 50000 elements in all"), "{lists}");
    let tuples = verdict("l = []\nt = (l,) * 9999\nu = [t] * 10000\nx += d").unwrap_err();
    assert!(tuples.contains("more than 10000 elements"), "{tuples}");
    let appended = verdict("t = (0,) * 999\nl = [t for i in range(11)]\nx += d").unwrap_err();
    assert!(appended.contains("more than 10000 elements"), "{appended}");
}

#[test]
fn a_comparison_without_end_is_refused() {
    let nested = "t = []\nu = []\nfor i in range(30): t = [t, t]\nfor i in range(30): u = [u, u]\n";
    for test in ["v = t == u", "v = t < u", "v = t in [u]", "v = max(t, u)"] {
        let error = verdict(&format!("{nested}{test}\nx += d")).unwrap_err();
        assert!(error.contains("comparing more than 20000 pairs"), "{test}: {error}");
    }
    let summed = verdict("t = [(0,) * 100] * 90\nu = sum(t, ())\nx += d").unwrap_err();
    assert!(summed.contains("more than 10000 elements"), "{summed}");
}

#[test]
fn states_too_large_or_too_slow_to_try_are_refused() {
    let program = compiled("t = s\nfor i in range(9000):\n t = t + 'b'\n x += d", Version::V3_13).unwrap();
    // A tenth of what a verdict may take otherwise, to have done sooner.
    let most = MOST_WORK / 10;
    let verdict = program.verdict_within([1, -1], most, &Control::default());
    assert!(
        matches!(verdict, Err(VerdictError::TooMuchWork { most: said, .. }) if said == most),
        "{verdict:?}"
    );
}

#[test]
fn nested_ways_out_of_nested_finally_blocks_are_refused() {
    // Each way out has a copy of each block: these would have made 2^40 instructions.
    let mut body = "y = x\nfor _ in range(1):\n".to_owned();
    for depth in 1..41 {
        let indent = " ".repeat(depth);
        let _ = write!(body, "{indent}try:\n{indent} if y: continue\n{indent}finally:\n");
    }
    let _ = writeln!(body, "{}x += d", " ".repeat(41));
    for version in Version::ALL {
        let error = compiled(&body, version).unwrap_err().to_string();
        assert!(error.contains("more than 16384 instructions"), "{version}: {error}");
    }
}

#[test]
fn the_loop_around_a_body_is_not_the_body_s_to_leave() {
    for version in Version::ALL {
        for (leave, loops) in [("break", "while x: break"), ("continue", "for _ in range(2): continue")] {
            let error = compiled(&format!("x += d; {leave}"), version).unwrap_err().to_string();
            assert!(error.contains(&format!("{leave} outside a loop")), "{version}: {error}");
            compiled(&format!("x += d\n{loops}"), version).unwrap();
        }
    }
}

#[test]
fn sources_that_nest_deeply_are_refused_on_a_small_stack() {
    let bodies = [
        format!("{}d{}", "(".repeat(4000), ")".repeat(4000)),
        format!("x = {}d", "-".repeat(8000)),
        format!("x = {}d", "not ".repeat(2000)),
        format!("x = {}d", "d if d else ".repeat(600)),
        format!("x = {}{}", "f(".repeat(4000), ")".repeat(4000)),
        format!("x = d{}", "[0]".repeat(2700)),
        format!("x = {}d{}", "f\"{".repeat(1000), "}\"".repeat(1000)),
        format!("x = {}d", "d+".repeat(4000)),
        format!("if d:0\n{}", "elif d:0\n".repeat(900)),
        format!("match d:\n case {}{}: pass", "[".repeat(3000), "]".repeat(3000)),
        format!("x = {}0", "lambda:".repeat(1100)),
    ];
    let work = move || {
        for body in &bodies {
            // Taken or refused: it is the stack that must hold.
            let _ = verdict(body);
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn a_constant_is_not_overwritten_by_a_stack_that_was_deep_before() {
    // Constants were given registers that a deep expression before them uses again in the next iteration.
    let deep = format!("z = {}d{}\n", "(d + ".repeat(60), ")".repeat(60));
    let constants: String = (1000..1170).fold(String::new(), |all, number| all + &format!("y += {number}\n"));
    let body = format!("y = 0\n{deep}{constants}x = x + y");
    let program = compiled(&body, Version::V3_13).unwrap();
    let mut shared = SharedState::default();
    program.run(1, 3, &mut shared, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(shared.x, 3 * (1000..1170).sum::<i64>());
}

#[test]
fn a_loop_that_nothing_can_interrupt_is_refused() {
    // 3.10 looks at jumps back only, and never right before SETUP_FINALLY: the run did not end, nor obey a stop.
    let program = compiled("while d:\n try:\n  x += d\n finally:\n  x -= d", Version::V3_10).unwrap();
    let run = program.run(1, 1, &mut SharedState::default(), &mut |_| ControlFlow::Continue(()));
    let fault = run.unwrap_err().to_string();
    assert!(fault.contains("nothing could interrupt"), "{fault}");
}

#[test]
fn the_least_integer_is_reached_by_a_shift() {
    let program = compiled("x = -1 << 63", Version::V3_13).unwrap();
    let mut shared = SharedState::default();
    program.run(1, 1, &mut shared, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(shared.x, i64::MIN);
    assert!(verdict("x = 1 << 63").unwrap_err().contains("does not fit in 64 bits"));
}

#[test]
fn a_schedule_of_a_loop_without_end_is_refused() {
    let program = compiled("while x < 10: x = x", Version::V3_13).unwrap();
    let question = Question {
        program: &program,
        switching: Switching::Machine,
        workers: 2,
        iterations: 1,
        pattern: Pattern::Plus,
    };
    let schedule = "v1:machine:A18446744073709551615".parse().unwrap();
    assert_eq!(question.replay(&schedule).unwrap_err(), ExploreError::ReplayTooLong);
}

#[test]
fn states_of_single_workers_count_as_memory() {
    // They did not, and took what they needed.
    let program = compiled("l = [0] * 2000\nfor i in range(20): x += d", Version::V3_13).unwrap();
    let question = Question {
        program: &program,
        switching: Switching::Gil,
        workers: 2,
        iterations: 2,
        pattern: Pattern::Plus,
    };
    let limits = Limits { memory: 1 << 20, witnesses: false };
    let error = question.explore(&limits, &Control::default(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, ExploreError::Memory { limit: 1_048_576, .. }), "{error}");
}

#[test]
fn figures_that_no_worker_can_have_make_a_report_all_the_same() {
    // A span that ends before all others start, and times that add up to more than a Duration holds, were a panic.
    let subtotal = |worker, start, end| {
        format!(
            "{{\"subtotal\":{{\"worker\":{worker},\"total\":1,\"span\":{{\"start\":{start},\"end\":{end}}},\"usage\":{{\"cpu\":{{\"secs\":{most},\"nanos\":0}},\"user\":{{\"secs\":{most},\"nanos\":0}},\"system\":{{\"secs\":{most},\"nanos\":0}},\"voluntary\":{most},\"involuntary\":{most}}}}}}}",
            most = u64::MAX
        )
    };
    let lines = format!("{}\n{}\n", subtotal(0, 9, 5), subtotal(1, 7, u64::MAX));
    checks::worker_protocol::check(&[&[7], lines.as_bytes()].concat());
}

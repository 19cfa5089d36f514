//! What the real interpreters on this machine do.

use super::fakes::check_message;
use super::*;
use gilsim::interpreter::{
    BodyRequest, ConvoyRequest, Error, Interpreter, Pattern, SplitRequest, SwitchInterval,
};
use gilsim::system::process::Ended;
use std::time::Duration;

#[test]
fn real_ones_say_what_they_are() {
    let all = real();
    for interpreter in &all {
        let (major, minor, micro) = interpreter.version();
        assert!(interpreter.label().starts_with(&format!("{major}.{minor}.{micro}")), "{interpreter}");
        assert_eq!(interpreter.label().ends_with('t'), interpreter.free_threaded());
        assert!(interpreter.gil_enabled() || interpreter.free_threaded(), "{interpreter}");
        assert!(interpreter.path().is_absolute());
        match interpreter.interval() {
            SwitchInterval::Seconds(seconds) => assert!(major >= 3 && seconds > 0.0, "{interpreter}"),
            SwitchInterval::Ticks(ticks) => assert!(major == 2 && ticks > 0, "{interpreter}"),
        }
        let again = Interpreter::probe(interpreter.path(), &ample()).unwrap();
        assert_eq!(&again, interpreter);
    }
}

#[test]
fn real_ones_run_isolated_scripts() {
    for interpreter in real() {
        let script = "import json, os, sys; print(json.dumps([sys.argv[1:], [n for n in os.environ if n[:6] == 'PYTHON'], sys.flags.ignore_environment, sys.flags.no_user_site]))";
        let (arguments, variables, ignored, no_user): (Vec<String>, Vec<String>, u8, u8) =
            interpreter.run(script, &["a b", "--c"], &ample()).unwrap();
        assert_eq!(
            (&arguments[..], ignored, no_user),
            (&["a b".into(), "--c".into()][..], 1, 1),
            "{interpreter}"
        );
        assert!(variables.is_empty(), "{interpreter}: {variables:?}");
    }
}

#[test]
fn real_ones_are_exact_where_they_must_be() {
    let alone =
        BodyRequest { threads: 1, iterations: 20_000, runs: 3, interval: SHORTEST, ..BodyRequest::default() };
    let locked = BodyRequest {
        body: "with lock:\n    x += d".into(),
        threads: 3,
        iterations: 2_000,
        runs: 2,
        interval: SHORTEST,
        ..BodyRequest::default()
    };
    let plus = BodyRequest { pattern: Pattern::Plus, ..locked.clone() };
    for (number, (request, expected)) in
        [(alone, 20_000), (locked, 2_000), (plus, 6_000)].into_iter().enumerate()
    {
        for interpreter in share(number, 3) {
            let result = interpreter.body(&request, &ample()).unwrap();
            let values: Vec<i128> = result.runs.iter().map(|run| run.value).collect();
            assert_eq!(values, vec![expected; request.runs as usize], "{interpreter}: {request:?}");
            assert_eq!((result.expected, result.losing_runs()), (expected, 0), "{interpreter}");
            assert!(result.runs.iter().all(|run| run.seconds >= 0.0) && result.sequence_seconds.is_none());
            assert_eq!(result.gil_enabled, interpreter.gil_enabled(), "{interpreter}");
        }
    }
}

#[test]
fn real_ones_do_a_body_as_if_it_stood_in_their_module() {
    let request = BodyRequest {
        body:
            "if d == one() and s == \"a\":\n  y = [i for i in (1, two)]\n  print('no answer é')\n  x += y[1]"
                .into(),
        setup: "two = 2\nx = 40".into(),
        threads: 1,
        iterations: 5,
        runs: 2,
        sequence: true,
        ..BodyRequest::default()
    };
    // Beyond 64 bits, and nothing to do at all.
    let large = BodyRequest { body: "x = 2 ** 100".into(), iterations: 1, ..request.clone() };
    let none = BodyRequest { iterations: 0, ..request.clone() };
    for (number, (request, expected)) in
        [(&request, 50), (&large, 1 << 100), (&none, 40)].into_iter().enumerate()
    {
        for interpreter in share(number, 4) {
            let result = interpreter.body(request, &ample()).unwrap();
            assert_eq!((result.expected, result.losing_runs()), (expected, 0), "{interpreter}");
            let values: Vec<i128> = result.runs.iter().map(|run| run.value).collect();
            assert_eq!(values, [expected, expected], "{interpreter}");
            assert!(result.sequence_seconds.is_some(), "{interpreter}");
        }
    }
    // In any locale.
    for interpreter in share(3, 4) {
        let path = interpreter.path().display();
        let wrapper = Fake::new(&format!("LC_ALL=C exec '{path}' \"$@\""));
        let plain = Interpreter::probe(&wrapper.path(), &ample()).unwrap().body(&request, &ample()).unwrap();
        assert_eq!((plain.expected, plain.losing_runs()), (50, 0), "{interpreter}");
    }
}

/// What a body comes to may depend on whose work is done first: then nothing is lost where it is another value.
#[test]
fn real_ones_say_whether_the_order_of_work_matters() {
    let request = BodyRequest { iterations: 20, sequence: true, ..BodyRequest::default() };
    for (body, by_order) in [("x += d", None), ("if x < 5: x += d", Some([5, 0]))] {
        for interpreter in share(0, 4) {
            let request = BodyRequest { body: body.into(), ..request.clone() };
            let result = interpreter.body(&request, &ample()).unwrap();
            // 20 times +1, as far as 5, then 20 times -1; or first down to -20.
            assert_eq!(result.by_order(), by_order, "{interpreter}: {body}");
        }
    }
}

#[test]
fn real_ones_stop_at_the_first_loss() {
    // Each run ends at 1 where -1 + 1 is 0: a loss for certain, in every run.
    let all = BodyRequest { body: "x = 1".into(), iterations: 10, runs: 4, ..BodyRequest::default() };
    let first = BodyRequest { stop_at_first_loss: true, ..all.clone() };
    for (number, (request, runs)) in [(first, 1), (all, 4)].into_iter().enumerate() {
        for interpreter in share(number, 2) {
            let result = interpreter.body(&request, &ample()).unwrap();
            assert_eq!((result.runs.len(), result.losing_runs()), (runs, runs), "{interpreter}");
        }
    }
}

#[test]
fn an_exception_in_any_thread_of_a_real_one_is_an_error() {
    let cases = [
        ("if d < 0: raise ValueError('on purpose')", "", "said: ValueError: on purpose;"),
        ("if d < 0: raise SystemExit(0)", "", "said: SystemExit"),
        ("x += y", "", "NameError"),
        ("x +=", "", "SyntaxError"),
        ("return", "", "SyntaxError"),
        ("break", "", "SyntaxError"),
        ("pass\n  else: pass", "", "Error: "),
        ("x += d", "1 / 0", "ZeroDivisionError"),
        ("x = 'a'", "", "TypeError: x should be a whole number"),
        ("x = 2 ** 127", "", "OverflowError"),
    ];
    for (number, (body, setup, said)) in cases.into_iter().enumerate() {
        for interpreter in share(number, cases.len()) {
            // So many iterations that the thread without an exception would go on for hours.
            let iterations = if body.contains("d < 0") { u64::from(u32::MAX) } else { 10 };
            let request =
                BodyRequest { body: body.into(), setup: setup.into(), iterations, ..BodyRequest::default() };
            let error = interpreter.body(&request, &ample()).unwrap_err();
            assert!(matches!(error, Error::Failed { ended: Ended::Status(1), .. }), "{interpreter}: {error}");
            check_message(&error, interpreter.path());
            assert!(error.to_string().contains(said), "{interpreter}: {error}");
        }
    }
    for interpreter in real() {
        // Ends the process behind our back; a status of 0 is no answer yet.
        let request = BodyRequest { body: "__import__('os')._exit(0)".into(), ..BodyRequest::default() };
        let error = interpreter.body(&request, &ample()).unwrap_err();
        assert!(matches!(error, Error::Rubbish { .. }), "{interpreter}: {error}");
    }
}

#[test]
fn real_ones_add_up_a_range() {
    // The last four numbers that fit: their sum does not.
    let last = (i64::MAX - 4, i64::MAX, 4 * i128::from(i64::MAX) - 10);
    let whole = (0, 100_001, 5_000_050_000);
    let cases = [
        (None, whole),
        (Some(1), whole),
        (Some(2), whole),
        (Some(7), whole),
        (None, (-3, 2, -5)),
        (Some(3), (-3, 2, -5)),
        (None, (5, -5, 0)),
        (Some(3), (5, -5, 0)),
        (None, last),
        (Some(3), last),
    ];
    for (number, (processes, (begin, end, total))) in cases.into_iter().enumerate() {
        for interpreter in share(number, cases.len()) {
            let result = interpreter.split(&SplitRequest { begin, end, processes }, &ample()).unwrap();
            assert!(result.seconds >= 0.0 && result.startup_seconds >= 0.0, "{interpreter}: {result:?}");
            assert_eq!(result.total, total, "{interpreter}, {processes:?}");
        }
    }
}

#[test]
fn real_ones_measure_round_trips() {
    for hogs in [0, 1, 2] {
        for interpreter in share(hogs as usize, 3) {
            let request = ConvoyRequest { pings: 5, hogs, interval: Some(Duration::from_millis(1)) };
            let result = interpreter.convoy(&request, &ample()).unwrap();
            assert_eq!((result.idle.len(), result.loaded.len()), (5, 5), "{interpreter}");
            assert!(result.idle.iter().chain(&result.loaded).all(|&trip| trip >= 0.0), "{interpreter}");
        }
    }
}

//! The model of each CPython against the real ones on this machine.

use std::{
    io::Write,
    ops::ControlFlow,
    process::{Command, Stdio},
};

use crate::interpreter::real;
use crate::surroundings::not_tried;
use gilsim::{
    interpreter::Interpreter,
    python::program::{End, FaultKind, Point, Program, SharedAtomics, SharedState, Step, Verdict},
    python::version::Version,
    scenario::python::modelled,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

/// Bodies of the reference matrix first, then one for each construct whose looks at the eval breaker are of its own kind.
const BODIES: &[&str] = &[
    "x += d",
    "x = x + d * len(s)",
    "x = x + d * int(1)",
    "x += d * one()",
    "with lock: x += d",
    "with lock:\n    x = x + d * one()",
    "with lock:\n    t = x\nx = t + d",
    "with lock:\n    t = x\nwith lock:\n    x = t + d",
    "with lock: pass\nx += d",
    "t = x\nwith lock: pass\nx = t + d",
    "x = [x + d for _ in (1,)][0]",
    "x = [i + x for i in [d]][0]",
    "x = x + [i for i in [d] if i][0]",
    "if d > 0:\n    x += 1\nelse:\n    x -= 1",
    "x = x + (d if s == \"a\" else 0)",
    "x = x + (d if s != \"a\" else d)",
    "x = x + ((0 and 1) or d)",
    "t = 0\nx = x + ((t and 1) or d)",
    "t = 0\nx = x + (d if t or s else 0)",
    "t = 0\nx = x + (d if not t else 0)",
    "t = 5\nx = x + (d if 1 < t < 9 else 0)",
    "t = 5\nx = x + d * (1 < t < 9)",
    "t = None\nx = x + (d if t is None else 0)",
    "t = x\nfor i in (1,): pass\nx = t + d",
    "t = x\nfor i in []:\n    pass\nx = t + d",
    "t = x\nx = t + d",
    "a, b = x, d\nx = a + b",
    "try:\n    x += d\nfinally:\n    pass",
    "t = x\ntry:\n    t += d\nfinally:\n    x = t",
    "i = 3\nwhile i:\n    i -= 1\n    x += d",
    "i = 3\nt = x\nwhile i:\n    i -= 1\nx = t + d",
    "while True:\n    x += d\n    break",
    "t = x\nwhile True:\n    break\nx = t + d",
    "t = x\nif s: t += 0\nx = t + d",
    "t = x\nif not s: t += 0\nx = t + d",
    "x = x + d * isinstance(s, str)",
    "x = x + d * (type(s) is str)",
    "x = x + d * abs(-1)",
    "x = x + d * max(1, 0)",
    "x = x + d * min((1, 2))",
    "x = x + d * sum([1])",
    "x = x + d * len(str(1))",
    "x = x + d * getattr(1, \"real\")",
    "x = x + d * bool(1)",
    "x = x + d * tuple([1])[0]",
    "x = x + d * range(5)[1]",
    "f = len\nx = x + d * f(s)",
    "f = one\nx = x + d * f()",
    "a = [x]\na[0] += d\nx = a[0]",
    "x = -(-x - d)",
    "x = x + d * (1 in (1, 2))",
    "x = (x * 4 + d * 4) // 4",
    "for i in range(3): x += d",
    "x += d; print(\"\")",
    "x = x",
];

/// Reads jobs from standard input, one on a line in JSON, and answers each on a line of standard error.
const RACE: &str = r#"
import json, sys, threading, time
old = sys.version_info[0] == 2
if old:
    sys.setcheckinterval(1)
else:
    sys.setswitchinterval(1e-6)
for line in sys.stdin:
    body, iterations, tries, expected = json.loads(line)
    source = 'import threading\nx = 0\ns = "a"\nlock = threading.Lock()\ndef one(): return 1\n'
    source += 'def work(d, n):\n    global x\n    for _ in %s(n):\n' % ('xrange' if old else 'range')
    source += ''.join('        ' + part + '\n' for part in body.split('\n'))
    space = {}
    exec(compile(source, 'body', 'exec'), space)
    answer = 'exact'
    # The model takes the loop to be warm: until a call is specialised it looks at the eval breaker.
    space['work'](1, 200)
    for attempt in range(tries):
        # Rare losses need longer runs.
        count = min(iterations << attempt, 200000)
        space['x'] = 0
        gate = []
        def go(d):
            gate.append(d)
            while len(gate) < 2:
                time.sleep(0)
            space['work'](d, count)
        threads = [threading.Thread(target=go, args=(d,)) for d in (1, -1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if space['x'] != expected:
            answer = 'loses'
            break
    sys.stderr.write(answer + '\n')
    sys.stderr.flush()
"#;

/// Runs each body alone, and answers with x at the end or the name of the exception.
const VALUES: &str = r#"
import json, sys
for line in sys.stdin:
    space = {}
    source = 'import threading\nx = 0\ns = "a"\nlock = threading.Lock()\ndef one(): return 1\n'
    source += 'def work(d, n):\n    global x\n    for _ in range(n):\n'
    source += ''.join('        ' + part + '\n' for part in json.loads(line).split('\n'))
    try:
        exec(compile(source, 'body', 'exec'), space)
        space['work'](1, 3)
        answer = repr(space['x']) if type(space['x']) is int else 'type ' + type(space['x']).__name__
    except Exception as error:
        answer = type(error).__name__
    sys.stderr.write(answer + '\n')
"#;

/// One real interpreter of each version that is modelled.
fn interpreters() -> Vec<(Version, Interpreter)> {
    let modelled = |interpreter| Some((modelled(&interpreter)?, interpreter));
    let mut found: Vec<_> = real().into_iter().filter_map(modelled).collect();
    found.sort_by_key(|(version, _)| *version);
    found.dedup_by_key(|(version, _)| *version);
    found
}

/// Feeds lines to a script; what it answers on standard error, by lines.
fn ask(python: &Interpreter, script: &str, lines: &[String]) -> Vec<String> {
    let mut child = Command::new(python.path())
        .args(["-W", "ignore", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("an interpreter that just told its version starts again");
    let mut input = child.stdin.take().expect("its input is a pipe");
    let text = lines.join("\n") + "\n";
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("writing does not panic").expect("it reads its jobs");
    let answers: Vec<String> = String::from_utf8_lossy(&output.stderr).lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), lines.len(), "{answers:#?}");
    answers
}

fn go_on(_: Point) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// What whole runs of the two workers, one after the other, leave in x.
fn serial(program: &Program, iterations: u64) -> i64 {
    let shared = SharedAtomics::new(0);
    for delta in [1, -1] {
        let end = program.run(delta, iterations, &mut &shared, &mut go_on);
        assert_eq!(end, Ok(End::Finished));
    }
    shared.x()
}

#[test]
fn what_the_model_calls_exact_is_exact_in_the_real_interpreters() {
    const ITERATIONS: u64 = 4000;
    let found = interpreters();
    for version in Version::ALL {
        if found.iter().all(|(known, _)| *known != version) {
            not_tried(
                &format!("the model of {version}"),
                "no such interpreter on PATH or among pyenv's versions",
            );
        }
    }
    let mut wrong = Vec::new();
    for (version, python) in found {
        let mut exact = Vec::new();
        let mut jobs = Vec::new();
        for body in BODIES {
            let program = Program::compile(body, "", version).unwrap();
            let verdict = program.verdict().unwrap();
            let end = serial(&program, ITERATIONS);
            assert_eq!(end, 0, "{body:?}: runs of any length must end alike");
            match verdict {
                // A loss is likely in each run but never certain, so its absence would prove nothing; `gilsim verify` goes
                // on until there is one.
                Verdict::CanLose(_) => {}
                // This must hold in each.
                Verdict::Exact => {
                    exact.push(body);
                    jobs.push(serde_json::json!([body, ITERATIONS, 3, end]).to_string());
                }
                other => panic!("{body:?} {version}: {other:?}"),
            }
        }
        assert!(!exact.is_empty(), "{version}: nothing was compared");
        for (body, real) in exact.iter().zip(ask(&python, RACE, &jobs)) {
            if real != "exact" {
                wrong.push(format!("{version} {body:?}: the model exact, in truth {real}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "x",
        "d",
        "s",
        "t",
        "a",
        "u",
        "0",
        "1",
        "2",
        "7",
        "-3",
        "True",
        "False",
        "None",
        "'b'",
        "''",
        "'a b'",
        "(1, 2)",
        "()",
        "[1, 2, 3]",
        "[]",
        "one()",
        "range(3)",
        "int",
        "str",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(3, 6, 2, |inner| {
        let binary = prop::sample::select(vec![
            "+", "-", "*", "//", "%", "&", "|", "^", "<<", ">>", "<", "<=", "==", "!=", ">", ">=", "in", "not in", "and", "or",
        ]);
        let unary = prop::sample::select(vec!["-", "~", "+", "not "]);
        let one = prop::sample::select(vec![
            "int", "len", "abs", "min", "max", "sum", "str", "bool", "list", "tuple",
        ]);
        let two = prop::sample::select(vec!["min", "max", "isinstance", "int", "range"]);
        prop_oneof![
            4 => (inner.clone(), binary, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            1 => (unary, inner.clone()).prop_map(|(op, a)| format!("({op}{a})")),
            2 => (one, inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            1 => (two, inner.clone(), inner.clone()).prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} if {b} else {c})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}, {b})")),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("[{a} for u in {b} if {c}]")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} < {b} <= {c})")),
        ]
    })
}

/// An expression that is an integer, most of the time.
fn integer() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "x", "d", "t", "u", "a[0]", "a[-1]", "0", "1", "2", "5", "-3", "True", "one()",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(3, 10, 2, |inner| {
        let binary = prop::sample::select(vec![
            "+", "-", "*", "//", "%", "&", "|", "^", "<", "<=", "==", "!=", "and", "or",
        ]);
        let unary = prop::sample::select(vec!["-", "~", "+", "not "]);
        let two = prop::sample::select(vec!["min", "max"]);
        prop_oneof![
            4 => (inner.clone(), binary, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            1 => (unary, inner.clone()).prop_map(|(op, a)| format!("({op}{a})")),
            1 => inner.clone().prop_map(|a| format!("len(str({a}))")),
            1 => inner.clone().prop_map(|a| format!("abs(int({a}))")),
            1 => (two, inner.clone(), inner.clone()).prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}, {b})[{a} > {b}]")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("sum([u + {a} for u in [{b}, 1] if u])")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("len([{a}, 'c'] + [{b}] * 2)")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} in [{b}, 3, (1, 'z')])")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} if {b} else {c})")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} < {b} <= {c})")),
        ]
    })
}

fn body() -> impl Strategy<Value = String> {
    let expression = || prop_oneof![5 => integer(), 1 => expression()];
    let statement = prop_oneof![
        3 => expression().prop_map(|e| format!("t = {e}")),
        2 => expression().prop_map(|e| format!("t += {e}")),
        1 => expression().prop_map(|e| format!("a[0] = {e}")),
        1 => expression().prop_map(|e| format!("a += [{e}]")),
        1 => expression().prop_map(|e| format!("a[-1] *= {e}")),
        1 => (expression(), expression()).prop_map(|(a, b)| format!("t, u = {a}, {b}")),
        1 => expression().prop_map(|e| format!("for u in {e}:\n    if u: continue\n    t = u\n    break\nelse: t = 9")),
        1 => expression().prop_map(|e| format!("if {e}: t = 4\nelif t: t = 5\nelse: u = a")),
        1 => expression().prop_map(|e| format!("try: t = {e}\nfinally: u = 6")),
    ];
    (prop::collection::vec(statement, 1..4), integer()).prop_map(|(statements, last)| {
        format!(
            "t = 3; u = 8; a = [4, 5]\n{}\nx += len(str(t)) * 3 + len(str(u)) + len(str(a))\nx = x + int({last})",
            statements.join("\n")
        )
    })
}

#[test]
fn values_are_pythons() {
    let found = interpreters();
    let Some((version, python)) = found.into_iter().rfind(|(version, _)| *version >= Version::V3_8) else {
        not_tried("values as Python's", "no CPython from 3.8 on is on PATH or among pyenv's versions");
        return;
    };
    let mut runner = TestRunner::deterministic();
    let strategy = body();
    let mut bodies = Vec::new();
    let mut ours = Vec::new();
    let mut refused = 0;
    while bodies.len() < 1500 {
        let body = strategy.new_tree(&mut runner).unwrap().current();
        let program = Program::compile(&body, "", version).unwrap();
        let shared = SharedAtomics::new(0);
        let answer = match program.run(1, 3, &mut &shared, &mut go_on) {
            Ok(_) => shared.x().to_string(),
            Err(fault) => match fault.kind {
                FaultKind::NotCovered(_) | FaultKind::Overflow | FaultKind::TooLong => {
                    refused += 1;
                    continue;
                }
                FaultKind::XNotInt(kind) => format!("type {kind}"),
                other => other.to_string().split(':').next().unwrap().to_owned(),
            },
        };
        bodies.push(body);
        ours.push(answer);
    }
    assert!(refused < bodies.len(), "{refused} refused: nothing much was compared");
    let numbers = ours.iter().filter(|answer| answer.parse::<i64>().is_ok()).count();
    assert!(numbers > bodies.len() / 3, "{numbers} bodies ended well: nothing much was compared");
    let lines: Vec<String> = bodies.iter().map(|body| serde_json::json!(body).to_string()).collect();
    let wrong: Vec<_> = bodies
        .iter()
        .zip(&ours)
        .zip(ask(&python, VALUES, &lines))
        .filter(|((_, ours), theirs)| **ours != *theirs)
        .map(|((body, ours), theirs)| format!("{body}\n  the model {ours}, in truth {theirs}"))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        bodies.len(),
        wrong[..wrong.len().min(8)].join("\n")
    );
}

#[test]
fn what_is_not_covered_is_named_and_pointed_at() {
    for (body, parts) in [
        ("x += d\nt = lambda: 1", ["lambda is not covered", "line 2, column 5", "t = lambda: 1\n      ^"]),
        ("x = 1 / 2", ["use //", "line 1, column 5", "x = 1 / 2\n      ^"]),
        ("x = {1: 2}", ["a dictionary is not covered", "line 1, column 5", "^"]),
        ("x = y", ["the name y is not defined", "line 1, column 5", "^"]),
        ("x +=", ["not python", "line 1", "^"]),
        ("import os", ["import is not covered", "line 1, column 1", "^"]),
        ("x = 9223372036854775808", ["64 bits", "line 1, column 5", "^"]),
        ("  \n", ["nothing to run", "x += d", "^"]),
        ("return", ["return in this place", "line 1, column 1", "^"]),
        ("x = s.upper()", ["an attribute (a.b)", "line 1, column 5", "^"]),
    ] {
        let error = Program::compile(body, "", Version::V3_13).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{body:?}: {part:?} is not in\n{error}");
        }
    }
}

#[test]
fn the_explanation_names_the_instructions() {
    let program = Program::compile("x = x + int(d)", "", Version::V3_13).unwrap();
    let Verdict::CanLose(witness) = program.verdict().unwrap() else {
        panic!("a call looks at the eval breaker");
    };
    let names = [&witness.load, &witness.switch, &witness.store].map(|site| site.as_ref().unwrap().opcode);
    assert_eq!(names, ["LOAD_GLOBAL", "CALL", "STORE_GLOBAL"]);
    assert_eq!(witness.expected, 0);
    assert_ne!(witness.reached, 0);
}

#[test]
fn orders_and_deadlocks_are_told_apart_from_losses() {
    let verdict =
        |body: &str, setup: &str| Program::compile(body, setup, Version::V3_13).unwrap().verdict().unwrap();
    assert!(matches!(verdict("x = x * 2 + d", ""), Verdict::OrderDependent { .. }));
    let setup = "import threading\na = threading.Lock()\nb = threading.Lock()\n\
                 def up():\n    global x\n    with a:\n        with b:\n            x += 1\n\
                 def down():\n    global x\n    with b:\n        with a:\n            x -= 1\n";
    let body = "if d > 0: up()\nelse: down()";
    assert_eq!(verdict(body, setup), Verdict::Deadlock { locks: vec!["a".to_owned(), "b".to_owned()] });
    let ordered = setup.replace("with b:\n        with a", "with a:\n        with b");
    assert_eq!(verdict(body, &ordered), Verdict::Exact);
    assert_eq!(
        verdict("with lock:\n    with lock: x += d", ""),
        Verdict::Deadlock { locks: vec!["lock".to_owned()] }
    );
}

/// A lock is taken without the GIL by whoever sleeps until it is let go, and others run before that worker does.
#[test]
fn a_worker_may_have_a_lock_before_it_has_the_gil() {
    for version in [Version::V3_10, Version::V3_11, Version::V3_12, Version::V3_13, Version::V3_15] {
        let verdict = |body: &str, setup: &str| {
            let verdict = Program::compile(body, setup, version).unwrap().verdict();
            verdict.unwrap()
        };
        let stale = verdict("with lock:\n    int('1')\ny = x\nwith lock: x = y + d", "");
        let Verdict::CanLose(witness) = stale else { panic!("{version}: {stale:?}") };
        assert!(witness.waits && witness.switch.unwrap().opcode != "LOAD_GLOBAL", "{version}");
        let orders = "with lock:\n    with m: x += d\nwith m:\n    with lock: pass";
        let verdict_of_orders = verdict(orders, "import threading\nm = threading.Lock()");
        assert!(matches!(verdict_of_orders, Verdict::Deadlock { .. }), "{version}: {verdict_of_orders:?}");
    }
    // Its holder lets it go before the GIL can go, so nobody ever sleeps there.
    let verdict = Program::compile("y = x\nwith lock: x = y + d", "", Version::V3_12).unwrap().verdict();
    assert_eq!(verdict.unwrap(), Verdict::Exact);
}

#[test]
fn a_step_blocks_on_a_held_lock_and_leaves_the_worker_as_it_was() {
    let program = Program::compile("with lock: x += d", "", Version::V3_9).unwrap();
    let mut shared = SharedState { x: 0, held: 1 };
    let mut worker = program.start(1, 1);
    loop {
        let before = worker.clone();
        match program.step(&mut worker, &mut shared).unwrap() {
            Step::Blocked(lock) => {
                assert_eq!((lock, &before), (0, &worker));
                break;
            }
            step => assert!(matches!(step, Step::Done { .. }), "{step:?}"),
        }
    }
    shared.held = 0;
    while program.step(&mut worker, &mut shared).unwrap() != Step::Finished {}
    assert_eq!(shared, SharedState { x: 1, held: 0 });
}

#[test]
fn a_body_with_too_many_schedules_is_refused_in_time() {
    let body = "for i in range(2000):\n    x += d";
    let error = Program::compile(body, "", Version::V3_13).unwrap().verdict().unwrap_err();
    assert!(error.to_string().contains("states"), "{error}");
}

#[test]
fn faults_are_errors_with_their_place() {
    for (body, part) in [
        ("x += d\nx = 1 // (d - d)", "ZeroDivisionError"),
        ("x = s", "x became a str"),
        ("x = t; t = 1", "UnboundLocalError: t"),
        ("x = s + 1", "TypeError"),
        ("x = (1, 2)[5 + d * 0]", "IndexError"),
        ("x = 9223372036854775807; x += d * d", "64 bits"),
    ] {
        let program = Program::compile(body, "", Version::V3_13).unwrap();
        let shared = SharedAtomics::new(0);
        let fault = program.run(1, 1, &mut &shared, &mut go_on).unwrap_err().to_string();
        assert!(fault.contains(part) && fault.contains("line "), "{body:?}: {fault}");
    }
}

//! `gilsim dis`: its opcodes are those of real interpreters, and its marks stand where the model drops the GIL.

use crate::gilsim;
use crate::interpreter::found;
use crate::python::skipped;
use gilsim::python::check::{Drop, Listing, counter_listing, listing};
use gilsim::python::program::{Op, Program, SharedState, Step};
use gilsim::python::version::Version;
use gilsim::scenario::python::modelled;
use gilsim::session::verify::BODIES;
use predicates::str::contains;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

fn json(arguments: &[&str]) -> Value {
    let output = gilsim("dis")
        .args(arguments)
        .args(["--format", "json"])
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    crate::schema::read(&output)
}

/// The opcodes of the loop around a body, in each of these versions.
fn opcodes(body: &str, setup: &[&str], versions: &[Version]) -> Vec<Vec<String>> {
    let named = versions.iter().flat_map(|version| ["--cpython", version.name()]);
    let report = json(&[&["--body", body][..], setup, &named.collect::<Vec<_>>()].concat());
    let results = report["results"].as_array().unwrap();
    assert!(
        results.iter().map(|one| one["version"].as_str().unwrap()).eq(versions.iter().map(|it| it.name()))
    );
    let of = |result: &Value| {
        let instructions = result["functions"][0]["instructions"].as_array().unwrap();
        instructions.iter().map(|one| one["opcode"].as_str().unwrap().to_owned()).collect()
    };
    results.iter().map(of).collect()
}

/// Plain instructions for those that CPython joins, and none for those that only mark.
fn plain(names: Vec<String>) -> Vec<String> {
    let mut all = Vec::new();
    for name in names {
        let name = name.replace("_BORROW", "");
        match &*name {
            "NOT_TAKEN" | "CACHE" | "EXTENDED_ARG" => {}
            "LOAD_FAST_LOAD_FAST" => all.extend(["LOAD_FAST", "LOAD_FAST"].map(str::to_owned)),
            "STORE_FAST_LOAD_FAST" => all.extend(["STORE_FAST", "LOAD_FAST"].map(str::to_owned)),
            "STORE_FAST_STORE_FAST" => all.extend(["STORE_FAST", "STORE_FAST"].map(str::to_owned)),
            _ => all.push(name),
        }
    }
    all
}

#[test]
fn the_help_says_which_opcodes_may_differ() {
    let help = crate::output_of("dis --help").split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "at module level",
        "`STORE_NAME` for `STORE_GLOBAL`",
        "imports",
        "calls of what an imported module has",
        "lists, tuples and keys of a dict that are constants",
        "definitions",
    ] {
        assert!(help.contains(words), "{words}: {help}");
    }
    assert!(!help.contains("In straight code the opcodes are CPython's"), "{help}");
}

#[test]
fn the_opcodes_are_those_of_the_real_interpreters() {
    let found = found();
    if found.is_empty() {
        return skipped("the opcodes of dis");
    }
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/opcodes.py");
    let shared = [
        "--setup",
        "class C(object):\n    n = 0\n    def f(self, d, k=0):\n        self.n = d + k\nc = C()\nD = {0: 0}\nL = [0]",
    ];
    let cases = [
        ("x += d", &[][..]),
        ("x = x + int(d)", &[]),
        ("x = x + d * len(s)", &[]),
        ("y = x; x = y + d", &[]),
        ("y = 0.5 * 3\nz = -1.5 ** 2\nx += 7 // 2.0 % 2", &[]),
        ("y = 'a' + 'b' * 3\nz = (1, 2)[0]\nx = x + 2 ** 3", &[]),
        ("y = 'ab' * 11\nx = x + d * 3", &[]),
        ("x = x + d if d else x", &[]),
        ("for i in (1, 2): x += d", &[]),
        ("x = -d\nx = not d", &[]),
        ("x = int(x / d)\ny = x\ny /= d", &[]),
        ("y = x if x > 1 and d else -x", &[]),
        ("D[0] = D.get(0) + 1", &shared),
        ("L.append(L[-1] + d)", &shared),
        ("c.n += d\nc.m = c.n", &shared),
        ("c.f(d, k=x)", &shared),
        ("print('a%s' % x)\nD[1] = None", &shared),
    ];
    let mut versions: Vec<Version> = found.iter().filter_map(modelled).collect();
    versions.sort();
    versions.dedup();
    let of_model = cases.map(|(body, setup)| opcodes(body, setup, &versions));
    for interpreter in found {
        let Some(version) = modelled(interpreter) else { continue };
        let at = versions.iter().position(|&known| known == version).unwrap();
        let output = Command::new(interpreter.path()).arg(&script).args(cases.map(|(body, _)| body)).output();
        let real: Vec<Vec<String>> = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        assert_eq!(real.len(), cases.len());
        for (((body, _), of_model), real) in cases.iter().zip(&of_model).zip(real) {
            // In 2.7 a print with parentheses is a statement, and spelt otherwise.
            if version == Version::V2_7 && body.starts_with("print") {
                continue;
            }
            assert_eq!(of_model[at], plain(real), "{body} in {}", interpreter.label());
        }
    }
}

/// Functions with handlers: where each leads to, and what stands there.
const HANDLERS: &str = "
def plain():
    t = n
    try: D['zz']
    except KeyError: pass
    other = t
    work(other)
def at_the_end_of_a_loop():
    for i in R:
        try: D['zz']
        except KeyError: pass
def within_a_loop():
    for i in R:
        try: D['zz']
        except KeyError: work()
        work(i)
    work()
def within_another():
    try: D['zz']
    except KeyError:
        try: D['y']
        except ValueError: work()
        work()
    work(); work()
def with_block():
    with L: work()
    work(); work()
def with_at_the_end_of_a_loop():
    for i in R:
        with L: work()
def with_in_a_handler():
    try: work()
    except KeyError:
        with L: work()
        work()
    work(); work()
def cleaned_up():
    try: work()
    finally: work()
    work()
def named():
    try:
        try: work()
        finally: work()
    except KeyError as e: work(e)
    work(); work()
def bare():
    try: work()
    except: work()
    work(); work()
def several():
    try: work()
    except KeyError:
        if Q: work()
    except ValueError: work()
    else: work()
    work(); work()
def loops_in_a_handler():
    try: work()
    except KeyError:
        for i in R: work()
    work(); work()
def goes_on():
    while T:
        try: work()
        except KeyError:
            if Q: continue
            work()
        work()
def ends_a_for():
    for i in R:
        try: work()
        except KeyError: break
        work()
    work(); work()
def ends_a_while():
    while T:
        with L:
            try: work()
            except KeyError: break
        work()
    work(); work()
def ends_a_function():
    for i in R:
        try: work()
        except KeyError: return 5
        work()
    work(); work()
def always_left():
    try: return work()
    except KeyError: pass
    work(); work()
";

/// What a function ends with behind a handler.
const ENDS: [&str; 18] = [
    "return X",
    "return work()",
    "return work(X)",
    "return work(X, 1)",
    "return X.a",
    "return X.a()",
    "return X.a(1)",
    "return X[1]",
    "return t[0][1]",
    "return not t",
    "return t and 5",
    "global Z; Z = 1",
    "work()",
    "D.x = t",
    "raise X",
    "raise work(X)",
    "return work(X + 1)",
    "return",
];

#[test]
fn handlers_are_left_as_in_real_interpreters() {
    let found: Vec<_> =
        found().iter().filter(|python| modelled(python).is_some_and(|it| it >= Version::V3_12)).collect();
    if found.is_empty() {
        return skipped("how handlers are left");
    }
    let ends = ENDS.iter().enumerate().map(|(number, end)| {
        let end = end.replace("; ", "\n    ");
        format!("def end_{number}():\n    t = n\n    try: D['zz']\n    except KeyError: work()\n    {end}\n")
    });
    let text = format!("n = Q = T = 0\nX = R = L = D = []\n{HANDLERS}{}", ends.collect::<String>());
    let text = text.replace("def plain", "def work(*all): pass\ndef plain");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("handlers.py");
    std::fs::write(&file, text).unwrap();
    let mut versions: Vec<Version> = found.iter().filter_map(|python| modelled(python)).collect();
    versions.dedup();
    let named: Vec<String> = versions.iter().map(ToString::to_string).collect();
    let report = json(&[file.to_str().unwrap(), "--cpython", &named.join(",")]);
    for python in found {
        let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/ways_out.py");
        let output = Command::new(python.path()).arg(&script).arg(&file).output().unwrap();
        let real: Value = serde_json::from_slice(&output.stdout).unwrap();
        let version = modelled(python).unwrap().to_string();
        let listings = report["results"].as_array().unwrap();
        let of_model = listings.iter().find(|listing| listing["version"] == version).unwrap();
        let functions = of_model["functions"].as_array().unwrap();
        assert!(functions.len() > 30, "{}", functions.len());
        for function in functions.iter().filter(|function| function["name"] != "<module>") {
            let name = function["name"].as_str().unwrap();
            let ways = Value::from(ways_out(&function["instructions"]));
            assert_eq!(ways, real[name], "{name} in {version}");
        }
    }
}

/// How the handlers of a function are left: for each `POP_EXCEPT` the jump back or the exit that follows.
fn ways_out(instructions: &Value) -> Vec<&str> {
    let instructions = instructions.as_array().unwrap();
    let opcode = |at: usize| instructions[at]["opcode"].as_str().unwrap();
    let target = |at: usize| {
        let target = instructions[at]["argument"].as_str().unwrap().strip_prefix("to ").unwrap();
        target.parse::<usize>().unwrap()
    };
    let way_out = |mut at: usize| loop {
        match opcode(at) {
            "JUMP_BACKWARD" => return Some("JUMP_BACKWARD"),
            // CPython makes one jump of two.
            "JUMP_BACKWARD_NO_INTERRUPT" if opcode(target(at)) == "JUMP_BACKWARD" => {
                return Some("JUMP_BACKWARD");
            }
            "JUMP_BACKWARD_NO_INTERRUPT" => return Some("JUMP_BACKWARD_NO_INTERRUPT"),
            "JUMP_FORWARD" => at = target(at),
            "RERAISE" => return None,
            name if name.starts_with("RETURN_") || name.starts_with("RAISE_") => return Some("exit"),
            _ => at += 1,
        }
    };
    let places = (0..instructions.len()).filter(|&at| opcode(at) == "POP_EXCEPT");
    let mut ways: Vec<&str> = places.filter_map(way_out).collect();
    ways.sort_unstable();
    ways
}

#[test]
fn only_3_11_prepares_its_calls() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.py");
    let text = "def f(a, m):\n    assert a, m\n    with a:\n        return sum(x for x in a) + f(a, m=m)\n";
    std::fs::write(&file, text).unwrap();
    let report = json(&[file.to_str().unwrap(), "--cpython", "3.10,3.11,3.12,3.14"]);
    for listing in report["results"].as_array().unwrap() {
        let functions = listing["functions"].as_array().unwrap();
        let instructions = functions.iter().flat_map(|function| function["instructions"].as_array().unwrap());
        let prepared = instructions.filter(|instruction| instruction["opcode"] == "PRECALL").count();
        assert_eq!(prepared > 0, listing["version"] == "3.11", "{listing}");
    }
}

/// Functions of which some share a variable with a function, a lambda or a comprehension inside them.
const CELLS: &str = "
def first(taken):
    return [row for row in taken if row]
def second(taken, rows):
    return [row for row in rows if row in taken]
def total(taken):
    return sum(1 for it in taken)
def own(rows, row):
    row = [row for row in rows]
    return row
def nested(rows, cell, other):
    return [[cell for cell in row] for row in rows] + [[other for cell in row] for row in rows]
def generators(rows, most):
    return sum(sum(cell for cell in row if cell < most) for row in rows)
def names(rows, row):
    def inner():
        return {row for row in rows}
    return inner, row
def keyed(rows, places):
    return sorted(rows, key=lambda row: places[row]), {row: 1 for row in places}
def defaults(rows, most):
    return lambda row, most=most: rows
class Part:
    def lengths(self, names):
        return [len(name) for name in self.parts], [self.parts[name] for name in names]
";

#[test]
fn functions_share_the_variables_that_they_do_in_real_interpreters() {
    let found = found();
    if found.is_empty() {
        return skipped("the cells of dis");
    }
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cells.py");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cells.py");
    std::fs::write(&file, CELLS).unwrap();
    for interpreter in found {
        let Some(version) = modelled(interpreter) else { continue };
        let output = Command::new(interpreter.path()).arg(&script).arg(&file).output().unwrap();
        let real: BTreeMap<String, BTreeSet<String>> = serde_json::from_slice(&output.stdout).unwrap();
        let mut of_model: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for function in listing(CELLS, version).unwrap().functions {
            let shared = function.instructions.into_iter().filter(|one| one.opcode.contains("DEREF"));
            of_model.entry(function.name).or_default().extend(shared.map(|one| one.argument));
        }
        assert_eq!(of_model, real, "{}", interpreter.label());
    }
}

#[test]
fn the_end_of_a_loop_is_named_as_dis_does() {
    let body = "for i in (1, 2):\n    for j in [i for i in (3, 4)]: x += j";
    for version in Version::ALL {
        let report = json(&["--body", body, "--cpython", version.name()]);
        let functions = report["results"][0]["functions"].as_array().unwrap();
        let mut loops = 0;
        for function in functions {
            let instructions = function["instructions"].as_array().unwrap();
            let of = |number: usize, field: &str| instructions[number][field].as_str().unwrap();
            for at in (0..instructions.len()).filter(|&at| of(at, "opcode") == "FOR_ITER") {
                let target: usize = of(at, "argument").strip_prefix("to ").unwrap().parse().unwrap();
                let shown = (of(target - 1, "opcode"), of(target, "opcode"));
                // It follows the jump back, whether it is skipped (3.12 and later) or the first that is done.
                assert!(shown.0.starts_with("JUMP_"), "{version}: {shown:?}");
                assert_eq!(shown.1 == "END_FOR", version >= Version::V3_12, "{version}: {shown:?}");
                loops += 1;
            }
        }
        assert_eq!(loops, 4, "{version}");
    }
}

fn drop_at(listing: &Listing, function: &str, number: usize) -> Option<Drop> {
    let function = listing.functions.iter().find(|known| known.name == function)?;
    function.instructions[number].drop
}

#[test]
fn the_marks_stand_where_the_model_drops_the_gil() {
    for body in BODIES.iter().copied().chain(["while x < 3: x += 1", "if x: x += len(s)\nelse: x -= abs(d)"])
    {
        for version in Version::ALL.into_iter().filter(|version| version.has_gil()) {
            let program = Program::compile(body, "", version).unwrap();
            let listing = counter_listing(&program);
            let (mut state, mut shared) = (program.start(1, 3), SharedState::default());
            let mut looked = 0;
            while let Some((code, number)) = state.next() {
                let code = &program.codes()[code];
                let Step::Done { may_drop, .. } = program.step(&mut state, &mut shared).unwrap() else {
                    break;
                };
                let op = &code.instructions[number].op;
                if code.name == "one" || matches!(op, Op::Return | Op::ReturnConst(_)) {
                    // What looks after a return is the call, which has the mark; the model's own function is not listed.
                    continue;
                }
                let mark = drop_at(&listing, &code.name, number);
                let place = format!("{body} on {version}: {} {number}", code.name);
                assert!(!may_drop || mark.is_some(), "{place}: no mark");
                if matches!(mark, Some(Drop::Entry | Drop::Backward | Drop::Any)) {
                    assert!(may_drop, "{place}: a mark without a drop");
                }
                looked += usize::from(mark.is_some());
            }
            assert!(looked > 0, "{body} on {version}");
        }
    }
}

#[test]
fn marks_say_why_and_builds_without_a_gil_have_none() {
    let marks = |body: &str, version: &str| {
        let report = json(&["--body", body, "--cpython", version]);
        let functions = report["results"][0]["functions"].as_array().unwrap().clone();
        let mut marks = Vec::new();
        for one in functions.iter().flat_map(|function| function["instructions"].as_array().unwrap()) {
            if let (Some(why), Some(_)) = (one["drop"].as_str(), one["line"].as_u64()) {
                marks.push(format!("{}: {why}", one["opcode"].as_str().unwrap()));
            }
        }
        (marks, functions[0]["drops_at_entry"].as_bool().unwrap())
    };
    assert_eq!(marks("x = x + int(d)", "3.13"), (vec!["CALL: call".to_owned()], false));
    assert_eq!(marks("x = x + len(s)", "3.10"), (vec!["CALL_FUNCTION: call".to_owned()], true));
    // The specialised call of len() does not look.
    assert_eq!(marks("x = x + len(s)", "3.13"), (vec![], false));
    assert_eq!(marks("x = len(s) + int(len(s))", "3.13"), (vec!["CALL: call".to_owned()], false));
    assert_eq!(marks("x = x + int(d)", "3.13t"), (vec![], false));
    let (old, _) = marks("x += d", "3.9");
    assert_eq!(
        old,
        ["LOAD_GLOBAL", "INPLACE_ADD", "STORE_GLOBAL"]
            .map(|opcode| format!("{opcode}: any such instruction"))
    );
}

#[test]
fn versions_stand_side_by_side_by_line() {
    let output = gilsim("dis --cpython 3.9 --cpython 3.13 --body")
        .arg("y = x\nx = y + d")
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    let text = String::from_utf8(output).unwrap();
    let row = |start: &str| {
        text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}: {text}"))
    };
    assert!(row("body 1: y = x").matches("LOAD_GLOBAL x").count() == 2, "{text}");
    assert!(row("body 2: x = y + d").matches("LOAD_FAST y").count() == 2, "{text}");
    assert!(text.contains("any such instruction: up to 3.9"), "{text}");
}

#[test]
fn a_program_is_listed_and_what_is_none_is_refused() {
    let report = json(&["tests/programs/account.py", "--cpython", "3.12"]);
    let names: Vec<&str> = report["results"][0]["functions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"<module>") && names.contains(&"__init__"), "{names:?}");
    let quiet = crate::output_of("dis tests/programs/account.py --cpython 3.12 --quiet");
    assert!(quiet.lines().all(|line| line.split('\t').count() == 5 && line.starts_with("3.12\t")), "{quiet}");
    assert!(quiet.contains("function entry"), "{quiet}");
    gilsim("dis nowhere.py").assert().code(1).stderr(contains("nowhere.py"));
    gilsim("dis --body x=(").assert().code(2).stderr(contains("not python"));
    let nonlocal = "python 2 knows no nonlocal";
    gilsim("dis tests/programs/closure_counter.py --cpython 2.7").assert().code(2).stderr(contains(nonlocal));
    gilsim("dis").assert().code(2);
}

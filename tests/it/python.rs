//! Loop bodies under the model's GIL and on real interpreters, from the command line.

use crate::interpreter::{Fake, found};
use crate::surroundings::not_tried;
use crate::{gilsim, output_of, schema};
use gilsim::interpreter::{BodyRequest, Limits};
use predicates::boolean::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
use std::time::Duration;

/// A CPython, or nothing when there is none and nobody insists on one.
pub(crate) fn real_python() -> Option<String> {
    let found = found().last().map(|python| python.path().to_string_lossy().into_owned());
    let insisted = std::env::var_os("GILSIM_REQUIRE_PYTHON").is_some();
    assert!(found.is_some() || !insisted, "there is no CPython here, but GILSIM_REQUIRE_PYTHON is set");
    found
}

/// Says that a test needs what is not here.
pub(crate) fn skipped(what: &str) {
    not_tried(what, "no CPython on PATH or among pyenv's versions");
}

#[test]
fn a_body_that_is_exact_in_a_version_is_exact_under_its_gil() {
    for (body, version) in [
        ("x += d", "3.10"),
        ("x += d", "3.14"),
        ("x = x + d * len(s)", "3.11"),
        ("with lock: x += d", "2.7"),
        ("with lock: x += d", "3.13t"),
    ] {
        let arguments = ["gil", "--iters", "20k", "--runs", "3", "--expect", "exact", "--quiet"];
        gilsim("")
            .args(arguments)
            .args(["--body", body, "--cpython", version])
            // 2.7 and builds without a GIL have no interval.
            .args(["--switch-interval", "20us"].iter().filter(|_| !matches!(version, "2.7" | "3.13t")))
            .assert()
            .success()
            .stdout("0\n");
    }
}

#[test]
fn the_sentence_names_the_instruction() {
    let text = output_of("gil --iters 1k --runs 1 --cpython 3.9");
    assert!(
        text.contains("CPython 3.9 may drop the GIL right after LOAD_GLOBAL x, before STORE_GLOBAL x"),
        "{text}"
    );
    let text = output_of("gil --iters 1k --runs 1 --cpython 3.13");
    assert!(text.contains("cannot lose the GIL"), "{text}");
    let text = output_of("gil --iters 1k --runs 1 --cpython 3.13t");
    assert!(text.contains("has no GIL"), "{text}");
    // No execution does what stands in both branches.
    let line = ["--body", "if d > 0: x += d\nelse: x -= 1", "--cpython", "3.11"];
    let output = gilsim("gil --iters 1k --runs 1").args(line).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("no switch to another worker within this body changes"), "{text}");
}

#[test]
fn a_body_that_cannot_be_run_is_refused_with_its_place() {
    for (body, expected) in [
        ("x +=", "line 1"),
        ("import os", "import"),
        ("x = {}", "line 1, column 5"),
        ("x = x * 2 + d", "depends on the order"),
        ("x = x // 0", "ZeroDivisionError"),
        ("", "nothing to run"),
    ] {
        gilsim("").args(["gil", "--body", body]).assert().code(2).stdout("").stderr(contains(expected));
    }
}

#[test]
fn two_locks_in_opposite_orders_are_a_deadlock_and_refused() {
    let setup = r"import threading\na = threading.Lock()\nb = threading.Lock()\ndef f():\n  with a:\n    with b: pass\ndef g():\n  with b:\n    with a: pass";
    let setup = setup.strip_prefix(r"import threading\n").unwrap();
    gilsim("")
        .args(["gil", "--body", "f() if d > 0 else g()", "--setup", setup])
        .assert()
        .code(2)
        .stderr(contains("deadlock"));
}

#[test]
fn a_convoy_of_the_model_has_all_its_round_trips() {
    for (version, interval) in [("2.7", ""), ("3.12", " --switch-interval 1ms"), ("3.13t", "")] {
        let line = format!("convoy --hogs 1 --pings 5{interval} --cpython {version} --format json");
        let report: Value = schema::read(output_of(&line));
        let row = &report["results"][0];
        assert_eq!(row["subject"], format!("model {version}"));
        for series in ["idle", "loaded"] {
            assert_eq!(row[series]["times"].as_array().unwrap().len(), 5);
        }
    }
}

#[test]
fn a_broken_interpreter_is_an_error_in_its_row_and_the_rest_go_on() {
    let output = gilsim(
        "compare atomic --iters 1k --runs 1 --python /bin/false --python /nowhere/python --format json",
    )
    .assert()
    .code(1);
    let report: Value = schema::read(&output.get_output().stdout);
    let rows = report["results"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0]["verdict"], "exact");
    assert!(rows[1]["failure"].as_str().unwrap().contains("/bin/false: not a Python"));
    assert!(rows[2]["failure"].as_str().unwrap().contains("/nowhere/python: not found"));
    gilsim("convoy --pings 2 --python /bin/false")
        .assert()
        .code(1)
        .stdout(contains("failed: /bin/false: not a Python"));
}

/// The rows of a report, of which each failure names its interpreter.
fn rows(arguments: &[&str], fakes: &[&Fake], code: i32) -> Vec<Value> {
    let mut command = gilsim("");
    command.args(arguments).args(["--format", "json"]);
    for fake in fakes {
        command.arg("--python").arg(fake.path());
    }
    let output = command.assert().code(code).get_output().stdout.clone();
    let report: Value = schema::read(&output);
    report["results"].as_array().unwrap().clone()
}

#[test]
fn every_failure_of_an_interpreter_is_told_in_its_row_and_the_others_go_on() {
    let answers = r#"case "$*" in
        *'"begin"'*) echo '{"total": "45", "seconds": 1, "startup_seconds": 1, "gil_enabled": true}';;
        *'"body"'*) echo '{"expected": "0", "sequence_seconds": null, "runs": [{"value": "0", "seconds": 1}], "gil_enabled": true}';;
        *) echo '{"idle": [1, 1], "loaded": [1, 1], "gil_enabled": true}';;
        esac"#;
    // What each does when it has said that it is a Python, and how that is told.
    let faults = [
        ("exit 0", ": nothing;"),
        ("exit 7", "exited with status 7"),
        ("kill -9 $$", "was killed by SIGKILL"),
        ("echo hello", ": hello;"),
        ("exec yes", "more than"),
        ("exec cat /dev/zero", "more than"),
        ("yes >&2 & exit 7", "exited with status 7"),
    ];
    let mut fakes: Vec<Fake> = faults.iter().map(|(lines, _)| Fake::python(lines)).collect();
    fakes.push(Fake::python(answers));
    let fakes: Vec<&Fake> = fakes.iter().collect();

    let of_python = rows(&["python", "--iters", "10", "--sum", "10", "--runs", "2"], &fakes, 1);
    // Two round trips in each of six runs.
    let of_convoy = rows(&["convoy", "--pings", "12", "--hogs", "1"], &fakes, 1);
    // A row for each interpreter and job; before convoy's is the model's.
    let jobs: Vec<&[Value]> = of_python.chunks(fakes.len()).chain([&of_convoy[1..]]).collect();
    assert_eq!(jobs.len(), 3);
    assert_eq!(of_convoy[0]["failure"], Value::Null);
    for rows in jobs {
        for ((row, (lines, expected)), fake) in rows.iter().zip(faults).zip(&fakes) {
            let failure = row["failure"].as_str().unwrap();
            assert!(failure.starts_with(&format!("{}: ", fake.path().display())), "{lines}: {failure}");
            assert!(failure.contains(expected), "{lines}: {failure}");
        }
        assert_eq!(rows[faults.len()]["failure"], Value::Null);
    }
    let last = |job: usize| &of_python[(job + 1) * fakes.len() - 1]["actual"];
    assert_eq!((last(0), last(1)), (&0.into(), &45.into()));
}

/// The command of a row does the same again: it is taken, and is that of the row.
#[test]
fn the_command_of_a_row_asks_for_the_same_again() {
    let answers = Fake::python(
        r#"case "$*" in
        *'"begin"'*) echo '{"total": "45", "seconds": 1, "startup_seconds": 1, "gil_enabled": true}';;
        *) echo '{"expected": "30", "sequence_seconds": null, "runs": [{"value": "30", "seconds": 1}], "gil_enabled": true}';;
        esac"#,
    );
    let work = ["--iters", "10", "--sum", "10", "--threads", "3", "--pattern", "plus"];
    let first = rows(&[&["python"], &work[..]].concat(), &[&answers], 0);
    let failed = rows(&[&["python", "--python", "/nowhere/python"], &work[..]].concat(), &[], 1);
    assert_eq!((first.len(), failed.len()), (2, 2));
    for row in first.iter().chain(&failed) {
        let command = row["command"].as_str().unwrap();
        let words = shlex(command);
        assert_eq!(words[..2], ["gilsim", "python"]);
        if let Err(refusal) = gilsim::cli::parse(words.iter().map(Into::into)) {
            panic!("{command}: {:?}", refusal.mistake());
        }
        // The job that the row is not of is done as well, with counts that the interpreter knows nothing of.
        let again = gilsim("").args(&words[1..]).args(["--format", "json"]).output().unwrap();
        let again: Value = schema::read(&again.stdout);
        let again = again["results"].as_array().unwrap();
        let alike = |other: &Value| {
            ["command", "group", "pattern", "workers", "iterations", "expected"]
                .iter()
                .all(|field| other[field] == row[field])
        };
        assert!(again.iter().any(alike), "{row}: {again:?}");
    }
}

/// The words of a command line in which single quotes stand around some.
fn shlex(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().unwrap().push(letter),
        }
    }
    words
}

#[test]
fn a_broken_interpreter_that_was_found_is_told_by_its_whole_path() {
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join("versions/its name: odd\nindeed/bin");
    std::fs::create_dir_all(&bin).unwrap();
    let python = bin.join("python3");
    std::os::unix::fs::symlink("/bin/false", &python).unwrap();
    let output = gilsim("python --iters 1 --runs 1 --format json")
        .env("PATH", "")
        .env("PYENV_ROOT", folder.path())
        .assert()
        .code(1);
    let report: Value = schema::read(&output.get_output().stdout);
    // On one line, whatever is in it.
    let told = python.display().to_string().replace('\n', "\\n");
    assert_eq!(report["results"][0]["scenario"], format!("python:{told}"));
}

/// One that gives right answers, all with this time in them.
fn timekeeper(time: &str) -> Fake {
    Fake::python(&format!(
        r#"case "$*" in
        *'"begin"'*) echo '{{"total": "45", "seconds": {time}, "startup_seconds": {time}, "gil_enabled": true}}';;
        *'"body"'*) echo '{{"expected": "0", "sequence_seconds": null, "runs": [{{"value": "0", "seconds": {time}}}], "gil_enabled": true}}';;
        *) echo '{{"idle": [1, {time}], "loaded": [1, 1], "gil_enabled": true}}';;
        esac"#
    ))
}

#[test]
fn an_interpreter_that_tells_an_impossible_time_is_not_believed() {
    // With the timeout, which is the longest time that can be, first.
    let times = ["60", "60.1", "1.8e19", "1.844674407370955e19", "1e30", "1e999", "-0.1"];
    let fakes = times.map(timekeeper);
    let fakes: Vec<&Fake> = fakes.iter().collect();
    let told = |arguments: &[&str], models: usize| {
        let rows = rows(&[arguments, &["--timeout", "60s"]].concat(), &fakes, 1);
        let refused: Vec<bool> = rows[models..]
            .iter()
            .map(|row| {
                row["failure"].as_str().is_some_and(|failure| failure.contains("answered with rubbish"))
            })
            .collect();
        for refused in refused.chunks(fakes.len()) {
            assert_eq!(refused, [false, true, true, true, true, true, true], "{rows:?}");
        }
    };
    told(&["python", "--iters", "10", "--sum", "10", "--runs", "1"], 0);
    told(&["compare", "split:sequential", "--iters", "10", "--runs", "1"], 1);
    told(&["convoy", "--pings", "12", "--hogs", "1"], 1);
}

#[test]
fn an_interpreter_that_hangs_is_told_in_its_row_and_the_others_go_on() {
    let (asleep, stopped) = (Fake::python("sleep 1000"), Fake::python("kill -STOP $$"));
    for (arguments, hung) in [
        (&["python", "--timeout", "300ms"][..], &[true; 4][..]),
        (&["convoy", "--pings", "2", "--hogs", "1", "--timeout", "300ms"], &[false, true, true]),
    ] {
        let rows = rows(arguments, &[&asleep, &stopped], 1);
        let told: Vec<bool> =
            rows.iter().map(|row| row["failure"].to_string().contains("within 0.3 s")).collect();
        assert_eq!(told, hung, "{rows:?}");
    }
}

#[test]
fn a_real_interpreter_does_both_jobs() {
    let Some(python) = real_python() else { return skipped("both jobs") };
    let line = format!("python --python {python} --threads 1 --iters 1k --sum 1k --format json");
    let report: Value = schema::read(output_of(&line));
    let actual: Vec<&Value> =
        report["results"].as_array().unwrap().iter().map(|row| &row["actual"]).collect();
    assert_eq!(actual, [1_000, 499_500]);
}

#[test]
fn a_real_interpreter_stands_beside_the_scenarios() {
    let Some(python) = real_python() else { return skipped("the comparison with a real interpreter") };
    let text =
        output_of(&format!("compare atomic split:thread --iters 1k --runs 1 --python {python} --quiet"));
    assert_eq!(text.lines().count(), 4, "{text}");
    assert_eq!(text.matches("\t499500\n").count(), 2, "{text}");
}

#[test]
fn a_body_that_no_version_takes_is_refused_before_any_work() {
    let Some(python) = real_python() else { return skipped("the refusal of a body to verify") };
    gilsim("")
        .args(["verify", "--python", &python, "--body", "import os"])
        .assert()
        .code(2)
        .stdout("")
        .stderr(contains("import"));
}

#[test]
fn a_version_is_no_program_and_that_is_told_once() {
    let found = tempfile::tempdir().unwrap();
    for command in ["python", "verify", "compare atomic --iters 1k --runs 1", "convoy --pings 2"] {
        for name in ["3.12", "python9.9"] {
            let mut line = gilsim(&format!("{command} --python {name}"));
            // Nothing is found there.
            line.env("PATH", found.path()).env("PYENV_ROOT", found.path());
            line.assert().code(1).stdout("").stderr(predicates::function::function(|text: &str| {
                text.starts_with(&format!("error: there is no program {name} on PATH; give the path"))
                    && text.lines().count() == 1
            }));
        }
    }
}

#[test]
fn a_version_that_was_taken_for_a_program_is_answered_with_its_interpreter() {
    let Some(python) = real_python() else { return skipped("the advice of an interpreter") };
    // An interpreter under the name of no version, so that only the search finds it.
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("python");
    std::os::unix::fs::symlink(&python, &link).unwrap();
    let output =
        gilsim("python --iters 1k --sum 1k --format json").arg("--python").arg(&link).output().unwrap();
    let report: Value = schema::read(&output.stdout);
    let scenario = report["results"][0]["scenario"].as_str().unwrap();
    let release = scenario.strip_prefix("python:").unwrap().split(' ').next().unwrap();
    gilsim(&format!("python --python {release}"))
        .env("PATH", folder.path())
        .env("PYENV_ROOT", folder.path())
        .assert()
        .code(1)
        .stderr(contains(format!("CPython {release} is --python {}", link.display())));
}

#[test]
fn a_loss_that_was_not_seen_breaks_no_promise_and_one_run_is_one() {
    let Some(python) = real_python() else { return skipped("a loss that is not seen") };
    // So few updates lose nothing, or hardly ever: either is as the model says.
    let line = format!("verify --python {python} --iters 1 --runs 1 --format json");
    let report: Value = schema::read(output_of(&line));
    let rows = report["results"].as_array().unwrap();
    for row in rows {
        assert_eq!(row["cells"][0]["runs"], 1, "{row}");
    }
    let count = |name: &str| report[name].as_u64().unwrap();
    assert_eq!(count("agreements") + count("not_seen"), rows.len() as u64);
    assert_eq!(count("disagreements"), 0);
}

/// Whole iterations in turn come to something else than all of one worker's first: for an even number only that shows it.
#[test]
fn a_body_that_depends_on_the_order_of_iterations_is_refused_with_any_number_of_them() {
    let Some(python) = real_python() else { return skipped("the order of whole iterations") };
    for body in ["x = -x + d", "x = x * 2 + d"] {
        for iterations in [1, 2, 64, 200] {
            gilsim(&format!("python --python {python} --iters {iterations} --sum 10 --runs 1"))
                .args(["--body", body])
                .assert()
                .code(2)
                .stdout("")
                .stderr(contains("depends on the order in which whole iterations run"));
        }
    }
}

/// What a body comes to is not known where it is too large.
#[test]
fn nothing_is_expected_of_what_outgrows_the_numbers() {
    let Some(python) = real_python() else { return skipped("a value that is too large") };
    let line = format!("python --python {python} --iters 70 --sum 10 --runs 1 --pattern plus");
    let body = ["--body", "x = x * 2 + d"];
    let output =
        gilsim(&format!("{line} --format json")).args(body).assert().code(1).get_output().stdout.clone();
    let report: Value = schema::read(&output);
    assert_eq!(
        (&report["results"][0]["verdict"], &report["results"][0]["expected"]),
        (&"failed".into(), &Value::Null)
    );
    let output = gilsim(&line).args(body).assert().code(1).get_output().stdout.clone();
    let table = String::from_utf8(output).unwrap();
    assert!(table.contains("failed") && !table.contains("expected 140"), "{table}");
}

#[test]
fn without_an_interpreter_there_is_nothing_to_verify() {
    gilsim("verify --python /nowhere/python").assert().code(1).stderr(contains("/nowhere/python: not found"));
}

#[test]
fn a_result_over_shared_objects_is_that_of_real_threads() {
    let Some(python) = real_python() else { return skipped("a result over a shared list") };
    let body = ["--setup", "L = []", "--body", "L.append(d)", "--result", "len(L)", "--format", "json"];
    let line = format!("python --python {python} --iters 500 --sum 10");
    let output = gilsim(&line).args(body).assert().success().get_output().stdout.clone();
    let report: Value = schema::read(&output);
    assert_eq!(report["results"][0]["expected"], 1000);
    assert_eq!(report["results"][0]["actual"], 1000);
    let line = format!("verify --python {python} --set none --iters 500 --runs 1");
    let output = gilsim(&line).args(body).assert().success().get_output().stdout.clone();
    let report: Value = schema::read(&output);
    let (row, cell) = (&report["results"][0], &report["results"][0]["cells"][0]);
    assert_eq!((&row["setup"], &row["result"]), (&"L = []".into(), &"len(L)".into()));
    assert_eq!((&cell["model"], &cell["real"]), (&"exact".into(), &"exact".into()));
    let not_a_number = ["--setup", "L = []", "--body", "L.append(d)", "--result", "L"];
    gilsim(&line).args(not_a_number).assert().code(2).stderr(contains("is no whole number but a list"));
}

/// A thread that raises ends alone; the run tells of it.
#[test]
fn an_exception_of_a_real_thread_is_reported_where_the_model_has_one() {
    let never = false.into();
    let Some(interpreter) = found().last() else {
        return skipped("an exception of a real thread");
    };
    let request = BodyRequest {
        body: "raise KeyError(d)".to_owned(),
        setup: "L = []".to_owned(),
        iterations: 3,
        raising: true,
        ..BodyRequest::default()
    };
    let limits = Limits::new(Duration::from_secs(30), &never);
    let result = interpreter.body(&request, &limits).unwrap();
    assert_eq!(result.runs[0].raised.as_deref(), Some("KeyError"));
    assert_eq!((result.losing_runs(), result.raising_runs()), (1, 1));
    let refused = interpreter.body(&BodyRequest { raising: false, ..request }, &limits);
    assert!(refused.unwrap_err().to_string().contains("KeyError"));
}

#[test]
fn gil_names_those_that_take_a_body_over_shared_objects() {
    let body = ["--setup", "D = {0: 0}", "--body", "D[0] += d", "--result", "D[0]"];
    let others = "gilsim verify and gilsim explore take this one";
    gilsim("gil --iters 1k").args(body).assert().code(2).stderr(contains(others));
    gilsim("gil --iters 1k --result x+1").assert().code(2).stderr(contains(others));
    // What has no whole number for a result is taken by none of them.
    gilsim("gil --iters 1k --body").arg("x += 1.5").assert().code(2).stderr(contains("take this one").not());
}

#[test]
fn a_file_of_the_folder_is_no_module_of_the_interpreter_that_is_asked() {
    let Some(python) = real_python() else {
        return skipped("an interpreter in a folder with modules of its own");
    };
    let folder = tempfile::tempdir().unwrap();
    for module in ["re.py", "threading.py"] {
        std::fs::write(folder.path().join(module), "raise SystemExit(3)\n").unwrap();
    }
    std::fs::write(folder.path().join("program.py"), "print(1)\n").unwrap();
    let line = ["--runs", "1", "--python", &python];
    gilsim("check program.py").args(line).current_dir(folder.path()).assert().success();
}

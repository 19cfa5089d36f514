//! Interpreters at the same programs: what is told of those that fail, and what comes of those that do not.

use crate::interpreter::{Fake, ample, real, share};
use crate::{gilsim, output_of, schema};
use gilsim::interpreter::{Case, OverheadRequest, PROGRAMS};
use gilsim::python::version::Version;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;
use std::process::Output;

/// One that answers any program after so many seconds, after `lines`.
fn answering(seconds: f64, lines: &str) -> Fake {
    Fake::python(&format!(
        r#"{lines}
        echo '{{"seconds": [0.9, {seconds}, 0.9], "result": "7", "gil_enabled": true}}'"#
    ))
}

/// Does so in the program whose file has this first line.
fn in_program(first_line: &str, what: &str) -> String {
    format!("case \"$*\" in *'{first_line}'*) {what};; esac")
}

fn overhead(base: &Fake, other: &Fake, arguments: &str) -> Output {
    gilsim(&format!("overhead {arguments}"))
        .arg("--python")
        .arg(base.path())
        .arg("--python")
        .arg(other.path())
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    assert!(!output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    schema::read(&output.stdout)
}

fn programs(report: &Value) -> &Vec<Value> {
    report["results"][0]["programs"].as_array().unwrap()
}

#[test]
fn the_verdict_and_the_exit_code_follow_the_ratio() {
    let (slow, fast) = (answering(0.02, ""), answering(0.01, ""));
    for (base, other, verdict, ratio, met, not_met) in [
        (&fast, &slow, "not-met", 2.0, 3, 0),
        (&slow, &fast, "met", 0.5, 0, 3),
        (&slow, &slow, "cannot-be-told", 1.0, 3, 3),
    ] {
        // The whole report is exported by the run that the exit code is of.
        let folder = tempfile::tempdir().unwrap();
        let export = folder.path().join("report.json");
        let run = |expect: &str| {
            let arguments = format!("--runs 7 --quiet --export {} {expect}", export.display());
            overhead(base, other, &arguments)
        };
        for (expected, code) in [("met", met), ("not-met", not_met)] {
            let output = run(&format!("--expect {expected}"));
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(code), "{verdict} {expected}: {said}");
            assert_eq!(said.starts_with(&format!("--expect {expected} is not met: ")), code == 3, "{said}");
            let printed = String::from_utf8(output.stdout).unwrap();
            let lines: Vec<Vec<&str>> = printed.lines().map(|line| line.split('\t').collect()).collect();
            assert_eq!(lines.len(), 3);
            for (line, case) in lines.iter().zip(["one-thread", "waiting", "computing"]) {
                assert_eq!(line[..4], ["3.13.0", "3.13.0", case, verdict]);
            }
        }
        if verdict == "not-met" {
            // Nothing was expected.
            assert_eq!(run("").status.code(), Some(0));
        }
        let report = schema::read(std::fs::read(&export).unwrap());
        assert_eq!(report["runs"], 7);
        for row in programs(&report) {
            assert_eq!(
                (&row["ratio"], &row["low"], &row["high"]),
                (&ratio.into(), &ratio.into(), &ratio.into())
            );
            assert_eq!(row["base_times"].as_array().unwrap().len(), 7);
        }
        for case in report["results"][0]["cases"].as_array().unwrap() {
            assert_eq!(case["verdict"], verdict);
            assert!((case["ratio"].as_f64().unwrap() - ratio).abs() < 1e-9, "{case}");
        }
    }
}

#[test]
fn one_that_fails_in_one_program_goes_on_with_the_others() {
    let good = answering(0.01, "");
    for (what, said) in [
        ("kill -SEGV $$", "was killed by SIGSEGV"),
        ("echo rubbish; exit", "answered with rubbish"),
        ("echo 'Boom: gone' >&2; exit 1", "Boom: gone"),
        (
            "echo '{\"seconds\": [1.0], \"result\": \"7\", \"gil_enabled\": true}'; exit",
            "another number of times",
        ),
        (
            "echo '{\"seconds\": [1.0, 0.0, 1.0], \"result\": \"7\", \"gil_enabled\": true}'; exit",
            "an impossible time",
        ),
        (
            "echo '{\"seconds\": [1.0, 1.0, 1.0], \"result\": \"8\", \"gil_enabled\": true}'; exit",
            "3.13.0 came to 7 and 3.13.0 to 8",
        ),
    ] {
        let bad = answering(0.01, &in_program("# Strings: joined", what));
        let output = overhead(&good, &bad, "--runs 2 --format json");
        assert_eq!(output.status.code(), Some(1), "{what}");
        for row in programs(&json(&output)) {
            let failure = row["failure"].as_str().unwrap_or_default();
            assert_eq!(failure.contains(said), row["program"] == "strings", "{what}: {row}");
            assert_eq!(row["ratio"].is_null(), row["program"] == "strings", "{what}: {row}");
        }
        // A line of its own in the table, too, whatever else is there.
        let output = overhead(&good, &bad, "--runs 1");
        let table = String::from_utf8(output.stdout).unwrap();
        let lines = table.lines().filter(|line| line.contains("strings (") && line.contains(said));
        assert_eq!(lines.count(), 2, "{what}: {table}");
    }
}

#[test]
fn one_that_hangs_in_one_program_goes_on_with_the_others() {
    let good = answering(0.01, "");
    let hangs = answering(0.01, &in_program("# Strings: joined", "sleep 1000"));
    // However slow the machine: some timeout is long enough for all that do not hang.
    let mut timeout = 1;
    loop {
        let output = overhead(&good, &hangs, &format!("--runs 1 --format json --timeout {timeout}s"));
        assert_eq!(output.status.code(), Some(1));
        let report = json(&output);
        let failed: Vec<&Value> = programs(&report).iter().filter(|row| row["failure"].is_string()).collect();
        assert!(failed.iter().filter(|row| row["program"] == "strings").count() == 2, "{failed:?}");
        assert!(
            failed.iter().all(|row| row["failure"].as_str().unwrap().contains("gave no answer within")),
            "{failed:?}"
        );
        if failed.len() == 2 {
            break;
        }
        timeout *= 2;
        assert!(timeout < 100, "{failed:?}");
    }
}

#[test]
fn one_that_cannot_do_anything_is_asked_three_times_and_one_that_is_missing_never() {
    let good = answering(0.01, "");
    let broken = Fake::python("echo >> \"$0.asked\"; exit 1");
    let output = overhead(&good, &broken, "--runs 3 --format json");
    assert_eq!(output.status.code(), Some(1));
    let asked = std::fs::read_to_string(format!("{}.asked", broken.path().display())).unwrap();
    assert_eq!(asked.lines().count(), 3);
    let report = json(&output);
    assert!(programs(&report).iter().all(|row| row["failure"].is_string()), "{report}");
    assert!(report["results"][0]["cases"].as_array().unwrap().iter().all(|case| case["verdict"] == "failed"));

    gilsim("overhead --runs 1 --python /nonexistent/python --python")
        .arg(good.path())
        .args(["--python"])
        .arg(good.path())
        .args(["--python"])
        .arg(good.path())
        .assert()
        .code(1)
        .stdout(contains("3.13.0 against /nonexistent/python failed: /nonexistent/python: not found"))
        .stdout(contains("one thread: 3.13.0 takes 1.000 times as long as 3.13.0: cannot be told."));
}

#[test]
fn mistakes_are_told_before_any_work() {
    gilsim("overhead --python python3")
        .assert()
        .code(2)
        .stderr(contains("give --python twice for each pair"));
    gilsim("overhead --python no-such-python --python no-such-python")
        .assert()
        .code(1)
        .stderr(contains("there is no program no-such-python on PATH"));
    gilsim("overhead --runs 0").assert().code(2).stderr(contains("use 1 to 1000 runs"));
    // A place where there is none.
    gilsim("overhead")
        .env("PATH", "/nonexistent")
        .env("HOME", "/nonexistent")
        .env_remove("PYENV_ROOT")
        .assert()
        .code(1)
        .stderr(
            contains("there are no two versions of CPython").and(contains("--python BASE --python OTHER")),
        );
}

#[test]
fn versions_that_are_found_are_paired() {
    let folder = tempfile::tempdir().unwrap();
    let fakes =
        [(9, "false", "true"), (13, "false", "true"), (13, "true", "false")].map(|(minor, free, gil)| {
            Fake::of(
                minor,
                free,
                gil,
                r#"echo '{"seconds": [1.0, 1.0, 1.0], "result": "7", "gil_enabled": true}'"#,
            )
        });
    let pairs = |fakes: &[&Fake]| {
        let path =
            std::env::join_paths(fakes.iter().map(|fake| fake.path().parent().unwrap().to_owned())).unwrap();
        let path = format!("{}:/usr/bin:/bin", path.to_str().unwrap());
        let mut command = gilsim("overhead --runs 1 --format json");
        let output =
            command.env("PATH", path).env("HOME", folder.path()).env_remove("PYENV_ROOT").output().unwrap();
        let report = json(&output);
        report["results"].as_array().unwrap().clone()
    };
    let found = pairs(&[&fakes[0], &fakes[1], &fakes[2]]);
    assert_eq!((&found[0]["base"], &found[0]["other"]), (&"3.13.0".into(), &"3.13.0t".into()));
    assert_eq!(found[0]["stated"].as_array().unwrap().len(), Version::V3_13t.stated_overhead().len());
}

#[test]
fn every_program_comes_to_the_same_in_every_interpreter() {
    // What is shared out is the same work: with one of these programs it is seen.
    let programs: Vec<_> =
        PROGRAMS.into_iter().filter(|it| it.case != Case::Computing || it.name == "calls").collect();
    for (number, &program) in programs.iter().enumerate() {
        let mut results = Vec::new();
        for interpreter in share(number, programs.len()) {
            let request =
                OverheadRequest { program, threads: 3, interval: Some(std::time::Duration::from_millis(5)) };
            let done = interpreter.overhead(&request, &ample()).unwrap();
            assert!(done.seconds > 0.0);
            assert_eq!(done.gil_enabled, interpreter.gil_enabled());
            results.push((done.result, interpreter.label()));
        }
        results.dedup_by_key(|(result, _)| *result);
        assert!(results.len() <= 1, "{} ({:?}): {results:?}", program.name, program.case);
    }
}

#[test]
fn a_real_one_against_itself() {
    let Some(interpreter) = real().pop() else { return };
    let path = interpreter.path().display();
    let report: Value = schema::read(output_of(&format!(
        "overhead --python {path} --python {path} --runs 1 --threads 3 --switch-interval 1ms --format json"
    )));
    assert_eq!((&report["threads"], &report["switch_interval"]), (&3.into(), &0.001.into()));
    assert_eq!(programs(&report).len(), PROGRAMS.len());
    assert!(programs(&report).iter().all(|row| row["ratio"].as_f64().unwrap() > 0.0));
}

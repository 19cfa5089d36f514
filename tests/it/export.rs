//! Where reports go.

use crate::gilsim;
use predicates::str::{contains, is_empty};
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

#[test]
fn every_export_is_written_in_the_form_of_its_ending() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut command = gilsim("atomic --iters 1k --runs 3 --quiet");
    for name in ["a.json", "a.csv", "a.md", "a.txt"] {
        command.arg("--export").arg(path(name));
    }
    command.assert().success().stdout("0\n");
    let json: Value = serde_json::from_str(&fs::read_to_string(path("a.json")).unwrap()).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["results"][0]["times"].as_array().unwrap().len(), 3);
    assert!(
        fs::read_to_string(path("a.csv"))
            .unwrap()
            .starts_with("command,mean,stddev,median,user,system,min,max,")
    );
    assert!(fs::read_to_string(path("a.md")).unwrap().starts_with("| atomic"));
    assert!(fs::read_to_string(path("a.txt")).unwrap().starts_with(if cfg!(debug_assertions) {
        "built without"
    } else {
        "atomic: "
    }));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4, "a file was left behind");
}

#[test]
fn an_export_that_cannot_be_written_is_refused_before_any_work() {
    // So many updates that the test would not end if they were begun.
    gilsim("atomic --iters 1e18 --export /nowhere/at/all.json")
        .assert()
        .code(1)
        .stdout(is_empty())
        .stderr(contains("error: could not write /nowhere/at/all.json"));
}

#[test]
fn standard_output_can_be_an_export() {
    let output = gilsim("atomic --iters 1k --runs 1 --export -").assert().success();
    let output = output.get_output();
    assert!(serde_json::from_slice::<Value>(&output.stdout).is_ok());
    assert!(String::from_utf8_lossy(&output.stderr).contains("verdict"));
}

#[test]
fn a_full_device_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(assert_cmd::cargo::cargo_bin!("gilsim"))
        .args(["atomic", "--iters", "1k", "--runs", "1"])
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: could not write to standard output"));
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("gilsim"))
        .args(["atomic", "--iters", "1k", "--runs", "1", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(errors, "");
}

#[test]
fn the_json_bears_what_scripts_for_hyperfine_read() {
    let output = gilsim("split --iters 10k --runs 2 --format json").assert().success();
    let report: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    for row in report["results"].as_array().unwrap() {
        assert!(row["command"].as_str().unwrap().starts_with("gilsim split --by "));
        for field in ["mean", "stddev", "median", "user", "system", "min", "max"] {
            assert!(row[field].is_number(), "{field}");
        }
        let times: Vec<f64> =
            row["times"].as_array().unwrap().iter().map(|time| time.as_f64().unwrap()).collect();
        let mean = times.iter().sum::<f64>() / 2.0;
        assert!((row["mean"].as_f64().unwrap() - mean).abs() < 1e-12);
    }
}

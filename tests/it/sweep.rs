//! Sweeps: every combination is a row with its parameters, in every form, and what was finished is reported.

use crate::python::{real_python, skipped};
use crate::{gilsim, output_of, schema};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

fn report(arguments: &str) -> Value {
    schema::read(output_of(&format!("{arguments} --format json")))
}

fn rows(report: &Value) -> Vec<&Value> {
    report["results"].as_array().unwrap().iter().filter(|row| row["baseline"] == false).collect()
}

/// The parameters of a row, `name=value` in their order.
fn parameters(row: &Value) -> Vec<String> {
    let parameters = row["parameters"].as_object().unwrap();
    parameters.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect()
}

#[test]
fn a_comparison_has_a_row_for_each_scenario_and_combination() {
    let report = report("compare --threads 1,2,4 --iters 100,1k --runs 1");
    let rows = rows(&report);
    let all: BTreeSet<(&str, Vec<String>)> =
        rows.iter().map(|row| (row["scenario"].as_str().unwrap(), parameters(row))).collect();
    let scenarios: BTreeSet<&str> = all.iter().map(|(scenario, _)| *scenario).collect();
    assert_eq!((scenarios.len(), all.len(), rows.len()), (10, 60, 60));
    for row in &rows {
        let parameters = &row["parameters"];
        let threads: u64 = parameters["threads"].as_str().unwrap().parse().unwrap();
        // Which CPU does it all is no matter of the number of workers that the others have.
        let sequential = row["scenario"] == "split:sequential";
        assert_eq!(row["workers"], if sequential { 1 } else { threads }, "{row}");
        assert_eq!(row["iterations"], if parameters["iters"] == "1k" { 1000 } else { 100 }, "{row}");
        let words: Vec<_> =
            row["command"].as_str().unwrap().split_whitespace().map(std::ffi::OsString::from).collect();
        assert!(gilsim::cli::parse(words).is_ok(), "{}", row["command"]);
        if row["promise"] == "exact" {
            assert_eq!(row["actual"], row["expected"], "{row}");
        }
    }
}

#[test]
fn the_relative_time_is_to_the_fastest_of_the_same_combination() {
    let report = report("compare atomic mutex sharded --threads 1,2 --iters 1k,2k --runs 3");
    let rows = rows(&report);
    for row in &rows {
        let alike = rows.iter().filter(|other| other["parameters"] == row["parameters"]);
        let fastest = alike.map(|other| other["median"].as_f64().unwrap()).fold(f64::INFINITY, f64::min);
        let relative = row["median"].as_f64().unwrap() / fastest;
        assert!((row["relative"].as_f64().unwrap() - relative).abs() < 1e-9, "{row}");
    }
    for line in report["scaling"].as_array().unwrap() {
        let of = |workers: &Value| {
            let row = rows.iter().find(|row| {
                row["scenario"] == line["scenario"]
                    && row["workers"] == *workers
                    && row["parameters"]["iters"] == line["parameters"]["iters"]
            });
            row.unwrap()["ns_per_update"].as_f64().unwrap()
        };
        for speedup in line["speedups"].as_array().unwrap() {
            let expected = of(&line["over"]) / of(&speedup[0]);
            assert!((speedup[1].as_f64().unwrap() - expected).abs() < 1e-9, "{line}");
        }
    }
    assert_eq!(report["scaling"].as_array().unwrap().len(), 6);
}

#[test]
fn choices_and_times_are_swept_too() {
    let locks = report("mutex --lock std,fair --iters 10 --runs 1");
    let of = |report: &Value| rows(report).iter().map(|row| parameters(row).join(" ")).collect::<Vec<_>>();
    assert_eq!(of(&locks), ["lock=std", "lock=fair"]);
    let versions = report("gil --cpython 3.9,3.13 --switch-interval 1ms,5ms --iters 10 --runs 1");
    let expected = [
        "cpython=3.9 switch-interval=1ms",
        "cpython=3.9 switch-interval=5ms",
        "cpython=3.13 switch-interval=1ms",
        "cpython=3.13 switch-interval=5ms",
    ];
    assert_eq!(of(&versions), expected);
    // What has no such interval is measured beside what has one, and does not claim it.
    let mixed = report("gil --cpython 2.7,3.9,3.13t --switch-interval 1ms --iters 10 --runs 1");
    let intervals: Vec<&Value> = rows(&mixed).iter().map(|row| &row["switch_interval"]).collect();
    assert_eq!(intervals, [&Value::Null, &Value::from(0.001), &Value::Null]);
    let mixed =
        output_of("gil --cpython 3.9,3.13t --switch-interval 1ms,5ms --iters 10 --runs 1 --format markdown");
    assert!(mixed.contains("switch-interval 1ms, 5ms (for gil:3.9 alone)"), "{mixed}");
    let mixed = report("convoy --cpython 2.7,3.9 --switch-interval 1ms --pings 3");
    let intervals: Vec<&Value> =
        mixed["results"].as_array().unwrap().iter().map(|row| &row["switch_interval"]).collect();
    assert_eq!(intervals, [&Value::Null, &Value::from(0.001)]);
    assert_eq!(mixed["switch_interval"], 0.001);
    let sums = report("split --by thread,gil --workers 1,2 --iters 10,20 --runs 1");
    assert_eq!(rows(&sums).len(), 8);
    // A yardstick for each range.
    assert_eq!(sums["results"].as_array().unwrap().len(), 10);
    assert!(rows(&sums).iter().all(|row| row["speedup"].is_f64()));
    let hogs = report("convoy --hogs 1,2 --pings 3");
    assert_eq!(of_convoy(&hogs), [r#"{"hogs":"1"}"#, r#"{"hogs":"2"}"#]);
    assert!(hogs["hogs"].is_null() && hogs["switch_interval"].is_f64());
    let counts = report("refcount --count plain,atomic --threads 1,2 --iters 10 --runs 1");
    // One worker has nobody to share an object with.
    assert_eq!(rows(&counts).len(), 2 + 4);
}

fn of_convoy(report: &Value) -> Vec<String> {
    report["results"].as_array().unwrap().iter().map(|row| row["parameters"].to_string()).collect()
}

#[test]
fn one_value_is_no_sweep() {
    for line in
        ["atomic --threads 2 --iters 10", "compare atomic sharded --iters 10", "mutex --lock fair --iters 10"]
    {
        let report = report(&format!("{line} --runs 1"));
        assert!(report.get("scaling").is_none(), "{line}");
        assert!(
            report["results"].as_array().unwrap().iter().all(|row| row.get("parameters").is_none()),
            "{line}"
        );
        let stderr = gilsim(&format!("{line} --runs 1")).assert().success().get_output().stderr.clone();
        assert!(stderr.is_empty(), "{line}");
    }
}

#[test]
fn every_form_carries_the_parameters() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = gilsim("compare atomic sharded --threads 1,2 --iters 10,1k --runs 2");
    let exports = ["a.csv", "a.md", "a.html", "a.svg"].map(|name| folder.path().join(name));
    for path in &exports {
        command.arg("--export").arg(path);
    }
    let output = command.assert().success().get_output().clone();
    let [csv, markdown, page, picture] = exports.map(|path| fs::read_to_string(path).unwrap());

    let mut reader = csv.lines();
    assert!(reader.next().unwrap().ends_with(",parameter_threads,parameter_iters"));
    let ends: Vec<bool> = reader
        .zip([",1,10", ",1,1k", ",2,10", ",2,1k"].into_iter().cycle())
        .map(|(line, end)| line.ends_with(end))
        .collect();
    assert_eq!(ends, [true; 8]);
    for text in [&markdown, &page, &String::from_utf8(output.stdout).unwrap()] {
        assert!(text.contains("threads 1, 2; iters 10, 1k"), "{text}");
        assert!(text.contains("speed-up of sharded (iters 1k) over 1 worker"), "{text}");
    }
    assert!(picture.contains("counter over threads, iters 1k"), "{picture}");
    let plan = String::from_utf8(output.stderr).unwrap();
    assert!(plan.starts_with("a sweep of 8 cases: a round of all takes about "), "{plan}");

    let quiet = gilsim("compare atomic sharded --threads 1,2 --iters 10 --runs 1 --quiet");
    let output = { quiet }.assert().success().get_output().clone();
    let records =
        "counter\tatomic\t1\t10\ncounter\tatomic\t2\t0\ncounter\tsharded\t1\t10\ncounter\tsharded\t2\t0\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), records);
    assert!(output.stderr.is_empty());
}

#[test]
fn the_legend_and_the_title_are_of_what_the_tables_have() {
    let text = output_of("compare split:thread atomic --iters 10,20 --runs 1");
    assert!(!text.contains("speed-up") && !text.contains(": ;"), "{text}");
    let text = output_of("compare split:thread split:sequential --iters 10k,20k --runs 1");
    assert!(text.contains("speed-up: over one worker") && !text.contains("of the fewest"), "{text}");
    let text = output_of("atomic --threads 1,2 --iters 10k --runs 1");
    assert!(text.contains("of the fewest workers") && !text.contains("with start"), "{text}");
}

#[test]
fn a_sequential_sum_is_said_to_have_one_worker() {
    let note = "sequential has one worker in each combination";
    assert!(output_of("split --by sequential,thread --workers 1,2 --iters 10 --runs 1").contains(note));
    assert!(output_of("split --by sequential,thread --iters 10,20 --runs 1").contains(note));
    assert!(!output_of("split --by thread --workers 1,2 --iters 10 --runs 1").contains(note));
}

#[test]
fn who_is_pinned_is_said_and_who_is_not() {
    let Some(python) = real_python() else { return skipped("a sweep with an interpreter") };
    let line = format!("compare sharded --python {python} --iters 100,1k --runs 1");
    let rows = report(&line)["results"].as_array().unwrap().clone();
    let pinned = rows.iter().any(|row| row["scenario"] == "sharded" && row["pins"] != serde_json::json!([]));
    let real = rows.iter().find(|row| row["scenario"].as_str().unwrap().starts_with("python:")).unwrap();
    assert_eq!(real["pins"], serde_json::json!([]));
    let text = output_of(&line).split_whitespace().collect::<Vec<_>>().join(" ");
    let said = format!("({}: workers not pinned)", real["scenario"].as_str().unwrap());
    assert_eq!(text.contains(&said), pinned, "{text}");
}

#[test]
fn what_cannot_be_swept_is_refused_with_what_to_do() {
    for (line, right) in [
        ("race --threads 8..1", "write 1..8"),
        ("race --threads 0..4", "use 1 to 100000 workers"),
        ("race --iters 1,,2", "a value is missing beside a comma"),
        ("gil --switch-interval 1ms..9ms", "1ms..9ms:x10"),
        ("mutex --lock fast,fair", "[possible values: parking-lot, std, fair, spin]"),
        ("overhead --threads 1,2", "gilsim overhead takes one value for --threads"),
        ("compare --threads 1..64 --iters 1..64", "combinations are too many; use at most 1,000"),
        ("split --by rayon --workers 2,1000", "workers of a rayon pool are too many"),
        ("split --from 10 --iters 5,20", "--from 10 is beyond the end of the range, --iters 5"),
    ] {
        let output = gilsim(line).assert().code(2).get_output().clone();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(right), "{line}: {error}");
        assert_eq!(error.lines().count(), 1, "{line}: {error}");
    }
}

#[test]
fn expectations_are_of_all_combinations() {
    gilsim("atomic --threads 1,2 --iters 10 --runs 1 --expect exact").assert().success();
    let output = gilsim("atomic --threads 1,2 --iters 10 --runs 1 --expect lost")
        .assert()
        .code(3)
        .get_output()
        .clone();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("no run of 2 combinations was wrong"), "{error}");
}

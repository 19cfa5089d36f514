//! Runs that are held against an earlier export.

use crate::{gilsim, output_of};
use proptest::prelude::*;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// An export of a small run, and the folder that it is in.
fn export(line: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("old.json");
    gilsim(&format!("{line} --quiet --export")).arg(&file).assert().success();
    (folder, file)
}

fn value(file: &Path) -> Value {
    crate::schema::read(fs::read_to_string(file).unwrap())
}

/// The same export with every time so many times as long, as if on a quiet machine.
fn scaled(file: &Path, factor: f64) -> PathBuf {
    let mut report = value(file);
    for row in report["results"].as_array_mut().unwrap() {
        for (number, run) in (0_u32..).zip(row["observations"].as_array_mut().unwrap()) {
            // A scatter of one per cent.
            let time = 0.01 * factor * (1.0 + 0.001 * (f64::from(number * 7 % 11) - 5.0));
            run["time"] = time.into();
            run["spans"] = vec![vec![0.0, time]].into();
            run["cpu"] = time.into();
            run["pace"] = Value::Null;
        }
    }
    let path = file.with_file_name(format!("times-{factor}.json"));
    fs::write(&path, report.to_string()).unwrap();
    path
}

/// What a comparison prints and ends with.
fn diff(before: &Path, after: &Path, more: &str) -> (String, String, Option<i32>) {
    let ran = gilsim("diff").args([before, after]).args(more.split_whitespace()).output().unwrap();
    (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap(), ran.status.code())
}

#[test]
fn a_change_is_told_in_a_word_and_decides_the_exit_code() {
    let (_folder, file) = export("compare atomic sharded --iters 1k --runs 11");
    let before = scaled(&file, 1.0);
    for (factor, word, code) in
        [(1.0, "same", 0), (1.1, "slower", 3), (0.8, "faster", 0), (1.04, "slower", 0)]
    {
        let after = scaled(&file, factor);
        let (text, said, ended) = diff(&before, &after, "--fail-if-slower 5%");
        assert_eq!(ended, Some(code), "{factor}: {text}{said}");
        let lines: Vec<&str> = text.lines().filter(|line| line.ends_with(word)).collect();
        assert_eq!(lines.len(), 2, "{factor}: {text}");
        assert_eq!(said.matches("is slower than in").count(), if code == 3 { 2 } else { 0 }, "{said}");
        let (quiet, ..) = diff(&before, &after, "--quiet");
        assert_eq!(
            quiet.lines().next().unwrap().split('\t').take(3).collect::<Vec<_>>(),
            ["counter", "atomic", word]
        );
        let (json, ..) = diff(&before, &after, "--format json");
        let row = crate::schema::read(&json)["changes"][0].clone();
        let [ratio, low, high] = ["ratio", "low", "high"].map(|name| row[name].as_f64().unwrap());
        assert!(low <= ratio && ratio <= high && (ratio - factor).abs() < 0.01, "{row}");
    }
}

#[test]
fn a_limit_is_named_as_it_was_given_and_told_from_the_change() {
    let (_folder, file) = export("atomic --iters 1k --runs 11");
    let before = scaled(&file, 1.0);
    for (factor, limit, named) in [(1.1, "1.5%", "1.5 %"), (1.022, "1.6%", "1.6 %"), (1.008, "0.2%", "0.2 %")]
    {
        let (text, said, code) = diff(&before, &scaled(&file, factor), &format!("--fail-if-slower {limit}"));
        assert_eq!(code, Some(3), "{factor}: {text}{said}");
        assert!(said.contains(&format!("by more than {named}: ")), "{said}");
        let (_, interval) = said.trim_end().rsplit_once('(').unwrap();
        let low: f64 = interval.split(' ').next().unwrap().parse().unwrap();
        let limit: f64 = limit.trim_end_matches('%').parse().unwrap();
        assert!(low > 1.0 + limit / 100.0, "{said}");
    }
}

#[test]
fn runs_like_their_neighbours_have_no_interval_and_that_is_the_reason_that_is_told() {
    let (_folder, file) = export("atomic --iters 1k --runs 7");
    let mut report = value(&scaled(&file, 1.0));
    let runs = report["results"][0]["observations"].as_array_mut().unwrap();
    for (run, time) in runs.iter_mut().zip([1.0, 1.0, 1.2, 1.2, 1.0, 1.0, 1.2]) {
        run["time"] = time.into();
        run["spans"] = vec![vec![0.0, time]].into();
        run["cpu"] = time.into();
    }
    fs::write(&file, report.to_string()).unwrap();
    let (json, ..) = diff(&file, &file, "--format json");
    let row = crate::schema::read(&json)["changes"][0].clone();
    assert_eq!((&row["runs"], &row["low"]), (&serde_json::json!([7, 7]), &Value::Null), "{row}");
    let (text, ..) = diff(&file, &file, "");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("4 and 4 are enough; of those that are like their neighbours several count as one"),
        "{text}"
    );
}

#[test]
fn every_form_has_the_changes() {
    let (_folder, file) = export("mutex --iters 1k --runs 6");
    for form in ["table", "json", "csv", "markdown", "html"] {
        let (text, said, code) = diff(&file, &file, &format!("--format {form}"));
        assert_eq!((code, said.as_str()), (Some(0), ""), "{form}: {text}");
        assert!(text.contains("mutex:parking-lot"), "{form}: {text}");
    }
    let line = format!("mutex --iters 1k --runs 6 --baseline {}", file.display());
    assert!(output_of(&line).contains("change: against "), "{line}");
    for form in ["json", "markdown", "html"] {
        let text = output_of(&format!("{line} --format {form}"));
        assert!(text.contains("old.json"), "{form}: {text}");
    }
    crate::schema::read(output_of(&format!("{line} --format json")));
}

#[test]
fn round_trips_are_held_against_each_other_run_by_run() {
    let (_folder, file) = export("convoy --pings 13");
    let mut report = value(&file);
    let loaded = &report["results"][0]["loaded"];
    assert_eq!(loaded["runs"], serde_json::json!([3, 2, 2, 2, 2, 2]));
    assert_eq!(loaded["times"].as_array().unwrap().len(), 13);
    let text = output_of(&format!("convoy --pings 13 --baseline {}", file.display()));
    assert!(text.contains("model 3.15") && !text.contains("allows for what the machine"), "{text}");
    // A hundred round trips of one run are one value, which bounds nothing.
    let loaded = report["results"][0]["loaded"].as_object_mut().unwrap();
    loaded.insert("times".to_owned(), vec![0.01; 100].into());
    loaded.remove("runs");
    fs::write(&file, report.to_string()).unwrap();
    let (text, error, code) = diff(&file, &file, "--fail-if-slower 5%");
    assert_eq!(code, Some(0));
    assert!(text.contains("1.00    cannot be told"), "{text}");
    // It has no --runs.
    assert!(text.contains("a greater --pings N") && error.contains("more --pings"), "{text}{error}");
    assert!(!text.contains("--runs") && !error.contains("--runs"), "{text}{error}");
}

#[test]
fn what_was_measured_otherwise_is_refused_by_name_before_anything_runs() {
    let (_folder, file) = export("mutex --iters 1k --runs 2");
    for (line, differing) in [
        ("mutex --iters 1e15", "iterations 1000 and 1000000000000000"),
        ("mutex --iters 1k --threads 3", "workers 2 and 3"),
        ("mutex --iters 1k --pattern plus", "pattern plus-minus and plus"),
        ("mutex --iters 1k --timeline t.svg", "timeline none and recorded"),
        ("atomic --iters 1e15", "it has mutex:parking-lot, and this is atomic"),
        ("convoy --pings 5", "it has mutex:parking-lot, and this is model 3.15"),
    ] {
        let ran = gilsim(&format!("{line} --baseline")).arg(&file).output().unwrap();
        let said = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(2), "{line}: {said}");
        assert!(said.contains(differing) && said.lines().count() == 1, "{line}: {said}");
    }
    let line = "mutex --iters 2k --runs 2 --baseline-anyway --baseline";
    let ran = gilsim(line).arg(&file).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success() && text.contains("iterations 1000 and 2000"), "{text}");
    for line in
        ["mutex --fail-if-slower 5%", "mutex --baseline-anyway", "mutex --baseline x.json --fail-if-slower 5"]
    {
        assert_eq!(gilsim(line).output().unwrap().status.code(), Some(2), "{line}");
    }
}

#[test]
fn a_script_finds_the_swept_values_in_the_same_order_in_a_sweep_and_in_its_changes() {
    for line in [
        "compare sharded --threads 1,2 --iters 1k,2k --runs 1",
        "compare gil:3.9 --threads 1,2 --iters 1k,2k --switch-interval 1ms,5ms --runs 1",
        "gil --threads 1,2 --iters 1k,2k --switch-interval 1ms,5ms --runs 1",
        "split --by thread --workers 1,2 --iters 1k,2k --runs 1",
    ] {
        let (_folder, file) = export(line);
        let swept = line.matches(',').count();
        let of = |text: &str| -> Vec<Vec<String>> {
            let fields = |line: &str| line.split('\t').skip(1).take(1 + swept).map(str::to_owned).collect();
            text.lines().map(fields).collect()
        };
        let sweep = of(&output_of(&format!("{line} --quiet")));
        let (changes, ..) = diff(&file, &file, "--quiet");
        for fields in of(&changes) {
            assert!(sweep.contains(&fields), "{line}: {fields:?} {sweep:?}");
        }
    }
}

#[test]
fn one_lock_of_several_is_held_against_itself() {
    let (_folder, file) = export("mutex --lock std,fair --iters 1k --runs 2");
    let ran =
        gilsim("mutex --lock std --iters 1k --runs 2 --format json --baseline").arg(&file).output().unwrap();
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let changes = &report["baseline"];
    assert_eq!(changes["changes"][0]["scenario"], "mutex:std", "{changes}");
    assert_eq!(changes["only_before"], serde_json::json!(["mutex:fair"]), "{changes}");
    assert_eq!(changes["only_after"], serde_json::json!([]), "{changes}");
}

#[test]
fn a_file_that_is_no_export_is_told_in_a_line() {
    let (folder, file) = export("atomic --iters 1k --runs 2");
    let text = fs::read_to_string(&file).unwrap();
    let list = output_of("list --format json");
    for (name, content, said) in [
        ("cut.json", &text[..text.len() / 2], "is no whole JSON: it ends in line"),
        ("empty.json", "", "is no whole JSON"),
        ("foreign.json", "{\"results\": []}", "is no export of gilsim"),
        ("newer.json", &text.replace("\"schema\": 1", "\"schema\": 2"), "take a newer gilsim"),
        ("list.json", &list, "is an export without times of its own"),
        ("odd.json", &text.replace("\"workers\": 2", "\"workers\": {}"), "is damaged"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let (_, told, code) = diff(&path, &file, "");
        assert_eq!((code, told.lines().count()), (Some(2), 1), "{name}: {told}");
        assert!(told.contains(said), "{name}: {told}");
    }
    // As with `check` and `dis`: it could not run.
    let (_, told, code) = diff(Path::new("nowhere.json"), &file, "");
    assert_eq!(code, Some(1), "{told}");
}

#[test]
fn an_export_of_before_there_was_a_pace_still_reads() {
    let (_folder, file) = export("split --by thread --iters 1k --runs 8");
    let mut report = value(&file);
    for row in report["results"].as_array_mut().unwrap() {
        for run in row["observations"].as_array_mut().unwrap() {
            run.as_object_mut().unwrap().remove("pace");
        }
    }
    fs::write(&file, report.to_string()).unwrap();
    let (text, _, code) = diff(&file, &file, "");
    assert!(code == Some(0) && text.contains("thread"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_export_however_damaged_is_a_panic(seed in any::<u64>()) {
        use gilsim::report::change::{Changes, Export};
        static WHOLE: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let whole = WHOLE.get_or_init(|| output_of("compare mutex split:thread refcount:biased --iters 1k --runs 3 --format json"));
        let sound = Export::parse(whole, "whole".to_owned()).unwrap();
        let mut state = seed;
        // 64 cases with 160 damages each: more than ten thousand.
        for _ in 0..160 {
            let mut bytes = whole.clone().into_bytes();
            let mut next = |below: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                usize::try_from(state >> 33).unwrap() % below
            };
            for _ in 0..=next(4) {
                let at = next(bytes.len());
                match next(4) {
                    0 => bytes.truncate(at.max(1)),
                    1 => bytes[at] = b"{}[]0-e.\"n,:"[next(12)],
                    2 if bytes.len() > 1 => { bytes.remove(at); }
                    _ => bytes.insert(at, b"{}[]0-9e.\"n"[next(11)]),
                }
            }
            if let Ok(damaged) = Export::parse(&String::from_utf8_lossy(&bytes), "damaged".to_owned()) {
                let _ = Changes::of(&sound, &damaged);
                let _ = Changes::of(&damaged, &sound);
            }
        }
    }
}

/// A device has no end.
#[test]
#[cfg(target_os = "linux")]
fn what_has_no_end_is_no_export() {
    for line in ["diff /dev/zero /dev/zero", "atomic --iters 10 --baseline /dev/zero"] {
        let said = gilsim(line).assert().code(1).get_output().stderr.clone();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains("could not read /dev/zero: it is longer than any export of gilsim"), "{said}");
    }
}

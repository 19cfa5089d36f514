//! Timelines of real runs: what they show is what the report counts.

use crate::{gilsim, output_of, schema};
use serde_json::Value;
use std::fs;

/// The trace and the report of one run.
fn recorded(arguments: &str) -> (Value, Value) {
    let folder = tempfile::tempdir().unwrap();
    let [trace, report] = ["trace.json", "report.json"].map(|name| folder.path().join(name));
    let mut command = gilsim(arguments);
    command.arg("--timeline").arg(&trace).arg("--export").arg(&report).assert().success();
    let trace = serde_json::from_str(&fs::read_to_string(trace).unwrap()).unwrap();
    (trace, schema::read(fs::read(report).unwrap()))
}

/// The events with this phase and name.
fn named<'a>(trace: &'a Value, phase: &str, name: &str) -> Vec<&'a Value> {
    let events = trace["traceEvents"].as_array().unwrap();
    events.iter().filter(|event| event["ph"] == phase && event["name"] == name).collect()
}

/// What the form asks of each event.
fn is_well_formed(trace: &Value) {
    for event in trace["traceEvents"].as_array().unwrap() {
        let phase = event["ph"].as_str().unwrap();
        assert!(event["pid"].is_u64() && event["tid"].is_u64() && event["name"].is_string(), "{event}");
        let numbers: &[&str] = match phase {
            "X" => &["ts", "dur"],
            "i" | "C" => &["ts"],
            "s" | "f" => &["ts", "id"],
            "M" => &[],
            other => panic!("{other}: {event}"),
        };
        assert!(numbers.iter().all(|name| event[name].as_f64().is_some_and(|it| it >= 0.0)), "{event}");
    }
}

#[test]
fn the_holds_of_a_gil_do_not_overlap_and_are_the_share_that_the_report_states() {
    let (trace, report) = recorded("gil --cpython 3.9 --iters 200k --switch-interval 1ms --runs 1");
    is_well_formed(&trace);
    let number = |event: &Value, name: &str| event[name].as_f64().unwrap();
    let mut holds: Vec<(f64, f64)> =
        named(&trace, "X", "holds").iter().map(|it| (number(it, "ts"), number(it, "dur"))).collect();
    holds.sort_by(|one, other| one.0.total_cmp(&other.0));
    for pair in holds.windows(2) {
        // Times are written in microseconds, to the nanosecond.
        assert!(pair[0].0 + pair[0].1 <= pair[1].0 + 0.001, "{pair:?}");
    }
    let row = &report["results"][0];
    let held: f64 = row["lock"]["held"].as_array().unwrap().iter().map(|share| share.as_f64().unwrap()).sum();
    let recorded =
        holds.iter().map(|(_, length)| length * 1e-6).sum::<f64>() / row["times"][0].as_f64().unwrap();
    assert!((recorded - held).abs() < 0.01 * held, "{recorded} {held}");
    let forced = row["lock"]["forced"].as_f64().unwrap();
    for phase in ["s", "f"] {
        #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
        let arrows = named(&trace, phase, "forced hand-off").len() as f64;
        assert!((arrows - forced).abs() < 0.5, "{arrows} {forced}");
    }
    let asked = named(&trace, "i", "asks").len();
    assert!(asked >= named(&trace, "s", "forced hand-off").len().min(1), "{asked}");
}

#[test]
fn every_command_that_has_a_timeline_draws_writes_and_pictures_it() {
    for (line, what) in [
        ("race --iters 1k --runs 2", "at work"),
        ("mutex --iters 1k --runs 2 --lock std", "holds"),
        ("gil --iters 1k --runs 2", "holds"),
        ("gil --iters 1k --runs 2 --cpython 3.13t", "at work"),
        ("split --iters 1k --runs 2", "at work"),
        ("split --iters 1k --runs 2 --by gil", "holds"),
        ("convoy --pings 3", "holds"),
        ("explore --iters 2", "at work"),
    ] {
        let strip = output_of(&format!("{line} --timeline"));
        let start = strip.find("timeline of ").unwrap_or_else(|| panic!("{line}: {strip}"));
        assert!(strip[start..].contains(what), "{line}: {strip}");
        let (trace, _) = recorded(line);
        is_well_formed(&trace);
        assert!(!named(&trace, "X", what).is_empty(), "{line}");
        let folder = tempfile::tempdir().unwrap();
        let [picture, page] = ["a.svg", "a.html"].map(|name| folder.path().join(name));
        gilsim(line).arg("--timeline").arg(&picture).arg("--export").arg(&page).assert().success();
        let [picture, page] = [picture, page].map(|path| fs::read_to_string(path).unwrap());
        crate::page_html::elements(&picture);
        crate::page_html::elements(&page);
        assert!(picture.contains("timeline of ") && page.contains("<h2>Timeline</h2>"), "{line}");
    }
}

#[test]
fn a_page_draws_the_part_that_the_picture_does() {
    let folder = tempfile::tempdir().unwrap();
    let [picture, page] = ["a.svg", "a.html"].map(|name| folder.path().join(name));
    let axis = |window: &str, more: &str| {
        let mut command = gilsim(&format!("gil --cpython 2.7 --iters 20k --runs 1 --window {window} {more}"));
        command.arg(format!("--timeline={}", picture.display())).arg("--export").arg(&page);
        let printed = command.assert().success().get_output().stdout.clone();
        let texts = |text: &str| -> Vec<String> {
            let all = text.split("<text class=\"soft\"").skip(1);
            let words = all.filter_map(|rest| Some(rest.split_once('>')?.1.split_once('<')?.0.to_owned()));
            words.collect()
        };
        let [drawn, on_page] = [&picture, &page].map(|path| texts(&fs::read_to_string(path).unwrap()));
        (drawn, on_page, texts(&String::from_utf8(printed).unwrap()))
    };
    for window in ["densest", "0..10us", "last"] {
        for more in ["", "--format html"] {
            let (drawn, on_page, printed) = axis(window, more);
            assert!(drawn.len() >= 3, "{drawn:?}");
            for text in &drawn {
                assert!(on_page.contains(text), "{window}: {text} is not on the page: {on_page:?}");
                assert!(more.is_empty() || printed.contains(text), "{window}: {text} is not in {printed:?}");
            }
        }
    }
    let (drawn, ..) = axis("0..10us", "");
    assert!(drawn.iter().any(|text| text == "10.0 us"), "{drawn:?}");
}

#[test]
fn a_sweep_has_a_timeline_for_each_combination() {
    let (trace, _) = recorded("gil --cpython 3.9,3.13 --threads 1,2 --iters 1k --runs 1");
    assert_eq!(named(&trace, "M", "process_name").len(), 4);
}

#[test]
fn what_a_timeline_of_holds_costs_is_said_of_one_run_and_of_a_sweep() {
    let said = |more: &str| {
        output_of(&format!("mutex --runs 1 {more}")).contains("the clock is read three times in each")
    };
    for swept in [
        "--iters 1k",
        "--iters 1k --threads 1,2",
        "--iters 1k --lock std,spin --threads 1,2",
        "--iters 500,1k",
    ] {
        assert!(said(&format!("{swept} --timeline")), "{swept}");
        assert!(!said(swept), "{swept}");
    }
    // Under a GIL it is once in each take of it.
    for line in ["gil --iters 1k --runs 1", "split --by gil --iters 1k --runs 1 --threads 1,2"] {
        assert!(!output_of(&format!("{line} --timeline")).contains("the clock is read"), "{line}");
    }
}

#[test]
fn a_timeline_that_has_no_place_is_refused() {
    for (line, right) in [
        ("race --timeline --quiet", "name a file: --timeline FILE.svg or FILE.json"),
        ("race --timeline --format json", "name a file: --timeline FILE.svg or FILE.json"),
        ("race --timeline a.txt", "use .svg for a picture or .json for trace events"),
        ("race --timeline /nonexistent/a.svg", "could not write /nonexistent/a.svg"),
        ("race --timeline --window first", "use last, densest, or a part of the run such as 10ms..20ms"),
        ("race --window last", "--timeline"),
        ("explore --refcount --timeline", "cannot be used with"),
    ] {
        let output = gilsim(line).assert().failure().get_output().clone();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(right) && output.stdout.is_empty(), "{line}: {error}");
    }
}

#[test]
fn a_timeline_of_a_gil_that_is_not_there_is_refused() {
    let without = gilsim("convoy --cpython 3.13t --pings 3 --timeline").assert().code(2);
    let said = String::from_utf8(without.get_output().stderr.clone()).unwrap();
    assert!(said.contains("3.13t has none"), "{said}");
    gilsim("convoy --cpython 3.13t,3.15 --pings 3 --timeline").assert().success();
}

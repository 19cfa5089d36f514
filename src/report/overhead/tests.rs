//! The report of made-up measurements.

use super::data::tests::{side, times};
use super::*;
use crate::python::version::Version;

fn report(failure: Option<&str>) -> OverheadReport {
    let base = side("3.13.0", true, &times(0.01));
    let stated = Version::V3_13t.stated_overhead();
    let mut other = Side { stated, ..side("3.13.5t", false, &times(0.014)) };
    other.measured[8].failure = failure.map(str::to_owned);
    let missing = Side {
        name: "no/python".to_owned(),
        failure: Some("no/python: not found".to_owned()),
        ..Side::default()
    };
    let mut results = vec![PairRow::of(&base, &other)];
    results.extend(failure.map(|_| PairRow::of(&base, &missing)));
    OverheadReport {
        header: Header::new(2, false),
        threads: 2,
        runs: 11,
        switch_interval: 0.005,
        confidence: CONFIDENCE,
        case_confidence: CASE_CONFIDENCE,
        margin: MARGIN,
        results,
    }
}

#[test]
fn the_gil_is_a_reason_only_where_one_side_has_none() {
    let mut report = report(None);
    let told = |report: &OverheadReport| anstream::adapter::strip_str(&report.table(None)).to_string();
    assert!(told(&report).contains("Without a GIL every count of references"));
    report.results[0].other_gil = Some(true);
    let table = told(&report);
    assert!(
        !table.contains("Without a GIL every") && table.contains("what differs is not the GIL"),
        "{table}"
    );
}

#[test]
fn each_case_is_told_with_its_interval_and_what_is_stated_beside_it() {
    let report = report(None);
    let table = anstream::adapter::strip_str(&report.table(None)).to_string();
    for sentence in [
        "overhead: 3.13.5t against 3.13.0, which has the GIL: 11 rounds in turn, 2 threads, switch interval 5.00 ms",
        "one thread: 3.13.5t takes 1.40 times as long as 3.13.0 (1.40 to 1.40): not met, by 40 %.",
        "stated: PEP 703 (2023): 5 to 6 % slower (one thread, a prototype on 3.12, pyperformance 1.0.6); https://peps",
        "stated: CPython 3.13's free-threading HOWTO: 40 % slower (one thread, pyperformance); https://docs",
        "try next: gilsim python",
        "t behind a version",
    ] {
        assert!(table.contains(sentence), "{sentence}: {table}");
    }
    assert!(table.contains("5 to 6 %, 40 %"), "{table}");
    assert!(!table.contains("failed") && !report.failed(), "{table}");
    let markdown = report.markdown();
    assert!(markdown.contains("| calls") && markdown.contains("not met, by 40 %"), "{markdown}");
    assert!(!markdown.contains('\u{1b}'), "{markdown}");
}

#[test]
fn what_failed_is_told_in_every_form_and_the_rest_goes_on() {
    let report = report(Some("3.13.5t: was killed by SIGSEGV and said: nothing"));
    assert!(report.failed());
    let table = anstream::adapter::strip_str(&report.table(None)).to_string();
    let told = "3.13.5t against 3.13.0, sockets (threads that wait) failed: 3.13.5t: was killed by SIGSEGV and said: nothing.";
    assert!(table.contains(told), "{table}");
    assert!(table.contains("no/python against 3.13.0 failed: no/python: not found."), "{table}");
    assert!(
        table.contains(
            "threads that wait: 3.13.5t takes 1.40 times as long as 3.13.0 (1.40 to 1.40), of 2 of 3 programs"
        ),
        "{table}"
    );
    assert!(report.markdown().contains(told));
    assert!(report.failures().iter().any(|line| line == told));
    let csv = report.csv().unwrap();
    assert!(csv.contains("waiting,sockets,0.0") && csv.contains("SIGSEGV"), "{csv}");
    let value = report.value();
    let lines: Vec<&str> = value.lines().collect();
    assert!(lines[0].starts_with("3.13.0\t3.13.5t\tone-thread\tnot-met\t1.4"), "{value}");
    assert_eq!(lines[3], "3.13.0\tno/python\tone-thread\tfailed\tfailed");
    let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    assert_eq!(json["results"][0]["cases"][0]["verdict"], "not-met");
    assert_eq!(json["results"][0]["cases"][1]["programs"], 2);
    assert_eq!(json["results"][1]["failure"], "no/python: not found");
}

#[test]
fn too_few_rounds_are_said() {
    let mut report = report(None);
    let base = side("3.13.0", true, &times(0.01)[..3]);
    report.results = vec![PairRow::of(&base, &base)];
    report.runs = 3;
    let table = report.table(None);
    assert!(table.contains("an interval needs 7 rounds (that of a program 6), and there were 3"), "{table}");
    assert!(report.verdicts().all(|verdict| verdict == Verdict::CannotBeTold));
}

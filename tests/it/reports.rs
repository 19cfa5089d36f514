//! The forms of a report, from fixed values.

use gilsim::measure::runner::{Case, CaseResult, Outcome};
use gilsim::measure::{
    Distribution, HostShare, LockUse, Objects, Observation, Parameters, Pattern, Scenario, Workload,
};
use gilsim::report::export::Format;
use gilsim::report::{Report, csv};
use gilsim::scenario;
use gilsim::scenario::split::{By, Split};
use gilsim::system::clock::{Span, Usage};
use gilsim::system::cpus::Cpus;
use std::num::NonZeroUsize;
use std::time::Duration;

fn load(workers: usize, iterations: u64) -> Workload {
    Workload {
        workers: NonZeroUsize::new(workers).unwrap(),
        iterations,
        from: 0,
        pattern: Pattern::PlusMinus,
        cpus: Cpus { usable: 2, pinnable: vec![0, 1] },
        pins: if workers == 2 { vec![0, 1] } else { Vec::new() },
        objects: Objects::Shared,
        widen: None,
        switch_interval: Duration::from_millis(5),
        record: false,
    }
}

fn observation(actual: i128, milliseconds: u64) -> Observation {
    let end = 1_000 + milliseconds * 1_000_000;
    Observation {
        actual,
        spans: vec![Span { start: 1_000, end }, Span { start: 2_000, end: end - 500_000 }],
        startup: Some(Duration::from_micros(140)),
        usage: Some(Usage {
            cpu: Duration::from_micros(2_000 * milliseconds + 90),
            user: Duration::from_millis(2 * milliseconds),
            system: Duration::from_micros(90),
            voluntary: 3,
            involuntary: 14,
            waited: Some(Duration::from_micros(80)),
        }),
        ..Observation::default()
    }
}

fn named(label: &str) -> &'static dyn Scenario {
    if label == "split:mpi" {
        // Not in the list: it is for the ranks of a job alone.
        return scenario::leak(Split::by(By::Mpi));
    }
    scenario::ALL.iter().copied().find(|scenario| scenario.label() == label).unwrap()
}

/// A report that does not depend on how or when it was made.
fn report(rows: Vec<(&str, Workload, Vec<Observation>)>, comparison: bool) -> Report {
    let mut cases = Vec::new();
    let mut results = Vec::new();
    for (label, load, runs) in rows {
        let baseline = !comparison && label == "split:sequential";
        let load = named(label).adapt(&load);
        let expected = Some(named(label).group().expected(&load));
        cases.push(Case { scenario: named(label), load, parameters: Parameters::default(), baseline });
        results.push(CaseResult { expected, observations: runs, failure: None });
    }
    let mut report = Report::new(&cases, &Outcome { finished: results, interrupted: false }, comparison);
    report.header.gilsim = "0.0.0";
    report.header.profile = "release";
    report
}

fn race() -> Report {
    let run = |actual, time| Observation { foreign_values: Some(5), ..observation(actual, time) };
    report(
        vec![("race", load(2, 100_000_000), vec![run(-34_884_642, 131), run(0, 128), run(512, 140)])],
        false,
    )
}

fn gil() -> Report {
    let times = |milliseconds: f64| Distribution {
        count: 27,
        median: milliseconds / 1e3,
        p99: milliseconds / 9e2,
        max: milliseconds / 8e2,
        histogram: vec![(0.004, 1), (0.008, 26)],
    };
    let (holds, waits) = (times(5.0), times(4.9));
    let lock =
        LockUse { takes: 28, switches: 27, requests: 26, forced: 26, held: vec![0.51, 0.48], holds, waits };
    let run = Observation { lock: Some(lock), ..observation(0, 136) };
    report(vec![("gil:3.15", load(2, 100_000_000), vec![run])], false)
}

fn split() -> Report {
    let expected = 4_999_999_950_000_000;
    report(
        vec![
            (
                "split:sequential",
                load(2, 100_000_000),
                vec![observation(expected, 27), observation(expected, 54)],
            ),
            (
                "split:process",
                load(2, 100_000_000),
                vec![observation(expected, 14), observation(expected, 28)],
            ),
        ],
        false,
    )
}

/// Of the ranks of an MPI job on two hosts.
pub(crate) fn ranks() -> Report {
    let expected = 4_999_999_950_000_000;
    let host = |name: &str, workers: &[usize], updates, milliseconds| HostShare {
        host: name.to_owned(),
        workers: workers.to_vec(),
        updates,
        time: Duration::from_millis(milliseconds),
    };
    let alone = |milliseconds| Observation {
        hosts: vec![host("one", &[0], 100_000_000, milliseconds)],
        ..observation(expected, milliseconds)
    };
    let together = |milliseconds| Observation {
        hosts: vec![
            host("one", &[0, 1], 66_666_666, milliseconds),
            host("two", &[2], 33_333_334, milliseconds - 1),
        ],
        communication: Some(Duration::from_micros(30 * milliseconds)),
        ..observation(expected, milliseconds)
    };
    report(
        vec![
            ("split:sequential", load(3, 100_000_000), vec![alone(27), alone(54)]),
            ("split:mpi", load(3, 100_000_000), vec![together(10), together(20)]),
        ],
        false,
    )
}

fn comparison() -> Report {
    let expected = 19_999_999_900_000_000;
    let race = |actual, time| Observation { foreign_values: Some(5), ..observation(actual, time) };
    report(
        vec![
            ("race", load(2, 5_000_000), vec![race(4_971_710, 20), race(-3, 25)]),
            ("mutex:parking-lot", load(2, 5_000_000), vec![observation(0, 73), observation(0, 80)]),
            ("atomic", load(2, 5_000_000), vec![observation(0, 46), observation(0, 46)]),
            ("sharded", load(2, 5_000_000), vec![observation(0, 2), observation(0, 3)]),
            (
                "split:sequential",
                load(2, 200_000_000),
                vec![observation(expected, 54), observation(expected, 55)],
            ),
            ("split:gil", load(2, 200_000_000), vec![observation(expected, 54), observation(expected, 60)]),
            (
                "split:process",
                load(2, 200_000_000),
                vec![observation(expected, 28), observation(expected, 27)],
            ),
        ],
        true,
    )
}

fn plain(report: &Report, format: Format, width: Option<usize>) -> String {
    anstream::adapter::strip_str(&format.render(report, width, "gilsim").unwrap()).to_string()
}

#[test]
fn one_scenario_as_a_table() {
    insta::assert_snapshot!("race_table", plain(&race(), Format::Table, Some(80)));
    insta::assert_snapshot!("gil_table", plain(&gil(), Format::Table, Some(80)));
    insta::assert_snapshot!("split_table", plain(&split(), Format::Table, Some(80)));
    insta::assert_snapshot!("ranks_table", plain(&ranks(), Format::Table, Some(80)));
}

#[test]
fn a_comparison_as_a_table() {
    insta::assert_snapshot!("comparison_table", plain(&comparison(), Format::Table, Some(80)));
}

#[test]
fn a_broken_promise_is_plain_to_see() {
    let broken = report(vec![("mutex:spin", load(2, 1000), vec![observation(-7, 1)])], false);
    assert!(broken.broken() && broken.lost());
    let text = plain(&broken, Format::Table, Some(80));
    assert!(text.contains("BROKEN: wrong in 1 of 1 run"), "{text}");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [40, 60, 80, 100, 200] {
        for report in [race(), gil(), split(), ranks(), comparison()] {
            for line in plain(&report, Format::Table, Some(width)).lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }
}

#[test]
fn the_other_forms() {
    insta::assert_snapshot!("race_json", plain(&race(), Format::Json, None));
    insta::assert_snapshot!("comparison_csv", plain(&comparison(), Format::Csv, None));
    insta::assert_snapshot!("ranks_csv", plain(&ranks(), Format::Csv, None));
    insta::assert_snapshot!("race_markdown", plain(&race(), Format::Markdown, None));
    insta::assert_snapshot!("comparison_markdown", plain(&comparison(), Format::Markdown, None));
}

#[test]
fn every_column_of_the_csv_is_a_field_of_the_json() {
    // Of ranks, which have fields of their own.
    let json: serde_json::Value = crate::schema::read(plain(&ranks(), Format::Json, None));
    let row = json["results"][1].as_object().unwrap();
    for column in csv::COLUMNS {
        // Where it is that of the counter, the expression is left out.
        let added = ["cpus", "interrupted", "pinned", "profile", "gilsim", "result"].contains(&column);
        assert!(added || row.contains_key(column), "{column}");
    }
}

#[test]
fn every_form_takes_numbers_beyond_64_bits() {
    let load = Workload { from: u64::MAX - 10, ..load(2, u64::MAX) };
    let expected = named("split:thread").group().expected(&load);
    assert!(expected > i128::from(u64::MAX));
    let report = report(vec![("split:thread", load, vec![observation(expected, 1)])], false);
    for format in [Format::Json, Format::Csv] {
        assert!(plain(&report, format, None).contains(&expected.to_string()), "{format:?}");
    }
    let json: serde_json::Value = crate::schema::read(plain(&report, Format::Json, None));
    assert_eq!(json["results"][0]["actual"].to_string(), expected.to_string());
}

#[test]
fn the_commands_that_a_report_names_can_be_typed() {
    let loads =
        [load(1, 1000), load(2, 100_000_000), Workload { pattern: Pattern::Plus, widen: None, ..load(3, 7) }];
    for scenario in scenario::ALL.iter() {
        for load in &loads {
            let load = Workload { switch_interval: Duration::from_micros(50), ..scenario.adapt(load) };
            let expected = scenario.group().expected(&load);
            for runs in [vec![], vec![observation(expected, 1)], vec![observation(expected + 1, 1)]] {
                let row = &report(vec![(&scenario.label(), load.clone(), runs)], true).results[0];
                for line in [&row.command, &format!("gilsim {}", row.explanation.next)] {
                    let words = line.split_whitespace().map(std::ffi::OsString::from);
                    assert!(gilsim::cli::parse(words).is_ok(), "{line}");
                }
            }
        }
    }
}

#[test]
fn a_row_without_runs_was_not_run_and_is_no_yardstick() {
    let report = report(
        vec![("atomic", load(2, 10), vec![observation(0, 5)]), ("sharded", load(2, 10), vec![])],
        true,
    );
    assert_eq!(report.results[0].relative, Some(1.0));
    assert_eq!(report.results[1].relative, None);
    assert!(plain(&report, Format::Table, None).contains("not run"));
    assert!(plain(&report, Format::Json, None).contains("\"verdict\": \"not-run\""));
}

#[test]
fn speed_up_and_relative_times_are_of_the_same_rounds() {
    let split = split();
    let process = &split.results[1];
    assert!((process.speedup.unwrap() - 27.0 / 14.0).abs() < 1e-9);
    assert!(process.speedup_with_startup.unwrap() < process.speedup.unwrap());
    let comparison = comparison();
    let relative: Vec<f64> = comparison.results.iter().map(|row| row.relative.unwrap()).collect();
    assert!((relative[3] - 1.0).abs() < 1e-9, "sharded is the fastest counter");
    assert!((relative[6] - 1.0).abs() < 1e-9, "processes are the fastest sum");
}

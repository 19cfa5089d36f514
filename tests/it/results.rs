//! What must hold of results, by logic and whatever the machine.

use crate::{gilsim, output_of, schema};
use serde_json::Value;

#[test]
fn the_sum_of_the_second_program() {
    assert_eq!(output_of("split --iters 100000000 --runs 1 --quiet"), "4999999950000000\n");
}

#[test]
fn every_exact_scenario_is_exact_with_any_number_of_threads() {
    for scenario in [
        "mutex --lock parking-lot",
        "mutex --lock std",
        "mutex --lock fair",
        "mutex --lock spin",
        "atomic",
        "sharded",
        "gil",
    ] {
        for threads in [1, 2, 3, 8, 64] {
            let line = format!(
                "{scenario} --threads {threads} --iters 300 --runs 20 --pattern plus --expect exact --quiet"
            );
            assert_eq!(output_of(&line), format!("{}\n", 300 * threads), "{line}");
        }
    }
}

#[test]
fn every_way_to_split_is_right_for_small_ranges() {
    for by in ["process", "thread", "rayon", "gil", "sequential"] {
        for workers in [1, 2, 3, 7, 64] {
            for (from, end) in [(0, 0), (0, 1), (0, 2), (0, 70), (13, 70), (70, 70)] {
                let line = format!(
                    "split --by {by} --workers {workers} --from {from} --iters {end} --runs 1 --quiet"
                );
                let expected: u64 = (from..end).sum();
                assert_eq!(output_of(&line), format!("{expected}\n"), "{line}");
            }
        }
    }
}

#[test]
fn every_way_to_split_is_right_beyond_64_bits() {
    let (from, end) = (u64::MAX - 20_000, u64::MAX);
    let expected: u128 = (from..end).map(u128::from).sum();
    assert!(expected > u128::from(u64::MAX));
    for by in ["process", "thread", "rayon", "gil", "sequential"] {
        let line = format!("split --by {by} --workers 3 --from {from} --iters {end} --runs 1 --quiet");
        assert_eq!(output_of(&line), format!("{expected}\n"), "{line}");
    }
}

#[test]
fn a_race_ends_within_what_logic_allows() {
    let json = output_of("race --threads 2 --iters 1000 --pattern plus --runs 10 --format json");
    let report: Value = schema::read(&json);
    let runs = report["results"][0]["observations"].as_array().unwrap();
    assert_eq!(runs.len(), 10);
    for run in runs {
        let total = run["actual"].as_i64().unwrap();
        assert!((2..=2000).contains(&total), "{total}");
    }
}

#[test]
fn a_race_against_nobody_is_exact_and_says_so() {
    gilsim("race --threads 1 --iters 10k --runs 2 --expect exact --quiet")
        .assert()
        .success()
        .stdout("10000\n");
    gilsim("race --threads 1 --iters 10k --runs 2 --expect lost").assert().code(3);
}

#[test]
fn a_widened_race_tells_how_it_was_helped() {
    let text = output_of("race --iters 10k --runs 1 --widen 64");
    assert!(text.contains("once in 64 updates"), "{text}");
    let json: Value = schema::read(output_of("race --iters 10k --runs 1 --widen 64 --format json"));
    assert_eq!(json["results"][0]["widen"], 64);
}

#[test]
fn a_comparison_has_a_row_for_each_scenario_named() {
    let text = output_of("compare race mutex:spin atomic split:thread --iters 1k --runs 3 --quiet");
    let names: Vec<&str> = text.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    assert_eq!(names, ["race", "mutex:spin", "atomic", "split:thread"]);
    assert!(text.contains("\nsum\tsplit:thread\t499500\n"), "{text}");
}

#[test]
fn every_protected_count_of_references_is_exact() {
    let protected = ["gil", "mutex", "atomic", "biased", "deferred", "immortal", "arc"];
    let counts = protected.map(|way| format!("--count {way}")).join(" ");
    for threads in [2, 3, 8, 64] {
        let line =
            format!("refcount {counts} --threads {threads} --iters 500 --runs 5 --expect exact --quiet");
        let lines = protected.map(|way| {
            format!("references\trefcount:{way}\tshared\t1\nreferences\trefcount:{way}\town\t{threads}\n")
        });
        let expected = lines.concat();
        assert_eq!(output_of(&line), expected, "{line}");
    }
    assert_eq!(
        output_of("refcount --count rc --threads 3 --iters 500 --runs 5 --expect exact --quiet"),
        "3\n"
    );
    gilsim("refcount --count rc --objects shared").assert().code(2);
}

#[test]
fn a_plain_count_says_what_its_errors_led_to() {
    let json =
        output_of("refcount --count plain --objects shared --iters 2k --widen 2 --runs 10 --format json");
    let report: Value = schema::read(&json);
    let rows = report["results"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "the yardstick and what was asked for");
    assert_eq!((&rows[0]["baseline"], &rows[0]["verdict"]), (&Value::Bool(true), &Value::from("exact")));
    for run in rows[1]["observations"].as_array().unwrap() {
        let (count, leaked) = (run["actual"].as_i64().unwrap(), run["misuse"]["leaked"].as_i64().unwrap());
        assert_eq!(leaked, (count - 1).max(0));
        // A count cannot come below 1 but through a free that is too early.
        assert!(count >= 1 || run["misuse"]["premature_frees"].as_i64().unwrap() > 0, "{run}");
    }
}

#[test]
fn every_interleaving_of_reference_counts() {
    assert_eq!(
        output_of("explore --refcount=biased --iters 2 --expect exact --quiet")
            .split('\t')
            .collect::<Vec<_>>()[..3],
        ["biased", "0", "0"]
    );
    gilsim("explore --refcount=plain --iters 1 --expect lost").assert().success();
    gilsim("explore --refcount --body x+=d").assert().code(2);
    gilsim("explore --refcount --iters 101").assert().code(2);
}

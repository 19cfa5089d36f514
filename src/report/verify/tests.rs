//! Tests of the report of real interpreters.

use super::*;

fn cell(model: Claim, runs: usize, lost_runs: usize) -> VerifyCell {
    let mut cell =
        VerifyCell { interpreter: "3.9.18".to_owned(), model: Some(model), ..VerifyCell::default() };
    cell.saw(runs, lost_runs, 0);
    cell
}

fn report(cells: Vec<VerifyCell>) -> VerifyReport {
    let count = |agrees| cells.iter().filter(|cell| cell.agrees == Some(agrees)).count();
    VerifyReport {
        header: Header::new(2, false),
        iterations: 1000,
        runs: 10,
        lossy_runs: 100,
        switch_interval_us: 1,
        setup: String::new(),
        interpreters: cells.iter().map(|cell| cell.interpreter.clone()).collect(),
        agreements: count(true),
        disagreements: count(false),
        not_seen: cells.iter().filter(|cell| cell.real == Some(Seen::NotSeen)).count(),
        failures: Vec::new(),
        results: vec![BodyRow {
            operation: None,
            body: "y = x\nx = y + d".to_owned(),
            setup: String::new(),
            result: "x".to_owned(),
            cells,
        }],
    }
}

#[test]
fn only_a_loss_against_exact_is_a_disagreement() {
    let found = |model, lost| {
        let cell = cell(model, 10, lost);
        (cell.real, cell.agrees)
    };
    assert_eq!(found(Claim::Loses, 3), (Some(Seen::Loses), Some(true)));
    assert_eq!(found(Claim::Loses, 0), (Some(Seen::NotSeen), None));
    assert_eq!(found(Claim::Exact, 0), (Some(Seen::Exact), Some(true)));
    assert_eq!(found(Claim::Exact, 1), (Some(Seen::Loses), Some(false)));
}

#[test]
fn the_bound_of_a_loss_that_was_not_seen_is_that_of_its_runs() {
    for (runs, below) in [(1, 0.95), (10, 0.2589), (100, 0.0295), (1000, 0.00299)] {
        let bound = cell(Claim::Loses, runs, 0).loss_below.unwrap();
        assert!((bound - below).abs() < below * 0.01, "{runs}: {bound}");
        // The rule of three: a little less than 3/n.
        assert!(bound < 3.0 / f64::from(u32::try_from(runs).unwrap()), "{runs}: {bound}");
    }
    assert_eq!(cell(Claim::Loses, 0, 0).loss_below, None);
    assert_eq!(cell(Claim::Loses, 10, 1).loss_below, None);
}

#[test]
fn an_operation_is_told_with_the_body_that_ran() {
    let mut report = report(vec![cell(Claim::Exact, 10, 0)]);
    assert!(!report.table(None).contains("FAQ"));
    report.results[0].operation = Some("L.sort()");
    report.results[0].body = "L.reverse()\nL.sort()".to_owned();
    let table = report.table(None);
    assert!(
        table.contains(
            "ran in a loop body that shows what becomes of it: L.sort() in `L.reverse(); L.sort()`"
        ),
        "{table}"
    );
    report.results[0].body = "L.sort()".to_owned();
    assert!(!report.table(None).contains("FAQ"));
}

#[test]
fn a_loss_that_was_not_seen_is_told_in_every_form() {
    let report = report(vec![cell(Claim::Loses, 100, 0), cell(Claim::Exact, 10, 0)]);
    let table = report.table(None);
    assert!(table.contains("not seen: it can lose, but no run did"), "{table}");
    assert!(table.contains("agree in 1 of 2 cells and disagree in none; in 1 no run showed"), "{table}");
    assert!(
        table.contains("none of 100 runs did: y = x; x = y + d in 3.9.18. At 95 % confidence fewer than 2.95 % of such runs do"),
        "{table}"
    );
    assert!(!table.contains("not seen!"), "{table}");
    assert!(report.markdown().contains("not seen"));
    let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    let not_seen = &json["results"][0]["cells"][0];
    assert_eq!((&not_seen["real"], &not_seen["agrees"]), (&"not-seen".into(), &serde_json::Value::Null));
    assert!(not_seen["loss_below"].is_number());
    assert_eq!(json["not_seen"], 1);
    let csv = report.csv().unwrap();
    assert!(csv.contains("loses,not-seen,,100,0,,false,0.029"), "{csv}");
    assert_eq!(report.value(), "agreements\t1\ndisagreements\t0\nnot_seen\t1\n");
}

#[test]
fn a_deadlock_of_the_model_is_not_told_as_what_was_seen() {
    let told = "deadlocks: by the model alone, nothing was run";
    let deadlock = VerifyCell { real: None, agrees: None, runs: 0, ..cell(Claim::Deadlocks, 1, 0) };
    let table = report(vec![deadlock, cell(Claim::Exact, 10, 0)]).table(None);
    assert!(table.contains(told) && table.contains("agree in 1 of 1 cells"), "{table}");
    assert!(!report(vec![cell(Claim::Exact, 10, 0)]).table(None).contains(told));
}

#[test]
fn a_disagreement_is_told_with_what_was_seen() {
    let report = report(vec![cell(Claim::Exact, 10, 1)]);
    assert_eq!(report.disagreements, 1);
    let failures = report.failures().join("");
    assert!(failures.contains("the model says exact, but 1 of 10 runs ended otherwise"), "{failures}");
    assert!(report.table(None).contains("loses!"));
}

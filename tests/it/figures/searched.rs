//! The figures of what was searched or held against interpreters: explore and verify.

use super::{hold, list, number, run};
use crate::interpreter::real;
use regex::Regex;
use serde_json::Value;

fn whole(value: &Value) -> u128 {
    value.as_str().unwrap().parse().unwrap()
}

#[expect(clippy::cast_precision_loss, reason = "shares are shown with a few digits")]
fn share(part: u128, all: u128) -> f64 {
    part as f64 / all as f64
}

/// The cells of the line of a table that begins with this one.
fn cells(table: &str, first: &str) -> Vec<String> {
    let gaps = Regex::new(r"\s{2,}").unwrap();
    let mut lines = table.lines().map(|line| gaps.split(line).map(str::to_owned).collect::<Vec<_>>());
    lines.find(|cells| cells.len() > 1 && cells[0] == first).unwrap_or_else(|| panic!("no {first}: {table}"))
}

#[test]
fn every_figure_of_an_exploration_follows_from_the_export() {
    for line in [
        "explore --iters 3",
        "explore --iters 2 --threads 3 --cpython 3.9",
        "explore --iters 2 --cpython 3.13",
        "explore --iters 2 --pattern plus-minus --body x=x+int(d) --cpython 3.12",
    ] {
        let (table, report) = run(line);
        let outcomes = list(&report["outcomes"]);
        let total: u128 = outcomes.iter().map(|outcome| whole(&outcome["schedules"])).sum();
        assert_eq!(total, whole(&report["total"]), "{line}");
        let ends: Vec<i64> =
            outcomes.iter().filter_map(|outcome| outcome["outcome"].as_str().unwrap().parse().ok()).collect();
        for outcome in outcomes {
            let cells = cells(&table, outcome["outcome"].as_str().unwrap());
            assert_eq!(cells[1], outcome["verdict"].as_str().unwrap());
            let share = share(whole(&outcome["schedules"]), total);
            // What is less than a hundredth of a per cent is shown as a power of ten.
            if share >= 0.0001 {
                hold(&cells[2], &[share]);
            }
            hold(&cells[3], &[number(&outcome["preemptions"])]);
            assert_eq!(cells[4], outcome["schedules"].as_str().unwrap());
        }
        let totals = table.lines().find(|line| line.contains(" of up to ")).unwrap();
        let (totals, _) = totals.split_once(" in ").unwrap();
        assert!(
            totals.starts_with(&format!(
                "{total} schedule{} of up to {} steps",
                if total == 1 { "" } else { "s" },
                report["steps"]
            )),
            "{totals}"
        );
        let (least, greatest) = (ends.iter().min().unwrap(), ends.iter().max().unwrap());
        let ends = if least == greatest {
            format!("x always ends as {least}")
        } else {
            format!("x ends between {least} and {greatest}")
        };
        assert!(totals.contains(&ends), "{totals}");
        witness(line, &table, &report["witness"]);
    }
}

/// The turns of a schedule's text, `A3,B6,A1`, as the worker of each step.
fn workers_of(schedule: &str) -> Vec<char> {
    let (_, turns) = schedule.rsplit_once(':').unwrap();
    let turn = |turn: &str| {
        let (worker, steps) = turn.split_at(1);
        std::iter::repeat_n(worker.chars().next().unwrap(), steps.parse().unwrap())
    };
    turns.split(',').flat_map(turn).collect()
}

/// The witness is the schedule in the JSON, and overwrites what was stored since the load.
fn witness(line: &str, table: &str, witness: &Value) {
    let workers = workers_of(witness["schedule"].as_str().unwrap());
    let (_, table) = table.split_once("witness: ").unwrap();
    let title = table.lines().next().unwrap();
    hold(
        title.split_once("ends with ").unwrap().1,
        &[witness["outcome"].as_str().unwrap().parse().unwrap(), number(&witness["preemptions"])],
    );
    let mut stores = 0_u32;
    let mut loaded = std::collections::BTreeMap::new();
    for row in list(&witness["lines"]) {
        let (step, worker) = (row["step"].as_u64().unwrap(), row["worker"].as_str().unwrap());
        let by = workers.get(usize::try_from(step).unwrap() - 1);
        // Below the last turn the worker that is left goes on by itself.
        assert!(by.is_none_or(|by| by.to_string() == worker), "{line}: step {step}");
        let shown = cells(table, &step.to_string());
        for does in list(&row["does"]).iter().map(|does| does.as_str().unwrap()) {
            // What a worker does in one step stands in lines of its cell.
            assert!(table.contains(does), "{line}: {does}");
            if does.starts_with("load") {
                loaded.insert(worker.to_owned(), stores);
            } else if does.starts_with("store") {
                assert_eq!(row["overwrites"], stores - loaded[worker], "{line}: {row}");
                stores += 1;
            }
        }
        // The note stands behind two blanks, as a cell does.
        let (x, note) = match &shown[..] {
            [.., x, note] if note.starts_with("<- ") => (x, Some(note)),
            [.., x] => (x, None),
            [] => panic!("{line}: step {step}"),
        };
        hold(x, &[number(&row["x"])]);
        assert_eq!(note.is_some(), number(&row["overwrites"]) > 0.0, "{line}: {shown:?}");
        if let Some(note) = note {
            hold(note, &[number(&row["overwrites"])]);
        }
    }
}

#[test]
fn every_figure_of_a_verification_follows_from_the_export() {
    let Some(interpreter) = real().pop() else { return };
    // So few iterations that some losses are seen and some are not, whichever.
    let (table, report) =
        run(&format!("verify --set counter --python {} --iters 2k --runs 2", interpreter.path().display()));
    let cell_of: Vec<&Value> = list(&report["results"]).iter().flat_map(|row| list(&row["cells"])).collect();
    let with = |real: &str| cell_of.iter().filter(|cell| cell["real"] == real).count();
    let agree =
        cell_of.iter().filter(|cell| cell["real"] == cell["model"] && cell["failure"].is_null()).count();
    let (not_seen, disagree) = (with("not-seen"), with("loses") + with("exact") - agree);
    for (name, count) in [("agreements", agree), ("disagreements", disagree), ("not_seen", not_seen)] {
        assert_eq!(report[name], count, "{name}");
    }
    let said = table.lines().find(|line| line.starts_with("model and interpreters agree")).unwrap();
    let (agreed, rest) = said.split_once(" and disagree in ").unwrap();
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let [agree, all, not_seen] = [agree, cell_of.len(), not_seen].map(|count| count as f64);
    hold(agreed, &[agree, all]);
    assert!(disagree == 0 && rest.starts_with("none"), "{said}");
    hold(rest, &Vec::from_iter((not_seen > 0.0).then_some(not_seen)));
    for cell in &cell_of {
        let (runs, lost) = (number(&cell["runs"]), number(&cell["lost_runs"]));
        assert!(lost <= runs, "{cell}");
        // (1 - p)^runs = 5 %
        let below = (lost < 0.5).then(|| 1.0 - 0.05_f64.powf(1.0 / runs));
        match below {
            Some(below) => assert!((number(&cell["loss_below"]) - below).abs() < 1e-9, "{cell}"),
            None => assert!(cell["loss_below"].is_null(), "{cell}"),
        }
    }
    for note in table.lines().filter(|line| line.starts_with("not seen: ")) {
        let (_, runs) = note.split_once("none of ").unwrap();
        let (runs, _) = runs.split_once(" run").unwrap();
        let (_, share) = note.split_once("fewer than ").unwrap();
        let (share, _) = share.split_once(" of such").unwrap();
        hold(share, &[1.0 - 0.05_f64.powf(1.0 / runs.parse::<f64>().unwrap())]);
    }
}

//! The command `gilsim explore`.

use super::questions::{CROSSED, binomial};
use predicates::str::contains;
use serde_json::Value;

/// What the command prints as JSON, however it ends.
fn json_of<'a>(arguments: impl Iterator<Item = &'a str>) -> Value {
    let mut command = crate::gilsim("");
    let output = command.args(arguments).args(["--format", "json"]).output().unwrap();
    crate::schema::read(&output.stdout)
}

fn json(line: &str) -> Value {
    json_of(line.split(' '))
}

/// The command line with arguments that have blanks in them.
fn explore_line(arguments: &[&str]) -> assert_cmd::Command {
    let mut command = crate::gilsim("explore");
    command.args(arguments);
    command
}

#[test]
fn the_command_tells_counts_and_shows_a_schedule() {
    assert_eq!(crate::output_of("explore --iters 1 --quiet"), "1\t2\t20\t0\n");
    assert_eq!(crate::output_of("explore --iters 12 --quiet"), format!("2\t24\t{}\t0\n", binomial(72, 36)));
    let text = crate::output_of("explore --iters 6 --replay");
    assert!(text.contains("--schedule v1:machine:A1,B15,A2,B1,A15,B2 --replay"), "{text}");
    assert!(text.contains("… 4 more times") && text.contains("<- overwrites 5 updates"), "{text}");
    assert!(text.contains("real threads did so, and ended with 2, too"), "{text}");
}

#[test]
fn the_command_grades_what_it_finds() {
    explore_line(&["--expect", "lost"]).assert().code(0);
    explore_line(&["--expect", "exact"]).assert().code(3);
    explore_line(&["--cpython", "3.13", "--expect", "exact"]).assert().code(0);
    explore_line(&["--body", "with lock: x += d", "--expect", "exact"]).assert().code(0);
    let crossed = ["--body", "f() if d > 0 else g()", "--setup", CROSSED, "--pattern", "plus-minus"];
    let found =
        explore_line(&crossed).args(["--iters", "1", "--expect", "exact", "--replay"]).assert().code(3);
    let text = String::from_utf8(found.get_output().stdout.clone()).unwrap();
    assert!(text.contains("ends with deadlock (a, b)") && text.contains("take a"), "{text}");
    explore_line(&["--iters", "1", "--schedule", "v1:machine:A1,B3,A2", "--expect", "lost"]).assert().code(0);
    explore_line(&["--iters", "1", "--schedule", "v1:machine:A3,B3", "--expect", "lost"]).assert().code(3);
}

#[test]
fn every_form_has_the_exact_numbers() {
    let total = binomial(90, 45).to_string();
    let json: serde_json::Value = crate::schema::read(crate::output_of("explore --iters 15 --format json"));
    assert_eq!(json["total"], total.as_str());
    assert_eq!(json["outcomes"].as_array().unwrap().len(), 29);
    assert_eq!((json["least"].as_i64(), json["greatest"].as_i64()), (Some(2), Some(30)));
    assert_eq!(json["witness"]["outcome"], "2");
    let csv = crate::output_of("explore --iters 15 --format csv");
    assert_eq!(csv.lines().count(), 30);
    assert!(csv.lines().skip(1).all(|line| line.contains(&total)), "{csv}");
    assert!(crate::output_of("explore --iters 15 --format markdown").contains(&total));
}

/// The cells of the tables in a page of Markdown: a bar ends a cell unless it is escaped.
fn cells_of(page: &str) -> Vec<Vec<String>> {
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let inner = row.trim_matches('|').replace("\\|", "\0");
        inner.split('|').map(|cell| cell.trim().replace('\0', "|")).collect()
    };
    rows.map(cells).collect()
}

#[test]
fn a_page_says_all_that_the_table_says_with_its_bars_escaped() {
    let line = ["--body", "x = x | d", "--iters", "1", "--replay"];
    let said = |form: &str| {
        let run = explore_line(&line).args(["--format", form]).assert().code(0);
        String::from_utf8(run.get_output().stdout.clone()).unwrap()
    };
    let (page, table) = (said("markdown"), said("table"));
    let rows = cells_of(&page);
    let (outcomes, steps) = rows.split_at(rows.iter().position(|row| row[0] == "step").unwrap());
    assert!(outcomes.len() > 2 && outcomes.iter().all(|row| row.len() == 5), "{page}");
    assert!(steps.len() > 2 && steps.iter().all(|row| row.len() == 5), "{page}");
    assert!(steps.iter().any(|row| row[1] == "|"), "{page}");
    for text in [&page, &table] {
        assert!(text.contains("replayed: 2 real threads did so"), "{text}");
        assert_eq!(text.contains("built without optimisation"), cfg!(debug_assertions), "{text}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn more_memory_than_the_address_space_has_is_cut_to_it() {
    // It was an abort.
    let scene = crate::surroundings::Scene::shell("ulimit -v 300000");
    scene
        .run("explore --threads 4 --iters 12 --max-memory 8G --quiet")
        .says_why_not(1, "bytes of --max-memory; raise it (and ulimit -v");
}

#[test]
fn mistakes_are_said() {
    for (arguments, code, said) in [
        (&["--threads", "5"][..], 2, "use 1 to 4 workers"),
        (&["--cpython", "3.5"], 2, "2.7, 3.6, 3.7"),
        (&["--cpython", "3.9", "--machine"], 2, "--machine"),
        (&["--body", "x +="], 2, "not python"),
        (&["--outcome", "9"], 2, "no schedule ends with 9"),
        (&["--outcome", "deadlock"], 2, "no schedule ends with a deadlock"),
        (&["--schedule", "A1"], 2, "not a schedule"),
        (&["--schedule", "v1:machine:A1"], 2, "ends while worker A"),
        (&["--iters", "30", "--max-memory", "1M"], 1, "--iters"),
        (&["--body", "x = 1 // (d - 1)"], 2, "ZeroDivisionError"),
        (&["--body", "x += 10**20"], 2, "does not fit"),
        (&["--body", "while True: x += d"], 2, "make its loops shorter"),
    ] {
        let said = predicates::str::contains(said);
        explore_line(arguments).assert().code(code).stdout("").stderr(said);
    }
}

#[test]
fn a_shared_dict_is_explored_and_its_schedule_carried_out() {
    let setup = "--setup D={0:0} --body D[0]+=d --result D[0]";
    let report = json(&format!("explore {setup} --iters 1"));
    let outcomes = report["outcomes"].as_array().unwrap();
    let seen: Vec<_> = outcomes
        .iter()
        .map(|row| (row["outcome"].as_str().unwrap(), row["verdict"].as_str().unwrap()))
        .collect();
    assert_eq!(seen, [("1", "lost"), ("2", "right")]);
    assert_eq!(report["total"], "20");
    assert_eq!(report["result"], "D[0]");
    let schedule = report["witness"]["schedule"].as_str().unwrap();
    let replayed = json(&format!("explore {setup} --iters 1 --schedule {schedule}"));
    assert_eq!(replayed["witness"]["outcome"], "1");
    assert_eq!(replayed["witness"]["lines"], report["witness"]["lines"]);
    let lines = report["witness"]["lines"].as_array().unwrap();
    assert_eq!(lines[0]["does"][0], "load D[0] 0");
    assert_eq!(lines.last().unwrap()["overwrites"], 1);
    crate::gilsim(&format!("explore {setup} --replay"))
        .assert()
        .code(2)
        .stderr(contains("--schedule without --replay"));
    crate::gilsim(&format!("explore {setup} --cpython 3.13 --expect exact")).assert().success();
    crate::gilsim(&format!("explore {setup} --cpython 3.9 --expect exact")).assert().code(3);
}

#[test]
fn outcomes_may_be_exceptions_and_deadlocks() {
    let raising = ["explore", "--iters", "1", "--setup", "L = [1]", "--result", "len(L)", "--body"];
    let body = "if L:\n    v = L.pop()\n    L.append(v)";
    let report = json_of(raising.iter().copied().chain([body]));
    let verdicts: Vec<_> = report["outcomes"].as_array().unwrap().iter().map(|row| &row["verdict"]).collect();
    assert_eq!(verdicts, ["right", "raises"]);
    let text = report["outcomes"][1]["outcome"].as_str().unwrap();
    assert!(text.starts_with("raises IndexError"), "{text}");
    let setup = "import threading\nA = threading.Lock()\nB = threading.Lock()\nL = []";
    let body = "if d > 0:\n    with A:\n        with B: L.append(d)\nelse:\n    with B:\n        with A: L.append(d)";
    let words = [
        "explore",
        "--iters",
        "1",
        "--pattern",
        "plus-minus",
        "--setup",
        setup,
        "--result",
        "len(L)",
        "--body",
        body,
    ];
    let report = json_of(words.into_iter());
    let last = report["outcomes"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["outcome"], &last["verdict"]), (&"deadlock (A, B)".into(), &"deadlock".into()));
}

#[test]
fn a_lock_that_is_found_taken_is_not_shown_as_taken() {
    let body = "if lock.acquire(False):\n    x += d\n    lock.release()";
    let output = explore_line(&["--body", body, "--cpython", "3.12", "--iters", "1"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.matches(" take lock").count(), 1, "{text}");
    assert!(text.contains("find lock taken"), "{text}");
    assert!(text.contains("why: one worker finds a lock taken and goes on without it"), "{text}");
}

#[test]
fn where_others_come_in_between_it_is_not_said_that_none_can() {
    let body = ["--body", "x = max(x, d)", "--cpython", "3.12", "--iters", "1"];
    let output = explore_line(&body).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("x always ends as 1"), "{text}");
    assert!(text.contains("why: every schedule ends as some order of whole iterations does"), "{text}");
}

#[test]
fn a_lock_that_is_never_released_is_not_said_to_be_taken_in_another_order() {
    let why = |body: &str| {
        let setup = "a = threading.Lock()\nb = threading.Lock()";
        let output = explore_line(&["--setup", setup, "--body", body, "--iters", "1"]).output().unwrap();
        String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .find(|line| line.starts_with("why:"))
            .unwrap()
            .to_owned()
    };
    for body in ["with lock:\n  with lock: x += d", "lock.acquire(); x += d"] {
        assert!(why(body).contains("a lock that is not released"), "{}", why(body));
    }
    assert!(why("with a:\n  with b: x += d\nwith b:\n  with a: x += d").contains("same order everywhere"));
}

//! The JSON of every command is as its schema says, and the schema takes nothing else. Tests that read a report do so by
//! [`read`], so that what they export is held against the schema, too.

use crate::differential::generator::random::Random;
use crate::gilsim;
use crate::interpreter::Fake;
use gilsim::report::export::Format;
use gilsim::report::schema::SCHEMA;
use jsonschema::{Validator, validator_for};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::sync::LazyLock;

static PARSED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(SCHEMA).unwrap());

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| validator_for(&PARSED).unwrap());

/// Each kind of document by its name in the schema.
static KINDS: LazyLock<Vec<(&str, Validator)>> = LazyLock::new(|| {
    let kind = |document: &'static Value| {
        let reference = document["$ref"].as_str().unwrap();
        let alone = json!({ "$schema": PARSED["$schema"], "$ref": reference, "$defs": PARSED["$defs"] });
        (reference.trim_start_matches("#/$defs/"), validator_for(&alone).unwrap())
    };
    PARSED["anyOf"].as_array().unwrap().iter().map(kind).collect()
});

/// A report that gilsim wrote as JSON, which is as the schema says.
pub(crate) fn read(json: impl AsRef<[u8]>) -> Value {
    let json = json.as_ref();
    let report: Value = serde_json::from_slice(json)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(json)));
    if !VALIDATOR.is_valid(&report) {
        let faults = |(kind, validator): &(&str, Validator)| -> Vec<String> {
            let errors = validator.iter_errors(&report);
            errors.map(|error| format!("{kind}{}: {}", error.instance_path(), error.masked())).collect()
        };
        let nearest = KINDS.iter().map(faults).min_by_key(Vec::len);
        panic!("not as docs/schema.json says: {nearest:#?}");
    }
    report
}

/// An interpreter that answers every question: what was asked for, and nothing lost.
const ANSWERS: &str = r#"case "$*" in
*'"repetitions"'*) echo '{"seconds": [1, 1, 1], "result": "7", "gil_enabled": true}';;
*'"begin"'*) echo '{"total": "45", "seconds": 0.5, "startup_seconds": 0.5, "gil_enabled": true}';;
*'"body"'*) echo '{"expected": "0", "sequence_seconds": null, "runs": [{"value": "0", "seconds": 1}], "gil_enabled": true}';;
*'"pings"'*) echo '{"idle": [1, 1], "loaded": [1, 1], "gil_enabled": true}';;
*) echo 20;;
esac"#;

/// Runs of every command, and of everything that changes what fields there are.
const LINES: &[&[&str]] = &[
    &["race", "--iters", "1k", "--runs", "2", "--widen", "64"],
    &["mutex", "--iters", "10", "--runs", "1"],
    &["atomic", "--iters", "10", "--runs", "1"],
    &["sharded", "--iters", "10", "--runs", "1"],
    &["gil", "--iters", "1k", "--runs", "2"],
    &["split", "--iters", "10", "--runs", "1"],
    &["refcount", "--iters", "10", "--runs", "1"],
    &["compare", "--iters", "10", "--runs", "1"],
    &["atomic", "--threads", "1..4", "--iters", "1k,2k", "--runs", "1"],
    &["compare", "mutex", "sharded", "--threads", "1,2,4", "--iters", "1k", "--runs", "1"],
    &["refcount", "--count", "plain", "--threads", "1,2", "--iters", "10", "--runs", "1"],
    &["convoy", "--pings", "2", "--hogs", "1,2", "--switch-interval", "1ms,2ms"],
    &["convoy", "--pings", "2", "--cpython", "2.7"],
    &["convoy", "--pings", "2", "--python", "PYTHON", "--python", "BROKEN"],
    &["python", "--iters", "10", "--sum", "10", "--runs", "2", "--python", "PYTHON", "--python", "BROKEN"],
    &["compare", "atomic", "--iters", "10", "--runs", "1", "--python", "PYTHON", "--python", "/no/python"],
    &[
        "python",
        "--body",
        "L.append(d)",
        "--setup",
        "L = []",
        "--result",
        "len(L)",
        "--iters",
        "10",
        "--sum",
        "10",
        "--runs",
        "1",
        "--python",
        "PYTHON",
    ],
    &[
        "verify", "--set", "counter", "--iters", "10", "--runs", "1", "--python", "PYTHON", "--python",
        "BROKEN",
    ],
    &["overhead", "--runs", "1", "--python", "PYTHON", "--python", "FREE"],
    &["overhead", "--runs", "1", "--python", "PYTHON", "--python", "BROKEN"],
    &["explore", "--iters", "2"],
    &["explore", "--iters", "1", "--schedule", "v1:machine:A1,B3,A2", "--replay"],
    &[
        "explore",
        "--iters",
        "1",
        "--body",
        "L.pop()",
        "--setup",
        "L = [1]",
        "--result",
        "len(L)",
        "--cpython",
        "3.12",
    ],
    &["explore", "--refcount", "--iters", "1"],
    &["explore", "--refcount=atomic", "--iters", "1"],
    &["check", "tests/programs/account.py", "--python", "PYTHON", "--python", "/no/python"],
    &["check", "tests/programs/race.py", "--cpython", "3.9", "--cpython", "3.13", "--steps", "--replay"],
    &["check", "tests/programs/deadlock_two_locks.py", "--cpython", "3.9"],
    &["check", "tests/programs/pop_if_any.py", "--cpython", "3.9", "--python", "BROKEN"],
    &[
        "dis",
        "--body",
        "x = x + one()",
        "--setup",
        "def one(): return 1",
        "--cpython",
        "3.9",
        "--cpython",
        "3.13t",
    ],
    &["dis", "tests/programs/race.py"],
    &["list"],
    &["diff", "OLD", "OLD"],
    &[
        "refcount",
        "--count",
        "biased",
        "--threads",
        "1,2",
        "--iters",
        "10",
        "--runs",
        "2",
        "--baseline",
        "OLD",
    ],
    &["convoy", "--pings", "2", "--baseline", "CONVOY"],
];

/// What these print, with their command lines.
static REPORTS: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
    let answering = Fake::python(ANSWERS);
    // Of a build without a GIL, of which something is stated.
    let free = Fake::of(13, "true", "false", ANSWERS);
    let broken = Fake::python("echo nonsense; exit 1");
    let folder = tempfile::tempdir().unwrap();
    let [old, convoy] = ["old.json", "convoy.json"].map(|name| folder.path().join(name));
    let kept =
        [("refcount --count biased --threads 1,2 --iters 10 --runs 2", &old), ("convoy --pings 2", &convoy)];
    for (line, file) in kept {
        gilsim(&format!("{line} --quiet --export")).arg(file).assert().success();
    }
    let report = |&line: &&[&'static str]| {
        let [answering, free, broken] = [&answering, &free, &broken].map(Fake::path);
        let words = line.iter().map(|&word| match word {
            "PYTHON" => answering.as_os_str(),
            "FREE" => free.as_os_str(),
            "BROKEN" => broken.as_os_str(),
            "OLD" => old.as_os_str(),
            "CONVOY" => convoy.as_os_str(),
            word => OsStr::new(word),
        });
        // What it ends with is not what this is about: 1 where an interpreter is broken on purpose.
        let output = gilsim("").args(words).args(["--format", "json"]).output().unwrap();
        let line = line.join(" ");
        assert!(!output.stdout.is_empty(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        (line, read(&output.stdout))
    };
    // Not every build can run by ranks, so this report is of fixed values.
    let ranks = Format::Json.render(&crate::reports::ranks(), None, "gilsim").unwrap();
    LINES.iter().map(report).chain([("ranks".to_owned(), read(ranks))]).collect()
});

#[test]
fn it_is_a_schema_and_is_printed_as_it_stands() {
    assert_eq!(PARSED["$schema"], "https://json-schema.org/draft/2020-12/schema");
    if let Err(error) = jsonschema::meta::validate(&PARSED) {
        panic!("{error}");
    }
    assert_eq!(crate::output_of("schema"), SCHEMA);
}

#[test]
fn the_words_of_the_schema_are_those_of_what_is_written() {
    let definitions = &PARSED["$defs"];
    let words = |definition: &str, field: &str| {
        definitions[definition]["properties"][field]["description"].as_str().unwrap().to_owned()
    };
    for row in ["Row", "Run"] {
        let switches = words(row, "involuntary_switches");
        assert!(switches.contains("preemption, and what a worker yields itself"), "{row}: {switches}");
    }
    assert!(words("Row", "cpu").contains("too short to tell"));
    assert!(words("ChangeRow", "low").contains("like their neighbours count as one"));
    let verdicts = definitions["OverheadVerdict"]["oneOf"].as_array().unwrap();
    let of = |name: &str| {
        let verdict = verdicts.iter().find(|verdict| verdict["const"] == name).unwrap();
        verdict["description"].as_str().unwrap().to_owned()
    };
    let rounds = "too few rounds for an interval";
    assert!(of("cannot-be-told").contains(rounds) && !of("failed").contains(rounds), "{verdicts:?}");
}

#[test]
fn every_command_that_reports_is_among_the_runs() {
    let mut definition = gilsim::cli::definition();
    definition.build();
    for command in definition.get_subcommands() {
        let reports = command.get_arguments().any(|argument| argument.get_long() == Some("format"));
        let run = LINES.iter().any(|line| line[0] == command.get_name());
        assert_eq!(reports, run, "{}", command.get_name());
    }
}

#[test]
fn every_report_is_of_one_kind_and_all_fields_are_seen() {
    let mut kinds = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for (line, report) in REPORTS.iter() {
        let fitting: Vec<&str> = kinds_of(report);
        assert_eq!(fitting.len(), 1, "{line}: {fitting:?}");
        kinds.extend(fitting);
        fields_of(report, &mut seen);
    }
    assert_eq!(kinds.len(), KINDS.len(), "no report is one of the others: {kinds:?}");
    let unseen: Vec<String> = fields().difference(&seen).cloned().collect();
    assert!(unseen.is_empty(), "no report has {unseen:?}");
}

fn kinds_of(report: &Value) -> Vec<&'static str> {
    KINDS.iter().filter(|(_, validator)| validator.is_valid(report)).map(|(kind, _)| *kind).collect()
}

/// The names of all fields that the schema knows.
pub(crate) fn fields() -> BTreeSet<String> {
    let of = |object: &Value| {
        object["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
    };
    PARSED["$defs"].as_object().unwrap().values().flat_map(of).collect()
}

fn fields_of(value: &Value, fields: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                fields.insert(name.clone());
                fields_of(value, fields);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| fields_of(value, fields)),
        _ => {}
    }
}

/// The places of the objects of a report, each with the same where `*` stands for the numbers of elements: of those alike in
/// that and in their fields one alone.
fn objects(report: &Value) -> Vec<(String, String)> {
    let mut found: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut open = vec![(String::new(), String::new())];
    while let Some((kind, place)) = open.pop() {
        match report.pointer(&place).unwrap() {
            Value::Object(object) => {
                open.extend(object.keys().map(|name| (format!("{kind}/{name}"), format!("{place}/{name}"))));
                let names: Vec<&str> = object.keys().map(String::as_str).collect();
                found.insert((kind, names.join(" ")), place);
            }
            Value::Array(values) => {
                open.extend((0..values.len()).map(|at| (format!("{kind}/*"), format!("{place}/{at}"))));
            }
            _ => {}
        }
    }
    found.into_iter().map(|((kind, _), place)| (kind, place)).collect()
}

#[test]
fn a_field_that_does_not_exist_is_refused_in_every_object() {
    for (line, report) in REPORTS.iter() {
        for (_, place) in objects(report) {
            let mut changed = report.clone();
            changed.pointer_mut(&place).unwrap()["made_up"] = 1.into();
            assert!(!VALIDATOR.is_valid(&changed), "{line}: {place}/made_up");
        }
    }
}

/// Fields that are left out where there is nothing to say. Those of an exploration and of a law come or go together.
const OPTIONAL: &[&str] = &[
    "ChangeReport/changes/*/objects",
    "ChangeReport/changes/*/parameters",
    "ConvoyReport/baseline",
    "ConvoyReport/hogs",
    "ConvoyReport/results/*/parameters",
    "ConvoyReport/switch_interval",
    "ExploreReport/counting",
    "ExploreReport/greatest",
    "ExploreReport/least",
    "ExploreReport/memory",
    "ExploreReport/outcomes",
    "ExploreReport/states",
    "ExploreReport/steps",
    "ExploreReport/total",
    "ExploreReport/without_value",
    "Report/baseline",
    "Report/baseline/changes/*/objects",
    "Report/baseline/changes/*/parameters",
    "Report/results/*/communication",
    "Report/results/*/hosts",
    "Report/results/*/observations/*/communication",
    "Report/results/*/observations/*/hosts",
    "Report/results/*/parameters",
    "Report/results/*/result",
    "Report/scaling",
    "Report/scaling/*/contention",
    "Report/scaling/*/crosstalk",
    "Report/scaling/*/deviation",
    "Report/scaling/*/law",
    "Report/scaling/*/of_one",
    "Report/scaling/*/parameters",
    "Report/scaling/*/r_squared",
];

#[test]
fn every_field_is_there_but_those_that_may_be_left_out() {
    let mut optional = BTreeSet::new();
    for (_, report) in REPORTS.iter() {
        let document = kinds_of(report)[0];
        for (kind, place) in objects(report).into_iter().filter(|(kind, _)| !kind.ends_with("/parameters")) {
            let names: Vec<String> =
                report.pointer(&place).unwrap().as_object().unwrap().keys().cloned().collect();
            for name in names {
                let mut changed = report.clone();
                changed.pointer_mut(&place).unwrap().as_object_mut().unwrap().remove(&name);
                if VALIDATOR.is_valid(&changed) {
                    optional.insert(format!("{document}{kind}/{name}"));
                }
            }
        }
    }
    assert_eq!(optional, OPTIONAL.iter().map(|&name| name.to_owned()).collect());
}

#[test]
fn a_value_of_another_type_is_refused() {
    let report = |kind: &str| {
        let found = REPORTS.iter().find(|(_, report)| kinds_of(report) == [kind]);
        found.unwrap_or_else(|| panic!("no {kind}")).1.clone()
    };
    for (kind, place, value) in [
        ("Report", "/schema", json!(2)),
        ("Report", "/profile", json!("fast")),
        ("Report", "/results", Value::Null),
        ("Report", "/results/0/runs", json!(-1)),
        ("Report", "/results/0/runs", json!(1.5)),
        ("Report", "/results/0/expected", json!("0")),
        ("Report", "/results/0/verdict", json!("fine")),
        ("Report", "/results/0/times/0", Value::Null),
        ("Report", "/results/0/observations/0/spans/0", json!([0.0])),
        ("ExploreReport", "/total", json!(20)),
        ("ExploreReport", "/total", json!("2e1")),
        ("CheckReport", "/results/0/verdict", json!("not-python")),
        ("ConvoyReport", "/pings", json!(true)),
    ] {
        let mut changed = report(kind);
        *changed.pointer_mut(place).unwrap() = value.clone();
        assert!(!VALIDATOR.is_valid(&changed), "{kind}{place}: {value}");
    }
    let mut wide = report("Report");
    for (place, number) in [("/results/0/expected", i128::MAX), ("/results/0/actual", i128::MIN)] {
        *wide.pointer_mut(place).unwrap() = serde_json::from_str(&number.to_string()).unwrap();
    }
    assert!(VALIDATOR.is_valid(&wide));
}

/// How many exports are broken and looked at.
const MUTATED: u64 = 10_000;

/// The places of all values.
fn places(value: &Value, place: String, all: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(name, value)| places(value, format!("{place}/{name}"), all));
        }
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(at, value)| places(value, format!("{place}/{at}"), all));
        }
        _ => {}
    }
    all.push(place);
}

/// Drops, replaces or adds a value.
fn mutate(report: &mut Value, places: &[String], random: &mut Random) {
    let values = [
        "null",
        "true",
        "-1",
        "0",
        "1e999",
        "1.5",
        "340282366920938463463374607431768211456",
        "\"\"",
        "\"exact\"",
        "[]",
        "{}",
        "[[]]",
    ];
    let place = &places[random.below(places.len())];
    // What stood there may be gone by now.
    let Some(found) = report.pointer_mut(place) else { return };
    let value: Value = serde_json::from_str(random.one(&values)).unwrap();
    match (found, random.below(3)) {
        (Value::Object(object), 0) => {
            let name = object.keys().nth(random.below(object.len())).cloned();
            name.and_then(|name| object.remove(&name));
        }
        (Value::Array(values), 0) if !values.is_empty() => {
            values.remove(random.below(values.len()));
        }
        (Value::Object(object), 1) => {
            object.insert(random.one(&["made_up", "results", "schema", ""]).to_owned(), value);
        }
        (Value::Array(values), 1) => values.push(value),
        (found, _) => *found = value,
    }
}

#[test]
fn ten_thousand_broken_exports_are_read_or_refused() {
    let reports: Vec<(&Value, Vec<String>)> = REPORTS
        .iter()
        .map(|(_, report)| {
            let mut all = Vec::new();
            places(report, String::new(), &mut all);
            (report, all)
        })
        // Large ones have nothing that small ones have not.
        .filter(|(_, places)| places.len() < 400)
        .collect();
    assert!(reports.len() > 10, "{} reports", reports.len());
    let (mut refused, mut unreadable) = (0, 0);
    for seed in 0..MUTATED {
        let mut random = Random::new(seed);
        let (report, places) = &reports[random.below(reports.len())];
        let mut report = (*report).clone();
        for _ in 0..=random.below(4) {
            mutate(&mut report, places, &mut random);
        }
        let mut text = report.to_string().into_bytes();
        if random.percent(25) {
            text.truncate(random.below(text.len()));
        }
        if random.percent(10) && !text.is_empty() {
            let at = random.below(text.len());
            text[at] = u8::try_from(random.below(256)).unwrap();
        }
        match serde_json::from_slice::<Value>(&text) {
            Ok(report) if VALIDATOR.is_valid(&report) => {}
            Ok(_) => refused += 1,
            Err(_) => unreadable += 1,
        }
    }
    assert!(refused > MUTATED / 4 && unreadable > MUTATED / 10, "{refused} refused, {unreadable} unreadable");
}

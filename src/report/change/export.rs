//! An export of gilsim, read back as far as its times and what they depend on go.
//!
//! The same reader takes the JSON of the run at hand, so that both sides are seen alike. Fields that an earlier gilsim did not
//! write are missing, and nothing is made of those that are not known.

use crate::measure::Pace;
use crate::measure::change::Sample;
use crate::measure::parameters::{is_of_workload, place};
use crate::measure::stats::median;
use crate::report::numbers::time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

/// The newest schema that is read.
const SCHEMA: u64 = 1;

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It cannot be read.
    #[error("could not read {file}: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why not.
        source: io::Error,
    },
    /// It is no JSON, or ends before its end.
    #[error("{file} is no whole JSON: {reason}; write one with --export FILE.json")]
    NoJson {
        /// The file.
        file: String,
        /// What the reader says.
        reason: String,
    },
    /// It is JSON of another program.
    #[error("{0} is no export of gilsim; write one with --export FILE.json")]
    Foreign(String),
    /// It is of a gilsim that writes more than this one can read.
    #[error("{file} has schema {schema}, and this gilsim reads {SCHEMA}; take a newer gilsim")]
    Newer {
        /// The file.
        file: String,
        /// Its schema.
        schema: u64,
    },
    /// It has no times that could be held against others.
    #[error(
        "{0} is an export without times of its own; those of race, mutex, atomic, sharded, gil, split, refcount, compare, python and convoy have them"
    )]
    NoTimes(String),
    /// A field has a value that gilsim does not write.
    #[error("{file} is damaged: {reason}")]
    Damaged {
        /// The file.
        file: String,
        /// What the reader says.
        reason: String,
    },
}

/// An export of a hundred runs of a great sweep has some megabytes. A device may have no end.
const LONGEST: u64 = 256 << 20;

/// What is known of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct Export {
    /// Where it is from.
    pub file: String,
    /// What all of its times depend on.
    settings: BTreeMap<&'static str, String>,
    /// What was measured.
    pub(super) rows: Vec<Measured>,
    /// What ran only for the others to be measured against.
    references: Vec<Key>,
}

/// A row of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    /// What was measured.
    pub key: Key,
    /// What its times depend on.
    settings: BTreeMap<&'static str, String>,
    /// Its runs, in their order.
    pub samples: Vec<Sample>,
}

/// What was measured: rows of two exports that have the same are held against each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// The kind of work.
    pub group: String,
    /// The scenario, or the subject of a convoy.
    pub scenario: String,
    /// References: whether the workers share an object.
    pub objects: Option<String>,
    /// What is swept of the workload, by the options' names. What chooses the scenario stands in its name.
    pub parameters: BTreeMap<String, String>,
}

/// The options and their values, in the order of the sweep.
pub(super) fn in_order(parameters: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    let mut all: Vec<(&str, &str)> =
        parameters.iter().map(|(option, value)| (option.as_str(), value.as_str())).collect();
    all.sort_by_key(|(option, _)| place(option));
    all.into_iter()
}

/// Those of the workload.
fn of_workload(mut parameters: BTreeMap<String, String>) -> BTreeMap<String, String> {
    parameters.retain(|option, _| is_of_workload(option));
    parameters
}

impl Key {
    /// In a phrase.
    pub(super) fn words(&self) -> String {
        let objects = self.objects.as_ref().map_or_else(String::new, |objects| format!(" {objects}"));
        let parameters: Vec<String> =
            in_order(&self.parameters).map(|(option, value)| format!("{option} {value}")).collect();
        let parameters =
            if parameters.is_empty() { String::new() } else { format!(" ({})", parameters.join(", ")) };
        format!("{}{objects}{parameters}", self.scenario.trim_start_matches("split:"))
    }
}

#[derive(Deserialize)]
struct Document {
    gilsim: String,
    profile: String,
    cpus: usize,
    results: Vec<Value>,
    comparison: Option<bool>,
    hogs: Option<u64>,
    pings: Option<u64>,
    switch_interval: Option<f64>,
}

#[derive(Deserialize)]
struct Row {
    scenario: String,
    group: String,
    objects: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    #[serde(default)]
    baseline: bool,
    body: Option<String>,
    result: Option<String>,
    workers: u64,
    iterations: u64,
    from: Option<u64>,
    pattern: Option<String>,
    #[serde(default)]
    pins: Vec<u64>,
    widen: Option<u64>,
    switch_interval: Option<f64>,
    #[serde(default)]
    recorded: bool,
    #[serde(default)]
    hosts: Vec<Value>,
    observations: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    time: f64,
    cpu: Option<f64>,
    taken_by_others: Option<f64>,
    #[serde(default)]
    spans: Vec<[f64; 2]>,
    pace: Option<Pace>,
}

#[derive(Deserialize)]
struct Subject {
    #[serde(rename = "subject")]
    name: String,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    loaded: Option<RoundTrips>,
}

#[derive(Deserialize)]
struct RoundTrips {
    times: Vec<f64>,
    /// How many of them each run made; before, there was one run.
    #[serde(default)]
    runs: Vec<usize>,
}

impl RoundTrips {
    /// The median of each run: its round trips are too much alike to count one by one.
    fn medians(&self) -> Vec<f64> {
        let mut times = &self.times[..];
        let runs = if self.runs.is_empty() { vec![times.len()] } else { self.runs.clone() };
        let mut medians = Vec::new();
        for length in runs {
            let Some((run, rest)) = times.split_at_checked(length) else { break };
            medians.extend((!run.is_empty()).then(|| median(run.iter().copied())));
            times = rest;
        }
        medians
    }
}

impl Export {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is no export of gilsim with times.
    pub fn read(path: &Path) -> Result<Self, ExportError> {
        let file = path.display().to_string();
        let unreadable = |source| ExportError::Unreadable { file: file.clone(), source };
        let mut text = String::new();
        let start = fs::File::open(path).map_err(unreadable)?;
        let length = start.take(LONGEST + 1).read_to_string(&mut text).map_err(unreadable)?;
        if length as u64 > LONGEST {
            return Err(unreadable(io::Error::other("it is longer than any export of gilsim")));
        }
        Self::parse(&text, file)
    }

    /// Reads the text of a file of this name.
    ///
    /// # Errors
    ///
    /// As [`Self::read`].
    pub fn parse(text: &str, file: String) -> Result<Self, ExportError> {
        match serde_json::from_str(text) {
            Ok(value) => Self::of(&value, file),
            Err(error) if error.is_eof() => {
                Err(ExportError::NoJson { file, reason: format!("it ends in line {}", error.line()) })
            }
            Err(error) => Err(ExportError::NoJson { file, reason: error.to_string() }),
        }
    }

    /// The run at hand.
    pub(in crate::report) fn of_report(report: &impl Serialize) -> Result<Self, ExportError> {
        let file = "this run".to_owned();
        match serde_json::to_value(report) {
            Ok(value) => Self::of(&value, file),
            Err(error) => Err(ExportError::Damaged { file, reason: error.to_string() }),
        }
    }

    /// Takes what it needs of a document.
    pub(super) fn of(document: &Value, file: String) -> Result<Self, ExportError> {
        let schema = document.get("schema").and_then(Value::as_u64);
        let (Some(schema), Some(_)) = (schema, document.get("gilsim").and_then(Value::as_str)) else {
            return Err(ExportError::Foreign(file));
        };
        if schema > SCHEMA {
            return Err(ExportError::Newer { file, schema });
        }
        if document.get("comparison").is_none() && document.get("pings").is_none() {
            return Err(ExportError::NoTimes(file));
        }
        let damaged =
            |error: serde_json::Error| ExportError::Damaged { file: file.clone(), reason: error.to_string() };
        let document = Document::deserialize(document).map_err(damaged)?;
        let mut settings = BTreeMap::from([
            ("gilsim", document.gilsim.clone()),
            ("profile", document.profile.clone()),
            ("usable CPUs", document.cpus.to_string()),
        ]);
        let mut references = Vec::new();
        let rows: Vec<Measured> = if document.comparison.is_some() {
            let rows: Vec<Row> =
                document.results.iter().map(Row::deserialize).collect::<Result<_, _>>().map_err(damaged)?;
            let (beside, rows): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.baseline);
            references.extend(beside.into_iter().map(|row| Measured::from(row).key));
            rows.into_iter().map(Measured::from).collect()
        } else {
            settings.extend(document.hogs.map(|it| ("hogs", it.to_string())));
            settings.extend(document.pings.map(|it| ("round trips", it.to_string())));
            settings.extend(document.switch_interval.map(|it| ("switch interval", time(it))));
            let subjects: Vec<Subject> = document
                .results
                .iter()
                .map(Subject::deserialize)
                .collect::<Result<_, _>>()
                .map_err(damaged)?;
            subjects.into_iter().map(Measured::from).collect()
        };
        Ok(Self { file, settings, rows, references })
    }

    /// The row in which the same was measured.
    pub(super) fn row(&self, key: &Key) -> Option<&Measured> {
        self.rows.iter().find(|row| row.key == *key)
    }

    /// On what times depend that is not the same in both, each with its value here and there.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut differences = differing(&self.settings, &other.settings, "");
        for row in &self.rows {
            if let Some(other) = other.row(&row.key) {
                differences.extend(differing(
                    &row.settings,
                    &other.settings,
                    &format!(" ({})", row.key.words()),
                ));
            }
        }
        differences
    }

    /// What is in this one and was not measured in another.
    pub(super) fn missing_from(&self, other: &Self) -> Vec<String> {
        let is_missing =
            |row: &&Measured| other.row(&row.key).is_none() && !other.references.contains(&row.key);
        let missing = self.rows.iter().filter(is_missing);
        missing.map(|row| row.key.words()).collect()
    }
}

/// The settings that differ, with both values.
fn differing(
    one: &BTreeMap<&'static str, String>,
    other: &BTreeMap<&'static str, String>,
    place: &str,
) -> Vec<String> {
    let mut names: Vec<&str> = one.keys().chain(other.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    let value = |settings: &BTreeMap<&'static str, String>, name: &str| {
        settings.get(name).cloned().unwrap_or_else(|| "none".to_owned())
    };
    let different = names.into_iter().filter(|name| one.get(*name) != other.get(*name));
    different.map(|name| format!("{name} {} and {}{place}", value(one, name), value(other, name))).collect()
}

impl From<Row> for Measured {
    fn from(row: Row) -> Self {
        let pins: Vec<String> = row.pins.iter().map(u64::to_string).collect();
        let mut settings = BTreeMap::from([
            ("workers", row.workers.to_string()),
            ("iterations", row.iterations.to_string()),
            ("pinned to CPUs", if pins.is_empty() { "none".to_owned() } else { pins.join(", ") }),
        ]);
        settings.extend(row.from.map(|it| ("from", it.to_string())));
        settings.extend(row.pattern.map(|it| ("pattern", it)));
        settings.extend(row.body.map(|it| ("body", format!("`{it}`"))));
        settings.extend(row.result.map(|it| ("result", format!("`{it}`"))));
        settings.extend(row.widen.map(|it| ("widen", it.to_string())));
        settings.extend(row.switch_interval.map(|it| ("switch interval", time(it))));
        settings.extend(row.recorded.then(|| ("timeline", "recorded".to_owned())));
        settings.extend((!row.hosts.is_empty()).then(|| ("hosts", row.hosts.len().to_string())));
        Self {
            key: Key {
                group: row.group,
                scenario: row.scenario,
                objects: row.objects,
                parameters: of_workload(row.parameters),
            },
            settings,
            samples: row.observations.iter().map(Run::sample).collect(),
        }
    }
}

impl From<Subject> for Measured {
    fn from(subject: Subject) -> Self {
        let times = subject.loaded.map(|loaded| loaded.medians()).unwrap_or_default();
        Self {
            key: Key {
                group: "convoy".to_owned(),
                scenario: subject.name,
                objects: None,
                parameters: of_workload(subject.parameters),
            },
            settings: BTreeMap::new(),
            samples: times
                .into_iter()
                .map(|time| Sample { time, share: None, taken: None, pace: None })
                .collect(),
        }
    }
}

impl Run {
    fn sample(&self) -> Sample {
        let under_way: f64 = self.spans.iter().map(|[start, end]| end - start).sum();
        let share = self.cpu.filter(|_| under_way > 0.0).map(|cpu| cpu / under_way);
        Sample { time: self.time, share, taken: self.taken_by_others, pace: self.pace }
    }
}

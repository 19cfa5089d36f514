//! What a real interpreter can be asked to do. Each job is a script beside this file; a request goes to it as
//! one JSON argument, the result comes back as one JSON line.

use super::child::Limits;
use super::cpython::Interpreter;
use super::error::{Error, shown};
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt::Write;
use std::time::Duration;

const BODY: &str = concat!(include_str!("common.py"), include_str!("gate.py"), include_str!("body.py"));
const SPLIT: &str = concat!(include_str!("common.py"), include_str!("split.py"));
const CONVOY: &str = concat!(include_str!("common.py"), include_str!("convoy.py"));

/// The most measurements that one request may ask for: their numbers fit well into the output that is taken.
pub const MOST_MEASUREMENTS: u32 = 10_000;
/// The shortest switch interval that CPython knows (`_PyEval_SetSwitchInterval` counts whole microseconds).
pub const SHORTEST_INTERVAL: Duration = Duration::from_micros(1);
/// The longest that may be asked for.
pub const LONGEST_INTERVAL: Duration = Duration::from_hours(1);

/// What `d` is in each thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// +1 in the first thread, -1 in the second, and so on by turns.
    #[default]
    PlusMinus,
    /// +1 in every thread.
    Plus,
}

/// A loop body to be repeated by several threads at once.
///
/// The body stands in `def work(d, n)`, under `global x` and `for _ in range(n)` (`xrange` on 2.7), in a module
/// with `x = 0`, `s = "a"`, `lock = threading.Lock()` and a function `one()` that returns 1. What it prints goes
/// nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BodyRequest {
    /// Python statements, unindented.
    pub body: String,
    /// Python statements that the module is given before `work`; may be empty. Done again before each run.
    pub setup: String,
    /// How many threads, from 1.
    pub threads: u32,
    /// How often each repeats the body. 2.7 takes at most 2^63 - 1.
    pub iterations: u64,
    /// What `d` is in each.
    pub pattern: Pattern,
    /// How many runs, from 1 to [`MOST_MEASUREMENTS`].
    pub runs: u32,
    /// How long a thread keeps the GIL while others wait for it, from [`SHORTEST_INTERVAL`] to
    /// [`LONGEST_INTERVAL`]; `None` leaves the interpreter's own. 2.7, which counts bytecodes, is given the
    /// check interval that is to its default of 100 as this is to 5 ms, and at least 1.
    #[serde(serialize_with = "as_seconds")]
    pub interval: Option<Duration>,
    /// Whether one thread first does all the threads' work by itself: its value is then what is expected, which
    /// is right for every body that comes to the same in another order (`other_order`; one of which that is known is not run), and its time is reported. Otherwise the expected value is the one that `x` has
    /// after the setup plus the iterations of every thread times its `d`, which is right for `x += d`.
    pub sequence: bool,
    /// Whether a run whose value is not the expected one, or in which a thread raised, is the last.
    pub stop_at_first_loss: bool,
    /// The expression that is looked at when all threads have ended, a whole number; `None` for `x`. With one, one thread
    /// first does all the work for what is expected, as with `sequence`, though in one order.
    pub result: Option<String>,
    /// Whether an exception ends only the thread that raises it, and the run tells of it; otherwise it fails the request.
    pub raising: bool,
}

impl Default for BodyRequest {
    /// One run of `x += d` by two threads, 1,000,000 times each.
    fn default() -> Self {
        Self {
            body: "x += d".into(),
            setup: String::new(),
            threads: 2,
            iterations: 1_000_000,
            pattern: Pattern::default(),
            runs: 1,
            interval: None,
            sequence: false,
            stop_at_first_loss: false,
            result: None,
            raising: false,
        }
    }
}

/// One run of a body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyRun {
    /// What `x`, or the result that was asked for, was in the end; 0 if that could not be told after an exception.
    #[serde(deserialize_with = "from_decimal")]
    pub value: i128,
    /// From the first thread's start of work to the last one's end, in seconds, by the threads' own clocks.
    pub seconds: f64,
    /// The name of an exception that ended a thread.
    #[serde(default)]
    pub raised: Option<String>,
}

/// What came of a body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyResult {
    /// What `x` should be after each run.
    #[serde(deserialize_with = "from_decimal")]
    pub expected: i128,
    /// What one thread came to with the same iterations in another order: one or two iterations of each thread in turn or backwards, or all
    /// of them backwards. Only where that is another value, and then nothing was run and `expected` is the value that it is held against.
    #[serde(default, deserialize_with = "from_decimal_or_none")]
    pub other_order: Option<i128>,
    /// How long one thread took for all the work, in seconds, if that was asked for.
    pub sequence_seconds: Option<f64>,
    /// The runs in their order.
    pub runs: Vec<BodyRun>,
    /// Whether the GIL was on at the end: an extension that the setup imports can switch it on.
    pub gil_enabled: bool,
}

impl BodyResult {
    /// The two values that the body comes to, where these depend on whose work is done first: then there is none to expect.
    #[must_use]
    pub fn by_order(&self) -> Option<[i128; 2]> {
        self.other_order.filter(|&other| other != self.expected).map(|other| [self.expected, other])
    }

    /// How many of the runs ended with another value than the expected one, or with an exception.
    #[must_use]
    pub fn losing_runs(&self) -> usize {
        self.runs.iter().filter(|run| run.value != self.expected || run.raised.is_some()).count()
    }

    /// In how many of the runs an exception ended a thread.
    #[must_use]
    pub fn raising_runs(&self) -> usize {
        self.runs.iter().filter(|run| run.raised.is_some()).count()
    }
}

/// The sum of the whole numbers from `begin` up to, but not including, `end`, added up in a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SplitRequest {
    /// The first number.
    pub begin: i64,
    /// One more than the last; nothing is added up when it is not above `begin`.
    pub end: i64,
    /// How many processes share the work, from 1; `None`: the interpreter does it alone, with no second process.
    pub processes: Option<u32>,
}

/// A request that says how many seconds there are for it.
#[derive(Serialize)]
struct Timed<'a, T> {
    #[serde(flatten)]
    request: &'a T,
    timeout: f64,
}

/// What came of a split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitResult {
    /// The sum.
    #[serde(deserialize_with = "from_decimal")]
    pub total: i128,
    /// From the first process's start of work to the last one's end, in seconds, by the processes' own clocks.
    pub seconds: f64,
    /// From the first request for a process until all were ready to work, in seconds; 0 without processes.
    pub startup_seconds: f64,
    /// Whether the GIL was on at the end.
    pub gil_enabled: bool,
}

/// Round trips of a byte between a thread and an echo process, first idle, then beside threads that compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ConvoyRequest {
    /// How many round trips each time, from 1 to [`MOST_MEASUREMENTS`].
    pub pings: u32,
    /// How many threads compute meanwhile. With 0 the second series is one more idle one.
    pub hogs: u32,
    /// As [`BodyRequest::interval`], but 2.7 is left as it is.
    #[serde(serialize_with = "as_seconds")]
    pub interval: Option<Duration>,
}

/// What came of a convoy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvoyResult {
    /// The round trips with nothing else to do, in seconds, in their order.
    pub idle: Vec<f64>,
    /// Those beside the computing threads, in seconds, in their order.
    pub loaded: Vec<f64>,
    /// Whether the GIL was on at the end.
    pub gil_enabled: bool,
}

impl Interpreter {
    /// Has several threads repeat a loop body.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] for a request out of its ranges; [`Error::Failed`], with the exception, when body or
    /// setup is no Python or raises one in any thread, when a thread cannot be started, and when `x` ends as
    /// something else than a whole number of 128 bits; otherwise as [`Interpreter::run`].
    pub fn body(&self, request: &BodyRequest, limits: &Limits<'_>) -> Result<BodyResult, Error> {
        self.at_least_one("threads", request.threads)?;
        self.measurements("runs", request.runs)?;
        self.in_range(request.interval)?;
        let result: BodyResult = self.ask(BODY, request, limits)?;
        // Without a value to expect nothing is run.
        let asked = if result.by_order().is_some() { 0 } else { request.runs as usize };
        let early = request.stop_at_first_loss && !result.runs.is_empty() && result.runs.len() < asked;
        self.sensible("runs", early || result.runs.len() == asked)?;
        self.times(result.runs.iter().map(|run| run.seconds).chain(result.sequence_seconds), limits)?;
        Ok(result)
    }

    /// Has several processes, or none, add up a range.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] for no processes; [`Error::Failed`] when a process cannot be started, fails or is
    /// killed, with its number and what became of it; [`Error::TimedOut`] with the numbers of those that have not
    /// ended, if there was time to say them; otherwise as [`Interpreter::run`].
    pub fn split(&self, request: &SplitRequest, limits: &Limits<'_>) -> Result<SplitResult, Error> {
        if let Some(processes) = request.processes {
            self.at_least_one("processes", processes)?;
        }
        let request = Timed { request, timeout: limits.timeout.as_secs_f64() };
        let result: SplitResult = self.ask(SPLIT, &request, limits)?;
        self.times([result.seconds, result.startup_seconds], limits)?;
        Ok(result)
    }

    /// Measures round trips, idle and beside threads that compute.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] for a request out of its ranges; [`Error::Failed`] when a thread or the echo process
    /// cannot be started or fails; otherwise as [`Interpreter::run`].
    pub fn convoy(&self, request: &ConvoyRequest, limits: &Limits<'_>) -> Result<ConvoyResult, Error> {
        self.measurements("pings", request.pings)?;
        self.in_range(request.interval)?;
        let result: ConvoyResult = self.ask(CONVOY, request, limits)?;
        let asked = request.pings as usize;
        self.sensible("round trips", result.idle.len() == asked && result.loaded.len() == asked)?;
        self.times(result.idle.iter().chain(&result.loaded).copied(), limits)?;
        Ok(result)
    }

    pub(super) fn ask<Q: Serialize, A: de::DeserializeOwned>(
        &self,
        script: &str,
        request: &Q,
        limits: &Limits<'_>,
    ) -> Result<A, Error> {
        let json = serde_json::to_string(request).map_err(|error| self.refusal(error.to_string()))?;
        self.run(script, &[&ascii(&json)], limits)
    }

    pub(super) fn at_least_one(&self, what: &str, number: u32) -> Result<(), Error> {
        if number == 0 { Err(self.refusal(format!("0 {what}; ask for at least 1"))) } else { Ok(()) }
    }

    fn measurements(&self, what: &str, number: u32) -> Result<(), Error> {
        self.at_least_one(what, number)?;
        if number > MOST_MEASUREMENTS {
            return Err(self.refusal(format!("{number} {what}; ask for at most {MOST_MEASUREMENTS}")));
        }
        Ok(())
    }

    pub(super) fn in_range(&self, interval: Option<Duration>) -> Result<(), Error> {
        match interval {
            Some(interval) if !(SHORTEST_INTERVAL..=LONGEST_INTERVAL).contains(&interval) => Err(self
                .refusal(format!(
                    "a switch interval of {} s; ask for 0.000001 s to 3600 s",
                    interval.as_secs_f64()
                ))),
            _ => Ok(()),
        }
    }

    fn refusal(&self, reason: String) -> Error {
        Error::Request { interpreter: shown(self.path()), reason }
    }

    pub(super) fn sensible(&self, what: &str, right: bool) -> Result<(), Error> {
        let printed = || format!("another number of {what} than was asked for");
        if right { Ok(()) } else { Err(self.rubbish("incomplete", printed())) }
    }

    /// No part of the work takes less than no time, or longer than the whole was given.
    pub(super) fn times(
        &self,
        times: impl IntoIterator<Item = f64>,
        limits: &Limits<'_>,
    ) -> Result<(), Error> {
        let possible = 0.0..=limits.timeout.as_secs_f64();
        match times.into_iter().find(|time| !possible.contains(time)) {
            Some(time) => Err(self.rubbish("an impossible time", format!("{time:?} s"))),
            None => Ok(()),
        }
    }

    pub(super) fn rubbish(&self, reason: &str, printed: String) -> Error {
        Error::Rubbish { interpreter: shown(self.path()), reason: reason.to_owned(), printed }
    }
}

/// JSON in ASCII alone: under `LANG=C` some versions cannot take anything else as an argument.
fn ascii(json: &str) -> Cow<'_, str> {
    if json.is_ascii() {
        return json.into();
    }
    let mut text = String::with_capacity(json.len() + json.len() / 2);
    for character in json.chars() {
        if character.is_ascii() {
            text.push(character);
            continue;
        }
        // What is not ASCII stands in a string, and there \u and four digits mean one unit of UTF-16.
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Memory is the only thing that it could want for.
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text.into()
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(super) fn as_seconds<S: serde::Serializer>(
    interval: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    interval.map(|interval| interval.as_secs_f64()).serialize(serializer)
}

pub(super) fn from_decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
    Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

/// The same, or `null`.
fn from_decimal_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i128>, D::Error> {
    let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(de::Error::custom)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_ascii_and_still_the_same_json() {
        let request = BodyRequest { body: "s = 'é😀'".into(), ..BodyRequest::default() };
        let json = serde_json::to_string(&request).unwrap();
        let sent = ascii(&json);
        assert!(sent.is_ascii());
        assert!(sent.contains("\\u00e9\\ud83d\\ude00"));
        let parsed = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(parsed(&sent), parsed(&json));
    }

    #[test]
    fn an_answer_is_read_strictly() {
        let read = |json: &str| serde_json::from_str::<SplitResult>(json);
        let good = r#"{"total": "-170141183460469231731687303715884105728", "seconds": 0.5, "startup_seconds": 0, "gil_enabled": true}"#;
        assert_eq!(read(good).unwrap().total, i128::MIN);
        assert!(read(&good.replace("-17", "-27")).is_err());
        assert!(read(&good.replace("0.5", "NaN")).is_err());
        assert!(read(&good.replace("0.5", "null")).is_err());
        assert!(read(&good.replace("true", "true, \"more\": 1")).is_err());
        assert!(read(&format!("{good} {good}")).is_err());
    }

    #[test]
    fn a_value_that_is_not_the_expected_one_is_a_loss() {
        let run = |value| BodyRun { value, seconds: 1.0, raised: None };
        let runs = vec![run(0), run(3), run(-1), run(0)];
        let result =
            BodyResult { expected: 0, other_order: None, sequence_seconds: None, runs, gil_enabled: true };
        assert_eq!(result.losing_runs(), 2);
    }
}

//! The report of the convoy effect.

use super::layout::{Grid, finish, paragraph};
use super::words::{plural, time};
use super::{Document, Header, csv, json};
use crate::measure::stats::percentile;
use serde::Serialize;
use std::io;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConvoyReport {
    /// What it says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// How many workers computed meanwhile.
    pub hogs: usize,
    /// How many round trips were made, idle and beside them.
    pub pings: u32,
    /// The switch interval in seconds.
    pub switch_interval: f64,
    /// A row for the model and one for each interpreter.
    pub results: Vec<ConvoyRow>,
}

/// One subject's round trips.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConvoyRow {
    /// `model 3.12`, or `python 3.12.1`.
    pub subject: String,
    /// With nobody computing.
    pub idle: Option<Latency>,
    /// Beside the hogs.
    pub loaded: Option<Latency>,
    /// Why there is nothing to show.
    pub failure: Option<String>,
}

/// Round trips, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Latency {
    /// Their median.
    pub median: f64,
    /// The time that 99 of 100 do not exceed.
    pub p99: f64,
    /// The longest.
    pub max: f64,
    /// Each of them, in their order.
    pub times: Vec<f64>,
}

impl Latency {
    /// Sums up round trips.
    #[must_use]
    pub fn of(times: Vec<f64>) -> Self {
        let each = || times.iter().copied();
        Self {
            median: percentile(each(), 50),
            p99: percentile(each(), 99),
            max: each().fold(0.0, f64::max),
            times,
        }
    }
}

impl ConvoyReport {
    /// Whether a subject has nothing to show.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.results.iter().any(|row| row.failure.is_some())
    }

    fn grid(&self) -> Grid {
        let figures = |latency: &Option<Latency>| {
            latency.as_ref().map_or([String::new(), String::new(), String::new()], |it| {
                [it.median, it.p99, it.max].map(time)
            })
        };
        Grid {
            title: format!(
                "convoy: round trip of one byte, idle and beside {}, switch interval {}",
                plural(self.hogs, "computing worker"),
                time(self.switch_interval)
            ),
            header: ["", "idle median", "p99", "max", "loaded median", "p99", "max"]
                .map(str::to_owned)
                .to_vec(),
            rows: self
                .results
                .iter()
                .map(|row| {
                    let [idle, loaded] = [&row.idle, &row.loaded].map(figures);
                    [vec![row.subject.clone()], idle.to_vec(), loaded.to_vec()]
                        .concat()
                        .into_iter()
                        .map(Into::into)
                        .collect()
                })
                .collect(),
            words: Vec::new(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let why = "why: to send and to receive, the worker lets go of the GIL; to go on it needs it back, and a computing \
                   worker keeps it until it is asked to let go, a whole switch interval later (the convoy effect).";
        [self.failures(), vec![why.to_owned()]].concat()
    }
}

impl Document for ConvoyReport {
    fn table(&self, width: Option<usize>) -> String {
        let all = |lines: Vec<String>| lines.iter().map(|line| paragraph(line, width)).collect::<String>();
        let mut text =
            all(self.header.warnings("rows")) + &self.grid().table(width) + "\n" + &all(self.notes());
        finish(&mut text);
        text
    }

    fn json(&self) -> io::Result<String> {
        json::render(self)
    }

    fn csv(&self) -> io::Result<String> {
        let header = "subject,hogs,pings,switch_interval,idle_median,idle_p99,idle_max,loaded_median,loaded_p99,loaded_max,failure,interrupted";
        let mut records = vec![header.split(',').map(str::to_owned).collect::<Vec<_>>()];
        for row in &self.results {
            let figures = |latency: &Option<Latency>| {
                latency.as_ref().map_or([String::new(), String::new(), String::new()], |it| {
                    [it.median, it.p99, it.max].map(|time| time.to_string())
                })
            };
            let [idle, loaded] = [&row.idle, &row.loaded].map(figures);
            let first = [
                row.subject.clone(),
                self.hogs.to_string(),
                self.pings.to_string(),
                self.switch_interval.to_string(),
            ];
            let last = [row.failure.clone().unwrap_or_default(), self.header.interrupted.to_string()];
            records.push(first.into_iter().chain(idle).chain(loaded).chain(last).collect());
        }
        csv::write(&records)
    }

    fn markdown(&self) -> String {
        [self.header.warnings("rows"), vec![self.grid().markdown()], self.notes()].concat().join("\n\n")
            + "\n"
    }

    fn failures(&self) -> Vec<String> {
        let failure = |row: &ConvoyRow| Some(format!("{} failed: {}.", row.subject, row.failure.as_ref()?));
        self.results.iter().filter_map(failure).collect()
    }

    fn value(&self) -> String {
        self.results.iter().fold(String::new(), |text, row| {
            let value = row.loaded.as_ref().map_or_else(|| "failed".to_owned(), |it| it.p99.to_string());
            text + &format!("{} {value}\n", row.subject.replace(' ', ":"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_summed_up() {
        let latency = Latency::of((1..=100).rev().map(f64::from).collect());
        assert!((latency.median - 50.5).abs() < 0.6);
        assert!(latency.p99 >= 98.0 && latency.p99 <= 100.0);
        assert!((latency.max - 100.0).abs() < 1e-9);
    }
}

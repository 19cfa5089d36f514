//! The forms of a report of measured scenarios.

use super::chart::{Chart, measured};
use super::document::Document;
use super::part::Part;
use super::rows::{Report, Row};
use super::timeline::Timeline;
use super::{csv, json, quiet, table};
use crate::choice::Choice;
use std::io;

impl Document for Report {
    fn interrupted(&self) -> bool {
        self.header.interrupted
    }

    fn table(&self, width: Option<usize>) -> String {
        table::render(self, width)
    }

    fn json(&self) -> io::Result<String> {
        json::render(self)
    }

    fn csv(&self) -> io::Result<String> {
        csv::render(self)
    }

    fn parts(&self) -> Vec<Part> {
        table::parts(self)
    }

    fn charts(&self) -> Vec<Chart> {
        measured::charts(self)
    }

    fn timelines(&self) -> Vec<Timeline> {
        self.measured().filter_map(|row| row.timeline.clone()).collect()
    }

    fn value(&self) -> String {
        let actual = |row: &Row| {
            match &row.failure {
                Some(_) => "failed".to_owned(),
                // It was stopped before its turn came.
                None if row.summary.runs == 0 => "not-run".to_owned(),
                None => row.actual(),
            }
        };
        if self.comparison {
            // An interpreter has a row in each group, of the same name.
            let record = |row: &Row| {
                let parameters = row.parameters.of_workload().map(|it| it.value.clone());
                let names = [row.group.name().to_owned(), row.scenario.clone()];
                let objects = row.conditions.objects.map(|objects| objects.name().to_owned());
                names.into_iter().chain(objects).chain(parameters).chain([actual(row)]).collect::<Vec<_>>()
            };
            quiet::records(self.measured().map(record))
        } else {
            quiet::records(self.measured().map(|row| [actual(row)]))
        }
    }

    fn failures(&self) -> Vec<String> {
        let failure = |row: &Row| {
            let words = row.parameters.words();
            let words = if words.is_empty() { words } else { format!(" ({words})") };
            Some(format!("{}{words} failed: {}.", row.name(), row.failure.as_ref()?))
        };
        let mut failures: Vec<String> = self.measured().filter_map(failure).collect();
        failures.dedup();
        failures
    }
}

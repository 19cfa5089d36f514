//! The list of scenarios and variants.

use super::document::{Document, Header};
use super::layout::{Grid, finish, paragraph};
use super::part::Part;
use super::{csv, json, quiet};
use crate::measure::{Group, Promise, Scenario};
use crate::scenario;
use serde::Serialize;
use std::io;

/// Every scenario and variant that can be named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ListReport {
    /// What it says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// A row for each scenario and variant.
    pub results: Vec<ListRow>,
}

/// One scenario or variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ListRow {
    /// The command that runs it.
    pub command: String,
    /// Its name, with its variant: `mutex:fair`.
    pub scenario: String,
    /// What kind of work it is.
    pub group: Group,
    /// What it promises.
    pub promise: Promise,
    /// What it shows.
    pub lesson: &'static str,
}

impl ListRow {
    fn of(scenario: &dyn Scenario) -> Self {
        let option = scenario.variant().map(|variant| format!(" --{} {}", variant.option, variant.value));
        Self {
            command: format!("gilsim {}{}", scenario.name(), option.unwrap_or_default()),
            scenario: scenario.label(),
            group: scenario.group(),
            promise: scenario.promise(),
            lesson: scenario.lesson(),
        }
    }
}

impl ListReport {
    /// The list of this gilsim, on so many CPUs.
    #[must_use]
    pub fn new(cpus: usize) -> Self {
        Self { header: Header::new(cpus, false), results: scenario::variants().map(ListRow::of).collect() }
    }

    fn grid(&self) -> Grid {
        let promise = |promise: Promise| if promise == Promise::Exact { "exact" } else { "may lose" };
        let row = |row: &ListRow| {
            vec![row.scenario.as_str().into(), promise(row.promise).into(), row.lesson.into()]
        };
        Grid {
            header: ["name", "promise", "what it shows"].map(str::to_owned).to_vec(),
            rows: self.results.iter().map(row).collect(),
            words: vec![1, 2],
            ..Grid::default()
        }
    }
}

const USAGE: &str = "Run one with gilsim NAME (a variant with its option: mutex:fair is gilsim mutex --lock fair), or set several \
                     side by side with gilsim compare NAME NAME ...";

impl Document for ListReport {
    fn table(&self, width: Option<usize>) -> String {
        let mut text = self.grid().table(width) + "\n" + &paragraph(USAGE, width);
        finish(&mut text);
        text
    }

    fn json(&self) -> io::Result<String> {
        json::render(self)
    }

    fn csv(&self) -> io::Result<String> {
        let header = ["command", "scenario", "group", "promise", "lesson"].map(str::to_owned);
        let row = |row: &ListRow| {
            let promise = if row.promise == Promise::Exact { "exact" } else { "may-lose" };
            [&row.command, &row.scenario, row.group.name(), promise, row.lesson].map(str::to_owned).to_vec()
        };
        let records: Vec<Vec<String>> =
            [header.to_vec()].into_iter().chain(self.results.iter().map(row)).collect();
        csv::write(&records)
    }

    fn parts(&self) -> Vec<Part> {
        vec![self.grid().into()]
    }

    fn value(&self) -> String {
        quiet::records(self.results.iter().map(|row| [row.scenario.clone()]))
    }
}

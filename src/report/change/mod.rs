//! How the times of a run stand to those of an earlier one, or of one export to another.

mod export;

use export::in_order;
pub use export::{Export, ExportError};

use super::numbers::{figure, limit};
use crate::measure::Change;
use serde::Serialize;
use std::collections::BTreeMap;

/// Two exports held against each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Changes {
    /// The earlier one.
    pub before: String,
    /// On what times depend that is not the same in both.
    pub differing: Vec<String>,
    /// What was measured in the earlier one only.
    pub only_before: Vec<String>,
    /// What was measured in the later one only.
    pub only_after: Vec<String>,
    /// A row for each thing that was measured in both.
    pub changes: Vec<ChangeRow>,
}

/// What was measured twice.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ChangeRow {
    /// The kind of work: `counter`, `sum`, `references` or `convoy`.
    pub group: String,
    /// The scenario, or the subject of a convoy.
    pub scenario: String,
    /// References: whether the workers share an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<String>,
    /// The values of the options that are swept.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// In a phrase.
    #[serde(skip)]
    pub(super) name: String,
    /// How they stand to each other.
    #[serde(flatten)]
    pub change: Change,
}

impl ChangeRow {
    /// The swept options and their values, in the order of the sweep.
    pub(super) fn swept(&self) -> impl Iterator<Item = (&str, &str)> {
        in_order(&self.parameters)
    }
}

impl Changes {
    /// Holds an export against an earlier one.
    #[must_use]
    pub fn of(before: &Export, after: &Export) -> Self {
        let pairs = after.rows.iter().filter_map(|row| Some((before.row(&row.key)?, row)));
        let changes = pairs.map(|(before, after)| ChangeRow {
            group: after.key.group.clone(),
            scenario: after.key.scenario.clone(),
            objects: after.key.objects.clone(),
            parameters: after.key.parameters.clone(),
            name: after.key.words(),
            change: Change::of(&before.samples, &after.samples),
        });
        Self {
            changes: changes.collect(),
            before: before.file.clone(),
            differing: before.differences(after),
            only_before: before.missing_from(after),
            only_after: after.missing_from(before),
        }
    }

    /// Of what it cannot be told whether it became slower by more than a share, in a sentence.
    #[must_use]
    pub fn undecided_by(&self, share: f64) -> Option<String> {
        let undecided = self.changes.iter().filter(|row| row.change.may_be_slower_by(share));
        let names: Vec<String> = undecided.map(|row| self.full_name(row)).collect();
        (!names.is_empty()).then(|| {
            format!(
                "not known whether it is slower than in {} by more than {}: {} (more {}, or a calmer machine, may tell)",
                self.before,
                limit(share),
                names.join(", "),
                self.more()
            )
        })
    }

    /// The name of a row, with that of its table where two have one: `python:3.13.0 (sum)`.
    fn full_name(&self, row: &ChangeRow) -> String {
        let others = self.changes.iter().filter(|other| other.name == row.name);
        if others.count() > 1 { format!("{} ({})", row.name, row.group) } else { row.name.clone() }
    }

    /// The option with which there is more to compare.
    pub(super) fn more(&self) -> &'static str {
        let of_convoy = self.changes.iter().all(|row| row.group == "convoy");
        if of_convoy { "--pings" } else { "--runs" }
    }

    /// What became slower by more than a share, a sentence each.
    #[must_use]
    pub fn slower_by(&self, share: f64) -> Vec<String> {
        let slower = self.changes.iter().filter(|row| row.change.is_slower_by(share));
        slower
            .map(|row| {
                format!(
                    "{} is slower than in {} by more than {}: {}",
                    self.full_name(row),
                    self.before,
                    limit(share),
                    row.interval_beside(share)
                )
            })
            .collect()
    }
}

impl ChangeRow {
    /// The interval, with as many digits as tell it from a limit.
    fn interval_beside(&self, limit: f64) -> String {
        let Change { ratio, low, high, .. } = self.change;
        let (Some(ratio), Some(low), Some(high)) = (ratio, low, high) else { return self.interval() };
        let is_told = |digits: usize| format!("{low:.digits$}") != format!("{:.digits$}", 1.0 + limit);
        match (2..6).find(|&digits| is_told(digits)) {
            None | Some(2) => self.interval(),
            Some(digits) => format!("{ratio:.digits$} ({low:.digits$} to {high:.digits$})"),
        }
    }

    /// `1.02 (0.98 to 1.07)`.
    pub(super) fn interval(&self) -> String {
        let Change { ratio, low, high, .. } = self.change;
        match (ratio, low.zip(high)) {
            (None, _) => String::new(),
            (Some(ratio), None) => figure(ratio),
            (Some(ratio), Some((low, high))) => {
                format!("{} ({} to {})", figure(ratio), figure(low), figure(high))
            }
        }
    }
}

//! The table of outcomes.

use crate::explore::{Findings, Grade};
use crate::python::program::Program;
use crate::report::layout;
use num_bigint::BigUint;
use serde::Serialize;
use tabled::builder::Builder;
use tabled::settings::object::{Columns, Rows};
use tabled::settings::{Alignment, Modify, Padding, Style};

/// All outcomes, and what the exploration took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutcomeTable {
    /// Each outcome, by value; deadlocks last.
    pub outcomes: Vec<OutcomeRow>,
    /// How many schedules there are.
    pub total: String,
    /// The least value of x.
    pub least: Option<i64>,
    /// The greatest value of x.
    pub greatest: Option<i64>,
    /// How many states were reached.
    pub states: u64,
    /// The most steps of a schedule.
    pub steps: usize,
    /// The most bytes that states took at one time.
    pub memory: u64,
    /// How long the counting took, in seconds.
    pub counting: f64,
}

/// One outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutcomeRow {
    /// The value of x, or `deadlock` and the locks.
    pub outcome: String,
    /// Whether that is right.
    pub verdict: Grade,
    /// How many schedules end so.
    pub schedules: String,
    /// The share of all, from 0 to 1.
    pub share: f64,
    /// The fewest preemptions that lead there.
    pub preemptions: Option<u16>,
}

/// The columns, in their order.
pub(super) const COLUMNS: [&str; 5] = ["x ends as", "verdict", "share", "preemptions", "schedules"];

impl OutcomeTable {
    pub(super) fn of(findings: &Findings, program: &Program) -> Self {
        let extremes = findings.extremes();
        Self {
            outcomes: findings
                .outcomes
                .iter()
                .map(|outcome| OutcomeRow {
                    outcome: outcome.ending.words(program),
                    verdict: outcome.grade,
                    schedules: outcome.schedules.to_string(),
                    share: share(&outcome.schedules, &findings.total),
                    preemptions: outcome.preemptions,
                })
                .collect(),
            total: findings.total.to_string(),
            least: extremes.map(|(least, _)| least),
            greatest: extremes.map(|(_, greatest)| greatest),
            states: findings.states,
            steps: findings.steps,
            memory: findings.peak_memory,
            counting: findings.elapsed.as_secs_f64(),
        }
    }

    /// For a terminal, no wider than so many columns if possible: large numbers are broken, never shortened.
    pub(super) fn text(&self, width: usize) -> String {
        // Two blanks before each column.
        let others: usize = (0..4)
            .map(|column| {
                let cells = self.outcomes.iter().map(|row| row.cells("")[column].chars().count());
                2 + cells.chain([COLUMNS[column].len()]).max().unwrap_or(0)
            })
            .sum();
        let room = width.saturating_sub(others + 2).max(12);
        let mut builder = Builder::new();
        builder.push_record(COLUMNS);
        for row in &self.outcomes {
            let digits: Vec<char> = row.schedules.chars().collect();
            let lines: Vec<String> = digits.chunks(room).map(|line| line.iter().collect()).collect();
            builder.push_record(row.cells(&lines.join("\n")));
        }
        let mut shown = builder.build();
        shown
            .with(Style::empty())
            .with(Padding::new(2, 0, 0, 0))
            .with(Modify::new(Columns::first()).with(Alignment::right()))
            .with(Modify::new(Columns::new(2..)).with(Alignment::right()))
            .with(Modify::new(Rows::first()).with(Alignment::left()));
        layout::trimmed(&shown.to_string())
    }
}

impl OutcomeRow {
    /// A cell for each column.
    pub(super) fn cells(&self, schedules: &str) -> [String; 5] {
        [
            self.outcome.clone(),
            self.verdict.to_string(),
            percent(self.share),
            self.preemptions.map_or_else(|| "-".to_owned(), |fewest| fewest.to_string()),
            schedules.to_owned(),
        ]
    }
}

/// The share of one number in another, from 0 to 1; to some 15 digits, however large both are.
fn share(part: &BigUint, all: &BigUint) -> f64 {
    // What is shifted out is far below the precision of the quotient unless the share itself is below 10^-270.
    let shift = all.bits().saturating_sub(900);
    let [part, all] = [part, all].map(|number| (number >> shift).to_string().parse::<f64>().unwrap_or(0.0));
    if all > 0.0 { part / all } else { 0.0 }
}

/// A share in per cent for people. Small ones are powers of ten; only what is exactly 0 or 100 % is shown so.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if share > 0.0 && percent < 0.01 {
        return format!("{percent:.0e} %");
    }
    let text = format!("{percent:.2}");
    if text == "100.00" && share < 1.0 { "> 99.99 %".to_owned() } else { text + " %" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact_enough_however_large_the_numbers() {
        let big = BigUint::from(10_u32).pow(2000);
        assert!((share(&(&big / 4_u32), &big) - 0.25).abs() < 1e-12);
        assert!((share(&BigUint::from(2_u32), &BigUint::from(20_u32)) - 0.1).abs() < 1e-15);
        assert_eq!(percent(0.1), "10.00 %");
        assert_eq!(percent(1.0), "100.00 %");
        assert_eq!(percent(0.999_999), "> 99.99 %");
        assert_eq!(percent(2.5e-30), "2e-28 %");
        assert_eq!(percent(0.0), "0.00 %");
    }
}

//! The table of outcomes.

use crate::explore::{FinalState, Findings, Grade, LockNames};
use crate::report::layout::{Cell, Grid};
use num_bigint::BigUint;
use serde::Serialize;

/// All outcomes, and what the exploration took.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OutcomeTable {
    /// What is looked at in the end.
    #[serde(skip)]
    pub result: String,
    /// Each outcome, by value; deadlocks last.
    pub outcomes: Vec<OutcomeRow>,
    /// How many schedules there are, in decimal digits.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9]+$")))]
    pub total: String,
    /// How many of them end in an exception or a deadlock, so that what is looked at has no value; decimal digits.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9]+$")))]
    pub without_value: String,
    /// The least value of what is looked at; null where no schedule has one.
    pub least: Option<i64>,
    /// The greatest value of what is looked at; null where every schedule deadlocks.
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct OutcomeRow {
    /// The value of what is looked at, an exception, or a deadlock and the locks.
    pub outcome: String,
    /// Whether the outcome is right.
    pub verdict: Grade,
    /// How many schedules end so, in decimal digits.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9]+$")))]
    pub schedules: String,
    /// The share of all schedules that end so, from 0 to 1.
    pub share: f64,
    /// The fewest preemptions that lead there.
    pub preemptions: Option<u16>,
}

/// The columns, in their order.
pub(super) const COLUMNS: [&str; 5] = ["ends as", "verdict", "of schedules", "preemptions", "schedules"];

/// Numbers of no more digits are never rounded.
const MOST_DIGITS: usize = 12;

impl OutcomeTable {
    pub(super) fn of(findings: &Findings, result: &str, names: &impl LockNames) -> Self {
        let extremes = findings.extremes();
        Self {
            result: result.to_owned(),
            outcomes: findings
                .outcomes
                .iter()
                .map(|outcome| OutcomeRow {
                    outcome: outcome.ending.words(names),
                    verdict: outcome.grade,
                    schedules: outcome.schedules.to_string(),
                    share: share(&outcome.schedules, &findings.total),
                    preemptions: outcome.preemptions,
                })
                .collect(),
            total: findings.total.to_string(),
            without_value: findings
                .outcomes
                .iter()
                .filter(|outcome| !matches!(outcome.ending, FinalState::Value(_)))
                .map(|outcome| &outcome.schedules)
                .sum::<BigUint>()
                .to_string(),
            least: extremes.map(|(least, _)| least),
            greatest: extremes.map(|(_, greatest)| greatest),
            states: findings.states,
            steps: findings.steps,
            memory: findings.peak_memory,
            counting: findings.elapsed.as_secs_f64(),
        }
    }

    /// The table, each number of schedules with all its digits.
    pub(super) fn grid(&self) -> Grid {
        self.grid_with(Clone::clone)
    }

    /// For a terminal, a file or a pipe. Where a terminal has no room for large numbers beside the rest, they are rounded,
    /// and a sentence says so.
    pub(super) fn text(&self, width: Option<usize>) -> (String, Option<String>) {
        let (exact, rounded) = (self.grid(), self.grid_with(|number| rounded(number)));
        let longest = self.outcomes.iter().map(|row| row.schedules.len()).max().unwrap_or(0);
        if exact.fits(width) || longest <= MOST_DIGITS {
            return (exact.table(width), None);
        }
        let sentence =
            "The numbers of schedules are rounded to fit; --format json and a pipe have all digits.";
        (rounded.table(width), Some(sentence.to_owned()))
    }

    fn grid_with(&self, number: impl Fn(&String) -> String) -> Grid {
        let rows =
            self.outcomes.iter().map(|row| row.cells(&number(&row.schedules)).map(Cell::from).to_vec());
        let ends = format!("{} {}", self.result, COLUMNS[0]);
        let header = [ends].into_iter().chain(COLUMNS[1..].iter().map(|&column| column.to_owned()));
        Grid { header: header.collect(), rows: rows.collect(), words: vec![1], ..Grid::default() }
    }

    /// What the columns mean.
    pub(super) const fn terms() -> &'static str {
        "A schedule is one order of all steps; each counts once, which is not how likely it is on a machine. A preemption \
         is a switch away from a worker that could have gone on; the fewest that lead there are shown."
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

/// A whole number in decimal digits with its first three alone, if it has many more: `1.23e45`.
fn rounded(digits: &str) -> String {
    match (digits.get(..1), digits.get(1..3)) {
        (Some(first), Some(next)) if digits.len() > MOST_DIGITS => {
            format!("{first}.{next}e{}", digits.len() - 1)
        }
        _ => digits.to_owned(),
    }
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
    fn only_large_numbers_are_rounded() {
        assert_eq!(rounded("924"), "924");
        assert_eq!(rounded("123456789012"), "123456789012");
        assert_eq!(rounded("1234567890123"), "1.23e12");
    }

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

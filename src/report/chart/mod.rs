//! Charts: plain data, made from a report, and drawn on a terminal or as a picture.
//!
//! [`Chart`] is the data. [`measured`] makes it from measured scenarios; the other reports make their own beside their
//! tables. [`svg`] and [`terminal`] draw it. What is right and what is wrong is told apart by a word, a mark and the
//! way that it is filled, so that neither colour nor good eyes are needed.

pub mod measured;
mod scale;
pub mod svg;
pub mod swept;
pub mod terminal;
#[cfg(test)]
mod tests;

use super::numbers;
use scale::Scale;

/// Where values of lines lie further apart than this they are shown by their orders of magnitude.
const FAR: f64 = 30.0;
/// The same of the numbers that they stand over, which are often doubled.
const FAR_OVER: f64 = 7.0;

/// Values side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What the values are.
    pub note: String,
    /// What the spread is that a picture shows as a thin line, where there is one.
    pub spread: Option<String>,
    /// How it is drawn.
    pub kind: Kind,
    /// What the values are.
    pub values: Axis,
    /// The values, in their order.
    pub series: Vec<Series>,
    /// A value that the others are held against.
    pub reference: Option<f64>,
}

/// How a chart is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A bar for each point.
    Bars,
    /// A line for each series, over a number.
    Lines {
        /// What the number is.
        over: String,
    },
}

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it measures.
    pub label: String,
    /// In which unit.
    pub unit: Unit,
}

/// The unit of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Values are in seconds, and shown in the unit that suits them.
    Time,
    /// Values are how many times as much.
    Ratio,
}

/// Points that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What they have in common.
    pub name: String,
    /// The points, in their order.
    pub points: Vec<Point>,
}

/// A value and how sure it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its name among the others; of a line, the number that it stands over.
    pub label: String,
    /// The number that it stands over, in a chart of lines.
    pub over: f64,
    /// The value.
    pub value: f64,
    /// From where to where it is spread, where that is known.
    pub spread: Option<[f64; 2]>,
    /// Whether it is right, where that can be asked.
    pub standing: Option<Standing>,
}

/// Whether what took this time came to the right result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In every run, as promised.
    Exact,
    /// In every run, but nothing promised it.
    Lucky,
    /// Not in every run.
    Lost,
}

impl Standing {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Lucky => "lucky",
            Self::Lost => "lost",
        }
    }

    /// What the word means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Exact => "right in every run, as promised",
            Self::Lucky => "right in every run, though nothing promised it",
            Self::Lost => "not right in every run",
        }
    }

    /// As a sign before the word.
    #[must_use]
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Exact => "✓",
            Self::Lucky => "~",
            Self::Lost => "✗",
        }
    }
}

impl Unit {
    /// A value with its unit.
    #[must_use]
    pub fn words(self, value: f64) -> String {
        match self {
            Self::Time => numbers::time(value),
            Self::Ratio => numbers::figure(value),
        }
    }
}

impl Chart {
    /// Whether its values stand over a number.
    pub(super) const fn is_over_a_number(&self) -> bool {
        matches!(self.kind, Kind::Lines { .. })
    }

    /// All points of all series.
    pub(super) fn points(&self) -> impl Iterator<Item = &Point> {
        self.series.iter().flat_map(|series| &series.points)
    }

    /// The same, from left to right.
    pub(super) fn points_in_order(&self) -> Vec<&Point> {
        let mut points: Vec<&Point> = self.points().collect();
        points.sort_by(|one, other| one.over.total_cmp(&other.over));
        points
    }

    /// The greatest value that has to be shown.
    pub(super) fn greatest(&self) -> f64 {
        let ends =
            self.points().map(|point| point.spread.map_or(point.value, |[_, high]| high.max(point.value)));
        ends.chain(self.reference).fold(0.0, f64::max)
    }

    /// The least value that has to be shown.
    pub(super) fn least(&self) -> f64 {
        let ends =
            self.points().map(|point| point.spread.map_or(point.value, |[low, _]| low.min(point.value)));
        ends.chain(self.reference).fold(f64::INFINITY, f64::min)
    }

    /// Where values of lines lie: from zero on, or by orders of magnitude where they are far apart.
    fn value_scale(&self) -> Scale {
        let (least, greatest) = (self.least(), self.greatest());
        if least > 0.0 && greatest / least > FAR {
            Scale::between(least / 1.2, greatest * 1.2, true)
        } else {
            Scale::from_zero(greatest * 1.05)
        }
    }

    /// Where the numbers lie that values stand over.
    fn over_scale(&self) -> Scale {
        let overs = || self.points().map(|point| point.over);
        let (low, high) = (overs().fold(f64::INFINITY, f64::min), overs().fold(0.0, f64::max));
        Scale::between(low, high, low > 0.0 && high / low > FAR_OVER)
    }

    /// What the values and the thin lines are.
    pub(super) fn caption(&self) -> String {
        let spread =
            self.spread.as_ref().map_or_else(String::new, |spread| format!("; the thin line {spread}"));
        format!("{}{spread}", self.note)
    }

    /// All that it shows in words, for who cannot see it.
    pub(super) fn description(&self) -> String {
        let point = |point: &Point| {
            let standing =
                point.standing.map_or_else(String::new, |standing| format!(", {}", standing.word()));
            format!("{}: {}{standing}", point.label, self.values.unit.words(point.value))
        };
        let series = self.series.iter().map(|series| {
            let points = series.points.iter().map(point).collect::<Vec<_>>().join("; ");
            if series.name.is_empty() { points } else { format!("{}: {points}", series.name) }
        });
        format!("{}. {}.", self.caption(), series.collect::<Vec<_>>().join(". "))
    }
}

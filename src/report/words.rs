//! Number formats and phrases that several reports share.

use super::rows::Row;
use crate::count;
use crate::measure::stats::{Timing, Verdict};
use crate::measure::{Group, Objects, Pattern, Promise};
use anstyle::AnsiColor;
use std::borrow::Cow;

/// A time in seconds with three significant digits and the unit that suits it: `131 ms`.
#[must_use]
pub fn time(seconds: f64) -> String {
    if seconds == 0.0 {
        return "0 s".to_owned();
    }
    let (value, unit) = [(1.0, "s"), (1e-3, "ms"), (1e-6, "us")]
        .into_iter()
        .find(|&(unit, _)| seconds >= unit * 0.9995)
        .map_or((seconds * 1e9, "ns"), |(scale, unit)| (seconds / scale, unit));
    format!("{} {unit}", figure(value))
}

/// A number with three significant digits, never in exponent form: `0.66`, `13.1`, `1310`.
#[must_use]
pub fn figure(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}

/// A share from 0 to 1 in per cent.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A count that was averaged over runs.
#[must_use]
pub fn mean_count(value: f64) -> String {
    if value < 10.0 && value.fract() > 0.0 {
        return format!("{value:.1}");
    }
    #[expect(clippy::cast_possible_truncation, reason = "counts of events stay far below 2^63")]
    let whole = value.round() as i64;
    count::grouped(i128::from(whole))
}

/// `131 ms ±4%`; without the deviation for a single run.
#[must_use]
pub fn spread(timing: &Timing) -> String {
    match timing.stddev {
        Some(stddev) if timing.mean > 0.0 => {
            format!("{} ±{:.0}%", time(timing.median), stddev / timing.mean * 100.0)
        }
        _ => time(timing.median),
    }
}

/// `1 run`, `7 runs`.
#[must_use]
pub fn plural(number: usize, noun: &str) -> String {
    format!("{}{}", quantity(number as u128, noun), if number == 1 { "" } else { "s" })
}

fn quantity(number: u128, noun: &str) -> String {
    format!("{} {noun}", count::grouped(i128::try_from(number).unwrap_or(i128::MAX)))
}

/// The verdict in a word.
#[must_use]
pub const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exact => "exact",
        Verdict::Lucky => "lucky",
        Verdict::Lost => "lost",
        Verdict::Broken => "BROKEN",
        Verdict::Failed => "failed",
    }
}

/// The colour of a verdict.
#[must_use]
pub const fn colour(verdict: Verdict) -> AnsiColor {
    match verdict {
        Verdict::Exact => AnsiColor::Green,
        Verdict::Lucky | Verdict::Lost => AnsiColor::Yellow,
        Verdict::Broken | Verdict::Failed => AnsiColor::Red,
    }
}

/// What was done, in a phrase.
#[must_use]
pub fn work(row: &Row) -> String {
    let conditions = &row.conditions;
    let workers = plural(conditions.workers, "worker");
    match row.group {
        Group::Counter => {
            let what = match (conditions.pattern, conditions.workers) {
                (Some(Pattern::Plus), _) | (_, 1) => "all +1",
                (_, 2) => "one worker +1, the other -1",
                _ => "+1 and -1 from worker to worker",
            };
            let iterations = count::grouped(i128::from(conditions.iterations));
            let counter = if row.scenario == "sharded" { "with a counter each" } else { "on one counter" };
            format!("{workers} {counter}, {iterations} updates each ({what})")
        }
        Group::References => {
            let object = match (conditions.objects, conditions.workers) {
                (_, 1) | (Some(Objects::Shared), _) => "one object",
                _ => "objects of their own",
            };
            let pairs = count::grouped(i128::from(conditions.iterations));
            format!("{workers}, each takes and gives back {pairs} references to {object}")
        }
        Group::Sum => {
            let (from, end) = (i128::from(conditions.from.unwrap_or(0)), i128::from(conditions.iterations));
            if from >= end {
                return format!("the sum of no numbers at all by {workers}");
            }
            format!(
                "the sum of the numbers from {} to {} by {workers}",
                count::grouped(from),
                count::grouped(end - 1)
            )
        }
    }
}

/// What a person must know to understand the row's numbers, or repeat them.
#[must_use]
pub fn conditions(row: &Row, cpus: usize) -> Vec<Cow<'static, str>> {
    let conditions = &row.conditions;
    let mut notes = Vec::new();
    if let Some(widen) = conditions.widen {
        let cause = if cpus < conditions.workers {
            format!(" because {} share {}", plural(conditions.workers, "worker"), plural(cpus, "CPU"))
        } else {
            String::new()
        };
        let (place, what, command) = match row.group {
            Group::References => ("in the middle of a pair", "pairs", "refcount"),
            Group::Counter | Group::Sum => ("between load and store", "updates", "race"),
        };
        notes.push(Cow::from(format!(
            "each worker yields its CPU {place} once in {} {what}{cause} (gilsim {command} --widen off turns it off)",
            count::grouped(i128::from(widen))
        )));
    }
    if row.summary.verdict == Verdict::Lucky && conditions.workers > 1 && row.promise == Promise::MayLose {
        notes.push(Cow::from("lucky means right in every run, although nothing makes it so"));
    }
    notes
}

/// `2 CPUs, workers kept on 0 and 1`.
#[must_use]
pub fn cpus(cpus: usize, pins: &[usize]) -> String {
    let kept = match pins {
        [] => "workers not pinned".to_owned(),
        [one] => format!("worker pinned to CPU {one}"),
        many => {
            let names: Vec<String> = many.iter().map(usize::to_string).collect();
            let (last, first) =
                names.split_last().map_or(("", [].as_slice()), |(last, first)| (last.as_str(), first));
            format!("workers pinned to CPUs {} and {last}", first.join(", "))
        }
    };
    format!("{} usable, {kept}", plural(cpus, "CPU"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_bear_the_unit_that_suits_them() {
        assert_eq!(time(1.5), "1.50 s");
        assert_eq!(time(0.131_4), "131 ms");
        assert_eq!(time(0.999_9), "1.00 s");
        assert_eq!(time(13.1e-6), "13.1 us");
        assert_eq!(time(2e-9), "2.00 ns");
        assert_eq!(time(0.0), "0 s");
        assert_eq!(time(100.0), "100 s");
    }

    #[test]
    fn figures_have_three_digits() {
        assert_eq!(figure(0.661), "0.66");
        assert_eq!(figure(9.999), "10.0");
        assert_eq!(figure(99.96), "100");
        assert_eq!(figure(1310.4), "1310");
        assert_eq!(figure(-34.0), "-34.0");
    }

    #[test]
    fn counts_are_put_as_words() {
        assert_eq!(plural(1, "run"), "1 run");
        assert_eq!(plural(1200, "run"), "1,200 runs");
        assert_eq!(mean_count(2.5), "2.5");
        assert_eq!(mean_count(1234.5), "1,235");
        assert_eq!(cpus(2, &[0, 1]), "2 CPUs usable, workers pinned to CPUs 0 and 1");
        assert_eq!(cpus(8, &[0, 2, 4]), "8 CPUs usable, workers pinned to CPUs 0, 2 and 4");
        assert_eq!(cpus(1, &[]), "1 CPU usable, workers not pinned");
    }
}

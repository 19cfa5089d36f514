//! Which scenario of a comparison to use, by the figures of its rounds alone.

use super::busy;
use super::rows::Row;
use super::words::{self, time};
use crate::count::grouped;
use crate::measure::stats::Verdict;
use crate::measure::{Group, Promise};

/// A line for each group with something to choose from.
#[must_use]
pub fn which(rows: &[&Row], cpus: usize) -> Vec<String> {
    let line = |group: Group| of_group(rows, group, busy::caveat(rows, group, cpus));
    [Group::Counter, Group::Sum].into_iter().filter_map(line).collect()
}

fn of_group(rows: &[&Row], group: Group, caveat: &str) -> Option<String> {
    let rows: Vec<&Row> = rows.iter().copied().filter(|row| row.group == group).collect();
    if rows.len() < 2 {
        return None;
    }
    if rows.iter().all(|row| row.body.is_some()) {
        return None;
    }
    let mut right = choices(&rows);
    right.sort_by(|one, other| cost(one).total_cmp(&cost(other)));
    let Some((&best, others)) = right.split_first() else {
        let models: Vec<&str> =
            rows.iter().filter(|row| row.is_right_for_sure()).map(|row| row.short_name()).collect();
        return Some(match models.as_slice() {
            [] => "which one: none of these promises to be right and was.".to_owned(),
            models => format!(
                "which one: none but {}, as the model of a version has it, whose time is of another kind.",
                models.join(", ")
            ),
        });
    };
    let counted = if group == Group::Sum { " with start-up counted" } else { "" };
    let mut line = format!(
        "which one: {}, the fastest{counted} of those that are always right ({})",
        best.short_name(),
        time(cost(best))
    );
    let ratios = others.iter().filter(|_| cost(best) > 0.0).map(|row| {
        let close = if indistinct(best, row) { within_spread(row, best) } else { String::new() };
        format!("{} takes {} times as long{close}", row.short_name(), words::figure(cost(row) / cost(best)))
    });
    let ratios: Vec<String> = ratios.collect();
    if !ratios.is_empty() {
        line.push_str("; ");
        line.push_str(&ratios.join(", "));
    }
    line.push('.');
    if let Some(left_out) = left_out(&rows, &right) {
        line.push_str(&left_out);
        // The column has one measure for all rows.
        if rows.iter().any(|row| row.is_right_for_sure() && row.is_model() && cost(row) < cost(best)) {
            line.push_str(" (relative is to the fastest of all that are right, these included)");
        }
        line.push('.');
    }
    let kind = |row: &Row| (row.is_model(), row.is_real());
    let faster = rows.iter().filter(|row| {
        row.summary.verdict == Verdict::Lost && kind(row) == kind(best) && cost(row) < cost(best)
    });
    line.extend(faster.map(|row| {
        let what = if indistinct(best, row) {
            "wrong, and faster by no more than the spread"
        } else {
            "faster and wrong"
        };
        format!(" {} is {what}.", row.short_name())
    }));
    line += &match group {
        Group::Counter => one_counter(best, others),
        // Where others had the CPUs, start-ups are theirs.
        Group::Sum if caveat.is_empty() => other_ranges(best, &right),
        // What is right may be no choice: a count that is settled at the end, or an object that is never freed.
        Group::Sum | Group::References => String::new(),
    };
    Some(line + caveat)
}

/// The rows to choose from: those that are right for sure. A modelled GIL and a real interpreter have times of
/// another kind, so interpreters stand for choice only among themselves, and models not at all.
pub(super) fn choices<'a>(rows: &[&'a Row]) -> Vec<&'a Row> {
    let right = || rows.iter().copied().filter(|row| row.is_right_for_sure());
    let own: Vec<&Row> = right().filter(|row| !row.is_model() && !row.is_real()).collect();
    // Nobody chooses a model of an interpreter.
    if own.is_empty() { right().filter(|row| row.is_real()).collect() } else { own }
}

/// Names those that are right, too, and have times of another kind than the choices: a sentence without its end.
pub(super) fn left_out(rows: &[&Row], choices: &[&Row]) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for row in rows {
        let is_other = row.is_right_for_sure() && choices.iter().all(|it| it.scenario != row.scenario);
        // A sweep has a row of each for every combination.
        if is_other && !names.contains(&row.short_name()) {
            names.push(row.short_name());
        }
    }
    (!names.is_empty()).then(|| format!(" Left out, as times of another kind: {}", names.join(", ")))
}

/// What a row costs, in seconds: sums are paid for with their start-up.
pub(super) fn cost(row: &Row) -> f64 {
    if row.group == Group::Sum { row.time_with_startup() } else { row.time() }
}

/// Whether the difference of two rows' costs is no greater than their spread. Starting may take either of two times; then runs of both
/// rows lie among each other, though most of each are close together.
pub(super) fn indistinct(one: &Row, other: &Row) -> bool {
    let within = spread(one, other).is_some_and(|spread| (cost(one) - cost(other)).abs() <= spread);
    within || halves_among_each_other(one, other).is_some()
}

/// Whether the difference of two rows' times is no greater than their spread, start-up left aside.
pub(super) fn indistinct_at_work(one: &Row, other: &Row) -> bool {
    let mads = one.summary.timing.mad.zip(other.summary.timing.mad);
    mads.is_some_and(|(mine, its)| (one.time() - other.time()).abs() <= mine + its)
}

/// The quartiles of both rows, where half of the runs of each lie among those of the other.
fn halves_among_each_other(one: &Row, other: &Row) -> Option<[[f64; 2]; 2]> {
    let quartiles = |row: &Row| row.summary.quartiles_with_startup.filter(|_| row.group == Group::Sum);
    let both = [quartiles(one)?, quartiles(other)?];
    let [one, other] = both;
    (one[0].max(other[0]) <= one[1].min(other[1])).then_some(both)
}

/// The spread of two rows' costs, in seconds; nothing where one has a single run.
fn spread(one: &Row, other: &Row) -> Option<f64> {
    let mad = |row: &Row| match row.group {
        Group::Sum => row.summary.mad_with_startup,
        Group::Counter | Group::References => row.summary.timing.mad,
    };
    Some(mad(one)? + mad(other)?)
}

/// What is said of a row's ratio that the spread denies. The table shows the spread of the times, not that of their sums with start-up.
fn within_spread(row: &Row, best: &Row) -> String {
    match halves_among_each_other(row, best) {
        Some([[from, to], [least, most]]) => format!(
            " (no more than the spread: half of its runs took {} to {}, half of {}'s {} to {})",
            time(from),
            time(to),
            best.short_name(),
            time(least),
            time(most)
        ),
        // Of sums the table does not show it.
        None if row.group == Group::Sum => match spread(row, best) {
            Some(spread) => format!(
                " (no more than the spread: the medians lie {} apart, and the median deviations of both come to {})",
                time((cost(row) - cost(best)).abs()),
                time(spread)
            ),
            None => " (no more than the spread)".to_owned(),
        },
        None => " (no more than the spread)".to_owned(),
    }
}

/// Shards are no choice for workers that must see one counter.
fn one_counter(best: &Row, others: &[&Row]) -> String {
    // A race is right with one worker only, and who shares a counter has more.
    let mut shared = others.iter().filter(|row| row.promise == Promise::Exact);
    match shared.next() {
        Some(next) if best.scenario == "sharded" && best.conditions.workers > 1 => {
            let close: Vec<&str> =
                shared.filter(|row| indistinct(next, row)).map(|row| row.short_name()).collect();
            let close = if close.is_empty() {
                String::new()
            } else {
                format!(" ({}: slower by no more than the spread)", close.join(", "))
            };
            format!(" Where the workers have to share one counter: {}{close}.", next.short_name())
        }
        _ => String::new(),
    }
}

/// For which length of the range another way would be better, if times grow with it and start-ups do not.
fn other_ranges(best: &Row, right: &[&Row]) -> String {
    let numbers = as_f64(best.conditions.updates);
    // What starts sooner than another and adds as fast is better at any length, and may only have scattered too much to be named.
    let is_better_always = |one: &Row, other: &Row| {
        one.scenario != other.scenario
            && one.summary.startup < other.summary.startup
            && (one.time() <= other.time() || indistinct_at_work(one, other))
    };
    let is_never_first = |row: &Row| right.iter().any(|other| is_better_always(other, row));
    let others = || right.iter().copied().filter(|row| row.scenario != best.scenario && !is_never_first(row));
    let faster = others().filter_map(|row| Some((break_even(best, row)?, row)));
    // What is overtaken already, and what is far from what was measured, is no finding of this run.
    let faster = faster.filter(|&(length, _)| length > numbers && length < FURTHEST * numbers);
    if let Some((length, row)) = faster.min_by(|one, other| one.0.total_cmp(&other.0)) {
        return format!(
            " From about {} numbers on {} should be faster: it starts later and adds faster.",
            two_digits(length),
            row.short_name()
        );
    }
    let sooner = others().filter_map(|row| Some((break_even(row, best)?, row)));
    let sooner = sooner.filter(|&(length, _)| length < numbers && length > numbers / FURTHEST);
    if let Some((length, row)) = sooner.max_by(|one, other| one.0.total_cmp(&other.0)) {
        return format!(
            " Below about {} numbers {} should be faster: it starts sooner.",
            two_digits(length),
            row.short_name()
        );
    }
    String::new()
}

/// How many times as long a range may be, or as short, for anything to be said of it.
const FURTHEST: f64 = 100.0;

/// So many runs there must be of both for anything to be said of other ranges.
const LEAST_RUNS: usize = 5;

/// The length of the range at which a row that starts later but adds faster is as good as another.
fn break_even(sooner: &Row, faster: &Row) -> Option<f64> {
    let numbers = as_f64(faster.conditions.updates);
    let saved = (sooner.time() - faster.time()) / numbers;
    let start = faster.summary.startup - sooner.summary.startup;
    // Without a spread nobody knows whether a difference is one; what is within it is none.
    let spread = |mad: fn(&Row) -> Option<f64>| Some(mad(sooner)? + mad(faster)?);
    let half_of_all = |row: &Row| row.summary.quartiles_with_startup.map(|[from, to]| (to - from) / 2.0);
    let (time_spread, start_spread) = (
        spread(|row| row.summary.timing.mad)?,
        spread(|row| row.summary.mad_with_startup)?.max(half_of_all(sooner)? + half_of_all(faster)?),
    );
    let difference = saved * numbers;
    let clear = difference > sooner.time() / 10.0 && difference > time_spread && start > start_spread;
    // A few runs have a small spread by chance.
    let known = [sooner, faster].iter().all(|row| row.summary.runs >= LEAST_RUNS)
        && start > sooner.summary.startup / 5.0;
    (clear && known && start > 0.0).then(|| start / saved)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
const fn as_f64(count: u128) -> f64 {
    count as f64
}

/// Two digits are all that such an estimate is good for.
fn two_digits(length: f64) -> String {
    let scale = 10_f64.powf((length.log10().floor() - 1.0).max(0.0));
    #[expect(clippy::cast_possible_truncation, reason = "a length of a range, or far beyond any")]
    let rounded = ((length / scale).round() * scale) as i128;
    grouped(rounded.max(1))
}

//! Whether workers met, and whether they had the CPUs that they could have had: what a table of times alone does not show.

use super::rows::{Report, Row};
use super::words::{listed, percent};
use crate::measure::Group;

/// That workers hardly met in some rows of a table, which has no column for it: what is measured there is each alone.
#[must_use]
pub(super) fn one_after_the_other(rows: &[&Row]) -> Option<String> {
    let is_apart =
        |row: &&&Row| row.conditions.workers > 1 && row.summary.overlap.is_some_and(|overlap| overlap < 0.5);
    let apart: Vec<String> = rows.iter().filter(is_apart).map(|row| name(row)).collect();
    let which = some_rows(&apart)?;
    Some(format!(
        "note: in {which}, fewer than two workers were under way for most of the time (overlap in the JSON): the times are mostly those of \
         one worker after the other; give them more to do (--iters), or a CPU each."
    ))
}

/// The least share of the CPU time that the workers could have had, if others had it, for it to be said.
const MUCH: f64 = 0.1;

/// The least share of a start-up, likewise.
const MOST_OF_IT: f64 = 0.5;

/// And the least time, in seconds: a CPU that was idle takes some tens of microseconds to take a thread up, a busy one a time slice.
const TIME_SLICE: f64 = 500e-6;

/// Whether others had the CPUs of a row's workers for long.
fn others_had_much(row: &Row) -> bool {
    row.summary.taken_by_others.is_some_and(|share| share >= MUCH)
}

/// Whether most of a row's start-up was a wait for a CPU that others had.
fn started_late(row: &Row, cpus: usize) -> bool {
    let is_long = |share: f64| share >= MOST_OF_IT && share * row.summary.startup >= TIME_SLICE;
    let pinned = row.conditions.workers == 1 || !row.conditions.pins.is_empty();
    row.conditions.workers <= cpus && pinned && row.summary.startup_cpu_wait.is_some_and(is_long)
}

/// What has to be added where one of the rows is recommended, if others had the CPUs for so long that it may not be right.
pub(super) fn caveat(rows: &[&Row], group: Group, cpus: usize) -> &'static str {
    let mut of_group = rows.iter().filter(|row| row.group == group);
    let late = |row: &Row| group == Group::Sum && started_late(row, cpus);
    if of_group.any(|row| others_had_much(row) || late(row)) {
        " Other programs had the CPUs meanwhile (see the note): without them it may be another."
    } else {
        ""
    }
}

impl Report {
    /// That other programs had the CPUs, and what of the figures of a comparison has that in it.
    #[must_use]
    pub fn machine_note(&self) -> Option<String> {
        // Those that speed-ups are held against, too, though they stand in no table.
        let rows: Vec<&Row> = self.results.iter().filter(|row| row.summary.runs > 0).collect();
        note(
            &rows,
            rows.iter().copied().filter(|row| row.group == Group::Sum && !row.baseline),
            self.header.cpus,
        )
    }
}

/// That other programs had the CPUs, and what of the figures has that in it: the times of all rows, and the start-up of some.
#[must_use]
pub(super) fn note<'a>(
    rows: &[&'a Row],
    start_up_of: impl Iterator<Item = &'a Row>,
    cpus: usize,
) -> Option<String> {
    let at_work: Vec<String> = rows
        .iter()
        .filter(|row| others_had_much(row))
        .filter_map(|row| Some(format!("{} in {}", percent(row.summary.taken_by_others?), name(row))))
        .collect();
    let starting: Vec<String> = start_up_of.filter(|row| started_late(row, cpus)).map(name).collect();
    let waits = some_rows(&at_work)
        .map(|which| format!("of the CPU time that the workers could have had, at least {which}"));
    let starts =
        some_rows(&starting).map(|which| format!("most of the start-up of {which} was a wait for a CPU"));
    let both = waits.into_iter().chain(starts).collect::<Vec<_>>();
    (!both.is_empty()).then(|| {
        format!(
            "note: other programs had the CPUs: {}. Times, and their ratios, are those of a machine that is as busy; measure again on a calm one.",
            both.join(", and ")
        )
    })
}

/// A row, with its place in a sweep.
fn name(row: &Row) -> String {
    let place = if row.is_of_sweep() {
        format!(" ({})", row.parameters.words())
    } else if row.baseline && row.group == Group::References {
        " (one worker)".to_owned()
    } else {
        String::new()
    };
    format!("{}{place}", row.name())
}

/// Some of them by name, if there are any.
fn some_rows(rows: &[String]) -> Option<String> {
    match rows.len() {
        0 => None,
        1..=4 => Some(listed(rows)),
        number => Some(format!("{}, \u{2026} ({number} rows)", rows[..3].join(", "))),
    }
}

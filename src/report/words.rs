//! Number formats and phrases that several reports share.

pub use super::numbers::{figure, percent, plural, time};

use super::layout::Cell;
use super::rows::Row;
use super::run::Host;
use crate::count;
use crate::measure::stats::{Summary, Timing, Verdict};
use crate::measure::{Group, Objects, Pattern, Promise};
use crate::python::body::in_one_line;
use crate::system::clock::TICK;
use anstyle::AnsiColor;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A time of minutes and more in one digit or two and its unit: `about 12 minutes`, `about 3 years`.
#[must_use]
pub fn long_time(seconds: f64) -> String {
    let units = [("year", 31_557_600.0), ("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0)];
    let (unit, length) =
        units.into_iter().find(|&(_, length)| seconds >= 1.5 * length).unwrap_or(("second", 1.0));
    let number = (seconds / length).round();
    if number >= 1e6 {
        return format!("more than a million {unit}s");
    }
    // Shorter than one and a half of a unit, it is told in the next smaller one.
    format!("about {number:.0} {unit}s")
}

/// `131 ms ±4%`: the median, and the median absolute deviation from it; without that for a single run.
#[must_use]
pub fn spread(timing: &Timing) -> String {
    match timing.mad {
        Some(mad) if timing.median > 0.0 => {
            format!("{} ±{:.0}%", time(timing.median), mad / timing.median * 100.0)
        }
        _ => time(timing.median),
    }
}

/// All times of one scenario's runs in a phrase.
#[must_use]
pub fn times(timing: &Timing) -> String {
    let Some(mad) = timing.mad else { return time(timing.median) };
    format!(
        "{} (median of {}; half of them within ± {}, all from {} to {})",
        time(timing.median),
        plural(timing.times.len(), "run"),
        time(mad),
        time(timing.min),
        time(timing.max)
    )
}

/// What is said of a CPU time that tells nothing.
pub(super) const TOO_SHORT: &str = "too short to tell";

/// CPU time, and its parts as far as clock ticks tell them; nothing where it is not known.
#[must_use]
pub fn cpu_time(summary: &Summary) -> Option<String> {
    let cpu = summary.cpu?;
    if summary.is_too_short_to_tell() {
        return Some(TOO_SHORT.to_owned());
    }
    let tick = TICK.as_secs_f64();
    let part = |seconds: f64| {
        if seconds < tick { format!("under {}", time(tick)) } else { time(seconds) }
    };
    Some(match (summary.user, summary.system) {
        (Some(user), Some(system)) => {
            // Ticks and the CPU clocks are counted each for itself.
            let by = if user > cpu && time(user) != time(cpu) { "; by clock ticks," } else { ":" };
            format!("{}{by} {} in the program, {} in the kernel", time(cpu), part(user), part(system))
        }
        _ => format!("{}, too short to tell program and kernel apart", time(cpu)),
    })
}

/// What it means that workers overlapped: to be under way is not to run.
#[must_use]
pub fn overlap(row: &Row, share: f64, cpus: usize) -> String {
    let workers = row.conditions.workers;
    let body_locks = row.body.as_ref().is_some_and(|body| body.contains("lock"));
    let doing = if row.summary.lock.is_some() {
        "had work to do; the holder of the GIL did it, the others waited".to_owned()
    } else if cpus < workers {
        format!("were under way, with {} for all", plural(cpus, "CPU"))
    } else if row.scenario.starts_with("mutex") || body_locks {
        "were under way, at work or waiting for the lock".to_owned()
    } else {
        "were under way".to_owned()
    };
    format!("{} of the time, two or more workers {doing}", percent(share))
}

/// How the time was shared between the holders of a lock, the time without one included.
#[must_use]
pub fn held(held: &[f64]) -> String {
    let shares: Vec<String> = held.iter().take(8).map(|&share| percent(share)).collect();
    let more = if held.len() > shares.len() { " …" } else { "" };
    let free = (1.0 - held.iter().sum::<f64>()).max(0.0);
    format!(
        "{}{more} of the time, worker by worker; free or being handed over {}",
        shares.join(", "),
        percent(free)
    )
}

/// `1 reference`, `2.5 references`: how many there were on average.
#[must_use]
pub fn mean_of(mean: f64, noun: &str) -> String {
    let mean = count::mean(mean);
    let plural = if mean == "1" { "" } else { "s" };
    format!("{mean} {noun}{plural}")
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
        Verdict::NotRun => "not run",
    }
}

/// The verdict's cell of a row that has no runs: it failed, or its turn did not come.
#[must_use]
pub fn without_runs(row: &Row) -> Cell {
    if row.failure.is_some() {
        Cell::coloured("failed".to_owned(), AnsiColor::Red)
    } else {
        Cell::from("not run".to_owned())
    }
}

/// The colour of a verdict.
#[must_use]
pub const fn colour(verdict: Verdict) -> AnsiColor {
    match verdict {
        Verdict::Exact => AnsiColor::Green,
        Verdict::Lucky | Verdict::Lost | Verdict::NotRun => AnsiColor::Yellow,
        Verdict::Broken | Verdict::Failed => AnsiColor::Red,
    }
}

/// What was done by a row alone, in a phrase.
#[must_use]
pub fn work(row: &Row) -> String {
    work_of_all(&[row])
}

/// What was done, in a phrase that holds for all rows of a group.
#[must_use]
pub fn work_of_all(rows: &[&Row]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let workers = common(rows, |row| plural(row.conditions.workers, "worker"));
    match first.group {
        Group::Counter => {
            let counter = common(rows, |row| {
                let own = row.scenario == "sharded";
                match &row.result {
                    Some(result) => format!("and in the end `{result}`"),
                    None => (if own && row.conditions.workers > 1 {
                        "with a counter each"
                    } else {
                        "on one counter"
                    })
                    .to_owned(),
                }
            });
            let body = body_of_all(rows);
            let of = body.map_or_else(String::new, |body| format!(" of `{}`", in_one_line(body)));
            let updates = common(rows, |row| {
                plural(usize::try_from(row.conditions.iterations).unwrap_or(usize::MAX), unit(rows))
            });
            let what = common(rows, |row| adds(row, row.conditions.workers, body));
            let what = if what.is_empty() { what } else { format!(" ({what})") };
            format!("{workers} {counter}, {updates} each{of}{what}")
        }
        Group::References => {
            let is_shared =
                |row: &Row| row.conditions.workers == 1 || row.conditions.objects == Some(Objects::Shared);
            let object = match rows.iter().filter(|row| is_shared(row)).count() {
                0 => "objects of their own",
                all if all == rows.len() => "one object",
                _ => "one object (shared) or to objects of their own (own)",
            };
            let pairs = common(rows, |row| count::grouped(i128::from(row.conditions.iterations)));
            let each =
                if rows.iter().all(|row| row.conditions.workers == 1) { " takes" } else { ", each takes" };
            format!("{workers}{each} and gives back {pairs} references to {object}")
        }
        Group::Sum => {
            let range = common(rows, |row| {
                let conditions = &row.conditions;
                let (from, end) =
                    (i128::from(conditions.from.unwrap_or(0)), i128::from(conditions.iterations));
                if from >= end {
                    return "no numbers at all".to_owned();
                }
                format!("the numbers from {} to {}", count::grouped(from), count::grouped(end - 1))
            });
            format!("the sum of {range} by {workers}")
        }
    }
}

/// The body that all of these rows ran. Beside ways without one, a body is one more way to do the same updates.
#[must_use]
pub fn body_of_all<'a>(rows: &[&'a Row]) -> Option<&'a str> {
    let body = rows.first()?.body.as_deref()?;
    rows.iter().all(|row| row.body.as_deref() == Some(body)).then_some(body)
}

/// What is counted in these rows of one group, and has a time: a body may make any number of updates.
#[must_use]
pub fn unit(rows: &[&Row]) -> &'static str {
    match rows.first().map(|row| row.group) {
        Some(Group::Sum) => "addition",
        Some(Group::References) => "pair",
        Some(Group::Counter) | None => {
            if body_of_all(rows).is_some() {
                "iteration"
            } else {
                "update"
            }
        }
    }
}

/// What each of so many workers adds; nothing for a body that does not ask what.
#[must_use]
pub fn adds(row: &Row, workers: usize, body: Option<&str>) -> String {
    let asks = |body: &str| body.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "d");
    if body.is_some_and(|body| !asks(body)) {
        return String::new();
    }
    let what = match (row.conditions.pattern, workers, body.is_some()) {
        (Some(Pattern::Plus), _, false) | (_, 1, false) => "all +1",
        (Some(Pattern::Plus), _, true) | (_, 1, true) => "d is 1",
        (_, 2, false) => "one worker +1, the other -1",
        (_, 2, true) => "d is 1 in one worker, -1 in the other",
        (_, _, false) => "+1 and -1 from worker to worker",
        (_, _, true) => "d is 1 and -1 from worker to worker",
    };
    what.to_owned()
}

/// What holds for most rows, and in brackets for which of them something else does. The order of the rows does not matter.
#[must_use]
pub fn common(rows: &[&Row], of: impl Fn(&Row) -> String) -> String {
    let mut said: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        said.entry(of(row)).or_default().push(row);
    }
    let weight = |rows: &Vec<&Row>| (rows.len(), rows.iter().map(|row| row.conditions.workers).max());
    // Of equals the first one by the alphabet.
    let Some(usual) = said.iter().rev().max_by_key(|(_, rows)| weight(rows)).map(|(text, _)| text.clone())
    else {
        return String::new();
    };
    said.remove(&usual);
    if said.is_empty() {
        return usual;
    }
    let others = said.iter().map(|(text, rows)| {
        let mut names: Vec<&str> = rows.iter().map(|row| row.short_name()).collect();
        names.sort_unstable();
        names.dedup();
        format!("{}: {text}", names.join(", "))
    });
    format!("{usual} ({})", others.collect::<Vec<_>>().join("; "))
}

/// What a person must know to understand the row's numbers, or repeat them.
#[must_use]
pub fn conditions(row: &Row, cpus: usize) -> Vec<Cow<'static, str>> {
    let conditions = &row.conditions;
    let mut notes = Vec::new();
    if let Some(widen) = conditions.widen {
        let cause = if conditions.workers == 1 {
            ", where no other can come in between".to_owned()
        } else if cpus < conditions.workers {
            format!(" because {} share {}", plural(conditions.workers, "worker"), plural(cpus, "CPU"))
        } else {
            ", so that others come in between".to_owned()
        };
        let (place, what, command) = match row.group {
            Group::References => ("in the middle of a pair", "pairs", "refcount"),
            Group::Counter | Group::Sum => ("between load and store", "updates", "race"),
        };
        let (worker, its_time) = match (row.group, conditions.workers) {
            // Nobody yields where each has an object of its own, which has a time, too.
            (Group::References, _) => ("where the object is shared, each worker", "the time of that has it"),
            (_, 1) => ("the worker", "its time has that"),
            _ => ("each worker", "its time has that"),
        };
        notes.push(Cow::from(format!(
            "{worker} of {} yields its CPU {place} once in {} {what}{cause}, and {its_time} in it (gilsim {command} \
             --widen off turns it off)",
            row.scenario,
            count::grouped(i128::from(widen))
        )));
    }
    notes.extend(recorded(row).map(Cow::from));
    if row.summary.verdict == Verdict::Lucky && conditions.workers > 1 && row.promise == Promise::MayLose {
        notes.push(Cow::from(
            "lucky means right in every run that came to an end, although nothing makes it so",
        ));
    }
    notes
}

/// What it costs to record who held the lock, where that is taken for each update: the GIL is for a while.
pub(super) fn recorded(row: &Row) -> Option<&'static str> {
    (row.conditions.recorded && row.scenario.starts_with("mutex")).then_some(
        "for the timeline the clock is read three times in each update, and the time has that in it",
    )
}

/// What the times of rows under a modelled GIL are, and what they are not; nothing without such rows.
#[must_use]
pub fn gil_price(rows: &[&Row]) -> Option<String> {
    let locked: Vec<&Row> = rows.iter().copied().filter(|row| row.summary.lock.is_some()).collect();
    let free: Vec<&str> = rows
        .iter()
        .filter(|row| row.is_model() && row.summary.lock.is_none())
        .map(|row| &*row.scenario)
        .collect();
    let taken = |row: &&Row| {
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let updates = row.conditions.updates as f64;
        let lock = row.summary.lock.as_ref().filter(|lock| lock.takes < updates / 2.0)?;
        let (times, hold) = (count::times(lock.takes), time(lock.holds[0]));
        let of_several = if row.summary.runs > 1 { " on average" } else { "" };
        Some(format!(
            "{} took the GIL {times} a run{of_several}, for {hold} at a time (median)",
            row.scenario
        ))
    };
    let taken: Vec<String> = locked.iter().filter_map(taken).collect();
    let taken = if taken.is_empty() { String::new() } else { taken.join("; ") + ", not for each update; " };
    let times = match &locked[..] {
        [] if free.is_empty() => return None,
        [] => {
            return Some(format!(
                "the time of {} is that of a compiled loop, not of Python",
                free.join(", ")
            ));
        }
        [row] => format!("the time of {} is that", row.scenario),
        _ => "the times under a modelled GIL are those".to_owned(),
    };
    Some(format!("{taken}{times} of a compiled loop under a GIL, not of Python{}", versions_apart(rows)))
}

/// What the times of several modelled versions are not for, behind a sentence; each version has a row here.
#[must_use]
pub fn versions_apart(rows: &[&Row]) -> &'static str {
    // A body that can lose the GIL within an update is carried out instruction by instruction, another one as a whole.
    if rows.iter().filter(|row| row.is_model()).count() > 1 {
        "; versions cannot be held against each other by these times"
    } else {
        ""
    }
}

/// What each host did, in a phrase: `one: ranks 0 and 1, 5,000,000 numbers in 2.51 ms`.
#[must_use]
pub fn hosts(row: &Row) -> Option<String> {
    let host = |host: &Host| {
        let updates = count::grouped(i128::from(host.updates));
        format!("{}: {}, {updates} numbers in {}", host.host, those_on(host, row), time(host.time))
    };
    let all: Vec<String> = row.hosts.iter().map(host).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// On which hosts a row was done: `mpi: one (ranks 0 and 1), two (ranks 2 and 3)`.
#[must_use]
pub fn hosts_alone(row: &Row) -> Option<String> {
    let host = |host: &Host| format!("{} ({})", host.host, those_on(host, row));
    let all: Vec<String> = row.hosts.iter().map(host).collect();
    (!all.is_empty()).then(|| format!("{}: {}", row.short_name(), all.join(", ")))
}

/// Who was on a host: `ranks 0 and 1`.
fn those_on(host: &Host, row: &Row) -> String {
    let numbers: Vec<String> = host.workers.iter().map(usize::to_string).collect();
    match (&numbers[..], row.is_by_ranks()) {
        // The workers of one process need no numbers.
        (many, false) => plural(many.len(), "worker"),
        ([one], true) => format!("rank {one}"),
        (many, true) => format!("ranks {}", listed(many)),
    }
}

/// `0`, `0 and 1`, `0, 1 and 2`.
pub(super) fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `2 CPUs usable, workers pinned to CPUs 0 and 1`.
#[must_use]
pub fn cpus(cpus: usize, row: &Row) -> String {
    let hosts = if row.hosts.len() > 1 { format!(" on {} hosts", row.hosts.len()) } else { String::new() };
    format!("{} usable{hosts}, {}", plural(cpus, "CPU"), placed(row))
}

/// Who has put the workers where.
#[must_use]
pub fn placed(row: &Row) -> String {
    if row.is_by_ranks() { "ranks placed by mpirun".to_owned() } else { pinned(&row.conditions.pins) }
}

/// `workers pinned to CPUs 0 and 1`.
fn pinned(pins: &[usize]) -> String {
    match pins {
        [] => "workers not pinned".to_owned(),
        [one] => format!("worker pinned to CPU {one}"),
        many => {
            let names: Vec<String> = many.iter().map(usize::to_string).collect();
            format!("workers pinned to CPUs {}", listed(&names))
        }
    }
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
        assert_eq!(pinned(&[0, 1]), "workers pinned to CPUs 0 and 1");
        assert_eq!(pinned(&[0, 2, 4]), "workers pinned to CPUs 0, 2 and 4");
        assert_eq!(pinned(&[1]), "worker pinned to CPU 1");
        assert_eq!(pinned(&[]), "workers not pinned");
    }
}

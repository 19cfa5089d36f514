//! The table for people: one scenario in detail, or several side by side.

use super::advice;
use super::busy;
use super::change::Changes;
use super::document::Document;
use super::layout::{self, Cell, Grid, blank_line, bold, finish, paragraph};
use super::part::{Part, texts};
use super::references;
use super::rows::{Report, Row};
use super::sweep;
use super::terms;
use super::words::{self, plural, time};
use crate::count::{self, grouped};
use crate::measure::Group;
use crate::measure::stats::{MeanLockUse, Verdict};

/// Writes the report as a table, with colour codes, no wider than so many columns if possible.
#[must_use]
pub fn render(report: &Report, width: Option<usize>) -> String {
    let mut text = String::new();
    for warning in report.header.warnings(report.finished()) {
        text += &paragraph(&warning, width);
    }
    if report.comparison {
        comparison(report, width, &mut text);
    } else {
        for row in report.measured() {
            single(report, row, width, &mut text);
        }
    }
    if let Some(changes) = &report.baseline {
        blank_line(&mut text);
        text += &changes.section(width);
    }
    finish(&mut text);
    text
}

/// What the report consists of.
#[must_use]
pub(super) fn parts(report: &Report) -> Vec<Part> {
    let mut parts: Vec<Part> = texts(report.header.warnings(report.finished())).collect();
    if report.comparison {
        parts.extend(comparison_grids(report).into_iter().map(Part::Table));
        parts.extend(texts(notes(report)));
    } else {
        for row in report.measured() {
            parts.push(Part::Table(Grid {
                header: vec![row.scenario.clone(), words::work(row)],
                rows: details(report, row)
                    .into_iter()
                    .map(|(label, value)| vec![label.into(), value.into()])
                    .collect(),
                words: vec![1],
                ..Grid::default()
            }));
            parts.extend(texts(notes_of(report, row)));
            parts.push(format!("Why: {}.", row.explanation.why).into());
        }
    }
    parts.extend(report.baseline.iter().flat_map(Changes::parts));
    parts
}

/// What has to be known of one scenario's figures, a paragraph each.
fn notes_of(report: &Report, row: &Row) -> Vec<String> {
    let price = words::gil_price(&[row]).map(Into::into);
    let notes = price.into_iter().chain(words::conditions(row, report.header.cpus));
    let notes = notes.map(|note| format!("note: {note}."));
    // The sequential sum that others are set against has times, too.
    let all: Vec<&Row> = report.results.iter().filter(|row| row.summary.runs > 0).collect();
    notes
        .chain(busy::note(&all, [row].into_iter(), report.header.cpus))
        .chain(terms::free_threaded([row.scenario.as_str()]))
        .collect()
}

fn single(report: &Report, row: &Row, width: Option<usize>, text: &mut String) {
    *text += &paragraph(&format!("{}: {}", bold(&row.scenario), words::work(row)), width);
    let coloured = details(report, row).into_iter().map(|(label, value)| {
        let colour = words::colour(row.summary.verdict).on_default();
        let value = if label == "verdict" { layout::styled(&value, colour) } else { value };
        (label, value)
    });
    *text += &layout::lines(coloured, width);
    text.push('\n');
    text.extend(notes_of(report, row).iter().map(|note| paragraph(note, width)));
    *text += &paragraph(&format!("{} {}.", bold("why:"), row.explanation.why), width);
    *text += &paragraph(&format!("{} gilsim {}", bold("try next:"), row.explanation.next), width);
}

/// The command to try after a comparison, of the scenarios or of nothing but real interpreters or reference counts.
fn after_comparison(report: &Report) -> &'static str {
    let references = |row: &Row| row.group == Group::References;
    if report.results.iter().all(Row::is_real) {
        "verify"
    } else if report.results.iter().all(references) {
        "overhead"
    } else {
        "convoy"
    }
}

/// The lines of one scenario's report, each with its label.
#[must_use]
pub(super) fn details(report: &Report, row: &Row) -> Vec<(String, String)> {
    let summary = &row.summary;
    let mut lines: Vec<(&str, String)> = Vec::new();
    lines.extend(row.body.iter().map(|body| ("body", body.clone())));
    lines.extend(summary.expected.map(|expected| ("expected", grouped(expected))));
    if summary.runs == 0 {
        lines.push(("verdict", format!("{}; no run was finished", words::verdict(summary.verdict))));
        return lines.into_iter().map(|(label, value)| (label.to_owned(), value)).collect();
    }
    lines.extend(summary.actual.map(|actual| ("actual", grouped(actual))));
    lines.push(("verdict", verdict(row)));
    // The ranks' own time is one of several that they take.
    lines.push((if row.is_by_ranks() { "work" } else { "time" }, words::times(&summary.timing)));
    if row.ns_per_update > 0.0 {
        let ns = row.ns_per_update;
        let shown = if ns < 10_000.0 { format!("{} ns", words::figure(ns)) } else { time(ns * 1e-9) };
        let each = match words::unit(&[row]) {
            "iteration" => "per iteration",
            "addition" => "per addition",
            "pair" => "per pair",
            _ => "per update",
        };
        lines.push((each, shown));
    }
    if let Some(speedup) = row.speedup.filter(|_| row.conditions.updates > 0) {
        let with_startup = row.speedup_with_startup.unwrap_or(speedup);
        // The first host is that of rank 0, which did all of it in the same job.
        let over = row.hosts.first().filter(|_| row.is_by_ranks());
        let over =
            over.map_or_else(|| "sequential".to_owned(), |host| format!("rank 0 alone on {}", host.host));
        let [at_work, started] = [words::figure(speedup), words::figure(with_startup)];
        let [after, within, both] = within_spread(report, row);
        let text = format!("{at_work} over {over}{after} ({started} with start-up counted{within}){both}");
        lines.push(("speed-up", text));
    }
    let startup = time(summary.startup);
    if let Some(communication) = summary.communication {
        lines.push((
            "start-up",
            format!("{startup} to join the job, once, and until the ranks left the start line"),
        ));
        let text = format!("{} from the longest work until rank 0 had the sum", time(communication));
        lines.push(("communication", text));
    } else if row.short_name() == "sequential" {
        lines.push(("start-up", STARTS_NOTHING.to_owned()));
    } else if !summary.startup.is_nan() {
        lines.push(("start-up", format!("{startup} until all workers were at the start line")));
    }
    lines.extend(words::hosts(row).map(|hosts| ("hosts", hosts)));
    lines.extend(words::cpu_time(summary).map(|cpu| ("CPU time", cpu)));
    if let (Some(voluntary), Some(involuntary)) = (summary.voluntary_switches, summary.involuntary_switches) {
        let [voluntary, involuntary] = [voluntary, involuntary].map(count::mean);
        // The kernel counts a yield as it does a preemption.
        let yields = row.conditions.widen.is_some() || row.scenario == "mutex:spin";
        let preempted = if yields { "preempted, or by a yield" } else { "preempted" };
        lines.push((
            "switches",
            format!("{voluntary} voluntary (waiting), {involuntary} involuntary ({preempted})"),
        ));
    }
    if let Some(overlap) = summary.overlap.filter(|_| row.conditions.workers > 1) {
        lines.push(("overlap", words::overlap(row, overlap, report.header.cpus)));
    }
    if let Some(foreign) = summary.foreign_values {
        let times = count::times(foreign);
        let lost = if summary.lost_runs > 0 { "; one late store can undo many updates" } else { "" };
        let text = format!("{times} a worker loaded a value that another had stored{lost}");
        lines.push(("collisions", text));
    }
    lines.extend(references::details(row));
    if let Some(lock) = &summary.lock {
        lines.extend(lock_details(lock, row));
    }
    lines.push(("machine", words::cpus(report.header.cpus, row)));
    if summary.runs > 1 {
        let told = lines.iter().filter(|(_, value)| value != words::TOO_SHORT && value != STARTS_NOTHING);
        let labels: Vec<&str> = told.map(|&(label, _)| label).collect();
        lines.push(("of the runs", which_of_the_runs(&labels, summary.lost_runs > 0)));
    }
    lines.into_iter().map(|(label, value)| (label.to_owned(), value)).collect()
}

/// What a sequential sum has for a start-up.
const STARTS_NOTHING: &str = "none: a sum by one worker starts nothing";

/// How the figures that do not say it themselves were made from those of several runs.
fn which_of_the_runs(labels: &[&str], wrong: bool) -> String {
    let shown = |all: &[&'static str]| {
        let shown: Vec<&str> = all.iter().copied().filter(|label| labels.contains(label)).collect();
        shown.join(", ")
    };
    let medians = shown(&[
        "per update",
        "per iteration",
        "per addition",
        "per pair",
        "start-up",
        "communication",
        "hosts",
        "switches",
        "overlap",
        "collisions",
        "a hold",
        "a wait",
    ]);
    let means = shown(&["CPU time", "leaked", "freed early", "used after", "GIL", "held"]);
    let means = if means.is_empty() { means } else { format!("; the mean: {means}") };
    let furthest = if wrong { "the furthest from right: actual; " } else { "" };
    format!("{furthest}the median: {medians}{means}")
}

fn verdict(row: &Row) -> String {
    let summary = &row.summary;
    let verdict = words::verdict(summary.verdict);
    let runs = plural(summary.runs, "run");
    match summary.lost_runs {
        0 if summary.runs == 1 => format!("{verdict}: right in the only run"),
        0 => format!("{verdict}: right in each of {runs}"),
        wrong => {
            let off =
                summary.actual.zip(summary.expected).map_or(0, |(actual, right)| actual.abs_diff(right));
            let off = i128::try_from(off).unwrap_or(i128::MAX);
            let most = if summary.runs == 1 { "" } else { "up to " };
            // Counts of references may go wrong on the way and end right.
            let by = if off == 0 { String::new() } else { format!(", by {most}{}", grouped(off)) };
            format!("{verdict}: wrong in {wrong} of {runs}{by}")
        }
    }
}

fn lock_details(lock: &MeanLockUse, row: &Row) -> Vec<(&'static str, String)> {
    let interval = row.conditions.switch_interval;
    // A worker alone has nobody to hand the lock to.
    let handed_over = (row.conditions.workers > 1).then(|| {
        format!(", by another worker than before {}{}", count::times(lock.switches), asked_for(lock))
    });
    let times = |[median, p99, max]: [f64; 3]| {
        format!("{} (median), {} (p99), {} (longest of all)", time(median), time(p99), time(max))
    };
    let mut lines = vec![
        ("GIL", format!("taken {}{}", count::times(lock.takes), handed_over.unwrap_or_default())),
        ("held", words::held(&lock.held)),
        ("a hold", times(lock.holds)),
    ];
    if lock.waits[2] > 0.0 {
        let of_some = if lock.runs_with_waits < row.summary.runs {
            let (with, all) = (lock.runs_with_waits, plural(row.summary.runs, "run"));
            format!("; in {with} of {all}, in the others nobody waited")
        } else {
            String::new()
        };
        lines.push(("a wait", times(lock.waits) + &of_some));
    }
    if let Some(interval) = interval {
        lines.push(("interval", format!("{} before a waiter asks the holder to let go", time(interval))));
    }
    lines
}

/// How often waiters asked for the lock, and what came of it. In 2.7 nobody asks: the holder lets go after so many ticks.
fn asked_for(lock: &MeanLockUse) -> String {
    if lock.requests == 0.0 {
        return String::new();
    }
    format!(
        "; asked for by a waiter {}, after which the holder let go and waited until another had it {} (forced switch)",
        count::times(lock.requests),
        count::times(lock.forced)
    )
}

/// The groups of a comparison that have rows, each as a table.
pub(super) fn comparison_grids(report: &Report) -> Vec<Grid> {
    if report.measured().any(Row::is_of_sweep) {
        let groups = [Group::Counter, Group::Sum, Group::References];
        return groups.into_iter().filter_map(|group| sweep::grid(report, group)).collect();
    }
    let counters_and_sums =
        [Group::Counter, Group::Sum].into_iter().filter_map(|group| comparison_grid(report, group));
    counters_and_sums.chain(references::grid(report)).collect()
}

fn comparison_grid(report: &Report, group: Group) -> Option<Grid> {
    let rows: Vec<&Row> = report.measured().filter(|row| row.group == group).collect();
    if rows.is_empty() {
        return None;
    }
    let sum = group == Group::Sum;
    // The start-up is what processes are paid for with, so the sums show both times.
    let ns = format!("ns/{}", words::unit(&rows));
    let header: &[&str] = if sum {
        &["scenario", "actual", "verdict", "time", "rel.", "with start", "rel."]
    } else {
        &["scenario", "actual", "verdict", "time", &ns, "relative"]
    };
    // Where no row is always right there is nothing to be relative to.
    let relative_to_any = sum || rows.iter().any(|row| row.relative.is_some());
    let header = if relative_to_any { header } else { &header[..header.len() - 1] };
    let cells = |row: &&Row| {
        let mut cells: Vec<Cell> = vec![row.short_name().into()];
        if row.summary.runs == 0 {
            cells.extend([Cell::default(), words::without_runs(row)]);
            cells.resize(header.len(), Cell::default());
            return cells;
        }
        let relative = |relative: Option<f64>| Cell::from(relative.map_or_else(String::new, words::figure));
        cells.extend([
            row.actual().into(),
            Cell::coloured(
                words::verdict(row.summary.verdict).to_owned(),
                words::colour(row.summary.verdict),
            ),
            words::spread(&row.summary.timing).into(),
        ]);
        if sum {
            let started = time(row.time_with_startup());
            cells.extend([relative(row.relative), started.into(), relative(row.relative_with_startup)]);
        } else {
            cells.extend([words::figure(row.ns_per_update).into(), relative(row.relative)]);
            cells.truncate(header.len());
        }
        cells
    };
    let name = if sum { "split" } else { "counter" };
    let known: Vec<&Row> = rows.iter().copied().filter(|row| row.summary.expected.is_some()).collect();
    let expected =
        words::common(&known, |row| row.summary.expected.map_or_else(String::new, |it| it.to_string()));
    let expected = if known.is_empty() { String::new() } else { format!("; expected {expected}") };
    Some(Grid {
        title: format!("{name}: {}{expected}", words::work_of_all(&rows)),
        rows: rows.iter().map(cells).collect(),
        header: header.iter().map(|&name| name.to_owned()).collect(),
        words: vec![2],
    })
}

fn comparison(report: &Report, width: Option<usize>, text: &mut String) {
    for grid in comparison_grids(report) {
        *text += &grid.table(width);
        text.push('\n');
    }
    for note in notes(report) {
        *text += &paragraph(&note, width);
    }
    *text += &paragraph(&format!("{} gilsim {}", bold("try next:"), after_comparison(report)), width);
}

/// What a comparison means, in words.
pub(super) fn notes(report: &Report) -> Vec<String> {
    let rows: Vec<&Row> = report.measured().filter(|row| row.summary.runs > 0).collect();
    if report.measured().any(Row::is_of_sweep) {
        return sweep::notes(report);
    }
    let mut notes = advice::which(&rows, report.header.cpus);
    if !rows.is_empty() {
        notes.push(legend(&rows, report.header.cpus));
    }
    notes.extend(busy::one_after_the_other(&rows));
    notes.extend(report.machine_note());
    let mut said: Vec<String> = Vec::new();
    // Once for a scenario with shared objects and with objects of their own.
    let mut first: Vec<&Row> = Vec::new();
    for row in &rows {
        if first.iter().all(|earlier| earlier.scenario != row.scenario) {
            first.push(row);
        }
    }
    let price = words::gil_price(&first).map(Into::into);
    let conditions = rows.iter().flat_map(|row| words::conditions(row, report.header.cpus));
    for note in price.into_iter().chain(conditions) {
        let note = format!("note: {note}.");
        if !said.contains(&note) {
            said.push(note);
        }
    }
    notes.extend(said);
    let hosts =
        rows.iter().filter_map(|row| Some(format!("{}, on {}.", row.short_name(), words::hosts(row)?)));
    notes.extend(hosts);
    notes.extend(losses(&rows));
    notes.extend(terms::free_threaded(rows.iter().map(|row| row.scenario.as_str())));
    notes.extend(speedups(report, &rows));
    notes.extend(references::notes(report));
    notes.extend(report.failures());
    notes
}

/// Which rows were wrong and why, those of equally many rounds in one sentence.
fn losses(rows: &[&Row]) -> Vec<String> {
    let mut sorts: Vec<(String, &'static str, Vec<&str>)> = Vec::new();
    for row in
        rows.iter().filter(|row| row.group != Group::References && row.summary.verdict == Verdict::Lost)
    {
        let rounds = format!("wrong in {} of {}", row.summary.lost_runs, plural(row.summary.runs, "round"));
        let cause = row.cause();
        match sorts.iter_mut().find(|(sort, why, _)| *sort == rounds && *why == cause) {
            Some((.., names)) => names.push(&row.scenario),
            None => sorts.push((rounds, cause, vec![&row.scenario])),
        }
    }
    let sentence = |(rounds, cause, names): (String, &str, Vec<&str>)| {
        let were = if names.len() == 1 { "was" } else { "were" };
        format!("{} {were} {rounds}: {cause}.", names.join(", "))
    };
    sorts.into_iter().map(sentence).collect()
}

/// What the columns of a comparison mean.
fn legend(rows: &[&Row], cpus: usize) -> String {
    let rounds = words::common(rows, |row| plural(row.summary.runs, "round"));
    let time = if rows.iter().any(|row| row.summary.timing.mad.is_some()) {
        format!("median of {rounds}, half of which are within ± of it, on the workers' own clocks")
    } else {
        "of the only round, on the workers' own clocks".to_owned()
    };
    let start = if rows.iter().any(|row| row.group == Group::Sum) {
        "; with start: what it took to start the workers, too"
    } else {
        ""
    };
    let pins = words::common(rows, words::placed);
    let related = |references| {
        rows.iter().any(|row| row.relative.is_some() && (row.group == Group::References) == references)
    };
    let to = match (related(false), related(true)) {
        (false, false) => None,
        (true, false) => Some("the fastest that is always right"),
        (false, true) => Some("the plain count with one worker"),
        (true, true) => {
            Some("the fastest that is always right; of references, to the plain count with one worker")
        }
    };
    let relative =
        to.map_or_else(String::new, |to| format!("; relative (rel.): the column before it, to {to}"));
    format!("time: {time}{start}{relative}. {} usable, {pins}.", plural(cpus, "CPU"))
}

/// Which of a row's speed-ups over the sequential sum are no more than the spread, in words: behind the one without start-up, behind the one
/// with it, behind both.
fn within_spread(report: &Report, row: &Row) -> [&'static str; 3] {
    let same = |other: &&Row| {
        other.short_name() == "sequential"
            && other.conditions.updates == row.conditions.updates
            && !row.is_by_ranks()
    };
    let Some(sequential) = report.results.iter().find(same) else { return [""; 3] };
    match (advice::indistinct_at_work(sequential, row), advice::indistinct(sequential, row)) {
        (false, false) => [""; 3],
        (true, false) => [", within the spread", "", ""],
        (false, true) => ["", ", within the spread", ""],
        (true, true) => ["", "", ", both within the spread"],
    }
}

/// How the ways to split stand to one worker that does all of it.
fn speedups(report: &Report, rows: &[&Row]) -> Option<String> {
    let way = |row: &Row| {
        let name = match row.short_name() {
            "thread" => "threads",
            "gil" => "threads under a GIL",
            "process" => "processes",
            "mpi" => "ranks of MPI",
            other => other,
        };
        let [at_work, started] = [words::figure(row.speedup?), words::figure(row.speedup_with_startup?)];
        let [after, within, both] = within_spread(report, row);
        Some(format!("{name} {at_work}{after} ({started}{within}){both}"))
    };
    let ways: Vec<String> = rows.iter().filter_map(|row| way(row)).collect();
    (!ways.is_empty())
        .then(|| format!("speed-up over sequential, in brackets with start-up counted: {}.", ways.join(", ")))
}

//! The table of a sweep: a row for each scenario and combination, with a column for each option that is swept.

use super::busy;
use super::document::Document;
use super::layout::{Cell, Grid};
use super::rows::{CAUSES, Report, Row};
use super::scaling::{self, Scaling};
use super::words::{self, figure, plural, time};
use crate::count::grouped;
use crate::measure::Group;
use crate::measure::stats::Verdict;
use crate::python::body::in_one_line;

/// More values than these are told by the first and the last.
const MOST_TOLD: usize = 8;

/// The options of the workload that are swept, with all their values in order.
fn options(rows: &[&Row]) -> Vec<(&'static str, Vec<String>)> {
    let mut options: Vec<(&'static str, Vec<String>)> = Vec::new();
    for parameter in rows.iter().flat_map(|row| row.parameters.of_workload()) {
        let at = options.iter().position(|(option, _)| *option == parameter.option);
        let at = at.unwrap_or_else(|| {
            options.push((parameter.option, Vec::new()));
            options.len() - 1
        });
        let values = &mut options[at].1;
        if !values.contains(&parameter.value) {
            values.push(parameter.value.clone());
        }
    }
    options
}

/// The same for all rows, if it is.
fn of_all<T: PartialEq>(rows: &[&Row], of: impl Fn(&Row) -> T) -> Option<T> {
    let first = of(rows.first()?);
    rows.iter().all(|row| of(row) == first).then_some(first)
}

/// A row's name among those of its group.
fn name(row: &Row) -> String {
    if row.group == Group::Sum { row.short_name().to_owned() } else { row.name() }
}

/// To whom the switch interval means something, where it does not to all.
fn whose_interval(rows: &[&Row]) -> String {
    let (with, without): (Vec<&Row>, Vec<&Row>) =
        rows.iter().copied().partition(|row| row.conditions.switch_interval.is_some());
    if without.is_empty() {
        return String::new();
    }
    let mut names: Vec<String> = Vec::new();
    for name in with.into_iter().map(name) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return " (it changes nothing in these)".to_owned();
    }
    format!(" (for {} alone)", names.join(", "))
}

/// What was done in all rows.
pub(super) fn title(rows: &[&Row]) -> String {
    let Some(first) = rows.first() else { return String::new() };
    let group = match first.group {
        Group::Counter => "counter",
        Group::References => "refcount",
        Group::Sum => "split",
    };
    let body = words::body_of_all(rows);
    let swept: Vec<String> = options(rows)
        .into_iter()
        .map(|(option, values)| {
            let whose = if option == "switch-interval" { whose_interval(rows) } else { String::new() };
            if values.len() > MOST_TOLD {
                let (first, last) = (&values[0], &values[values.len() - 1]);
                format!("{option} {first} to {last} ({} values){whose}", values.len())
            } else {
                format!("{option} {}{whose}", values.join(", "))
            }
        })
        .collect();
    let mut fixed: Vec<String> = Vec::new();
    // A sequential sum has one worker, whatever the others have.
    let shared: Vec<&Row> = rows.iter().copied().filter(|row| row.short_name() != "sequential").collect();
    fixed.extend(of_all(&shared, |row| row.conditions.workers).map(|it| plural(it, "worker")));
    fixed.extend(of_all(rows, |row| row.conditions.iterations).map(|it| {
        let number = usize::try_from(it).unwrap_or(usize::MAX);
        if group == "split" {
            format!("the end of the range {}", grouped(it.into()))
        } else {
            let of = body.map_or_else(String::new, |body| format!(" of `{}`", in_one_line(body)));
            format!("{} each{of}", plural(number, words::unit(rows)))
        }
    }));
    if first.group == Group::Counter {
        fixed.extend(of_all(rows, |row| words::adds(row, usize::MAX, body)).filter(|it| !it.is_empty()));
    }
    fixed.extend(of_all(rows, |row| row.summary.expected).flatten().map(|it| format!("expected {it}")));
    // Without a column for the names the title has the only one.
    let name = of_all(rows, name).unwrap_or_else(|| group.to_owned());
    let fixed = if fixed.is_empty() { Vec::new() } else { vec![fixed.join(", ")] };
    format!("{name}: {}", swept.into_iter().chain(fixed).collect::<Vec<_>>().join("; "))
}

/// The table of a group; nothing where it has no rows.
pub(super) fn grid(report: &Report, group: Group) -> Option<Grid> {
    let rows: Vec<&Row> = report.measured().filter(|row| row.group == group).collect();
    let columns = Columns::of(&rows, &report.scaling)?;
    let mut header: Vec<String> = Vec::new();
    if columns.names {
        header.push(if group == Group::References { "count" } else { "scenario" }.to_owned());
    }
    header.extend(columns.options.iter().map(|&option| option.to_owned()));
    if columns.expected {
        header.push("expected".to_owned());
    }
    let verdict = header.len() + 1;
    header.extend(["actual", "verdict", "time"].map(str::to_owned));
    header.extend(columns.of_group.iter().map(|&name| name.to_owned()));
    if columns.relative {
        let of_sum = rows.first().is_some_and(|row| row.group == Group::Sum);
        header.push(if of_sum { "rel. with start" } else { "relative" }.to_owned());
    }
    Some(Grid {
        title: title(&rows),
        rows: rows.iter().map(|row| columns.cells(row, &report.scaling, header.len())).collect(),
        header,
        words: vec![verdict],
    })
}

/// Which columns a table has.
struct Columns {
    names: bool,
    options: Vec<&'static str>,
    expected: bool,
    of_group: Vec<&'static str>,
    relative: bool,
}

impl Columns {
    fn of(rows: &[&Row], scaling: &[Scaling]) -> Option<Self> {
        let group = rows.first()?.group;
        let speedup = rows.iter().any(|row| speedup(row, scaling).is_some());
        let mut of_group = vec![match (group, words::unit(rows)) {
            (Group::Sum, _) => "with start",
            (_, "iteration") => "ns/iteration",
            (Group::References, _) => "ns/pair",
            (Group::Counter, _) => "ns/update",
        }];
        if speedup {
            of_group.push("speed-up");
        }
        Some(Self {
            names: of_all(rows, name).is_none(),
            options: options(rows).into_iter().map(|(option, _)| option).collect(),
            expected: of_all(rows, |row| row.summary.expected).is_none(),
            of_group,
            relative: is_compared(rows),
        })
    }

    fn cells(&self, row: &Row, scaling: &[Scaling], columns: usize) -> Vec<Cell> {
        let mut cells: Vec<Cell> = Vec::new();
        if self.names {
            cells.push(name(row).into());
        }
        let value = |option: &&str| {
            row.parameters.all().iter().find(|it| it.option == *option).map(|it| it.value.clone())
        };
        cells.extend(self.options.iter().map(|option| Cell::from(value(option).unwrap_or_default())));
        if self.expected {
            cells.push(row.summary.expected.map_or_else(String::new, |it| it.to_string()).into());
        }
        if row.summary.runs == 0 {
            cells.extend([Cell::default(), words::without_runs(row)]);
            cells.resize(columns, Cell::default());
            return cells;
        }
        let verdict = row.summary.verdict;
        cells.extend([
            row.actual().into(),
            Cell::coloured(words::verdict(verdict).to_owned(), words::colour(verdict)),
            words::spread(&row.summary.timing).into(),
        ]);
        let optional = |figure_of: Option<f64>| Cell::from(figure_of.map_or_else(String::new, figure));
        cells.extend(self.of_group.iter().map(|&column| match column {
            "with start" => time(row.time_with_startup()).into(),
            "speed-up" => optional(speedup(row, scaling)),
            _ => figure(row.ns_per_update).into(),
        }));
        if self.relative {
            cells.push(optional(relative(row)));
        }
        cells
    }
}

/// The time over that of the fastest; a sum is paid for with its start-up.
const fn relative(row: &Row) -> Option<f64> {
    match row.group {
        Group::Sum => row.relative_with_startup,
        Group::Counter | Group::References => row.relative,
    }
}

/// Whether rows are held against each other: alone in its combination, each is the fastest.
fn is_compared(rows: &[&Row]) -> bool {
    rows.iter().any(|row| relative(row).is_some_and(|it| (it - 1.0).abs() > f64::EPSILON))
}

/// How many times the throughput of the fewest workers; of a sum, how many times faster than one that does all of it.
fn speedup(row: &Row, scaling: &[Scaling]) -> Option<f64> {
    if row.group == Group::Sum {
        return row.speedup;
    }
    let others = scaling::others(&row.parameters);
    let names = row.line_names();
    let line = scaling.iter().find(|it| names.contains(&it.scenario) && it.parameters == others)?;
    line.speedup(row.conditions.workers)
}

/// What the table means, in words.
pub(super) fn notes(report: &Report) -> Vec<String> {
    let rows: Vec<&Row> = report.measured().filter(|row| row.summary.runs > 0).collect();
    let mut notes: Vec<String> = Vec::new();
    for group in [Group::Counter, Group::Sum] {
        let of_group: Vec<&Row> = rows.iter().copied().filter(|row| row.group == group).collect();
        let caveat = busy::caveat(&of_group, group, report.header.cpus);
        notes.extend(fastest(&of_group).map(|line| line + caveat));
    }
    notes.extend(scaling::notes(&report.scaling, report.header.cpus));
    if !rows.is_empty() {
        notes.push(legend(&rows, report));
    }
    notes.extend(busy::one_after_the_other(&rows));
    notes.extend(report.machine_note());
    for cause in CAUSES {
        let of_it: Vec<&Row> = rows.iter().copied().filter(|row| row.cause() == cause).collect();
        notes.extend(wrong(&of_it, cause));
    }
    let mut first: Vec<&Row> = Vec::new();
    for row in &rows {
        if first.iter().all(|earlier| earlier.scenario != row.scenario) {
            first.push(row);
        }
    }
    if first.iter().any(|row| row.summary.lock.is_some()) {
        notes.push(format!(
            "note: the times under a modelled GIL are those of a compiled loop under a GIL, not of Python{}.",
            words::versions_apart(&first)
        ));
    }
    notes.extend(rows.iter().find_map(|row| words::recorded(row)).map(|cost| format!("note: {cost}.")));
    let hosts = first.iter().filter_map(|row| words::hosts_alone(row));
    notes.extend(hosts.map(|hosts| format!("{hosts} (what each did in each row: in the JSON and the CSV).")));
    let others = rows.iter().any(|row| row.short_name() != "sequential" && row.conditions.workers > 1);
    if others && rows.iter().any(|row| row.short_name() == "sequential") {
        notes.push(
            "note: sequential has one worker in each combination, however many the others have.".to_owned(),
        );
    }
    for (group, place, command) in [
        (Group::Counter, "between load and store", "race"),
        (Group::References, "in the middle of a pair", "refcount"),
    ] {
        let widened = |row: &&&Row| row.group == group && row.conditions.widen.is_some();
        let number = rows.iter().filter(widened).count();
        if let Some(row) = rows.iter().find(widened) {
            notes.push(format!(
                "note: in {number} of the rows, each worker of {} yields its CPU {place} now and then, and the times have that in \
                 them (widen in the JSON says how often; gilsim {command} --widen off turns it off).",
                row.scenario
            ));
        }
    }
    if rows.iter().any(|row| row.summary.verdict == Verdict::Lucky && row.conditions.workers > 1) {
        notes.push(
            "note: lucky means right in every run that came to an end, although nothing makes it so."
                .to_owned(),
        );
    }
    notes.extend(super::terms::free_threaded(rows.iter().map(|row| row.scenario.as_str())));
    notes.extend(report.failures());
    notes
}

/// Which of several scenarios was fastest, and in how many combinations.
fn fastest(rows: &[&Row]) -> Option<String> {
    let choices = super::advice::choices(rows);
    // The column has one measure for all rows, those of another kind as well.
    let is_fastest = |row: &Row| {
        let mut others = choices.iter().filter(|other| other.parameters.words() == row.parameters.words());
        others.all(|other| super::advice::cost(row) <= super::advice::cost(other))
    };
    let counted = if rows.iter().any(|row| row.group == Group::Sum) { " with start-up counted" } else { "" };
    of_all(&choices, name).map_or(Some(()), |_| None)?;
    let mut names: Vec<(&str, Vec<String>)> = Vec::new();
    let mut undecided: Vec<String> = Vec::new();
    for row in choices.iter().filter(|row| is_fastest(row)) {
        let place = row.parameters.words();
        let close = |other: &&&Row| {
            other.short_name() != row.short_name()
                && other.parameters.words() == place
                && super::advice::indistinct(row, other)
        };
        if choices.iter().any(|other| close(&other)) {
            if !undecided.contains(&place) {
                undecided.push(place);
            }
            continue;
        }
        match names.iter_mut().find(|(name, _)| *name == row.short_name()) {
            Some((_, places)) => places.push(place),
            None => names.push((row.short_name(), vec![place])),
        }
    }
    let all = names.iter().map(|(_, places)| places.len()).sum::<usize>() + undecided.len();
    names.sort_by_key(|(_, places)| std::cmp::Reverse(places.len()));
    let told = |(name, places): &(&str, Vec<String>)| match places.len() {
        1 => format!("{name} ({})", places[0]),
        number => format!("{name} in {number} of {all} combinations"),
    };
    let mut told: Vec<String> = names.iter().map(told).collect();
    match undecided.len() {
        0 => {}
        1 if all > 1 => told.push(format!("no single one beyond the spread ({})", undecided[0])),
        number => told
            .push(format!("no single one beyond the spread in {number} of {}", plural(all, "combination"))),
    }
    let left_out = super::advice::left_out(rows, &choices).map_or_else(String::new, |names| names + ".");
    match (&names[..], undecided.is_empty()) {
        ([], true) => None,
        ([(name, _)], true) => Some(format!(
            "which one: {name}, the fastest{counted} that is always right in each of {}.{left_out}",
            plural(all, "combination")
        )),
        _ => Some(format!(
            "which one: the fastest{counted} that is always right was {}.{left_out}",
            told.join(", ")
        )),
    }
}

/// In which rows the result was wrong, and what that means.
fn wrong(rows: &[&Row], what: &str) -> Option<String> {
    // An interpreter has rows of the same name in each group.
    let mut names: Vec<((&str, Group), usize, usize)> = Vec::new();
    for row in rows {
        let (key, lost) = ((row.scenario.as_str(), row.group), usize::from(row.summary.lost_runs > 0));
        match names.iter_mut().find(|(other, ..)| *other == key) {
            Some((_, all, wrong)) => (*all, *wrong) = (*all + 1, *wrong + lost),
            None => names.push((key, 1, lost)),
        }
    }
    let wrong: Vec<String> = names
        .iter()
        .filter(|(_, _, wrong)| *wrong > 0)
        .map(|((name, _), all, wrong)| format!("{name} in {wrong} of {}", plural(*all, "combination")))
        .collect();
    (!wrong.is_empty()).then(|| format!("wrong: {}: {what}.", wrong.join(", ")))
}

/// What the columns mean.
fn legend(rows: &[&Row], report: &Report) -> String {
    let runs = rows.iter().map(|row| row.summary.runs);
    let (fewest, most) = (runs.clone().min().unwrap_or(0), runs.max().unwrap_or(0));
    let rounds = if fewest == most { plural(most, "round") } else { format!("{fewest} to {most} rounds") };
    let time = if most > 1 {
        format!("median of {rounds}, half of which are within ± of it, on the workers' own clocks")
    } else {
        "of the only round, on the workers' own clocks".to_owned()
    };
    let start = if rows.iter().any(|row| row.group == Group::Sum) {
        "; with start: what it took to start the workers, too"
    } else {
        ""
    };
    let sped = |sum: bool| {
        rows.iter().any(|row| (row.group == Group::Sum) == sum && speedup(row, &report.scaling).is_some())
    };
    let speedup = match (sped(false), sped(true)) {
        (false, false) => "",
        (true, false) => "; speed-up: updates of a second over those of the fewest workers",
        (false, true) => "; speed-up: over one worker that does all of it, without start-up",
        (true, true) => {
            "; speed-up: updates of a second over those of the fewest workers; of a sum: over one worker that does all of it, \
             without start-up"
        }
    };
    let (references, others): (Vec<&Row>, Vec<&Row>) =
        rows.iter().copied().partition(|row| row.group == Group::References);
    let to_fastest = "the time over that of the fastest that is always right in the same combination";
    let to_plain = "the time for a pair over that of the plain count with one worker";
    let relative = match (is_compared(&others), is_compared(&references)) {
        (false, false) => String::new(),
        (true, false) if start.is_empty() => format!("; relative: {to_fastest}"),
        (true, false) => format!("; relative (of a sum: with start): {to_fastest}"),
        (false, true) => format!("; relative: {to_plain}"),
        (true, true) if start.is_empty() => format!("; relative: {to_fastest}; of references: {to_plain}"),
        (true, true) => {
            format!("; relative (of a sum: with start): {to_fastest}; of references: {to_plain}")
        }
    };
    let pins = of_all(rows, words::placed).unwrap_or_else(|| {
        // Nobody pins the threads of an interpreter.
        let (real, others): (Vec<&Row>, Vec<&Row>) = rows.iter().copied().partition(|row| row.is_real());
        let pins = of_all(&others, words::placed)
            .unwrap_or_else(|| "workers pinned where each can have a CPU of its own".to_owned());
        let mut names: Vec<&str> = real.iter().map(|row| &*row.scenario).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() { pins } else { format!("{pins} ({}: workers not pinned)", names.join(", ")) }
    });
    format!("time: {time}{start}{speedup}{relative}. {} usable, {pins}.", plural(report.header.cpus, "CPU"))
}

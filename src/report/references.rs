//! Reference counts: a row for each way, with shared objects and with objects of their own side by side.

use super::layout::{Cell, Grid};
use super::rows::{Report, Row};
use super::words::{self, figure, plural};
use crate::count::{self, grouped};
use crate::measure::stats::Verdict;
use crate::measure::{Group, Objects};

/// What wrong counts led to, and the price, for the report of a single row.
pub(super) fn details(row: &Row) -> Vec<(&'static str, String)> {
    let mut lines = Vec::new();
    if let Some(relative) = row.relative.filter(|_| row.group == Group::References) {
        lines.push(("relative", format!("{} times the plain count with one worker", figure(relative))));
    }
    let misuse = row.summary.misuse;
    if let Some(leaked) = misuse.leaked {
        let what = words::mean_of(leaked, "reference");
        lines.push(("leaked", format!("{what} counted at the end that nobody holds")));
    }
    if let Some(frees) = misuse.premature_frees {
        let times = count::times(frees);
        lines.push(("freed early", format!("{times} the count reached zero while a reference was held")));
    }
    if let Some(uses) = misuse.uses_after_free {
        let times = count::times(uses);
        lines.push(("used after", format!("{times} an object was used whose count was zero or less")));
    }
    lines
}

/// The rows of one way.
struct Way<'a> {
    name: &'a str,
    shared: Option<&'a Row>,
    own: Option<&'a Row>,
}

impl<'a> Way<'a> {
    /// The ways of a report, in the order of its rows.
    fn of(report: &'a Report) -> Vec<Self> {
        let mut ways: Vec<Self> = Vec::new();
        for row in report.measured().filter(|row| row.group == Group::References) {
            let name = row.scenario.trim_start_matches("refcount:");
            let at = ways.iter().position(|way| way.name == name).unwrap_or_else(|| {
                ways.push(Way { name, shared: None, own: None });
                ways.len() - 1
            });
            match row.conditions.objects {
                Some(Objects::Own) => ways[at].own = Some(row),
                Some(Objects::Shared) | None => ways[at].shared = Some(row),
            }
        }
        ways
    }

    fn rows(&self) -> impl Iterator<Item = &'a Row> {
        self.shared.into_iter().chain(self.own)
    }

    /// The worst of its verdicts.
    fn verdict(&self) -> Option<Verdict> {
        let badness = |verdict: &Verdict| match verdict {
            Verdict::Exact => 0,
            Verdict::Lucky => 1,
            Verdict::Lost => 2,
            Verdict::NotRun => 3,
            Verdict::Failed => 4,
            Verdict::Broken => 5,
        };
        self.rows().map(|row| row.summary.verdict).max_by_key(badness)
    }

    /// What the count ended at, the furthest from right.
    fn ending(&self) -> String {
        let wrong = self
            .rows()
            .find(|row| row.summary.actual.is_some() && row.summary.actual != row.summary.expected);
        match wrong.or(self.shared).or(self.own) {
            Some(Row { summary, .. }) => summary.actual.map_or_else(String::new, grouped),
            None => String::new(),
        }
    }
}

/// The time for a pair and the relative time, as cells.
fn price(row: Option<&Row>) -> [Cell; 2] {
    let Some(row) = row.filter(|row| row.summary.runs > 0) else { return [Cell::default(), Cell::default()] };
    let timing = &row.summary.timing;
    let spread = timing
        .mad
        .filter(|_| timing.median > 0.0)
        .map_or_else(String::new, |mad| format!(" ±{:.0}%", mad / timing.median * 100.0));
    [
        format!("{}{spread}", figure(row.ns_per_update)).into(),
        row.relative.map_or_else(String::new, figure).into(),
    ]
}

/// The ways as a table, if any was measured.
pub(super) fn grid(report: &Report) -> Option<Grid> {
    let ways = Way::of(report);
    let widest = ways.iter().flat_map(Way::rows).max_by_key(|row| row.conditions.workers)?;
    let workers = widest.conditions.workers;
    let [shared, own] =
        [ways.iter().any(|way| way.shared.is_some()), ways.iter().any(|way| way.own.is_some())];
    // In a comparison with other scenarios there is no plain count with one worker to be held against.
    let relative = ways.iter().flat_map(Way::rows).any(|row| row.relative.is_some());
    let prices = |row: Option<&Row>| price(row).into_iter().take(if relative { 2 } else { 1 });
    let of_both = if shared && own { " (worst)" } else { "" };
    let mut header = vec!["count".to_owned(), format!("at end{of_both}"), format!("verdict{of_both}")];
    // One worker has nobody to share an object with.
    let columns = [(shared, "shared"), (own, "own")];
    for (_, objects) in columns.iter().filter(|(any, _)| *any) {
        let objects = if workers > 1 { format!("{objects}: ") } else { String::new() };
        header.push(format!("{objects}ns/pair"));
        if relative {
            header.push("relative".to_owned());
        }
    }
    let cells = |way: &Way<'_>| {
        let verdict = way.verdict().unwrap_or(Verdict::NotRun);
        let verdict = Cell::coloured(words::verdict(verdict).to_owned(), words::colour(verdict));
        let mut cells = vec![way.name.into(), way.ending().into(), verdict];
        if shared {
            cells.extend(prices(way.shared));
        }
        if own {
            cells.extend(prices(way.own));
        }
        cells
    };
    Some(Grid {
        title: format!(
            "refcount: {}, each takes and gives back {} {}; each count must end at 1{}",
            plural(workers, "worker"),
            grouped(i128::from(widest.conditions.iterations)),
            if widest.conditions.iterations == 1 { "reference" } else { "references" },
            if own && workers > 1 {
                format!(", those of {} objects together at {workers}", count::grouped(workers as i128))
            } else {
                String::new()
            }
        ),
        rows: ways.iter().map(cells).collect(),
        header,
        words: vec![2],
    })
}

/// What the table means, in words.
pub(super) fn notes(report: &Report) -> Vec<String> {
    let ways = Way::of(report);
    let rows = || ways.iter().flat_map(Way::rows).filter(|row| row.summary.runs > 0);
    let mut notes: Vec<String> = rows().filter(|row| row.summary.lost_runs > 0).map(wrong).collect();
    let plain = ways.iter().find(|way| way.name == "plain").and_then(|way| way.shared.or(way.own));
    notes.extend(plain.map(|row| format!("why: {}.", row.explanation.why)));
    notes.extend(dearest(&ways, Objects::Shared));
    notes.extend(dearest(&ways, Objects::Own));
    notes.extend(biased_or_atomic(&ways));
    notes
}

/// What a wrong count led to.
fn wrong(row: &Row) -> String {
    let misuse = row.summary.misuse;
    let times = |mean: Option<f64>| count::times(mean.unwrap_or(0.0));
    format!(
        "{} was wrong in {} of {}: a round ended with {} leaked, freed an object {} while it was held, \
         and used it {} after that (means).",
        row.name(),
        row.summary.lost_runs,
        plural(row.summary.runs, "round"),
        words::mean_of(misuse.leaked.unwrap_or(0.0), "reference"),
        times(misuse.premature_frees),
        times(misuse.uses_after_free),
    )
}

/// Which way that is right costs most.
fn dearest(ways: &[Way<'_>], objects: Objects) -> Option<String> {
    let pick = |way: &Way<'_>| match objects {
        Objects::Shared => ns_with_spread(way.shared),
        Objects::Own => ns_with_spread(way.own),
    };
    let place = match objects {
        Objects::Shared => "with one shared object",
        Objects::Own => "with an object for each worker",
    };
    let right: Vec<(&str, [f64; 2])> = ways
        .iter()
        .filter(|way| way.verdict().is_some_and(Verdict::is_right) || objects == Objects::Own)
        .filter_map(|way| Some((way.name, pick(way)?)))
        .collect();
    let dearest = right.iter().max_by(|one, other| one.1[0].total_cmp(&other.1[0]))?;
    let cheapest = right.iter().min_by(|one, other| one.1[0].total_cmp(&other.1[0]))?;
    // Those that cannot be told apart from it.
    let tied = |&(most, [its_ns, its_spread]): &(&str, [f64; 2])| {
        let close = |&&(name, [ns, spread]): &&(&str, [f64; 2])| {
            name != most && (its_ns - ns).abs() <= spread + its_spread
        };
        let close: Vec<&str> = right.iter().filter(close).map(|&(name, _)| name).collect();
        if close.is_empty() {
            String::new()
        } else {
            format!(" (no difference within the spread: {})", close.join(", "))
        }
    };
    (right.len() > 2 && cheapest.1[0] > 0.0 && several(ways)).then(|| {
        format!(
            "dearest {place}, of those that were right: {}{}, at {} times {}, the cheapest{}.",
            dearest.0,
            tied(dearest),
            figure(dearest.1[0] / cheapest.1[0]),
            cheapest.0,
            tied(cheapest)
        )
    })
}

/// The time for a pair, and the stretch around it that holds half of the rounds.
fn ns_with_spread(row: Option<&Row>) -> Option<[f64; 2]> {
    let (ns, timing) = (ns(row)?, &row?.summary.timing);
    let spread = timing.mad.filter(|_| timing.median > 0.0).map_or(0.0, |mad| mad / timing.median * ns);
    Some([ns, spread])
}

/// The time for a pair.
fn ns(row: Option<&Row>) -> Option<f64> {
    row.filter(|row| row.summary.runs > 0).map(|row| row.ns_per_update)
}

/// Whether there are several workers.
fn several(ways: &[Way<'_>]) -> bool {
    ways.iter().flat_map(Way::rows).any(|row| row.conditions.workers > 1)
}

/// What CPython chose, and whether that is the better here.
fn biased_or_atomic(ways: &[Way<'_>]) -> Option<String> {
    // Most objects are used by one thread alone, so that is what counts.
    let alone = |name| {
        let way = ways.iter().find(|way| way.name == name)?;
        ns_with_spread(way.own.or_else(|| way.shared.filter(|row| row.conditions.workers == 1)))
    };
    let ([biased, biased_spread], [atomic, atomic_spread]) = (alone("biased")?, alone("atomic")?);
    let seen = if (biased - atomic).abs() <= biased_spread + atomic_spread {
        format!("biased counts cost about as much as atomic ones here ({} times)", figure(biased / atomic))
    } else if biased < atomic {
        format!("biased counts cost {} of what atomic ones do here", figure(biased / atomic))
    } else {
        format!("biased counts were no cheaper than atomic ones here ({} times)", figure(biased / atomic))
    };
    Some(format!(
        "where nobody else uses the object, {seen}: CPython without a GIL has biased counts (3.13t, PEP 703). Objects that \
         everybody uses, such as None, are immortal since 3.12 (PEP 683); the default build keeps plain counts and the GIL."
    ))
}

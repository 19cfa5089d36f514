//! The report of the convoy effect.

mod findings;

use super::change::{Changes, Export, ExportError};
use super::chart::swept::{self, Lines, Measured};
use super::chart::{Axis, Chart, Kind, Point, Series, Unit};
use super::document::{Document, Header};
use super::layout::{Grid, blank_line, finish, paragraph};
use super::part::{Part, texts};
use super::timeline::Timeline;
use super::words::{plural, time};
use super::{csv, json, quiet, terms};
use crate::scenario::convoy::{Convoy, ConvoyRow, Latency, Passing};
use crate::system::background::Partial;
use serde::Serialize;
use std::io;

/// The convoy effect: round trips of one byte, with nobody computing and beside workers that only compute.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ConvoyReport {
    /// What it says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// How many workers computed meanwhile; left out where that is swept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "usize"))]
    pub hogs: Option<usize>,
    /// How many round trips were made, idle and beside them.
    pub pings: u32,
    /// The switch interval in seconds; left out where that is swept, and where no row has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(with = "f64"))]
    pub switch_interval: Option<f64>,
    /// A row for the model and one for each interpreter.
    pub results: Vec<ConvoyRow>,
    /// How its times stand to those of an earlier export, if they were held against one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Changes>,
}

impl ConvoyReport {
    /// The report of the rows that are finished, made on so many CPUs.
    #[must_use]
    pub fn new(convoy: &Convoy, cpus: usize, rows: Partial<Vec<ConvoyRow>>) -> Self {
        Self {
            header: Header::new(cpus, rows.interrupted),
            hogs: of_all(convoy.beside.iter().map(|(beside, _)| beside.hogs)),
            pings: convoy.pings,
            switch_interval: of_all(
                convoy.beside.iter().map(|(beside, _)| beside.switch_interval.as_secs_f64()),
            )
            .filter(|_| rows.finished.iter().any(has_interval)),
            results: rows.finished,
            baseline: None,
        }
    }

    /// As another run reads its export.
    ///
    /// # Errors
    ///
    /// Never for a report of this gilsim; the signature is the reader's.
    pub fn exported(&self) -> Result<Export, ExportError> {
        Export::of_report(self)
    }

    /// Whether a subject has nothing to show.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.results.iter().any(|row| row.failure.is_some())
    }

    /// The options that are swept and do not stand in the rows' names.
    fn swept(&self) -> Vec<&'static str> {
        let first = self.results.first();
        first.map(|row| row.parameters.of_workload().map(|it| it.option).collect()).unwrap_or_default()
    }

    /// Beside whom the round trips were made.
    fn company(&self) -> String {
        self.hogs.map_or_else(|| "computing workers".to_owned(), |hogs| plural(hogs, "computing worker"))
    }

    fn grid(&self) -> Grid {
        let figures = |latency: &Option<Latency>| {
            latency.as_ref().map_or([String::new(), String::new(), String::new()], |it| {
                [it.median, it.p99, it.max].map(time)
            })
        };
        let swept = self.swept();
        let but = self.without_interval().map_or_else(String::new, |others| format!(" ({others})"));
        let interval = if swept.contains(&"switch-interval") && !but.is_empty() {
            format!(", switch interval as in the rows{but}")
        } else {
            self.switch_interval
                .map_or_else(String::new, |interval| format!(", switch interval {}{but}", time(interval)))
        };
        let header =
            ["idle median", "idle p99", "idle longest", "loaded median", "loaded p99", "loaded longest"];
        Grid {
            title: format!(
                "convoy: round trip of one byte, idle and beside {}{}; p99: 99 of 100 took no longer",
                self.company(),
                interval
            ),
            header: [""].iter().chain(&swept).chain(&header).map(|&name| name.to_owned()).collect(),
            rows: self
                .results
                .iter()
                .map(|row| {
                    let [idle, loaded] = [&row.idle, &row.loaded].map(figures);
                    let parameters = row.parameters.of_workload().map(|it| it.value.clone()).collect();
                    [vec![row.subject.clone()], parameters, idle.to_vec(), loaded.to_vec()]
                        .concat()
                        .into_iter()
                        .map(Into::into)
                        .collect()
                })
                .collect(),
            words: Vec::new(),
        }
    }

    /// To whom the switch interval means nothing.
    fn without_interval(&self) -> Option<String> {
        let ticks = self.results.iter().any(|row| row.hand_off == Some(Passing::Ticks));
        let ticks = ticks.then(|| "2.7 counts ticks instead".to_owned());
        let mut free: Vec<&str> = Vec::new();
        for row in self.results.iter().filter(|row| row.hand_off == Some(Passing::None)) {
            let name = row.subject.split_once(' ').map_or(row.subject.as_str(), |(_, name)| name);
            if !free.contains(&name) {
                free.push(name);
            }
        }
        let verb = if free.len() == 1 { "has" } else { "have" };
        let free = (!free.is_empty()).then(|| format!("{} {verb} no GIL", free.join(", ")));
        let others: Vec<String> = ticks.into_iter().chain(free).collect();
        (!others.is_empty()).then(|| others.join("; "))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = self.findings();
        notes.extend(self.not_recorded());
        notes.push("try next: gilsim refcount".to_owned());
        notes
    }

    /// Which rows have no timeline where others have one.
    fn not_recorded(&self) -> Option<String> {
        let (recorded, others): (Vec<&ConvoyRow>, Vec<&ConvoyRow>) =
            self.results.iter().filter(|row| row.loaded.is_some()).partition(|row| row.holds.is_some());
        if recorded.is_empty() || others.is_empty() {
            return None;
        }
        let (free, real): (Vec<&ConvoyRow>, Vec<&ConvoyRow>) =
            others.into_iter().partition(|row| row.hand_off == Some(Passing::None));
        let of = |rows: Vec<&ConvoyRow>, why: &str| {
            let names: Vec<String> = rows.into_iter().map(name).collect();
            (!names.is_empty()).then(|| format!("No timeline of {}: {why}.", names.join(", ")))
        };
        let said = [of(real, "only the model's own GIL is recorded"), of(free, "there is no GIL")];
        Some(said.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}

/// Whether the switch interval can mean something to it: not to 2.7, which counts ticks, nor where there is no GIL.
fn has_interval(row: &ConvoyRow) -> bool {
    !matches!(row.hand_off, Some(Passing::Ticks | Passing::None))
}

/// The value of all rows, if it is the same.
fn of_all<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// A row's subject, with what is swept.
fn name(row: &ConvoyRow) -> String {
    let parameters = row.parameters.words();
    if parameters.is_empty() { row.subject.clone() } else { format!("{} ({parameters})", row.subject) }
}

impl ConvoyReport {
    /// What the names of the rows mean.
    fn terms(&self) -> Vec<String> {
        terms::free_threaded(self.results.iter().map(|row| row.subject.as_str())).into_iter().collect()
    }
}

impl ConvoyReport {
    /// The charts of a sweep.
    fn lines(&self) -> Vec<Chart> {
        let measured = |row: &ConvoyRow| {
            let of = |latency: &Latency, words: &str| Measured {
                name: format!("{}, {words}", row.subject),
                parameters: row.parameters.clone(),
                value: latency.median,
                spread: Some([latency.median, latency.p99]),
                standing: None,
            };
            let idle = row.idle.as_ref().map(|it| of(it, "idle"));
            idle.into_iter().chain(row.loaded.as_ref().map(|it| of(it, "loaded")))
        };
        let measured: Vec<Measured> = self.results.iter().flat_map(measured).collect();
        let chart = |lines: Lines| {
            let others = if lines.others.is_empty() { lines.others } else { format!("; {}", lines.others) };
            Chart {
                title: format!("convoy: round trip of one byte beside {}{others}", self.company()),
                kind: Kind::Lines { over: lines.over },
                series: lines.series,
                ..self.empty_chart()
            }
        };
        swept::lines(&measured).into_iter().map(chart).collect()
    }

    /// What all charts of round trips have in common.
    fn empty_chart(&self) -> Chart {
        Chart {
            title: format!("convoy: round trip of one byte, idle and beside {}", self.company()),
            note: format!("median of {} round trips each", crate::count::grouped(self.pings.into())),
            spread: Some("ends where 99 of 100 have arrived".to_owned()),
            kind: Kind::Bars,
            values: Axis { label: "time of a round trip".to_owned(), unit: Unit::Time },
            series: Vec::new(),
            reference: None,
        }
    }
}

impl Document for ConvoyReport {
    fn interrupted(&self) -> bool {
        self.header.interrupted
    }

    fn table(&self, width: Option<usize>) -> String {
        let all = |lines: Vec<String>| lines.iter().map(|line| paragraph(line, width)).collect::<String>();
        let mut text = all(self.header.warnings("rows"))
            + &self.grid().table(width)
            + "\n"
            + &all(self.terms())
            + &all(self.notes());
        if let Some(changes) = &self.baseline {
            blank_line(&mut text);
            text += &changes.section(width);
        }
        finish(&mut text);
        text
    }

    fn json(&self) -> io::Result<String> {
        json::render(self)
    }

    fn csv(&self) -> io::Result<String> {
        let header = "subject,hogs,pings,switch_interval,idle_median,idle_p99,idle_max,loaded_median,loaded_p99,loaded_max,failure,interrupted";
        let mut records = vec![header.split(',').map(str::to_owned).collect::<Vec<_>>()];
        for row in &self.results {
            let figures = |latency: &Option<Latency>| {
                latency.as_ref().map_or([String::new(), String::new(), String::new()], |it| {
                    [it.median, it.p99, it.max].map(|time| time.to_string())
                })
            };
            let [idle, loaded] = [&row.idle, &row.loaded].map(figures);
            let first = [
                row.subject.clone(),
                row.beside.hogs.to_string(),
                self.pings.to_string(),
                row.switch_interval.map_or_else(String::new, |interval| interval.to_string()),
            ];
            let last = [row.failure.clone().unwrap_or_default(), self.header.interrupted.to_string()];
            records.push(first.into_iter().chain(idle).chain(loaded).chain(last).collect());
        }
        csv::write(&records)
    }

    fn parts(&self) -> Vec<Part> {
        let mut parts: Vec<Part> = texts(self.header.warnings("rows")).collect();
        parts.push(self.grid().into());
        parts.extend(texts(self.terms()).chain(texts(self.notes())));
        parts.extend(self.baseline.iter().flat_map(Changes::parts));
        parts
    }

    fn charts(&self) -> Vec<Chart> {
        if !self.swept().is_empty() {
            return self.lines();
        }
        let point = |row: &ConvoyRow, words: &str, latency: &Latency| Point {
            label: format!("{}, {words}", name(row)),
            over: 0.0,
            value: latency.median,
            spread: Some([latency.median, latency.p99]),
            standing: None,
        };
        let points = self.results.iter().flat_map(|row| {
            let idle = row.idle.as_ref().map(|it| point(row, "idle", it));
            let loaded = row.loaded.as_ref().map(|it| point(row, "loaded", it));
            idle.into_iter().chain(loaded)
        });
        let points: Vec<Point> = points.collect();
        if points.is_empty() {
            return Vec::new();
        }
        vec![Chart { series: vec![Series { name: String::new(), points }], ..self.empty_chart() }]
    }

    fn timelines(&self) -> Vec<Timeline> {
        let of_row = |row: &ConvoyRow| {
            let holds = row.holds.as_ref()?;
            let hogs = (1..=row.beside.hogs).map(|number| format!("hog {number}"));
            let names = ["round trips".to_owned()].into_iter().chain(hogs).collect();
            let title = format!("timeline of {}: the loaded round trips", name(row));
            Some(Timeline::of_holds(title, names, &[], holds))
        };
        self.results.iter().filter_map(of_row).collect()
    }

    fn failures(&self) -> Vec<String> {
        let failure = |row: &ConvoyRow| Some(format!("{} failed: {}.", name(row), row.failure.as_ref()?));
        self.results.iter().filter_map(failure).collect()
    }

    fn value(&self) -> String {
        quiet::records(self.results.iter().map(|row| {
            let value = row.loaded.as_ref().map_or_else(|| "failed".to_owned(), |it| it.p99.to_string());
            let parameters = row.parameters.of_workload().map(|it| it.value.clone());
            [row.subject.clone()].into_iter().chain(parameters).chain([value])
        }))
    }
}

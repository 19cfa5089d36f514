//! The report of the convoy effect.

use super::change::{Changes, Export, ExportError};
use super::chart::swept::{self, Lines, Measured};
use super::chart::{Axis, Chart, Kind, Point, Series, Unit};
use super::document::{Document, Header};
use super::layout::{Grid, finish, paragraph};
use super::part::{Part, texts};
use super::timeline::Timeline;
use super::words::{plural, time};
use super::{csv, json, quiet, terms};
use crate::python::version::SWITCH_INTERVAL;
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

    /// What the rows show, and why.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let seen: Vec<(&ConvoyRow, Effect)> =
            self.results.iter().filter_map(|row| Some((row, Self::effect(row)?))).collect();
        let mut notes = self.failures();
        if seen.len() <= MOST_SENTENCES {
            notes.extend(seen.iter().map(|&(row, effect)| self.sentence(row, effect)));
        } else {
            let usual = seen.iter().filter(|(_, effect)| *effect == Effect::Usual).count();
            notes.push(format!(
                "the convoy effect (the median round trip waits for the GIL) shows in {usual} of {} rows.",
                seen.len()
            ));
        }
        let explained = |passing: Passing| {
            seen.iter().any(|&(row, effect)| {
                row.hand_off == Some(passing) && matches!(effect, Effect::Usual | Effect::Rare)
            })
        };
        let why = "why: to send and to receive, the worker lets go of the GIL; to go on it needs it back, and a computing worker";
        // Where both are explained, each says of whom it speaks.
        let both = explained(Passing::Interval) && explained(Passing::Ticks);
        let of = |versions: &str| if both { format!(" ({versions})") } else { String::new() };
        if explained(Passing::Interval) {
            let rare = seen.iter().all(|(_, effect)| *effect != Effect::Usual);
            let most = if rare {
                " Most round trips had it back before a computing worker had woken up and taken it."
            } else {
                ""
            };
            let others = if seen.iter().any(|(row, _)| row.beside.hogs > 1) {
                " With several of them, another may take it first."
            } else {
                ""
            };
            notes.push(format!(
                "{why} keeps it until it is asked to let go, a whole switch interval later{}.{others}{most}",
                of("CPython 3")
            ));
        }
        if explained(Passing::Ticks) {
            // A real 2.7 is given a check interval in proportion.
            let usual = |row: &ConvoyRow| {
                !row.subject.starts_with("python") || row.beside.switch_interval == SWITCH_INTERVAL
            };
            let often = if seen.iter().all(|(row, _)| row.hand_off != Some(Passing::Ticks) || usual(row)) {
                "once in a hundred ticks"
            } else {
                "once in its check interval (in the model a hundred ticks, in a real 2.7 as many as the switch interval is to 5 ms)"
            };
            notes.push(format!("{why} lets go of it for a moment only, {often}{}.", of("CPython 2.7")));
        }
        notes
    }

    /// What the figures show; nothing where there are none.
    fn effect(row: &ConvoyRow) -> Option<Effect> {
        let (idle, loaded) = (row.idle.as_ref()?, row.loaded.as_ref()?);
        let interval = row.beside.switch_interval.as_secs_f64();
        // Who has to ask for the GIL does so after a whole interval.
        let waited = |idle: f64, loaded: f64| loaded >= interval && loaded > 2.0 * idle;
        let slower = loaded.median > 2.0 * idle.median;
        Some(match row.hand_off {
            Some(Passing::Interval) if waited(idle.median, loaded.median) => {
                // Each worker that computes may take it once before.
                let intervals =
                    u32::try_from(row.beside.hogs).unwrap_or(u32::MAX).saturating_mul(MOST_INTERVALS);
                let most = row.beside.switch_interval.saturating_mul(intervals);
                if loaded.median - idle.median > most.as_secs_f64() { Effect::Beyond } else { Effect::Usual }
            }
            // The tick counts, not the interval.
            Some(Passing::Ticks) if slower => Effect::Usual,
            Some(Passing::Interval | Passing::Ticks) if waited(idle.p99, loaded.p99) => Effect::Rare,
            _ if slower => Effect::Slower,
            // The tail of a few hundred round trips scatters by itself.
            _ if loaded.p99 > 10.0 * idle.p99 => Effect::Tail,
            _ => Effect::Absent,
        })
    }

    fn sentence(&self, row: &ConvoyRow, effect: Effect) -> String {
        let [idle, loaded] =
            [&row.idle, &row.loaded].map(|it| it.as_ref().map_or((0.0, 0.0), |it| (it.median, it.p99)));
        let longest = |latency: &Option<Latency>| latency.as_ref().map_or(0.0, |it| it.max);
        let longest = (longest(&row.idle), longest(&row.loaded));
        let beside =
            if row.beside.hogs == 1 { "beside the computing worker" } else { "beside the computing workers" };
        let medians = format!("{} {beside}, {} alone (medians)", time(loaded.0), time(idle.0));
        let without =
            if row.hand_off == Some(Passing::None) { ", and there is no GIL to wait for" } else { "" };
        // Among fewer than a hundred, the 99th percentile is the longest.
        let slowest = if self.pings < 100 {
            format!("the slowest took {}", time(loaded.1))
        } else {
            format!("the slowest in a hundred took {} and more", time(loaded.1))
        };
        let interval = row.beside.switch_interval.as_secs_f64();
        let times = row.loaded.as_ref().map_or(&[][..], |latency| &latency.times);
        let short = times.iter().filter(|&&time| time < interval || time <= 2.0 * idle.0).count();
        // A median between two times says little of either.
        let most = if 3 * short > 2 * times.len() {
            "most round trips".to_owned()
        } else {
            format!("{short} of {} round trips", times.len())
        };
        let found = match effect {
            Effect::Usual => ": the convoy effect".to_owned(),
            Effect::Rare => format!(
                ": no convoy effect in {most}; but {slowest}, {} alone, as those do that \
                 wait for the GIL",
                time(idle.1)
            ),
            Effect::Beyond => {
                ": slower, and by so many times the switch interval that the wait for it does not explain that".to_owned()
            }
            Effect::Slower if without.is_empty() => {
                ": slower, but by less than a switch interval, so no convoy effect".to_owned()
            }
            Effect::Slower => {
                format!(": slower, but no convoy effect{}", without.replacen(", and", ", for", 1))
            }
            Effect::Tail => format!(
                ": no convoy effect in most round trips; but {slowest}, {} alone{without}",
                time(idle.1)
            ),
            Effect::Absent if longest.1 > 10.0 * longest.0 => format!(
                ": no convoy effect in ninety-nine of a hundred round trips; the longest took {}, {} alone{without}",
                time(longest.1),
                time(longest.0)
            ),
            Effect::Absent => format!(": no convoy effect was seen{without}"),
        };
        format!("{}: {medians}{found}.", name(row))
    }
}

/// For so many switch intervals a worker may wait, for each that computes. What takes longer waits for something else, too: with an
/// interval of a microsecond, for a CPU.
const MOST_INTERVALS: u32 = 20;

/// More sentences than these nobody reads.
const MOST_SENTENCES: usize = 8;

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

/// What beside computing workers became of the round trips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// The median one waited for the GIL.
    Usual,
    /// A few in a hundred did.
    Rare,
    /// They took longer, but did not wait for the GIL so long.
    Slower,
    /// They took longer by many switch intervals.
    Beyond,
    /// Most took no longer, but a few in a hundred did, for another reason than a wait of a switch interval.
    Tail,
    /// They took no longer.
    Absent,
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
            text.push('\n');
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

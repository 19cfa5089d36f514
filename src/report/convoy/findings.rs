//! What the figures of a convoy show, in sentences, and why.

use super::{ConvoyReport, name};
use crate::python::version::SWITCH_INTERVAL;
use crate::report::document::Document;
use crate::report::words::time;
use crate::scenario::convoy::{ConvoyRow, Latency, Passing};

/// For so many switch intervals a worker may wait, for each that computes. What takes longer waits for something else, too: with an
/// interval of a microsecond, for a CPU.
const MOST_INTERVALS: u32 = 20;

/// More sentences than these nobody reads.
const MOST_SENTENCES: usize = 8;

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

/// How many round trips took a switch interval or longer, alone and beside computing workers.
fn slow(row: &ConvoyRow) -> [usize; 2] {
    let interval = row.beside.switch_interval.as_secs_f64();
    [&row.idle, &row.loaded].map(|latency| {
        latency.as_ref().map_or(0, |it| it.times.iter().filter(|&&time| time >= interval).count())
    })
}

/// Whether a few round trips may have waited for the GIL, though too few to be among the slowest in a hundred.
fn is_few(row: &ConvoyRow) -> bool {
    let [alone, beside] = slow(row);
    row.hand_off == Some(Passing::Interval) && beside > alone
}

impl ConvoyReport {
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
        // Who comes back within the interval has not asked for the GIL, so nobody had it.
        let escaped = seen.iter().any(|&(row, effect)| {
            row.hand_off == Some(Passing::Interval) && matches!(effect, Effect::Absent | Effect::Tail)
        });
        if escaped && !explained(Passing::Interval) {
            let mostly = if seen.iter().any(|(row, _)| is_few(row)) { "mostly " } else { "" };
            notes.push(format!(
                "why: under a GIL the worker has to wait where a computing worker has taken it meanwhile. Here it {mostly}had it back before \
                 one had woken up and taken it: a computing worker that sleeps keeps nobody waiting. With more round trips (--pings) that \
                 is less likely."
            ));
        }
        if explained(Passing::Interval) {
            let rare = seen.iter().all(|(_, effect)| *effect != Effect::Usual);
            let most = if rare {
                " Most round trips had it back before a computing worker had woken up and taken it."
            } else if escaped {
                " Where none was seen, the round trips had it back before a computing worker had woken up and taken it."
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
            Effect::Absent if is_few(row) => {
                let [alone, beside] = slow(row);
                format!(
                    ": no convoy effect in ninety-nine of a hundred round trips; but {beside} of {} took a switch interval or longer, the \
                     longest {}; {alone} alone",
                    times.len(),
                    time(longest.1)
                )
            }
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

//! The data of a timeline.

use crate::report::numbers::{self, plural};
use crate::system::clock::Span;
use crate::system::holds::Holds;

/// What some workers did, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// What it is of.
    pub title: String,
    /// What its numbers are.
    pub unit: Unit,
    /// A track for each worker.
    pub tracks: Vec<Track>,
    /// Where the lock went from one worker to another, in their order.
    pub hand_offs: Vec<HandOff>,
    /// From when on it is known what the workers did.
    pub begin: u64,
    /// When it ends.
    pub end: u64,
    /// How many times the lock was held before what was kept.
    pub left_out: u64,
}

/// What the numbers of a timeline are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds since the first worker began.
    Nanoseconds,
    /// Steps of a schedule.
    Steps,
}

/// What a worker did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Track {
    /// The worker's name.
    pub name: String,
    /// Stretches in their order, none of which overlap.
    pub slices: Vec<Slice>,
    /// When it asked the holder of the lock to let go.
    pub asks: Vec<u64>,
}

/// A stretch in which a worker did one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// What.
    pub doing: Doing,
    /// From when.
    pub start: u64,
    /// Until when.
    pub end: u64,
}

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doing {
    /// It holds the lock.
    Holds,
    /// It waits for the lock.
    Waits,
    /// It is between its start and its end, where there is no lock; it may wait for a CPU.
    Runs,
}

impl Doing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Holds, Self::Waits, Self::Runs];

    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Waits => "waits",
            Self::Runs => "at work",
        }
    }

    /// In a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Holds => "holds the lock",
            Self::Waits => "waits for the lock",
            Self::Runs => "is at work",
        }
    }
}

/// The lock went from one worker to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandOff {
    /// Who let go of it.
    pub from: usize,
    /// When.
    pub released: u64,
    /// Who took it.
    pub to: usize,
    /// When.
    pub taken: u64,
    /// Whether the first was asked to let go.
    pub forced: bool,
}

impl Timeline {
    /// Of a lock's holds, by workers of these names.
    #[must_use]
    pub fn of_holds(title: String, names: Vec<String>, spans: &[Span], holds: &Holds) -> Self {
        let starts = spans.iter().map(|span| span.start);
        let begun = holds.kept.iter().map(|hold| hold.waited_since.unwrap_or(hold.taken));
        let origin = starts.chain(begun).min().unwrap_or(0);
        let since = |time: u64| time.saturating_sub(origin);
        let mut tracks: Vec<Track> =
            names.into_iter().map(|name| Track { name, ..Track::default() }).collect();
        for hold in &holds.kept {
            let Some(track) = tracks.get_mut(hold.worker) else { continue };
            let waits = hold.waited_since.map(|start| (Doing::Waits, start, hold.taken));
            for (doing, start, end) in waits.into_iter().chain([(Doing::Holds, hold.taken, hold.released)]) {
                track.slices.push(Slice { doing, start: since(start), end: since(end) });
            }
            track.asks.extend(hold.requested.map(since));
        }
        let pairs = holds.kept.windows(2).filter(|pair| pair[0].worker != pair[1].worker);
        let hand_offs = pairs.map(|pair| HandOff {
            from: pair[0].worker,
            released: since(pair[0].released),
            to: pair[1].worker,
            taken: since(pair[1].taken),
            forced: pair[0].forced,
        });
        let ends = spans.iter().map(|span| span.end).chain(holds.kept.iter().map(|hold| hold.released));
        let first = holds.kept.first().filter(|_| holds.left_out > 0);
        Self {
            title,
            unit: Unit::Nanoseconds,
            hand_offs: hand_offs.collect(),
            begin: first.map_or(0, |hold| since(hold.taken)),
            end: since(ends.max().unwrap_or(origin)),
            left_out: holds.left_out,
            tracks,
        }
    }

    /// Of workers without a lock, each of which runs from its start to its end.
    #[must_use]
    pub fn of_spans(title: String, spans: &[Span]) -> Self {
        let origin = spans.iter().map(|span| span.start).min().unwrap_or(0);
        let since = |time: u64| time.saturating_sub(origin);
        let track = |(number, span): (usize, &Span)| Track {
            name: worker(number),
            slices: vec![Slice { doing: Doing::Runs, start: since(span.start), end: since(span.end) }],
            asks: Vec::new(),
        };
        Self {
            title,
            unit: Unit::Nanoseconds,
            tracks: spans.iter().enumerate().map(track).collect(),
            hand_offs: Vec::new(),
            begin: 0,
            end: since(spans.iter().map(|span| span.end).max().unwrap_or(origin)),
            left_out: 0,
        }
    }

    /// Of a schedule: runs of steps, each by one worker.
    #[must_use]
    pub fn of_steps(title: String, names: Vec<String>, runs: &[(usize, u64)]) -> Self {
        let mut tracks: Vec<Track> =
            names.into_iter().map(|name| Track { name, ..Track::default() }).collect();
        let mut end = 0;
        for &(worker, steps) in runs {
            let start = end;
            end = start + steps;
            if let Some(track) = tracks.get_mut(worker) {
                track.slices.push(Slice { doing: Doing::Runs, start, end });
            }
        }
        Self { title, unit: Unit::Steps, tracks, hand_offs: Vec::new(), begin: 0, end, left_out: 0 }
    }

    /// What it does not show, in a sentence.
    #[must_use]
    pub fn missing(&self) -> Option<String> {
        (self.left_out > 0).then(|| {
            let times = usize::try_from(self.left_out).unwrap_or(usize::MAX);
            format!(
                "what was held is known from {} on: the lock was held {} before, which was counted and not kept",
                self.place(self.begin),
                plural(times, "time")
            )
        })
    }

    /// What any of its workers does.
    pub(super) fn doings(&self) -> impl Iterator<Item = Doing> + '_ {
        let does = |doing: Doing| self.slices().any(|slice| slice.doing == doing);
        Doing::ALL.into_iter().filter(move |&doing| does(doing))
    }

    pub(super) fn slices(&self) -> impl Iterator<Item = &Slice> {
        self.tracks.iter().flat_map(|track| &track.slices)
    }

    /// A place in words.
    pub(super) fn place(&self, at: u64) -> String {
        match self.unit {
            #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
            Unit::Nanoseconds => numbers::time(at as f64 * 1e-9),
            Unit::Steps => format!("step {at}"),
        }
    }
}

/// The name of a worker.
#[must_use]
pub fn worker(number: usize) -> String {
    format!("worker {}", number + 1)
}

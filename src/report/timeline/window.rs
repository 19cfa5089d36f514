//! Which part of a timeline is drawn.

use super::data::{Doing, Timeline};
use crate::count;
use std::ops::Range;
use std::str::FromStr;

/// Which part of a timeline is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Window {
    /// Its end, of which so many columns can show the hand-offs.
    #[default]
    Last,
    /// The part of that length in which the lock is handed on most often.
    Densest,
    /// From one time to another, in nanoseconds since the first worker began; or steps.
    Between(u64, u64),
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "last" => return Ok(Self::Last),
            "densest" => return Ok(Self::Densest),
            _ => {}
        }
        let (from, to) =
            text.split_once("..").ok_or("use last, densest, or a part of the run such as 10ms..20ms")?;
        let time = |text: &str| {
            if text == "0" {
                return Ok(0);
            }
            let nanoseconds = count::parse_interval(text)?.as_nanos();
            u64::try_from(nanoseconds).map_err(|error| error.to_string())
        };
        let (from, to) = (time(from)?, time(to)?);
        if from < to { Ok(Self::Between(from, to)) } else { Err("the part ends before it begins".to_owned()) }
    }
}

impl Window {
    /// Whether it begins where the timeline has ended.
    pub(super) fn is_beyond(self, timeline: &Timeline) -> bool {
        matches!(self, Self::Between(from, _) if from >= timeline.end)
    }

    /// Whether it ends before it is known what the workers did.
    pub(super) fn is_before(self, timeline: &Timeline) -> bool {
        matches!(self, Self::Between(_, to) if to <= timeline.begin)
    }

    /// The part of this timeline, of which everything is known and in which so many columns show what happens.
    pub(super) fn of(self, timeline: &Timeline, columns: u64) -> Range<u64> {
        let end = timeline.end.max(1);
        let begin = timeline.begin.min(end - 1);
        let length = length(timeline, columns).clamp(1, end - begin);
        match self {
            Self::Last => end - length..end,
            Self::Densest => {
                let start = densest(timeline, length).clamp(begin, end - length);
                start..start + length
            }
            Self::Between(..) if self.is_beyond(timeline) || self.is_before(timeline) => {
                Self::Last.of(timeline, columns)
            }
            Self::Between(from, to) => {
                let start = from.clamp(begin, end - 1);
                start..to.clamp(start + 1, end)
            }
        }
    }
}

/// How much of a timeline so many columns can show: a turn, from one hand-off to the next, takes four of them on the
/// average, however often the lock is taken in it. Where nothing is handed on it is all that is known.
fn length(timeline: &Timeline, columns: u64) -> u64 {
    const COLUMNS_OF_A_TURN: u128 = 4;
    let known = timeline.end - timeline.begin.min(timeline.end);
    let turns = timeline.hand_offs.len() as u128 + 1;
    let shown = (u128::from(columns) / COLUMNS_OF_A_TURN).clamp(1, turns);
    u64::try_from((u128::from(known) * shown).div_ceil(turns)).unwrap_or(known)
}

/// How long a hold is that is neither long nor short.
pub(super) fn middle_hold(timeline: &Timeline) -> Option<u64> {
    let holds = timeline.slices().filter(|slice| slice.doing == Doing::Holds);
    let mut lengths: Vec<u64> = holds.map(|slice| slice.end - slice.start).collect();
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied()
}

/// Where the stretch of this length begins that has most hand-offs, with as much before the first of them as after the last.
fn densest(timeline: &Timeline, length: u64) -> u64 {
    let hand_offs = &timeline.hand_offs;
    let (mut first, mut best, mut most) = (0, timeline.end.saturating_sub(length), 0);
    for (last, hand_off) in hand_offs.iter().enumerate() {
        let span = |first: usize| hand_off.taken.saturating_sub(hand_offs[first].released);
        while first < last && span(first) > length {
            first += 1;
        }
        if last - first + 1 > most && span(first) <= length {
            let around = (length - span(first)) / 2;
            (most, best) = (last - first + 1, hand_offs[first].released.saturating_sub(around));
        }
    }
    best
}

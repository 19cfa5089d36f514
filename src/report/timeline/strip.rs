//! A timeline on a terminal: a line for each worker, a column for each stretch of time.

use super::data::{Doing, Slice, Timeline};
use super::window::{Window, middle_hold};
use crate::report::chart::terminal::Screen;
use crate::report::layout::{bold, paragraph, styled};
use anstyle::{AnsiColor, Style};
use std::fmt::Write;
use std::ops::Range;

/// The most workers that are drawn.
const MOST_TRACKS: usize = 32;
/// The least columns for a track.
const LEAST: usize = 10;

/// How a column looks.
const fn mark(doing: Option<Doing>, unicode: bool) -> char {
    match (doing, unicode) {
        (None, _) => ' ',
        (Some(Doing::Holds | Doing::Runs), true) => '█',
        (Some(Doing::Holds | Doing::Runs), false) => '#',
        (Some(Doing::Waits), true) => '░',
        (Some(Doing::Waits), false) => '.',
    }
}

fn colour(doing: Option<Doing>) -> Style {
    match doing {
        Some(Doing::Holds | Doing::Runs) => AnsiColor::Green.on_default(),
        Some(Doing::Waits) => AnsiColor::Yellow.on_default(),
        None => Style::new(),
    }
}

/// Draws a part of a timeline, with colour codes.
#[must_use]
pub fn render(timeline: &Timeline, window: Window, screen: Screen) -> String {
    let width = Some(screen.width);
    let names = timeline.tracks.iter().take(MOST_TRACKS).map(|track| track.name.len()).max().unwrap_or(0);
    let columns = screen.width.saturating_sub(names + 2).max(LEAST);
    let part = window.of(timeline, columns as u64);
    let lines = |text: &str| paragraph(text, width).trim_end().to_owned() + "\n";
    let mut text = lines(&bold(&timeline.title));
    let whole = if part == (0..timeline.end) {
        "all of it".to_owned()
    } else {
        let [start, end, whole] = [part.start, part.end, timeline.end].map(|at| timeline.place(at));
        // A short part of a long run has ends that look the same.
        if start == end {
            format!("{} of {whole}, up to {end}", timeline.place(part.end - part.start))
        } else {
            format!("{start} to {end} of {whole}")
        }
    };
    let beyond = if window.is_beyond(timeline) {
        "; the run ended before the part that was asked for"
    } else if window.is_before(timeline) {
        "; nothing is known of the part that was asked for"
    } else {
        ""
    };
    let left_out = timeline.missing().map_or_else(String::new, |missing| format!("; {missing}"));
    text += &lines(&format!("({whole}{left_out}{beyond})"));
    for track in timeline.tracks.iter().take(MOST_TRACKS) {
        let asks = |column: &Range<u64>| {
            let at = track.asks.partition_point(|&ask| ask < column.start);
            track.asks.get(at).is_some_and(|ask| column.contains(ask))
        };
        let cells: Vec<(char, Style)> = (0..columns)
            .map(|column| {
                let stretch = stretch(&part, column, columns);
                let doing = mostly(&track.slices, &stretch);
                let mark = if asks(&stretch) { 'a' } else { mark(doing, screen.unicode) };
                (mark, colour(doing))
            })
            .collect();
        let _ = write!(text, "{:names$}  ", track.name);
        text += drawn(&cells).trim_end();
        text.push('\n');
    }
    if timeline.tracks.len() > MOST_TRACKS {
        text += &lines(&format!("and {} workers more", timeline.tracks.len() - MOST_TRACKS));
    }
    let mut legend: Vec<String> = timeline
        .doings()
        .map(|doing| format!("{} {}", mark(Some(doing), screen.unicode), doing.meaning()))
        .collect();
    let lock = timeline.doings().any(|doing| doing == Doing::Holds);
    let column = (part.end - part.start) / columns as u64;
    let blank = match middle_hold(timeline).filter(|_| lock) {
        None => "blank: not at work",
        // Workers that hold the lock in every column may do so for the least of each.
        Some(hold) if column > hold => "blank: neither for most of the time",
        Some(_) => "blank: neither",
    };
    legend.push(blank.to_owned());
    if timeline.tracks.iter().any(|track| !track.asks.is_empty()) {
        legend.push("a asks for it".to_owned());
    }
    text + &paragraph(&legend.join("   "), width)
}

/// The stretch that a column stands for.
fn stretch(part: &Range<u64>, column: usize, columns: usize) -> Range<u64> {
    let length = u128::from(part.end - part.start);
    let edge = |column: usize| {
        part.start + u64::try_from(length * column as u128 / columns as u128).unwrap_or(u64::MAX)
    };
    let start = edge(column);
    start..edge(column + 1).max(start + 1)
}

/// What is done for most of a stretch; nothing where that is nothing.
fn mostly(slices: &[Slice], stretch: &Range<u64>) -> Option<Doing> {
    let first = slices.partition_point(|slice| slice.end <= stretch.start);
    let within = slices[first..].iter().take_while(|slice| slice.start < stretch.end);
    let mut times = Doing::ALL.map(|doing| (0, Some(doing)));
    for slice in within {
        let time = slice.end.min(stretch.end) - slice.start.max(stretch.start);
        if let Some(sum) = times.iter_mut().find(|(_, doing)| *doing == Some(slice.doing)) {
            sum.0 += time;
        }
    }
    let idle = (stretch.end - stretch.start).saturating_sub(times.iter().map(|(time, _)| time).sum());
    // Of equals what comes first: to hold the lock, then to wait for it.
    times.into_iter().chain([(idle, None)]).rev().max_by_key(|&(time, _)| time).and_then(|(_, doing)| doing)
}

/// The cells with their colours, those alike together.
fn drawn(cells: &[(char, Style)]) -> String {
    let mut text = String::new();
    for run in cells.chunk_by(|one, next| one.1 == next.1) {
        let marks: String = run.iter().map(|(mark, _)| *mark).collect();
        let style = run[0].1;
        if style == Style::new() { text += &marks } else { text += &styled(&marks, style) }
    }
    text
}

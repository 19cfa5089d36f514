//! Charts for a terminal, in block characters, or in plain ones where there are no others.

use super::{Chart, Kind, Point, Standing};
use crate::report::layout::{bold, paragraph, styled, trimmed};
use anstyle::AnsiColor;
use textwrap::core::display_width;

/// The least room for bars beside their names and values; with less they stand below them.
const LEAST_BAR: usize = 12;
/// The least columns for lines; with less they show nothing.
const LEAST_LINES: usize = 40;
/// How many rows lines take.
const ROWS: usize = 12;

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Its columns.
    pub width: usize,
    /// Whether it shows more than ASCII.
    pub unicode: bool,
}

/// Draws a chart, with colour codes; nothing where there is no room for it.
#[must_use]
pub fn render(chart: &Chart, screen: Screen) -> String {
    let drawn = match &chart.kind {
        Kind::Bars => bars(chart, screen),
        Kind::Lines { over } if screen.width >= LEAST_LINES => lines(chart, over, screen),
        Kind::Lines { .. } => return String::new(),
    };
    let width = Some(screen.width);
    let title = paragraph(&bold(&plain(&chart.title, screen)), width);
    title + &trimmed(&drawn) + "\n" + &paragraph(&plain(&format!("({})", chart.note), screen), width)
}

/// A text in ASCII where there is nothing else.
fn plain(text: &str, screen: Screen) -> String {
    if screen.unicode {
        text.to_owned()
    } else {
        text.replace('±', "+/-").chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
    }
}

/// What a bar consists of.
const fn block(standing: Option<Standing>, unicode: bool) -> char {
    match (standing, unicode) {
        (Some(Standing::Lost), true) => '░',
        (Some(Standing::Lost), false) => '/',
        (Some(Standing::Lucky), true) => '▒',
        (Some(Standing::Lucky), false) => '=',
        (Some(Standing::Exact) | None, true) => '█',
        (Some(Standing::Exact) | None, false) => '#',
    }
}

const fn colour(standing: Option<Standing>) -> AnsiColor {
    match standing {
        Some(Standing::Exact) => AnsiColor::Green,
        Some(Standing::Lucky) => AnsiColor::Yellow,
        Some(Standing::Lost) => AnsiColor::Red,
        None => AnsiColor::Blue,
    }
}

fn said(chart: &Chart, point: &Point, screen: Screen) -> String {
    let value = chart.values.unit.words(point.value);
    match point.standing {
        Some(standing) if screen.unicode => format!("{value} {} {}", standing.mark(), standing.word()),
        Some(standing) => format!("{value} {}", standing.word()),
        None => value,
    }
}

fn bars(chart: &Chart, screen: Screen) -> String {
    let widest = |of: &dyn Fn(&Point) -> String| {
        chart.points().map(|point| display_width(&of(point))).max().unwrap_or(0)
    };
    let names = widest(&|point| plain(&point.label, screen));
    let values = widest(&|point| said(chart, point, screen));
    let beside = screen.width >= names + values + 3 + LEAST_BAR;
    let room = if beside { screen.width - names - values - 3 } else { screen.width.saturating_sub(2) };
    let scale = super::Scale::from_zero(chart.points().map(|point| point.value).fold(0.0, f64::max));
    let mut text = String::new();
    for point in chart.points() {
        let filled = cells(scale.place(point.value), room).max(1);
        let bar = block(point.standing, screen.unicode).to_string().repeat(filled);
        let bar = styled(&bar, colour(point.standing).on_default());
        let name = plain(&point.label, screen);
        let said = said(chart, point, screen);
        if beside {
            let blanks = " ".repeat(names - display_width(&name) + 2);
            text.extend([&*name, &blanks, &bar, " ", &said, "\n"]);
        } else {
            let name = paragraph(&format!("{name}: {said}"), Some(screen.width));
            text.extend([name.trim_end(), "\n  ", &bar, "\n"]);
        }
    }
    text
}

/// How many of so many cells a share of them is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share from 0 to 1 of the columns of a terminal"
)]
fn cells(share: f64, all: usize) -> usize {
    (share * all as f64).round() as usize
}

/// A plot of characters, or of the eight dots of each braille character.
struct Plot {
    unicode: bool,
    columns: usize,
    dots: Vec<u8>,
    letters: Vec<Option<(char, AnsiColor)>>,
}

impl Plot {
    fn new(columns: usize, unicode: bool) -> Self {
        Self { unicode, columns, dots: vec![0; columns * ROWS], letters: vec![None; columns * ROWS] }
    }

    /// How many dots there are across and down in a character.
    const fn fineness(&self) -> [usize; 2] {
        if self.unicode { [2, 4] } else { [1, 1] }
    }

    /// Where a place from 0 to 1 lies, in dots.
    fn dot(&self, [x, y]: [f64; 2]) -> [usize; 2] {
        let [across, down] = self.fineness();
        [cells(x, self.columns * across - 1), cells(1.0 - y, ROWS * down - 1)]
    }

    fn line(&mut self, from: [f64; 2], to: [f64; 2]) {
        let steps = self.columns * 4;
        for step in 0..=steps {
            #[expect(clippy::cast_precision_loss, reason = "steps of a line on a terminal")]
            let share = step as f64 / steps as f64;
            let place = [0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * share);
            let [x, y] = self.dot(place);
            let [across, down] = self.fineness();
            let bit = if self.unicode { BRAILLE[y % down][x % across] } else { 1 };
            self.dots[y / down * self.columns + x / across] |= bit;
        }
    }

    fn letter(&mut self, place: [f64; 2], letter: char, colour: AnsiColor) {
        let [x, y] = self.dot(place);
        let [across, down] = self.fineness();
        let here = &mut self.letters[y / down * self.columns + x / across];
        *here = Some(if here.is_some() { ('*', AnsiColor::White) } else { (letter, colour) });
    }

    fn row(&self, row: usize) -> String {
        let places = row * self.columns..(row + 1) * self.columns;
        places
            .map(|at| match (self.letters[at], self.dots[at]) {
                (Some((letter, colour)), _) => styled(&letter.to_string(), colour.on_default()),
                (None, 0) => " ".to_owned(),
                (None, dots) if self.unicode => {
                    char::from_u32(0x2800 + u32::from(dots)).unwrap_or('.').to_string()
                }
                (None, _) => ".".to_owned(),
            })
            .collect()
    }
}

/// The bits of a braille character's dots: four rows of two.
const BRAILLE: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// The colours of lines, in turn; letters tell them apart as well.
const COLOURS: [AnsiColor; 6] = [
    AnsiColor::Blue,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Cyan,
    AnsiColor::White,
];

/// The letter of a line: a small one where the result is wrong.
fn letter(number: usize, standing: Option<Standing>) -> char {
    let letter = u32::try_from(number % 26).ok().and_then(|it| char::from_u32(u32::from('A') + it));
    let letter = letter.unwrap_or('?');
    if standing == Some(Standing::Lost) { letter.to_ascii_lowercase() } else { letter }
}

fn lines(chart: &Chart, over: &str, screen: Screen) -> String {
    let (values, overs) = (chart.value_scale(), chart.over_scale());
    let ticks: Vec<(usize, String)> = values
        .ticks()
        .into_iter()
        .map(|tick| (cells(1.0 - values.place(tick), ROWS - 1), chart.values.unit.words(tick)))
        .collect();
    let margin = ticks.iter().map(|(_, words)| display_width(words)).max().unwrap_or(0) + 2;
    let mut plot = Plot::new(screen.width.saturating_sub(margin + 1).max(8), screen.unicode);
    let place = |point: &Point| [overs.place(point.over), values.place(point.value)];
    for (number, series) in chart.series.iter().enumerate() {
        for pair in series.points.windows(2) {
            plot.line(place(&pair[0]), place(&pair[1]));
        }
        for point in &series.points {
            plot.letter(place(point), letter(number, point.standing), COLOURS[number % COLOURS.len()]);
        }
    }
    let (corner, side, floor) = if screen.unicode { ("└", "│", "─") } else { ("+", "|", "-") };
    let mut text = format!("{}\n", chart.values.label);
    for row in 0..ROWS {
        let tick = ticks.iter().find(|(at, _)| *at == row).map_or("", |(_, words)| words);
        text.extend([&right(tick, margin - 2), " ", side, &plot.row(row), "\n"]);
    }
    text.extend([&right("", margin - 2), " ", corner, &floor.repeat(plot.columns), "\n"]);
    text.extend([&right("", margin), &*below(chart, &plot), "\n\n"]);
    let over =
        format!("{over}: {}", if overs.is_logarithmic() { "logarithmic scale" } else { "linear scale" });
    text += &paragraph(&over, Some(screen.width)).replace("\n\n", "\n");
    for (number, series) in chart.series.iter().enumerate() {
        let all = series.points.iter().all(|point| point.standing == Some(Standing::Lost));
        let all = all.then_some(Standing::Lost);
        let wrong: Vec<&str> = series
            .points
            .iter()
            .filter(|point| point.standing == Some(Standing::Lost))
            .map(|point| point.label.as_str())
            .collect();
        let wrong = match wrong.len() {
            0 => String::new(),
            _ if all.is_some() => " (wrong)".to_owned(),
            _ => format!(" (wrong at {}: small letter)", wrong.join(", ")),
        };
        let name = format!("{}  {}{wrong}", letter(number, all), plain(&series.name, screen));
        text += &styled(&name, COLOURS[number % COLOURS.len()].on_default());
        text.push('\n');
    }
    if plot.letters.iter().flatten().any(|(letter, _)| *letter == '*') {
        text += "*  several of them\n";
    }
    text
}

/// A text at the right end of so many columns.
fn right(text: &str, columns: usize) -> String {
    format!("{text:>columns$}")
}

/// The numbers below the lines, as far as there is room.
fn below(chart: &Chart, plot: &Plot) -> String {
    let overs = chart.over_scale();
    let mut points = chart.points_in_order();
    points.dedup_by(|a, b| a.label == b.label);
    let mut text = String::new();
    for point in points {
        let at = cells(overs.place(point.over), plot.columns - 1);
        let start = (at + 1).saturating_sub(point.label.len().div_ceil(2));
        if start >= text.len() && (text.is_empty() || start > text.len()) {
            text += &" ".repeat(start - text.len());
            text += &point.label;
        }
    }
    text
}

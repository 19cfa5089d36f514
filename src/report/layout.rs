//! How tables and paragraphs are laid out, for every kind of report.
//!
//! On a terminal nothing is wider than it: paragraphs and columns of words are broken at blanks, and a table that would
//! still be too wide, or hard to read, becomes a block of lines for each row. No word, number or time is broken; one
//! that is wider than the terminal stands on a line of its own. In a file or a pipe (no width) no line is broken.

use anstream::adapter::strip_str;
use anstyle::{AnsiColor, Style as Colour};
use tabled::builder::Builder;
use tabled::settings::formatting::AlignmentStrategy;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Modify, Padding, Style};
use textwrap::core::display_width;
use textwrap::{Options, WordSplitter};

/// A cell on more lines than this is hard to read.
const MOST_LINES: usize = 3;
/// Blanks between two columns.
const GAP: usize = 2;
/// Blanks before a label and its value.
const INDENT: usize = 2;
/// The least room for values beside their labels; with less, or too little for a word, they stand below them.
const LEAST_ROOM: usize = 20;
/// What stands behind a number and belongs to it.
const UNITS: [&str; 6] = ["s", "ms", "us", "ns", "%", "MiB"];
/// Holds a number and its unit together while lines are broken.
const NO_BREAK: char = '\u{a0}';

/// A table with a header: the first column to the left, the others to the right unless they are named.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    /// What stands above it.
    pub title: String,
    /// The columns' names.
    pub header: Vec<String>,
    /// The rows' cells.
    pub rows: Vec<Vec<Cell>>,
    /// Columns of words, which stand to the left and may be broken at blanks; the first one may in any case.
    pub words: Vec<usize>,
}

/// What stands in a place of a table.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    pub(super) text: String,
    pub(super) colour: Option<AnsiColor>,
    /// What it opens on a page: the name of a [`Fold`](super::part::Fold).
    pub(super) opens: Option<String>,
}

impl Cell {
    /// A text in a colour.
    #[must_use]
    pub const fn coloured(text: String, colour: AnsiColor) -> Self {
        Self { text, colour: Some(colour), opens: None }
    }

    /// The same cell, which opens what is folded up under this name.
    #[must_use]
    pub(super) fn opening(self, id: String) -> Self {
        Self { opens: Some(id), ..self }
    }

    /// The lines of a text in this cell's colour.
    fn painted(&self, lines: &[String]) -> String {
        let Some(colour) = self.colour else { return lines.join("\n") };
        let lines: Vec<String> = lines.iter().map(|line| styled(line, colour.on_default())).collect();
        lines.join("\n")
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), colour: None, opens: None }
    }
}

impl Grid {
    /// With the title above it, for a terminal of so many columns, or for a file or a pipe.
    #[must_use]
    pub fn table(&self, width: Option<usize>) -> String {
        self.laid_out(width, false)
    }

    /// The same for a table whose columns after the first all answer one question: where its rows become blocks, each
    /// answer is named once, with the columns that give it.
    #[must_use]
    pub fn matrix(&self, width: Option<usize>) -> String {
        self.laid_out(width, true)
    }

    fn laid_out(&self, width: Option<usize>, matrix: bool) -> String {
        let title = if self.title.is_empty() { String::new() } else { paragraph(&bold(&self.title), width) };
        title
            + &match width.map(|width| (width, self.widths(width))) {
                Some((width, None)) => self.blocks(width, matrix),
                Some((_, Some(widths))) => self.columns(|column| widths.get(column).copied()),
                None => self.columns(|_| None),
            }
    }

    /// Whether the rows stand side by side there, not below each other.
    #[must_use]
    pub fn fits(&self, width: Option<usize>) -> bool {
        width.is_none_or(|width| self.widths(width).is_some())
    }

    /// How wide each column is on a terminal; nothing when the rows have to become blocks.
    fn widths(&self, width: usize) -> Option<Vec<usize>> {
        let (mut widths, least): (Vec<usize>, Vec<usize>) =
            (0..self.header.len()).map(|column| self.column_width(column)).unzip();
        let gaps = GAP * widths.len().saturating_sub(1);
        for _ in width..widths.iter().sum::<usize>() + gaps {
            let narrower = widths.iter_mut().zip(&least).filter(|(width, least)| **width > **least);
            let (widest, _) = narrower.max_by_key(|(width, _)| **width)?;
            *widest -= 1;
        }
        Some(widths)
    }

    /// How wide a column is with each cell on as few lines as it has, and the least that can be read.
    fn column_width(&self, column: usize) -> (usize, usize) {
        let name = self.header.get(column).map_or("", String::as_str);
        let cells = || self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.as_str());
        let widest = cells().map(widest_line).max().unwrap_or(0);
        let least = if column == 0 || self.words.contains(&column) {
            cells().map(widest_word).max().unwrap_or(0).max(widest.div_ceil(MOST_LINES))
        } else {
            widest
        };
        (widest.max(widest_line(name)), least.max(widest_word(name)))
    }

    /// The rows side by side, each column as wide as is said.
    fn columns(&self, width: impl Fn(usize) -> Option<usize>) -> String {
        let mut builder = Builder::new();
        let header = self.header.iter().enumerate();
        builder.push_record(header.map(|(column, name)| broken(name, width(column)).join("\n")));
        for row in &self.rows {
            let cells = row.iter().enumerate();
            builder.push_record(cells.map(|(column, cell)| cell.painted(&broken(&cell.text, width(column)))));
        }
        let mut table = builder.build();
        table
            .with(Style::empty())
            .with(Padding::new(0, GAP, 0, 0))
            .with(AlignmentStrategy::PerLine)
            .with(Modify::new(Columns::last()).with(Padding::zero()))
            .with(Modify::new(Columns::new(1..)).with(Alignment::right()));
        for &column in &self.words {
            table.with(Modify::new(Columns::one(column)).with(Alignment::left()));
        }
        trimmed(&table.to_string())
    }

    /// The rows below each other, each a block of lines. What is empty is left out.
    fn blocks(&self, width: usize, matrix: bool) -> String {
        let mut blocks = Vec::new();
        for row in &self.rows {
            let Some((first, others)) = row.split_first() else { continue };
            let labels = self.header.iter().map(String::as_str);
            let mut named: Vec<(String, String)> = Vec::new();
            for (label, cell) in labels.skip(1).zip(others).filter(|(_, cell)| !cell.text.is_empty()) {
                let text = cell.painted(std::slice::from_ref(&cell.text));
                match named.iter_mut().find(|(answer, _)| *answer == text) {
                    Some((_, columns)) if matrix => {
                        columns.push_str(", ");
                        columns.push_str(label);
                    }
                    _ if matrix => named.push((text, label.to_owned())),
                    _ => named.push((label.to_owned(), text)),
                }
            }
            let name = self.header.first().map_or("", String::as_str);
            // A row without a name belongs to the one before it, and the first one to all.
            let heading = match first.text.as_str() {
                "" if !blocks.is_empty() => String::new(),
                text => [name, text].join(" ").trim().to_owned(),
            };
            let heading = match heading.as_str() {
                "" => heading,
                _ => broken(&heading, Some(width)).join("\n") + "\n",
            };
            blocks.push(heading + &lines(named, Some(width)));
        }
        blocks.join("\n")
    }

    /// With the title above it, in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut builder = Builder::new();
        builder.push_record(&self.header);
        for row in &self.rows {
            builder.push_record(row.iter().map(|cell| cell.text.replace('|', "\\|")));
        }
        let table = builder.build().with(Style::markdown()).to_string();
        if self.title.is_empty() { table } else { format!("{}\n\n{table}", self.title) }
    }
}

/// Lines of a label and a value, for a terminal, a file or a pipe.
#[must_use]
pub fn lines(lines: impl IntoIterator<Item = (String, String)>, width: Option<usize>) -> String {
    let lines: Vec<(String, String)> = lines.into_iter().collect();
    let labels = lines.iter().map(|(label, _)| display_width(label)).max().unwrap_or(0);
    let margin = INDENT + labels + GAP;
    let least = lines.iter().map(|(_, value)| widest_word(value)).max().unwrap_or(0).max(LEAST_ROOM);
    let beside = width.is_none_or(|width| width >= margin + least);
    let mut text = String::new();
    for (label, value) in &lines {
        if beside {
            let room = width.map(|width| width - margin);
            let mut label = label.clone() + &blanks(labels - display_width(label));
            for line in broken(value, room) {
                text += &[&blanks(INDENT), label.as_str(), &blanks(GAP), &line, "\n"].concat();
                label = blanks(labels);
            }
        } else {
            let room = |indent: usize| width.map(|width| width.saturating_sub(indent).max(1));
            for line in broken(label, room(INDENT)) {
                text += &[&blanks(INDENT), line.as_str(), "\n"].concat();
            }
            for line in broken(value, room(2 * INDENT)) {
                text += &[&blanks(2 * INDENT), line.as_str(), "\n"].concat();
            }
        }
    }
    trimmed(&text)
}

/// A paragraph with an empty line behind it, broken to the terminal's width.
#[must_use]
pub fn paragraph(text: &str, width: Option<usize>) -> String {
    broken(text, width).join("\n") + "\n\n"
}

/// Ends a text with an empty line, if it does not have one.
pub fn blank_line(text: &mut String) {
    if !text.ends_with("\n\n") {
        text.push('\n');
    }
}

/// Ends a text with exactly one line end.
pub fn finish(text: &mut String) {
    text.truncate(text.trim_end().len());
    text.push('\n');
}

/// The lines of a text, broken at blanks where they are wider than is said.
pub(super) fn broken(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return text.split('\n').map(str::to_owned).collect() };
    let options = Options::new(width).break_words(false).word_splitter(WordSplitter::NoHyphenation);
    let glued = glued(text);
    let lines = textwrap::wrap(&glued, options).into_iter();
    lines.map(|line| line.replace(NO_BREAK, " ")).collect()
}

/// With the blank between a number and its unit made one at which no line is broken.
fn glued(text: &str) -> String {
    let mut glued = String::with_capacity(text.len());
    let (mut number, mut sign) = (false, false);
    for word in text.split_inclusive(' ') {
        let name = strip_str(word).to_string();
        let name = name.trim_end_matches([' ', ',', ';', '.', ')']);
        if (number && UNITS.contains(&name) || sign) && glued.ends_with(' ') {
            glued.pop();
            glued.push(NO_BREAK);
        }
        number = name.ends_with(|last: char| last.is_ascii_digit());
        sign = name == "±";
        glued.push_str(word);
    }
    glued
}

/// So many blanks.
fn blanks(number: usize) -> String {
    " ".repeat(number)
}

/// How wide a text is with each line whole.
fn widest_line(text: &str) -> usize {
    text.split('\n').map(display_width).max().unwrap_or(0)
}

/// How wide the widest part of a text is that is not broken.
fn widest_word(text: &str) -> usize {
    glued(text).split([' ', '\n']).map(display_width).max().unwrap_or(0)
}

/// Without spaces at the ends of lines, and with a line end.
#[must_use]
pub fn trimmed(text: &str) -> String {
    text.lines().fold(String::with_capacity(text.len()), |all, line| all + line.trim_end() + "\n")
}

/// In bold.
#[must_use]
pub fn bold(text: &str) -> String {
    styled(text, Colour::new().bold())
}

/// In a style, with the codes that begin and end it.
#[must_use]
pub fn styled(text: &str, style: Colour) -> String {
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Words, numbers and times, as reports have them; one to several of them in a cell.
    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z:=+(){}.é語-]{1,14}",
            "-?[1-9][0-9]{0,25}",
            "[1-9][0-9]{0,2}(,[0-9]{3}){0,4}",
            "[1-9]\\.[0-9]{2} (ms|us|s|ns|%)",
        ]
    }

    fn text(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
        prop::collection::vec(piece(), pieces).prop_map(|pieces| pieces.join(" "))
    }

    fn grid() -> impl Strategy<Value = Grid> {
        (1..9_usize, 1..5_usize).prop_flat_map(|(columns, rows)| {
            let header = prop::collection::vec(text(1..4), columns);
            let cell = (text(1..9), any::<bool>()).prop_map(|(text, coloured)| {
                if coloured { Cell::coloured(text, AnsiColor::Red) } else { Cell::from(text) }
            });
            let rows = prop::collection::vec(prop::collection::vec(cell, columns), rows);
            let words = prop::sample::subsequence((0..columns).collect::<Vec<_>>(), 0..=columns);
            (text(0..9), header, rows, words).prop_map(|(title, header, rows, words)| Grid {
                title,
                header,
                rows,
                words,
            })
        })
    }

    /// How often each word stands in texts.
    fn words<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
        let mut words = BTreeMap::new();
        for word in texts.into_iter().flat_map(str::split_whitespace) {
            *words.entry(word).or_default() += 1;
        }
        words
    }

    /// That all of the texts stand there, with no word broken, no number parted from its unit, and no line too wide.
    fn holds<'a>(
        shown: &str,
        width: Option<usize>,
        texts: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Result<(), TestCaseError> {
        let found = words([shown]);
        for (word, times) in words(texts.clone()) {
            let shown_times = found.get(word).copied().unwrap_or(0);
            prop_assert!(shown_times >= times, "{word} stands {shown_times} times, not {times}, in\n{shown}");
        }
        for text in texts {
            let glued = glued(text);
            for part in glued.split(' ').filter(|part| part.contains(NO_BREAK)) {
                prop_assert!(shown.contains(&part.replace(NO_BREAK, " ")), "{part} is broken in\n{shown}");
            }
        }
        for line in shown.lines() {
            let one_word = !glued(line.trim()).contains(' ');
            let fits = width.is_none_or(|width| display_width(line) <= width);
            prop_assert!(fits || one_word, "{line:?} is wider than {width:?}");
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn a_table_loses_and_breaks_nothing_and_is_no_wider_than_the_terminal(
            grid in grid(),
            width in prop::option::weighted(0.9, 20..200_usize),
        ) {
            let shown = strip_str(&grid.table(width)).to_string();
            let cells = || grid.rows.iter().flatten().map(|cell| cell.text.as_str());
            holds(&shown, width, cells().chain([grid.title.as_str()]))?;
            for name in &grid.header {
                holds(&shown, width, [name.as_str()])?;
            }
        }

        #[test]
        fn a_matrix_names_each_answer_of_a_row_once(grid in grid(), width in 20..200_usize) {
            let shown = strip_str(&grid.matrix(Some(width))).to_string();
            for text in grid.rows.iter().flatten().map(|cell| cell.text.as_str()).chain(grid.header.iter().map(String::as_str)) {
                holds(&shown, Some(width), [text])?;
            }
        }

        #[test]
        fn lines_and_paragraphs_lose_and_break_nothing(
            pairs in prop::collection::vec((text(1..3), text(1..15)), 1..6),
            width in prop::option::weighted(0.9, 20..200_usize),
        ) {
            let shown = lines(pairs.clone(), width);
            holds(&shown, width, pairs.iter().flat_map(|(label, value)| [label.as_str(), value.as_str()]))?;
            for (_, value) in &pairs {
                holds(&paragraph(value, width), width, [value.as_str()])?;
            }
        }
    }

    fn outcome_grid() -> Grid {
        Grid {
            title: String::new(),
            header: ["scenario", "actual", "ns/update"].map(str::to_owned).to_vec(),
            rows: vec![vec!["race".into(), "49999500000".into(), "10.6".into()]],
            words: Vec::new(),
        }
    }

    #[test]
    fn rows_without_room_become_blocks() {
        assert_eq!(
            outcome_grid().table(Some(40)),
            "scenario       actual  ns/update\nrace      49999500000       10.6\n"
        );
        assert_eq!(
            outcome_grid().table(Some(24)),
            "scenario race\n  actual\n    49999500000\n  ns/update\n    10.6\n"
        );
    }

    #[test]
    fn a_first_block_without_a_name_has_that_of_all() {
        let rows = ["", "race", ""].map(|name| vec![name.into(), "49999500000".into(), "10.6".into()]);
        let blocks = Grid { rows: rows.to_vec(), ..outcome_grid() }.table(Some(24));
        let is_heading = |line: &&str| !line.is_empty() && !line.starts_with(' ');
        let headings: Vec<&str> = blocks.lines().filter(is_heading).collect();
        assert_eq!(headings, ["scenario", "scenario race"]);
    }

    #[test]
    fn what_is_not_for_a_terminal_is_not_broken() {
        let grid = Grid { rows: vec![vec!["word ".repeat(80).trim_end().into()]], ..outcome_grid() };
        assert_eq!(grid.table(None).lines().count(), 2);
        assert_eq!(paragraph(&"word ".repeat(80), None).lines().count(), 2);
    }

    #[test]
    fn a_block_of_a_matrix_names_each_answer_once() {
        let grid = Grid {
            title: String::new(),
            header: ["body", "version 2.7", "version 3.9", "version 3.13"].map(str::to_owned).to_vec(),
            rows: vec![["x += d", "loses", "loses", "exact"].map(Cell::from).to_vec()],
            words: vec![1, 2, 3],
        };
        assert_eq!(
            grid.matrix(Some(30)).lines().map(str::trim).collect::<Vec<_>>(),
            ["body x += d", "loses  version 2.7, version", "3.9", "exact  version 3.13"]
        );
    }
}

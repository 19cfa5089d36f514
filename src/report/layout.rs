//! How tables and paragraphs are laid out, for every kind of report.

use anstyle::{AnsiColor, Style as Colour};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::peaker::PriorityMax;
use tabled::settings::{Alignment, Modify, Padding, Style, Width};

/// A table with a header: the first column to the left, the others to the right unless they are named.
#[derive(Debug, Clone, Default)]
pub struct Grid {
    /// What stands above it.
    pub title: String,
    /// The columns' names.
    pub header: Vec<String>,
    /// The rows' cells.
    pub rows: Vec<Vec<Cell>>,
    /// Columns of words, which stand to the left.
    pub words: Vec<usize>,
}

/// What stands in a place of a table.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    colour: Option<AnsiColor>,
}

impl Cell {
    /// A text in a colour.
    #[must_use]
    pub const fn coloured(text: String, colour: AnsiColor) -> Self {
        Self { text, colour: Some(colour) }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), colour: None }
    }
}

impl Grid {
    /// With the title above it, for a terminal.
    #[must_use]
    pub fn table(&self, width: Option<usize>) -> String {
        let mut builder = Builder::new();
        builder.push_record(&self.header);
        for row in &self.rows {
            builder.push_record(row.iter().map(|cell| {
                cell.colour
                    .map_or_else(|| cell.text.clone(), |colour| styled(&cell.text, colour.on_default()))
            }));
        }
        let mut table = builder.build();
        table
            .with(Style::empty())
            .with(Padding::new(0, 2, 0, 0))
            .with(Modify::new(Columns::last()).with(Padding::zero()))
            .with(Modify::new(Columns::new(1..)).with(Alignment::right()));
        for &column in &self.words {
            table.with(Modify::new(Columns::one(column)).with(Alignment::left()));
        }
        fit(&mut table, width);
        let title = if self.title.is_empty() { String::new() } else { paragraph(&bold(&self.title), width) };
        title + &trimmed(&table.to_string())
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

/// Lines of a label and a value, for a terminal.
#[must_use]
pub fn lines(lines: impl IntoIterator<Item = (String, String)>, width: Option<usize>) -> String {
    let mut builder = Builder::new();
    for (label, value) in lines {
        builder.push_record([format!("{label}  "), value]);
    }
    let mut table = builder.build();
    table.with(Style::empty()).with(Padding::new(2, 0, 0, 0));
    fit(&mut table, width);
    trimmed(&table.to_string())
}

/// A paragraph with an empty line behind it, broken to the terminal's width.
#[must_use]
pub fn paragraph(text: &str, width: Option<usize>) -> String {
    let lines = width.map_or_else(|| text.to_owned(), |width| textwrap::fill(text, width));
    lines + "\n\n"
}

/// Ends a text with exactly one line end.
pub fn finish(text: &mut String) {
    text.truncate(text.trim_end().len());
    text.push('\n');
}

/// Makes a table no wider than the terminal, at the expense of its widest columns.
fn fit(table: &mut tabled::Table, width: Option<usize>) {
    if let Some(width) = width {
        table.with(Width::wrap(width).priority(PriorityMax::right()).keep_words(true));
    }
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

//! What a report consists of, for the forms that have tables and texts: Markdown and the page.

use super::layout::Grid;

/// A part of a report, in the order of the report.
#[derive(Debug, Clone)]
pub enum Part {
    /// A sentence or several.
    Text(String),
    /// A command line to copy.
    Command(String),
    /// A table, with its title.
    Table(Grid),
    /// What a cell of a table opens on a page; the other forms leave it out.
    Fold(Fold),
}

/// Parts that stand on a page folded up until somebody opens them.
#[derive(Debug, Clone)]
pub struct Fold {
    /// What the cells that lead here name; unique in a report.
    pub id: String,
    /// What stands there while it is folded.
    pub summary: String,
    /// What is in it.
    pub parts: Vec<Part>,
}

impl From<String> for Part {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Grid> for Part {
    fn from(grid: Grid) -> Self {
        Self::Table(grid)
    }
}

/// Each text as a part.
pub(super) fn texts(texts: impl IntoIterator<Item = String>) -> impl Iterator<Item = Part> {
    texts.into_iter().map(Part::Text)
}

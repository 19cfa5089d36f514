//! Source text: places in it, and what may be wrong with it.

use std::fmt;

use thiserror::Error;

/// Which text a position is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The loop body.
    Body,
    /// The module-level definitions.
    Setup,
    /// The expression that is looked at in the end.
    Result,
    /// A whole program.
    File,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Body => "body",
            Self::Setup => "setup",
            Self::Result => "result",
            Self::File => "file",
        })
    }
}

/// Where something stands in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// Which text.
    pub source: Source,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// First byte.
    pub start: u32,
    /// The byte behind the last.
    pub end: u32,
}

/// A position with the line of source that it is in; shown with a caret under the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where.
    pub position: Position,
    /// The line of source, whole.
    pub text: String,
}

impl Place {
    /// Where a text begins.
    pub(crate) fn beginning(source: Source, text: &str) -> Self {
        Self::new(text, Position { source, line: 1, column: 1, start: 0, end: 0 })
    }

    pub(crate) fn new(source: &str, position: Position) -> Self {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        Self {
            position,
            text: source.split('\n').nth(line.saturating_sub(1)).unwrap_or("").trim_end().to_owned(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { source, line, column, .. } = self.position;
        let before = usize::try_from(column).unwrap_or(1).saturating_sub(1);
        // Tabs stay tabs, so that the caret stands where the eye expects it.
        let indent: String =
            self.text.chars().take(before).map(|letter| if letter == '\t' { '\t' } else { ' ' }).collect();
        writeln!(f, "{source}, line {line}, column {column}")?;
        writeln!(f, "  {}", self.text)?;
        write!(f, "  {indent}^")
    }
}

/// What is wrong with a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceErrorKind {
    /// Not Python by Python 3's grammar, by which sources are read for all versions.
    NotPython3,
    /// Not Python, or not that version's.
    NotPython,
    /// Python, but beyond the model.
    NotCovered,
    /// There is nothing to run.
    Empty,
}

impl fmt::Display for SourceErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPython3 => "not python 3",
            Self::NotPython => "not python",
            Self::NotCovered => "not covered",
            Self::Empty => "nothing to run",
        })
    }
}

/// A source that is not taken, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{kind}: {message}\n{place}")]
pub struct SourceError {
    /// What kind of error.
    pub kind: SourceErrorKind,
    /// What is wrong and what to do.
    pub message: String,
    /// Where.
    pub place: Place,
}

/// Why there is no program.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ProgramError {
    /// The body or setup is not taken.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There are more locks than fit the shared state.
    #[error("the setup has more than 31 locks: use fewer")]
    TooManyLocks,
}

//! Why a command line is not carried out, and how that is said: clap's refusals become messages for people here.

use crate::report;
use crate::report::output;
use crate::session::Ending;
use clap::error::ErrorKind;
use std::io::Write;

/// What is wrong with a command line, in words that say what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(String);

impl UsageError {
    /// The mistake in these words.
    pub(super) fn new(mistake: impl Into<String>) -> Self {
        Self(mistake.into())
    }
}

/// Why a command line is not carried out. Texts of clap's carry its colours.
#[derive(Debug)]
pub enum Refusal {
    /// Help or the version was asked for: this text.
    Help(String),
    /// No command was named; the text says which there are.
    NoCommand(String),
    /// There is a mistake in it.
    Usage(UsageError),
}

impl Refusal {
    /// What clap refuses, or the help that it has written; `meant` is what the writer of the line may have meant.
    pub(super) fn from_clap(error: &clap::Error, meant: Option<String>) -> Self {
        let text = || error.render().ansi().to_string();
        if !error.use_stderr() {
            return Self::Help(text());
        }
        match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Self::NoCommand(text()),
            _ => Self::Usage(UsageError::new(meant.unwrap_or_else(|| one_line(error)))),
        }
    }

    /// Prints the help that was asked for, or the mistake in one line.
    ///
    /// # Errors
    ///
    /// When help cannot be written to standard output. A mistake has no other place to be told.
    pub fn print(&self) -> Result<(), report::Error> {
        match self {
            Self::Help(text) => {
                output::check_standard_output()?;
                output::write(&mut anstream::stdout().lock(), text)
            }
            Self::NoCommand(text) => {
                let _ = write!(anstream::stderr(), "{text}");
                Ok(())
            }
            Self::Usage(error) => {
                let _ = writeln!(anstream::stderr(), "error: {error}");
                Ok(())
            }
        }
    }

    /// What is wrong, in one line unless it shows a place in a body; nothing when help is shown.
    #[must_use]
    pub fn mistake(&self) -> Option<String> {
        match self {
            Self::Help(_) | Self::NoCommand(_) => None,
            Self::Usage(error) => Some(format!("error: {error}")),
        }
    }

    /// How the invocation ends.
    #[must_use]
    pub const fn ending(&self) -> Ending {
        match self {
            Self::Help(_) => Ending::Ran,
            Self::NoCommand(_) | Self::Usage(_) => Ending::WrongUsage,
        }
    }
}

impl From<UsageError> for Refusal {
    fn from(error: UsageError) -> Self {
        Self::Usage(error)
    }
}

/// clap's message without the word `error` before it and the usage after it, its lines joined.
fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .collect();
    let line = lines.join("; ").replace("arguments were not provided:; ", "arguments were not provided: ");
    line.strip_prefix("error: ").unwrap_or(&line).to_owned()
}

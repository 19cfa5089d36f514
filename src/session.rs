//! One invocation: runs what was asked for, writes the reports, and says how it ended.

use crate::control::Control;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::report::export::{Export, Format};
use crate::report::{Report, Row};
use crate::runner::{self, Case, Rounds};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is to be measured and where the report goes.
pub struct Session {
    /// The cases, in the order of each round.
    pub cases: Vec<Case<'static>>,
    /// How often they run.
    pub rounds: Rounds,
    /// Whether the report sets cases side by side.
    pub comparison: bool,
    /// What the result must be for the exit code to be 0.
    pub expect: Option<Expectation>,
    /// The form on standard output.
    pub format: Format,
    /// Files to write besides; `-` is standard output.
    pub exports: Vec<PathBuf>,
    /// Whether to print nothing but the result.
    pub quiet: bool,
}

/// What a script may expect of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expectation {
    /// Every run is right.
    Exact,
    /// At least one run is wrong.
    Lost,
}

impl crate::choice::Choice for Expectation {
    const ALL: &'static [Self] = &[Self::Exact, Self::Lost];

    fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Lost => "lost",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Exact => "exit with 3 unless every run is right",
            Self::Lost => "exit with 3 unless at least one run loses updates",
        }
    }
}

/// How an invocation ended, as its exit code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Ending {
    /// It ran.
    Ran = 0,
    /// It could not run.
    CouldNotRun = 1,
    /// The command line was wrong.
    WrongUsage = 2,
    /// An exact scenario lost an update, or the result was not what `--expect` said.
    PromiseBroken = 3,
}

impl Ending {
    /// The ending that an error leads to.
    #[must_use]
    pub const fn of(error: &Error) -> Self {
        if matches!(error, Error::Usage(_)) { Self::WrongUsage } else { Self::CouldNotRun }
    }
}

impl Session {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// When an export cannot be written (known before any work is done), a scenario cannot run, or standard
    /// output cannot be written.
    pub fn run(self) -> Result<Ending> {
        let (to_stdout, files): (Vec<_>, Vec<_>) =
            self.exports.iter().partition(|path| *path == Path::new("-"));
        let exports = files.into_iter().map(|path| Export::prepare(path)).collect::<Result<Vec<_>>>()?;

        let control = Arc::new(Control::default());
        let progress = Progress::follow(&self.cases, &control);
        let outcome = runner::run(&self.cases, self.rounds, &control, |event| progress.note(&event));
        drop(progress);
        let report = Report::new(&self.cases, &outcome?, self.comparison);

        for export in exports {
            export.write(&report)?;
        }
        if to_stdout.is_empty() {
            self.print(&report, &mut anstream::stdout().lock(), width(&io::stdout()))?;
        } else {
            // Two reports on one stream could not be told apart, so this one gives way.
            self.print(&report, &mut anstream::stderr().lock(), width(&io::stderr()))?;
            write(&mut io::stdout().lock(), &Format::Json.render(&report, None).map_err(Error::Output)?)?;
        }
        Ok(self.ending(&report))
    }

    fn print(&self, report: &Report, output: &mut impl Write, width: Option<usize>) -> Result<()> {
        let text = if self.quiet {
            report.measured().fold(String::new(), |text, row| text + &self.value(row))
        } else {
            self.format.render(report, width).map_err(Error::Output)?
        };
        write(output, &text)
    }

    fn value(&self, row: &Row) -> String {
        let name = if self.comparison { format!("{} ", row.scenario) } else { String::new() };
        format!("{name}{}\n", row.summary.actual)
    }

    fn ending(&self, report: &Report) -> Ending {
        let met = match self.expect {
            None => true,
            Some(Expectation::Exact) => !report.lost(),
            Some(Expectation::Lost) => report.lost(),
        };
        if met && !report.broken() { Ending::Ran } else { Ending::PromiseBroken }
    }
}

/// Writes a text whole. A reader that has seen enough and gone away (`| head -1`) is no error.
///
/// # Errors
///
/// [`Error::Output`] when the text could not be written for any other reason.
pub fn write(output: &mut impl Write, text: &str) -> Result<()> {
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
}

/// The columns of a terminal; nothing for a file or a pipe, which take lines of any length.
fn width(stream: &(impl IsTerminal + std::os::fd::AsFd)) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    terminal_size::terminal_size_of(stream).map(|(width, _)| usize::from(width.0).max(20))
}

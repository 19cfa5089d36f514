//! Where a document goes: standard output in one form, files in others.

use super::chart::terminal::{self, Screen};
use super::document::Document;
use super::error::{Error, Result};
use super::export::{Charts, Export, Format};
use super::timeline::{Window, strip};
use crate::choice::Choice;
use crate::system::{shell, standard_output};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Where a document is to go.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The form on standard output.
    pub format: Format,
    /// Files to write besides; `-` is standard output.
    pub exports: Vec<PathBuf>,
    /// Whether to print nothing but the result.
    pub quiet: bool,
    /// Whether to draw charts below the table.
    pub chart: When,
    /// Where timelines go, if they are wanted.
    pub timeline: Option<TimelineTo>,
}

/// Where timelines go.
#[derive(Debug, Clone)]
pub struct TimelineTo {
    /// A file; nothing for below the table.
    pub file: Option<PathBuf>,
    /// Which part is drawn.
    pub window: Window,
}

/// When charts are drawn below the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum When {
    /// Of lines, on a terminal that is wide enough.
    #[default]
    Auto,
    /// Whatever there is, wherever it goes.
    Always,
    /// Not at all.
    Never,
}

impl Choice for When {
    const ALL: &'static [Self] = &[Self::Auto, Self::Always, Self::Never];

    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Auto => "lines over a number, on a terminal of 60 columns or more",
            Self::Always => "in a pipe, too",
            Self::Never => "no chart",
        }
    }
}

/// The least columns of a terminal on which charts are drawn by themselves.
const LEAST_COLUMNS: usize = 60;
/// How wide charts are that go to a file or a pipe.
const COLUMNS: usize = 80;

/// A destination that can be written to.
#[derive(Debug)]
pub struct Output {
    format: Format,
    exports: Vec<Export>,
    quiet: bool,
    chart: When,
    /// Whether a timeline is drawn below the table.
    strip: bool,
    /// The part of a timeline that is drawn.
    window: Window,
    json_on_stdout: bool,
}

impl Destination {
    /// Whether the raw values of the runs go anywhere, so that others can be held against them.
    #[must_use]
    pub fn has_raw_values(&self) -> bool {
        let json = |path: &PathBuf| {
            path == Path::new("-") || Format::of_path(path).is_ok_and(|form| form == Format::Json)
        };
        self.format == Format::Json || self.exports.iter().any(json)
    }

    /// Makes ready, so that what cannot be written is known before any work is done.
    ///
    /// # Errors
    ///
    /// When standard output is closed, an export's ending is unknown, or it cannot be written.
    pub fn open(&self) -> Result<Output> {
        self.open_for(Charts::None)
    }

    /// The same for a document that may have charts.
    ///
    /// # Errors
    ///
    /// As [`Self::open`], and when charts are asked for that there are none of.
    pub fn open_for(&self, charts: Charts) -> Result<Output> {
        check_standard_output()?;
        self.format.check(charts, "--format svg")?;
        if self.chart == When::Always {
            charts.check("--chart always")?;
        }
        let (stdout, files): (Vec<_>, Vec<_>) = self.exports.iter().partition(|path| *path == Path::new("-"));
        let window = self.timeline.as_ref().map(|timeline| timeline.window).unwrap_or_default();
        let mut exports = files
            .into_iter()
            .map(|path| Export::prepare(path, charts, window))
            .collect::<Result<Vec<_>>>()?;
        let mut strip = false;
        if let Some(TimelineTo { file, .. }) = &self.timeline {
            match file {
                Some(file) => exports.push(Export::prepare_timeline(file, window)?),
                None => strip = true,
            }
        }
        Ok(Output {
            format: self.format,
            exports,
            quiet: self.quiet,
            chart: self.chart,
            strip,
            window,
            json_on_stdout: !stdout.is_empty(),
        })
    }
}

impl Output {
    /// Writes the document to all places.
    ///
    /// # Errors
    ///
    /// When one of them cannot be written.
    pub fn deliver(self, document: &dyn Document) -> Result<()> {
        let command = shell::command_line();
        let text = |width| {
            if self.quiet {
                return Ok(document.value());
            }
            let text = self.format.render_part(document, width, &command, self.window)?;
            if self.format != Format::Table {
                return Ok(text);
            }
            let strips = if self.strip { strips(document, self.window, width) } else { String::new() };
            Ok(text + &drawn(document, self.chart, width) + &strips)
        };
        let mut done = Vec::new();
        if self.json_on_stdout {
            // Two reports on one stream could not be told apart, so the other one gives way.
            let text = text(width(&io::stderr())).map_err(Error::Output);
            done.push(text.and_then(|text| write(&mut anstream::stderr().lock(), &text)));
            let json = document.json().map_err(Error::Output);
            done.push(json.and_then(|json| write(&mut io::stdout().lock(), &json)));
        } else {
            let text = text(width(&io::stdout())).map_err(Error::Output);
            done.push(text.and_then(|text| write(&mut anstream::stdout().lock(), &text)));
        }
        if self.quiet {
            // Nobody is left to tell when standard error cannot be written.
            let mut failures = document.failures();
            if document.interrupted() {
                failures.push("interrupted: this is the result of what was finished by then".to_owned());
            }
            let _ = failures.iter().try_for_each(|failure| writeln!(anstream::stderr(), "{failure}"));
        }
        // One place that cannot be written is no reason to leave the others without the report.
        done.extend(self.exports.into_iter().map(|export| export.write(document, &command)));
        done.into_iter().collect()
    }
}

/// The charts that belong below a table of this width; nothing is known of the width of a file or a pipe.
fn drawn(document: &dyn Document, when: When, width: Option<usize>) -> String {
    let screen = Screen { width: width.unwrap_or(COLUMNS), unicode: standard_output::shows_unicode() };
    let wide = width.is_some_and(|width| width >= LEAST_COLUMNS);
    let charts = document.charts().into_iter().filter(|chart| match when {
        When::Always => true,
        When::Auto => wide && chart.is_over_a_number(),
        When::Never => false,
    });
    let charts: String = charts.map(|chart| terminal::render(&chart, screen)).collect();
    if charts.is_empty() { charts } else { format!("\n{}\n", charts.trim_end()) }
}

/// This part of the timelines, as they belong below a table of this width.
fn strips(document: &dyn Document, part: Window, width: Option<usize>) -> String {
    let screen = Screen { width: width.unwrap_or(COLUMNS), unicode: standard_output::shows_unicode() };
    let strips: String =
        document.timelines().iter().map(|timeline| strip::render(timeline, part, screen)).collect();
    if strips.is_empty() { strips } else { format!("\n{}\n", strips.trim_end()) }
}

/// Says on standard error, in a line, why an invocation does not end with 0 though it ran, whatever form its report
/// has.
pub fn say(reason: &str) {
    // Nobody is left to tell when standard error cannot be written.
    let _ = writeln!(anstream::stderr(), "{reason}");
}

/// From now on nothing is coloured: for a process whose standard output looks like a terminal and is passed on by another
/// program, as `mpirun` does.
pub fn without_colours() {
    anstream::ColorChoice::Never.write_global();
}

/// Finds out whether what is printed can arrive anywhere.
///
/// # Errors
///
/// [`Error::Closed`] when the program was started with its standard output closed.
pub fn check_standard_output() -> Result<()> {
    if standard_output::was_closed() { Err(Error::Closed) } else { Ok(()) }
}

/// Writes a text whole. A reader that has seen enough and gone away (`| head -1`) is no error.
///
/// # Errors
///
/// [`Error::Output`] when the text could not be written for any other reason.
pub fn write(output: &mut impl Write, text: &str) -> Result<()> {
    reaches(output, text).map(drop)
}

/// The same; says whether there is still a reader.
///
/// # Errors
///
/// As [`write()`].
pub fn reaches(output: &mut impl Write, text: &str) -> Result<bool> {
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        other => other.map(|()| true).map_err(Error::Output),
    }
}

/// The columns of a terminal; nothing for a file or a pipe, which take lines of any length.
#[must_use]
pub fn width(stream: &(impl IsTerminal + std::os::fd::AsFd)) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    terminal_size::terminal_size_of(stream).map(|(width, _)| usize::from(width.0).max(20))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place where every write fails in one way.
    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_gone_away_is_no_error_but_known() {
        let mut gone = Failing(io::ErrorKind::BrokenPipe);
        assert!(matches!(reaches(&mut gone, "text"), Ok(false)));
        assert!(write(&mut gone, "text").is_ok());
        assert!(matches!(reaches(&mut Vec::new(), "text"), Ok(true)));
        let mut full = Failing(io::ErrorKind::StorageFull);
        assert!(matches!(reaches(&mut full, "text"), Err(Error::Output(_))));
        assert!(matches!(write(&mut full, "text"), Err(Error::Output(_))));
    }
}

//! Where a document goes: standard output in one form, files in others.

use super::document::Document;
use super::error::{Error, Result};
use super::export::{Export, Format};
use crate::system::standard_output;
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
}

/// A destination that can be written to.
#[derive(Debug)]
pub struct Output {
    format: Format,
    exports: Vec<Export>,
    quiet: bool,
    json_on_stdout: bool,
}

impl Destination {
    /// Makes ready, so that what cannot be written is known before any work is done.
    ///
    /// # Errors
    ///
    /// When standard output is closed, an export's ending is unknown, or it cannot be written.
    pub fn open(&self) -> Result<Output> {
        check_standard_output()?;
        let (stdout, files): (Vec<_>, Vec<_>) = self.exports.iter().partition(|path| *path == Path::new("-"));
        let exports = files.into_iter().map(|path| Export::prepare(path)).collect::<Result<Vec<_>>>()?;
        Ok(Output { format: self.format, exports, quiet: self.quiet, json_on_stdout: !stdout.is_empty() })
    }
}

impl Output {
    /// Writes the document to all places.
    ///
    /// # Errors
    ///
    /// When one of them cannot be written.
    pub fn deliver(self, document: &dyn Document) -> Result<()> {
        let text =
            |width| if self.quiet { Ok(document.value()) } else { self.format.render(document, width) };
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
        done.extend(self.exports.into_iter().map(|export| export.write(document)));
        done.into_iter().collect()
    }
}

/// Says on standard error, in a line, why an invocation does not end with 0 though it ran, whatever form its report
/// has.
pub fn say(reason: &str) {
    // Nobody is left to tell when standard error cannot be written.
    let _ = writeln!(anstream::stderr(), "{reason}");
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
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
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

//! Where reports go besides standard output: files that are written whole or not at all.

use super::chart::svg;
use super::document::Document;
use super::error::{Error, Result};
use super::page;
use super::timeline::{Window, picture, trace};
use crate::choice::Choice;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::iter;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Table,
    /// For scripts.
    Json,
    /// For spreadsheets.
    Csv,
    /// For pages.
    Markdown,
    /// For a browser.
    Html,
    /// For the eye.
    Svg,
}

impl Choice for Format {
    const ALL: &'static [Self] = &[Self::Table, Self::Json, Self::Csv, Self::Markdown, Self::Html, Self::Svg];

    fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Svg => "svg",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Table => "for people",
            Self::Json => "the whole report, every run's raw values included",
            Self::Csv => "a line for each row",
            Self::Markdown => "for pasting into a page",
            Self::Html => "one page for a browser, with tables, charts and the JSON",
            Self::Svg => "the charts alone, where there are any",
        }
    }
}

/// What stands behind the last point of a file's name, in lower case.
fn ending(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

impl Format {
    /// The form that a file's ending stands for.
    ///
    /// # Errors
    ///
    /// Says which endings there are.
    pub fn of_path(path: &Path) -> Result<Self> {
        match ending(path).as_deref() {
            Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            Some("md" | "markdown") => Ok(Self::Markdown),
            Some("txt") => Ok(Self::Table),
            Some("html" | "htm") => Ok(Self::Html),
            Some("svg") => Ok(Self::Svg),
            _ => Err(Error::Format(format!(
                "the form of the export {} is not clear from its ending; use .json, .csv, .md, .txt, .html or .svg",
                path.display()
            ))),
        }
    }

    /// Refuses the form of charts for a document that has none.
    ///
    /// # Errors
    ///
    /// Says which documents have charts.
    pub(super) fn check(self, charts: Charts, asked: &str) -> Result<()> {
        if self == Self::Svg { charts.check(asked) } else { Ok(()) }
    }

    /// Writes a document in this form; the table's form has colour codes and fits the width, and a page names the
    /// command that made it.
    ///
    /// # Errors
    ///
    /// When a document cannot be put in this form.
    pub fn render(self, document: &dyn Document, width: Option<usize>, command: &str) -> io::Result<String> {
        self.render_part(document, width, command, Window::default())
    }

    /// The same, with this part of timelines where they are drawn.
    pub(super) fn render_part(
        self,
        document: &dyn Document,
        width: Option<usize>,
        command: &str,
        window: Window,
    ) -> io::Result<String> {
        match self {
            Self::Table => Ok(document.table(width)),
            Self::Json => document.json(),
            Self::Csv => document.csv(),
            Self::Markdown => Ok(document.markdown()),
            Self::Html => page::render(document, command, window),
            Self::Svg => Ok(svg::file(&document.charts())),
        }
    }
}

/// Whether the document of a command has charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charts {
    /// It has one or several.
    Some,
    /// It would have one if several things were measured.
    OfSeveral,
    /// It has none.
    None,
}

impl Charts {
    /// Refuses charts that were asked for where there are none.
    ///
    /// # Errors
    ///
    /// Says why there are none, and which documents have charts.
    pub(super) fn check(self, asked: &str) -> Result<()> {
        let asked = asked.to_owned();
        match self {
            Self::Some => Ok(()),
            Self::OfSeveral => Err(Error::OneThing(asked)),
            Self::None => Err(Error::NoChart(asked)),
        }
    }
}

/// An export that can be written: its folder was tried before any work was done.
#[derive(Debug)]
pub struct Export {
    path: PathBuf,
    content: Content,
    target: Target,
}

/// What of a document is written.
#[derive(Debug, Clone, Copy)]
enum Content {
    /// The report, in a form that may draw this part of its timelines.
    Report(Format, Window),
    /// Its timelines as a picture of this part.
    Picture(Window),
    /// Its timelines whole, as trace events.
    Trace,
}

impl Content {
    fn render(self, document: &dyn Document, command: &str) -> io::Result<String> {
        match self {
            Self::Report(format, window) => format.render_part(document, None, command, window),
            Self::Picture(window) => Ok(picture::file(&document.timelines(), window)),
            Self::Trace => Ok(trace::render(&document.timelines())),
        }
    }
}

#[derive(Debug)]
enum Target {
    /// A file, whose place another takes when that one is finished.
    Replace(PathBuf),
    /// Something that cannot be replaced, such as a named pipe.
    InPlace(File),
}

impl Export {
    /// Makes ready to write a report to a file; the window is the part of timelines that a page draws.
    ///
    /// # Errors
    ///
    /// [`Error::Device`], [`Error::Format`] when the ending is unknown, [`Error::Export`] when the file cannot be written.
    pub fn prepare(path: &Path, charts: Charts, window: Window) -> Result<Self> {
        if is_device(path) {
            return Err(Error::Device(path.to_owned()));
        }
        let format = Format::of_path(path)?;
        format.check(charts, &format!("--export {}", path.display()))?;
        Self::at(path, Content::Report(format, window))
    }

    /// Makes ready to write timelines to a file: a picture of a part (`.svg`), or all as trace events (`.json`).
    ///
    /// # Errors
    ///
    /// As [`Self::prepare`].
    pub fn prepare_timeline(path: &Path, window: Window) -> Result<Self> {
        if is_device(path) {
            return Err(Error::Device(path.to_owned()));
        }
        match ending(path).as_deref() {
            Some("svg") => Self::at(path, Content::Picture(window)),
            Some("json") => Self::at(path, Content::Trace),
            _ => Err(Error::Format(format!(
                "the form of the timeline {} is not clear from its ending; use .svg for a picture or .json for trace events",
                path.display()
            ))),
        }
    }

    fn at(path: &Path, content: Content) -> Result<Self> {
        let failed = |source| Error::Export { path: path.to_owned(), source };
        let target = followed(path);
        let target = match fs::metadata(&target) {
            Ok(metadata) if metadata.is_dir() => return Err(failed(io::ErrorKind::IsADirectory.into())),
            Ok(metadata) if !metadata.is_file() => {
                Target::InPlace(OpenOptions::new().write(true).open(&target).map_err(failed)?)
            }
            _ => {
                // Made to see that it can be, and gone again: a run may take long, and be killed.
                beside(&target).map_err(failed)?;
                Target::Replace(target)
            }
        };
        Ok(Self { path: path.to_owned(), content, target })
    }

    /// Writes the report and puts it in its place.
    ///
    /// # Errors
    ///
    /// [`Error::Export`]; what stood there before then still stands.
    pub fn write(self, document: &dyn Document, command: &str) -> Result<()> {
        let Self { path, content, target } = self;
        let failed = |source| Error::Export { path: path.clone(), source };
        let text = content.render(document, command).map_err(failed)?;
        let text = anstream::adapter::strip_str(&text).to_string();
        match target {
            Target::InPlace(mut file) => file.write_all(text.as_bytes()).map_err(failed),
            Target::Replace(target) => {
                let mut file = beside(&target).map_err(failed)?;
                file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
                file.persist(target).map_err(|error| failed(error.error))?;
                Ok(())
            }
        }
    }
}

/// Whether a path leads to a device, or to an open stream of this process, which has no place of its own where a file
/// could be put.
fn is_device(path: &Path) -> bool {
    let device = |kind: fs::FileType| kind.is_char_device() || kind.is_block_device();
    let streams = ["/dev/fd", "/proc/self/fd", "/proc/thread-self/fd"];
    fs::metadata(path).is_ok_and(|metadata| device(metadata.file_type()))
        || hops(path)
            .iter()
            .any(|hop| hop.parent().is_some_and(|folder| streams.iter().any(|it| folder == Path::new(it))))
}

/// The file that a path leads to, so that a link stays one, even where there is nothing at its end yet.
fn followed(path: &Path) -> PathBuf {
    hops(path).pop().unwrap_or_else(|| path.to_owned())
}

/// A path, and where each link on its way leads.
fn hops(path: &Path) -> Vec<PathBuf> {
    /// As many links as Linux follows.
    const MOST_LINKS: usize = 40;
    let next = |path: &PathBuf| {
        let next = fs::read_link(path).ok()?;
        Some(path.parent().map_or(next.clone(), |folder| folder.join(&next)))
    };
    iter::successors(Some(path.to_owned()), next).take(MOST_LINKS + 1).collect()
}

/// A new file in the same folder, with the rights of the one that is there.
fn beside(target: &Path) -> io::Result<NamedTempFile> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    fs::metadata(folder)?;
    let file = tempfile::Builder::new()
        .prefix(".gilsim-")
        .permissions(Permissions::from_mode(0o666)) // less the umask, as for any new file
        .tempfile_in(folder)
        .map_err(without_path)?;
    if let Ok(metadata) = fs::metadata(target) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    Ok(file)
}

/// The system's error alone, without the name of a file that nobody asked for.
fn without_path(error: io::Error) -> io::Error {
    let mut source: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(inner) = source {
        if let Some(code) = inner.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return io::Error::from_raw_os_error(code);
        }
        source = inner.source();
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_names_the_form() {
        assert_eq!(Format::of_path(Path::new("a/b.json")).unwrap(), Format::Json);
        assert_eq!(Format::of_path(Path::new("b.csv")).unwrap(), Format::Csv);
        assert_eq!(Format::of_path(Path::new("b.md")).unwrap(), Format::Markdown);
        assert_eq!(Format::of_path(Path::new("b.svg")).unwrap(), Format::Svg);
        assert_eq!(Format::of_path(Path::new("b.html")).unwrap(), Format::Html);
        assert_eq!(Format::of_path(Path::new("b.txt")).unwrap(), Format::Table);
        for path in ["b", "b.xml", ".json", "json"] {
            assert!(matches!(Format::of_path(Path::new(path)), Err(Error::Format(_))), "{path}");
        }
    }

    #[test]
    fn an_export_that_is_given_up_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "before").unwrap();
        drop(Export::prepare(&path, Charts::None, Window::default()).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_is_known_before_any_work() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing").join("report.json");
        assert!(matches!(
            Export::prepare(&missing, Charts::None, Window::default()),
            Err(Error::Export { .. })
        ));
        let is_folder = folder.path().join("report.csv");
        fs::create_dir(&is_folder).unwrap();
        assert!(matches!(
            Export::prepare(&is_folder, Charts::None, Window::default()),
            Err(Error::Export { .. })
        ));
    }
}

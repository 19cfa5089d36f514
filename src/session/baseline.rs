//! An earlier export that a run is held against.

use super::ending::Ending;
use super::error::{Error, Result};
use crate::report::change::{Changes, Export};
use crate::report::diff::ChangeReport;
use crate::report::document::Header;
use crate::report::export::Format;
use crate::report::output::{self, Destination};
use std::path::{Path, PathBuf};

/// What a run is held against, and when that is to fail.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    /// The export; nothing where a run stands for itself.
    pub file: Option<PathBuf>,
    /// Whether it is held against what was measured otherwise, too.
    pub anyway: bool,
    /// By what share something may become slower for the exit code to be 0.
    pub fail_if_slower: Option<f64>,
}

/// An export that was read.
pub(super) struct Earlier {
    export: Export,
    anyway: bool,
    fail_if_slower: Option<f64>,
}

impl Baseline {
    /// Whether it was given, and nothing of it can be seen: the figures of a row alone are in CSV, in pictures and with
    /// `--quiet`.
    pub(super) fn is_shown_nowhere(&self, destination: &Destination) -> bool {
        let bare = destination.quiet || matches!(destination.format, Format::Csv | Format::Svg);
        self.file.is_some() && self.fail_if_slower.is_none() && destination.exports.is_empty() && bare
    }

    /// Reads the export, if there is one.
    pub(super) fn read(&self) -> Result<Option<Earlier>> {
        let Some(file) = &self.file else { return Ok(None) };
        let export = Export::read(file)?;
        Ok(Some(Earlier { export, anyway: self.anyway, fail_if_slower: self.fail_if_slower }))
    }
}

impl Earlier {
    /// Refuses what was measured otherwise, or not at all; of what is about to be run a report without runs is enough.
    pub(super) fn check(&self, planned: &Export) -> Result<()> {
        let changes = Changes::of(&self.export, planned);
        if changes.changes.is_empty() {
            let names = |names: &[String]| names.join(", ");
            return Err(Error::NothingAlike {
                file: self.export.file.clone(),
                there: names(&changes.only_before),
                here: names(&changes.only_after),
            });
        }
        if self.anyway || changes.differing.is_empty() {
            return Ok(());
        }
        Err(Error::OtherBaseline { file: self.export.file.clone(), differing: changes.differing.join("; ") })
    }

    /// Holds what was measured against it.
    pub(super) fn changes(&self, measured: &Export) -> Changes {
        Changes::of(&self.export, measured)
    }

    /// Says what became too slow, if anything did.
    pub(super) fn judge(&self, changes: &Changes) -> Option<Ending> {
        judge(changes, self.fail_if_slower)
    }
}

fn judge(changes: &Changes, fail_if_slower: Option<f64>) -> Option<Ending> {
    let share = fail_if_slower?;
    let slower = changes.slower_by(share);
    for reason in slower.iter().chain(&changes.undecided_by(share)) {
        output::say(reason);
    }
    (!slower.is_empty()).then_some(Ending::PromiseBroken)
}

/// Two exports to be held against each other.
#[derive(Debug, Clone)]
pub struct Diff {
    /// The earlier one.
    pub before: PathBuf,
    /// The later one.
    pub after: PathBuf,
    /// Whether they are compared although they were measured otherwise.
    pub anyway: bool,
    /// By what share something may become slower for the exit code to be 0.
    pub fail_if_slower: Option<f64>,
}

impl Diff {
    /// Compares them, on so many CPUs, and reports.
    ///
    /// # Errors
    ///
    /// When a file is no export with times, when the two were measured otherwise, or the report cannot be written.
    pub fn run(&self, cpus: usize, destination: &Destination) -> Result<Ending> {
        let output = destination.open()?;
        let read = |path: &Path| Export::read(path);
        let (before, after) = (read(&self.before)?, read(&self.after)?);
        let earlier = Earlier { export: before, anyway: self.anyway, fail_if_slower: self.fail_if_slower };
        earlier.check(&after)?;
        let changes = earlier.changes(&after);
        let ending = earlier.judge(&changes);
        output.deliver(&ChangeReport { header: Header::new(cpus, false), after: after.file, changes })?;
        Ok(ending.unwrap_or(Ending::Ran))
    }
}

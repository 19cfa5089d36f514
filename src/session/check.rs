//! One `gilsim check`: reads the program, tries every schedule of it on each version, and writes the report.

use super::ending::{Ending, Expectation};
use super::error::{Error, Result};
use super::progress::with_spinner;
use crate::choice::Choice;
use crate::python::check::{self, Checked, Kind};
use crate::python::program::LONGEST_PROGRAM;
use crate::python::version::Version;
use crate::report::Header;
use crate::report::check::CheckReport;
use crate::report::output::{self, Destination};
use crate::system::control::Control;
use crate::system::threads;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// The stack of the thread that parses and checks: a grammar is read by recursion.
pub(super) const STACK: usize = 256 << 20;

/// How small loops are at first, and then, when nothing was found and there is time.
const SCOPES: [u32; 2] = [2, 3];

/// Up to here the first scope may have taken for the second to be tried, in milliseconds.
const QUICK: u128 = 300;

/// What is to be checked and where the report goes.
#[derive(Debug)]
pub struct CheckSession {
    /// The program's file.
    pub file: PathBuf,
    /// The versions.
    pub versions: Vec<Version>,
    /// How many iterations long loops are taken to have; `None` for few, and some more where there is time.
    pub scope: Option<u32>,
    /// What must come out for the exit code to be 0.
    pub expect: Option<Expectation>,
    /// How many workers can run at once here.
    pub cpus: usize,
    /// Where the report goes.
    pub destination: Destination,
}

impl CheckSession {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, the program is not covered, or the report cannot be written.
    pub fn run(self, control: &Arc<Control>) -> Result<Ending> {
        let output = self.destination.open()?;
        let pool = threads::pool(1, STACK, |_| ())?;
        let session = Arc::new(self);
        let checking = Arc::clone(&session);
        let found = with_spinner(
            control,
            |found: &Option<(Checked, u32)>| found.is_some(),
            move |control, place, tell| {
                tell(&format!("every schedule of {}", checking.file.display()));
                let checked = pool.install(|| checking.check(control))?;
                *place.lock() = Some(checked);
                Ok::<(), Error>(())
            },
        )?;
        let Some((checked, scope)) = found.finished else {
            return Err(crate::error::Interrupted.into());
        };
        let header = Header::new(session.cpus, found.interrupted);
        let report = CheckReport::new(header, session.file.display().to_string(), scope, &checked);
        output.deliver(&report)?;
        let unmet = session.unmet(&checked);
        if let Some(reason) = &unmet {
            output::say(reason);
        }
        Ok(if unmet.is_none() { Ending::Ran } else { Ending::PromiseBroken })
    }

    fn check(&self, control: &Control) -> Result<(Checked, u32)> {
        let text = read(&self.file)?;
        if let Some(scope) = self.scope {
            return Ok((check::check(&text, &self.versions, scope, control)?, scope));
        }
        let began = Instant::now();
        let first = check::check(&text, &self.versions, SCOPES[0], control)?;
        let found = first.findings.iter().any(|finding| finding.kind != Kind::Exact);
        if found || first.small.is_empty() || began.elapsed().as_millis() > QUICK {
            return Ok((first, SCOPES[0]));
        }
        let second = check::check(&text, &self.versions, SCOPES[1], control)?;
        let complete = second.findings.iter().all(|finding| finding.kind != Kind::Incomplete);
        Ok(if complete { (second, SCOPES[1]) } else { (first, SCOPES[0]) })
    }

    /// What to say when not every version that takes the program is as expected.
    fn unmet(&self, checked: &Checked) -> Option<String> {
        let expected = self.expect?;
        let met = |kind: Kind| match expected {
            Expectation::Exact => kind == Kind::Exact,
            Expectation::Lost => !matches!(kind, Kind::Exact | Kind::Incomplete),
        };
        let taken = checked.findings.iter().filter(|finding| finding.kind != Kind::NotPython);
        let others: Vec<String> = taken
            .filter(|finding| !met(finding.kind))
            .map(|finding| format!("{} is {}", finding.version, finding.kind.word()))
            .collect();
        let (name, others) = (expected.name(), others.join(", "));
        (!others.is_empty()).then(|| format!("--expect {name} is not met: {others}"))
    }
}

/// The text of a file that is not too long to be a program.
pub(super) fn read(path: &Path) -> Result<String> {
    let failed =
        |error: std::io::Error| Error::Unreadable { path: path.to_owned(), reason: error.to_string() };
    let mut bytes = Vec::new();
    let most = LONGEST_PROGRAM as u64 + 1;
    File::open(path).map_err(failed)?.take(most).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > LONGEST_PROGRAM {
        return Err(Error::NoProgram {
            path: path.to_owned(),
            reason: format!("it is longer than {LONGEST_PROGRAM} bytes: give the part that starts threads"),
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| Error::NoProgram {
        path: path.to_owned(),
        reason: "it is not text in UTF-8".to_owned(),
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n"))
}

//! One `gilsim check`: reads the program, tries every schedule of it on each version, and writes the report.

use super::ending::{Ending, Expectation};
use super::error::{Error, Result};
use super::named::{refuse_twice, refuse_unknown};
use super::progress::with_spinner;
use super::real_runs::{RealRuns, of_version};
use crate::choice::Choice;
use crate::explore::{Schedule, StepKind};
use crate::python::check::{self, CheckError, Checked, Finding, Kind, RealThreads, Scope, Turn, Untried};
use crate::python::program::{LONGEST_PROGRAM, SourceError, SourceErrorKind};
use crate::python::version::Version;
use crate::report::Header;
use crate::report::check::{CheckReport, RealRow};
use crate::report::output::{self, Destination};
use crate::scenario::python::{Subject, modelled};
use crate::system::control::Control;
use crate::system::cpus::Cpus;
use crate::system::threads;
use parking_lot::Mutex;
use rayon::ThreadPool;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The most versions that are checked at once: each search may need a quarter of a gigabyte.
const MOST_AT_ONCE: usize = 4;

/// The stack of a thread that parses and checks: a grammar is read by recursion.
pub(super) const STACK: usize = 256 << 20;

/// How small loops are at first, and then, when nothing was found and there is time.
const SCOPES: [u32; 2] = [2, 3];

/// How small they are after that, as long as some line is never run, some test always comes out the same, or a number that was taken as
/// small is no longer larger than one that stayed as it was.
const MORE_SCOPES: [u32; 3] = [4, 6, 10];

/// Up to so many instructions a scope may have taken for the next one to be tried: some tenths of a second.
const QUICK: u64 = 2_000_000;

/// The same where a program differs on some version: there is an answer already.
const AT_ONCE: u64 = 20_000;

/// What is to be checked and where the report goes.
#[derive(Debug)]
pub struct CheckSession {
    /// The program's file.
    pub file: PathBuf,
    /// The versions.
    pub versions: Vec<Version>,
    /// How many iterations long loops are taken to have; `None` for few, and some more where there is time.
    pub scope: Option<u32>,
    /// Whether other numbers are taken as small in the same proportion; otherwise that is tried where it tells more.
    pub in_proportion: bool,
    /// The real interpreters that run it as well.
    pub pythons: Pythons,
    /// How they are asked.
    pub real_runs: RealRuns,
    /// The schedule to carry out instead of trying them all.
    pub schedule: Option<Schedule>,
    /// Whether real threads are to carry out the schedule that is shown.
    pub replay: bool,
    /// Whether it is told by instructions.
    pub steps: bool,
    /// What must come out for the exit code to be 0.
    pub expect: Option<Expectation>,
    /// How many workers can run at once here.
    pub cpus: usize,
    /// Where the report goes.
    pub destination: Destination,
}

/// Which real interpreters run a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pythons {
    /// Those at these paths, or of these names on PATH.
    pub named: Vec<PathBuf>,
    /// Whether those on this machine that are of a version that was asked for do, too.
    pub all: bool,
}

impl Pythons {
    const fn is_empty(&self) -> bool {
        !self.all && self.named.is_empty()
    }

    /// Each that there is, once, and whether it was asked for by name.
    fn subjects(&self, timeout: Duration, control: &Control) -> Vec<(Subject, bool)> {
        let mut subjects: Vec<(Subject, bool)> = Subject::named(&self.named, timeout, control)
            .into_iter()
            .map(|subject| (subject, true))
            .collect();
        if self.all {
            let named = subjects.len();
            let found = Subject::found(control).into_iter();
            let others = found.filter(|it| !subjects[..named].iter().any(|(one, _)| one.is_same(it)));
            let others: Vec<(Subject, bool)> = others.map(|subject| (subject, false)).collect();
            subjects.extend(others);
        }
        subjects
    }
}

/// What was found so far.
#[derive(Debug, Default)]
struct Found {
    /// The findings, and how many iterations long loops were taken to have.
    checked: Option<(Checked, Scope)>,
    real_threads: Option<RealThreads>,
    real: Vec<RealRow>,
    failures: Vec<String>,
}

impl CheckSession {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, the program is not covered, or the report cannot be written.
    pub fn run(self, control: &Arc<Control>) -> Result<Ending> {
        let output = self.destination.open()?;
        let workers = Cpus::detect().usable.min(MOST_AT_ONCE).min(self.versions.len().max(1));
        // Where there is no room for several, one does it all.
        let pool = threads::pool(workers, STACK, |_| ()).or_else(|_| threads::pool(1, STACK, |_| ()))?;
        let session = Arc::new(self);
        let checking = Arc::clone(&session);
        let found = with_spinner(
            control,
            |found: &Found| found.checked.is_some(),
            move |control, place, tell| {
                tell(&format!("every schedule of {}", checking.file.display()));
                refuse_unknown(&checking.pythons.named, control)?;
                refuse_twice(&checking.pythons.named)?;
                let (checked, real_threads) = pool.install(|| checking.find(control))?;
                *place.lock() = Found { checked: Some(checked), real_threads, ..Found::default() };
                checking.run_real(place, control, &pool, tell)
            },
        )
        .map_err(|error| match error {
            // There are no rounds of which the first could be unfinished.
            Error::Interrupted(_) => CheckError::Stopped.into(),
            Error::Check(CheckError::Source(source)) => session.for_old_versions(source).into(),
            error => error,
        })?;
        let Found { checked: Some((checked, scope)), real_threads, real, failures } = found.finished else {
            return Err(CheckError::Stopped.into());
        };
        let header = Header::new(session.cpus, found.interrupted);
        let report =
            CheckReport::new(header, session.file.display().to_string(), scope, &checked, session.steps)
                .with_threads(real_threads.as_ref())
                .with_real(real, failures);
        output.deliver(&report)?;
        let unmet = session.unmet(&checked);
        let differs = real_threads.filter(|real| !real.agrees).map(|real| {
            format!("real threads that carried out the schedule ended otherwise: {}", real.ends.join(" / "))
        });
        differs.iter().chain(&unmet).for_each(|reason| output::say(reason));
        Ok(if unmet.is_some() || differs.is_some() || report.disagreements > 0 {
            Ending::PromiseBroken
        } else if report.failed() {
            Ending::CouldNotRun
        } else {
            Ending::Ran
        })
    }

    /// What is wrong with the program, for somebody who wrote it for 2.7 as well.
    fn for_old_versions(&self, error: SourceError) -> CheckError {
        let message = if error.kind == SourceErrorKind::NotPython3 && self.versions.contains(&Version::V2_7) {
            format!("{}; a program for 2.7 has to be written so that Python 3 reads it, too", error.message)
        } else {
            error.message
        };
        SourceError { message, ..error }.into()
    }

    /// What comes of all schedules or of the one that was given, and of the real threads that carry one out.
    fn find(&self, control: &Control) -> Result<((Checked, Scope), Option<RealThreads>)> {
        let text = read(&self.file)?;
        if let Some(schedule) = &self.schedule {
            let StepKind::Version(version) = schedule.step_kind else { return Err(Error::NotOfAVersion) };
            let turns = schedule.runs().iter().map(|run| Turn::of_letter(run.worker, run.steps));
            let turns: Vec<Turn> = turns.collect();
            let scope = self.scope(self.scope.unwrap_or(SCOPES[0]));
            let played = check::play(&text, version, scope, &turns, self.replay, control)?;
            let checked = Checked { small: played.small, findings: vec![played.finding] };
            return Ok(((checked, scope), played.real));
        }
        let (checked, scope) = self.check(&text, control)?;
        let shown = checked.findings.iter().find(|finding| self.replay && !finding.turns.is_empty());
        let real = match shown {
            Some(finding) => check::play(&text, finding.version, scope, &finding.turns, true, control)?.real,
            None => None,
        };
        Ok(((checked, scope), real))
    }

    /// Runs the file in the real interpreters, one after the other.
    fn run_real(
        &self,
        place: &Mutex<Found>,
        control: &Control,
        pool: &ThreadPool,
        tell: &dyn Fn(&str),
    ) -> Result<()> {
        if self.pythons.is_empty() {
            return Ok(());
        }
        let Some((checked, scope)) = place.lock().checked.clone() else { return Ok(()) };
        let small = !checked.small.is_as_it_stands();
        let all_tried = checked.untried().is_empty();
        let mut findings: Vec<Finding> = checked.findings;
        // What one version alone has not tried is not told: without reserve, exact is held against every run.
        if all_tried {
            for finding in &mut findings {
                finding.untried = Untried::default();
            }
        }
        for (subject, named) in self.pythons.subjects(self.real_runs.timeout, control) {
            let interpreter = match subject.interpreter() {
                Ok(interpreter) => interpreter,
                Err(why) => {
                    // Nobody has asked for a broken one that happens to be there.
                    place.lock().failures.extend(named.then(|| why.to_owned()));
                    continue;
                }
            };
            let version = modelled(interpreter);
            if let Some(version) = version
                && of_version(&findings, Some(version)).is_none()
            {
                if !named {
                    continue;
                }
                let text = read(&self.file)?;
                findings.extend(pool.install(|| check::check(&text, &[version], scope, control))?.findings);
            }
            tell(&format!("{} in Python {}", self.file.display(), interpreter.label()));
            let finding = of_version(&findings, version);
            let row = self.real_runs.row(&self.file, interpreter, finding, small, control);
            if control.stopped() {
                return Err(crate::error::Interrupted.into());
            }
            place.lock().real.push(row);
        }
        if control.stopped() {
            return Err(crate::error::Interrupted.into());
        }
        let mut found = place.lock();
        if self.pythons.all && found.real.is_empty() {
            found.failures.push("no interpreter of these versions is on PATH or among pyenv's".to_owned());
        }
        Ok(())
    }

    const fn scope(&self, iterations: u32) -> Scope {
        Scope { iterations, in_proportion: self.in_proportion }
    }

    fn check(&self, text: &str, control: &Control) -> Result<(Checked, Scope)> {
        if let Some(iterations) = self.scope {
            let scope = self.scope(iterations);
            return Ok((check::check(text, &self.versions, scope, control)?, scope));
        }
        self.check_on(text, &self.versions, control)
    }

    /// With the numbers that tell most. What some versions do is tried further though something was found on others, so that each says
    /// what it says alone.
    fn check_on(&self, text: &str, versions: &[Version], control: &Control) -> Result<(Checked, Scope)> {
        let found = deepen(text, versions, self.in_proportion, control)?;
        let faulty = faulty(&found.0);
        // Those on which nothing goes wrong may have been tried with too small numbers only because others do.
        let open = found.0.findings.iter().filter(|finding| is_right(finding.kind));
        let open: Vec<Version> = open.map(|finding| finding.version).collect();
        let short = found.0.small.overtaken || raises(&found.0);
        let untried = !open.is_empty() && (short || !found.0.untried().is_empty());
        if !found.0.is_reduced() || !(untried || hangs(&found.0) || departs(&found.0)) {
            return Ok(found);
        }
        let other = if untried && !faulty.is_empty() {
            self.check_on(text, &open, control)?
        } else if self.in_proportion {
            return Ok(found);
        } else {
            deepen(text, versions, true, control)?
        };
        if !tells_more(&other.0, &found.0) {
            return Ok(found);
        }
        if other.0.findings.len() == versions.len() {
            return Ok(other);
        }
        let all = check::check(text, versions, other.1, control)?;
        let keeps = faulty.iter().all(|version| self::faulty(&all).contains(version));
        let whole = !gives_up(&all, &found.0);
        Ok(if keeps && whole { (all, other.1) } else { beside(found, &other) })
    }

    /// What to say when not every version that takes the program is as expected.
    fn unmet(&self, checked: &Checked) -> Option<String> {
        let expected = self.expect?;
        let met = |kind: Kind| match expected {
            Expectation::Exact => kind == Kind::Exact,
            Expectation::Lost => kind.is_fault(),
        };
        let name = expected.name();
        let mut taken = checked.findings.iter().filter(|finding| finding.kind != Kind::NotPython).peekable();
        if taken.peek().is_none() {
            return Some(format!("--expect {name} is not met: it is not python on any of these versions"));
        }
        let others: Vec<String> = taken
            .filter(|finding| !met(finding.kind))
            .map(|finding| format!("{}: {}", finding.version, finding.kind.word()))
            .collect();
        (!others.is_empty()).then(|| format!("--expect {name} is not met: {}", others.join(", ")))
    }
}

/// Takes few iterations at first, and then more as long as nothing goes wrong and that may tell more and is quick.
fn deepen(
    text: &str,
    versions: &[Version],
    in_proportion: bool,
    control: &Control,
) -> Result<(Checked, Scope)> {
    let scope_of = |iterations| Scope { iterations, in_proportion };
    let scope = scope_of(SCOPES[0]);
    let mut last = (check::check(text, versions, scope, control)?, scope);
    // What no number of iterations ends is shown with the fewest.
    let mut hanging: Option<(Checked, Scope)> = None;
    let mut raising: Option<(Checked, Scope)> = None;
    for iterations in SCOPES.into_iter().skip(1).chain(MORE_SCOPES) {
        let checked = &last.0;
        let is = |kind: Kind| checked.findings.iter().any(|finding| finding.kind == kind);
        let (differs, hangs) = (is(Kind::Differs), hangs(checked));
        let raises = is_otherwise(checked);
        let uneven = checked.findings.iter().any(|finding| finding.uneven);
        let all_tried = checked.untried().is_empty() && !checked.small.overtaken && !uneven;
        // Best where no order comes to an end: then no switch is to blame.
        if hangs && hanging.as_ref().is_none_or(|known| is_endless(checked) && !is_endless(&known.0)) {
            hanging = Some(last.clone());
        }
        if raises && raising.is_none() {
            raising = Some(last.clone());
        }
        let over = !(hangs || faulty(checked).is_empty() || may_be_short(checked))
            || checked.findings.iter().any(Finding::is_limited)
            || !checked.is_reduced()
            || checked.work() > if differs { AT_ONCE } else { QUICK };
        if over || (all_tried && !hangs && !raises && (differs || MORE_SCOPES.contains(&iterations))) {
            break;
        }
        let scope = scope_of(iterations);
        let next = check::check(text, versions, scope, control)?;
        if gives_up(&next, &last.0) {
            break;
        }
        last = (next, scope);
    }
    let hanging = hanging.filter(|_| hangs(&last.0));
    let raising = raising.filter(|_| is_otherwise(&last.0));
    Ok(hanging.or(raising).unwrap_or(last))
}

/// What was found, and of versions on which something goes wrong with other numbers only, that. Where those are too much for the others
/// there is no one scope for all.
fn beside(mut found: (Checked, Scope), other: &(Checked, Scope)) -> (Checked, Scope) {
    for finding in &mut found.0.findings {
        let wrong = |other: &&Finding| other.version == finding.version && other.kind.is_fault();
        if let Some(wrong) = other.0.findings.iter().find(wrong) {
            let reason = format!("{} (with {})", wrong.reason, other.1);
            // The text of a schedule belongs to the numbers of the report.
            *finding = Finding { reason, turns: Vec::new(), ..wrong.clone() };
        }
    }
    found
}

/// Whether threads wait without end, and may do so only because a number of iterations is no longer larger than another number.
fn may_be_short(checked: &Checked) -> bool {
    let mut faults = checked.findings.iter().filter(|finding| finding.kind.is_fault());
    checked.small.overtaken && faults.all(|finding| finding.kind == Kind::Deadlocks)
}

/// Whether nothing goes wrong.
const fn is_right(kind: Kind) -> bool {
    matches!(kind, Kind::Exact | Kind::Differs)
}

/// The versions on which something goes wrong.
fn faulty(checked: &Checked) -> Vec<Version> {
    let faulty = checked.findings.iter().filter(|finding| finding.kind.is_fault());
    faulty.map(|finding| finding.version).collect()
}

/// Whether no order of a version comes to an end.
fn is_endless(checked: &Checked) -> bool {
    let hangs = |finding: &Finding| finding.kind == Kind::Deadlocks && finding.prints.is_empty();
    checked.findings.iter().any(hangs)
}

/// Whether threads of a version wait without end though they take turns after whole iterations, and may do so because these are few.
fn hangs(checked: &Checked) -> bool {
    let hangs = |finding: &Finding| {
        finding.kind == Kind::Deadlocks && (finding.prints.is_empty() || finding.orders.wait)
    };
    checked.findings.iter().any(hangs)
}

/// Whether every order raises on a version on which nothing else goes wrong: what stands behind that is never done.
fn raises(checked: &Checked) -> bool {
    checked.findings.iter().any(|finding| is_right(finding.kind) && finding.orders.raise)
}

/// Whether the program as it stands does what it never does with numbers that small.
fn departs(checked: &Checked) -> bool {
    checked.findings.iter().any(|finding| finding.departs)
}

/// Whether a further check is incomplete on a version on which the one before was not.
fn gives_up(further: &Checked, before: &Checked) -> bool {
    let incomplete = |finding: &&Finding| finding.kind == Kind::Incomplete;
    let known: Vec<Version> =
        before.findings.iter().filter(incomplete).map(|finding| finding.version).collect();
    further.findings.iter().filter(incomplete).any(|finding| !known.contains(&finding.version))
}

/// Whether that, or that every order raises, may come of numbers that small.
fn is_otherwise(checked: &Checked) -> bool {
    raises(checked) || departs(checked)
}

/// Whether threads that wait without end wait only for locks that others have kept: that no number of iterations ends.
fn waits_for_locks(checked: &Checked) -> bool {
    let mut waiting = checked.findings.iter().filter(|finding| finding.kind == Kind::Deadlocks);
    waiting.all(|finding| !finding.reason.contains(check::NEVER))
}

/// Whether a further check of all versions, or of those on which something was not tried, tells more than the one before.
fn tells_more(further: &Checked, before: &Checked) -> bool {
    let untried = |checked: &Checked| checked.untried().count();
    if gives_up(further, before) || (hangs(further) && !waits_for_locks(further) && !departs(before)) {
        return false;
    }
    if departs(before) {
        return !departs(further);
    }
    if hangs(before) {
        return untried(further) == 0;
    }
    !faulty(further).is_empty()
        || untried(further) < untried(before)
        || (raises(before) && !raises(further) && untried(further) == 0)
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

//! What of a program no schedule does at its scope, as it is told.

use crate::python::check::Checked;
use serde::Serialize;

/// The most lines that are named where something was not tried.
const MOST_UNTRIED: usize = 5;

/// By what a program is another one in the model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Reduced {
    /// Numbers are taken as small.
    #[default]
    Numbers,
    /// Loops that count no rounds are cut short.
    Rounds,
    /// Only its time limits are taken to be long enough.
    TimeLimits,
}

impl Reduced {
    fn of(checked: &Checked) -> Self {
        match checked.is_reduced() {
            _ if !checked.small.is_as_it_stands() => Self::Numbers,
            true => Self::Rounds,
            false => Self::TimeLimits,
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Numbers => "numbers that small",
            Self::Rounds => "so few rounds",
            Self::TimeLimits => "time limits that long",
        }
    }
}

/// What of a program was not tried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UntriedLines {
    /// The lines that are never run.
    pub lines: Vec<u32>,
    /// The lines with a test that always comes out the same.
    pub tests: Vec<u32>,
    /// The lines of which one thread alone runs what several run in the program as it stands.
    pub alone: Vec<u32>,
    /// The versions that this is said of: those on which nothing goes wrong. None where everything was tried.
    pub versions: Vec<&'static str>,
    /// By what.
    #[serde(skip)]
    pub(super) by: Reduced,
}

impl UntriedLines {
    /// Where numbers were taken as small, or loops cut short: otherwise there is no more to try, but for what comes of a time limit that passes.
    pub(super) fn of(checked: &Checked) -> Self {
        let mut untried = checked.untried();
        if !checked.is_reduced() {
            untried.tests.clear();
            untried.alone.clear();
            if !checked.findings.iter().any(|finding| finding.time_limits) {
                untried.lines.clear();
            }
        }
        let mut all = Self {
            lines: untried.lines.into_iter().collect(),
            tests: untried.tests.into_iter().collect(),
            alone: untried.alone.into_iter().collect(),
            versions: Vec::new(),
            by: Reduced::of(checked),
        };
        if !all.is_empty() {
            let right = checked.findings.iter().filter(|finding| finding.goes_on());
            all.versions.extend(right.map(|finding| finding.version.name()));
        }
        all
    }

    /// Whether everything was tried.
    pub(super) const fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.tests.is_empty() && self.alone.is_empty()
    }

    /// In a sentence: on which versions, if not on all.
    pub(super) fn note(&self, on: Option<&str>) -> Option<String> {
        let told = |lines: &[u32]| {
            let few: Vec<String> = lines.iter().take(MOST_UNTRIED).map(u32::to_string).collect();
            let more = lines.len() - few.len();
            let noun = if lines.len() == 1 { "line" } else { "lines" };
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{noun} {}{more}", few.join(", "))
        };
        let never_run = (!self.lines.is_empty()).then(|| format!("{} never run", told(&self.lines)));
        let same = (!self.tests.is_empty())
            .then(|| format!("a test in {} that always comes out the same", told(&self.tests)));
        let alone = (!self.alone.is_empty()).then(|| {
            format!(
                "{} run by one thread alone, though by several in the program as it stands",
                told(&self.alone)
            )
        });
        let what: Vec<String> = never_run.into_iter().chain(same).chain(alone).collect();
        let (with, any, scope) = match self.by {
            Reduced::Numbers => (self.by.words(), "any", " (--scope N tries larger ones)"),
            Reduced::Rounds => (self.by.words(), "any number", " (--scope N tries more)"),
            Reduced::TimeLimits => (self.by.words(), "any", ""),
        };
        (!what.is_empty()).then(|| {
            let on = on.map(|versions| format!("on {versions}, ")).unwrap_or_default();
            format!(
                "{on}with {with}, if not with {any}: {}; what depends on that is not tried{scope}",
                what.join(", and ")
            )
        })
    }
}

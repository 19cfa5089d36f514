//! What every report is: data that can be written in each of the forms.

use super::chart::Chart;
use super::markdown;
use super::part::Part;
use super::timeline::Timeline;
use serde::Serialize;
use std::io;

/// Something to be reported, in each of the forms.
pub trait Document {
    /// For people: with colour codes, and no wider than so many columns if possible.
    fn table(&self, width: Option<usize>) -> String;
    /// For scripts.
    ///
    /// # Errors
    ///
    /// Never for a document of this crate; the signature is the serialiser's.
    fn json(&self) -> io::Result<String>;
    /// For spreadsheets.
    ///
    /// # Errors
    ///
    /// Never for a document of this crate; the signature is the writer's.
    fn csv(&self) -> io::Result<String>;
    /// What it consists of, in its order.
    fn parts(&self) -> Vec<Part>;
    /// For pages.
    fn markdown(&self) -> String {
        markdown::render(&self.parts())
    }
    /// What of it can be drawn.
    fn charts(&self) -> Vec<Chart> {
        Vec::new()
    }
    /// What its workers did and when, if that was recorded.
    fn timelines(&self) -> Vec<Timeline> {
        Vec::new()
    }
    /// Nothing but the result.
    fn value(&self) -> String;
    /// Whether it is of what was finished when it was stopped.
    fn interrupted(&self) -> bool {
        false
    }
    /// What went wrong, a sentence each: every form but the result alone says so, too.
    fn failures(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The number of the schema that the JSON of this gilsim has.
const SCHEMA_NUMBER: u32 = 1;

/// What every report says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Header {
    /// The number of the JSON form's schema. It goes up when a field changes its meaning or goes away.
    #[cfg_attr(test, schemars(extend("const" = SCHEMA_NUMBER)))]
    pub schema: u32,
    /// The version of the gilsim that wrote it.
    pub gilsim: &'static str,
    /// How gilsim was compiled: `release`, or `debug`, whose times mean nothing.
    #[cfg_attr(test, schemars(extend("enum" = ["release", "debug"])))]
    pub profile: &'static str,
    /// How many workers can run at once here: affinity and cgroup quota are taken into account.
    pub cpus: usize,
    /// Whether it was stopped before its end; the report is of what was finished by then.
    pub interrupted: bool,
}

impl Header {
    /// Of a report that this gilsim makes.
    #[must_use]
    pub const fn new(cpus: usize, interrupted: bool) -> Self {
        Self {
            schema: SCHEMA_NUMBER,
            gilsim: env!("CARGO_PKG_VERSION"),
            profile: if cfg!(debug_assertions) { "debug" } else { "release" },
            cpus,
            interrupted,
        }
    }

    /// What a reader of the report has to know first; `whole` names what is reported whole or not at all.
    pub(super) fn warnings(&self, whole: &str) -> Vec<String> {
        let interrupted = format!("interrupted: this is the report of the {whole} that were finished.");
        let debug = "built without optimisation: the times mean nothing (use cargo build --release).";
        let warnings = [(self.interrupted, interrupted), (self.profile == "debug", debug.to_owned())];
        warnings.into_iter().filter_map(|(holds, warning)| holds.then_some(warning)).collect()
    }
}

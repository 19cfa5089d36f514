//! A session that explores reference counts.

use super::ending::{Ending, Expectation};
use super::error::Result;
use crate::explore::ExploreError;
use crate::explore::refcount::Question;
use crate::report::explore::ReferencesReport;
use crate::report::output::{self, Destination};
use crate::system::background;
use crate::system::control::Control;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is to be explored and where the report goes.
pub struct References {
    /// The ways of counting, with as many workers and pairs each.
    pub questions: Vec<Question>,
    /// How many workers can run at once.
    pub cpus: usize,
    /// What must come out for the exit code to be 0.
    pub expect: Option<Expectation>,
    /// Where the report goes.
    pub destination: Destination,
}

impl References {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// When an export cannot be written (known before any work is done), there are too many states, or standard output
    /// cannot be written.
    pub fn run(self, control: &Arc<Control>) -> Result<Ending> {
        let output = self.destination.open()?;
        let (questions, cpus) = (self.questions, self.cpus);
        // A part of the schedules would be of no use, so after a stop nothing is waited for.
        let report = background::run(control, Duration::ZERO, move |control| {
            let began = Instant::now();
            let found = questions.into_iter().map(|question| {
                let findings = question.explore(control)?;
                let witness = question.witness(control)?;
                Ok((question, findings, witness))
            });
            let found = found.collect::<Result<Vec<_>, ExploreError>>()?;
            Ok(ReferencesReport::new(&found, cpus, began.elapsed()))
        });
        let report = report?.unwrap_or(Err(ExploreError::Interrupted))?;
        output.deliver(&report)?;
        let unmet = Expectation::unmet(self.expect, report.lost(), report.seen());
        if let Some(reason) = &unmet {
            output::say(reason);
        }
        Ok(if unmet.is_none() { Ending::Ran } else { Ending::PromiseBroken })
    }
}

//! What a report says in words, in every form for people.

use super::data::{ExploreReport, RealThreads};
use crate::count::grouped;
use crate::explore::{Grade, StepKind};
use crate::measure::Pattern;
use crate::python::body::{in_one_line, only_overwrites};
use crate::python::check::finds_taken;
use crate::report::{layout, words};

impl ExploreReport {
    /// What was explored.
    pub(super) fn title(&self) -> String {
        let what = match (self.pattern, self.workers) {
            (Pattern::Plus, _) | (_, 1) => "d is 1 for every worker",
            (_, 2) => "d is 1 for one worker, -1 for the other",
            _ => "d is 1 and -1 from worker to worker",
        };
        let switched = match self.switching {
            StepKind::Machine if self.counts_only => "between any two of load, add and store".to_owned(),
            StepKind::Machine => {
                "around every read and write of what is shared, locks included, every operator and every call"
                    .to_owned()
            }
            StepKind::Version(version) if version.has_gil() => {
                format!("where CPython {version} may drop its GIL")
            }
            StepKind::Version(version) => {
                format!(
                    "after any instruction of CPython {version}, the free-threaded build, which has no GIL"
                )
            }
        };
        let body = in_one_line(&self.body);
        format!(
            "{}: {}, {} each of `{body}` ({what}), switched {switched}",
            layout::bold("explore"),
            words::plural(self.workers, "worker"),
            words::plural(usize::try_from(self.iterations).unwrap_or(usize::MAX), "iteration"),
        )
    }

    /// What is below the table: all schedules together.
    pub(super) fn totals(&self) -> String {
        let Some(table) = &self.table else { return String::new() };
        // Where a worker raises or deadlocks there is no value.
        let others = table.without_value != "0";
        let ends = if others { " where it has a value" } else { "" };
        let extremes = match (table.least, table.greatest) {
            (Some(least), Some(greatest)) if least == greatest => {
                let always = if others { ends } else { " always" };
                format!("; {}{always} ends as {}", self.result, grouped(least.into()))
            }
            (Some(least), Some(greatest)) => {
                let values = [least, greatest].map(|value| grouped(value.into()));
                format!("; {}{ends} ends between {} and {}", self.result, values[0], values[1])
            }
            _ => String::new(),
        };
        format!(
            "{} schedule{} of up to {}{extremes}. Counted over {} in {}.",
            table.total,
            if table.total == "1" { "" } else { "s" },
            words::plural(table.steps, "step"),
            words::plural(usize::try_from(table.states).unwrap_or(usize::MAX), "different state"),
            words::time(table.counting)
        )
    }

    /// How real threads ended, if they carried out the schedule.
    pub(super) fn replayed(&self) -> Option<String> {
        let RealThreads { ending, agrees } = self.real.as_ref()?;
        Some(if *agrees {
            format!("replayed: {} real threads did so, and ended with {ending}, too.", self.workers)
        } else {
            format!("NOT replayed: {} real threads ended with {ending}.", self.workers)
        })
    }

    /// Why the result of a body over shared objects is what it is.
    fn why_shared(&self) -> String {
        let place = match self.switching {
            StepKind::Machine => "between two of one worker's operations".to_owned(),
            StepKind::Version(version) => format!("between two of them, where CPython {version} may switch,"),
        };
        let raises = self.grades().any(|grade| grade == Grade::Raises);
        if raises || self.grades().any(|grade| grade == Grade::Lost) {
            let what = if raises {
                "an exception that no order of whole iterations raises"
            } else {
                "a result that no order of whole iterations has"
            };
            let mut does = self.witness.iter().flat_map(|witness| &witness.lines).flat_map(|line| &line.does);
            if does.any(|does| finds_taken(does)) {
                return format!(
                    "one worker finds a lock taken and goes on without it, which it does in no order of whole iterations: so comes {what}. \
                     Where it waits for the lock instead, only the right outcomes are left."
                );
            }
            return format!(
                "one worker acts on what it has read, and what another changes {place} makes that untrue: so comes {what}. A lock \
                 around the read and what follows from it leaves only the right outcomes."
            );
        }
        if self.expected.len() > 1 {
            return "nothing is lost, but the order of whole iterations decides the result, so there is no one right value."
                .to_owned();
        }
        if self.workers == 1 {
            return "one worker has nobody to lose an update to.".to_owned();
        }
        let what = if self.table.is_none() { "this schedule ends" } else { "every schedule ends" };
        let cold = match self.switching {
            StepKind::Version(version) if version.has_silent_call(&self.body) => {
                format!(
                    " (once CPython {version} has specialised its calls; in the first few executions it may switch after them, too, which \
                     is not tried here)"
                )
            }
            _ => String::new(),
        };
        format!(
            "{what} as some order of whole iterations does{cold}: nothing that matters comes between a read and what follows from \
             it."
        )
    }

    /// Why the result is what it is.
    pub(super) fn why(&self) -> String {
        let rows = self.table.iter().flat_map(|table| &table.outcomes).map(|row| (row.verdict, &row.outcome));
        let one = self.witness.iter().map(|witness| (witness.verdict, &witness.outcome));
        let mut deadlocks = rows.chain(one).filter(|(grade, _)| *grade == Grade::Deadlock).peekable();
        if deadlocks.peek().is_some() {
            // Several locks are named where each is held by one worker and waited for by another.
            let crossed = self.workers > 1 && deadlocks.any(|(_, outcome)| outcome.contains(", "));
            return if crossed {
                "each worker holds a lock that another waits for, and none gives its own up, so nobody ever goes on; take locks in the \
                 same order everywhere."
            } else {
                "a worker waits for what never comes: a lock that is not released, perhaps because it holds it itself, or what nobody puts, \
                 sets or notifies."
            }
            .to_owned();
        }
        if self.shares {
            return self.why_shared();
        }
        if self.grades().any(|grade| grade == Grade::Lost) {
            let may_switch = |between: &str, what: &str| match self.switching {
                StepKind::Machine => format!("between {between}"),
                StepKind::Version(version) => format!("between {what}, where CPython {version} may switch,"),
            };
            if !only_overwrites(&self.body) {
                let place = may_switch(
                    "one worker's load of x and what follows from it",
                    "the load of x and what follows from it",
                );
                return format!(
                    "where the result is not right, a worker acts on what it has read of x, and what another stores {place} makes that \
                     untrue. A lock around the load and what follows from it (with lock: …) leaves only the right outcomes."
                );
            }
            let place = may_switch("one worker's load of x and its store", "the load of x and the store");
            return format!(
                "where updates are lost, what another worker stores {place} is overwritten: the store knows only the x that was loaded, so those \
                 updates are lost. A lock around the load and the store (with lock: …) leaves one outcome."
            );
        }
        if self.expected.len() > 1 {
            return "no update is lost, but the order of whole iterations decides the result, so there is no one right value."
                .to_owned();
        }
        if self.table.is_none() {
            return "in this schedule no worker stores between another's load and store, so no update is lost."
                .to_owned();
        }
        if self.workers == 1 {
            return "one worker has nobody to lose an update to.".to_owned();
        }
        if let StepKind::Version(version) = self.switching
            && version.has_silent_call(&self.body)
        {
            return format!(
                "once CPython {version} has specialised its calls, every schedule ends as some order of whole iterations does, so no update \
                 can be lost; in the first few executions it may switch after them, too, which is not tried here."
            );
        }
        "every schedule ends as some order of whole iterations does, so no update can be lost.".to_owned()
    }
}

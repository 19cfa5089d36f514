//! A loop body: over one counter and some locks, which has a quick shape of its own, or over whatever the setup shares.

use super::check::{LoopBody, LoopError, LoopVerdict};
use super::program::{MOST_WORK, Program, ProgramError, SourceErrorKind, Verdict, VerdictError};
use super::version::Version;
use crate::system::control::Control;
use serde::Serialize;
use thiserror::Error;

/// The result that is looked at when none is asked for.
pub const RESULT: &str = "x";

/// A loop body, compiled for one version.
#[derive(Clone, Debug)]
pub enum Body {
    /// Its shared state is `x` and locks: it is executed with packed states and registers.
    Counter(Box<Program>),
    /// It shares lists, dicts or objects, or its result is not `x`: it is executed by the machine of whole programs.
    Heap(Box<LoopBody>),
}

/// Whether all that can go wrong with such a body is that a store of x overwrites what others have stored. Of what needs a setup that
/// is not known.
#[must_use]
pub fn only_overwrites(body: &str) -> bool {
    Program::compile(body, "", Version::newest_with_gil()).is_ok_and(|program| program.only_overwrites())
}

/// What the model says can become of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// Every schedule ends as whole iterations do.
    Exact,
    /// Some schedule ends with another result.
    Loses,
    /// Some schedule raises an exception; others may lose.
    Raises,
    /// Some schedule ends with workers that wait for ever.
    Deadlocks,
}

impl Claim {
    /// As a table shows it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Loses => "loses",
            Self::Raises => "raises",
            Self::Deadlocks => "deadlocks",
        }
    }
}

/// First words of statements that hold others: what follows them on a line belongs to them.
const COMPOUND: [&str; 15] = [
    "async", "class", "def", "elif", "else", "else:", "except", "except:", "finally:", "for", "if", "match",
    "try:", "while", "with",
];

/// A body as a table's cell or a sentence shows it: simple statements with `; ` between them, as Python has it; where that would mean
/// something else, `↵` stands for each end of a line.
#[must_use]
pub fn in_one_line(body: &str) -> String {
    let lines: Vec<&str> = body.trim().lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let simple = |line: &str| {
        let first = line.split_whitespace().next().unwrap_or_default();
        !line.starts_with([' ', '\t', '@']) && !COMPOUND.contains(&first) && !line.contains(['#', '\\'])
    };
    let separator = if lines.iter().all(|line| simple(line)) { "; " } else { " ↵ " };
    lines.join(separator)
}

/// Some of the outcomes that orders of whole iterations have, in a parenthesis.
#[must_use]
pub fn among(outcomes: &[i64]) -> String {
    match outcomes {
        [] => " (once they reach its numbers)".to_owned(),
        outcomes => format!(" (among the outcomes: {:?})", &outcomes[..outcomes.len().min(4)]),
    }
}

/// Why the model says nothing about a body.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BodyError {
    /// It is not taken.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// The schedules of a counter cannot be tried.
    #[error(transparent)]
    Verdict(VerdictError),
    /// The schedules over shared objects cannot be tried.
    #[error(transparent)]
    Loop(LoopError),
    /// There is no one value to expect.
    #[error(
        "the result of {body:?} depends on the order in which whole iterations run{among}, so there is no one value to expect; use a body whose updates add up in any order, or a --result on which the order has no bearing, such as len(L)",
        among = among(outcomes)
    )]
    OrderDependent {
        /// The body.
        body: String,
        /// The outcomes; none where the body's numbers were made small to see it.
        outcomes: Vec<i64>,
    },
    /// A stop was asked for.
    #[error("stopped before every schedule of the body was tried; run it again")]
    Stopped,
}

impl BodyError {
    /// That a body came to these values, by whose work was done first.
    #[must_use]
    pub fn by_order(body: &str, values: [i128; 2]) -> Self {
        let outcomes = values.into_iter().filter_map(|value| i64::try_from(value).ok()).collect();
        Self::OrderDependent { body: body.to_owned(), outcomes }
    }
}

impl Body {
    /// Compiles a body, the definitions that it uses, and what is looked at in the end. What fits one counter and locks is
    /// recognised.
    ///
    /// # Errors
    ///
    /// If one of them is not Python or not covered; the error names the construct and shows its place.
    pub fn compile(body: &str, setup: &str, result: &str, version: Version) -> Result<Self, ProgramError> {
        let heap = || LoopBody::compile(body, setup, result, version);
        if result.trim() != RESULT {
            return Ok(Self::Heap(Box::new(heap()?)));
        }
        let refusal = match Program::compile(body, setup, version) {
            Ok(program) => return Ok(Self::Counter(Box::new(program))),
            Err(ProgramError::Source(error)) if error.kind != SourceErrorKind::NotCovered => {
                return Err(error.into());
            }
            Err(refusal) => refusal,
        };
        match heap() {
            Ok(body) => Ok(Self::Heap(Box::new(body))),
            // Without a setup nothing but the counter is shared, and the refusal of that shape says more.
            Err(_) if setup.trim().is_empty() => Err(refusal),
            Err(error) => Err(error.into()),
        }
    }

    /// What can become of the result when two workers have these values of `d`.
    ///
    /// # Errors
    ///
    /// If the model says nothing about the body.
    pub fn claim(&self, deltas: [i64; 2], control: &Control) -> Result<Claim, BodyError> {
        let order = |body: &str, outcomes| BodyError::OrderDependent { body: body.to_owned(), outcomes };
        match self {
            Self::Counter(program) => match program.verdict_within(deltas, MOST_WORK, control) {
                Ok(Verdict::Exact) => Ok(Claim::Exact),
                Ok(Verdict::CanLose(_)) => Ok(Claim::Loses),
                Ok(Verdict::Deadlock { .. }) => Ok(Claim::Deadlocks),
                Ok(Verdict::OrderDependent { outcomes }) => Err(order(program.body(), outcomes)),
                Err(VerdictError::Stopped) => Err(BodyError::Stopped),
                Err(error) => Err(BodyError::Verdict(error)),
            },
            Self::Heap(body) => match body.verdict(deltas, control) {
                Ok(LoopVerdict::Exact) => Ok(Claim::Exact),
                Ok(LoopVerdict::Loses) => Ok(Claim::Loses),
                Ok(LoopVerdict::Raises(_)) => Ok(Claim::Raises),
                Ok(LoopVerdict::Deadlocks(_)) => Ok(Claim::Deadlocks),
                Ok(LoopVerdict::OrderDependent(outcomes)) => Err(order(body.body(), outcomes)),
                Err(LoopError::Stopped) => Err(BodyError::Stopped),
                Err(error) => Err(BodyError::Loop(error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_in_one_line_means_what_it_means_in_several() {
        for (body, line) in [
            ("x += d", "x += d"),
            ("y = x\n\nx = y + d\n", "y = x; x = y + d"),
            ("with lock: y = x\nx = y + d", "with lock: y = x ↵ x = y + d"),
            ("with lock:\n    y = x\nx = y + d", "with lock: ↵     y = x ↵ x = y + d"),
            ("y = x # read\nx = y + d", "y = x # read ↵ x = y + d"),
            ("y = (x +\n  d)\nx = y", "y = (x + ↵   d) ↵ x = y"),
        ] {
            assert_eq!(in_one_line(body), line);
        }
    }

    #[test]
    fn a_limit_that_many_iterations_reach_is_reached_with_small_numbers() {
        let claim = |body: &str, setup: &str, result: &str, version| {
            Body::compile(body, setup, result, version).unwrap().claim([1, 1], &Control::default())
        };
        let locked = "if x < 1000:\n    with lock: x += 1";
        let many = "if x > 500: x = x + int(1)\nelse: x += 1";
        let rarely = "if x % 1000 == 999: x += int(d) * int(d)\nelse: x += 1";
        for (body, version, expected) in [
            (locked, Version::V3_13t, Claim::Loses),
            (locked, Version::V3_9, Claim::Loses),
            ("with lock:\n    if x < 1000: x += 1", Version::V3_13t, Claim::Exact),
            (many, Version::V3_13, Claim::Loses),
            ("if x > 500: x += 2\nelse: x += 1", Version::V3_13, Claim::Exact),
            (rarely, Version::V3_13, Claim::Loses),
            ("x += 1000 * d", Version::V3_13, Claim::Exact),
        ] {
            assert_eq!(claim(body, "", "x", version), Ok(expected), "{body} in {version}");
        }
        let list = "if len(L) < 20000: L.append(d)";
        assert_eq!(claim(list, "L = []", "len(L)", Version::V3_9), Ok(Claim::Loses));
        assert_eq!(claim(list, "L = []", "len(L)", Version::V3_13), Ok(Claim::Exact));
        let limit = "if len(L) < MOST: L.append(one())";
        assert_eq!(claim(limit, "L = []\nMOST = 500", "len(L)", Version::V3_13), Ok(Claim::Loses));
        // Beyond the limit it matters who comes first, whether updates can be lost or not, but no outcome is told that only small numbers have.
        let list = ("if len(L) < 1000: L.append(d)\nelif d < 0: L.clear()", "L = []", "len(L)");
        for (body, setup, result) in [("if x < 1000: x += d", "", "x"), ("x = min(x + d, 3)", "", "x"), list]
        {
            for version in [Version::V3_9, Version::V3_13] {
                let order = Body::compile(body, setup, result, version).unwrap();
                let error = order.claim([1, -1], &Control::default()).unwrap_err().to_string();
                assert!(
                    error.contains("in which whole iterations run (once they reach its numbers), so"),
                    "{error}"
                );
            }
        }
    }
}

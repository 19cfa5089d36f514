//! Why a loop body over shared objects has no answer.

use super::super::machine::Beyond;
use super::super::pause::Unfinished;
use crate::python::program::Place;
use thiserror::Error;

/// Why a loop body over shared objects has no answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LoopError {
    /// The setup cannot be run.
    #[error("the setup raises {0}: give definitions that can be run")]
    Setup(String),
    /// The setup does what only a whole program may.
    #[error("the setup {0}: give such a program to gilsim check")]
    SetupBeyond(&'static str),
    /// What the result is.
    #[error("the result raises {0}: give an expression that can be computed when all workers have ended")]
    ResultRaises(String),
    /// What kind of value the result is.
    #[error("the result is no whole number but a {0}: look at len(…), sum(…), one element, or a comparison")]
    ResultKind(String),
    /// The body raises without any help of another worker.
    #[error("the body raises {0} even when whole iterations run one after another")]
    Raises(String),
    /// It leaves the model.
    #[error("not covered: {what}{}", place.as_ref().map(|place| format!("\n{place}")).unwrap_or_default())]
    Beyond {
        /// What.
        what: String,
        /// Where.
        place: Option<Place>,
    },
    /// There is too much to try.
    #[error("{0}: make the body's loops shorter, or its lists")]
    Limit(String),
    /// A stop was asked for.
    #[error("stopped before every schedule of the body was tried; run it again")]
    Stopped,
}

impl From<Beyond> for LoopError {
    fn from(Beyond { what, place }: Beyond) -> Self {
        Self::Beyond { what, place }
    }
}

impl From<Unfinished> for LoopError {
    fn from(unfinished: Unfinished) -> Self {
        match unfinished {
            Unfinished::Beyond(beyond) => beyond.into(),
            Unfinished::Limit(limit) => Self::Limit(limit),
            Unfinished::Stopped => Self::Stopped,
        }
    }
}

//! Every interleaving of a small program: which results are possible, by how many schedules, and by which.
//!
//! This room answers a [`Question`] about a loop body without running it: it counts all schedules by their outcomes,
//! finds one with the fewest preemptions for each, and carries out a schedule step by step or on real threads.
//!
//! It may know the model of a body ([`crate::python`]), what a worker adds ([`crate::measure::Pattern`]),
//! and how threads are started and stopped ([`crate::system`]). The command line, scenarios, reports, and
//! text for a terminal never come in: what it finds is data.
//!
//! # How it works
//!
//! A *schedule* says which worker does each step. A step runs from one place at which workers may be switched to
//! the next ([`Switching`]). Schedules are far too many to be tried one by one: two workers that add 1 forty times
//! each have some 10^71. But they meet in comparatively few *states*, so states are enumerated, and the schedules
//! that lead to each are counted ([`Question::explore`]).
//!
//! Three reductions keep the states few. None of them loses a schedule or a result:
//!
//! - *Dead x*: if no worker will read x before one has written it, the value of x is left out of the state.
//! - *Symmetry*: states that differ only in the names of workers with the same `d` are one state. Every step of every
//!   worker is still counted, so the sum over such a class of states is exact.
//! - *Local states*: a worker's state is its program counter and its live values. Two ways to the same state are one
//!   from there on.
//!
//! # Where to start reading
//!
//! `question.rs` and `findings.rs` say what is asked and answered. `exploration.rs` is the loop over the layers, and
//! below it:
//!
//! | file | idea |
//! |---|---|
//! | `step.rs` | one step of one worker |
//! | `tables.rs` | the states of single workers and their transitions, each computed once |
//! | `layer.rs`, `layout.rs`, `counts.rs` | the states of all workers after n steps, packed, with their schedules |
//! | `expand.rs` | from one layer to the next: the hot loop |
//! | `serial.rs`, `termination.rs` | the right results; whether every schedule ends |
//! | `explored.rs`, `witness.rs` | from an outcome back to a schedule |
//! | `loops.rs` | a body over shared lists, dicts and objects, counted in the same way by the machine of whole programs |
//! | `refcount.rs` | not a body but reference counts, by a small enumeration of their own |
//! | `schedule.rs`, `replay.rs`, `fold.rs` | a schedule as text, carried out, and shortened for people |
//!
//! ```
//! use gilsim::explore::{FinalState, Limits, Question, Switching};
//! use gilsim::measure::Pattern;
//! use gilsim::python::program::Program;
//! use gilsim::python::version::Version;
//! use gilsim::system::control::Control;
//!
//! let program = Program::compile("x += d", "", Version::newest_with_gil())?;
//! let question =
//!     Question { program: &program, switching: Switching::Machine, workers: 2, iterations: 1, pattern: Pattern::Plus };
//! let explored = question.explore(&Limits::default(), &Control::default(), &mut |_| {})?;
//! assert_eq!(explored.findings.total.to_string(), "20");
//! assert_eq!(explored.findings.outcomes[1].ending, FinalState::Value(2));
//! assert_eq!(explored.findings.outcomes[1].schedules.to_string(), "2");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod counts;
mod error;
mod expand;
mod exploration;
mod explored;
mod findings;
mod fold;
mod layer;
mod layout;
mod limits;
mod loops;
mod question;
pub mod refcount;
mod replay;
mod schedule;
mod serial;
mod step;
mod tables;
mod termination;
mod witness;

pub use error::ExploreError;
pub use exploration::Progress;
pub use explored::Explored;
pub use findings::{FinalState, Findings, Grade, LockNames, Outcome};
pub use fold::{FoldedLine, fold_trace};
pub use limits::{Limits, MOST_REPLAYED, MOST_WORKERS};
pub use loops::{Awaited, LoopExplored, LoopQuestion, LoopReplayed};
pub use question::Question;
pub use replay::{Event, Replayed, Trace, TraceStep};
pub use schedule::{Run, Schedule, ScheduleError, StepKind, worker_letter};
pub use step::Switching;

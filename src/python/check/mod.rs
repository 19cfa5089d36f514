//! `gilsim check`: a whole program on every version, by every schedule at small scope.
//!
//! A program's text becomes a syntax tree, its large numbers small ones (`small`), and the tree the instructions of each
//! version: by the same parser, compiler and table of drop points as a loop body ([`super::program`]), so that there is one
//! answer to where a version may switch. The machine here executes them over one heap that all threads share: globals, lists,
//! dicts, objects, locks, queues. The search tries every schedule and holds how it ends against what some order of whole loop
//! iterations gives.
//!
//! A loop body is short for a module with two threads (`loops`). One whose shared state is an integer and some locks is a
//! shape of its own ([`super::body`]): packed states and registers ([`super::program`]) make `explore` and `gil` fast.
//!
//! ```text
//! verdict        what a version makes of a program
//! finding        that, and why, as it is told
//! alone          a program of one thread, run to its end: for tests against real interpreters
//! witness        a schedule as it is told
//! replay         a schedule that is given
//! search         every schedule; what is shared is learned on the way
//! turn · pause   one turn of a thread, and where another one may come in
//! sharing        which threads get at what, and under which locks
//! meetings       how what others do meanwhile bears on a thread: for `collision`, the reason, and `allowed`
//! reached        what of the program that tries
//! reduction      the program with small numbers
//! unreduced      what the program does as it stands
//! prints         in which order it prints, and what at once
//! machine        a step of a thread; its impl blocks stand in the files below, one for each kind of thing
//! instructions · program_ops · again · calls · attributes · instances · natives · methods · containers · strings · threads · sync · waiting · sleepers · processes
//! touches · readings · names · logging · closing · operations · numbers · comparison · elements · slices · iterators · text · format · unordered
//! unknown        what clocks read and chance gives
//! order          who runs when
//! state          the heap and the threads
//! compaction     what of them is in reach
//! assumed        what is taken for granted
//! coverage · small · library
//! ```
//!
//! Nothing outside the model is ever touched: no file is opened, no interpreter started. What is not covered is refused by
//! name and place. Start reading with `verdict`.

mod again;
mod alike;
mod allowed;
mod alone;
mod assumed;
mod attributes;
mod calls;
mod closing;
mod collision;
mod compaction;
mod comparison;
mod containers;
mod contexts;
mod coverage;
mod deadlock;
mod elements;
mod ending;
mod ends;
mod event;
mod finding;
mod format;
mod heap;
mod idents;
mod instances;
mod instructions;
mod iterators;
mod library;
mod listing;
mod livelock;
mod logging;
mod loops;
mod machine;
mod meetings;
mod methods;
mod names;
mod natives;
mod numbers;
mod operations;
mod order;
mod pause;
mod prints;
mod processes;
mod program_ops;
mod queues;
mod reached;
mod readings;
mod reduction;
mod replay;
mod search;
mod sharing;
mod signatures;
mod sleepers;
mod slices;
mod small;
mod stale;
mod state;
mod strings;
mod stuck;
mod switches;
mod sync;
#[cfg(test)]
mod tests;
mod text;
mod threads;
mod touches;
mod turn;
mod unit;
mod unknown;
mod unordered;
mod unreduced;
mod verdict;
mod waiting;
mod witness;
mod worst;

pub use alone::{Alone, Executed, run_alone};
pub use collision::Collision;
pub use deadlock::NEVER;
pub use ends::{End, ends};
pub use event::thread_name;
pub use finding::{Finding, Kind, NotCovered, Orders};
pub use listing::{Drop, ListedFunction, ListedInstruction, ListedLine, Listing, counter_listing, listing};
pub use loops::{
    LoopBody, LoopEnd, LoopError, LoopState, LoopStep, LoopVerdict, Steps, TracedStep, finds_taken,
};
pub use machine::Use;
pub use reached::Untried;
pub use replay::PlayError;
pub use small::Scope;
pub use unknown::Unknowns;
pub use unordered::Unordered;
pub use verdict::{CheckError, Checked, Played, RealThreads, check, play};
pub use witness::{ScheduleLine, ScheduleStep, Turn};

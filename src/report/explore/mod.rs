//! The report of `gilsim explore`.
//!
//! `data.rs` is what the report says, and what its JSON form shows; `outcomes.rs` is its table of outcomes and
//! `witness.rs` the schedule it shows; `references.rs` is the report on reference counts. `sentences.rs` puts both into words, and `document.rs` writes every form.

mod data;
mod document;
mod outcomes;
mod references;
mod sentences;
mod witness;

pub use data::{ExploreReport, RealThreads, Subject};
pub use outcomes::{OutcomeRow, OutcomeTable};
pub use references::{EarlyFree, EarlyLine, ReferencesReport, WayRow};
pub use witness::{Witness, WitnessLine};

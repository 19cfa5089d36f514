//! The report of `gilsim explore`.
//!
//! `data.rs` is what the report says, and what its JSON form shows; `outcomes.rs` is its table of outcomes and
//! `witness.rs` the schedule it shows. `sentences.rs` puts both into words, and `document.rs` writes every form.

mod data;
mod document;
mod outcomes;
mod sentences;
mod witness;

pub use data::{ExploreReport, RealThreads, Subject};
pub use outcomes::{OutcomeRow, OutcomeTable};
pub use witness::{Witness, WitnessLine};

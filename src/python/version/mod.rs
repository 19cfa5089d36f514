//! The versions of CPython that are modelled, and the one table of what differs between them.
//!
//! Nothing else in the crate compares versions: code asks the fields of [`Facts`]. Three things differ. *Where* a thread may
//! lose the GIL ([`DropRule`]), read off the evaluation loop; *what* a statement compiles to ([`Shape`]), read off the
//! compiler; and the words of exceptions ([`Messages`]), as each version says them. Every row
//! names the file and function it was read from, with the bpo or gh number of the change where there is one.
//!
//! The loop is taken to be warm. From 3.11 on, an instruction is specialised after a handful of executions (PEP 659), and a
//! specialised `len()` no longer looks at the eval breaker where the general `CALL` did. An update that could be lost only
//! in those first iterations is not reported, except by `check`, in words.
//!
//! To add a version: a variant of [`Version`], a row of `table`, and, where it differs in a new way, a field of [`DropRule`] or
//! [`Shape`].

mod drop_rule;
mod facts;
mod messages;
mod shape;
mod stated;
mod table;
mod versions;

pub use drop_rule::{Check, DropRule, InitCall, SpreadCall};
pub use facts::{Facts, HandOff, SWITCH_INTERVAL, StartMethod};
pub use messages::Messages;
pub use shape::{Call, Comprehension, Finally, Handlers, Jumps, KeywordCall, LoopEnd, Shape, With};
pub use stated::Stated;
pub use versions::{UnknownVersion, Version};

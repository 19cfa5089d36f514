//! Numbers that only make a program long, made small.

mod alone;
mod roles;
mod rounds;
mod scope;
mod sizes;
mod sources;
mod written;

pub(super) use roles::{asserted, few, thresholds};
pub use scope::Scope;
pub(super) use scope::shrink;

//! Every interleaving, held against enumerations that are written here, schedule by schedule, and against SPIN.

mod command;
mod enumeration;
mod loops;
mod outcomes;
mod questions;
mod witnesses;

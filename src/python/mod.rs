//! CPython as gilsim knows it.

pub mod gil;
pub mod program;
pub mod version;

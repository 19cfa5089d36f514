//! Loop bodies on registers: how a body that handles integers only is executed quickly.
//!
//! Variables, stack places and constants each have a register, types are known beforehand, and what falls between two looks
//! at the eval breaker may be fused, for nobody can observe it. Without a GIL the read and the write of x always stay two
//! instructions.

mod fuse;
mod lower;
mod machine;
#[cfg(test)]
mod tests;

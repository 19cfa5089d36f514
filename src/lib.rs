//! gilsim shows race conditions, locks, the GIL and the split into processes at work on one's own machine.
//!
//! # The map of the house
//!
//! A person names a [`scenario`]; the [`runner`] has it do a workload several times, every worker released at
//! one [`start_line`]; what it observed is held against what the scenario promises ([`stats`]); the [`report`]
//! says so in the form that was asked for.
//!
//! ```text
//! main ─▶ cli          the command line becomes a plain request
//!   └───▶ session ─▶ background   what a stop need not wait for
//!            ├─▶ runner ─▶ scenario ─▶ observation ─▶ start_line ─▶ workload, clock, cpus, control, thread_room
//!            │                ├─────▶ gil, spin_lock, process
//!            │                └─────▶ program ─▶ cpython      a loop body and the versions
//!            ├─▶ explore, verify, convoy ─▶ program, gil, interpreter
//!            ├─▶ output ─▶ report ─▶ stats    data in, text out
//!            └─▶ progress
//! ```
//!
//! A loop body is a [`program`]: it is written once and run on threads under a [`gil`], by every schedule
//! ([`explore`]), and as source by a real [`interpreter`].
//!
//! Nothing below [`cli`] parses a command line; only [`output`], [`progress`], [`cli`]'s refusals and `main` write
//! to the terminal, and only `main` ends the process.
//! Nothing is `unsafe`: the race is one of relaxed atomic loads and stores, a *race condition* with defined
//! behaviour, never a *data race*.

pub mod choice;
pub mod cli;
pub mod count;
pub mod error;
pub mod explore;
pub mod interpreter;
pub mod measure;
pub mod python;
pub mod report;
pub mod scenario;
pub mod session;
pub mod system;

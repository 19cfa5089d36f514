//! The report: data only, made once from what was observed, then written in the form that was asked for.
//!
//! Each kind of report is a [`Document`]: measured scenarios ([`rows`]), [`explore`], [`convoy`], [`overhead`], [`change`], [`verify`] and [`list`]. The
//! forms are [`table`], [`json`], [`csv`], [`markdown`], a page, and pictures of its [`chart`]s and [`timeline`]s; [`output`] decides where they go. The texts of the [`tour`] stand in a
//! file for each language.
//!
//! This room may know what was measured or explored. Nothing is run, timed or decided here, and clap never comes in.
//! Start reading with [`document`], then [`rows`] and [`table`].

pub mod advice;
mod busy;
pub mod change;
pub mod chart;
pub mod check;
mod command_line;
pub mod convoy;
pub mod csv;
pub mod diff;
pub mod dis;
pub mod document;
pub mod error;
pub mod explore;
pub mod export;
pub mod json;
pub mod layout;
pub mod list;
pub mod markdown;
mod markup;
mod measured;
pub mod numbers;
pub mod output;
pub mod overhead;
mod page;
pub mod part;
mod quiet;
mod references;
pub mod rows;
mod run;
pub mod scaling;
pub mod schema;
mod sweep;
pub mod table;
mod terms;
pub mod timeline;
pub mod tour;
pub mod verify;
pub mod words;

pub use document::{Document, Header};
pub use error::{Error, Result};
pub use part::Part;
pub use rows::{Conditions, Report, Row};
pub use run::{Host, Run};

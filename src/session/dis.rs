//! One `gilsim dis`: compiles a program or a loop body for some versions, and writes the listing.

use super::check::{STACK, read};
use super::ending::Ending;
use super::error::Result;
use crate::python::body::{Body, RESULT};
use crate::python::check;
use crate::python::version::Version;
use crate::report::Header;
use crate::report::dis::DisReport;
use crate::report::output::Destination;
use crate::system::threads;
use std::path::PathBuf;

/// What is listed and where the report goes.
#[derive(Debug)]
pub struct Disassembly {
    /// What is compiled.
    pub text: Text,
    /// For which versions.
    pub versions: Vec<Version>,
    /// How many workers can run at once here.
    pub cpus: usize,
    /// Where the report goes.
    pub destination: Destination,
}

/// What is compiled.
#[derive(Debug)]
pub enum Text {
    /// A program's file.
    File(PathBuf),
    /// A loop body.
    Body {
        /// The body.
        body: String,
        /// The definitions that it uses.
        setup: String,
    },
}

/// Compiles and reports.
///
/// # Errors
///
/// When the file cannot be read, the text is not covered, or the report cannot be written.
pub fn run(disassembly: Disassembly) -> Result<Ending> {
    let output = disassembly.destination.open()?;
    let pool = threads::pool(1, STACK, |_| ())?;
    let Disassembly { text, versions, cpus, .. } = disassembly;
    let (name, listings) = pool.install(|| -> Result<_> {
        let compiled = |version: &Version| match &text {
            Text::File(file) => Ok(check::listing(&read(file)?, *version)?),
            Text::Body { body, setup } => Ok(match Body::compile(body, setup, RESULT, *version)? {
                Body::Counter(program) => check::counter_listing(&program),
                Body::Heap(body) => body.listing(),
            }),
        };
        let listings = versions.iter().map(compiled).collect::<Result<Vec<_>>>()?;
        let name = match &text {
            Text::File(file) => file.display().to_string(),
            Text::Body { body, .. } => body.clone(),
        };
        Ok((name, listings))
    })?;
    output.deliver(&DisReport::new(Header::new(cpus, false), name, &listings))?;
    Ok(Ending::Ran)
}

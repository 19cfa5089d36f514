//! `dis`: instructions, and where a version may drop its GIL among them.

use crate::cli::options::OutputOptions;
use crate::cli::refusal::UsageError;
use crate::cli::request::Request;
use crate::cli::values::{self, statements};
use crate::python::version::Version;
use crate::session::dis::{Disassembly, Text};
use crate::system::cpus::Cpus;
use clap::Args;
use std::path::PathBuf;

/// The instructions of a program or a loop body, with a mark where a version of CPython may drop its GIL, and why
///
/// It is what the model executes. Between which of a program's reads and writes the GIL may be dropped is CPython's. The opcodes of
/// a loop body that loads, stores, calculates, indexes and calls are CPython's, one to one, but for instructions that CPython joins
/// (`LOAD_FAST_LOAD_FAST`) or only marks (`LOAD_FAST_BORROW`, `NOT_TAKEN`, `EXTENDED_ARG`, `CACHE`). Others may differ: at module level
/// (`STORE_NAME` for `STORE_GLOBAL`), the place of `PUSH_NULL` there and where a local name is called, those of imports and of
/// calls of what an imported module has (`time.time()`), of lists, tuples and keys of a dict that are constants, and of definitions with defaults; `pass` has none; a jump to a jump stands as two, a swap that CPython's optimiser removes is there, every slice is made by
/// `BUILD_SLICE`, `any()`, `all()` and `tuple()` of a generator expression have from 3.14 on only the loop and not the call for when the name
/// stands for something else, and what an exception leads to is placed and spelt in the model's own way. Jumps name the number of an
/// instruction, not a byte. Nothing is run.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  gilsim dis race.py --cpython 3.9\n  gilsim dis --body 'x = x + int(d)' --cpython 3.9 --cpython 3.13"
)]
#[command(mut_arg("quiet", |arg| arg.help("Print for each place where the GIL may be dropped a line of version, function, line, opcode and drop (why), with tabs between them")))]
pub(super) struct DisCommand {
    /// The program
    #[arg(value_name = "FILE", required_unless_present = "body")]
    file: Option<PathBuf>,
    /// A loop body instead; \n begins a new line
    #[arg(long, value_name = "STATEMENTS", value_parser = statements(), conflicts_with = "file")]
    body: Option<String>,
    /// Definitions that the body uses
    #[arg(long, value_name = "STATEMENTS", value_parser = statements(), requires = "body")]
    setup: Option<String>,
    /// A version; several (3.9,3.13) stand side by side [default: the newest that has a GIL]
    #[arg(long, value_name = "VERSION", value_parser = values::version(), value_delimiter = ',')]
    cpython: Vec<Version>,
    #[command(flatten)]
    output: OutputOptions,
}

impl DisCommand {
    pub(super) fn request(self, cpus: &Cpus) -> Result<Request, UsageError> {
        let mut versions = self.cpython;
        if versions.is_empty() {
            versions.push(Version::newest_with_gil());
        }
        let mut seen = Vec::new();
        versions.retain(|version| {
            !seen.contains(version) && {
                seen.push(*version);
                true
            }
        });
        let text = match (self.file, self.body) {
            (Some(file), _) => Text::File(file),
            (None, body) => {
                Text::Body { body: body.unwrap_or_default(), setup: self.setup.unwrap_or_default() }
            }
        };
        Ok(Request::Dis(Disassembly {
            text,
            versions,
            cpus: cpus.usable,
            destination: self.output.destination()?,
        }))
    }
}

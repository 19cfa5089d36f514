//! `schema`: what the JSON of every command looks like, for programs that read it.

use crate::cli::request::Request;
use crate::report::schema::SCHEMA;
use clap::Args;

/// The schema of the JSON that the other commands write: every field, its type and its meaning (JSON Schema 2020-12)
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gilsim schema > gilsim.schema.json")]
pub(super) struct SchemaCommand {}

impl SchemaCommand {
    pub(super) fn request(self) -> Request {
        let Self {} = self;
        Request::Print(SCHEMA.to_owned())
    }
}

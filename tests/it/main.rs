//! The integration tests: one binary, a file a theme. They run the built program, or call the library as a
//! program would.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on is to fail where it stands")]

mod baseline;
mod check;
mod check_real;
mod check_scopes;
mod cli;
#[cfg(target_os = "linux")]
mod containers;
mod differential;
mod dis;
mod explore;
mod export;
mod faults;
mod figures;
mod inputs;
mod interpreter;
#[cfg(target_os = "linux")]
mod limits;
mod lines;
mod model;
#[cfg(target_os = "linux")]
mod mpi;
mod numbers;
#[cfg(target_os = "linux")]
mod orphans;
mod overhead;
mod page_html;
mod pages;
mod programs;
mod python;
mod readers;
mod reports;
mod results;
mod rooms;
mod schema;
mod shell;
mod signals;
mod surroundings;
mod sweep;
mod timeline;
mod tour;
mod traces;
mod truth;

use assert_cmd::Command;
use std::thread;
use std::time::{Duration, Instant};

/// The built program, without the colour settings of whoever runs the tests.
fn gilsim(arguments: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("gilsim"));
    command.args(arguments.split_whitespace()).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// What a run prints on standard output; it must end with 0.
fn output_of(arguments: &str) -> String {
    let output = gilsim(arguments).assert().success().get_output().stdout.clone();
    String::from_utf8(output).unwrap()
}

/// Nothing here should take this long; a test that does has failed.
const AMPLE: Duration = Duration::from_mins(2);

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < AMPLE, "{what}: not within {AMPLE:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

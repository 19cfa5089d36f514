//! Interpreters that fail in every way that we know of, and the real ones on this machine.

mod children;
mod fakes;
mod real;
mod stops;

pub(crate) use fakes::Fake;

use crate::surroundings::not_tried;
use crate::{AMPLE, wait_until};
use gilsim::interpreter::{BodyRequest, Interpreter, Limits, SHORTEST_INTERVAL, find};
use nix::sys::signal::killpg;
use nix::unistd::Pid;
use std::env;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

/// For those that are meant to run into it.
const SHORT: Duration = Duration::from_millis(300);

static NEVER: AtomicBool = AtomicBool::new(false);

pub(crate) fn ample() -> Limits<'static> {
    Limits::new(AMPLE, &NEVER)
}

/// No process of the group is left. What the group's leader left behind is reaped by the system, in its own time.
fn assert_gone(group: Pid) {
    wait_until("the end of a process group", || killpg(group, None).is_err());
}

/// The interpreters of this machine, and those named in `GILSIM_PYTHONS` (paths with colons between them).
/// With none of them a test has nothing to say, and says so; where there must be some it fails.
pub(crate) fn real() -> Vec<Interpreter> {
    let mut all = find(&false.into());
    let named = env::var_os("GILSIM_PYTHONS").unwrap_or_default();
    let named = env::split_paths(&named).filter(|path| !path.as_os_str().is_empty());
    all.extend(named.map(|path| Interpreter::probe(&path, &ample()).unwrap()));
    if all.is_empty() {
        let required = env::var_os("GILSIM_REQUIRE_PYTHON").is_some_and(|value| value == "1");
        assert!(!required, "no CPython on PATH or among pyenv's versions, and GILSIM_REQUIRE_PYTHON is 1");
        let test = thread::current().name().unwrap_or_default().to_owned();
        not_tried(&test, "no CPython on PATH or among pyenv's versions");
    }
    all
}

/// So short that threads are switched as often as can be.
const SHORTEST: Option<Duration> = Some(SHORTEST_INTERVAL);

/// A setup that leaves the number of the process group in a file.
fn tell_group(marker: &Path) -> String {
    let marker = marker.to_str().unwrap();
    format!(
        "import os\nf = open('{marker}.new', 'w')\nf.write(str(os.getpgrp()))\nf.close()\nos.rename('{marker}.new', '{marker}')"
    )
}

fn group_in(marker: &Path) -> Option<Pid> {
    fs::read_to_string(marker).ok()?.trim().parse().ok().map(Pid::from_raw)
}

/// Two threads that compute for days.
fn endless(marker: &Path) -> BodyRequest {
    BodyRequest { setup: tell_group(marker), iterations: 1 << 50, ..BodyRequest::default() }
}

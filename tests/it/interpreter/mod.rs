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
use std::sync::LazyLock;
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

/// The interpreters on PATH and among pyenv's versions, which are looked for once for all tests.
pub(crate) fn found() -> &'static [Interpreter] {
    static FOUND: LazyLock<Vec<Interpreter>> = LazyLock::new(|| find(&false.into()));
    &FOUND
}

/// The interpreters of this machine, and those named in `GILSIM_PYTHONS` (paths with colons between them).
/// With none of them a test has nothing to say, and says so; where there must be some it fails.
pub(crate) fn real() -> Vec<Interpreter> {
    static NAMED: LazyLock<Vec<Interpreter>> = LazyLock::new(|| {
        let named = env::var_os("GILSIM_PYTHONS").unwrap_or_default();
        let named = env::split_paths(&named).filter(|path| !path.as_os_str().is_empty());
        named.map(|path| Interpreter::probe(&path, &ample()).unwrap()).collect()
    });
    let all = [found(), &NAMED].concat();
    if all.is_empty() {
        let required = env::var_os("GILSIM_REQUIRE_PYTHON").is_some_and(|value| value == "1");
        assert!(!required, "no CPython on PATH or among pyenv's versions, and GILSIM_REQUIRE_PYTHON is 1");
        let test = thread::current().name().unwrap_or_default().to_owned();
        not_tried(&test, "no CPython on PATH or among pyenv's versions");
    }
    all
}

/// Which of the ways to switch threads an interpreter has.
fn kind(interpreter: &Interpreter) -> u8 {
    match interpreter.version() {
        _ if interpreter.free_threaded() => 5,
        (2, ..) => 0,
        (_, ..=9, _) => 1,
        (_, 10, _) => 2,
        (_, 11, _) => 3,
        _ => 4,
    }
}

/// The interpreters in which the thing with this number, `of` so many, is tried: some of each kind, and each interpreter with
/// some number. With `GILSIM_EVERY_PYTHON=1` these are all of them.
pub(crate) fn share(number: usize, of: usize) -> Vec<Interpreter> {
    let every = env::var_os("GILSIM_EVERY_PYTHON").is_some_and(|value| value == "1");
    if every { real() } else { share_of(real(), number, of) }
}

fn share_of(all: Vec<Interpreter>, number: usize, of: usize) -> Vec<Interpreter> {
    let (mut counts, mut places) = ([0; 6], [0; 6]);
    for interpreter in &all {
        counts[usize::from(kind(interpreter))] += 1;
    }
    let mut has_it = |interpreter: &Interpreter| {
        let kind = usize::from(kind(interpreter));
        let place = places[kind];
        places[kind] += 1;
        // Of things and interpreters of a kind, those that are more are dealt to the others in turn.
        if of < counts[kind] { place % of == number } else { number % counts[kind] == place }
    };
    all.into_iter().filter(|interpreter| has_it(interpreter)).collect()
}

#[test]
fn a_share_has_some_of_each_kind_and_all_shares_are_all() {
    let all = real();
    for of in 1..=9 {
        let shares: Vec<Vec<Interpreter>> = (0..of).map(|number| share_of(all.clone(), number, of)).collect();
        for share in &shares {
            assert!(
                all.iter().all(|one| share.iter().any(|other| kind(other) == kind(one))),
                "{of}: {share:?}"
            );
        }
        assert!(all.iter().all(|one| shares.iter().flatten().any(|other| other == one)), "{of}");
    }
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

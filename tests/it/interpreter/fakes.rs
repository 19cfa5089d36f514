//! Programs that are no interpreters, or fail in every way that we know of.

use super::*;
use crate::{AMPLE, wait_until};
use gilsim::interpreter::{BodyRequest, ConvoyRequest, Error, Interpreter, Limits, Places, SplitRequest};
use gilsim::system::process::Ended;
use nix::unistd::Pid;
use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// A shell script that passes itself off as an interpreter.
pub(crate) struct Fake {
    folder: TempDir,
}

impl Fake {
    /// `lines` come after one that leaves the number of the process group in a file.
    pub(super) fn new(lines: &str) -> Self {
        let fake = Self { folder: tempfile::tempdir().unwrap() };
        // By another process: were the file open for writing here, a child that some other test is starting at
        // this moment would inherit it, and then the kernel refuses to execute it ("text file busy").
        let mut writer = Command::new("/bin/sh")
            .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
            .arg(fake.path())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let marker = fake.marker();
        // A line is one write, so the last one is whole whenever it is read.
        let script = format!("#!/bin/sh\necho $$ >> '{}'\n{lines}\n", marker.display());
        writer.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success());
        fake
    }

    /// One that answers the probe as a CPython 3.13 does, then does as `lines` say.
    pub(crate) fn python(lines: &str) -> Self {
        Self::of(13, "false", "true", lines)
    }

    /// One of another minor version of CPython 3; whether it is a free-threaded build, and its GIL is on, are as in JSON.
    pub(crate) fn of(minor: u8, free_threaded: &str, gil_enabled: &str, lines: &str) -> Self {
        let answer = format!(
            r#"{{"implementation": "CPython", "version": [3, {minor}, 0], "release": "3.{minor}.0", "free_threaded": {free_threaded}, "gil_enabled": {gil_enabled}, "interval": {{"seconds": 0.005}}, "identity": ["/fake", "3.{minor}.0 {free_threaded}", ""]}}"#
        );
        Self::new(&format!("case \"$*\" in *python_implementation*) echo '{answer}'; exit;; esac\n{lines}"))
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("python3")
    }

    fn marker(&self) -> PathBuf {
        self.folder.path().join("group")
    }

    fn group(&self) -> Option<Pid> {
        fs::read_to_string(self.marker()).ok()?.lines().last()?.parse().ok().map(Pid::from_raw)
    }

    /// Probes it, which must fail.
    fn probe(&self, limits: &Limits<'_>) -> Error {
        let error = Interpreter::probe(&self.path(), limits).unwrap_err();
        self.check(&error);
        error
    }

    /// Asks it for a sum, which must fail.
    fn split(&self, limits: &Limits<'_>) -> Error {
        let interpreter = Interpreter::probe(&self.path(), &ample()).unwrap();
        fs::remove_file(self.marker()).unwrap();
        let request = SplitRequest { begin: 0, end: 10, processes: Some(2) };
        let error = interpreter.split(&request, limits).unwrap_err();
        self.check(&error);
        error
    }

    pub(super) fn check(&self, error: &Error) {
        check_message(error, &self.path());
        assert_gone(self.group().expect("it has run"));
    }
}

pub(super) fn check_message(error: &Error, path: &Path) {
    let message = error.to_string();
    assert!(message.starts_with(&format!("{}: ", path.display())), "{message}");
    assert!(!message.contains(char::is_control) && message.contains("; "), "{message}");
}

#[test]
fn no_such_file() {
    for name in ["/nonexistent/python3", "no-such-python"] {
        let error = Interpreter::probe(Path::new(name), &ample()).unwrap_err();
        assert!(matches!(error, Error::NotFound { .. }), "{error}");
        check_message(&error, Path::new(name));
    }
}

#[test]
fn a_file_that_is_not_executable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("python3");
    fs::write(&file, "").unwrap();
    for path in [&file, folder.path()] {
        let error = Interpreter::probe(path, &ample()).unwrap_err();
        assert!(matches!(error, Error::NotExecutable { .. }), "{error}");
        check_message(&error, path);
    }
}

#[test]
fn a_file_that_the_system_cannot_run() {
    let fake = Fake::new("");
    // No #! line and no machine code.
    Command::new("/bin/sh").args(["-c", "echo > \"$0\""]).arg(fake.path()).status().unwrap();
    let error = Interpreter::probe(&fake.path(), &ample()).unwrap_err();
    assert!(matches!(error, Error::Start { .. }), "{error}");
    check_message(&error, &fake.path());
}

#[test]
fn programs_that_are_no_python() {
    let error = Interpreter::probe(Path::new("/bin/false"), &ample()).unwrap_err();
    assert!(matches!(error, Error::NotPython { ended: Ended::Status(1), .. }), "{error}");
    check_message(&error, Path::new("/bin/false"));
    assert!(error.to_string().contains("exited with status 1 and printed nothing"), "{error}");

    // A shell is handed a Python script here. It must not run it as one of its own.
    let error = Interpreter::probe(Path::new("/bin/bash"), &ample()).unwrap_err();
    assert!(matches!(error, Error::NotPython { ended: Ended::Status(125), .. }), "{error}");

    let error = Fake::new("echo this is; echo no Python; echo; exit 0").probe(&ample());
    assert!(matches!(error, Error::NotPython { ended: Ended::Status(0), .. }), "{error}");
    assert!(error.to_string().contains("printed no Python"), "{error}");

    let error = Fake::new("echo oh; printf 'dear\\033[1m\\n' >&2; kill -SEGV $$").probe(&ample());
    assert!(matches!(error, Error::NotPython { .. }), "{error}");
    assert!(error.to_string().contains("was killed by SIGSEGV and printed dear"), "{error}");
}

#[test]
fn a_python_that_is_not_cpython() {
    let answer = r#"{"implementation": "PyPy", "version": [3, 10, 14], "release": "3.10.14", "free_threaded": false, "gil_enabled": true, "interval": {"seconds": 0.005}, "identity": ["/pypy", "3.10.14", ""]}"#;
    let error = Fake::new(&format!("echo '{answer}'")).probe(&ample());
    assert!(
        matches!(&error, Error::NotCPython { implementation, .. } if implementation == "PyPy"),
        "{error}"
    );
}

#[test]
fn one_that_sleeps_for_ever() {
    // The sleeper is a child of the interpreter, and there is another one behind it.
    let lines = "sleep 1000 & sleep 1000; sleep 1000";
    // It has not said what it is: there is no work that could be less.
    let error = Fake::new(lines).probe(&Limits::new(SHORT, &NEVER));
    assert!(matches!(error, Error::Silent { after: SHORT, .. }), "{error}");
    assert!(error.to_string().contains("did not say within 0.3 s which Python it is"), "{error}");
    let error = Fake::python(lines).split(&Limits::new(SHORT, &NEVER));
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
}

#[test]
fn one_that_closes_its_output_and_goes_on() {
    let error = Fake::python("exec >&- 2>&-; sleep 1000").split(&Limits::new(SHORT, &NEVER));
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
}

#[test]
fn one_that_is_deaf_to_polite_signals() {
    let error =
        Fake::python("trap '' TERM INT HUP; while :; do sleep 1; done").split(&Limits::new(SHORT, &NEVER));
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
}

#[test]
fn one_that_ends_and_leaves_a_child_with_its_output() {
    let error = Fake::python("sleep 1000 & echo rubbish").split(&ample());
    assert!(matches!(error, Error::Rubbish { .. }), "{error}");
    let error = Fake::new("sleep 1000 & exit 3").probe(&ample());
    assert!(matches!(error, Error::NotPython { ended: Ended::Status(3), .. }), "{error}");
}

#[test]
fn one_that_prints_rubbish() {
    let good = r#"{"total": "45", "seconds": 1.0, "startup_seconds": 1.0, "gil_enabled": true}"#;
    for rubbish in
        ["hello", "{", "[]", "{\"total\": \"45\"}", &format!("{good} {good}"), &format!("hello {good}")]
    {
        let error = Fake::python(&format!("echo '{rubbish}'")).split(&ample());
        assert!(matches!(error, Error::Rubbish { .. }), "{error}");
        assert!(error.to_string().contains(rubbish), "{error}");
    }
    let error = Fake::python("").split(&ample());
    assert!(error.to_string().contains(": nothing;"), "{error}");
    let error = Fake::python("printf '\\377\\000\\033[2J'").split(&ample());
    assert!(matches!(error, Error::Rubbish { .. }), "{error}");
}

#[test]
fn one_that_answers_with_fewer_runs_than_asked_for() {
    let answer = r#"{"expected": "0", "sequence_seconds": null, "runs": [], "gil_enabled": true}"#;
    let fake = Fake::python(&format!("echo '{answer}'"));
    let interpreter = Interpreter::probe(&fake.path(), &ample()).unwrap();
    for stop_at_first_loss in [false, true] {
        let request = BodyRequest { runs: 2, stop_at_first_loss, ..BodyRequest::default() };
        let error = interpreter.body(&request, &ample()).unwrap_err();
        assert!(matches!(error, Error::Rubbish { .. }), "{error}");
        fake.check(&error);
    }
}

#[test]
fn one_that_prints_without_end() {
    let limits = Limits { output: 100_000, ..ample() };
    let error = Fake::new("yes").probe(&limits);
    assert!(matches!(error, Error::TooMuch { limit: 100_000, .. }), "{error}");
    let error = Fake::python("cat /dev/zero").split(&limits);
    assert!(matches!(error, Error::TooMuch { .. }), "{error}");
    // Of this only the end is kept, so it is no more than a hang.
    let error = Fake::python("yes >&2").split(&Limits::new(SHORT, &NEVER));
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
}

#[test]
fn one_that_fails() {
    let error = Fake::python("echo first >&2; echo 'Error: last' >&2; echo >&2; exit 7").split(&ample());
    assert!(matches!(error, Error::Failed { ended: Ended::Status(7), .. }), "{error}");
    assert!(error.to_string().contains("exited with status 7 and said: Error: last;"), "{error}");
    let error = Fake::python("kill -KILL $$").split(&ample());
    assert!(matches!(error, Error::Failed { ended: Ended::Signal(9), .. }), "{error}");
    assert!(error.to_string().contains("was killed by SIGKILL and said: nothing;"), "{error}");
}

#[test]
fn a_stop_ends_it() {
    let fake = Fake::python("sleep 1000 & sleep 1000");
    let interpreter = Interpreter::probe(&fake.path(), &ample()).unwrap();
    fs::remove_file(fake.marker()).unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            wait_until("its start", || fake.group().is_some());
            stop.store(true, Ordering::Relaxed);
        });
        let request = SplitRequest { begin: 0, end: 10, processes: None };
        let error = interpreter.split(&request, &Limits::new(AMPLE * 2, &stop)).unwrap_err();
        assert!(matches!(error, Error::Stopped { .. }), "{error}");
        fake.check(&error);
    });
}

#[test]
fn requests_out_of_range_start_nothing() {
    let fake = Fake::python("");
    let interpreter = Interpreter::probe(&fake.path(), &ample()).unwrap();
    fs::remove_file(fake.marker()).unwrap();
    let refused = |result: Result<(), Error>| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Request { .. }), "{error}");
        check_message(&error, &fake.path());
    };
    let good = BodyRequest::default();
    let body = |request| refused(interpreter.body(&request, &ample()).map(drop));
    body(BodyRequest { threads: 0, ..good.clone() });
    body(BodyRequest { runs: 0, ..good.clone() });
    body(BodyRequest { runs: 10_001, ..good.clone() });
    body(BodyRequest { interval: Some(Duration::ZERO), ..good.clone() });
    body(BodyRequest { interval: Some(Duration::MAX), ..good });
    let request = SplitRequest { begin: 0, end: 1, processes: Some(0) };
    refused(interpreter.split(&request, &ample()).map(drop));
    let request = ConvoyRequest { pings: 0, hogs: 0, interval: None };
    refused(interpreter.convoy(&request, &ample()).map(drop));
    assert!(fake.group().is_none());
}

#[test]
fn a_search_passes_over_what_cannot_be_used() {
    let (good, same, bad) = (Fake::python(""), Fake::python(""), Fake::new("exit 1"));
    let path = env::join_paths([good.folder.path(), same.folder.path(), bad.folder.path()]).unwrap();
    let found = Places { path: Some(path), pyenv: None }.search(&NEVER);
    // Two scripts, but they say that they are one installation.
    assert_eq!(found.interpreters.iter().map(Interpreter::path).collect::<Vec<_>>(), [good.path()]);
    assert!(
        matches!(&found.failures[..], [(path, Error::NotPython { .. })] if *path == bad.path()),
        "{:?}",
        found.failures
    );

    let stopped =
        Places { path: Some(good.folder.path().into()), pyenv: None }.search(&AtomicBool::new(true));
    assert!(stopped.interpreters.is_empty() && stopped.failures.is_empty());
}

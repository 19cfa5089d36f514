//! Interpreters that fail in every way that we know of, and the real ones on this machine.

use crate::surroundings::not_tried;
use crate::{AMPLE, wait_until};
use gilsim::interpreter::{
    BodyRequest, ConvoyRequest, Error, Interpreter, Limits, Pattern, Places, SHORTEST_INTERVAL, SplitRequest,
    SwitchInterval, find,
};
use gilsim::system::process::Ended;
use nix::sys::signal::{Signal, kill, killpg};
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

/// For those that are meant to run into it.
const SHORT: Duration = Duration::from_millis(300);

static NEVER: AtomicBool = AtomicBool::new(false);

fn ample() -> Limits<'static> {
    Limits::new(AMPLE, &NEVER)
}

/// A shell script that passes itself off as an interpreter.
pub(crate) struct Fake {
    folder: TempDir,
}

impl Fake {
    /// `lines` come after one that leaves the number of the process group in a file.
    fn new(lines: &str) -> Self {
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
        let script =
            format!("#!/bin/sh\necho $$ > '{0}.new'; mv '{0}.new' '{0}'\n{lines}\n", marker.display());
        writer.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(writer.wait().unwrap().success());
        fake
    }

    /// One that answers the probe as a CPython 3.13 does, then does as `lines` say.
    pub(crate) fn python(lines: &str) -> Self {
        let answer = r#"{"implementation": "CPython", "version": [3, 13, 0], "release": "3.13.0", "free_threaded": false, "gil_enabled": true, "interval": {"seconds": 0.005}, "identity": ["/fake", "3.13.0", ""]}"#;
        Self::new(&format!("case \"$*\" in *python_implementation*) echo '{answer}'; exit;; esac\n{lines}"))
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("python3")
    }

    fn marker(&self) -> PathBuf {
        self.folder.path().join("group")
    }

    fn group(&self) -> Option<Pid> {
        fs::read_to_string(self.marker()).ok()?.trim().parse().ok().map(Pid::from_raw)
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

    fn check(&self, error: &Error) {
        check_message(error, &self.path());
        assert_gone(self.group().expect("it has run"));
    }
}

/// No process of the group is left. What the group's leader left behind is reaped by the system, in its own time.
fn assert_gone(group: Pid) {
    wait_until("the end of a process group", || killpg(group, None).is_err());
}

fn check_message(error: &Error, path: &Path) {
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
    let error = Fake::new(lines).probe(&Limits::new(SHORT, &NEVER));
    assert!(matches!(error, Error::TimedOut { after: SHORT, .. }), "{error}");
    assert!(error.to_string().contains("within 0.3 s"), "{error}");
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

/// The interpreters of this machine, and those named in `GILSIM_PYTHONS` (paths with colons between them).
/// With none of them a test has nothing to say, and says so; where there must be some it fails.
fn real() -> Vec<Interpreter> {
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

#[test]
fn real_ones_say_what_they_are() {
    let all = real();
    for interpreter in &all {
        let (major, minor, micro) = interpreter.version();
        assert!(interpreter.label().starts_with(&format!("{major}.{minor}.{micro}")), "{interpreter}");
        assert_eq!(interpreter.label().ends_with('t'), interpreter.free_threaded());
        assert!(interpreter.gil_enabled() || interpreter.free_threaded(), "{interpreter}");
        assert!(interpreter.path().is_absolute());
        match interpreter.interval() {
            SwitchInterval::Seconds(seconds) => assert!(major >= 3 && seconds > 0.0, "{interpreter}"),
            SwitchInterval::Ticks(ticks) => assert!(major == 2 && ticks > 0, "{interpreter}"),
        }
        let again = Interpreter::probe(interpreter.path(), &ample()).unwrap();
        assert_eq!(&again, interpreter);
    }
}

#[test]
fn real_ones_run_isolated_scripts() {
    for interpreter in real() {
        let script = "import json, os, sys; print(json.dumps([sys.argv[1:], [n for n in os.environ if n[:6] == 'PYTHON'], sys.flags.ignore_environment, sys.flags.no_user_site]))";
        let (arguments, variables, ignored, no_user): (Vec<String>, Vec<String>, u8, u8) =
            interpreter.run(script, &["a b", "--c"], &ample()).unwrap();
        assert_eq!(
            (&arguments[..], ignored, no_user),
            (&["a b".into(), "--c".into()][..], 1, 1),
            "{interpreter}"
        );
        assert!(variables.is_empty(), "{interpreter}: {variables:?}");
    }
}

#[test]
fn real_ones_are_exact_where_they_must_be() {
    for interpreter in real() {
        let alone = BodyRequest {
            threads: 1,
            iterations: 20_000,
            runs: 3,
            interval: SHORTEST,
            ..BodyRequest::default()
        };
        let locked = BodyRequest {
            body: "with lock:\n    x += d".into(),
            threads: 3,
            iterations: 2_000,
            runs: 2,
            interval: SHORTEST,
            ..BodyRequest::default()
        };
        let plus = BodyRequest { pattern: Pattern::Plus, ..locked.clone() };
        for (request, expected) in [(alone, 20_000), (locked, 2_000), (plus, 6_000)] {
            let result = interpreter.body(&request, &ample()).unwrap();
            let values: Vec<i128> = result.runs.iter().map(|run| run.value).collect();
            assert_eq!(values, vec![expected; request.runs as usize], "{interpreter}: {request:?}");
            assert_eq!((result.expected, result.losing_runs()), (expected, 0), "{interpreter}");
            assert!(result.runs.iter().all(|run| run.seconds >= 0.0) && result.sequence_seconds.is_none());
            assert_eq!(result.gil_enabled, interpreter.gil_enabled(), "{interpreter}");
        }
    }
}

#[test]
fn real_ones_do_a_body_as_if_it_stood_in_their_module() {
    for interpreter in real() {
        let request = BodyRequest {
            body: "if d == one() and s == \"a\":\n  y = [i for i in (1, two)]\n  print('no answer é')\n  x += y[1]".into(),
            setup: "two = 2\nx = 40".into(),
            threads: 1,
            iterations: 5,
            runs: 2,
            sequence: true,
            ..BodyRequest::default()
        };
        // In any locale.
        let path = interpreter.path().display();
        let wrapper = Fake::new(&format!("LC_ALL=C exec '{path}' \"$@\""));
        let plain = Interpreter::probe(&wrapper.path(), &ample()).unwrap().body(&request, &ample()).unwrap();
        assert_eq!((plain.expected, plain.losing_runs()), (50, 0), "{interpreter}");
        let result = interpreter.body(&request, &ample()).unwrap();
        assert_eq!(result.expected, 50, "{interpreter}");
        assert_eq!(result.runs.iter().map(|run| run.value).collect::<Vec<_>>(), [50, 50], "{interpreter}");
        assert!(result.sequence_seconds.is_some(), "{interpreter}");

        // Beyond 64 bits, and nothing to do at all.
        let body = "x = 2 ** 100".into();
        let large = interpreter
            .body(&BodyRequest { body, sequence: true, iterations: 1, ..request.clone() }, &ample());
        assert_eq!(large.unwrap().runs[0].value, 1 << 100, "{interpreter}");
        let none = interpreter.body(&BodyRequest { iterations: 0, ..request }, &ample());
        assert_eq!(none.unwrap().runs[0].value, 40, "{interpreter}");
    }
}

#[test]
fn real_ones_stop_at_the_first_loss() {
    for interpreter in real() {
        // Each run ends at 1 where -1 + 1 is 0: a loss for certain, in every run.
        let body = "x = 1".into();
        let request =
            BodyRequest { body, iterations: 10, runs: 4, stop_at_first_loss: true, ..BodyRequest::default() };
        let result = interpreter.body(&request, &ample()).unwrap();
        assert_eq!((result.runs.len(), result.losing_runs()), (1, 1), "{interpreter}");
        let all = BodyRequest { stop_at_first_loss: false, ..request };
        assert_eq!(interpreter.body(&all, &ample()).unwrap().losing_runs(), 4, "{interpreter}");
    }
}

#[test]
fn an_exception_in_any_thread_of_a_real_one_is_an_error() {
    for interpreter in real() {
        let said = |body: &str, setup: &str| {
            // So many iterations that the thread without an exception would go on for hours.
            let iterations = if body.contains("d < 0") { u64::from(u32::MAX) } else { 10 };
            let request =
                BodyRequest { body: body.into(), setup: setup.into(), iterations, ..BodyRequest::default() };
            let error = interpreter.body(&request, &ample()).unwrap_err();
            assert!(matches!(error, Error::Failed { ended: Ended::Status(1), .. }), "{interpreter}: {error}");
            check_message(&error, interpreter.path());
            error.to_string()
        };
        assert!(
            said("if d < 0: raise ValueError('on purpose')", "").contains("said: ValueError: on purpose;")
        );
        assert!(said("if d < 0: raise SystemExit(0)", "").contains("said: SystemExit"));
        assert!(said("x += y", "").contains("NameError"));
        assert!(said("x +=", "").contains("SyntaxError"));
        assert!(said("return", "").contains("SyntaxError"));
        assert!(said("break", "").contains("SyntaxError"));
        assert!(said("pass\n  else: pass", "").contains("Error: "));
        assert!(said("x += d", "1 / 0").contains("ZeroDivisionError"));
        assert!(said("x = 'a'", "").contains("TypeError: x should be a whole number"));
        assert!(said("x = 2 ** 127", "").contains("OverflowError"));
        // Ends the process behind our back; a status of 0 is no answer yet.
        let request = BodyRequest { body: "__import__('os')._exit(0)".into(), ..BodyRequest::default() };
        let error = interpreter.body(&request, &ample()).unwrap_err();
        assert!(matches!(error, Error::Rubbish { .. }), "{interpreter}: {error}");
    }
}

#[test]
fn real_ones_add_up_a_range() {
    for interpreter in real() {
        let total = |begin, end, processes| {
            let result = interpreter.split(&SplitRequest { begin, end, processes }, &ample()).unwrap();
            assert!(result.seconds >= 0.0 && result.startup_seconds >= 0.0, "{interpreter}: {result:?}");
            result.total
        };
        for processes in [None, Some(1), Some(2), Some(7)] {
            assert_eq!(total(0, 100_001, processes), 5_000_050_000, "{interpreter}, {processes:?}");
        }
        for processes in [None, Some(3)] {
            assert_eq!(total(-3, 2, processes), -5, "{interpreter}, {processes:?}");
            assert_eq!(total(5, -5, processes), 0, "{interpreter}, {processes:?}");
            // The last four numbers that fit: their sum does not.
            let sum = 4 * i128::from(i64::MAX) - 10;
            assert_eq!(total(i64::MAX - 4, i64::MAX, processes), sum, "{interpreter}, {processes:?}");
        }
    }
}

#[test]
fn real_ones_measure_round_trips() {
    for interpreter in real() {
        for hogs in [0, 1, 2] {
            let request = ConvoyRequest { pings: 5, hogs, interval: Some(Duration::from_millis(1)) };
            let result = interpreter.convoy(&request, &ample()).unwrap();
            assert_eq!((result.idle.len(), result.loaded.len()), (5, 5), "{interpreter}");
            assert!(result.idle.iter().chain(&result.loaded).all(|&trip| trip >= 0.0), "{interpreter}");
        }
    }
}

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

#[test]
fn real_ones_are_stopped_and_timed_out_in_the_midst_of_work() {
    for interpreter in real() {
        let folder = tempfile::tempdir().unwrap();
        let marker = folder.path().join("group");
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                wait_until("its start", || group_in(&marker).is_some());
                stop.store(true, Ordering::Relaxed);
            });
            let error = interpreter.body(&endless(&marker), &Limits::new(AMPLE * 2, &stop)).unwrap_err();
            assert!(matches!(error, Error::Stopped { .. }), "{interpreter}: {error}");
        });
        assert_gone(group_in(&marker).unwrap());

        let request = SplitRequest { begin: 0, end: i64::MAX, processes: Some(2) };
        let error = interpreter.split(&request, &Limits::new(SHORT, &NEVER)).unwrap_err();
        assert!(matches!(error, Error::TimedOut { .. }), "{interpreter}: {error}");
    }
}

#[test]
fn a_worker_of_a_real_one_that_hangs_is_named() {
    // The second process stops itself as it is let go.
    let prelude = "
import os, signal
fork, read, forked = os.fork, os.read, []
def second_stops():
    forked.append(fork())
    if len(forked) == 2 and forked[1] == 0:
        os.read = stopping
    return forked[-1]
def stopping(file, length):
    data = read(file, length)
    if not data:
        os.kill(os.getpid(), signal.SIGSTOP)
    return data
os.fork = second_stops
";
    for interpreter in real() {
        let path = interpreter.path().display();
        let fake = Fake::new(&format!(
            "while [ \"$1\" != -c ]; do shift; done; exec '{path}' -B -c '{prelude}'\"$2\" \"$3\""
        ));
        let stopping = Interpreter::probe(&fake.path(), &ample()).unwrap();
        let request = SplitRequest { begin: 0, end: 10, processes: Some(2) };
        let named = |error: &Error| {
            error.to_string().contains(" s and said: worker process 2 of 2 has not ended; ask for less work")
        };
        // However slow the machine: some timeout is long enough to say it in.
        let mut timeout = Duration::from_secs(1);
        loop {
            let error = stopping.split(&request, &Limits::new(timeout, &NEVER)).unwrap_err();
            assert!(matches!(error, Error::TimedOut { .. }), "{interpreter}: {error}");
            fake.check(&error);
            if named(&error) {
                break;
            }
            timeout *= 2;
            assert!(timeout < AMPLE, "{interpreter}: {error}");
        }
    }
}

#[test]
fn a_real_one_without_room_for_its_threads_says_so() {
    for interpreter in real() {
        // 1,000 stacks of 8 MiB do not go into 500 MiB.
        let path = interpreter.path().display();
        let fake = Fake::new(&format!("ulimit -s 8192; ulimit -v 512000; exec '{path}' \"$@\""));
        let limited = Interpreter::probe(&fake.path(), &ample()).unwrap();
        let request = BodyRequest { threads: 1_000, iterations: 1, ..BodyRequest::default() };
        let error = limited.body(&request, &ample()).unwrap_err();
        assert!(matches!(error, Error::Failed { ended: Ended::Status(1), .. }), "{interpreter}: {error}");
        assert!(error.to_string().contains("start new thread"), "{interpreter}: {error}");
        fake.check(&error);
    }
}

/// One call into C that lasts for ever and keeps the GIL.
fn long_call(marker: &Path) -> BodyRequest {
    let setup = format!("import itertools\ndef tell():\n  {}", tell_group(marker).replace('\n', "\n  "));
    let body = "tell()\nx = x + sum(itertools.repeat(0))".into();
    BodyRequest { body, setup, threads: 1, iterations: 1, ..BodyRequest::default() }
}

/// Not a test by itself: what others run in a process of its own, to be killed or to have its workers killed.
#[test]
fn a_parent_for_other_tests() {
    let (Some(path), Some(job)) = (env::var_os("GILSIM_TEST_PYTHON"), env::var_os("GILSIM_TEST_JOB")) else {
        return;
    };
    let interpreter = Interpreter::probe(Path::new(&path), &ample()).unwrap();
    let folder = PathBuf::from(env::var_os("GILSIM_TEST_FOLDER").unwrap());
    let marker = folder.join("group");
    let error = match job.to_str().unwrap() {
        "body" => interpreter.body(&endless(&marker), &ample()).map(drop),
        "call" => interpreter.body(&long_call(&marker), &ample()).map(drop),
        "split" => {
            let request = SplitRequest { begin: 0, end: i64::MAX, processes: Some(2) };
            interpreter.split(&request, &ample()).map(drop)
        }
        _ => {
            let request = ConvoyRequest { pings: 10_000, hogs: 4, interval: None };
            interpreter.convoy(&request, &ample()).map(drop)
        }
    };
    fs::write(folder.join("error"), error.unwrap_err().to_string()).unwrap();
}

/// The above, at work, with all its descendants. Linux only: elsewhere there is no /proc to ask.
#[cfg(target_os = "linux")]
struct Family {
    folder: TempDir,
    parent: std::process::Child,
}

#[cfg(target_os = "linux")]
impl Family {
    /// Returns when there are so many `processes`.
    fn at_work(interpreter: &Interpreter, job: &str, processes: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let parent = Command::new(env::current_exe().unwrap())
            .args(["--exact", "interpreter::a_parent_for_other_tests"])
            .env("GILSIM_TEST_PYTHON", interpreter.path())
            .env("GILSIM_TEST_JOB", job)
            .env("GILSIM_TEST_FOLDER", folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let family = Self { folder, parent };
        // The probe is a second process, too, so the body has to have begun.
        let begun =
            || !["body", "call"].contains(&job) || group_in(&family.folder.path().join("group")).is_some();
        wait_until("work", || family.members().len() == processes && begun());
        family
    }

    /// Those that have the folder's name in their environment; a zombie has none any more.
    fn members(&self) -> Vec<i32> {
        let entry = format!("GILSIM_TEST_FOLDER={}\0", self.folder.path().display());
        let is_member = |process: &i32| {
            let environment = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
            environment.windows(entry.len()).any(|window| window == entry.as_bytes())
        };
        let processes = fs::read_dir("/proc").unwrap().flatten();
        processes.filter_map(|process| process.file_name().to_str()?.parse().ok()).filter(is_member).collect()
    }

    fn child_of(&self, mother: i32) -> i32 {
        let is_child = |&process: &i32| {
            // Behind the name, which is in brackets, come the state and then the parent.
            let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
            let parent = stat.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap().parse();
            parent == Ok(mother)
        };
        self.members().into_iter().find(is_child).unwrap()
    }

    /// A child of the interpreter: the parent's grandchild.
    fn worker(&self) -> i32 {
        self.child_of(self.child_of(i32::try_from(self.parent.id()).unwrap()))
    }
}

#[cfg(target_os = "linux")]
impl Drop for Family {
    fn drop(&mut self) {
        // What a failed test has left at work. An error means that it has ended already.
        for process in self.members() {
            let _ = kill(Pid::from_raw(process), Signal::SIGKILL);
        }
        let _ = self.parent.wait();
    }
}

/// With how many processes each job is at work: the parent, the interpreter, its workers or its echo process.
#[cfg(target_os = "linux")]
const JOBS: [(&str, usize); 4] = [("body", 2), ("call", 2), ("split", 4), ("convoy", 3)];

#[cfg(target_os = "linux")]
#[test]
fn real_ones_end_when_their_parent_is_killed() {
    for interpreter in real() {
        for (job, processes) in JOBS {
            let mut family = Family::at_work(&interpreter, job, processes);
            family.parent.kill().unwrap();
            family.parent.wait().unwrap();
            wait_until("the end of the orphans", || family.members().is_empty());
            assert!(!family.folder.path().join("error").exists(), "{interpreter}: {job}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn workers_of_real_ones_end_when_their_interpreter_is_killed() {
    for interpreter in real() {
        let family = Family::at_work(&interpreter, "split", 4);
        // Whoever asked cannot see to it, and does not close their standard input.
        let parent = i32::try_from(family.parent.id()).unwrap();
        kill(Pid::from_raw(parent), Signal::SIGSTOP).unwrap();
        kill(Pid::from_raw(family.child_of(parent)), Signal::SIGKILL).unwrap();
        wait_until("the end of the workers", || family.members() == [parent]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn real_ones_tell_when_one_of_their_processes_is_killed() {
    for interpreter in real() {
        for (job, processes) in &JOBS[2..] {
            let mut family = Family::at_work(&interpreter, job, *processes);
            kill(Pid::from_raw(family.worker()), Signal::SIGKILL).unwrap();
            assert!(family.parent.wait().unwrap().success(), "{interpreter}: {job}");
            let error = fs::read_to_string(family.folder.path().join("error")).unwrap();
            assert!(error.contains("exited with status 1 and said: "), "{interpreter}: {error}");
            if *job == "split" {
                assert!(error.contains(" of 2 was killed by signal 9;"), "{interpreter}: {error}");
            }
            wait_until("the end of the others", || family.members().is_empty());
        }
    }
}

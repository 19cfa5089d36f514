//! Worker processes that do not do what they should: each fault is made to happen.

use crate::wait_until;
use gilsim::error::{Classified, Kind};
use gilsim::measure::{self, Objects, Pattern, Scenario, Workload};
use gilsim::scenario::split::{self, Split};
use gilsim::system;
use gilsim::system::control::Control;
use gilsim::system::cpus::Cpus;
use nix::sys::signal::killpg;
use nix::unistd::Pid;
use std::fs;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Nothing here hangs for so long, unless it is meant to.
const AMPLE: Duration = Duration::from_mins(1);
/// For those that hang: enough for the others to do what they have to.
const SHORT: Duration = Duration::from_secs(4);

fn load(workers: usize, iterations: u64) -> Workload {
    Workload {
        workers: NonZeroUsize::new(workers).unwrap(),
        iterations,
        from: 0,
        pattern: Pattern::PlusMinus,
        cpus: Cpus::detect(),
        pins: Vec::new(),
        objects: Objects::Shared,
        widen: None,
        switch_interval: Duration::from_millis(5),
        record: false,
    }
}

/// What the scripts below are made of. `$2` is a worker's number from 0.
const WORDS: &str = r#"
say() { echo "{\"$1\":{\"worker\":$worker$2}}"; }
ready() { say ready; }
beat() { say beat ",\"done\":$1"; }
subtotal() {
    usage='{"cpu":{"secs":0,"nanos":0},"user":{"secs":0,"nanos":0},"system":{"secs":0,"nanos":0},"voluntary":0,"involuntary":0}'
    say subtotal ",\"total\":0,\"span\":{\"start\":1,\"end\":2},\"usage\":$usage"
}
# Takes the word off, so that only one of several workers may do it.
go() { ready; read word; }
"#;

/// What the sum of 0..100 comes to when its workers are this shell script: the error, in which the process number
/// is written as PID. Nothing of any of the workers may be left afterwards.
fn split_by_script(workers: usize, patience: Duration, script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("worker");
    let pid_file = |worker: usize| folder.path().join(format!("pid.{worker}"));
    let gilsim = assert_cmd::cargo::cargo_bin!("gilsim").display();
    let script = format!(
        "#!/bin/sh\nworker=$2\necho $$ > {}/pid.$worker\nhonest() {{ exec {gilsim} \"$@\"; }}\n{WORDS}\n{script}\n",
        folder.path().display()
    );
    // By another process: a file that is open for writing here could not be executed by a child of this one.
    let write = Command::new("/bin/sh")
        .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
        .arg(&path)
        .stdin(Stdio::piped())
        .spawn();
    let mut write = write.unwrap();
    write.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(write.wait().unwrap().success());

    let split = Split::by_processes_of(&path).hung_after(patience);
    let error = split.observe(&load(workers, 100), &Control::default()).unwrap_err();
    for worker in 0..workers {
        // One that was ended before it got so far has left no number, or an empty file.
        let number = fs::read_to_string(pid_file(worker)).unwrap_or_default();
        let Ok(pid) = number.trim().parse::<i32>() else { continue };
        assert!(!Path::new("/proc").join(pid.to_string()).exists(), "process {pid} was left behind");
        let group = Pid::from_raw(pid);
        wait_until("the end of what a worker has started", || killpg(group, None).is_err());
    }
    let measure::Error::Scenario(cause) = &error else { panic!("{error}") };
    let cause: &(dyn std::error::Error + 'static) = cause.as_ref();
    let Some(&split::error::Error::WorkerProcess { worker, pid, .. }) = cause.downcast_ref() else {
        panic!("{error}")
    };
    let own = fs::read_to_string(pid_file(worker)).unwrap();
    assert_eq!(own.trim(), pid.to_string(), "{error}");
    let message = error.to_string();
    assert!(!message.contains(char::is_control), "{message:?}");
    message.replace(&format!("(pid {pid})"), "(pid PID)")
}

/// That the first or the second of two workers, who does so while the other waits, is the one that is named.
fn assert_named(faulty: &str, fate: &str) {
    for worker in [0, 1] {
        let script = format!("[ $worker = {worker} ] || {{ ready; exec sleep 1000; }}\n{faulty}");
        let message = split_by_script(2, AMPLE, &script);
        let expected = format!(
            "worker process {} of 2 (pid PID) {fate}, so there is no result; run it again",
            worker + 1
        );
        assert_eq!(message, expected, "{faulty}");
    }
}

#[test]
fn a_worker_that_fails_is_named_with_its_exit_code() {
    assert_named("exit 7", "exited with status 7");
    assert_named("go; exit 7", "exited with status 7");
    assert_named("go; subtotal; exit 7", "exited with status 7");
}

#[test]
fn a_worker_that_is_killed_is_named_with_its_signal() {
    assert_named("kill -9 $$", "was killed by SIGKILL");
    assert_named("go; kill -9 $$", "was killed by SIGKILL");
    assert_named("go; printf '{\"subtotal\":'; kill -9 $$", "was killed by SIGKILL");
    assert_named("go; subtotal; kill -9 $$", "was killed by SIGKILL");
}

#[test]
fn a_worker_that_ends_without_a_subtotal_is_missed() {
    assert_named("exit 0", "exited with status 0 but without a subtotal");
    assert_named("go; exit 0", "exited with status 0 but without a subtotal");
}

#[test]
fn a_worker_that_sends_rubbish_is_named_with_it() {
    let sent = |what: &str| format!("sent something that is not what was due: \"{what}\"");
    assert_named("echo hello; exec sleep 1000", &sent("hello"));
    assert_named("go; printf '\\377\\033[2J\\n'; exec sleep 1000", &sent("\u{fffd}\\u{1b}[2J"));
    assert_named("go; printf hello; exit 0", &sent("hello"));
    assert_named("go; subtotal; echo hello; exit 0", &sent("hello"));
    let ready = |worker| format!("{{\\\"ready\\\":{{\\\"worker\\\":{worker}}}}}");
    assert_named("worker=7; ready; exec sleep 1000", &sent(&ready(7)));
    let beat = "{\\\"beat\\\":{\\\"worker\\\":7,\\\"done\\\":1}}";
    assert_named("go; worker=7; beat 1; exec sleep 1000", &sent(beat));
}

#[test]
fn a_worker_that_sends_what_is_not_due_is_named() {
    for faulty in [
        "subtotal; exec sleep 1000",
        "ready; ready; exec sleep 1000",
        "go; ready; exec sleep 1000",
        "go; subtotal; subtotal; exit 0",
        // More than there is to do, and backwards.
        "go; beat 51; exec sleep 1000",
        "go; beat 2; beat 1; exec sleep 1000",
    ] {
        for worker in [0, 1] {
            let script = format!("[ $worker = {worker} ] || {{ ready; exec sleep 1000; }}\n{faulty}");
            let message = split_by_script(2, AMPLE, &script);
            let expected = format!("worker process {} of 2 (pid PID) sent something that is", worker + 1);
            assert!(message.starts_with(&expected), "{faulty}: {message}");
        }
    }
    // Before the word, which is not given as long as the other has not come.
    let message = split_by_script(2, AMPLE, "[ $worker = 1 ] && ready && subtotal; exec sleep 1000");
    assert!(message.starts_with("worker process 2 of 2 (pid PID) sent something that is"), "{message}");
}

#[test]
fn a_worker_that_sends_without_end_is_named() {
    let zeros = format!("sent something that is not what was due: \"{}\"", "\\0".repeat(60));
    assert_named("exec cat /dev/zero", &zeros);
    assert_named("go; exec cat /dev/zero", &zeros);
    assert_named("go; subtotal; exec cat /dev/zero", &zeros);
    assert_named("go; exec yes", "sent something that is not what was due: \"y\"");
    // What is well formed and says nothing new ends as well.
    let message = split_by_script(1, SHORT, "go; while :; do beat 3; done");
    assert_eq!(message, hung("it came no further in its part for 4 s"));
}

fn hung(how: &str) -> String {
    format!("worker process 1 of 1 (pid PID) hangs: {how}, so there is no result; run it again")
}

#[test]
fn a_worker_that_hangs_is_named() {
    let start = "it did not come to the start line within 4 s";
    let work = "it came no further in its part for 4 s";
    let end = "it did not end within 4 s of its subtotal";
    let faults = [
        ("sleep 1000", start),
        ("trap '' TERM INT HUP; kill -STOP $$", start),
        ("exec >&-; sleep 1000", start),
        ("ready; kill -STOP $$", work),
        ("go; beat 1; sleep 1000", work),
        ("go; exec >&-; sleep 1000", work),
        ("go; subtotal; sleep 1000", end),
        ("go; subtotal; exec >&-; sleep 1000", end),
    ];
    thread::scope(|scope| {
        for (script, how) in faults {
            scope.spawn(move || assert_eq!(split_by_script(1, SHORT, script), hung(how), "{script}"));
        }
        // Beside one that does what it should, too.
        scope.spawn(|| {
            let script = "[ $worker = 0 ] && honest \"$@\"; ready; kill -STOP $$";
            let message = split_by_script(2, SHORT, script);
            assert!(message.starts_with("worker process 2 of 2 (pid PID) hangs: it came no"), "{message}");
        });
        // Its pipe stays open, but it has not been forgotten.
        scope.spawn(|| {
            let message = split_by_script(1, SHORT, "go; sleep 1000 & exit 7");
            assert!(message.starts_with("worker process 1 of 1 (pid PID) exited with status 7"), "{message}");
        });
    });
}

#[test]
fn a_worker_with_much_to_do_does_not_hang() {
    let executable = assert_cmd::cargo::cargo_bin!("gilsim");
    let control = Control::default();
    let over = AtomicBool::new(false);
    let result = thread::scope(|scope| {
        let observe = || {
            let split = Split::by_processes_of(executable).hung_after(SHORT);
            let result = split.observe(&load(2, u64::MAX), &control);
            over.store(true, Ordering::Relaxed);
            result
        };
        let observing = scope.spawn(observe);
        // The workers' beats are what moves it.
        wait_until("progress", || control.done() > 0 || over.load(Ordering::Relaxed));
        // Longer than a worker may be silent.
        thread::sleep(SHORT * 5 / 4);
        control.stop();
        observing.join().unwrap()
    });
    assert!(matches!(&result, Err(error) if error.kind() == Kind::Interrupted), "{result:?}");
}

#[test]
fn an_executable_that_is_not_there_is_told() {
    let split = Split::by_processes_of(Path::new("/nowhere/gilsim"));
    let error = split.observe(&load(2, 100), &Control::default());
    assert!(matches!(
        error,
        Err(measure::Error::System(system::Error::StartWorker { worker: 0, workers: 2, .. }))
    ));
}

#[test]
fn real_workers_are_right() {
    let executable = assert_cmd::cargo::cargo_bin!("gilsim");
    // More of them than numbers, too.
    for (workers, iterations, expected) in [(2, 1_000_001, 500_000_500_000), (20, 10, 45)] {
        let split = Split::by_processes_of(executable);
        let observation = split.observe(&load(workers, iterations), &Control::default()).unwrap();
        assert_eq!(observation.actual, expected);
        assert_eq!(observation.spans.len(), workers);
    }
}

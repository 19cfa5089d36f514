//! Worker processes that do not do what they should: each fault is made to happen.

use gilsim::control::Control;
use gilsim::cpus::Cpus;
use gilsim::error::Error;
use gilsim::scenario::split::Split;
use gilsim::scenario::{Pattern, Scenario, Workload};
use std::fs;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

fn load(iterations: u64) -> Workload {
    Workload {
        workers: NonZeroUsize::new(2).unwrap(),
        iterations,
        from: 0,
        pattern: Pattern::PlusMinus,
        cpus: Cpus::detect(),
        pins: Vec::new(),
        widen: None,
        switch_interval: Duration::from_millis(5),
    }
}

/// What a split comes to whose workers are this shell script. `$2` is the worker's number; a process number
/// that a worker leaves in the folder must be gone afterwards.
fn split_by_script(script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("worker");
    let script = format!("#!/bin/sh\necho $$ > {}/pid.$2\n{script}\n", folder.path().display());
    // By another process: a file that is open for writing here could not be executed by a child of this one.
    let write = Command::new("/bin/sh")
        .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
        .arg(&path)
        .stdin(Stdio::piped())
        .spawn();
    let mut write = write.unwrap();
    write.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(write.wait().unwrap().success());
    let result = Split::by_processes_of(&path).observe(&load(100), &Control::default());
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with("pid.") {
            let pid = fs::read_to_string(entry.path()).unwrap();
            assert!(!Path::new("/proc").join(pid.trim()).exists(), "process {pid} was left behind");
        }
    }
    result.unwrap_err().to_string()
}

const READY: &str = r#"echo '{"ready":{"worker":'$2'}}'; read go"#;

#[test]
fn a_worker_that_fails_is_named_with_its_exit_code() {
    let message = split_by_script("[ $2 = 1 ] && exit 7; read go; exit 0");
    assert!(message.starts_with("worker process 2 of 2 (pid "), "{message}");
    assert!(message.contains("ended with exit code 7"), "{message}");
}

#[test]
fn a_worker_that_is_killed_is_named_with_its_signal() {
    let message = split_by_script(&format!("{READY}; [ $2 = 0 ] && kill -9 $$; sleep 100"));
    assert!(message.starts_with("worker process 1 of 2 (pid "), "{message}");
    assert!(message.contains("was killed by signal 9"), "{message}");
}

#[test]
fn a_worker_that_ends_without_a_subtotal_is_missed() {
    let message = split_by_script(&format!("{READY}; exit 0"));
    assert!(message.contains("ended with exit code 0 before it was done"), "{message}");
}

#[test]
fn rubbish_on_the_queue_is_refused() {
    let message = split_by_script("echo hello; sleep 100");
    assert!(message.contains("is no subtotal: \"hello\""), "{message}");
    let message = split_by_script(&format!("{READY}; echo '\"stop\"'; sleep 100"));
    assert!(message.contains("is no subtotal"), "{message}");
    let message = split_by_script(&format!("{READY}; echo '{{\"ready\":{{\"worker\":0}}}}'; sleep 100"));
    assert!(message.contains("is no subtotal"), "{message}");
}

#[test]
fn endless_rubbish_is_refused_as_well() {
    let message = split_by_script("exec cat /dev/zero");
    assert!(message.contains("is no subtotal"), "{message}");
}

#[test]
fn an_executable_that_is_not_there_is_told() {
    let error = Split::by_processes_of(Path::new("/nowhere/gilsim")).observe(&load(100), &Control::default());
    assert!(matches!(error, Err(Error::StartWorker { worker: 0, workers: 2, .. })));
}

#[test]
fn real_workers_are_right() {
    let executable = assert_cmd::cargo::cargo_bin!("gilsim");
    let observation =
        Split::by_processes_of(executable).observe(&load(1_000_001), &Control::default()).unwrap();
    assert_eq!(observation.actual, 500_000_500_000);
    assert_eq!(observation.spans.len(), 2);
}

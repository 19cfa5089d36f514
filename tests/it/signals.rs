//! Interrupts: what was finished is reported, and nothing is left behind.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Sends a signal to a run that would never end; returns its exit code and what it printed.
fn interrupt(arguments: &str, signal: Signal, after: Duration) -> (Option<i32>, String) {
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("gilsim"))
        .args(arguments.split_whitespace())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    thread::sleep(after);
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > GOES_ON {
            child.kill().unwrap();
            panic!("{arguments} goes on");
        }
        thread::sleep(Duration::from_millis(5));
    }
    let status = child.wait().unwrap();
    let mut printed = String::new();
    child.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
    (status.code(), printed)
}

const SOON: Duration = Duration::from_millis(300);
/// A run that has not ended by then does not obey: on a busy machine, too, a hundredth of it suffices.
const GOES_ON: Duration = Duration::from_secs(20);

#[test]
fn every_command_ends_in_the_midst_of_its_first_run() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        for arguments in [
            "race --iters 1e15",
            "race --iters 1e15 --threads 5 --widen 1000",
            "mutex --iters 1e15",
            "atomic --iters 1e15",
            "sharded --iters 1e15",
            "gil --iters 1e15",
            "gil --iters 1e15 --cpython 3.13t",
            "split --iters 1e18",
            "split --iters 1e18 --by thread",
            "split --iters 1e18 --by gil",
            "convoy --pings 10000 --hogs 2",
            "convoy --pings 10000 --hogs 64",
            "mutex --iters 1e15 --lock fair --threads 1000",
            "mutex --iters 1e15 --lock spin --threads 64",
            "gil --iters 1e15 --threads 300",
            "gil --iters 1e15 --switch-interval 60s",
            "compare split:rayon --iters 1e18 --threads 64",
            "compare split:gil --iters 1e18 --threads 64",
            "explore --iters 100000 --threads 4",
            "explore --body while(x<100000):x+=d --iters 1000 --threads 3",
        ] {
            let (exit, printed) = interrupt(arguments, signal, SOON);
            assert_eq!(exit, Some(code), "{arguments}: {printed}");
            assert!(printed.contains("stopped before"), "{arguments}: {printed}");
        }
    }
}

#[test]
fn the_rounds_that_were_finished_are_reported() {
    let (exit, printed) =
        interrupt("atomic --iters 1 --runs 1000000", Signal::SIGINT, Duration::from_millis(500));
    assert_eq!(exit, Some(130), "{printed}");
    assert!(
        printed.contains("interrupted: this is the report of the rounds that were finished"),
        "{printed}"
    );
}

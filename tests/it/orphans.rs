//! gilsim and what it has started, when one of them is killed: nothing is left behind, and what is left to say is
//! said. Linux only: elsewhere there is no /proc to ask.

use crate::python::{real_python, skipped};
use crate::wait_until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A gilsim with all its descendants: they have an entry of its own in their environment.
struct Family {
    entry: String,
    gilsim: Child,
}

impl Family {
    /// Starts gilsim; returns when so many of its descendants have these words on their command line.
    fn at_work(arguments: &[&str], processes: usize, words: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = "GILSIM_TEST_FAMILY";
        let value = format!("{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let gilsim = Command::new(assert_cmd::cargo::cargo_bin!("gilsim"))
            .args(arguments)
            .env(name, &value)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let family = Self { entry: format!("{name}={value}\0"), gilsim };
        wait_until(&format!("{arguments:?} at work"), || family.with_words(words).len() >= processes);
        family
    }

    /// All that are alive, gilsim included.
    fn members(&self) -> Vec<i32> {
        with_entry(&self.entry)
    }

    /// Those but gilsim itself that have these words on their command line.
    fn with_words(&self, words: &str) -> Vec<i32> {
        let has_words = |process: &i32| {
            let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).replace('\0', " ").contains(words)
        };
        let gilsim = i32::try_from(self.gilsim.id()).unwrap();
        self.members().into_iter().filter(|&process| process != gilsim).filter(has_words).collect()
    }

    /// Kills gilsim, after which the others have to end.
    fn orphan(&mut self) {
        self.gilsim.kill().unwrap();
        self.gilsim.wait().unwrap();
        wait_until("the end of the orphans", || self.members().is_empty());
    }

    /// Kills one of gilsim's, after which it has to end with 1 and leave nobody; returns what it printed on
    /// standard output and standard error.
    fn bereave(&mut self, process: i32) -> [String; 2] {
        kill(Pid::from_raw(process), Signal::SIGKILL).unwrap();
        let (mut output, mut error) = (String::new(), String::new());
        self.gilsim.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        self.gilsim.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        assert_eq!(self.gilsim.wait().unwrap().code(), Some(1), "{output}{error}");
        assert!(self.members().is_empty(), "left behind");
        [output, error]
    }
}

/// All processes that have this entry in their environment; a zombie has none any more.
pub(crate) fn with_entry(entry: &str) -> Vec<i32> {
    let has_entry = |process: &i32| {
        let environment = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
        environment.windows(entry.len()).any(|window| window == entry.as_bytes())
    };
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter_map(|process| process.file_name().to_str()?.parse().ok()).filter(has_entry).collect()
}

impl Drop for Family {
    fn drop(&mut self) {
        // What a failed test has left at work.
        let _ = self.gilsim.kill();
        let _ = self.gilsim.wait();
    }
}

/// How many threads a process has.
fn threads(process: i32) -> usize {
    fs::read_dir(format!("/proc/{process}/task")).map_or(0, Iterator::count)
}

const FIRST: &str = "split-worker 0 0 500000000000000000";
const SECOND: &str = "split-worker 1 500000000000000000 1000000000000000000";

/// Two workers that would never end, each with the thread that it makes when all else is set up.
fn split_at_work() -> Family {
    let family = Family::at_work(&["compare", "split:process", "--iters", "1e18"], 1, SECOND);
    let set_up = |words| family.with_words(words).into_iter().any(|worker| threads(worker) == 2);
    wait_until("two workers", || set_up(FIRST) && set_up(SECOND));
    family
}

#[test]
fn split_workers_end_when_gilsim_is_killed() {
    split_at_work().orphan();
    // One that is stopped cannot notice by itself.
    let mut family = split_at_work();
    kill(Pid::from_raw(family.with_words(FIRST)[0]), Signal::SIGSTOP).unwrap();
    family.orphan();
}

#[test]
fn a_split_worker_that_is_killed_ends_the_run_with_one_line() {
    let mut family = split_at_work();
    let worker = family.with_words(SECOND)[0];
    let [output, error] = family.bereave(worker);
    assert_eq!(output, "");
    assert_eq!(
        error,
        format!(
            "error: worker process 2 of 2 (pid {worker}) was killed by SIGKILL, so there is no result; run it again\n"
        )
    );
}

#[test]
fn a_split_worker_that_is_asked_to_terminate_does() {
    let mut family = split_at_work();
    let worker = family.with_words(SECOND)[0];
    kill(Pid::from_raw(worker), Signal::SIGTERM).unwrap();
    wait_until("the end of all", || family.gilsim.try_wait().unwrap().is_some());
    let mut error = String::new();
    family.gilsim.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert!(
        error.starts_with(&format!("error: worker process 2 of 2 (pid {worker}) exited with status 143"))
    );
    assert!(family.members().is_empty(), "left behind");
}

#[test]
fn split_workers_end_with_an_interrupted_run() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let mut family = split_at_work();
        // A worker that cannot hear anything does not hold it up.
        kill(Pid::from_raw(family.with_words(FIRST)[0]), Signal::SIGSTOP).unwrap();
        kill(Pid::from_raw(i32::try_from(family.gilsim.id()).unwrap()), signal).unwrap();
        wait_until("the end of all", || family.gilsim.try_wait().unwrap().is_some());
        assert_eq!(family.gilsim.wait().unwrap().code(), Some(code));
        assert!(family.members().is_empty(), "left behind");
    }
}

/// The echo process of a convoy that would take minutes, in the midst of it.
fn convoy_at_work() -> (Family, i32) {
    const ECHO: &str = "echo-bytes";
    let family = Family::at_work(&["convoy", "--pings", "10000", "--hogs", "2"], 1, ECHO);
    let gilsim = i32::try_from(family.gilsim.id()).unwrap();
    // Many more reads than a program needs to start.
    let echoing = |echo: &i32| {
        let counts = fs::read_to_string(format!("/proc/{echo}/io")).unwrap_or_default();
        let reads = counts.lines().find_map(|line| line.strip_prefix("syscr: ")?.parse().ok());
        reads.is_some_and(|reads: u64| reads > 100)
    };
    let mut echo = None;
    wait_until("hogs and an echo", || {
        // With the hogs there, beside the first thread, the one who waits for signals and the one who pings, its
        // predecessor, beside which there were none, has ended.
        echo = if threads(gilsim) == 5 { family.with_words(ECHO).into_iter().find(echoing) } else { None };
        echo.is_some()
    });
    (family, echo.unwrap())
}

#[test]
fn the_echo_process_ends_when_gilsim_is_killed() {
    convoy_at_work().0.orphan();
    let (mut family, echo) = convoy_at_work();
    kill(Pid::from_raw(echo), Signal::SIGSTOP).unwrap();
    family.orphan();
}

#[test]
fn an_echo_process_that_is_killed_ends_the_run_with_one_line() {
    let (mut family, echo) = convoy_at_work();
    let [output, error] = family.bereave(echo);
    assert_eq!(output, "");
    assert_eq!(error, "error: the echo process failed: it was killed by SIGKILL; run it again\n");
}

#[test]
fn interpreters_end_when_gilsim_is_killed() {
    let Some(python) = real_python() else { return skipped("the end of orphaned interpreters") };
    let python = ["--python", &python];
    for (arguments, processes, words) in [
        (&["python", "--iters", "4000000000"][..], 1, "\"iterations\":4000000000"),
        // The interpreter and its workers, which it has forked.
        (&["python", "--iters", "1", "--sum", "1000000000000000000"], 3, "\"end\":1000000000000000000"),
        // The interpreter and its echo process, in the first of six runs.
        (&["convoy", "--pings", "1200", "--hogs", "1", "--switch-interval", "20ms"], 2, "\"pings\":200"),
        (&["verify", "--iters", "3000000000"], 1, "\"iterations\":3000000000"),
    ] {
        Family::at_work(&[arguments, &python].concat(), processes, words).orphan();
    }
}

/// A program in a real interpreter, and the processes that it makes, in the midst of a sleep.
fn program_at_work(python: &str) -> (tempfile::TempDir, Family) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sleeping_program.py");
    let text = "
from multiprocessing import Process
import time

def work():
    time.sleep(3000)

if __name__ == '__main__':
    p = Process(target=work)
    p.start()
    p.join()
";
    fs::write(&file, text).unwrap();
    let arguments = ["check", file.to_str().unwrap(), "--python", python, "--timeout", "60s"];
    // The one who waits, the program, and at least one process of its own.
    let family = Family::at_work(&arguments, 3, "python");
    (folder, family)
}

#[test]
fn a_checked_program_ends_with_gilsim_and_so_do_its_processes() {
    let Some(python) = real_python() else { return skipped("the end of orphaned programs") };
    program_at_work(&python).1.orphan();
    let (_folder, mut family) = program_at_work(&python);
    kill(Pid::from_raw(i32::try_from(family.gilsim.id()).unwrap()), Signal::SIGINT).unwrap();
    wait_until("the end of all", || family.gilsim.try_wait().unwrap().is_some());
    assert_eq!(family.gilsim.wait().unwrap().code(), Some(130));
    wait_until("the end of the program", || family.members().is_empty());
}

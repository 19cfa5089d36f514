//! Real interpreters whose parent, or one of whose processes, is killed.

use super::*;
use crate::wait_until;
use gilsim::interpreter::{BodyRequest, ConvoyRequest, Interpreter, SplitRequest};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

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
            .args(["--exact", "interpreter::children::a_parent_for_other_tests"])
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
    for (number, (job, processes)) in JOBS.into_iter().enumerate() {
        for interpreter in share(number, JOBS.len()) {
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
    for (number, (job, processes)) in JOBS[2..].iter().enumerate() {
        for interpreter in share(number, 2) {
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

//! The split by the ranks of an MPI job, on this machine and on two hosts that are namespaces of it.
//!
//! They need `mpirun`, and a gilsim that was built with the feature `mpi`: that under test, or the one that `GILSIM_MPI`
//! names.

use crate::orphans::with_entry;
use crate::surroundings::{Ran, is_root, not_tried, program};
use crate::{gilsim, schema, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio, id};
use std::sync::atomic::{AtomicU32, Ordering};

/// What runs a job: `mpirun` with its options, and the program of the ranks.
struct Job {
    words: Vec<String>,
    gilsim: PathBuf,
}

impl Job {
    /// Nothing, and a line that says why, where there is no MPI.
    fn of(ranks: usize, what: &str) -> Option<Self> {
        let gilsim = if cfg!(feature = "mpi") {
            Ok(program())
        } else {
            env::var_os("GILSIM_MPI").map(PathBuf::from).ok_or("it is built without the feature mpi")
        };
        let found = Command::new("mpirun").arg("--version").output().is_ok();
        let found = if found { Ok(()) } else { Err("there is no mpirun") };
        match found.and(gilsim) {
            Ok(gilsim) => {
                let words = ["mpirun", "--oversubscribe", "-n", &ranks.to_string()].map(str::to_owned);
                Some(Self { words: words.to_vec(), gilsim })
            }
            Err(reason) => {
                assert!(env::var_os("GILSIM_REQUIRE_MPI").is_none(), "{what}: {reason}");
                not_tried(what, reason);
                None
            }
        }
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).arg(&self.gilsim).args(arguments.split_whitespace());
        // Open MPI asks whoever is root whether they mean it.
        command.envs(["", "_CONFIRM"].map(|end| (format!("OMPI_ALLOW_RUN_AS_ROOT{end}"), "1")));
        command.env_remove("CLICOLOR_FORCE").stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &str) -> Ran {
        Ran::of(self.command(arguments), arguments)
    }

    /// The rows of a run, and what it printed.
    fn rows(&self, arguments: &str) -> (Vec<Value>, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("report.json");
        let mut command = self.command(arguments);
        let ran = Ran::of(
            {
                command.arg("--export").arg(&file);
                command
            },
            arguments,
        );
        assert_eq!(ran.code, Some(0), "{arguments}: {}", ran.stderr);
        let report = schema::read(fs::read(file).unwrap());
        (report["results"].as_array().unwrap().clone(), ran.stdout)
    }
}

fn by_ranks(rows: &[Value]) -> Vec<&Value> {
    rows.iter().filter(|row| row["scenario"] == "split:mpi").collect()
}

fn whole(value: &Value) -> u128 {
    value.to_string().parse().unwrap_or_else(|_| panic!("{value} is no number"))
}

/// The sum is right, and the hosts have done all of it between them.
fn check(row: &Value, ranks: usize) {
    let (from, end) = (whole(&row["from"]), whole(&row["iterations"]));
    let expected: u128 = (from..end).sum();
    assert_eq!(whole(&row["actual"]), expected, "{from} to {end} by {ranks}");
    assert_eq!(row["verdict"], "exact");
    assert_eq!(row["workers"], ranks);
    assert_eq!(
        row["command"].as_str().unwrap().split(" --iters").next().unwrap().split(" --from").next(),
        Some(&*format!("mpirun -n {ranks} gilsim split --by mpi"))
    );
    for run in row["observations"].as_array().unwrap() {
        let hosts = run["hosts"].as_array().unwrap();
        assert_eq!(hosts.iter().map(|host| whole(&host["updates"])).sum::<u128>(), end - from);
        let workers: usize = hosts.iter().map(|host| host["workers"].as_array().unwrap().len()).sum();
        assert_eq!(workers, ranks);
        let slowest = hosts.iter().map(|host| host["time"].as_f64().unwrap()).fold(0.0, f64::max);
        assert!((run["time"].as_f64().unwrap() - slowest).abs() < 1e-9, "{run}");
        // A rank that comes late from the barrier may have left nothing of it.
        assert!(run["communication"].as_f64().unwrap() >= 0.0);
        assert!(run["startup"].as_f64().unwrap() > 0.0);
    }
}

#[test]
fn sums_are_right_with_more_ranks_than_numbers_and_more_numbers_than_ranks() {
    for ranks in [1, 2, 4] {
        let Some(job) = Job::of(ranks, "sums by ranks") else { return };
        let (rows, printed) = job.rows("split --by mpi --iters 0..70 --runs 1 --quiet");
        let rows = by_ranks(&rows);
        let ends: Vec<u128> = rows.iter().map(|row| whole(&row["iterations"])).collect();
        assert_eq!(ends, (0..=70).collect::<Vec<_>>());
        for row in rows {
            check(row, ranks);
        }
        // Rank 0 alone has printed.
        assert_eq!(printed.lines().count(), 71, "{printed}");
    }
}

#[test]
fn sums_beyond_64_bits_are_right() {
    for ranks in [1, 2, 4] {
        let Some(job) = Job::of(ranks, "great sums by ranks") else { return };
        let (from, end) = (u64::MAX - 50_001, u64::MAX);
        let (rows, _) = job.rows(&format!("split --by mpi --from {from} --iters {end} --runs 1"));
        let rows = by_ranks(&rows);
        assert!(whole(&rows[0]["actual"]) > u128::from(u64::MAX));
        check(rows[0], ranks);
    }
}

#[test]
fn every_row_of_a_job_says_which_host_did_what() {
    let Some(job) = Job::of(2, "the host of each row") else { return };
    let (rows, printed) = job.rows("split --by mpi,thread,process --iters 1000 --runs 2");
    assert_eq!(rows.len(), 4, "the sequential one is measured in the same job");
    for row in &rows {
        assert_eq!(row["hosts"][0]["updates"], 1000, "{row}");
        assert!(!row["hosts"][0]["host"].as_str().unwrap().is_empty());
    }
    assert!(!printed.contains('\u{1b}'), "it is coloured for a terminal that is none: {printed}");
    assert_eq!(printed.matches("ranks 0 and 1, 1,000 numbers").count(), 1, "{printed}");
    assert!(printed.contains("ranks placed by mpirun"), "{printed}");
}

#[test]
fn the_job_ends_as_rank_0_does() {
    let Some(job) = Job::of(3, "the end of a job") else { return };
    for (line, code, reason) in [
        ("split --by mpi --iters 10 --runs 1 --expect exact", 0, ""),
        ("split --by mpi --iters 10 --runs 1 --expect lost", 3, "--expect lost is not met"),
        ("split --by mpi --iters 10 --runs 1 --export /no/such/folder/it.json", 1, "/no/such/folder"),
        ("split --by mpi --iters 10 --workers 3", 2, "--workers says nothing to the ranks"),
        ("split --by mpi --iters 10 --from 20", 2, "beyond the end of the range"),
    ] {
        let ran = job.run(line);
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.stderr);
        let told = usize::from(!reason.is_empty());
        assert_eq!(ran.stderr.matches(reason).count() * told, told, "{line}: {}", ran.stderr);
        assert_eq!(
            ran.stdout.matches("exact:").count(),
            usize::from(code % 3 == 0),
            "{line}: {}",
            ran.stdout
        );
    }
}

#[test]
fn without_ranks_it_says_how_to_get_them() {
    let told = |rank: Option<&str>| {
        let mut command = gilsim("split --by mpi --iters 10");
        for name in ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"] {
            command.env_remove(name);
        }
        command.envs(rank.map(|rank| ("OMPI_COMM_WORLD_RANK", rank)));
        let output = command.output().unwrap();
        assert_eq!(output.stdout, b"");
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = told(None);
    assert_eq!((code, text.lines().count()), (Some(2), 1), "{text}");
    assert!(
        text.starts_with("error: --by mpi") && text.contains("mpirun -n 4 gilsim split --by mpi"),
        "{text}"
    );
    assert_eq!(text.contains("--features mpi"), cfg!(not(feature = "mpi")), "{text}");
    if cfg!(not(feature = "mpi")) {
        // Within a job every rank is refused, and rank 0 says so.
        assert_eq!(told(Some("0")), (code, text));
        assert_eq!(told(Some("1")), (Some(0), String::new()));
    }
}

/// A job in the midst of its work, with all that belongs to it: they have an entry of its own in their environment.
struct AtWork {
    entry: String,
    mpirun: Child,
    gilsim: PathBuf,
}

impl AtWork {
    fn start(job: &Job, arguments: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = "GILSIM_TEST_JOB";
        let value = format!("{}-{}", id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut command = job.command(arguments);
        command.env(name, &value).stdout(Stdio::piped()).stderr(Stdio::piped());
        let gilsim = job.gilsim.canonicalize().unwrap();
        Self { entry: format!("{name}={value}\0"), mpirun: command.spawn().unwrap(), gilsim }
    }

    /// The process of each rank that is alive.
    fn ranks(&self) -> BTreeMap<usize, i32> {
        let rank = |process: &i32| {
            let program = fs::read_link(format!("/proc/{process}/exe")).ok()?;
            let environment = fs::read(format!("/proc/{process}/environ")).ok()?;
            let environment = String::from_utf8_lossy(&environment).into_owned();
            let mut entries = environment.split('\0');
            let rank = entries.find_map(|entry| entry.strip_prefix("OMPI_COMM_WORLD_RANK="))?;
            (program == self.gilsim).then(|| (rank.parse().unwrap(), *process))
        };
        with_entry(&self.entry).iter().filter_map(rank).collect()
    }

    /// Waits until each of so many ranks has computed for much longer than it takes to join the job.
    fn wait_for_work(&self, ranks: usize) {
        wait_until("ranks at work", || {
            let at_work = self.ranks();
            at_work.len() == ranks && at_work.values().all(|&process| ticks(process) > 100)
        });
    }

    /// Kills a process, after which the job has to end with an error and leave nobody; returns what it said.
    fn kill(mut self, process: i32) -> String {
        kill(Pid::from_raw(process), Signal::SIGKILL).unwrap();
        let empty = || Command::new("true").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let ran = Ran::wait(std::mem::replace(&mut self.mpirun, empty()), "a job that has lost a process");
        assert!(ran.code != Some(0), "{}", ran.stderr);
        assert!(!ran.stdout.contains("actual"), "{}", ran.stdout);
        wait_until("the end of all ranks", || with_entry(&self.entry).is_empty());
        ran.stderr
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        // What a failed test has left at work: the ranks end with mpirun.
        let _ = self.mpirun.kill();
        let _ = self.mpirun.wait();
    }
}

/// The CPU time of a process, in clock ticks.
fn ticks(process: i32) -> u64 {
    let line = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = line.rsplit_once(')').map_or("", |(_, fields)| fields);
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    [11, 12].iter().filter_map(|&at| fields.get(at)?.parse::<u64>().ok()).sum()
}

/// All ranks add for days, before the sequential row has its turn.
const ENDLESS: &str = "split --by mpi,sequential --iters 1e16 --runs 1";

#[test]
fn a_rank_that_is_killed_ends_the_job_and_nothing_is_left() {
    for victim in [0, 2] {
        let Some(job) = Job::of(3, "the death of a rank") else { return };
        let at_work = AtWork::start(&job, ENDLESS);
        at_work.wait_for_work(3);
        let process = at_work.ranks()[&victim];
        let said = at_work.kill(process);
        assert!(said.contains(&format!("process rank {victim} ")) && said.contains("signal 9"), "{said}");
    }
}

#[test]
fn ranks_end_with_mpirun() {
    let Some(job) = Job::of(2, "the death of mpirun") else { return };
    let at_work = AtWork::start(&job, ENDLESS);
    at_work.wait_for_work(2);
    let mpirun = i32::try_from(at_work.mpirun.id()).unwrap();
    at_work.kill(mpirun);
}

#[test]
fn an_interrupt_ends_the_job() {
    let Some(job) = Job::of(2, "the interruption of a job") else { return };
    let mut at_work = AtWork::start(&job, ENDLESS);
    at_work.wait_for_work(2);
    kill(Pid::from_raw(at_work.ranks()[&0]), Signal::SIGINT).unwrap();
    wait_until("the end of mpirun", || at_work.mpirun.try_wait().unwrap().is_some());
    assert_eq!(at_work.mpirun.wait().unwrap().code(), Some(130));
    wait_until("the end of all ranks", || with_entry(&at_work.entry).is_empty());
}

#[test]
fn a_rank_that_waits_leaves_the_cpu_to_the_others() {
    let Some(job) = Job::of(2, "the waiting of ranks") else { return };
    // Rank 0 adds everything alone first.
    let at_work = AtWork::start(&job, "split --by mpi --iters 1e16 --runs 1");
    let used = || {
        let ranks = at_work.ranks();
        [0, 1].map(|rank| ranks.get(&rank).map_or(0, |&process| ticks(process)))
    };
    wait_until("rank 0 at work", || used()[0] > 100);
    let before = used();
    wait_until("more of it", || used()[0] > before[0] + 200);
    let after = used();
    // Who waits busily takes as much as who works.
    assert!(after[1] - before[1] < 50, "{before:?} to {after:?}");
}

/// Two hosts, each a namespace with a network and a name of its own, joined by a cable.
struct Hosts {
    names: [String; 2],
    folder: tempfile::TempDir,
}

/// Their addresses, which nobody else sees.
const ADDRESSES: [&str; 2] = ["10.231.77.1", "10.231.77.2"];

impl Hosts {
    /// Says why there can be none.
    fn make() -> Result<Self, String> {
        if !is_root() {
            return Err("only root makes network namespaces".to_owned());
        }
        let names = ["one", "two"].map(|name| format!("{name}-{}", id()));
        let hosts = Self { names, folder: tempfile::tempdir().unwrap() };
        let [one, two] = &hosts.names;
        ip(&["netns", "add", one])?;
        ip(&["netns", "add", two])?;
        ip(&["link", "add", "cable", "netns", one, "type", "veth", "peer", "name", "cable", "netns", two])?;
        for (name, address) in hosts.names.iter().zip(ADDRESSES) {
            ip(&["-n", name, "addr", "add", &format!("{address}/24"), "dev", "cable"])?;
            ip(&["-n", name, "link", "set", "lo", "up"])?;
            ip(&["-n", name, "link", "set", "cable", "up"])?;
        }
        // In the place of ssh: the host's address, then the words of a command line for its shell.
        let enter = format!(
            "#!/bin/sh\nshift\nexec ip netns exec {two} unshare --uts sh -c 'hostname {two}; eval \"$0\"' \"$*\"\n"
        );
        fs::write(hosts.agent(), enter).unwrap();
        fs::set_permissions(hosts.agent(), fs::Permissions::from_mode(0o755)).unwrap();
        let ran =
            Command::new(hosts.agent()).args([two, "true"]).output().map_err(|error| error.to_string())?;
        if ran.status.success() { Ok(hosts) } else { Err(String::from_utf8_lossy(&ran.stderr).into_owned()) }
    }

    fn agent(&self) -> PathBuf {
        self.folder.path().join("agent")
    }

    /// A job of two ranks on each, begun on the first.
    fn job(&self, job: Job) -> Job {
        let [one, _] = &self.names;
        let [here, there] = ADDRESSES;
        let agent = self.agent().display().to_string();
        let hosts = format!("{here}:2,{there}:2");
        let enter =
            ["ip", "netns", "exec", one, "unshare", "--uts", "sh", "-c", "hostname $0; exec \"$@\"", one];
        let options = ["--mca", "plm_rsh_agent", &agent, "--host", &hosts];
        let words = enter.iter().map(|&word| word.to_owned()).chain(job.words);
        Job { words: words.chain(options.map(str::to_owned)).collect(), gilsim: job.gilsim }
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        self.names.iter().for_each(|name| drop(ip(&["netns", "del", name])));
    }
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let ran = Command::new("ip").args(arguments).output().map_err(|error| format!("ip: {error}"))?;
    if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ran.stderr).trim().to_owned()) }
}

#[test]
fn two_hosts_share_a_sum_and_each_is_named() {
    let what = "a job on two hosts";
    let Some(job) = Job::of(4, what) else { return };
    let hosts = match Hosts::make() {
        Ok(hosts) => hosts,
        Err(reason) => return not_tried(what, &reason),
    };
    let job = hosts.job(job);
    let (rows, printed) = job.rows("split --by mpi --iters 1000001 --runs 2");
    let row = by_ranks(&rows)[0];
    check(row, 4);
    let [one, two] = &hosts.names;
    let share = |at: usize| {
        let host = &row["hosts"][at];
        (host["host"].as_str().unwrap().to_owned(), host["workers"].to_string(), whole(&host["updates"]))
    };
    assert_eq!(share(0), (one.clone(), "[0,1]".to_owned(), 500_000));
    assert_eq!(share(1), (two.clone(), "[2,3]".to_owned(), 500_001));
    let alone = rows.iter().find(|row| row["scenario"] == "split:sequential").unwrap();
    assert_eq!(alone["hosts"][0]["host"], **one);
    let words = [
        format!("{one}: ranks 0 and 1, 500,000 numbers in "),
        format!("{two}: ranks 2 and 3, 500,001 numbers in "),
        format!("over rank 0 alone on {one}"),
        "on 2 hosts, ranks placed by mpirun".to_owned(),
    ];
    for words in words {
        assert!(printed.contains(&words), "{words} in {printed}");
    }

    // And one of the second host dies.
    let at_work = AtWork::start(&job, ENDLESS);
    at_work.wait_for_work(4);
    let process = at_work.ranks()[&3];
    let said = at_work.kill(process);
    assert!(said.contains("process rank 3 ") && said.contains("signal 9"), "{said}");
}

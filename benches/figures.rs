//! The figures that gilsim is held to, each as the median of paired ratios (A B A B …), so that a machine whose
//! speed drifts does not decide them. `cargo bench --bench figures` prints those that take
//! seconds, `-- NAME` those that are named, `-- all` all of them. Nothing here passes or fails: it measures.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use gilsim::choice::Choice;
use gilsim::measure::stats::{median, percentile};
use gilsim::measure::{Interval, Objects, Pattern, Scenario, Workload};
use gilsim::scenario::mutex::{Lock, Mutex};
use gilsim::scenario::refcount::object::{Object, Tally};
use gilsim::scenario::refcount::{Refcount, Way};
use gilsim::scenario::refcount::{atomic::Atomic, biased::Biased, plain::Plain};
use gilsim::scenario::split::{self, By, Split};
use gilsim::scenario::{self, atomic, mutex, race, sharded};
use gilsim::system::control::{BLOCK, Control};
use gilsim::system::cpus::Cpus;
use nix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

const GILSIM: &str = env!("CARGO_BIN_EXE_gilsim");

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    // Whether a figure is one of those that take long, and is measured only when it is named.
    let figures: [(&str, bool, fn()); 10] = [
        ("bare", false, bare),
        ("start", false, start),
        ("unfused", false, unfused),
        ("refcount", true, refcount),
        ("stop", true, stop),
        ("doubling", true, doubling),
        ("processes", true, processes),
        ("c", true, against_c),
        ("cpython", true, against_cpython),
        ("spin", true, against_spin),
    ];
    for (name, takes_long, figure) in figures {
        let named = wanted.iter().any(|wanted| name == wanted || wanted == "all");
        if named || (wanted.is_empty() && !takes_long) {
            figure();
        } else if wanted.is_empty() {
            println!("{name}: takes long; cargo bench --bench figures -- {name} (or -- all)");
        }
    }
}

fn say(what: &str, value: &str) {
    println!("{what:<66} {value}");
}

/// Measures two things in turn and prints the ratio of their times.
fn paired(what: &str, pairs: usize, mut a: impl FnMut() -> Duration, mut b: impl FnMut() -> Duration) {
    let (mut ratios, mut times) = (Vec::new(), Vec::new());
    for pair in 0..=pairs {
        let (a, b) = (a().as_secs_f64(), b().as_secs_f64());
        // The first pair warms up.
        if pair > 0 {
            ratios.push(a / b);
            times.push(a);
        }
    }
    let quartiles = [25, 75].map(|percent| percentile(ratios.iter().copied(), percent));
    let interval = Interval::of_median(&ratios, 0.95)
        .map_or_else(String::new, |it| format!("{:.3} to {:.3} at 95 %, ", it.low, it.high));
    say(
        what,
        &format!(
            "{:.3}  ({interval}quartiles {:.3} and {:.3}, {pairs} pairs; first of the pair {:.4} s)",
            median(ratios.iter().copied()),
            quartiles[0],
            quartiles[1],
            median(times)
        ),
    );
}

fn load(workers: usize, iterations: u64) -> Workload {
    let cpus = Cpus::detect();
    Workload {
        workers: NonZeroUsize::new(workers).expect("a number of workers"),
        iterations,
        from: 0,
        pattern: Pattern::PlusMinus,
        pins: cpus.apart(workers),
        cpus,
        objects: Objects::Shared,
        widen: None,
        switch_interval: Duration::from_millis(5),
        record: false,
    }
}

fn observe(scenario: &dyn Scenario, load: &Workload) -> Duration {
    scenario.observe(load, &Control::default()).expect("a run").elapsed()
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// A scenario with one worker against its loop alone.
fn bare() {
    const UPDATES: u64 = 50_000_000;
    let one = load(1, UPDATES);
    let counter = AtomicI64::new(0);
    paired(
        "race --threads 1 / its loop alone",
        21,
        || observe(&race::Race, &one),
        || timed(|| race::Racer::new(1).update(&counter, UPDATES)),
    );
    paired(
        "atomic --threads 1 / its loop alone",
        21,
        || observe(&atomic::Atomic, &one),
        || timed(|| atomic::update(&counter, UPDATES, 1)),
    );
    let behind = parking_lot::Mutex::new(0);
    paired(
        "mutex --threads 1 / its loop alone",
        21,
        || observe(&Mutex(Lock::ParkingLot), &one),
        || timed(|| mutex::update(&behind, UPDATES, 1)),
    );
}

/// Reference counts with one worker against their loops alone, in CPU time; the ways against each other; and two workers
/// with one object.
fn refcount() {
    const PAIRS: u64 = 5_000_000;
    const TIMES: usize = 101;
    let one = load(1, PAIRS);
    let row = |way| {
        let usage = Refcount(way).observe(&one, &Control::default()).expect("a run").usage;
        usage.expect("the CPU time of a run").cpu
    };
    let bare = |way: Way, bare: &mut dyn FnMut(&mut Tally)| {
        let what = format!("refcount --threads 1 --count {} / its loop alone", way.name());
        paired(&what, TIMES, || row(way), || cpu_time(|| bare(&mut Tally::default())));
    };
    let (plain, atomic, biased) = (Plain::new(1), Atomic::new(1), Biased::new(1));
    bare(Way::Plain, &mut |tally| plain.pairs(0, PAIRS, tally));
    bare(Way::Atomic, &mut |tally| atomic.pairs(0, PAIRS, tally));
    bare(Way::Biased, &mut |tally| biased.pairs(0, PAIRS, tally));
    let counted = Arc::new(());
    let arc = || cpu_time(|| (0..PAIRS).for_each(|_| drop(Arc::clone(&counted))));
    paired(
        "refcount --threads 1 --count arc / a bare loop of Arc::clone and drop",
        TIMES,
        || row(Way::Arc),
        arc,
    );
    paired("biased / plain, one worker", TIMES, || row(Way::Biased), || row(Way::Plain));
    paired("atomic / biased, one worker", TIMES, || row(Way::Atomic), || row(Way::Biased));

    let two = load(2, 300_000);
    for &way in Way::ALL.iter().filter(|&&way| way != Way::Rc) {
        let what = format!("{} / immortal, two workers with one object", way.name());
        paired(&what, 25, || observe(&Refcount(way), &two), || observe(&Refcount(Way::Immortal), &two));
    }
    let what = "mutex / atomic, two workers with one object";
    paired(what, 51, || observe(&Refcount(Way::Mutex), &two), || observe(&Refcount(Way::Atomic), &two));
}

/// What it costs to be stoppable: each loop in blocks, with a look at the stop flag after each, against the same loop
/// in one piece. In CPU time and in short pieces, because a difference of less than 1 % is looked for.
fn stop() {
    const UPDATES: u64 = 10_000_000;
    const PAIRS: usize = 401;
    let control = Control::default();
    let blocks = |updates| control.blocks(0, updates, BLOCK);
    let counter = AtomicI64::new(0);
    let mut racer = race::Racer::new(1);
    let mut other = race::Racer::new(1);
    paired(
        "race: in blocks with a look after each / in one piece",
        PAIRS,
        || cpu_time(|| blocks(UPDATES).for_each(|block| racer.update(&counter, block))),
        || cpu_time(|| other.update(&counter, UPDATES)),
    );
    paired(
        "atomic: the same",
        PAIRS,
        || cpu_time(|| blocks(UPDATES).for_each(|block| atomic::update(&counter, block, 1))),
        || cpu_time(|| atomic::update(&counter, UPDATES, 1)),
    );
    paired(
        "sharded: the same",
        PAIRS,
        || cpu_time(|| blocks(UPDATES).for_each(|block| sharded::update(&counter, block, 1))),
        || cpu_time(|| sharded::update(&counter, UPDATES, 1)),
    );
    paired(
        "split: the same",
        PAIRS,
        || {
            cpu_time(|| {
                let total = control
                    .blocks(0, 10 * UPDATES, split::SUM_BLOCK)
                    .fold((0, 0), |(at, total), block| (at + block, total + split::sum(at..at + block)));
                black_box(total);
            })
        },
        || {
            cpu_time(|| {
                black_box(split::sum(0..10 * UPDATES));
            })
        },
    );
    let behind = parking_lot::FairMutex::new(0);
    paired(
        "mutex --lock fair, nobody waiting: a look after every 1024 updates",
        PAIRS,
        || {
            cpu_time(|| {
                control.blocks(0, UPDATES / 4, 1024).for_each(|block| mutex::update(&behind, block, 1));
            })
        },
        || cpu_time(|| mutex::update(&behind, UPDATES / 4, 1)),
    );
}

/// The CPU time that the thread takes for some work.
fn cpu_time(work: impl FnOnce()) -> Duration {
    let now = || clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from);
    let began = now();
    work();
    now().saturating_sub(began)
}

/// Twice the work against once the work, for every scenario. Each CPU's contended state is settled anew in each
/// run, so contended scenarios are run several times on each side.
fn doubling() {
    for scenario in scenario::ALL.iter().copied() {
        let once = match scenario.label().as_str() {
            "mutex:fair" => 50_000,
            label if label.starts_with("split") => 200_000_000,
            _ => 5_000_000,
        };
        let process = Split::by_processes_of(Path::new(GILSIM));
        let scenario: &dyn Scenario = if scenario.label() == "split:process" { &process } else { scenario };
        let (once, twice) = (load(2, once), load(2, 2 * once));
        let several = |load: &Workload| (0..5).map(|_| observe(scenario, load)).sum();
        paired(
            &format!("{}: twice the work / once", scenario.label()),
            15,
            || several(&twice),
            || several(&once),
        );
    }
}

/// Two processes against one worker.
fn processes() {
    let load = load(2, 2_000_000_000);
    let process = Split::by_processes_of(Path::new(GILSIM));
    paired(
        "split of 2e9: two processes / sequential",
        9,
        || observe(&process, &load),
        || observe(&Split::by(By::Sequential), &load),
    );
}

/// On one CPU a race can be lost only where an interrupt falls between load and store: one fused instruction
/// never loses.
fn unfused() {
    const RUNS: u32 = 10;
    let mut lost = 0;
    for _ in 0..RUNS {
        let mut command = Command::new("taskset");
        command
            .args(["-c", "0", GILSIM, "race", "--iters", "3e9", "--runs", "1", "--widen", "off", "--quiet"]);
        match command.output() {
            Ok(output) => lost += u32::from(output.stdout != b"0\n"),
            Err(error) => return say("race on one CPU", &format!("skipped: no taskset ({error})")),
        }
    }
    say("race of 3e9 on one CPU, not widened: runs that lost updates", &format!("{lost} of {RUNS}"));
}

/// The first program in C, as it is usually written.
const RACE_C: &str = r#"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
static volatile long counter;
static long updates;
static void *up(void *unused) { for (long i = 0; i < updates; i++) counter += 1; return unused; }
static void *down(void *unused) { for (long i = 0; i < updates; i++) counter -= 1; return unused; }
int main(int count, char **arguments) {
    pthread_t a, b;
    updates = count > 1 ? atol(arguments[1]) : 0;
    pthread_create(&a, NULL, up, NULL);
    pthread_create(&b, NULL, down, NULL);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    printf("%ld\n", counter);
}
"#;

/// That program, compiled, in a folder that goes with it.
fn race_in_c() -> Option<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir().expect("a folder for the program in C");
    let (source, program) = (folder.path().join("race.c"), folder.path().join("race"));
    std::fs::write(&source, RACE_C).expect("the program in C");
    let compiled = Command::new("gcc").args(["-O2", "-pthread", "-o"]).arg(&program).arg(&source).status();
    compiled.is_ok_and(|status| status.success()).then_some((folder, program))
}

fn against_c() {
    let Some((_folder, program)) = race_in_c() else {
        return say("race of 100M / the same in C", "skipped: no gcc");
    };
    paired(
        "race --iters 100M --runs 1, whole process / the same in C",
        25,
        || whole(GILSIM, &["race", "--iters", "100M", "--runs", "1"]),
        || whole(&program, &["100000000"]),
    );
}

const RACE_PYTHON: &str = "
import threading
x = 0
def up():
    global x
    for _ in range(100_000_000): x += 1
def down():
    global x
    for _ in range(100_000_000): x -= 1
threads = [threading.Thread(target=up), threading.Thread(target=down)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(x)
";

/// The second program: `SUM` is how a process sums its half.
const SPLIT_PYTHON: &str = "
import multiprocessing
def loop(numbers):
    total = 0
    for number in numbers: total += number
    return total
def subtotal(start, end, queue):
    queue.put(SUM(range(start, end)))
queue = multiprocessing.get_context('fork').Queue()
workers = [multiprocessing.get_context('fork').Process(target=subtotal, args=(part * 50_000_000, (part + 1) * 50_000_000, queue)) for part in range(2)]
for worker in workers: worker.start()
for worker in workers: worker.join()
queue.put('STOP')
print(sum(iter(queue.get, 'STOP')))
";

/// The work and the start-up of one round of `split`, as it reports them.
fn reported_split() -> Duration {
    let load = load(2, 100_000_000);
    let observation =
        Split::by_processes_of(Path::new(GILSIM)).observe(&load, &Control::default()).expect("a run");
    observation.startup.unwrap_or_default() + observation.elapsed()
}

fn against_cpython() {
    let Some(python) = python() else {
        return say("against CPython", "skipped: no python3.13 or python3");
    };
    let version =
        Command::new(&python).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    say("against", String::from_utf8_lossy(&version).trim());
    let program_1 = || whole(&python, &["-c", RACE_PYTHON]);
    paired("program 1 (100M) in CPython / race --runs 1, whole processes", 7, program_1, || {
        whole(GILSIM, &["race", "--iters", "100M", "--runs", "1"])
    });
    if let Some((_folder, program)) = race_in_c() {
        // How fast it could be at all: the same fight for one cache line.
        paired("program 1 (100M) in CPython / the same in C, whole processes", 3, program_1, || {
            whole(&program, &["100000000"])
        });
    }
    for (how, sum) in [("a loop", "loop"), ("sum of range", "sum")] {
        let program = SPLIT_PYTHON.replace("SUM", sum);
        let program_2 = || whole(&python, &["-c", &program]);
        let what = format!("program 2 ({how}) in CPython, whole process /");
        paired(&format!("{what} split as reported"), 7, program_2, reported_split);
        paired(&format!("{what} split --runs 1 whole"), 7, program_2, || {
            whole(GILSIM, &["split", "--iters", "100M", "--runs", "1"])
        });
    }
}

fn python() -> Option<PathBuf> {
    let in_home =
        std::env::var_os("HOME").map(|home| Path::new(&home).join(".pyenv/versions/3.13.0/bin/python"));
    let candidates = in_home.into_iter().chain(["python3.13", "python3"].map(PathBuf::from));
    candidates.into_iter().find(|python| Command::new(python).arg("--version").output().is_ok())
}

/// A whole process, from start to exit.
fn whole(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Duration {
    timed(|| {
        let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
        assert!(status.is_ok_and(|status| status.success()), "{arguments:?} failed");
    })
}

/// The start of the program, and the memory that a race takes.
fn start() {
    let times = (0..50).map(|_| whole(GILSIM, &["--version"]).as_secs_f64() * 1e3);
    say("gilsim --version, whole process, median of 50", &format!("{:.2} ms", median(times)));
    let command =
        Command::new("/usr/bin/time").args(["-f", "%M", GILSIM, "race", "--runs", "1", "--quiet"]).output();
    match command {
        Ok(output) => say(
            "gilsim race: peak memory",
            &format!("{} KiB", String::from_utf8_lossy(&output.stderr).trim()),
        ),
        Err(error) => say("gilsim race: peak memory", &format!("skipped: no /usr/bin/time ({error})")),
    }
}

/// Two workers that add 1 forty times, load and store as two steps.
const RACE_PROMELA: &str = "
short x = 0;
active [2] proctype worker() {
  short i = 0, r;
  do :: i < 40 -> r = x; x = r + 1; i++ :: else -> break od
}
";

/// Every interleaving, against the SPIN model checker's search of the same loop.
fn against_spin() {
    let folder = tempfile::tempdir().expect("a folder for the model");
    std::fs::write(folder.path().join("race.pml"), RACE_PROMELA).expect("the model");
    let made = [
        &["spin", "-a", "race.pml"][..],
        &["gcc", "-O2", "-w", "-DSAFETY", "-DVECTORSZ=1024", "-o", "pan", "pan.c"],
    ]
    .iter()
    .all(|line| {
        let status =
            Command::new(line[0]).args(&line[1..]).current_dir(&folder).stdout(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    });
    if !made {
        return say("SPIN / explore --iters 40", "skipped: no spin or no gcc");
    }
    paired(
        "SPIN / explore --pattern plus --iters 40 --quiet, whole processes",
        3,
        || whole(folder.path().join("pan"), &["-m100000", "-w26"]),
        || whole(GILSIM, &["explore", "--pattern", "plus", "--iters", "40", "--quiet"]),
    );
}

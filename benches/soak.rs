//! The soak: round after round of everything that promises to be exact, beside processes that keep every CPU busy. A
//! round that is not exact ends it with exit code 1.
//!
//! `cargo bench --bench soak -- 10000` does ten thousand rounds of each, which takes eleven minutes; `-- 1600 refcount` those whose
//! names begin so; `-- 500 --broken` adds a scenario whose promise does not hold, to show that it would be seen. Without a
//! number of rounds it only says so, so that `cargo bench` is not held up.

#![expect(clippy::print_stdout, reason = "a bench prints what came of it")]

use gilsim::measure::Result;
use gilsim::measure::{Explanation, Group, Objects, Observation, Pattern, Promise, Scenario, Seen, Workload};
use gilsim::python::version::Version;
use gilsim::scenario;
use gilsim::scenario::gil::UnderGil;
use gilsim::scenario::race::Race;
use gilsim::scenario::split::Split;
use gilsim::system::control::Control;
use gilsim::system::cpus::Cpus;
use gilsim::system::parent;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Child, Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What starts this program as a hog.
const HOG: &str = "--hog";
/// Processes that compute all the time.
const HOGS: usize = 2;
/// How many scenarios soak at a time.
const LANES: usize = 3;
/// Every so many rounds the workers spin at the gate until they run at once, where there are CPUs for it; beside hogs that
/// takes up to a tenth of a second. In the other rounds they sleep and are woken together.
const SPIN: usize = 60;
/// Rounds take turns with these numbers of workers.
const WORKERS: &[usize] = &[2, 3, 8];
/// Those of reference counts: with shared objects, then with objects of their own.
const COUNTING_WORKERS: &[usize] = &[2, 3, 8, 64];

/// Bodies that cannot lose an update under their version, besides the one in the list of scenarios.
const BODIES: &[(&str, Version)] = &[
    ("x += d", Version::V3_10),
    ("x += d", Version::V3_13),
    ("with lock: x += d", Version::V2_7),
    ("with lock: x = x + int(d)", Version::V3_9),
    ("with lock: x += d", Version::V3_14t),
    ("y = x\nfor i in (1, 2): y += d\nwith lock:\n x += d", Version::V3_12),
];

/// The race with a promise that it does not keep.
struct Broken;

impl Scenario for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn lesson(&self) -> &'static str {
        Race.lesson()
    }

    fn observe(&self, load: &Workload, control: &Control) -> Result<Observation> {
        // Widened, so that it loses in the first few rounds on one CPU, too.
        Race.observe(&Workload { widen: std::num::NonZeroU64::new(16), ..load.clone() }, control)
    }

    fn explain(&self, load: &Workload, seen: &Seen<'_>) -> Explanation {
        Race.explain(load, seen)
    }
}

/// The hogs, which end with this.
struct Hogs(Vec<Child>);

impl Drop for Hogs {
    fn drop(&mut self) {
        for hog in &mut self.0 {
            // An error here means that it has ended already.
            let _ = hog.kill();
            let _ = hog.wait();
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == HOG) {
        hog();
    }
    let Some(rounds) = arguments.iter().find_map(|argument| argument.parse().ok()) else {
        println!("soak: not run; say how many rounds: cargo bench --bench soak -- 10000 (some 11 minutes)");
        return ExitCode::SUCCESS;
    };
    let broken = arguments.iter().any(|argument| argument == "--broken");
    let name =
        arguments.iter().find(|argument| !argument.starts_with('-') && argument.parse::<usize>().is_err());
    soak(rounds, broken, name.map_or("", String::as_str)).unwrap_or_else(|error| {
        println!("error: {error}");
        ExitCode::FAILURE
    })
}

/// Computes until it is killed, or its parent is gone.
fn hog() -> ! {
    parent::end_with_parent();
    let mut number = 0_u64;
    loop {
        number = black_box(number.wrapping_add(1));
    }
}

fn soak(rounds: usize, broken: bool, name: &str) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut hogs = Hogs(Vec::new());
    for _ in 0..HOGS {
        hogs.0.push(Command::new(std::env::current_exe()?).arg(HOG).spawn()?);
    }
    let executable = Path::new(env!("CARGO_BIN_EXE_gilsim"));
    let processes = Split::by_processes_of(executable);
    let mut bodies = Vec::new();
    for &(body, version) in BODIES {
        bodies.push(UnderGil::new(body, "", version, &[[1, -1], [1, 1], [-1, -1]])?);
    }
    let mut exact: Vec<&dyn Scenario> = Vec::new();
    for &scenario in scenario::ALL.iter() {
        // This program is not the one that can be a worker process.
        exact.push(if scenario.label() == processes.label() { &processes } else { scenario });
    }
    exact.extend(bodies.iter().map(|body| body as &dyn Scenario));
    exact.retain(|scenario| scenario.promise() == Promise::Exact && scenario.label().starts_with(name));
    if broken {
        exact.push(&Broken);
    }

    let cpus = Cpus::detect();
    println!(
        "soak: {rounds} rounds each of {} exact scenarios, {LANES} at a time, {WORKERS:?} workers in turn (reference counts: {COUNTING_WORKERS:?}), {HOGS} hogs, {} CPUs",
        exact.len(),
        cpus.usable
    );
    let began = Instant::now();
    // Some side by side: a round alone mostly waits for the hogs, and so each disturbs the others besides.
    let next = AtomicUsize::new(0);
    let take = || {
        let mut results = Vec::new();
        // Relaxed: each number is handed out once, which is all that it is for.
        while let Some(&scenario) = exact.get(next.fetch_add(1, Ordering::Relaxed)) {
            results.push(each(scenario, rounds, &cpus));
        }
        results
    };
    let results = thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES).map(|_| scope.spawn(take)).collect();
        lanes.into_iter().map(thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    let mut kept = true;
    for result in results {
        for result in result.map_err(|_| "a lane panicked")? {
            kept &= result?;
        }
    }
    for hog in &mut hogs.0 {
        if let Some(status) = hog.try_wait()? {
            println!("a hog ended by itself ({status}), so this was no soak");
            kept = false;
        }
    }
    let verdict = if kept { "no broken promise" } else { "A PROMISE WAS BROKEN" };
    println!("soak: {verdict}; {:.0} s", began.elapsed().as_secs_f64());
    Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All rounds of one scenario; whether each of them was exact.
fn each(scenario: &dyn Scenario, rounds: usize, cpus: &Cpus) -> Result<bool> {
    let began = Instant::now();
    let control = Control::default();
    let (mut wrong, mut met, mut updates) = (0_usize, 0_usize, 0_u128);
    for round in 0..rounds {
        let counting = scenario.group() == Group::References;
        let numbers = if counting { COUNTING_WORKERS } else { WORKERS };
        let workers = numbers[round % numbers.len()];
        let pattern = if round % 2 == 0 { Pattern::Plus } else { Pattern::PlusMinus };
        let usable = if round % SPIN == 0 { cpus.usable } else { 1 };
        let own = (round / numbers.len()) % 2 == 1;
        let load = load(scenario, workers, pattern, Cpus { usable, ..cpus.clone() });
        let load =
            scenario.adapt(&Workload { objects: if own { Objects::Own } else { Objects::Shared }, ..load });
        let expected = scenario.expected(&load, &control)?;
        let observation = scenario.observe(&load, &control)?;
        if !observation.is_right(expected) {
            wrong += 1;
            println!(
                "{}: round {round} came to {}, not {expected} ({:?})",
                scenario.label(),
                observation.actual,
                observation.misuse
            );
            if wrong == 10 {
                break;
            }
        }
        met += usize::from(gilsim::system::clock::Span::overlap(&observation.spans) > 0.0);
        updates += scenario.group().updates(&load);
    }
    let body = scenario.body().map_or_else(String::new, |body| format!("  {}", body.replace('\n', "; ")));
    println!(
        "{:<18} {rounds:>6} rounds  {:>4} wrong  workers met in {:>3.0} %  {updates:>11} updates  {:>4.0} s{body}",
        scenario.label(),
        wrong,
        100.0 * share(met, rounds),
        began.elapsed().as_secs_f64(),
    );
    Ok(wrong == 0)
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Enough for workers to meet, and little enough for ten thousand rounds.
fn load(scenario: &dyn Scenario, workers: usize, pattern: Pattern, cpus: Cpus) -> Workload {
    let iterations = match (scenario.group(), scenario.name(), scenario.label().as_str()) {
        (Group::Sum, ..) => 1_000_001,
        // Each update of a fair lock is a context switch.
        (Group::Counter, _, "mutex:fair") => 100,
        // One of these updates is worth several.
        (Group::Counter, "gil", _) if scenario.body() != Some(scenario::gil::BODY) => 1_000,
        (Group::Counter, "gil", _) => 10_000,
        (Group::Counter, ..) => 20_000,
        (Group::References, ..) if workers > 8 => 500,
        (Group::References, ..) => 5_000,
    };
    Workload {
        workers: NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN),
        iterations,
        from: 0,
        pattern,
        cpus,
        pins: Vec::new(),
        objects: Objects::Shared,
        widen: None,
        // Short, so that the lock is handed on within a round.
        record: false,
        switch_interval: Duration::from_micros(50),
    }
}

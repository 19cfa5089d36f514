//! Differential fuzzing of `gilsim check`: generated programs, run by the model and by real interpreters.
//!
//! `cargo bench --bench differential -- 100000` holds so many programs of one thread against CPython 2.7, 3.8, 3.12 and 3.15: what is
//! printed and raised must be the same. Interpreters are those on PATH and of pyenv, and those given by `--python EXE`;
//! a version that is not there is said to be skipped. `--seed N` begins at another seed, `--show N` prints the program of one.
//! `--threads` takes programs of two threads instead: what the model calls exact must be so in every real run under a short switch
//! interval. `--waits` takes programs of threads that wait for one another, on 3.8, 3.11, 3.12 and 3.14: every end of some hundred real
//! runs must be one of those that the model finds (`--seconds S` for each program, 1). Without a number it only says so, so that `cargo bench` is not held up. A disagreement ends it with exit code 1.

#![expect(clippy::print_stdout, reason = "a bench prints what came of it")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on is to fail where it stands")]

#[path = "../tests/it/differential/generator.rs"]
mod generator;

use generator::compare::{Met, Tally, compare, meet, version_of};
use generator::program::program;
use generator::threads;
use generator::waits::{self, Held, hold};
use gilsim::interpreter::{Interpreter, Limits, PROBE, find};
use gilsim::python::version::Version;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

static NEVER: AtomicBool = AtomicBool::new(false);

/// The versions that programs of one thread are held against, unless there are others by `--cpython`.
const VERSIONS: [Version; 4] = [Version::V2_7, Version::V3_8, Version::V3_12, Version::V3_15];

/// Those that programs of threads that wait are held against.
const WAITING: [Version; 4] = [Version::V3_8, Version::V3_11, Version::V3_12, Version::V3_14];

/// How many states they may have; most have fewer.
const STATES: usize = 12_000;

/// Which programs there are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Programs {
    OfOneThread,
    OfTwo,
    ThatWait,
}

/// How many iterations the threads of a program do, and how often it is run.
const ITERATIONS: usize = 600;
const RUNS: usize = 3;

/// How many disagreements are shown.
const SHOWN: usize = 15;

fn main() -> ExitCode {
    let (mut count, mut programs, mut seconds) = (None, Programs::OfOneThread, 1.0);
    let (mut seed, mut named, mut versions) = (1_u64, Vec::new(), Vec::new());
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect("a value for the option");
        match argument.as_str() {
            "--seed" => seed = value().parse().unwrap(),
            "--python" => named.push(value()),
            "--cpython" => versions.push(value().parse().unwrap()),
            "--threads" => programs = Programs::OfTwo,
            "--waits" => programs = Programs::ThatWait,
            "--seconds" => seconds = value().parse().unwrap(),
            "--show" => {
                println!("{}", text(programs, value().parse().unwrap()));
                return ExitCode::SUCCESS;
            }
            number => count = Some(number.parse::<u64>().unwrap()),
        }
    }
    let Some(count) = count else {
        println!("say how many programs: cargo bench --bench differential -- 100000");
        return ExitCode::SUCCESS;
    };
    let mut interpreters = find(&NEVER);
    for path in named {
        interpreters.push(Interpreter::probe(Path::new(&path), &Limits::new(PROBE, &NEVER)).unwrap());
    }
    if versions.is_empty() {
        versions = if programs == Programs::ThatWait { WAITING } else { VERSIONS }.to_vec();
    }
    let mut met = true;
    for version in versions {
        let Some(interpreter) = interpreters.iter().find(|known| version_of(known) == Some(version)) else {
            println!("{version}: skipped, there is no such interpreter here");
            continue;
        };
        met &= run(programs, interpreter, version, (seed, count), seconds).unwrap_or_else(|error| {
            println!("{version}: {error}");
            false
        });
    }
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The program of a seed.
fn text(programs: Programs, seed: u64) -> String {
    match programs {
        Programs::OfOneThread => program(seed).0,
        Programs::OfTwo => threads::program(seed, ITERATIONS, threads::Order::Together),
        Programs::ThatWait => waits::program(seed),
    }
}

/// Holds so many programs from a seed on against an interpreter; whether there was no disagreement.
fn run(
    programs: Programs,
    interpreter: &Interpreter,
    version: Version,
    (seed, count): (u64, u64),
    seconds: f64,
) -> Result<bool, String> {
    let began = Instant::now();
    let seeds = seed..seed + count;
    Ok(match programs {
        Programs::OfOneThread => {
            let taken = |seed| {
                let (text, python3) = program(seed);
                (version != Version::V2_7 || !python3).then_some(text)
            };
            let tally = compare(interpreter, version, seeds, taken)?;
            tell(interpreter, &tally, began);
            tally.parted.is_empty()
        }
        Programs::OfTwo => {
            let met = meet(interpreter, version, seeds, ITERATIONS, RUNS)?;
            tell_met(interpreter, &met, began);
            met.impossible.is_empty()
        }
        Programs::ThatWait => {
            let mut held = Held::default();
            for seed in seeds {
                hold(&mut held, (interpreter, version), &[(seed, waits::program(seed))], STATES, seconds)?;
            }
            tell_held(interpreter, &held, began);
            held.impossible.is_empty()
        }
    })
}

fn tell(interpreter: &Interpreter, tally: &Tally, began: Instant) {
    println!(
        "{}: {} agree, {} part, {} refused, {} too long, {:.0} s",
        interpreter.label(),
        tally.agreed,
        tally.parted.len(),
        tally.refusals(),
        tally.long,
        began.elapsed().as_secs_f64()
    );
    for (reason, count) in &tally.refused {
        println!("  refused {count}: {reason}");
    }
    for (seed, difference) in tally.parted.iter().take(SHOWN) {
        println!("  seed {seed}: {difference}");
    }
}

fn tell_met(interpreter: &Interpreter, met: &Met, began: Instant) {
    println!(
        "{}: {} exact and so in real runs, {} not and seen not to be, {} not but not seen, {} without a verdict, {} impossible, {:.0} s",
        interpreter.label(),
        met.exact,
        met.seen,
        met.hidden,
        met.open.values().sum::<usize>(),
        met.impossible.len(),
        began.elapsed().as_secs_f64()
    );
    for (reason, count) in &met.open {
        println!("  without a verdict {count}: {reason}");
    }
    for (seed, difference) in met.impossible.iter().take(SHOWN) {
        println!("  seed {seed}: {difference}");
    }
}

fn tell_held(interpreter: &Interpreter, held: &Held, began: Instant) {
    println!(
        "{}: {} programs end in {} runs as the model says ({} of its {} ends seen), {} without all ends, {} impossible, {:.0} s",
        interpreter.label(),
        held.met,
        held.runs,
        held.seen,
        held.ends,
        held.open.values().sum::<usize>(),
        held.impossible.len(),
        began.elapsed().as_secs_f64()
    );
    for (reason, count) in &held.open {
        println!("  without all ends {count}: {reason}");
    }
    for (seed, end) in held.impossible.iter().take(SHOWN) {
        println!("  seed {seed}: {end}");
    }
}

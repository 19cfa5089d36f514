//! Differential fuzzing of `gilsim check`: generated programs, run by the model and by real interpreters.
//!
//! `cargo bench --bench differential -- 100000` holds so many programs of one thread against CPython 2.7, 3.8, 3.12 and 3.15: what is
//! printed and raised must be the same. Interpreters are those on PATH and of pyenv, and those given by `--python EXE`;
//! a version that is not there is said to be skipped. `--seed N` begins at another seed, `--show N` prints the program of one.
//! `--threads` takes programs of two threads instead: what the model calls exact must be so in every real run under a short switch
//! interval. Without a number it only says so, so that `cargo bench` is not held up. A disagreement ends it with exit code 1.

#![expect(clippy::print_stdout, reason = "a bench prints what came of it")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on is to fail where it stands")]

#[path = "../tests/it/differential/generator.rs"]
mod generator;

use generator::compare::{Met, Tally, compare, meet, version_of};
use generator::program::program;
use generator::threads;
use gilsim::interpreter::{Interpreter, Limits, PROBE, find};
use gilsim::python::version::Version;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

static NEVER: AtomicBool = AtomicBool::new(false);

/// The versions that programs of one thread are held against, unless there are others by `--cpython`.
const VERSIONS: [Version; 4] = [Version::V2_7, Version::V3_8, Version::V3_12, Version::V3_15];

/// How many iterations the threads of a program do, and how often it is run.
const ITERATIONS: usize = 600;
const RUNS: usize = 3;

/// How many disagreements are shown.
const SHOWN: usize = 15;

fn main() -> ExitCode {
    let (mut count, mut two_threads) = (None, false);
    let (mut seed, mut named, mut versions) = (1_u64, Vec::new(), Vec::new());
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect("a value for the option");
        match argument.as_str() {
            "--seed" => seed = value().parse().unwrap(),
            "--python" => named.push(value()),
            "--cpython" => versions.push(value().parse().unwrap()),
            "--threads" => two_threads = true,
            "--show" if two_threads => {
                println!(
                    "{}",
                    threads::program(value().parse().unwrap(), ITERATIONS, threads::Order::Together)
                );
                return ExitCode::SUCCESS;
            }
            "--show" => {
                println!("{}", program(value().parse().unwrap()).0);
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
        versions = VERSIONS.to_vec();
    }
    let mut met = true;
    for version in versions {
        let Some(interpreter) = interpreters.iter().find(|known| version_of(known) == Some(version)) else {
            println!("{version}: skipped, there is no such interpreter here");
            continue;
        };
        let began = Instant::now();
        if two_threads {
            match meet(interpreter, version, seed..seed + count, ITERATIONS, RUNS) {
                Ok(result) => {
                    tell_met(interpreter, &result, began);
                    met &= result.impossible.is_empty();
                }
                Err(error) => {
                    println!("{version}: {error}");
                    met = false;
                }
            }
            continue;
        }
        let taken = |seed| {
            let (text, python3) = program(seed);
            (version != Version::V2_7 || !python3).then_some(text)
        };
        match compare(interpreter, version, seed..seed + count, taken) {
            Ok(tally) => {
                tell(interpreter, &tally, began);
                met &= tally.parted.is_empty();
            }
            Err(error) => {
                println!("{version}: {error}");
                met = false;
            }
        }
    }
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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

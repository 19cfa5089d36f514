//! `gilsim check`'s model against real interpreters, on generated programs: what each prints and raises, and what it cannot do.
//! `benches/differential.rs` does the same with many more.

#[path = "generator.rs"]
pub(crate) mod generator;

use crate::interpreter::real;
use crate::surroundings::not_tried;
use generator::compare::{compare, meet, version_of};
use generator::{
    program::program,
    threads,
    waits::{self, Held},
};
use gilsim::interpreter::Interpreter;
use gilsim::python::version::Version;

/// How many programs of one thread each interpreter runs, and how many of two.
const ALONE: u64 = 80;
const TOGETHER: u64 = 6;
/// How many of threads that wait for one another the newest runs.
const WAITING: usize = 8;

/// Programs on which the model and an interpreter parted once: numbers beyond an index, blanks before a number that 2.7
/// refuses, floats of twelve digits in 2.7, numbers of more digits than are shown.
const PARTED_ONCE: [u64; 7] = [100_039, 101_262, 1_001_966, 1_003_119, 1_000_167, 2_067_531, 2_087_916];

/// Programs of two threads in which a real run once showed what the model called impossible: the first reading of a key of a
/// `Counter`, and an order of the first iterations that the comparison did not know.
const MET_ONCE: [u64; 2] = [20_343, 21_695];

/// An old, a middle and a new one of those that are here.
fn some() -> Vec<(Interpreter, Version)> {
    let mut known: Vec<(Interpreter, Version)> = real()
        .into_iter()
        .filter_map(|interpreter| {
            let version = version_of(&interpreter)?;
            version.has_gil().then_some((interpreter, version))
        })
        .collect();
    known.dedup_by_key(|(_, version)| *version);
    if known.len() > 3 {
        let middle = known.len() / 2;
        known = [0, middle, known.len() - 1].map(|at| known[at].clone()).to_vec();
    }
    known
}

#[test]
fn generated_programs_print_and_raise_what_real_interpreters_do() {
    let interpreters = some();
    if interpreters.is_empty() {
        return not_tried("generated programs", "no CPython is installed here");
    }
    for (interpreter, version) in interpreters {
        let taken = |seed| {
            let (text, python3) = program(seed);
            (version != Version::V2_7 || !python3).then_some(text)
        };
        let tally = compare(&interpreter, version, (1..=ALONE).chain(PARTED_ONCE), taken).unwrap();
        assert!(tally.parted.is_empty(), "{version}: {:?}", tally.parted);
        // Most must be covered, and end: else nothing was compared.
        let rest = tally.refusals() + tally.long;
        assert!(tally.agreed > 4 * rest, "{version}: {} agree, {:?}", tally.agreed, tally.refused);
    }
}

/// The program of a line of `calls.txt`: statements, and at their end an expression, which is printed.
fn call(line: &str) -> String {
    let statements: Vec<&str> = line.split(" ;; ").collect();
    let (last, before) = statements.split_last().unwrap();
    let last = if last.starts_with("print(") { (*last).to_owned() } else { format!("print({last})") };
    let body: Vec<String> =
        before.iter().copied().chain([&*last]).map(|line| format!("        {line}")).collect();
    let body = body.join("\n");
    format!(
        "from __future__ import print_function\nimport itertools, threading, time\ntry:\n    import queue\nexcept ImportError:\n    \
         import Queue as queue\nfrom collections import deque, defaultdict, Counter\ndef f(a=1, *b, **c):\n    return (a, b, sorted(c.items()))\n\
         def main():\n    try:\n{body}\n    except Exception as error:\n        print(type(error).__name__)\nmain()\n"
    )
}

/// Arguments by place and by name, too few and too many, values that are not taken, and what classes, generators and exceptions are: what is
/// not modelled is refused, and nothing that is given is left out.
#[test]
fn calls_of_the_library_give_and_raise_what_those_of_real_interpreters_do() {
    let interpreters = some();
    if interpreters.is_empty() {
        return not_tried("calls of the library", "no CPython is installed here");
    }
    let lines: Vec<&str> = include_str!("calls.txt").lines().collect();
    for (interpreter, version) in interpreters {
        let line = |at: u64| lines[usize::try_from(at).unwrap()];
        let program = |at| Some(call(line(at)));
        let tally = compare(&interpreter, version, 0..lines.len() as u64, program).unwrap();
        let parted: Vec<_> = tally.parted.iter().map(|(at, how)| (line(*at), how)).collect();
        assert!(parted.is_empty(), "{version}: {parted:?}");
        assert!(
            tally.agreed > 2 * tally.refusals(),
            "{version}: {} agree, {:?}",
            tally.agreed,
            tally.refused
        );
    }
}

#[test]
fn no_real_run_of_two_threads_shows_what_the_model_calls_impossible() {
    let interpreters = some();
    if interpreters.is_empty() {
        return not_tried("programs of two threads", "no CPython is installed here");
    }
    for (interpreter, version) in interpreters {
        let seeds = (1..=TOGETHER).chain(MET_ONCE);
        let judged = seeds.clone().count();
        let met = meet(&interpreter, version, seeds, 300, 2).unwrap();
        assert!(met.impossible.is_empty(), "{version}: {:?}", met.impossible);
        assert!(met.open.is_empty(), "{version}: {:?}", met.open);
        assert_eq!(met.exact + met.seen + met.hidden, judged, "{version}");
    }
}

#[test]
fn no_real_run_of_threads_that_wait_ends_as_the_model_says_that_none_does() {
    let newest = some().into_iter().rfind(|(_, version)| *version >= Version::V3_8);
    let Some((interpreter, version)) = newest else {
        return not_tried("programs of threads that wait", "no CPython from 3.8 on is installed here");
    };
    // On a busy machine a time limit may pass, which the model takes to be long enough.
    let seeds = (1..).filter(|&seed| !waits::program(seed).contains("0.3")).take(WAITING);
    let mut held = Held::default();
    for seed in seeds {
        let program = [(seed, waits::program(seed))];
        waits::hold(&mut held, (&interpreter, version), &program, 2000, 0.2).unwrap();
    }
    assert!(held.impossible.is_empty(), "{version}: {:?}", held.impossible);
    // Some have few enough states for all of their ends to be known, and some of these are seen.
    assert!(held.met >= WAITING / 4, "{version}: {:?}", held.open);
    assert!(held.seen >= held.met, "{version}: {} of {}", held.seen, held.met);
}

/// The programs of `threads.txt`, with what goes before all of them: calls of what threads wait for, right ones and wrong ones, and threads
/// that are made in unusual ways.
fn listed() -> Vec<(u64, String)> {
    let texts = include_str!("threads.txt").split("\n---\n").zip(1..);
    texts.map(|(text, number)| (number, format!("{}{text}\n", waits::SHARED))).collect()
}

#[test]
fn what_threads_wait_for_and_how_they_are_made_is_as_real_interpreters_have_it() {
    let newer: Vec<_> = some().into_iter().filter(|(_, version)| *version >= Version::V3_8).collect();
    if newer.is_empty() {
        return not_tried("threads and what they wait for", "no CPython from 3.8 on is installed here");
    }
    let programs = listed();
    let last = newer.len() - 1;
    for (_, (interpreter, version)) in newer.into_iter().enumerate().filter(|(at, _)| [0, last].contains(at))
    {
        let mut held = Held::default();
        waits::hold(&mut held, (&interpreter, version), &programs, 300, 0.001).unwrap();
        let text = |number: u64| &programs[usize::try_from(number).unwrap() - 1].1;
        let parted: Vec<_> =
            held.impossible.iter().map(|(number, how)| (text(*number).lines().last(), how)).collect();
        assert!(parted.is_empty(), "{version}: {parted:?}");
        assert!(held.met > programs.len() * 9 / 10, "{version}: {} met, {:?}", held.met, held.open);
    }
}

#[test]
fn a_seed_names_one_program() {
    assert_eq!(program(7), program(7));
    assert_ne!(program(7).0, program(8).0);
    let threads = |seed| threads::program(seed, 5, threads::Order::Together);
    assert_eq!(threads(7), threads(7));
    assert_ne!(threads(7), threads(8));
}

//! Programs run by the model and by real interpreters, and where they part.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use gilsim::interpreter::{Interpreter, Limits};
use gilsim::python::check::{CheckError, Kind, check, run_alone};
use gilsim::python::version::Version;
use gilsim::system::control::Control;
use serde::de::DeserializeOwned;

use super::threads::{self, Order};

/// The most instructions of one program in the model.
const STEPS: u64 = 300_000;
/// How many programs one process of an interpreter runs.
const BATCH: usize = 500;
/// How long it may take for them, and how much it may print.
const LIMITS: (Duration, usize) = (Duration::from_mins(5), 64 << 20);

static NEVER: AtomicBool = AtomicBool::new(false);

/// What became of many programs.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) agreed: usize,
    /// What the model does not cover, and how often it was met.
    pub(crate) refused: BTreeMap<String, usize>,
    /// Programs that are longer than the model runs them.
    pub(crate) long: usize,
    /// Seeds, with what each side said.
    pub(crate) parted: Vec<(u64, String)>,
}

impl Tally {
    pub(crate) fn refusals(&self) -> usize {
        self.refused.values().sum()
    }
}

/// The model's version that an interpreter is held against.
pub(crate) fn version_of(interpreter: &Interpreter) -> Option<Version> {
    let (major, minor, _) = interpreter.version();
    let free = if interpreter.free_threaded() { "t" } else { "" };
    format!("{major}.{minor}{free}").parse().ok()
}

/// Runs the programs of some seeds both ways; `None` for a seed that has no program for this version.
pub(crate) fn compare(
    interpreter: &Interpreter,
    version: Version,
    seeds: impl Iterator<Item = u64>,
    program: impl Fn(u64) -> Option<String>,
) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let mut seeds = seeds.peekable();
    while seeds.peek().is_some() {
        let batch: Vec<(u64, String)> =
            seeds.by_ref().take(BATCH).filter_map(|seed| Some((seed, program(seed)?))).collect();
        let texts: Vec<&String> = batch.iter().map(|(_, text)| text).collect();
        let real = run_batch(interpreter, &texts)?;
        for ((seed, text), (output, raised)) in batch.iter().zip(real) {
            match run_alone(text, version, STEPS) {
                Ok(alone) if alone.endless => tally.long += 1,
                Ok(alone) if alone.output == output && alone.raised == raised => tally.agreed += 1,
                Ok(alone) => {
                    let model = (&alone.output, &alone.raised);
                    tally.parted.push((*seed, difference(model, (&output, &raised))));
                }
                Err(error) => *tally.refused.entry(reason(&error)).or_default() += 1,
            }
        }
    }
    Ok(tally)
}

/// A refusal without its place.
pub(crate) fn reason(error: &CheckError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

fn difference(model: (&String, &Option<String>), real: (&String, &Option<String>)) -> String {
    let mut lines = model.0.lines().zip(real.0.lines());
    match lines.find(|(one, two)| one != two) {
        Some((one, two)) => format!("model prints {one:?}, CPython {two:?}"),
        None => format!(
            "model prints {} lines and raises {:?}, CPython {} lines and raises {:?}",
            model.0.lines().count(),
            model.1,
            real.0.lines().count(),
            real.1
        ),
    }
}

/// What a real interpreter prints and raises for each program.
fn run_batch(interpreter: &Interpreter, texts: &[&String]) -> Result<Vec<(String, Option<String>)>, String> {
    run_script(interpreter, include_str!("batch.py"), texts, &[])
}

/// Gives programs to a script that answers with something for each.
pub(crate) fn run_script<T: DeserializeOwned, S: AsRef<str> + serde::Serialize>(
    interpreter: &Interpreter,
    script: &str,
    texts: &[S],
    arguments: &[&str],
) -> Result<Vec<T>, String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let mut file = tempfile::NamedTempFile::new().map_err(|error| told(&error))?;
    let json = serde_json::to_vec(texts).map_err(|error| told(&error))?;
    file.write_all(&json).map_err(|error| told(&error))?;
    let path = file.path().display().to_string();
    let limits = Limits { timeout: LIMITS.0, output: LIMITS.1, stop: &NEVER };
    let arguments: Vec<&str> = std::iter::once(path.as_str()).chain(arguments.iter().copied()).collect();
    interpreter.run(script, &arguments, &limits).map_err(|error| told(&error))
}

/// What became of many programs of two threads.
#[derive(Debug, Default)]
pub(crate) struct Met {
    /// Said to be exact, and so in every real run.
    pub(crate) exact: usize,
    /// Said not to be, and seen not to be.
    pub(crate) seen: usize,
    /// Said not to be, and exact in every real run.
    pub(crate) hidden: usize,
    /// No verdict: a limit was reached, or the model does not cover it.
    pub(crate) open: BTreeMap<String, usize>,
    /// Said to be exact, and seen not to be.
    pub(crate) impossible: Vec<(u64, String)>,
}

/// Holds the verdicts on programs of two threads against real runs, so many of each.
pub(crate) fn meet(
    interpreter: &Interpreter,
    version: Version,
    seeds: impl Iterator<Item = u64>,
    iterations: usize,
    runs: usize,
) -> Result<Met, String> {
    let mut met = Met::default();
    let mut seeds = seeds.peekable();
    while seeds.peek().is_some() {
        let batch: Vec<u64> = seeds.by_ref().take(BATCH / 5).collect();
        let texts = |order| -> Vec<String> {
            batch.iter().map(|&seed| threads::program(seed, iterations, order)).collect()
        };
        let script = include_str!("threads.py");
        // Whichever thread does the first iteration may be seen in the end, and breaks nothing.
        let mut serial: Vec<Vec<String>> =
            run_script(interpreter, script, &texts(Order::FirstFirst), &["1"])?;
        let other: Vec<Vec<String>> = run_script(interpreter, script, &texts(Order::SecondFirst), &["1"])?;
        serial.iter_mut().zip(other).for_each(|(serial, other)| serial.extend(other));
        let together = texts(Order::Together);
        let real: Vec<Vec<String>> = run_script(interpreter, script, &together, &[&runs.to_string()])?;
        for (((seed, text), serial), real) in batch.iter().zip(together).zip(serial).zip(real) {
            let other = real.iter().find(|printed| !serial.contains(printed));
            let kind = match check(&text, &[version], 2, &Control::default()) {
                Ok(checked) => checked.findings[0].kind,
                Err(error) => {
                    *met.open.entry(reason(&error)).or_default() += 1;
                    continue;
                }
            };
            match (kind, other) {
                (Kind::Exact, None) => met.exact += 1,
                (Kind::Exact, Some(other)) => {
                    met.impossible.push((*seed, format!("{other:?} for {:?}", serial[0])));
                }
                (Kind::Incomplete | Kind::NotPython, _) => {
                    *met.open.entry(kind.word().to_owned()).or_default() += 1;
                }
                (_, Some(_)) => met.seen += 1,
                (_, None) => met.hidden += 1,
            }
        }
    }
    Ok(met)
}

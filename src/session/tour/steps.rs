//! What each step of the tour does, and which of its answers came true.

use crate::count::{self, grouped};
use crate::error::Interrupted;
use crate::explore::{FinalState, Limits, Question, Schedule, Switching};
use crate::measure::observation::Observation;
use crate::measure::runner::{self, Case, CaseResult, Rounds};
use crate::measure::stats::{Summary, median};
use crate::measure::{Group, Objects, Parameters, Pattern, Scenario, Workload};
use crate::python::program::Program;
use crate::python::version::{SWITCH_INTERVAL, Version};
use crate::report::explore::Witness;
use crate::report::numbers::{figure, time};
use crate::report::tour::Shown;
use crate::scenario::convoy::{Beside, Convoy};
use crate::scenario::gil::{BODY, UnderGil};
use crate::scenario::leak;
use crate::scenario::mutex::{Lock, Mutex};
use crate::scenario::race::Race;
use crate::scenario::refcount::{Refcount, Way};
use crate::scenario::split::{By, Split};
use crate::session::error::Result;
use crate::system::background;
use crate::system::control::Control;
use crate::system::cpus::Cpus;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

/// How many steps there are.
pub const STEPS: usize = 10;

/// How often each worker updates the counter in the steps that show whether it is right.
const UPDATES: u64 = 3_000_000;
/// The same where only the price is asked for.
const PRICED: u64 = 1_000_000;
/// How many numbers are summed.
const NUMBERS: u64 = 300_000_000;
/// How many round trips are made.
const PINGS: u32 = 40;
/// How often everything is run.
const RUNS: usize = 3;

/// A step of the tour.
pub(super) struct Step {
    /// What its text has a place for before it is run.
    pub known: Vec<String>,
    /// Runs it.
    pub run: Box<Run>,
}

/// What a step does.
type Run = dyn FnOnce(&Arc<Control>) -> Result<Shown>;

/// The step of this number, from 0.
pub(super) fn step(number: usize, cpus: &Cpus) -> Step {
    let cpus = cpus.clone();
    let updates = vec![grouped(UPDATES.into())];
    match number {
        0 => Step { known: updates, run: Box::new(move |control| race(&cpus, control)) },
        1 => Step { known: Vec::new(), run: Box::new(why) },
        2 => Step { known: Vec::new(), run: Box::new(move |control| price(&cpus, control)) },
        3 => under(BODY, Version::V3_9, cpus),
        4 => under(BODY, Version::V3_13, cpus),
        5 => under("x = x + int(d)", Version::V3_13, cpus),
        6 => Step { known: Vec::new(), run: Box::new(convoy) },
        7 => {
            Step { known: vec![grouped(NUMBERS.into())], run: Box::new(move |control| split(&cpus, control)) }
        }
        8 => Step { known: Vec::new(), run: Box::new(move |control| references(&cpus, control)) },
        _ => under(BODY, Version::V3_13t, cpus),
    }
}

/// So much work for some workers, each on a CPU of its own if there are enough.
fn load(workers: usize, iterations: u64, cpus: &Cpus) -> Workload {
    Workload {
        workers: NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN),
        iterations,
        from: 0,
        pattern: Pattern::PlusMinus,
        pins: cpus.apart(workers),
        cpus: cpus.clone(),
        objects: Objects::Shared,
        widen: None,
        switch_interval: SWITCH_INTERVAL,
        record: false,
    }
}

/// The load with workers that yield in the midst of an update now and then, where they would not meet otherwise.
fn meeting(load: Workload) -> Workload {
    let alone = load.workers.get() > load.cpus.usable;
    Workload { widen: if alone { NonZeroU64::new(load.iterations / 1000) } else { None }, ..load }
}

/// Runs scenarios in turn.
fn measure(
    cases: Vec<(&'static dyn Scenario, Workload)>,
    control: &Arc<Control>,
) -> Result<Vec<(Summary, Vec<Observation>)>> {
    let case = |(scenario, load)| Case { scenario, load, parameters: Parameters::default(), baseline: false };
    let cases: Arc<[Case<'static>]> = cases.into_iter().map(case).collect();
    let theirs = Arc::clone(&cases);
    let rounds = Rounds::Exactly(NonZeroUsize::new(RUNS).unwrap_or(NonZeroUsize::MIN));
    let outcome = background::run_until_stopped(
        control,
        |finished: &Vec<CaseResult>| runner::anything(finished),
        move |control, finished| runner::run(&theirs, rounds, control, finished, |_| ()),
    )?;
    if outcome.interrupted {
        return Err(Interrupted.into());
    }
    let summed = cases.iter().zip(outcome.finished).map(|(case, result)| {
        let expected = result.expected.unwrap_or_else(|| case.scenario.group().expected(&case.load));
        (
            Summary::of(case.scenario.promise_for(&case.load), expected, &result.observations),
            result.observations,
        )
    });
    Ok(summed.collect())
}

/// The results of all runs.
fn results(observations: &[Observation]) -> String {
    observations.iter().map(|run| grouped(run.actual)).collect::<Vec<_>>().join("; ")
}

/// Which stretch between bounds a number lies in.
fn bucket(value: f64, bounds: &[f64]) -> usize {
    bounds.iter().filter(|&&bound| value >= bound).count()
}

fn race(cpus: &Cpus, control: &Arc<Control>) -> Result<Shown> {
    let seen = measure(vec![(&Race, meeting(load(2, UPDATES, cpus)))], control)?;
    let (summary, runs) = &seen[0];
    Ok(Shown {
        answer: usize::from(summary.lost_runs > 0),
        values: vec![grouped(UPDATES.into()), results(runs)],
        lines: Vec::new(),
        command: format!("gilsim race --iters {}", count::short(UPDATES)),
    })
}

fn why(control: &Arc<Control>) -> Result<Shown> {
    let program = Program::compile(BODY, "", Version::newest_with_gil())
        .map_err(|error| crate::scenario::Error::Body(error.to_string()))?;
    let question = Question {
        program: &program,
        switching: Switching::Machine,
        workers: 2,
        iterations: 2,
        pattern: Pattern::Plus,
    };
    let explored = question.explore(&Limits::default(), control, &mut |_| ())?;
    let (least, greatest) = explored.findings.extremes().unwrap_or_default();
    let schedule: Schedule = explored.schedule(&FinalState::Value(least), control)?;
    let replayed = question.replay(&schedule)?;
    let witness = Witness::of(&program, &explored.findings.serial, &schedule, &replayed);
    let line = |line: &crate::report::explore::WitnessLine| {
        line.repeats.map_or_else(
            || format!("{}: {}", line.worker, line.does.join(", ")),
            |repeats| format!("… ({repeats})"),
        )
    };
    Ok(Shown {
        answer: usize::try_from(greatest - least).unwrap_or_default(),
        values: vec![explored.findings.total.to_string(), least.to_string(), greatest.to_string()],
        lines: witness.lines.iter().map(line).collect(),
        command: "gilsim explore".to_owned(),
    })
}

fn price(cpus: &Cpus, control: &Arc<Control>) -> Result<Shown> {
    // Without the help that a race needs on few CPUs, which is no price of a race.
    let load = load(2, PRICED, cpus);
    let mutex = leak(Mutex(Lock::ParkingLot));
    let seen = measure(vec![(&Race, load.clone()), (mutex, load.clone())], control)?;
    let updates = Group::Counter.updates(&load);
    let [race, mutex] = [&seen[0].0, &seen[1].0].map(|summary| summary.ns_per_update(updates));
    let ratio = mutex / race.max(f64::MIN_POSITIVE);
    Ok(Shown {
        answer: bucket(ratio, &[2.0, 10.0]),
        values: vec![
            figure(race),
            figure(mutex),
            (seen[1].0.runs - seen[1].0.lost_runs).to_string(),
            figure(ratio),
        ],
        lines: Vec::new(),
        command: format!("gilsim compare race mutex --iters {}", count::short(PRICED)),
    })
}

/// A body under the GIL of a version, or without one.
fn under(body: &'static str, version: Version, cpus: Cpus) -> Step {
    let run = move |control: &Arc<Control>| {
        let load = load(2, UPDATES, &cpus);
        let scenario = leak(UnderGil::new(body, "", version, &load.pairs())?);
        let seen = measure(vec![(scenario, load)], control)?;
        let (summary, runs) = &seen[0];
        let switches = summary.lock.as_ref().map_or_else(String::new, |lock| count::mean(lock.switches));
        let wanted = if body == BODY { String::new() } else { format!(" --body '{body}'") };
        Ok(Shown {
            answer: usize::from(summary.lost_runs > 0),
            values: vec![grouped(UPDATES.into()), results(runs), switches],
            lines: Vec::new(),
            command: format!("gilsim gil --cpython {version}{wanted} --iters {}", count::short(UPDATES)),
        })
    };
    Step { known: vec![grouped(UPDATES.into())], run: Box::new(run) }
}

fn convoy(control: &Arc<Control>) -> Result<Shown> {
    let version = Version::newest_with_gil();
    let convoy = Convoy {
        beside: vec![(Beside { hogs: 1, switch_interval: SWITCH_INTERVAL }, Parameters::default())],
        pings: PINGS,
        versions: vec![(version, Parameters::default())],
        pythons: Vec::new(),
        timeout: Duration::ZERO,
        record: false,
    };
    let rows = background::run_until_stopped(
        control,
        |rows: &Vec<_>| !rows.is_empty(),
        move |control, rows| convoy.run(control, rows, |_| ()),
    )?;
    let medians =
        rows.finished.first().and_then(|row| Some([row.idle.as_ref()?.median, row.loaded.as_ref()?.median]));
    let [idle, loaded] = medians.ok_or(Interrupted)?;
    let ratio = loaded / idle.max(f64::MIN_POSITIVE);
    Ok(Shown {
        answer: bucket(ratio, &[2.0, 20.0]),
        values: vec![time(idle), time(loaded), figure(ratio)],
        lines: Vec::new(),
        command: "gilsim convoy".to_owned(),
    })
}

fn split(cpus: &Cpus, control: &Arc<Control>) -> Result<Shown> {
    let load = load(2, NUMBERS, cpus);
    let by = |by: By| {
        let scenario: &'static dyn Scenario = leak(Split::by(by));
        (scenario, scenario.adapt(&load))
    };
    let seen = measure(vec![by(By::Sequential), by(By::Gil), by(By::Process)], control)?;
    let started = |at: usize| median(seen[at].1.iter().map(|run| run.with_startup().as_secs_f64()));
    let [alone, threads, processes] = [0, 1, 2].map(started);
    let answer = match threads / processes.max(f64::MIN_POSITIVE) {
        ratio if ratio < 1.0 / 1.1 => 0,
        ratio if ratio > 1.1 => 1,
        _ => 2,
    };
    Ok(Shown {
        answer,
        values: vec![grouped(NUMBERS.into()), time(alone), time(threads), time(processes)],
        lines: Vec::new(),
        command: format!("gilsim compare split --iters {}", count::short(NUMBERS)),
    })
}

fn references(cpus: &Cpus, control: &Arc<Control>) -> Result<Shown> {
    let one = Workload { pattern: Pattern::Plus, ..load(1, PRICED, cpus) };
    let two = Workload { pattern: Pattern::Plus, ..load(2, PRICED, cpus) };
    let two = Workload { widen: NonZeroU64::new(PRICED / 64), ..two };
    let [plain, atomic] = [Way::Plain, Way::Atomic].map(|way| leak(Refcount(way)));
    let seen = measure(vec![(plain, one.clone()), (atomic, one), (plain, two)], control)?;
    let [plain, atomic] = [0, 1].map(|at: usize| seen[at].0.ns_per_update(u128::from(PRICED)));
    let ratio = atomic / plain.max(f64::MIN_POSITIVE);
    Ok(Shown {
        answer: bucket(ratio, &[1.5, 3.0]),
        values: vec![
            figure(plain),
            figure(atomic),
            figure(ratio),
            seen[2].0.lost_runs.to_string(),
            seen[2].0.runs.to_string(),
        ],
        lines: Vec::new(),
        command: "gilsim refcount".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_lies_between_two_bounds() {
        assert_eq!([1.0, 2.0, 9.9, 10.0, 1e9].map(|it| bucket(it, &[2.0, 10.0])), [0, 1, 1, 2, 2]);
    }
}

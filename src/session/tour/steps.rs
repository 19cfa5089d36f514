//! What each step of the tour does, and which of its answers came true.

use crate::count::{self, grouped};
use crate::error::Interrupted;
use crate::explore::{FinalState, Limits, Question, Schedule, Switching};
use crate::measure::runner::{self, Case, CaseResult, Rounds};
use crate::measure::{Objects, Parameters, Pattern, Scenario, Workload};
use crate::python::program::Program;
use crate::python::version::{SWITCH_INTERVAL, Version};
use crate::report::convoy::ConvoyReport;
use crate::report::explore::Witness;
use crate::report::numbers::{figure, time};
use crate::report::tour::Shown;
use crate::report::words;
use crate::report::{Report, Row};
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
/// How long one worker is to take for its sum: many times as long as processes take to start.
const SUM: Duration = Duration::from_millis(100);
/// How many numbers show how long that takes.
const TRIED: u64 = 2_000_000;
/// The least and the most that are summed. With the most no machine is busy for long.
const NUMBERS: [u64; 2] = [5_000_000, 2_000_000_000];
/// How many round trips are made.
const PINGS: u32 = 40;
/// Beside how many computing threads. With one or two the GIL is often back before one of them has woken up.
const HOGS: usize = 4;
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
///
/// # Errors
///
/// When it cannot be found out how much of its work this machine does in a moment, or a stop was asked for.
pub(super) fn step(number: usize, cpus: &Cpus, control: &Arc<Control>) -> Result<Step> {
    let cpus = cpus.clone();
    let updates = vec![grouped(UPDATES.into())];
    Ok(match number {
        0 => Step { known: updates, run: Box::new(move |control| race(&cpus, control)) },
        1 => Step { known: Vec::new(), run: Box::new(why) },
        2 => Step { known: Vec::new(), run: Box::new(move |control| price(&cpus, control)) },
        3 => under(BODY, Version::V3_9, cpus),
        4 => under(BODY, Version::V3_13, cpus),
        5 => under("x = x + int(d)", Version::V3_13, cpus),
        6 => Step {
            known: vec![PINGS.to_string()],
            run: Box::new(move |control| convoy(cpus.usable, control)),
        },
        7 => {
            let numbers = numbers(&cpus, control)?;
            let run = move |control: &Arc<Control>| split(numbers, &cpus, control);
            Step { known: vec![grouped(numbers.into())], run: Box::new(run) }
        }
        8 => Step { known: Vec::new(), run: Box::new(move |control| references(&cpus, control)) },
        _ => under(BODY, Version::V3_13t, cpus),
    })
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
fn measure(cases: Vec<(&'static dyn Scenario, Workload)>, control: &Arc<Control>) -> Result<Report> {
    let case = |(scenario, load)| Case { scenario, load, parameters: Parameters::default(), baseline: false };
    let cases: Arc<[Case<'static>]> = cases.into_iter().map(case).collect();
    let theirs = Arc::clone(&cases);
    let rounds = Rounds::Exactly(NonZeroUsize::new(RUNS).unwrap_or(NonZeroUsize::MIN));
    let outcome = background::run_until_stopped(
        control,
        |finished: &Vec<CaseResult>| runner::anything(finished),
        move |control, finished| runner::run(&theirs, rounds, false, control, finished, |_| ()),
    )?;
    // A part of a step says nothing.
    if outcome.interrupted {
        return Err(Interrupted.into());
    }
    Ok(Report::new(&cases, &outcome, true))
}

/// What a report says of a step; the sentences are those of the row, in the report's own words.
fn shown(report: &Report, explained: usize, answer: usize, values: Vec<String>, command: String) -> Shown {
    let why = report.results[explained].explanation.why.clone();
    let rows: Vec<&Row> = report.results.iter().collect();
    let price = words::gil_price(&rows).filter(|_| rows.len() > 1).map(|note| format!("note: {note}."));
    let why = std::iter::once(format!("why: {why}.")).chain(price).chain(report.machine_note());
    Shown { answer, values, witness: None, why: why.collect(), breaches: report.breaches(), command }
}

/// The results of all runs.
fn results(row: &Row) -> String {
    row.observations.iter().map(|run| grouped(run.actual)).collect::<Vec<_>>().join("; ")
}

/// Which stretch between bounds a number lies in.
fn bucket(value: f64, bounds: &[f64]) -> usize {
    bounds.iter().filter(|&&bound| value >= bound).count()
}

fn race(cpus: &Cpus, control: &Arc<Control>) -> Result<Shown> {
    let report = measure(vec![(&Race, meeting(load(2, UPDATES, cpus)))], control)?;
    let row = &report.results[0];
    Ok(shown(
        &report,
        0,
        usize::from(row.summary.lost_runs > 0),
        vec![grouped(UPDATES.into()), results(row)],
        format!("gilsim race --iters {}", count::short(UPDATES)),
    ))
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
    Ok(Shown {
        answer: usize::try_from(greatest - least).unwrap_or_default(),
        values: vec![explored.findings.total.to_string(), least.to_string(), greatest.to_string()],
        witness: Some(witness),
        why: Vec::new(),
        breaches: Vec::new(),
        command: "gilsim explore".to_owned(),
    })
}

fn price(cpus: &Cpus, control: &Arc<Control>) -> Result<Shown> {
    // Without the help that a race needs on few CPUs, which is no price of a race.
    let load = load(2, PRICED, cpus);
    let mutex = leak(Mutex(Lock::ParkingLot));
    let report = measure(vec![(&Race, load.clone()), (mutex, load)], control)?;
    let [race, mutex] = [&report.results[0], &report.results[1]];
    let ratio = mutex.ns_per_update / race.ns_per_update.max(f64::MIN_POSITIVE);
    let values = vec![
        figure(race.ns_per_update),
        figure(mutex.ns_per_update),
        (mutex.summary.runs - mutex.summary.lost_runs).to_string(),
        mutex.summary.runs.to_string(),
        figure(ratio),
    ];
    let command = format!("gilsim compare race mutex --iters {}", count::short(PRICED));
    Ok(shown(&report, 1, bucket(ratio, &[2.0, 10.0]), values, command))
}

/// A body under the GIL of a version, or without one.
fn under(body: &'static str, version: Version, cpus: Cpus) -> Step {
    let run = move |control: &Arc<Control>| {
        let load = load(2, UPDATES, &cpus);
        let scenario = leak(UnderGil::new(body, "", version, &load.pairs())?);
        let report = measure(vec![(scenario, load)], control)?;
        let row = &report.results[0];
        let lock = row.summary.lock.as_ref();
        let switches = lock.map_or_else(String::new, |lock| count::mean(lock.switches));
        let wanted = if body == BODY { String::new() } else { format!(" --body '{body}'") };
        Ok(shown(
            &report,
            0,
            usize::from(row.summary.lost_runs > 0),
            vec![grouped(UPDATES.into()), results(row), switches],
            format!("gilsim gil --cpython {version}{wanted} --iters {}", count::short(UPDATES)),
        ))
    };
    Step { known: vec![grouped(UPDATES.into())], run: Box::new(run) }
}

fn convoy(cpus: usize, control: &Arc<Control>) -> Result<Shown> {
    let version = Version::newest_with_gil();
    let convoy = Convoy {
        beside: vec![(Beside { hogs: HOGS, switch_interval: SWITCH_INTERVAL }, Parameters::default())],
        pings: PINGS,
        versions: vec![(version, Parameters::default())],
        pythons: Vec::new(),
        timeout: Duration::ZERO,
        record: false,
    };
    let theirs = convoy.clone();
    let rows = background::run_until_stopped(
        control,
        |rows: &Vec<_>| !rows.is_empty(),
        move |control, rows| theirs.run(control, rows, |_| ()),
    )?;
    let measured = rows
        .finished
        .first()
        .and_then(|row| Some([row.idle.as_ref()?, row.loaded.as_ref()?].map(|it| (it.median, it.max))));
    let [idle, loaded] = measured.ok_or(Interrupted)?;
    let ratio = loaded.0 / idle.0.max(f64::MIN_POSITIVE);
    Ok(Shown {
        answer: bucket(ratio, &[2.0, 20.0]),
        values: vec![time(idle.0), time(loaded.0), figure(ratio), time(idle.1), time(loaded.1)],
        witness: None,
        why: ConvoyReport::new(&convoy, cpus, rows).findings(),
        breaches: Vec::new(),
        command: format!("gilsim convoy --hogs {HOGS} --pings {PINGS}"),
    })
}

/// How many numbers one worker sums in [`SUM`] on this machine, in one digit.
fn numbers(cpus: &Cpus, control: &Arc<Control>) -> Result<u64> {
    let tried = load(1, TRIED, cpus);
    let seen = Split::by(By::Sequential).observe(&tried, control)?;
    if control.stopped() {
        return Err(Interrupted.into());
    }
    let moment = seen.elapsed().as_secs_f64().max(f64::MIN_POSITIVE);
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let fitting = TRIED as f64 * SUM.as_secs_f64() / moment;
    let [least, most] = NUMBERS;
    Ok(count::rounded_up(fitting).unwrap_or(most).clamp(least, most))
}

fn split(numbers: u64, cpus: &Cpus, control: &Arc<Control>) -> Result<Shown> {
    let load = load(2, numbers, cpus);
    let by = |by: By| {
        let scenario: &'static dyn Scenario = leak(Split::by(by));
        (scenario, scenario.adapt(&load))
    };
    let report = measure(vec![by(By::Sequential), by(By::Gil), by(By::Process)], control)?;
    let [alone, threads, processes] = [0, 1, 2].map(|at: usize| report.results[at].time_with_startup());
    let answer = match threads / processes.max(f64::MIN_POSITIVE) {
        ratio if ratio < 1.0 / 1.1 => 0,
        ratio if ratio > 1.1 => 1,
        _ => 2,
    };
    let values = vec![grouped(numbers.into()), time(alone), time(threads), time(processes)];
    let command =
        format!("gilsim compare split:sequential split:gil split:process --iters {}", count::short(numbers));
    Ok(shown(&report, 2, answer, values, command))
}

fn references(cpus: &Cpus, control: &Arc<Control>) -> Result<Shown> {
    let one = Workload { pattern: Pattern::Plus, ..load(1, PRICED, cpus) };
    let two = Workload { pattern: Pattern::Plus, ..load(2, PRICED, cpus) };
    let two = Workload { widen: NonZeroU64::new(PRICED / 64), ..two };
    let ways = [Way::Plain, Way::Atomic, Way::Biased].map(|way| leak(Refcount(way)));
    let mut cases: Vec<_> = ways.iter().map(|&way| (way, one.clone())).collect();
    cases.push((ways[0], two));
    let report = measure(cases, control)?;
    let [plain, atomic, biased] = [0, 1, 2].map(|at: usize| report.results[at].ns_per_update);
    let ratio = atomic / plain.max(f64::MIN_POSITIVE);
    let together = &report.results[3].summary;
    let values = vec![
        figure(plain),
        figure(atomic),
        figure(ratio),
        figure(biased),
        together.lost_runs.to_string(),
        together.runs.to_string(),
    ];
    Ok(shown(&report, 3, bucket(ratio, &[1.5, 3.0]), values, "gilsim refcount".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_lies_between_two_bounds() {
        assert_eq!([1.0, 2.0, 9.9, 10.0, 1e9].map(|it| bucket(it, &[2.0, 10.0])), [0, 1, 1, 2, 2]);
    }
}

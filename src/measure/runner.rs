//! The one runner: warm-up, then rounds in which each case has its turn (A B C A B C …), so that a machine
//! whose speed drifts treats all cases alike.

use super::error::Result;
use super::observation::Observation;
use super::pace::Pace;
use super::parameters::Parameters;
use super::scenario::Scenario;

use super::workload::{Group, Workload};
use crate::error::{Classified, Interrupted, Kind};
use crate::system::background::Partial;
use crate::system::control::Control;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

/// A scenario with its workload.
pub struct Case<'a> {
    /// How it is done.
    pub scenario: &'a dyn Scenario,
    /// What is done.
    pub load: Workload,
    /// What of it is swept.
    pub parameters: Parameters,
    /// Whether it runs only for the others to be measured against.
    pub baseline: bool,
}

/// How often the cases run.
#[derive(Debug, Clone, Copy)]
pub enum Rounds {
    /// So often.
    Exactly(NonZeroUsize),
    /// As often as fits in a time.
    Within {
        /// About how long all of them may take.
        budget: Duration,
        /// The most; at least one there is.
        most: usize,
    },
}

/// The most rounds when neither their number was asked for nor others are to be held against them.
pub const MOST_ROUNDS: usize = 10;

/// The updates of each worker in the warm-up: enough to touch the code and the memory that will be used.
const WARM_UP: u64 = 10_000;

/// What the runner is doing, for whoever shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The cases have been tried with little to do.
    Plan {
        /// How long a round of all cases looks to take.
        round: Duration,
    },
    /// A case begins a round.
    Begin {
        /// Its place among the cases.
        case: usize,
        /// The round, from 0.
        round: usize,
        /// How many rounds there will be, as far as that is known.
        rounds: Option<usize>,
    },
}

/// What came of it, for each case.
pub type Outcome = Partial<Vec<CaseResult>>;

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CaseResult {
    /// The right result; nothing when that could not be found out.
    pub expected: Option<i128>,
    /// What was observed in each finished round.
    pub observations: Vec<Observation>,
    /// Why it could not go on, where that was no reason for the others to stop.
    pub failure: Option<String>,
}

impl CaseResult {
    /// A failure of a program that is not gilsim's own ends its case alone; any other is passed on.
    fn unless_external<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == Kind::External => {
                self.failure = Some(error.to_string());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Runs the cases and puts what came of each finished round into their results. If `paced`, it is measured beside each run how
/// fast the machine was.
///
/// # Errors
///
/// Whatever a scenario could not do; [`Interrupted`] when it was stopped before its last round was finished.
pub fn run(
    cases: &[Case<'_>],
    rounds: Rounds,
    paced: bool,
    control: &Control,
    finished: &Mutex<Vec<CaseResult>>,
    mut tell: impl FnMut(Event),
) -> Result<()> {
    let loads: Vec<Workload> = cases.iter().map(work).collect();
    let mut results: Vec<CaseResult> = vec![CaseResult::default(); cases.len()];
    let mut round = Duration::ZERO;
    for ((case, load), result) in cases.iter().zip(&loads).zip(&mut results) {
        let warm_up = case.load.shortened(case.scenario.group(), WARM_UP);
        let warmed_up = case.scenario.observe(&warm_up, control);
        if let Some(observation) = result.unless_external(warmed_up)? {
            round += if case.parameters.is_empty() {
                expected_time(case, &warm_up, &observation)
            } else {
                // Of a sweep it is said beforehand how long it takes.
                longer_warm_up(case, &warm_up, observation, control, result)?
            };
            if paced {
                let began = Instant::now();
                let _ = pace_of(case, control);
                round += 2 * began.elapsed();
            }
            result.expected = result.unless_external(case.scenario.expected(load, control))?;
        } else {
            // What raises when workers are at it together may be right one after the other; the failure is known already.
            let known = result.failure.take();
            result.expected = result.unless_external(case.scenario.expected(load, control))?;
            result.failure = known;
        }
        if control.stopped() {
            return Err(Interrupted.into());
        }
    }
    finished.lock().clone_from(&results);
    tell(Event::Plan { round });

    let began = Instant::now();
    let mut done = 0;
    while another(rounds, done, began.elapsed()) && results.iter().any(|result| result.failure.is_none()) {
        let mut round = Vec::with_capacity(cases.len());
        for (index, (case, result)) in cases.iter().zip(&mut results).enumerate() {
            if result.failure.is_some() {
                round.push(None);
                continue;
            }
            control.report(0);
            tell(Event::Begin { case: index, round: done, rounds: expected_rounds(rounds) });
            let pace = || if paced { pace_of(case, control) } else { None };
            let before = pace();
            let observed = case.scenario.observe(&loads[index], control);
            let observed = observed.map(|it| Observation {
                cpus: cpus_of_workers(&loads[index], &it),
                pace: before.zip(pace()).map(|(before, after)| before.slower(after)),
                ..it
            });
            if control.stopped() {
                // The result of a run that was stopped is incomplete.
                return Err(Interrupted.into());
            }
            let observed = result.unless_external(observed)?;
            if done == 0 {
                // What is finished of the first round is worth a report; later rounds count when they are whole, so that
                // ratios are between runs of the same round.
                finished.lock()[index].observations.extend(observed);
                round.push(None);
            } else {
                round.push(observed);
            }
        }
        for ((finished, result), observed) in finished.lock().iter_mut().zip(&results).zip(round) {
            finished.observations.extend(observed);
            finished.failure.clone_from(&result.failure);
        }
        done += 1;
    }
    Ok(())
}

/// What a case really does: a tenth more than it says in a build that is to be seen to have become slower.
fn work(case: &Case<'_>) -> Workload {
    let mut load = case.load.clone();
    if cfg!(feature = "more-work") {
        let from = if case.scenario.group() == Group::Sum { load.from } else { 0 };
        load.iterations += load.iterations.saturating_sub(from) / 10;
    }
    load
}

/// How fast the machine is just now for the workers of a case.
fn pace_of(case: &Case<'_>, control: &Control) -> Option<Pace> {
    Pace::now(&case.scenario.own_share(&case.load), control)
}

/// How long a case looks to take, by runs of it that have more and more to do, until one of them is long enough to tell.
fn longer_warm_up(
    case: &Case<'_>,
    first: &Workload,
    observation: Observation,
    control: &Control,
    result: &mut CaseResult,
) -> Result<Duration> {
    let (mut load, mut observation, mut updates) = (first.clone(), observation, WARM_UP);
    let is_telling = |load: &Workload, observation: &Observation| {
        let long = expected_time(case, load, observation) > LONG;
        longest(observation) >= if long { TELLING_OF_LONG } else { TELLING }
    };
    while !is_telling(&load, &observation) && load.iterations < case.load.iterations && !control.stopped() {
        updates = updates.saturating_mul(10);
        load = case.load.shortened(case.scenario.group(), updates);
        match result.unless_external(case.scenario.observe(&load, control))? {
            Some(longer) => observation = longer,
            None => break,
        }
    }
    Ok(expected_time(case, &load, &observation))
}

/// A run that takes less says more of its start than of its updates.
const TELLING: Duration = Duration::from_millis(2);

/// What looks to take longer than this is looked at with more care: a worker that lost its CPU in a short run looks slow.
const LONG: Duration = Duration::from_secs(1);

/// For such a case, a run that takes less says more of who else had the CPU.
const TELLING_OF_LONG: Duration = Duration::from_millis(20);

/// How many CPUs the workers of a run had to themselves, so that one who waits for a CPU waits for others; 0 where that is not known: the
/// kernel may have two wait on one CPU while another is idle, and ranks of a job may be on other hosts.
fn cpus_of_workers(load: &Workload, observation: &Observation) -> usize {
    let workers = load.workers.get();
    let apart = workers == 1 || load.cpus.usable == 1 || load.pins.len() >= workers;
    if apart && observation.communication.is_none() { load.cpus.usable } else { 0 }
}

/// How long the worker that took longest was at work. From the first start to the last end it may be longer: processes start one by
/// one, and that takes no longer where they have more to do.
fn longest(observation: &Observation) -> Duration {
    observation.spans.iter().map(|span| span.duration()).max().unwrap_or_default()
}

/// How long a case looks to take, by a run of it that had less to do.
fn expected_time(case: &Case<'_>, warm_up: &Workload, observation: &Observation) -> Duration {
    let group = case.scenario.group();
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let more = group.updates(&case.load) as f64 / group.updates(warm_up).max(1) as f64;
    let longest = longest(observation);
    let once = observation.elapsed().saturating_sub(longest) + observation.startup.unwrap_or_default();
    let time = longest.as_secs_f64() * more.max(1.0) + once.as_secs_f64();
    Duration::try_from_secs_f64(time).unwrap_or(Duration::MAX / 2_000)
}

/// Whether there is something to report.
#[must_use]
pub fn anything(results: &[CaseResult]) -> bool {
    results.iter().any(|result| !result.observations.is_empty())
}

const fn expected_rounds(rounds: Rounds) -> Option<usize> {
    match rounds {
        Rounds::Exactly(rounds) => Some(rounds.get()),
        Rounds::Within { .. } => None,
    }
}

/// Whether there is to be another round after so many, which took so long.
fn another(rounds: Rounds, done: usize, spent: Duration) -> bool {
    match rounds {
        Rounds::Exactly(rounds) => done < rounds.get(),
        Rounds::Within { .. } if done == 0 => true,
        Rounds::Within { budget, most } => {
            let per_round = spent / u32::try_from(done).unwrap_or(u32::MAX);
            done < most && spent + per_round <= budget
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Explanation;
    use crate::measure::Seen;
    use crate::system::clock::{Span, Usage};

    /// A scenario that only keeps a diary.
    struct Diary<'a> {
        name: &'static str,
        pages: &'a Mutex<Vec<(&'static str, u64)>>,
        stop_at: Option<usize>,
    }

    impl Scenario for Diary<'_> {
        fn name(&self) -> &'static str {
            self.name
        }
        fn lesson(&self) -> &'static str {
            ""
        }
        fn observe(&self, load: &Workload, control: &Control) -> Result<Observation> {
            let mut pages = self.pages.lock();
            pages.push((self.name, load.iterations));
            if self.stop_at == Some(pages.len()) {
                control.stop();
            }
            Ok(Observation {
                actual: Group::Counter.expected(load),
                spans: vec![Span { start: 1, end: 2 }],
                startup: Some(Duration::ZERO),
                usage: Some(Usage::default()),
                ..Observation::default()
            })
        }
        fn explain(&self, _: &Workload, _: &Seen<'_>) -> Explanation {
            Explanation { why: String::new(), next: String::new() }
        }
    }

    type Page = (&'static str, u64);

    /// How it ended, what was finished, and the diary.
    fn run_diaries(rounds: Rounds, stop_at: Option<usize>) -> (Result<()>, Vec<CaseResult>, Vec<Page>) {
        let pages = Mutex::new(Vec::new());
        let diaries = ["a", "b", "c"].map(|name| Diary { name, pages: &pages, stop_at });
        let cases: Vec<Case<'_>> = diaries
            .iter()
            .map(|scenario| Case {
                scenario,
                load: Workload::for_tests(2, 1_000_000),
                parameters: Parameters::default(),
                baseline: false,
            })
            .collect();
        let finished = Mutex::default();
        let ended = run(&cases, rounds, false, &Control::default(), &finished, |_| ());
        drop(cases);
        (ended, finished.into_inner(), pages.into_inner())
    }

    fn exactly(rounds: usize) -> Rounds {
        Rounds::Exactly(NonZeroUsize::new(rounds).unwrap())
    }

    /// Two workers that need a nanosecond for each update. The second starts late, or the first run of all is interrupted.
    struct Skewed {
        late: u64,
        interrupted: u64,
        runs: Mutex<u64>,
    }

    impl Scenario for Skewed {
        fn name(&self) -> &'static str {
            "skewed"
        }
        fn lesson(&self) -> &'static str {
            ""
        }
        fn observe(&self, load: &Workload, _: &Control) -> Result<Observation> {
            *self.runs.lock() += 1;
            let more = if *self.runs.lock() == 1 { self.interrupted } else { 0 };
            Ok(Observation {
                actual: Group::Counter.expected(load),
                spans: [more, self.late]
                    .map(|at| Span { start: at.min(self.late), end: at + load.iterations })
                    .to_vec(),
                startup: Some(Duration::ZERO),
                ..Observation::default()
            })
        }
        fn explain(&self, _: &Workload, _: &Seen<'_>) -> Explanation {
            Explanation { why: String::new(), next: String::new() }
        }
    }

    #[test]
    fn how_long_a_sweep_takes_is_no_guess_from_a_run_that_was_held_up() {
        for (late, interrupted) in [(0, 0), (5_000_000, 0), (0, 5_000_000)] {
            let scenario = Skewed { late, interrupted, runs: Mutex::default() };
            let case = Case {
                scenario: &scenario,
                load: Workload::for_tests(2, 3_000_000_000),
                parameters: Parameters::default().with(crate::measure::parameters::swept("threads", &2)),
                baseline: false,
            };
            let mut planned = Duration::ZERO;
            let note = |event| {
                if let Event::Plan { round } = event {
                    planned = round;
                }
            };
            run(&[case], exactly(1), false, &Control::default(), &Mutex::default(), note).unwrap();
            assert!((2.9..3.3).contains(&planned.as_secs_f64()), "{late}, {interrupted}: {planned:?}");
        }
    }

    #[test]
    fn rounds_are_interleaved_after_a_short_warm_up() {
        let (ended, finished, pages) = run_diaries(exactly(2), None);
        ended.unwrap();
        let names: String = pages.iter().map(|&(name, _)| name).collect();
        assert_eq!(names, "abcabcabc");
        assert!(pages[..3].iter().all(|&(_, iterations)| iterations == WARM_UP));
        assert!(pages[3..].iter().all(|&(_, iterations)| iterations == 1_000_000));
        assert!(anything(&finished) && finished.iter().all(|result| result.observations.len() == 2));
    }

    #[test]
    fn a_stop_keeps_the_finished_rounds_and_what_was_finished_of_the_first() {
        // Three for the warm-up, three for the first round, stopped at the second case of the second.
        let (ended, finished, pages) = run_diaries(exactly(5), Some(8));
        assert_eq!(pages.len(), 8);
        assert_eq!(ended.unwrap_err().kind(), Kind::Interrupted);
        assert!(anything(&finished) && finished.iter().all(|result| result.observations.len() == 1));

        let (ended, finished, _) = run_diaries(exactly(5), Some(2));
        assert_eq!(ended.unwrap_err().kind(), Kind::Interrupted);
        assert!(!anything(&finished), "stopped in the warm-up");

        let (ended, finished, _) = run_diaries(exactly(5), Some(5));
        assert_eq!(ended.unwrap_err().kind(), Kind::Interrupted);
        let runs: Vec<usize> = finished.iter().map(|result| result.observations.len()).collect();
        assert_eq!(runs, [1, 0, 0], "stopped at the second case of the first round");
    }

    #[test]
    fn as_many_rounds_as_fit_at_least_one_and_at_most_ten() {
        let second = Duration::from_secs(1);
        let budget = Rounds::Within { budget: 3 * second, most: MOST_ROUNDS };
        assert!(another(budget, 0, Duration::ZERO));
        assert!(another(budget, 1, second));
        assert!(another(budget, 2, 2 * second));
        assert!(!another(budget, 3, 3 * second));
        assert!(!another(budget, 1, 2 * second));
        assert!(another(budget, MOST_ROUNDS - 1, Duration::from_millis(1)));
        assert!(!another(budget, MOST_ROUNDS, Duration::from_millis(1)));
        assert!(another(exactly(12), 11, 100 * second));
        assert!(!another(exactly(12), 12, Duration::ZERO));
    }

    #[test]
    fn what_others_had_is_asked_only_of_workers_that_have_cpus_to_themselves() {
        let known = |workers: usize, usable: usize, pinned: bool| {
            let mut load = Workload::for_tests(workers, 1);
            load.cpus.usable = usable;
            load.pins = if pinned { (0..workers).collect() } else { Vec::new() };
            cpus_of_workers(&load, &Observation::default())
        };
        assert_eq!((known(2, 2, true), known(1, 2, false), known(4, 1, false)), (2, 2, 1));
        assert_eq!((known(2, 2, false), known(4, 2, false)), (0, 0));
        let ranks = Observation { communication: Some(Duration::ZERO), ..Observation::default() };
        assert_eq!(cpus_of_workers(&Workload::for_tests(1, 1), &ranks), 0);
    }
}

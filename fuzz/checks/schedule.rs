//! Schedules: reading, and carrying out.

use super::bytes::{Bytes, reason};
use gilsim::explore::{
    ExploreError, FinalState, Limits, Question, Schedule, ScheduleError, StepKind, Switching, worker_letter,
};
use gilsim::measure::Pattern;
use gilsim::python::program::Program;
use gilsim::python::version::Version;
use gilsim::system::control::Control;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

const BODIES: &[(&str, &str)] = &[
    ("x += d", ""),
    ("with lock: x += d", ""),
    ("x = x + int(d)", ""),
    ("y = x\nif y > 0: x = y + d", ""),
    ("with lock:\n with a: x += d", "import threading\na = threading.Lock()"),
    (
        "if d:\n with a:\n  with lock: x += d\nwith lock:\n with a: x -= d",
        "import threading\na = threading.Lock()",
    ),
    ("for i in (1, 2): x += d", ""),
];
const SETTINGS: &[StepKind] = &[
    StepKind::Machine,
    StepKind::Version(Version::V3_9),
    StepKind::Version(Version::V3_13),
    StepKind::Version(Version::V2_7),
    StepKind::Version(Version::V3_13t),
];

/// The endings that there are, and the steps of each worker alone, of each question that was asked.
type Known = HashMap<(usize, StepKind, usize, u64), (Option<BTreeSet<FinalState>>, Vec<usize>)>;

fn with_question<T>(
    (body, setting, workers, iterations): (usize, StepKind, usize, u64),
    then: impl FnOnce(&Question<'_>) -> T,
) -> T {
    let (switching, version) = match setting {
        StepKind::Machine => (Switching::Machine, Version::newest_with_gil()),
        StepKind::Version(version) => (Switching::Gil, version),
    };
    let program =
        Program::compile(BODIES[body].0, BODIES[body].1, version).expect("these bodies are covered");
    then(&Question { program: &program, switching, workers, iterations, pattern: Pattern::Plus })
}

/// Any schedule reads back or is refused with a reason; played back, it ends as some schedule does, or is refused.
#[expect(clippy::too_many_lines, reason = "one case after the other")]
pub fn check(data: &[u8]) {
    static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();
    let mut bytes = Bytes::new(data);
    let how = bytes.next();
    let setting = bytes.pick(SETTINGS);
    let asked = (bytes.below(BODIES.len()), setting, 1 + bytes.below(3), 1 + u64::from(bytes.next() % 2));
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let (endings, alone) = known.entry(asked).or_insert_with(|| {
        with_question(asked, |question| {
            let small = asked.2 < 3 || asked.3 < 2;
            let explored = small.then(|| {
                question.explore(
                    &Limits { memory: 1 << 28, witnesses: false },
                    &Control::default(),
                    &mut |_| {},
                )
            });
            let endings = explored.map(|explored| {
                let explored = explored.expect("these can be explored");
                explored.findings.outcomes.into_iter().map(|outcome| outcome.ending).collect()
            });
            let steps = |worker: usize| {
                let text = format!("v1:{setting}:{}100000", worker_letter(u8::try_from(worker).unwrap_or(0)));
                match question.replay(&text.parse().expect("a schedule")) {
                    Err(ExploreError::Schedule(ScheduleError::Finished { step, .. })) => {
                        usize::try_from(step - 1).unwrap_or(0)
                    }
                    _ => 0,
                }
            };
            (endings, (0..asked.2).map(steps).collect())
        })
    });
    let text = match how % 8 {
        0 => bytes.rest(),
        1 | 2 => {
            let mut text = bytes.pick(&["v1:", "v1:", "v1:", "v2:", "", " v1:"]).to_owned();
            let _ =
                write!(text, "{}:", bytes.pick(&["machine", "3.9", "3.13", "2.7", "3.13t", "3.5", "", "é"]));
            while !bytes.is_empty() && text.len() < 200 {
                text.push_str(bytes.pick(&[
                    "A",
                    "B",
                    "C",
                    "D",
                    "E",
                    "a",
                    "1",
                    "2",
                    "3",
                    "0",
                    "9",
                    ",",
                    ",",
                    " ",
                    "-",
                    "+",
                    "é",
                    ":",
                    ",A1",
                    ",B2",
                    "18446744073709551615",
                ]));
            }
            text
        }
        // Each worker has as many steps as it needs alone, or nearly.
        _ => {
            let mut left = alone.clone();
            if how & 64 != 0 {
                let worker = bytes.below(left.len());
                left[worker] = (left[worker] + bytes.below(3)).saturating_sub(1);
            }
            let mut order = Vec::new();
            while left.iter().any(|&steps| steps > 0) {
                let first = bytes.below(left.len());
                let worker = (0..left.len())
                    .map(|index| (first + index) % left.len())
                    .find(|&worker| left[worker] > 0);
                let Some(worker) = worker else { break };
                left[worker] -= 1;
                order.push(u8::try_from(worker).unwrap_or(0));
            }
            Schedule::of(setting, &order).to_string()
        }
    };
    let schedule = match text.parse::<Schedule>() {
        Ok(schedule) => schedule,
        Err(error) => {
            reason(&error);
            return;
        }
    };
    assert_eq!(schedule.to_string().parse().as_ref(), Ok(&schedule), "{text:?}");
    with_question(asked, |question| match question.replay(&schedule) {
        Ok(replayed) => {
            assert_eq!(replayed.trace.len() as u64, schedule.steps(), "{text:?}");
            if let Some(endings) = endings {
                assert!(
                    endings.contains(&replayed.ending),
                    "{:?} by {text:?} of {asked:?} was not found",
                    replayed.ending
                );
            }
            if data.last() == Some(&7) {
                assert_eq!(
                    question.replay_on_threads(&schedule),
                    Ok(replayed.ending),
                    "{text:?} of {asked:?}"
                );
            }
        }
        Err(error) => {
            reason(&error);
        }
    });
}

//! The progress bar: on standard error, on a terminal only, and only when the work takes long. Work that looks as if
//! it would take very long is said to do so, on a terminal or not.

use super::error::{Error, Result};
use crate::error::{Classified, Interrupted};
use crate::explore;
use crate::measure::runner::{Case, Event, Rounds};
use crate::report::{output, words};
use crate::system;
use crate::system::background::{self, Partial};
use crate::system::control::Control;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use parking_lot::Mutex;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Work that is done sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the bar moves: seldom enough to leave the measured workers alone.
const TICK: Duration = Duration::from_millis(200);

/// What has gone on for so long can be estimated.
const TELLING: Duration = Duration::from_secs(5);
/// What takes longer than this is announced.
const LONG: Duration = Duration::from_mins(10);

/// After so long something is said of what has not got anywhere yet: a real interpreter tells nothing while it begins.
const UNKNOWN: Duration = Duration::from_mins(1);

/// How often it is looked whether a run takes very long, where there is no bar.
const SELDOM: Duration = Duration::from_secs(1);

/// Announces once that some work will take very long.
#[derive(Default)]
struct Announcement {
    made: bool,
}

impl Announcement {
    /// What to say after so much of the work took so long; nothing when it is soon done, or was said before.
    fn of(&mut self, what: &str, done: u64, whole: u64, spent: Duration) -> Option<String> {
        if self.made || spent < TELLING || whole == 0 || (done == 0 && spent < UNKNOWN) {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let share = done as f64 / whole as f64;
        let seconds = spent.as_secs_f64() / share;
        self.made = seconds > LONG.as_secs_f64();
        self.made.then(|| {
            let long = if seconds.is_finite() {
                format!("takes {} at this speed", words::long_time(seconds))
            } else {
                format!("has not got anywhere in {}", words::long_time(spent.as_secs_f64()))
            };
            format!("{what} {long}; Ctrl-C ends it, smaller numbers make it shorter")
        })
    }
}

/// How a sweep is to go.
pub(super) struct Plan(pub(super) Rounds);

impl Plan {
    fn words(&self, cases: usize, round: Duration) -> String {
        let [seconds, cases] = [words::time(round.as_secs_f64()), words::plural(cases, "case")];
        let rounds = match self.0 {
            Rounds::Exactly(rounds) => words::plural(rounds.get(), "round"),
            Rounds::Within { budget, most } => {
                let budget = words::time(budget.as_secs_f64());
                format!("as many rounds as fit in {budget}, 1 to {most}")
            }
        };
        format!(
            "a sweep of {cases}: a round of all takes about {seconds}; {rounds}; Ctrl-C ends it and reports what is finished"
        )
    }
}

/// Something to look at while work goes on, until it is dropped. Without a terminal there is nothing.
pub(super) struct Progress {
    bar: ProgressBar,
    ticker: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    fn of(length: Option<u64>, style: &str, target: ProgressDrawTarget) -> Self {
        let bar = ProgressBar::with_draw_target(length, target);
        let style = ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        Self { bar, ticker: None }
    }

    /// A bar of so much work, all of it done when the bar is full.
    fn bar(target: ProgressDrawTarget) -> Self {
        Self::of(Some(1), "{spinner} {msg} [{wide_bar}] {percent:>3} % {elapsed}", target)
    }

    /// A spinner for work of which only the present step is known, and what says that step.
    pub(super) fn spin() -> (Self, impl Fn(&str) + Send + 'static) {
        let spinner = Self::of(None, "{spinner} {wide_msg} {elapsed}", on_stderr());
        let bar = spinner.bar.clone();
        let say = move |step: &str| {
            bar.set_message(step.to_owned());
            bar.tick();
        };
        (spinner, say)
    }

    /// A bar that follows the cases' run, and what takes note of what the runner does. A plan is said when the runner
    /// knows how long a round takes.
    pub(super) fn follow(
        cases: &[Case<'_>],
        plan: Option<Plan>,
        control: &Arc<Control>,
    ) -> (Self, impl Fn(Event) + Send + 'static) {
        let mut follower = Self::bar(ProgressDrawTarget::hidden());
        let began = Arc::new(Mutex::new(Instant::now()));
        follower.ticker = tick(follower.bar.clone(), Arc::clone(control), Arc::clone(&began));
        let share = |case: &Case<'_>| case.scenario.group().first_share(&case.load);
        let label = |case: &Case<'_>| match case.parameters.words() {
            words if words.is_empty() => case.scenario.label(),
            words => format!("{}, {words}", case.scenario.label()),
        };
        let all = cases.len();
        let cases: Vec<_> = cases.iter().map(|case| (label(case), share(case))).collect();
        let bar = follower.bar.clone();
        let note = move |event| {
            let (case, round, rounds) = match event {
                Event::Plan { round } => {
                    if let Some(plan) = &plan {
                        bar.suspend(|| output::say(&plan.words(all, round)));
                    }
                    return;
                }
                Event::Begin { case, round, rounds } => (case, round, rounds),
            };
            if let Some((label, length)) = cases.get(case) {
                *began.lock() = Instant::now();
                let of = rounds.map_or_else(String::new, |rounds| format!(" of {rounds}"));
                bar.set_length((*length).max(1));
                bar.set_message(format!("{label}, run {}{of}", round + 1));
            }
        };
        (follower, note)
    }

    /// A bar of the layers of an exploration, and what takes note of each.
    pub(super) fn layers() -> (Self, impl Fn(explore::Progress) + Send + Sync + 'static) {
        let layers = Self::bar(on_stderr());
        let (bar, began) = (layers.bar.clone(), Instant::now());
        let announcement = Mutex::new(Announcement::default());
        let note = move |progress: explore::Progress| {
            let (layer, layers) = (progress.layer as u64, progress.layers as u64);
            // A layer has more states than the one before: it takes at least as long.
            let text = announcement.lock().of("exploring", layer, layers, began.elapsed());
            if let Some(text) = text {
                bar.suspend(|| output::say(&text));
            }
            if began.elapsed() < PATIENCE {
                return;
            }
            bar.set_length(progress.layers.max(progress.layer) as u64);
            bar.set_message(format!("layer {}, {} states", progress.layer, progress.states));
            bar.set_position(progress.layer as u64);
        };
        (layers, note)
    }
}

fn on_stderr() -> ProgressDrawTarget {
    ProgressDrawTarget::stderr_with_hz(5)
}

/// Moves the bar now and then, until told to stop, and announces a run that takes very long, the present one of which
/// began when it is said. A bar is not worth failing for, so a thread that cannot be had means no bar.
fn tick(
    bar: ProgressBar,
    control: Arc<Control>,
    began: Arc<Mutex<Instant>>,
) -> Option<(Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = mpsc::channel();
    let terminal = io::stderr().is_terminal();
    let thread = thread::Builder::new().name("progress".to_owned()).spawn(move || {
        let mut announcement = Announcement::default();
        let (first, next) = if terminal { (PATIENCE, TICK) } else { (TELLING, SELDOM) };
        let mut wait = first;
        while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            if terminal && wait == PATIENCE {
                bar.set_draw_target(on_stderr());
            }
            let (done, spent) = (control.done(), began.lock().elapsed());
            bar.set_position(done);
            bar.tick();
            let text = announcement.of("a run", done, bar.length().unwrap_or(0), spent);
            if let Some(text) = text {
                bar.suspend(|| output::say(&text));
            }
            wait = next;
        }
    });
    Some((stop, thread.ok()?))
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.ticker.take() {
            drop(stop);
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }
}

/// Gathers what some work finishes, under a spinner that shows what the work says that it does.
pub(super) fn with_spinner<T, E>(
    control: &Arc<Control>,
    anything: impl FnOnce(&T) -> bool,
    work: impl FnOnce(&Control, &Mutex<T>, &dyn Fn(&str)) -> Result<(), E> + Send + 'static,
) -> Result<Partial<T>>
where
    T: Default + Send + 'static,
    E: Classified + From<system::Error> + From<Interrupted>,
    Error: From<E>,
{
    let (_spinner, say) = Progress::spin();
    Ok(background::run_until_stopped(control, anything, move |control, finished| {
        work(control, finished, &say)
    })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_very_long_is_announced_once_and_nothing_else_is() {
        let (second, hour) = (Duration::from_secs(1), Duration::from_hours(1));
        let mut announcement = Announcement::default();
        assert_eq!(announcement.of("a run", 1, 1_000_000, second), None, "too soon to tell");
        assert_eq!(announcement.of("a run", 50, 100, hour / 60 * 4), None, "eight minutes in all");
        let text = announcement.of("a run", 1, 1_000_000, 6 * second).unwrap();
        assert!(text.starts_with("a run takes about 69 days at this speed; Ctrl-C ends it"), "{text}");
        assert_eq!(announcement.of("a run", 1, 1_000_000, 7 * second), None, "said before");
        let mut nothing_yet = Announcement::default();
        assert_eq!(nothing_yet.of("a run", 0, 100, 30 * second), None, "it may have only begun");
        let endless = nothing_yet.of("exploring", 0, 100, hour).unwrap();
        assert!(
            endless.starts_with("exploring has not got anywhere in about 60 minutes; Ctrl-C"),
            "{endless}"
        );
    }
}

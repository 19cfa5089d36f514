//! The progress bar: on standard error, on a terminal only, and only when the work takes long.

use super::error::{Error, Result};
use crate::error::{Classified, Interrupted};
use crate::explore;
use crate::measure::runner::{Case, Event};
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

    /// A bar that follows the cases' run, and what takes note of what the runner does.
    pub(super) fn follow(
        cases: &[Case<'_>],
        control: &Arc<Control>,
    ) -> (Self, impl Fn(Event) + Send + 'static) {
        let mut follower = Self::bar(ProgressDrawTarget::hidden());
        if io::stderr().is_terminal() {
            follower.ticker = tick(follower.bar.clone(), Arc::clone(control));
        }
        let share = |case: &Case<'_>| case.scenario.group().first_share(&case.load);
        let cases: Vec<_> = cases.iter().map(|case| (case.scenario.label(), share(case))).collect();
        let bar = follower.bar.clone();
        let note = move |event| {
            let Event::Begin { case, round, rounds } = event;
            if let Some((label, length)) = cases.get(case) {
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
        let note = move |progress: explore::Progress| {
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

/// Moves the bar now and then, until told to stop. A bar is not worth failing for, so a thread that cannot be
/// had means no bar.
fn tick(bar: ProgressBar, control: Arc<Control>) -> Option<(Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = mpsc::channel();
    let thread = thread::Builder::new().name("progress".to_owned()).spawn(move || {
        let mut wait = PATIENCE;
        while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            if wait == PATIENCE {
                bar.set_draw_target(on_stderr());
            }
            bar.set_position(control.done());
            bar.tick();
            wait = TICK;
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

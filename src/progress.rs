//! The progress bar: on standard error, on a terminal only, and only when the work takes long.

use crate::control::Control;
use crate::runner::{Case, Event};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Work that is done sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the bar moves: seldom enough to leave the measured workers alone.
const TICK: Duration = Duration::from_millis(200);

/// A bar that follows a run until it is dropped. Without a terminal it does nothing.
pub struct Progress {
    bar: ProgressBar,
    ticker: Option<(Sender<()>, JoinHandle<()>)>,
    cases: Vec<(String, u64)>,
}

impl Progress {
    /// Begins to follow the cases' run.
    #[must_use]
    pub fn follow(cases: &[Case<'_>], control: &Arc<Control>) -> Self {
        let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{spinner} {msg} [{wide_bar}] {percent:>3} % {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        let share = |case: &Case<'_>| case.scenario.group().first_share(&case.load);
        let cases = cases.iter().map(|case| (case.scenario.label(), share(case))).collect();
        let ticker = io::stderr().is_terminal().then(|| tick(bar.clone(), Arc::clone(control))).flatten();
        Self { bar, ticker, cases }
    }

    /// A spinner for work of which only the present step is known.
    #[must_use]
    pub fn spin() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
        let style = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self { bar, ticker: None, cases: Vec::new() }
    }

    /// Says what the present step is.
    pub fn say(&self, step: &str) {
        self.bar.set_message(step.to_owned());
        self.bar.tick();
    }

    /// Takes note of what the runner does.
    pub fn note(&self, event: &Event) {
        let Event::Begin { case, round, rounds } = *event;
        if let Some((label, length)) = self.cases.get(case) {
            let of = rounds.map_or_else(String::new, |rounds| format!(" of {rounds}"));
            self.bar.set_length((*length).max(1));
            self.bar.set_message(format!("{label}, run {}{of}", round + 1));
        }
    }
}

/// Moves the bar now and then, until told to stop. A bar is not worth failing for, so a thread that cannot be
/// had means no bar.
fn tick(bar: ProgressBar, control: Arc<Control>) -> Option<(Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = mpsc::channel();
    let thread = thread::Builder::new().name("progress".to_owned()).spawn(move || {
        let mut wait = PATIENCE;
        while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            if wait == PATIENCE {
                bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(5));
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

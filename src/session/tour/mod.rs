//! The tour: ten steps, each a guess and then a real run.

mod ask;
mod steps;

use super::ending::Ending;
use super::error::Result;
use crate::error::{Classified, Interrupted, Kind};
use crate::report::tour::{self, Language, Texts};
use crate::report::{self, Header, output};
use crate::system::control::Control;
use crate::system::cpus::Cpus;
use ask::Asked;
use std::io::{self, IsTerminal};
use std::sync::Arc;
pub use steps::STEPS;

/// What of the tour is to be shown, and how.
#[derive(Debug)]
pub struct Tour {
    /// The only step to show, from 0; nothing for all.
    pub step: Option<usize>,
    /// Whether to ask for guesses, where somebody can answer.
    pub ask: bool,
    /// The language.
    pub language: Language,
    /// What there is to run on.
    pub cpus: Cpus,
}

/// What came of showing a step.
enum Came {
    /// It was shown; these promises were broken.
    Shown(Vec<String>),
    /// Nobody reads any more.
    Unread,
}

/// Shows the tour. A stop ends it at once, with what was shown by then; so does a reader that has seen enough.
///
/// # Errors
///
/// When a step cannot run, or standard output or input fails.
pub fn run(tour: &Tour, control: &Arc<Control>) -> Result<Ending> {
    output::check_standard_output()?;
    let texts = Texts::of(tour.language);
    let width = || output::width(&io::stdout());
    if tour.step.is_none() {
        print(&tour::paragraph(&texts.welcome, width()))?;
    }
    if Header::new(tour.cpus.usable, false).profile == "debug" {
        print(&tour::paragraph(&texts.unoptimised, width()))?;
    }
    let mut breaches = Vec::new();
    for number in tour.step.map_or(0..STEPS, |step| step..step + 1) {
        match tour.show(number, &texts, control) {
            Ok(Came::Shown(broken)) => breaches.extend(broken),
            Ok(Came::Unread) => return Ok(Ending::Ran),
            Err(error) if error.kind() == Kind::Interrupted => {
                // Below the question, or the ^C that a terminal shows.
                let line = if io::stderr().is_terminal() { "\n" } else { "" };
                output::say(&format!("{line}{}", tour::filled(&texts.stopped, &[(number + 1).to_string()])));
                return Ok(Ending::Ran);
            }
            Err(error) => return Err(error),
        }
    }
    if tour.step.is_none() {
        print(&tour::paragraph(&texts.closing, width()))?;
    }
    for breach in &breaches {
        output::say(breach);
    }
    Ok(if breaches.is_empty() { Ending::Ran } else { Ending::PromiseBroken })
}

impl Tour {
    /// Shows a step.
    fn show(&self, number: usize, texts: &Texts, control: &Arc<Control>) -> Result<Came> {
        let width = || output::width(&io::stdout());
        let asks = self.ask && io::stdin().is_terminal() && io::stdout().is_terminal();
        let step = steps::step(number, &self.cpus, control)?;
        if !print(&tour::question(texts, number, &step.known, width()))? {
            return Ok(Came::Unread);
        }
        let guess = if asks {
            match ask::guess(texts, texts.steps[number].answers.len(), control, &|text| {
                print(text).map(drop)
            })? {
                Asked::Guess(guess) => guess,
                Asked::Stopped => return Err(Interrupted.into()),
            }
        } else {
            None
        };
        let seen = (step.run)(control)?;
        let read = print(&tour::answer(self.language, texts, number, guess, &seen, width()))?;
        Ok(if read { Came::Shown(seen.breaches) } else { Came::Unread })
    }
}

/// Prints a text; false when its reader has gone away.
fn print(text: &str) -> Result<bool, report::Error> {
    output::reaches(&mut anstream::stdout().lock(), text)
}

//! The tour: ten steps, each a guess and then a real run.

mod ask;
mod steps;

use super::ending::Ending;
use super::error::Result;
use crate::error::{Classified, Kind};
use crate::report::output;
use crate::report::tour::{self, Language, Texts};
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

/// Shows the tour. A stop ends it at once, with what was shown by then.
///
/// # Errors
///
/// When a step cannot run, or standard output or input fails.
pub fn run(tour: &Tour, control: &Arc<Control>) -> Result<Ending> {
    output::check_standard_output()?;
    let texts = Texts::of(tour.language);
    let asks = tour.ask && io::stdin().is_terminal() && io::stdout().is_terminal();
    let print = |text: &str| output::write(&mut anstream::stdout().lock(), text);
    let width = || output::width(&io::stdout());
    if tour.step.is_none() {
        print(&tour::paragraph(&texts.welcome, width()))?;
    }
    let shown = tour.step.map_or(0..STEPS, |step| step..step + 1);
    for number in shown {
        let step = steps::step(number, &tour.cpus);
        print(&tour::question(&texts, number, &step.known, width()))?;
        let guess = if asks {
            match ask::guess(&texts, texts.steps[number].answers.len(), control, &print)? {
                Asked::Guess(guess) => guess,
                Asked::Stopped => return Ok(Ending::Ran),
            }
        } else {
            None
        };
        let seen = match (step.run)(control) {
            Ok(seen) => seen,
            Err(error) if error.kind() == Kind::Interrupted => return Ok(Ending::Ran),
            Err(error) => return Err(error),
        };
        print(&tour::answer(&texts, number, guess, &seen, width()))?;
    }
    if tour.step.is_none() {
        print(&tour::paragraph(&texts.closing, width()))?;
    }
    Ok(Ending::Ran)
}

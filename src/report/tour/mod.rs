//! The tour: its texts in a file for each language, and how a step is put on a terminal or into a pipe.

mod texts;

use super::explore::Witness;
pub use super::layout::paragraph;
use super::layout::{bold, broken};
pub use texts::{Language, StepTexts, Texts};
use textwrap::core::display_width;

/// How many workers a schedule is shown of.
const WORKERS: usize = 2;
/// What the sentence of why begins with in the reports.
const WHY: &str = "why:";

/// What a step showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Which of the answers it was, from 0.
    pub answer: usize,
    /// What stands in the step's texts for `{0}`, `{1}` and so on.
    pub values: Vec<String>,
    /// A schedule of two workers that shows it.
    pub witness: Option<Witness>,
    /// Why it came out so in this run, in the words of the reports, which are English.
    pub why: Vec<String>,
    /// Each promise that was broken, in a sentence.
    pub breaches: Vec<String>,
    /// The command that does this.
    pub command: String,
}

/// Puts values where a text has their numbers in braces.
#[must_use]
pub fn filled(text: &str, values: &[String]) -> String {
    values
        .iter()
        .enumerate()
        .fold(text.to_owned(), |text, (number, value)| text.replace(&format!("{{{number}}}"), value))
}

/// What stands above a step: its title, what is done, the question and the answers. `values` are known beforehand.
#[must_use]
pub fn question(texts: &Texts, number: usize, values: &[String], width: Option<usize>) -> String {
    let step = &texts.steps[number];
    let heading = [(number + 1).to_string(), texts.steps.len().to_string(), step.title.clone()];
    let mut text = paragraph(&bold(&filled(&texts.step, &heading)), width);
    text += &paragraph(&filled(&step.intro, values), width);
    text += &paragraph(&filled(&step.question, values), width);
    for (number, answer) in step.answers.iter().enumerate() {
        text += &indented(&format!("{}. ", number + 1), answer, width);
    }
    text.push('\n');
    text
}

/// What stands below it: the figures, whether the guess was right, what it means, and why it came out so, where the
/// reports speak the language.
#[must_use]
pub fn answer(
    language: Language,
    texts: &Texts,
    number: usize,
    guess: Option<usize>,
    shown: &Shown,
    width: Option<usize>,
) -> String {
    let step = &texts.steps[number];
    let mut text = String::new();
    for figure in &step.figures {
        text += &indented("", &filled(figure, &shown.values), width);
    }
    text.push('\n');
    if let Some(witness) = &shown.witness {
        text += &witness.grid(WORKERS, "x").table(width);
        text.push('\n');
    }
    let [was, said] =
        [Some(shown.answer), guess].map(|it| it.map(|it| (it + 1).to_string()).unwrap_or_default());
    let right = step.answers[shown.answer].clone();
    let verdict = match guess {
        None => filled(&texts.seen, &[was, right]),
        Some(guess) if guess == shown.answer => filled(&texts.guessed_right, &[said]),
        Some(_) => filled(&texts.guessed_otherwise, &[said, was, right]),
    };
    let outcome = filled(&step.outcomes[shown.answer], &shown.values);
    text += &paragraph(&format!("{} {outcome}", bold(&verdict)), width);
    for why in shown.why.iter().filter(|_| language.is_of_reports()) {
        let why = why.strip_prefix(WHY).map_or_else(|| why.clone(), |rest| bold(WHY) + rest);
        text += &paragraph(&why, width);
    }
    // A command line is not broken, so that it can be copied.
    text + &filled(&texts.yourself, std::slice::from_ref(&shown.command)) + "\n\n"
}

/// A line with a mark before it, and what does not fit below its beginning.
fn indented(mark: &str, text: &str, width: Option<usize>) -> String {
    let (first, rest) = (format!("  {mark}"), " ".repeat(2 + display_width(mark)));
    let room = width.map(|width| width.saturating_sub(rest.len()).max(1));
    let lines: Vec<String> = broken(text, room);
    first + &lines.join(&format!("\n{rest}")) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_stands_below_the_beginning() {
        assert_eq!(indented("1. ", "two words", Some(9)), "  1. two\n     words\n");
        assert_eq!(indented("1. ", "two words", None), "  1. two words\n");
        // A number and its unit belong together.
        assert_eq!(indented("", "alone: 10.3 ms", Some(13)), "  alone:\n  10.3 ms\n");
    }
}

//! The tour: its texts in a file for each language, and how a step is put on a terminal or into a pipe.

mod texts;

use super::layout::bold;
pub use super::layout::paragraph;
pub use texts::{Language, StepTexts, Texts};
use textwrap::core::display_width;

/// What a step showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Which of the answers it was, from 0.
    pub answer: usize,
    /// What stands in the step's texts for `{0}`, `{1}` and so on.
    pub values: Vec<String>,
    /// Lines below the figures, as they are.
    pub lines: Vec<String>,
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
    text += &paragraph(&step.question, width);
    for (number, answer) in step.answers.iter().enumerate() {
        text += &indented(&format!("{}. ", number + 1), answer, width);
    }
    text.push('\n');
    text
}

/// What stands below it: the figures, whether the guess was right, and what it means.
#[must_use]
pub fn answer(
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
    for line in &shown.lines {
        text += &indented("  ", line, width);
    }
    text.push('\n');
    let [was, said] =
        [Some(shown.answer), guess].map(|it| it.map(|it| (it + 1).to_string()).unwrap_or_default());
    let verdict = match guess {
        None => filled(&texts.seen, &[was]),
        Some(guess) if guess == shown.answer => filled(&texts.guessed_right, &[said]),
        Some(_) => filled(&texts.guessed_otherwise, &[said, was]),
    };
    let outcome = filled(&step.outcomes[shown.answer], &shown.values);
    text += &paragraph(&format!("{} {outcome}", bold(&verdict)), width);
    text + &paragraph(&filled(&texts.yourself, std::slice::from_ref(&shown.command)), width)
}

/// A line with a mark before it, and what does not fit below its beginning.
fn indented(mark: &str, text: &str, width: Option<usize>) -> String {
    let rest = " ".repeat(2 + display_width(mark));
    let first = format!("  {mark}");
    let Some(width) = width else { return format!("{first}{text}\n") };
    let options = textwrap::Options::new(width).initial_indent(&first).subsequent_indent(&rest);
    textwrap::fill(text, options) + "\n"
}

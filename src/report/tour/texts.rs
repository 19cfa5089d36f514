//! The texts of the tour, which stand in a file for each language.

use crate::choice::Choice;
use serde::Deserialize;

/// A language that the tour speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Korean.
    Korean,
}

impl Choice for Language {
    const ALL: &'static [Self] = &[Self::English, Self::Korean];

    fn name(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Korean => "Korean",
        }
    }
}

impl Language {
    /// Whether the reports' own sentences are in it.
    #[must_use]
    pub const fn is_of_reports(self) -> bool {
        matches!(self, Self::English)
    }
}

/// All texts in one language. `{0}` and so on stand for values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// Before the first step.
    pub welcome: String,
    /// Before it, where gilsim was compiled without optimisation.
    pub unoptimised: String,
    /// The heading of a step: its number, of how many, its title.
    pub step: String,
    /// What asks for a guess: the greatest number.
    pub prompt: String,
    /// What asks again: the greatest number.
    pub again: String,
    /// The guess was right: its number.
    pub guessed_right: String,
    /// It was another one: the guess, and what it was.
    pub guessed_otherwise: String,
    /// There was no guess: what it was.
    pub seen: String,
    /// How to do it: the command.
    pub yourself: String,
    /// It was stopped before it was shown: the step's number.
    pub stopped: String,
    /// After the last step.
    pub closing: String,
    /// The steps.
    pub steps: Vec<StepTexts>,
}

/// The texts of a step.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepTexts {
    /// Its title.
    pub title: String,
    /// What is done.
    pub intro: String,
    /// What is to be guessed.
    pub question: String,
    /// What can be guessed.
    pub answers: Vec<String>,
    /// What was seen.
    pub figures: Vec<String>,
    /// What it means, for each answer.
    pub outcomes: Vec<String>,
}

impl Texts {
    /// Those of a language.
    ///
    /// # Panics
    ///
    /// When the file of the language is not as it must be, which a test excludes.
    #[must_use]
    pub fn of(language: Language) -> Self {
        let text = match language {
            Language::English => include_str!("en.json"),
            Language::Korean => include_str!("ko.json"),
        };
        serde_json::from_str(text).expect("a test reads every language's texts")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that a text has a place for.
    fn places(text: &str) -> Vec<String> {
        (0..9).map(|number| format!("{{{number}}}")).filter(|place| text.contains(place)).collect()
    }

    #[test]
    fn every_language_has_the_same_texts() {
        let english = Texts::of(Language::English);
        assert_eq!(english.steps.len(), 10);
        for &language in Language::ALL {
            let texts = Texts::of(language);
            let numbers = [&texts.step, &texts.prompt, &texts.again, &texts.yourself, &texts.stopped]
                .map(|it| places(it).len());
            assert_eq!(numbers, [3, 1, 1, 1, 1], "{language:?}");
            assert_eq!(texts.steps.len(), english.steps.len(), "{language:?}");
            for (step, english) in texts.steps.iter().zip(&english.steps) {
                assert_eq!(step.answers.len(), english.answers.len(), "{}", step.title);
                assert_eq!(step.answers.len(), step.outcomes.len(), "{}", step.title);
                assert_eq!(places(&step.intro), places(&english.intro), "{}", step.title);
                assert_eq!(places(&step.question), places(&english.question), "{}", step.title);
                let figures =
                    |step: &StepTexts| step.figures.iter().flat_map(|it| places(it)).collect::<Vec<_>>();
                assert_eq!(figures(step), figures(english), "{}", step.title);
                let known = [figures(step), places(&step.intro)].concat();
                let told = step.outcomes.iter().flat_map(|outcome| places(outcome));
                assert!(told.into_iter().all(|place| known.contains(&place)), "{}", step.title);
            }
        }
    }
}

//! The tour: every step is shown and run, in a pipe without a question, and stops at once.

use crate::{gilsim, output_of};
use assert_cmd::cargo::cargo_bin;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

fn texts(language: &str) -> serde_json::Value {
    let text = match language {
        "ko" => include_str!("../../src/report/tour/ko.json"),
        _ => include_str!("../../src/report/tour/en.json"),
    };
    serde_json::from_str(text).unwrap()
}

/// In a line, whatever the width.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_pipe_has_all_steps_with_their_answers() {
    let printed = joined(&output_of("tour"));
    let texts = texts("en");
    for (number, step) in texts["steps"].as_array().unwrap().iter().enumerate() {
        let title = format!("Step {} of 10: {}", number + 1, step["title"].as_str().unwrap());
        assert!(printed.contains(&title), "{title}: {printed}");
        let answers = step["answers"].as_array().unwrap();
        for (number, answer) in answers.iter().enumerate() {
            assert!(printed.contains(&format!("{}. {}", number + 1, answer.as_str().unwrap())), "{printed}");
        }
        // One outcome, and only one, of each step.
        let outcomes = step["outcomes"].as_array().unwrap();
        let start =
            |outcome: &serde_json::Value| outcome.as_str().unwrap().split('{').next().unwrap().to_owned();
        let told = outcomes.iter().filter(|outcome| printed.contains(&start(outcome))).count();
        assert!(told >= 1, "{title}: {printed}");
    }
    assert!(printed.contains("That was the tour"), "{printed}");
    // No place for a value is left, and nobody is asked.
    assert!(
        !printed.contains("{0}") && !printed.contains("{1}") && !printed.contains("Guess 1"),
        "{printed}"
    );
}

#[test]
fn a_step_can_be_shown_alone_and_names_a_command_that_is_one() {
    for step in 1..=10 {
        let printed = output_of(&format!("tour --step {step} --no-ask"));
        assert!(printed.contains(&format!("Step {step} of 10: ")), "{printed}");
        assert_eq!(printed.matches("Step ").count(), 1, "{printed}");
        let command = printed.lines().find_map(|line| line.strip_prefix("By yourself: ")).unwrap();
        let words = command.replace("'x = x + int(d)'", "x=x+int(d)");
        let words = words.split_whitespace().map(std::ffi::OsString::from);
        assert!(gilsim::cli::parse(words).is_ok(), "{command}");
    }
}

#[test]
fn the_figures_of_a_step_decide_what_is_said() {
    let printed = joined(&output_of("tour --step 2"));
    // Two workers that add twice each: the enumeration in tests/it/explore/ finds 2 at least, too.
    assert!(
        printed.contains("ends with 2 at least and 4 at most") && printed.contains("It was 3."),
        "{printed}"
    );
    let printed = joined(&output_of("tour --step 5"));
    assert!(printed.contains("counted: 0; 0; 0") && printed.contains("Since 3.10"), "{printed}");
}

#[test]
fn the_tour_speaks_korean_too() {
    let step = &texts("ko")["steps"][1];
    let printed = joined(&output_of("tour --step 2 --lang ko"));
    for text in [&step["title"], &step["intro"], &step["question"], &step["answers"][2], &step["outcomes"][2]]
    {
        assert!(printed.contains(text.as_str().unwrap()), "{text}: {printed}");
    }
    assert!(printed.contains("가장 작을 때 2, 가장 클 때 4"), "{printed}");
}

#[test]
fn what_is_no_step_or_no_language_is_refused() {
    for (line, right) in [
        ("tour --step 0", "there are steps 1 to 10"),
        ("tour --step 11", "there are steps 1 to 10"),
        ("tour --lang xx", "[possible values: en, ko]"),
        ("tour --format json", "tour has no --format"),
    ] {
        let output = gilsim(line).assert().code(2).get_output().clone();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(right) && output.stdout.is_empty(), "{line}: {error}");
    }
}

#[test]
fn an_interrupt_ends_the_tour() {
    let mut command = Command::new(cargo_bin!("gilsim"));
    let mut child =
        command.args(["tour", "--no-ask"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Steps take longer than this in any build, so it is in the midst of one.
    thread::sleep(Duration::from_millis(300));
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
    let ended = child.wait().unwrap();
    assert_eq!(ended.code(), Some(130));
}

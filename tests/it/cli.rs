//! The command line: what is refused, and how that is said.

use crate::{gilsim, output_of};
use predicates::prelude::*;
use predicates::str::contains;

#[test]
fn each_command_explains_itself_with_an_example() {
    for command in [
        "race", "mutex", "atomic", "sharded", "gil", "split", "refcount", "compare", "convoy", "python",
        "verify", "explore", "check",
    ] {
        let help = output_of(&format!("{command} --help"));
        assert!(help.contains(&format!("Example:\n  gilsim {command}")), "{help}");
    }
    assert!(output_of("--help").contains("Exit codes: 0 it ran; 1 it could not run"));
}

#[test]
fn the_examples_in_the_help_are_valid() {
    for command in gilsim::cli::definition().get_subcommands() {
        let Some(after) = command.get_after_help() else { continue };
        for line in after.to_string().lines().filter(|line| line.trim_start().starts_with("gilsim ")) {
            let words = words(line).into_iter().map(std::ffi::OsString::from);
            assert!(gilsim::cli::parse(words).is_ok(), "{line}");
        }
    }
}

/// Splits a line as a shell does, as far as the examples need it.
fn words(line: &str) -> Vec<String> {
    let quoted = line.split('\'').enumerate();
    quoted
        .flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

#[test]
fn a_mistake_is_one_line_on_standard_error_and_exit_code_2() {
    for line in [
        "race --threads 0",
        "race --threads 1e12",
        "race --iters 1e30",
        "race --iters -5",
        "race --iters abc",
        "race --iters 1e19",
        "mutex --lock futex",
        "split --by magic",
        "gil --switch-interval soon",
        "gil --cpython 3.5",
        "convoy --pings 0",
        "verify --runs 0",
        "compare nothing",
        "race --export report.docx",
        "nothing",
    ] {
        gilsim(line).assert().code(2).stdout("").stderr(predicate::function(|text: &str| {
            text.starts_with("error: ") && text.lines().count() == 1
        }));
    }
}

#[test]
fn without_a_command_the_help_is_shown() {
    gilsim("").assert().code(2).stderr(contains("Usage: gilsim"));
}

#[test]
fn list_names_every_scenario() {
    let list = output_of("list");
    for scenario in gilsim::scenario::ALL.iter() {
        assert!(list.contains(&scenario.label()), "{list}");
    }
    assert!(
        gilsim::cli::list(Some(80))
            .lines()
            .all(|line| line.chars().count() <= 80 + "\u{1b}[1m\u{1b}[0m".len()),
        "{list}"
    );
}

#[test]
fn expectations_decide_the_exit_code() {
    gilsim("atomic --iters 1k --runs 2 --expect exact --quiet").assert().code(0);
    gilsim("atomic --iters 1k --runs 2 --expect lost --quiet").assert().code(3);
}

#[test]
fn no_colour_codes_and_no_progress_in_a_pipe() {
    gilsim("atomic --iters 1k --runs 2").assert().success().stdout(contains("\u{1b}").not()).stderr("");
}

#[test]
fn colour_can_be_asked_for_and_forbidden() {
    let colourful =
        gilsim("atomic --iters 1k --runs 1").env("CLICOLOR_FORCE", "1").assert().get_output().stdout.clone();
    assert!(colourful.contains(&0x1b));
    let plain =
        gilsim("atomic --iters 1k --runs 1").env("NO_COLOR", "1").assert().get_output().stdout.clone();
    assert!(!plain.contains(&0x1b));
}

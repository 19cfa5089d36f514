//! The command line: what is refused, and how that is said.

use crate::{gilsim, output_of, schema};
use gilsim::measure::Scenario;
use gilsim::report::Document;
use gilsim::report::list::ListReport;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;

#[test]
fn each_command_explains_itself_with_an_example() {
    for command in [
        "race", "mutex", "atomic", "sharded", "gil", "split", "refcount", "compare", "convoy", "python",
        "overhead", "verify", "explore", "check", "dis", "list", "schema",
    ] {
        let help = output_of(&format!("{command} --help"));
        assert!(help.contains(&format!("Example:\n  gilsim {command}")), "{help}");
    }
    assert!(output_of("--help").contains("Exit codes: 0 it ran; 1 it could not run"));
}

/// The definition with the options of every command, which are otherwise defined when they are asked for.
fn definition() -> clap::Command {
    let mut definition = gilsim::cli::definition();
    definition.build();
    definition
}

#[test]
fn the_examples_in_the_help_are_valid() {
    let mut tried = 0;
    for command in definition().get_subcommands() {
        let Some(after) = command.get_after_help() else { continue };
        for line in after.to_string().lines().filter(|line| line.trim_start().starts_with("gilsim ")) {
            let words = words(line).into_iter().map(std::ffi::OsString::from);
            assert!(gilsim::cli::parse(words).is_ok(), "{line}");
            tried += 1;
        }
    }
    assert!(tried >= 12, "only {tried} examples were found");
}

/// Splits a line as a shell does, as far as the examples need it.
fn words(line: &str) -> Vec<String> {
    let own = line.split(" > ").next().and_then(|line| line.split(" && ").next()).unwrap_or(line);
    let quoted = own.split('\'').enumerate();
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
        "split --by mpi",
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
    let narrow = ListReport::new(2).table(Some(80));
    assert!(narrow.lines().all(|line| line.chars().count() <= 80 + "\u{1b}[1m\u{1b}[0m".len()), "{narrow}");
}

#[test]
fn the_list_has_every_form() {
    let names: Vec<String> = gilsim::scenario::variants().map(Scenario::label).collect();
    assert!(names.contains(&"gil:3.9".to_owned()), "{names:?}");
    assert_eq!(output_of("list --quiet").lines().collect::<Vec<_>>(), names);
    let json: Value = schema::read(output_of("list --format json"));
    let rows = json["results"].as_array().unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(rows.iter().map(|row| row["scenario"].as_str().unwrap()).collect::<Vec<_>>(), names);
    let csv = output_of("list --format csv");
    assert!(csv.starts_with("command,scenario,group,promise,lesson\n"), "{csv}");
    assert_eq!(csv.lines().count(), names.len() + 1);
    assert!(output_of("list --format markdown").starts_with('|'));
    for row in rows {
        let command = row["command"].as_str().unwrap();
        assert!(gilsim::cli::parse(command.split(' ').map(std::ffi::OsString::from)).is_ok(), "{command}");
        // What it says alone, it says in a comparison.
        let compared = format!("gilsim compare {}", row["scenario"].as_str().unwrap());
        assert!(gilsim::cli::parse(compared.split(' ').map(std::ffi::OsString::from)).is_ok(), "{compared}");
    }
}

#[test]
fn the_result_alone_is_a_record_a_line_with_the_names_of_the_json() {
    let names = |line: &str| -> Vec<Vec<String>> {
        let text = output_of(&format!("{line} --quiet"));
        text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    };
    let json = |line: &str| -> Value { schema::read(output_of(&format!("{line} --format json"))) };
    for line in ["atomic --iters 1k --runs 1", "split --by thread --iters 1k --runs 1"] {
        let results = json(line)["results"].as_array().unwrap().clone();
        assert_eq!(names(line), [[results.last().unwrap()["actual"].to_string()]], "{line}");
    }
    let line = "compare atomic split:thread --iters 1k --runs 1";
    let rows: Vec<Vec<String>> = json(line)["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let word = |name: &str| row[name].as_str().unwrap().to_owned();
            vec![word("group"), word("scenario"), row["actual"].to_string()]
        })
        .collect();
    assert_eq!(names(line), rows);
    let page = std::fs::read_to_string("docs/commands.md").unwrap();
    assert!(page.contains("where `refcount` has a single row, the result alone"));
    for line in ["refcount --count atomic --objects own --iters 10", "refcount --count rc --iters 10"] {
        let results = json(line)["results"].as_array().unwrap().clone();
        assert_eq!(names(line), [[results.last().unwrap()["actual"].to_string()]], "{line}");
    }
    let line = "refcount --count atomic --iters 10 --runs 1";
    assert!(names(line).iter().all(|record| record.len() == 4), "{line}");
    let line = "convoy --pings 2";
    let (text, report) = (names(line), json(line));
    assert_eq!(text[0][0], report["results"][0]["subject"].as_str().unwrap());
    assert!(text[0][1].parse::<f64>().unwrap() > 0.0 && text[0].len() == 2);
    let line = "explore --iters 2";
    let report = json(line);
    let expected = ["least", "greatest", "total", "without_value"]
        .map(|name| report[name].to_string().trim_matches('"').to_owned());
    assert_eq!(names(line), [expected]);
    let schedule = "explore --iters 1 --schedule v1:machine:A1,B3,A2";
    assert_eq!(names(schedule), [[json(schedule)["witness"]["outcome"].as_str().unwrap()]]);
}

#[test]
fn what_is_compared_without_a_name_is_as_the_page_says() {
    let page = std::fs::read_to_string("docs/commands.md").unwrap();
    let said = "Without a name it is `race`, `mutex`, `atomic`, `sharded`, `gil`, and all ways to split.";
    assert!(page.contains(said));
    let json = schema::read(output_of("compare --iters 100 --runs 1 --format json"));
    let rows = json["results"].as_array().unwrap();
    let mut compared: Vec<&str> = rows.iter().map(|row| row["scenario"].as_str().unwrap()).collect();
    compared.sort_unstable();
    let splits = gilsim::scenario::variants().map(gilsim::measure::Scenario::label);
    let splits: Vec<String> = splits.filter(|label| label.starts_with("split:")).collect();
    let newest = format!("gil:{}", gilsim::python::version::Version::newest_with_gil());
    let usual = ["race", "mutex:parking-lot", "atomic", "sharded", &newest];
    let mut right: Vec<&str> = usual.into_iter().chain(splits.iter().map(String::as_str)).collect();
    right.sort_unstable();
    assert_eq!(compared, right);
}

#[test]
fn every_command_says_what_its_result_alone_is() {
    for command in definition().get_subcommands() {
        if command.get_name() == "help" {
            continue;
        }
        let Some(quiet) = command.get_arguments().find(|argument| argument.get_long() == Some("quiet"))
        else {
            // These report no result.
            let tells = ["schema", "tour", "completions", "man"].contains(&command.get_name());
            assert!(command.is_hide_set() || tells, "{}", command.get_name());
            continue;
        };
        let help = quiet.get_help().unwrap().to_string();
        let field = ["actual", "loaded.p99", "disagreements", "least", "names", "verdict", "drop"];
        assert!(field.iter().any(|field| help.contains(field)), "{}: {help}", command.get_name());
    }
}

#[test]
fn two_forms_at_once_are_refused() {
    for command in ["race", "compare", "convoy", "python", "verify", "explore", "list"] {
        for form in ["json", "csv", "markdown"] {
            gilsim(&format!("{command} --quiet --format {form}"))
                .assert()
                .code(2)
                .stdout("")
                .stderr(contains(format!("error: --quiet prints the result alone, and --format {form}")));
        }
    }
    gilsim("list --quiet --format table").assert().success();
}

#[test]
fn the_exit_codes_of_signals_stand_in_the_help() {
    let help = output_of("--help");
    assert!(help.contains("130 and 143"), "{help}");
}

#[test]
fn expectations_decide_the_exit_code() {
    gilsim("atomic --iters 1k --runs 2 --expect exact --quiet").assert().code(0);
    gilsim("atomic --iters 1k --runs 2 --expect lost --quiet").assert().code(3);
}

#[test]
fn an_expectation_that_is_not_met_is_told_in_a_line() {
    for (line, reason) in [
        ("atomic --iters 1k --runs 2 --expect lost", "atomic was right in each of 2 runs"),
        ("atomic --iters 1k --runs 1 --expect lost", "atomic was right in its only run"),
        ("mutex --lock std --iters 1k --runs 1 --expect lost", "mutex:std was right"),
        ("sharded --iters 1k --runs 1 --expect lost", "sharded was right"),
        ("race --threads 1 --iters 1k --runs 1 --expect lost", "race was right"),
        ("gil --cpython 3.14 --iters 1k --runs 1 --expect lost", "gil:3.14 was right"),
        ("split --by thread --iters 1k --runs 1 --expect lost", "split:thread was right"),
        ("explore --iters 1 --expect exact", "some schedule loses an update or deadlocks"),
        ("explore --iters 1 --cpython 3.13 --expect lost", "no schedule loses an update or deadlocks"),
        (
            "explore --iters 1 --schedule v1:machine:A1,B3,A2 --expect exact",
            "the schedule loses an update or deadlocks",
        ),
    ] {
        let value = line.split_whitespace().last().unwrap();
        for form in ["", "--quiet", "--format json"] {
            gilsim(&format!("{line} {form}")).assert().code(3).stderr(predicate::function(|text: &str| {
                text.starts_with(&format!("--expect {value} is not met: "))
                    && text.contains(reason)
                    && text.lines().count() == 1
            }));
        }
    }
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

#[test]
fn what_would_change_nothing_is_refused_and_what_was_meant_is_named() {
    for (line, words) in [
        (
            "gil --cpython 2.7 --switch-interval 1ms",
            "--switch-interval changes nothing here: no lock of CPython 2.7",
        ),
        ("gil --cpython 3.13t --switch-interval 1ms", "no lock of CPython 3.13t"),
        ("convoy --cpython 3.14t --switch-interval 1ms", "no lock of CPython 3.14t"),
        ("gil --cpython 2.7,3.13t --switch-interval 1ms", "no lock of CPython 2.7, 3.13t is let go"),
        ("split --by thread --switch-interval 1ms", "no lock of split:thread"),
        ("compare race atomic --switch-interval 1ms", "no lock of race, atomic"),
        ("refcount --count atomic --switch-interval 1ms", "no lock of refcount:atomic, refcount:atomic"),
        (
            "refcount --count plain --objects own --widen 2",
            "--widen changes nothing here: only workers with a plain count",
        ),
        ("refcount --count atomic --widen 2", "--widen changes nothing here"),
        ("refcount --threads 1 --widen 2", "two --threads or more"),
        ("compare convoy", "a command of its own: gilsim convoy"),
        ("compare spl", "choose from split:sequential, split:thread"),
        ("compare --widen 5", "compare has no --widen, which race, refcount have"),
        ("mutex --objects own", "mutex has no --objects, which refcount has"),
        ("atomic --cpython 3.9", "atomic has no --cpython, which gil"),
        ("split:process", "names a row of compare; write gilsim compare split:process"),
        ("split-process", "unrecognized subcommand 'split-process'; try split"),
        ("gil --cpython 3.5", "CPython 3.5 is not modelled; choose from 2.7, 3.6"),
    ] {
        let refused = gilsim::cli::parse(format!("gilsim {line}").split(' ').map(Into::into));
        let Err(refusal) = refused else { panic!("{line} is taken") };
        let mistake = refusal.mistake().unwrap();
        assert!(mistake.contains(words) && !mistake.contains("tip:"), "{line}: {mistake}");
    }
    for line in [
        "gil --switch-interval 1ms",
        "gil --cpython 2.7,3.9 --switch-interval 1ms",
        "convoy --cpython 3.9,3.13t --switch-interval 1ms,10ms",
        "convoy --cpython 2.7,3.9 --switch-interval 1ms",
        "split --by gil --switch-interval 1ms",
        "compare --switch-interval 1ms",
        "refcount --switch-interval 1ms",
        "refcount --widen 2",
        "refcount --threads 1,2 --widen 2",
        "refcount --objects own --widen off",
        "convoy --cpython 2.7 --python python3 --switch-interval 1ms",
    ] {
        assert!(gilsim::cli::parse(format!("gilsim {line}").split(' ').map(Into::into)).is_ok(), "{line}");
    }
}

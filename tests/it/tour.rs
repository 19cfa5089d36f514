//! The tour: every step is shown and run, asks on a terminal and nowhere else, and stops at once.

use crate::{gilsim, output_of, wait_until};
use assert_cmd::cargo::cargo_bin;
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use textwrap::core::display_width;

fn texts(language: &str) -> Value {
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

fn strings(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// Whether a command line is one of gilsim's.
fn parses(command: &str) -> bool {
    let words = shlex::split(command).unwrap().into_iter().map(std::ffi::OsString::from);
    gilsim::cli::parse(words).is_ok()
}

#[test]
fn a_pipe_has_all_steps_with_an_outcome_each_and_a_command_that_is_one() {
    let printed = output_of("tour");
    let texts = texts("en");
    let steps = texts["steps"].as_array().unwrap();
    let shown: Vec<&str> = printed.split("\nStep ").collect();
    assert_eq!(shown.len(), 11, "{printed}");
    assert!(joined(shown[0]).contains(texts["welcome"].as_str().unwrap()), "{printed}");
    assert!(joined(shown[10]).contains(texts["closing"].as_str().unwrap()), "{printed}");
    for (number, (step, shown)) in steps.iter().zip(&shown[1..]).enumerate() {
        let title = format!("{} of 10: {}\n", number + 1, step["title"].as_str().unwrap());
        assert!(shown.starts_with(&title), "{title}: {shown}");
        let answers = strings(&step["answers"]);
        for (number, answer) in answers.iter().enumerate() {
            assert!(shown.contains(&format!("  {}. {answer}\n", number + 1)), "{answer}: {shown}");
        }
        // One outcome of the step and no other, that of the answer that is told.
        let told: Vec<usize> = strings(&step["outcomes"])
            .into_iter()
            .enumerate()
            .filter_map(|(at, outcome)| {
                shown
                    .contains(&format!("Right is answer {}: {}. {outcome}\n", at + 1, answers[at]))
                    .then_some(at)
            })
            .collect();
        assert_eq!((told.len(), shown.matches("Right is answer ").count()), (1, 1), "{title}: {shown}");
        // The schedule of the second step says why by itself.
        assert!(number == 1 || shown.contains("\nwhy: "), "{title}: {shown}");
        let command = shown.lines().find_map(|line| line.strip_prefix("By yourself: ")).unwrap();
        assert!(parses(command), "{command}");
    }
    // No place for a value is left, and nobody is asked.
    assert!(!printed.contains(['{', '}', '\u{1b}']) && !printed.contains("Guess 1"), "{printed}");
    // What every terminal can show.
    assert!(printed.is_ascii(), "{printed}");
}

#[test]
fn a_step_can_be_shown_alone() {
    for (line, title) in [("tour --step 2", "Step 2 of 10: "), ("tour --step 7 --no-ask", "Step 7 of 10: ")] {
        let printed = output_of(line);
        assert!(printed.contains(title) && printed.matches("Step ").count() == 1, "{printed}");
        assert!(
            !printed.contains("A tour in ten steps") && !printed.contains("That was the tour"),
            "{printed}"
        );
    }
}

#[test]
fn the_figures_of_a_step_decide_what_is_said() {
    let printed = joined(&output_of("tour --step 2"));
    // Two workers that add twice each: the enumeration in tests/it/explore/ finds 2 at least, too.
    assert!(
        printed.contains("ends with 2 at least and 4 at most") && printed.contains("Right is answer 3: 2."),
        "{printed}"
    );
    assert!(printed.contains("<- overwrites 2 updates"), "{printed}");
    let printed = joined(&output_of("tour --step 5"));
    assert!(printed.contains("counted: 0; 0; 0") && printed.contains("From 3.10"), "{printed}");
    assert!(printed.contains("why: between LOAD_GLOBAL x and STORE_GLOBAL x CPython 3.13"), "{printed}");
}

#[test]
fn the_tour_speaks_korean_too() {
    let step = &texts("ko")["steps"][1];
    let printed = joined(&output_of("tour --step 2 --lang ko"));
    for text in [&step["title"], &step["intro"], &step["question"], &step["answers"][2], &step["outcomes"][2]]
    {
        assert!(printed.contains(text.as_str().unwrap()), "{text}: {printed}");
    }
    assert!(printed.contains("최소 2, 최대 4"), "{printed}");
    assert!(!printed.contains("why:"), "a sentence in English: {printed}");
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

/// A run on a terminal of its own.
struct Terminal {
    child: Child,
    keyboard: File,
    /// What was printed.
    screen: Arc<Mutex<String>>,
}

impl Terminal {
    fn run(arguments: &str, columns: u16) -> Self {
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(&size, None).unwrap();
        let mut command = Command::new(cargo_bin!("gilsim"));
        command.args(arguments.split(' ')).env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE");
        let end = || Stdio::from(pair.slave.try_clone().unwrap());
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let mut output = File::from(pair.master.try_clone().unwrap());
        let screen = Arc::new(Mutex::new(String::new()));
        let theirs = Arc::clone(&screen);
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let mut block = [0; 4096];
            // A terminal at whose other end nobody is left fails to be read.
            while let Ok(read @ 1..) = output.read(&mut block) {
                bytes.extend_from_slice(&block[..read]);
                *theirs.lock().unwrap() = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
            }
        });
        Self { child, keyboard: File::from(pair.master), screen }
    }

    fn shown(&self) -> String {
        self.screen.lock().unwrap().clone()
    }

    fn wait_for(&self, text: &str) -> &Self {
        wait_until(text, || self.shown().contains(text));
        self
    }

    fn types(&self, keys: &str) -> &Self {
        (&self.keyboard).write_all(keys.as_bytes()).unwrap();
        self
    }

    /// How it ended.
    fn code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

#[test]
fn a_terminal_is_asked_and_the_guess_is_judged() {
    // A line, no line, and the end of input behind a number and behind nothing.
    for (keys, judged) in [
        ("3\n", "You said 3: so it is."),
        ("1\n", "You said 1; right is answer 3: 2."),
        ("\n", "Right is answer 3: 2."),
        ("1\u{4}\u{4}", "You said 1; right is answer 3: 2."),
        ("\u{4}", "Right is answer 3: 2."),
    ] {
        let terminal = Terminal::run("tour --step 2", 80);
        terminal.wait_for("Guess 1 to 4, or press Enter: ");
        assert!(!terminal.shown().contains("orders;"), "told before it was asked: {}", terminal.shown());
        terminal.types("0\n").wait_for("A number from 1 to 4, or Enter: ").types(keys);
        terminal.wait_for(judged).wait_for("By yourself: gilsim explore\n");
        assert_eq!(terminal.code(), Some(0), "{keys:?}");
    }
}

#[test]
fn nobody_is_asked_who_did_not_want_to_be() {
    let terminal = Terminal::run("tour --step 2 --no-ask", 80);
    terminal.wait_for("By yourself: ");
    assert!(!terminal.shown().contains("Guess 1"), "{}", terminal.shown());
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn no_line_is_wider_than_the_terminal_but_a_command() {
    for columns in [80, 40] {
        for language in ["en", "ko"] {
            let terminal = Terminal::run(&format!("tour --step 2 --no-ask --lang {language}"), columns);
            terminal.wait_for("gilsim explore\n");
            for line in terminal.shown().lines().filter(|line| !line.contains("gilsim explore")) {
                assert!(display_width(line) <= usize::from(columns), "{columns} {language}: {line:?}");
            }
            assert_eq!(terminal.code(), Some(0));
        }
    }
}

fn interrupt(child: &Child) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
}

#[test]
fn an_interrupt_at_a_question_ends_the_tour() {
    // With half an answer in the line, too.
    for keys in ["", "1", "1\u{4}"] {
        let terminal = Terminal::run("tour --step 2", 80);
        terminal.wait_for("or press Enter: ").types(keys);
        interrupt(&terminal.child);
        terminal.wait_for("stopped before step 2 was shown; gilsim tour --step 2 shows it");
        assert_eq!(terminal.code(), Some(130));
    }
}

#[test]
fn an_interrupt_in_the_midst_of_a_step_ends_the_tour() {
    let mut command = Command::new(cargo_bin!("gilsim"));
    let mut child = command.arg("tour").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    // The steps before and after take longer than it takes to send the signal.
    let last = format!("  {}. {}", 2, texts("en")["steps"][0]["answers"][1].as_str().unwrap());
    assert!(printed.any(|line| line.unwrap() == last));
    thread::sleep(Duration::from_millis(50));
    interrupt(&child);
    let ended = child.wait().unwrap();
    assert_eq!(ended.code(), Some(130));
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_tour() {
    let mut command = Command::new(cargo_bin!("gilsim"));
    let mut child = command.arg("tour").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(printed.any(|line| line.unwrap().starts_with("Step 1 of 10")));
    drop(printed);
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), b"".as_slice()));
}

//! gilsim in the shell: completions as a real shell makes them, and pages that `man` shows.

use crate::surroundings::not_tried;
use crate::{gilsim, output_of};
use std::fs;
use std::path::Path;
use std::process::Command;

/// What bash offers for a line whose last word is begun.
fn offered(words: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("gilsim");
    fs::write(&script, output_of("completions bash")).unwrap();
    let last = words.len() - 1;
    let line = format!(
        "source {}; COMP_WORDS=({}); COMP_CWORD={last}; _gilsim gilsim '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        script.display(),
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words[last],
        words[last - 1],
    );
    let output = Command::new("bash").args(["--norc", "-c", &line]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_versions_locks_and_scenarios() {
    if Command::new("bash").arg("--version").output().is_err() {
        not_tried("the completions of bash", "there is no bash");
        return;
    }
    for (words, right) in [
        (&["gilsim", "ra"][..], "race"),
        (&["gilsim", "race", "--th"], "--threads"),
        (&["gilsim", "gil", "--cpython", "3.1"], "3.13t"),
        (&["gilsim", "mutex", "--lock", ""], "fair"),
        (&["gilsim", "split", "--by", "p"], "process"),
        (&["gilsim", "compare", "mutex:"], "mutex:spin"),
        (&["gilsim", "completions", "f"], "fish"),
    ] {
        let offered = offered(words);
        assert!(offered.iter().any(|word| word == right), "{words:?}: {offered:?}");
    }
    let commands = offered(&["gilsim", ""]);
    for hidden in ["split-worker", "echo-bytes"] {
        assert!(!commands.iter().any(|word| word == hidden), "{commands:?}");
    }
}

#[test]
fn other_shells_read_their_completions_without_complaint() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, arguments) in [("zsh", &["-n"][..]), ("fish", &["--no-execute"])] {
        let script = folder.path().join(shell);
        fs::write(&script, output_of(&format!("completions {shell}"))).unwrap();
        match Command::new(shell).args(arguments).arg(&script).output() {
            Err(_) => not_tried(&format!("the completions of {shell}"), &format!("there is no {shell}")),
            Ok(output) => {
                let told = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(output.status.success() && told.is_empty(), "{shell}: {told}");
            }
        }
    }
    for shell in ["elvish", "powershell"] {
        assert!(output_of(&format!("completions {shell}")).contains("race"), "{shell}");
    }
}

#[test]
fn what_is_said_to_be_completed_is() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let page = fs::read_to_string("docs/commands.md").unwrap();
    for text in [output_of("completions --help"), page] {
        assert!(words(&text).contains("commands and options; in bash, zsh and fish"), "{text}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = output_of(&format!("completions {shell}"));
        let values = ["bash", "zsh", "fish"].contains(&shell);
        for word in ["parking-lot", "mutex:fair"] {
            assert_eq!(script.replace("\\:", ":").contains(word), values, "{shell}: {word}");
        }
    }
}

#[test]
fn names_with_a_colon_are_words_to_complete() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, line) in [
        ("bash", "source SCRIPT; [[ $COMP_WORDBREAKS != *:* ]] && echo mutex:fair"),
        ("fish", "source SCRIPT; complete -C 'gilsim compare mutex:f'"),
        ("fish", "source SCRIPT; complete -C 'gilsim completions ba' | string replace bash mutex:fair"),
    ] {
        let script = folder.path().join(shell);
        fs::write(&script, output_of(&format!("completions {shell}"))).unwrap();
        let quiet: &[&str] = if shell == "bash" { &["--norc"] } else { &["--no-config"] };
        let line = line.replace("SCRIPT", &script.display().to_string());
        match Command::new(shell).args(quiet).args(["-c", &line]).output() {
            Err(_) => not_tried(&format!("completed words in {shell}"), &format!("there is no {shell}")),
            Ok(output) => {
                let offered = String::from_utf8_lossy(&output.stdout).into_owned();
                assert!(offered.lines().any(|word| word.starts_with("mutex:fair")), "{shell}: {offered}");
            }
        }
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let told = gilsim("man").arg(folder.path()).assert().success().get_output().stdout.clone();
    let mut commands: Vec<String> = gilsim::cli::definition()
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .map(|command| format!("gilsim-{}", command.get_name()))
        .collect();
    commands.push("gilsim".to_owned());
    assert!(String::from_utf8(told).unwrap().starts_with(&format!("{} pages written", commands.len())));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), commands.len());
    for command in commands {
        let path = folder.path().join(format!("{command}.1"));
        let page = fs::read_to_string(&path).unwrap();
        for part in [".SH NAME", ".SH SYNOPSIS"] {
            assert!(page.contains(part), "{command}: no {part}");
        }
        assert!(!page.contains("split-worker") && !page.contains("echo-bytes"), "{command}");
        shown(&path, &command);
    }
}

/// That `man` shows a page, and has nothing to say against it.
fn shown(path: &Path, command: &str) {
    let shown = Command::new("man")
        .args(["--warnings", "-l"])
        .arg(path)
        .env("MANPAGER", "cat")
        .env("LC_ALL", "C")
        .output();
    match shown {
        Err(_) => not_tried("pages of the manual", "there is no man"),
        Ok(output) if !output.status.success() => {
            // A small system has a `man` that only says that there are no pages.
            not_tried("pages of the manual", "this man shows no file");
        }
        Ok(output) => {
            let (text, told) =
                (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(text.to_uppercase().contains(&command.to_uppercase()), "{command}: {text}");
            assert!(!told.contains("warning"), "{command}: {told}");
        }
    }
}

#[test]
fn a_folder_that_is_not_there_or_a_shell_that_is_none_is_refused() {
    for (line, code, right) in [
        ("man /nonexistent/folder", 1, "there is no folder /nonexistent/folder; make it first"),
        ("completions tcsh", 2, "[possible values: bash, elvish, fish, powershell, zsh]"),
        ("man", 2, "DIR"),
    ] {
        let output = gilsim(line).assert().code(code).get_output().clone();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(right) && output.stdout.is_empty(), "{line}: {error}");
    }
}

//! README.md and the pages in `docs` say what gilsim does today: every command in them parses, every output is what the command
//! prints, and what they name is there.
//!
//! A `console` block is run, and its words are compared; numbers are free. A comment above a block says in
//! what its run here may differ, see [`page::Terms`]. With `GILSIM_UPDATE_PAGES=1` the blocks are rewritten instead, each command as it
//! stands there.

mod atomic;
mod output;
mod page;

use crate::python::real_python;
use crate::surroundings::{not_tried, program};
use page::{Block, Page};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What a run on this machine printed.
struct Run {
    output: String,
    code: Option<i32>,
}

/// Runs a command line of a page. Standard error is part of the output where the line says `2>&1`.
fn run(words: &[String]) -> Run {
    let (words, both) = match words {
        [words @ .., last] if last == "2>&1" => (words, true),
        _ => (words, false),
    };
    assert_eq!(
        words.first().map(String::as_str),
        Some("gilsim"),
        "only gilsim is run from a page: {words:?}"
    );
    let done = Command::new(program())
        .args(&words[1..])
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap();
    let mut output = String::from_utf8(done.stdout).unwrap();
    if both {
        output += &String::from_utf8(done.stderr).unwrap();
    }
    Run { output, code: done.status.code() }
}

/// What a block needs that is not here.
fn missing(block: &Block) -> Option<String> {
    let usable = gilsim::system::cpus::Cpus::detect().usable;
    if block.terms.cpus > usable {
        return Some(format!("it needs {} CPUs, and {usable} can be used", block.terms.cpus));
    }
    (block.terms.python() && real_python().is_none()).then(|| "there is no CPython here".to_owned())
}

#[test]
fn outputs_in_the_pages_are_what_is_printed() {
    if std::env::var_os("GILSIM_UPDATE_PAGES").is_some() {
        return update();
    }
    let python = real_python().unwrap_or_default();
    let mut complaints = String::new();
    for page in Page::all() {
        for block in page.console() {
            let place = format!("{}:{}: {}", page.name, block.line, block.command);
            if let Some(why) = missing(&block) {
                not_tried(&place, &why);
                continue;
            }
            let run = run(&block.terms.shortened(&block.words(), &python));
            if run.code != Some(block.terms.exit_code) {
                let _ = writeln!(complaints, "{place}: exit code {:?}\n{}", run.code, run.output);
            }
            for pattern in block.terms.stale(&block.output) {
                let _ = writeln!(complaints, "{place}: nothing to leave out that matches `{pattern}`");
            }
            if let Some(difference) = output::difference(&block.output, &run.output, &block.terms) {
                let _ = writeln!(complaints, "{place}: - as on the page, + as printed\n{difference}");
            }
        }
    }
    assert!(
        complaints.is_empty(),
        "{complaints}\nto rewrite the pages: GILSIM_UPDATE_PAGES=1 cargo test --release --test it pages"
    );
}

/// Runs every command as it stands, and puts what it prints in its place.
fn update() {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    assert_eq!(profile, "release", "pages show what a release build prints: cargo test --release");
    for page in Page::all() {
        let mut text = page.text.clone();
        // From the last to the first, so that the places of those before stay true.
        for block in page.console().into_iter().rev() {
            let place = format!("{}:{}: {}", page.name, block.line, block.command);
            let not_here = || {
                let words = block.words();
                let mut named = words.windows(2).filter(|pair| pair[0] == "--python").map(|pair| &pair[1]);
                let missing = named.find(|name| gilsim::interpreter::is_missing(Path::new(name)))?;
                Some(format!("there is no {missing} here"))
            };
            if let Some(why) = missing(&block).or_else(not_here) {
                not_tried(&place, &why);
                continue;
            }
            let run = run(&block.words());
            assert_eq!(run.code, Some(block.terms.exit_code), "{place}\n{}", run.output);
            text.replace_range(block.place.clone(), &format!("{}\n", run.output.trim_end()));
        }
        fs::write(&page.path, text).unwrap();
    }
}

#[test]
fn commands_in_the_pages_parse() {
    let options = every_option();
    for page in Page::all() {
        for (line, code) in page.commands() {
            let place = format!("{}:{line}: {code}", page.name);
            if !["gilsim ", "cargo ", "--"].iter().any(|start| code.starts_with(start)) {
                continue;
            }
            let words = shlex::split(&code).unwrap_or_else(|| panic!("{place}: not a shell's words"));
            // What follows belongs to the shell.
            let end = words.iter().position(|word| [">", "|", "&&"].contains(&word.as_str()));
            match &words[..end.unwrap_or(words.len())] {
                [gilsim, rest @ ..] if gilsim == "gilsim" => parse(rest, &place),
                [cargo, rest @ ..] if cargo == "cargo" => {
                    for pair in rest.windows(2) {
                        match pair[0].as_str() {
                            "--bench" => assert!(in_project(&format!("benches/{}.rs", pair[1])), "{place}"),
                            "--test" => assert!(in_project(&format!("tests/{}/main.rs", pair[1])), "{place}"),
                            _ => {}
                        }
                    }
                    let dashes = rest.iter().position(|word| word == "--");
                    if let (Some("run"), Some(dashes)) = (rest.first().map(String::as_str), dashes) {
                        parse(&rest[dashes + 1..], &place);
                    }
                }
                [option, ..] => {
                    let name = option.split_once('=').map_or(option.as_str(), |(name, _)| name);
                    assert!(options.iter().any(|known| known == name), "{place}: no command has this option");
                }
                [] => {}
            }
        }
    }
}

fn parse(arguments: &[String], place: &str) {
    let words = ["gilsim"].into_iter().chain(arguments.iter().map(String::as_str)).map(OsString::from);
    if let Err(refusal) = gilsim::cli::parse(words)
        && let Some(mistake) = refusal.mistake()
    {
        panic!("{place}: {mistake}");
    }
}

/// The options of all commands, as they are typed.
fn every_option() -> BTreeSet<String> {
    let mut definition = gilsim::cli::definition();
    definition.build();
    let mut options = BTreeSet::new();
    for command in definition.get_subcommands() {
        for argument in command.get_arguments() {
            let aliases = argument.get_all_aliases().unwrap_or_default();
            options.extend(argument.get_long().into_iter().chain(aliases).map(|name| format!("--{name}")));
        }
    }
    options
}

fn in_project(path: &str) -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists()
}

#[test]
fn files_that_the_pages_name_are_there() {
    for page in Page::all() {
        for (line, path) in page.paths() {
            assert!(path.exists(), "{}:{line}: there is no {}", page.name, path.display());
        }
    }
}

#[test]
fn every_command_stands_in_the_readme_which_is_short() {
    let readme = Page::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    assert!(readme.text.lines().count() <= 150, "README.md is the first page: the rest belongs in docs");
    for command in gilsim::cli::definition().get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("| `gilsim {}", command.get_name());
        assert!(readme.text.contains(&name), "README.md: the table has no {}", command.get_name());
    }
}

#[test]
fn the_korean_page_has_the_commands_of_the_readme() {
    let pages = ["README.md", "docs/README.ko.md"]
        .map(|name| Page::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)));
    let [english, korean] = pages.each_ref().map(Page::rows_of_commands);
    assert!(!english.is_empty());
    assert_eq!(korean, english, "docs/README.ko.md: another table of commands than that of README.md");
}

#[test]
fn programs_in_the_pages_are_those_of_the_tests() {
    // Without the comment above a program, and the spaces that its editor left at the ends of lines.
    let code = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim_end().to_owned());
        lines.skip_while(|line| line.starts_with('#')).collect()
    };
    let mut shown = 0;
    for page in Page::all() {
        for (line, text) in page.programs() {
            let path = text.lines().next().and_then(|first| first.strip_prefix("# "));
            let path = path.unwrap_or_else(|| panic!("{}:{line}: which file is this?", page.name));
            let program = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
            assert_eq!(code(text), code(&program), "{}:{line}: not as in {path}", page.name);
            shown += 1;
        }
    }
    assert!(shown > 0, "no page shows a program");
}

#[test]
fn every_field_of_the_json_is_explained() {
    let page = Page::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md"));
    let explained: BTreeSet<String> = page.code().into_iter().map(|(_, code)| code).collect();
    let unexplained: Vec<String> = crate::schema::fields().difference(&explained).cloned().collect();
    assert!(unexplained.is_empty(), "docs/json.md does not explain {unexplained:?}");
}

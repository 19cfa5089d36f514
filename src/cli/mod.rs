//! The command line, and how it becomes a plain [`Request`].
//!
//! clap stops in this room: what leaves it is a request in the types of the rooms below, or a [`Refusal`] in words.
//! It may know everything below it (sessions, scenarios, the versions of CPython), and asks the machine for nothing
//! but its CPUs, and whether it is a rank of an MPI job. It runs nothing; of all that it reads, only help and mistakes are printed here.
//!
//! Start reading at [`parse`], then in `command/mod.rs`, which lists the commands.
//!
//! | file | what stands there |
//! |---|---|
//! | `command/` | each family of commands: its options, its help, and its method `request` |
//! | `options.rs` | options that several commands share, and the plain types that they stand for |
//! | `values.rs` | how the words after options are read: counts, choices, versions |
//! | `sweep.rs` | lists and ranges of values, and every combination of them |
//! | `widen.rs` | what `--widen auto` means |
//! | `workload.rs` | the workload that options ask for, and how much is refused |
//! | `meant.rs` | what somebody may have meant by words that no option takes |
//! | `refusal.rs` | how a mistake is told, and help |
//! | `request.rs` | what comes out |
//!
//! # How to add a command
//!
//! 1. A file in `command/` with a struct that derives [`clap::Args`]: its doc comment is the help, `after_help` has
//!    an example. It flattens the groups of `options.rs` that it has.
//! 2. Its method `request`, which makes a [`Request`]; a new kind of request is a variant in `request.rs` and an arm
//!    in `main.rs`.
//! 3. A variant and an arm in `command/mod.rs`, and its name in the lists of `tests/it/cli.rs` and `fuzz/checks/command_line.rs`.
//!
//! # How to add an option
//!
//! 1. Of one command: a field of its struct, read in its `request`.
//! 2. Of several: a field of the group in `options.rs` that they share, read in the method that makes its plain type.
//! 3. With named values: implement [`Choice`](crate::choice::Choice) for their type, and use `values::choice`. With
//!    values of another kind: a parser in `values.rs` that says what would be right.

mod command;
mod meant;
mod options;
mod refusal;
mod request;
mod sweep;
mod values;
mod widen;
mod workload;

pub use refusal::{Refusal, UsageError};
pub use request::Request;

use crate::system::cpus::Cpus;
use clap::{CommandFactory, Parser};
use command::CommandLine;
use std::ffi::OsString;

/// Reads a command line.
///
/// # Errors
///
/// Says what is wrong with it, or carries the help that was asked for.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, Refusal> {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let line = CommandLine::try_parse_from(&words)
        .map_err(|error| Refusal::from_clap(&error, meant::meant(&error, &words, &definition())))?;
    Ok(line.request(Cpus::detect())?)
}

/// The command line's definition, for tests that walk through it.
#[must_use]
pub fn definition() -> clap::Command {
    CommandLine::command()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::Choice;
    use crate::measure::Pattern;
    use crate::measure::runner::Rounds;
    use crate::python::version::Version;
    use crate::scenario;
    use crate::scenario::mutex::Lock;
    use crate::scenario::split::By;
    use crate::session::{Ending, Session};
    use std::num::NonZeroU64;
    use std::time::Duration;

    fn session(line: &str) -> Session {
        let words = line.split_whitespace().map(OsString::from);
        match parse(words) {
            Ok(Request::Measure(session)) => *session,
            _ => panic!("{line}"),
        }
    }

    fn labels(session: &Session) -> Vec<String> {
        session.cases.iter().map(|case| case.scenario.label()).collect()
    }

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }

    #[test]
    fn every_lock_and_way_to_split_stands_in_the_list() {
        let listed: Vec<String> = scenario::ALL.iter().map(|scenario| scenario.label()).collect();
        for lock in Lock::ALL {
            let name = lock.name();
            assert_eq!(labels(&session(&format!("gilsim mutex --lock {name}"))), [format!("mutex:{name}")]);
            assert!(listed.contains(&format!("mutex:{name}")), "{name}");
        }
        for by in By::ALL.iter().filter(|by| !by.needs_job()) {
            let name = by.name();
            let measured = labels(&session(&format!("gilsim split --by {name}")));
            assert_eq!(measured.last(), Some(&format!("split:{name}")));
            assert!(listed.contains(&format!("split:{name}")), "{name}");
        }
    }

    #[test]
    fn a_command_becomes_its_case() {
        let race = session("gilsim race --threads 3 --iters 1e3 --pattern plus --widen 7 --runs 4 --pin off");
        assert_eq!(labels(&race), ["race"]);
        let load = &race.cases[0].load;
        assert_eq!((load.workers.get(), load.iterations, load.pattern), (3, 1000, Pattern::Plus));
        assert_eq!(load.widen, NonZeroU64::new(7));
        assert!(load.pins.is_empty());
        assert!(matches!(race.rounds, Rounds::Exactly(runs) if runs.get() == 4));

        // One round by an interpreter may take seconds; what is held against others needs several.
        let python = |more: &str| session(&format!("gilsim python --python python3{more}")).rounds;
        assert!(matches!(python(""), Rounds::Exactly(runs) if runs.get() == 1));
        assert!(matches!(python(" --export a.csv"), Rounds::Exactly(runs) if runs.get() == 1));
        assert!(matches!(python(" --export a.json"), Rounds::Within { most: 100, .. }));
        assert!(matches!(python(" --runs 2 --export a.json"), Rounds::Exactly(runs) if runs.get() == 2));

        let gil = session("gilsim gil --switch-interval 1ms");
        assert_eq!(gil.cases[0].load.switch_interval, Duration::from_millis(1));
    }

    #[test]
    fn threads_and_workers_are_the_same_option() {
        for command in definition().get_subcommands().map(|command| command.get_name().to_owned()) {
            let parsed = |option: &str| {
                parse(format!("gilsim {command} {option} 3").split(' ').map(OsString::from)).is_ok()
            };
            assert_eq!(parsed("--threads"), parsed("--workers"), "{command}");
        }
        for option in ["--threads", "--workers"] {
            for command in ["race", "split", "compare race"] {
                let session = session(&format!("gilsim {command} {option} 3"));
                assert_eq!(
                    session.cases.last().map(|case| case.load.workers.get()),
                    Some(3),
                    "{command} {option}"
                );
            }
            for command in ["explore", "python"] {
                let line = format!("gilsim {command} {option} 3");
                assert!(parse(line.split(' ').map(OsString::from)).is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn a_release_is_taken_for_its_version() {
        assert_eq!(labels(&session("gilsim gil --cpython 3.9.18")), ["gil:3.9"]);
        assert_eq!(labels(&session("gilsim gil --cpython 3.13.5t")), ["gil:3.13t"]);
    }

    #[test]
    fn a_body_with_another_name_for_the_counter_is_told_what_it_is_called() {
        for command in ["gil", "gil --cpython 3.9"] {
            let line = format!("gilsim {command} --body counter+=1");
            let refusal = parse(line.split(' ').map(OsString::from)).err().and_then(|it| it.mistake());
            let text = refusal.unwrap_or_default();
            assert!(
                text.contains("counter has no value yet") && text.contains("the shared counter is x"),
                "{text}"
            );
        }
    }

    #[test]
    fn help_is_a_command_too() {
        for line in ["gilsim help", "gilsim help race", "gilsim race --help"] {
            let refusal = parse(line.split(' ').map(OsString::from)).err();
            assert!(matches!(refusal, Some(Refusal::Help(text)) if text.contains("Usage:")), "{line}");
        }
    }

    #[test]
    fn a_split_brings_its_yardstick() {
        let split = session("gilsim split --by thread --workers 5");
        assert_eq!(labels(&split), ["split:sequential", "split:thread"]);
        assert!(split.cases[0].baseline && !split.cases[1].baseline);
        assert_eq!(split.cases[0].load.workers.get(), 1);
        assert_eq!(split.cases[1].load.workers.get(), 5);
        assert_eq!(labels(&session("gilsim split --by sequential")), ["split:sequential"]);
    }

    #[test]
    fn a_comparison_takes_names_and_variants_each_once() {
        let all = labels(&session("gilsim compare"));
        assert_eq!(all[..5], ["race", "mutex:parking-lot", "atomic", "sharded", "gil:3.15"]);
        assert_eq!(all.len(), 10);
        assert_eq!(
            labels(&session("gilsim compare mutex mutex:fair mutex race")),
            ["mutex:parking-lot", "mutex:fair", "race"]
        );
        // A bare name is the command as it is without options.
        assert_eq!(labels(&session("gilsim compare split")), ["split:sequential", "split:process"]);
        assert_eq!(labels(&session("gilsim compare gil")), [format!("gil:{}", Version::newest_with_gil())]);
        assert_eq!(labels(&session("gilsim compare split:thread")), ["split:thread"]);
        let ways = By::ALL.iter().filter(|by| !by.needs_job()).count();
        assert_eq!(labels(&session("gilsim compare split:all")).len(), ways);
        assert_eq!(labels(&session("gilsim compare mutex:all mutex")).len(), Lock::ALL.len());
        assert_eq!(labels(&session("gilsim compare gil:all")).len(), Version::ALL.len());
        assert_eq!(labels(&session("gilsim compare gil:3.9 gil:3.13t gil:3.9.18")), ["gil:3.9", "gil:3.13t"]);
    }

    #[test]
    fn a_mistake_is_told_in_one_line_that_says_what_would_be_right() {
        for (line, expected) in [
            ("gilsim race --threads 0", "use 1 to 100000 workers"),
            ("gilsim race --threads 1e9", "use 1 to 100000 workers"),
            ("gilsim race --iters 1e30", "the largest count is"),
            ("gilsim race --iters -5", "below zero"),
            ("gilsim race --iters abc", "write a whole number such as"),
            ("gilsim race --iters 0", "at least 1 update"),
            ("gilsim race --iters 1e19 --threads 2", "would not fit the counter's 64 bits"),
            ("gilsim race --runs 0", "use 1 to 1000000 runs"),
            ("gilsim race --widen no", "use auto, off"),
            ("gilsim mutex --lock futex", "parking-lot, std, fair, spin"),
            ("gilsim gil --switch-interval 5", "write 5ms"),
            ("gilsim split --from 10 --iters 5", "beyond the end of the range"),
            ("gilsim split --workers 5000", "use at most 1000"),
            ("gilsim split --by rayon --workers 100000", "or split by thread"),
            ("gilsim compare split:rayon --threads 100000", "or split by thread"),
            ("gilsim compare rcae", "choose from race"),
            ("gilsim compare race:all", "choose from race"),
            ("gilsim compare gil:3.5", "choose from gil:2.7, gil:3.6"),
            ("gilsim compare mutex:fiar", "mutex:fair, mutex:spin, mutex:all"),
            ("gilsim compare 1000", "--iters 1000"),
            ("gilsim race 1000000", "write --iters 1000000"),
            ("gilsim convoy 50", "write --pings 50"),
            ("gilsim gil x += d", "--body 'x += d'"),
            ("gilsim gil --body x -= d --cpython 3.9", "--body 'x -= d'"),
            ("gilsim explore --body=x += len('a')", "--body \"x += len('a')\""),
            ("gilsim gil --python 3.9", "write --cpython 3.9 for"),
            ("gilsim gil --python=python3.9.2", "write --cpython 3.9.2 for"),
            ("gilsim explore --python /usr/bin/python3", "write --cpython VERSION for"),
            ("gilsim python --cpython 3.9", "--python python3.9"),
            ("gilsim compare --iters 0", "use 1 or more"),
            ("gilsim rcae", "race"),
            ("gilsim race --threds 2", "--threads"),
        ] {
            let Err(refusal) = parse(line.split_whitespace().map(OsString::from)) else { panic!("{line}") };
            assert_eq!(refusal.ending(), Ending::WrongUsage, "{line}");
            let text = refusal.mistake().unwrap_or_default();
            assert!(text.contains(expected), "{line}: {text}");
            assert_eq!(text.lines().count(), 1, "{line}: {text}");
        }
    }
}

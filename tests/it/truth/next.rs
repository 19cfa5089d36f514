//! What a report names as the command to try next.

use super::*;

/// How a made-up world answers a command.
#[derive(Clone, Copy)]
struct World {
    loses: bool,
    overlaps: bool,
}

/// What a report of this command names as the next one; nothing at the end of the path.
fn next(line: &str, world: World) -> Option<String> {
    let words = line.split_whitespace().map(std::ffi::OsString::from);
    let document = match gilsim::cli::parse(words).unwrap_or_else(|_| panic!("refused: {line}")) {
        Request::Measure(session) => {
            let real = session.real.iter().flat_map(|real| real.jobs.iter());
            let control = Control::default();
            let nobody = Subject::at("/nonexistent/python".as_ref(), Duration::from_secs(1), &control);
            let real = real.map(|(job, load, parameters): &(Job, Workload, Parameters)| {
                let python = Python::new(&nobody, job.clone(), Duration::from_secs(1), &[], &control);
                Case {
                    scenario: scenario::leak(python),
                    load: load.clone(),
                    parameters: parameters.clone(),
                    baseline: false,
                }
            });
            // What interpreters do beside scenarios makes no difference to the path.
            let real: Vec<_> = if session.cases.is_empty() { real.collect() } else { Vec::new() };
            let cases: Vec<Case<'static>> = session.cases.into_iter().chain(real).collect();
            let off = if world.loses { 3 } else { 0 };
            plain(&report(&cases, &[run(off, world.overlaps)], session.comparison))
        }
        Request::Convoy(convoy, cpus, _, _) => {
            let rows = gilsim::system::background::Partial { finished: Vec::new(), interrupted: false };
            plain(&ConvoyReport::new(&convoy, cpus, rows))
        }
        Request::Overhead(..) => plain(&OverheadReport {
            header: Header::new(2, false),
            threads: 2,
            runs: 0,
            switch_interval: 0.005,
            confidence: 0.95,
            case_confidence: 0.98,
            margin: 0.02,
            results: Vec::new(),
        }),
        Request::Verify(..) => plain(&VerifyReport {
            header: Header::new(2, false),
            iterations: 1,
            runs: 1,
            switch_interval_us: 5,
            setup: String::new(),
            interpreters: Vec::new(),
            results: Vec::new(),
            failures: Vec::new(),
            agreements: 0,
            disagreements: 0,
            lossy_runs: 1,
            not_seen: 0,
        }),
        // The end of the path; `check` and `dis` are for a program of one's own.
        Request::Explore(_) | Request::References(_) | Request::Check(_) | Request::Dis(_) => return None,
        // A command that mpirun has to start is never the next one.
        Request::MeasureByRanks(_)
        | Request::List(..)
        | Request::Diff(..)
        | Request::Tour(_)
        | Request::Print(_)
        | Request::Pages(..)
        | Request::Echo
        | Request::SplitWorker(_) => {
            panic!("{line} has no report")
        }
    };
    let next = document.lines().find_map(|line| line.strip_prefix("try next: "));
    Some(next.unwrap_or_else(|| panic!("{line} names no next command:\n{document}")).to_owned())
}

#[test]
fn what_to_try_next_leads_through_all_commands_and_not_in_a_circle() {
    let commands = [
        "race", "mutex", "atomic", "sharded", "gil", "split", "compare", "convoy", "refcount", "overhead",
        "python", "verify", "explore",
    ];
    for loses in [true, false] {
        for overlaps in [true, false] {
            for start in [
                "race",
                "race --threads 1",
                "race --iters 10",
                "gil --cpython 3.13t",
                "split --by sequential",
            ] {
                let mut line = format!("gilsim {start}");
                let mut path = vec![line.clone()];
                while let Some(next) = next(&line, World { loses, overlaps }) {
                    assert!(!path.contains(&next), "in a circle: {next} after {path:#?}");
                    assert!(path.len() < 60, "{path:#?}");
                    path.push(next.clone());
                    line = next;
                }
                let seen: BTreeSet<&str> = path.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
                let first = commands.iter().position(|&name| Some(name) == start.split(' ').next()).unwrap();
                for command in &commands[first..] {
                    assert!(seen.contains(command), "{command} is not on {path:#?}");
                }
            }
        }
    }
}

#[test]
fn a_lucky_run_suggests_a_longer_one() {
    let lucky = World { loses: false, overlaps: true };
    for (line, longer) in [
        ("gilsim race --iters 10k", "gilsim race --threads 2 --iters 100k"),
        ("gilsim gil --cpython 3.9 --iters 10k", "gilsim gil --cpython 3.9 --threads 2 --iters 100k"),
        ("gilsim gil --cpython 3.14 --iters 10k", "gilsim gil --cpython 3.9 --threads 2 --iters 10k"),
    ] {
        assert_eq!(next(line, lucky).unwrap(), longer);
    }
}

//! Interrupts: what was finished is reported, and nothing is left behind.

use crate::interpreter::Fake;
use crate::surroundings::{Ran, Scene, program, public_copy};
use crate::{schema, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// Long enough to be in the midst of it; how far it has come does not matter.
const SOON: Duration = Duration::from_millis(300);

/// Starts gilsim, and waits until it is ready to stop a run.
fn at_work(command: &mut Command) -> Child {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    #[cfg(target_os = "linux")]
    wait_until("a thread that waits for signals", || {
        let threads = fs::read_dir(format!("/proc/{}/task", child.id())).unwrap().flatten();
        let name = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("comm"));
        threads.filter_map(|thread| name(thread).ok()).any(|name| name == "signals\n")
    });
    child
}

fn gilsim_with(arguments: &str) -> Command {
    Scene::shell("true").command(&program(), arguments)
}

fn send(signal: Signal, child: &Child) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

/// Sends a signal to a run that would never end, in the midst of it.
fn interrupt(arguments: &str, signal: Signal) -> Ran {
    interrupt_after(SOON, arguments, signal)
}

fn interrupt_after(wait: Duration, arguments: &str, signal: Signal) -> Ran {
    let child = at_work(&mut gilsim_with(arguments));
    thread::sleep(wait);
    send(signal, &child);
    Ran::wait(child, arguments)
}

/// Interrupts a run of several combinations of which a later one would never end, when an earlier one is finished. How soon that is depends on
/// the machine, so what had finished none is run once more, for longer.
fn interrupt_later(arguments: &str) -> Ran {
    let run = |doublings| interrupt_after(SOON * 2_u32.pow(doublings), arguments, Signal::SIGINT);
    (0..7)
        .map(run)
        .find(|ran| !ran.stderr.contains("stopped before"))
        .expect("a combination that was finished")
}

#[test]
fn every_command_ends_in_the_midst_of_its_first_run() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        for arguments in [
            "race --iters 1e15",
            "race --iters 1e15 --threads 5 --widen 1000",
            "mutex --iters 1e15",
            "atomic --iters 1e15",
            "sharded --iters 1e15",
            "gil --iters 1e15",
            "gil --iters 1e15 --cpython 3.13t",
            "split --iters 1e18",
            "split --iters 1e18 --by thread",
            "split --iters 1e18 --by gil",
            "convoy --pings 10000 --hogs 2",
            "convoy --pings 10000 --hogs 64",
            "mutex --iters 1e15 --lock fair --threads 1000",
            "mutex --iters 1e15 --lock spin --threads 64",
            "sharded --iters 1e15 --threads 4000",
            "split --iters 1e18 --workers 200",
            "gil --iters 1e15 --threads 300",
            "gil --iters 1e15 --switch-interval 60s",
            "compare split:rayon --iters 1e18 --threads 64",
            "compare split:gil --iters 1e18 --threads 64",
            "explore --iters 100000 --threads 4",
            "explore --body while(x<100000):x+=d --iters 1000 --threads 3",
        ] {
            let ran = interrupt_after(SOON / 3, arguments, signal);
            assert_eq!(ran.code, Some(code), "{arguments}: {}", ran.stderr);
            assert!(ran.stderr.contains("stopped before"), "{arguments}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_check_that_is_stopped_speaks_of_schedules_and_not_of_rounds() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("many.py");
    // Ten threads have more orders than are tried in some seconds, for each version anew.
    let updates = "    a += 1\n    b += a\n    c += b\n    e += c\n    a += e\n    b += 1\n";
    let program = format!(
        "import threading\na = b = c = e = 0\ndef work():\n    global a, b, c, e\n{updates}\
         threads = [threading.Thread(target=work) for _ in range(10)]\n\
         for t in threads:\n    t.start()\nfor t in threads:\n    t.join()\nprint(a, b, c, e)\n"
    );
    fs::write(&file, program).unwrap();
    let ran = interrupt(&format!("check {}", file.display()), Signal::SIGINT);
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(ran.stderr.contains("stopped before every schedule"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("round"), "{}", ran.stderr);
}

/// What a fake interpreter does when it is asked for a run: it answers so often, then leaves a sign and hangs.
fn hangs_after(answers: u32) -> Fake {
    Fake::python(&format!(
        r#"
        echo >> "$0.asked"
        if [ $(wc -l < "$0.asked") -gt {answers} ]; then touch "$0.hangs"; exec sleep 1000; fi
        case "$*" in
        *'"repetitions"'*) echo '{{"seconds": [1, 1, 1], "result": "7", "gil_enabled": true}}';;
        *'"body"'*) echo '{{"expected": "0", "sequence_seconds": null, "runs": [{{"value": "0", "seconds": 1}}], "gil_enabled": true}}';;
        *) echo '{{"idle": [1, 1], "loaded": [1, 1], "gil_enabled": true}}';;
        esac"#
    ))
}

/// Starts a run with that interpreter, which hangs by now.
fn at_the_sign_of<'a>(fake: &Fake, arguments: &'a str) -> (Child, &'a str) {
    let mut command = gilsim_with(arguments);
    // A pair is two of them.
    for _ in 0..if arguments.starts_with("overhead") { 2 } else { 1 } {
        command.arg("--python").arg(fake.path());
    }
    let child = at_work(&mut command);
    let sign = format!("{}.hangs", fake.path().display());
    wait_until(&sign, || Path::new(&sign).exists());
    (child, arguments)
}

/// Interrupts a run when that interpreter hangs.
fn interrupt_at(fake: &Fake, arguments: &str) -> Ran {
    let (child, _) = at_the_sign_of(fake, arguments);
    send(Signal::SIGINT, &child);
    let ran = Ran::wait(child, arguments);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(130), ""), "{arguments}");
    ran
}

#[test]
fn what_was_finished_is_reported_in_every_form_and_marked() {
    // Asked once for the warm-up of each run, then for one of each; for what comes first in convoy and verify.
    for (arguments, answers, expected) in [
        ("compare atomic --iters 100 --runs 3", 2, "atomic"),
        ("convoy --hogs 1 --pings 2", 0, "model"),
        ("verify --iters 10 --runs 1", 1, "x += d"),
        // Both of the pair are this one: two answers for each program of the first round.
        ("overhead --runs 3", 38, "calls"),
    ] {
        for (format, mark) in [
            ("table", "interrupted: this is the report of the"),
            ("markdown", "interrupted: this is the report of the"),
            ("json", "\"interrupted\": true"),
            ("csv", "true"),
        ] {
            let line = format!("{arguments} --format {format}");
            let printed = interrupt_at(&hangs_after(answers), &line).stdout;
            assert!(printed.contains(mark) && printed.contains(expected), "{line}: {printed}");
            if format == "json" {
                schema::read(&printed);
            }
            if format == "csv" {
                let mut lines = printed.lines().map(|line| line.split(',').collect::<Vec<_>>());
                let header = lines.next().unwrap();
                let column = header.iter().position(|&name| name == "interrupted").unwrap();
                assert!(lines.all(|line| line[column] == "true"), "{line}: {printed}");
            }
        }
    }
}

#[test]
fn the_rounds_before_the_stop_are_all_there_and_no_others() {
    let printed = interrupt_at(&hangs_after(4), "compare atomic --iters 100 --runs 9 --format json").stdout;
    let report: serde_json::Value = schema::read(&printed);
    assert_eq!(report["interrupted"], true);
    for row in report["results"].as_array().unwrap() {
        assert_eq!(row["observations"].as_array().unwrap().len(), 3, "{row}");
    }
}

#[test]
fn what_was_finished_of_a_sweep_is_reported_and_exported() {
    let folder = tempfile::tempdir().unwrap();
    let export = folder.path().join("report.json");
    // The second combination never ends.
    let arguments = format!("atomic --threads 1,2 --iters 10,1e15 --export {}", export.display());
    let ran = interrupt_later(&arguments);
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("interrupted: this is the report of the cases that were finished"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("not run"), "{}", ran.stdout);
    let report: serde_json::Value = schema::read(fs::read(&export).unwrap());
    let runs: Vec<u64> =
        report["results"].as_array().unwrap().iter().map(|row| row["runs"].as_u64().unwrap()).collect();
    assert_eq!((&report["interrupted"], &runs[..]), (&true.into(), &[1, 0, 0, 0][..]));
    // What did not run has no figures that could be taken for a result.
    for name in ["actual", "median", "startup", "time_with_startup", "cpu", "ns_per_update"] {
        assert!(report["results"][3][name].is_null(), "{name}: {report}");
    }
    let ran = interrupt_later("atomic --threads 1,2 --iters 10,1e15 --quiet");
    let values: Vec<&str> = ran.stdout.lines().filter_map(|line| line.rsplit('\t').next()).collect();
    assert_eq!(values, ["10", "not-run", "not-run", "not-run"], "{}", ran.stdout);
}

#[test]
fn a_signal_that_comes_twice_at_once_is_one() {
    // The kernel may make one of two by itself, so once would not say much.
    for _ in 0..10 {
        let fake = hangs_after(2);
        let (child, arguments) = at_the_sign_of(&fake, "compare atomic --iters 100 --runs 3");
        send(Signal::SIGINT, &child);
        send(Signal::SIGINT, &child);
        let ran = Ran::wait(child, arguments);
        assert_eq!(ran.code, Some(130), "{}", ran.stderr);
        assert!(ran.stdout.contains("interrupted: "), "{}", ran.stdout);
    }
}

#[test]
fn who_does_not_take_the_output_does_not_hold_up_a_stop() {
    // Nobody reads the named pipe, so it cannot even be opened.
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("report.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let ran = interrupt(&format!("atomic --iters 100 --export {}", pipe.display()), Signal::SIGTERM);
    assert_eq!(ran.code, Some(143), "{}", ran.stderr);

    // More than a pipe holds, and nobody reads it.
    let arguments = "atomic --iters 1 --runs 3000 --format json";
    let mut child = at_work(&mut gilsim_with(arguments));
    let unread = child.stdout.take();
    thread::sleep(SOON);
    send(Signal::SIGINT, &child);
    wait_until("the end", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    drop(unread);
}

#[test]
fn a_program_whose_file_is_gone_goes_on() {
    let (folder, copy) = public_copy();
    let arguments = "split --iters 1k --runs 1000000";
    let child = at_work(&mut Scene::shell("true").command(&copy, arguments));
    thread::sleep(SOON);
    fs::remove_file(&copy).unwrap();
    thread::sleep(SOON);
    send(Signal::SIGINT, &child);
    let ran = Ran::wait(child, arguments);
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    drop(folder);
}

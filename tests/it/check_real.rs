//! `gilsim check` beside real interpreters, and its schedules on real threads.

use crate::interpreter::{Fake, real, share};
use crate::python::{real_python, skipped};
use crate::surroundings::not_tried;
use crate::{gilsim, schema};
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::Value;
use std::path::Path;

fn program(name: &str) -> String {
    format!("{}/tests/programs/{name}.py", env!("CARGO_MANIFEST_DIR"))
}

/// The exit code, the report and standard error of a check.
fn check(arguments: &[&str]) -> (i32, Value, String) {
    let output = gilsim("check --format json").args(arguments).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    let report = if output.stdout.is_empty() { Value::Null } else { schema::read(&output.stdout) };
    (output.status.code().unwrap(), report, error)
}

fn at(fake: &Fake) -> String {
    path(&fake.path()).to_owned()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A program with a deadlock on every version: something is called between the two locks.
const DEADLOCK: &str = "
import threading
a, b = threading.Lock(), threading.Lock()
def work(first, second):
    with first:
        int('1')
        with second:
            pass
for pair in ((a, b), (b, a)):
    threading.Thread(target=work, args=pair).start()
";

/// A loss that shows in a variable only.
const SILENT: &str = "
import threading
n = 0
def work():
    global n
    for _ in range(2):
        n = n + int(1)
threads = [threading.Thread(target=work) for _ in range(2)]
[t.start() for t in threads]
[t.join() for t in threads]
";

#[test]
fn a_run_that_the_model_calls_impossible_is_a_disagreement() {
    let (fake, file) = (Fake::python("echo 3"), program("account"));
    let (code, report, _) = check(&[&file, "--python", &at(&fake)]);
    assert_eq!(code, 3);
    let row = &report["real"][0];
    assert_eq!(
        (&row["verdict"], &row["seen"], &row["agrees"]),
        (&"exact".into(), &"loses".into(), &false.into())
    );
    assert_eq!((&report["disagreements"], &row["runs"]), (&1.into(), &1.into()));
    assert_eq!((&row["endings"][0]["ends"][0], &row["expected"][0][0]), (&"3".into(), &"20".into()));
    let table =
        contains("exact").and(contains("loses (1 of 1 run)!")).and(contains("disagreement: 3.13.0 is exact"));
    gilsim("check").args([&file, "--python", &at(&fake)]).assert().code(3).stdout(table);
}

#[test]
fn a_run_as_the_model_says_agrees() {
    let fake = Fake::python("echo 20");
    let (code, report, error) = check(&[&program("account"), "--python", &at(&fake), "--runs", "3"]);
    assert_eq!((code, &*error), (0, ""));
    let row = &report["real"][0];
    assert_eq!((&row["seen"], &row["agrees"], &row["runs"]), (&"exact".into(), &true.into(), &3.into()));
    assert_eq!(row["endings"], serde_json::json!([{"runs": 3, "ends": ["20"]}]));
}

/// Two threads that count by 2 under a lock, and how long that takes.
const TIMED: &str = "
import threading, time
n = 0
lock = threading.Lock()
def work():
    global n
    with lock:
        n += 2
start = time.time()
threads = [threading.Thread(target=work) for _ in range(2)]
[t.start() for t in threads]
[t.join() for t in threads]
print(n, 'in', time.time() - start, 's')
";

#[test]
fn how_long_a_run_takes_is_not_compared_and_what_it_prints_besides_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("timed.py");
    std::fs::write(&file, TIMED).unwrap();
    for (prints, agrees, ends) in [
        ("4 in 0.000123 s", true, "4 in ‹time› s"),
        ("4 in 1.5e-05 s", true, "4 in ‹time› s"),
        ("2 in 0.000123 s", false, "2 in ‹time› s"),
        ("4 in 0.000123", false, "4 in 0.000123"),
    ] {
        let fake = Fake::python(&format!("echo {prints}"));
        let (code, report, error) = check(&[path(&file), "--python", &at(&fake)]);
        assert_eq!((code, &*error), (if agrees { 0 } else { 3 }, ""), "{prints}");
        let row = &report["real"][0];
        assert_eq!((&row["verdict"], &row["agrees"]), (&"exact".into(), &agrees.into()), "{prints}");
        assert_eq!(row["endings"][0]["ends"], serde_json::json!([ends]));
        assert_eq!(row["expected"], serde_json::json!([["4 in ‹time› s"]]));
    }
    let note = contains("does not know what clocks read").and(contains("‹time›"));
    gilsim("check").arg(&file).assert().success().stdout(note);
}

#[test]
fn those_that_are_found_and_those_that_are_named_run_it_each_once() {
    let (found, named) = (Fake::python("echo 20"), Fake::of(12, "false", "true", "echo 20"));
    let (found, named) = (found.path(), named.path());
    let empty = tempfile::tempdir().unwrap();
    let releases = |pythons: &[&str]| {
        let mut line = gilsim("check --format json --runs 1");
        line.arg(program("account")).args(pythons.iter().flat_map(|python| ["--python", python]));
        // The shell that a fake is written in is found without PATH.
        line.env("PATH", found.parent().unwrap()).env("PYENV_ROOT", empty.path());
        let report = schema::read(line.assert().success().get_output().stdout.clone());
        let release = |row: &Value| row["interpreter"].as_str().unwrap().to_owned();
        report["real"].as_array().unwrap().iter().map(release).collect::<Vec<_>>()
    };
    assert_eq!(releases(&["all"]), ["3.13.0"]);
    assert_eq!(releases(&["all", path(&named)]), ["3.12.0", "3.13.0"]);
    assert_eq!(releases(&[path(&found), "all", path(&named), "all"]), ["3.13.0", "3.12.0"]);
}

#[test]
fn every_form_has_what_was_seen_in_real_runs() {
    let (fake, file) = (Fake::python("echo 3"), program("account"));
    let run = |form: &str| {
        let line = [&file, "--cpython", "3.13", "--python", &at(&fake), "--runs", "2"];
        let output = gilsim(&format!("check {form}")).args(line).assert().code(3).get_output().stdout.clone();
        String::from_utf8(output).unwrap()
    };
    assert_eq!(run("--quiet"), "3.13\texact\n3.13.0\tloses\n");
    let csv = run("--format csv");
    assert!(
        csv.lines().nth(1).unwrap().starts_with("3.13,exact,") && csv.contains("\n3.13.0,loses,,,,,1,1\n"),
        "{csv}"
    );
    for form in ["--format markdown", "--format html", "--format json", ""] {
        assert!(run(form).contains("3.13.0"), "{form}");
    }
}

#[test]
fn where_numbers_are_small_runs_are_held_against_one_whose_threads_are_not_switched() {
    // The last argument is the switch interval.
    let fake =
        |eager: &str| Fake::python(&format!("case \"$*\" in *100000) echo 400000;; *) echo {eager};; esac"));
    for (name, eager, code, seen, agrees) in [
        ("incr_function", "400000", 0, "exact", Value::Bool(true)),
        ("incr_function", "399999", 3, "loses", Value::Bool(false)),
        ("dict_get", "399999", 0, "loses", Value::Bool(true)),
        ("dict_get", "400000", 0, "not-seen", Value::Null),
    ] {
        let fake = fake(eager);
        let (ended, report, _) = check(&[&program(name), "--python", &at(&fake), "--runs", "2"]);
        let row = &report["real"][0];
        assert_eq!((ended, &row["seen"], &row["agrees"]), (code, &seen.into(), &agrees), "{name} {eager}");
        assert_eq!(row["expected"][0][0], "400000");
        assert_eq!(row["loss_below"].is_number(), seen == "not-seen");
    }
}

#[test]
fn what_was_raised_counts() {
    let (file, raises) = (
        program("pop_if_any"),
        "printf 'Traceback (most recent call last):\\n  File\\nIndexError: pop from empty list\\n' >&2",
    );
    let in_a_thread = format!("echo 1; echo 'Exception in thread Thread-1 (work):' >&2; {raises}");
    let in_the_main_thread = format!("echo 1; {raises}; exit 1");
    // Whoever logs an exception has caught it.
    let logged = format!("echo 0; echo ERROR:root:bad >&2; {raises}");
    for (lines, seen) in [
        ("echo 0", "not-seen"),
        (&in_a_thread, "raises"),
        (&in_the_main_thread, "raises"),
        (&logged, "not-seen"),
    ] {
        let fake = Fake::python(lines);
        let (code, report, _) = check(&[&file, "--python", &at(&fake), "--runs", "1"]);
        assert_eq!((code, &report["real"][0]["seen"]), (0, &seen.into()));
    }
}

#[test]
fn an_interpreter_that_fails_has_a_line_and_the_others_go_on() {
    let good = Fake::python("echo 20");
    for (lines, part) in
        [("sleep 100", "within 0.3 s"), ("kill -9 $$", "was killed by SIGKILL"), ("yes", "printed more than")]
    {
        let fake = Fake::python(lines);
        let (fake, good) = (at(&fake), at(&good));
        let pythons = ["--python", &fake, "--python", &good, "--timeout", "300ms"];
        let (code, report, _) = check(&[&[&*program("account")], &pythons[..]].concat());
        assert_eq!(code, 1, "{lines}");
        assert!(report["real"][0]["failure"].as_str().unwrap().contains(part), "{report}");
        assert_eq!(report["real"][1]["agrees"], true);
    }
    let (code, report, _) = check(&[&program("account"), "--python", "/no/python", "--python", &at(&good)]);
    assert!(report["failures"][0].as_str().unwrap().contains("/no/python: not found"), "{report}");
    assert_eq!((code, &report["real"][0]["agrees"]), (1, &true.into()));
    let unknown = contains("there is no program nopython on PATH");
    gilsim("check")
        .args([&program("account"), "--python", "nopython"])
        .assert()
        .code(1)
        .stdout("")
        .stderr(unknown);
    let quiet = ["--quiet", "--cpython", "3.13", "--python", "/no/python"];
    let said = contains("/no/python: not found");
    gilsim("check").arg(program("account")).args(quiet).assert().code(1).stdout("3.13\texact\n").stderr(said);
}

#[test]
fn a_run_that_does_not_end_shows_a_deadlock_and_only_that() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deadlock.py");
    std::fs::write(&file, DEADLOCK).unwrap();
    let fake = Fake::python("sleep 100");
    let (code, report, _) = check(&[path(&file), "--python", &at(&fake), "--timeout", "300ms"]);
    let row = &report["real"][0];
    assert_eq!(
        (code, &row["verdict"], &row["seen"]),
        (0, &"deadlocks".into(), &"deadlocks".into()),
        "{report}"
    );
    let fake = Fake::python("true");
    let (_, report, _) = check(&[path(&file), "--python", &at(&fake), "--runs", "1"]);
    assert_eq!(report["real"][0]["seen"], "not-seen");
}

#[test]
fn what_cannot_be_compared_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("silent.py");
    std::fs::write(&file, SILENT).unwrap();
    let fake = Fake::python("true");
    let (code, report, _) = check(&[path(&file), "--python", &at(&fake)]);
    assert_eq!((code, &report["real"][0]["agrees"]), (0, &Value::Null));
    assert!(report["real"][0]["not_compared"].as_str().unwrap().contains("in variables only"), "{report}");
    // Another schedule than the one that was found may show in what is printed.
    let loud = Fake::python("echo 5");
    let (code, report, _) = check(&[path(&file), "--python", &at(&loud)]);
    assert_eq!((code, &report["real"][0]["seen"]), (0, &"loses".into()), "{report}");

    // What hides with small numbers, and what differs between orders when numbers are small, says that it is so.
    let work = "import threading\nx = 0\nnames = []\ndef one(): return 1\ndef work(name):\n    global x\n    for _ in range(1000):\n        x += one()\n    names.append(name)\n\
                ts = [threading.Thread(target=work, args=(name,)) for name in 'ab']\nfor t in ts: t.start()\nfor t in ts: t.join()\n";
    for (print, why) in [
        (
            "print(x > 0)\n",
            "with numbers that small what the schedule that was found ends with shows in variables only",
        ),
        (
            "print(x, names[0])\n",
            "orders of whole iterations end differently, and numbers were taken as small",
        ),
    ] {
        std::fs::write(&file, work.to_owned() + print).unwrap();
        let (code, report, _) = check(&[path(&file), "--python", &at(&fake)]);
        let reason = &report["real"][0]["not_compared"];
        assert_eq!(
            (code, reason.as_str().map(|reason| reason.starts_with(why))),
            (0, Some(true)),
            "{report}"
        );
    }
}

/// A print that ends no line goes on with it in the real run, and is a line of its own in the model.
#[test]
fn what_is_printed_in_parts_is_compared_by_its_characters() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("parts.py");
    let text = "import threading\nn = 0\ndef one(): return 1\ndef work():\n    global n\n    n += one()\n    print('.', end='')\n\
                ts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint()\nprint('n is', n)\n";
    std::fs::write(&file, text).unwrap();
    for (prints, seen) in [("..\\nn is 2\\n", "not-seen"), ("..\\nn is 1\\n", "loses")] {
        let fake = Fake::python(&format!("printf '{prints}'"));
        let (code, report, _) = check(&[path(&file), "--python", &at(&fake), "--runs", "2"]);
        assert_eq!(
            (code, &report["real"][0]["seen"]),
            (0, &Value::from(seen)),
            "{prints}: {}",
            report["real"]
        );
    }
    let output = gilsim("check").arg(&file).args(["--cpython", "3.13"]).output().unwrap();
    assert!(
        String::from_utf8(output.stdout).unwrap().contains("what a print(…, end=…) gives stands as a line")
    );
}

#[test]
fn what_is_lost_between_processes_is_not_held_against_a_run_that_may_lose_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("processes.py");
    let text = "from multiprocessing import Process, Value\nv = Value('i', 0)\ndef work():\n    for i in range(N):\n        v.value += 1\n\
                ps = [Process(target=work) for _ in range(2)]\nfor p in ps: p.start()\nfor p in ps: p.join()\nprint(v.value)\n";
    let fake = Fake::python("echo 2000");
    std::fs::write(&file, text.replace('N', "1000")).unwrap();
    let (code, report, _) = check(&[path(&file), "--python", &at(&fake)]);
    assert_eq!((code, &report["real"][0]["seen"]), (0, &Value::Null), "{report}");
    assert!(report["real"][0]["not_compared"].as_str().unwrap().contains("processes"), "{report}");
    // As it stands the model knows what is right; and no process waits for the GIL of another.
    let fake = Fake::python("echo 4");
    std::fs::write(&file, text.replace('N', "2")).unwrap();
    let (_, report, _) = check(&[path(&file), "--python", &at(&fake), "--runs", "2"]);
    assert_eq!(report["real"][0]["seen"], "not-seen", "{report}");
    let output = gilsim("check").arg(&file).args(["--python", &at(&fake), "--runs", "2"]).output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("not seen: ") && !table.contains("switch interval"), "{table}");
}

/// A process that gets at nothing of what threads lose; and lines that are never run though no number is taken as small.
#[test]
fn what_does_not_keep_runs_from_being_compared_is_not_said_to() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("threads.py");
    let threads = "from multiprocessing import Process\nimport threading\nn = 0\ndef one(): return 1\ndef work():\n    global n\n    for i in range(1000): n += one()\n\
                   def other(): pass\nif __name__ == '__main__':\n    ts = [threading.Thread(target=work) for _ in range(2)]\n    for t in ts: t.start()\n    \
                   for t in ts: t.join()\n    p = Process(target=other)\n    p.start()\n    p.join()\n    print(n)\n";
    std::fs::write(&file, threads).unwrap();
    let (code, report, _) = check(&[path(&file), "--python", &at(&Fake::python("echo 2000")), "--runs", "2"]);
    let real = &report["real"][0];
    assert_eq!(
        (code, &real["seen"], &real["not_compared"]),
        (0, &Value::from("not-seen"), &Value::Null),
        "{report}"
    );
    let never = "import threading\nn = 0\ndef work():\n    global n\n    n = 1\nt = threading.Thread(target=work)\nt.start()\nt.join()\n\
                 if n == 5:\n    print('never')\nprint(n)\n";
    std::fs::write(&file, never).unwrap();
    let (code, report, _) = check(&[path(&file), "--python", &at(&Fake::python("echo 9"))]);
    assert_eq!((code, &report["real"][0]["not_compared"]), (3, &Value::Null), "{report}");
}

#[test]
fn an_end_that_the_model_did_not_come_to_is_not_held_against_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ends.py");
    let rounds = "import threading\nstop = False\nq = []\ndone = 0\ndef work():\n    global done\n    while not stop:\n        if q:\n            q.pop(0)\n            \
                  done += 1\nt = threading.Thread(target=work)\nt.start()\nfor job in (1, 2, 3, 4, 5): q.append(job)\nstop = True\nt.join()\nprint(done)\n";
    let cut = "import threading\ndef greet(name):\n    print('hello', name)\nt = threading.Thread(target=greet, args=('bob',))\nt.daemon = True\n\
               t.start()\nprint('bye')\n";
    for (text, prints, why) in [
        (rounds, "5", "more often than in the model"),
        (cut, "hello\\nbye", "cut short what a daemon prints"),
    ] {
        std::fs::write(&file, text).unwrap();
        let fake = Fake::python(&format!("printf '{prints}\\n'"));
        let (code, report, _) = check(&[path(&file), "--python", &at(&fake)]);
        assert_eq!((code, &report["disagreements"]), (0, &0.into()), "{report}");
        assert!(report["real"][0]["not_compared"].as_str().unwrap().contains(why), "{report}");
    }
}

#[test]
fn what_is_exact_is_exact_in_every_interpreter_here() {
    if real_python().is_none() {
        return skipped("checked programs in real interpreters");
    }
    // The first is done soon, in all; the others are shared out.
    let others = ["incr_function", "process_counter"];
    let shared = others.iter().enumerate().map(|(number, name)| {
        let paths = share(number, others.len()).into_iter().map(|it| path(it.path()).to_owned());
        (*name, paths.collect())
    });
    for (name, paths) in [("account", vec!["all".to_owned()])].into_iter().chain(shared) {
        let file = program(name);
        let pythons: Vec<&str> = paths.iter().flat_map(|path| ["--python", path]).collect();
        let (code, report, error) = check(&[&[&*file, "--runs", "2"], &pythons[..]].concat());
        let rows = report["real"].as_array().unwrap();
        assert!(!rows.is_empty() && code == 0, "{name}: {code} {error} {report}");
        for row in rows {
            assert_ne!(row["agrees"], false, "{name}: {row}");
            assert!(row["verdict"] != "exact" || row["seen"] == "exact", "{name}: {row}");
        }
    }
}

#[test]
fn what_the_library_makes_of_threads_tasks_and_classes_is_what_real_interpreters_make() {
    if real_python().is_none() {
        return skipped("names of threads in real interpreters");
    }
    for name in [
        "unnamed_threads",
        "pool_names",
        "pool_exceptions",
        "dataclass_text",
        "corners",
        "print_ends",
        "uncaught_texts",
    ] {
        let (code, report, error) = check(&[&program(name), "--runs", "1", "--python", "all"]);
        assert_eq!(code, 0, "{name}: {error} {report}");
        for row in report["real"].as_array().unwrap() {
            assert_eq!(row["agrees"], true, "{name}: {row}");
        }
    }
}

/// A child that is handed what it shares, one that changes a variable of its own, and one that uses a queue of the file.
const PROCESSES: [(&str, &str, &str); 3] = [
    ("def work(v, q):\n    v.value += 1\n    q.put(v.value)\n", "work, args=(v, q)", "exact"),
    ("n = []\ndef work():\n    n.append(1)\n", "work", "exact"),
    ("shared = Value('i', 0)\ndef work():\n    shared.value += 1\n", "work", "incomplete"),
];

#[test]
fn a_process_that_a_fork_server_starts_does_in_real_ones_what_the_model_says() {
    let by_server = real().into_iter().filter(|python| (3, 14, 0) <= python.version());
    let by_server: Vec<String> = by_server.map(|python| path(python.path()).to_owned()).collect();
    if by_server.is_empty() {
        return not_tried(
            "processes by a fork server",
            "no CPython of 3.14 or later on PATH or among pyenv's versions",
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("processes.py");
    for (functions, target, verdict) in PROCESSES {
        let text = format!(
            "from multiprocessing import Process, Queue, Value\n{functions}if __name__ == '__main__':\n    v, q = Value('i', 0), Queue()\n    \
             p = Process(target={target})\n    p.start()\n    p.join()\n    print(v.value)\n"
        );
        std::fs::write(&file, text).unwrap();
        let pythons = by_server.iter().flat_map(|python| ["--python", python]);
        let line: Vec<&str> = [path(&file), "--runs", "1"].into_iter().chain(pythons).collect();
        let (code, report, error) = check(&line);
        assert_eq!(code, 0, "{functions}: {error} {report}");
        for row in report["real"].as_array().unwrap() {
            let agrees = if verdict == "exact" { Value::Bool(true) } else { Value::Null };
            assert_eq!((&row["verdict"], &row["agrees"]), (&verdict.into(), &agrees), "{functions}: {row}");
            let why = row["not_compared"].as_str().unwrap_or_default();
            assert_eq!(
                why.contains("shared in a process that a fork server starts"),
                verdict != "exact",
                "{row}"
            );
        }
    }
    let table = gilsim("check").arg(program("process_list")).output().unwrap().stdout;
    assert!(String::from_utf8(table).unwrap().contains("a fork server starts it"));
}

#[test]
fn what_is_not_covered_is_no_limit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("callback.py");
    let text = "from concurrent.futures import ThreadPoolExecutor\ndone = []\nwith ThreadPoolExecutor(2) as pool:\n    \
                pool.submit(int, 1).add_done_callback(done.append)\nprint(len(done))\n";
    std::fs::write(
        &file,
        text.replace("submit(int, 1)", "submit(work)").replace("with", "def work(): return 1\nwith"),
    )
    .unwrap();
    let fake = Fake::python("echo 1");
    let (code, report, _) = check(&[path(&file), "--python", &at(&fake), "--runs", "1"]);
    assert_eq!(code, 0);
    let row = report["results"].as_array().unwrap().iter().find(|row| row["version"] == "3.13").unwrap();
    let what = "the method add_done_callback of a future (line 5)";
    assert_eq!((&row["verdict"], &row["lines"]), (&"incomplete".into(), &serde_json::json!([5])));
    assert_eq!(row["reason"], format!("not covered: {what}"));
    assert_eq!(report["real"][0]["not_compared"], format!("the model does not cover {what}"));
    // A run that does not end says nothing of a model that has no answer.
    let fake = Fake::python("sleep 100");
    let (code, report, _) =
        check(&[path(&file), "--python", &at(&fake), "--runs", "1", "--timeout", "300ms"]);
    let failure = report["real"][0]["failure"].as_str().unwrap();
    assert!(code == 1 && failure.contains("0.3 s") && !failure.contains("by the model"), "{failure}");
    // Where every version meets it there is nothing to report.
    gilsim("check")
        .arg(&file)
        .args(["--cpython", "3.13"])
        .assert()
        .code(2)
        .stderr(contains("line 5, column"));
}

#[test]
fn a_schedule_is_played_back_on_real_threads() {
    for name in ["race", "pop_if_any", "deadlock_two_locks", "pool_executor", "shared_value"] {
        let file = program(name);
        let (_, report, _) = check(&[&file, "--replay"]);
        let row = report["results"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["schedule_text"].is_string())
            .unwrap();
        assert_eq!(
            (&report["real_threads"]["agrees"], &report["real_threads"]["ends"]),
            (&true.into(), &row["ends"])
        );
        let scope = report["scope"].to_string();
        let text = row["schedule_text"].as_str().unwrap();
        let again = [&file, "--scope", &scope, "--schedule", text, "--replay"];
        let (code, again, _) = check(&again);
        let played = &again["results"][0];
        for field in ["version", "verdict", "ends", "expected", "schedule", "schedule_text", "reason"] {
            assert_eq!(played[field], row[field], "{name}: {field}");
        }
        assert_eq!((code, &again["real_threads"]["agrees"]), (0, &true.into()), "{name}");
    }
}

#[test]
fn a_schedule_without_a_loss_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.py");
    std::fs::write(&file, "x = 1\nprint(x)\n").unwrap();
    // Main enters its code, calls, and ends.
    let schedule = ["--schedule", "v1:3.13:A3"];
    let (code, report, error) = check(&[&[path(&file)], &schedule[..]].concat());
    assert_eq!((code, &report["results"][0]["verdict"]), (0, &"exact".into()), "{error}");
    assert_eq!(report["results"][0]["ends"], serde_json::json!(["1"]));
    let expect = [&schedule[..], &["--expect", "lost"]].concat();
    gilsim("check").arg(&file).args(expect).assert().code(3);
}

#[test]
fn a_schedule_that_does_not_fit_is_refused() {
    for (text, part) in [
        ("v1:3.9:D1", "thread 3, which has not begun"),
        ("v1:3.9:A1", "ends while main could go on"),
        ("v1:3.9:A100000000000", "main, which waits for another thread"),
        ("v1:machine:A1", "machine steps: check takes one of a version, such as v1:3.9:"),
        ("v1:3.9:a1", "sleeps at no lock"),
        ("v1:3.9:z1", "is not right"),
    ] {
        let arguments = ["--scope", "2", "--schedule", text];
        gilsim("check")
            .arg(program("race"))
            .args(arguments)
            .assert()
            .code(2)
            .stdout("")
            .stderr(contains(part));
    }
}

#[test]
fn instructions_are_shown_when_they_are_asked_for() {
    let arguments = ["--cpython", "3.9", "--steps"];
    let (_, report, _) = check(&[&[&*program("race")], &arguments[..]].concat());
    let steps = report["results"][0]["steps"].as_array().unwrap();
    let is = |step: &&Value, field: &str| step[field].as_array().unwrap().iter().any(|name| name == "x");
    let reads = steps.iter().filter(|step| is(step, "reads")).count();
    let writes = steps.iter().filter(|step| is(step, "writes"));
    let stores: Vec<&Value> =
        writes.inspect(|step| assert_eq!(step["instruction"], "STORE_GLOBAL x")).collect();
    // Two iterations of each of two threads; what the main thread prints comes when it is alone.
    assert_eq!((reads, stores.len()), (4, 4), "{steps:?}");
    let shown = contains("LOAD_GLOBAL x [reads x]").and(contains("a schedule on 3.9"));
    gilsim("check").arg(program("race")).args(arguments).assert().success().stdout(shown);
    let (_, report, _) = check(&[&program("race"), "--cpython", "3.9"]);
    assert_eq!(report["results"][0]["steps"], Value::Null);
}

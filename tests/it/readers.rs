//! What second readers stumbled over: sentences and records that said something else than what had happened.

use crate::{gilsim, output_of};

#[test]
fn a_deadlock_is_no_end_of_the_counter() {
    let body = "if d > 0:\n    lock.acquire()\n    lock.acquire()\nx += d";
    let explore = |more: &[&str]| {
        let mut command = gilsim("explore");
        let line = ["--pattern", "plus-minus", "--iters", "1", "--body", body, "--cpython", "3.9"];
        let ran = command.args(line).args(more).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    let text = explore(&[]);
    assert!(text.contains("deadlock") && !text.contains("always ends"), "{text}");
    let quiet = explore(&["--quiet"]);
    let without: u64 = quiet.trim().rsplit('\t').next().unwrap().parse().unwrap();
    assert!(without > 0, "{quiet}");
}

#[test]
fn a_build_without_a_gil_has_no_lesson_of_one() {
    for line in output_of("list --format csv").lines().filter(|line| line.contains("gil:")) {
        let free = line.contains("t,counter");
        assert_eq!(line.contains("which has no GIL"), free, "{line}");
        assert!(line.contains("(x += d)"), "{line}");
    }
}

#[test]
fn a_single_row_has_no_chart_and_a_sweep_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("race.svg");
    let export = |threads: &str| {
        let mut command = gilsim("race --iters 1k --runs 1 --quiet");
        command.args(["--threads", threads, "--export"]).arg(&picture).output().unwrap()
    };
    let refused = String::from_utf8(export("2").stderr).unwrap();
    assert!(refused.contains("this report has no chart") && refused.contains("every sweep"), "{refused}");
    assert!(export("1,2").status.success() && picture.exists());
}

#[test]
fn a_command_that_has_charts_says_why_this_run_has_none() {
    for (line, why) in [
        ("refcount --count atomic --objects shared", "as one thing is measured"),
        ("race", "as one thing is measured"),
        ("list", "this report has no chart; compare"),
    ] {
        let ran = gilsim(line).args(["--export", "a.svg"]).output().unwrap();
        let told = String::from_utf8(ran.stderr).unwrap();
        assert_eq!((ran.status.code(), told.lines().count()), (Some(2), 1), "{line}: {told}");
        assert!(told.contains(why), "{line}: {told}");
    }
}

#[test]
fn a_number_with_commas_is_told_from_a_list() {
    let ran = gilsim("race --iters 1,000 --runs 1").output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(said.contains("a comma stands between values of a list; write 1000"), "{said}");
    assert_eq!(
        output_of("atomic --iters 1,500 --runs 1 --quiet --pattern plus --threads 1").lines().count(),
        2
    );
}

#[test]
fn every_place_of_a_listing_is_in_its_csv() {
    for version in ["2.7", "3.9", "3.12", "3.13"] {
        let line = format!("dis --cpython {version} --body x+=one()");
        let places = output_of(&format!("{line} --quiet")).lines().count();
        let csv = output_of(&format!("{line} --format csv"));
        let dropping = csv.lines().skip(1).filter(|line| !line.ends_with(',')).count();
        assert_eq!(dropping, places, "{csv}");
    }
}

#[test]
fn the_end_of_a_loop_is_no_line_of_its_body() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("race.py");
    let program = "import threading\nn = 0\ndef work():\n    global n\n    for _ in range(100000):\n        n += 1\n\
                   t = [threading.Thread(target=work) for _ in range(2)]\nfor u in t: u.start()\nfor u in t: u.join()\nprint(n)\n";
    std::fs::write(&file, program).unwrap();
    let mut command = gilsim("check --cpython 2.7 --format json");
    let ran = command.arg(&file).output().unwrap();
    let report: serde_json::Value = crate::schema::read(&ran.stdout);
    let lines = report["results"][0]["schedule"].as_array().unwrap();
    for thread in [1, 2] {
        let starts = |line: &&serde_json::Value| {
            line["thread"] == format!("thread {thread}") && line["line"] == 6 && line["continues"] == false
        };
        assert_eq!(lines.iter().filter(starts).count(), 2, "{lines:#?}");
    }
}

/// What `check` says of a program on 3.9.
fn checked(program: &str, more: &str) -> String {
    checked_on("3.9", program, more)
}

fn checked_on(version: &str, program: &str, more: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("program.py");
    std::fs::write(&file, program).unwrap();
    let ran = gilsim(&format!("check --cpython {version} {more}")).arg(&file).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn a_lock_that_is_never_released_is_a_deadlock_whose_schedule_can_be_shown() {
    let program = "import threading\nlock = threading.Lock()\nn = 0\ndef work():\n    global n\n    lock.acquire()\n    n += 1\n\
                   threading.Thread(target=work).start()\nthreading.Thread(target=work).start()\n";
    let text = checked(program, "");
    assert!(text.contains("deadlocks") && text.contains("6: lock.acquire()"), "{text}");
}

#[test]
fn a_line_that_calls_something_goes_on_when_that_returns() {
    let program = "import threading\nclass Lazy:\n    kept = None\n    calls = 0\n    @property\n    def value(self):\n        if self.kept \
                   is None:\n            self.calls += 1\n            self.kept = 42\n        return self.kept\nlazy = Lazy()\nout = []\n\
                   def work():\n    out.append(lazy.value)\na = threading.Thread(target=work)\nb = threading.Thread(target=work)\n\
                   a.start()\nb.start()\na.join()\nb.join()\nprint(lazy.calls)\n";
    let text = checked(program, "");
    let of_line = |line: &&str| line.contains("14: ") && line.contains("out.append(lazy.value)");
    assert_eq!(text.lines().filter(of_line).count(), 4, "{text}");
    assert_eq!(text.lines().filter(of_line).filter(|line| line.contains("14: …")).count(), 2, "{text}");
}

#[test]
fn a_time_limit_that_may_come_is_said_and_is_no_disagreement_of_the_model() {
    let program = "import threading, time\ndone = False\ndef work():\n    global done\n    time.sleep(0.5)\n    done = True\n\
                   t = threading.Thread(target=work)\nt.start()\nt.join(0.01)\nprint(done)\nt.join()\n";
    let text = checked(program, "");
    assert!(text.contains("a time limit is taken to be long enough"), "{text}");
    assert!(!checked("print(1)\n", "").contains("time limit"));
}

#[test]
fn a_process_without_a_name_of_the_programs_has_none_to_show() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("program.py");
    std::fs::write(&file, "import multiprocessing\np = multiprocessing.Process()\nprint(p.name)\n").unwrap();
    let ran = gilsim("check").arg(&file).output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(said.contains("name of a process that was given none") && said.contains("line 3"), "{said}");
}

#[test]
fn what_a_thread_changes_that_nobody_waits_for_is_used_by_the_others() {
    let thread = "import threading\nx = 0\ndef work():\n    global x\n    for i in range(1000):\n        x += 1\n\
                  t = threading.Thread(target=work)\nt.start()\n";
    let text = checked(&format!("{thread}print(x)\n"), "");
    assert!(!text.contains("no thread changes what another one uses"), "{text}");
    assert!(text.contains("what is printed depends on which goes first"), "{text}");
    // Joined, it comes after.
    let text = checked(&format!("{thread}t.join()\nprint(x)\n"), "");
    assert!(text.contains("exact"), "{text}");
}

#[test]
fn an_exception_of_every_order_is_told_though_nothing_is_lost() {
    let program = "import threading\nx = 0\ndef work():\n    for i in range(1000):\n        x += 1\n\
                   t = [threading.Thread(target=work) for _ in range(2)]\nfor u in t: u.start()\nfor u in t: u.join()\n";
    let text = checked(program, "");
    assert!(text.contains("every order raises UnboundLocalError"), "{text}");
}

/// The verdict of `check` on each of these versions.
fn verdicts(program: &str, more: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("program.py");
    std::fs::write(&file, program).unwrap();
    let ran = gilsim(&format!("check --quiet {more}")).arg(&file).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    text.lines().map(|line| line.replace('\t', " ")).collect()
}

#[test]
fn numbers_are_made_larger_until_every_line_is_run() {
    let leak = "import threading\nlock = threading.Lock()\ndef work():\n    for n in range(10):\n        lock.acquire()\n        if n == 7:\n            return\n        \
                lock.release()\nts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n";
    assert_eq!(verdicts(leak, "--cpython 3.9"), ["3.9 deadlocks"]);
    // With numbers that small it is said what was not tried.
    let text = checked(&leak.replace("            return\n", "            print(n)\n"), "--scope 2");
    let told = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("line 7 never run, and a test in line 6 that always comes out the same"), "{text}");

    // A queue of three takes five only if somebody takes them out.
    let full = "import queue, threading\nq = queue.Queue(maxsize=3)\ndef produce():\n    for n in range(5):\n        q.put(n)\n\
                t = threading.Thread(target=produce)\nt.start()\nt.join()\nprint(q.get())\n";
    assert_eq!(verdicts(full, "--cpython 3.12"), ["3.12 deadlocks"]);
    // Whether 2.7 takes the program is nothing to the others.
    assert_eq!(verdicts(full, "--cpython 2.7 --cpython 3.12"), ["2.7 not python", "3.12 deadlocks"]);
    assert!(!checked("n = 0\nfor i in range(1000): n += i\n", "").contains("never run"));
}

#[test]
fn a_jump_over_an_exceptions_handler_is_no_line_of_it() {
    let program = "import threading\nn = 0\ndef work():\n    global n\n    for i in range(2):\n        try:\n            n += 1\n        \
                   except ValueError as e:\n            print('failed', e)\nts = [threading.Thread(target=work) for _ in range(2)]\n\
                   for t in ts: t.start()\nfor t in ts: t.join()\nprint(n)\n";
    for version in ["2.7", "3.6", "3.9", "3.12"] {
        let text = checked_on(version, program, "");
        assert!(!text.contains("print('failed', e)"), "{text}");
    }
}

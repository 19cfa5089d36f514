//! `gilsim check`: programs in, verdicts out; files that are none.

use crate::{gilsim, output_of, schema};
use predicates::prelude::*;
use predicates::str::contains;
use std::fs;
use std::path::PathBuf;

fn program(name: &str) -> String {
    format!("{}/tests/programs/{name}.py", env!("CARGO_MANIFEST_DIR"))
}

/// A file of that content, and the folder that holds it for as long as it is needed.
fn file(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.py");
    fs::write(&path, content).unwrap();
    (folder, path)
}

#[test]
fn a_verdict_for_each_version_and_nothing_else() {
    for versions in [&["3.9", "--cpython", "3.13"][..], &["3.9,3.13"]] {
        let check = ["check", &program("race"), "--quiet", "--cpython"];
        gilsim("").args(check).args(versions).assert().success().stdout("3.9\tloses\n3.13\texact\n");
    }
}

#[test]
fn versions_that_agree_share_a_row() {
    let table = contains("2.7, 3.6 to 3.9, 3.13t, 3.14t, 3.15t").and(contains("3.10 to 3.15"));
    let lines = contains("x is read in line 13").or(contains("x is read in line 8"));
    let small = contains("taken as small: 100000000 as 2");
    let shown = table.and(lines).and(small).and(contains("8: x += 1"));
    gilsim("").args(["check", &program("race")]).assert().success().stdout(shown);
}

/// Beside a version that loses, one that cannot says between which lines nothing can come, and how lines may come all the same.
#[test]
fn how_lines_come_is_said_beside_versions_that_lose_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines.py");
    let text = "import threading\nn = 0\ndef work(name):\n    global n\n    n += 1\n    print('hello', name)\n\
                ts = [threading.Thread(target=work, args=(name,)) for name in 'ab']\nfor t in ts: t.start()\nfor t in ts: t.join()\n";
    std::fs::write(&file, text).unwrap();
    let ran = gilsim("check").arg(&file).args(["--cpython", "3.9", "--cpython", "3.12"]).output().unwrap();
    let table = String::from_utf8(ran.stdout).unwrap();
    let row = table.lines().find(|line| line.starts_with("3.12 ")).unwrap();
    assert!(
        row.contains("nothing can come between") && row.contains("; lines may come in another order"),
        "{row}"
    );
}

/// The main thread goes on alone once the others have ended: what it then writes is what was lost.
#[test]
fn what_the_main_thread_loses_alone_is_in_the_schedule() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("main.py");
    let text = "import threading\nx = 0\ndef work():\n    global x\n    x += 1\nt = threading.Thread(target=work)\nt.start()\nx += 1\nt.join()\nprint(x)\n";
    std::fs::write(&file, text).unwrap();
    let ran = gilsim("check").arg(&file).args(["--cpython", "3.9", "--format", "json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let row = &report["results"][0];
    let lines = row["schedule"].as_array().unwrap();
    let (last, thread) = (row["lines"].as_array().unwrap().last().unwrap(), &lines.last().unwrap()["thread"]);
    assert!(
        lines
            .iter()
            .any(|step| step["thread"] == *thread && step["line"] == *last && step["continues"] == true),
        "{row}"
    );
}

#[test]
fn versions_that_were_not_asked_for_are_in_no_range() {
    let of = |versions: &[&str]| {
        let args = versions.iter().flat_map(|version| ["--cpython", version]);
        let path = program("race");
        let ran = gilsim("").args(["check", &path, "--scope", "2"]).args(args).output().unwrap();
        let table = String::from_utf8(ran.stdout).unwrap();
        let row = table.lines().find(|line| line.contains(" exact ")).unwrap().to_owned();
        row.split("  ").next().unwrap().to_owned()
    };
    assert_eq!(of(&["3.10", "3.13", "3.15"]), "3.10, 3.13, 3.15");
    assert_eq!(of(&["3.13", "3.12", "3.11"]), "3.13, 3.12, 3.11");
    assert_eq!(of(&["3.10", "3.11", "3.12", "3.15"]), "3.10 to 3.12, 3.15");
}

#[test]
fn a_version_says_beside_others_what_it_says_alone() {
    let (_folder, path) = file(
        b"import threading\nactive = 0\ntoo_many = []\ndef visit():\n    global active\n    active += 1\n    if active > 3:\n        \
          too_many.append(active)\n    one()\n    active -= 1\ndef one(): pass\n\
          ts = [threading.Thread(target=visit) for _ in range(6)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n\
          print(len(too_many))\n",
    );
    let said = |versions: &[&str]| {
        let args = versions.iter().flat_map(|version| ["--cpython", version]);
        let ran = gilsim("check -q").arg(&path).args(args).timeout(crate::AMPLE).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    assert_eq!(said(&["3.13"]), "3.13\tloses\n");
    assert_eq!(said(&["3.9", "3.13"]), "3.9\tloses\n3.13\tloses\n");
}

#[test]
fn what_is_expected_decides_the_exit_code() {
    for (name, version, expect, code) in [
        ("race", "3.9", "lost", 0),
        ("race", "3.9", "exact", 3),
        ("race", "3.13", "exact", 0),
        ("race", "3.13", "lost", 3),
        ("deadlock_two_locks", "3.9", "lost", 0),
        ("pop_if_any", "3.13", "exact", 3),
    ] {
        let path = program(name);
        let args = ["check", &path, "--cpython", version, "--expect", expect, "--quiet"];
        let said = gilsim("").args(args).assert().code(code);
        if code == 3 {
            said.stderr(contains(format!("--expect {expect} is not met: {version}: ")));
        } else {
            said.stderr("");
        }
    }
}

/// On 3.9 updates are lost, and that is found with small numbers, too.
#[test]
fn what_is_not_tried_is_said_of_the_versions_that_it_is_so_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("total.py");
    let text = "import threading\nx = 0\ndef work():\n    global x\n    for _ in range(100000):\n        x += 1\n\
                ts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n\
                if x == 200000:\n    print('right')\nelse:\n    print('wrong')\n";
    std::fs::write(&file, text).unwrap();
    let said = |versions: &[&str]| {
        let versions = versions.iter().flat_map(|version| ["--cpython", version]);
        let output = gilsim("check").arg(&file).args(versions).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .find(|line| line.contains("never run"))
            .map(|line| line[..line.find(':').unwrap()].to_owned())
    };
    let always = "with numbers that small, if not with any";
    assert_eq!(said(&["3.13", "3.14"]).as_deref(), Some(always));
    assert_eq!(said(&["3.9", "3.13", "3.14"]), Some(format!("on 3.13, 3.14, {always}")));
    assert_eq!(said(&["3.9"]), None);
}

/// Five iterations are more than the three after which the lock is kept, and four still are: so every order hangs, and no switch is to blame.
#[test]
fn who_waits_without_end_does_so_with_numbers_that_stay_larger() {
    let text = "import threading\nlock = threading.Lock()\nn = 0\ndef work():\n    global n\n    for _ in range(5):\n        lock.acquire()\n        \
                if n >= 3:\n            return\n        n += 1\n        lock.release()\nts = [threading.Thread(target=work) for _ in range(2)]\n\
                for t in ts: t.start()\nfor t in ts: t.join()\nprint(n)\n";
    let (_folder, path) = file(text.as_bytes());
    let shown = contains("5 as 4")
        .and(contains("whole loop iterations give: no end"))
        .and(contains("deadlocks  thread 1 waits for a lock that thread 2 has not released\n"));
    gilsim("check").arg(&path).args(["--cpython", "3.13"]).assert().success().stdout(shown);
}

/// 2.7 has no module queue, with whatever numbers.
#[test]
fn what_an_old_version_lacks_does_not_come_of_small_numbers() {
    let text = "import queue\nq = queue.Queue()\nfor i in range(50): q.put(i)\nprint(q.qsize() > 1)\n";
    let (_folder, path) = file(text.as_bytes());
    let shown =
        contains("taken as small: 50").and(contains("not python")).and(contains("every order raises").not());
    gilsim("check").arg(&path).assert().success().stdout(shown);
}

/// With one iteration, eight threads could become one.
#[test]
fn a_scope_of_one_is_refused() {
    for scope in ["0", "1"] {
        let args = ["check", &program("race"), "--scope", scope];
        gilsim("").args(args).assert().code(2).stdout("").stderr(contains("use 2 to "));
    }
    gilsim("").args(["check", &program("race"), "--cpython", "3.9", "--scope", "2"]).assert().success();
}

#[test]
fn every_form_says_the_same() {
    let path = program("race");
    let json = gilsim("").args(["check", &path, "--cpython", "3.9", "--format", "json"]).output().unwrap();
    let json: serde_json::Value = schema::read(&json.stdout);
    assert_eq!(json["results"][0]["verdict"], "loses");
    assert_eq!(json["results"][0]["variable"], "x");
    assert_eq!(json["small"][0]["number"], 100_000_000);
    for (format, part) in [("csv", "3.9,loses,"), ("markdown", "| 3.9 ")] {
        let args = ["check", &path, "--cpython", "3.9", "--format", format];
        gilsim("").args(args).assert().success().stdout(contains(part).and(contains("loses")));
    }
}

#[test]
fn a_file_that_is_no_program_is_told_in_a_line() {
    let long = vec![b'#'; 10 << 20];
    let nested = [b"x = ".to_vec(), vec![b'('; 60_000]].concat();
    for (content, code, part) in [
        (&b""[..], 2, "nothing to run"),
        (&b"x = ("[..], 2, "not python"),
        (&b"\x7fELF\xff\xfe\x00"[..], 2, "not text in UTF-8"),
        (&b"\x00\x01\x02"[..], 2, "not python"),
        (&long[..], 2, "longer than"),
        (&nested[..], 2, "not python"),
        (&b"import socket\n"[..], 2, "the module socket is not covered"),
        (&b"open('x', 'w')\n"[..], 2, "the name open is not covered"),
    ] {
        let (_folder, path) = file(content);
        let shown = contains(part).and(contains("panicked").not());
        gilsim("").arg("check").arg(&path).assert().code(code).stderr(shown).stdout("");
    }
    let missing = contains("could not read").and(contains("No such file"));
    gilsim("").args(["check", "/nowhere/program.py"]).assert().code(1).stderr(missing);
    gilsim("").args(["check", "/"]).assert().code(1).stderr(contains("could not read"));
}

#[test]
fn what_is_read_for_the_old_version_has_to_be_python_3() {
    let (_folder, path) = file(b"x = 1\nprint \"x\", x\n");
    let refused = |versions: &str| {
        let mut line = gilsim("check");
        line.args(versions.split(' ')).arg(&path);
        String::from_utf8(line.assert().code(2).stdout("").get_output().stderr.clone()).unwrap()
    };
    let advice = "a program for 2.7 has to be written so that Python 3 reads it, too";
    let old = refused("--cpython 2.7 --cpython 3.9");
    assert!(old.contains("not python 3: ") && old.contains(advice) && old.contains("line 2"), "{old}");
    let new = refused("--cpython 3.9");
    assert!(new.contains("not python 3: ") && !new.contains("2.7"), "{new}");
}

#[test]
fn nothing_is_met_where_no_version_takes_the_program() {
    let program = "import queue\nq = queue.Queue()\nq.put(1)\nprint(q.get())\n";
    let (_folder, path) = file(program.as_bytes());
    let check = |versions: &str, expected: &str| {
        let mut line = gilsim(&format!("check --quiet --cpython {versions} --expect {expected}"));
        let output = line.arg(&path).assert().get_output().clone();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    for expected in ["exact", "lost"] {
        let (code, said) = check("2.7", expected);
        assert_eq!(code, 3, "{expected}: {said}");
        assert!(said.contains("is not met: it is not python on any of these versions"), "{said}");
    }
    // A version that does not take it is left out beside one that does.
    assert_eq!(check("2.7 --cpython 3.9", "exact").0, 0);
    assert_eq!(check("2.7 --cpython 3.9", "lost").0, 3);
}

/// What grows or calls itself without end comes to a limit, quickly and within memory.
#[test]
#[cfg(target_os = "linux")]
fn what_grows_without_end_comes_to_a_limit() {
    let class = "class A(object):\n    def __repr__(self):\n        return repr(self)\nprint(A())\n";
    for (program, code, part) in [
        ("def f():\n    return f()\nf()\n", 0, "exact"),
        ("L = []\nwhile True:\n    L.append(1)\n", 0, "incomplete"),
        ("x = 2\nwhile True:\n    x = x * x\n", 2, "an integer of more than"),
        ("s = 'a'\nwhile True:\n    s += s\n", 2, "a string of more than"),
        ("while True:\n    print(1)\n", 0, "incomplete"),
        ("L = []\nL.append(L)\nprint(L)\n", 2, "values nested more than"),
        ("L = []\nwhile True:\n    L = [L]\n", 0, "incomplete"),
        ("a, b = [], []\na.append(a)\nb.append(b)\nprint(a == b)\n", 2, "values nested more than"),
        (class, 0, "exact"),
        (
            "import threading\ndef f():\n    threading.Thread(target=f).start()\nf()\n",
            2,
            "more than 12 threads",
        ),
        (
            "def f():\n    while True:\n        yield 1\nprint(sum(f()))\n",
            2,
            "elements at once from an iterator",
        ),
    ] {
        let (_folder, path) = file(program.as_bytes());
        let shell = "ulimit -v 1500000; exec \"$0\" check \"$1\" --cpython 3.13 --quiet";
        let mut command = assert_cmd::Command::new("sh");
        command.args(["-c", shell, env!("CARGO_BIN_EXE_gilsim")]).arg(&path).timeout(crate::AMPLE);
        let said = command.assert().code(code);
        let output = said.get_output();
        let text = [&output.stdout[..], &output.stderr[..]].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains(part) && !text.contains("panicked"), "{program}: {text}");
    }
}

#[test]
fn what_does_not_end_is_incomplete() {
    let (_folder, path) = file(b"import threading\nx = 0\nwhile True:\n    x += 1\n");
    let args = ["--cpython", "3.13", "--quiet"];
    gilsim("").arg("check").arg(&path).args(args).assert().success().stdout("3.13\tincomplete\n");
    gilsim("").arg("check").arg(&path).args(args).args(["--expect", "exact"]).assert().code(3);
}

#[test]
fn a_limit_that_a_short_loop_does_not_reach_is_made_small_as_well() {
    let checked = |text: &str| -> serde_json::Value {
        let (_folder, path) = file(text.as_bytes());
        let output = gilsim("check --format json --cpython 3.9").arg(&path).output().unwrap();
        schema::read(&output.stdout)
    };
    // Without that the other thread would wait for ever.
    let half = "import threading\nhalf = threading.Event()\ndef work():\n    for i in range(100):\n        if i == 50:\n            half.set()\n\
                def wait():\n    half.wait()\nts = [threading.Thread(target=f) for f in (wait, work)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n";
    let report = checked(half);
    assert_eq!(report["results"][0]["verdict"], "exact", "{report}");
    assert_eq!(report["in_proportion"], true);
    // A wait without end of its own stays one.
    let report = checked(&half.replace("i == 50", "i == 150"));
    assert_eq!(report["results"][0]["verdict"], "deadlocks", "{report}");
    // What is found without it is told without it.
    let race = "import threading\nx = 0\ndef work():\n    global x\n    for i in range(100):\n        x += 1\n        if x == 150: print(x)\n\
                ts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n";
    let report = checked(race);
    assert_eq!(
        (&report["results"][0]["verdict"], &report["in_proportion"]),
        (&"loses".into(), &false.into())
    );
}

#[test]
fn a_version_says_among_others_what_it_says_alone() {
    // Up to 3.9 the update itself is lost; from 3.10 on the check is overtaken, which takes more of the stock to be sold.
    let stock = "import threading\nbalance = 9000\ndef pay(n):\n    global balance\n    balance -= n\ndef buy():\n    for i in range(8000):\n        \
                 if balance >= 1:\n            pay(1)\nts = [threading.Thread(target=buy) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n\
                 print(balance)\n";
    let (_folder, path) = file(stock.as_bytes());
    for versions in [&["3.13"][..], &["3.9", "3.13"]] {
        let versions = versions.iter().flat_map(|version| ["--cpython", version]);
        let output = gilsim("check --format json").arg(&path).args(versions).output().unwrap();
        let report: serde_json::Value = schema::read(&output.stdout);
        for row in report["results"].as_array().unwrap() {
            assert_eq!(row["verdict"], "loses", "{report}");
        }
    }
}

#[test]
fn loops_too_short_for_any_order_to_end_are_made_longer() {
    let text = "import threading\nstock = 5\nlock = threading.Lock()\nempty = threading.Event()\ndef buy():\n    global stock\n    for i in range(10):\n        \
                with lock:\n            if stock == 0:\n                empty.set()\n                return\n            stock -= 1\n\
                def refill():\n    global stock\n    empty.wait()\n    stock += 5\n\
                ts = [threading.Thread(target=f) for f in (buy, buy, refill)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n";
    let (_folder, path) = file(text.as_bytes());
    let output = gilsim("check --format json --cpython 3.13").arg(&path).output().unwrap();
    let report: serde_json::Value = schema::read(&output.stdout);
    assert_eq!(report["results"][0]["verdict"], "exact", "{report}");
    assert!(report["scope"].as_u64().unwrap() > 2, "{report}");
}

#[test]
fn of_many_ends_the_first_are_shown_and_the_others_counted() {
    let of = |threads: usize| {
        let text = format!(
            "import threading\nn, order = 0, []\ndef work(k):\n    global n\n    n = n + int(1)\n    order.append(k)\n\
             ts = [threading.Thread(target=work, args=(k,)) for k in range({threads})]\nfor t in ts: t.start()\n\
             for t in ts: t.join()\nprint(n, order)\n"
        );
        let (_folder, path) = file(text.as_bytes());
        let output = gilsim("check --cpython 3.9").arg(&path).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let (two, three) = (of(2), of(3));
    assert!(two.contains("give: 2 [0, 1] or 2 [1, 0]\n"), "{two}");
    let first = "give: 3 [0, 1, 2] or 3 [0, 2, 1] or 3 [1, 0, 2] or 3 [1, 2, 0], or one of 2 others (--format json has all)\n";
    assert!(three.contains(first), "{three}");
}

#[test]
fn programs_without_loops_are_not_said_to_have_iterations() {
    let straight = output_of("check tests/programs/account.py");
    assert!(straight.contains("threads that run one after the other give: 20"), "{straight}");
    assert!(!straight.contains("iterations"), "{straight}");
    let looping = output_of("check tests/programs/incr_function.py");
    assert!(looping.contains("whole loop iterations give"), "{looping}");
}

#[test]
fn a_line_that_goes_on_after_a_switch_is_marked_and_a_line_run_again_is_not() {
    let report: serde_json::Value =
        schema::read(output_of("check tests/programs/account.py --cpython 3.9 --format json"));
    let mut begun = std::collections::BTreeSet::new();
    let mut continued = 0;
    for step in report["results"][0]["schedule"].as_array().unwrap() {
        // Each line of this program is run once by each thread.
        let again = !begun.insert((step["thread"].to_string(), step["line"].to_string()));
        assert_eq!(step["continues"], again, "{step}");
        continued += usize::from(again);
    }
    assert!(continued > 0, "{report}");
    let table = output_of("check tests/programs/account.py --cpython 3.9");
    assert!(table.contains("9: … if self.balance >= amount"), "{table}");
}

#[test]
fn what_every_order_raises_is_put_down_to_small_numbers_only_where_it_can_come_of_them() {
    for (last, said) in [("assert n == 4321", true), ("n + ''", false)] {
        let text = format!(
            "import threading\nn = 0\ndef work():\n    global n\n    for _ in range(1000): n += 1\nts = [threading.Thread(target=work) for _ in range(2)]\n\
             for t in ts: t.start()\nfor t in ts: t.join()\n{last}\n"
        );
        let (_folder, path) = file(text.as_bytes());
        let output = gilsim("check").arg(&path).args(["--cpython", "3.13"]).output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        assert!(output.contains("taken as small"), "{output}");
        assert_eq!(output.contains("what every order raises may come of that"), said, "{output}");
    }
}

/// The note on the order of lines is needed wherever two stand beside each other, though the schedule itself prints one, or none.
#[test]
fn that_lines_stand_in_alphabetical_order_is_said_of_the_orders_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("order.py");
    let deadlock = "import threading\na, b = threading.Lock(), threading.Lock()\ndef work(first, second):\n    with first:\n        int('1')\n        \
                    with second:\n            pass\nts = [threading.Thread(target=work, args=it) for it in ((a, b), (b, a))]\n[t.start() for t in ts]\n\
                    [t.join() for t in ts]\nprint('done')\n";
    let note = contains("lines that are printed stand in alphabetical order");
    std::fs::write(&file, format!("{deadlock}print('and home')\n")).unwrap();
    let given = contains("and home / done");
    gilsim("check --cpython 3.9").arg(&file).assert().success().stdout(given.and(note.clone()));
    std::fs::write(&file, deadlock).unwrap();
    gilsim("check --cpython 3.9").arg(&file).assert().success().stdout(note.not());
}

/// Where every order raises with few iterations, what stands behind that is tried with more.
#[test]
fn what_small_numbers_let_every_order_raise_is_tried_with_larger_ones() {
    let text = "import threading\nstock = {}\nserved = 0\nlock = threading.Lock()\nfor n in range(8): stock['item%d' % n] = n\ndef buy(names):\n    \
                global served\n    for name in names:\n        with lock: stock.pop(name)\n    before = served\n    served = int('1') + before\n\
                ts = [threading.Thread(target=buy, args=(it,)) for it in (['item1', 'item5'], ['item2', 'item7'])]\nfor t in ts: t.start()\n\
                for t in ts: t.join()\nprint(served)\n";
    let (_folder, path) = file(text.as_bytes());
    let output = gilsim("check --quiet --cpython 3.12").arg(&path).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(output.starts_with("3.12\tloses"), "{output}");
}

/// Two threads take turns at a list; what few of its elements lead to is done by one thread in each schedule, though by either.
#[test]
fn what_no_schedule_lets_two_threads_do_is_tried_with_larger_numbers() {
    let text = "import threading\njobs = list(range(1000))\nlock = threading.Lock()\nodd = 0\ndef work():\n    global odd\n    while True:\n        \
                with lock:\n            if not jobs: return\n            n = jobs.pop()\n        if n % 2 == 1: odd += 1\n\
                ts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(odd)\n";
    let (_folder, path) = file(text.as_bytes());
    for versions in ["2.7,3.9", "3.9"] {
        let output = gilsim("check --quiet --cpython").arg(versions).arg(&path).output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        assert!(output.contains("3.9\tloses"), "{output}");
    }
}

/// What is done in the midst of many iterations lets others go on beside the rest of them.
#[test]
fn an_iteration_that_is_chosen_is_not_the_last_where_many_follow() {
    let program = |at: u32, rounds: u32, by: u32| {
        format!(
            "import threading\nready = threading.Event()\ntotal = 0\ndef first():\n    global total\n    for i in range({rounds}):\n        total = total + int(1)\n        \
             if i == {at}:\n            ready.set()\ndef second():\n    global total\n    ready.wait()\n    total = total - {by}\n\
             a = threading.Thread(target=first)\nb = threading.Thread(target=second)\na.start(); b.start()\na.join(); b.join()\nprint(total)\n"
        )
    };
    let verdict = |at: u32, rounds: u32, by: u32| {
        let (_folder, path) = file(program(at, rounds, by).as_bytes());
        let output = gilsim("check --quiet --cpython 3.12").arg(&path).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for (at, rounds, by) in [(500, 1000, 1), (500, 1000, 7), (2, 20_000, 1), (9, 20_000, 1), (100, 20_000, 7)]
    {
        assert_eq!(verdict(at, rounds, by), "3.12\tloses\n", "{at} of {rounds}, less {by}");
    }
    // The last one stays the last.
    assert_eq!(verdict(999, 1000, 1), "3.12\texact\n");
}

/// What is waited for comes with the last of four steps: with fewer it never does, in any order.
#[test]
fn what_comes_with_more_iterations_is_waited_for() {
    let program = |steps: u32, of: u32, wanted: u32| {
        format!(
            "import threading\nstate = 0\ncond = threading.Condition()\ndef light():\n    global state\n    for _ in range({steps}):\n        with cond:\n            \
             state = (state + 1) % {of}\n            cond.notify_all()\ndef car():\n    with cond:\n        while state != {wanted}: cond.wait()\n\
             ts = [threading.Thread(target=f) for f in (light, car)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(state)\n"
        )
    };
    let (_folder, path) = file(program(4, 3, 1).as_bytes());
    let output = gilsim("check --quiet --cpython 3.12").arg(&path).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "3.12\texact\n");
    // Where it comes with none of those that are tried, it is known to come nonetheless.
    let (_folder, path) = file(program(6, 4, 2).as_bytes());
    let output = gilsim("check --cpython 3.12").arg(&path).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(output.contains("incomplete  as it stands, the program ends,"), "{output}");
}

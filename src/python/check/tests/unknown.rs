//! What depends on what clocks read or chance gives, and what does not.

use super::super::{CheckError, Checked, Kind, check};
use super::verdicts;
use crate::python::version::Version;
use crate::system::control::Control;

fn checked(text: &str, version: Version) -> Result<Checked, CheckError> {
    check(text, &[version], 2, &Control::default())
}

/// Two threads that run this function, and what is printed then.
fn twice(work: &str, then: &str) -> String {
    format!(
        "import threading, time\nlock = threading.Lock()\nx = 0\ntotal = 0.0\nseen = []\ndef work():\n    global x, total\n{work}\
         ts = [threading.Thread(target=work) for _ in range(2)]\nstart = time.time()\nfor t in ts: t.start()\nfor t in ts: t.join()\n{then}"
    )
}

#[test]
fn how_long_something_takes_changes_no_verdict() {
    let printed = "print('%d in %8.3f s' % (x, time.time() - start), f'{time.monotonic():.1f}', '{}'.format(time.time()))\n";
    for (work, nine, later) in [
        ("    with lock:\n        x += 1\n", Kind::Exact, Kind::Exact),
        ("    x += abs(1)\n", Kind::Loses, Kind::Loses),
        (
            "    t = time.perf_counter()\n    x += 1\n    t = round(time.perf_counter() - t, 2)\n",
            Kind::Loses,
            Kind::Exact,
        ),
        ("    seen.append(time.perf_counter())\n", Kind::Exact, Kind::Exact),
    ] {
        for (version, wanted) in [(Version::V3_9, nine), (Version::V3_13, later)] {
            let checked = checked(&twice(work, printed), version).unwrap();
            let finding = &checked.findings[0];
            assert_eq!(finding.kind, wanted, "{version}: {work}");
            assert!(finding.clocks, "{version}: {work}");
            let line = &finding.prints[0][0];
            assert!(line.ends_with("in ‹time› s ‹time› ‹time›"), "{line}");
        }
    }
}

#[test]
fn a_time_that_is_lost_of_a_sum_of_times_is_a_lost_update() {
    let sum = "print(f'{total:.2f}', total / 2)\n";
    let timed = |update: &str| {
        twice(&format!("    t = time.perf_counter()\n    t = time.perf_counter() - t\n{update}"), sum)
    };
    for (version, kind) in verdicts(&timed("    with lock:\n        total += t\n")) {
        // 2.7 has no such clock.
        assert!(kind == Kind::Exact || version == Version::V2_7, "{version}: {kind:?}");
    }
    for version in [Version::V3_9, Version::V3_13, Version::V3_14, Version::V3_15t] {
        let checked = checked(&timed("    y = total\n    int('1')\n    total = y + t\n"), version).unwrap();
        let finding = &checked.findings[0];
        assert_eq!(finding.kind, Kind::Loses, "{version}");
        assert_eq!(finding.prints, [["‹time of 4 readings› ‹time of 4 readings›"]], "{version}");
        assert_eq!(finding.ends, ["‹time› ‹time›"], "{version}");
    }
}

#[test]
fn what_needs_the_time_itself_is_refused() {
    for code in [
        "while time.time() - t < 1: pass",
        "if t: pass",
        "t == 0",
        "[t] == [1]",
        "min(t, time.time())",
        "sorted([t, 1])",
        "str(t)[:4]",
        "len(str(t))",
        "str(t) == 'a'",
        "str(t) < 'a'",
        "str(t).split('.')",
        "'1' in str(t)",
        "{t: 1}",
        "{str(t)}",
        "range(int(t))",
        "[1, 2][int(t)]",
        "[1] * int(t)",
        "t.is_integer()",
        "t + 'a'",
        "'a' + t",
        "for letter in str(t): pass",
        "divmod(t, 60)",
        "bool(t)",
        "not t",
        "float(str(t))",
    ] {
        let text = format!("import time\nt = time.time()\n{code}\n");
        let found = checked(&text, Version::V3_13);
        assert!(found.is_err(), "{code}: {found:?}");
    }
    // These need no more than that it is one.
    for code in [
        "t is None or t == None",
        "isinstance(t, float) or 1 / 0",
        "isinstance(time.time_ns(), int) or 1 / 0",
        "'a' in [str(t)] if t is None else 1",
        "time.sleep(t - time.time())",
        "abs(-t) // 1 + int(t) + round(t) + sum([t, t])",
        "', '.join([str(t), repr(t)]) + 'a' + str(t)",
    ] {
        let text = format!("import time\nt = time.time()\n{code}\n");
        assert_eq!(checked(&text, Version::V3_13).unwrap().findings[0].kind, Kind::Exact, "{code}");
    }
}

#[test]
fn which_numbers_are_drawn_changes_no_verdict() {
    let transfer = |guard: &str| {
        format!(
            "import random, threading, time\nlock = threading.Lock()\na = b = 100\ndef work():\n    global a, b\n    for _ in range(50):\n        \
             time.sleep(random.uniform(0.001, 0.01))\n        n = random.randint(1, 10)\n        {guard}:\n            a -= int(n)\n            \
             b += int(n)\nrandom.seed(1)\nts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\n\
             print(a + b, random.random())\n"
        )
    };
    for version in [Version::V3_9, Version::V3_13, Version::V3_14t] {
        let locked = checked(&transfer("with lock"), version).unwrap();
        assert_eq!(locked.findings[0].kind, Kind::Exact, "{version}");
        assert_eq!(locked.findings[0].prints, [["‹random of 8 draws› ‹random›"]], "{version}");
        let torn = checked(&transfer("if True"), version).unwrap();
        assert_eq!(torn.findings[0].kind, Kind::Loses, "{version}");
        assert!(torn.findings[0].chance && !torn.findings[0].clocks, "{version}");
    }
    for code in [
        "if random.random() < 0.5: pass",
        "random.choice(['a', 'b'])",
        "random.choice([])",
        "random.choice([1, True])",
        "if random.choice([1, 2]) > 1: pass",
        "[1, 2][random.randrange(2)]",
    ] {
        assert!(checked(&format!("import random\n{code}\n"), Version::V3_13).is_err(), "{code}");
    }
    for code in ["random.choice([1, 2])", "random.choice((1,))", "random.choice(range(5))"] {
        let found = checked(&format!("import random\nprint({code} + 1)\n"), Version::V3_13).unwrap();
        assert_eq!(found.findings[0].prints, [["‹random›"]], "{code}");
    }
}

#[test]
fn old_versions_have_fewer_clocks() {
    let text = "import time\ntime.time()\ntime.thread_time()\n";
    for (version, lacks) in [(Version::V2_7, true), (Version::V3_6, true), (Version::V3_7, false)] {
        let checked = checked(text, version).unwrap();
        assert_eq!(checked.findings[0].orders.raise, lacks, "{version}");
    }
}

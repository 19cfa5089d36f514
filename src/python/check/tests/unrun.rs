//! A schedule shows no line that is not run, whatever stands in it.

use super::super::check;
use crate::python::version::Version;
use crate::system::control::Control;

/// Those that differ in what leaves a block.
const VERSIONS: [Version; 5] = [Version::V2_7, Version::V3_9, Version::V3_10, Version::V3_12, Version::V3_14];

/// What stands between a read and its write, with lines that are never run.
const BODIES: [&str; 19] = [
    "for j in (0, 1):\n    if j > 5:\n        break # never",
    "for j in (0, 1):\n    if j > 5:\n        continue # never",
    "for j in (0, 1):\n    if j > 5:\n        pass # never",
    "for j in (0, 1):\n    if j > 5:\n        z = 1 # never\n    else:\n        if j > 6:\n            z = 2 # never",
    "for j in (0, 1):\n    for q in (0, 1):\n        if q > 7:\n            break # never",
    "for j in (0, 1):\n    try:\n        D[j]\n    except KeyError:\n        if j > 6:\n            z = 2 # never",
    "for j in (0, 1):\n    try:\n        z = j\n        if j > 6:\n            z = 2 # never\n    except KeyError:\n        z = 3 # never",
    "for j in (0, 1):\n    if j > 5:\n        return # never",
    "j = 0\nwhile j < 2:\n    j += 1\n    if j == 3:\n        break # never",
    "j = 0\nwhile True:\n    try:\n        j += 1\n        if j > 2:\n            break\n    except KeyError:\n        break # never",
    "for j in (0, 1):\n    with lock:\n        if j > 5:\n            z = 2 # never",
    "for j in (0, 1):\n    try:\n        z = j\n    finally:\n        if j > 5:\n            z = 2 # never",
    "for j in (0, 1):\n    if j < 5:\n        z = 1\n        if j > 3:\n            z = 2 # never\n    else:\n        z = 3 # never",
    "try:\n    if i >= 0:\n        raise ValueError\n    z = 1 # never\nexcept ValueError:\n    z = 2",
    "try:\n    D[0]\n    z = 1 # never\nexcept KeyError:\n    z = 2\nelse:\n    z = 3 # never",
    "try:\n    with lock:\n        if i >= 0:\n            raise ValueError\n        z = 1 # never\nexcept ValueError:\n    z = 2",
    "try:\n    try:\n        D[0]\n        z = 1 # never\n    finally:\n        if i > 5:\n            z = 2 # never\nexcept KeyError:\n    z = 3",
    "try:\n    try:\n        D[0]\n    except ValueError:\n        z = 1 # never\nexcept KeyError:\n    z = 3",
    "try:\n    D[0]\nexcept KeyError as e:\n    for j in (0, 1):\n        if j > 5:\n            z = 1 # never",
];

#[test]
fn lines_that_are_never_run_are_in_no_schedule() {
    for body in BODIES {
        let body = body.replace('\n', "\n        ");
        let text = format!(
            "import threading\nn, D, lock = 0, {{}}, threading.Lock()\ndef work():\n    global n\n    for i in range(2):\n        t = n\n        {body}\n        \
             n = t + int(1)\nts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(n)\n"
        );
        let never: Vec<u32> = (1_u32..)
            .zip(text.lines())
            .filter(|(_, line)| line.ends_with("# never"))
            .map(|(number, _)| number)
            .collect();
        for finding in check(&text, &VERSIONS, 2, &Control::default()).unwrap().findings {
            let of_version = finding.version;
            assert!(!finding.schedule.is_empty(), "{of_version}: {body}");
            let shown: Vec<u32> =
                finding.schedule.iter().map(|line| line.line).filter(|line| never.contains(line)).collect();
            assert!(shown.is_empty(), "{of_version}: {shown:?} of\n{text}");
            let place = finding.collision.map(|collision| collision.drop_point).unwrap_or_default();
            assert!(
                never.iter().all(|line| !place.ends_with(&format!("in line {line}"))),
                "{of_version}: {place} of\n{text}"
            );
        }
    }
}

#[test]
fn a_statement_that_leaves_a_block_comes_before_what_is_done_on_the_way() {
    let text = "import threading\nn, lock = 0, threading.Lock()\ndef work():\n    global n\n    for i in range(2):\n        t = n\n        for j in (0, 1):\n            \
                try:\n                if j == 0:\n                    continue\n                t += 0\n            finally:\n                z = j\n        \
                n = t + int(1)\nts = [threading.Thread(target=work) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(n)\n";
    for finding in check(text, &VERSIONS, 2, &Control::default()).unwrap().findings {
        let version = finding.version;
        let first = finding.schedule.iter().find(|line| line.line == 10).map(|line| line.thread).unwrap();
        let lines = finding
            .schedule
            .iter()
            .filter(|line| line.thread == first && !line.continues)
            .map(|line| line.line);
        let lines: Vec<u32> = lines.skip_while(|line| *line != 10).collect();
        assert_eq!(lines[..3], [10, 13, 7], "{version}: {lines:?}");
    }
}

#[test]
fn each_round_of_a_loop_with_one_line_is_shown() {
    let text = "import threading\nleft, sold = [1, 2, 3], []\ndef sell():\n    try:\n        while True:\n            sold.append(left.pop())\n    \
                except IndexError:\n        pass\nn = 0\ndef look():\n    global n\n    n = len(left) + len(sold)\n\
                ts = [threading.Thread(target=sell), threading.Thread(target=look)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(n)\n";
    for finding in check(text, &VERSIONS, 2, &Control::default()).unwrap().findings {
        let version = finding.version;
        assert!(!finding.schedule.is_empty(), "{version}");
        let rounds = finding.schedule.iter().filter(|line| line.line == 6 && !line.continues).count();
        assert_eq!(rounds, 4, "{version}: {:?}", finding.schedule);
    }
}

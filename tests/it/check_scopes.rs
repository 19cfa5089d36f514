//! What `gilsim check` takes as small, and what it tries where that leaves something untried.

use crate::gilsim;
use predicates::prelude::*;
use predicates::str::contains;
use std::fs;

#[test]
fn who_leaves_in_the_midst_of_many_iterations_with_a_lock_keeps_others_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.py");
    for (limit, test) in [("1000", "n == 500"), ("1000", "i == 999")] {
        let text = format!(
            "import threading\nlock = threading.Lock()\nn = 0\ndef add():\n    global n\n    for i in range({limit}):\n        lock.acquire()\n        n += 1\n        \
             if {test}:\n            return\n        lock.release()\nts = [threading.Thread(target=add) for _ in range(2)]\nfor t in ts: t.start()\nfor t in ts: t.join()\nprint(n)\n"
        );
        fs::write(&file, text).unwrap();
        let deadlocks = contains("3.13\tdeadlocks\n");
        gilsim("check")
            .arg(&file)
            .args(["--cpython", "3.13", "--quiet"])
            .assert()
            .success()
            .stdout(deadlocks);
    }
}

#[test]
fn what_only_a_time_limit_that_passes_leads_to_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.py");
    let text = "import threading\nstop = threading.Event()\ndef beat():\n    while not stop.wait(0.01):\n        print('beat')\nt = threading.Thread(target=beat)\nt.start()\nstop.set()\nt.join()\n";
    fs::write(&file, text).unwrap();
    let told = contains("some of the program is not tried with time limits that long").and(contains(
        "with time limits that long, if not with any: line 5 never run; what depends on that is not tried\n",
    ));
    gilsim("check").arg(&file).args(["--cpython", "3.13"]).assert().success().stdout(told);
}

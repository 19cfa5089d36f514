//! Too little room, and too many workers: it runs, or says why not.

use crate::gilsim;
use crate::surroundings::{Scene, not_tried, public_copy};

/// Each command with so many workers.
fn commands(workers: usize) -> Vec<String> {
    let counters = [
        "race",
        "mutex",
        "mutex --lock std",
        "mutex --lock fair",
        "mutex --lock spin",
        "atomic",
        "sharded",
        "gil",
    ];
    let splits = ["process", "thread", "rayon", "gil"];
    let mut commands: Vec<String> = counters
        .iter()
        .map(|command| format!("{command} --iters 500 --runs 1 --quiet --threads {workers}"))
        .chain(
            splits
                .iter()
                .map(|by| format!("split --iters 5k --runs 1 --quiet --by {by} --workers {workers}")),
        )
        .collect();
    commands
        .push(format!("gil --body x=x+d --cpython 3.13t --iters 500 --runs 1 --quiet --threads {workers}"));
    commands
}

#[test]
fn threads_that_find_no_address_space_are_an_error() {
    for command in commands(200).iter().filter(|command| !command.contains("--by process")) {
        Scene::shell("ulimit -v 60000").run(command).says_why_not(1, "could not start");
    }
    Scene::shell("ulimit -v 60000").run("convoy --hogs 200").says_why_not(1, "could not start worker");
    Scene::shell("ulimit -v 100000").run("explore").says_why_not(1, "could not start a pool");
}

#[test]
fn however_much_address_space_there_is_it_runs_or_says_why_not() {
    // Around the sizes at which the allocator gets one more arena, and between them.
    for kilobytes in (40_000..150_000).step_by(9_001) {
        let scene = Scene::shell(&format!("ulimit -v {kilobytes}"));
        scene.run("race --iters 1 --threads 200 --runs 1 --quiet").runs_or_says_why_not("could not start");
        scene
            .run("split --iters 1k --by rayon --workers 64 --runs 1 --quiet")
            .runs_or_says_why_not("could not start");
    }
}

#[test]
fn threads_and_processes_beyond_the_limit_on_them_are_an_error() {
    let (_folder, copy) = public_copy();
    for most in [1, 10] {
        let scene = match Scene::processes(most) {
            Ok(scene) => scene,
            Err(why) => return not_tried("a limit on processes", &why),
        };
        let ran = scene.run_program(&copy, "list");
        if ran.code != Some(0) {
            return not_tried("a limit on processes", &ran.stderr);
        }
        for command in commands(64) {
            scene.run_program(&copy, &command).says_why_not(1, "could not start");
        }
    }
    // The first thread, the one who waits for signals and the one that does the work.
    let Ok(scene) = Scene::processes(3) else { return };
    scene.run_program(&copy, "explore").says_why_not(1, "could not start a pool");
    scene.run_program(&copy, "convoy").says_why_not(1, "the echo process");
}

#[test]
fn a_hundred_thousand_workers_run_or_are_refused() {
    for command in
        ["race --iters 1 --runs 1 --quiet --threads 100000", "convoy --pings 1 --quiet --hogs 100000"]
    {
        Scene::shell("true").run(command).runs_or_says_why_not("could not start");
    }
    for (command, reason) in [
        ("split --workers 100000", "processes are too many; use at most 1000"),
        ("split --by rayon --workers 100000", "of a rayon pool are too many"),
        ("compare --threads 100000", "too many"),
        ("explore --threads 100000", "use 1 to 4 workers"),
        ("race --threads 100001", "use 1 to 100000 workers"),
    ] {
        Scene::shell("true").run(command).says_why_not(2, reason);
    }
}

#[test]
fn with_far_more_workers_than_cpus_what_is_exact_stays_exact() {
    for command in
        commands(200).iter().filter(|command| !command.starts_with("race") && !command.contains("3.13t"))
    {
        gilsim(&format!("{command} --expect exact")).timeout(crate::AMPLE).assert().success();
    }
    gilsim("gil --threads 200 --iters 500 --runs 1 --quiet --expect exact")
        .args(["--body", "with lock: x += d", "--cpython", "2.7"])
        .timeout(crate::AMPLE)
        .assert()
        .success();
}

//! Numbers at their ends: right, or refused in one line.

use crate::surroundings::Scene;

const MOST: u64 = u64::MAX;

#[test]
fn what_cannot_be_is_refused() {
    let beyond = u128::from(MOST) + 1;
    for (line, reason) in [
        (format!("race --iters {MOST}"), "would not fit the counter's 64 bits"),
        (format!("race --iters {MOST} --threads 1"), "would not fit the counter's 64 bits"),
        (format!("gil --iters {} --threads 100000", i64::MAX), "would not fit the counter's 64 bits"),
        (format!("compare atomic --iters {MOST}"), "would not fit the counter's 64 bits"),
        (format!("race --iters {beyond}"), "the largest count is"),
        (format!("race --iters {}", "9".repeat(1000)), "the largest count is"),
        (format!("race --threads {MOST}"), "use 1 to 100000 workers"),
        ("race --threads 0".to_owned(), "use 1 to 100000 workers"),
        (format!("race --runs {MOST}"), "use 1 to 1000000 runs"),
        (format!("race --widen {beyond}"), "once in how many updates"),
        ("race --widen 0".to_owned(), "once in how many updates"),
        ("gil --switch-interval 0s".to_owned(), "from 1us to 60s"),
        ("gil --switch-interval -5ms".to_owned(), "from 1us to 60s"),
        (format!("gil --switch-interval {MOST}s"), "from 1us to 60s"),
        ("gil --iters 3 --body x+=9223372036854775807".to_owned(), "does not fit in 64 bits"),
        ("split --from 5 --iters 4".to_owned(), "beyond the end of the range"),
        (format!("split --from {beyond}"), "the largest count is"),
        ("explore --iters 0".to_owned(), "use 1 or more"),
        (format!("explore --iters {MOST}"), "use 1 to 100000"),
        ("explore --threads 0".to_owned(), "use 1 to 4 workers"),
        (format!("explore --outcome {MOST}"), "not an outcome"),
        (format!("explore --outcome {}", i64::MIN), "choose an outcome of the table"),
        (format!("explore --schedule v1:machine:A{MOST}"), "already finished"),
        (format!("explore --schedule v1:machine:A{beyond}"), "is not right"),
        (format!("convoy --pings {MOST}"), "use 1 to 10000 round trips"),
        (format!("python --sum {MOST}"), "ends at 2^63 - 1"),
        (format!("verify --runs {MOST}"), "use 1 to 1000 runs"),
    ] {
        let ran = Scene::shell("true").run(&line);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{line}: {}", ran.stderr);
        // A mistake in a body shows its place in the lines that follow.
        let first = ran.stderr.lines().next().unwrap_or_default();
        assert!(first.starts_with("error: ") && first.contains(reason), "{line}: {}", ran.stderr);
        assert!(line.contains("--body") || ran.stderr.lines().count() == 1, "{line}: {}", ran.stderr);
    }
}

#[test]
fn what_can_be_is_right() {
    let sum = |from: u64| (from..MOST).map(u128::from).sum::<u128>().to_string();
    for by in ["process", "thread", "rayon", "gil", "sequential"] {
        for from in [MOST, MOST - 1, MOST - 1000] {
            for workers in [1, 2, 30] {
                let line = format!(
                    "split --from {from} --iters {MOST} --by {by} --workers {workers} --runs 1 --quiet"
                );
                let ran = Scene::shell("true").run(&line);
                ran.is_well();
                assert_eq!(ran.stdout.trim(), sum(from), "{line}");
            }
        }
    }
    for (line, printed) in [
        (format!("race --threads 1 --iters 1k --runs 1 --quiet --widen {MOST}"), "1000"),
        ("race --threads 1 --iters 1k --runs 1 --quiet --widen 1".to_owned(), "1000"),
        ("gil --iters 1k --runs 1 --quiet --switch-interval 1us".to_owned(), "0"),
        ("gil --iters 1k --runs 1 --quiet --switch-interval 60s".to_owned(), "0"),
        ("split --iters 0 --runs 1 --quiet".to_owned(), "0"),
        (format!("explore --iters 1 --quiet --max-memory {MOST}"), "1\t2\t20\t0"),
    ] {
        let ran = Scene::shell("true").run(&line);
        ran.is_well();
        assert_eq!(ran.stdout.trim(), printed, "{line}");
    }
}

#[test]
fn no_room_for_states_is_said_without_advice_that_would_not_help() {
    let ran = Scene::shell("true").run("explore --iters 5 --max-memory 0");
    ran.says_why_not(1, "more than the 0 bytes of --max-memory");
    assert!(!ran.stderr.contains("fits for certain"), "{}", ran.stderr);
}

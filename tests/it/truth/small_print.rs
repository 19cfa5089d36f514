//! Sentences and lines beside the figures.

use super::*;

fn label(line: &str) -> &str {
    line.trim_start().split("  ").next().unwrap_or_default()
}

/// The row's lines of a report, by their labels.
fn labels(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("  ")).map(label).collect()
}

#[test]
fn nothing_to_add_has_no_time_for_an_addition_and_no_speed_up() {
    for scenario in scenario::ALL.iter().copied().filter(|it| it.group() == Group::Sum) {
        let empty = plain(&alone(scenario, &load(2, 2, 0, false), &[run(0, true), run(0, true)]));
        assert!(!labels(&empty).contains(&"per addition"), "{empty}");
        assert!(!labels(&empty).contains(&"speed-up"), "{empty}");
        assert!(!empty.contains("several CPUs at once"), "{empty}");
        let some = plain(&alone(scenario, &load(2, 2, 1000, false), &[run(0, true)]));
        assert!(labels(&some).contains(&"per addition"), "{some}");
    }
}

#[test]
fn a_report_of_several_runs_says_which_of_them_a_figure_is_of() {
    let race = SCENARIOS.iter().copied().find(|scenario| scenario.name() == "race").unwrap();
    let gil = SCENARIOS.iter().copied().find(|scenario| scenario.label() == "gil:3.12").unwrap();
    let of_runs = |scenario, runs: &[Drawn]| {
        let text = plain(&alone(scenario, &load(2, 2, 1000, false), runs));
        text.lines().find(|line| label(line) == "of the runs").map(str::to_owned)
    };
    let lost = of_runs(race, &[run(7, true), run(0, true)]).unwrap();
    assert!(lost.contains("the furthest from right: actual"), "{lost}");
    assert!(lost.contains("the median: per update, start-up, switches, overlap, collisions"), "{lost}");
    let right = of_runs(gil, &[run(0, true), run(0, true)]).unwrap();
    assert!(!right.contains("furthest"), "{right}");
    assert!(right.contains("the mean: CPU time, GIL, held"), "{right}");
    assert_eq!(of_runs(race, &[run(7, true)]), None, "one run needs no such line");
}

#[test]
fn what_happened_once_is_not_told_as_times() {
    for scenario in SCENARIOS.iter().copied() {
        let mut drawn = run(0, true);
        drawn.switches = 1;
        let text = plain(&alone(scenario, &load(2, 2, 1, false), &[drawn.clone(), drawn]));
        for wrong in [" 1 times", " 1 runs", " 1 updates", " 1 iterations", "(1 times"] {
            assert!(!text.contains(wrong), "{wrong}: {text}");
        }
    }
}

#[test]
fn a_split_that_is_too_short_to_pay_suggests_what_its_start_up_asks_for() {
    let process = SCENARIOS.iter().copied().find(|scenario| scenario.label() == "split:process").unwrap();
    let mut drawn = run(0, true);
    drawn.startup = 2_000_000;
    let suggested = |iterations| {
        let text = plain(&alone(process, &load(2, 2, iterations, false), &[drawn.clone(), drawn.clone()]));
        let line = text.lines().find(|line| line.starts_with("try next:")).unwrap().to_owned();
        let count = line.split(' ').next_back().unwrap();
        gilsim::count::parse(count).unwrap()
    };
    // Ten times two milliseconds at a fifth of a nanosecond for an addition.
    assert_eq!(suggested(0), 100_000_000);
    assert!(suggested(10) > 10);
}

#[test]
fn a_comparison_says_each_thing_once() {
    let gils: Vec<_> = SCENARIOS.iter().copied().filter(|it| it.label().starts_with("gil:3.")).collect();
    let cases: Vec<_> = gils.iter().map(|&it| case(it, &load(2, 2, 1000, false), false)).collect();
    assert!(gils.len() > 10);
    let text = plain(&report(&cases, &[run(7, true), run(7, true)], true));
    assert_eq!(text.matches("of a compiled loop under a GIL, not of Python").count(), 1, "{text}");
    assert_eq!(text.matches("a store overwrote what others had stored").count(), 1, "{text}");
    assert!(text.contains("were wrong in 2 of 2 rounds"), "{text}");
}

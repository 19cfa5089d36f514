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
    let alone = SCENARIOS.iter().copied().find(|scenario| scenario.is_sequential()).unwrap();
    let none = of_runs(alone, &[run(0, true), run(0, true)]).unwrap();
    assert!(none.contains("the median: per addition, switches"), "{none}");
}

#[test]
fn a_time_that_is_too_short_to_tell_is_no_mean_of_the_runs() {
    let race = SCENARIOS.iter().copied().find(|scenario| scenario.name() == "race").unwrap();
    for (cpu, told) in [(9_000, false), (11_000, true)] {
        let drawn = Drawn { cpu, ..run(0, true) };
        let text = plain(&alone(race, &load(2, 2, 1000, false), &[drawn.clone(), drawn]));
        assert_eq!(text.contains("CPU time     too short to tell\n"), !told, "{text}");
        assert_eq!(text.contains("the mean: CPU time"), told, "{text}");
    }
}

#[test]
fn what_lucky_means_is_said_where_a_row_is_so() {
    let race = SCENARIOS.iter().copied().find(|scenario| scenario.name() == "race").unwrap();
    let text = |workers, wrong| plain(&alone(race, &load(workers, 2, 1000, false), &[run(wrong, true)]));
    let lucky = "lucky means right in every run that came to an end, although nothing makes it so";
    assert!(text(2, 0).contains(lucky), "{}", text(2, 0));
    // One worker has nobody to be lucky with, and what lost an update was not.
    assert!(!text(1, 0).contains(lucky) && !text(2, 7).contains(lucky), "{}", text(1, 0));
}

#[test]
fn who_yields_and_who_can_come_in_between_is_said() {
    let note = |name: &str, workers, usable| {
        let scenario = SCENARIOS.iter().copied().find(|scenario| scenario.label() == name).unwrap();
        let text = plain(&alone(scenario, &load(workers, usable, 1000, true), &[run(0, true)]));
        let line = text.lines().find(|line| line.contains("yields its CPU"));
        line.unwrap_or_else(|| panic!("{name}: {text}")).to_owned()
    };
    let alone = note("race", 1, 2);
    assert!(alone.starts_with("note: the worker of race yields"), "{alone}");
    assert!(alone.contains("where no other can come in between"), "{alone}");
    let both = note("race", 2, 2);
    assert!(
        both.starts_with("note: each worker of race yields") && both.contains("so that others"),
        "{both}"
    );
    let crowded = note("race", 2, 1);
    assert!(crowded.contains("because 2 workers share 1 CPU"), "{crowded}");
    // Objects of their own have a time, too, in which nobody yields.
    let shared = note("refcount:plain", 2, 2);
    assert!(
        shared.starts_with("note: where the object is shared, each worker of refcount:plain"),
        "{shared}"
    );
    assert!(shared.contains(", and the time of that has it in it"), "{shared}");
}

#[test]
fn only_what_is_widened_is_said_to_be() {
    let widening = ["race", "refcount:plain"];
    for &scenario in SCENARIOS.iter() {
        let report = alone(scenario, &load(4, 2, 1000, true), &[run(7, true)]);
        let row = report.measured().next().unwrap();
        let widened = widening.contains(&&*row.scenario);
        assert_eq!(row.conditions.widen.is_some(), widened, "{}", row.scenario);
        assert_eq!(row.command.contains("--widen"), widened, "{}", row.command);
        assert_eq!(plain(&report).contains("--widen off turns it off"), widened, "{}", row.scenario);
    }
    // One in 64 yields.
    for (iterations, widened) in [(63, false), (64, true)] {
        for name in widening {
            let scenario = SCENARIOS.iter().copied().find(|scenario| scenario.label() == name).unwrap();
            let report = alone(scenario, &load(4, 2, iterations, true), &[run(7, true)]);
            assert_eq!(report.results[0].conditions.widen.is_some(), widened, "{name}: {iterations}");
            let text = plain(&report);
            assert_eq!(text.contains("--widen off turns it off"), widened, "{text}");
            assert_eq!(text.contains("or by a yield"), widened, "{text}");
        }
    }
    // More workers than any machine of today has CPUs.
    let text = printed("compare race gil:3.9 gil:3.13t --iters 20 --threads 1,2000 --runs 1");
    assert!(text.contains("note: in 1 of the rows, each worker of race yields"), "{text}");
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

#[test]
fn an_expectation_that_is_not_met_names_the_rows_that_were_wrong() {
    let race = SCENARIOS.iter().copied().find(|scenario| scenario.name() == "race").unwrap();
    let atomic = SCENARIOS.iter().copied().find(|scenario| scenario.name() == "atomic").unwrap();
    let load = load(2, 2, 1000, false);
    let wrong = report(&[case(race, &load, false), case(atomic, &load, false)], &[run(7, true)], true);
    assert_eq!(wrong.losses(), "race was wrong in its only run");
    let right = report(&[case(race, &load, false), case(atomic, &load, false)], &[run(0, true)], true);
    assert_eq!(right.losses(), "race was right in its only run; atomic was right in its only run");
}

#[test]
fn what_is_right_and_not_chosen_from_is_said_to_be_left_out() {
    let named = |name: &str| SCENARIOS.iter().copied().find(|scenario| scenario.label() == name).unwrap();
    let cases =
        ["gil:3.12", "atomic", "sharded"].map(|name| case(named(name), &load(2, 2, 1000, false), false));
    let text = plain(&report(&cases, &[run(0, true), run(0, true)], true));
    assert!(text.contains("Left out, as times of another kind: gil:3.12."), "{text}");
}

#[test]
fn a_sum_is_only_held_against_sums_of_the_same_numbers() {
    let sequential = SCENARIOS.iter().copied().find(|scenario| scenario.is_sequential()).unwrap();
    let thread = SCENARIOS.iter().copied().find(|scenario| scenario.label() == "split:thread").unwrap();
    let [short, long] = [1000, 10_000].map(|numbers| load(2, 2, numbers, false));
    let cases = [
        case(sequential, &short, true),
        case(sequential, &long, true),
        case(thread, &short, false),
        case(thread, &long, false),
    ];
    let mut runs = run(0, true);
    runs.spans[0].1 = 9_000_000;
    let report = report(&cases, &[runs], true);
    let relative: Vec<Option<f64>> = report.results.iter().map(|row| row.relative).collect();
    // One worker has the first of the spans, as both workers have; so all take as long.
    assert_eq!(relative, [Some(1.0); 4]);
    // And the reference is a row that is shown.
    let [alone, with_start] = [Row::time, Row::time_with_startup].map(|time: fn(&Row) -> f64| {
        let best = report.measured().map(time).fold(f64::INFINITY, f64::min);
        report.measured().all(|row| time(row) >= best)
    });
    assert!(alone && with_start);
}

/// What gilsim really prints, in one line.
fn printed(line: &str) -> String {
    let output = crate::gilsim(line).output().unwrap();
    assert!(output.status.success(), "{line}");
    String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_versions_did_side_by_side_has_its_body_and_counts_its_iterations() {
    for (body, told, what) in [
        ("x = 5", "`x = 5`", "; expected 5"),
        ("for i in (1, 2): x += d", "`for i in (1, 2): x += d`", " (d is 1 in one worker, -1 in the other)"),
        ("with lock: y = x\nx = y", "`with lock: y = x ↵ x = y`", "; expected 0"),
    ] {
        for (threads, what) in [("2", what), ("1,2", "")] {
            let line = format!("gil --cpython 3.9,3.13 --iters 100 --runs 1 --threads {threads}");
            let output = crate::gilsim(&line).args(["--body", body]).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let title = text.lines().find(|line| line.contains(" iterations each of ")).unwrap();
            assert!(title.contains(&format!("100 iterations each of {told}{what}")), "{text}");
            assert!(!title.contains("+1") && text.contains("ns/iteration"), "{text}");
        }
    }
}

#[test]
fn a_sweep_tells_counts_of_references_apart_from_other_counters() {
    // More workers than any machine of today has CPUs: those of race are made to yield.
    let line = "compare race mutex refcount --iters 1k --threads 1,2,2000 --runs 1";
    let text = printed(line);
    for told in [
        "relative: the time over that of the fastest that is always right in the same combination; of references: the time for a \
         pair over that of the plain count with one worker",
        "note: in 1 of the rows, each worker of race yields",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    for sentence in text.split("wrong: ").skip(1) {
        let (names, what) = sentence.split_once(": ").unwrap();
        assert_eq!(names.contains("refcount"), what.starts_with("a count ended wrong"), "{text}");
    }
}

/// A comparison whose rows have these names, times for an update in nanoseconds, and spreads of it.
fn timed(rows: &[(&str, f64, f64)], off: i128) -> Report {
    let cases: Vec<Case<'static>> = rows
        .iter()
        .map(|(name, ..)| {
            let named = SCENARIOS.iter().copied().find(|scenario| scenario.label() == *name).unwrap();
            case(named, &load(2, 2, 1000, false), false)
        })
        .collect();
    let mut report = report(&cases, &[run(off, true), run(off, true)], true);
    for (row, &(_, time, spread)) in report.results.iter_mut().zip(rows) {
        let updates = f64::from(u32::try_from(row.conditions.updates).unwrap());
        row.ns_per_update = time;
        row.summary.timing.median = time * updates / 1e9;
        row.summary.timing.mad = Some(spread * updates / 1e9);
    }
    report
}

#[test]
fn what_is_wrong_is_faster_where_that_is_beyond_the_spread() {
    let said = |wrong: f64, spread: f64| {
        let text = plain(&timed(&[("race", wrong, spread), ("atomic", 10.0, spread)], 7));
        text.lines().find(|line| line.starts_with("which one: ")).unwrap().to_owned()
    };
    let beyond = said(9.0, 0.4);
    assert!(beyond.ends_with("race is faster and wrong."), "{beyond}");
    let within = said(9.0, 0.6);
    assert!(within.ends_with("race is wrong, and faster by no more than the spread."), "{within}");
    let slower = said(11.0, 0.6);
    assert!(!slower.contains("race"), "{slower}");
}

#[test]
fn a_body_that_tests_x_is_not_said_to_overwrite() {
    let said = |body: &str| {
        let mut report = timed(&[("gil:3.9", 5.0, 0.1), ("race", 10.0, 0.1)], 7);
        report.results[0].body = Some(body.to_owned());
        plain(&report).lines().filter(|line| line.contains("wrong in")).map(str::to_owned).collect::<Vec<_>>()
    };
    let overwritten =
        "wrong in 2 of 2 rounds: a store overwrote what others had stored since its load (lost updates).";
    assert_eq!(said("x += d"), [format!("gil:3.9, race were {overwritten}")]);
    let tests = "gil:3.9 was wrong in 2 of 2 rounds: a worker acted on what it had read when others had changed that since.";
    assert_eq!(said("if x < 5: x += 1"), [tests.to_owned(), format!("race was {overwritten}")]);
}

#[test]
fn a_broken_promise_of_a_body_that_tests_x_may_be_the_model_s() {
    let why = |body: &str| {
        let scenario = UnderGil::new(body, "", "3.13".parse().unwrap(), &[[1, -1]]).unwrap();
        let report = alone(Box::leak(Box::new(scenario)), &load(2, 2, 1000, false), &[run(9, true)]);
        report.results[0].explanation.why.clone()
    };
    assert!(why("x += d").starts_with("updates were lost where none can be"), "{}", why("x += d"));
    let tests = why("y = x; x = max(x, 3)");
    assert!(tests.contains("it tries few iterations and small numbers only"), "{tests}");
}

#[test]
fn a_model_that_was_right_is_told_where_nothing_else_was() {
    let said = |rows: &[(&str, f64, f64)]| {
        let text = plain(&timed(rows, 0));
        text.lines().find(|line| line.starts_with("which one: ")).unwrap().to_owned()
    };
    let race = ("race", 1.0, 0.1);
    let told =
        "which one: none but gil:3.13, as the model of a version has it, whose time is of another kind.";
    assert_eq!(said(&[race, ("gil:3.13", 5.0, 0.1)]), told);
    assert_eq!(
        said(&[race, ("gil:3.9", 5.0, 0.1)]),
        "which one: none of these promises to be right and was."
    );
}

#[test]
fn who_shares_a_counter_is_told_of_what_is_as_fast_within_the_spread() {
    let said = |spread: f64| {
        let rows = [("sharded", 1.0, 0.1), ("atomic", 11.0, spread), ("mutex:parking-lot", 10.0, spread)];
        let text = plain(&timed(&rows, 0));
        text.lines().find(|line| line.starts_with("which one: ")).unwrap().to_owned()
    };
    let told = " Where the workers have to share one counter: mutex:parking-lot";
    assert!(said(0.4).ends_with(&format!("{told}.")), "{}", said(0.4));
    let within = said(0.6);
    assert!(within.ends_with(&format!("{told} (atomic: slower by no more than the spread).")), "{within}");
}

#[test]
fn what_the_column_relative_is_held_against_is_told_where_it_is_no_choice() {
    let said = |model: f64| {
        let text = plain(&timed(&[("gil:3.15", model, 0.1), ("atomic", 10.0, 0.1)], 0));
        text.lines().find(|line| line.starts_with("which one: ")).unwrap().to_owned()
    };
    let told = " Left out, as times of another kind: gil:3.15 (relative is to the fastest of all that are right, these included).";
    assert!(said(5.0).ends_with(told), "{}", said(5.0));
    assert!(said(20.0).ends_with(" Left out, as times of another kind: gil:3.15."), "{}", said(20.0));
}

#[test]
fn the_spread_of_sums_is_told_as_it_is_not_in_the_table() {
    let sums: Vec<Case<'static>> = ["split:thread", "split:rayon"]
        .iter()
        .map(|name| {
            let named = SCENARIOS.iter().copied().find(|scenario| scenario.label() == *name).unwrap();
            case(named, &load(2, 2, 1000, false), false)
        })
        .collect();
    let mut report = report(&sums, &[run(0, true), run(0, true)], true);
    let mut said = |mad: f64, quartiles: [[f64; 2]; 2]| {
        for ((row, time), quartiles) in report.results.iter_mut().zip([10e-3, 11e-3]).zip(quartiles) {
            row.summary.time_with_startup = time;
            row.summary.mad_with_startup = Some(mad);
            row.summary.quartiles_with_startup = Some(quartiles);
        }
        plain(&report)
    };
    let within = |most: &str| {
        format!(
            "rayon takes 1.10 times as long (no more than the spread: half of its runs took 10.6 ms to 11.5 ms, half of thread's 9.60 ms to {most})"
        )
    };
    let text = said(0.7e-3, [[9.6e-3, 10.4e-3], [10.6e-3, 11.5e-3]]);
    // The two halves lie apart, so they are no reason.
    let apart = "rayon takes 1.10 times as long (no more than the spread: the medians lie 1.00 ms apart, and the median deviations of both come to 1.40 ms)";
    assert!(text.contains(apart), "{text}");
    let text = said(0.1e-3, [[9.6e-3, 10.4e-3], [10.6e-3, 11.5e-3]]);
    assert!(text.contains("rayon takes 1.10 times as long."), "{text}");
    // Most runs are close together, and yet those of both lie among each other.
    let text = said(0.1e-3, [[9.6e-3, 10.7e-3], [10.6e-3, 11.5e-3]]);
    assert!(text.contains(&within("10.7 ms")), "{text}");
}

#[test]
fn the_cheapest_count_that_others_tie_with_is_told_as_a_dearest_one_is() {
    let said = |immortal: f64| {
        let ways = [
            ("refcount:mutex", 20.0, 0.1),
            ("refcount:arc", 19.9, 0.1),
            ("refcount:atomic", 8.0, 0.1),
            ("refcount:immortal", immortal, 0.01),
            ("refcount:deferred", 0.4, 0.01),
        ];
        let text = plain(&timed(&ways, 0));
        text.lines().find(|line| line.starts_with("dearest with one shared object")).unwrap().to_owned()
    };
    let tie = said(0.41);
    assert!(
        tie.ends_with(
            ": mutex (no difference within the spread: arc), at 50.0 times deferred, the cheapest (no difference within the spread: \
             immortal)."
        ),
        "{tie}"
    );
    let clear = said(0.5);
    assert!(clear.ends_with("at 50.0 times deferred, the cheapest."), "{clear}");
}

#[test]
fn a_sweep_does_not_hold_versions_against_each_other_either() {
    let warning = "; versions cannot be held against each other by these times.";
    for (versions, warned) in [("3.9,3.13", true), ("3.9", false)] {
        for threads in ["2", "1,2"] {
            let text = printed(&format!("gil --threads {threads} --cpython {versions} --iters 100 --runs 1"));
            assert_eq!(text.contains(warning), warned, "{text}");
        }
    }
}

#[test]
fn what_is_said_of_one_way_to_count_stands_by_itself() {
    for (way, threads) in [("=atomic", 2), ("=biased", 2), ("", 1)] {
        let text = printed(&format!("explore --refcount{way} --threads {threads}"));
        let (_, why) = text.split_once("why: ").unwrap();
        assert!(!why.contains("does either") && why.starts_with(char::is_lowercase), "{why}");
        assert!(why.contains("counts no schedule frees the object too early or leaks it: "), "{why}");
    }
    let text = printed("explore --refcount");
    assert!(text.contains("never freed. With atomic or biased counts no schedule does either: "), "{text}");
}

#[test]
fn an_exploration_says_between_what_workers_are_switched() {
    let (counter, whatever) = (
        "switched between any two of load, add and store",
        "switched around every read and write of what is shared, locks included, every operator and every call",
    );
    for (arguments, said) in [
        (&["--body", "x += d"][..], counter),
        (&["--body", "x = x + d"], counter),
        (&["--body", "with lock: x += d"], whatever),
        (&["--body", "x += d * len(s)"], whatever),
        (&["--body", "x += d if x < 1 else 0"], whatever),
        (&["--setup", "L = []", "--body", "L.append(d)", "--result", "len(L)"], whatever),
    ] {
        for form in ["table", "markdown"] {
            let mut command = crate::gilsim("explore --iters 1 --format");
            let output = command.arg(form).args(arguments).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(said), "{text}");
        }
    }
}

#[test]
fn a_sweep_chooses_among_what_can_be_chosen_in_each_combination() {
    // The model is the fastest that is right; it is no choice.
    let of_each =
        [("race", 1.0, 0.1), ("mutex:parking-lot", 10.0, 0.1), ("atomic", 20.0, 0.1), ("gil:3.13", 0.5, 0.1)];
    let rows = [of_each, of_each].concat();
    let mut report = timed(&rows, 7);
    for (at, row) in report.results.iter_mut().enumerate() {
        let threads = ["2", "4"][at / of_each.len()];
        let parameter =
            Parameter { option: "threads", value: threads.to_owned(), number: threads.parse().ok() };
        row.parameters = Parameters::default().with(parameter);
        if row.scenario != "race" {
            (row.summary.lost_runs, row.summary.verdict) = (0, gilsim::measure::stats::Verdict::Exact);
        }
    }
    let text = plain(&report);
    let which = text.lines().find(|line| line.starts_with("which one: ")).unwrap();
    assert_eq!(
        which,
        "which one: mutex:parking-lot, the fastest that is always right in each of 2 combinations. Left out, as times of another \
         kind: gil:3.13."
    );
}

#[test]
fn a_table_says_in_which_rows_workers_hardly_met() {
    let said = |overlaps: [f64; 2]| {
        let mut report = timed(&[("mutex:spin", 1.0, 0.1), ("atomic", 2.0, 0.1)], 0);
        for (row, overlap) in report.results.iter_mut().zip(overlaps) {
            row.summary.overlap = Some(overlap);
        }
        let text = plain(&report);
        text.lines()
            .find(|line| line.starts_with("note: in "))
            .map(|line| line.split_once(", fewer").unwrap().0.to_owned())
    };
    assert_eq!(said([0.9, 0.5]), None);
    assert_eq!(said([0.1, 0.9]).as_deref(), Some("note: in mutex:spin"));
    assert_eq!(said([0.1, 0.4]).as_deref(), Some("note: in mutex:spin and atomic"));
}

/// What is said of CPUs that others had, where the rows waited for one in these shares of their time and of their start-up.
fn said_of_others(
    names: [&str; 2],
    waits: [Option<f64>; 2],
    starts: [Option<f64>; 2],
    workers: usize,
) -> Vec<String> {
    let mut report = timed(&names.map(|name| (name, 1.0, 0.1)), 0);
    for ((row, wait), start) in report.results.iter_mut().zip(waits).zip(starts) {
        (row.summary.taken_by_others, row.summary.startup_cpu_wait, row.conditions.workers) =
            (wait, start, workers);
        row.summary.startup = 2e-3;
    }
    others_had(&report)
}

/// The lines that say so.
fn others_had(report: &Report) -> Vec<String> {
    let text = plain(report);
    let lines = text.lines().filter(|line| line.to_lowercase().contains("other programs had the cpus"));
    lines.map(|line| line.split("Other").last().unwrap().trim().to_owned()).collect()
}

#[test]
fn a_busy_machine_is_named_where_its_times_are_compared() {
    let (counters, sums) = (["mutex:spin", "atomic"], ["split:thread", "split:rayon"]);
    let unknown = [None, None];
    for nothing in [unknown, [Some(0.0), Some(0.09)]] {
        assert_eq!(said_of_others(counters, nothing, nothing, 2), Vec::<String>::new());
    }
    let caveat = "programs had the CPUs meanwhile (see the note): without them it may be another.";
    let note = |what: &str| {
        format!(
            "note: other programs had the CPUs: {what}. Times, and their ratios, are those of a machine that is as busy; measure again \
             on a calm one."
        )
    };
    let work =
        "of the CPU time that the workers could have had, at least 52 % in mutex:spin and 10 % in atomic";
    let start = "most of the start-up of split:rayon was a wait for a CPU";
    assert_eq!(
        said_of_others(counters, [Some(0.52), Some(0.1)], unknown, 2),
        [caveat.to_owned(), note(work)]
    );
    assert_eq!(said_of_others(sums, unknown, [Some(0.4), Some(0.6)], 2), [caveat.to_owned(), note(start)]);
    // Where nothing can be recommended, there is nothing that may be another.
    let mut report = timed(&[("race", 1.0, 0.1), ("gil:3.9", 2.0, 0.1)], 7);
    report.results[0].summary.taken_by_others = Some(0.5);
    assert_eq!(others_had(&report).len(), 1, "{}", plain(&report));
    // What it takes to start a counter's workers is in none of a comparison's figures.
    assert_eq!(said_of_others(counters, unknown, [Some(0.4), Some(0.6)], 2), Vec::<String>::new());
    // Four workers on two CPUs start one after the other.
    assert_eq!(said_of_others(sums, unknown, [Some(0.9), None], 4), Vec::<String>::new());
    // An idle CPU takes its time to take up a worker that is new.
    let mut report =
        timed(&[("mutex:std", 1000.0, 1.0), ("split:thread", 1000.0, 1.0), ("split:rayon", 1000.0, 1.0)], 0);
    for row in &mut report.results {
        (row.summary.startup_cpu_wait, row.summary.startup) = (Some(0.8), 300e-6);
    }
    assert_eq!(others_had(&report), Vec::<String>::new());
}

#[test]
fn a_speed_up_over_a_sequential_sum_that_had_half_a_cpu_has_a_note() {
    let thread = SCENARIOS.iter().copied().find(|scenario| scenario.label() == "split:thread").unwrap();
    let mut report = alone(thread, &load(2, 2, 100_000, false), &[run(0, true)]);
    assert!(!plain(&report).contains("other programs"), "{}", plain(&report));
    report.results[0].summary.taken_by_others = Some(0.5);
    let text = plain(&report);
    assert!(
        text.contains(
            "had the CPUs: of the CPU time that the workers could have had, at least 50 % in split:sequential"
        ),
        "{text}"
    );
}

#[test]
fn a_sequential_sum_that_stands_in_no_table_is_named_where_others_are_measured_against_it() {
    let named = [("split:sequential", 2.0, 0.1), ("split:thread", 1.0, 0.1), ("split:rayon", 1.0, 0.1)];
    let mut report = timed(&named, 0);
    report.results[0].baseline = true;
    assert_eq!(others_had(&report), Vec::<String>::new());
    report.results[0].summary.taken_by_others = Some(0.31);
    let said = others_had(&report);
    assert!(said.iter().any(|line| line.contains("at least 31 % in split:sequential")), "{said:?}");
}

#[test]
fn what_another_way_is_better_than_at_any_length_is_not_named_for_longer_ones() {
    // Times and start-ups in microseconds; thread's start-up scatters too much for a length to be told.
    let said = |process_time: f64| {
        let rows = [
            ("split:sequential", 92.3, 0.0, [92.0, 93.0]),
            ("split:thread", 52.2, 81.0, [127.0, 403.0]),
            ("split:process", process_time, 2589.0, [2600.0, 2700.0]),
        ];
        let mut report = timed(&rows.map(|(name, ..)| (name, 1.0, 0.1)), 0);
        for (row, (_, time, startup, quartiles)) in report.results.iter_mut().zip(rows) {
            row.summary.runs = 8;
            row.summary.timing.median = time * 1e-6;
            row.summary.timing.mad = Some(0.1e-6);
            row.summary.startup = startup * 1e-6;
            row.summary.time_with_startup = (time + startup) * 1e-6;
            row.summary.mad_with_startup = Some(1e-6);
            row.summary.quartiles_with_startup = Some(quartiles.map(|it| it * 1e-6));
            row.conditions.updates = 1_000_000;
        }
        let text = plain(&report);
        text.lines().find(|line| line.starts_with("which one: sequential")).unwrap().to_owned()
    };
    assert!(!said(53.8).contains("From about"), "{}", said(53.8));
    assert!(said(40.0).contains("numbers on process should be faster:"), "{}", said(40.0));
}

#[test]
fn a_cpu_time_that_is_too_short_to_tell_is_no_reason() {
    let thread = SCENARIOS.iter().copied().find(|scenario| scenario.label() == "split:thread").unwrap();
    let why = |cpu: u64| {
        // As it was seen: both from the start on, 681 ns in all.
        let spans = [(0, 471), (0, 681), (0, 1), (0, 1)].map(|(start, time)| (start, time * cpu / 721));
        let drawn = Drawn { spans: spans.to_vec(), cpu, ..run(0, true) };
        let text = plain(&alone(thread, &load(2, 2, 1000, false), &[drawn]));
        text.lines().find(|line| line.starts_with("why: ")).unwrap().to_owned()
    };
    assert!(why(721).contains("too short to tell what that gains"), "{}", why(721));
    assert!(why(72_100).contains("more CPU time than one CPU gives"), "{}", why(72_100));
}

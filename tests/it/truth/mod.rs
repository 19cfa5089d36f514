//! What a report says follows from what was observed: made-up observations of every kind, and the sentences that their
//! figures deny.

mod next;
mod small_print;

use gilsim::cli::Request;
use gilsim::measure::runner::{Case, CaseResult, Outcome};
use gilsim::measure::{
    Distribution, Group, LockUse, Objects, Observation, Parameter, Parameters, Pattern, Promise, Scenario,
    Workload,
};
use gilsim::python::version::Version;
use gilsim::report::convoy::ConvoyReport;
use gilsim::report::export::Format;
use gilsim::report::list::ListReport;
use gilsim::report::overhead::OverheadReport;
use gilsim::report::verify::VerifyReport;
use gilsim::report::{Header, Report, Row};
use gilsim::scenario;
use gilsim::scenario::convoy::{Beside, ConvoyRow, Latency, Passing};
use gilsim::scenario::gil::{BODY, UnderGil};
use gilsim::scenario::python::{Job, Python, Subject};
use gilsim::system::clock::{Span, Usage};
use gilsim::system::control::Control;
use gilsim::system::cpus::Cpus;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::LazyLock;
use std::time::Duration;

/// Every scenario, those under each version's GIL included.
static SCENARIOS: LazyLock<Vec<&'static dyn Scenario>> = LazyLock::new(|| {
    let under = |version: Version| {
        scenario::leak(UnderGil::new(BODY, "", version, &[[1, -1], [1, 1], [-1, -1]]).unwrap())
    };
    let locked = UnderGil::new("with lock: x += d", "", Version::V3_9, &[[1, -1]]).unwrap();
    let others = Version::ALL.iter().copied().map(under).chain([scenario::leak(locked)]);
    scenario::ALL.iter().copied().chain(others).collect()
});

fn load(workers: usize, usable: usize, iterations: u64, widen: bool) -> Workload {
    Workload {
        workers: NonZeroUsize::new(workers).unwrap(),
        iterations,
        from: 0,
        pattern: Pattern::PlusMinus,
        cpus: Cpus { usable, pinnable: (0..usable).collect() },
        pins: if workers <= usable { (0..workers).collect() } else { Vec::new() },
        objects: Objects::Shared,
        widen: NonZeroU64::new(64).filter(|_| widen),
        switch_interval: Duration::from_millis(5),
        record: false,
    }
}

/// What is drawn of one run; what a scenario cannot have is left out.
#[derive(Debug, Clone)]
struct Drawn {
    off: i128,
    spans: Vec<(u64, u64)>,
    startup: u64,
    cpu: u64,
    switches: u64,
    held: Vec<f64>,
    waited: Option<f64>,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let off = prop_oneof![Just(0_i128), Just(0), -1000_i128..1000];
    let spans = prop::collection::vec((0_u64..40_000_000, 1_u64..40_000_000), 4);
    let held = prop::collection::vec(0.0..0.25_f64, 4);
    let waited = prop::option::of(0.0..0.9_f64);
    (off, spans, 0_u64..9_000_000, 1_u64..400_000_000, 0_u64..100_000, held, waited).prop_map(
        |(off, spans, startup, cpu, switches, held, waited)| Drawn {
            off,
            spans,
            startup,
            cpu,
            switches,
            held,
            waited,
        },
    )
}

impl Drawn {
    fn observation(&self, scenario: &dyn Scenario, load: &Workload) -> Observation {
        let workers = load.workers.get();
        // Only a counter that is not protected can be wrong, or gilsim is broken, which a report has to bear, too.
        let may_lose = scenario.promise() == Promise::MayLose || self.off % 10 == 9;
        let off = if may_lose && scenario.group() == Group::Counter && workers > 1 { self.off } else { 0 };
        let times =
            Distribution { count: 3, median: 0.004, p99: 0.006, max: 0.007, histogram: vec![(0.008, 3)] };
        let at_work =
            self.spans[..workers].iter().map(|&(_, length)| Duration::from_nanos(length)).sum::<Duration>();
        let lock = scenario.label().contains("gil") && scenario.switch_interval(load).is_some();
        Observation {
            actual: scenario.group().expected(load) + off,
            spans: self.spans[..workers]
                .iter()
                .map(|&(start, length)| Span { start, end: start + length })
                .collect(),
            startup: Some(Duration::from_nanos(self.startup)),
            usage: Some(Usage {
                cpu: Duration::from_nanos(self.cpu),
                user: Duration::from_nanos(self.cpu / 4_000_000 * 4_000_000),
                system: Duration::ZERO,
                voluntary: self.switches,
                involuntary: 2,
                waited: self.waited.map(|share| at_work.mul_f64(share)),
            }),
            cpus: load.cpus.usable,
            startup_waited: self.waited.map(|share| Duration::from_nanos(self.startup).mul_f64(share)),
            foreign_values: (scenario.name() == "race").then_some(self.switches),
            lock: lock.then(|| LockUse {
                takes: 9,
                switches: 8,
                requests: 7,
                forced: 6,
                held: self.held[..workers].to_vec(),
                holds: times.clone(),
                waits: times,
            }),
            ..Observation::default()
        }
    }
}

fn report(cases: &[Case<'static>], runs: &[Drawn], comparison: bool) -> Report {
    let finished = cases
        .iter()
        .map(|case| CaseResult {
            expected: Some(case.scenario.group().expected(&case.load)),
            observations: runs.iter().map(|run| run.observation(case.scenario, &case.load)).collect(),
            failure: None,
        })
        .collect();
    Report::new(cases, &Outcome { finished, interrupted: false }, comparison)
}

fn case(scenario: &'static dyn Scenario, load: &Workload, baseline: bool) -> Case<'static> {
    Case { scenario, load: scenario.adapt(load), parameters: Parameters::default(), baseline }
}

/// A scenario alone, as its command has it: a way to split beside the sequential sum.
fn alone(scenario: &'static dyn Scenario, load: &Workload, runs: &[Drawn]) -> Report {
    let mut cases = Vec::new();
    if scenario.group() == Group::Sum && !scenario.is_sequential() {
        let sequential = SCENARIOS.iter().copied().find(|scenario| scenario.is_sequential()).unwrap();
        cases.push(case(sequential, load, true));
    }
    cases.push(case(scenario, load, false));
    report(&cases, runs, false)
}

fn plain(document: &dyn gilsim::report::Document) -> String {
    anstream::adapter::strip_str(&Format::Table.render(document, None, "gilsim").unwrap()).to_string()
}

/// The effects that a text states although the row's figures deny them.
fn denied(text: &str, row: &Row, cpus: usize) -> Vec<&'static str> {
    let summary = &row.summary;
    let several = cpus > 1 && row.conditions.workers > 1;
    let overlapped = summary.overlap.is_some_and(|share| share >= 0.5);
    let above = |value: Option<f64>| value.is_some_and(|value| value > 1.0);
    let lost = summary.lost_runs > 0;
    let slept = summary.voluntary_switches.unwrap_or(0.0);
    // What is said, and whether it holds.
    let updates = f64::from(u32::try_from(row.conditions.updates).unwrap());
    let takes = summary.lock.as_ref().map(|lock| lock.takes);
    let several_cpus = summary.most_cpus.is_none_or(|most| most > 1.1);
    let waited = summary.taken_by_others.is_some_and(|share| share >= 0.1)
        || summary.startup_cpu_wait.is_some_and(|share| share >= 0.5);
    let rules: [(&'static str, bool); 19] = [
        ("other programs had the CPUs", waited),
        ("not for each update", takes.is_some_and(|takes| takes < updates)),
        ("under a GIL, not of Python", takes.is_some()),
        ("used several CPUs at once", several && overlapped && several_cpus && above(row.speedup)),
        ("more CPU time than one CPU gives", !several_cpus),
        ("no faster than one worker", !above(row.speedup)),
        ("start them took longer than that saved", !above(row.speedup_with_startup)),
        ("fewer than two of them were at work", !overlapped),
        ("at the same time; the later store", several && lost),
        ("overwrote", lost),
        ("was overwritten", lost),
        ("nothing is lost", !lost),
        ("no store can fall", !lost),
        ("nothing can come in between", !lost),
        ("nothing to lose", !lost),
        ("the result is right this time", !lost && summary.runs > 0),
        ("the CPUs still take turns", several && several_cpus && overlapped),
        ("two or more workers were at work", summary.lock.is_none() && several),
        ("±", summary.runs > 1),
    ];
    let mut denied: Vec<&'static str> = rules
        .into_iter()
        .filter(|&(said, holds)| text.contains(said) && !holds)
        .map(|(said, _)| said)
        .collect();
    if let Some((_, rest)) = text.split_once("went to sleep ") {
        let times: f64 = rest.split(' ').next().unwrap().replace(',', "").parse().unwrap();
        if (times - slept).abs() > 0.5 {
            denied.push("went to sleep so often");
        }
    }
    denied
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_report_of_one_scenario_states_what_its_figures_deny(
        which in any::<prop::sample::Index>(),
        workers in 1_usize..=4,
        usable in 1_usize..=4,
        widen in any::<bool>(),
        runs in prop::collection::vec(drawn(), 0..4),
    ) {
        let scenario = SCENARIOS[which.index(SCENARIOS.len())];
        let report = alone(scenario, &load(workers, usable, 100_000, widen), &runs);
        let row = report.measured().next().unwrap();
        let text = plain(&report);
        prop_assert_eq!(denied(&text, row, usable), Vec::<&str>::new(), "{}", text);
        if let Some(lock) = row.summary.lock.as_ref().filter(|_| workers > 1) {
            // The shares of the holders and the rest are all of the time.
            let held = text.lines().find(|line| line.trim_start().starts_with("held")).unwrap();
            let shares: Vec<f64> = held.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
            prop_assert_eq!(shares.len(), lock.held.len() + 1);
            prop_assert!((shares.iter().sum::<f64>() - 100.0).abs() <= 3.0, "{}", held);
        }
        if row.summary.cpu == Some(0.0) || row.summary.user.is_none() {
            prop_assert!(!text.contains("CPU time  0 s"), "{}", text);
        }
    }

    #[test]
    fn the_advice_of_a_comparison_follows_from_its_rows(
        usable in 1_usize..=2,
        runs in prop::collection::vec(drawn(), 1..4),
        order in Just((0..scenario::ALL.len()).collect::<Vec<_>>()).prop_shuffle(),
        some in 2_usize..13,
    ) {
        let cases = order[..some].iter().map(|&which| case(scenario::ALL[which], &load(2, usable, 100_000, false), false));
        let mut cases: Vec<Case<'static>> = cases.collect();
        for (index, case) in cases.iter_mut().enumerate() {
            // Not all the same length, so that rows differ.
            case.load.pins.clear();
            case.load.iterations += index as u64;
        }
        let mut report = report(&cases, &runs, true);
        for (index, row) in report.results.iter_mut().enumerate() {
            let scale = f64::from(u32::try_from(index * 7 % 5 + 1).unwrap());
            row.summary.timing.median *= scale;
            row.summary.time_with_startup *= scale;
        }
        let text = plain(&report);
        for line in text.lines().filter_map(|line| line.strip_prefix("which one: ")) {
            let Some((name, _)) = line.split_once(", the fastest") else { continue };
            let best = report.results.iter().find(|row| row.short_name() == name).unwrap();
            prop_assert!(best.is_right_for_sure(), "{}", text);
            let cost = if best.group == Group::Sum { Row::time_with_startup } else { Row::time };
            for row in report.results.iter().filter(|row| row.group == best.group) {
                if row.is_right_for_sure() && row.body.is_none() {
                    prop_assert!(cost(row) >= cost(best), "{}", text);
                }
                let numbers = f64::from(u32::try_from(row.conditions.updates).unwrap());
                for (start, above) in [("From about ", true), ("Below about ", false)] {
                    // What is told of other lengths does not deny what was seen with this one.
                    let length = line.split_once(start).and_then(|(_, rest)| rest.split(' ').next());
                    let length = length.map(|it| it.replace(',', "").parse::<f64>().unwrap());
                    let holds = length.is_none_or(|it| if above { it >= numbers } else { it <= numbers });
                    prop_assert!(holds || row.short_name() != name, "{}", text);
                }
                // A model's time is of another kind.
                let kind = |row: &Row| (row.body.is_some(), row.gil.is_some());
                let wrong = row.summary.lost_runs > 0 && row.promise == Promise::MayLose;
                let holds = wrong && kind(row) == kind(best) && cost(row) < cost(best);
                let mads = [row, best].map(|row| row.summary.timing.mad);
                let close = mads[0].zip(mads[1]).is_some_and(|(one, other)| cost(best) - cost(row) <= one + other);
                for (what, within) in
                    [("faster and wrong", false), ("wrong, and faster by no more than the spread", true)]
                {
                    let wrong = format!(" {} is {what}.", row.short_name());
                    prop_assert_eq!(line.contains(&wrong), holds && close == within, "{}", text);
                }
            }
        }
    }

    #[test]
    fn a_convoy_effect_is_stated_where_the_figures_show_it(
        idle in prop::collection::vec(1e-6..2e-3_f64, 5..40),
        slower in prop_oneof![Just(0.3), Just(1.0), Just(3.0), Just(30.0), Just(1000.0)],
        hand_off in prop_oneof![
            Just(Passing::Interval), Just(Passing::Interval), Just(Passing::Ticks), Just(Passing::None)
        ],
    ) {
        let loaded = idle.iter().map(|time| time * slower).collect();
        let (idle, loaded) = (Latency::of(&[idle]), Latency::of(&[loaded]));
        let text = plain(&convoy(hand_off, idle.clone(), loaded.clone()));
        let delay = loaded.median - idle.median;
        let waited = match hand_off {
            Passing::None => false,
            Passing::Ticks => delay > idle.median,
            // Twenty intervals are not one.
            Passing::Interval => loaded.median >= 0.005 && delay <= 20.0 * 0.005,
        };
        let says = text.contains("the convoy effect");
        prop_assert_eq!(says, waited && delay > idle.median, "{}", text);
        let explained = text.contains("a computing worker keeps it") || text.contains("once in a hundred ticks");
        let some_waited = loaded.p99 >= 0.005 && hand_off != Passing::None;
        prop_assert!(!explained || says || some_waited, "{}", text);
        prop_assert!(!text.contains("whole switch interval") || hand_off == Passing::Interval, "{}", text);
    }
}

fn convoy(hand_off: Passing, idle: Latency, loaded: Latency) -> ConvoyReport {
    let row = ConvoyRow {
        parameters: Parameters::default(),
        beside: Beside { hogs: 1, switch_interval: Duration::from_millis(5) },
        subject: "model 3.14".to_owned(),
        hand_off: Some(hand_off),
        switch_interval: (hand_off == Passing::Interval).then_some(0.005),
        idle: Some(idle),
        loaded: Some(loaded),
        failure: None,
        holds: None,
    };
    ConvoyReport {
        header: Header::new(2, false),
        hogs: Some(1),
        pings: 200,
        switch_interval: Some(0.005),
        results: vec![row],
        baseline: None,
    }
}

#[test]
fn no_gil_no_convoy() {
    // As it was seen: loaded 12 us, idle 43 us.
    let text = plain(&convoy(Passing::None, Latency::of(&[vec![43e-6; 9]]), Latency::of(&[vec![12e-6; 9]])));
    assert!(text.contains("no convoy effect was seen, and there is no GIL to wait for"), "{text}");
    assert!(!text.contains("keeps it until it is asked"), "{text}");
}

#[test]
fn a_trip_shorter_than_the_interval_did_not_wait_for_the_gil() {
    let said = |slowest: f64| {
        let loaded = [vec![15e-6; 39], vec![slowest]].concat();
        plain(&convoy(Passing::Interval, Latency::of(&[vec![30e-6; 40]]), Latency::of(&[loaded])))
    };
    let shorter = said(3.89e-3);
    assert!(!shorter.contains("as those do that wait") && !shorter.contains("keeps it until"), "{shorter}");
    assert!(said(5.1e-3).contains("as those do that wait for the GIL"), "{}", said(5.1e-3));
}

#[test]
fn a_few_trips_that_took_an_interval_are_told_whatever_an_idle_one_took() {
    let of = |slow: &[f64]| Latency::of(&[[&vec![15e-6; 1500 - slow.len()][..], slow].concat()]);
    let said = |passing, alone: &[f64], beside: &[f64]| plain(&convoy(passing, of(alone), of(beside)));
    let some = said(Passing::Interval, &[4.69e-3], &[5.08e-3, 5.1e-3, 32e-3]);
    assert!(
        some.contains("but 3 of 1500 took a switch interval or longer, the longest 32.0 ms; 0 alone"),
        "{some}"
    );
    assert!(some.contains("Here it mostly had it back") && !some.contains("was seen"), "{some}");
    for none in [
        said(Passing::Interval, &[5.08e-3], &[5.1e-3]),
        said(Passing::None, &[], &[5.1e-3, 6e-3]),
        said(Passing::Interval, &[], &[3e-3]),
    ] {
        assert!(!none.contains("took a switch interval") && !none.contains("mostly"), "{none}");
    }
}

#[test]
fn where_no_trip_waited_the_computing_worker_did_not_have_the_gil() {
    let said = |hand_off: Passing, loaded: f64| {
        plain(&convoy(hand_off, Latency::of(&[vec![17e-6; 40]]), Latency::of(&[vec![loaded; 40]])))
    };
    let slept = "a computing worker that sleeps keeps nobody waiting";
    let absent = said(Passing::Interval, 15e-6);
    assert!(absent.contains("no convoy effect was seen") && absent.contains(slept), "{absent}");
    for other in [said(Passing::Interval, 10e-3), said(Passing::None, 15e-6)] {
        assert!(!other.contains(slept), "{other}");
    }
}

/// A trip that takes no longer than alone had no convoy effect, however short the interval is.
#[test]
fn a_trip_as_long_as_alone_did_not_wait_for_the_gil() {
    let loaded = [vec![6e-3; 38], vec![70e-3; 2]].concat();
    let text = plain(&convoy(Passing::Interval, Latency::of(&[vec![6e-3; 40]]), Latency::of(&[loaded])));
    assert!(text.contains("no convoy effect in most round trips; but the slowest"), "{text}");
}

/// With an interval of a microsecond a wait for it is not what takes a hundred.
#[test]
fn many_switch_intervals_are_not_explained_by_one() {
    let [idle, loaded] = [20e-6, 150e-3].map(|time| Latency::of(&[vec![time; 9]]));
    let text = plain(&convoy(Passing::Interval, idle, loaded));
    assert!(text.contains("slower, and by so many times the switch interval that"), "{text}");
    assert!(!text.contains("keeps it until") && !text.contains("the convoy effect"), "{text}");
}

#[test]
fn a_convoy_without_a_timeline_is_named_beside_one_that_has_it() {
    use gilsim::system::holds::Holds;
    let [idle, loaded] = [20e-6, 30e-6].map(|time| Latency::of(&[vec![time; 9]]));
    let mut report = convoy(Passing::Interval, idle.clone(), loaded.clone());
    assert!(!plain(&report).contains("No timeline of"));
    report.results[0].holds = Some(Holds::default());
    assert!(!plain(&report).contains("No timeline of"));
    let mut without = convoy(Passing::None, idle, loaded).results.remove(0);
    without.subject = "model 3.14t".to_owned();
    report.results.push(without);
    assert!(plain(&report).contains("No timeline of model 3.14t: there is no GIL."), "{}", plain(&report));
}

#[test]
fn the_interval_of_a_convoy_is_not_said_of_those_that_have_none() {
    let figures = || (Latency::of(&[vec![20e-6; 9]]), Latency::of(&[vec![30e-6; 9]]));
    let row = |hand_off, subject: &str| {
        let (idle, loaded) = figures();
        let mut row = convoy(hand_off, idle, loaded).results.remove(0);
        row.subject = subject.to_owned();
        row
    };
    let (idle, loaded) = figures();
    let mut report = convoy(Passing::Interval, idle, loaded);
    let title = |report: &ConvoyReport| plain(report).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(title(&report).contains("switch interval 5.00 ms; p99"), "{}", title(&report));
    report.results.push(row(Passing::None, "model 3.13t"));
    assert!(title(&report).contains("switch interval 5.00 ms (3.13t has no GIL); p99"), "{}", title(&report));
    report.results.extend([row(Passing::None, "python 3.14.0t"), row(Passing::Ticks, "model 2.7")]);
    let all = "(2.7 counts ticks instead; 3.13t, 3.14.0t have no GIL)";
    assert!(title(&report).contains(&format!("switch interval 5.00 ms {all}; p99")), "{}", title(&report));
    // The same where each row says which interval it had.
    report.switch_interval = None;
    for row in &mut report.results {
        row.parameters = Parameters::default().with(Parameter {
            option: "switch-interval",
            value: "5ms".to_owned(),
            number: None,
        });
    }
    assert!(title(&report).contains(&format!("as in the rows {all}; p99")), "{}", title(&report));
}

/// A run of a round number of milliseconds, in which all workers overlap or none does.
fn run(off: i128, overlapping: bool) -> Drawn {
    let start = |worker: u64| if overlapping { worker } else { worker * 5_000_000 };
    Drawn {
        off,
        spans: (0..4).map(|worker| (start(worker), 4_000_000)).collect(),
        startup: 100_000,
        cpu: 8_000_000,
        switches: 57,
        held: vec![0.07; 4],
        waited: Some(0.0),
    }
}

#[test]
fn a_fair_mutex_says_how_often_its_workers_slept() {
    let fair = SCENARIOS.iter().copied().find(|scenario| scenario.label() == "mutex:fair").unwrap();
    let text = plain(&alone(fair, &load(4, 4, 100_000, false), &[run(0, true)]));
    assert!(text.contains("in 400,000 updates the workers went to sleep 57 times"), "{text}");
    for said in [fair.lesson(), &plain(&ListReport::new(2))] {
        assert!(!said.contains("context switch each"), "{said}");
    }
}

#[test]
fn what_is_held_by_nobody_is_said() {
    let old = SCENARIOS.iter().copied().find(|scenario| scenario.label() == "gil:3.9").unwrap();
    let text = plain(&alone(old, &load(4, 4, 100_000, false), &[run(3, true)]));
    assert!(
        text.contains("7 %, 7 %, 7 %, 7 % of the time, worker by worker; free or being handed over 72 %"),
        "{text}"
    );
}

fn titles(names: &[&str]) -> (String, String) {
    let of_name =
        |name: &&str| SCENARIOS.iter().copied().find(|scenario| scenario.label() == **name).unwrap();
    let cases =
        names.iter().map(|name| case(of_name(name), &load(2, 2, 1000, false), false)).collect::<Vec<_>>();
    let text = plain(&report(&cases, &[run(0, true)], true));
    let line = |start: &str| text.lines().find(|line| line.contains(start)).unwrap().to_owned();
    (line("expected"), line("usable"))
}

#[test]
fn a_header_is_made_from_all_rows() {
    let (mixed, _) = titles(&["race", "sharded"]);
    assert!(
        mixed.contains("2 workers on one counter (sharded: with a counter each), 1,000 updates"),
        "{mixed}"
    );
    assert_eq!(mixed, titles(&["sharded", "race"]).0);
    assert!(titles(&["sharded"]).0.contains("2 workers with a counter each"));

    let ways = ["split:sequential", "split:thread", "split:process"];
    let (split, machine) = titles(&ways);
    assert!(split.contains("by 2 workers (sequential: 1 worker); expected"), "{split}");
    assert!(
        machine.contains("workers pinned to CPUs 0 and 1 (sequential: worker pinned to CPU 0)"),
        "{machine}"
    );
    assert_eq!(titles(&["split:process", "split:thread", "split:sequential"]), (split, machine));
    // Two rows, one of each kind.
    assert_eq!(titles(&ways[..2]), titles(&["split:thread", "split:sequential"]));
}

#[test]
fn a_header_says_what_a_body_adds() {
    let header = |body: &str| {
        let scenario = scenario::leak(UnderGil::new(body, "", Version::V3_14, &[[1, -1]]).unwrap());
        let text = plain(&alone(scenario, &load(2, 2, 1000, false), &[run(0, true)]));
        text.lines().find(|line| line.starts_with("gil:3.14")).unwrap().to_owned()
    };
    assert!(header("x += 1").ends_with("1,000 iterations each of `x += 1`"), "{}", header("x += 1"));
    assert!(
        header("x += d").ends_with("of `x += d` (d is 1 in one worker, -1 in the other)"),
        "{}",
        header("x += d")
    );
}

#[test]
fn one_run_has_no_spread() {
    for scenario in scenario::ALL.iter().copied() {
        let one = plain(&alone(scenario, &load(2, 2, 1000, false), &[run(0, true)]));
        assert!(!one.contains('±') && !one.contains("median of"), "{one}");
    }
    let cases = || {
        scenario::ALL
            .iter()
            .map(|&scenario| case(scenario, &load(2, 2, 1000, false), false))
            .collect::<Vec<_>>()
    };
    let one = plain(&report(&cases(), &[run(0, true)], true));
    assert!(!one.contains('±') && one.contains("time: of the only round"), "{one}");
    let two = plain(&report(&cases(), &[run(0, true), run(0, false)], true));
    assert!(two.contains("time: median of 2 rounds"), "{two}");
}

#[test]
fn the_speed_up_of_every_way_is_told() {
    let cases = scenario::ALL
        .iter()
        .map(|&scenario| case(scenario, &load(2, 2, 1000, false), false))
        .collect::<Vec<_>>();
    let text = plain(&report(&cases, &[run(0, true)], true));
    let line = text.lines().find(|line| line.starts_with("speed-up")).unwrap();
    for way in ["threads 1.00", "rayon", "threads under a GIL", "processes", "in brackets with start-up"] {
        assert!(line.contains(way), "{way}: {line}");
    }
}

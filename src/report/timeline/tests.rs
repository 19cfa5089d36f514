use super::*;
use crate::report::chart::terminal::Screen;
use crate::system::clock::Span;
use crate::system::holds::{Hold, Holds};
use anstream::adapter::strip_str;
use proptest::prelude::*;
use serde_json::Value;

/// Two workers that hand a lock to and fro every five milliseconds, each asking after four.
fn to_and_fro(times: u64) -> Holds {
    const MS: u64 = 1_000_000;
    let hold = |number: u64| Hold {
        worker: usize::from(number % 2 == 1),
        waited_since: (number > 0).then(|| 100 + number.saturating_sub(1) * 5 * MS),
        requested: (number > 0).then(|| 100 + number * 5 * MS - MS),
        taken: 100 + number * 5 * MS,
        released: 100 + (number + 1) * 5 * MS - 1000,
        forced: number + 1 < times,
    };
    Holds { kept: (0..times).map(hold).collect(), left_out: 0 }
}

fn timeline(holds: &Holds, workers: usize) -> Timeline {
    Timeline::of_holds("timeline of a lock".to_owned(), (0..workers).map(worker).collect(), &[], holds)
}

fn strip(timeline: &Timeline, window: Window, width: usize, unicode: bool) -> String {
    strip_str(&strip::render(timeline, window, Screen { width, unicode })).to_string()
}

#[test]
fn a_strip_shows_who_held_the_lock_and_who_asked() {
    let drawn = strip(&timeline(&to_and_fro(8), 2), Window::Last, 50, false);
    let expected = "\
timeline of a lock
(all of it)
worker 1  #####...a#####...a#####...a#####...a
worker 2  ...a#####...a#####...a#####...a#####
# holds the lock   . waits for the lock   blank: neither   a asks for it
";
    let rows = |text: &str| text.lines().filter(|line| line.starts_with("worker")).count();
    assert_eq!(rows(&drawn), rows(expected));
    let row = |text: &str, start: &str| text.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    for (one, other) in row(&drawn, "worker 1").chars().zip(row(&drawn, "worker 2").chars()).skip(10) {
        assert!(!(one == '#' && other == '#'), "{drawn}");
    }
    assert!(row(&drawn, "worker 2").contains(".a#####"), "{drawn}");
    assert!(drawn.lines().all(|line| line.len() <= 50), "{drawn}");
    assert!(drawn.is_ascii());
}

#[test]
fn the_part_that_is_shown_is_the_end_the_densest_or_what_was_asked_for() {
    let mut holds = to_and_fro(40);
    // In the middle the lock goes to and fro ten times as fast.
    for number in 20..30 {
        let taken = 100 + 20 * 5_000_000 + (number - 20) * 500_000;
        let hold = &mut holds.kept[usize::try_from(number).unwrap()];
        (hold.taken, hold.released, hold.waited_since, hold.requested) = (taken, taken + 400_000, None, None);
    }
    let timeline = timeline(&holds, 2);
    let shown = |window: &str, columns| window.parse::<Window>().unwrap().of(&timeline, columns);
    assert_eq!(shown("last", 40).end, timeline.end);
    let densest = shown("densest", 8);
    assert!(densest.start >= 94_000_000 && densest.end <= 36 * 5_000_000, "{densest:?}");
    assert_eq!(shown("10ms..20ms", 40), 10_000_000..20_000_000);
    assert_eq!(shown("0..1ms", 40), 0..1_000_000);
    let beyond = shown("50s..60s", 40);
    assert!(beyond.start < beyond.end && beyond.end <= timeline.end);
    for wrong in ["", "first", "5", "20ms..10ms", "1..2", "..5ms", "10ms.."] {
        assert!(wrong.parse::<Window>().is_err(), "{wrong}");
    }
}

/// A hold of a worker, in nanoseconds.
fn held(worker: usize, taken: u64, released: u64) -> Hold {
    Hold { worker, waited_since: None, requested: None, taken, released, forced: false }
}

/// How many hand-offs lie in a part.
fn hand_offs_in(timeline: &Timeline, part: &std::ops::Range<u64>) -> usize {
    let within = |it: &&HandOff| part.start <= it.released && it.taken <= part.end;
    timeline.hand_offs.iter().filter(within).count()
}

#[test]
fn a_part_is_as_wide_as_turns_are_however_short_most_holds_are() {
    // The first worker has a turn of a millisecond; the second takes the lock a thousand times in its own.
    let mut kept = Vec::new();
    for turn in 0..100 {
        let start = turn * 2_000_000;
        kept.push(held(0, start, start + 999_000));
        kept.extend((0..1000).map(|at| start + 1_000_000 + at * 1000).map(|at| held(1, at, at + 300)));
    }
    let timeline = timeline(&Holds { kept, left_out: 0 }, 2);
    for window in [Window::Last, Window::Densest] {
        let part = window.of(&timeline, 80);
        let count = hand_offs_in(&timeline, &part);
        assert!((18..=21).contains(&count), "{window:?}: {count} in {part:?}");
        for track in &timeline.tracks {
            assert!(track.slices.iter().any(|it| part.start <= it.start && it.end <= part.end), "{part:?}");
        }
    }
}

#[test]
fn of_a_convoy_the_round_trips_are_drawn() {
    // Most holds are the round trips' own, of a third of a microsecond; between any two of them a hog has the lock for 5 ms.
    let mut kept = Vec::new();
    for trip in 0..30 {
        let start = trip * 5_001_000;
        kept.extend([0, 400, 800].map(|at| held(0, start + at, start + at + 300)));
        kept.push(held(1 + usize::try_from(trip % 2).unwrap(), start + 1_200, start + 5_000_900));
    }
    let timeline = timeline(&Holds { kept, left_out: 0 }, 3);
    for columns in [20, 60, 96] {
        let part = Window::Last.of(&timeline, columns);
        let trips = timeline.tracks[0].slices.iter().filter(|it| part.contains(&it.start)).count();
        assert!(trips >= 3, "{trips} in {part:?}");
    }
}

/// Two workers that run one after the other; of the first one's holds none is kept, of the second one's each takes three
/// parts of ten.
fn only_the_second_half_is_kept() -> (Timeline, u64) {
    let hold = |number: u64| Hold {
        worker: 1,
        waited_since: None,
        requested: None,
        taken: 1_000_000 + number * 100,
        released: 1_000_030 + number * 100,
        forced: false,
    };
    let holds = Holds { kept: (0..10_000).map(hold).collect(), left_out: 20_000 };
    let spans = [Span { start: 0, end: 1_000_000 }, Span { start: 0, end: 2_000_000 }];
    let names = (0..2).map(worker).collect();
    (Timeline::of_holds("timeline of a lock".to_owned(), names, &spans, &holds), 1_000_000)
}

#[test]
fn what_was_not_kept_is_not_drawn_and_said_to_be_unknown() {
    let (timeline, known) = only_the_second_half_is_kept();
    for window in ["last", "densest", "0..2ms", "0..500us", "500us..1ms", "1500us..2ms", "3ms..4ms"] {
        let window = window.parse::<Window>().unwrap();
        let part = window.of(&timeline, 40);
        assert!(
            known <= part.start && part.start < part.end && part.end <= 2_000_000,
            "{window:?}: {part:?}"
        );
        let drawn = strip(&timeline, window, 500, false);
        let picture = picture::file(std::slice::from_ref(&timeline), window);
        for text in [&drawn, &picture] {
            assert!(!text.contains("all of it"), "{text}");
        }
        assert!(drawn.contains("known from 1.00 ms on: the lock was held 20,000 times before"), "{drawn}");
        assert!(drawn.contains("blank: neither for most of the time"), "{drawn}");
        let not_kept = matches!(window, Window::Between(_, 500_000 | 1_000_000));
        assert_eq!(drawn.contains("nothing is known of the part that was asked for"), not_kept, "{drawn}");
    }
    // Where a column is shorter than a hold, what is blank is no more than that.
    let close = strip(&timeline, Window::Between(1_500_000, 1_500_400), 50, false);
    assert!(close.contains('#') && close.trim_end().ends_with("blank: neither"), "{close}");
}

fn events(timelines: &[Timeline]) -> Vec<Value> {
    let trace: Value = serde_json::from_str(&trace::render(timelines)).unwrap();
    trace["traceEvents"].as_array().unwrap().clone()
}

#[test]
fn a_trace_has_a_slice_for_each_stretch_and_an_arrow_for_each_hand_off() {
    let events = events(&[timeline(&to_and_fro(10), 2)]);
    let named =
        |phase: &str, name: &str| events.iter().filter(|it| it["ph"] == phase && it["name"] == name).count();
    assert_eq!((named("X", "holds"), named("X", "waits"), named("i", "asks")), (10, 9, 9));
    assert_eq!((named("s", "forced hand-off"), named("f", "forced hand-off")), (9, 9));
    assert_eq!(named("M", "thread_name"), 2);
    let counts: Vec<i64> = events
        .iter()
        .filter(|it| it["ph"] == "C")
        .map(|it| it["args"]["workers"].as_i64().unwrap())
        .collect();
    assert!(counts.iter().all(|count| (0..=2).contains(count)) && counts.last() == Some(&0), "{counts:?}");
}

#[test]
fn a_trace_of_many_workers_is_of_bounded_size() {
    // As many as are kept, by 64 workers, in some ten seconds.
    let hold = |number: u64| Hold {
        worker: usize::try_from(number % 64).unwrap(),
        waited_since: Some(10_000_000_123 + number * 400_000),
        requested: Some(10_005_000_123 + number * 400_000),
        taken: 10_100_000_123 + number * 400_000,
        released: 10_100_300_456 + number * 400_000,
        forced: true,
    };
    let most = u64::try_from(crate::system::holds::MOST_HOLDS).unwrap();
    let holds = Holds { kept: (0..most).map(hold).collect(), left_out: 7 };
    let trace = trace::render(&[timeline(&holds, 64)]);
    assert!(trace.len() < 20_000_000, "{}", trace.len());
    assert!(trace.contains("the lock was held 7 times before, which"));
}

#[test]
fn steps_of_a_schedule_are_a_timeline_too() {
    let timeline = Timeline::of_steps(
        "a schedule".to_owned(),
        vec!["A".to_owned(), "B".to_owned()],
        &[(0, 1), (1, 3), (0, 2)],
    );
    let drawn = strip(&timeline, Window::Last, 15, false);
    assert!(drawn.contains("A  ##      ####") || drawn.contains("A  ##"), "{drawn}");
    assert!(drawn.contains("# is at work") && !drawn.contains("lock"), "{drawn}");
    assert_eq!(timeline.end, 6);
}

proptest! {
    #[test]
    fn whatever_was_recorded_is_drawn_and_written(
        holds in prop::collection::vec((0_usize..5, 0_u64..1000, 1_u64..1000, any::<bool>(), any::<bool>()), 0..60),
        width in 20_usize..120,
        densest: bool,
    ) {
        let mut at = 0;
        let kept = holds.into_iter().map(|(worker, gap, length, waited, forced)| {
            let taken = at + gap;
            at = taken + length;
            let waited_since = waited.then_some(taken.saturating_sub(gap));
            Hold { worker, waited_since, requested: waited_since, taken, released: at, forced }
        });
        let holds = Holds { kept: kept.collect(), left_out: 0 };
        let timeline = timeline(&holds, 4);
        let window = if densest { Window::Densest } else { Window::Last };
        // No part of the densest one's length has more hand-offs.
        let part = Window::Densest.of(&timeline, 40);
        let length = part.end - part.start;
        for start in timeline.hand_offs.iter().map(|it| it.released) {
            let other = start..start + length;
            prop_assert!(hand_offs_in(&timeline, &part) >= hand_offs_in(&timeline, &other), "{:?}, {:?}", part, other);
        }
        let drawn = strip(&timeline, window, width, true);
        prop_assert!(drawn.lines().all(|line| textwrap::core::display_width(line) <= width), "{}", drawn);
        let picture = picture::file(std::slice::from_ref(&timeline), window);
        prop_assert!(picture.trim_end().ends_with("</svg>"), "{}", picture);
        let whole: u64 = events(&[timeline]).iter().filter(|it| it["name"] == "holds").count() as u64;
        prop_assert_eq!(whole, holds.kept.iter().filter(|hold| hold.worker < 4).count() as u64);
    }
}

#[test]
fn the_commands_page_names_the_slices_of_a_trace() {
    let page = include_str!("../../../docs/commands.md");
    let told = page.lines().find(|line| line.contains("slices named")).unwrap();
    for doing in Doing::ALL {
        assert!(told.contains(&format!("`{}`", doing.word())), "{}: {told}", doing.word());
    }
}

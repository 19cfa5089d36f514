//! A timeline as a picture (SVG): a lane for each worker, arrows for hand-offs.

use super::data::{Doing, Timeline, Track, Unit};
use super::window::Window;
use crate::report::chart::svg;
use crate::report::chart::svg::pen::{EDGE, LINE, Sheet, line, rect, text, wide, wrapped};
use crate::report::markup::{Markup, length};

/// How high a lane is, and its bar within it.
const LANE: f64 = 30.0;
const BAR: f64 = 18.0;
/// The most workers that are drawn.
const MOST_LANES: usize = 32;
/// How many columns' worth of time a picture shows.
const COLUMNS: u64 = 96;

/// Draws a part of a timeline from a height on, and says where it ends.
pub(in crate::report) fn draw(
    timeline: &Timeline,
    window: Window,
    sheet: Sheet<'_>,
    into: &mut Markup,
) -> f64 {
    let part = window.of(timeline, COLUMNS);
    let mut y = EDGE;
    let narrower = Sheet { width: sheet.width * 0.84, ..sheet };
    for words in wrapped(&timeline.title, narrower) {
        y += LINE;
        text(into, "title", "start", [EDGE, y], &words);
    }
    for words in wrapped(&caption(timeline, &part), sheet) {
        y += LINE;
        text(into, "soft", "start", [EDGE, y], &words);
    }
    y += LINE;
    let tracks = || timeline.tracks.iter().take(MOST_LANES);
    let names = tracks().map(|track| wide(&track.name)).fold(0.0, f64::max);
    let (left, right) = (EDGE + names + 8.0, sheet.width - EDGE);
    #[expect(clippy::cast_precision_loss, reason = "a place on a picture")]
    let x = |at: u64| {
        let within = at.clamp(part.start, part.end) - part.start;
        left + within as f64 / (part.end - part.start) as f64 * (right - left)
    };
    #[expect(clippy::cast_precision_loss, reason = "few lanes")]
    let top = |lane: usize| y + lane as f64 * LANE;
    for (lane, track) in tracks().enumerate() {
        let middle = top(lane) + LANE / 2.0;
        text(into, "name", "start", [EDGE, middle + 4.5], &track.name);
        line(into, "grid", [left, middle], [right, middle]);
        let first = track.slices.partition_point(|slice| slice.end <= part.start);
        for slice in track.slices[first..].iter().take_while(|slice| slice.start < part.end) {
            let (class, height) = match slice.doing {
                Doing::Holds | Doing::Runs => ("exact", BAR),
                Doing::Waits => ("waits", BAR / 3.0),
            };
            let width = (x(slice.end) - x(slice.start)).max(0.5);
            rect(into, class, None, [x(slice.start), middle - height / 2.0, width, height]);
        }
        for &ask in track.asks.iter().filter(|ask| part.contains(ask)) {
            line(into, "ask", [x(ask), middle - BAR / 2.0], [x(ask), middle + BAR / 2.0]);
        }
    }
    for hand_off in timeline.hand_offs.iter().filter(|it| part.contains(&it.released)) {
        if hand_off.from.max(hand_off.to) < MOST_LANES {
            let down = if hand_off.to > hand_off.from { 1.0 } else { -1.0 };
            let from = [x(hand_off.released), top(hand_off.from) + LANE / 2.0 + down * BAR / 2.0];
            let to = [x(hand_off.taken), top(hand_off.to) + LANE / 2.0 - down * BAR / 2.0];
            line(into, if hand_off.forced { "arrow" } else { "arrow free" }, from, to);
        }
    }
    let bottom = top(tracks().count());
    line(into, "axis", [left, bottom], [right, bottom]);
    text(into, "soft", "start", [left, bottom + LINE], &timeline.place(part.start));
    text(into, "soft", "end", [right, bottom + LINE], &timeline.place(part.end));
    legend(timeline, sheet, bottom + 2.0 * LINE, into) + EDGE
}

/// Which part is shown, and what is not.
fn caption(timeline: &Timeline, part: &std::ops::Range<u64>) -> String {
    let whole = format!("the run took {}", timeline.place(timeline.end));
    let whole = match timeline.unit {
        Unit::Nanoseconds => whole,
        Unit::Steps => format!("{} steps", timeline.end),
    };
    let shown = if *part == (0..timeline.end) { "all of it" } else { "a part of it" };
    let more = timeline.tracks.len().saturating_sub(MOST_LANES);
    let more = if more > 0 { format!("; {more} workers more are not drawn") } else { String::new() };
    let missing = timeline.missing().map_or_else(String::new, |missing| format!("; {missing}"));
    format!("{shown}: {whole}{more}{missing}")
}

fn legend(timeline: &Timeline, sheet: Sheet<'_>, top: f64, into: &mut Markup) -> f64 {
    let mut y = top;
    let mut entry = |draw: &dyn Fn(&mut Markup, f64), words: &str, into: &mut Markup| {
        draw(into, y - 4.5);
        for words in wrapped(words, Sheet { width: sheet.width - 36.0, ..sheet }) {
            text(into, "name", "start", [EDGE + 36.0, y], &words);
            y += LINE;
        }
    };
    for doing in timeline.doings() {
        let (class, height) = if doing == Doing::Waits { ("waits", BAR / 3.0) } else { ("exact", 12.0) };
        entry(
            &|into, y| rect(into, class, None, [EDGE, y - height / 2.0, 28.0, height]),
            doing.meaning(),
            into,
        );
    }
    if timeline.tracks.iter().any(|track| !track.asks.is_empty()) {
        entry(
            &|into, y| line(into, "ask", [EDGE + 14.0, y - 7.0], [EDGE + 14.0, y + 7.0]),
            "asks the holder to let go",
            into,
        );
    }
    for (forced, class, words) in [
        (true, "arrow", "the lock goes to another worker, which had asked for it"),
        (false, "arrow free", "the lock goes to another worker, which took it when it was free"),
    ] {
        if timeline.hand_offs.iter().any(|hand_off| hand_off.forced == forced) {
            entry(&|into, y| line(into, class, [EDGE, y], [EDGE + 28.0, y]), words, into);
        }
    }
    y
}

/// All that is shown, in words, for who cannot see it.
fn description(timeline: &Timeline) -> String {
    let track = |track: &Track| {
        let each = timeline.doings().map(|doing| {
            let slices = track.slices.iter().filter(|slice| slice.doing == doing);
            let (number, time) =
                slices.fold((0_usize, 0), |(number, time), it| (number + 1, time + it.end - it.start));
            format!("{} {number} times, {} in all", doing.word(), timeline.place(time))
        });
        format!("{}: {}", track.name, each.collect::<Vec<_>>().join("; "))
    };
    let tracks = timeline.tracks.iter().take(MOST_LANES).map(track);
    timeline.missing().into_iter().chain(tracks).collect::<Vec<_>>().join(". ")
}

/// All timelines below each other, as a file.
#[must_use]
pub fn file(timelines: &[Timeline], window: Window) -> String {
    let sheet = |number: usize| format!("t{number}");
    let mut content = Markup::default();
    let mut height = 0.0;
    for (number, timeline) in timelines.iter().enumerate() {
        content.open("g", &[("transform", &format!("translate(0 {})", length(height)))]);
        let prefix = sheet(number);
        height += draw(timeline, window, Sheet { width: svg::WIDE, prefix: &prefix }, &mut content);
        content.close("g");
    }
    let title = timelines.iter().map(|it| it.title.as_str()).collect::<Vec<_>>().join("; ");
    let words = timelines.iter().map(description).collect::<Vec<_>>().join(" ");
    svg::whole([svg::WIDE, height], [&title, &words], &content.finish())
}

/// One timeline as a part of a page.
#[must_use]
pub(in crate::report) fn part(timeline: &Timeline, window: Window, width: f64, prefix: &str) -> String {
    let mut content = Markup::default();
    let height = draw(timeline, window, Sheet { width, prefix }, &mut content);
    let mut markup = Markup::default();
    svg::picture(&mut markup, [width, height], [&timeline.title, &description(timeline)], |markup| {
        markup.markup(&content.finish());
    });
    markup.finish()
}

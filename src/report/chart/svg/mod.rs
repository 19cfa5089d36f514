//! Charts as a picture (SVG): one that needs nothing around it, or a part of a page.
//!
//! Colours are those of Okabe and Ito, which the colour-blind can tell apart, and never the only difference: bars are
//! filled in different ways and named, lines have dashes and markers. On a dark screen the colours are lighter; on paper they
//! are those for light.

mod bars;
mod lines;
pub(in crate::report) mod pen;

use super::{Chart, Kind};
use crate::report::markup::{Markup, length};
use pen::{EDGE, LINE, Sheet, text, wrapped};

/// How wide a picture is.
pub(in crate::report) const WIDE: f64 = 720.0;
/// How wide one is that a telephone can show.
pub(in crate::report) const NARROW: f64 = 328.0;
/// What stands there where no chart could be made.
const NOTHING: &str = "There is nothing to draw: no two rows were finished.";

/// The classes of all charts, light and dark.
pub(in crate::report) const STYLE: &str = include_str!("style.css");

/// All charts below each other, as a file; without any, a picture that says so.
#[must_use]
pub fn file(charts: &[Chart]) -> String {
    let mut content = Markup::default();
    let mut height = 0.0;
    for (number, chart) in charts.iter().enumerate() {
        content.open("g", &[("transform", &format!("translate(0 {})", length(height)))]);
        height += draw(chart, Sheet { width: WIDE, prefix: &format!("c{number}") }, &mut content);
        content.close("g");
    }
    if charts.is_empty() {
        height = 2.0 * EDGE + LINE;
        text(&mut content, "soft", "start", [EDGE, EDGE + LINE], NOTHING);
    }
    let title = charts.iter().map(|chart| chart.title.as_str()).collect::<Vec<_>>().join("; ");
    let description = charts.iter().map(Chart::description).collect::<Vec<_>>().join(" ");
    whole([WIDE, height], [&title, &description], &content.finish())
}

/// A picture as a file of its own, with the style that it needs.
pub(in crate::report) fn whole(size: [f64; 2], words: [&str; 2], content: &str) -> String {
    let mut markup = Markup::default();
    markup.markup("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    picture(&mut markup, size, words, |markup| {
        markup.element("style", &[], STYLE);
        markup.empty("rect", &[("class", "paper"), ("width", "100%"), ("height", "100%")]);
        markup.markup(content);
    });
    markup.finish()
}

/// One chart as a part of a page that has [`STYLE`]; what it names begins with the prefix.
#[must_use]
pub(in crate::report) fn part(chart: &Chart, width: f64, prefix: &str) -> String {
    let mut content = Markup::default();
    let height = draw(chart, Sheet { width, prefix }, &mut content);
    let mut markup = Markup::default();
    picture(&mut markup, [width, height], [&chart.title, &chart.description()], |markup| {
        markup.markup(&content.finish());
    });
    markup.finish()
}

pub(in crate::report) fn picture(
    markup: &mut Markup,
    size: [f64; 2],
    [title, description]: [&str; 2],
    content: impl FnOnce(&mut Markup),
) {
    let [width, height] = size.map(length);
    markup.open(
        "svg",
        &[
            ("xmlns", "http://www.w3.org/2000/svg"),
            ("class", "chart"),
            ("role", "img"),
            ("width", &width),
            ("height", &height),
            ("viewBox", &format!("0 0 {width} {height}")),
        ],
    );
    markup.element("title", &[], title);
    markup.element("desc", &[], description);
    content(markup);
    markup.close("svg");
}

/// Draws a chart, and says how high it is.
fn draw(chart: &Chart, sheet: Sheet<'_>, into: &mut Markup) -> f64 {
    fills(sheet.prefix, into);
    let mut y = EDGE;
    // Bold letters are wider.
    let narrower = Sheet { width: sheet.width * 0.84, ..sheet };
    for line in wrapped(&chart.title, narrower) {
        y += LINE;
        text(into, "title", "start", [EDGE, y], &line);
    }
    for line in wrapped(&chart.caption(), sheet) {
        y += LINE;
        text(into, "soft", "start", [EDGE, y], &line);
    }
    y += LINE;
    y = match &chart.kind {
        Kind::Bars => bars::draw(chart, sheet, y, into),
        Kind::Lines { over } => lines::draw(chart, over, sheet, y, into),
    };
    y + EDGE
}

/// The ways in which bars are filled that are not whole.
fn fills(prefix: &str, into: &mut Markup) {
    into.open("defs", &[]);
    for (name, path) in [("lost", "M-2 2L2 -2M0 8L8 0M6 10L10 6"), ("lucky", "M0 4H8")] {
        let id = format!("{prefix}-{name}");
        let pattern =
            [("id", id.as_str()), ("width", "8"), ("height", "8"), ("patternUnits", "userSpaceOnUse")];
        into.open("pattern", &pattern);
        into.empty("rect", &[("class", &format!("{name} under")), ("width", "8"), ("height", "8")]);
        into.empty("path", &[("class", &format!("{name} hatch")), ("d", path)]);
        into.close("pattern");
    }
    into.close("defs");
}

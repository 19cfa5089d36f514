//! What pictures are drawn with.

use crate::report::chart::Standing;
use crate::report::markup::{Markup, length};

/// About how wide a character is.
pub(in crate::report) const CHARACTER: f64 = 7.0;
/// From one line of text to the next.
pub(in crate::report) const LINE: f64 = 18.0;
/// The free edge.
pub(in crate::report) const EDGE: f64 = 12.0;

/// What a chart is drawn on.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Sheet<'a> {
    /// How wide it is.
    pub(in crate::report) width: f64,
    /// What all names in it begin with, for there may be others on the same page.
    pub(in crate::report) prefix: &'a str,
}

impl Sheet<'_> {
    /// Whether there is no room for names beside what they name.
    pub(in crate::report) fn is_narrow(self) -> bool {
        self.width < 500.0
    }
}

pub(in crate::report) fn class(standing: Option<Standing>) -> &'static str {
    standing.map_or("plain", Standing::word)
}

/// How a bar is filled.
pub(in crate::report) fn fill(standing: Option<Standing>, prefix: &str) -> Option<String> {
    let hatched = standing.filter(|&standing| standing != Standing::Exact)?;
    Some(format!("url(#{prefix}-{})", hatched.word()))
}

pub(in crate::report) fn text(into: &mut Markup, class: &str, anchor: &str, [x, y]: [f64; 2], text: &str) {
    let attributes = [("class", class), ("text-anchor", anchor), ("x", &length(x)), ("y", &length(y))];
    into.element("text", &attributes, text);
}

pub(in crate::report) fn line(into: &mut Markup, class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) {
    let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(length);
    into.empty("line", &[("class", class), ("x1", &x1), ("y1", &y1), ("x2", &x2), ("y2", &y2)]);
}

pub(in crate::report) fn rect(
    into: &mut Markup,
    class: &str,
    fill: Option<&str>,
    [x, y, width, height]: [f64; 4],
) {
    let [x, y, width, height] = [x, y, width, height].map(length);
    let mut attributes =
        vec![("class", class), ("x", &*x), ("y", &*y), ("width", &*width), ("height", &*height)];
    attributes.extend(fill.map(|fill| ("fill", fill)));
    into.empty("rect", &attributes);
}

/// A text in lines that the sheet has room for.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a hundred characters or fewer")]
pub(in crate::report) fn wrapped(text: &str, sheet: Sheet<'_>) -> Vec<String> {
    let room = ((sheet.width - 2.0 * EDGE) / CHARACTER) as usize;
    textwrap::wrap(text, room).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// About how wide a text is.
#[expect(clippy::cast_precision_loss, reason = "no text is that long")]
pub(in crate::report) fn wide(text: &str) -> f64 {
    textwrap::core::display_width(text) as f64 * CHARACTER
}

/// A name in so much room, cut where it is longer.
pub(in crate::report) fn cut(name: &str, room: f64) -> String {
    let mut cut = String::new();
    for c in name.chars() {
        if wide(&cut) + 2.0 * CHARACTER > room && wide(name) > room {
            return cut + "…";
        }
        cut.push(if c.is_control() { ' ' } else { c });
    }
    cut
}

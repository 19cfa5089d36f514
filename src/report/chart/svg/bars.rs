//! A bar for each value, below each other, so that their names can be read.

use super::pen::{CHARACTER, EDGE, LINE, Sheet, class, cut, fill, line, rect, text, wide, wrapped};
use crate::report::chart::scale::Scale;
use crate::report::chart::{Chart, Point, Standing};
use crate::report::markup::Markup;

/// From one bar to the next.
const ROW: f64 = 28.0;
/// How thick a bar is.
const THICK: f64 = 18.0;
/// The most room for names.
const MOST_NAME: f64 = 230.0;

/// Draws them from a height on, and says where they end.
pub(super) fn draw(chart: &Chart, sheet: Sheet<'_>, top: f64, into: &mut Markup) -> f64 {
    let longest = |of: &dyn Fn(&Point) -> String| chart.points().map(|it| wide(&of(it))).fold(0.0, f64::max);
    let names = longest(&|point| point.label.clone()).min(MOST_NAME);
    let behind = longest(&|point| said(chart, point));
    let narrow = sheet.is_narrow();
    let (left, right) = if narrow {
        (EDGE, sheet.width - 2.0 * EDGE)
    } else {
        (EDGE + names + CHARACTER, sheet.width - EDGE - behind - 2.0 * CHARACTER)
    };
    let room = right - left;
    let row = if narrow { ROW + LINE } else { ROW };
    let scale = Scale::from_zero(chart.greatest());
    let at = |value: f64| left + scale.place(value) * room;
    #[expect(clippy::cast_precision_loss, reason = "there are no so many bars")]
    let bottom = top + row * chart.points().count() as f64;
    for tick in scale.ticks() {
        line(into, "grid", [at(tick), top], [at(tick), bottom]);
        text(into, "soft", "middle", [at(tick), bottom + LINE], &chart.values.unit.words(tick));
    }
    let mut y = top;
    for point in chart.points() {
        let middle = y + row - ROW / 2.0;
        let base = middle + 4.5;
        if narrow {
            let room = right - left - wide(&said(chart, point));
            text(into, "name", "start", [left + 4.0, y + LINE - 2.0], &cut(&point.label, room));
            text(into, "value", "end", [right + EDGE, y + LINE - 2.0], &said(chart, point));
        } else {
            text(into, "name", "end", [left - CHARACTER, base], &cut(&point.label, names));
        }
        let bar = [left, middle - THICK / 2.0, at(point.value) - left, THICK];
        rect(into, class(point.standing), fill(point.standing, sheet.prefix).as_deref(), bar);
        if let Some([low, high]) = point.spread {
            let whisker = "spread";
            line(into, whisker, [at(low), middle], [at(high), middle]);
            for end in [at(low), at(high)] {
                line(into, whisker, [end, middle - 4.0], [end, middle + 4.0]);
            }
        }
        let end = at(point.spread.map_or(point.value, |[_, high]| high.max(point.value)));
        if !narrow {
            text(into, "value", "start", [end + CHARACTER, base], &said(chart, point));
        }
        y += row;
    }
    line(into, "axis", [left, top], [left, bottom]);
    if let Some(reference) = chart.reference {
        line(into, "reference", [at(reference), top], [at(reference), bottom]);
    }
    text(into, "soft", "middle", [left + room / 2.0, bottom + 2.0 * LINE], &chart.values.label);
    legend(chart, sheet, bottom + 2.5 * LINE, into)
}

/// What stands behind a bar.
fn said(chart: &Chart, point: &Point) -> String {
    let value = chart.values.unit.words(point.value);
    point
        .standing
        .map_or(value.clone(), |standing| format!("{value}  {} {}", standing.mark(), standing.word()))
}

/// What the fills mean, as far as they occur.
fn legend(chart: &Chart, sheet: Sheet<'_>, top: f64, into: &mut Markup) -> f64 {
    let mut y = top;
    for standing in [Standing::Exact, Standing::Lucky, Standing::Lost] {
        if chart.points().all(|point| point.standing != Some(standing)) {
            continue;
        }
        let swatch = fill(Some(standing), sheet.prefix);
        rect(into, class(Some(standing)), swatch.as_deref(), [EDGE, y, 24.0, 12.0]);
        let words = format!("{} {}: {}", standing.mark(), standing.word(), standing.meaning());
        let narrower = Sheet { width: sheet.width - 24.0 - CHARACTER, ..sheet };
        for line in wrapped(&words, narrower) {
            text(into, "soft", "start", [EDGE + 24.0 + CHARACTER, y + 11.0], &line);
            y += LINE;
        }
    }
    y
}

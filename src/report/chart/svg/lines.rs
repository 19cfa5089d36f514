//! A line for each series over a number, each with its own colour, dashes and markers.

use super::pen::{CHARACTER, EDGE, LINE, Sheet, cut, line, text, wide, wrapped};
use crate::report::chart::{Chart, Point, Series, Standing};
use crate::report::markup::{Markup, length};

/// How high the plot is.
const HEIGHT: f64 = 280.0;
/// The most room for names.
const MOST_NAME: f64 = 190.0;
/// The dashes of lines, in turn.
const DASHES: [&str; 4] = ["none", "8 3", "2 3", "9 3 2 3"];
/// As many colours as there are.
const COLOURS: usize = 7;
/// Half a marker's width.
const HALF: f64 = 4.5;

/// Draws them from a height on, and says where they end.
pub(super) fn draw(chart: &Chart, over: &str, sheet: Sheet<'_>, top: f64, into: &mut Markup) -> f64 {
    let names = chart.series.iter().map(|it| wide(&it.name)).fold(0.0, f64::max).min(MOST_NAME);
    let values = chart.value_scale();
    let ticks = values.ticks();
    let words = |tick: f64| chart.values.unit.words(tick);
    let left = EDGE + ticks.iter().map(|&tick| wide(&words(tick))).fold(0.0, f64::max) + CHARACTER;
    let narrow = sheet.is_narrow();
    let right = if narrow { sheet.width - EDGE } else { sheet.width - EDGE - names - 48.0 };
    let bottom = top + LINE + HEIGHT;
    let horizontal = chart.over_scale();
    let x = |over: f64| left + 10.0 + horizontal.place(over) * (right - left - 20.0);
    let y = |value: f64| bottom - values.place(value) * HEIGHT;
    let label = &chart.values.label;
    text(into, "soft", "start", [EDGE, top + 4.0], label);
    for &tick in &ticks {
        line(into, "grid", [left, y(tick)], [right, y(tick)]);
        text(into, "soft", "end", [left - CHARACTER, y(tick) + 4.5], &words(tick));
    }
    if let Some(reference) = chart.reference {
        line(into, "reference", [left, y(reference)], [right, y(reference)]);
    }
    let mut labelled: Vec<f64> = Vec::new();
    let mut free = f64::NEG_INFINITY;
    for point in chart.points_in_order() {
        let half = wide(&point.label) / 2.0;
        if labelled.contains(&point.over) || x(point.over) - half < free {
            continue;
        }
        labelled.push(point.over);
        free = x(point.over) + half + CHARACTER;
        line(into, "axis", [x(point.over), bottom], [x(point.over), bottom + 4.0]);
        text(into, "soft", "middle", [x(point.over), bottom + LINE], &point.label);
    }
    line(into, "axis", [left, bottom], [right, bottom]);
    line(into, "axis", [left, top + LINE], [left, bottom]);
    let over =
        if horizontal.is_logarithmic() { format!("{over} (logarithmic scale)") } else { over.to_owned() };
    text(into, "soft", "middle", [f64::midpoint(left, right), bottom + 2.0 * LINE], &over);
    for (number, series) in chart.series.iter().enumerate() {
        let place = |point: &Point| [x(point.over), y(point.value)];
        path(into, number, &series.points.iter().map(place).collect::<Vec<_>>());
        for point in &series.points {
            if let Some([low, high]) = point.spread {
                let x = x(point.over);
                line(into, "spread", [x, y(low)], [x, y(high)]);
            }
            marker(into, number, place(point), point.standing);
        }
    }
    let mut end = bottom + 2.0 * LINE;
    if narrow {
        let names = sheet.width - 2.0 * EDGE - 28.0 - CHARACTER;
        end = legend(chart, [EDGE, end + LINE], names, into);
    } else {
        let below = legend(chart, [right + 14.0, top + LINE + 8.0], names, into);
        end = end.max(below);
    }
    if chart.points().any(|point| point.standing == Some(Standing::Lost)) {
        marker(into, 0, [EDGE + 2.0 * HALF, end + LINE - 4.0], Some(Standing::Lost));
        let words =
            format!("a cross on a hollow marker: {}, {}", Standing::Lost.word(), Standing::Lost.meaning());
        let narrower = Sheet { width: sheet.width - 5.0 * HALF, ..sheet };
        for line in wrapped(&words, narrower) {
            end += LINE;
            text(into, "soft", "start", [EDGE + 5.0 * HALF, end], &line);
        }
    }
    end
}

fn path(into: &mut Markup, number: usize, places: &[[f64; 2]]) {
    let points: Vec<String> = places.iter().map(|[x, y]| format!("{},{}", length(*x), length(*y))).collect();
    let class = format!("run s{}", number % COLOURS);
    let dashes = DASHES[number % DASHES.len()];
    into.empty("polyline", &[("class", &class), ("stroke-dasharray", dashes), ("points", &points.join(" "))]);
}

/// A marker of the series' own shape; hollow with a cross where the result is wrong.
fn marker(into: &mut Markup, number: usize, [x, y]: [f64; 2], standing: Option<Standing>) {
    let wrong = standing == Some(Standing::Lost);
    let colour = number % COLOURS;
    let fill = if wrong { "hollow".to_owned() } else { format!("f{colour}") };
    let class = format!("marker s{colour} {fill}");
    let corners: &[[f64; 2]] = match number % 5 {
        0 => {
            let place = [("cx", &*length(x)), ("cy", &*length(y))];
            into.empty("circle", &[("class", &*class), place[0], place[1], ("r", &*length(HALF))]);
            &[]
        }
        1 => &[[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]],
        2 => &[[0.0, -1.3], [1.2, 1.0], [-1.2, 1.0]],
        3 => &[[0.0, -1.4], [1.4, 0.0], [0.0, 1.4], [-1.4, 0.0]],
        _ => &[[-1.2, -1.0], [1.2, -1.0], [0.0, 1.3]],
    };
    if !corners.is_empty() {
        let corner = |[dx, dy]: &[f64; 2]| format!("{},{}", length(x + dx * HALF), length(y + dy * HALF));
        let points = corners.iter().map(corner).collect::<Vec<_>>().join(" ");
        into.empty("polygon", &[("class", &class), ("points", &points)]);
    }
    if wrong {
        let arm = HALF + 2.5;
        line(into, "cross", [x - arm, y - arm], [x + arm, y + arm]);
        line(into, "cross", [x - arm, y + arm], [x + arm, y - arm]);
    }
}

fn legend(chart: &Chart, [x, top]: [f64; 2], names: f64, into: &mut Markup) -> f64 {
    let mut y = top;
    for (number, Series { name, .. }) in chart.series.iter().enumerate() {
        path(into, number, &[[x, y], [x + 28.0, y]]);
        marker(into, number, [x + 14.0, y], None);
        text(into, "name", "start", [x + 28.0 + CHARACTER, y + 4.5], &cut(name, names));
        y += LINE + 2.0;
    }
    y - LINE / 2.0
}

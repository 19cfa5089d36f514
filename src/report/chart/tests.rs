//! Charts as both renderers draw them.

use super::terminal::Screen;
use super::*;
use anstream::adapter::strip_str;
use quick_xml::Reader;
use quick_xml::events::Event;

fn point(over: f64, value: f64, standing: Standing) -> Point {
    Point {
        label: format!("{over}"),
        over,
        value,
        spread: Some([value * 0.9, value * 1.1]),
        standing: Some(standing),
    }
}

/// Time over threads: one that is wrong with two threads and more, and one that is right.
fn sweep() -> Chart {
    let over = [1.0, 2.0, 4.0, 8.0];
    let series = |name: &str, times: [f64; 4], wrong: bool| Series {
        name: name.to_owned(),
        points: over
            .iter()
            .zip(times)
            .map(|(&over, time)| {
                let lost = wrong && over > 1.0;
                point(over, time, if lost { Standing::Lost } else { Standing::Exact })
            })
            .collect(),
    };
    Chart {
        title: "counter <&\"'>: 100,000 updates each".to_owned(),
        note: "median of 7 rounds".to_owned(),
        spread: Some("holds half of them".to_owned()),
        kind: Kind::Lines { over: "workers".to_owned() },
        values: Axis { label: "time for an update".to_owned(), unit: Unit::Time },
        series: vec![
            series("race", [1e-9, 3e-9, 4e-9, 5e-9], true),
            series("mutex:parking-lot", [8e-9, 60e-9, 90e-9, 130e-9], false),
        ],
        reference: None,
    }
}

/// One bar for each standing, and one without.
fn bars() -> Chart {
    let mut points: Vec<Point> = [Standing::Exact, Standing::Lucky, Standing::Lost]
        .into_iter()
        .enumerate()
        .map(|(number, standing)| Point {
            label: format!("a scenario with a name, {number}"),
            ..point(1.0, 0.1, standing)
        })
        .collect();
    points.push(Point { label: "one whose result is none".to_owned(), standing: None, ..points[0].clone() });
    Chart {
        kind: Kind::Bars,
        series: vec![Series { name: String::new(), points }],
        reference: Some(0.05),
        ..sweep()
    }
}

/// How often each element stands there; fails where it is not well formed.
fn count(markup: &str, element: &str) -> usize {
    let mut reader = Reader::from_str(markup);
    let mut found = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return found,
            Event::Start(it) | Event::Empty(it) if it.name().as_ref() == element => found += 1,
            _ => {}
        }
    }
}

#[test]
fn a_picture_of_lines_has_a_line_a_marker_and_a_name_for_each_series() {
    for (picture, names) in [(svg::file(&[sweep()]), "c0"), (svg::part(&sweep(), svg::NARROW, "p"), "p")] {
        // Each once among the values and once in the legend.
        assert_eq!(count(&picture, "polyline"), 4, "{picture}");
        assert_eq!(count(&picture, "circle"), 4 + 1 + 1, "a series, its legend, and what a cross means");
        assert_eq!(count(&picture, "polygon"), 4 + 1);
        assert_eq!(
            picture.matches("class=\"cross\"").count(),
            2 * (3 + 1),
            "three wrong points, and the legend"
        );
        assert!(picture.contains(&format!("id=\"{names}-lost\"")));
        for text in ["race", "mutex:parking-lot", "time for an update", "workers", "&lt;&amp;&quot;&#39;&gt;"]
        {
            assert!(picture.contains(text), "{text}: {picture}");
        }
    }
}

#[test]
fn a_picture_of_bars_fills_each_standing_in_another_way_and_names_it() {
    let picture = svg::file(&[bars(), bars()]);
    for fill in ["url(#c0-lost)", "url(#c1-lucky)", "class=\"exact\"", "class=\"plain\""] {
        assert!(picture.contains(fill), "{fill}");
    }
    for word in ["✗ lost", "~ lucky", "✓ exact", "class=\"reference\""] {
        assert!(picture.contains(word), "{word}");
    }
    assert_eq!(count(&picture, "svg"), 1);
    let ids: Vec<&str> = picture.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
}

#[test]
fn without_charts_a_picture_says_so() {
    let picture = svg::file(&[]);
    assert_eq!(count(&picture, "text"), 1, "{picture}");
}

#[test]
fn no_line_on_a_terminal_is_wider_than_it() {
    for width in [20, 30, 40, 60, 80, 132] {
        for unicode in [false, true] {
            for chart in [bars(), sweep()] {
                let drawn = strip_str(&terminal::render(&chart, Screen { width, unicode })).to_string();
                for line in drawn.lines() {
                    let one_word = !line.trim().contains(' ');
                    assert!(one_word || textwrap::core::display_width(line) <= width, "{width}: {line}");
                }
                assert!(unicode || drawn.is_ascii(), "{drawn}");
            }
        }
    }
}

#[test]
fn a_terminal_tells_right_and_wrong_apart_without_colour() {
    let drawn = |chart: &Chart, unicode| {
        strip_str(&terminal::render(chart, Screen { width: 80, unicode })).to_string()
    };
    for (unicode, blocks) in [(true, ["███", "▒▒▒", "░░░"]), (false, ["###", "===", "///"])]
    {
        let bars = drawn(&bars(), unicode);
        for (block, word) in blocks.into_iter().zip(["exact", "lucky", "lost"]) {
            assert!(bars.lines().any(|line| line.contains(block) && line.contains(word)), "{bars}");
        }
        let lines = drawn(&sweep(), unicode);
        assert!(lines.contains("A  race (wrong at 2, 4, 8: small letter)"), "{lines}");
        assert!(lines.contains("B  mutex:parking-lot\n"), "{lines}");
        let plot: String = lines.lines().take_while(|line| !line.contains("A  race")).collect();
        assert_eq!([plot.matches(" a").count() > 0, plot.contains('B')], [true, true], "{lines}");
    }
    assert_eq!(terminal::render(&sweep(), Screen { width: 39, unicode: true }), "", "no room for lines");
}

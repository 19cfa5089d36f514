//! The lines of a sweep: over the swept number that has most values, a line for each scenario, a chart for each
//! combination of the other options.

use super::{Point, Series, Standing};
use crate::measure::Parameters;

/// A value of a sweep and where it was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// What was measured.
    pub name: String,
    /// The values of the options that are swept.
    pub parameters: Parameters,
    /// The value.
    pub value: f64,
    /// From where to where it is spread, where that is known.
    pub spread: Option<[f64; 2]>,
    /// Whether it is right, where that can be asked.
    pub standing: Option<Standing>,
}

/// The lines of one chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// The option that the values stand over.
    pub over: String,
    /// The values of the other options, where there are several charts: `iters 1M`.
    pub others: String,
    /// A line for each scenario; or for each combination of the other options, where there is only one scenario.
    pub series: Vec<Series>,
}

/// The lines of each chart; none where no number is swept.
#[must_use]
pub fn lines(measured: &[Measured]) -> Vec<Lines> {
    let Some(over) = widest(measured) else { return Vec::new() };
    let several_names = measured.iter().any(|it| it.name != measured[0].name);
    let mut charts: Vec<Lines> = Vec::new();
    for it in measured {
        let Some(place) = it.parameters.number(over) else { continue };
        let others = it.parameters.of_workload().filter(|other| other.option != over);
        let others =
            others.map(|other| format!("{} {}", other.option, other.value)).collect::<Vec<_>>().join(", ");
        let (chart, name) = match (several_names, others.is_empty()) {
            (true, _) => (others, it.name.clone()),
            (false, true) => (String::new(), it.name.clone()),
            (false, false) => (String::new(), others),
        };
        let label = it.parameters.all().iter().find(|parameter| parameter.option == over);
        let point = Point {
            label: label.map(|parameter| parameter.value.clone()).unwrap_or_default(),
            over: place,
            value: it.value,
            spread: it.spread,
            standing: it.standing,
        };
        let lines = found(
            &mut charts,
            |lines| lines.others == chart,
            || Lines { over: over.to_owned(), others: chart.clone(), series: Vec::new() },
        );
        let series = found(
            &mut lines.series,
            |series| series.name == name,
            || Series { name: name.clone(), points: Vec::new() },
        );
        let at = series.points.partition_point(|known| known.over.total_cmp(&point.over).is_le());
        series.points.insert(at, point);
    }
    charts
}

/// The element that is asked for, which is put there if it is missing.
fn found<T>(all: &mut Vec<T>, is: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> &mut T {
    let at = all.iter().position(is).unwrap_or_else(|| {
        all.push(new());
        all.len() - 1
    });
    &mut all[at]
}

/// The option with most different numbers; the first of several such.
fn widest(measured: &[Measured]) -> Option<&'static str> {
    let options = measured.first()?.parameters.of_workload().filter(|it| it.number.is_some());
    let different = |option: &'static str| {
        let mut numbers: Vec<f64> = measured.iter().filter_map(|it| it.parameters.number(option)).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        (numbers.len(), option)
    };
    let widths = options.map(|it| different(it.option)).filter(|(number, _)| *number > 1);
    // The first of equals: `max_by_key` would take the last.
    widths.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, option)| option)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::parameters::swept;

    fn measured(name: &str, threads: u64, iters: u64) -> Measured {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let value = (threads * iters) as f64;
        Measured {
            name: name.to_owned(),
            parameters: Parameters::default().with(swept("threads", &threads)).with(swept("iters", &iters)),
            value,
            spread: None,
            standing: None,
        }
    }

    #[test]
    fn a_chart_for_each_combination_of_the_others_and_a_line_for_each_scenario() {
        let mut all = Vec::new();
        for name in ["a", "b"] {
            for threads in [4, 1, 2] {
                all.extend([1000, 2000].map(|iters| measured(name, threads, iters)));
            }
        }
        let charts = lines(&all);
        assert_eq!(charts.iter().map(|it| &*it.others).collect::<Vec<_>>(), ["iters 1k", "iters 2k"]);
        for chart in &charts {
            assert_eq!(chart.over, "threads");
            assert_eq!(chart.series.iter().map(|it| &*it.name).collect::<Vec<_>>(), ["a", "b"]);
            for series in &chart.series {
                assert_eq!(series.points.iter().map(|it| &*it.label).collect::<Vec<_>>(), ["1", "2", "4"]);
            }
        }
        let alone = lines(&all[..6]);
        assert_eq!(alone.len(), 1);
        assert_eq!(alone[0].series.iter().map(|it| &*it.name).collect::<Vec<_>>(), ["iters 1k", "iters 2k"]);
    }

    #[test]
    fn without_a_swept_number_there_are_no_lines() {
        let it = Measured { parameters: Parameters::default(), ..measured("a", 1, 1) };
        assert_eq!(lines(&[it.clone(), it]), []);
        assert_eq!(lines(&[]), []);
    }
}

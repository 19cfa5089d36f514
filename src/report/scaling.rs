//! How the throughput of a scenario grows with its workers, in a sweep over their number.

use super::numbers::{figure, percent, plural};
use crate::measure::Parameters;
use crate::measure::scaling::{Fit, Law};
use serde::Serialize;

/// A law from which a figure is further off says nothing.
const FAR: f64 = 0.25;
/// The options that say how many workers there are.
const WORKERS: [&str; 2] = ["threads", "workers"];
/// More numbers of workers than these are not told one by one.
const MOST_TOLD: usize = 6;

/// The throughput of one scenario with different numbers of workers, all else being equal.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Scaling {
    /// The scenario, with the objects where it counts references.
    pub scenario: String,
    /// The values of the options that are swept besides, by the options' names.
    #[serde(skip_serializing_if = "Parameters::is_empty")]
    pub parameters: Parameters,
    /// The fewest workers, whose throughput the speed-ups are over.
    pub over: usize,
    /// Pairs of a number of workers and their throughput (updates of a second) over that of the fewest, in the order of the numbers.
    pub speedups: Vec<(usize, f64)>,
    /// The most workers that the law was fitted to: those that have a CPU each, where these are three numbers or more; null
    /// where no law was fitted.
    pub fitted_to: Option<usize>,
    /// The law that the throughput follows, with `of_one` in updates a second; nothing for fewer than three numbers.
    #[serde(flatten)]
    pub fit: Option<Fit>,
}

/// The throughput of one scenario with a number of workers.
pub(super) struct Measured<'a> {
    /// The scenario's name among the others.
    pub name: String,
    /// What is swept.
    pub parameters: &'a Parameters,
    /// How many workers.
    pub workers: usize,
    /// Updates, additions or pairs a second; nothing where there are none.
    pub throughput: Option<f64>,
    /// Whether the result was right.
    pub right: bool,
}

/// A line that is being gathered.
struct Line {
    scenario: String,
    parameters: Parameters,
    points: Vec<(usize, f64)>,
    right: bool,
}

impl Line {
    /// What it shows, if every result was right and there are several numbers of workers.
    fn scaling(self, cpus: usize) -> Option<Scaling> {
        let Self { scenario, parameters, mut points, right } = self;
        points.sort_by_key(|&(workers, _)| workers);
        let &(over, base) = points.first()?;
        let several = points.iter().any(|&(workers, _)| workers != over);
        let speedups = points.iter().map(|&(workers, it)| (workers, it / base)).collect();
        // Workers that take turns on a CPU are not what the laws are about.
        let apart = points.partition_point(|&(workers, _)| workers <= cpus);
        let fitted = Fit::of(&points[..apart]).map(|fit| (fit, &points[..apart]));
        let fitted = fitted.or_else(|| Fit::of(&points).map(|fit| (fit, &points[..])));
        let fitted_to = fitted.and_then(|(_, points)| points.last().map(|&(workers, _)| workers));
        let fit = fitted.map(|(fit, _)| fit);
        (right && several).then_some(Scaling { scenario, parameters, over, speedups, fitted_to, fit })
    }
}

/// Each scenario that was right with each number of workers, of which there are several.
pub(super) fn of<'a>(measured: impl Iterator<Item = Measured<'a>>, cpus: usize) -> Vec<Scaling> {
    let mut lines: Vec<Line> = Vec::new();
    let swept = |it: &Measured<'_>| it.parameters.all().iter().any(|it| WORKERS.contains(&it.option));
    for it in measured.filter(swept) {
        let others = others(it.parameters);
        let at = lines.iter().position(|line| line.scenario == it.name && line.parameters == others);
        let at = at.unwrap_or_else(|| {
            lines.push(Line { scenario: it.name, parameters: others, points: Vec::new(), right: true });
            lines.len() - 1
        });
        lines[at].right &= it.right;
        lines[at].points.extend(it.throughput.map(|throughput| (it.workers, throughput)));
    }
    lines.into_iter().filter_map(|line| line.scaling(cpus)).collect()
}

/// What is swept beside the number of workers and what the scenario's name has in it.
pub(super) fn others(parameters: &Parameters) -> Parameters {
    parameters.without(&WORKERS).workload_only()
}

impl Scaling {
    /// The speed-up of so many workers.
    pub(super) fn speedup(&self, workers: usize) -> Option<f64> {
        self.speedups.iter().find(|&&(number, _)| number == workers).map(|&(_, speedup)| speedup)
    }

    /// What the law was fitted to, where that is not all.
    fn part(&self) -> String {
        let most = self.speedups.last().map(|&(workers, _)| workers);
        match self.fitted_to {
            Some(fitted) if Some(fitted) != most => format!(" up to {}", plural(fitted, "worker")),
            _ => String::new(),
        }
    }

    /// All of it in a sentence.
    fn sentence(&self) -> String {
        let others = self.parameters.words();
        let others = if others.is_empty() { others } else { format!(" ({others})") };
        let told = |&(workers, speedup): &(usize, f64)| format!("{} with {workers}", figure(speedup));
        let more: Vec<&(usize, f64)> =
            self.speedups.iter().filter(|(workers, _)| *workers != self.over).collect();
        let best = more.iter().max_by(|one, other| one.1.total_cmp(&other.1));
        let speedups = if more.len() <= MOST_TOLD {
            more.iter().map(|it| told(it)).collect::<Vec<_>>().join(", ")
        } else {
            let best = best.map(|it| format!("at most {}, ", told(it))).unwrap_or_default();
            format!("{best}{}", more.last().map(|it| told(it)).unwrap_or_default())
        };
        // The speed-up in the table of a sum is over one worker that does all of it.
        let of_sum = self.scenario.starts_with("split:") || self.scenario.ends_with(" sum");
        let figure = if of_sum { "throughput" } else { "speed-up" };
        let over = if of_sum { "over its own with" } else { "over" };
        format!(
            "{figure} of {}{others} {over} {}: {speedups}{}.",
            self.scenario,
            plural(self.over, "worker"),
            self.fit.as_ref().map(|fit| by_law(fit, self.over, &self.part())).unwrap_or_default()
        )
    }
}

/// How a law fits, and what it says; the fewest workers that were measured, and which part of the numbers it was fitted to.
fn by_law(fit: &Fit, over: usize, part: &str) -> String {
    if fit.deviation > FAR {
        let law = match fit.law {
            Law::Amdahl => "Amdahl's law",
            Law::Usl => "the Universal Scalability Law",
        };
        return format!(
            "; {law} does not fit{part} (a figure is more than {} off), so nothing is forecast",
            percent(FAR)
        );
    }
    let fits = format!(
        "each throughput within {} of it{}{}",
        percent(fit.deviation),
        if over == 1 { ", one worker's too" } else { "; one worker's was not measured" },
        // Below 0.005 it explains nothing of how the throughputs differ.
        fit.r_squared.filter(|&it| it >= 0.005).map(|it| format!(", R² {it:.2}")).unwrap_or_default()
    );
    let contention = figure(fit.contention);
    match fit.law {
        Law::Amdahl => format!("; Amdahl's law{part} with contention {contention} ({fits})"),
        Law::Usl => {
            let peak = fit.peak().map_or_else(String::new, |peak| match peak {
                1 => ", by which one worker does most".to_owned(),
                peak => format!(", by which {peak} workers do most"),
            });
            format!(
                "; Universal Scalability Law{part} with contention {contention} and crosstalk {} ({fits}){peak}",
                figure(fit.crosstalk)
            )
        }
    }
}

/// What there is to say of them, on so many CPUs.
pub(super) fn notes(all: &[Scaling], cpus: usize) -> Vec<String> {
    let mut notes: Vec<String> = all.iter().map(Scaling::sentence).collect();
    let fits = || all.iter().filter_map(|it| it.fit).filter(|fit| fit.deviation <= FAR);
    if fits().next().is_some() {
        let crosstalk = if fits().any(|fit| fit.law == Law::Usl) {
            ", crosstalk what each pair of workers costs beside that"
        } else {
            ""
        };
        let fitted = |it: &Scaling| it.fit.filter(|fit| fit.deviation <= FAR).and(it.fitted_to);
        let most = all.iter().filter_map(fitted).max().unwrap_or(0);
        let turns = if most > cpus {
            format!(
                "; more than {cpus} workers take turns on {}, which the law counts as contention{}",
                plural(cpus, "CPU"),
                if crosstalk.is_empty() { "" } else { " or crosstalk" }
            )
        } else {
            String::new()
        };
        notes.push(format!(
            "contention is the share of the work that only one worker at a time can do, from 0 to 1{crosstalk}{turns}."
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::parameters::swept;

    /// A line whose throughput doubles with each doubling of the workers up to four, and no further.
    fn scaling(cpus: usize) -> Scaling {
        let parameters: Vec<Parameters> = [1_u64, 2, 4, 8]
            .iter()
            .map(|threads| Parameters::default().with(swept("threads", threads)))
            .collect();
        let measured = |(parameters, workers): (&'static Parameters, usize)| Measured {
            name: "atomic".to_owned(),
            parameters,
            workers,
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            throughput: Some(workers.min(4) as f64 * 1e6),
            right: true,
        };
        let parameters: &'static [Parameters] = parameters.leak();
        of(parameters.iter().zip([1, 2, 4, 8]).map(measured), cpus).remove(0)
    }

    #[test]
    fn a_law_is_fitted_to_workers_that_have_a_cpu_each_where_these_are_enough() {
        let apart = scaling(4);
        assert_eq!((apart.fitted_to, apart.fit.unwrap().law), (Some(4), Law::Amdahl));
        assert!(apart.fit.unwrap().contention < 1e-9);
        assert!(
            apart.sentence().contains("Amdahl's law up to 4 workers with contention 0.00"),
            "{}",
            apart.sentence()
        );
        let notes = notes(&[apart], 4).join(" ");
        assert!(!notes.contains("take turns"), "{notes}");

        let turns = scaling(2);
        assert_eq!((turns.fitted_to, turns.fit.unwrap().law), (Some(8), Law::Usl));
        let notes = super::notes(&[turns], 2).join(" ");
        assert!(
            notes.contains(
                "more than 2 workers take turns on 2 CPUs, which the law counts as contention or crosstalk"
            ),
            "{notes}"
        );
        // A law without crosstalk counts nothing as such.
        let amdahl = Scaling { fitted_to: Some(8), ..scaling(4) };
        let notes = super::notes(&[amdahl], 2).join(" ");
        assert!(notes.ends_with("which the law counts as contention."), "{notes}");
    }

    #[test]
    fn of_one_worker_nothing_is_said_that_was_not_measured() {
        let one = scaling(4);
        assert!(one.sentence().contains("of it, one worker's too"), "{}", one.sentence());
        let two = Scaling { over: 2, ..one };
        assert!(two.sentence().contains("of it; one worker's was not measured"), "{}", two.sentence());
    }

    #[test]
    fn what_was_wrong_scales_nowhere() {
        let parameters: &'static [Parameters] = vec![
            Parameters::default().with(swept("threads", &1_u64)),
            Parameters::default().with(swept("threads", &2_u64)),
        ]
        .leak();
        let measured = parameters.iter().enumerate().map(|(at, parameters)| Measured {
            name: "race".to_owned(),
            parameters,
            workers: at + 1,
            throughput: Some(1e6),
            right: at == 0,
        });
        assert_eq!(of(measured, 2), []);
    }
}

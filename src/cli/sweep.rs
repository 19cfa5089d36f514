//! Options that take several values: lists (`1,2,4`), ranges (`1..8`, `0..20:5`, `1k..10M:x10`), and their product.

use super::refusal::UsageError;
use crate::count;
use crate::measure::parameters::{self, Swept, swept};
use crate::measure::runner::Case;
use crate::measure::{Parameters, Scenario, Workload};
use crate::system::cpus::Cpus;
use std::num::NonZeroUsize;
use std::time::Duration;

/// The most values of one option, and the most cases of a sweep.
const MOST: usize = 1_000;

/// The values of an option, in their order and each once. There is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Several<T>(Vec<T>);

impl<T: Copy> Several<T> {
    /// One value.
    pub(super) fn one(value: T) -> Self {
        Self(vec![value])
    }

    /// All of them.
    pub(super) fn values(&self) -> &[T] {
        &self.0
    }

    /// Whether there are several.
    pub(super) fn is_sweep(&self) -> bool {
        self.0.len() > 1
    }

    /// The only value of an option that is not swept by a command.
    pub(super) fn only(&self, option: &str, command: &str) -> Result<T, UsageError> {
        match self.0[..] {
            [value] => Ok(value),
            _ => Err(UsageError::new(format!(
                "{command} takes one value for --{option}; call it once for each of them"
            ))),
        }
    }
}

/// Reads counts: a list of counts and ranges, each of which becomes a value or is refused.
pub(super) fn counts<T: Copy + PartialEq>(
    text: &str,
    value: impl Fn(u64) -> Result<T, String>,
) -> Result<Several<T>, String> {
    let one = |text: &str| count::parse(text).map_err(|error| error.to_string());
    several(text, one, Some(1), value)
}

/// Reads times: a list of times and ranges.
pub(super) fn times(text: &str) -> Result<Several<Duration>, String> {
    let one = |text: &str| {
        let nanoseconds = count::parse_interval(text)?.as_nanos();
        u64::try_from(nanoseconds).map_err(|error| error.to_string())
    };
    several(text, one, None, |nanoseconds| Ok(Duration::from_nanos(nanoseconds)))
}

/// Reads a list. A range without a step has the step given; without that it is refused.
fn several<T: Copy + PartialEq>(
    text: &str,
    one: impl Fn(&str) -> Result<u64, String>,
    step: Option<u64>,
    value: impl Fn(u64) -> Result<T, String>,
) -> Result<Several<T>, String> {
    let mut values = Vec::new();
    for item in text.split(',') {
        if item.trim().is_empty() && text.contains(',') {
            return Err("a value is missing beside a comma; write them as 1,2,4".to_owned());
        }
        if item.len() == 3 && item.starts_with('0') && item.bytes().all(|it| it.is_ascii_digit()) {
            return Err(format!("a comma stands between values of a list; write {}", text.replace(',', "")));
        }
        for number in range(item, &one, step)? {
            let value = value(number)?;
            if !values.contains(&value) {
                values.push(value);
            }
        }
    }
    if values.len() > MOST {
        return Err(too_many(values.len(), "values"));
    }
    Ok(Several(values))
}

/// How a range goes on.
#[derive(Clone, Copy)]
enum Step {
    Add(u64),
    Times(u64),
}

impl Step {
    fn after(self, number: u64) -> Option<u64> {
        match self {
            Self::Add(step) => number.checked_add(step),
            Self::Times(factor) => number.checked_mul(factor),
        }
    }
}

/// A number alone, or those from one to another, the last one included where it is met.
fn range(
    text: &str,
    one: &impl Fn(&str) -> Result<u64, String>,
    step: Option<u64>,
) -> Result<Vec<u64>, String> {
    let Some((first, rest)) = text.split_once("..") else {
        return one(text).map(|number| vec![number]).map_err(|error| match text.split_once('-') {
            // As some write a range.
            Some((first, last)) if one(first).is_ok() && one(last).is_ok() => {
                format!("not a number; for a range write {first}..{last}")
            }
            _ => error,
        });
    };
    let (last, how) = rest.split_once(':').map_or((rest, None), |(last, how)| (last, Some(how)));
    // As in Rust, the last number may be marked as being part of it.
    let (first_number, last_number) = (one(first)?, one(last.strip_prefix('=').unwrap_or(last))?);
    let step = match (how, step) {
        (Some(how), _) => match how.strip_prefix(['x', '*']) {
            Some(factor) => Step::Times(count::parse(factor).map_err(|error| error.to_string())?),
            None => Step::Add(one(how.strip_prefix('+').unwrap_or(how))?),
        },
        (None, Some(step)) => Step::Add(step),
        (None, None) => {
            return Err(format!("how does it go on from {first}? write {text}:x10 or {text}:{first}"));
        }
    };
    match step {
        Step::Add(0) => return Err(format!("a step of 0 does not lead on; leave it out: {first}..{last}")),
        Step::Times(0 | 1) => {
            return Err(format!("such a factor does not lead on; write {first}..{last}:x2"));
        }
        Step::Times(_) if first_number == 0 => {
            return Err(format!("0 times any factor is 0; begin with 1, or write a step: {first}..{last}:1"));
        }
        Step::Add(_) | Step::Times(_) => {}
    }
    if first_number > last_number {
        return Err(format!("the range begins beyond its end; write {last}..{first}"));
    }
    let numbers: Vec<u64> = std::iter::successors(Some(first_number), |&number| {
        step.after(number).filter(|&next| next <= last_number)
    })
    .take(MOST + 1)
    .collect();
    if numbers.len() > MOST {
        return Err(format!(
            "{text} are more than {} values; write a step, as in {first}..{last}:x2",
            count::grouped(MOST as i128)
        ));
    }
    Ok(numbers)
}

fn too_many(number: usize, what: &str) -> String {
    let [number, most] = [number, MOST].map(|it| count::grouped(it as i128));
    format!("{number} {what} are too many; use at most {most}")
}

/// Workloads with the values of the sweep that each of them has: the product of the options' values.
#[derive(Debug, Clone)]
pub(super) struct Combinations(Vec<(Workload, Parameters)>);

impl Combinations {
    /// A workload alone.
    pub(super) fn of(load: Workload) -> Self {
        Self(vec![(load, Parameters::default())])
    }

    /// Each with each value of an option in turn, which is a parameter if there are several.
    pub(super) fn over<T: Copy + Swept>(
        self,
        option: &'static str,
        values: &Several<T>,
        set: impl Fn(&mut Workload, T),
    ) -> Self {
        let each = |(load, parameters): (Workload, Parameters)| {
            let with = |&value: &T| {
                let mut load = load.clone();
                set(&mut load, value);
                let parameters = parameters.clone();
                (load, if values.is_sweep() { parameters.with(swept(option, &value)) } else { parameters })
            };
            values.values().iter().map(with).collect::<Vec<_>>()
        };
        Self(self.0.into_iter().flat_map(each).collect())
    }

    /// The same with each number of workers, and the CPUs on which these are kept.
    pub(super) fn over_workers(
        self,
        option: &'static str,
        workers: &Several<NonZeroUsize>,
        pins: impl Fn(NonZeroUsize, &Cpus) -> Vec<usize>,
    ) -> Self {
        self.over(option, workers, |load, workers| {
            load.workers = workers;
            load.pins = pins(workers, &load.cpus);
        })
    }

    /// The same with each switch interval.
    pub(super) fn over_intervals(self, intervals: &Several<Duration>) -> Self {
        self.over("switch-interval", intervals, |load, interval| load.switch_interval = interval)
    }

    /// The same with something else set in each.
    pub(super) fn with(mut self, set: impl Fn(&mut Workload)) -> Self {
        self.0.iter_mut().for_each(|(load, _)| set(load));
        self
    }

    /// A case of each, done by a scenario that parameters of its own have chosen.
    pub(super) fn cases<'a>(
        &'a self,
        scenario: &'static dyn Scenario,
        chosen: &'a Parameters,
    ) -> impl Iterator<Item = Case<'static>> + 'a {
        self.0.iter().map(move |(load, parameters)| Case {
            scenario,
            load: scenario.adapt(load),
            parameters: chosen.clone().and(parameters.clone()),
            baseline: false,
        })
    }

    /// All of them, in their order.
    pub(super) fn each(&self) -> impl Iterator<Item = &(Workload, Parameters)> {
        self.0.iter()
    }

    /// All of them, in their order.
    pub(super) fn into_each(self) -> impl Iterator<Item = (Workload, Parameters)> {
        self.0.into_iter()
    }
}

/// Values that choose the scenario, each once, with the parameter that it is when there are several.
pub(super) fn choices<C: Copy + PartialEq>(
    option: &'static str,
    chosen: &[C],
    name: impl Fn(C) -> &'static str,
) -> Vec<(C, Parameters)> {
    let mut once: Vec<C> = Vec::new();
    for &choice in chosen {
        if !once.contains(&choice) {
            once.push(choice);
        }
    }
    let several = once.len() > 1;
    let with = |choice: C| {
        let parameters = Parameters::default();
        let parameter = parameters::chosen(option, name(choice));
        (choice, if several { parameters.with(parameter) } else { parameters })
    };
    once.into_iter().map(with).collect()
}

/// Whether options of these cases are swept.
pub(super) fn is_sweep(cases: &[Case<'_>]) -> bool {
    cases.iter().any(|case| !case.parameters.is_empty())
}

/// Refuses more cases than a sweep may have.
pub(super) fn check_cases(cases: usize) -> Result<(), UsageError> {
    if cases > MOST { Err(UsageError::new(too_many(cases, "combinations"))) } else { Ok(()) }
}

/// How many of something each case of a sweep does, unless it is said: as many as a command does without a sweep,
/// or less, so that a round of all cases takes at most some four times as long as without one. `usual` and `swept`
/// are how many workers there are in a round, that of the sweep and the usual one.
pub(super) fn share(of_one: u64, usual: usize, swept: usize) -> u64 {
    /// Less shows little but the start of the workers.
    const LEAST: u64 = 1_000;
    let most = u128::from(of_one) * 4 * usual as u128 / swept.max(1) as u128;
    let powers = std::iter::successors(Some(1_u64), |power| power.checked_mul(10));
    let round = powers.flat_map(|power| [1, 2, 5].map(|digit| power.saturating_mul(digit)));
    let fitting = round.take_while(|&number| u128::from(number) <= most).last().unwrap_or(LEAST);
    if most >= u128::from(of_one) { of_one } else { fitting.clamp(LEAST.min(of_one), of_one) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<u64>, String> {
        counts(text, Ok).map(|several| several.0)
    }

    #[test]
    fn lists_and_ranges() {
        assert_eq!(read("4"), Ok(vec![4]));
        assert_eq!(read("1,2,4,8"), Ok(vec![1, 2, 4, 8]));
        assert_eq!(read("1..4"), Ok(vec![1, 2, 3, 4]));
        assert_eq!(read("1..=4"), Ok(vec![1, 2, 3, 4]));
        assert_eq!(read("0..20:5"), Ok(vec![0, 5, 10, 15, 20]));
        assert_eq!(read("0..22:+5"), Ok(vec![0, 5, 10, 15, 20]));
        assert_eq!(read("1k..10M:x10"), Ok(vec![1_000, 10_000, 100_000, 1_000_000, 10_000_000]));
        assert_eq!(read("1..2,8..64:x2,2"), Ok(vec![1, 2, 8, 16, 32, 64]));
        assert_eq!(read("1.5k"), Ok(vec![1_500]));
        assert_eq!(read("5..5"), Ok(vec![5]));
        let times = times("100us..10ms:x10,5ms").unwrap();
        assert_eq!(
            times.values().iter().map(Swept::word).collect::<Vec<_>>(),
            ["100us", "1ms", "10ms", "5ms"]
        );
    }

    #[test]
    fn what_is_wrong_with_a_list_is_said() {
        for (text, right) in [
            ("1,,2", "a value is missing beside a comma"),
            ("1,2,", "a value is missing beside a comma"),
            ("", "not a number"),
            ("x", "not a number"),
            ("1..", "not a number"),
            ("..4", "not a number"),
            ("1...4", "not a number"),
            ("8..1", "write 1..8"),
            ("1..8:0", "a step of 0"),
            ("1..8:x1", "write 1..8:x2"),
            ("0..8:x2", "begin with 1"),
            ("1..8:xx", "not a number"),
            ("1..1M", "1..1M are more than 1,000 values"),
            ("1..600,1001..1600", "1,200 values are too many; use at most 1,000"),
            ("1,-2", "below zero"),
            ("1-4", "for a range write 1..4"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(right), "{text}: {error}");
        }
        let error = times("1ms..9ms").unwrap_err();
        assert!(error.contains("write 1ms..9ms:x10 or 1ms..9ms:1ms"), "{error}");
        assert!(times("5").unwrap_err().contains("has no unit"));
    }

    #[test]
    fn a_range_to_the_largest_count_ends() {
        assert_eq!(read("18446744073709551614..18446744073709551615").unwrap().len(), 2);
        assert_eq!(
            read("1..18446744073709551615:x1000000000").unwrap(),
            [1, 1_000_000_000, 1_000_000_000_000_000_000]
        );
    }

    #[test]
    fn a_product_has_each_combination_once() {
        let two = |text| counts(text, Ok).unwrap();
        let combinations = Combinations::of(Workload::for_tests(1, 1))
            .over("from", &two("0"), |load, from| load.from = from)
            .over("iters", &two("1k,2k"), |load, iterations| load.iterations = iterations)
            .over("more", &two("1..3"), |load, more| load.iterations += more);
        let words: Vec<String> = combinations
            .into_each()
            .map(|(load, it)| format!("{}: {}", load.iterations, it.words()))
            .collect();
        assert_eq!(
            words,
            [
                "1001: iters 1k, more 1",
                "1002: iters 1k, more 2",
                "1003: iters 1k, more 3",
                "2001: iters 2k, more 1",
                "2002: iters 2k, more 2",
                "2003: iters 2k, more 3"
            ]
        );
    }

    #[test]
    fn a_sweep_does_less_in_each_case() {
        assert_eq!(share(10_000_000, 2, 2), 10_000_000);
        assert_eq!(share(10_000_000, 2, 15), 5_000_000);
        assert_eq!(share(5_000_000, 10, 2080 * 5), 10_000);
        assert_eq!(share(1_000_000, 2, 1_000_000), 1_000);
        assert_eq!(share(10, 2, 1_000_000), 10);
    }
}

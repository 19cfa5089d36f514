//! The options that a sweep goes through, and the values that one of its cases has.

use crate::count;
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

/// The value that an option has in one case.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The option's name, without the dashes.
    pub option: &'static str,
    /// The value, as it stands on a command line.
    pub value: String,
    /// The value as a number, where it is one. Times are in seconds.
    pub number: Option<f64>,
}

/// The options that choose the scenario, whose label has their value, too; the others are of the workload.
const OF_SCENARIO: [&str; 3] = ["lock", "by", "cpython"];

/// Whether an option of this name leaves the scenario as it is.
#[must_use]
pub fn is_of_workload(option: &str) -> bool {
    !OF_SCENARIO.contains(&option)
}

/// The options in the order in which sweeps go through them: those that are not named here come first.
const ORDER: [&str; 4] = ["iters", "sum", "pings", "switch-interval"];

/// The place of an option among those of a sweep.
#[must_use]
pub fn place(option: &str) -> usize {
    ORDER.iter().position(|known| *known == option).map_or(0, |at| at + 1)
}

/// The options of a sweep with the values that they have in one case; empty where nothing is swept.
///
/// In JSON it is an object of texts, as hyperfine's `parameters`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters(Vec<Parameter>);

impl Parameters {
    /// The same with one more.
    #[must_use]
    pub fn with(mut self, parameter: Parameter) -> Self {
        self.0.push(parameter);
        self
    }

    /// The same with others after them.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// All of them, in the order of the options.
    #[must_use]
    pub fn all(&self) -> &[Parameter] {
        &self.0
    }

    /// Those of the workload, which leave the scenario as it is.
    pub fn of_workload(&self) -> impl Iterator<Item = &Parameter> {
        self.0.iter().filter(|parameter| is_of_workload(parameter.option))
    }

    /// The same without these options.
    #[must_use]
    pub fn without(&self, options: &[&str]) -> Self {
        Self(self.0.iter().filter(|it| !options.contains(&it.option)).cloned().collect())
    }

    /// Those of the workload alone.
    #[must_use]
    pub fn workload_only(&self) -> Self {
        Self(self.of_workload().cloned().collect())
    }

    /// Whether nothing is swept.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of an option as a number.
    #[must_use]
    pub fn number(&self, option: &str) -> Option<f64> {
        self.0.iter().find(|parameter| parameter.option == option)?.number
    }

    /// Whether two cases have the same workload, as far as it is swept.
    #[must_use]
    pub fn same_workload(&self, other: &Self) -> bool {
        self.of_workload().eq(other.of_workload())
    }

    /// Those of the workload in words: `threads 4, iters 1M`.
    #[must_use]
    pub fn words(&self) -> String {
        let words = self.of_workload().map(|it| format!("{} {}", it.option, it.value));
        words.collect::<Vec<_>>().join(", ")
    }
}

impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for parameter in &self.0 {
            map.serialize_entry(parameter.option, &parameter.value)?;
        }
        map.end()
    }
}

/// A value that an option of a sweep can have.
pub trait Swept {
    /// As it stands on a command line.
    fn word(&self) -> String;

    /// As a number, where it is one. Times are in seconds.
    fn number(&self) -> Option<f64>;
}

#[expect(clippy::cast_precision_loss, reason = "a place on an axis")]
const fn as_f64(number: u64) -> f64 {
    number as f64
}

impl Swept for u64 {
    fn word(&self) -> String {
        count::short(*self)
    }

    fn number(&self) -> Option<f64> {
        Some(as_f64(*self))
    }
}

impl Swept for NonZeroU64 {
    fn word(&self) -> String {
        self.get().word()
    }

    fn number(&self) -> Option<f64> {
        self.get().number()
    }
}

impl Swept for NonZeroUsize {
    fn word(&self) -> String {
        self.to_string()
    }

    fn number(&self) -> Option<f64> {
        Some(as_f64(self.get() as u64))
    }
}

impl Swept for Duration {
    fn word(&self) -> String {
        let nanoseconds = self.as_nanos();
        [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")]
            .into_iter()
            .find(|(unit, _)| nanoseconds >= *unit && nanoseconds.is_multiple_of(*unit))
            .map_or_else(
                || format!("{nanoseconds}ns"),
                |(unit, name)| format!("{}{name}", nanoseconds / unit),
            )
    }

    fn number(&self) -> Option<f64> {
        Some(self.as_secs_f64())
    }
}

/// The value of an option that chooses the scenario.
#[must_use]
pub fn chosen(option: &'static str, name: &str) -> Parameter {
    Parameter { option, value: name.to_owned(), number: None }
}

/// The value of an option of the workload.
#[must_use]
pub fn swept(option: &'static str, value: &impl Swept) -> Parameter {
    Parameter { option, value: value.word(), number: value.number() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_counts_stand_as_they_are_typed() {
        let words = [1_500_000, 1_000, 2_000_000_000, 1_234].map(|it| Duration::from_nanos(it).word());
        assert_eq!(words, ["1500us", "1us", "2s", "1234ns"]);
        assert_eq!(1_000_000_u64.word(), "1M");
        for word in words {
            assert_eq!(count::parse_interval(&word).unwrap().word(), word);
        }
    }

    #[test]
    fn what_chooses_the_scenario_is_no_other_workload() {
        let threads = |number: u64| swept("threads", &number);
        let lock = chosen("lock", "fair");
        let [one, other] = [2, 2].map(|number| Parameters::default().with(threads(number)));
        assert!(one.same_workload(&other.clone().with(lock)));
        assert!(!one.same_workload(&Parameters::default().with(threads(4))));
        assert_eq!(other.with(swept("iters", &1_000_u64)).words(), "threads 2, iters 1k");
    }

    #[test]
    fn in_json_it_is_an_object_of_texts() {
        let parameters =
            Parameters::default().with(swept("threads", &4_u64)).with(swept("iters", &1_000_u64));
        assert_eq!(serde_json::to_string(&parameters).unwrap(), r#"{"threads":"4","iters":"1k"}"#);
    }
}

//! What two interpreters took for the same programs, and what follows from that.
//!
//! The ratio of a program is that of two runs of one round, which came one after the other: what slows the machine for a
//! while slows both. A case's ratio in a round is the geometric mean of its programs' ratios. Each figure is the median
//! over the rounds, with an interval that takes nothing for granted but that rounds are alike ([`Interval`]).

use crate::choice::Choice;
use crate::interpreter::{Case, PROGRAMS, Program};
use crate::measure::Interval;
use crate::measure::stats::median;
use crate::python::version::Stated;
use serde::Serialize;

/// How sure a program's interval is.
pub const CONFIDENCE: f64 = 0.95;
/// How sure each case's interval is: so sure that all three hold together at 95 %, because three verdicts are read off
/// them.
pub const CASE_CONFIDENCE: f64 = 1.0 - (1.0 - CONFIDENCE) / 3.0;
/// By what share slower counts as not slower: where a build happens to have its code in memory makes as much of a
/// difference.
pub const MARGIN: f64 = 0.02;

/// One interpreter, and what it took for the programs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Side {
    /// Its version, or what it was asked for by.
    pub name: String,
    /// Whether its GIL is on, where it could be asked.
    pub gil: Option<bool>,
    /// What is stated of its overhead.
    pub stated: &'static [Stated],
    /// Why it cannot be used at all.
    pub failure: Option<String>,
    /// For each of [`PROGRAMS`].
    pub measured: Vec<Measured>,
}

/// What one interpreter took for one program.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measured {
    /// Seconds, round by round.
    pub times: Vec<f64>,
    /// What the work came to.
    pub result: Option<i128>,
    /// Why there is nothing to compare.
    pub failure: Option<String>,
}

/// Whether the condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "OverheadVerdict"))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is not slower: the interval lies wholly below 1.
    Met,
    /// It is slower: the interval lies wholly above 1 and the margin.
    NotMet,
    /// The interval holds 1, or lies no further above it than the margin, or there are too few rounds for an interval.
    CannotBeTold,
    /// There is nothing to compare.
    Failed,
}

impl Verdict {
    /// Of the interval of a ratio.
    #[must_use]
    pub fn of(interval: Option<Interval>) -> Self {
        match interval {
            Some(Interval { high, .. }) if high < 1.0 => Self::Met,
            Some(Interval { low, .. }) if low > 1.0 + MARGIN => Self::NotMet,
            _ => Self::CannotBeTold,
        }
    }

    /// As in the JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not-met",
            Self::CannotBeTold => "cannot-be-told",
            Self::Failed => "failed",
        }
    }
}

/// Two interpreters, at the same programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct PairRow {
    /// The release of the interpreter that the other is measured against.
    pub base: String,
    /// The one that is measured against it.
    pub other: String,
    /// Whether the base's GIL is on; null where it could not be asked.
    pub base_gil: Option<bool>,
    /// Whether the other's GIL is on; null where it could not be asked.
    pub other_gil: Option<bool>,
    /// A row for each case.
    pub cases: Vec<CaseRow>,
    /// A row for each program.
    pub programs: Vec<ProgramRow>,
    /// What is stated of the same difference.
    pub stated: Vec<Stated>,
    /// Why there is nothing to compare at all.
    pub failure: Option<String>,
}

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CaseRow {
    /// The case.
    pub case: Case,
    /// How many times as long the other took: the geometric mean over the programs, the median of the rounds.
    pub ratio: Option<f64>,
    /// The lower end of the ratio's interval; null when there are too few rounds.
    pub low: Option<f64>,
    /// The upper end of the ratio's interval; null when there are too few rounds.
    pub high: Option<f64>,
    /// Whether the condition holds.
    pub verdict: Verdict,
    /// How many programs are counted.
    pub programs: usize,
}

/// What came of one program in one case.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ProgramRow {
    /// The case.
    pub case: Case,
    /// The program's name.
    pub program: &'static str,
    /// The base's time in seconds (median of the rounds); null where it failed.
    pub base: Option<f64>,
    /// The other's time in seconds (median of the rounds); null where it failed.
    pub other: Option<f64>,
    /// How many times as long the other took (median of the rounds).
    pub ratio: Option<f64>,
    /// The lower end of the ratio's interval; null when there are too few rounds.
    pub low: Option<f64>,
    /// The upper end of the ratio's interval; null when there are too few rounds.
    pub high: Option<f64>,
    /// The base's times in seconds, round by round.
    pub base_times: Vec<f64>,
    /// The other's times in seconds, round by round.
    pub other_times: Vec<f64>,
    /// Why there is nothing to compare.
    pub failure: Option<String>,
}

impl PairRow {
    /// Compares two interpreters.
    #[must_use]
    pub fn of(base: &Side, other: &Side) -> Self {
        let failure = base.failure.as_ref().or(other.failure.as_ref()).cloned();
        let programs: Vec<ProgramRow> = match failure {
            Some(_) => Vec::new(),
            None => PROGRAMS
                .iter()
                .zip(base.measured.iter().zip(&other.measured))
                .map(|(program, measured)| ProgramRow::of(*program, [base, other], measured))
                .collect(),
        };
        let cases = Case::ALL.iter().map(|&case| CaseRow::of(case, &programs)).collect();
        let without = base.gil == Some(true) && other.gil == Some(false);
        Self {
            base: base.name.clone(),
            other: other.name.clone(),
            base_gil: base.gil,
            other_gil: other.gil,
            cases,
            programs,
            stated: if without { other.stated.to_vec() } else { Vec::new() },
            failure,
        }
    }
}

impl ProgramRow {
    fn of(program: Program, sides: [&Side; 2], (base, other): (&Measured, &Measured)) -> Self {
        let failed = |measured: &Measured| measured.failure.is_some();
        let failure = base.failure.clone().or_else(|| other.failure.clone()).or_else(|| {
            let (one, two) = base.result.zip(other.result)?;
            let [base, other] = sides.map(|side| &side.name);
            (one != two)
                .then(|| format!("{base} came to {one} and {other} to {two}, so it was not the same work"))
        });
        let mut row = Self {
            case: program.case,
            program: program.name,
            base: (!failed(base) && !base.times.is_empty()).then(|| median(base.times.iter().copied())),
            other: (!failed(other) && !other.times.is_empty()).then(|| median(other.times.iter().copied())),
            ratio: None,
            low: None,
            high: None,
            base_times: base.times.clone(),
            other_times: other.times.clone(),
            failure,
        };
        if row.failure.is_none() {
            let ratios = row.ratios();
            (row.ratio, row.low, row.high) = figures(&ratios, CONFIDENCE);
        }
        row
    }

    /// How many times as long the other took, round by round.
    fn ratios(&self) -> Vec<f64> {
        self.base_times.iter().zip(&self.other_times).map(|(base, other)| other / base).collect()
    }
}

impl CaseRow {
    fn of(case: Case, programs: &[ProgramRow]) -> Self {
        let counted: Vec<Vec<f64>> = programs
            .iter()
            .filter(|row| row.case == case && row.failure.is_none())
            .map(ProgramRow::ratios)
            .collect();
        let rounds = counted.iter().map(Vec::len).min().unwrap_or(0);
        let means: Vec<f64> =
            (0..rounds).map(|round| geometric_mean(counted.iter().map(|ratios| ratios[round]))).collect();
        let (ratio, low, high) = figures(&means, CASE_CONFIDENCE);
        let interval = low.zip(high).map(|(low, high)| Interval { low, high });
        let verdict = if ratio.is_none() { Verdict::Failed } else { Verdict::of(interval) };
        Self { case, ratio, low, high, verdict, programs: if rounds == 0 { 0 } else { counted.len() } }
    }
}

/// The median of some ratios and the ends of its interval.
fn figures(ratios: &[f64], confidence: f64) -> (Option<f64>, Option<f64>, Option<f64>) {
    if ratios.is_empty() {
        return (None, None, None);
    }
    let interval = Interval::of_median(ratios, confidence);
    (Some(median(ratios.iter().copied())), interval.map(|it| it.low), interval.map(|it| it.high))
}

/// The geometric mean: twice as long in one program and half as long in another is no difference.
fn geometric_mean(ratios: impl ExactSizeIterator<Item = f64>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a handful of programs")]
    let number = ratios.len() as f64;
    (ratios.map(f64::ln).sum::<f64>() / number).exp()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An interpreter that took so long, as many times as a program's time as there are rounds.
    pub(in crate::report::overhead) fn side(name: &str, gil: bool, times: &[f64]) -> Side {
        let measured = Measured { times: times.to_vec(), result: Some(7), failure: None };
        Side {
            name: name.to_owned(),
            gil: Some(gil),
            stated: &[],
            failure: None,
            measured: vec![measured; PROGRAMS.len()],
        }
    }

    /// Times that grow and shrink together by what a machine does to all, and a little apart.
    pub(in crate::report::overhead) fn times(of: f64) -> Vec<f64> {
        (0..11)
            .map(|round| of * (1.0 + f64::from(round % 4)) * (1.0 + 0.001 * f64::from(round * 7 % 5)))
            .collect()
    }

    fn verdicts(pair: &PairRow) -> Vec<Verdict> {
        pair.cases.iter().map(|case| case.verdict).collect()
    }

    #[test]
    fn a_ratio_is_that_of_the_same_round_and_the_verdict_that_of_its_interval() {
        let base = side("3.13.0", true, &times(0.01));
        let slower = PairRow::of(&base, &side("3.13.5t", false, &times(0.014)));
        assert_eq!(verdicts(&slower), [Verdict::NotMet; 3]);
        for case in &slower.cases {
            assert!((case.ratio.unwrap() - 1.4).abs() < 1e-9, "{case:?}");
            assert!(case.low.unwrap() <= 1.4 + 1e-9 && case.high.unwrap() >= 1.4 - 1e-9, "{case:?}");
        }
        let faster = PairRow::of(&base, &side("3.13.5t", false, &times(0.007)));
        assert_eq!(verdicts(&faster), [Verdict::Met; 3]);
        let itself = PairRow::of(&base, &base);
        assert_eq!(verdicts(&itself), [Verdict::CannotBeTold; 3]);
        // Slower by less than the margin.
        let close = PairRow::of(&base, &side("3.13.5t", false, &times(0.010_1)));
        assert_eq!(verdicts(&close), [Verdict::CannotBeTold; 3]);
    }

    #[test]
    fn verdicts_follow_the_interval_and_the_margin() {
        let of = |low, high| Verdict::of(Some(Interval { low, high }));
        assert_eq!(of(0.8, 0.99), Verdict::Met);
        assert_eq!(of(0.8, 1.0), Verdict::CannotBeTold);
        assert_eq!(of(0.9, 1.1), Verdict::CannotBeTold);
        assert_eq!(of(1.01, 1.3), Verdict::CannotBeTold);
        assert_eq!(of(1.03, 1.3), Verdict::NotMet);
        assert_eq!(Verdict::of(None), Verdict::CannotBeTold);
    }

    #[test]
    fn few_rounds_have_a_ratio_and_no_interval() {
        let base = side("3.13.0", true, &times(0.01)[..5]);
        let pair = PairRow::of(&base, &side("3.13.5t", false, &times(0.014)[..5]));
        for case in &pair.cases {
            assert!(case.ratio.is_some() && case.low.is_none() && case.high.is_none());
            assert_eq!(case.verdict, Verdict::CannotBeTold);
        }
    }

    #[test]
    fn a_program_that_failed_is_left_out_of_its_case_and_of_nothing_else() {
        let base = side("3.13.0", true, &times(0.01));
        let mut other = side("3.13.5t", false, &times(0.014));
        other.measured[0].failure = Some("3.13.5t: was killed by SIGSEGV".to_owned());
        other.measured[1].result = Some(8);
        let pair = PairRow::of(&base, &other);
        assert_eq!(pair.programs[0].failure.as_deref(), Some("3.13.5t: was killed by SIGSEGV"));
        let not_the_same = pair.programs[1].failure.as_deref().unwrap();
        assert!(not_the_same.contains("3.13.0 came to 7 and 3.13.5t to 8"), "{not_the_same}");
        for row in &pair.programs[..2] {
            assert_eq!((row.ratio, row.low, row.high), (None, None, None));
        }
        assert_eq!(pair.cases.iter().map(|case| case.programs).collect::<Vec<_>>(), [6, 3, 8]);
        assert_eq!(verdicts(&pair), [Verdict::NotMet; 3]);

        for measured in &mut other.measured[..8] {
            measured.failure = Some("gone".to_owned());
        }
        let pair = PairRow::of(&base, &other);
        assert_eq!(verdicts(&pair), [Verdict::Failed, Verdict::NotMet, Verdict::NotMet]);
    }

    #[test]
    fn an_interpreter_that_cannot_be_used_has_no_programs() {
        let missing = Side { failure: Some("no/python: not found".to_owned()), ..Side::default() };
        let pair = PairRow::of(&missing, &side("3.13.5t", false, &times(0.014)));
        assert!(pair.programs.is_empty());
        assert_eq!(pair.failure.as_deref(), Some("no/python: not found"));
        assert_eq!(verdicts(&pair), [Verdict::Failed; 3]);
    }

    #[test]
    fn statements_stand_where_one_side_has_a_gil_and_the_other_has_none() {
        use crate::python::version::Version;
        let base = side("3.13.0", true, &times(0.01));
        let stated = Version::V3_13t.stated_overhead();
        let free = Side { stated, ..side("3.13.5t", false, &times(0.014)) };
        assert_eq!(PairRow::of(&base, &free).stated, stated);
        assert_eq!(PairRow::of(&free, &free).stated, []);
        // A free-threaded build whose GIL is on.
        assert_eq!(PairRow::of(&base, &Side { gil: Some(true), ..free }).stated, []);
    }

    #[test]
    fn twice_as_long_and_half_as_long_make_no_difference() {
        assert!((geometric_mean([2.0, 0.5].into_iter()) - 1.0).abs() < 1e-12);
        assert!((geometric_mean([4.0, 1.0].into_iter()) - 2.0).abs() < 1e-12);
    }
}

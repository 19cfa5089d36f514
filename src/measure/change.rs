//! Whether the same work takes longer than it did: two sets of runs, made at different times, held against each other.
//!
//! Runs of a machine that was not the same are left out first: those in which others had the CPUs, and those before or after
//! which it was slower than it can be. Of the rest every run of one set is divided by every run of the other; the median
//! of these ratios is the change (Hodges and Lehmann, 1963), and ranks of theirs bound it, by the distribution of Mann
//! and Whitney's U, whatever the times are distributed like. Runs that follow each other are alike on a machine that drifts, so
//! they are first put together until they are not. What the machine itself changed by is allowed for: the interval
//! holds the ratio as it is and the ratio with that taken out.

use super::pace::Pace;
use super::stats::{median, percentile};
use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

/// How sure the interval is.
pub const CONFIDENCE: f64 = 0.95;
/// By what share a time has to change to be called slower or faster: where code lies in memory alone makes less of a difference.
pub const MARGIN: f64 = 0.02;
/// Within what share of 1 the whole interval has to lie for the times to be called the same.
pub const SAME: f64 = 0.05;
/// What share of the CPU time that its workers could have had others had in a run, for it to be left out; where that is not known, by how much
/// less of the CPUs they had than they usually have.
const STOLEN: f64 = 0.05;
/// How many times as long as usual the fixed arithmetic took, for a run to be left out.
const SLOW: f64 = 1.3;
/// With so many pairs or fewer, U is counted out; with more its distribution is close to the normal one.
const COUNTED: usize = 400;

/// One run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// What it took, in seconds.
    pub time: f64,
    /// The share of their time in which its workers had a CPU, where that is known.
    pub share: Option<f64>,
    /// The share of the CPU time that they could have had that others had, where that is known.
    pub taken: Option<f64>,
    /// How fast the machine was, where that was measured.
    pub pace: Option<Pace>,
}

/// What can be said of a change in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The whole interval lies below 1 and the margin.
    Faster,
    /// The whole interval lies above 1 and the margin.
    Slower,
    /// It is neither, and the whole interval lies close to 1.
    Same,
    /// It holds more than one of these, or there is no interval.
    CannotBeTold,
}

/// How the times of the second set stand to those of the first.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Change {
    /// How many times as long it takes; null where no run is left on either side.
    pub ratio: Option<f64>,
    /// The lower end of the ratio's 95 % interval; null where too few runs are left for one, of which several that are like
    /// their neighbours count as one.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The interval in a word.
    pub verdict: Verdict,
    /// The median time of the first set's runs that are counted, in seconds; null without any.
    pub time_before: Option<f64>,
    /// The same of the second set.
    pub time_after: Option<f64>,
    /// How many runs of each set are counted.
    pub runs: [usize; 2],
    /// How many runs of each set were left out, because others had the CPUs or the machine was slower than it can be.
    pub left_out: [usize; 2],
    /// How many times as long the fixed arithmetic took beside the second set; null where it was not measured.
    pub arithmetic: Option<f64>,
    /// The same of the additions to one atomic counter.
    pub transfer: Option<f64>,
}

impl Change {
    /// Holds the second set against the first.
    #[must_use]
    pub fn of(before: &[Sample], after: &[Sample]) -> Self {
        let kept = undisturbed([before, after]);
        let times =
            [0, 1].map(|side: usize| kept[side].iter().map(|sample| sample.time).collect::<Vec<f64>>());
        let machine = |of: fn(&Pace) -> Option<f64>| {
            let [before, after] = [0, 1].map(|side: usize| {
                let values: Vec<f64> =
                    kept[side].iter().filter_map(|sample| of(sample.pace.as_ref()?)).collect();
                (!values.is_empty()).then(|| median(values))
            });
            before.zip(after).filter(|&(before, _)| before > 0.0).map(|(before, after)| after / before)
        };
        let (arithmetic, transfer) = (machine(|pace| Some(pace.arithmetic)), machine(|pace| pace.transfer));
        let mut ratios = ratios(&times[0], &times[1]);
        ratios.sort_by(f64::total_cmp);
        let interval = interval(&apart(&times[0]), &apart(&times[1])).map(|(low, high)| {
            let by = |pick: fn(f64, f64) -> f64| arithmetic.into_iter().chain(transfer).fold(1.0, pick);
            let (low, high) = (low / by(f64::max), high / by(f64::min));
            // It is of fewer runs than the ratio, where runs are like their neighbours: it holds what that lies between.
            let at = |place: usize| ratios.get(place).copied();
            (
                at(ratios.len().saturating_sub(1) / 2).map_or(low, |lower| low.min(lower)),
                at(ratios.len() / 2).map_or(high, |upper| high.max(upper)),
            )
        });
        Self {
            ratio: middle(&ratios),
            low: interval.map(|(low, _)| low),
            high: interval.map(|(_, high)| high),
            verdict: Verdict::of(interval),
            time_before: middle(&times[0]),
            time_after: middle(&times[1]),
            runs: [kept[0].len(), kept[1].len()],
            left_out: [before.len() - kept[0].len(), after.len() - kept[1].len()],
            arithmetic,
            transfer,
        }
    }

    /// Whether the interval holds more than this share above 1 and less, too, or there is none.
    #[must_use]
    pub fn may_be_slower_by(&self, share: f64) -> bool {
        !self.is_slower_by(share) && self.high.is_none_or(|high| high > 1.0 + share)
    }

    /// Whether the whole interval lies above 1 by more than this share.
    #[must_use]
    pub fn is_slower_by(&self, share: f64) -> bool {
        self.low.is_some_and(|low| low > 1.0 + share)
    }
}

impl Verdict {
    fn of(interval: Option<(f64, f64)>) -> Self {
        match interval {
            Some((low, _)) if low > 1.0 + MARGIN => Self::Slower,
            Some((_, high)) if high < 1.0 / (1.0 + MARGIN) => Self::Faster,
            Some((low, high)) if low >= 1.0 / (1.0 + SAME) && high <= 1.0 + SAME => Self::Same,
            _ => Self::CannotBeTold,
        }
    }

    /// As it is told.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Same => "same",
            Self::CannotBeTold => "cannot be told",
        }
    }

    /// As in the JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CannotBeTold => "cannot-be-told",
            other => other.words(),
        }
    }
}

/// The runs of both sets in which the machine was as it can be.
fn undisturbed(sides: [&[Sample]; 2]) -> [Vec<Sample>; 2] {
    let quartile = |percent, of: &dyn Fn(&Sample) -> Option<f64>| {
        sides.map(|side| {
            let values: Vec<f64> = side.iter().filter_map(of).collect();
            (!values.is_empty()).then(|| percentile(values, percent))
        })
    };
    let arithmetic = |sample: &Sample| Some(sample.pace?.arithmetic);
    let usual = quartile(75, &|sample| sample.share).into_iter().flatten().reduce(f64::max);
    let fastest = quartile(25, &arithmetic).into_iter().flatten().reduce(f64::min);
    let quiet = |sample: &&Sample| {
        // What they had of the CPUs tells less: those that sleep have none, and all of a set may have had few.
        let stolen = sample.taken.map_or_else(
            || sample.share.zip(usual).is_some_and(|(share, usual)| share < usual - STOLEN),
            |taken| taken > STOLEN,
        );
        let slow = arithmetic(sample).zip(fastest).is_some_and(|(it, fastest)| it > SLOW * fastest);
        !stolen && !slow && sample.time > 0.0
    };
    sides.map(|side| side.iter().filter(quiet).copied().collect())
}

/// The medians of so many neighbours at a time that one says little of the next.
fn apart(times: &[f64]) -> Vec<f64> {
    let size = batch(times);
    times.chunks_exact(size).map(|chunk| median(chunk.iter().copied())).collect()
}

/// How many runs are worth one that knows nothing of the one before it: by the correlation of each with the next.
fn batch(times: &[f64]) -> usize {
    let logs: Vec<f64> = times.iter().map(|time| time.ln()).collect();
    let Some(last) = logs.len().checked_sub(1).filter(|&last| last >= 3) else { return 1 };
    // Ranks would do as well; the median keeps one run that is far off from hiding it.
    let middle = median(logs.iter().copied());
    let off: Vec<f64> = logs.iter().map(|log| log - middle).collect();
    let all: f64 = off.iter().map(|it| it * it).sum();
    let next: f64 = off.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let correlation = if all > 0.0 { (next / all).clamp(0.0, 0.9) } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 19")]
    let size = ((1.0 + correlation) / (1.0 - correlation)).round() as usize;
    size.clamp(1, (last / 3).max(1))
}

/// The median of some times, if there are any.
fn middle(times: &[f64]) -> Option<f64> {
    (!times.is_empty()).then(|| median(times.iter().copied()))
}

/// Every time of the second set over every time of the first.
fn ratios(before: &[f64], after: &[f64]) -> Vec<f64> {
    before.iter().flat_map(|before| after.iter().map(move |after| after / before)).collect()
}

/// The interval of the median ratio; nothing where there are too few for it.
fn interval(before: &[f64], after: &[f64]) -> Option<(f64, f64)> {
    let mut ratios = ratios(before, after);
    let rank = rank(before.len(), after.len())?;
    ratios.sort_by(f64::total_cmp);
    Some((*ratios.get(rank)?, *ratios.get(ratios.len() - 1 - rank)?))
}

/// How many of the sorted ratios may be left out at each end: the greatest number that U is at most with no more probability than
/// half of what the confidence leaves.
fn rank(before: usize, after: usize) -> Option<usize> {
    let pairs = before * after;
    let tail = (1.0 - CONFIDENCE) / 2.0;
    if pairs == 0 {
        return None;
    }
    if pairs > COUNTED {
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let (pairs, sum) = (pairs as f64, (before + after + 1) as f64);
        let normal = Normal::new(pairs / 2.0, (pairs * sum / 12.0).sqrt()).ok()?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the pairs")]
        return Some(normal.inverse_cdf(tail).floor() as usize).map(|rank| rank.saturating_sub(1));
    }
    let counts = orders(before, after);
    let all: f64 = counts.iter().sum();
    let mut sum = 0.0;
    let within = |count: &&f64| {
        sum += **count;
        sum / all <= tail
    };
    counts.iter().take_while(within).count().checked_sub(1)
}

/// In how many orders of the two sets U is 0, 1, 2 and so on: how often so many of the second stand before one of the first.
fn orders(before: usize, after: usize) -> Vec<f64> {
    // Those of the first set are placed one by one: each has no more of the second before it than the one after it.
    let mut counts = vec![vec![0.0; before * after + 1]; after + 1];
    counts[0][0] = 1.0;
    for _ in 0..before {
        let mut next = vec![vec![0.0; before * after + 1]; after + 1];
        let mut below = vec![0.0; before * after + 1];
        for (last, next) in next.iter_mut().enumerate() {
            for (sum, count) in below.iter_mut().zip(&counts[last]) {
                *sum += count;
            }
            for (sum, count) in below.iter().enumerate().filter(|(_, count)| **count > 0.0) {
                if let Some(place) = next.get_mut(sum + last) {
                    *place += count;
                }
            }
        }
        counts = next;
    }
    let mut all = vec![0.0; before * after + 1];
    for of_last in &counts {
        for (sum, count) in all.iter_mut().zip(of_last) {
            *sum += count;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn samples(times: &[f64]) -> Vec<Sample> {
        times.iter().map(|&time| Sample { time, share: Some(1.0), taken: None, pace: None }).collect()
    }

    /// Times that scatter by two per cent around one.
    fn around(time: f64, number: u32) -> Vec<f64> {
        (0..number).map(|run| time * (1.0 + 0.001 * (f64::from(run * 7 % 11) - 5.0))).collect()
    }

    #[test]
    fn the_ranks_are_those_of_mann_and_whitneys_tables() {
        // The critical values of U, two-sided at 5 %: the greatest that is still significant.
        for (before, after, critical) in [
            (2, 8, Some(0)),
            (3, 3, None),
            (3, 5, Some(0)),
            (4, 4, Some(0)),
            (5, 5, Some(2)),
            (8, 8, Some(13)),
            (10, 10, Some(23)),
            (12, 17, Some(57)),
            (20, 20, Some(127)),
        ] {
            assert_eq!(rank(before, after), critical, "{before} and {after}");
            assert_eq!(rank(after, before), critical, "{after} and {before}");
        }
        assert_eq!(rank(0, 9), None);
        // Where U is no longer counted out, it goes on as it did.
        let (counted, close) = (rank(20, 20).unwrap(), rank(20, 21).unwrap());
        assert!((4..=10).contains(&(close - counted)), "{counted}, {close}");
    }

    #[test]
    fn the_number_of_orders_is_the_binomial_coefficient() {
        for (before, after, all) in [(1, 1, 2.0), (2, 3, 10.0), (5, 5, 252.0), (10, 10, 184_756.0)] {
            assert!((orders(before, after).iter().sum::<f64>() - all).abs() < 1e-6, "{before}, {after}");
        }
        assert_eq!(orders(2, 2), [1.0, 1.0, 2.0, 1.0, 1.0]);
    }

    #[test]
    fn a_change_has_a_word_where_its_interval_has_one() {
        let of = |factor: f64| Change::of(&samples(&around(1.0, 11)), &samples(&around(factor, 11)));
        for (factor, verdict) in [
            (1.0, Verdict::Same),
            (1.1, Verdict::Slower),
            (0.9, Verdict::Faster),
            (1.05, Verdict::Slower),
            (1.02, Verdict::Same),
        ] {
            let change = of(factor);
            assert_eq!(change.verdict, verdict, "{change:?}");
            assert!((change.ratio.unwrap() - factor).abs() < 0.005, "{change:?}");
            assert!(
                change.low.unwrap() <= change.ratio.unwrap() && change.ratio.unwrap() <= change.high.unwrap()
            );
        }
        assert!(
            of(1.1).may_be_slower_by(0.1)
                && !of(1.1).may_be_slower_by(0.05)
                && !of(1.0).may_be_slower_by(0.05)
        );
        assert!(of(1.1).is_slower_by(0.05) && !of(1.1).is_slower_by(0.15) && !of(1.0).is_slower_by(0.0));
        let few = Change::of(&samples(&around(1.0, 3)), &samples(&around(2.0, 3)));
        assert_eq!((few.verdict, few.low), (Verdict::CannotBeTold, None));
        assert!(few.may_be_slower_by(5.0));
        assert!((few.ratio.unwrap() - 2.0).abs() < 0.02, "{few:?}");
        let none = Change::of(&[], &samples(&[1.0]));
        assert_eq!((none.ratio, none.verdict, none.runs), (None, Verdict::CannotBeTold, [0, 1]));
    }

    #[test]
    fn runs_without_their_cpus_are_left_out() {
        let mut after = samples(&around(1.0, 20));
        for sample in after.iter_mut().step_by(2) {
            (sample.time, sample.share) = (1.7, Some(0.66));
        }
        let change = Change::of(&samples(&around(1.0, 10)), &after);
        assert_eq!((change.runs, change.left_out), ([10, 10], [0, 10]));
        assert_eq!(change.verdict, Verdict::Same, "{change:?}");
        // Where all of a set was so, there is nothing to hold the other against.
        let busy: Vec<Sample> =
            samples(&around(1.7, 10)).into_iter().map(|it| Sample { taken: Some(0.4), ..it }).collect();
        let change = Change::of(&busy, &busy);
        assert_eq!((change.left_out, change.verdict), ([10, 10], Verdict::CannotBeTold));
        // Where they never have them all, as under a GIL, that is no reason.
        let half = |side: Vec<Sample>| -> Vec<Sample> {
            side.into_iter().map(|it| Sample { share: Some(0.5), ..it }).collect()
        };
        let change = Change::of(&half(samples(&around(1.0, 10))), &half(samples(&around(1.1, 10))));
        assert_eq!((change.left_out, change.verdict), ([0, 0], Verdict::Slower));
    }

    #[test]
    fn what_the_machine_changed_by_is_no_change_of_the_work() {
        let paced = |times: &[f64], arithmetic: f64| -> Vec<Sample> {
            let pace = Some(Pace { arithmetic, transfer: None });
            samples(times).into_iter().map(|it| Sample { pace, ..it }).collect()
        };
        // A machine that is a tenth slower at everything.
        let change = Change::of(&paced(&around(1.0, 10), 1.0), &paced(&around(1.1, 10), 1.1));
        assert_eq!(change.verdict, Verdict::CannotBeTold, "{change:?}");
        assert!((change.arithmetic.unwrap() - 1.1).abs() < 1e-9);
        let slower = Change::of(&paced(&around(1.0, 10), 1.0), &paced(&around(1.3, 10), 1.1));
        assert_eq!(slower.verdict, Verdict::Slower, "{slower:?}");
        // Two CPUs that share a core: nothing can be learned from these runs.
        let shared = Change::of(&paced(&around(1.0, 10), 1.0), &paced(&around(1.9, 10), 1.9));
        assert_eq!((shared.left_out, shared.verdict), ([0, 10], Verdict::CannotBeTold));
    }

    #[test]
    fn runs_that_are_like_their_neighbours_are_worth_less() {
        let drifting: Vec<f64> = (0..40).map(|run| if run % 20 < 10 { 1.0 } else { 1.2 }).collect();
        assert!(batch(&drifting) > 3, "{}", batch(&drifting));
        assert_eq!(batch(&around(1.0, 40)), 1);
        let steady = Change::of(&samples(&around(1.0, 40)), &samples(&around(1.15, 40)));
        assert_eq!(steady.verdict, Verdict::Slower, "{steady:?}");
        // Of seven that are two by two alike three are left, which are too few, as three are.
        let pairs = samples(&[1.0, 1.0, 1.2, 1.2, 1.0, 1.0, 1.2]);
        let few = Change::of(&pairs, &pairs);
        assert_eq!((few.runs, few.low, few.verdict), ([7, 7], None, Verdict::CannotBeTold), "{few:?}");
        let four = samples(&around(1.0, 4));
        assert!(Change::of(&four, &four).low.is_some());
        let lucky = Change::of(&samples(&around(1.0, 40)), &samples(&drifting));
        assert_ne!(lucky.verdict, Verdict::Slower, "{lucky:?}");
    }

    proptest! {
        #[test]
        fn the_other_way_round_the_interval_is_turned_over(
            before in prop::collection::vec(0.5_f64..2.0, 6..20),
            after in prop::collection::vec(0.5_f64..2.0, 6..20),
        ) {
            let [one, other] = [
                Change::of(&samples(&before), &samples(&after)),
                Change::of(&samples(&after), &samples(&before)),
            ];
            let turned = other.high.map(|high| 1.0 / high);
            prop_assert_eq!(one.low.is_some(), turned.is_some());
            prop_assert!(one.low.is_none_or(|low| low <= one.ratio.unwrap() && one.ratio.unwrap() <= one.high.unwrap()));
            prop_assert!(one.low.zip(turned).is_none_or(|(low, turned)| (low - turned).abs() < 1e-9));
            let turned = match one.verdict {
                Verdict::Slower => Verdict::Faster,
                Verdict::Faster => Verdict::Slower,
                same => same,
            };
            prop_assert_eq!(other.verdict, turned);
        }
    }
}

//! An interval that holds a median, from the ranks of some values alone.
//!
//! Nothing is assumed of how the values are distributed: that of n values so many lie below the median is a matter of
//! n tosses of a coin. Times on a busy machine need that, among which a few are far too long.

use serde::Serialize;
use statrs::distribution::{Binomial, DiscreteCDF};

/// Two values between which a median lies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The lower one.
    pub low: f64,
    /// The upper one.
    pub high: f64,
}

impl Interval {
    /// The narrowest interval between two of the values, as far from the least as from the greatest, that holds the
    /// median with at least this probability; nothing where there are too few values for any.
    #[must_use]
    pub fn of_median(values: &[f64], confidence: f64) -> Option<Self> {
        let rank = rank(values.len(), confidence)?;
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self { low: *sorted.get(rank)?, high: *sorted.get(values.len() - 1 - rank)? })
    }

    /// Whether a value lies in it.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// How many of so many values may be left out at each end.
fn rank(number: usize, confidence: f64) -> Option<usize> {
    let heads = Binomial::new(0.5, number as u64).ok()?;
    // The median lies beyond the value of a rank when at most so many tosses of `number` were heads, at either end.
    let holds = |rank: usize| 1.0 - 2.0 * heads.cdf(rank as u64) >= confidence;
    (0..number.div_ceil(2)).take_while(|&rank| holds(rank)).last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ranks_are_those_of_the_tables() {
        // Of the sign test: the greatest number of values that may be left out at each end, at 95 % and 99 %.
        for (number, at_95, at_99) in [
            (1, None, None),
            (5, None, None),
            (6, Some(0), None),
            (8, Some(0), Some(0)),
            (9, Some(1), Some(0)),
            (11, Some(1), Some(0)),
            (12, Some(2), Some(1)),
            (15, Some(3), Some(2)),
            (20, Some(5), Some(3)),
            (25, Some(7), Some(5)),
        ] {
            assert_eq!((rank(number, 0.95), rank(number, 0.99)), (at_95, at_99), "{number}");
        }
    }

    #[test]
    fn the_interval_is_between_two_of_the_values() {
        let values = [5.0, 1.0, 100.0, 3.0, 2.0, 4.0, 6.0, 8.0, 7.0];
        let interval = Interval::of_median(&values, 0.95).unwrap();
        assert_eq!(interval, Interval { low: 2.0, high: 8.0 });
        assert!(interval.holds(2.0) && interval.holds(8.0) && !interval.holds(8.1) && !interval.holds(1.9));
        assert_eq!(Interval::of_median(&values[..5], 0.95), None);
        assert_eq!(Interval::of_median(&[], 0.95), None);
    }

    #[test]
    fn it_holds_the_median_as_often_as_it_says() {
        // Every way in which 11 tosses can fall, each as likely: heads is a value above the median, 0.
        let held = (0_u32..1 << 11).filter(|tosses| {
            let values: Vec<f64> =
                (0..11).map(|toss| if tosses >> toss & 1 == 1 { 1.0 } else { -1.0 }).collect();
            let interval = Interval::of_median(&values, 0.95).unwrap();
            interval.low < 0.0 && interval.high > 0.0
        });
        let share = f64::from(u32::try_from(held.count()).unwrap()) / f64::from(1 << 11);
        assert!((share - 0.988_28).abs() < 1e-4, "{share}");
    }

    proptest! {
        #[test]
        fn a_wider_confidence_is_a_wider_interval(values in prop::collection::vec(0.1_f64..10.0, 8..60)) {
            let (narrow, wide) =
                (Interval::of_median(&values, 0.95).unwrap(), Interval::of_median(&values, 0.99).unwrap());
            prop_assert!(wide.low <= narrow.low && narrow.low <= narrow.high && narrow.high <= wide.high);
        }
    }
}

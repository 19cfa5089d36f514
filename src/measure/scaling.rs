//! How throughput grows with the number of workers: Amdahl's law and the Universal Scalability Law.
//!
//! With N workers that each would do λ alone, the throughput is
//! X(N) = λN / (1 + σ(N − 1) + κN(N − 1)),
//! where σ is the share of the work that is done one at a time (contention) and κ what each pair of workers costs to
//! agree (crosstalk, or coherency). With κ = 0 it is Amdahl's law. Source: N. J. Gunther, *A General Theory of
//! Computational Scalability Based on Rational Functions*, arXiv:0808.1431.

use serde::Serialize;

/// A law that throughput was found to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// Amdahl's law: κ is 0.
    Amdahl,
    /// The Universal Scalability Law.
    Usl,
}

/// How a law fits some measured throughputs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Fit {
    /// The law that was fitted: to three numbers of workers Amdahl's, to more the Universal Scalability Law.
    pub law: Law,
    /// σ, from 0 to 1: the share of the work that is done one at a time.
    pub contention: f64,
    /// κ, from 0: what each pair of workers costs, as a share of the work of one.
    pub crosstalk: f64,
    /// λ: the throughput of one worker by the law, in the unit of the measured ones.
    pub of_one: f64,
    /// How far the measured throughput that is furthest from the law's is from it, as a share of the law's.
    pub deviation: f64,
    /// R²: the share of the variance that the law explains; null where it explains none of it (the mean alone is nearer to the
    /// throughputs), or they hardly differ.
    pub r_squared: Option<f64>,
}

impl Fit {
    /// Fits a law to throughputs of numbers of workers: Amdahl's to those of three different numbers, the Universal
    /// Scalability Law to those of more. The squares of the relative deviations of N/X(N), which is linear in the
    /// coefficients, are least; no coefficient is below 0, and
    /// σ is at most 1. Nothing for fewer numbers.
    #[must_use]
    pub fn of(points: &[(usize, f64)]) -> Option<Self> {
        let mut numbers: Vec<usize> = points.iter().map(|&(workers, _)| workers).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let measurable = points.iter().all(|&(workers, it)| workers > 0 && it > 0.0 && it.is_finite());
        if numbers.len() < 3 || !measurable {
            return None;
        }
        // The terms that may be other than 0. The best set within the bounds of the coefficients is the answer.
        let (law, sets): (_, &[&[usize]]) = if numbers.len() == 3 {
            (Law::Amdahl, &[&[0], &[0, 1], &[ALL_IN_TURN]])
        } else {
            (Law::Usl, &[&[0], &[0, 1], &[0, 2], &[0, 1, 2], &[ALL_IN_TURN], &[2, ALL_IN_TURN]])
        };
        let best =
            sets.iter().filter_map(|set| least_squares(points, set)).min_by(|a, b| a.1.total_cmp(&b.1))?;
        let [base, contention, crosstalk] = best.0;
        let fit = Self {
            law,
            contention: contention / base,
            crosstalk: crosstalk / base,
            of_one: 1.0 / base,
            deviation: 0.0,
            r_squared: None,
        };
        let deviation = points
            .iter()
            .map(|&(workers, it)| (it / fit.throughput(workers) - 1.0).abs())
            .fold(0.0, f64::max);
        Some(Self { deviation, r_squared: fit.explained(points), ..fit })
    }

    /// The throughput of so many workers by the law.
    #[must_use]
    pub fn throughput(&self, workers: usize) -> f64 {
        let [_, one, pair, _] = terms(workers);
        self.of_one * as_f64(workers) / (1.0 + self.contention * one + self.crosstalk * pair)
    }

    /// With how many workers the throughput is greatest by the law; nothing where more are always better.
    #[must_use]
    pub fn peak(&self) -> Option<usize> {
        let peak =
            (self.crosstalk > 0.0).then(|| ((1.0 - self.contention).max(0.0) / self.crosstalk).sqrt())?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a number of workers, or far beyond any"
        )]
        let below = (peak as usize).max(1);
        let more = below.saturating_add(1);
        Some(if self.throughput(more) > self.throughput(below) { more } else { below })
    }

    fn explained(&self, points: &[(usize, f64)]) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "few points")]
        let mean = points.iter().map(|&(_, it)| it).sum::<f64>() / points.len() as f64;
        let total: f64 = points.iter().map(|&(_, it)| (it - mean).powi(2)).sum();
        let left: f64 = points.iter().map(|&(workers, it)| (it - self.throughput(workers)).powi(2)).sum();
        // Throughputs that are all within one per cent have no variance to speak of.
        #[expect(clippy::cast_precision_loss, reason = "few points")]
        let flat = (total / points.len() as f64).sqrt() < 0.01 * mean;
        // Below 0 the mean would do better: that is no share of anything.
        (!flat).then(|| 1.0 - left / total).filter(|&explained| explained >= 0.0)
    }
}

/// The term that stands for the first two where σ is 1.
const ALL_IN_TURN: usize = 3;

/// What the coefficients of N/X(N) stand before: 1, N − 1 and N(N − 1); and N, which is the sum of the first two.
fn terms(workers: usize) -> [f64; 4] {
    let workers = as_f64(workers);
    [1.0, workers - 1.0, workers * (workers - 1.0), workers]
}

#[expect(clippy::cast_precision_loss, reason = "numbers of workers are small")]
const fn as_f64(number: usize) -> f64 {
    number as f64
}

/// The coefficients of this set, the others 0, and the sum of squares that is left; nothing where one would be below 0 or
/// they cannot be told apart.
fn least_squares(points: &[(usize, f64)], set: &[usize]) -> Option<([f64; 3], f64)> {
    let mut matrix = [[0.0; 4]; 3];
    for &(workers, throughput) in points {
        let y = as_f64(workers) / throughput;
        let row = terms(workers).map(|term| term / y);
        for (i, &of) in set.iter().enumerate() {
            for (j, &by) in set.iter().enumerate() {
                matrix[i][j] += row[of] * row[by];
            }
            matrix[i][3] += row[of];
        }
    }
    let solved = solve(&mut matrix, set.len())?;
    let mut of_terms = [0.0; 4];
    for (&of, &value) in set.iter().zip(&solved) {
        of_terms[of] = value;
    }
    let [base, contention, crosstalk, in_turn] = of_terms;
    let coefficients = [base + in_turn, contention + in_turn, crosstalk];
    let [base, contention, _] = coefficients;
    if base <= 0.0 || contention > base || coefficients.iter().any(|&it| it < 0.0) {
        return None;
    }
    let left = points.iter().map(|&(workers, throughput)| {
        let y = as_f64(workers) / throughput;
        let by_law: f64 = terms(workers).iter().zip(&coefficients).map(|(term, it)| term * it).sum();
        (by_law / y - 1.0).powi(2)
    });
    Some((coefficients, left.sum()))
}

/// Solves so many linear equations, each a row with its right side last, by elimination with pivots.
fn solve(matrix: &mut [[f64; 4]; 3], size: usize) -> Option<Vec<f64>> {
    for column in 0..size {
        let pivot =
            (column..size).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))?;
        matrix.swap(column, pivot);
        let scale = matrix[column][column];
        if scale.abs() < f64::MIN_POSITIVE.sqrt() {
            return None;
        }
        for row in 0..size {
            if row == column {
                continue;
            }
            let factor = matrix[row][column] / scale;
            let subtracted = matrix[column];
            for (value, of_pivot) in matrix[row].iter_mut().zip(subtracted) {
                *value -= factor * of_pivot;
            }
        }
    }
    Some((0..size).map(|row| matrix[row][3] / matrix[row][row]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_law(contention: f64, crosstalk: f64, of_one: f64, workers: &[usize]) -> Vec<(usize, f64)> {
        let fit = Fit { law: Law::Usl, contention, crosstalk, of_one, deviation: 0.0, r_squared: None };
        workers.iter().map(|&number| (number, fit.throughput(number))).collect()
    }

    proptest! {
        #[test]
        fn the_coefficients_of_a_law_are_found_again(
            contention in 0.0_f64..1.0, crosstalk in 0.0_f64..0.2, of_one in 1e-3_f64..1e9
        ) {
            let points = by_law(contention, crosstalk, of_one, &[1, 2, 3, 4, 8, 16, 64]);
            let fit = Fit::of(&points).unwrap();
            prop_assert!((fit.contention - contention).abs() < 1e-5, "{fit:?}");
            prop_assert!((fit.crosstalk - crosstalk).abs() < 1e-5, "{fit:?}");
            prop_assert!((fit.of_one / of_one - 1.0).abs() < 1e-5, "{fit:?}");
            prop_assert!(fit.deviation < 1e-5);
        }

        #[test]
        fn no_coefficient_is_below_zero(throughputs in prop::collection::vec(1.0_f64..100.0, 3..9)) {
            let points: Vec<_> = throughputs.iter().enumerate().map(|(at, &it)| (at + 1, it)).collect();
            let fit = Fit::of(&points).unwrap();
            prop_assert!((0.0..=1.0).contains(&fit.contention) && fit.crosstalk >= 0.0 && fit.of_one > 0.0, "{fit:?}");
            prop_assert!(fit.deviation.is_finite());
            prop_assert!(fit.r_squared.is_none_or(|share| (0.0..=1.0).contains(&share)), "{fit:?}");
        }
    }

    #[test]
    fn three_numbers_are_enough_for_amdahl_and_two_for_nothing() {
        let points = by_law(0.25, 0.0, 10.0, &[1, 2, 4]);
        let fit = Fit::of(&points).unwrap();
        assert_eq!((fit.law, fit.crosstalk, fit.peak()), (Law::Amdahl, 0.0, None));
        assert!((fit.contention - 0.25).abs() < 1e-9 && fit.r_squared.unwrap() > 0.999_999);
        assert_eq!(Fit::of(&points[..2]), None);
        assert_eq!(Fit::of(&[(1, 1.0), (1, 2.0), (2, 2.0)]), None);
        assert_eq!(Fit::of(&[(1, 1.0), (2, 0.0), (4, 2.0)]), None);
    }

    #[test]
    fn where_more_workers_do_less_contention_is_all_there_is() {
        let fit = Fit::of(&[(1, 10.0), (2, 6.0), (4, 5.0)]).unwrap();
        assert!((fit.contention - 1.0).abs() < 1e-9 && fit.deviation > 0.2, "{fit:?}");
        let fit = Fit::of(&[(1, 10.0), (2, 4.0), (4, 2.0), (8, 0.9)]).unwrap();
        assert!((fit.contention - 1.0).abs() < 1e-9 && fit.crosstalk > 0.1, "{fit:?}");
    }

    #[test]
    fn the_peak_is_where_one_more_worker_does_not_help() {
        let fit = Fit::of(&by_law(0.1, 0.025, 1.0, &[1, 2, 4, 8, 16])).unwrap();
        assert_eq!(fit.peak(), Some(6), "{fit:?}");
        assert!(fit.throughput(6) > fit.throughput(5) && fit.throughput(6) > fit.throughput(7));
        // Between two numbers it is the better one, which need not be the nearer.
        let fit = Fit { contention: 0.781, crosstalk: 0.0992, ..fit };
        assert!(fit.throughput(2) > fit.throughput(1));
        assert_eq!(fit.peak(), Some(2), "{fit:?}");
    }

    #[test]
    fn a_law_that_the_mean_is_nearer_than_explains_no_share() {
        let fit = Fit::of(&[(1, 10.0), (2, 6.0), (4, 5.0)]).unwrap();
        assert_eq!(fit.r_squared, None, "{fit:?}");
    }

    #[test]
    fn throughputs_that_do_not_differ_have_no_variance_to_explain() {
        let fit = Fit::of(&[(1, 5.0), (2, 5.0), (4, 5.0)]).unwrap();
        assert!((fit.contention - 1.0).abs() < 1e-9 && fit.r_squared.is_none(), "{fit:?}");
    }
}

//! From values to places.

/// Places for values: in proportion, or by their orders of magnitude.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Scale {
    /// From zero to a value.
    pub(super) fn from_zero(high: f64) -> Self {
        Self { low: 0.0, high: if high > 0.0 { high } else { 1.0 }, logarithmic: false }
    }

    /// From one value to another; by their orders of magnitude where they lie far apart.
    pub(super) fn between(low: f64, high: f64, logarithmic: bool) -> Self {
        let logarithmic = logarithmic && low > 0.0;
        let [low, high] = if logarithmic { [low.log10(), high.log10()] } else { [low, high] };
        Self { low, high: if high > low { high } else { low + 1.0 }, logarithmic }
    }

    /// Whether it shows orders of magnitude.
    pub(super) const fn is_logarithmic(self) -> bool {
        self.logarithmic
    }

    /// Where a value lies, from 0 to 1.
    pub(super) fn place(self, value: f64) -> f64 {
        let value = if self.logarithmic { value.max(f64::MIN_POSITIVE).log10() } else { value };
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// Some round values within it.
    pub(super) fn ticks(self) -> Vec<f64> {
        if self.logarithmic {
            let (low, high) = (self.low, self.high);
            let all = |steps: &[f64]| -> Vec<f64> {
                let mut ticks = Vec::new();
                let mut power = low.floor();
                while power <= high {
                    ticks.extend(steps.iter().map(|step| step * 10_f64.powf(power)));
                    power += 1.0;
                }
                let inside = |tick: &f64| (low - 1e-9..=high + 1e-9).contains(&tick.log10());
                ticks.into_iter().filter(inside).collect()
            };
            let fine = all(&[1.0, 2.0, 5.0]);
            return if fine.len() > 7 { all(&[1.0]) } else { fine };
        }
        let step = step((self.high - self.low) / 4.0);
        let mut ticks = Vec::new();
        let mut number = (self.low / step).ceil();
        while number * step <= self.high * (1.0 + 1e-9) {
            ticks.push(number * step);
            number += 1.0;
        }
        ticks
    }
}

/// The round number nearest above: 1, 2 or 5 and a power of ten.
fn step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= rough * (1.0 - 1e-9));
    round.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(Scale::from_zero(0.41).ticks(), [0.0, 0.2, 0.4]);
        assert_eq!(Scale::from_zero(100.0).ticks(), [0.0, 50.0, 100.0]);
        assert_eq!(Scale::from_zero(7.0).ticks(), [0.0, 2.0, 4.0, 6.0]);
        let ticks = Scale::between(1.0, 64.0, true).ticks();
        assert!(ticks.contains(&1.0) && ticks.contains(&10.0) && ticks.len() < 8, "{ticks:?}");
    }

    #[test]
    fn places_are_in_proportion_or_by_magnitude() {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(Scale::from_zero(4.0).place(1.0), 0.25));
        assert!(near(Scale::between(1.0, 16.0, true).place(4.0), 0.5));
        assert!(near(Scale::from_zero(0.0).place(0.0), 0.0));
    }
}

//! Numbers and times in words, with as many digits as say something.
use crate::count;

/// A time in seconds with three significant digits and the unit that suits it: `131 ms`.
#[must_use]
pub fn time(seconds: f64) -> String {
    if seconds == 0.0 {
        return "0 s".to_owned();
    }
    let (value, unit) = [(1.0, "s"), (1e-3, "ms"), (1e-6, "us")]
        .into_iter()
        .find(|&(unit, _)| seconds >= unit * 0.9995)
        .map_or((seconds * 1e9, "ns"), |(scale, unit)| (seconds / scale, unit));
    format!("{} {unit}", figure(value))
}

/// A number with three significant digits, never in exponent form: `0.66`, `13.1`, `1310`.
#[must_use]
pub fn figure(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        // What is less than a hundredth would look like nothing.
        size if (1e-6..0.000_995).contains(&size) => 6,
        size if (0.000_995..0.009_95).contains(&size) => 4,
        _ => 2,
    };
    format!("{value:.digits$}")
}

/// A share from 0 to 1 in per cent.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A share in per cent with all the digits that it was given: `5 %`, `1.5 %`.
#[must_use]
pub fn limit(share: f64) -> String {
    let text = format!("{:.4}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// `1 run`, `7 runs`.
#[must_use]
pub fn plural(number: usize, noun: &str) -> String {
    format!("{}{}", quantity(number as u128, noun), if number == 1 { "" } else { "s" })
}

fn quantity(number: u128, noun: &str) -> String {
    format!("{} {noun}", count::grouped(i128::try_from(number).unwrap_or(i128::MAX)))
}

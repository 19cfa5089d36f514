//! Numbers and times in words, with as many digits as say something.

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
        _ => 2,
    };
    format!("{value:.digits$}")
}

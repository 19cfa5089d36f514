//! Counts as people write them: `100000000`, `100_000_000`, `100M` and `1e8` are one number.

use std::time::Duration;

/// What is wrong with a count that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CountError {
    /// There is no number in it.
    #[error("not a number; write a whole number such as 100000000, 100_000_000, 100M or 1e8")]
    NotANumber,
    /// It is below zero.
    #[error("below zero; write a whole number such as 100M or 1e8")]
    Negative,
    /// It has a part after the point.
    #[error("not a whole number; write one such as 1500, 1.5k or 15e2")]
    NotWhole,
    /// It does not fit 64 bits.
    #[error("too large; the largest count is {} (2^64 - 1)", u64::MAX)]
    TooLarge,
}

/// Reads a count: digits with `_` between them, a decimal point, then either an exponent (`e8`)
/// or one of the suffixes `k`, `M`, `G` and `T` (10^3, 10^6, 10^9, 10^12; either case).
///
/// # Errors
///
/// Says what is wrong when the text is not a whole number from 0 to 2^64 - 1.
///
/// ```
/// # use gilsim::count;
/// assert_eq!(count::parse("100_000_000"), count::parse("1e8"));
/// assert_eq!(count::parse("1.5k"), Ok(1500));
/// ```
pub fn parse(text: &str) -> Result<u64, CountError> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('-') {
        let number = rest.starts_with(|c: char| c.is_ascii_digit());
        return Err(if number { CountError::Negative } else { CountError::NotANumber });
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    let (mantissa, exponent) = split_exponent(text)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !is_digits(whole) || (mantissa.contains('.') && !is_digits(fraction)) {
        return Err(CountError::NotANumber);
    }

    // The value is the digits without the point, times 10^(exponent - places after the point).
    let digits: String = whole.chars().chain(fraction.chars()).filter(|&c| c != '_').collect();
    let places = fraction.chars().filter(|&c| c != '_').count();
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    let shift = i64::from(exponent) - i64::try_from(places).map_err(|_| CountError::TooLarge)?;
    if shift >= 0 {
        let scale = u32::try_from(shift).ok().and_then(|shift| 10_u64.checked_pow(shift));
        let digits = significant.parse::<u64>().ok();
        scale.zip(digits).and_then(|(scale, digits)| digits.checked_mul(scale))
    } else {
        let dropped = usize::try_from(-shift).unwrap_or(usize::MAX);
        let kept = significant.len().saturating_sub(dropped);
        if significant[kept..].bytes().any(|digit| digit != b'0') || kept == 0 {
            return Err(CountError::NotWhole);
        }
        significant[..kept].parse().ok()
    }
    .ok_or(CountError::TooLarge)
}

/// Splits `12e3` or `12k` into the part before and the power of ten that it stands for.
fn split_exponent(text: &str) -> Result<(&str, u32), CountError> {
    if let Some((mantissa, exponent)) = text.split_once(['e', 'E']) {
        let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
        if exponent.is_empty() || !exponent.bytes().all(|c| c.is_ascii_digit()) {
            return Err(CountError::NotANumber);
        }
        return Ok((mantissa, exponent.parse().unwrap_or(u32::MAX)));
    }
    let power = match text.chars().next_back() {
        Some('k' | 'K') => 3,
        Some('m' | 'M') => 6,
        Some('g' | 'G') => 9,
        Some('t' | 'T') => 12,
        _ => return Ok((text, 0)),
    };
    Ok((&text[..text.len() - 1], power))
}

/// Whether the text is digits with at most single underscores between them.
fn is_digits(text: &str) -> bool {
    text.split('_').all(|part| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit()))
}

/// What is said of a time that is too short or too long.
const OUT_OF_RANGE: &str = "out of range; write a time from 1us to 60s";

/// Reads a time such as `5ms`, `0.5s` or `100us` (also `µs`, `ns`).
///
/// # Errors
///
/// Says what is wrong when the text is not a time from 1 us to 60 s. CPython, too, takes anything shorter
/// than 1 us for 1 us (`_PyEval_SetSwitchInterval`).
pub fn parse_interval(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let nanoseconds = match unit.trim() {
        "s" => 1e9,
        "ms" => 1e6,
        "us" | "µs" => 1e3,
        "ns" => 1.0,
        "" if number.parse() == Ok(0.0) => return Err(OUT_OF_RANGE.to_owned()),
        "" if !number.is_empty() => {
            return Err(format!("has no unit; write {number}ms, {number}us or {number}s"));
        }
        _ => return Err("not a time; write one such as 5ms, 100us or 0.5s".to_owned()),
    };
    let number: f64 =
        number.parse().map_err(|_| "not a time; write one such as 5ms, 100us or 0.5s".to_owned())?;
    let interval = number * nanoseconds;
    if !(1e3..=60e9).contains(&interval) {
        return Err(OUT_OF_RANGE.to_owned());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range was checked above"
    )]
    let interval = interval.round() as u64;
    Ok(Duration::from_nanos(interval))
}

/// A number with a comma between each group of three digits, for people.
#[must_use]
pub fn grouped(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count that was averaged over runs.
#[must_use]
pub fn mean(value: f64) -> String {
    if value < 10.0 && value.fract() > 0.0 {
        return format!("{value:.1}");
    }
    #[expect(clippy::cast_possible_truncation, reason = "counts of events stay far below 2^63")]
    let whole = value.round() as i64;
    grouped(i128::from(whole))
}

/// A round number that is at least as large: 1, 2 or 5 and zeros; nothing beyond 64 bits.
#[must_use]
pub fn rounded_up(value: f64) -> Option<u64> {
    let powers = (0..20).filter_map(|exponent| 10_u64.checked_pow(exponent));
    let round = powers.flat_map(|power| [1, 2, 5].map(|digit| power.checked_mul(digit)));
    #[expect(clippy::cast_precision_loss, reason = "1, 2, 5 and zeros")]
    round.flatten().find(|&number| number as f64 >= value)
}

/// How often something happened, on average: `once`, `2.5 times`, `1,000 times`.
#[must_use]
pub fn times(value: f64) -> String {
    match mean(value).as_str() {
        "1" => "once".to_owned(),
        mean => format!("{mean} times"),
    }
}

/// A count in its shortest exact form for a command line: `100M`, `2500`, `1500k`.
#[must_use]
pub fn short(number: u64) -> String {
    [(1_000_000_000_000, "T"), (1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")]
        .into_iter()
        .find(|&(unit, _)| number >= unit && number.is_multiple_of(unit))
        .map_or_else(|| number.to_string(), |(unit, suffix)| format!("{}{suffix}", number / unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_number_in_four_spellings() {
        for text in ["100000000", "100_000_000", "100M", "100m", "1e8", "1E+8", "0.1G", "+1e8"] {
            assert_eq!(parse(text), Ok(100_000_000), "{text}");
        }
    }

    #[test]
    fn the_edges_of_the_range() {
        assert_eq!(parse("0"), Ok(0));
        assert_eq!(parse("0e999999999999"), Ok(0));
        assert_eq!(parse("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(parse("18446744073709551616"), Err(CountError::TooLarge));
        assert_eq!(parse("18446744.073709551615T"), Ok(u64::MAX));
        assert_eq!(parse("1e30"), Err(CountError::TooLarge));
        assert_eq!(parse("1e99999999999999999999"), Err(CountError::TooLarge));
    }

    #[test]
    fn each_kind_of_nonsense_has_its_own_answer() {
        for text in [
            "", " ", "abc", "M", "e8", "1e", "1e-3", "1__0", "_1", "1_", "1.", ".5", "1.2.3", "0x10", "--5",
            "1 0", "٣",
        ] {
            assert_eq!(parse(text), Err(CountError::NotANumber), "{text:?}");
        }
        assert_eq!(parse("-5"), Err(CountError::Negative));
        assert_eq!(parse("1.5"), Err(CountError::NotWhole));
        assert_eq!(parse("0.0001k"), Err(CountError::NotWhole));
    }

    #[test]
    fn intervals_bear_a_unit_and_keep_to_their_range() {
        assert_eq!(parse_interval("5ms"), Ok(Duration::from_millis(5)));
        assert_eq!(parse_interval("0.5 s"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_interval("100us"), parse_interval("100µs"));
        assert_eq!(parse_interval("1000ns"), Ok(Duration::from_micros(1)));
        for text in ["", "5", "ms", "abc", "-5ms", "0ms", "999ns", "61s", "1.2.3s", "1e3s", "5 minutes"] {
            assert!(parse_interval(text).is_err(), "{text:?}");
        }
        // No unit would do.
        assert_eq!(parse_interval("0"), parse_interval("0ms"));
    }

    proptest! {
        #[test]
        fn every_count_reads_back_from_each_form(number: u64) {
            prop_assert_eq!(parse(&number.to_string()), Ok(number));
            prop_assert_eq!(parse(&short(number)), Ok(number));
            prop_assert_eq!(parse(&grouped(i128::from(number)).replace(',', "_")), Ok(number));
        }

        #[test]
        fn a_suffix_is_a_power_of_ten(number in 0_u64..18_000_000, power in prop::sample::select(vec![("k", 3), ("M", 6), ("G", 9), ("T", 12)])) {
            let expected = number * 10_u64.pow(power.1);
            prop_assert_eq!(parse(&format!("{number}{}", power.0)), Ok(expected));
            prop_assert_eq!(parse(&format!("{number}e{}", power.1)), Ok(expected));
        }

        #[test]
        fn no_text_is_a_panic(text in "\\PC{0,24}") {
            let _ = parse(&text);
        }

        #[test]
        fn nothing_close_to_a_number_is_a_panic(text in "[-+0-9_.eEkMGT]{0,30}") {
            let _ = parse(&text);
        }
    }
}

//! Counts, and times.

use super::bytes::{Bytes, reason};
use gilsim::count;
use std::time::Duration;

/// Any text is a count that reads back, or is refused with a reason; the same for a time.
pub fn check(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let text = if bytes.next() % 4 == 3 {
        bytes.rest()
    } else {
        let mut text = String::new();
        while !bytes.is_empty() && text.len() < 64 {
            text.push(bytes.pick(&[
                '0', '1', '9', '5', '0', '0', '.', '_', 'e', 'E', '+', '-', 'k', 'M', 'G', 'T', 'm', 's',
                'u', 'µ', 'n', ' ', ',', '٣', 'é', '2', '3', '4', '6', '7', '8', '\u{a0}',
            ]));
        }
        text
    };
    match count::parse(&text) {
        Ok(number) => {
            assert_eq!(exact_value(&text), Some(u128::from(number)), "{text:?}");
            assert_eq!(count::parse(&number.to_string()), Ok(number));
            assert_eq!(count::parse(&count::short(number)), Ok(number));
            assert_eq!(count::parse(&count::grouped(number.into()).replace(',', "_")), Ok(number));
        }
        Err(error) => {
            reason(&error);
        }
    }
    match count::parse_interval(&text) {
        Ok(time) => {
            assert!(
                (Duration::from_micros(1)..=Duration::from_mins(1)).contains(&time),
                "{text:?}: {time:?}"
            );
        }
        Err(error) => {
            reason(&error);
        }
    }
}

/// The value of a count, found in another way: exactly, digit by digit.
fn exact_value(text: &str) -> Option<u128> {
    let text: String = text.trim().trim_start_matches('+').chars().filter(|&letter| letter != '_').collect();
    let (digits, mut shift) = match text.find(|letter: char| !letter.is_ascii_digit() && letter != '.') {
        None => (&text[..], 0),
        Some(at) => {
            let shift = match &text[at..=at] {
                "k" | "K" => 3,
                "m" | "M" => 6,
                "g" | "G" => 9,
                "t" | "T" => 12,
                _ => text[at + 1..]
                    .trim_start_matches('+')
                    .bytes()
                    .fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(1 << 20)),
            };
            (&text[..at], shift)
        }
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let mut number = 0_u128;
    for digit in whole.bytes().chain(fraction.bytes()) {
        number = number.checked_mul(10)?.checked_add(u128::from(digit - b'0'))?;
    }
    shift -= i64::try_from(fraction.len()).ok()?;
    while shift < 0 {
        if number == 0 {
            return Some(0);
        }
        if !number.is_multiple_of(10) {
            return None;
        }
        (number, shift) = (number / 10, shift + 1);
    }
    while shift > 0 && number > 0 {
        (number, shift) = (number.checked_mul(10)?, shift - 1);
    }
    Some(number)
}

//! Every figure that a report shows, worked out once more from the JSON export of the same run: from its conditions and
//! from what was observed, not from the sums that gilsim has made of them.

mod measured;
mod searched;

use crate::{gilsim, schema};
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// A number as it is printed, in seconds or as a share where it has a unit, and half a unit of its last digit.
#[derive(Debug, Clone, Copy)]
struct Shown {
    value: f64,
    rounding: f64,
}

static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(-?)\b(\d[\d,]*(?:\.\d+)?)(?: ?(?:(ns|us|ms|s)\b|(%)))?").unwrap());

fn shown(text: &str) -> Vec<Shown> {
    let number = |found: regex::Captures<'_>| {
        let digits = found[2].replace(',', "");
        let unit = match found.get(3).or_else(|| found.get(4)).map(|unit| unit.as_str()) {
            Some("ns") => 1e-9,
            Some("us") => 1e-6,
            Some("ms") => 1e-3,
            Some("%") => 1e-2,
            _ => 1.0,
        };
        let places = digits.split_once('.').map_or(0, |(_, places)| places.len());
        let sign = if &found[1] == "-" { -1.0 } else { 1.0 };
        Shown {
            value: sign * digits.parse::<f64>().unwrap() * unit,
            rounding: 0.5 * unit / 10_f64.powi(i32::try_from(places).unwrap()),
        }
    };
    NUMBER.captures_iter(text).map(number).collect()
}

/// Holds the numbers of a text against those that it should show.
fn hold(text: &str, figures: &[f64]) {
    let shown = shown(&text.replace("once", "1 times"));
    assert_eq!(shown.len(), figures.len(), "{text}: {shown:?}, not {figures:?}");
    for (shown, figure) in shown.iter().zip(figures) {
        let off = (shown.value - figure).abs();
        assert!(off <= shown.rounding * 1.000_001 + figure.abs() * 1e-9, "{text}: {shown:?}, not {figure}");
    }
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| value.to_string().parse().unwrap_or_else(|_| panic!("no number: {value}")))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The table and the JSON export of one run.
fn run(line: &str) -> (String, Value) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.json");
    let export = format!("{line} --export {}", path.display());
    let output = gilsim(&export).assert().success().get_output().stdout.clone();
    let json = schema::read(std::fs::read(path).unwrap());
    (String::from_utf8(output).unwrap(), json)
}

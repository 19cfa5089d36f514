//! Messages of worker processes, and reports of what they tell.

use super::bytes::Bytes;
use gilsim::choice::Choice;
use gilsim::measure::runner::{Case, CaseResult, Outcome};
use gilsim::measure::{Objects, Observation, Parameters, Pattern, Workload};
use gilsim::report::Report;
use gilsim::report::export::Format;
use gilsim::scenario::split::message::Message;
use gilsim::scenario::split::{By, Split};
use gilsim::system::clock::{Span, Usage};
use gilsim::system::cpus::Cpus;
use std::fmt::Write;
use std::num::NonZeroUsize;
use std::time::Duration;

const FIGURES: &[&str] = &[
    "0",
    "1",
    "2",
    "9",
    "18446744073709551615",
    "18446744073709551616",
    "340282366920938463463374607431768211455",
    "-1",
    "1.5",
    "1e400",
    "\"1\"",
    "null",
    "1000000000",
    "999999999",
];

/// Any line is a message that reads back, or none; and whatever subtotals tell, a report comes of them.
pub fn check(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let mut text = String::new();
    if bytes.next() % 8 == 7 {
        text = bytes.rest();
    } else {
        while !bytes.is_empty() && text.len() < 2000 {
            let mut figure = || bytes.pick(FIGURES);
            let (worker, number) = (figure(), figure());
            let (start, end) = (figure(), figure());
            let mut time = || format!("{{\"secs\":{},\"nanos\":{}}}", figure(), figure());
            let usage =
                format!("\"cpu\":{},\"user\":{},\"system\":{},\"voluntary\":{start}", time(), time(), time());
            let _ = match bytes.next() % 8 {
                0 => writeln!(text, "{{\"ready\":{{\"worker\":{worker}}}}}"),
                1 => writeln!(text, "{{\"beat\":{{\"worker\":{worker},\"done\":{number}}}}}"),
                2 => writeln!(
                    text,
                    "{}{}",
                    bytes.pick(&["\"stop\"", "{", "[[[[", "\"", "\\u0000"]),
                    String::from_utf8_lossy(bytes.some())
                ),
                _ => writeln!(
                    text,
                    "{{\"subtotal\":{{\"worker\":{worker},\"total\":{number},\"span\":{{\"start\":{start},\"end\":{end}}},\
                     \"usage\":{{{usage},\"involuntary\":{end}}}}}}}"
                ),
            };
        }
    }
    let (mut spans, mut usages, mut total) = (Vec::<Span>::new(), Vec::<Usage>::new(), 0_u128);
    for line in text.lines() {
        let Some(message) = Message::parse(line) else { continue };
        let mut put = Vec::new();
        message.put(&mut put).expect("a vector takes everything");
        let put = String::from_utf8(put).expect("json is utf-8");
        assert_eq!(Message::parse(put.trim_end()).as_ref(), Some(&message), "{line:?}");
        let value: serde_json::Value = serde_json::from_str(&put).expect("a message is json");
        let Some(subtotal) = value.get("subtotal") else { continue };
        let part = |name: &str| subtotal[name].clone();
        spans.push(serde_json::from_value(part("span")).expect("a span"));
        usages.push(serde_json::from_value(part("usage")).expect("what was used"));
        total = total.saturating_add(serde_json::from_value(part("total")).expect("a total"));
    }
    if spans.is_empty() {
        return;
    }
    let observation = Observation {
        actual: i128::try_from(total).unwrap_or(i128::MAX),
        startup: Some(Duration::from_nanos(spans[0].start)),
        spans,
        usage: Some(usages.into_iter().sum()),
        ..Observation::default()
    };
    let workers = NonZeroUsize::new(observation.spans.len()).unwrap_or(NonZeroUsize::MIN);
    let load = Workload {
        workers,
        iterations: 10,
        from: 0,
        pattern: Pattern::PlusMinus,
        cpus: Cpus { usable: 2, pinnable: Vec::new() },
        pins: Vec::new(),
        objects: Objects::Shared,
        widen: None,
        switch_interval: Duration::from_millis(5),
        record: false,
    };
    let scenario = Split::by(By::Process);
    let cases = [Case { scenario: &scenario, load, parameters: Parameters::default(), baseline: false }];
    let result = CaseResult {
        expected: Some(45),
        observations: vec![observation.clone(), observation],
        failure: None,
    };
    let report = Report::new(&cases, &Outcome { finished: vec![result], interrupted: false }, false);
    let format = bytes.pick(Format::ALL);
    assert!(format.render(&report, Some(80), "gilsim race").is_ok_and(|text| !text.is_empty()));
}

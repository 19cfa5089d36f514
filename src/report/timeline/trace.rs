//! A timeline in the trace-event form, which Perfetto and Chrome's `about:tracing` open.
//!
//! The form is described in *Trace Event Format* (Google): complete events (`X`) named `holds`, `waits` and `at work`, instant events (`i`) for
//! requests, flow events (`s`, `f`) for hand-offs, counters (`C`) of workers that wait, and metadata (`M`) with names.
//! Times are in microseconds; a step of a schedule counts as one.

use super::data::{Doing, Timeline, Unit};
use serde_json::{Value, json};

/// Timelines in one file, each as a process.
#[must_use]
pub fn render(timelines: &[Timeline]) -> String {
    let mut events: Vec<String> = Vec::new();
    let mut flow = 0;
    for (process, timeline) in timelines.iter().enumerate() {
        of_one(timeline, process + 1, &mut flow, &mut |event: &Value| events.push(event.to_string()));
    }
    let notes: Vec<String> = timelines.iter().filter_map(Timeline::missing).collect();
    let about = json!({ "gilsim": env!("CARGO_PKG_VERSION"), "left_out": notes });
    format!(
        "{{\"displayTimeUnit\":\"ns\",\"otherData\":{about},\"traceEvents\":[\n{}\n]}}\n",
        events.join(",\n")
    )
}

fn of_one(timeline: &Timeline, process: usize, flow: &mut u64, put: &mut impl FnMut(&Value)) {
    #[expect(clippy::cast_precision_loss, reason = "a run of months has fewer nanoseconds than 2^53")]
    let time = |at: u64| match timeline.unit {
        Unit::Nanoseconds => at as f64 / 1e3,
        Unit::Steps => at as f64,
    };
    put(
        &json!({ "ph": "M", "pid": process, "tid": 0, "name": "process_name", "args": { "name": timeline.title } }),
    );
    let mut waiting: Vec<(u64, i64)> = Vec::new();
    for (number, track) in timeline.tracks.iter().enumerate() {
        let thread = number + 1;
        put(
            &json!({ "ph": "M", "pid": process, "tid": thread, "name": "thread_name", "args": { "name": track.name } }),
        );
        for slice in &track.slices {
            put(&json!({
                "ph": "X", "pid": process, "tid": thread, "name": slice.doing.word(),
                "ts": time(slice.start), "dur": time(slice.end) - time(slice.start),
            }));
            if slice.doing == Doing::Waits {
                waiting.extend([(slice.start, 1), (slice.end, -1)]);
            }
        }
        for &ask in &track.asks {
            put(
                &json!({ "ph": "i", "s": "t", "pid": process, "tid": thread, "name": "asks", "ts": time(ask) }),
            );
        }
    }
    for hand_off in &timeline.hand_offs {
        *flow += 1;
        let name = if hand_off.forced { "forced hand-off" } else { "hand-off" };
        let end = |phase: &str, thread: usize, at: u64| json!({ "ph": phase, "bp": "e", "id": *flow, "cat": "lock", "pid": process, "tid": thread + 1, "name": name, "ts": time(at) });
        put(&end("s", hand_off.from, hand_off.released));
        put(&end("f", hand_off.to, hand_off.taken));
    }
    waiting.sort_unstable();
    let mut workers = 0;
    for (at, change) in waiting {
        workers += change;
        put(
            &json!({ "ph": "C", "pid": process, "tid": 0, "name": "waiting", "ts": time(at), "args": { "workers": workers } }),
        );
    }
}

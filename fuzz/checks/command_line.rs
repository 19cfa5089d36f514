//! Command lines.

use super::bytes::{Bytes, reason};
use gilsim::cli;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

const COMMANDS: &[&str] = &[
    "race",
    "mutex",
    "atomic",
    "sharded",
    "gil",
    "split",
    "refcount",
    "compare",
    "check",
    "dis",
    "explore",
    "convoy",
    "python",
    "overhead",
    "diff",
    "verify",
    "list",
    "schema",
    "tour",
    "completions",
    "man",
    "echo",
    "split-worker",
    "--help",
    "--version",
    "help",
    "rcae",
];

const OPTIONS: &[&str] = &[
    "--threads",
    "--workers",
    "--iters",
    "--from",
    "--pattern",
    "--runs",
    "--pin",
    "--widen",
    "--expect",
    "--count",
    "--refcount",
    "--refcount=biased",
    "--objects",
    "--format",
    "--export",
    "--chart",
    "--timeline",
    "--window",
    "--step",
    "--no-ask",
    "--lang",
    "--quiet",
    "-q",
    "--lock",
    "--by",
    "--body",
    "--setup",
    "--cpython",
    "--switch-interval",
    "--timeout",
    "--python",
    "--sum",
    "--hogs",
    "--pings",
    "--outcome",
    "--schedule",
    "--replay",
    "--max-memory",
    "--machine",
    "--cpu",
    "--beat",
    "--help",
    "-h",
    "-V",
    "--",
    "-",
];

const ARGUMENTS: &[&str] = &[
    "2",
    "1",
    "0",
    "3",
    "-1",
    "100M",
    "1,2,4",
    "1..4",
    "1k..10M:x10",
    "0..18446744073709551615:9223372036854775807",
    "1..,2",
    "1ms..1s:x10",
    "densest",
    "bash",
    "1ms..2ms",
    "/nonexistent/a.svg",
    "std,fair",
    "thread,gil",
    "3.9,3.13t",
    "1e8",
    "1e30",
    "18446744073709551615",
    "1.5k",
    "0.5",
    "auto",
    "off",
    "plus",
    "plus-minus",
    "exact",
    "lost",
    "met",
    "not-met",
    "json",
    "csv",
    "markdown",
    "html",
    "svg",
    "always",
    "table",
    "/nonexistent/a.json",
    "/nonexistent/a.svg",
    "/nonexistent/a.html",
    "-",
    "parking-lot",
    "std",
    "fair",
    "spin",
    "process",
    "thread",
    "rayon",
    "gil",
    "sequential",
    "mpi",
    "x += d",
    "x = x + int(d)",
    "with lock: x += d",
    "with a: x += d",
    "for i in (1, 2): x += d",
    "x = (",
    "import os",
    "y = x; x = y + d",
    "x = x * 2 + d",
    "def f(a): return a",
    "x += f(d)",
    "import threading\\na = threading.Lock()",
    "3.9",
    "3.13",
    "3.13t",
    "2.7",
    "3.5",
    "5ms",
    "60s",
    "61s",
    "1us",
    "0ns",
    "µs",
    "",
    "python3",
    "deadlock",
    "v1:machine:A1,B3,A2",
    "v1:3.9:A1",
    "8G",
    "race",
    "mutex:fair",
    "split:gil",
    "refcount:rc",
    "biased",
    "shared",
    "mutex",
    "é",
    "\u{1F980}",
];

/// Any command line is read, or refused in one line that says why.
pub fn check(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let mut words = vec![OsString::from("gilsim")];
    if bytes.next() % 8 == 7 {
        let raw = bytes
            .raw()
            .split(|&byte| byte == 0 || byte == b' ')
            .map(|word| OsString::from_vec(word.to_vec()));
        words.extend(raw);
    } else {
        words.push(bytes.pick(COMMANDS).into());
        while !bytes.is_empty() && words.len() < 24 {
            match bytes.next() % 16 {
                0..7 => words.push(bytes.pick(OPTIONS).into()),
                7..13 => words.push(bytes.pick(ARGUMENTS).into()),
                13 => words.push(format!("{}={}", bytes.pick(OPTIONS), bytes.pick(ARGUMENTS)).into()),
                14 => words.push(format!("{}{}", bytes.pick(ARGUMENTS), bytes.pick(ARGUMENTS)).into()),
                _ => words.push(OsString::from_vec(bytes.some().to_vec())),
            }
        }
    }
    match cli::parse(words.clone()) {
        Ok(cli::Request::Measure(session)) => {
            let real = session.real.as_ref().is_some_and(|real| !real.jobs.is_empty());
            assert!(!session.cases.is_empty() || real, "nothing to do: {words:?}");
        }
        Ok(cli::Request::Explore(session)) => {
            assert!(session.workers > 0 && session.iterations > 0, "{words:?}");
        }
        Ok(_) => {}
        Err(refusal) => {
            let _ = refusal.ending();
            match refusal.mistake() {
                Some(mistake) => {
                    let text = reason(&mistake);
                    assert!(text.starts_with("error: "), "{text:?}");
                }
                None => assert!(!matches!(refusal, cli::Refusal::Usage(_)), "{words:?}"),
            }
        }
    }
}

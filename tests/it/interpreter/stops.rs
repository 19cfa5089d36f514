//! Real interpreters that are stopped, hang, or have no room.

use super::*;
use crate::{AMPLE, wait_until};
use gilsim::interpreter::{BodyRequest, Error, Interpreter, Limits, SplitRequest};
use gilsim::system::process::Ended;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

#[test]
fn real_ones_are_stopped_and_timed_out_in_the_midst_of_work() {
    for interpreter in real() {
        let folder = tempfile::tempdir().unwrap();
        let marker = folder.path().join("group");
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                wait_until("its start", || group_in(&marker).is_some());
                stop.store(true, Ordering::Relaxed);
            });
            let error = interpreter.body(&endless(&marker), &Limits::new(AMPLE * 2, &stop)).unwrap_err();
            assert!(matches!(error, Error::Stopped { .. }), "{interpreter}: {error}");
        });
        assert_gone(group_in(&marker).unwrap());

        let request = SplitRequest { begin: 0, end: i64::MAX, processes: Some(2) };
        let error = interpreter.split(&request, &Limits::new(SHORT, &NEVER)).unwrap_err();
        assert!(matches!(error, Error::TimedOut { .. }), "{interpreter}: {error}");
    }
}

#[test]
fn a_worker_of_a_real_one_that_hangs_is_named() {
    // The second process stops itself as it is let go.
    let prelude = "
import os, signal
fork, read, forked = os.fork, os.read, []
def second_stops():
    forked.append(fork())
    if len(forked) == 2 and forked[1] == 0:
        os.read = stopping
    return forked[-1]
def stopping(file, length):
    data = read(file, length)
    if not data:
        os.kill(os.getpid(), signal.SIGSTOP)
    return data
os.fork = second_stops
";
    let named_by = |interpreter: &Interpreter| {
        let path = interpreter.path().display();
        let fake = Fake::new(&format!(
            "while [ \"$1\" != -c ]; do shift; done; exec '{path}' -B -c '{prelude}'\"$2\" \"$3\""
        ));
        let stopping = Interpreter::probe(&fake.path(), &ample()).unwrap();
        let request = SplitRequest { begin: 0, end: 10, processes: Some(2) };
        let named = |error: &Error| {
            error.to_string().contains(" s and said: worker process 2 of 2 has not ended; ask for less work")
        };
        // However slow the machine: some timeout is long enough to say it in.
        let mut timeout = Duration::from_secs(1);
        loop {
            let error = stopping.split(&request, &Limits::new(timeout, &NEVER)).unwrap_err();
            assert!(matches!(error, Error::TimedOut { .. }), "{interpreter}: {error}");
            fake.check(&error);
            if named(&error) {
                break;
            }
            timeout *= 2;
            assert!(timeout < AMPLE, "{interpreter}: {error}");
        }
    };
    // All at once: nearly all of it is waiting.
    let interpreters = real();
    std::thread::scope(|scope| {
        for interpreter in &interpreters {
            scope.spawn(|| named_by(interpreter));
        }
    });
}

#[test]
fn a_real_one_without_room_for_its_threads_says_so() {
    for interpreter in real() {
        // 1,000 stacks of 8 MiB do not go into 500 MiB.
        let path = interpreter.path().display();
        let fake = Fake::new(&format!("ulimit -s 8192; ulimit -v 512000; exec '{path}' \"$@\""));
        let limited = Interpreter::probe(&fake.path(), &ample()).unwrap();
        let request = BodyRequest { threads: 1_000, iterations: 1, ..BodyRequest::default() };
        let error = limited.body(&request, &ample()).unwrap_err();
        assert!(matches!(error, Error::Failed { ended: Ended::Status(1), .. }), "{interpreter}: {error}");
        assert!(error.to_string().contains("start new thread"), "{interpreter}: {error}");
        fake.check(&error);
    }
}

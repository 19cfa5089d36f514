//! How long a thread that could run had no CPU, as the kernel counts it.
//!
//! On a busy machine a time holds what others did with the CPUs. CPU time does not tell: a worker that waits for a lock has none either.
//! The kernel counts the time in its run queues alone (`/proc/PID/schedstat`, the second figure; Linux, `Documentation/scheduler/sched-stats.rst`).

use super::clock::{self, Span, Usage};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// What the kernel counts for one thread.
#[derive(Debug)]
pub struct RunQueue(Option<File>);

impl RunQueue {
    /// That of the calling thread. To open it takes some microseconds, to look at it one.
    #[must_use]
    pub fn of_thread() -> Self {
        Self(File::open("/proc/thread-self/schedstat").ok())
    }

    /// How long the thread has waited for a CPU so far; nothing where the kernel does not count it.
    #[must_use]
    pub fn waited(&self) -> Option<Duration> {
        // Three numbers of 20 digits at most.
        let mut text = [0; 64];
        let length = self.0.as_ref()?.read_at(&mut text, 0).ok()?;
        parse(text.get(..length)?)
    }
}

/// A worker at work, on the thread that its CPU time and its waits are counted for.
#[derive(Debug)]
pub struct AtWork<'a> {
    queue: &'a RunQueue,
    usage: fn() -> Usage,
    before: Usage,
    start: u64,
}

impl<'a> AtWork<'a> {
    /// It starts now, with what it has used so far.
    #[must_use]
    pub fn start(queue: &'a RunQueue, usage: fn() -> Usage) -> Self {
        let read = clock::now();
        let before = usage().and_waited(queue.waited());
        let start = clock::now();
        Self { queue, usage, before: before.later(Duration::from_nanos(start - read)), start }
    }

    /// It ends now: when it was at work, and what it used meanwhile.
    #[must_use]
    pub fn end(self) -> (Span, Usage) {
        let span = Span { start: self.start, end: clock::now() };
        (span, (self.usage)().and_waited(self.queue.waited()).until(span.end, self.before))
    }
}

/// The longest of what some threads have waited, and no more than a time in which they did; nothing where it is not known of one.
pub fn longest_wait(waits: impl IntoIterator<Item = Option<Duration>>, most: Duration) -> Option<Duration> {
    let waits: Vec<Duration> = waits.into_iter().collect::<Option<_>>()?;
    Some(waits.into_iter().max()?.min(most))
}

/// The second of three numbers. The third is how often the thread was given a CPU: where that is never, nothing is counted.
fn parse(text: &[u8]) -> Option<Duration> {
    let numbers = std::str::from_utf8(text).ok()?.split_ascii_whitespace();
    let numbers: Vec<u64> = numbers.map(str::parse).collect::<Result<_, _>>().ok()?;
    match numbers[..] {
        [_, waited, turns] if turns > 0 => Some(Duration::from_nanos(waited)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::cpus::{self, Cpus};
    use std::sync::Barrier;

    #[test]
    fn the_second_number_is_the_wait() {
        assert_eq!(parse(b"104225 69409 2\n"), Some(Duration::from_nanos(69_409)));
        assert_eq!(
            parse(b"18446744073709551615 18446744073709551615 18446744073709551615\n"),
            Some(Duration::from_nanos(u64::MAX))
        );
        for text in [&b""[..], b"7", b"7 x 2", b"\xff 7 2", b"0 0 0\n"] {
            assert_eq!(parse(text), None);
        }
    }

    #[test]
    fn the_longest_wait_is_known_where_all_are() {
        let waits = [3, 7, 5].map(|it| Some(Duration::from_millis(it)));
        let most = |most| longest_wait(waits, Duration::from_millis(most));
        assert_eq!((most(10), most(6)), (waits[1], Some(Duration::from_millis(6))));
        assert_eq!(longest_wait([waits[0], None], Duration::MAX), None);
        assert_eq!(longest_wait([], Duration::MAX), None);
    }

    /// Whatever else the machine does: who is on a CPU does not wait for one.
    #[test]
    fn of_two_that_share_a_cpu_each_waits_while_the_other_has_it() {
        let cpu = Cpus::detect().apart(1)[0];
        let both = Barrier::new(2);
        let one = || {
            cpus::pin_current_thread(cpu);
            let queue = RunQueue::of_thread();
            both.wait();
            let (began, before, waited) = (clock::now(), Usage::of_thread(), queue.waited()?);
            while Usage::of_thread().since(before).cpu < Duration::from_millis(60) {}
            let all = Duration::from_nanos(clock::now() - began);
            Some((all, queue.waited()?.saturating_sub(waited)))
        };
        let results =
            std::thread::scope(|scope| [scope.spawn(one), scope.spawn(one)].map(|it| it.join().unwrap()));
        let [Some(first), Some(second)] = results else {
            // The kernel does not count it.
            return;
        };
        assert!(first.1 <= first.0 && second.1 <= second.0, "{results:?}");
        assert!(first.1 + second.1 > Duration::from_millis(1), "{results:?}");
    }
}

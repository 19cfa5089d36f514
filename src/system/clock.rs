//! One clock for every worker, whether thread or process, and what the kernel charged it for.

use nix::sys::resource::{UsageWho, getrusage};
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The time since the machine started, in nanoseconds (`CLOCK_MONOTONIC`).
///
/// Unlike `std::time::Instant` it can be handed to another process and still means the same moment.
#[must_use]
pub fn now() -> u64 {
    // The clock always exists on the systems that nix builds for, so there is no error to pass on.
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from);
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// From when to when one worker was at work, in nanoseconds of [`now`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Just before the worker's first update.
    pub start: u64,
    /// Just after its last.
    pub end: u64,
}

impl Span {
    /// The span that covers both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// How long it lasted.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_nanos(self.end.saturating_sub(self.start))
    }

    /// The span from the earliest start to the latest end: the clock of a whole run. `None` without workers.
    pub fn around(spans: impl IntoIterator<Item = Self>) -> Option<Self> {
        spans.into_iter().reduce(Self::cover)
    }

    /// The CPU time that the workers of some spans can have together on so many CPUs.
    #[must_use]
    pub fn room(spans: &[Self], cpus: usize) -> Duration {
        let cpus = u64::try_from(cpus).unwrap_or(u64::MAX);
        let room = Self::stretches(spans).map(|(length, running)| length.saturating_mul(running.min(cpus)));
        Duration::from_nanos(room.fold(0, u64::saturating_add))
    }

    /// The stretches between starts and ends: how long each is, and in how many spans it lies.
    fn stretches(spans: &[Self]) -> impl Iterator<Item = (u64, u64)> {
        let mut edges: Vec<(u64, i64)> =
            spans.iter().flat_map(|span| [(span.start, 1), (span.end.max(span.start), -1)]).collect();
        edges.sort_unstable();
        let (mut running, mut since) = (0_i64, 0);
        edges.into_iter().map(move |(at, change)| {
            let stretch = (at - since, u64::try_from(running).unwrap_or(0));
            running += change;
            since = at;
            stretch
        })
    }

    /// The share of [`Span::around`], from 0 to 1, in which at least two of the spans overlapped.
    #[must_use]
    pub fn overlap(spans: &[Self]) -> f64 {
        let shared: u64 =
            Self::stretches(spans).filter(|&(_, running)| running >= 2).map(|(length, _)| length).sum();
        let whole = Self::around(spans.iter().copied()).map_or(Duration::ZERO, Self::duration);
        if whole.is_zero() { 0.0 } else { Duration::from_nanos(shared).as_secs_f64() / whole.as_secs_f64() }
    }
}

/// What the kernel counted for a worker: its CPU clock, and `getrusage(2)`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// CPU time, by the worker's CPU clock, which counts nanoseconds.
    pub cpu: Duration,
    /// CPU time in the program itself, in clock ticks: see [`Usage::parts`].
    pub user: Duration,
    /// CPU time in the kernel on the program's behalf, in clock ticks.
    pub system: Duration,
    /// Context switches because the worker waited for something.
    pub voluntary: u64,
    /// Context switches because the kernel gave the CPU to somebody else: preemption, and a yield of the worker's own.
    pub involuntary: u64,
    /// How long the worker could run and had no CPU, where that is known: [`run_queue`](super::run_queue).
    pub waited: Option<Duration>,
}

/// The longest clock tick of a kernel: a part of the CPU time that is shorter may go uncounted.
pub const TICK: Duration = Duration::from_millis(10);
/// How many ticks show how CPU time is divided between program and kernel.
const TELLING_TICKS: u32 = 10;

/// How long a thread spins at most between a look at what it has used and its start.
const LONGEST_SPIN: Duration = Duration::from_micros(20);

impl Usage {
    /// Of the calling thread so far. Zero where the kernel does not count by thread.
    #[must_use]
    pub fn of_thread() -> Self {
        #[cfg(target_os = "linux")]
        return Self::of(ClockId::CLOCK_THREAD_CPUTIME_ID, UsageWho::RUSAGE_THREAD);
        #[cfg(not(target_os = "linux"))]
        Self::default()
    }

    /// Of the whole process so far.
    #[must_use]
    pub fn of_process() -> Self {
        Self::of(ClockId::CLOCK_PROCESS_CPUTIME_ID, UsageWho::RUSAGE_SELF)
    }

    fn of(clock: ClockId, who: UsageWho) -> Self {
        let cpu = clock_gettime(clock).map_or(Duration::ZERO, Duration::from);
        let Ok(usage) = getrusage(who) else { return Self::default() };
        let time = |value: nix::sys::time::TimeVal| {
            Duration::from_secs(value.tv_sec().try_into().unwrap_or(0))
                + Duration::from_micros(value.tv_usec().try_into().unwrap_or(0))
        };
        Self {
            cpu,
            user: time(usage.user_time()),
            system: time(usage.system_time()),
            voluntary: usage.voluntary_context_switches().try_into().unwrap_or(0),
            involuntary: usage.involuntary_context_switches().try_into().unwrap_or(0),
            waited: None,
        }
    }

    /// With how long a thread has waited for a CPU so far.
    #[must_use]
    pub fn and_waited(self, waited: Option<Duration>) -> Self {
        Self { waited, ..self }
    }

    /// As it would have been read so much later by a thread that spun all the while. What it did not need for that it has waited for a CPU.
    #[must_use]
    pub fn later(self, time: Duration) -> Self {
        let waited = self.waited.map(|waited| waited.saturating_add(time));
        Self { cpu: self.cpu.saturating_add(time.min(LONGEST_SPIN)), waited, ..self }
    }

    /// What was added since an earlier reading until a moment before this one was begun. What was waited for a CPU since then may have been
    /// before that moment or after it, and is taken to be after it.
    #[must_use]
    pub fn until(self, moment: u64, earlier: Self) -> Self {
        let waited =
            self.waited.map(|all| all.saturating_sub(Duration::from_nanos(now().saturating_sub(moment))));
        Self { waited, ..self }.since(earlier)
    }

    /// The CPU time in the program itself and in the kernel, where that can be told.
    ///
    /// The kernel looks at each clock tick which of the two is running, so a short time leaves too few looks, and so
    /// do many workers with a short time each: their ticks then do not add up to what the CPU clocks say.
    #[must_use]
    pub fn parts(self) -> Option<(Duration, Duration)> {
        let counted = self.user.saturating_add(self.system);
        (self.cpu >= TICK * TELLING_TICKS && counted.abs_diff(self.cpu) <= self.cpu / 10)
            .then_some((self.user, self.system))
    }

    /// What was added since an earlier reading.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(earlier.cpu),
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
            voluntary: self.voluntary.saturating_sub(earlier.voluntary),
            involuntary: self.involuntary.saturating_sub(earlier.involuntary),
            waited: self.waited.zip(earlier.waited).map(|(now, then)| now.saturating_sub(then)),
        }
    }
}

impl std::iter::Sum for Usage {
    fn sum<I: Iterator<Item = Self>>(usages: I) -> Self {
        let none = Self { waited: Some(Duration::ZERO), ..Self::default() };
        usages.fold(none, |sum, usage| Self {
            // A worker process may tell any figures.
            cpu: sum.cpu.saturating_add(usage.cpu),
            user: sum.user.saturating_add(usage.user),
            system: sum.system.saturating_add(usage.system),
            voluntary: sum.voluntary.saturating_add(usage.voluntary),
            involuntary: sum.involuntary.saturating_add(usage.involuntary),
            waited: sum.waited.zip(usage.waited).map(|(all, one)| all.saturating_add(one)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn span(start: u64, end: u64) -> Span {
        Span { start, end }
    }

    #[test]
    fn the_clock_does_not_go_back() {
        let first = now();
        assert!(first > 0);
        assert!(now() >= first);
    }

    #[test]
    fn overlap_is_the_share_in_which_two_or_more_run() {
        let share = |spans: &[Span]| Span::overlap(spans);
        assert!((share(&[span(0, 100), span(0, 100)]) - 1.0).abs() < 1e-9);
        assert!((share(&[span(0, 100), span(50, 150)]) - 1.0 / 3.0).abs() < 1e-9);
        assert!((share(&[span(0, 60), span(50, 100), span(90, 100)]) - 0.2).abs() < 1e-9);
        assert!(share(&[span(0, 50), span(50, 100)]).abs() < 1e-9);
        assert!(share(&[span(0, 50)]).abs() < 1e-9);
        assert!(share(&[]).abs() < 1e-9);
        assert!(share(&[span(7, 7), span(7, 7)]).abs() < 1e-9);
    }

    #[test]
    fn a_run_lasts_from_the_first_start_to_the_last_end() {
        let run = Span::around([span(10, 30), span(20, 50)]);
        assert_eq!(run, Some(span(10, 50)));
        assert_eq!(run.map(Span::duration), Some(Duration::from_nanos(40)));
        assert_eq!(Span::around([]), None);
    }

    #[test]
    fn what_is_waited_while_the_clocks_are_read_is_not_waited_at_work() {
        let waited = |milliseconds| Usage::default().and_waited(Some(Duration::from_millis(milliseconds)));
        let before = waited(10).later(Duration::from_millis(3));
        // The work ended 5 ms before the reading, or more.
        let usage = waited(20).until(now() - 5_000_000, before);
        assert!(usage.waited.unwrap() <= Duration::from_millis(2), "{usage:?}");
        let usage = waited(40).until(now(), before);
        assert!(usage.waited.unwrap() > Duration::ZERO, "{usage:?}");
        assert_eq!(Usage::default().until(now(), before).waited, None);
    }

    #[test]
    fn program_and_kernel_are_told_apart_only_where_ticks_were_enough() {
        let usage = |cpu, user, system| {
            let [cpu, user, system] = [cpu, user, system].map(Duration::from_millis);
            Usage { cpu, user, system, ..Usage::default() }.parts().is_some()
        };
        assert!(usage(100, 90, 10));
        assert!(usage(1000, 950, 0));
        // Too short for its ticks to tell.
        assert!(!usage(99, 90, 9));
        assert!(!usage(3, 0, 0));
        // Ticks that do not add up to what the clock says.
        assert!(!usage(200, 8, 4));
        assert!(!usage(200, 240, 4));
        assert!(Usage { cpu: Duration::MAX, ..Usage::default() }.parts().is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_cpu_clock_counts_what_is_shorter_than_a_tick() {
        let before = Usage::of_thread();
        let began = now();
        while now() - began < 200_000 {}
        let used = Usage::of_thread().since(before).cpu;
        assert!(used > Duration::ZERO, "{used:?}");
        assert_ne!(used.subsec_nanos() % 1_000_000, 0, "whole milliseconds are ticks: {used:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn work_is_charged_to_the_thread_that_does_it() {
        std::thread::scope(|scope| {
            let busy = scope.spawn(|| {
                let mut value = 1_u64;
                while Usage::of_thread().user < Duration::from_millis(20) {
                    value = std::hint::black_box(value.wrapping_mul(3));
                }
            });
            let idle = scope.spawn(Usage::of_thread);
            busy.join().unwrap();
            assert!(idle.join().unwrap().user < Duration::from_millis(20));
            assert!(Usage::of_process().user >= Duration::from_millis(20));
        });
    }
}

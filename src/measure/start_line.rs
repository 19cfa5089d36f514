//! The start line: workers leave together, and each times itself.
//!
//! Threads that begin one after the other do not overlap when the work is short, and then no race can be seen. A
//! barrier is not enough, because it wakes its threads one by one. So the workers sleep until all have come, and are woken
//! together. Where each can have a CPU, they then spin, and pass a token from one to the next. A lap of the token that was fast
//! enough proves that all of them are running at this moment; then they leave at an agreed instant. More workers than CPUs
//! cannot all run at once, and leave as they wake.

use super::error::{Error, Result};
use crate::error::Interrupted;
use crate::measure::workload::Workload;
use crate::system::clock::{self, Span, Usage};
use crate::system::control::Control;
use crate::system::cpus;
use crate::system::platform::{Machine, Monitor, Platform, Word};
use crate::system::run_queue::{RunQueue, longest_wait};
use crate::system::threads::ThreadStarter;
use crossbeam_utils::CachePadded;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

/// What one worker did.
#[derive(Debug, Clone)]
pub struct WorkerResult<T> {
    /// What its work returned.
    pub value: T,
    /// From when to when it worked.
    pub span: Span,
    /// What the kernel counted meanwhile.
    pub usage: Usage,
}

/// What all the workers of one run did, in the order of their numbers.
#[derive(Debug, Clone)]
pub struct Completed<T> {
    /// One for each worker.
    pub workers: Vec<WorkerResult<T>>,
    /// From the first request for a thread to the moment when all workers were at the line. What they then wait there until all are
    /// running is the line's doing, and no part of it.
    pub startup: Duration,
    /// How long of that a worker could run and had no CPU, that of the one that waited longest, where it is known.
    pub startup_waited: Option<Duration>,
}

/// Runs `work(0)` to `work(workers - 1)`, each on a thread of its own, all leaving one start line together.
///
/// `work` is compiled for its caller alone: nothing is called through a pointer inside a measured loop.
///
/// # Errors
///
/// [`Error::System`] when a thread cannot be made (the workers that already wait are released without doing their work),
/// [`Error::WorkerPanicked`] when one panics.
pub fn run<T, W>(load: &Workload, control: &Control, work: W) -> Result<Completed<T>>
where
    T: Send,
    W: Fn(usize) -> T + Sync,
{
    let workers = load.workers.get();
    let gate = Gate::<Machine>::new(workers, workers <= load.cpus.usable);
    let room = ThreadStarter::for_workers(workers)?;
    let asked = clock::now();
    let work_from_the_line = |worker: usize| {
        if let Some(&cpu) = load.pins.get(worker) {
            cpus::pin_current_thread(cpu);
        }
        let Leave { all_here, queue, came, before, start } = gate.leave(worker, control)?;
        let value = timed(&work, worker);
        let end = clock::now();
        let usage = Usage::of_thread().and_waited(queue.waited()).until(end, before);
        Some((all_here, came, WorkerResult { value, span: Span { start, end }, usage }))
    };

    let results = thread::scope(|scope| {
        let mut handles = Vec::with_capacity(workers);
        for worker in 0..workers {
            let work_from_the_line = &work_from_the_line;
            let started = room.start_scoped(scope, worker, control, move || work_from_the_line(worker));
            handles.push(started.inspect_err(|_| gate.call_off())?);
        }
        // All are waited for before any is judged: a panic that nobody took note of would be the scope's own.
        let joined: Vec<_> = handles.into_iter().map(thread::ScopedJoinHandle::join).collect();
        let result = |(worker, joined): (usize, thread::Result<Option<Left<T>>>)| {
            joined.map_err(|_| Error::WorkerPanicked { worker })?.ok_or(Interrupted.into())
        };
        joined.into_iter().enumerate().map(result).collect::<Result<Vec<_>>>()
    })?;
    // All are told the same.
    let all_here = results.first().map_or(asked, |&(all_here, ..)| all_here);
    let startup = Duration::from_nanos(all_here.saturating_sub(asked));
    let startup_waited = longest_wait(results.iter().map(|&(_, came, _)| came), startup);
    let workers = results.into_iter().map(|(.., result)| result).collect();
    Ok(Completed { workers, startup, startup_waited })
}

/// What stands between a worker's two looks at the clock. A function of its own, so that its instructions can be counted
/// (`benches/instructions.rs`).
#[inline(never)]
fn timed<T>(work: &impl Fn(usize) -> T, worker: usize) -> T {
    work(worker)
}

/// When all were at the line, how long a worker had waited for a CPU by then, and what it then did.
type Left<T> = (u64, Option<Duration>, WorkerResult<T>);

/// How a worker left the line.
struct Leave {
    /// When all had arrived.
    all_here: u64,
    /// What tells how long it waits for a CPU.
    queue: RunQueue,
    /// How long it had waited for one until all had arrived.
    came: Option<Duration>,
    /// What it had used before it left.
    before: Usage,
    /// When it left.
    start: u64,
}

/// Where workers wait until all have arrived.
struct Gate<P: Platform> {
    workers: usize,
    arrivals: P::Monitor<Arrivals>,
    /// Where each worker can have a CPU: how they find out that all of them have it.
    running: Option<Box<Running<P>>>,
}

/// Who has arrived.
#[derive(Debug, Default)]
struct Arrivals {
    arrived: usize,
    /// When the last did.
    all_here: u64,
    called_off: bool,
}

impl<P: Platform> Gate<P> {
    fn new(workers: usize, each_has_a_cpu: bool) -> Self {
        let running = each_has_a_cpu.then(|| Box::new(Running::new(workers)));
        Self { workers, arrivals: P::Monitor::new(Arrivals::default()), running }
    }

    /// Waits for the others; returns how the worker left, or nothing when the run was called off.
    fn leave(&self, worker: usize, control: &Control) -> Option<Leave> {
        let all_here = self.arrive()?;
        let queue = RunQueue::of_thread();
        // What it takes to wake it is no part of the start-up.
        let since = Duration::from_nanos(P::now().saturating_sub(all_here));
        let came = queue.waited().map(|waited| waited.saturating_sub(since));
        let leave_at = match &self.running {
            Some(running) => running.agree(worker, control)?,
            None => 0,
        };
        let read = P::now();
        let before = Usage::of_thread().and_waited(queue.waited());
        loop {
            let start = P::now();
            if start >= leave_at {
                // The wait for the instant is no work.
                let before = before.later(Duration::from_nanos(start - read));
                return Some(Leave { all_here, queue, came, before, start });
            }
        }
    }

    /// Sleeps until all have arrived, and says when the last did. Who spun would keep a CPU from those that are still to come: a new thread may
    /// be put there first, and then waits for a time slice.
    fn arrive(&self) -> Option<u64> {
        let mut arrivals = self.arrivals.lock();
        arrivals.arrived += 1;
        if arrivals.arrived == self.workers {
            arrivals.all_here = P::now();
            self.arrivals.notify_all();
        }
        while arrivals.arrived < self.workers && !arrivals.called_off {
            arrivals = self.arrivals.wait(arrivals);
        }
        (!arrivals.called_off).then_some(arrivals.all_here)
    }

    /// Releases the workers that wait or will arrive; they do no work.
    fn call_off(&self) {
        self.arrivals.lock().called_off = true;
        self.arrivals.notify_all();
    }
}

/// How long a lap of the token may take, for each worker, in nanoseconds: a worker that is running passes it on within
/// a microsecond, one whose CPU was given to another process only after a time slice of a millisecond or more.
const FAST_LAP: u64 = 20_000;
/// How many fast laps in a row show that all workers are running.
const LAPS: u32 = 3;
/// How long to wait for such laps, in nanoseconds. After that the workers leave without them.
const LONGEST_WAIT: u64 = 100_000_000;
/// How far in the future the agreed instant lies, in nanoseconds: enough for every spinning worker to have seen it.
const LEAD_TIME: u64 = 5_000;

/// What workers that can all run at once find out by spinning: that all of them do.
struct Running<P: Platform> {
    workers: u64,
    /// The worker whose turn it is to pass the token on is its value modulo the number of workers.
    token: CachePadded<P::U64>,
    /// The agreed instant; 0 until there is one.
    leave_at: CachePadded<P::U64>,
}

impl<P: Platform> Running<P> {
    fn new(workers: usize) -> Self {
        Self {
            workers: workers as u64,
            token: CachePadded::new(P::U64::new(0)),
            leave_at: CachePadded::new(P::U64::new(0)),
        }
    }

    // Every access is relaxed: each value stands for itself alone. What the workers share was written before
    // their threads were made, and their results are read after they were joined.
    /// Passes the token on until all are known to run; returns the instant at which they leave, or nothing after a stop.
    fn agree(&self, worker: usize, control: &Control) -> Option<u64> {
        let mine = worker as u64;
        let began = P::now();
        let (mut lap_began, mut fast) = (began, 0);
        loop {
            match self.leave_at.load(Ordering::Relaxed) {
                0 => {}
                instant => return Some(instant),
            }
            let token = self.token.load(Ordering::Relaxed);
            if token % self.workers != mine {
                P::spin();
                if control.stopped() {
                    return None;
                }
                continue;
            }
            if worker == 0 {
                let now = P::now();
                fast = if now - lap_began <= FAST_LAP * self.workers { fast + 1 } else { 0 };
                lap_began = now;
                if fast > LAPS || now - began > LONGEST_WAIT {
                    self.leave_at.store(now + LEAD_TIME, Ordering::Relaxed);
                    return Some(now + LEAD_TIME);
                }
            }
            self.token.store(token.wrapping_add(1), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::cpus::Cpus;
    use std::sync::atomic::AtomicU64;

    /// The gate alone, with threads enough or too few.
    fn pass(gate: &Gate<Machine>, workers: usize, control: &Control) -> Vec<Option<u64>> {
        thread::scope(|scope| {
            let handles: Vec<_> = (0..workers)
                .map(|worker| scope.spawn(move || gate.leave(worker, control).map(|it| it.start)))
                .collect();
            handles.into_iter().map(|handle| handle.join().unwrap()).collect()
        })
    }

    #[test]
    fn no_worker_leaves_before_all_have_arrived() {
        for spinning in [true, false] {
            for workers in [1, 2, 3, 8] {
                let gate = Gate::<Machine>::new(workers, spinning);
                let last_comes = AtomicU64::new(0);
                let control = Control::default();
                let starts = thread::scope(|scope| {
                    let handles: Vec<_> = (0..workers)
                        .map(|worker| {
                            let (gate, last_comes, control) = (&gate, &last_comes, &control);
                            scope.spawn(move || {
                                last_comes.fetch_max(clock::now(), Ordering::Relaxed);
                                gate.leave(worker, control).map(|it| it.start)
                            })
                        })
                        .collect();
                    handles.into_iter().map(|handle| handle.join().unwrap().unwrap()).collect::<Vec<_>>()
                });
                let last = last_comes.into_inner();
                assert!(starts.iter().all(|&start| start >= last), "{workers} workers, spinning: {spinning}");
            }
        }
    }

    #[test]
    fn no_worker_waits_on_in_a_run_that_is_called_off() {
        for spinning in [true, false] {
            let gate = Gate::<Machine>::new(3, spinning);
            let control = Control::default();
            thread::scope(|scope| {
                let waiting = scope.spawn(|| pass(&gate, 2, &control));
                gate.call_off();
                assert_eq!(waiting.join().unwrap(), [None, None]);
            });
        }
    }

    #[test]
    fn a_spinner_obeys_a_stop() {
        let gate = Gate::<Machine>::new(2, true);
        // The other has arrived, and never passes the token on.
        gate.arrivals.lock().arrived = 1;
        let control = Control::default();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| gate.leave(1, &control).map(|it| it.start));
            control.stop();
            assert_eq!(waiting.join().unwrap(), None);
        });
    }

    #[test]
    fn each_worker_has_a_value_and_a_span_of_its_own() {
        for workers in [1, 2, 5] {
            let load = Workload { cpus: Cpus::detect(), ..Workload::for_tests(workers, 1) };
            let run = run(&load, &Control::default(), |worker| worker * 10).unwrap();
            let values: Vec<usize> = run.workers.iter().map(|worker| worker.value).collect();
            assert_eq!(values, (0..workers).map(|worker| worker * 10).collect::<Vec<_>>());
            assert!(run.workers.iter().all(|worker| worker.span.start <= worker.span.end));
        }
    }

    #[test]
    fn to_start_workers_is_not_to_wait_until_all_of_them_run() {
        let cpus = Cpus::detect();
        let Some(&cpu) = cpus.pinnable.first() else { return };
        // Two on one CPU never run at the same time, so the line gives up.
        let load =
            Workload { cpus: Cpus { usable: 2, ..cpus }, pins: vec![cpu, cpu], ..Workload::for_tests(2, 1) };
        let before = clock::now();
        let run = run(&load, &Control::default(), |_| ()).unwrap();
        let left = run.workers.iter().map(|worker| worker.span.start).min().unwrap();
        assert!(left - before - u64::try_from(run.startup.as_nanos()).unwrap() >= LONGEST_WAIT);
    }

    #[test]
    fn a_panic_is_an_error_that_names_the_worker() {
        let load = Workload::for_tests(2, 1);
        let result = run(&load, &Control::default(), |worker| assert_ne!(worker, 1, "on purpose"));
        assert!(matches!(result, Err(Error::WorkerPanicked { worker: 1 })));
        let result = run(&load, &Control::default(), |worker| assert!(worker > 1, "all on purpose"));
        assert!(matches!(result, Err(Error::WorkerPanicked { worker: 0 })));
    }
}

/// The gate under the memory model. The thread that starts the workers is as `run` is: it makes them and joins them, and
/// nothing else orders what it has in common with them.
#[cfg(test)]
mod orderings {
    use super::*;
    use crate::system::platform::model::{Loom, Model, needless_orderings};
    use loom::sync::atomic::AtomicU64;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64 as Unseen, AtomicUsize as UnseenCount};

    struct Line<const WORKERS: usize> {
        gate: Gate<Loom>,
        control: Control,
        /// What the starter has written before.
        load: AtomicU64,
        /// What the workers write.
        values: [AtomicU64; WORKERS],
        /// How many workers have come and when the last did, in the order of the schedule: loom does not know of these.
        came: UnseenCount,
        last_came: Unseen,
    }

    impl<const WORKERS: usize> Line<WORKERS> {
        fn new(spinning: bool) -> Arc<Self> {
            Arc::new(Self {
                gate: Gate::new(WORKERS, spinning),
                control: Control::default(),
                load: AtomicU64::new(0),
                values: std::array::from_fn(|_| AtomicU64::new(0)),
                came: UnseenCount::new(0),
                last_came: Unseen::new(0),
            })
        }

        /// Has some workers begin, and returns what waits for them and says when they left.
        fn begin(self: &Arc<Self>, workers: usize) -> impl FnOnce() -> Vec<Option<u64>> {
            let work = |line: &Self, worker: usize| {
                line.last_came.store(Loom::now(), Ordering::Relaxed);
                line.came.fetch_add(1, Ordering::Relaxed);
                let Leave { start, .. } = line.gate.leave(worker, &line.control)?;
                assert_eq!(line.came.load(Ordering::Relaxed), WORKERS, "left before all had come");
                assert_eq!(line.load.load(Ordering::Relaxed), 7, "does not see what was written before");
                line.values[worker].store(start, Ordering::Relaxed);
                Some(start)
            };
            let threads: Vec<_> = (0..workers)
                .map(|worker| {
                    let line = Arc::clone(self);
                    loom::thread::spawn(move || work(&line, worker))
                })
                .collect();
            || threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        }
    }

    fn all_come<const WORKERS: usize, const SPINNING: bool>() {
        let line = Line::<WORKERS>::new(SPINNING);
        line.load.store(7, Ordering::Relaxed);
        let starts = line.begin(WORKERS)();
        let last_came = line.last_came.load(Ordering::Relaxed);
        for (value, start) in line.values.iter().zip(starts) {
            let start = start.unwrap();
            assert!(start > last_came, "left before all had come");
            assert_eq!(value.load(Ordering::Relaxed), start, "its value is not seen after the join");
            if let Some(running) = &line.gate.running {
                assert!(start >= running.leave_at.load(Ordering::Relaxed), "left before the agreed instant");
            }
        }
    }

    fn called_off<const WORKERS: usize, const SPINNING: bool>() {
        let line = Line::<WORKERS>::new(SPINNING);
        let join = line.begin(WORKERS - 1);
        line.gate.call_off();
        assert!(join().iter().all(Option::is_none), "left a line that was called off");
    }

    /// A clock by which no lap is fast.
    const SLOW: u64 = LONGEST_WAIT / 4;
    /// A clock by which the wait for fast laps ends before the first one.
    const LATE: u64 = LONGEST_WAIT;

    const SPINNING: [Model; 6] = [
        Model::new(all_come::<1, true>),
        Model::new(all_come::<2, true>).preempted(3),
        Model { tick: SLOW, ..Model::new(all_come::<2, true>).preempted(3) },
        Model { tick: LATE, ..Model::new(all_come::<2, true>).preempted(3) },
        Model { tick: LATE, ..Model::new(all_come::<3, true>).preempted(1) },
        Model::new(called_off::<3, true>).preempted(2),
    ];
    const SLEEPING: [Model; 3] = [
        Model::new(all_come::<2, false>),
        Model::new(all_come::<3, false>).preempted(3),
        Model::new(called_off::<3, false>),
    ];

    #[test]
    fn workers_leave_together_and_see_what_they_must() {
        let schedules: u64 = SPINNING.into_iter().chain(SLEEPING).map(Model::check).sum();
        assert!(schedules > 1_000, "{schedules} schedules");
    }

    #[test]
    fn no_ordering_can_be_weaker() {
        assert_eq!(needless_orderings(&SPINNING), (Vec::new(), 0));
    }

    #[test]
    fn a_lost_wake_up_is_seen() {
        for model in SLEEPING {
            assert!(Model { wakes: false, ..model }.fails());
        }
    }
}

//! The start line: workers leave together, and each times itself.
//!
//! Threads that begin one after the other do not overlap when the work is short, and then no race can be seen. A
//! barrier is not enough, because it wakes its threads one by one. So where each worker can have a CPU, the workers
//! spin, and pass a token from one to the next. A lap of the token that was fast enough proves that all of them are
//! running at this moment; then they leave at an agreed instant. More workers than CPUs cannot all run at once: they
//! sleep, and are woken together.

use super::error::{Error, Result};
use crate::error::Interrupted;
use crate::measure::workload::Workload;
use crate::system::clock::{self, Span, Usage};
use crate::system::control::Control;
use crate::system::cpus;
use crate::system::threads::ThreadStarter;
use crossbeam_utils::CachePadded;
use parking_lot::{Condvar, Mutex};
use std::hint;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
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
    /// From the first request for a thread to the moment the first worker left the line.
    pub startup: Duration,
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
    let gate = Gate::new(workers, workers <= load.cpus.usable);
    let room = ThreadStarter::for_workers(workers)?;
    let asked = clock::now();
    let work_from_the_line = |worker: usize| {
        if let Some(&cpu) = load.pins.get(worker) {
            cpus::pin_current_thread(cpu);
        }
        let (before, start) = gate.leave(worker, control)?;
        let value = timed(&work, worker);
        let end = clock::now();
        Some(WorkerResult { value, span: Span { start, end }, usage: Usage::of_thread().since(before) })
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
        let result = |(worker, joined): (usize, thread::Result<Option<WorkerResult<T>>>)| {
            joined.map_err(|_| Error::WorkerPanicked { worker })?.ok_or(Interrupted.into())
        };
        joined.into_iter().enumerate().map(result).collect::<Result<Vec<_>>>()
    })?;
    let left = results.iter().map(|result: &WorkerResult<T>| result.span.start).min().unwrap_or(asked);
    Ok(Completed { workers: results, startup: Duration::from_nanos(left.saturating_sub(asked)) })
}

/// What stands between a worker's two looks at the clock. A function of its own, so that its instructions can be counted
/// (`benches/instructions.rs`).
#[inline(never)]
fn timed<T>(work: &impl Fn(usize) -> T, worker: usize) -> T {
    work(worker)
}

/// Where workers wait until all have arrived.
enum Gate {
    Spinning(Box<SpinningGate>),
    Sleeping(SleepingGate),
}

impl Gate {
    fn new(workers: usize, each_has_a_cpu: bool) -> Self {
        if each_has_a_cpu {
            Self::Spinning(Box::new(SpinningGate { workers, ..SpinningGate::default() }))
        } else {
            Self::Sleeping(SleepingGate { workers, ..SleepingGate::default() })
        }
    }

    /// Waits for the others; returns the usage and the time at which the worker left, or nothing when the
    /// run was called off.
    fn leave(&self, worker: usize, control: &Control) -> Option<(Usage, u64)> {
        match self {
            Self::Spinning(gate) => gate.leave(worker, control),
            Self::Sleeping(gate) => gate.leave(),
        }
    }

    /// Releases the workers that wait or will arrive; they do no work.
    fn call_off(&self) {
        match self {
            // Nothing is read after seeing it but the flag itself, so relaxed is enough.
            Self::Spinning(gate) => gate.called_off.store(true, Ordering::Relaxed),
            Self::Sleeping(gate) => {
                gate.state.lock().called_off = true;
                gate.changed.notify_all();
            }
        }
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

/// For workers that can all run at once.
#[derive(Default)]
struct SpinningGate {
    workers: usize,
    arrived: CachePadded<AtomicUsize>,
    /// The worker whose turn it is to pass the token on is its value modulo the number of workers.
    token: CachePadded<AtomicU64>,
    /// The agreed instant; 0 until there is one.
    leave_at: CachePadded<AtomicU64>,
    called_off: AtomicBool,
}

impl SpinningGate {
    // Every access is relaxed: each value stands for itself alone. What the workers share was written before
    // their threads were made, and their results are read after they were joined.
    fn leave(&self, worker: usize, control: &Control) -> Option<(Usage, u64)> {
        self.arrived.fetch_add(1, Ordering::Relaxed);
        while self.arrived.load(Ordering::Relaxed) < self.workers {
            self.wait_a_little(control)?;
        }

        let workers = self.workers as u64;
        let mine = worker as u64;
        let (began, mut lap_began, mut fast) = (clock::now(), clock::now(), 0);
        let leave_at = loop {
            match self.leave_at.load(Ordering::Relaxed) {
                0 => {}
                instant => break instant,
            }
            let token = self.token.load(Ordering::Relaxed);
            if token % workers != mine {
                self.wait_a_little(control)?;
                continue;
            }
            if worker == 0 {
                let now = clock::now();
                fast = if now - lap_began <= FAST_LAP * workers { fast + 1 } else { 0 };
                lap_began = now;
                if fast > LAPS || now - began > LONGEST_WAIT {
                    self.leave_at.store(now + LEAD_TIME, Ordering::Relaxed);
                    break now + LEAD_TIME;
                }
            }
            self.token.store(token.wrapping_add(1), Ordering::Relaxed);
        };

        let read = clock::now();
        let before = Usage::of_thread();
        loop {
            let now = clock::now();
            if now >= leave_at {
                // The wait for the instant is no work.
                return Some((before.after_spinning(Duration::from_nanos(now - read)), now));
            }
        }
    }

    fn wait_a_little(&self, control: &Control) -> Option<()> {
        hint::spin_loop();
        (!self.called_off.load(Ordering::Relaxed) && !control.stopped()).then_some(())
    }
}

/// For more workers than CPUs.
#[derive(Default)]
struct SleepingGate {
    workers: usize,
    state: Mutex<Arrivals>,
    changed: Condvar,
}

#[derive(Default)]
struct Arrivals {
    arrived: usize,
    called_off: bool,
}

impl SleepingGate {
    fn leave(&self) -> Option<(Usage, u64)> {
        let mut state = self.state.lock();
        state.arrived += 1;
        if state.arrived == self.workers {
            self.changed.notify_all();
        }
        while state.arrived < self.workers && !state.called_off {
            self.changed.wait(&mut state);
        }
        if state.called_off {
            return None;
        }
        drop(state);
        let read = clock::now();
        let before = Usage::of_thread();
        let now = clock::now();
        Some((before.after_spinning(Duration::from_nanos(now - read)), now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::cpus::Cpus;

    /// The gate alone, with threads enough or too few.
    fn pass(gate: &Gate, workers: usize, control: &Control) -> Vec<Option<u64>> {
        thread::scope(|scope| {
            let handles: Vec<_> = (0..workers)
                .map(|worker| scope.spawn(move || gate.leave(worker, control).map(|(_, start)| start)))
                .collect();
            handles.into_iter().map(|handle| handle.join().unwrap()).collect()
        })
    }

    #[test]
    fn no_worker_leaves_before_all_have_arrived() {
        for spinning in [true, false] {
            for workers in [1, 2, 3, 8] {
                let gate = Gate::new(workers, spinning);
                let last_comes = AtomicU64::new(0);
                let control = Control::default();
                let starts = thread::scope(|scope| {
                    let handles: Vec<_> = (0..workers)
                        .map(|worker| {
                            let (gate, last_comes, control) = (&gate, &last_comes, &control);
                            scope.spawn(move || {
                                last_comes.fetch_max(clock::now(), Ordering::Relaxed);
                                gate.leave(worker, control).map(|(_, start)| start)
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
            let gate = Gate::new(3, spinning);
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
        let gate = Gate::new(2, true);
        let control = Control::default();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| pass(&gate, 1, &control));
            control.stop();
            assert_eq!(waiting.join().unwrap(), [None]);
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
    fn a_panic_is_an_error_that_names_the_worker() {
        let load = Workload::for_tests(2, 1);
        let result = run(&load, &Control::default(), |worker| assert_ne!(worker, 1, "on purpose"));
        assert!(matches!(result, Err(Error::WorkerPanicked { worker: 1 })));
        let result = run(&load, &Control::default(), |worker| assert!(worker > 1, "all on purpose"));
        assert!(matches!(result, Err(Error::WorkerPanicked { worker: 0 })));
    }
}

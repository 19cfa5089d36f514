//! A loop body in Python's terms, by several workers under the global lock of one CPython version.
//!
//! One worker at a time runs, and may lose the lock only after certain instructions. Where none of them stands
//! between the load and the store of the counter nothing is lost: that is why `x += 1` has been exact on CPython
//! since 3.10. A free-threaded build has no such lock, and its workers run at the same time.

use super::error::Error;
use crate::error::Interrupted;
use crate::measure::start_line::{self, Completed};
use crate::measure::{
    self, Distribution, Explanation, Group, LockUse, Observation, Promise, Result, Scenario, Seen, Variant,
    Workload,
};
use crate::python::body::among;
use crate::python::gil::{Gil, GilUse};
use crate::python::program::{
    End, MOST_WORK, Point, Program, SharedAtomics, Site, Verdict, VerdictError, Witness,
};
use crate::python::version::{HandOff, SWITCH_INTERVAL, Version};
use crate::system::clock::Span;
use crate::system::control::{BLOCK, Control};
use crate::system::holds::Recorder;
use crate::system::shell::quoted;
use std::cell::Cell;
use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use waiting::{Memory, View};

/// The body that is run when none is given: program 1 of the README.
pub const BODY: &str = "x += d";

/// A loop body under the lock of one version.
#[derive(Debug)]
pub struct UnderGil {
    program: Program,
    /// What the model says can become of it.
    verdict: Verdict,
}

/// [`BODY`] under the newest version that has a GIL.
pub static DEFAULT: LazyLock<UnderGil> = LazyLock::new(|| default_body(Version::newest_with_gil()));

/// [`BODY`] under a version.
pub(super) fn default_body(version: Version) -> UnderGil {
    UnderGil::new(BODY, "", version, &[[1, -1], [1, 1], [-1, -1]])
        .expect("the default body is covered in every version")
}

impl UnderGil {
    /// Compiles a body, and the definitions that it uses, for a version, and finds out what can become of it when
    /// workers add such pairs of values.
    ///
    /// # Errors
    ///
    /// [`Error::Body`] when it is not Python or not covered, when its result depends on the order of whole
    /// iterations, so that nothing can be expected of it, when it can come to a deadlock, and when there is too much to try.
    pub fn new(body: &str, setup: &str, version: Version, pairs: &[[i64; 2]]) -> Result<Self> {
        Self::unless_stopped(body, setup, version, pairs, &Control::default())
    }

    /// The same, given up when a stop is asked for.
    ///
    /// # Errors
    ///
    /// As [`UnderGil::new`], and [`Interrupted`].
    pub fn unless_stopped(
        body: &str,
        setup: &str,
        version: Version,
        pairs: &[[i64; 2]],
        control: &Control,
    ) -> Result<Self> {
        let program =
            Program::compile(body, setup, version).map_err(|error| Error::Body(error.to_string()))?;
        let mut verdict = Verdict::Exact;
        for &deltas in pairs {
            let found = program.verdict_within(deltas, MOST_WORK, control).map_err(|error| match error {
                VerdictError::Stopped => measure::Error::from(Interrupted),
                error => Error::Body(error.to_string()).into(),
            })?;
            match found {
                Verdict::OrderDependent { outcomes } => {
                    let among = among(&outcomes);
                    return Err(Error::Body(format!(
                        "the result of {body:?} depends on the order in which whole iterations run{among}, so there is no one \
                         value to expect; use a body whose updates add up in any order"
                    )).into());
                }
                Verdict::Deadlock { locks } => {
                    return Err(Error::Body(format!(
                        "{body:?} can come to a deadlock: a worker waits for a lock ({}) that is never released; take the locks in \
                         one order, and release each",
                        locks.join(", ")
                    )).into());
                }
                Verdict::CanLose(witness) => verdict = Verdict::CanLose(witness),
                Verdict::Exact => {}
            }
        }
        Ok(Self { program, verdict })
    }

    /// What the model says can become of the body.
    #[must_use]
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The body, compiled.
    #[must_use]
    pub const fn program(&self) -> &Program {
        &self.program
    }

    fn version(&self) -> Version {
        self.program.version()
    }

    /// The version's way to hand the lock on, with the interval that was asked for.
    fn hand_off(&self, load: &Workload) -> HandOff {
        match self.version().facts().hand_off {
            HandOff::Interval(_) => HandOff::Interval(load.switch_interval),
            other => other,
        }
    }

    /// The measured loop: all of a worker's iterations. A fault ends the other workers as well, which may be
    /// waiting for a lock that nobody will release any more.
    fn work(
        &self,
        memory: &Memory,
        gil: &Gil,
        load: &Workload,
        watch: &Watch<'_>,
        worker: usize,
    ) -> Result<End, Error> {
        let mut holder = gil.enter(worker);
        if watch.go_on().is_break() {
            // Hundreds may stand in the queue behind this one, and each of them has to come through.
            return Ok(End::Stopped);
        }
        let mut ticker = Ticker::new(watch, worker, load.iterations);
        let (delta, iterations) = (load.delta(worker), load.iterations);
        let end = if self.program.takes_locks() {
            let given = Cell::new(false);
            let mut view = View::new(memory, &given);
            self.program.run(delta, iterations, &mut view, &mut |point| match point {
                Point::Look => {
                    holder.look();
                    ticker.tick()
                }
                // Without a GIL there is nothing to let go of: the lock is tried again, as a free-threaded build's does at first.
                Point::Blocked(_) if !self.version().has_gil() => {
                    std::thread::yield_now();
                    watch.go_on()
                }
                Point::Blocked(lock) => {
                    let waited = holder.without(|| memory.wait_for(lock, || watch.go_on()));
                    given.set(waited.is_continue());
                    waited
                }
            })
        } else {
            // A body without locks does not pay for those that wait for one.
            self.program.run(delta, iterations, &mut memory.shared(), &mut |point| match point {
                Point::Look => {
                    holder.look();
                    ticker.tick()
                }
                Point::Blocked(_) => {
                    holder.without(std::thread::yield_now);
                    watch.go_on()
                }
            })
        };
        end.map_err(|fault| {
            watch.failed.store(true, Ordering::Relaxed);
            Error::Body(fault.to_string())
        })
    }

    /// What to try next: what can lose updates until it does, and an exact version beside one that is not.
    fn next(&self, load: &Workload, seen: &Seen<'_>) -> String {
        let own = |load: &Workload| {
            let mut words = self.options(load);
            let interval = self.switch_interval(load).filter(|&interval| interval != SWITCH_INTERVAL);
            words.extend(interval.into_iter().flat_map(|interval| {
                ["--switch-interval".to_owned(), format!("{}us", interval.as_nanos().div_ceil(1000))]
            }));
            words.iter().fold("gil".to_owned(), |line, word| line + " " + &quoted(word))
        };
        if load.workers.get() == 1 {
            return own(&load.shared());
        }
        if self.promise() == Promise::MayLose && seen.summary.lost_runs == 0 {
            // A run that is shorter than the switch interval has no switch in it.
            if let Some(longer) = load.longer() {
                return own(&longer);
            }
        }
        if self.promise() == Promise::Exact && self.program.body() == BODY {
            return format!("gil --cpython 3.9 {}", load.arguments(Group::Counter));
        }
        "split".to_owned()
    }

    /// Why it came out so.
    fn why(&self, load: &Workload, lost: bool) -> String {
        let version = self.version();
        if load.workers.get() == 1 {
            return "a single worker has nobody to lose an update to".to_owned();
        }
        let Verdict::CanLose(witness) = &self.verdict else {
            if !version.has_gil() {
                return format!(
                    "CPython {version} has no GIL, but nothing that one worker does meanwhile changes what another's run of this body \
                     leaves in x, so nothing is lost"
                );
            }
            return match self.program.unbroken() {
                Some((load, between, store)) if !between.is_empty() => format!(
                    "between {load} and {store} CPython {version} cannot lose the GIL: after {} it does not look whether another \
                     worker wants it; so nothing is lost, and nothing is gained from a second CPU",
                    between.join(" and ")
                ),
                _ => format!(
                    "under CPython {version}{} no switch to another worker within this body changes what it leaves in x; so \
                     nothing is lost, and nothing is gained from a second CPU",
                    if version.has_silent_call(self.program.body()) {
                        ", once its calls are specialised (in the first few executions the GIL can change hands after them, too),"
                    } else {
                        ""
                    }
                ),
            };
        };
        let overwrites = self.program.only_overwrites();
        let ending = match (overwrites, lost) {
            (true, true) => "what another worker stored in between was overwritten (lost updates)",
            (true, false) => {
                "what another worker stores in between can be overwritten, but the result is right this time"
            }
            (false, true) => "what another worker stored in between made untrue what this one had read",
            (false, false) => {
                "what another worker stores in between can make untrue what this one has read, but the result is right this time"
            }
        };
        if !version.has_gil() {
            let run = if load.cpus.usable < 2 { "take turns on one CPU" } else { "can run at the same time" };
            let act = if overwrites { "load and store" } else { "load and what follows from it" };
            return format!(
                "CPython {version} has no GIL: the workers {run}, and one's store can fall between another's {act}: {ending}"
            );
        }
        let named = |site: &Site| format!("{} {}", site.opcode, site.argument).trim_end().to_owned();
        let Witness { switch: Some(switch), load: Some(load), store: Some(store), .. } = witness.as_ref()
        else {
            return format!(
                "CPython {version} may drop the GIL between a load of x and what follows from it: {ending}"
            );
        };
        let (switch, load, store) = (named(switch), named(load), named(store));
        let between = if switch == load { String::new() } else { format!(" after {load} and") };
        let how = if witness.waits {
            "lets go of the GIL where it waits for a lock at"
        } else {
            "may drop the GIL right after"
        };
        format!("CPython {version} {how} {switch},{between} before {store}: {ending}")
    }
}

/// What a worker looks at besides its work.
struct Watch<'a> {
    control: &'a Control,
    /// Whether another worker has met a fault. Relaxed: it stands for itself.
    failed: AtomicBool,
}

impl Watch<'_> {
    fn go_on(&self) -> ControlFlow<()> {
        if self.control.stopped() || self.failed.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Looks at the watch once in a while, from within a run.
struct Ticker<'a> {
    watch: &'a Watch<'a>,
    /// Only the first worker tells how far it has come.
    first: bool,
    until_look: u64,
    looks: u64,
    iterations: u64,
}

impl<'a> Ticker<'a> {
    fn new(watch: &'a Watch<'a>, worker: usize, iterations: u64) -> Self {
        Self { watch, first: worker == 0, until_look: BLOCK, looks: 0, iterations }
    }

    #[inline]
    fn tick(&mut self) -> ControlFlow<()> {
        self.until_look -= 1;
        if self.until_look == 0 { self.look() } else { ControlFlow::Continue(()) }
    }

    #[cold]
    fn look(&mut self) -> ControlFlow<()> {
        self.until_look = BLOCK;
        self.looks += BLOCK;
        if self.first {
            // A body looks at least once an iteration, so this is a lower bound on what is left.
            self.watch.control.report(self.looks.min(self.iterations));
        }
        self.watch.go_on()
    }
}

impl Scenario for UnderGil {
    fn name(&self) -> &'static str {
        "gil"
    }

    fn variant(&self) -> Option<Variant> {
        let version = self.version();
        Some(Variant {
            option: "cpython",
            value: version.name(),
            is_default: version == Version::newest_with_gil(),
        })
    }

    fn records_holds(&self) -> bool {
        self.version().has_gil()
    }

    fn promise(&self) -> Promise {
        if matches!(self.verdict, Verdict::Exact) { Promise::Exact } else { Promise::MayLose }
    }

    fn lesson(&self) -> &'static str {
        if self.version().has_gil() {
            "a loop body (x += d) under the GIL of one CPython version"
        } else {
            "a loop body (x += d) in a free-threaded CPython, which has no GIL"
        }
    }

    fn options(&self, load: &Workload) -> Vec<String> {
        let mut options = vec!["--cpython".to_owned(), self.version().name().to_owned()];
        if self.program.body() != BODY {
            options.extend(["--body".to_owned(), self.program.body().to_owned()]);
        }
        if !self.program.setup().is_empty() {
            options.extend(["--setup".to_owned(), self.program.setup().to_owned()]);
        }
        options.extend(load.options(self.group()));
        options
    }

    fn switch_interval(&self, load: &Workload) -> Option<Duration> {
        matches!(self.hand_off(load), HandOff::Interval(_)).then_some(load.switch_interval)
    }

    fn body(&self) -> Option<&str> {
        Some(self.program.body())
    }

    fn expected_beforehand(&self, load: &Workload) -> Option<i128> {
        let counts = self.program.body() == BODY && self.program.setup().is_empty();
        counts.then(|| self.group().expected(load))
    }

    fn expected(&self, load: &Workload, control: &Control) -> Result<i128> {
        if let Some(expected) = self.expected_beforehand(load) {
            return Ok(expected);
        }
        // Any other body: one worker after the other.
        let shared = SharedAtomics::new(0);
        let watch = Watch { control, failed: AtomicBool::new(false) };
        for worker in 0..load.workers.get() {
            let mut ticker = Ticker::new(&watch, worker, load.iterations);
            let end =
                self.program.run(load.delta(worker), load.iterations, &mut &shared, &mut |_| ticker.tick());
            if end.map_err(|fault| Error::Body(fault.to_string()))? == End::Stopped {
                return Err(Interrupted.into());
            }
        }
        Ok(i128::from(shared.x()))
    }

    fn observe(&self, load: &Workload, control: &Control) -> Result<Observation> {
        let memory = Memory::new();
        let gil = Gil::recorded(load.workers.get(), self.hand_off(load), load.record);
        let watch = Watch { control, failed: AtomicBool::new(false) };
        let run = start_line::run(load, control, |worker| self.work(&memory, &gil, load, &watch, worker))?;
        for worker in &run.workers {
            if let Err(Error::Body(fault)) = &worker.value {
                return Err(Error::Body(fault.clone()).into());
            }
        }
        let observation = Observation::of(i128::from(memory.x()), &run);
        if !self.version().has_gil() {
            return Ok(observation);
        }
        let usage = gil.into_use();
        let lock = Some(lock_use(&usage, &run));
        Ok(Observation { lock, holds: usage.recorder.map(|it| Recorder::merge([it])), ..observation })
    }

    fn explain(&self, load: &Workload, seen: &Seen<'_>) -> Explanation {
        Explanation { why: self.why(load, seen.summary.lost_runs > 0), next: self.next(load, seen) }
    }
}

/// The lock's use as shares of the run.
pub(super) fn lock_use<T>(usage: &GilUse, run: &Completed<T>) -> LockUse {
    let run = Span::around(run.workers.iter().map(|worker| worker.span))
        .map_or(0.0, |span| span.duration().as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    let share = |held: u64| if run > 0.0 { held as f64 * 1e-9 / run } else { 0.0 };
    LockUse {
        takes: usage.takes,
        switches: usage.switches,
        requests: usage.requests,
        forced: usage.forced,
        held: usage.held.iter().copied().map(share).collect(),
        holds: Distribution::of(&usage.holds),
        waits: Distribution::of(&usage.waits),
    }
}

mod waiting;

#[cfg(test)]
mod tests;

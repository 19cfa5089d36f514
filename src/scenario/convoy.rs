//! The convoy effect: what a worker that often waits for somebody else pays beside workers that only compute.
//!
//! A worker sends one byte to an echo process and waits for its return. Around both it lets go of the GIL, as
//! CPython does around system calls, and each time it may have to wait a switch interval for every computing
//! worker (*hog*) in the way before it has the lock back.

use super::error::Error;
use super::gil::BODY;
use super::python::Subject;
use crate::error::Interrupted;
use crate::interpreter::{ConvoyRequest, Interpreter, Limits};
use crate::measure::stats::percentile;
use crate::measure::{self, Parameters, Result};
use crate::python::gil::Gil;
use crate::python::program::{Point, Program, SharedAtomics};
use crate::python::version::{HandOff, Version};
use crate::system::clock;
use crate::system::control::Control;
use crate::system::executable;
use crate::system::holds::{Holds, Recorder};
use crate::system::process::Ended;
use crate::system::threads::ThreadStarter;
use parking_lot::Mutex;
use serde::Serialize;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// The hidden command under which this program echoes what comes in.
pub const ECHO_COMMAND: &str = "echo-bytes";

/// What is to be measured.
#[derive(Debug, Clone)]
pub struct Convoy {
    /// Beside what.
    pub beside: Vec<(Beside, Parameters)>,
    /// How many round trips, idle and beside them.
    pub pings: u32,
    /// Whose GIL is modelled.
    pub versions: Vec<(Version, Parameters)>,
    /// Real interpreters to measure as well.
    pub pythons: Vec<PathBuf>,
    /// How long each of them may take for one run.
    pub timeout: Duration,
    /// Whether each time that the modelled lock is held beside the hogs is to be recorded.
    pub record: bool,
}

/// What there is beside the worker whose round trips are timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beside {
    /// How many workers compute meanwhile.
    pub hogs: usize,
    /// How long a waiter waits before it asks for the lock.
    pub switch_interval: Duration,
}

impl Beside {
    /// The switch interval in seconds, of a GIL that is asked for after one.
    fn interval_of(self, hand_off: Option<Passing>) -> Option<f64> {
        (hand_off == Some(Passing::Interval)).then_some(self.switch_interval.as_secs_f64())
    }
}

/// One subject's round trips.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ConvoyRow {
    /// Whose GIL: `model 3.12`, or `python 3.12.1`.
    pub subject: String,
    /// A sweep: the values of the options that are swept, as they stand on a command line, by the options' names.
    #[serde(skip_serializing_if = "Parameters::is_empty")]
    pub parameters: Parameters,
    /// What was beside it: the report says it of all rows, or the parameters do.
    #[serde(skip)]
    pub beside: Beside,
    /// How its GIL passes from one worker to another; null where that is not known.
    pub hand_off: Option<Passing>,
    /// The switch interval in seconds; null where its GIL, if it has one, is not asked for after an interval.
    pub switch_interval: Option<f64>,
    /// The round trips with nobody computing.
    pub idle: Option<Latency>,
    /// The round trips beside the workers that compute.
    pub loaded: Option<Latency>,
    /// Why there is nothing to show.
    pub failure: Option<String>,
    /// Each time that the modelled lock was held beside the hogs, if that was recorded. Worker 0 makes the round trips.
    #[serde(skip)]
    pub holds: Option<Holds>,
}

/// How a GIL passes from one worker to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Passing {
    /// Its holder lets go of it for a moment after a number of ticks, and whoever is faster has it.
    Ticks,
    /// A waiter asks for it after a switch interval.
    Interval,
    /// There is no GIL.
    None,
}

impl Passing {
    const fn of(version: Version) -> Self {
        match version.facts().hand_off {
            HandOff::Ticks(_) => Self::Ticks,
            HandOff::Interval(_) => Self::Interval,
            HandOff::NoGil => Self::None,
        }
    }

    fn of_real(interpreter: &Interpreter) -> Self {
        let (major, minor, _) = interpreter.version();
        match (interpreter.gil_enabled(), (major, minor) < (3, 2)) {
            (false, _) => Self::None,
            (true, true) => Self::Ticks,
            (true, false) => Self::Interval,
        }
    }
}

/// Round trips, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Latency {
    /// The median of the times.
    pub median: f64,
    /// The time that 99 of 100 do not exceed.
    pub p99: f64,
    /// The longest time.
    pub max: f64,
    /// The time of each round trip, in their order.
    pub times: Vec<f64>,
    /// How many of them were made in each run: idle and loaded runs take turns, and each begins anew.
    pub runs: Vec<usize>,
}

impl Latency {
    /// Sums up the round trips of some runs.
    #[must_use]
    pub fn of(runs: &[Vec<f64>]) -> Self {
        let times = runs.concat();
        let each = || times.iter().copied();
        Self {
            median: percentile(each(), 50),
            p99: percentile(each(), 99),
            max: each().fold(0.0, f64::max),
            times,
            runs: runs.iter().map(Vec::len).collect(),
        }
    }
}

impl Convoy {
    /// Measures the model, then the interpreters; `tell` hears of each before it begins.
    ///
    /// # Errors
    ///
    /// When a worker or the echo process cannot be started; [`Interrupted`] when it was stopped. What goes
    /// wrong with an interpreter is in its row.
    pub fn run(&self, control: &Control, rows: &Mutex<Vec<ConvoyRow>>, tell: impl Fn(&str)) -> Result<()> {
        for (version, chosen) in &self.versions {
            for (beside, parameters) in &self.beside {
                let subject = format!("model {version}");
                tell(&told(&subject, parameters));
                let alone = Beside { hogs: 0, ..*beside };
                let mut holds = None;
                let [idle, loaded] = self.in_turns(|pings| {
                    let (idle, _) = self.round_trips(*version, alone, pings, control)?;
                    let (loaded, recorded) = self.round_trips(*version, *beside, pings, control)?;
                    holds = recorded;
                    Ok::<_, measure::Error>([idle, loaded])
                })?;
                let hand_off = Some(Passing::of(*version));
                rows.lock().push(ConvoyRow {
                    subject,
                    parameters: chosen.clone().and(parameters.clone()),
                    beside: *beside,
                    hand_off,
                    switch_interval: beside.interval_of(hand_off),
                    idle: Some(idle),
                    loaded: Some(loaded),
                    failure: None,
                    holds,
                });
            }
        }
        for python in &self.pythons {
            for (beside, parameters) in &self.beside {
                tell(&told(&python.display().to_string(), parameters));
                let row = self.real(python, *beside, parameters, control);
                if control.stopped() {
                    return Err(Interrupted.into());
                }
                rows.lock().push(row);
            }
        }
        Ok(())
    }

    /// Makes all round trips in some runs, idle and loaded ones in turns: the times of one run are alike, and those of the next may not be.
    /// Where the lock is recorded there is one run, whose timeline that is.
    fn in_turns<E>(&self, mut run: impl FnMut(u32) -> Result<[Vec<f64>; 2], E>) -> Result<[Latency; 2], E> {
        let runs = if self.record { 1 } else { RUNS.min(self.pings) };
        let mut both = [Vec::new(), Vec::new()];
        for at in 0..runs {
            let more = u32::from(at < self.pings % runs);
            let times = run(self.pings / runs + more)?;
            both.iter_mut().zip(times).for_each(|(runs, times)| runs.push(times));
        }
        Ok(both.map(|runs| Latency::of(&runs)))
    }

    fn real(&self, python: &Path, beside: Beside, parameters: &Parameters, control: &Control) -> ConvoyRow {
        let request = |pings| ConvoyRequest {
            pings,
            hogs: u32::try_from(beside.hogs).unwrap_or(u32::MAX),
            interval: Some(beside.switch_interval),
        };
        let python = Subject::at(python, self.timeout, control);
        let subject = format!("python {}", python.name());
        let hand_off = python.interpreter().ok().map(Passing::of_real);
        let limits = Limits::new(self.timeout, control.flag());
        let measure = |it: &Interpreter| {
            let result =
                self.in_turns(|pings| it.convoy(&request(pings), &limits).map(|it| [it.idle, it.loaded]));
            result.map_err(|error| error.to_string())
        };
        let ([idle, loaded], failure) = match python.interpreter().map_err(str::to_owned).and_then(measure) {
            Ok(both) => (both.map(Some), None),
            Err(error) => ([None, None], Some(error)),
        };
        let parameters = parameters.clone();
        let switch_interval = beside.interval_of(hand_off);
        ConvoyRow {
            subject,
            parameters,
            beside,
            hand_off,
            switch_interval,
            idle,
            loaded,
            failure,
            holds: None,
        }
    }

    /// The round trips of the model of a version, in seconds, and what was recorded of its lock.
    fn round_trips(
        &self,
        version: Version,
        beside: Beside,
        pings: u32,
        control: &Control,
    ) -> Result<(Vec<f64>, Option<Holds>)> {
        let Beside { hogs, switch_interval } = beside;
        let hand_off = match version.facts().hand_off {
            HandOff::Interval(_) => HandOff::Interval(switch_interval),
            other => other,
        };
        let program = Program::compile(BODY, "", version).map_err(|error| Error::Body(error.to_string()))?;
        let record = self.record && hand_off != HandOff::NoGil;
        let gil = Gil::recorded(hogs + 1, hand_off, record);
        let mut echo = Echo::start()?;
        let (at_work, done) = (AtomicUsize::new(0), AtomicBool::new(false));
        let room = ThreadStarter::for_workers(hogs)?;
        let times = thread::scope(|scope| {
            for hog in 1..=hogs {
                let (gil, program, at_work, done) = (&gil, &program, &at_work, &done);
                let compute = move || {
                    let mut holder = gil.enter(hog);
                    at_work.fetch_add(1, Ordering::Relaxed);
                    let shared = SharedAtomics::new(0);
                    let _ = program.run(1, u64::MAX, &mut &shared, &mut |point| {
                        if point == Point::Look {
                            holder.look();
                        }
                        // Relaxed: the flag stands for itself. After a stop the pinging worker, which sets it, would
                        // have to wait for the lock behind all hogs once more.
                        if done.load(Ordering::Relaxed) || control.stopped() {
                            ControlFlow::Break(())
                        } else {
                            ControlFlow::Continue(())
                        }
                    });
                };
                // Relaxed, like the look at it.
                room.start_scoped(scope, hog - 1, control, compute)
                    .inspect_err(|_| done.store(true, Ordering::Relaxed))?;
            }
            // Relaxed, like the flag: both stand for themselves.
            while at_work.load(Ordering::Relaxed) < hogs && !control.stopped() {
                thread::sleep(Duration::from_micros(500));
            }
            let times = Self::ping(&gil, &mut echo, pings, control);
            done.store(true, Ordering::Relaxed);
            times
        })?;
        Ok((times, gil.into_use().recorder.map(|it| Recorder::merge([it]))))
    }

    fn ping(gil: &Gil, echo: &mut Echo, pings: u32, control: &Control) -> Result<Vec<f64>> {
        let mut holder = gil.enter(0);
        let mut times = Vec::new();
        // The first one finds out whether the echo process is there.
        for _ in 0..=pings {
            let began = clock::now();
            let sent = holder.without(|| echo.line.write_all(PING));
            let back = holder.without(|| echo.answer(control));
            sent.and(back).map_err(|error| echo.failure(error, control))?;
            times.push(Duration::from_nanos(clock::now() - began).as_secs_f64());
            if control.stopped() {
                return Err(Interrupted.into());
            }
        }
        times.remove(0);
        Ok(times)
    }
}

/// What is measured, for whoever watches.
fn told(subject: &str, parameters: &Parameters) -> String {
    if parameters.is_empty() { subject.to_owned() } else { format!("{subject}, {}", parameters.words()) }
}

/// In how many runs the round trips are made: with six on both sides the ranks bound a ratio at 95 %.
const RUNS: u32 = 6;

/// What goes there and back.
const PING: &[u8] = b".";

/// The echo process, which ends when the line to it closes.
struct Echo {
    line: UnixStream,
    child: Child,
    /// For how many [`LOOK`]s an answer is waited for: one that hangs is an error and no reason to hang.
    patience: u32,
}

/// How often the stop flag is looked at while an answer is waited for.
const LOOK: Duration = Duration::from_millis(50);
/// Ten seconds: no machine is so busy.
const PATIENCE: u32 = 200;

impl Echo {
    fn start() -> Result<Self> {
        let executable = executable::own()?;
        let (line, end) = UnixStream::pair().map_err(Error::Echo)?;
        let input: OwnedFd = end.try_clone().map_err(Error::Echo)?.into();
        let output: OwnedFd = end.into();
        let child = executable::command(&executable)
            .arg(ECHO_COMMAND)
            .stdin(input)
            .stdout(output)
            .stderr(Stdio::null())
            .spawn();
        Ok(Self::over(line, child.map_err(Error::Echo)?)?)
    }

    fn over(line: UnixStream, child: Child) -> Result<Self, Error> {
        let echo = Self { line, child, patience: PATIENCE };
        echo.line.set_read_timeout(Some(LOOK)).map_err(Error::Echo)?;
        Ok(echo)
    }

    /// Waits for the byte's return.
    fn answer(&mut self, control: &Control) -> io::Result<()> {
        let mut byte = [0];
        for _ in 0..self.patience {
            match self.line.read(&mut byte) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) if byte == PING => return Ok(()),
                Ok(_) => return Err(io::Error::other("it sent back something else than it was sent")),
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
                    ) => {}
                Err(error) => return Err(error),
            }
            if control.stopped() {
                break;
            }
        }
        Err(io::Error::other(format!(
            "it hangs: there was no answer within {} s",
            (self.patience * LOOK).as_secs_f64()
        )))
    }

    /// What a failed round trip is to be told as: an interrupt, or what became of the process.
    fn failure(&mut self, error: io::Error, control: &Control) -> measure::Error {
        if control.stopped() {
            return Interrupted.into();
        }
        let gone = [io::ErrorKind::UnexpectedEof, io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset];
        // Its end of the line is closed just before it can be waited for.
        for _ in 0..if gone.contains(&error.kind()) { self.patience } else { 0 } {
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    return Error::Echo(io::Error::other(format!("it {}", Ended::from(status)))).into();
                }
                Ok(None) => thread::sleep(Duration::from_millis(1)),
                Err(error) => return Error::Echo(error).into(),
            }
        }
        Error::Echo(error).into()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The echo process's whole life: sends back each byte until there are no more.
///
/// # Errors
///
/// When the other end is gone in the middle of a byte's return.
pub fn echo(mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    let mut byte = [0];
    while input.read(&mut byte)? == 1 {
        output.write_all(&byte)?;
        output.flush()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn an_echo_gives_back_what_came_and_ends_with_it() {
        let mut output = Vec::new();
        echo(&b"abc"[..], &mut output).unwrap();
        assert_eq!(output, b"abc");
    }

    /// A round trip over a line at whose other end such a shell script stands.
    fn failure(script: &str, patience: u32, control: &Control) -> String {
        let (line, end) = UnixStream::pair().unwrap();
        let (input, output) = (OwnedFd::from(end.try_clone().unwrap()), OwnedFd::from(end));
        let child = Command::new("/bin/sh").args(["-c", script]).stdin(input).stdout(output).spawn().unwrap();
        let mut echo = Echo::over(line, child).unwrap();
        echo.patience = patience;
        let result = echo.line.write_all(PING).and_then(|()| echo.answer(control));
        echo.failure(result.unwrap_err(), control).to_string()
    }

    #[test]
    fn an_echo_process_that_fails_is_told_with_what_became_of_it() {
        for (script, patience, fate) in [
            ("exit 3", PATIENCE, "it exited with status 3"),
            ("kill -9 $$", PATIENCE, "it was killed by SIGKILL"),
            ("exec cat /dev/zero", PATIENCE, "it sent back something else than it was sent"),
            ("exec sleep 1000", 2, "it hangs: there was no answer within 0.1 s"),
            ("kill -STOP $$", 2, "it hangs: there was no answer within 0.1 s"),
        ] {
            let message = failure(script, patience, &Control::default());
            assert_eq!(message, format!("the echo process failed: {fate}; run it again"), "{script}");
        }
    }

    #[test]
    fn an_echo_process_that_hangs_does_not_hold_up_a_stop() {
        let control = Control::default();
        control.stop();
        let message = failure("exec sleep 1000", u32::MAX, &control);
        assert_eq!(message, Interrupted.to_string());
    }

    #[test]
    fn latencies_are_summed_up() {
        let latency = Latency::of(&[(1..=100).rev().map(f64::from).collect()]);
        assert!((latency.median - 50.5).abs() < 0.6);
        assert!(latency.p99 >= 98.0 && latency.p99 <= 100.0);
        assert!((latency.max - 100.0).abs() < 1e-9);
    }
}

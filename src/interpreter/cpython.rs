//! One real CPython: what it says of itself, and how it is given a script.

use super::child::{self, Limits};
use super::error::{Error, last_line, one_line, shown};
use super::locate::locate;
use crate::system::process::Ended;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long an interpreter may take at least to say what it is. The slowest need a tenth of a second; the rest is for
/// busy machines and cold disks.
pub const PROBE: Duration = Duration::from_secs(10);

/// How an interpreter shares its GIL among threads that do not block, as it was when it started.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SwitchInterval {
    /// A waiting thread asks for the GIL after so many seconds: `sys.getswitchinterval()`, from 3.2 on.
    Seconds(f64),
    /// The thread that has it lets go after so many bytecodes: `sys.getcheckinterval()`, 2.7.
    Ticks(u32),
}

/// A CPython that has been asked what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Interpreter {
    pub(super) path: PathBuf,
    pub(super) version: (u8, u8, u8),
    pub(super) release: String,
    pub(super) free_threaded: bool,
    pub(super) gil_enabled: bool,
    pub(super) interval: SwitchInterval,
    pub(super) identity: Identity,
}

/// What two names of one installation have in common: the folder of the installation (not of a virtual
/// environment), the text of `sys.version`, which has the build in it, and the ABI flags.
type Identity = (String, String, String);

/// The answer of `probe.py`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Probed {
    implementation: String,
    version: (u8, u8, u8),
    release: String,
    free_threaded: bool,
    gil_enabled: bool,
    interval: SwitchInterval,
    identity: Identity,
}

impl Interpreter {
    /// Asks a program what it is. `program` is a path, or a bare name to be looked for on PATH.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::NotExecutable`], [`Error::Start`]; [`Error::NotPython`] when it answers
    /// with anything else than a Python's answer; [`Error::NotCPython`] when it is another make of Python; and
    /// the errors for exceeded limits.
    pub fn probe(program: &Path, limits: &Limits<'_>) -> Result<Self, Error> {
        let path = locate(program, std::env::var_os("PATH").as_deref())?;
        // Which flags it knows depends on its version; these two are known to all.
        let output = child::run(&path, ["-E", "-s", "-B", "-c", include_str!("probe.py")], limits);
        let output = output.map_err(|error| match error {
            Error::TimedOut { interpreter, after, .. } => Error::Silent { interpreter, after },
            error => error,
        })?;
        let answer = match output.ended {
            Ended::Status(0) => serde_json::from_slice(&output.stdout).ok(),
            _ => None,
        };
        let Some(Probed { implementation, version, release, free_threaded, gil_enabled, interval, identity }) =
            answer
        else {
            let printed = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
            return Err(Error::NotPython {
                interpreter: shown(&path),
                ended: output.ended,
                printed: last_line(printed),
            });
        };
        if implementation != "CPython" {
            let implementation = one_line(&implementation);
            return Err(Error::NotCPython { interpreter: shown(&path), implementation });
        }
        Ok(Self {
            path,
            version,
            release: one_line(&release),
            free_threaded,
            gil_enabled,
            interval,
            identity,
        })
    }

    /// The file that is started, an absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Major, minor and micro version: 3, 13, 0.
    #[must_use]
    pub fn version(&self) -> (u8, u8, u8) {
        self.version
    }

    /// Whether this is a build that can do without a GIL (`Py_GIL_DISABLED`).
    #[must_use]
    pub fn free_threaded(&self) -> bool {
        self.free_threaded
    }

    /// Whether the GIL was on when it was asked (`sys._is_gil_enabled()`; always before 3.13).
    #[must_use]
    pub fn gil_enabled(&self) -> bool {
        self.gil_enabled
    }

    /// How it shares the GIL unless it is told otherwise.
    #[must_use]
    pub fn interval(&self) -> SwitchInterval {
        self.interval
    }

    /// Its version as people write it: `3.13.0`, `3.14.0rc1`, and with a `t` for a free-threaded build `3.13.5t`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}{}", self.release, if self.free_threaded { "t" } else { "" })
    }

    /// Whether both are one installation, under whatever names.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.identity == other.identity
    }

    /// Runs a script with arguments (`sys.argv[1:]`) and reads the one JSON value that it prints.
    ///
    /// The interpreter runs isolated (`-I`; `-E -s` on 2.7), so no `PYTHON…` variable, working folder or user's
    /// site changes what it does, and leaves no compiled files. A script that may run for long should watch its
    /// standard input, which closes when this process is gone.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`] when it does not end with status 0, [`Error::Rubbish`] when it prints anything but the
    /// value, and those for a program that cannot be started or exceeds a limit.
    pub fn run<T: DeserializeOwned>(
        &self,
        script: &str,
        arguments: &[&str],
        limits: &Limits<'_>,
    ) -> Result<T, Error> {
        let isolated: &[&str] = if self.version.0 < 3 { &["-E", "-s"] } else { &["-I"] };
        let script = ["-B", "-c", script];
        let all = isolated.iter().chain(&script).chain(arguments);
        let output = child::run(&self.path, all, limits)?;
        if output.ended != Ended::Status(0) {
            let said = last_line(&output.stderr);
            return Err(Error::Failed { interpreter: shown(&self.path), ended: output.ended, said });
        }
        serde_json::from_slice(&output.stdout).map_err(|error| {
            let printed = one_line(&String::from_utf8_lossy(&output.stdout));
            let printed = if printed.is_empty() { "nothing".into() } else { printed };
            Error::Rubbish { interpreter: shown(&self.path), reason: error.to_string(), printed }
        })
    }
}

/// As [`Interpreter::label`].
impl fmt::Display for Interpreter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.label())
    }
}

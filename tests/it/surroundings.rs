//! What a test puts around gilsim: a shell with limits, a namespace of its own, another user.

use crate::AMPLE;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) fn program() -> PathBuf {
    assert_cmd::cargo::cargo_bin!("gilsim").to_owned()
}

/// Whose new files are root's.
pub(crate) fn is_root() -> bool {
    tempfile::tempdir().unwrap().path().metadata().unwrap().uid() == 0
}

/// Says that a fault cannot be made here. Not by `eprintln!`, which the test harness keeps to itself.
pub(crate) fn not_tried(what: &str, why: &str) {
    let _ = writeln!(io::stderr(), "skipped: {what}: {why}");
}

/// A command line that a shell sets the scene for: the script ends in `exec "$@"`.
#[derive(Clone)]
pub(crate) struct Scene(Vec<String>);

impl Scene {
    /// Limits and the like, which anybody may set.
    pub(crate) fn shell(script: &str) -> Self {
        Self(["sh", "-c", &format!("{script}; exec \"$@\""), "sh"].map(str::to_owned).to_vec())
    }

    /// Mounts that nobody else sees; says why there can be none.
    pub(crate) fn mounts(script: &str) -> Result<Self, String> {
        let shell = Self::shell(&format!("set -e; {script}")).0;
        let mut reasons = Vec::new();
        // For root, and for an ordinary user where the kernel lets them be root of a namespace.
        for options in ["-m", "-rm"] {
            let scene = Self([vec!["unshare".to_owned(), options.to_owned()], shell.clone()].concat());
            match scene.command(Path::new("true"), "").output() {
                Ok(output) if output.status.success() => return Ok(scene),
                Ok(output) => {
                    reasons.push(String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; "));
                }
                Err(error) => reasons.push(format!("unshare: {error}")),
            }
        }
        reasons.dedup();
        Err(reasons.join("; "))
    }

    /// A user who may start no more processes and threads than so many, all of theirs counted. Root is exempt from that
    /// limit, so for root it is another user.
    pub(crate) fn processes(most: u32) -> Result<Self, String> {
        let limit = format!("--nproc={most}");
        let mut line = vec!["prlimit".to_owned(), limit];
        if is_root() {
            let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"].map(str::to_owned);
            line = [nobody.to_vec(), line].concat();
        }
        match Self(line.clone()).command(Path::new("true"), "").output() {
            Ok(output) if output.status.success() => Ok(Self(line)),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(format!("{}: {error}", line[0])),
        }
    }

    pub(crate) fn command(&self, program: &Path, arguments: &str) -> Command {
        let mut command = Command::new(&self.0[0]);
        command.args(&self.0[1..]).arg(program).args(arguments.split_whitespace());
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &str) -> Ran {
        self.run_program(&program(), arguments)
    }

    pub(crate) fn run_program(&self, program: &Path, arguments: &str) -> Ran {
        Ran::of(self.command(program, arguments), arguments)
    }
}

/// How a run ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    line: String,
}

impl Ran {
    /// Runs to the end, which has to come in time.
    pub(crate) fn of(mut command: Command, line: &str) -> Self {
        Self::wait(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), line)
    }

    /// Waits for the end of what has been started with its output piped.
    pub(crate) fn wait(mut child: Child, line: &str) -> Self {
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let read = |mut stream: Box<dyn io::Read + Send>| {
            thread::spawn(move || {
                let mut text = Vec::new();
                let _ = stream.read_to_end(&mut text);
                String::from_utf8_lossy(&text).into_owned()
            })
        };
        let (stdout, stderr) = (read(Box::new(stdout)), read(Box::new(stderr)));
        let began = Instant::now();
        let mut in_time = true;
        while in_time && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(5));
            in_time = began.elapsed() < AMPLE;
        }
        // An error means that it has ended already.
        let _ = child.kill();
        let code = child.wait().unwrap().code();
        assert!(in_time, "{line} hangs");
        Self { code, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap(), line: line.to_owned() }
    }

    /// It ran, and did so quietly.
    pub(crate) fn is_well(&self) {
        assert_eq!(self.code, Some(0), "{}: {}", self.line, self.stderr);
        assert_eq!(self.stderr, "", "{}", self.line);
    }

    /// It says in one line why it could not run.
    pub(crate) fn says_why_not(&self, code: i32, reason: &str) {
        assert_eq!(self.code, Some(code), "{}: {}", self.line, self.stderr);
        assert!(self.stderr.starts_with("error: "), "{}: {}", self.line, self.stderr);
        assert_eq!(self.stderr.lines().count(), 1, "{}: {}", self.line, self.stderr);
        assert!(self.stderr.contains(reason), "{}: {}", self.line, self.stderr);
    }

    /// One of the two; never a crash.
    pub(crate) fn runs_or_says_why_not(&self, reason: &str) {
        if self.code == Some(0) { self.is_well() } else { self.says_why_not(1, reason) }
    }
}

/// A copy of the program where other users can reach it.
pub(crate) fn public_copy() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let copy = folder.path().join("gilsim");
    // By another process: a file that is open for writing here could not be executed by a child of this one.
    assert!(Command::new("cp").arg(program()).arg(&copy).status().unwrap().success());
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    (folder, copy)
}

//! Where interpreters are looked for.

use super::child::Limits;
use super::cpython::{Interpreter, PROBE};
use super::error::Error;
use super::locate::is_executable;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The interpreters of this machine, sorted by version: those on PATH and those of pyenv. What is there but
/// cannot be used is passed over; [`Places::search`] tells about it. Ends early when `stop` is set.
#[must_use]
pub fn find(stop: &AtomicBool) -> Vec<Interpreter> {
    Places::from_env().search(stop).interpreters
}

/// The folders to look into.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// As the variable PATH: folders with colons between them.
    pub path: Option<OsString>,
    /// pyenv's folder, the one with `versions` in it.
    pub pyenv: Option<PathBuf>,
}

/// What a search came to.
#[derive(Debug, Default)]
pub struct Found {
    /// Sorted by version, each installation once.
    pub interpreters: Vec<Interpreter>,
    /// What looked like an interpreter by its name, but did not turn out to be a usable one, and why not.
    pub failures: Vec<(PathBuf, Error)>,
}

impl Places {
    /// PATH, and `$PYENV_ROOT` or else `$HOME/.pyenv`. Neither need be set.
    #[must_use]
    pub fn from_env() -> Self {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        let pyenv = set("PYENV_ROOT").map(PathBuf::from);
        let pyenv = pyenv.or_else(|| set("HOME").map(|home| Path::new(&home).join(".pyenv")));
        Self { path: set("PATH"), pyenv }
    }

    /// Looks for interpreters and asks each what it is; ends early, with those found so far, when `stop` is set.
    ///
    /// A folder that is missing or cannot be read has none.
    #[must_use]
    pub fn search(&self, stop: &AtomicBool) -> Found {
        let limits = Limits::new(PROBE, stop);
        let mut found = Found::default();
        for candidate in self.candidates() {
            match Interpreter::probe(&candidate, &limits) {
                // A wrapper script or a copy of one that is already there.
                Ok(new) if found.interpreters.iter().any(|known| known.is_same(&new)) => {}
                Ok(new) => found.interpreters.push(new),
                Err(Error::Stopped { .. }) => break,
                Err(error) => found.failures.push((candidate, error)),
            }
        }
        found.interpreters.sort_by(by_version);
        found
    }

    /// Executable files with an interpreter's name, each once whatever links lead to it.
    fn candidates(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = self.path.iter().flat_map(env::split_paths).collect();
        // pyenv's shims ask pyenv for the interpreter of this folder; it is among its versions anyway.
        folders.retain(|folder| folder.file_name() != Some(OsStr::new("shims")));
        if let Some(pyenv) = &self.pyenv {
            folders.extend(entries(&pyenv.join("versions")).into_iter().map(|version| version.join("bin")));
        }
        // Names from the working folder would make it matter where gilsim is started.
        folders.retain(|folder| folder.is_absolute());

        let mut seen = HashSet::new();
        let mut candidates = Vec::new();
        for file in folders.iter().flat_map(|folder| entries(folder)) {
            let named = file.file_name().and_then(OsStr::to_str).is_some_and(is_interpreter_name);
            // Follows symbolic links; hard links have the same numbers, too.
            let Some(metadata) = named.then(|| fs::metadata(&file).ok()).flatten() else { continue };
            if is_executable(&metadata) && seen.insert((metadata.dev(), metadata.ino())) {
                candidates.push(file);
            }
        }
        candidates
    }
}

/// The files and folders in a folder, by name, so that the outcome of a search does not depend on the disk.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// `python`, `python3`, `python3.13`, with ABI flags such as the `t` of `python3.13t`; not `python3-config`.
fn is_interpreter_name(name: &str) -> bool {
    let Some(version) = name.strip_prefix("python") else { return false };
    let version = version.trim_end_matches(['t', 'd', 'm', 'u']);
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    let is_number =
        |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    name == "python" || (is_number(major, 1) && is_number(minor, 2))
}

/// By version; within one version the build with a GIL first.
fn by_version(one: &Interpreter, other: &Interpreter) -> Ordering {
    let key = |it: &Interpreter| (it.version, it.free_threaded);
    // A pre-release's name is longer than that of the release, but it comes before it.
    key(one)
        .cmp(&key(other))
        .then(other.release.len().cmp(&one.release.len()))
        .then(one.path.cmp(&other.path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interpreter::cpython::SwitchInterval;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn names_of_interpreters() {
        for name in ["python", "python2", "python2.7", "python3", "python3.9", "python3.14t", "python3.6m"] {
            assert!(is_interpreter_name(name), "{name}");
        }
        for name in
            ["", "pytho", "python-config", "python3-config", "python3.12-gdb.py", "pythonw", "pythont"]
        {
            assert!(!is_interpreter_name(name), "{name}");
        }
        for name in ["python3.", "python3.123", "python33", "python3.1.2", "ipython3", "python3.x", "python "]
        {
            assert!(!is_interpreter_name(name), "{name}");
        }
    }

    fn file(path: &Path, mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn each_file_is_a_candidate_once_and_shims_are_none() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        file(&at("bin/python3.9"), 0o755);
        file(&at("bin/python3.9-config"), 0o755);
        file(&at("bin/python3.10"), 0o644);
        fs::create_dir_all(at("bin/python3.11")).unwrap();
        symlink("python3.9", at("bin/python3")).unwrap();
        symlink("nowhere", at("bin/python2")).unwrap();
        file(&at("shims/python3.8"), 0o755);
        file(&at("root/versions/3.7.1/bin/python"), 0o755);
        fs::hard_link(at("root/versions/3.7.1/bin/python"), at("root/versions/3.7.1/bin/python3.7m"))
            .unwrap();
        fs::create_dir_all(at("root/versions/venv/bin")).unwrap();
        symlink(at("bin/python3.9"), at("root/versions/venv/bin/python")).unwrap();

        let path =
            env::join_paths([at("bin"), at("none"), at("shims"), at("bin"), "relative".into()]).unwrap();
        let places = Places { path: Some(path), pyenv: Some(at("root")) };
        assert_eq!(places.candidates(), [at("bin/python3"), at("root/versions/3.7.1/bin/python")]);
    }

    #[test]
    fn nowhere_to_look_is_no_error() {
        let found = Places::default().search(&AtomicBool::new(false));
        assert!(found.interpreters.is_empty() && found.failures.is_empty());
        let empty = Places { path: Some(OsString::new()), pyenv: Some("/nonexistent".into()) };
        assert!(empty.candidates().is_empty());
    }

    #[test]
    fn versions_are_sorted_as_numbers() {
        let interpreter = |release: &str, version, free_threaded| Interpreter {
            path: PathBuf::from("/python"),
            version,
            release: release.into(),
            free_threaded,
            gil_enabled: !free_threaded,
            interval: SwitchInterval::Seconds(0.005),
            identity: <_>::default(),
        };
        let mut all = [
            interpreter("3.13.0", (3, 13, 0), true),
            interpreter("3.13.0", (3, 13, 0), false),
            interpreter("3.9.18", (3, 9, 18), false),
            interpreter("3.10.2", (3, 10, 2), false),
            interpreter("3.13.0rc1", (3, 13, 0), false),
            interpreter("2.7.18", (2, 7, 18), false),
        ];
        all.sort_by(by_version);
        let labels: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(labels, ["2.7.18", "3.9.18", "3.10.2", "3.13.0rc1", "3.13.0", "3.13.0t"]);
    }
}

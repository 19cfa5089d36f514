//! This program's own file, to be started once more.

use super::error::{Error, Result};
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{self, Path, PathBuf};
use std::process::Command;

/// The kernel's name for it, which stays right when another file has taken the place of ours.
const KERNELS: &str = "/proc/self/exe";

/// Where it is.
///
/// # Errors
///
/// [`Error::OwnExecutable`] when neither the kernel tells (it does so under `/proc`) nor a file is where the name
/// by which this program was started says.
pub fn own() -> Result<PathBuf> {
    if Path::new(KERNELS).exists() {
        return Ok(KERNELS.into());
    }
    env::current_exe().or_else(|error| {
        let name = env::args_os().next().unwrap_or_default();
        named(Path::new(&name), env::var_os("PATH").as_deref()).ok_or(Error::OwnExecutable(error))
    })
}

/// What is to start it once more, under its name.
#[must_use]
pub fn command(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.arg0("gilsim");
    command
}

/// The file that a shell means by such a name.
fn named(name: &Path, folders: Option<&OsStr>) -> Option<PathBuf> {
    let executable = |file: &PathBuf| {
        fs::metadata(file).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
    };
    if name.as_os_str().as_encoded_bytes().contains(&b'/') {
        return path::absolute(name).ok().filter(executable);
    }
    if name.as_os_str().is_empty() {
        return None;
    }
    env::split_paths(folders?).filter_map(|folder| path::absolute(folder.join(name)).ok()).find(executable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_for_as_a_shell_does() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gilsim");
        let path = env::join_paths([Path::new("/nonexistent"), folder.path()]).unwrap();
        let found = |name: &str| named(Path::new(name), Some(&path));
        assert_eq!(found("gilsim"), None);
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(found("gilsim"), None);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(found("gilsim"), Some(file.clone()));
        assert_eq!(found(file.to_str().unwrap()), Some(file));
        assert_eq!(found(""), None);
        assert_eq!(named(Path::new("gilsim"), None), None);
    }
}

//! Which file a program's name means.

use super::error::{Error, shown};
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The absolute path of a program given by path or, without a slash in it, by name.
///
/// # Errors
///
/// [`Error::NotFound`]; [`Error::NotExecutable`] when there is a file, but none that can be executed.
pub(super) fn locate(program: &Path, path: Option<&OsStr>) -> Result<PathBuf, Error> {
    let interpreter = || shown(program);
    let by_name = !program.as_os_str().as_encoded_bytes().contains(&b'/');
    let places: Vec<PathBuf> = if by_name {
        let folders = path.into_iter().flat_map(env::split_paths).filter(|folder| folder.is_absolute());
        folders.map(|folder| folder.join(program)).collect()
    } else {
        std::path::absolute(program).into_iter().collect()
    };
    let mut files = places.into_iter().filter_map(|file| Some((fs::metadata(&file).ok()?, file))).peekable();
    if program.as_os_str().is_empty() || files.peek().is_none() {
        return Err(Error::NotFound { interpreter: interpreter() });
    }
    let executable = files.find(|(metadata, _)| is_executable(metadata));
    executable.map(|(_, file)| file).ok_or_else(|| Error::NotExecutable { interpreter: interpreter() })
}

/// Whether there is no file of this name on PATH or at this path.
#[must_use]
pub fn is_missing(program: &Path) -> bool {
    matches!(locate(program, env::var_os("PATH").as_deref()), Err(Error::NotFound { .. }))
}

/// Whether this is a file that somebody may execute.
pub(super) fn is_executable(metadata: &fs::Metadata) -> bool {
    metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &Path, mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_program_is_located_by_path_or_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        file(&at("first/python3.9"), 0o644);
        file(&at("second/python3.9"), 0o755);
        let path = env::join_paths([at("first"), at("second")]).unwrap();
        let found = |program: &str| locate(Path::new(program), Some(&path));
        assert_eq!(found("python3.9").unwrap(), at("second/python3.9"));
        assert!(matches!(found("python3.8"), Err(Error::NotFound { .. })));
        assert!(matches!(found(""), Err(Error::NotFound { .. })));
        assert!(matches!(found("./python3.9"), Err(Error::NotFound { .. })));
        assert!(matches!(found(at("first/python3.9").to_str().unwrap()), Err(Error::NotExecutable { .. })));
        assert!(matches!(found(at("first").to_str().unwrap()), Err(Error::NotExecutable { .. })));
        assert!(matches!(locate(Path::new("python3.9"), None), Err(Error::NotFound { .. })));
    }
}

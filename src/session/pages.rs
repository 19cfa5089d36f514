//! Writes texts: to standard output, or files into a folder.

use super::ending::Ending;
use super::error::{Error, Result};
use crate::report::{self, output};
use std::fs;
use std::path::Path;
use tempfile::NamedTempFile;

/// Prints a text.
///
/// # Errors
///
/// When standard output cannot be written.
pub fn print(text: &str) -> Result<Ending> {
    output::check_standard_output()?;
    output::write(&mut anstream::stdout().lock(), text)?;
    Ok(Ending::Ran)
}

/// Writes files into a folder, each whole or not at all, and says how many.
///
/// # Errors
///
/// When the folder is not there or a file cannot be written.
pub fn write(folder: &Path, pages: &[(String, String)]) -> Result<Ending> {
    output::check_standard_output()?;
    if !folder.is_dir() {
        let folder = folder.to_owned();
        return Err(if folder.exists() { Error::NotAFolder(folder) } else { Error::NoFolder(folder) });
    }
    for (name, text) in pages {
        let path = folder.join(name);
        let failed = |source| report::Error::Export { path: path.clone(), source };
        let file = NamedTempFile::with_prefix_in(".gilsim-", folder).map_err(failed)?;
        fs::write(file.path(), text).map_err(failed)?;
        readable(&file).map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
    }
    print(&format!("{} pages written to {}\n", pages.len(), folder.display()))
}

/// Lets everybody read it: a temporary file is its owner's alone.
fn readable(file: &NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))
}

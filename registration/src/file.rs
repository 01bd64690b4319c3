//! Writing a file that holds secrets: in one step, for its owner only.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use tempfile::NamedTempFile;

use crate::Error;

/// Writes a file so that whoever reads it sees the old text or the new one, never half of it, even after a
/// power cut. Only the owner may read it (0600); a file that had been given to a group (0640) stays with that group,
/// because the homeserver may read it through it. Gives [`Error::Folder`] or [`Error::Write`].
pub fn write_private(path: &Path, text: &str) -> Result<(), Error> {
    // A link stays a link: what it points to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(Error::Folder(folder.to_owned()));
    }
    replace(&target, folder, text).map_err(|source| Error::Write { path: path.to_owned(), source })
}

fn replace(target: &Path, folder: &Path, text: &str) -> io::Result<()> {
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(text.as_bytes())?;
    keep_group(new.as_file(), target)?;
    new.as_file().sync_all()?;
    new.persist(target)?;
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(unix)]
fn keep_group(new: &File, old: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    let Ok(old) = fs::metadata(old) else { return Ok(()) };
    let given_to_group = old.mode() & 0o047 == 0o040;
    if given_to_group && fchown(new, None, Some(old.gid())).is_ok() {
        new.set_permissions(fs::Permissions::from_mode(0o640))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn keep_group(_new: &File, _old: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;

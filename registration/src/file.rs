//! Writing a file that holds secrets: in one step, for its owner only.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use tempfile::NamedTempFile;

use crate::Error;

/// Writes a file so that whoever reads it sees the old text or the new one, never half of it, even after a
/// power cut. Only the owner may read it (0600), who is that of an older file in its place; a file that had been given to a group
/// (0640) stays with that group, because the homeserver may read it through it. Gives [`Error::Folder`], [`Error::Owners`] or
/// [`Error::Write`].
pub fn write_private(path: &Path, text: &str) -> Result<(), Error> {
    // A link stays a link: what it points to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(Error::Folder(folder.to_owned()));
    }
    let failed = |source| Error::Write { path: path.to_owned(), source };
    let mut new = NamedTempFile::new_in(folder).map_err(failed)?;
    if !keep_owners(new.as_file(), &target).map_err(failed)? {
        return Err(Error::Owners(path.to_owned()));
    }
    let put = || {
        new.write_all(text.as_bytes())?;
        new.as_file().sync_all()?;
        new.persist(&target)?;
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
    };
    put().map_err(failed)
}

/// Gives the new file to the owner of the old one, and to the group that may read that one. False if this user cannot.
#[cfg(unix)]
fn keep_owners(new: &File, old: &Path) -> io::Result<bool> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    let Some(old) = fs::metadata(old).ok().filter(fs::Metadata::is_file) else { return Ok(true) };
    let made = new.metadata()?;
    let is_given_to_group = old.mode() & 0o047 == 0o040;
    let owner = Some(old.uid()).filter(|owner| *owner != made.uid());
    let group = Some(old.gid()).filter(|group| is_given_to_group && *group != made.gid());
    if (owner.is_some() || group.is_some()) && fchown(new, owner, group).is_err() {
        return Ok(false);
    }
    if is_given_to_group {
        new.set_permissions(fs::Permissions::from_mode(0o640))?;
    }
    Ok(true)
}

#[cfg(not(unix))]
fn keep_owners(_new: &File, _old: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests;

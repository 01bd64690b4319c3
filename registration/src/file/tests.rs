//! Tests of writing a file with secrets.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::{fs, path::Path};

use crate::{Error, write_private};

#[test]
fn an_older_file_is_replaced_and_nothing_else_stays_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("registration.yaml");
    fs::write(&file, "a much longer text that was here before").unwrap();
    write_private(&file, "new").unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "new");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("missing/registration.yaml");
    let error = write_private(&file, "new").unwrap_err();
    assert!(matches!(&error, Error::Folder(missing) if *missing == folder.path().join("missing")));
    assert!(error.to_string().contains("create the folder first"));
}

#[test]
fn what_cannot_be_replaced_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("registration.yaml");
    fs::create_dir(&taken).unwrap();
    let error = write_private(&taken, "new").unwrap_err();
    assert!(matches!(&error, Error::Write { path, .. } if path == &taken));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_it_unless_a_group_was_given_it() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("registration.yaml");
    let mode = || fs::metadata(&file).unwrap().mode() & 0o777;
    write_private(&file, "new").unwrap();
    assert_eq!(mode(), 0o600);
    for (before, after) in [(0o644, 0o600), (0o666, 0o600), (0o640, 0o640), (0o600, 0o600)] {
        set_mode(&file, before);
        write_private(&file, "newer").unwrap();
        assert_eq!(mode(), after, "from {before:o}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("real.yaml"), folder.path().join("link.yaml"));
    fs::write(&file, "old").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    write_private(&link, "new").unwrap();
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(&file).unwrap(), "new");
}

#[cfg(unix)]
#[test]
fn a_file_stays_with_its_owner_and_its_group() {
    use std::os::unix::fs::{MetadataExt, chown};
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("registration.yaml");
    for (mode, group) in [(0o640, 4_242), (0o600, 0)] {
        fs::write(&file, "old").unwrap();
        set_mode(&file, mode);
        // Only root can try this; continuous integration is root.
        if chown(&file, Some(4_343), Some(4_242)).is_err() {
            return;
        }
        write_private(&file, "new").unwrap();
        let of = fs::metadata(&file).unwrap();
        assert_eq!((of.uid(), of.gid(), of.mode() & 0o777), (4_343, group, mode), "from {mode:o}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        fs::remove_file(&file).unwrap();
    }
}

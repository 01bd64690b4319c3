//! What a flush keeps, and what it does not.
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::super::trace::{Deed, What};
use super::{Disk, Files};

fn deed(file: &str, what: What, begun_at: u64, ended_at: u64) -> Deed {
    Deed { file: file.to_owned(), what, begun_at, ended_at }
}

/// All that a power cut may leave.
fn outcomes(disk: &Disk) -> Vec<Files> {
    let mut random = StdRng::seed_from_u64(1);
    (0..200).map(|_| disk.cut(&mut random)).collect()
}

#[test]
fn what_was_flushed_stays_and_the_rest_may_go() {
    let mut disk = Disk::default();
    disk.take(deed("a", What::Write(0, vec![1; 4]), 1, 2));
    disk.take(deed("b", What::Write(0, vec![2; 4]), 3, 4));
    disk.take(deed("a", What::Flush, 5, 6));
    disk.take(deed("a", What::Write(2, vec![3; 1024]), 7, 8));
    let outcomes = outcomes(&disk);
    assert!(outcomes.iter().all(|files| files["a"][..2] == [1, 1]));
    assert!(outcomes.iter().any(|files| !files.contains_key("b")));
    assert!(outcomes.iter().any(|files| files.get("b") == Some(&vec![2; 4])));
    for length in [4, 2 + 512, 2 + 1024] {
        assert!(outcomes.iter().any(|files| files["a"].len() == length), "never {length} bytes");
    }
}

#[test]
fn a_flush_keeps_nothing_that_came_after_its_beginning() {
    let mut disk = Disk::default();
    disk.take(deed("a", What::Write(0, vec![1]), 1, 2));
    disk.take(deed("a", What::Write(0, vec![2]), 3, 6));
    disk.take(deed("a", What::Flush, 4, 7));
    let outcomes = outcomes(&disk);
    assert!(outcomes.iter().any(|files| files["a"] == [1]) && outcomes.iter().any(|files| files["a"] == [2]));
}

#[test]
fn which_files_there_are_is_flushed_with_any_file() {
    let mut disk = Disk::default();
    disk.take(deed("a", What::Write(0, vec![1]), 1, 2));
    disk.take(deed("a", What::Flush, 3, 4));
    disk.take(deed("a", What::Remove, 5, 6));
    assert!(outcomes(&disk).iter().any(|files| files.contains_key("a")));
    disk.take(deed("b", What::Flush, 7, 8));
    assert!(outcomes(&disk).iter().all(|files| !files.contains_key("a")));
}

#[test]
fn a_disk_that_lies_may_lose_all_from_then_on() {
    let mut disk = Disk::lying_from(4);
    disk.take(deed("a", What::Write(0, vec![1]), 1, 2));
    disk.take(deed("a", What::Flush, 3, 4));
    disk.take(deed("a", What::Write(0, vec![2]), 5, 6));
    disk.take(deed("a", What::Flush, 7, 8));
    let outcomes = outcomes(&disk);
    assert!(outcomes.iter().all(|files| files.contains_key("a")));
    assert!(outcomes.iter().any(|files| files["a"] == [1]));
}

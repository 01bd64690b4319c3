//! Lines as strace writes them.
use super::{Deed, What, read};

const OUTPUT: &str = "\
71  1795872376.104277 pwrite64(14<\\x2f\\x74\\x2f\\x61>, \"\\x00\\x2c\\x20\\xff\", 4, 512) = 4
72  1795872376.104300 write(2<\\x2f\\x6c>, \"\\x61\", 1) = 1
71  1795872376.104400 fdatasync(14<\\x2f\\x74\\x2f\\x61> <unfinished ...>
72  1795872376.104500 ftruncate(15<\\x2f\\x62>, 0) = 0
72  1795872376.104550 pwrite64(15<\\x2f\\x62>, \"\\x01\\x02\", 2, 0) = 1
71  1795872376.104600 <... fdatasync resumed>) = 0
72  1795872376.104700 fsync(99<\\x2f\\x62>) = -1 EIO (Input/output error)
72  1795872376.104800 unlink(\"\\x2f\\x74\\x2f\\x61\") = 0
72  1795872376.104900 +++ exited with 0 +++
";

#[test]
fn deeds_come_in_the_order_of_their_ends() {
    let deed = |file: &str, what, begun_at: u64, ended_at: u64| Deed {
        file: file.to_owned(),
        what,
        begun_at: 1_795_872_376_000_000 + begun_at,
        ended_at: 1_795_872_376_000_000 + ended_at,
    };
    let wanted = vec![
        deed("a", What::Write(512, vec![0, 0x2c, 0x20, 0xff]), 104_277, 104_277),
        deed("b", What::Truncate(0), 104_500, 104_500),
        deed("b", What::Write(0, vec![1]), 104_550, 104_550),
        deed("a", What::Flush, 104_400, 104_600),
        deed("a", What::Remove, 104_800, 104_800),
    ];
    assert_eq!(read(OUTPUT).unwrap(), wanted);
}

#[test]
fn bytes_that_were_cut_off_are_an_error() {
    let cut = "71  1.000001 pwrite64(1<\\x61>, \"\\x00\"..., 9, 0) = 9\n";
    assert!(read(cut).unwrap_err().to_string().contains("cut off"));
}

//! Uploads of all kinds, and what is said of each.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::io::{Cursor, Write as _};

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

const MANIFEST: &str = "id: org.example.bot\nversion: 1.0.0\nmodules: [bot]\nmain_class: Bot\n";
const MODULE: &str = "from maubot import Plugin\n\nclass Bot(Plugin):\n    pass\n";

fn packed(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, text) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn problems(bytes: Vec<u8>) -> Vec<String> {
    Package::read(bytes).unwrap_err().iter().map(Problem::to_string).collect()
}

/// The only problem.
fn problem(files: &[(&str, &str)]) -> String {
    let all = problems(packed(files));
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].clone()
}

fn with_manifest(manifest: &str) -> Vec<String> {
    problems(packed(&[("maubot.yaml", manifest), ("bot.py", MODULE)]))
}

#[test]
fn what_maubots_tools_build_is_read() {
    let package = Package::read(packed(&[("maubot.yaml", MANIFEST), ("bot.py", MODULE)])).unwrap();
    let manifest = package.manifest.clone().unwrap();
    assert_eq!(
        (package.kind, manifest.id.as_str(), package.folder.as_str()),
        (Kind::Python, "org.example.bot", "")
    );
    assert_eq!(manifest.main(), ("bot", "Bot"));
    assert_eq!(package.title(), "org.example.bot 1.0.0, a plugin in Python");
    let more = "maubot: 0.1.0\nlicense: MIT\ndatabase: true\ndatabase_type: asyncpg\nconfig: true\nwebapp: false\n\
                extra_files: [base-config.yaml]\ndependencies: [feedparser>=6]\nsoft_dependencies: []\nunknown: 1\n";
    let manifest =
        "id: a\nversion: '2'\nmodules: [lib, pkg.sub, bot]\nmain_class: pkg.sub/Other\n".to_owned() + more;
    let files = [
        ("maubot.yaml", manifest.as_str()),
        ("lib.py", ""),
        ("pkg/sub/__init__.py", "class Other: pass"),
        ("bot.py", ""),
    ];
    assert_eq!(Package::read(packed(&files)).unwrap().manifest.unwrap().main(), ("pkg.sub", "Other"));
}

#[test]
fn a_download_of_a_repository_has_one_folder_at_its_top() {
    let files =
        [("echo-main/maubot.yaml", MANIFEST), ("echo-main/bot.py", MODULE), ("echo-main/README.md", "")];
    let package = Package::read(packed(&files)).unwrap();
    assert_eq!(package.folder, "echo-main");
    assert!(package.title().contains("in the folder echo-main of the archive"));
    let text = problem(&[("a/b/maubot.yaml", MANIFEST), ("a/b/bot.py", MODULE)]);
    assert!(text.starts_with("maubot.yaml: lies in a/b."), "{text}");
    let text = problem(&[("a/maubot.yaml", MANIFEST), ("b/bot.py", MODULE)]);
    assert!(text.starts_with("maubot.yaml: lies in a."), "{text}");
}

#[test]
fn what_is_no_plugin_is_named() {
    for (bytes, part) in [
        (&b""[..], "is empty"),
        (b"id: x\n", "is a text"),
        (b"\x1f\x8b\x08\0", "a gzip file"),
        (b"\x7fELF\x02\x01\x01", "for Linux"),
        (b"\xff\xd8\xff\xe0", "neither a zip nor WebAssembly"),
        (b"PK\x03\x04 and no more", "is damaged"),
        (b"\0asm", "ends within"),
        (b"\0asm\x01\0\0\0", "not a component"),
        (b"\0asm\x09\0\0\0", "a version that is not known"),
    ] {
        let all = problems(bytes.to_vec());
        assert!(all.len() == 1 && all[0].contains(part), "{all:?}");
    }
    assert!(problems(vec![0; LARGEST + 1])[0].contains("larger than 100 MiB"));
    assert!(problem(&[("bot.py", MODULE)]).contains("this is no plugin"));
    assert_eq!(Package::read(b"\0asm\x0d\0\x01\0".to_vec()).unwrap().kind, Kind::Wasm);
}

#[test]
fn each_mistake_in_the_manifest_names_its_key() {
    for (manifest, expected) in [
        ("version: 1.0.0\nmodules: [bot]\nmain_class: Bot", &["id: is missing"][..]),
        ("id: 'a b'\nversion: 1.0.0\nmodules: [bot]\nmain_class: Bot", &["id: has to be of"]),
        ("id: ../a\nversion: 1.0.0\nmodules: [bot]\nmain_class: Bot", &["id: has to be of"]),
        (
            "id: a\nversion: 1.0\nmodules: [bot]\nmain_class: Bot",
            &["version: is a number; put it into quotation marks: \"1.0\""],
        ),
        ("id: a\nversion: new\nmodules: [bot]\nmain_class: Bot", &["version: \"new\" is no version"]),
        ("id: a\nversion: 1.0.0\nmodules: []\nmain_class: Bot", &["modules: is empty"]),
        ("id: a\nversion: 1.0.0\nmodules: bot\nmain_class: Bot", &["modules: has to be a list"]),
        ("id: a\nversion: 1.0.0\nmodules: [bot, ../x]\nmain_class: Bot", &["modules[1]: is no name"]),
        (
            "id: a\nversion: 1.0.0\nmodules: [bot, more]\nmain_class: bot/Bot",
            &["modules[1]: more is not in the archive"],
        ),
        ("id: a\nversion: 1.0.0\nmodules: [bot]\nmain_class: x/y/Bot", &["main_class: has to be `Class`"]),
        (
            "id: a\nversion: 1.0.0\nmodules: [bot]\nmain_class: Rot",
            &["main_class: there is no Rot in bot.py"],
        ),
        ("id: a\nversion: 1.0.0\nmodules: [bot]\nmain_class: x/Bot", &["main_class: its module x is not"]),
        (
            "id: [a]\nmodules: [bot]\nconfig: 'yes'\nextra_files: x\ndatabase_type: mysql\nmaubot: soon",
            &[
                "id: has to be a text",
                "version: is missing",
                "main_class: is missing",
                "maubot: \"soon\" is no version",
                "database_type: is mysql",
                "config: has to be true or false",
                "extra_files: has to be a list",
            ],
        ),
        ("id: 'a", &["maubot.yaml: is not YAML"]),
        ("- a", &["maubot.yaml: has to consist of keys"]),
        ("", &["maubot.yaml: has to consist of keys"]),
    ] {
        let all = with_manifest(manifest);
        assert_eq!(all.len(), expected.len(), "{manifest}: {all:?}");
        for (one, expected) in all.iter().zip(expected) {
            assert!(one.starts_with(expected) && one.ends_with('.'), "{manifest}: {one}");
        }
    }
    let large = MANIFEST.to_owned() + &"#".repeat(70_000);
    assert!(with_manifest(&large)[0].contains("larger than 64 KiB"));
}

#[test]
fn files_that_lead_out_of_the_archive_are_refused() {
    for (name, part) in [
        ("../bot.py", "`..`"),
        ("a/../../bot.py", "`..`"),
        ("/etc/bot.py", "absolute"),
        ("C:/bot.py", "absolute"),
        ("a\\..\\bot.py", "characters"),
        ("a//bot.py", "empty part"),
        ("./bot.py", "empty part"),
    ] {
        let all = problems(packed(&[("maubot.yaml", MANIFEST), ("bot.py", MODULE), (name, "")]));
        assert!(all.iter().any(|one| one.contains(part) && one.contains("bot.py")), "{name}: {all:?}");
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("bot.py", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let all = problems(zip.finish().unwrap().into_inner());
    assert!(all[0].contains("symbolic link"), "{all:?}");
}

#[test]
fn an_archive_that_grows_without_measure_is_left() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let zeros = vec![0; 1024 * 1024];
    zip.start_file("zeros", options).unwrap();
    for _ in 0..=archive::LARGEST_UNPACKED / (1024 * 1024) {
        zip.write_all(&zeros).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    assert!(bytes.len() < 1024 * 1024, "it is small: {}", bytes.len());
    assert!(problems(bytes)[0].contains("larger than 256 MiB when it is unpacked"));
    let names: Vec<String> = (0..=archive::MOST_FILES).map(|n| n.to_string()).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert!(problem(&files).contains("has 5001 files"));
    let many = b"PK\x01\x02".repeat(2 * archive::MOST_FILES + 1);
    assert!(problems(many)[0].contains("has 10001 files"), "it is not read first");
}

#[test]
fn a_changed_byte_of_a_file_is_noticed() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    zip.start_file("bot.py", options).unwrap();
    zip.write_all(b"UNIQUE").unwrap();
    let mut bytes = zip.finish().unwrap().into_inner();
    let at = bytes.windows(6).position(|window| window == b"UNIQUE").unwrap();
    bytes[at] ^= 1;
    let all = problems(bytes);
    assert!(all[0].starts_with("bot.py: is damaged"), "{all:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..400), is_zip in any::<bool>()) {
        let bytes = if is_zip { [b"PK\x03\x04".as_slice(), &bytes].concat() } else { bytes };
        let _ = Package::read(bytes);
    }

    #[test]
    fn no_change_to_a_package_breaks_it(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8), cut in any::<usize>()) {
        let mut bytes = packed(&[("maubot.yaml", MANIFEST), ("bot.py", MODULE), ("a/b.txt", "more")]);
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        if cut % 4 == 0 {
            bytes.truncate(cut / 4 % bytes.len());
        }
        if let Err(problems) = Package::read(bytes) {
            prop_assert!(!problems.is_empty() && problems.len() <= 20);
            prop_assert!(problems.iter().all(|problem| problem.text.len() < 600));
        }
    }

    #[test]
    fn no_manifest_breaks_it(text in "[a-z:\\[\\]{}&*!|>'\"0-9 \n-]{0,200}") {
        let _ = manifest::read(&text);
    }
}

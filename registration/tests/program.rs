//! The program from outside: examples as checked in, generating, checking, showing.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::{fs, path::Path, process::Command};

/// Runs the program and gives its exit code and what it printed.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_registration")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn generate(more: &[&str]) -> (i32, String, String) {
    let plan =
        "generate --id slack --bot slackbot --prefix slack_ --server hs.test --address 127.0.0.1:29400";
    run(&plan.split(' ').chain(more.iter().copied()).collect::<Vec<_>>())
}

#[test]
fn the_examples_are_as_the_program_prints_them() {
    for name in ["slack", "bots"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(format!("{name}.yaml"));
        let remedy = format!("print {} anew with: registration example {name}", path.display());
        let (code, printed, _) = run(&["example", name]);
        assert_eq!(code, 0);
        assert_eq!(fs::read_to_string(&path).unwrap(), printed, "{remedy}");
        assert_eq!(bridge_registration::check(&printed, None), []);
    }
}

#[test]
fn what_is_generated_passes_the_check_and_can_be_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("registration.yaml");
    let file = file.to_str().unwrap();
    let (code, printed, _) = generate(&["--out", file]);
    assert_eq!((code, printed.contains(file)), (0, true), "{printed}");
    assert_eq!(run(&["check", file]), (0, String::new(), String::new()));
    assert_eq!(run(&["show", file]).1, fs::read_to_string(file).unwrap());
    let (_, admin, _) = run(&["show", file, "--form", "admin"]);
    assert!(admin.starts_with("!admin appservices register\n```yaml\nid: slack\n"), "{admin}");
    let before = fs::read_to_string(file).unwrap();
    assert_eq!(generate(&["--out", file, "--form", "admin"]).1, admin);
    assert_eq!(fs::read_to_string(file).unwrap(), before);
    generate(&["--out", file, "--new-tokens"]);
    assert_ne!(fs::read_to_string(file).unwrap(), before);
}

#[test]
fn a_check_that_finds_errors_prints_them_all_and_fails() {
    let (_, yaml, _) = generate(&["--protocol", "slack"]);
    assert!(yaml.contains("- slack"), "{yaml}");
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    fs::write(
        path,
        yaml.replace("127.0.0.1", "localhost").replace("rate_limited: false", "rate_limited: true"),
    )
    .unwrap();
    let (code, printed, _) = run(&["check", path]);
    assert_eq!(code, 1);
    assert_eq!(printed.lines().count(), 2, "{printed}");
    assert!(printed.contains("Error at url") && printed.contains("Error at rate_limited"), "{printed}");
    fs::write(path, yaml.replace("127.0.0.1", "bridge.example.org")).unwrap();
    let (code, printed, _) = run(&["check", path]);
    assert_eq!((code, printed.starts_with("Warning at url")), (0, true), "{printed}");
}

#[test]
fn what_cannot_be_done_is_said() {
    let (code, _, said) = run(&["check", "/missing/registration.yaml"]);
    assert!(code == 1 && said.contains("cannot be read"), "{said}");
    let (code, _, said) = generate(&["--out", "/missing/registration.yaml"]);
    assert!(code == 1 && said.contains("There is no folder /missing"), "{said}");
}

//! Tests of the verb that the programs share.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;

use clap::Parser;

use super::{OutputArgs, produce};
use crate::{Error, Form, Registration, generate::tests::plan};

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    output: OutputArgs,
}

fn args(words: &[&str]) -> OutputArgs {
    Program::try_parse_from([&["program"], words].concat()).unwrap().output
}

#[test]
fn without_a_file_the_text_is_all_there_is() {
    let made = produce(&plan(), &args(&[]), None).unwrap();
    assert_eq!(made.file, None);
    assert_eq!(Registration::from_yaml(&made.text).unwrap(), made.registration);
}

#[test]
fn the_configured_file_is_written_and_no_token_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("registration.yaml");
    let made = produce(&plan(), &args(&[]), Some(&file)).unwrap();
    assert_eq!(Registration::load(&file).unwrap(), made.registration);
    assert!(made.text.contains("registration.yaml"));
    assert!(!made.text.contains(made.registration.as_token.expose()));
}

#[test]
fn out_goes_before_the_configured_file() {
    let folder = tempfile::tempdir().unwrap();
    let (configured, out) = (folder.path().join("a.yaml"), folder.path().join("b.yaml"));
    let made = produce(&plan(), &args(&["--out", out.to_str().unwrap()]), Some(&configured)).unwrap();
    assert_eq!(made.file, Some(out.clone()));
    assert!(out.exists() && !configured.exists());
}

#[test]
fn another_file_has_the_tokens_of_the_programs_own() {
    let folder = tempfile::tempdir().unwrap();
    let (configured, out) = (folder.path().join("a.yaml"), folder.path().join("b.yaml"));
    let own = produce(&plan(), &args(&[]), Some(&configured)).unwrap().registration;
    for _ in ["new", "there already"] {
        let made = produce(&plan(), &args(&["--out", out.to_str().unwrap()]), Some(&configured)).unwrap();
        assert_eq!(made.registration, own);
        assert_eq!(Registration::load(&out).unwrap(), own);
        assert!(made.text.contains("b.yaml") && made.text.contains("reads") && made.text.contains("a.yaml"));
        Registration::generate(&plan()).unwrap().save(&out).unwrap();
    }
    let other = args(&["--out", out.to_str().unwrap(), "--new-tokens"]);
    assert_ne!(produce(&plan(), &other, Some(&configured)).unwrap().registration.as_token, own.as_token);
}

#[test]
fn the_file_is_yaml_in_every_form_and_holds_the_tokens_that_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("registration.yaml");
    for (word, form) in [("admin", Form::Admin), ("tuwunel", Form::Tuwunel)] {
        let made = produce(&plan(), &args(&["--form", word]), Some(&file)).unwrap();
        assert_eq!(made.text, Registration::load(&file).unwrap().to_form(form).unwrap());
    }
}

#[test]
fn tokens_stay_until_new_ones_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("registration.yaml");
    let first = produce(&plan(), &args(&[]), Some(&file)).unwrap().registration;
    let again = produce(&plan(), &args(&[]), Some(&file)).unwrap().registration;
    assert_eq!(again, first);
    let renewed = produce(&plan(), &args(&["--new-tokens"]), Some(&file)).unwrap().registration;
    assert_ne!(renewed.as_token, first.as_token);
    assert_eq!(Registration::load(&file).unwrap(), renewed);
}

#[test]
fn a_file_that_is_no_registration_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("registration.yaml");
    fs::write(&file, "homeserver: {}\n").unwrap();
    assert!(matches!(produce(&plan(), &args(&[]), Some(&file)), Err(Error::Broken(_))));
    assert_eq!(fs::read_to_string(&file).unwrap(), "homeserver: {}\n");
}

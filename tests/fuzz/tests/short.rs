//! A short run of each target with every test run; `cargo xtask fuzz` runs longer.

use std::time::Duration;

use fuzz::run::run;
use fuzz::target::TARGETS;

#[test]
fn nothing_breaks_in_a_few_seconds() {
    for (seed, target) in (17..).zip(TARGETS) {
        let outcome = run(target, Duration::from_secs(2), seed);
        let broken = outcome.broken.map(|input| String::from_utf8_lossy(&input).into_owned());
        assert_eq!(broken, None, "{} broke", target.name);
        assert!(
            outcome.new > 20,
            "{}: only {} results in {} inputs",
            target.name,
            outcome.new,
            outcome.inputs
        );
    }
}

#[test]
fn a_break_is_seen() {
    let mut target = TARGETS[0];
    target.run = |input| {
        assert!(!input.contains(&b'['), "broken");
        String::new()
    };
    assert!(run(&target, Duration::from_mins(1), 1).broken.is_some());
}

//! `fuzz TARGET [--seconds N] [--seed N]`: see `cargo xtask fuzz`.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Parser;
use fuzz::run::run;
use fuzz::target::TARGETS;

/// Feeds random inputs to what reads them.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to feed; `all` for one after the other.
    target: String,
    /// How long each is fed.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Where the random inputs begin.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Feeds the bytes of one file only: what broke a run.
    #[arg(long)]
    input: Option<std::path::PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let wanted = TARGETS.iter().filter(|it| arguments.target == "all" || arguments.target == it.name);
    let wanted: Vec<_> = wanted.collect();
    if wanted.is_empty() {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        bail!("there is no target `{}`; there are {} and `all`", arguments.target, names.join(", "));
    }
    for target in wanted {
        if let Some(path) = &arguments.input {
            let bytes =
                std::fs::read(path).with_context(|| format!("{} could not be read", path.display()))?;
            println!("{}", (target.run)(&bytes));
            continue;
        }
        let outcome = run(target, Duration::from_secs(arguments.seconds), arguments.seed);
        println!(
            "{}: {} inputs, {} new results, the slowest took {} ms",
            target.name,
            outcome.inputs,
            outcome.new,
            outcome.slowest.as_millis()
        );
        if let Some(input) = outcome.broken {
            let path = format!("target/fuzz-{}-{}", target.name, arguments.seed);
            std::fs::write(&path, &input).with_context(|| format!("{path} could not be written"))?;
            bail!("{} broke; the input is in {path}, and `--input {path}` repeats it", target.name);
        }
    }
    Ok(())
}

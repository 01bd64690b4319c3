//! The program `registration`: makes, checks and shows registration files.

use std::{fs, net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Context;
use bridge_registration::{
    Form, Plan, Registration, Severity, Token, check,
    cli::{self, OutputArgs},
};
use clap::{Parser, Subcommand, ValueEnum};

/// Makes, checks and shows the file that registers an appservice with a Matrix homeserver.
#[derive(Parser)]
#[command(name = "registration", version)]
enum Arguments {
    #[command(flatten)]
    Verb(Verb),
}

#[derive(Subcommand)]
enum Verb {
    /// Make a registration, or make an older one anew
    Generate {
        /// The name the homeserver knows the appservice by
        #[arg(long)]
        id: String,
        /// The bot's name, without @ and server
        #[arg(long)]
        bot: String,
        /// What the name of every ghost, and of every alias, begins with
        #[arg(long)]
        prefix: String,
        /// The homeserver's name, as in user ids
        #[arg(long)]
        server: String,
        /// Where the homeserver reaches the program, such as 127.0.0.1:29400
        #[arg(long)]
        address: SocketAddr,
        /// A network to answer third-party lookups for; may be given more than once
        #[arg(long = "protocol", value_name = "NAME")]
        protocols: Vec<String>,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Name every mistake in a registration file; succeeds if there is no error
    Check {
        /// The file
        file: PathBuf,
    },
    /// Print a registration file in another form, tokens and all
    Show {
        /// The file
        file: PathBuf,
        /// The form
        #[arg(long, value_enum, default_value_t)]
        form: Form,
    },
    /// Print an example with tokens that are no secret
    Example {
        /// Which one
        name: Example,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Example {
    Slack,
    Bots,
}

fn main() -> anyhow::Result<ExitCode> {
    let Arguments::Verb(verb) = Arguments::parse();
    match verb {
        Verb::Generate { id, bot, prefix, server, address, protocols, output } => {
            let plan = Plan {
                id,
                bot_localpart: bot,
                alias_prefix: Some(prefix.clone()),
                user_prefix: prefix,
                server_name: server,
                address,
                url: None,
                protocols,
            };
            print!("{}", cli::produce(&plan, &output, None)?.text);
        }
        Verb::Check { file } => {
            let text = fs::read_to_string(&file)
                .with_context(|| format!("{} cannot be read; check the path.", file.display()))?;
            let problems = check(&text, Some(&file));
            for problem in &problems {
                println!("{problem}");
            }
            if problems.iter().any(|problem| problem.severity == Severity::Error) {
                return Ok(ExitCode::FAILURE);
            }
        }
        Verb::Show { file, form } => print!("{}", Registration::load(&file)?.to_form(form)?),
        Verb::Example { name } => print!("{}", example(name)?),
    }
    Ok(ExitCode::SUCCESS)
}

fn example(name: Example) -> anyhow::Result<String> {
    let (id, bot, prefix, port, protocol) = match name {
        Example::Slack => ("slack", "slackbot", "slack_", 29400, Some("slack")),
        Example::Bots => ("bots", "bots", "bot_", 29401, None),
    };
    let plan = Plan {
        id: id.into(),
        bot_localpart: bot.into(),
        user_prefix: prefix.into(),
        alias_prefix: protocol.map(|_| prefix.into()),
        server_name: "example.org".into(),
        address: ([127, 0, 0, 1], port).into(),
        url: None,
        protocols: protocol.map(str::to_owned).into_iter().collect(),
    };
    let token = |key: &str| Token::from(format!("example-{key}-that-everybody-knows-never-use-it"));
    let registration = Registration::with_tokens(&plan, token("as-token"), token("hs-token"))?;
    Ok(format!(
        "# An example: make your own with the verb `registration`, the tokens below are public.\n{}",
        registration.to_yaml()?
    ))
}

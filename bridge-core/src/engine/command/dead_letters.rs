//! `dead-letters`: what could not be carried over and waits for an administrator.

use clap::{ArgMatches, FromArgMatches as _, Subcommand as _};

use super::Ask;
use crate::command::Command;
use crate::command::dead_letters::{Order, carry_out};
use crate::config::Level;
use crate::engine::Bridge;
use crate::network::Network;

/// Bytes of an answer, at most: it is sent twice, as text and as HTML, in an event of at most 65,536.
const MOST_BYTES: usize = 12_000;

pub(super) fn command() -> Command {
    let about = "Lists what could not be carried over, shows why, tries it again or deletes it. In our direct chat only.";
    let usage =
        "dead-letters list | show <id> | retry <id>... | retry --all | drop <id>... | drop --before <when>";
    let clap =
        clap::Command::new("dead-letters").about(about).override_usage(usage).subcommand_required(true);
    let clap = Order::augment_subcommands(clap);
    // What people said is shown on the command line only.
    let clap = clap.mut_subcommand("show", |show| show.mut_arg("payload", |payload| payload.hide(true)));
    Command { level: Level::Admin, clap }
}

pub(super) async fn run<N: Network>(bridge: &Bridge<N>, ask: &Ask<'_>, args: &ArgMatches) -> String {
    if !ask.is_private {
        return "Ask that in our direct chat: the answer is not for everybody in this room.".to_owned();
    }
    let Ok(order) = Order::from_arg_matches(args) else {
        return "`dead-letters --help` says what I can do with them.".to_owned();
    };
    if matches!(order, Order::Show { payload: true, .. }) {
        return "What people said is shown on the command line only: `dead-letters show <id> --payload`."
            .to_owned();
    }
    match carry_out(&bridge.store, &order).await {
        Ok(text) if text.trim().contains('\n') => format!("```text\n{}\n```", fenced(&text)),
        Ok(sentence) | Err(sentence) => sentence,
    }
}

/// A text that ends no fence, and has an end itself.
fn fenced(text: &str) -> String {
    let text = text.trim_end().replace("```", "'''");
    if text.len() <= MOST_BYTES {
        return text;
    }
    let mut end = MOST_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}\n… The list goes on; it is whole on the command line.", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::fenced;

    #[test]
    fn a_list_stays_in_its_fence_and_has_an_end() {
        assert_eq!(fenced("a ``` b\n"), "a ''' b");
        let long = fenced(&"ä".repeat(20_000));
        assert!(long.len() < 12_100 && long.ends_with("command line."), "{}", long.len());
    }
}

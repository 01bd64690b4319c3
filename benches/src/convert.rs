//! What the conversions cost, in nanoseconds a message and by the size of the text; no network, no database.

mod inputs;

use std::hint::black_box;
use std::time::{Duration, Instant};

use bridge_core::content::Lookup;
use bridge_core::event::to_matrix::MatrixOptions;
use bridge_core::event::{MatrixEvent, MatrixKind, RemoteKind, Speaker, from_matrix, to_matrix};
use bridge_core::id::{ChatId, ChatKey, DedupKey};
use bridge_slack::convert::{Options as SlackOptions, Own, Piece, Standing, decode, encode};
use clap::Parser;
use serde_json::Value;

use inputs::Input;

/// A typical message costs less than this, each way, in nanoseconds, when built for release.
const BUDGET: u128 = 20_000;

/// From the smallest text that is carried in several pieces to 1 MB, the cost of a byte may grow by this factor, for what
/// a larger text asks of the caches. Finding the places to cut costs more than anything before it.
const MOST_GROWTH: f64 = 3.0;
/// In kilobytes; a text of this size is carried in several pieces both ways.
const IN_PIECES: usize = 100;

/// How the conversions are measured.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// How long each input is converted, in milliseconds.
    #[arg(long, default_value_t = 500)]
    milliseconds: u64,
    /// Fails if a typical message costs more than the budget, or the cost grows faster than the text.
    #[arg(long)]
    strict: bool,
}

/// Prints a line for each input and one for each size.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let time = Duration::from_millis(options.milliseconds);
    let mut faults = Vec::new();
    println!("{:<34} {:>14} {:>14}", "input", "to Matrix, ns", "to Slack, ns");
    for input in inputs::messages() {
        let (incoming, outgoing) = (measure(time, || to_matrix(&input)), measure(time, || to_slack(&input)));
        println!("{:<34} {incoming:>14} {outgoing:>14}", input.name);
        if input.is_typical && incoming.max(outgoing) > BUDGET {
            faults.push(format!("{} costs more than {BUDGET} ns", input.name));
        }
    }
    println!("\n{:<34} {:>14} {:>14}", "size", "to Matrix, ns", "to Slack, ns");
    for shape in inputs::SHAPES {
        let mut first = None;
        for kilobytes in [1, 10, IN_PIECES, 1_000] {
            let input = inputs::sized(shape, kilobytes * 1_000);
            let costs = [measure(time, || to_matrix(&input)), measure(time, || to_slack(&input))];
            println!("{:<34} {:>14} {:>14}", format!("{kilobytes} kB of {shape}"), costs[0], costs[1]);
            if kilobytes < IN_PIECES {
                continue;
            }
            let per_byte = costs.map(|cost| cost as f64 / kilobytes as f64);
            let smallest = *first.get_or_insert(per_byte);
            if per_byte[0] > smallest[0] * MOST_GROWTH || per_byte[1] > smallest[1] * MOST_GROWTH {
                faults.push(format!("{kilobytes} kB of {shape} cost more than their share"));
            }
        }
    }
    for fault in &faults {
        println!("{fault}");
    }
    anyhow::ensure!(faults.is_empty() || !options.strict, "the budget is not kept");
    Ok(())
}

/// The middle of the times that a conversion took, in nanoseconds.
fn measure<T>(time: Duration, convert: impl Fn() -> T) -> u128 {
    let begun = Instant::now();
    let mut times = Vec::new();
    while times.len() < 3 || begun.elapsed() < time {
        let at = Instant::now();
        black_box(convert());
        times.push(at.elapsed().as_nanos());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

/// As a session does it: the payload's text to the contents of the events.
fn to_matrix(input: &Input) -> Vec<Value> {
    let own = Own { user_id: "U0BRIDGE".to_owned(), ..Own::default() };
    let Ok(event) = decode(&input.payload, &own) else { return Vec::new() };
    let RemoteKind::Message { message, .. } = event.kind else { return Vec::new() };
    let contents = to_matrix::message(&message, &Lookup::default(), MatrixOptions::default());
    contents.into_iter().map(|(_, content)| content).collect()
}

/// As the engine and a session do it: the content of an event to the posts.
fn to_slack(input: &Input) -> Vec<Value> {
    let Some(message) = from_matrix::message(&input.content, &Lookup::default()) else { return Vec::new() };
    let chat = ChatKey::shared(ChatId::new("t1-c1"));
    let event = MatrixEvent::new(chat, Speaker::Login, 0, DedupKey::new("m1"), MatrixKind::Message(message));
    let pieces = encode(&event, &SlackOptions::default(), &Standing::default());
    pieces.into_iter().filter_map(Piece::into_post).map(|post| post.body()).collect()
}

#[cfg(test)]
mod tests {
    use super::{inputs, to_matrix, to_slack};

    #[test]
    fn every_input_is_converted_both_ways() {
        let sized = inputs::SHAPES.into_iter().map(|shape| inputs::sized(shape, 20_000));
        for input in inputs::messages().into_iter().chain(sized) {
            assert!(!to_matrix(&input).is_empty(), "{} to Matrix", input.name);
            assert!(!to_slack(&input).is_empty(), "{} to Slack", input.name);
        }
    }
}

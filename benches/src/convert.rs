//! What the conversions cost, in nanoseconds a message and by the size of the text; no network, no database.

mod inputs;
mod shapes;

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

/// Sizes of texts, each four times the one before.
const SIZES: [(&str, usize); 6] = [
    ("1 kB", 1_000),
    ("4 kB", 4_000),
    ("16 kB", 16_000),
    ("64 kB", 64_000),
    ("256 kB", 256_000),
    ("1 MB", 1_024_000),
];

/// From the first size that is carried in several pieces on, the cost of a byte may grow by this factor.
const MOST_GROWTH: f64 = 2.0;

type Conversion = fn(&Input) -> Vec<Value>;

/// How the conversions are measured.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// How long each input is converted, in milliseconds.
    #[arg(long, default_value_t = 200)]
    milliseconds: u64,
    /// Only what has this in its name.
    #[arg(long, default_value = "")]
    only: String,
    /// Fails if a typical message costs more than the budget, or the cost grows faster than the text.
    #[arg(long)]
    strict: bool,
}

/// Prints a line for each input, and two for each shape of text.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let time = Duration::from_millis(options.milliseconds);
    let mut faults = messages(options, time);
    faults.extend(growth(options, time));
    for fault in &faults {
        println!("{fault}");
    }
    anyhow::ensure!(faults.is_empty() || !options.strict, "the budget is not kept");
    Ok(())
}

fn messages(options: &Options, time: Duration) -> Vec<String> {
    let mut faults = Vec::new();
    println!("{:<34} {:>14} {:>14}", "input", "to Matrix, ns", "to Slack, ns");
    for input in inputs::messages().into_iter().filter(|input| input.name.contains(&options.only)) {
        let (incoming, outgoing) = (measure(time, || to_matrix(&input)), measure(time, || to_slack(&input)));
        println!("{:<34} {incoming:>14} {outgoing:>14}", input.name);
        if input.is_typical && incoming.max(outgoing) > BUDGET {
            faults.push(format!("{} costs more than {BUDGET} ns", input.name));
        }
    }
    faults
}

/// Nanoseconds a byte for each shape and size.
fn growth(options: &Options, time: Duration) -> Vec<String> {
    let mut faults = Vec::new();
    let sizes: Vec<String> = SIZES.iter().map(|(name, _)| format!("{name:>8}")).collect();
    println!("\n{:<24} {:<9} {} {:>8}", "shape, ns a byte", "", sizes.join(" "), "growth");
    for shape in shapes::all().into_iter().filter(|shape| shape.name.contains(&options.only)) {
        let inputs: Vec<Input> = SIZES.iter().map(|(_, bytes)| shape.input(*bytes)).collect();
        let directions: [(&str, Conversion); 2] = [("to Matrix", to_matrix), ("to Slack", to_slack)];
        for (direction, convert) in directions {
            let per_byte: Vec<f64> = inputs
                .iter()
                .zip(SIZES)
                .map(|(input, (_, bytes))| measure(time, || convert(input)) as f64 / bytes as f64)
                .collect();
            let is_in_shape = |input: &Input| direction == "to Matrix" || input.is_in_shape;
            let last = inputs.iter().rposition(is_in_shape).unwrap_or(0);
            let first = inputs.iter().position(|input| convert(input).len() > 1).unwrap_or(0).min(last);
            let growth = per_byte[last] / per_byte[first];
            let figures: Vec<String> = per_byte.iter().map(|cost| format!("{cost:>8.1}")).collect();
            println!("{:<24} {direction:<9} {} {growth:>8.2}", shape.name, figures.join(" "));
            if growth > MOST_GROWTH {
                faults
                    .push(format!("{} {direction}: the largest text costs more than its share", shape.name));
            }
        }
    }
    faults
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
    use super::{inputs, shapes, to_matrix, to_slack};

    #[test]
    fn every_input_is_converted_both_ways() {
        let sized = shapes::all().into_iter().map(|shape| shape.input(8_000));
        for input in inputs::messages().into_iter().chain(sized) {
            assert!(!to_matrix(&input).is_empty(), "{} to Matrix", input.name);
            assert!(!to_slack(&input).is_empty(), "{} to Slack", input.name);
        }
    }
}

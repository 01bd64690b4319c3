//! Reads from strace's output what a program did to the files of its database.
//!
//! Wanted is the output of `strace -f -y -ttt -xx -s BIG -e trace=pwrite64,ftruncate,fsync,fdatasync,unlink`.
use std::collections::HashMap;

use anyhow::{Context as _, bail};

use crate::Result;

/// Something that was done to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deed {
    /// The file, by its name without folders.
    pub(super) file: String,
    /// What was done.
    pub(super) what: What,
    /// When the call began, in microseconds since 1970.
    pub(super) begun_at: u64,
    /// When it was over.
    pub(super) ended_at: u64,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// Bytes from an offset on.
    Write(u64, Vec<u8>),
    /// A new length.
    Truncate(u64),
    /// Everything written before is to be durable.
    Flush,
    /// The file is gone.
    Remove,
}

/// The deeds in the order of their ends. Other calls, and those that failed, are passed over.
pub(super) fn read(output: &str) -> Result<Vec<Deed>> {
    let mut begun: HashMap<&str, (u64, String)> = HashMap::new();
    let mut deeds = Vec::new();
    for line in output.lines() {
        let (thread, rest) = line.split_once(char::is_whitespace).context("a line without a thread")?;
        let (moment, call) = rest.trim_start().split_once(' ').context("a line without a time")?;
        let now = micros(moment)?;
        if let Some(unfinished) = call.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, (now, unfinished.to_owned()));
        } else if let Some(resumed) = call.strip_prefix("<... ") {
            let Some((begun_at, beginning)) = begun.remove(thread) else { continue };
            let end = resumed.split_once(" resumed>").context("a resumed call without its end")?.1;
            deeds.extend(deed(&format!("{beginning}{end}"), begun_at, now)?);
        } else {
            deeds.extend(deed(call, now, now)?);
        }
    }
    deeds.sort_by_key(|deed| deed.ended_at);
    Ok(deeds)
}

/// `1795872376.095762` in microseconds.
fn micros(moment: &str) -> Result<u64> {
    let (seconds, rest) = moment.split_once('.').context("a time without a fraction")?;
    Ok(seconds.parse::<u64>()? * 1_000_000 + rest.parse::<u64>()?)
}

fn deed(call: &str, begun_at: u64, ended_at: u64) -> Result<Option<Deed>> {
    let Some((name, rest)) = call.split_once('(') else { return Ok(None) };
    let Some((arguments, answer)) = rest.rsplit_once(" = ") else { return Ok(None) };
    if answer.starts_with('-') || answer.starts_with('?') {
        return Ok(None);
    }
    let arguments = arguments.trim_end().trim_end_matches(')');
    let what = match name {
        "pwrite64" => {
            let [.., bytes, _, offset] = split(arguments)[..] else {
                bail!("pwrite64 without its arguments")
            };
            let mut bytes = quoted(bytes)?;
            bytes.truncate(answer.trim().parse()?);
            What::Write(offset.parse()?, bytes)
        }
        "ftruncate" => What::Truncate(split(arguments).last().context("no length")?.parse()?),
        "fsync" | "fdatasync" => What::Flush,
        "unlink" => What::Remove,
        _ => return Ok(None),
    };
    let path = match what {
        What::Remove => quoted(arguments)?,
        _ => hex(arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>')).context("no file")?.0)?,
    };
    let path = String::from_utf8_lossy(&path).into_owned();
    let file = path.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(Some(Deed { file, what, begun_at, ended_at }))
}

/// The bytes are written as numbers, so a comma always parts two arguments.
fn split(arguments: &str) -> Vec<&str> {
    arguments.split(", ").collect()
}

fn quoted(text: &str) -> Result<Vec<u8>> {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    hex(inner.context("the bytes of a call were cut off")?)
}

/// `\x61\x62` as bytes.
fn hex(text: &str) -> Result<Vec<u8>> {
    let digits = text.split("\\x").skip(1);
    Ok(digits.map(|digits| u8::from_str_radix(digits, 16)).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests;

//! The parts of a message in which links are looked for: no code, no quotation of the message that is answered.

use crate::html::{self, Piece};

/// Elements of HTML whose content is not looked at.
const UNREAD: &[&str] = &["pre", "code", "mx-reply", "script", "style"];

/// Hands out the text of HTML outside of code and reply fallbacks, and the addresses that links in it lead to.
pub(super) fn each_run_of_html(html: &str, take: &mut impl FnMut(&str)) {
    // The element that is passed over, and how many of its name are open: a stray end tag of another does not end it.
    let mut unread: Option<(String, usize)> = None;
    let mut run = String::new();
    html::read(html, |piece| match (piece, &mut unread) {
        (Piece::Open(tag), Some((name, depth))) if tag.name() == name => *depth += 1,
        (Piece::Close(closed), Some((name, depth))) if closed == name => {
            *depth -= 1;
            if *depth == 0 {
                unread = None;
            }
        }
        (_, Some(_)) => {}
        (Piece::Open(tag), None) => {
            if !matches!(tag.name(), "b" | "i" | "em" | "strong" | "u" | "span" | "font" | "wbr" | "del") {
                flush(&mut run, take);
            }
            if UNREAD.contains(&tag.name()) && !tag.is_void() {
                unread = Some((tag.name().to_owned(), 1));
            } else if let ("a", Some(target)) = (tag.name(), tag.attr("href")) {
                take(target);
            }
        }
        (Piece::Close(name), None) => {
            if matches!(name, "a" | "p" | "li" | "div" | "blockquote" | "td" | "th") || name.starts_with('h')
            {
                flush(&mut run, take);
            }
        }
        (Piece::Text(text), None) => run.push_str(text),
    });
    flush(&mut run, take);
}

fn flush(run: &mut String, take: &mut impl FnMut(&str)) {
    if !run.is_empty() {
        take(run);
        run.clear();
    }
}

/// Hands out the text of a plain message outside of code and the reply fallback.
pub(super) fn each_run_of_plain(text: &str, take: &mut impl FnMut(&str)) {
    let mut fence: Option<(char, usize)> = None;
    for line in without_reply_fallback(text).lines() {
        let opens = fence_of(line);
        match (fence, opens) {
            (None, Some(opened)) => fence = Some(opened),
            (Some((sign, length)), Some((own, own_length))) if sign == own && own_length >= length => {
                fence = None;
            }
            (Some(_), _) => {}
            (None, None) => each_run_of_line(line, take),
        }
    }
}

/// The sign and length of a line that opens or closes a block of code.
fn fence_of(line: &str) -> Option<(char, usize)> {
    let line = line.trim_start();
    let sign = line.chars().next().filter(|sign| matches!(sign, '`' | '~'))?;
    let length = line.chars().take_while(|c| *c == sign).count();
    // "```code```" on one line is code within the line.
    (length >= 3 && !line[length..].contains(sign)).then_some((sign, length))
}

/// A line without the code in it: what stands between two runs of as many backticks.
fn each_run_of_line(line: &str, take: &mut impl FnMut(&str)) {
    // Where each run of backticks stands; looked through once, so that many of them stay linear.
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, _) in line.match_indices('`') {
        match runs.last_mut() {
            Some((start, length)) if *start + *length == at => *length += 1,
            _ => runs.push((at, 1)),
        }
    }
    // The next run of each length, told from the end.
    let mut closing: Vec<Option<usize>> = vec![None; runs.len()];
    let mut last: std::collections::HashMap<usize, usize> = std::collections::HashMap::new();
    for index in (0..runs.len()).rev() {
        closing[index] = last.insert(runs[index].1, index);
    }
    let (mut from, mut index) = (0, 0);
    while index < runs.len() {
        match closing[index] {
            Some(end) => {
                take(&line[from..runs[index].0]);
                from = runs[end].0 + runs[end].1;
                index = end + 1;
            }
            None => index += 1,
        }
    }
    take(&line[from..]);
}

/// The text after the quotation that older programs put before a reply: lines that begin with `> `, the first with the
/// sender's id in angle brackets.
fn without_reply_fallback(text: &str) -> &str {
    if !(text.starts_with("> <@") || text.starts_with("> * <@")) {
        return text;
    }
    let mut rest = text;
    while rest.starts_with("> ") || rest.starts_with(">\n") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest
}

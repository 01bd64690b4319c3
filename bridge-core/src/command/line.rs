//! Cuts a line into words, as a shell does.

/// The words of a line. Quotes (`"…"` or `'…'`) keep blanks together; a quote that is not closed reaches to the end.
/// A backslash has no meaning, since tokens and names may hold one.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for char in line.chars() {
        match quote {
            Some(open) if char == open => quote = None,
            None if char == '"' || (char == '\'' && word.is_none()) => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            None if char.is_whitespace() => words.extend(word.take()),
            Some(_) | None => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn cuts_at_blanks_outside_quotes() {
        assert_eq!(words("  login  app "), ["login", "app"]);
        assert_eq!(words(r#"bridge "a b" 'c d'"#), ["bridge", "a b", "c d"]);
        assert_eq!(words("it's one"), ["it's", "one"]);
        assert_eq!(words("\"open end"), ["open end"]);
        assert_eq!(words("a \"\" b"), ["a", "", "b"]);
        assert!(words(" \t\n ").is_empty());
    }
}

//! Rust source without its comments and literals, so that a check never trips over a word in a sentence.

/// `source` with every comment, string and character literal replaced by a space; line breaks stay.
pub(super) fn code_of(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped =
            length_of_comment(rest).or_else(|| length_of_literal(rest, code.chars().next_back()));
        match skipped {
            Some(length) => {
                code.push(' ');
                code.extend(rest[..length].chars().filter(|&character| character == '\n'));
                rest = &rest[length..];
            }
            None => {
                code.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    code
}

/// The identifiers and keywords of `code`, each with the character that follows it.
pub(super) fn words_of(code: &str) -> impl Iterator<Item = (&str, Option<char>)> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let mut rest = code;
    std::iter::from_fn(move || {
        let begins = &rest[rest.find(is_word)?..];
        let end = begins.find(|character| !is_word(character)).unwrap_or(begins.len());
        let (word, after) = begins.split_at(end);
        rest = after;
        Some((word, after.chars().next()))
    })
}

fn length_of_comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    // Rust's block comments nest.
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    Some(rest.len())
}

fn length_of_literal(rest: &str, before: Option<char>) -> Option<usize> {
    let starts_word =
        !before.is_some_and(|character| character.is_alphanumeric() || character == '_');
    match rest.as_bytes()[0] {
        b'"' => Some(length_of_quoted(rest, '"')),
        b'\'' if is_character(rest) => Some(length_of_quoted(rest, '\'')),
        b'r' if starts_word => length_of_raw(rest, 1),
        b'b' | b'c' if starts_word && rest[1..].starts_with('r') => length_of_raw(rest, 2),
        _ => None,
    }
}

/// A quote begins a character literal when an escape follows, or when it closes one character later; else a lifetime.
fn is_character(rest: &str) -> bool {
    let mut characters = rest.chars().skip(1);
    characters.next() == Some('\\') || characters.next() == Some('\'')
}

fn length_of_quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + quote.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

fn length_of_raw(rest: &str, prefix: usize) -> Option<usize> {
    let hashes = rest[prefix..].bytes().take_while(|&byte| byte == b'#').count();
    let body = prefix + hashes + 1;
    if rest.as_bytes().get(body - 1) != Some(&b'"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    Some(rest[body..].find(&end).map_or(rest.len(), |at| body + at + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        assert_eq!(code_of("a // b\nc /* d /* e */ f */ g"), "a  \nc   g");
        assert_eq!(code_of(r#"x("a \" b", 'c', '\'', '"') y"#), "x( ,  ,  ,  ) y");
        assert_eq!(code_of("r#\"a \" b\"# z br\"\\\" w"), "  z   w");
    }

    #[test]
    fn lifetimes_and_identifiers_are_code() {
        assert_eq!(code_of("fn f<'a>(r: &'a str) -> bar"), "fn f<'a>(r: &'a str) -> bar");
    }

    #[test]
    fn words_know_what_follows() {
        let words: Vec<_> = words_of("todo!() todo x").collect();
        assert_eq!(words, [("todo", Some('!')), ("todo", Some(' ')), ("x", None)]);
    }
}

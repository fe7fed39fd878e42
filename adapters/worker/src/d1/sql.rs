//! As much of SQL's surface as D1 makes necessary: where parameters are, where statements end, what only reads.

use std::ops::Range;

/// What matters of a text; everything else is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword or a name without quotes.
    Word,
    /// `?N`.
    Parameter(usize),
    Semicolon,
}

/// The tokens with their places. Strings, quoted names and comments hold none.
pub(super) fn tokens(sql: &str) -> Vec<(Token, Range<usize>)> {
    let bytes = sql.as_bytes();
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let run = |from: usize, in_it: fn(u8) -> bool| from + bytes[from..].iter().take_while(|byte| in_it(**byte)).count();
    let after = |from: usize, end: &str| sql[from..].find(end).map_or(bytes.len(), |found| from + found + end.len());
    let mut tokens = Vec::new();
    let mut index = 0;
    while index < bytes.len() {
        let start = index;
        index = match at(start) {
            // A doubled quote inside only begins the next string at once.
            quote @ (b'\'' | b'"' | b'`') => {
                run(
                    start + 1,
                    match quote {
                        b'\'' => |byte| byte != b'\'',
                        b'"' => |byte| byte != b'"',
                        _ => |byte| byte != b'`',
                    },
                ) + 1
            }
            b'[' => after(start, "]"),
            b'-' if at(start + 1) == b'-' => after(start, "\n"),
            b'/' if at(start + 1) == b'*' => after(start + 2, "*/"),
            b';' => {
                tokens.push((Token::Semicolon, start..start + 1));
                start + 1
            }
            b'?' => {
                let end = run(start + 1, |byte| byte.is_ascii_digit());
                if let Ok(number) = sql[start + 1..end].parse() {
                    tokens.push((Token::Parameter(number), start..end));
                }
                end
            }
            byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                let end = run(start, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
                tokens.push((Token::Word, start..end));
                end
            }
            _ => start + 1,
        };
    }
    tokens
}

/// The statements of a script. One that makes a trigger ends after the trigger's `END`.
pub(super) fn statements(script: &str) -> Vec<&str> {
    let mut statements = Vec::new();
    let mut start = 0;
    let mut words: Vec<&str> = Vec::new();
    let is = |word: Option<&&str>, name: &str| word.is_some_and(|word| word.eq_ignore_ascii_case(name));
    for (token, place) in tokens(script) {
        match token {
            Token::Word => words.push(&script[place]),
            Token::Semicolon => {
                let is_trigger =
                    is(words.first(), "CREATE") && words.iter().take(3).any(|word| is(Some(word), "TRIGGER"));
                if words.is_empty() || (is_trigger && !is(words.last(), "END")) {
                    continue;
                }
                statements.push(&script[start..place.start]);
                start = place.end;
                words.clear();
            }
            Token::Parameter(_) => {}
        }
    }
    if !words.is_empty() {
        statements.push(&script[start..]);
    }
    statements
}

/// What a statement begins with; `WITH` counts as what it leads to.
pub(super) fn verb(sql: &str) -> String {
    let words = tokens(sql).into_iter().filter(|(token, _)| *token == Token::Word).map(|(_, place)| &sql[place]);
    let mut words = words.map(str::to_ascii_uppercase);
    let first = words.next().unwrap_or_default();
    if first != "WITH" {
        return first;
    }
    let changes = |word: &String| matches!(word.as_str(), "INSERT" | "UPDATE" | "DELETE" | "REPLACE");
    words.find(changes).unwrap_or_else(|| "SELECT".to_owned())
}

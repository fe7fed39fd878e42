//! How what people write becomes what is stored, whether it came from a file or from the API.

use super::ProviderType;

/// The official service of a type.
pub const fn default_base_url(kind: ProviderType) -> &'static str {
    match kind {
        ProviderType::OpenAi | ProviderType::OpenAiRes => "https://api.openai.com/v1",
        ProviderType::Anthropic => "https://api.anthropic.com/v1",
        ProviderType::Gemini => "https://generativelanguage.googleapis.com/v1beta",
    }
}

/// Without space around it and slashes behind it; `None` when nothing is left.
pub fn trimmed_url(text: &str) -> Option<String> {
    Some(text.trim().trim_end_matches('/')).filter(|url| !url.is_empty()).map(str::to_owned)
}

/// Without space around it, and with every line ended alike.
pub fn normal_note(text: &str) -> String {
    text.trim().replace("\r\n", "\n")
}

/// Each sample ends with its line, or at a `;` or `；`; empty ones are none. `\;` is a semicolon of the sample, `\\;` a
/// backslash before the sample's end, and so on. A backslash anywhere else is just that.
pub fn error_samples(text: &str) -> Vec<String> {
    let mut samples = Vec::new();
    for line in text.lines() {
        let mut sample = String::new();
        let mut backslashes = 0;
        for c in line.chars() {
            match c {
                '\\' => backslashes += 1,
                ';' | '；' => {
                    sample.extend(std::iter::repeat_n('\\', backslashes / 2));
                    if backslashes % 2 == 1 {
                        sample.push(c);
                    } else {
                        samples.push(std::mem::take(&mut sample));
                    }
                    backslashes = 0;
                }
                _ => {
                    sample.extend(std::iter::repeat_n('\\', backslashes));
                    sample.push(c);
                    backslashes = 0;
                }
            }
        }
        sample.extend(std::iter::repeat_n('\\', backslashes));
        samples.push(sample);
    }
    samples.iter().map(|sample| sample.trim()).filter(|sample| !sample.is_empty()).map(str::to_owned).collect()
}

/// The text that [`error_samples`] reads these samples from, one a line.
pub fn error_text(samples: &[String]) -> String {
    let mut text = String::new();
    for (index, sample) in samples.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let mut backslashes = 0;
        for c in sample.chars() {
            if matches!(c, ';' | '；') {
                text.extend(std::iter::repeat_n('\\', backslashes + 1));
            }
            backslashes = if c == '\\' { backslashes + 1 } else { 0 };
            text.push(c);
        }
    }
    text
}

/// Names in lower case and in order, as HTTP does not tell their cases and orders apart.
pub fn normal_headers(headers: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    let mut headers: Vec<_> =
        headers.into_iter().map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect();
    headers.sort();
    headers
}

/// A deserializer's message without the values that it quotes, for a value may be a secret in the wrong place.
pub fn without_values(message: &str) -> String {
    let quoted = |kind: &str| {
        let (before, rest) = message.split_once(&format!("{kind} \""))?;
        let (_, after) = rest.rsplit_once("\", expected")?;
        Some(format!("{before}{kind}, expected{after}"))
    };
    quoted("string").or_else(|| quoted("byte array")).unwrap_or_else(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_repeated() {
        for (message, expected) in [
            (r#"invalid type: string "sk-1", expected a map"#, "invalid type: string, expected a map"),
            (r#"invalid type: string "a\", expected b", expected u32"#, "invalid type: string, expected u32"),
            ("invalid type: integer `5`, expected a string", "invalid type: integer `5`, expected a string"),
            ("missing field `name`", "missing field `name`"),
        ] {
            assert_eq!(without_values(message), expected);
        }
    }

    #[test]
    fn texts() {
        for (text, expected) in
            [("", None), (" / ", None), (" https://a/v1// ", Some("https://a/v1")), ("https://a", Some("https://a"))]
        {
            assert_eq!(trimmed_url(text).as_deref(), expected);
        }
    }

    #[test]
    fn error_samples_and_their_text() {
        // What people write, what is meant, and how it is shown.
        let rows: [(&str, &[&str], &str); 11] = [
            ("", &[], ""),
            ("\n quota \r\n\n no credit\n", &["quota", "no credit"], "quota\nno credit"),
            ("quota;no credit ；空 ;; ；", &["quota", "no credit", "空"], "quota\nno credit\n空"),
            (r"busy\; later；x", &["busy; later", "x"], "busy\\; later\nx"),
            (r"忙\；请稍候", &["忙；请稍候"], r"忙\；请稍候"),
            (r"\\;b", &[r"\", "b"], "\\\nb"),
            (r"\\\;b", &[r"\;b"], r"\\\;b"),
            (r"\\\\\;；", &[r"\\;"], r"\\\\\;"),
            (r"a\b\\c\", &[r"a\b\\c\"], r"a\b\\c\"),
            ("a\\\n;b", &[r"a\", "b"], "a\\\nb"),
            (r"\;;\；", &[";", "；"], "\\;\n\\；"),
        ];
        for (written, samples, shown) in rows {
            let found = error_samples(written);
            assert_eq!(found, samples, "{written}");
            assert_eq!(error_text(&found), shown, "{written}");
            assert_eq!(error_samples(shown), samples, "{written}");
        }
    }
}

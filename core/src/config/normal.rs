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

/// One sample a line; empty lines are none.
pub fn error_samples(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
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
        assert_eq!(error_samples("\n quota \r\n\n no credit\n"), ["quota", "no credit"]);
    }
}

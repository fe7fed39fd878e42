use super::part::{MediaKind, Part, PartKind, Source};
use super::request::Request;

/// What an image costs, whatever its size.
const IMAGE: u64 = 1500;
/// So many bytes of a file in Base64 are a token: a page of a PDF is some 100 kB, and 1,500 to 3,000 tokens.
const FILE_BYTES: u64 = 50;
/// What surrounds a turn, and a tool.
const TURN: u64 = 4;
const TOOL: u64 = 8;

/// About how many tokens a request has, where nobody can count them: a token is four letters of English, markup or code, two
/// letters of other alphabets, and three quarters of a token each Chinese or Japanese character.
pub fn estimate(request: &Request<'_>) -> u64 {
    let turns = request.turns.iter().map(|turn| TURN + parts(&turn.parts)).sum::<u64>();
    let tools = request.tools.iter().map(|tool| {
        let schema = tool.schema.as_ref().map(|schema| text(&schema.to_string())).unwrap_or_default();
        TOOL + text(&tool.name) + text(tool.description.as_deref().unwrap_or_default()) + schema
    });
    (parts(&request.system) + turns + tools.sum::<u64>()).max(1)
}

fn parts(parts: &[Part<'_>]) -> u64 {
    parts.iter().map(part).sum()
}

fn part(part: &Part<'_>) -> u64 {
    match &part.kind {
        PartKind::Text(words) | PartKind::Refusal(words) => text(words),
        PartKind::Reasoning { text: words, .. } => text(words),
        PartKind::Call { name, input, .. } => TOOL + text(name) + text(&input.json()),
        PartKind::Result { parts, .. } => TURN + self::parts(parts),
        PartKind::Searched(_) => 0,
        PartKind::Media(media) => match (media.kind, &media.source) {
            (MediaKind::Image, _) | (_, Source::Url(_) | Source::File(_)) => IMAGE,
            (_, Source::Base64 { data, .. }) => data.len() as u64 / FILE_BYTES + 1,
        },
    }
}

/// In twelfths of a token, so that short texts are not rounded to nothing.
fn text(words: &str) -> u64 {
    let twelfths = |c: char| match c {
        '\0'..='\u{7f}' => 3,
        '\u{2e80}'.. => 9,
        _ => 6,
    };
    words.chars().map(twelfths).sum::<u64>().div_ceil(12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let rows = [("", 0), ("Hello, world", 3), ("Grüße", 2), ("你好世界", 3), ("a", 1)];
        for (words, tokens) in rows {
            assert_eq!(text(words), tokens, "{words}");
        }
        assert_eq!(estimate(&Request::default()), 1);
    }
}

use core::ops::Range;

use super::RequestHead;
use crate::fingerprint::Fingerprint;
use crate::wire::json::{InvalidJson, Kind, Scanner, Text};

/// Where a conversation's beginning stands in a request's body: what all its turns have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beginning {
    pub(super) system: Option<Range<usize>>,
    pub(super) user: Option<Range<usize>>,
}

/// Who speaks in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    System,
    User,
    Model,
    /// The result of a call (Chat only).
    Tool,
    Other,
}

impl Role {
    pub(super) fn read(scanner: &mut Scanner<'_>) -> Result<Self, InvalidJson> {
        let name = scanner.string_or_skip()?;
        Ok(match name.as_ref().map(Text::name).as_deref() {
            Some("system" | "developer") => Self::System,
            Some("user") => Self::User,
            Some("assistant" | "model") => Self::Model,
            Some("tool" | "function") => Self::Tool,
            _ => Self::Other,
        })
    }
}

impl Beginning {
    /// Takes note of a turn's content: only the first of the user's counts, and the system's before it.
    pub(super) fn see(&mut self, role: Role, content: Option<Range<usize>>) {
        match role {
            Role::System if self.system.is_none() && self.user.is_none() => self.system = content,
            Role::User if self.user.is_none() => self.user = content,
            _ => {}
        }
    }

    /// The same for all turns of a conversation; `None` where the body shows no beginning.
    pub(crate) fn hash(&self, body: &[u8]) -> Option<u64> {
        if self.system.is_none() && self.user.is_none() {
            return None;
        }
        let mut hash = Fingerprint::default();
        for part in [&self.system, &self.user] {
            let content = part.clone().and_then(|range| body.get(range)).unwrap_or_default();
            // The body was read before, so this cannot fail.
            let _ = write(&mut hash, content);
            hash.add(0);
        }
        Some(hash.finish())
    }
}

/// A value that is the system's part of the beginning; null is none.
pub(super) fn system(scanner: &mut Scanner<'_>, head: &mut RequestHead) -> Result<(), InvalidJson> {
    let is_given = scanner.peek()? != Kind::Null;
    let start = scanner.offset();
    scanner.skip()?;
    if is_given {
        head.beginning.system = Some(start..scanner.offset());
    }
    Ok(())
}

/// A turn with a role, whose other members are read by `member`.
pub(super) fn turn(
    scanner: &mut Scanner<'_>,
    head: &mut RequestHead,
    mut member: impl FnMut(&mut Scanner<'_>, &str, &mut RequestHead) -> Result<(), InvalidJson>,
) -> Result<(), InvalidJson> {
    let (mut role, mut range) = (Role::Other, None);
    scanner.each_member::<InvalidJson>(|scanner, key| {
        match &*key.name() {
            "role" => role = Role::read(scanner)?,
            name => {
                let start = scanner.offset();
                member(scanner, name, head)?;
                if name == "content" {
                    range = Some(start..scanner.offset());
                }
            }
        }
        Ok(())
    })?;
    head.beginning.see(role, range);
    head.has_history |= role == Role::Model;
    head.needs.tool_call |= role == Role::Tool;
    Ok(())
}

/// A text counts the same as a list with this text alone, and marks for caches do not count: clients move them from turn
/// to turn.
fn write(hash: &mut Fingerprint, content: &[u8]) -> Result<(), InvalidJson> {
    let mut scanner = Scanner::new(content);
    if content.first() != Some(&b'[') {
        hash.write(content);
        return Ok(());
    }
    scanner.each_element::<InvalidJson>(|scanner| {
        if scanner.peek()? != Kind::Object {
            hash.write(scanner.raw()?);
            return Ok(());
        }
        scanner.each_member::<InvalidJson>(|scanner, key| {
            if key.is("type") || key.is("cache_control") {
                return scanner.skip();
            }
            hash.write(scanner.raw()?);
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::dialect::Dialect::{self, Anthropic, Gemini, OpenAiChat, OpenAiResponses};
    use crate::dialect::inspect;

    fn seen(dialect: Dialect, body: &str) -> (Option<u64>, bool) {
        let head = inspect(dialect, body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"));
        (head.beginning.hash(body.as_bytes()), head.has_history)
    }

    /// Bodies of the same conversation in a row, the first without and the others with an earlier turn; no two rows are
    /// of the same.
    const ROWS: [(Dialect, &[&str]); 17] = [
        (
            OpenAiChat,
            &[
                r#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}]}"#,
                r#"{"messages":[{"role":"developer","content":"s"}, {"content":"u","role":"user"},
                    {"role":"assistant","content":"a"},{"role":"system","content":"t"},{"role":"user","content":"v"}]}"#,
                r#"{"messages":[{"role":"system","content":[{"type":"text","text":"s"}]},
                    {"role":"user","content":[{"type":"text","text":"u"}]},
                    {"role":"assistant","content":null,"tool_calls":[]},{"role":"tool","content":"r"}]}"#,
            ],
        ),
        (OpenAiChat, &[r#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"v"}]}"#]),
        (OpenAiChat, &[r#"{"messages":[{"role":"system","content":"t"},{"role":"user","content":"u"}]}"#]),
        (OpenAiChat, &[r#"{"messages":[{"role":"system","content":"su"}]}"#]),
        (OpenAiChat, &[r#"{"messages":[{"role":"user","content":"su"}]}"#]),
        (
            Anthropic,
            &[
                r#"{"system":"S","messages":[{"role":"user","content":"u"}]}"#,
                r#"{"messages":[{"role":"user","content":"u"},{"role":"assistant","content":[]},
                    {"role":"user","content":"v"}],"system":[{"type":"text","text":"S"}]}"#,
                r#"{"system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}}],"messages":[
                    {"role":"user","content":[{"type":"text","text":"u","cache_control":{"type":"ephemeral"}}]},
                    {"role":"assistant","content":"a"}]}"#,
            ],
        ),
        (Anthropic, &[r#"{"system":"S","messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]}"#]),
        (
            Anthropic,
            &[
                r#"{"messages":[{"role":"user","content":[{"type":"image","source":{"data":"1"}},{"type":"text","text":"u"}]}]}"#,
            ],
        ),
        (
            Anthropic,
            &[
                r#"{"messages":[{"role":"user","content":[{"type":"image","source":{"data":"2"}},{"type":"text","text":"u"}]}]}"#,
            ],
        ),
        (
            OpenAiResponses,
            &[
                r#"{"instructions":"i","input":"u"}"#,
                r#"{"instructions":"i","input":[{"role":"user","content":"u"},{"role":"assistant","content":"a"}]}"#,
                r#"{"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"u"}]},
                    {"type":"reasoning","summary":[]},{"type":"function_call","name":"f"}],"instructions":"i"}"#,
                r#"{"instructions":"i","input":"u","previous_response_id":"resp_1"}"#,
                r#"{"instructions":"i","input":"u","conversation":{"id":"conv_1"}}"#,
            ],
        ),
        (OpenAiResponses, &[r#"{"instructions":null,"input":"u","previous_response_id":null}"#]),
        (OpenAiResponses, &[r#"{"input":[{"role":"developer","content":"d"},{"role":"user","content":"u"}]}"#]),
        (OpenAiResponses, &[r#"{"instructions":"j","input":"u"}"#]),
        (
            Gemini,
            &[
                r#"{"systemInstruction":{"parts":[{"text":"g"}]},"contents":[{"role":"user","parts":[{"text":"u"}]}]}"#,
                r#"{"contents":[{"parts":[{"text":"u"}]},{"role":"model","parts":[{"text":"a"}]},
                    {"role":"user","parts":[{"text":"v"}]}],"system_instruction":{"parts":[{"text":"g"}]}}"#,
            ],
        ),
        (Gemini, &[r#"{"contents":{"parts":[{"text":"one"}]}}"#]),
        (Gemini, &[r#"{"contents":{"parts":{"text":"one"}}}"#]),
        (Gemini, &[r#"{"contents":[{"role":"user","parts":[{"text":"two"}]}]}"#]),
    ];

    #[test]
    fn the_turns_of_a_conversation_have_one_beginning() {
        let mut beginnings = Vec::new();
        for (dialect, bodies) in ROWS {
            let mut same: Vec<_> = bodies.iter().map(|body| seen(dialect, body)).collect();
            for (index, (_, has_history)) in same.iter().enumerate() {
                assert_eq!(*has_history, index > 0, "{dialect}: {}", bodies[index]);
            }
            same.dedup_by_key(|(beginning, _)| *beginning);
            assert!(same.len() == 1 && same[0].0.is_some(), "{dialect}: {bodies:#?}");
            assert!(!beginnings.contains(&same[0].0), "another conversation: {bodies:#?}");
            beginnings.push(same[0].0);
        }
    }

    #[test]
    fn what_shows_no_beginning() {
        for dialect in Dialect::ALL {
            for body in [
                r#"{}"#,
                r#"{"messages":null,"input":null,"contents":null,"instructions":null,"system":null}"#,
                r#"{"messages":[],"input":[],"contents":[]}"#,
                r#"{"messages":[1,{"role":"assistant"},{"role":5,"content":"a"},{"content":"a"}],"input":[{"type":"x"}]}"#,
            ] {
                assert_eq!(seen(dialect, body).0, None, "{dialect}: {body}");
            }
        }
    }
}

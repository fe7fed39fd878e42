use crate::dialect::beginning::{self, Role};
use crate::dialect::inspect::{self, InvalidRequest, RequestHead, Session};
use crate::wire::json::{InvalidJson, Kind, Scanner, Text};

const IMAGE_PARTS: &[&str] = &["input_image", "computer_screenshot"];

/// Reads one member of the request.
pub(in crate::dialect) fn member(
    scanner: &mut Scanner<'_>,
    key: &Text<'_>,
    head: &mut RequestHead,
    session: &mut Session,
) -> Result<(), InvalidRequest> {
    match &*key.name() {
        "model" => inspect::model(scanner, head)?,
        "stream" => inspect::stream(scanner, head)?,
        "tools" => head.needs.tool_call |= scanner.holds_something()?,
        "text" => {
            scanner.each_named::<InvalidJson>("format", |scanner| {
                head.needs.structured_output |= inspect::is_json_format(scanner)?;
                Ok(())
            })?;
        }
        "instructions" => beginning::system(scanner, head)?,
        "conversation" => head.has_history |= scanner.holds_something()?,
        "previous_response_id" => {
            head.previous_response_id = inspect::text(scanner)?;
            head.has_history |= head.previous_response_id.is_some();
        }
        "input" if scanner.peek()? == Kind::String => {
            let start = scanner.offset();
            scanner.skip()?;
            head.beginning.see(Role::User, Some(start..scanner.offset()));
        }
        "input" => {
            scanner.each_element(|scanner| item(scanner, head))?;
        }
        other => session.member(scanner, other)?,
    }
    Ok(())
}

fn item(scanner: &mut Scanner<'_>, head: &mut RequestHead) -> Result<(), InvalidJson> {
    let (mut role, mut content) = (Role::Other, None);
    scanner.each_member::<InvalidJson>(|scanner, key| {
        match &*key.name() {
            "type" => {
                let kind = scanner.string_or_skip()?;
                let kind = kind.as_ref().map(Text::name).unwrap_or_default();
                head.needs.tool_call |= is_of_tools(&kind);
                head.has_history |= is_of_model(&kind);
            }
            "role" => role = Role::read(scanner)?,
            name @ ("content" | "output") => {
                let start = scanner.offset();
                head.needs.image |= match scanner.peek()? {
                    Kind::Object => is_image_part(scanner)?,
                    _ => inspect::has_part_of_type(scanner, IMAGE_PARTS)?,
                };
                if name == "content" {
                    content = Some(start..scanner.offset());
                }
            }
            _ => scanner.skip()?,
        }
        Ok(())
    })?;
    head.beginning.see(role, content);
    head.has_history |= role == Role::Model;
    Ok(())
}

/// Whether items of this type declare tools, call them, or answer a call. Codex declares its tools in an input item for
/// some models.
fn is_of_tools(kind: &str) -> bool {
    kind.ends_with("_call") || kind.ends_with("_call_output") || kind.starts_with("mcp_") || kind == "additional_tools"
}

/// Whether items of this type, which have no role, are made by models.
fn is_of_model(kind: &str) -> bool {
    kind.ends_with("_call") || matches!(kind, "reasoning" | "compaction" | "item_reference")
}

/// The output of a computer call is one object.
fn is_image_part(scanner: &mut Scanner<'_>) -> Result<bool, InvalidJson> {
    let mut found = false;
    scanner.each_named::<InvalidJson>("type", |scanner| {
        found |= scanner.string_or_skip()?.is_some_and(|kind| IMAGE_PARTS.iter().any(|known| kind.is(known)));
        Ok(())
    })?;
    Ok(found)
}

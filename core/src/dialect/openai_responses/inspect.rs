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
        "input" => {
            scanner.each_element(|scanner| item(scanner, head))?;
        }
        other => session.member(scanner, other)?,
    }
    Ok(())
}

fn item(scanner: &mut Scanner<'_>, head: &mut RequestHead) -> Result<(), InvalidJson> {
    scanner.each_member::<InvalidJson>(|scanner, key| {
        match &*key.name() {
            // Codex declares its tools in an input item of this type for some models.
            "type" => head.needs.tool_call |= scanner.string_or_skip()?.is_some_and(|kind| kind.is("additional_tools")),
            "content" | "output" => {
                head.needs.image |= match scanner.peek()? {
                    Kind::Object => is_image_part(scanner)?,
                    _ => inspect::has_part_of_type(scanner, IMAGE_PARTS)?,
                }
            }
            _ => scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(())
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

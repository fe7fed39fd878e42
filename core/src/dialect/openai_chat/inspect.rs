use crate::dialect::beginning;
use crate::dialect::inspect::{self, InvalidRequest, RequestHead, Session};
use crate::wire::json::{InvalidJson, Kind, Scanner, Text};

const IMAGE_PARTS: &[&str] = &["image_url", "input_image", "image"];

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
        // `functions` is the deprecated form.
        "tools" | "functions" => head.needs.tool_call |= scanner.holds_something()?,
        // A hosted tool, whose options may all be left out.
        "web_search_options" => {
            head.needs.tool_call |= scanner.peek()? != Kind::Null;
            scanner.skip()?;
        }
        "response_format" => head.needs.structured_output |= inspect::is_json_format(scanner)?,
        "stream_options" => {
            scanner.each_named::<InvalidJson>("include_usage", |scanner| {
                head.include_usage = scanner.bool_or_skip()? == Some(true);
                Ok(())
            })?;
        }
        "messages" => {
            scanner.each_element::<InvalidJson>(|scanner| {
                beginning::turn(scanner, head, |scanner, name, head| {
                    match name {
                        "content" => head.needs.image |= inspect::has_part_of_type(scanner, IMAGE_PARTS)?,
                        "tool_calls" | "function_call" => head.needs.tool_call |= scanner.holds_something()?,
                        _ => scanner.skip()?,
                    }
                    Ok(())
                })
            })?;
        }
        other => session.member(scanner, other)?,
    }
    Ok(())
}

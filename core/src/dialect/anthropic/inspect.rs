use crate::dialect::beginning;
use crate::dialect::inspect::{self, InvalidRequest, RequestHead, Session};
use crate::wire::json::{InvalidJson, Scanner, Text};

/// A message holds a tool result, which holds a document, which holds blocks: nothing is nested deeper.
const BLOCK_LEVELS: u32 = 5;

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
        "output_format" => head.needs.structured_output |= inspect::is_json_format(scanner)?,
        "output_config" => {
            scanner.each_named::<InvalidJson>("format", |scanner| {
                head.needs.structured_output |= inspect::is_json_format(scanner)?;
                Ok(())
            })?;
        }
        "messages" => {
            scanner.each_element::<InvalidJson>(|scanner| {
                beginning::turn(scanner, head, |scanner, head| {
                    head.needs.image |= has_image(scanner, BLOCK_LEVELS)?;
                    Ok(())
                })
            })?;
        }
        "system" => beginning::system(scanner, head)?,
        other => session.member(scanner, other)?,
    }
    Ok(())
}

/// Whether blocks hold an image, also inside a tool's result or a document made of blocks.
fn has_image(scanner: &mut Scanner<'_>, levels: u32) -> Result<bool, InvalidJson> {
    if levels == 0 {
        scanner.skip()?;
        return Ok(false);
    }
    let mut found = false;
    scanner.each_element::<InvalidJson>(|scanner| {
        scanner.each_member::<InvalidJson>(|scanner, key| {
            match &*key.name() {
                "type" => found |= scanner.string_or_skip()?.is_some_and(|kind| kind.is("image")),
                "content" => found |= has_image(scanner, levels - 1)?,
                "source" => {
                    scanner.each_named::<InvalidJson>("content", |scanner| {
                        found |= has_image(scanner, levels - 1)?;
                        Ok(())
                    })?;
                }
                _ => scanner.skip()?,
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(found)
}

use crate::config::Capabilities;
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
        "tools" | "mcp_servers" => head.needs.tool_call |= scanner.holds_something()?,
        "output_format" => head.needs.structured_output |= inspect::is_json_format(scanner)?,
        "output_config" => {
            scanner.each_named::<InvalidJson>("format", |scanner| {
                head.needs.structured_output |= inspect::is_json_format(scanner)?;
                Ok(())
            })?;
        }
        "messages" => {
            scanner.each_element::<InvalidJson>(|scanner| {
                beginning::turn(scanner, head, |scanner, name, head| match name {
                    "content" => blocks(scanner, &mut head.needs, BLOCK_LEVELS),
                    _ => scanner.skip(),
                })
            })?;
        }
        "system" => beginning::system(scanner, head)?,
        other => session.member(scanner, other)?,
    }
    Ok(())
}

/// What blocks need, also those inside a tool's result or a document made of blocks.
fn blocks(scanner: &mut Scanner<'_>, needs: &mut Capabilities, levels: u32) -> Result<(), InvalidJson> {
    if levels == 0 {
        return scanner.skip();
    }
    scanner.each_element::<InvalidJson>(|scanner| {
        scanner.each_member::<InvalidJson>(|scanner, key| {
            match &*key.name() {
                "type" => {
                    let kind = scanner.string_or_skip()?;
                    let kind = kind.as_ref().map(Text::name).unwrap_or_default();
                    needs.image |= kind == "image";
                    // `server_tool_use`, `web_search_tool_result` and their like too.
                    needs.tool_call |= kind.ends_with("tool_use") || kind.ends_with("tool_result");
                }
                "content" => blocks(scanner, needs, levels - 1)?,
                "source" => {
                    scanner.each_named::<InvalidJson>("content", |scanner| blocks(scanner, needs, levels - 1))?;
                }
                _ => scanner.skip()?,
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

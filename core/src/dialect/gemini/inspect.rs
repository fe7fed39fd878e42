use crate::dialect::beginning::{self, Role};
use crate::dialect::inspect::{InvalidRequest, RequestHead, Session};
use crate::wire::json::{InvalidJson, Kind, Scanner, Text};

/// Reads one member of the request. Names are in camelCase or snake_case, as the API takes both.
pub(in crate::dialect) fn member(
    scanner: &mut Scanner<'_>,
    key: &Text<'_>,
    head: &mut RequestHead,
    session: &mut Session,
) -> Result<(), InvalidRequest> {
    match &*key.name() {
        "tools" => each_or_one(scanner, &mut |scanner| tool(scanner, head))?,
        "generationConfig" | "generation_config" => {
            scanner.each_member(|scanner, key| setting(scanner, &key, head))?;
        }
        "contents" => each_or_one(scanner, &mut |scanner| turn(scanner, head))?,
        "systemInstruction" | "system_instruction" => beginning::system(scanner, head)?,
        // countTokens may carry a whole request.
        "generateContentRequest" | "generate_content_request" => {
            scanner.each_member(|scanner, key| member(scanner, &key, head, session))?;
        }
        other => session.member(scanner, other)?,
    }
    Ok(())
}

fn tool(scanner: &mut Scanner<'_>, head: &mut RequestHead) -> Result<(), InvalidJson> {
    scanner.each_member::<InvalidJson>(|scanner, key| {
        match &*key.name() {
            "functionDeclarations" | "function_declarations" => head.needs.tool_call |= scanner.holds_something()?,
            // A hosted tool, as `googleSearch`, whose options may all be left out.
            _ => {
                head.needs.tool_call |= scanner.peek()? != Kind::Null;
                scanner.skip()?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

fn setting(scanner: &mut Scanner<'_>, key: &Text<'_>, head: &mut RequestHead) -> Result<(), InvalidJson> {
    let json = match &*key.name() {
        "responseSchema"
        | "response_schema"
        | "responseJsonSchema"
        | "response_json_schema"
        | "_responseJsonSchema" => {
            let given = scanner.peek()? != Kind::Null;
            scanner.skip()?;
            given
        }
        "responseMimeType" | "response_mime_type" => {
            scanner.string_or_skip()?.is_some_and(|kind| kind.is("application/json"))
        }
        // The newer form: a list of formats, each under the name of its kind.
        "responseFormat" | "response_format" => return each_or_one(scanner, &mut |scanner| format(scanner, head)),
        _ => {
            scanner.skip()?;
            false
        }
    };
    head.needs.structured_output |= json;
    Ok(())
}

fn format(scanner: &mut Scanner<'_>, head: &mut RequestHead) -> Result<(), InvalidJson> {
    scanner.each_member::<InvalidJson>(|scanner, key| {
        if !key.is("text") {
            return scanner.skip();
        }
        scanner.each_member::<InvalidJson>(|scanner, key| {
            head.needs.structured_output |= match &*key.name() {
                "schema" => scanner.holds_something()?,
                "mimeType" | "mime_type" => {
                    let kind = scanner.string_or_skip()?;
                    kind.is_some_and(|kind| kind.is("application/json") || kind.is("APPLICATION_JSON"))
                }
                _ => {
                    scanner.skip()?;
                    false
                }
            };
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

/// A turn without a role is the user's.
fn turn(scanner: &mut Scanner<'_>, head: &mut RequestHead) -> Result<(), InvalidJson> {
    let (mut role, mut range) = (Role::User, None);
    scanner.each_member::<InvalidJson>(|scanner, key| {
        match &*key.name() {
            "role" => role = Role::read(scanner)?,
            "parts" => {
                let start = scanner.offset();
                each_or_one(scanner, &mut |scanner| part(scanner, head))?;
                range = Some(start..scanner.offset());
            }
            _ => scanner.skip()?,
        }
        Ok(())
    })?;
    head.beginning.see(role, range);
    head.has_history |= role == Role::Model;
    Ok(())
}

fn content(scanner: &mut Scanner<'_>, head: &mut RequestHead) -> Result<(), InvalidJson> {
    scanner.each_named("parts", |scanner| each_or_one(scanner, &mut |scanner| part(scanner, head)))?;
    Ok(())
}

fn part(scanner: &mut Scanner<'_>, head: &mut RequestHead) -> Result<(), InvalidJson> {
    scanner.each_member::<InvalidJson>(|scanner, key| {
        match &*key.name() {
            "inlineData" | "inline_data" | "fileData" | "file_data" => head.needs.image |= is_image(scanner)?,
            // A tool's answer may have media of its own.
            "functionResponse" | "function_response" => {
                head.needs.tool_call = true;
                content(scanner, head)?;
            }
            "functionCall"
            | "function_call"
            | "executableCode"
            | "executable_code"
            | "codeExecutionResult"
            | "code_execution_result" => {
                head.needs.tool_call = true;
                scanner.skip()?;
            }
            _ => scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(())
}

fn is_image(scanner: &mut Scanner<'_>) -> Result<bool, InvalidJson> {
    let mut found = false;
    scanner.each_member::<InvalidJson>(|scanner, key| {
        match &*key.name() {
            "mimeType" | "mime_type" => {
                let kind = scanner.string_or_skip()?;
                found |= kind.is_some_and(|kind| kind.name().starts_with("image/"));
            }
            _ => scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(found)
}

/// Where the API wants an array it takes a single object, too.
pub(super) fn each_or_one(
    scanner: &mut Scanner<'_>,
    read: &mut dyn FnMut(&mut Scanner<'_>) -> Result<(), InvalidJson>,
) -> Result<(), InvalidJson> {
    match scanner.peek()? {
        Kind::Array => scanner.each_element(read).map(drop),
        _ => read(scanner),
    }
}

use super::decode_contents::{Contents, media, text_parts};
use super::members::{camel, each};
use super::settings_in::{function, generation, tool_config};
use super::usage;
use crate::dialect::hub::{Ledger, Part, Refusal, Request, Search, Thoughts, pair};
use crate::wire::json::Value;

pub(super) fn decode<'a>(body: &'a Value<'a>, ledger: &mut Ledger) -> Result<Request<'a>, Refusal> {
    let mut request = Request { thoughts: Thoughts::Sealed, ..Request::default() };
    let mut contents = Contents::default();
    members(body, &mut request, &mut contents, ledger)?;
    request.turns = pair(contents.turns, "contents")?;
    // The choice may name some of the tools; it may stand before them.
    if let Some(allowed) = contents.allowed {
        request.tools.retain(|tool| allowed.contains(&&*tool.name));
    }
    Ok(request)
}

fn members<'a>(
    body: &'a Value<'a>,
    request: &mut Request<'a>,
    contents: &mut Contents<'a>,
    ledger: &mut Ledger,
) -> Result<(), Refusal> {
    for (name, value) in body.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        match &*camel(name) {
            "model" => {}
            // countTokens may carry a whole request.
            "generateContentRequest" => members(value, request, contents, ledger)?,
            "systemInstruction" => request.system = system(value, ledger)?,
            "contents" => {
                for (index, content) in each(value).iter().enumerate() {
                    contents.content(content, &format!("contents[{index}]"), ledger)?;
                }
            }
            "tools" => {
                for (index, value) in each(value).iter().enumerate() {
                    tools(value, index, request, ledger)?;
                }
            }
            "toolConfig" => contents.allowed = tool_config(value, request, ledger),
            "generationConfig" => generation(value, request, ledger)?,
            "cachedContent" => {
                let message = "what was cached is known to Google alone; send the contents themselves";
                return Err(Refusal::new("cachedContent", message));
            }
            "serviceTier" => {
                request.service_tier = value.as_str().and_then(usage::tier_of);
            }
            "store" if *value == Value::Bool(false) => {}
            other => ledger.unknown(other),
        }
    }
    Ok(())
}

/// A content, its parts, or a text.
fn system<'a>(value: &'a Value<'a>, ledger: &mut Ledger) -> Result<Vec<Part<'a>>, Refusal> {
    let mut all = Vec::new();
    for value in each(value) {
        text_parts(value, &mut all);
        let parts = super::members::get(value, "parts").map(each).unwrap_or_default();
        for part in parts {
            text_parts(part, &mut all);
            super::members::note_others(part, &["text", "inlineData", "fileData"], ledger);
            if let Some(media) = media(part, "systemInstruction")? {
                all.push(Part::new(media));
            }
        }
    }
    Ok(all)
}

/// One tool has any number of functions, and each of Google's own under its name.
fn tools<'a>(
    value: &'a Value<'a>,
    index: usize,
    request: &mut Request<'a>,
    ledger: &mut Ledger,
) -> Result<(), Refusal> {
    for (name, value) in value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        match &*camel(name) {
            "functionDeclarations" => {
                request.tools.extend(each(value).iter().map(|value| function(value, ledger)));
            }
            "googleSearch" => {
                super::members::note_others(value, &["excludeDomains"], ledger);
                let blocked = super::members::get(value, "excludeDomains").map(each).unwrap_or_default();
                let field = Some(format!("tools[{index}].googleSearch"));
                request.search = Some(Search { field, blocked, ..Search::default() });
            }
            other => {
                let message = format!(
                    "`{other}` is a tool of Google's own servers; leave it out, or ask for a model that has it"
                );
                return Err(Refusal::new(format!("tools[{index}].{other}"), message));
            }
        }
    }
    Ok(())
}

//! Tools as a client declares them, chooses among them and knows them by name.

use std::borrow::Cow;

use crate::dialect::hub::{
    Freeform, Grammar, Ledger, Refusal, Request, Schema, Search, Tool, ToolChoice, array, flag, list, member,
    note_others, text,
};
use crate::wire::json::Value;

/// Between the name of a namespace and that of a tool in it, where both are one name: no name has it.
const SEPARATOR: char = '\u{1f}';

/// The name of a tool or a call, with its namespace's.
pub(super) fn full_name<'a>(namespace: Option<&str>, name: &'a str) -> Cow<'a, str> {
    match namespace {
        Some(namespace) => Cow::Owned(format!("{namespace}{SEPARATOR}{name}")),
        None => Cow::Borrowed(name),
    }
}

/// The namespace, if there is one, and the name in it.
pub(super) fn split_name(full: &str) -> (Option<&str>, &str) {
    full.split_once(SEPARATOR).map_or((None, full), |(namespace, name)| (Some(namespace), name))
}

/// Takes a list of tools; `at` is where the client has it.
pub(super) fn take<'a>(
    tools: &'a Value<'a>,
    at: &str,
    request: &mut Request<'a>,
    ledger: &mut Ledger,
) -> Result<(), Refusal> {
    for (index, tool) in array(tools).iter().enumerate() {
        match text(tool, "type") {
            Some("namespace") => {
                // What is said of the whole has no place where there are only single tools.
                ledger.approximated("tools.namespace");
                let namespace = text(tool, "name");
                for (inner, tool) in list(tool, "tools").iter().enumerate() {
                    take_one(tool, namespace, &format!("{at}[{index}].tools[{inner}]"), request, ledger)?;
                }
            }
            _ => take_one(tool, None, &format!("{at}[{index}]"), request, ledger)?,
        }
    }
    Ok(())
}

fn take_one<'a>(
    tool: &'a Value<'a>,
    namespace: Option<&str>,
    at: &str,
    request: &mut Request<'a>,
    ledger: &mut Ledger,
) -> Result<(), Refusal> {
    let known = ["type", "name", "description", "parameters", "strict", "format", "defer_loading", "output_schema"];
    if matches!(text(tool, "type"), None | Some("function" | "custom")) {
        note_others(tool, &[&known[..], &["allowed_callers"]].concat(), ledger);
        if list(tool, "allowed_callers").iter().any(|caller| caller != "direct") {
            ledger.dropped("tools.allowed_callers");
        }
    }
    let name = full_name(namespace, text(tool, "name").unwrap_or_default());
    let freeform = match text(tool, "type") {
        None | Some("function") => None,
        Some("custom") => {
            let grammar = member(tool, "format").filter(|format| text(format, "type") == Some("grammar"));
            let grammar = grammar.map(|format| {
                let words = |name| text(format, name).unwrap_or_default();
                Grammar { syntax: words("syntax"), definition: words("definition") }
            });
            Some(Freeform { grammar })
        }
        Some(kind) if kind.starts_with("web_search") => {
            search(tool, request, ledger);
            return Ok(());
        }
        Some(kind) => {
            let message = format!(
                "`{kind}` is a tool of the provider's own servers, and the model's provider has none of this form; leave it out"
            );
            return Err(Refusal::new(format!("{at}.type"), message));
        }
    };
    if flag(tool, "defer_loading") == Some(true) {
        ledger.approximated("tools.defer_loading");
    }
    if member(tool, "output_schema").is_some() {
        ledger.dropped("tools.output_schema");
    }
    request.tools.push(Tool {
        description: text(tool, "description").map(Cow::Borrowed),
        schema: member(tool, "parameters").filter(|_| freeform.is_none()).map(Schema::Given),
        strict: flag(tool, "strict").filter(|_| freeform.is_none()),
        freeform,
        ..Tool::named(name)
    });
    Ok(())
}

/// Agents declare it as a matter of course: who has no search does without.
fn search<'a>(tool: &'a Value<'a>, request: &mut Request<'a>, ledger: &mut Ledger) {
    // What OpenAI has kept of the web is nobody else's.
    if flag(tool, "external_web_access") == Some(false) {
        return ledger.dropped("tools.web_search");
    }
    let known = ["type", "external_web_access", "search_context_size", "user_location", "filters"];
    note_others(tool, &known, ledger);
    request.search = Some(Search {
        context_size: text(tool, "search_context_size"),
        location: member(tool, "user_location"),
        allowed: member(tool, "filters").map(|it| list(it, "allowed_domains")).unwrap_or_default(),
        ..Search::default()
    });
}

/// Reads `tool_choice`, when all tools are known; one that allows some takes the others away.
pub(super) fn choose<'a>(choice: &'a Value<'a>, request: &mut Request<'a>, ledger: &mut Ledger) -> Result<(), Refusal> {
    let unknown = || {
        let message = "must be `auto`, `none`, `required`, `allowed_tools`, a function or a custom tool, \
            which are all that the model's provider can be told";
        Refusal::new("tool_choice", message)
    };
    let mode = |mode| match mode {
        Some("auto") => Ok(ToolChoice::Auto),
        Some("none") => Ok(ToolChoice::None),
        Some("required") => Ok(ToolChoice::Required),
        _ => Err(unknown()),
    };
    request.tool_choice = Some(match text(choice, "type") {
        None => mode(choice.as_str())?,
        Some("function" | "custom") => {
            let name = text(choice, "name").ok_or_else(unknown)?;
            if request.tools.iter().any(|tool| tool.name == name) {
                ToolChoice::Named(name)
            } else {
                // It is in a namespace.
                ledger.approximated("tool_choice.namespace");
                request.tools.retain(|tool| split_name(&tool.name).1 == name);
                if request.tools.is_empty() {
                    return Err(Refusal::new("tool_choice.name", format!("there is no tool `{name}`")));
                }
                ToolChoice::Required
            }
        }
        Some("allowed_tools") => {
            ledger.approximated("tool_choice.allowed_tools");
            let allowed: Vec<&str> = list(choice, "tools").iter().filter_map(|tool| text(tool, "name")).collect();
            request.tools.retain(|tool| allowed.contains(&split_name(&tool.name).1));
            mode(text(choice, "mode"))?
        }
        Some(kind) if kind.starts_with("web_search") && request.search.is_some() => ToolChoice::Search,
        Some(_) => return Err(unknown()),
    });
    Ok(())
}

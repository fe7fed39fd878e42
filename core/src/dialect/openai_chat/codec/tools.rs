//! Tools as a client declares them and chooses among them.

use crate::dialect::hub::{
    Freeform, Grammar, Ledger, Refusal, Request, Schema, Tool, ToolChoice, flag, list, member, note_others, text,
};
use crate::wire::json::Value;

pub(super) fn tool<'a>(value: &'a Value<'a>, index: usize, ledger: &mut Ledger) -> Result<Tool<'a>, Refusal> {
    match (member(value, "function"), member(value, "custom"), text(value, "type")) {
        // Some clients leave the type out, or the level.
        (Some(inner), ..) => {
            note_others(value, &["type", "function"], ledger);
            Ok(function(inner, ledger))
        }
        (None, Some(inner), _) => {
            note_others(value, &["type", "custom"], ledger);
            Ok(custom(inner, ledger))
        }
        (None, None, None | Some("function")) => Ok(function(value, ledger)),
        (None, None, Some(kind)) => {
            let message = format!("`{kind}` tools cannot be told to the model's provider; leave it out");
            Err(Refusal::new(format!("tools[{index}].type"), message))
        }
    }
}

pub(super) fn function<'a>(value: &'a Value<'a>, ledger: &mut Ledger) -> Tool<'a> {
    note_others(value, &["type", "name", "description", "parameters", "strict"], ledger);
    Tool {
        description: text(value, "description").map(Into::into),
        schema: member(value, "parameters").map(Schema::Given),
        strict: flag(value, "strict"),
        ..Tool::named(text(value, "name").unwrap_or_default())
    }
}

/// A tool that takes any text, or one that a grammar describes.
fn custom<'a>(value: &'a Value<'a>, ledger: &mut Ledger) -> Tool<'a> {
    note_others(value, &["name", "description", "format"], ledger);
    let grammar = member(value, "format").and_then(|format| member(format, "grammar")).map(|grammar| {
        let words = |name| text(grammar, name).unwrap_or_default();
        Grammar { syntax: words("syntax"), definition: words("definition") }
    });
    Tool {
        description: text(value, "description").map(Into::into),
        freeform: Some(Freeform { grammar }),
        ..Tool::named(text(value, "name").unwrap_or_default())
    }
}

/// Reads `tool_choice`, when all tools are known; one that allows some takes the others away.
pub(super) fn choose<'a>(choice: &'a Value<'a>, request: &mut Request<'a>, ledger: &mut Ledger) -> Result<(), Refusal> {
    let unknown = || {
        let message = "must be `auto`, `none`, `required`, `allowed_tools`, or the name of a function or custom tool";
        Refusal::new("tool_choice", message)
    };
    let mode = |mode| match mode {
        Some("auto") => Ok(ToolChoice::Auto),
        Some("none") => Ok(ToolChoice::None),
        Some("required" | "any") => Ok(ToolChoice::Required),
        _ => Err(unknown()),
    };
    let name = |tool: &'a Value<'a>| {
        let inner = member(tool, "function").or_else(|| member(tool, "custom")).unwrap_or(tool);
        text(inner, "name")
    };
    request.tool_choice = Some(match (choice.as_str(), member(choice, "allowed_tools")) {
        (Some(word), _) => mode(Some(word))?,
        (None, Some(allowed)) => {
            ledger.approximated("tool_choice.allowed_tools");
            let names: Vec<&str> = list(allowed, "tools").iter().filter_map(name).collect();
            request.tools.retain(|tool| names.contains(&&*tool.name));
            mode(text(allowed, "mode"))?
        }
        (None, None) => ToolChoice::Named(name(choice).ok_or_else(unknown)?),
    });
    Ok(())
}

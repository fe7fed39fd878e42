use std::borrow::Cow;

use super::usage;
use crate::dialect::progress::Progress;
use crate::dialect::provider_error::ProviderError;
use crate::wire::Event;
use crate::wire::json::{InvalidJson, Scanner};
use crate::wire::json::{looks_whole, top_text};

/// Reads one event. The `event` line and the data's `type` say the same; the line may be missing.
pub(in crate::dialect) fn read(event: Event<'_>, progress: &mut Progress) -> Result<(), InvalidJson> {
    let data = event.data.trim_ascii();
    if data.is_empty() || data.starts_with(b"[DONE]") {
        return Ok(());
    }
    let name = match std::str::from_utf8(event.name) {
        Ok(name) if !name.is_empty() => Cow::Borrowed(name),
        _ => Cow::Owned(top_text(data, "type")?.unwrap_or_default()),
    };
    match &*name {
        "message_start" => {
            Scanner::new(data).each_named::<InvalidJson>("message", |scanner| {
                scanner.each_member::<InvalidJson>(|scanner, key| {
                    match &*key.name() {
                        "usage" => progress.counters.merge(&usage::read(scanner.raw()?)),
                        // A call that runs within a server tool comes whole, with nothing but `message_stop` behind it.
                        "content" if scanner.holds_something()? => progress.output(),
                        "content" => {}
                        "stop_reason" => stop_reason(scanner, progress)?,
                        "model" => {
                            if let Some(model) = scanner.string_or_skip()? {
                                progress.model(&model.name());
                            }
                        }
                        _ => scanner.skip()?,
                    }
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        "message_delta" => {
            Scanner::new(data).each_member::<InvalidJson>(|scanner, key| {
                match &*key.name() {
                    "usage" => progress.counters.merge(&usage::read(scanner.raw()?)),
                    "delta" => {
                        scanner.each_named::<InvalidJson>("stop_reason", |scanner| stop_reason(scanner, progress))?;
                    }
                    _ => scanner.skip()?,
                }
                Ok(())
            })?;
            progress.output();
        }
        "message_stop" => {
            progress.complete();
            progress.over();
        }
        "error" => progress.fail(ProviderError::read(data).unwrap_or_default()),
        _ if progress.has_output() => looks_whole(data)?,
        "content_block_start" if holds_content(data, "content_block")? => progress.output(),
        "content_block_delta" if holds_content(data, "delta")? => progress.output(),
        "" => {
            // An event of no type is an error object, or nothing that is known.
            if let Some(error) = ProviderError::read(data) {
                progress.fail(error);
            }
        }
        // A ping, or an event that is news to us; but what is no JSON is no event.
        _ => Scanner::new(data).skip()?,
    }
    Ok(())
}

/// Whether a block or delta has content. A text block begins empty; any other block says something by its type.
fn holds_content(data: &[u8], member: &str) -> Result<bool, InvalidJson> {
    let (mut is_text_block, mut has_content) = (false, false);
    Scanner::new(data).each_named::<InvalidJson>(member, |scanner| {
        scanner.each_member::<InvalidJson>(|scanner, key| {
            if key.is("type") {
                is_text_block = scanner.string_or_skip()?.is_some_and(|kind| kind.is("text"));
            } else {
                has_content |= scanner.holds_something()?;
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(has_content || member == "content_block" && !is_text_block)
}

fn stop_reason(scanner: &mut Scanner<'_>, progress: &mut Progress) -> Result<(), InvalidJson> {
    if let Some(reason) = scanner.string_or_skip()? {
        progress.finish_reason(&reason.name());
    }
    Ok(())
}

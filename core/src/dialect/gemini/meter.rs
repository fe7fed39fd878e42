use super::inspect::each_or_one;
use super::usage;
use crate::dialect::progress::Progress;
use crate::dialect::provider_error::{ProviderError, says_something};
use crate::wire::Event;
use crate::wire::json::{InvalidJson, Scanner};

/// Reads one chunk, which has the shape of a whole answer.
pub(in crate::dialect) fn read(event: Event<'_>, progress: &mut Progress) -> Result<(), InvalidJson> {
    let data = event.data.trim_ascii();
    if data.is_empty() || data.starts_with(b"[DONE]") {
        return Ok(());
    }
    let mut scanner = Scanner::new(data);
    let (mut has_candidates, mut block_reason) = (false, None);
    let is_object = scanner.each_member::<InvalidJson>(|scanner, key| {
        match &*key.name() {
            "candidates" => {
                scanner.each_element::<InvalidJson>(|scanner| {
                    has_candidates = true;
                    candidate(scanner, progress)
                })?;
            }
            "modelVersion" if progress.model.is_none() => {
                if let Some(model) = scanner.string_or_skip()? {
                    progress.model(&model.name());
                }
            }
            "usageMetadata" => progress.counters.merge(&usage::read(scanner.raw()?)),
            "promptFeedback" => {
                scanner.each_named::<InvalidJson>("blockReason", |scanner| {
                    block_reason = scanner.string_or_skip()?;
                    Ok(())
                })?;
            }
            "error" => {
                let raw = scanner.raw()?;
                if says_something(raw) {
                    let error = serde_json::from_slice(raw).map(|it| ProviderError::from_value(&it));
                    progress.fail(error.unwrap_or_default());
                }
            }
            _ => scanner.skip()?,
        }
        Ok(())
    })?;
    if !is_object {
        return Err(scanner.error("expected a JSON object"));
    }
    if let Some(reason) = block_reason.filter(|_| !has_candidates) {
        // A blocked prompt is an answer: another provider of the model would block it, too.
        progress.finish_reason(&reason.name());
        progress.output();
        progress.complete();
    }
    Ok(())
}

fn candidate(scanner: &mut Scanner<'_>, progress: &mut Progress) -> Result<(), InvalidJson> {
    scanner.each_member::<InvalidJson>(|scanner, key| {
        match &*key.name() {
            "content" if !progress.has_output() => {
                scanner.each_named::<InvalidJson>("parts", |scanner| {
                    each_or_one(scanner, &mut |scanner| {
                        if part_holds_content(scanner)? {
                            progress.output();
                        }
                        Ok(())
                    })
                })?;
            }
            "finishReason" => {
                let reason = scanner.string_or_skip()?;
                if let Some(reason) = reason.filter(|it| !it.is_empty() && !it.is("FINISH_REASON_UNSPECIFIED")) {
                    progress.finish_reason(&reason.name());
                    progress.output();
                    progress.complete();
                }
            }
            _ => scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(())
}

fn part_holds_content(scanner: &mut Scanner<'_>) -> Result<bool, InvalidJson> {
    let mut found = false;
    scanner.each_member::<InvalidJson>(|scanner, key| {
        if key.is("thought") {
            return scanner.skip();
        }
        found |= scanner.holds_something()?;
        Ok(())
    })?;
    Ok(found)
}

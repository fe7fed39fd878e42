use super::usage;
use crate::dialect::progress::Progress;
use crate::dialect::provider_error::{ProviderError, says_something};
use crate::wire::Event;
use crate::wire::json::{InvalidJson, Scanner};
use crate::wire::json::{MemberName, looks_whole, member_name};

static USAGE: MemberName = member_name!("usage");
static FINISH_REASON: MemberName = member_name!("finish_reason");
static ERROR: MemberName = member_name!("error");

/// Members of a delta that are no content of their own.
const BARE: [&str; 5] = ["role", "name", "id", "type", "index"];

/// Reads one chunk, or the `[DONE]` that ends the stream.
pub(in crate::dialect) fn read(event: Event<'_>, progress: &mut Progress) -> Result<(), InvalidJson> {
    let data = event.data.trim_ascii();
    if data.starts_with(b"[DONE]") {
        progress.complete();
        progress.over();
        return Ok(());
    }
    if data.is_empty() {
        return Ok(());
    }
    if progress.has_output() && !USAGE.is_set_in(data) && !FINISH_REASON.is_set_in(data) && !ERROR.is_set_in(data) {
        return looks_whole(data);
    }
    let mut has_choices = false;
    let mut scanner = Scanner::new(data);
    let is_object = scanner.each_member::<InvalidJson>(|scanner, key| {
        match &*key.name() {
            "choices" => {
                has_choices = true;
                scanner.each_element(|scanner| choice(scanner, progress))?;
            }
            "model" if progress.model.is_none() => model(scanner, progress)?,
            "usage" => progress.counters.merge(&usage::read(scanner.raw()?)),
            "error" => {
                let raw = scanner.raw()?;
                if says_something(raw) {
                    fail(raw, progress);
                }
            }
            _ => scanner.skip()?,
        }
        Ok(())
    })?;
    if !is_object {
        return Err(scanner.error("expected a JSON object"));
    }
    // vLLM and others send an error as the event itself.
    if !has_choices
        && !progress.has_output()
        && let Some(error) = ProviderError::read(data)
    {
        progress.fail(error);
    }
    Ok(())
}

fn model(scanner: &mut Scanner<'_>, progress: &mut Progress) -> Result<(), InvalidJson> {
    if let Some(model) = scanner.string_or_skip()? {
        progress.model(&model.name());
    }
    Ok(())
}

fn fail(raw: &[u8], progress: &mut Progress) {
    let error = serde_json::from_slice(raw).map(|value| ProviderError::from_value(&value)).unwrap_or_default();
    progress.fail(error);
}

fn choice(scanner: &mut Scanner<'_>, progress: &mut Progress) -> Result<(), InvalidJson> {
    scanner.each_member::<InvalidJson>(|scanner, key| {
        match &*key.name() {
            "delta" | "message" => {
                scanner.each_member::<InvalidJson>(|scanner, key| {
                    if BARE.iter().any(|name| key.is(name)) {
                        return scanner.skip();
                    }
                    if scanner.holds_something()? {
                        progress.output();
                    }
                    Ok(())
                })?;
            }
            "finish_reason" => {
                if let Some(reason) = scanner.string_or_skip()?.filter(|reason| !reason.is_empty()) {
                    progress.finish_reason(&reason.name());
                    progress.output();
                }
            }
            _ => scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(())
}

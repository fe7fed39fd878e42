use super::usage;
use crate::dialect::progress::{Created, Progress};
use crate::dialect::provider_error::{ProviderError, says_something};
use crate::wire::Event;
use crate::wire::json::{InvalidJson, Scanner};
use crate::wire::json::{MemberName, looks_whole, member_name, top_text};

static SEQUENCE_NUMBER: MemberName = member_name!("sequence_number");

/// Reads one event. Its type is in the data; the `event` line repeats it and may be missing.
pub(in crate::dialect) fn read(event: Event<'_>, progress: &mut Progress) -> Result<(), InvalidJson> {
    let data = event.data.trim_ascii();
    if data.starts_with(b"[DONE]") || data.is_empty() {
        return Ok(());
    }
    if let Some(number) = SEQUENCE_NUMBER.values(data).last().and_then(leading_number) {
        progress.sequence_number = Some(number);
    }
    if progress.has_output() && event.name.ends_with(b".delta") {
        return looks_whole(data);
    }
    let kind = match top_text(data, "type")? {
        Some(kind) => kind,
        None => String::from_utf8_lossy(event.name).into_owned(),
    };
    match kind.as_str() {
        "response.completed" | "response.incomplete" | "response.done" => {
            // The end is the end, even where the rest of the event cannot be read.
            let read = response(data, progress);
            progress.output();
            progress.complete();
            progress.over();
            read?;
        }
        "response.failed" => {
            let failure = response(data, progress);
            progress.over();
            progress.fail(failure?.unwrap_or_default());
        }
        "error" => {
            let error = serde_json::from_slice(data).map(|it| ProviderError::from_value(&it));
            progress.fail(error.unwrap_or_default());
        }
        "response.created" | "response.queued" | "response.in_progress" if progress.created.is_none() => {
            progress.created = created(data);
        }
        _ if progress.has_output() => looks_whole(data)?,
        "response.output_item.added" if item_type(data)?.as_deref() != Some("message") => progress.output(),
        kind if kind.ends_with(".delta") => {
            let mut says_something = false;
            Scanner::new(data).each_named::<InvalidJson>("delta", |scanner| {
                says_something = scanner.holds_something()?;
                Ok(())
            })?;
            if says_something {
                progress.output();
            }
        }
        kind if kind.ends_with(".done") => progress.output(),
        "" => {
            // An event of no type is an error object, or nothing that is known.
            if let Some(error) = ProviderError::read(data) {
                progress.fail(error);
            }
        }
        _ => {}
    }
    Ok(())
}

/// Reads the `response` of one of the first events, as far as it can be read: nothing depends on it but an error's form.
fn created(data: &[u8]) -> Option<Created> {
    let (mut id, mut model, mut created_at) = (None, None, None);
    let read = Scanner::new(data).each_named::<InvalidJson>("response", |scanner| {
        scanner.each_member::<InvalidJson>(|scanner, key| {
            match &*key.name() {
                "id" => id = scanner.string_or_skip()?.map(|id| id.name().into_owned()),
                "model" => model = scanner.string_or_skip()?.map(|model| model.name().into_owned()),
                "created_at" => created_at = Some(String::from_utf8_lossy(scanner.raw()?).into_owned()),
                _ => scanner.skip()?,
            }
            Ok(())
        })?;
        Ok(())
    });
    if read.is_err() {
        // What came before the fault is known.
    }
    id.map(|id| Created { id, model, created_at })
}

/// Reads the `response` of a terminal event.
fn response(data: &[u8], progress: &mut Progress) -> Result<Option<ProviderError>, InvalidJson> {
    let mut failure = None;
    let (mut status, mut reason) = (None, None);
    let read = Scanner::new(data).each_named::<InvalidJson>("response", |scanner| {
        scanner.each_member::<InvalidJson>(|scanner, key| {
            match &*key.name() {
                "usage" => progress.counters.merge(&usage::read(scanner.raw()?)),
                "status" => status = scanner.string_or_skip()?,
                "incomplete_details" => {
                    scanner.each_named::<InvalidJson>("reason", |scanner| {
                        reason = scanner.string_or_skip()?;
                        Ok(())
                    })?;
                }
                "error" => {
                    let raw = scanner.raw()?;
                    if says_something(raw) {
                        failure = serde_json::from_slice(raw).ok().map(|it| ProviderError::from_value(&it));
                    }
                }
                _ => scanner.skip()?,
            }
            Ok(())
        })?;
        Ok(())
    });
    if let Some(reason) = reason.filter(|reason| !reason.is_empty()).or(status) {
        progress.finish_reason(&reason.name());
    }
    read.map(|_| failure)
}

fn item_type(data: &[u8]) -> Result<Option<String>, InvalidJson> {
    let mut kind = None;
    Scanner::new(data).each_named::<InvalidJson>("item", |scanner| {
        scanner.each_named::<InvalidJson>("type", |scanner| {
            kind = scanner.string_or_skip()?.map(|kind| kind.name().into_owned());
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(kind)
}

fn leading_number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok()
}

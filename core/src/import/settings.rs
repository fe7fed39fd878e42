//! Clean-up of the log, and counting of tokens.

use serde_json::Value as Json;

use super::accounts::{api_key, base_url};
use super::field::json;
use super::names::{free, hash};
use super::report::Report;
use super::row::Tables;
use crate::config::{Config, Provider, ProviderType};

const MAX_DAYS: u64 = 36_500;

/// How long the log is kept: as long as there, and where a configuration was before as the one that keeps longer. 0 is for ever.
pub(super) fn retention(tables: &Tables, config: &mut Config, is_new: bool, report: &mut Report) {
    let mut notes = report.of("clean-up");
    let days = match tables.setting("log_cleanup_policy").map(json) {
        None | Some(Ok(None)) => 0,
        Some(Ok(Some(policy))) if policy.get("enabled").and_then(Json::as_bool) == Some(true) => {
            policy.get("retention_days").and_then(Json::as_u64).unwrap_or(0).min(MAX_DAYS)
        }
        Some(Ok(Some(_))) => 0,
        Some(Err(())) => {
            notes.note("has a broken setting; the log is kept for ever");
            0
        }
    };
    let days = u32::try_from(days).unwrap_or(0);
    let before = config.settings.log_retention_days;
    let longer = |a: u32, b: u32| if a == 0 || b == 0 { 0 } else { a.max(b) };
    config.settings.log_retention_days = if is_new { days } else { longer(days, before) };
    let after = config.settings.log_retention_days;
    if !is_new && after != before {
        let kept = if after == 0 { "for ever".to_owned() } else { format!("for {after} days") };
        notes.note(format!("the log is kept {kept}, so that nothing of the imported history is deleted"));
    }
}

/// The original counts tokens by an account of its own; ours is a provider.
pub(super) fn counting(tables: &Tables, config: &mut Config, report: &mut Report) {
    let Some(text) = tables.setting("anthropic_count_tokens") else { return };
    let mut notes = report.of("counting of tokens");
    let setting = match json(text) {
        Ok(None) => return,
        Ok(Some(Json::Object(setting))) => setting,
        _ => return notes.left("has a broken setting"),
    };
    let field = |name: &str| setting.get(name).and_then(Json::as_str).unwrap_or_default();
    if field("base_url").trim().is_empty() && field("api_key").trim().is_empty() {
        return;
    }
    if let Some(counting) = &config.settings.counting_provider {
        let text = format!("is done by `{counting}` here already; the imported setting stays behind");
        return notes.note(text);
    }
    let kind = ProviderType::Anthropic;
    let (base_url, api_key) = (base_url(field("base_url"), kind, &mut notes), api_key(field("api_key"), &mut notes));
    let same = |provider: &&Provider| {
        provider.kind == kind && provider.base_url == base_url && provider.api_key == api_key && provider.enabled
    };
    if let Some(provider) = config.providers.iter().find(same) {
        config.settings.counting_provider = Some(provider.name.clone());
        return;
    }
    let name = free("Token counting", " ", |name| config.provider_named(name).is_some());
    let enabled = !notes.is_off;
    let version = Some(field("version").trim().to_owned()).filter(|version| !version.is_empty());
    let random = hash(&[&tables.identity, "anthropic_count_tokens"]);
    let id = uuid::Builder::from_unix_timestamp_millis(0, &random).into_uuid().to_string();
    let mut provider = Provider {
        id,
        name: name.clone(),
        kind,
        base_url,
        also: Vec::new(),
        api_key,
        version,
        proxy: None,
        error_matcher: Vec::new(),
        console_url: None,
        note: String::new(),
        enabled,
    };
    if crate::config::validate::provider(&provider).is_err() {
        provider.version = None;
    }
    notes.note(format!("has an account of its own, which became the provider `{name}`"));
    config.providers.push(provider);
    config.settings.counting_provider = Some(name);
}

//! Providers.

use http::Uri;
use serde_json::{Map, Value as Json};

use super::field::json;
use super::report::Notes;
use super::row::ProviderRow;
use crate::config::{Provider, ProviderType, Secret, default_base_url, normal_note, trimmed_url, validate};

/// What the gateway adds to an address itself.
const ENDPOINTS: [&str; 5] = ["/chat/completions", "/responses", "/messages/count_tokens", "/messages", "/models"];
const MAX_SAMPLES: usize = 100;
const MAX_SAMPLE: usize = 1_000;

/// A provider with this id and name, by our rules.
pub(super) fn provider(row: &ProviderRow, id: String, name: String, notes: &mut Notes<'_>) -> Provider {
    let kind = ProviderType::parse(row.kind.trim()).unwrap_or_else(|| {
        notes.off(format_args!("has the unknown type `{}` and became `openai`", row.kind));
        ProviderType::OpenAi
    });
    let config = match json(&row.config) {
        Ok(Some(Json::Object(config))) => config,
        _ => {
            notes.off("has a broken configuration: address and key are lost");
            Map::new()
        }
    };
    let field = |name: &str| config.get(name).and_then(Json::as_str).unwrap_or_default();
    let mut provider = Provider {
        id,
        name,
        kind,
        base_url: base_url(field("base_url"), kind, notes),
        also: Vec::new(),
        api_key: api_key(field("api_key"), notes),
        version: None,
        proxy: None,
        error_matcher: samples(&row.error_matcher, notes),
        console_url: None,
        note: String::new(),
        enabled: true,
    };
    let version = field("version").trim();
    if kind == ProviderType::Anthropic && !version.is_empty() {
        let with = Provider { version: Some(version.to_owned()), ..provider.clone() };
        match validate::provider(&with) {
            Err(invalid) if invalid.field == "version" => notes.note("has an unusable `version`, which is left out"),
            _ => provider = with,
        }
    }
    set_proxy(&mut provider, &row.proxy, notes);
    set_console_url(&mut provider, &row.console, notes);
    provider.enabled = !notes.is_off;
    provider
}

/// An address as our rules want it: without an endpoint, a query, a fragment or credentials.
pub(super) fn base_url(text: &str, kind: ProviderType, notes: &mut Notes<'_>) -> String {
    let official = || default_base_url(kind).to_owned();
    let Some(given) = trimmed_url(text) else {
        notes.off("has no address and got the official one of its type");
        return official();
    };
    let mut url = given.as_str();
    if let Some((before, _)) = url.split_once(['?', '#']) {
        notes.off("has an address with a query or a fragment, which is cut off");
        url = before.trim_end_matches('/');
    }
    let has_credentials = |url: &str| {
        url.parse::<Uri>().is_ok_and(|uri| uri.authority().is_some_and(|authority| authority.as_str().contains('@')))
    };
    let mut url = url.to_owned();
    if has_credentials(&url)
        && let (Some((scheme, rest)), true) = (url.split_once("://"), url.contains('@'))
    {
        let host = rest.split_once('@').map_or(rest, |(_, host)| host);
        url = format!("{scheme}://{host}");
        notes.off("has an address with credentials, which are taken out: they belong into the key");
    }
    for endpoint in ENDPOINTS {
        if let Some(base) = url.strip_suffix(endpoint) {
            url = base.trim_end_matches('/').to_owned();
            notes.note(format!(
                "has an address that ends in `{endpoint}`, which the gateway adds itself: it became `{url}`"
            ));
            break;
        }
    }
    let asks = Provider { base_url: url.clone(), ..sample(kind) };
    match validate::provider(&asks) {
        Ok(()) => url,
        Err(_) => {
            notes.off("has an address that is none and got the official one of its type");
            official()
        }
    }
}

pub(super) fn api_key(text: &str, notes: &mut Notes<'_>) -> Secret {
    let key = Secret::new(text.trim());
    let asks = Provider { api_key: key.clone(), ..sample(ProviderType::OpenAi) };
    if validate::provider(&asks).is_ok() {
        return key;
    }
    notes.off("has a key that cannot be sent in a header, and lost it");
    Secret::default()
}

/// One that breaks no rule.
fn sample(kind: ProviderType) -> Provider {
    Provider {
        id: String::new(),
        name: "x".to_owned(),
        kind,
        base_url: default_base_url(kind).to_owned(),
        also: Vec::new(),
        api_key: Secret::default(),
        version: None,
        proxy: None,
        error_matcher: Vec::new(),
        console_url: None,
        note: String::new(),
        enabled: true,
    }
}

/// As the original reads them: each ends with its line or at a semicolon, and a backslash is just that.
fn samples(text: &str, notes: &mut Notes<'_>) -> Vec<String> {
    let found = text.split(['\n', ';', '；']).map(str::trim).filter(|sample| !sample.is_empty());
    let mut samples: Vec<String> = found.map(str::to_owned).collect();
    if samples.len() > MAX_SAMPLES || samples.iter().any(|sample| sample.chars().count() > MAX_SAMPLE) {
        samples.retain(|sample| sample.chars().count() <= MAX_SAMPLE);
        samples.truncate(MAX_SAMPLES);
        notes.note(format!("has too many or too long error samples: {} of them stay", samples.len()));
    }
    samples
}

fn set_proxy(provider: &mut Provider, text: &str, notes: &mut Notes<'_>) {
    let text = text.trim().trim_end_matches('/').replace("socks5h://", "socks5://");
    if text.is_empty() {
        return;
    }
    let with = Provider { proxy: Some(Secret::new(text)), ..provider.clone() };
    match validate::provider(&with) {
        Err(invalid) if invalid.field == "proxy" => notes.off("has a proxy that is no address, and lost it"),
        _ => *provider = with,
    }
}

fn set_console_url(provider: &mut Provider, text: &str, notes: &mut Notes<'_>) {
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    let url = if text.contains(':') { text.to_owned() } else { format!("https://{text}") };
    let with = Provider { console_url: Some(url), ..provider.clone() };
    match validate::provider(&with) {
        Err(invalid) if invalid.field == "console_url" => {
            notes.note("has a console address that is no page's, which is left out");
        }
        _ => *provider = with,
    }
}

/// A text for people by our rules.
pub(super) fn note(text: &str, notes: &mut Notes<'_>) -> String {
    const MAX_NOTE: usize = 2_000;
    let text = normal_note(text);
    let clean: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(MAX_NOTE).collect();
    if clean != text {
        notes.note("has a note that is too long or holds control characters: it is shortened");
    }
    clean
}

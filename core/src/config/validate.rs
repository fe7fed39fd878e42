//! The rules that every record keeps, whoever writes it. Each function names the first field at fault.

use std::fmt;

use http::{HeaderName, HeaderValue, Uri};

use super::{Association, ClientKey, Config, Model, Prices, Provider, ProviderType, Secret, Settings};

pub const MAX_PROVIDERS: usize = 1_000;
pub const MAX_MODELS: usize = 5_000;
pub const MAX_ASSOCIATIONS: usize = 200;
pub const MAX_KEYS: usize = 10_000;
const MAX_NAME: usize = 200;
const MAX_URL: usize = 2_000;
const MAX_NOTE: usize = 2_000;
const MAX_SECRET: usize = 8_192;
const MAX_SAMPLES: usize = 100;
const MAX_SAMPLE: usize = 1_000;
const MAX_HEADERS: usize = 50;
const MAX_EXTRA_BODY: usize = 65_536;
const MAX_KEY_MODELS: usize = 1_000;
const MAX_SECONDS: f64 = 86_400.0;

/// A field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// As in the API and in a configuration file; empty for the record as a whole.
    pub field: String,
    /// Goes on from the field's name: `must be …`.
    pub message: String,
    /// Whether another record is in the way (a name that is taken).
    pub conflict: bool,
}

impl Invalid {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into(), conflict: false }
    }

    pub(crate) fn taken(field: &str, what: &str, name: &str) -> Self {
        Self { conflict: true, ..Self::new(field, format!("must be unique: there is another {what} `{name}`")) }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() { f.write_str(&self.message) } else { write!(f, "`{}` {}", self.field, self.message) }
    }
}

impl std::error::Error for Invalid {}

pub type Checked = Result<(), Invalid>;

pub fn provider(provider: &Provider) -> Checked {
    name("name", &provider.name)?;
    base_url("base_url", &provider.base_url)?;
    also(provider)?;
    secret("api_key", &provider.api_key)?;
    if let Some(version) = &provider.version {
        if !provider.has(ProviderType::Anthropic) {
            return Err(Invalid::new("version", "is only for providers of type `anthropic`"));
        }
        header_value("version", version)?;
    }
    if let Some(address) = &provider.proxy {
        proxy(address.reveal())?;
    }
    if provider.error_matcher.len() > MAX_SAMPLES {
        return Err(Invalid::new("error_matcher", format!("must have at most {MAX_SAMPLES} samples")));
    }
    for sample in &provider.error_matcher {
        if sample.chars().all(char::is_whitespace) {
            return Err(Invalid::new("error_matcher", "must not have an empty sample: it would match every answer"));
        }
        if sample.chars().count() > MAX_SAMPLE {
            return Err(Invalid::new("error_matcher", format!("must have samples of at most {MAX_SAMPLE} characters")));
        }
    }
    provider.console_url.as_deref().map_or(Ok(()), console_url)?;
    note(&provider.note)
}

/// The model alone; its associations are checked by [`association`].
pub fn model(model: &Model) -> Checked {
    model_name("name", &model.name)?;
    if model.max_retry > 100 {
        return Err(Invalid::new("max_retry", "must be at most 100"));
    }
    for (field, value) in [
        ("time_out", model.timeouts.total),
        ("header_timeout", model.timeouts.header),
        ("first_token_timeout", model.timeouts.first_token),
        ("idle_timeout", model.timeouts.idle),
    ] {
        value.map_or(Ok(()), |value| seconds(field, value))?;
    }
    if model.associations.len() > MAX_ASSOCIATIONS {
        return Err(Invalid::new("associations", format!("must be at most {MAX_ASSOCIATIONS}")));
    }
    note(&model.note)
}

pub fn association(association: &Association) -> Checked {
    if association.provider_model != "*" {
        model_name("provider_model", &association.provider_model)?;
        if association.provider_model.contains('*') {
            return Err(Invalid::new(
                "provider_model",
                "must be the provider's name for the model, or just `*` for the name the client asked for",
            ));
        }
    }
    if !(1..=10_000).contains(&association.weight) {
        return Err(Invalid::new("weight", "must be from 1 to 10000"));
    }
    if !(-1000..=1000).contains(&association.priority) {
        return Err(Invalid::new("priority", "must be from -1000 to 1000"));
    }
    if association.context_window == Some(0) {
        return Err(Invalid::new("context_window", "must be at least 1 token, or null where it is not known"));
    }
    headers(&association.headers)?;
    extra_body(&association.extra_body)?;
    note(&association.note)?;
    association.prices.as_ref().map_or(Ok(()), prices)
}

pub fn client_key(key: &ClientKey) -> Checked {
    name("name", &key.name)?;
    note(&key.note)?;
    let Some(models) = &key.models else {
        return Ok(());
    };
    if models.len() > MAX_KEY_MODELS {
        return Err(Invalid::new("models", format!("must be at most {MAX_KEY_MODELS}")));
    }
    models.iter().try_for_each(|model| model_name("models", model))
}

/// A client key's own text, before it is hashed.
pub fn client_key_text(text: &str) -> Checked {
    if text.len() < 8 || text.len() > 200 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Invalid::new("key", "must be 8 to 200 visible ASCII characters without spaces"));
    }
    Ok(())
}

pub fn settings(settings: &Settings, config: &Config) -> Checked {
    if settings.log_retention_days > 36_500 {
        return Err(Invalid::new("log_retention_days", "must be at most 36500; 0 keeps logs for ever"));
    }
    if settings.keep_alive > 3600 {
        return Err(Invalid::new("keep_alive", "must be at most 3600 seconds; 0 keeps no stream alive"));
    }
    if !(1..=604_800).contains(&settings.max_rest) {
        return Err(Invalid::new("max_rest", "must be 1 to 604800 seconds, which is a week"));
    }
    let Some(name) = &settings.counting_provider else {
        return Ok(());
    };
    match config.provider_named(name) {
        None => Err(Invalid::new("counting_provider", format!("names no provider: there is no `{name}`"))),
        Some(provider) if !ProviderType::ALL.iter().any(|kind| kind.dialect().counts() && provider.has(*kind)) => {
            let message = format!(
                "must be of type `anthropic`, `gemini` or `openai-res`, which count tokens, and `{name}` is not"
            );
            Err(Invalid::new("counting_provider", message))
        }
        Some(_) => Ok(()),
    }
}

fn text(field: &str, value: &str, max: usize) -> Checked {
    if value.is_empty() {
        return Err(Invalid::new(field, "must not be empty"));
    }
    if value.chars().count() > max {
        return Err(Invalid::new(field, format!("must be at most {max} characters")));
    }
    if value.chars().any(char::is_control) {
        return Err(Invalid::new(field, "must not hold control characters"));
    }
    Ok(())
}

fn name(field: &str, value: &str) -> Checked {
    text(field, value, MAX_NAME)?;
    if value.trim() != value {
        return Err(Invalid::new(field, "must not begin or end with a space"));
    }
    Ok(())
}

fn model_name(field: &str, value: &str) -> Checked {
    text(field, value, MAX_NAME)?;
    if value.chars().any(char::is_whitespace) {
        return Err(Invalid::new(field, "must not hold spaces"));
    }
    Ok(())
}

/// A text of several lines, or none.
fn note(value: &str) -> Checked {
    if value.chars().count() > MAX_NOTE {
        return Err(Invalid::new("note", format!("must be at most {MAX_NOTE} characters")));
    }
    if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err(Invalid::new("note", "must not hold control characters but line ends and tabs"));
    }
    Ok(())
}

/// A page that the operator opens: never a script, and nothing that a password would be in.
fn console_url(value: &str) -> Checked {
    text("console_url", value, MAX_URL)?;
    let uri = value.parse::<Uri>().ok();
    let uri = uri.filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host() != Some(""));
    let uri = uri.ok_or_else(|| Invalid::new("console_url", "must be a URL as `https://platform.openai.com`"))?;
    if uri.authority().is_none_or(|authority| authority.as_str().contains('@')) {
        return Err(Invalid::new("console_url", "must not hold credentials"));
    }
    Ok(())
}

/// One address for each dialect.
fn also(provider: &Provider) -> Checked {
    let mut kinds = vec![provider.kind];
    for (index, address) in provider.also.iter().enumerate() {
        if kinds.contains(&address.kind) {
            let message = format!("must be another type: the provider has an address of `{}`", address.kind.as_str());
            return Err(Invalid::new(format!("also.{index}.type"), message));
        }
        kinds.push(address.kind);
        base_url(&format!("also.{index}.base_url"), &address.base_url)?;
    }
    Ok(())
}

fn base_url(field: &str, value: &str) -> Checked {
    let wrong = |message| Err(Invalid::new(field, message));
    text(field, value, MAX_URL)?;
    let Ok(uri) = value.parse::<Uri>() else {
        return wrong("must be a URL as `https://api.openai.com/v1`");
    };
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return wrong("must begin with `http://` or `https://`");
    }
    if uri.authority().is_none_or(|authority| authority.as_str().contains('@')) {
        return wrong("must not hold credentials: they belong to `api_key`");
    }
    // `Uri` drops a fragment without a word.
    if uri.query().is_some() || value.contains('#') {
        return wrong("must not hold a query or a fragment");
    }
    if value.ends_with('/') {
        return wrong("must not end with a slash");
    }
    if !has_usable_port(&uri) {
        return wrong(PORT);
    }
    for endpoint in ["/chat/completions", "/responses", "/messages", "/models"] {
        if let Some(base) = value.strip_suffix(endpoint) {
            return Err(Invalid::new(
                field,
                format!("must be what stands before `{endpoint}`, which the gateway adds: `{base}`"),
            ));
        }
    }
    Ok(())
}

const PORT: &str = "must have a port from 1 to 65535, or none";

/// `Uri` takes any digits for a port, and then has none.
fn has_usable_port(uri: &Uri) -> bool {
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    let address = authority.rsplit('@').next().unwrap_or_default();
    match address.strip_prefix(uri.host().unwrap_or_default()).unwrap_or_default() {
        "" => true,
        _ => uri.port_u16().is_some_and(|port| port > 0),
    }
}

fn proxy(value: &str) -> Checked {
    let wrong = || {
        Invalid::new(
            "proxy",
            "must be `http://`, `https://` or `socks5://` and `[user:password@]host:port`, nothing after it",
        )
    };
    if value.len() > MAX_URL {
        return Err(wrong());
    }
    let uri = value.parse::<Uri>().map_err(|_| wrong())?;
    let known = matches!(uri.scheme_str(), Some("http" | "https" | "socks5"));
    let bare = matches!(uri.path(), "" | "/") && uri.query().is_none() && !value.contains('#');
    if !known || !bare || uri.host().is_none_or(str::is_empty) {
        return Err(wrong());
    }
    if has_usable_port(&uri) { Ok(()) } else { Err(Invalid::new("proxy", PORT)) }
}

fn secret(field: &str, value: &Secret) -> Checked {
    if value.reveal().len() > MAX_SECRET || !value.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Invalid::new(
            field,
            format!("must be at most {MAX_SECRET} visible ASCII characters without spaces, as it goes into a header"),
        ));
    }
    Ok(())
}

fn headers(headers: &[(String, String)]) -> Checked {
    if headers.len() > MAX_HEADERS {
        return Err(Invalid::new("headers", format!("must be at most {MAX_HEADERS}")));
    }
    for (index, (name, value)) in headers.iter().enumerate() {
        let field = format!("headers.{name}");
        if name.len() > MAX_NAME {
            return Err(Invalid::new("headers", format!("must have names of at most {MAX_NAME} characters")));
        }
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Invalid::new("headers", format!("must have valid names: `{name}` is none")))?;
        if FRAMING.contains(&parsed.as_str()) {
            return Err(Invalid::new(field, "must not be set: HTTP itself needs it"));
        }
        if headers.iter().take(index).any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
            return Err(Invalid::new(field, "must be given only once"));
        }
        header_value(&field, value)?;
    }
    Ok(())
}

/// Headers that describe the connection or the body's framing.
const FRAMING: [&str; 10] = [
    "connection",
    "content-encoding",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fn header_value(field: &str, value: &str) -> Checked {
    let visible = HeaderValue::from_str(value).is_ok_and(|value| value.to_str().is_ok());
    if !visible || value.len() > MAX_SECRET || value.trim() != value {
        return Err(Invalid::new(
            field,
            format!("must be at most {MAX_SECRET} visible ASCII characters, with no space at either end"),
        ));
    }
    Ok(())
}

fn extra_body(extra: &serde_json::Map<String, serde_json::Value>) -> Checked {
    if serde_json::to_string(extra).map_or(usize::MAX, |text| text.len()) > MAX_EXTRA_BODY {
        return Err(Invalid::new("extra_body", format!("must be at most {MAX_EXTRA_BODY} bytes as JSON")));
    }
    for path in extra.keys() {
        if path.split('.').any(str::is_empty) {
            return Err(Invalid::new(
                "extra_body",
                format!("must have dotted paths as keys: `{path}` has an empty part"),
            ));
        }
        if matches!(path.split('.').next(), Some("model" | "stream")) {
            return Err(Invalid::new("extra_body", format!("must not set `{path}`, which belongs to the gateway")));
        }
    }
    Ok(())
}

pub(crate) fn prices(prices: &Prices) -> Checked {
    for (field, value) in [
        ("prices.input", prices.input),
        ("prices.output", prices.output),
        ("prices.cache_read", prices.cache_read),
        ("prices.cache_write", prices.cache_write),
        ("prices.cache_write_1h", prices.cache_write_1h.unwrap_or_default()),
    ] {
        if !(0.0..=1e9).contains(&value) {
            return Err(Invalid::new(field, "must be from 0 to 1000000000, per million tokens"));
        }
    }
    let letters = prices.currency.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !letters || !(1..=10).contains(&prices.currency.len()) {
        return Err(Invalid::new("prices.currency", "must be a code of 1 to 10 letters, as `USD`"));
    }
    Ok(())
}

fn seconds(field: &str, value: f64) -> Checked {
    if value > 0.0 && value <= MAX_SECONDS {
        Ok(())
    } else {
        Err(Invalid::new(field, format!("must be seconds, more than 0 and at most {MAX_SECONDS}")))
    }
}

/// What only the whole shows: counts, and names that are taken. Names the record at fault.
pub fn together(config: &Config) -> Result<(), (String, Invalid)> {
    for (what, count, max) in [
        ("providers", config.providers.len(), MAX_PROVIDERS),
        ("models", config.models.len(), MAX_MODELS),
        ("keys", config.keys.len(), MAX_KEYS),
    ] {
        if count > max {
            return Err((what.to_owned(), Invalid::new("", format!("must be at most {max}"))));
        }
    }
    unique("provider", "name", config.providers.iter().map(|provider| (&provider.name, &provider.name)))?;
    unique("model", "name", config.models.iter().map(|model| (&model.name, &model.name)))?;
    unique("key", "name", config.keys.iter().map(|key| (&key.name, &key.name)))?;
    unique("key", "key", config.keys.iter().map(|key| (&key.hash, &key.name)))
}

fn unique<'a, T: std::hash::Hash + Eq>(
    what: &str,
    field: &str,
    items: impl Iterator<Item = (T, &'a String)>,
) -> Result<(), (String, Invalid)> {
    let mut seen = std::collections::HashMap::new();
    for (value, name) in items {
        if let Some(other) = seen.insert(value, name) {
            return Err((format!("{what} `{name}`"), Invalid::taken(field, what, other)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (url, refused) in [
            ("https://api.openai.com/v1", None),
            ("http://[::1]:8080", None),
            ("http://[::1]", None),
            ("http://host:65535/v1", None),
            ("http://host:65536/v1", Some("must have a port from 1 to 65535, or none")),
            ("http://[::1]:99999", Some("must have a port from 1 to 65535, or none")),
            ("http://9:99999", Some("must have a port from 1 to 65535, or none")),
            ("http://host:0", Some("must have a port from 1 to 65535, or none")),
            ("https://host/v1/chat/completions", Some("which the gateway adds: `https://host/v1`")),
            ("https://host/v1/responses", Some("which the gateway adds: `https://host/v1`")),
            ("https://host/anthropic/v1/messages", Some("which the gateway adds: `https://host/anthropic/v1`")),
            ("https://host/v1beta/models", Some("which the gateway adds: `https://host/v1beta`")),
            ("https://host/my-models", None),
        ] {
            let said = base_url("base_url", url).err().map(|invalid| invalid.to_string());
            match refused {
                None => assert_eq!(said, None, "{url}"),
                Some(words) => assert!(said.as_deref().is_some_and(|it| it.contains(words)), "{url}: {said:?}"),
            }
        }
        assert!(proxy("socks5://user:password@host:1080").is_ok());
        assert_eq!(proxy("http://host:70000").map_err(|invalid| invalid.message), Err(PORT.to_owned()));
    }

    #[test]
    fn consoles_and_notes() {
        for (url, is_ok) in [
            ("https://platform.openai.com/usage?project=a#today", true),
            ("http://localhost:3000", true),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("platform.openai.com", false),
            ("https://", false),
            ("https://user:password@host", false),
            ("https://host/\n", false),
            ("", false),
        ] {
            assert_eq!(console_url(url).is_ok(), is_ok, "{url}");
        }
        assert!(console_url(&format!("https://host/{}", "a".repeat(MAX_URL))).is_err());
        for (text, is_ok) in [("", true), ("two\nlines\tof it", true), ("bell \u{7}", false), ("null \0", false)] {
            assert_eq!(note(text).is_ok(), is_ok, "{text:?}");
        }
        assert!(note(&"я".repeat(MAX_NOTE)).is_ok());
        assert!(note(&"я".repeat(MAX_NOTE + 1)).is_err());
    }

    #[test]
    fn the_gateways_own_members_are_not_overridden() {
        for (path, is_ok) in
            [("model", false), ("stream", false), ("stream.x", false), ("model.x", false), ("stream_options.x", true)]
        {
            let extra = [(path.to_owned(), serde_json::Value::Null)].into_iter().collect();
            assert_eq!(extra_body(&extra).is_ok(), is_ok, "{path}");
        }
    }
}

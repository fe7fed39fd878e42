//! The immutable compiled configuration that the hot path reads.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::Arc;

use http::{HeaderName, HeaderValue, Uri};

use super::pattern::Pattern;
use super::records::{
    Association, Capabilities, ClientKey, Config, Model, Prices, Provider, ProviderType, Secret, Settings, Strategy,
    Timeouts,
};
use super::redactor::Redactor;
use crate::platform::Timestamp;
use crate::wire::json::Edits;

/// What every request is decided by. A request takes one and keeps it to its end.
#[derive(Debug)]
pub struct Snapshot {
    pub version: i64,
    /// When it was last known to be the newest.
    pub settings: Settings,
    routes: HashMap<String, Arc<Route>>,
    /// The longest first.
    patterns: Vec<(Pattern, Arc<Route>)>,
    /// In the operator's order.
    names: Vec<Arc<Route>>,
    keys: HashMap<[u8; 32], Arc<ClientKey>>,
    counting: Option<Arc<Upstream>>,
}

/// A model with those of its associations that are switched on.
#[derive(Debug)]
pub struct Route {
    /// The model's configured name or pattern.
    pub name: String,
    pub strategy: Strategy,
    pub max_retry: u32,
    pub timeouts: Timeouts,
    pub breaker: bool,
    pub created_at: Timestamp,
    pub candidates: Vec<Arc<Candidate>>,
}

/// An association, ready to be asked.
#[derive(Debug)]
pub struct Candidate {
    pub association_id: String,
    pub upstream: Arc<Upstream>,
    /// `None` sends the name the client asked for.
    pub provider_model: Option<String>,
    pub weight: u32,
    pub capabilities: Capabilities,
    pub with_header: bool,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub extra_body: Edits,
    pub prices: Option<Prices>,
    /// Takes out what only the provider and the operator may know.
    pub redactor: Redactor,
}

/// A provider, ready to be asked.
#[derive(Debug)]
pub struct Upstream {
    pub name: String,
    pub kind: ProviderType,
    pub base_url: String,
    pub api_key: Secret,
    /// `anthropic-version` for clients that send none.
    pub version: Option<HeaderValue>,
    pub proxy: Option<Secret>,
    pub error_samples: Vec<ErrorSample>,
}

/// A text that makes a 200 a failure.
#[derive(Debug)]
pub struct ErrorSample {
    /// As the operator wrote it.
    pub text: String,
    /// Lower case, without white space.
    squeezed: String,
}

impl Snapshot {
    /// Compiles `config`. A record that cannot be used is left out and named in the warnings; the rest works.
    pub fn compile(config: Config) -> (Self, Vec<String>) {
        let mut warnings = Vec::new();
        let mut upstreams = HashMap::new();
        for provider in config.providers {
            let id = provider.id.clone();
            match Upstream::compile(provider) {
                Ok(upstream) => drop(upstreams.insert(id, Arc::new(upstream))),
                Err(warning) => warnings.push(warning),
            }
        }
        let mut routes = HashMap::new();
        let mut patterns = Vec::new();
        let mut names = Vec::new();
        for model in config.models {
            let route = Arc::new(Route::compile(model, &upstreams, &mut warnings));
            if Pattern::is_pattern(&route.name) {
                patterns.push((Pattern::new(&*route.name), Arc::clone(&route)));
            } else {
                routes.insert(route.name.clone(), Arc::clone(&route));
            }
            names.push(route);
        }
        patterns.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.len()));
        let counting = config.settings.counting_provider.as_ref().and_then(|name| {
            let found =
                upstreams.values().find(|upstream| upstream.name == *name && upstream.kind == ProviderType::Anthropic);
            if found.is_none() {
                warnings.push(format!("settings.counting_provider: there is no provider `{name}` of type anthropic"));
            }
            found.cloned()
        });
        let snapshot = Self {
            version: config.version,
            settings: config.settings,
            routes,
            patterns,
            names,
            keys: config.keys.into_iter().map(|key| (key.hash, Arc::new(key))).collect(),
            counting,
        };
        (snapshot, warnings)
    }

    /// The model that answers to `name`: an exact name wins, then the longest pattern.
    pub fn route(&self, name: &str) -> Option<&Arc<Route>> {
        self.routes
            .get(name)
            .or_else(|| self.patterns.iter().find(|(pattern, _)| pattern.matches(name)).map(|(_, route)| route))
    }

    /// All models, patterns too, in the operator's order.
    pub fn models(&self) -> &[Arc<Route>] {
        &self.names
    }

    pub fn key(&self, hash: &[u8; 32]) -> Option<&Arc<ClientKey>> {
        self.keys.get(hash)
    }

    /// The Anthropic provider that counts tokens for models that have none of their own.
    pub fn counting(&self) -> Option<&Arc<Upstream>> {
        self.counting.as_ref()
    }

    /// Associations whose provider has another address, key or proxy in `next`: what is known of their health no longer
    /// holds.
    pub fn mended_in(&self, next: &Self) -> Vec<String> {
        let candidates = |snapshot: &Self| -> HashMap<String, Arc<Upstream>> {
            let candidates = snapshot.names.iter().flat_map(|route| &route.candidates);
            candidates.map(|it| (it.association_id.clone(), Arc::clone(&it.upstream))).collect()
        };
        let before = candidates(self);
        let mended = candidates(next).into_iter().filter(|(id, now)| {
            before
                .get(id)
                .is_some_and(|was| was.base_url != now.base_url || was.api_key != now.api_key || was.proxy != now.proxy)
        });
        mended.map(|(id, _)| id).collect()
    }

    pub fn has_association(&self, id: &str) -> bool {
        self.names.iter().flat_map(|route| &route.candidates).any(|candidate| candidate.association_id == id)
    }
}

impl ClientKey {
    /// Whether this key may ask for the model `name`.
    pub fn allows(&self, name: &str) -> bool {
        self.models.as_ref().is_none_or(|models| models.iter().any(|model| Pattern::new(&**model).matches(name)))
    }
}

/// Where nothing is set, there is room for a model that thinks. Some providers send a stream's head with its first token.
const TOTAL: f64 = 600.0;
const HEAD: f64 = 300.0;
/// A stream's head while another provider could still be asked.
const HEAD_BEFORE_OTHERS: f64 = 60.0;
/// From a stream's head to its first meaningful event.
const FIRST_TOKEN: f64 = 300.0;
const IDLE: f64 = 300.0;

/// What is not set is a part of the total, if that is set.
impl Timeouts {
    pub fn total(&self) -> Duration {
        seconds(self.total.unwrap_or(TOTAL))
    }

    /// `others_left`: another provider could still be asked.
    pub fn header(&self, stream: bool, others_left: bool) -> Duration {
        seconds(self.header.unwrap_or(match self.total {
            Some(total) if stream => total / 3.0,
            Some(total) => total,
            None if !stream => TOTAL,
            None if others_left => HEAD_BEFORE_OTHERS,
            None => HEAD,
        }))
    }

    /// When a stream must have had its first meaningful event: of an attempt that began at `started_at`, and whose head
    /// came at `head_at`.
    pub fn first_token_by(&self, started_at: Timestamp, head_at: Timestamp) -> Timestamp {
        match self.first_token.or(self.total.map(|total| total * 2.0 / 3.0)) {
            Some(limit) => started_at.plus(seconds(limit)),
            None => head_at.plus(seconds(FIRST_TOKEN)),
        }
    }

    /// How long a stream may be silent before its first meaningful event; comments and pings are life.
    pub fn first_silence(&self, others_left: bool) -> Duration {
        let is_set = self.total.is_some() || self.first_token.is_some();
        if others_left && !is_set { seconds(HEAD_BEFORE_OTHERS) } else { Duration::MAX }
    }

    pub fn idle(&self) -> Duration {
        seconds(self.idle.unwrap_or(IDLE))
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

impl Route {
    fn compile(model: Model, upstreams: &HashMap<String, Arc<Upstream>>, warnings: &mut Vec<String>) -> Self {
        let mut candidates = Vec::new();
        for association in model.associations.into_iter().filter(|association| association.enabled) {
            let Some(upstream) = upstreams.get(&association.provider_id) else {
                warnings.push(format!("model `{}`: the provider of an association is missing or unusable", model.name));
                continue;
            };
            match Candidate::compile(association, Arc::clone(upstream)) {
                Ok(candidate) => candidates.push(Arc::new(candidate)),
                Err(problem) => {
                    warnings.push(format!("model `{}`, provider `{}`: {problem}", model.name, upstream.name));
                }
            }
        }
        Self {
            name: model.name,
            strategy: model.strategy,
            max_retry: model.max_retry,
            timeouts: model.timeouts,
            breaker: model.breaker,
            created_at: model.created_at,
            candidates,
        }
    }
}

impl Candidate {
    pub(crate) fn compile(association: Association, upstream: Arc<Upstream>) -> Result<Self, String> {
        let mut headers = Vec::new();
        for (name, value) in &association.headers {
            let header = HeaderName::try_from(name).map_err(|_| format!("`{name}` is no header name"))?;
            let value =
                HeaderValue::try_from(value).map_err(|_| format!("the value of header `{name}` is unusable"))?;
            headers.push((header, value));
        }
        let mut extra_body = Edits::default();
        for (path, value) in &association.extra_body {
            extra_body.set_value(path, value);
        }
        let header_values = association.headers.iter().map(|(_, value)| value.as_str());
        let proxy = upstream.proxy.iter().map(Secret::reveal);
        let redactor = Redactor::new([upstream.api_key.reveal()].into_iter().chain(proxy).chain(header_values));
        Ok(Self {
            redactor,
            association_id: association.id,
            upstream,
            provider_model: Some(association.provider_model).filter(|name| name != "*"),
            weight: association.weight,
            capabilities: association.capabilities,
            with_header: association.with_header,
            headers,
            extra_body,
            prices: association.prices,
        })
    }
}

#[cfg(test)]
impl Candidate {
    /// One that can do everything, to be changed where a test needs it.
    pub(crate) fn of_tests(kind: ProviderType) -> Self {
        let provider = Provider {
            id: "p".to_owned(),
            name: "p".to_owned(),
            kind,
            base_url: "https://provider.example/v1".to_owned(),
            api_key: Secret::new("sk-provider-key"),
            version: None,
            proxy: None,
            error_matcher: Vec::new(),
        };
        let association = Association {
            id: "a".to_owned(),
            provider_id: "p".to_owned(),
            provider_model: "*".to_owned(),
            weight: 1,
            capabilities: Capabilities::ALL,
            with_header: false,
            headers: Vec::new(),
            extra_body: serde_json::Map::new(),
            prices: None,
            enabled: true,
        };
        Self::compile(association, Arc::new(Upstream::compile(provider).unwrap())).unwrap()
    }
}

impl Upstream {
    pub(crate) fn compile(provider: Provider) -> Result<Self, String> {
        let problem = |what: &str| format!("provider `{}`: {what}", provider.name);
        let uri: Uri = provider.base_url.parse().map_err(|_| problem("base_url is no URL"))?;
        if uri.scheme().is_none() || uri.authority().is_none() {
            return Err(problem("base_url must begin with http:// or https:// and name a host"));
        }
        let version = provider.version.as_deref().map(HeaderValue::from_str).transpose();
        let version = version.map_err(|_| problem("version cannot be sent as a header"))?;
        let samples = provider.error_matcher.iter();
        let samples = samples.map(|text| ErrorSample { text: text.clone(), squeezed: squeeze(text) });
        let error_samples = samples.filter(|sample| !sample.squeezed.is_empty());
        Ok(Self {
            error_samples: error_samples.collect(),
            name: provider.name,
            kind: provider.kind,
            base_url: provider.base_url.trim_end_matches('/').to_owned(),
            api_key: provider.api_key,
            version,
            proxy: provider.proxy,
        })
    }

    /// The configured sample that occurs in `body`, compared without case and white space.
    pub fn matching_error(&self, body: &[u8]) -> Option<&str> {
        if self.error_samples.is_empty() {
            return None;
        }
        let body = squeeze(&String::from_utf8_lossy(body));
        self.error_samples.iter().find(|sample| body.contains(&sample.squeezed)).map(|sample| sample.text.as_str())
    }
}

fn squeeze(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(name: &str, kind: ProviderType) -> Provider {
        Provider {
            id: format!("id-{name}"),
            name: name.to_owned(),
            kind,
            base_url: "https://provider.example/v1/".to_owned(),
            api_key: Secret::new("k"),
            version: None,
            proxy: None,
            error_matcher: Vec::new(),
        }
    }

    fn association(provider: &str) -> Association {
        Association {
            id: format!("to-{provider}"),
            provider_id: format!("id-{provider}"),
            provider_model: "*".to_owned(),
            weight: 1,
            capabilities: Capabilities::ALL,
            with_header: false,
            headers: Vec::new(),
            extra_body: serde_json::Map::new(),
            prices: None,
            enabled: true,
        }
    }

    fn model(name: &str, associations: Vec<Association>) -> Model {
        Model {
            id: format!("id-{name}"),
            name: name.to_owned(),
            strategy: Strategy::Lottery,
            max_retry: 3,
            timeouts: Timeouts::default(),
            breaker: true,
            created_at: Timestamp::from_secs(0),
            associations,
        }
    }

    #[test]
    fn an_exact_name_wins_then_the_longest_pattern() {
        let names = ["*", "gpt-*", "gpt-5*", "gpt-5"];
        let config = Config { models: names.map(|name| model(name, Vec::new())).into(), ..Config::default() };
        let (snapshot, warnings) = Snapshot::compile(config);
        assert_eq!(warnings, Vec::<String>::new());
        for (asked, expected) in [("gpt-5", "gpt-5"), ("gpt-5-mini", "gpt-5*"), ("gpt-4", "gpt-*"), ("claude", "*")] {
            assert_eq!(snapshot.route(asked).map(|route| route.name.as_str()), Some(expected), "{asked}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_left_out_and_named() {
        let mut off = association("good");
        off.enabled = false;
        let mut broken = association("good");
        broken.headers.push(("bad header".to_owned(), "x".to_owned()));
        let mut no_url = provider("no-url", ProviderType::OpenAi);
        no_url.base_url = "nowhere".to_owned();
        let config = Config {
            providers: vec![provider("good", ProviderType::OpenAi), no_url],
            models: vec![model(
                "m",
                vec![association("good"), off, broken, association("no-url"), association("gone")],
            )],
            settings: Settings { counting_provider: Some("good".to_owned()), ..Settings::default() },
            ..Config::default()
        };
        let (snapshot, warnings) = Snapshot::compile(config);
        let candidates = &snapshot.route("m").unwrap().candidates;
        assert_eq!(candidates.len(), 1);
        assert_eq!(candidates[0].upstream.base_url, "https://provider.example/v1");
        assert_eq!(candidates[0].provider_model, None);
        assert_eq!(warnings.len(), 5, "{warnings:#?}");
        assert!(snapshot.counting().is_none(), "an OpenAI provider cannot count");
    }

    #[test]
    fn error_samples_are_compared_without_case_and_white_space() {
        let mut provider = provider("p", ProviderType::OpenAi);
        provider.error_matcher = vec!["Insufficient  Balance".to_owned(), "\"code\": 1113".to_owned(), "  ".to_owned()];
        let upstream = Upstream::compile(provider).unwrap();
        for (body, expected) in [
            ("{\"msg\":\"insufficient balance\"}", true),
            ("{\"error\":{\"code\":1113}}", true),
            ("{\"choices\":[]}", false),
            ("", false),
        ] {
            assert_eq!(upstream.matching_error(body.as_bytes()).is_some(), expected, "{body}");
        }
    }

    #[test]
    fn a_part_that_is_not_set_is_one_of_the_total_that_is() {
        let unset = Timeouts::default();
        let total = Timeouts { total: Some(60.0), ..unset };
        let parts = Timeouts { header: Some(7.5), first_token: Some(9.0), idle: Some(1.0), ..unset };
        // The total; the head of a stream while others are left and without, of another answer; the first event of an
        // attempt whose head took 5 s; a silence.
        for (timeouts, expected) in [
            (unset, [600.0, 60.0, 300.0, 600.0, 305.0, 300.0]),
            (total, [60.0, 20.0, 20.0, 60.0, 40.0, 300.0]),
            (parts, [600.0, 7.5, 7.5, 7.5, 9.0, 1.0]),
            (Timeouts { total: Some(60.0), ..parts }, [60.0, 7.5, 7.5, 7.5, 9.0, 1.0]),
            (Timeouts { idle: Some(1.0), ..total }, [60.0, 20.0, 20.0, 60.0, 40.0, 1.0]),
        ] {
            let started_at = Timestamp::from_secs(1_000);
            let first_token = timeouts.first_token_by(started_at, Timestamp::from_secs(1_005));
            let found = [
                timeouts.total(),
                timeouts.header(true, true),
                timeouts.header(true, false),
                timeouts.header(false, true),
                first_token.since(started_at),
                timeouts.idle(),
            ];
            assert_eq!(found.map(|duration| duration.as_secs_f64()), expected, "{timeouts:?}");
        }
    }
}

//! The immutable compiled configuration that the hot path reads.

use std::collections::HashMap;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};

use super::pattern::Pattern;
use super::records::{
    Association, Capabilities, ClientKey, Config, Model, Prices, Secret, Settings, Strategy, StreamMode,
};
use super::redactor::Redactor;
use super::roster::Roster;
use super::timeouts::Timeouts;
pub use super::upstream::{ErrorSample, Upstream};
use super::validate;
use crate::dialect::Dialect;
use crate::platform::Timestamp;
use crate::wire::json::Edits;

/// What every request is decided by. A request takes one and keeps it to its end.
#[derive(Debug)]
pub struct Snapshot {
    pub version: i64,
    pub settings: Settings,
    pub roster: Roster,
    routes: HashMap<String, Arc<Route>>,
    /// The longest first.
    patterns: Vec<(Pattern, Arc<Route>)>,
    /// In the operator's order.
    names: Vec<Arc<Route>>,
    keys: HashMap<[u8; 32], Arc<ClientKey>>,
    counting: Option<Arc<Upstream>>,
}

/// A model with those of its associations that are switched on, as their providers are.
#[derive(Clone, Debug)]
pub struct Route {
    /// The model's configured name or pattern.
    pub name: String,
    pub strategy: Strategy,
    pub max_retry: u32,
    pub timeouts: Timeouts,
    pub breaker: bool,
    pub affinity: bool,
    pub prefer_same_dialect: bool,
    pub strict: bool,
    /// One that is switched off is found, and answers nobody.
    pub enabled: bool,
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
    pub priority: i32,
    pub capabilities: Capabilities,
    /// It takes no part where the request would have to be translated.
    pub relay_only: bool,
    /// In tokens.
    pub context_window: Option<u32>,
    pub stream: StreamMode,
    pub with_header: bool,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub extra_body: Edits,
    pub prices: Option<Prices>,
    /// Takes out what only the provider and the operator may know.
    pub redactor: Redactor,
}

/// A tier below all that can be configured.
pub const BEHIND_ALL: i32 = i32::MIN;

/// Of what was stored before there was a rule against it.
const AS_IT_IS: &str = "it is used as it is";

impl Snapshot {
    /// Compiles `config`. A record that cannot be used is left out and named in the warnings; the rest works, also what
    /// breaks a rule that came later, which the warnings name too.
    pub fn compile(config: Config) -> (Self, Vec<String>) {
        let mut warnings = Vec::new();
        let roster = Roster::of(&config);
        let mut upstreams = HashMap::new();
        for provider in config.providers {
            let id = provider.id.clone();
            if !provider.enabled {
                upstreams.insert(id, None);
                continue;
            }
            let checked = validate::provider(&provider);
            match Upstream::compile(provider) {
                Ok(upstream) => {
                    if let Err(invalid) = checked {
                        warnings.push(format!("provider `{}`: {invalid}; {AS_IT_IS}", upstream.name));
                    }
                    upstreams.insert(id, Some(Arc::new(upstream)));
                }
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
            let counts = |upstream: &&Arc<Upstream>| upstream.name == *name && upstream.dialects().any(Dialect::counts);
            let found = upstreams.values().flatten().find(counts);
            if found.is_none() {
                warnings.push(format!(
                    "settings.counting_provider: there is no provider `{name}` of type anthropic, gemini or openai-res that is switched on"
                ));
            }
            found.cloned()
        });
        let snapshot = Self {
            version: config.version,
            settings: config.settings,
            roster,
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

    pub fn key_of_id(&self, id: &str) -> Option<&Arc<ClientKey>> {
        self.keys.values().find(|key| key.id == id)
    }

    /// The provider that counts tokens for models whose own cannot.
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
            before.get(id).is_some_and(|was| {
                let addresses = |it: &Upstream| -> Vec<_> { it.also.iter().map(|it| it.base_url.clone()).collect() };
                was.base_url != now.base_url
                    || was.api_key != now.api_key
                    || was.proxy != now.proxy
                    || addresses(was) != addresses(now)
            })
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

impl Route {
    /// Whether it matters which conversation a request belongs to.
    pub fn keeps_conversations(&self) -> bool {
        self.affinity && self.strategy != Strategy::Rotor && self.candidates.len() > 1
    }

    /// `upstreams`: by the provider's id, `None` for one that is switched off.
    fn compile(model: Model, upstreams: &HashMap<String, Option<Arc<Upstream>>>, warnings: &mut Vec<String>) -> Self {
        let mut candidates = Vec::new();
        for association in model.associations.into_iter().filter(|association| association.enabled) {
            let upstream = match upstreams.get(&association.provider_id) {
                Some(Some(upstream)) => upstream,
                Some(None) => continue,
                None => {
                    warnings
                        .push(format!("model `{}`: the provider of an association is missing or unusable", model.name));
                    continue;
                }
            };
            let checked = validate::association(&association);
            match Candidate::compile(association, Arc::clone(upstream)) {
                Ok(candidate) => {
                    if let Err(invalid) = checked {
                        warnings.push(format!(
                            "model `{}`, provider `{}`: {invalid}; {AS_IT_IS}",
                            model.name, upstream.name
                        ));
                    }
                    candidates.push(Arc::new(candidate));
                }
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
            affinity: model.affinity,
            prefer_same_dialect: model.prefer_same_dialect,
            strict: model.strict,
            enabled: model.enabled,
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
            capabilities: association.capabilities(),
            relay_only: association.relay_only,
            context_window: association.context_window,
            association_id: association.id,
            upstream,
            provider_model: Some(association.provider_model).filter(|name| name != "*"),
            weight: association.weight,
            priority: association.priority,
            stream: association.stream,
            with_header: association.with_header,
            headers,
            extra_body,
            prices: association.prices,
        })
    }
}

impl Candidate {
    /// Whether it answers clients of `dialect` byte for byte.
    pub fn relays(&self, dialect: Dialect) -> bool {
        self.upstream.speaking(dialect).is_some()
    }

    /// Whether it is one of the model's associations, and no other provider that counts for the model.
    pub fn is_own(&self) -> bool {
        self.priority > BEHIND_ALL
    }

    /// The address at which it counts tokens for a client of `dialect`, in that dialect or through translation.
    pub fn counter(&self, dialect: Dialect) -> Option<&Upstream> {
        let counts = |it: &&Upstream| it.kind.dialect().counts();
        let addresses = || std::iter::once(&*self.upstream).chain(&self.upstream.also);
        let other = || addresses().find(counts).filter(|_| dialect.counts() && !self.relay_only);
        self.upstream.speaking(dialect).filter(counts).or_else(other)
    }

    /// The address at which it is asked for a client of `dialect`: where it speaks that, else the first.
    pub fn address(&self, dialect: Dialect) -> &Upstream {
        self.upstream.speaking(dialect).unwrap_or(&self.upstream)
    }

    /// Whether it answers clients of `dialect` at all.
    pub fn reaches(&self, dialect: Dialect) -> bool {
        self.relays(dialect) || !self.relay_only
    }
}

#[cfg(test)]
impl Candidate {
    /// One that can do everything, to be changed where a test needs it.
    pub(crate) fn of_tests(kind: crate::config::ProviderType) -> Self {
        let provider = crate::config::Provider {
            id: "p".to_owned(),
            name: "p".to_owned(),
            kind,
            base_url: "https://provider.example/v1".to_owned(),
            also: Vec::new(),
            api_key: Secret::new("sk-provider-key"),
            version: None,
            proxy: None,
            error_matcher: Vec::new(),
            console_url: None,
            note: String::new(),
            enabled: true,
        };
        let association = Association {
            id: "a".to_owned(),
            provider_id: "p".to_owned(),
            provider_model: "*".to_owned(),
            weight: 1,
            priority: 0,
            tool_call: true,
            structured_output: true,
            image: true,
            relay_only: false,
            context_window: None,
            stream: StreamMode::Auto,
            with_header: false,
            headers: Vec::new(),
            extra_body: serde_json::Map::new(),
            prices: None,
            note: String::new(),
            enabled: true,
        };
        Self::compile(association, Arc::new(Upstream::compile(provider).unwrap())).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Provider, ProviderType};

    fn provider(name: &str, kind: ProviderType) -> Provider {
        Provider {
            id: format!("id-{name}"),
            name: name.to_owned(),
            kind,
            base_url: "https://provider.example/v1/".to_owned(),
            also: Vec::new(),
            api_key: Secret::new("k"),
            version: None,
            proxy: None,
            error_matcher: Vec::new(),
            console_url: None,
            note: String::new(),
            enabled: true,
        }
    }

    fn association(provider: &str) -> Association {
        Association {
            id: format!("to-{provider}"),
            provider_id: format!("id-{provider}"),
            provider_model: "*".to_owned(),
            weight: 1,
            priority: 0,
            tool_call: true,
            structured_output: true,
            image: true,
            relay_only: false,
            context_window: None,
            stream: StreamMode::Auto,
            with_header: false,
            headers: Vec::new(),
            extra_body: serde_json::Map::new(),
            prices: None,
            note: String::new(),
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
            affinity: true,
            prefer_same_dialect: true,
            strict: false,
            note: String::new(),
            enabled: true,
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
        let mut config = Config {
            providers: vec![provider("good", ProviderType::OpenAi), no_url],
            models: vec![model(
                "m",
                vec![association("good"), off, broken, association("no-url"), association("gone"), association("off")],
            )],
            settings: Settings { counting_provider: Some("good".to_owned()), ..Settings::default() },
            ..Config::default()
        };
        let mut off = provider("off", ProviderType::OpenAi);
        off.enabled = false;
        config.providers.push(off);
        let (snapshot, warnings) = Snapshot::compile(config);
        let candidates = &snapshot.route("m").unwrap().candidates;
        assert_eq!(candidates.len(), 1);
        assert_eq!(candidates[0].upstream.base_url, "https://provider.example/v1");
        assert_eq!(candidates[0].provider_model, None);
        assert_eq!(warnings.len(), 6, "{warnings:#?}");
        assert!(
            warnings.iter().any(|it| it.ends_with("must not end with a slash; it is used as it is")),
            "{warnings:#?}"
        );
        assert!(snapshot.counting().is_none(), "an OpenAI provider cannot count");
    }
}

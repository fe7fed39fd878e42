use http::{HeaderValue, Uri};

use super::{Address, Provider, ProviderType, Secret};
use crate::dialect::Dialect;

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
    /// Its further addresses: the same, but for type and address.
    pub also: Vec<Self>,
}

/// A text that makes a 200 a failure.
#[derive(Debug)]
pub struct ErrorSample {
    /// As the operator wrote it.
    pub text: String,
    /// Lower case, without white space.
    squeezed: String,
}

impl Upstream {
    /// What a 404 of it probably means, for the operator: most addresses end in the version of the API.
    pub(crate) fn hint_at_not_found(&self) -> Option<String> {
        let is_version = |segment: &str| {
            let digits = segment.strip_prefix('v').unwrap_or_default();
            digits.starts_with(|first: char| first.is_ascii_digit())
        };
        let path = self.base_url.split_once("://").map_or("", |(_, rest)| rest);
        let version = if self.kind == ProviderType::Gemini { "/v1beta" } else { "/v1" };
        (!path.split('/').skip(1).any(is_version)).then(|| format!("perhaps its base_url should end in `{version}`"))
    }

    /// The one of its addresses that speaks `dialect`, if one does.
    pub fn speaking(&self, dialect: Dialect) -> Option<&Self> {
        std::iter::once(self).chain(&self.also).find(|it| it.kind.dialect() == dialect)
    }

    /// The dialects that it speaks, its own type's first.
    pub fn dialects(&self) -> impl Iterator<Item = Dialect> {
        std::iter::once(self).chain(&self.also).map(|it| it.kind.dialect())
    }

    pub(crate) fn compile(mut provider: Provider) -> Result<Self, String> {
        let also = std::mem::take(&mut provider.also).into_iter();
        let also =
            also.map(|Address { kind, base_url }| Self::compile(Provider { kind, base_url, ..provider.clone() }));
        let also = also.collect::<Result<_, _>>()?;
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
            also,
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

    fn upstream(kind: ProviderType, base_url: &str, samples: &[&str]) -> Upstream {
        let provider = Provider {
            id: "p".to_owned(),
            name: "p".to_owned(),
            kind,
            base_url: base_url.to_owned(),
            also: Vec::new(),
            api_key: Secret::default(),
            version: None,
            proxy: None,
            error_matcher: samples.iter().map(|sample| (*sample).to_owned()).collect(),
            console_url: None,
            note: String::new(),
            enabled: true,
        };
        Upstream::compile(provider).unwrap()
    }

    #[test]
    fn an_address_without_a_version() {
        use ProviderType::{Anthropic, Gemini, OpenAi};
        for (kind, base_url, missing) in [
            (OpenAi, "https://provider.example", Some("`/v1`")),
            (OpenAi, "https://v1.provider.example/openai", Some("`/v1`")),
            (OpenAi, "https://provider.example/vertex", Some("`/v1`")),
            (OpenAi, "https://provider.example/v1", None),
            (OpenAi, "https://provider.example/api/paas/v4", None),
            (Anthropic, "https://provider.example/anthropic", Some("`/v1`")),
            (Gemini, "https://provider.example", Some("`/v1beta`")),
            (Gemini, "https://provider.example/v1beta", None),
            (Gemini, "https://provider.example/v1/projects/p", None),
        ] {
            let hint = upstream(kind, base_url, &[]).hint_at_not_found();
            assert_eq!(hint.is_some(), missing.is_some(), "{base_url}: {hint:?}");
            assert!(hint.unwrap_or_default().contains(missing.unwrap_or_default()), "{base_url}");
        }
    }

    #[test]
    fn error_samples_are_compared_without_case_and_white_space() {
        let samples = ["Insufficient  Balance", "\"code\": 1113", "  ", "busy; later"];
        let upstream = upstream(ProviderType::OpenAi, "https://provider.example/v1", &samples);
        for (body, expected) in [
            ("{\"msg\":\"insufficient balance\"}", true),
            ("{\"error\":{\"code\":1113}}", true),
            ("{\"error\":\"Busy;\\nLater\"}", false),
            ("{\"error\":\"Busy; later\"}", true),
            ("{\"choices\":[]}", false),
            ("", false),
        ] {
            assert_eq!(upstream.matching_error(body.as_bytes()).is_some(), expected, "{body}");
        }
    }
}

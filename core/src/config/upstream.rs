use http::{HeaderValue, Uri};

use super::{Provider, ProviderType, Secret};

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

    #[test]
    fn error_samples_are_compared_without_case_and_white_space() {
        let samples = ["Insufficient  Balance", "\"code\": 1113", "  ", "busy; later"];
        let provider = Provider {
            id: "p".to_owned(),
            name: "p".to_owned(),
            kind: ProviderType::OpenAi,
            base_url: "https://provider.example/v1".to_owned(),
            api_key: Secret::default(),
            version: None,
            proxy: None,
            error_matcher: samples.map(str::to_owned).into(),
        };
        let upstream = Upstream::compile(provider).unwrap();
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

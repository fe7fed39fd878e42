//! Which headers pass, in both directions.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::config::snapshot::Candidate;

const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("llmio/", env!("CARGO_PKG_VERSION")));

/// The headers of a provider's request, but for what its type of provider wants of its own.
pub(super) fn for_provider(client: &HeaderMap, candidate: &Candidate, stream: bool) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(16);
    if candidate.with_header {
        let named = connection_options(client);
        for (name, value) in client {
            if !is_private(name) && !named.iter().any(|option| option == name.as_str()) {
                headers.append(name, value.clone());
            }
        }
    }
    headers.entry(header::USER_AGENT).or_insert(USER_AGENT);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let accept = if stream { "text/event-stream, application/json" } else { "application/json" };
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static(accept));
    headers
}

/// A client's headers without those that belong to its dialect, its SDK or its own agent.
pub(super) fn neutral(client: &HeaderMap) -> HeaderMap {
    const OWN: [&str; 7] = ["anthropic-", "openai-", "x-openai-", "x-goog-", "x-stainless-", "x-codex-", "x-claude-"];
    let is_own = |name: &HeaderName| {
        OWN.iter().any(|prefix| name.as_str().starts_with(prefix))
            || matches!(name.as_str(), "accept" | "originator" | "session-id" | "session_id" | "thread-id" | "x-app")
    };
    let mut headers = HeaderMap::with_capacity(client.len());
    for (name, value) in client.iter().filter(|(name, _)| !is_own(name)) {
        headers.append(name, value.clone());
    }
    headers
}

/// What belongs to the client's own connection, its credentials or its place on the network, or is set anew.
fn is_private(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "authorization"
            | "x-api-key"
            | "x-goog-api-key"
            | "api-key"
            | "cookie"
            | "cookie2"
            | "host"
            | "content-length"
            | "content-type"
            | "content-encoding"
            | "accept-encoding"
            | "expect"
            | "origin"
            | "referer"
            | "forwarded"
            | "via"
            | "x-real-ip"
            | "true-client-ip"
            | "cdn-loop"
            | "x-amzn-trace-id"
    ) || is_hop_by_hop(name)
        || ["x-forwarded-", "sec-", "cf-", "x-llmio-", "access-control-request-"]
            .iter()
            .any(|prefix| name.as_str().starts_with(prefix))
}

/// RFC 9110 section 7.6.1 and its predecessors.
fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "http2-settings"
    )
}

/// Further hop-by-hop headers that a `Connection` header names.
fn connection_options(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|option| option.trim().to_ascii_lowercase())
        .collect()
}

/// Removes from a provider's answer what must not reach the client: framing, cookies, and what the provider says of
/// its own site rather than of the answer.
pub(super) fn for_client(headers: &mut HeaderMap) {
    for option in connection_options(headers) {
        headers.remove(option);
    }
    let unwanted: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            is_hop_by_hop(name)
                || matches!(
                    name.as_str(),
                    "content-length"
                        | "set-cookie"
                        | "location"
                        | "www-authenticate"
                        | "refresh"
                        | "clear-site-data"
                        | "set-cookie2"
                        | "alt-svc"
                        | "strict-transport-security"
                        | "server"
                        | "x-powered-by"
                        | "report-to"
                        | "nel"
                        | "content-security-policy"
                        | "via"
                )
                || ["access-control-", "cf-", "x-llmio-"].iter().any(|prefix| name.as_str().starts_with(prefix))
        })
        .cloned()
        .collect();
    for name in unwanted {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProviderType;

    fn candidate(with_header: bool) -> Candidate {
        Candidate { with_header, ..Candidate::of_tests(ProviderType::OpenAi) }
    }

    fn map(lines: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines.lines() {
            let (name, value) = line.trim().split_once(": ").unwrap();
            headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn lines(headers: &HeaderMap) -> Vec<String> {
        let mut lines: Vec<_> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        lines
    }

    const CLIENT: &str = "authorization: Bearer mine
        x-api-key: mine
        x-goog-api-key: mine
        cookie: a=b
        host: gateway
        connection: close, x-named
        x-named: 1
        te: trailers
        content-length: 12
        content-encoding: gzip
        accept-encoding: br
        x-forwarded-for: 10.0.0.1
        origin: https://page.example
        sec-fetch-mode: cors
        user-agent: agent/1
        openai-beta: realtime
        openai-organization: org
        x-stainless-lang: js
        anthropic-version: 2099-01-01
        anthropic-beta: one
        anthropic-beta: two
        x-unknown: kept";

    #[test]
    fn towards_the_provider() {
        let always = ["accept: application/json", "content-type: application/json"];
        let passed = [
            "openai-beta: realtime",
            "openai-organization: org",
            "user-agent: agent/1",
            "x-stainless-lang: js",
            "x-unknown: kept",
        ];
        let betas = ["anthropic-beta: one", "anthropic-beta: two", "anthropic-version: 2099-01-01"];
        let ours = [concat!("user-agent: llmio/", env!("CARGO_PKG_VERSION"))];
        for (with_header, expected) in
            [(true, [&always[..], &passed, &betas].concat()), (false, [&always[..], &ours].concat())]
        {
            let mut expected = expected.clone();
            expected.sort_unstable();
            let headers = for_provider(&map(CLIENT), &candidate(with_header), false);
            assert_eq!(lines(&headers), expected, "{with_header}");
        }
    }

    #[test]
    fn towards_the_client() {
        let mut headers = map("content-type: text/event-stream
            content-length: 5
            transfer-encoding: chunked
            connection: keep-alive, x-named
            x-named: 1
            set-cookie: a=b
            location: https://provider.example/login
            www-authenticate: Bearer
            refresh: 0
            clear-site-data: \"*\"
            server: x
            cf-ray: 1
            x-llmio-provider: its own
            access-control-allow-origin: https://provider.example
            retry-after: 3
            x-request-id: req_1
            x-ratelimit-remaining-requests: 9
            anthropic-ratelimit-unified-5h-status: allowed
            openai-processing-ms: 12");
        for_client(&mut headers);
        assert_eq!(
            lines(&headers),
            [
                "anthropic-ratelimit-unified-5h-status: allowed",
                "content-type: text/event-stream",
                "openai-processing-ms: 12",
                "retry-after: 3",
                "x-ratelimit-remaining-requests: 9",
                "x-request-id: req_1",
            ]
        );
    }
}

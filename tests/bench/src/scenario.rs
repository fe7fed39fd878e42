use bytes::Bytes;
use llmio_upstream::Dialect;

use crate::load::Load;
use crate::measure::Target;

/// The time that a provider leaves between two events of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// None: as fast as it can.
    Burst,
    Every2Ms,
    Every4Ms,
    Every20Ms,
}

impl Pace {
    /// By their numbers.
    pub(crate) const ALL: [Self; 4] = [Self::Burst, Self::Every2Ms, Self::Every4Ms, Self::Every20Ms];

    pub(crate) const fn micros(self) -> u64 {
        match self {
            Self::Burst => 0,
            Self::Every2Ms => 2_000,
            Self::Every4Ms => 4_000,
            Self::Every20Ms => 20_000,
        }
    }

    /// Of what is asked to get streams of that pace: a provider, a model. All have the same length.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Burst => "every-00",
            Self::Every2Ms => "every-02",
            Self::Every4Ms => "every-04",
            Self::Every20Ms => "every-20",
        }
    }
}

/// One kind of request, and how many of them make a measurement.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) stream: bool,
    pub(crate) pace: Pace,
    pub(crate) body_bytes: usize,
    /// Over `connections` at once, for throughput and CPU time.
    pub(crate) requests: usize,
    pub(crate) connections: usize,
    /// One after the other, for latency.
    pub(crate) sequential: usize,
    /// The CPU time of a request, as a multiple of nginx's or the pass-through's, that a check allows.
    pub(crate) budget: f64,
}

const KB: usize = 1_000;
const MB: usize = 1_000 * KB;

#[rustfmt::skip]
pub(crate) const SERVER: [Scenario; 8] = [
    Scenario { name: "unary, 1 KB",             stream: false, pace: Pace::Burst,     body_bytes: KB,       requests: 6_000, connections: 16, sequential: 1_000, budget: 2.6 },
    Scenario { name: "unary, 100 KB",           stream: false, pace: Pace::Burst,     body_bytes: 100 * KB, requests: 2_000, connections: 16, sequential: 400,   budget: 1.5 },
    Scenario { name: "unary, 5 MB",             stream: false, pace: Pace::Burst,     body_bytes: 5 * MB,   requests: 80,    connections: 16, sequential: 30,    budget: 1.0 },
    Scenario { name: "68-chunk stream, 1 KB",   stream: true,  pace: Pace::Burst,     body_bytes: KB,       requests: 1_500, connections: 16, sequential: 300,   budget: 2.4 },
    Scenario { name: "68-chunk stream, 100 KB", stream: true,  pace: Pace::Burst,     body_bytes: 100 * KB, requests: 1_000, connections: 16, sequential: 200,   budget: 2.0 },
    Scenario { name: "68-chunk stream, 5 MB",   stream: true,  pace: Pace::Burst,     body_bytes: 5 * MB,   requests: 80,    connections: 16, sequential: 30,    budget: 1.0 },
    Scenario { name: "68 chunks, one every 4 ms",  stream: true, pace: Pace::Every4Ms,  body_bytes: KB, requests: 640, connections: 64, sequential: 8, budget: 1.6 },
    Scenario { name: "68 chunks, one every 20 ms", stream: true, pace: Pace::Every20Ms, body_bytes: KB, requests: 256, connections: 64, sequential: 2, budget: 1.6 },
];

#[rustfmt::skip]
pub(crate) const WORKER: [Scenario; 3] = [
    Scenario { name: "unary, 1 KB",           stream: false, pace: Pace::Burst, body_bytes: KB, requests: 6_000, connections: 16, sequential: 200, budget: 1.5 },
    Scenario { name: "68-chunk stream, 1 KB", stream: true,  pace: Pace::Burst, body_bytes: KB, requests: 1_000, connections: 16, sequential: 50,  budget: 1.5 },
    Scenario { name: "68-chunk stream, 1 KB, an event every 2 ms", stream: true, pace: Pace::Every2Ms, body_bytes: KB, requests: 320, connections: 32, sequential: 4, budget: 1.5 },
];

/// Of one home's translation, beside its own relay of the same client's requests.
#[rustfmt::skip]
pub(crate) const TRANSLATION: [Scenario; 3] = [
    Scenario { name: "unary, 1 KB",           stream: false, pace: Pace::Burst, body_bytes: KB,       requests: 4_000, connections: 16, sequential: 2_000, budget: 2.0 },
    Scenario { name: "unary, 100 KB",         stream: false, pace: Pace::Burst, body_bytes: 100 * KB, requests: 1_000, connections: 16, sequential: 1_500, budget: 2.0 },
    Scenario { name: "68-chunk stream, 1 KB", stream: true,  pace: Pace::Burst, body_bytes: KB,       requests: 1_000, connections: 16, sequential: 1_000, budget: 2.0 },
];

#[rustfmt::skip]
pub(crate) const WORKER_TRANSLATION: [Scenario; 2] = [
    Scenario { name: "unary, 1 KB",           stream: false, pace: Pace::Burst, body_bytes: KB, requests: 1_000, connections: 16, sequential: 200, budget: 2.0 },
    Scenario { name: "68-chunk stream, 1 KB", stream: true,  pace: Pace::Burst, body_bytes: KB, requests: 320,   connections: 16, sequential: 100, budget: 2.0 },
];

/// One request that is nearly all text.
pub(crate) const LARGE: Scenario = Scenario {
    name: "unary, 10 MB",
    stream: false,
    pace: Pace::Burst,
    body_bytes: 10 * MB,
    requests: 1,
    connections: 1,
    sequential: 1,
    budget: f64::INFINITY,
};

impl Scenario {
    pub(crate) fn scaled(&self, scale: f64) -> Self {
        let scaled = |count: usize, least: usize| ((count as f64 * scale).round() as usize).max(least);
        let (requests, sequential) = (scaled(self.requests, self.connections), scaled(self.sequential, 1));
        Self { requests, sequential, ..self.clone() }
    }

    /// Its requests one after the other.
    pub(crate) fn load(&self, target: &dyn Target) -> Load {
        let (address, model) = (target.address(self.pace), target.model(self.pace));
        let path = match (target.client(), self.stream) {
            (Dialect::Chat, _) => "/v1/chat/completions".to_owned(),
            (Dialect::Responses, _) => "/v1/responses".to_owned(),
            (Dialect::Anthropic, _) => "/v1/messages".to_owned(),
            (Dialect::Gemini, true) => format!("/gemini/v1beta/models/{model}:streamGenerateContent?alt=sse"),
            (Dialect::Gemini, false) => format!("/gemini/v1beta/models/{model}:generateContent"),
        };
        Load { address, path, body: self.body(target.client(), model), connections: 1, requests: self.sequential }
    }

    /// A request of that size.
    fn body(&self, client: Dialect, model: &str) -> Bytes {
        let stream = self.stream;
        let options = if stream { r#""stream_options":{"include_usage":true},"# } else { "" };
        let (head, tail) = match client {
            Dialect::Chat => (
                format!(r#"{{"model":"{model}","stream":{stream},{options}"messages":[{{"role":"user","content":""#),
                r#""}]}"#,
            ),
            Dialect::Responses => {
                (format!(r#"{{"model":"{model}","stream":{stream},"store":false,"input":""#), r#""}"#)
            }
            Dialect::Anthropic => (
                format!(
                    r#"{{"model":"{model}","stream":{stream},"max_tokens":1024,"messages":[{{"role":"user","content":""#
                ),
                r#""}]}"#,
            ),
            Dialect::Gemini => (r#"{"contents":[{"role":"user","parts":[{"text":""#.to_owned(), r#""}]}]}"#),
        };
        let text = "The quick brown fox jumps over the lazy dog. ";
        let room = self.body_bytes.saturating_sub(head.len() + tail.len());
        let filler: String = text.chars().cycle().take(room).collect();
        format!("{head}{filler}{tail}").into()
    }
}

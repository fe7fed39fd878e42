/// One kind of request, and how many of them make a measurement.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) stream: bool,
    /// Whether the provider leaves time between two events of a stream.
    pub(crate) paced: bool,
    pub(crate) body_bytes: usize,
    /// Over `connections` at once, for throughput and CPU time.
    pub(crate) requests: usize,
    pub(crate) connections: usize,
    /// One after the other, for latency.
    pub(crate) sequential: usize,
}

/// Microseconds between two events of a paced stream.
pub(crate) const PACE_US: u64 = 2_000;

const KB: usize = 1_000;
const MB: usize = 1_000 * KB;

#[rustfmt::skip]
pub(crate) const SERVER: [Scenario; 7] = [
    Scenario { name: "unary, 1 KB",              stream: false, paced: false, body_bytes: KB,       requests: 6_000, connections: 16, sequential: 1_000 },
    Scenario { name: "unary, 100 KB",            stream: false, paced: false, body_bytes: 100 * KB, requests: 2_000, connections: 16, sequential: 400 },
    Scenario { name: "unary, 5 MB",              stream: false, paced: false, body_bytes: 5 * MB,   requests: 80,    connections: 16, sequential: 30 },
    Scenario { name: "68-chunk stream, 1 KB",    stream: true,  paced: false, body_bytes: KB,       requests: 1_500, connections: 16, sequential: 300 },
    Scenario { name: "68-chunk stream, 100 KB",  stream: true,  paced: false, body_bytes: 100 * KB, requests: 1_000, connections: 16, sequential: 200 },
    Scenario { name: "68-chunk stream, 5 MB",    stream: true,  paced: false, body_bytes: 5 * MB,   requests: 80,    connections: 16, sequential: 30 },
    Scenario { name: "68-chunk stream, 1 KB, an event every 2 ms", stream: true, paced: true, body_bytes: KB, requests: 320, connections: 16, sequential: 12 },
];

#[rustfmt::skip]
pub(crate) const WORKER: [Scenario; 3] = [
    Scenario { name: "unary, 1 KB",              stream: false, paced: false, body_bytes: KB,       requests: 6_000, connections: 16, sequential: 200 },
    Scenario { name: "68-chunk stream, 1 KB",    stream: true,  paced: false, body_bytes: KB,       requests: 1_000, connections: 16, sequential: 50 },
    Scenario { name: "68-chunk stream, 1 KB, an event every 2 ms", stream: true, paced: true, body_bytes: KB, requests: 320, connections: 32, sequential: 4 },
];

impl Scenario {
    pub(crate) fn scaled(&self, scale: f64) -> Self {
        let scaled = |count: usize, least: usize| ((count as f64 * scale).round() as usize).max(least);
        let (requests, sequential) = (scaled(self.requests, self.connections), scaled(self.sequential, 1));
        Self { requests, sequential, ..self.clone() }
    }

    /// A Chat request of that size. All models have names of the same length.
    pub(crate) fn body(&self, model: &str) -> bytes::Bytes {
        let head = format!(
            r#"{{"model":"{model}","stream":{},"stream_options":{{"include_usage":true}},"messages":[{{"role":"user","content":""#,
            self.stream
        );
        let head = if self.stream { head } else { head.replace(r#""stream_options":{"include_usage":true},"#, "") };
        let tail = r#""}]}"#;
        let text = "The quick brown fox jumps over the lazy dog. ";
        let room = self.body_bytes.saturating_sub(head.len() + tail.len());
        let filler: String = text.chars().cycle().take(room).collect();
        format!("{head}{filler}{tail}").into()
    }
}

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

//! The four dialects as this suite speaks them.

use serde_json::{Value, json};

/// What a client of a dialect asks, and what its providers answer.
pub(crate) struct Wire {
    /// The type of its providers.
    pub(crate) kind: &'static str,
    path: &'static str,
    stream_path: &'static str,
    body: &'static str,
    /// An event that says nothing yet.
    pub(crate) preamble: &'static str,
    pub(crate) output: &'static str,
    /// The events that end a stream; the last of them is the terminal one.
    pub(crate) end: &'static str,
    /// An answer without streaming.
    pub(crate) whole: &'static str,
    /// What keeps a silent stream alive.
    pub(crate) filler: &'static str,
}

pub(crate) const CHAT: Wire = Wire {
    kind: "openai",
    path: "/openai/v1/chat/completions",
    stream_path: "/openai/v1/chat/completions",
    body: r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#,
    preamble: "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    output: "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hel\"}}]}\n\n",
    end: "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    whole: r#"{"choices":[{"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]}"#,
    filler: ": keep-alive\n\n",
};

pub(crate) const RESPONSES: Wire = Wire {
    kind: "openai-res",
    path: "/openai/v1/responses",
    stream_path: "/openai/v1/responses",
    body: r#"{"model":"m","input":"hi"}"#,
    preamble: "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\
               \"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"in_progress\"}}\n\n",
    output: "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\
             \"sequence_number\":1,\"delta\":\"hel\"}\n\n",
    end: "event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":2,\
          \"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"completed\",\"output\":[]}}\n\n",
    whole: r#"{"id":"resp_1","object":"response","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"hello"}]}]}"#,
    filler: ": keep-alive\n\n",
};

pub(crate) const MESSAGES: Wire = Wire {
    kind: "anthropic",
    path: "/anthropic/v1/messages",
    stream_path: "/anthropic/v1/messages",
    body: r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#,
    preamble: "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\
               \"usage\":{\"input_tokens\":3}}}\n\n",
    output: "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\
             \"delta\":{\"type\":\"text_delta\",\"text\":\"hel\"}}\n\n",
    end: "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\
          \"usage\":{\"output_tokens\":2}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    whole: r#"{"type":"message","content":[{"type":"text","text":"hello"}],"stop_reason":"end_turn"}"#,
    filler: "event: ping\ndata: {\"type\": \"ping\"}\n\n",
};

pub(crate) const GEMINI: Wire = Wire {
    kind: "gemini",
    path: "/gemini/v1beta/models/m:generateContent",
    stream_path: "/gemini/v1beta/models/m:streamGenerateContent?alt=sse",
    body: r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}"#,
    preamble: "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}]}}]}\n\n",
    output: "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hel\"}]}}]}\n\n",
    end: "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"lo\"}]},\"finishReason\":\"STOP\"}]}\n\n",
    whole: r#"{"candidates":[{"content":{"parts":[{"text":"hello"}]},"finishReason":"STOP"}]}"#,
    filler: "\n",
};

pub(crate) const WIRES: [Wire; 4] = [CHAT, RESPONSES, MESSAGES, GEMINI];

/// What an error event says went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Over a rate limit for 7 more seconds.
    RateLimit,
    Overloaded,
    Server,
    NotFound,
    Permission,
    Authentication,
    Client,
}

pub(crate) const FAULTS: [Fault; 7] = [
    Fault::RateLimit,
    Fault::Overloaded,
    Fault::Server,
    Fault::NotFound,
    Fault::Permission,
    Fault::Authentication,
    Fault::Client,
];

impl Wire {
    /// Path and body of a request.
    pub(crate) fn request(&self, stream: bool) -> (&'static str, Value) {
        let mut body: Value = serde_json::from_str(self.body).unwrap();
        if stream && self.kind != "gemini" {
            body["stream"] = json!(true);
        }
        (if stream { self.stream_path } else { self.path }, body)
    }

    /// A stream from its beginning to its end.
    pub(crate) fn stream(&self) -> String {
        [self.preamble, self.output, self.end].concat()
    }

    pub(crate) fn error_event(&self, fault: Fault, message: &str) -> String {
        let error = self.error(fault, message);
        match self.kind {
            "anthropic" | "openai-res" => format!("event: error\ndata: {error}\n\n"),
            _ => format!("data: {error}\n\n"),
        }
    }

    fn error(&self, fault: Fault, message: &str) -> Value {
        let wait = (fault == Fault::RateLimit).then_some(7);
        match self.kind {
            "anthropic" => {
                let kind = match fault {
                    Fault::RateLimit => "rate_limit_error",
                    Fault::Overloaded => "overloaded_error",
                    Fault::Server => "api_error",
                    Fault::NotFound => "not_found_error",
                    Fault::Permission => "permission_error",
                    Fault::Authentication => "authentication_error",
                    Fault::Client => "invalid_request_error",
                };
                json!({"type": "error", "error": {"type": kind, "message": message, "retry_after": wait}})
            }
            "gemini" => {
                let (code, status) = match fault {
                    Fault::RateLimit => (429, "RESOURCE_EXHAUSTED"),
                    Fault::Overloaded => (503, "UNAVAILABLE"),
                    Fault::Server => (500, "INTERNAL"),
                    Fault::NotFound => (404, "NOT_FOUND"),
                    Fault::Permission => (403, "PERMISSION_DENIED"),
                    Fault::Authentication => (401, "UNAUTHENTICATED"),
                    Fault::Client => (400, "INVALID_ARGUMENT"),
                };
                let kind = "type.googleapis.com/google.rpc.RetryInfo";
                let details: Vec<_> =
                    wait.map(|it| json!({"@type": kind, "retryDelay": format!("{it}s")})).into_iter().collect();
                json!({"error": {"code": code, "message": message, "status": status, "details": details}})
            }
            kind => {
                let (class, code) = match fault {
                    Fault::RateLimit => ("rate_limit_error", "rate_limit_exceeded"),
                    Fault::Overloaded => ("server_error", "server_is_overloaded"),
                    Fault::Server => ("server_error", "server_error"),
                    Fault::NotFound => ("invalid_request_error", "model_not_found"),
                    Fault::Permission => ("permission_error", "permission_error"),
                    Fault::Authentication => ("invalid_request_error", "invalid_api_key"),
                    Fault::Client => ("invalid_request_error", "context_length_exceeded"),
                };
                if kind == "openai" {
                    return json!({"error": {"message": message, "type": class, "code": code, "retry_after": wait}});
                }
                json!({"type": "error", "code": code, "message": message, "param": null, "sequence_number": 2,
                    "retry_after": wait})
            }
        }
    }
}

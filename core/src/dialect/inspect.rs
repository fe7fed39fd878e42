use std::fmt;

use super::Dialect;
use super::beginning::Beginning;
use crate::config::Capabilities;
use crate::wire::json::{InvalidJson, Kind, Scanner, Text};

/// Longer session ids are cut: they are labels, not data.
const SESSION_ID_LIMIT: usize = 256;

/// What the gateway must know of a request before it can choose a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHead {
    /// `None` where the body does not name it; Gemini's never does, its path has model and method.
    pub model: Option<String>,
    pub stream: bool,
    pub needs: Capabilities,
    /// From the body only; headers may say more.
    pub session_id: Option<String>,
    /// The session id is one of a conversation, and not of a user or a cache.
    pub names_conversation: bool,
    pub beginning: Beginning,
    /// The response that the client goes on from (Responses only).
    pub previous_response_id: Option<String>,
    /// An answer of a model is part of the conversation.
    pub has_history: bool,
    /// The client asked for `stream_options.include_usage` (Chat only).
    pub include_usage: bool,
}

/// The request's body cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRequest {
    pub message: String,
    /// The field at fault.
    pub param: Option<&'static str>,
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InvalidRequest {}

impl From<InvalidJson> for InvalidRequest {
    fn from(error: InvalidJson) -> Self {
        Self { message: format!("The request's body is not valid JSON: {error}."), param: None }
    }
}

impl InvalidRequest {
    fn wrong_type(param: &'static str, wanted: &str) -> Self {
        Self { message: format!("`{param}` must be {wanted}."), param: Some(param) }
    }
}

/// Reads what [`RequestHead`] holds in one pass over the body of a generation or counting request.
pub fn inspect(dialect: Dialect, body: &[u8]) -> Result<RequestHead, InvalidRequest> {
    let mut scanner = Scanner::new(body);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(InvalidRequest { message: "The request has no body; send a JSON object.".to_owned(), param: None });
    }
    if scanner.peek()? != Kind::Object {
        return Err(InvalidRequest { message: "The request's body must be a JSON object.".to_owned(), param: None });
    }
    let row = dialect.row();
    let mut head = RequestHead::default();
    let mut session = Session::default();
    let mut decisive = Decisive::default();
    scanner.each_member(|scanner, key| {
        if row.names_model {
            decisive.see(&key.name())?;
        }
        (row.member)(scanner, &key, &mut head, &mut session)
    })?;
    scanner.end()?;
    (head.session_id, head.names_conversation) = session.best();
    Ok(head)
}

/// The members by which the gateway decides. A provider must not read them otherwise: of a repeated member some parsers
/// take the first value and some the last, and Go's takes a name in any case.
#[derive(Debug, Default)]
struct Decisive {
    model: bool,
    stream: bool,
}

impl Decisive {
    /// Refuses a top-level key that makes the request ambiguous.
    fn see(&mut self, key: &str) -> Result<(), InvalidRequest> {
        let (param, seen) = match key {
            "model" => ("model", &mut self.model),
            "stream" => ("stream", &mut self.stream),
            other if other.eq_ignore_ascii_case("model") => {
                let message = format!("Write `model` in lower case; `{other}` means it to some providers only.");
                return Err(InvalidRequest { message, param: Some("model") });
            }
            _ => return Ok(()),
        };
        if core::mem::replace(seen, true) {
            let message = format!("The request's body names `{param}` more than once; send it once.");
            return Err(InvalidRequest { message, param: Some(param) });
        }
        Ok(())
    }
}

/// The places where clients put a session id, best first.
#[derive(Debug, Default)]
pub(super) struct Session {
    own: Option<String>,
    metadata: Option<String>,
    /// Whether that of the metadata is a user's alone.
    is_user: bool,
    cache_key: Option<String>,
}

impl Session {
    /// The id, and whether it names one conversation.
    fn best(self) -> (Option<String>, bool) {
        let names_conversation = self.own.is_some() || (self.metadata.is_some() && !self.is_user);
        let mut id = self.own.or(self.metadata).or(self.cache_key);
        if let Some(id) = &mut id {
            id.truncate(id.floor_char_boundary(SESSION_ID_LIMIT));
        }
        (id, names_conversation)
    }

    /// Reads the members that hold a session in any dialect.
    pub(super) fn member(&mut self, scanner: &mut Scanner<'_>, key: &str) -> Result<(), InvalidJson> {
        match key {
            "session_id" => self.own = text(scanner)?,
            // Codex writes its own session and thread ids into `client_metadata`.
            "metadata" | "client_metadata" => {
                let (mut session, mut user, mut is_user) = (None, None, false);
                scanner.each_member::<InvalidJson>(|scanner, key| {
                    match &*key.name() {
                        "session_id" | "sessionId" => session = text(scanner)?,
                        "user_id" => {
                            let whole = text(scanner)?;
                            user = whole.as_deref().map(session_of_user);
                            is_user = user == whole;
                        }
                        _ => scanner.skip()?,
                    }
                    Ok(())
                })?;
                if session.is_some() || user.is_some() {
                    self.is_user = session.is_none() && is_user;
                    self.metadata = session.or(user);
                }
            }
            "prompt_cache_key" => self.cache_key = text(scanner)?,
            _ => scanner.skip()?,
        }
        Ok(())
    }
}

/// The session in Anthropic's `metadata.user_id`: Claude Code writes a JSON object with `session_id` there, older
/// versions `user_…_session_<uuid>`; what other clients write is taken whole.
fn session_of_user(user: &str) -> String {
    let mut found = None;
    if user.starts_with('{') {
        let read = Scanner::new(user.as_bytes()).each_member::<InvalidJson>(|scanner, key| {
            if key.is("session_id") {
                found = text(scanner)?;
                return Ok(());
            }
            scanner.skip()
        });
        found = found.filter(|_| read.is_ok());
    } else if let Some((_, session)) = user.rsplit_once("_session_") {
        found = Some(session.to_owned());
    }
    found.filter(|session| !session.is_empty()).unwrap_or_else(|| user.to_owned())
}

pub(super) fn text(scanner: &mut Scanner<'_>) -> Result<Option<String>, InvalidJson> {
    let text = scanner.string_or_skip()?;
    Ok(text.and_then(|text| text.to_str()).map(|text| text.into_owned()).filter(|text| !text.is_empty()))
}

/// `model`: a string.
pub(super) fn model(scanner: &mut Scanner<'_>, head: &mut RequestHead) -> Result<(), InvalidRequest> {
    let name = scanner.string_or_skip()?.as_ref().and_then(Text::to_str);
    let name = name.ok_or_else(|| InvalidRequest::wrong_type("model", "a string"))?;
    head.model = Some(name.into_owned());
    Ok(())
}

/// `stream`: a boolean, or null for false.
pub(super) fn stream(scanner: &mut Scanner<'_>, head: &mut RequestHead) -> Result<(), InvalidRequest> {
    head.stream = match scanner.peek()? {
        Kind::Null => {
            scanner.skip()?;
            false
        }
        _ => scanner.bool_or_skip()?.ok_or_else(|| InvalidRequest::wrong_type("stream", "true or false"))?,
    };
    Ok(())
}

/// Whether a format description asks for JSON: its `type` is `json_schema` or `json_object`.
pub(super) fn is_json_format(scanner: &mut Scanner<'_>) -> Result<bool, InvalidJson> {
    let mut json = false;
    scanner.each_named::<InvalidJson>("type", |scanner| {
        json |= scanner.string_or_skip()?.is_some_and(|kind| kind.is("json_schema") || kind.is("json_object"));
        Ok(())
    })?;
    Ok(json)
}

/// Whether an array holds an object whose `type` is one of `types`; other values hold none.
pub(super) fn has_part_of_type(scanner: &mut Scanner<'_>, types: &[&str]) -> Result<bool, InvalidJson> {
    let mut found = false;
    scanner.each_element::<InvalidJson>(|scanner| {
        scanner.each_named::<InvalidJson>("type", |scanner| {
            found |= scanner.string_or_skip()?.is_some_and(|kind| types.iter().any(|known| kind.is(known)));
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: &str = "";

    /// `expected` lists what is needed: `t`ools, `s`tructured output, `i`mages, and `S` for a stream, `u` for usage.
    fn check(dialect: Dialect, body: &str, expected: &str, session: &str) -> RequestHead {
        let head = inspect(dialect, body.as_bytes()).unwrap_or_else(|error| panic!("{body}: {error}"));
        let flags = [
            (head.needs.tool_call, 't'),
            (head.needs.structured_output, 's'),
            (head.needs.image, 'i'),
            (head.stream, 'S'),
            (head.include_usage, 'u'),
        ];
        let found: String = flags.iter().filter(|(on, _)| *on).map(|(_, flag)| flag).collect();
        assert_eq!(found, expected, "{dialect}: {body}");
        assert_eq!(head.session_id.as_deref().unwrap_or_default(), session, "{dialect}: {body}");
        head
    }

    #[test]
    fn what_a_request_needs() {
        use Dialect::{Anthropic, Gemini, OpenAiChat, OpenAiResponses};
        let rows: &[(Dialect, &str, &str)] = &[
            (OpenAiChat, r#"{"model":"m"}"#, NONE),
            (OpenAiChat, r#"{"stream":true,"stream_options":{"include_usage":true}}"#, "Su"),
            (OpenAiChat, r#"{"stream":null,"stream_options":null}"#, NONE),
            (OpenAiChat, r#"{"stream":false,"stream_options":{"include_usage":false}}"#, NONE),
            (OpenAiChat, r#"{"tools":[{"type":"function"}]}"#, "t"),
            (OpenAiChat, r#"{"tools":[],"functions":null}"#, NONE),
            (OpenAiChat, r#"{"functions":[{"name":"f"}]}"#, "t"),
            (OpenAiChat, r#"{"web_search_options":{}}"#, "t"),
            (OpenAiChat, r#"{"messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c"}]}]}"#, "t"),
            (OpenAiChat, r#"{"messages":[{"role":"assistant","content":"a","tool_calls":[]}]}"#, NONE),
            (OpenAiChat, r#"{"messages":[{"role":"tool","tool_call_id":"c","content":"r"}]}"#, "t"),
            (
                OpenAiChat,
                r#"{"messages":[{"role":"assistant","function_call":{"name":"f"}},{"role":"function"}]}"#,
                "t",
            ),
            (OpenAiChat, r#"{"response_format":{"type":"json_schema","json_schema":{}}}"#, "s"),
            (OpenAiChat, r#"{"response_format":{"type":"json_object"}}"#, "s"),
            (OpenAiChat, r#"{"response_format":{"type":"text"}}"#, NONE),
            (
                OpenAiChat,
                r#"{"messages":[{"role":"user","content":[{"type":"text"},{"type":"image_url","image_url":{}}]}]}"#,
                "i",
            ),
            (OpenAiChat, r#"{"messages":[{"role":"user","content":"\"type\":\"image_url\""}]}"#, NONE),
            (OpenAiChat, r#"{"messages":[{"content":[{"type":"text","text":{"type":"image_url"}}]}]}"#, NONE),
            (OpenAiResponses, r#"{"stream":true,"tools":[{"type":"web_search"}]}"#, "tS"),
            (OpenAiResponses, r#"{"input":[{"type":"additional_tools","tools":[]}]}"#, "t"),
            (OpenAiResponses, r#"{"text":{"verbosity":"low","format":{"type":"json_schema","schema":{}}}}"#, "s"),
            (OpenAiResponses, r#"{"text":{"format":{"type":"text"}},"input":"hi"}"#, NONE),
            (OpenAiResponses, r#"{"input":[{"content":[{"type":"input_image"}]}]}"#, "i"),
            (OpenAiResponses, r#"{"input":[{"type":"function_call_output","output":[{"type":"input_image"}]}]}"#, "ti"),
            (OpenAiResponses, r#"{"input":[{"type":"custom_tool_call","name":"apply_patch"}]}"#, "t"),
            (OpenAiResponses, r#"{"input":[{"type":"mcp_approval_response"}]}"#, "t"),
            (OpenAiResponses, r#"{"input":[{"type":"reasoning"},{"type":"message","role":"user"}]}"#, NONE),
            (
                OpenAiResponses,
                r#"{"input":[{"type":"computer_call_output","output":{"type":"computer_screenshot"}}]}"#,
                "ti",
            ),
            (OpenAiResponses, r#"{"input":[{"type":"function_call_output","output":"text"}]}"#, "t"),
            (Anthropic, r#"{"tools":[{"name":"t"}],"stream":true}"#, "tS"),
            (Anthropic, r#"{"output_config":{"effort":"low"}}"#, NONE),
            (Anthropic, r#"{"output_config":{"effort":"low","format":{"type":"json_schema"}}}"#, "s"),
            (Anthropic, r#"{"output_format":{"type":"json_schema"}}"#, "s"),
            (Anthropic, r#"{"messages":[{"content":[{"type":"image","source":{}}]}]}"#, "i"),
            (Anthropic, r#"{"messages":[{"content":[{"type":"tool_result","content":[{"type":"image"}]}]}]}"#, "ti"),
            (Anthropic, r#"{"messages":[{"content":[{"type":"server_tool_use","input":{}}]}]}"#, "t"),
            (Anthropic, r#"{"messages":[{"content":[{"type":"web_search_tool_result"}]}]}"#, "t"),
            (Anthropic, r#"{"messages":[{"content":[{"type":"thinking"},{"type":"text","text":"tool_use"}]}]}"#, NONE),
            (Anthropic, r#"{"mcp_servers":[{"type":"url"}]}"#, "t"),
            (
                Anthropic,
                r#"{"messages":[{"content":[{"type":"document","source":{"type":"content","content":[{"type":"image"}]}}]}]}"#,
                "i",
            ),
            (
                Anthropic,
                r#"{"messages":[{"content":[{"type":"tool_use","input":{"content":[{"type":"image"}]}}]}]}"#,
                "t",
            ),
            (Gemini, r#"{"tools":[{"functionDeclarations":[{"name":"f"}]}]}"#, "t"),
            (Gemini, r#"{"tools":{"function_declarations":[{"name":"f"}]}}"#, "t"),
            (Gemini, r#"{"tools":[{"googleSearch":{}}]}"#, "t"),
            (Gemini, r#"{"tools":{"code_execution":{}}}"#, "t"),
            (Gemini, r#"{"tools":[{"googleSearch":null}]}"#, NONE),
            (Gemini, r#"{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f"}}]}]}"#, "t"),
            (Gemini, r#"{"contents":[{"parts":[{"function_response":{"name":"f","response":{}}}]}]}"#, "t"),
            (Gemini, r#"{"contents":[{"parts":[{"executableCode":{"code":"1"}}]}]}"#, "t"),
            (Gemini, r#"{"generationConfig":{"responseSchema":{"type":"OBJECT"}}}"#, "s"),
            (Gemini, r#"{"generation_config":{"response_json_schema":{},"temperature":1}}"#, "s"),
            (Gemini, r#"{"generationConfig":{"responseMimeType":"application/json"}}"#, "s"),
            (Gemini, r#"{"generationConfig":{"responseMimeType":"text/plain","responseSchema":null}}"#, NONE),
            (Gemini, r#"{"generationConfig":{"responseFormat":[{"text":{"mimeType":"APPLICATION_JSON"}}]}}"#, "s"),
            (Gemini, r#"{"contents":[{"parts":[{"text":"a"},{"inlineData":{"mimeType":"image/png"}}]}]}"#, "i"),
            (Gemini, r#"{"contents":{"parts":[{"file_data":{"mime_type":"image/jpeg"}}]}}"#, "i"),
            (Gemini, r#"{"contents":[{"parts":[{"inlineData":{"mimeType":"audio/wav"}}]}]}"#, NONE),
            (
                Gemini,
                r#"{"contents":[{"parts":[{"functionResponse":{"parts":[{"inlineData":{"mimeType":"image/png"}}]}}]}]}"#,
                "ti",
            ),
            (Gemini, r#"{"generateContentRequest":{"tools":[{"functionDeclarations":[{}]}]}}"#, "t"),
        ];
        for (dialect, body, expected) in rows {
            check(*dialect, body, expected, "");
        }
    }

    #[test]
    fn sessions() {
        let long = format!(r#"{{"session_id":"{}"}}"#, "é".repeat(200));
        let rows = [
            (r#"{"session_id":"s"}"#, "s", true),
            (r#"{"metadata":{"user_id":"u"}}"#, "u", false),
            (r#"{"metadata":{"user_id":"u"},"session_id":"s"}"#, "s", true),
            (r#"{"metadata":{"user_id":"user_abc_account__session_1d3e-4f"}}"#, "1d3e-4f", true),
            (r#"{"metadata":{"user_id":"{\"device_id\":\"d\",\"session_id\":\"js\"}"}}"#, "js", true),
            (r#"{"metadata":{"user_id":"{broken"}}"#, "{broken", false),
            (r#"{"metadata":{"sessionId":"q","user_id":"u"}}"#, "q", true),
            (r#"{"prompt_cache_key":"k"}"#, "k", false),
            (r#"{"prompt_cache_key":"k","client_metadata":{"session_id":"c"}}"#, "c", true),
            (r#"{"metadata":null,"session_id":5}"#, "", false),
            (&long, &"é".repeat(128), true),
            (r#"{"metadata":{"session_id":"m"},"client_metadata":{"user_id":"u"}}"#, "u", false),
            (r#"{"metadata":{"user_id":"u"},"client_metadata":{"session_id":"c"},"prompt_cache_key":"k"}"#, "c", true),
        ];
        for (body, session, names_conversation) in rows {
            for dialect in Dialect::ALL {
                let head = check(dialect, body, "", session);
                assert_eq!(head.names_conversation, names_conversation, "{dialect}: {body}");
            }
        }
    }

    #[test]
    fn what_providers_may_read_otherwise_is_refused() {
        let rows = [
            (r#"{"model":"a","model":"b"}"#, Some("model"), "more than once"),
            (r#"{"model":"a","messages":[],"model":"a"}"#, Some("model"), "more than once"),
            (r#"{"model":"a","\u006dodel":"b"}"#, Some("model"), "more than once"),
            (r#"{"model":"a","Model":"b"}"#, Some("model"), "`Model`"),
            (r#"{"MODEL":"b"}"#, Some("model"), "`MODEL`"),
            (r#"{"mode\u004c":"b","model":"a"}"#, Some("model"), "`modeL`"),
            (r#"{"stream":false,"model":"a","stream":true}"#, Some("stream"), "more than once"),
            (r#"{"stream":null,"stream":null}"#, Some("stream"), "more than once"),
            (r#"{"model":"a","models":1,"mode":2,"metadata":{"model":1,"Model":2,"model":3}}"#, None, ""),
            (r#"{"model":"a","tools":[{"model":1,"stream":1},{"model":2,"stream":2}]}"#, None, ""),
        ];
        for (body, param, message) in rows {
            for dialect in [Dialect::OpenAiChat, Dialect::OpenAiResponses, Dialect::Anthropic] {
                let refused = inspect(dialect, body.as_bytes()).err();
                assert_eq!(refused.as_ref().and_then(|error| error.param), param, "{dialect}: {body}");
                assert!(refused.is_none_or(|error| error.message.contains(message)), "{dialect}: {body}");
            }
            assert_eq!(inspect(Dialect::Gemini, body.as_bytes()).err(), None, "Gemini has both in its path: {body}");
        }
    }

    #[test]
    fn refusals_say_where() {
        let rows = [
            ("", None, "no body"),
            (" \n", None, "no body"),
            ("[]", None, "must be a JSON object"),
            ("{\"model\":\"m\"", None, "at byte 12"),
            ("{\"model\":\"m\"} x", None, "at byte 14"),
            ("<html>", None, "at byte 0"),
            ("{\"model\":5}", Some("model"), "`model` must be a string"),
            ("{\"model\":null}", Some("model"), "`model` must be a string"),
            ("{\"stream\":\"yes\"}", Some("stream"), "`stream` must be true or false"),
        ];
        for (body, param, message) in rows {
            let error = inspect(Dialect::OpenAiChat, body.as_bytes()).unwrap_err();
            assert_eq!(error.param, param, "{body}");
            assert!(error.message.contains(message), "{body}: {error}");
        }
        assert_eq!(inspect(Dialect::Gemini, b"{\"model\":5}").unwrap().model, None);
        assert_eq!(inspect(Dialect::Anthropic, b"{\"model\":\"a\\u002fb\"}").unwrap().model.as_deref(), Some("a/b"));
    }
}

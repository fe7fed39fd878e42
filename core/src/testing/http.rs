use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};

use crate::platform::{Body, BoxFuture, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, SendOptions};

/// What [`ScriptedHttp`] does with one request.
#[derive(Debug)]
pub enum Reply {
    Answer(HttpResponse),
    Fail(HttpError),
    /// Never answers; the future stays pending until it is dropped.
    Hang,
}

impl Reply {
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        let mut answer = HttpResponse::new(Body::from(body.into()));
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        answer.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        Self::Answer(answer)
    }
}

/// One request that was sent, with its body in one piece.
#[derive(Clone, Debug)]
pub struct SentRequest {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub options: SendOptions,
}

/// Answers from a script, in order, and remembers what was sent. A request past the end of the script fails to
/// connect.
#[derive(Default)]
pub struct ScriptedHttp {
    replies: Mutex<VecDeque<Reply>>,
    sent: Mutex<Vec<SentRequest>>,
}

impl ScriptedHttp {
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { replies: Mutex::new(replies.into_iter().collect()), sent: Mutex::default() }
    }

    pub fn push(&self, reply: Reply) {
        self.replies.lock().unwrap().push_back(reply);
    }

    pub fn sent(&self) -> Vec<SentRequest> {
        self.sent.lock().unwrap().clone()
    }
}

impl HttpClient for ScriptedHttp {
    fn send(&self, request: HttpRequest, options: SendOptions) -> BoxFuture<'static, Result<HttpResponse, HttpError>> {
        let (parts, body) = request.into_parts();
        self.sent.lock().unwrap().push(SentRequest {
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body: body.to_bytes(),
            options,
        });
        let reply = self.replies.lock().unwrap().pop_front();
        Box::pin(async move {
            match reply {
                Some(Reply::Answer(answer)) => Ok(answer),
                Some(Reply::Fail(error)) => Err(error),
                Some(Reply::Hang) => std::future::pending().await,
                None => Err(HttpError::new(HttpErrorKind::Connect, "the test's script has no more replies")),
            }
        })
    }
}

impl fmt::Debug for ScriptedHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScriptedHttp({} replies left)", self.replies.lock().unwrap().len())
    }
}

use super::Relay;
use crate::platform::Body;

/// The body of an answer.
#[derive(Debug)]
pub enum Answer {
    Body(Body),
    /// A provider's answer on its way; see [`Relay`] for how a home may send it.
    Relay(Box<Relay>),
}

impl Answer {
    /// The answer as any home can send it: a body whose chunks pass through core.
    pub fn into_body(self) -> Body {
        match self {
            Self::Body(body) => body,
            Self::Relay(relay) => Body::stream(*relay),
        }
    }
}

//! What requests, answers and streams say, whatever the dialect: the neutral form between two codecs. It is never on a wire.
//!
//! A dialect's [`Codec`] reads its own bytes into the hub and writes the hub as its own bytes. What a target has no place
//! for is refused by name, or stands in the [`Ledger`].

mod answer;
mod choices;
mod codec;
mod context;
mod estimate;
mod fitting;
mod freeform;
mod ledger;
mod names;
mod notes;
mod pairing;
mod part;
mod proof;
mod reasoning;
mod request;
mod schema;
mod search;
mod stream;
mod tool;
mod transcoder;
mod tree;

pub use answer::{Answer, Choice, Reason};
pub(in crate::dialect) use choices::Choices;
pub use codec::{Codec, CountRequest, DecodeStream, EncodeRequest, EncodeStream, Encoded};
pub use context::{Context, Target};
pub use estimate::estimate;
pub(in crate::dialect) use freeform::Unwrapping;
pub use freeform::{Freeform, Grammar};
pub use ledger::{Fate, Ledger, Refusal};
pub use names::Names;
pub(in crate::dialect) use names::{call_id, own_id};
pub use notes::{Citation, Notes};
pub(in crate::dialect) use notes::{bytes, characters};
pub use pairing::pair;
pub use part::{Cache, Input, Media, MediaKind, Part, PartKind, Source};
pub(in crate::dialect) use part::{SEPARATOR, joined};
pub(in crate::dialect) use proof::{LIMIT as PROOF_LIMIT, MARK, MARK_IN_BASE64};
pub use proof::{Origin, Proof, last_envelope, maker_of, without_envelopes};
pub use reasoning::{Effort, Reasoning, Thoughts};
pub(in crate::dialect) use request::OPENAI_ALIKE;
pub use request::{Format, Request, Role, Sampling, Turn};
pub use schema::Schema;
pub(in crate::dialect) use schema::{described, write_schema};
pub(in crate::dialect) use search::write_location;
pub use search::{Search, Searched};
pub use stream::{Block, Delta, StreamPart};
pub use tool::{Tool, ToolChoice};
pub use transcoder::{Transcoder, transcode_answer};
pub use tree::parse as parse_body;
pub(in crate::dialect) use tree::{array, flag, list, member, note_others, parse, says_nothing, text};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use crate::api::decode::decode;
use crate::platform::Clock;
use crate::room::Room;

/// A request's body without its `content-encoding`, as a gateway unpacks it that has room for `room` bytes and takes bodies
/// of up to `limit`; or the status of the refusal.
pub async fn unpacked(clock: &dyn Clock, encoding: &str, body: Bytes, limit: usize, room: usize) -> Result<Bytes, u16> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_ENCODING, HeaderValue::from_str(encoding).unwrap());
    let room = Room::new(room);
    // Somebody else's body: who is alone always has room.
    let mut other = room.reserve();
    assert!(other.grow(1));
    let mut room = room.reserve();
    decode(clock, &headers, body, limit, &mut room).await.map_err(|error| error.kind.status())
}

use uuid::{Builder, Uuid};

use crate::platform::{Clock, Entropy, Timestamp};

/// A new id: UUID v7, so ids made later sort later (to the millisecond).
pub fn new_id(clock: &dyn Clock, entropy: &dyn Entropy) -> String {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let millis = u64::try_from(clock.now().as_millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
}

/// When an id of [`new_id`] was made, to the millisecond.
pub(crate) fn made_at(id: &str) -> Option<Timestamp> {
    let id = Uuid::try_parse(id).ok().filter(|id| id.get_version_num() == 7)?;
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    let micros = i64::try_from(seconds).ok()?.checked_mul(1_000_000)?.checked_add(i64::from(nanos / 1000))?;
    Some(Timestamp::from_micros(micros))
}

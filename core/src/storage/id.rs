use uuid::Builder;

use crate::platform::{Clock, Entropy};

/// A new id: UUID v7, so ids made later sort later (to the millisecond).
pub fn new_id(clock: &dyn Clock, entropy: &dyn Entropy) -> String {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let millis = u64::try_from(clock.now().as_millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
}

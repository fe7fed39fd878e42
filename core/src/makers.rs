use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::fingerprint::Fingerprint;

/// So many responses are remembered; the oldest goes.
const LIMIT: usize = 10_000;

/// Which association made which response, as far as this instance has seen: a provider knows no other one's ids, by which
/// clients go on (`previous_response_id`).
#[derive(Debug, Default)]
pub(crate) struct Makers(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The fingerprints of response and association.
    makers: HashMap<u64, u64>,
    /// The oldest first.
    order: VecDeque<u64>,
}

/// Who made a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Maker(u64);

impl Maker {
    pub(crate) fn is(self, association_id: &str) -> bool {
        self.0 == fingerprint(association_id)
    }
}

impl Makers {
    pub(crate) fn remember(&self, response_id: &str, association_id: &str) {
        let response = fingerprint(response_id);
        let mut known = self.lock();
        if known.makers.insert(response, fingerprint(association_id)).is_some() {
            return;
        }
        known.order.push_back(response);
        if known.order.len() > LIMIT
            && let Some(oldest) = known.order.pop_front()
        {
            known.makers.remove(&oldest);
        }
    }

    pub(crate) fn of(&self, response_id: &str) -> Option<Maker> {
        self.lock().makers.get(&fingerprint(response_id)).copied().map(Maker)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fingerprint(text: &str) -> u64 {
    let mut hash = Fingerprint::default();
    hash.write(text.as_bytes());
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes() {
        let makers = Makers::default();
        let knows = |response: usize| makers.of(&response.to_string());
        for response in 0..LIMIT {
            makers.remember(&response.to_string(), if response % 2 == 0 { "even" } else { "odd" });
        }
        assert!(knows(0).unwrap().is("even") && knows(LIMIT - 1).unwrap().is("odd"));
        assert!(!knows(0).unwrap().is("odd"));
        makers.remember("0", "odd");
        assert!(knows(0).unwrap().is("odd") && knows(1).is_some(), "one that is known needs no room");
        makers.remember("another", "even");
        assert!(knows(0).is_none() && knows(1).is_some());
        assert_eq!(makers.lock().makers.len(), LIMIT);
    }
}

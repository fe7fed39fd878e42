use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::exchange::{Exchanges, Watched};

/// Who says nothing for this long while others wait for a place makes room for them.
const PATIENCE: Duration = Duration::from_secs(1);
/// So many at once, the oldest first.
const AT_ONCE: usize = 32;
/// A want of descriptors that comes back within this time is the same one.
const SAME: Duration = Duration::from_secs(60);
/// Those that have ended are forgotten when they are half of all, beyond these.
const SPARE: usize = 64;

/// The open connections by their age, for when the process has no descriptor for another.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    members: Vec<Member>,
    looked: Option<Instant>,
    wanted: Option<Instant>,
}

#[derive(Debug)]
struct Member {
    exchanges: Watched,
    end: CancellationToken,
    /// What it was idle at when it was last looked at.
    idle: Option<usize>,
}

impl Crowd {
    /// One more; `open` connections there are by now. Cancelling `end` ends it, after its exchanges.
    pub(super) fn add(&mut self, exchanges: &Exchanges, end: &CancellationToken, open: usize) {
        if self.members.len() > 2 * open + SPARE {
            self.members.retain(|member| member.exchanges.is_open());
        }
        self.members.push(Member { exchanges: exchanges.watched(), end: end.clone(), idle: None });
    }

    /// There is no place for another connection: ends those that were silent from one look to the next. Whether this want
    /// is a new one, of which somebody should be told.
    pub(super) fn make_room(&mut self) -> bool {
        let now = Instant::now();
        let is_new = self.wanted.replace(now).is_none_or(|before| now.duration_since(before) > SAME);
        if self.looked.is_none_or(|before| now.duration_since(before) >= PATIENCE) {
            self.looked = Some(now);
            self.look();
        }
        is_new
    }

    fn look(&mut self) {
        let mut left = AT_ONCE;
        self.members.retain_mut(|member| {
            let before = std::mem::replace(&mut member.idle, member.exchanges.idle());
            let is_silent = before.is_some() && before == member.idle;
            let is_ended = is_silent && left > 0;
            if is_ended {
                left -= 1;
                member.end.cancel();
            }
            !is_ended && member.exchanges.is_open()
        });
    }
}

#[cfg(test)]
mod tests {
    use http::Version;

    use super::super::threads::Load;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_is_silent_makes_room() {
        let mut crowd = Crowd::default();
        let add = |crowd: &mut Crowd| {
            let (exchanges, end) = (Exchanges::new(&Load::default()), CancellationToken::new());
            crowd.add(&exchanges, &end, 4);
            (exchanges, end)
        };
        let [silent, busy, asks, leaves] = [(); 4].map(|()| add(&mut crowd));
        let _running = busy.0.begin(Version::HTTP_11);
        assert!(crowd.make_room(), "a new want");
        drop(leaves);
        drop(asks.0.begin(Version::HTTP_11));
        let newest = add(&mut crowd);
        assert!(!crowd.make_room(), "the same one");
        assert!(!silent.1.is_cancelled(), "not at once");
        tokio::time::advance(PATIENCE).await;
        crowd.make_room();
        assert!(silent.1.is_cancelled());
        for (kept, why) in [(&busy, "it is asked"), (&asks, "it was asked meanwhile"), (&newest, "it is new")] {
            assert!(!kept.1.is_cancelled(), "{why}");
        }
        assert_eq!(crowd.members.len(), 3, "who has left is forgotten");
        tokio::time::advance(PATIENCE).await;
        crowd.make_room();
        assert!(asks.1.is_cancelled() && newest.1.is_cancelled() && !busy.1.is_cancelled());
        tokio::time::advance(2 * SAME).await;
        assert!(crowd.make_room(), "another want");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_are_needed_and_none_that_are_gone_are_kept() {
        let mut crowd = Crowd::default();
        let all: Vec<_> = (0..=AT_ONCE).map(|_| (Exchanges::new(&Load::default()), CancellationToken::new())).collect();
        all.iter().for_each(|(exchanges, end)| crowd.add(exchanges, end, AT_ONCE));
        crowd.make_room();
        tokio::time::advance(PATIENCE).await;
        crowd.make_room();
        let ended: Vec<_> = all.iter().map(|(_, end)| end.is_cancelled()).collect();
        assert_eq!(ended.iter().position(|is_ended| !is_ended), Some(AT_ONCE), "the oldest first");
        drop(all);
        for _ in 0..1000 {
            crowd.add(&Exchanges::new(&Load::default()), &CancellationToken::new(), 0);
        }
        assert!(crowd.members.len() <= SPARE + 2, "{}", crowd.members.len());
    }
}

//! Which conversation a request belongs to, and whom it draws: weighted rendezvous hashing, so that all instances choose
//! alike without a shared state, and who joins, rests or leaves moves no conversation of the others.

use crate::fingerprint::Fingerprint;

/// What the choice of a provider is kept for. An id that names one conversation is enough; any other one, as of a user,
/// belongs to many, which their beginnings tell apart. `None` for a request that shows neither.
pub(crate) fn conversation(
    session_id: Option<&str>,
    names_conversation: bool,
    key_id: &str,
    beginning: impl FnOnce() -> Option<u64>,
) -> Option<u64> {
    let mut hash = Fingerprint::default();
    hash.write(session_id.unwrap_or_default().as_bytes());
    if session_id.is_none() || !names_conversation {
        hash.write(key_id.as_bytes());
        hash.add(beginning()?);
    }
    Some(hash.finish())
}

/// What a conversation draws for an association: the smallest lot in relation to weight wins. Lots are distributed
/// exponentially, which makes the chance to win proportional to the weight.
pub(crate) fn lot(conversation: u64, association_id: &str) -> f64 {
    let mut hash = Fingerprint::default();
    hash.add(conversation);
    hash.write(association_id.as_bytes());
    // 53 bits are a number's precision; the half keeps it off 0 and 1.
    let unit = ((hash.finish() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    -unit.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::{Contender, Selection};
    use crate::config::Strategy;

    const IDS: [&str; 5] = ["01a", "01b", "01c", "01d", "01e"];
    const WEIGHTS: [f64; 5] = [1.0, 2.0, 3.0, 4.0, 10.0];

    /// Whom each of 10,000 conversations gets, of those that are there.
    fn choices(strategy: Strategy, is_there: impl Fn(usize) -> bool) -> Vec<usize> {
        let choice = |session: u32| {
            let id = format!("session-{session}");
            let conversation = conversation(Some(&id), true, "k", || None).unwrap();
            let contenders = IDS.iter().zip(WEIGHTS).enumerate().map(|(index, (id, weight))| Contender {
                index,
                weight,
                tier: 0,
                made: false,
                roomy: true,
                preferred: true,
                latency: 1.0 / weight,
                credit: -1000.0 * weight,
                lot: Some(lot(conversation, id)),
                last: false,
            });
            // In no order: what an instance knows is not always in the same.
            let mut contenders: Vec<_> = contenders.collect();
            contenders.rotate_left(session as usize % 5);
            let random = f64::from(session % 7) / 7.0;
            Selection::new(strategy, contenders).pick(&is_there, || random).unwrap()
        };
        (0..10_000).map(choice).collect()
    }

    #[test]
    fn shares_are_by_weight() {
        for strategy in [Strategy::Lottery, Strategy::RoundRobin, Strategy::LeastLatency] {
            let chosen = choices(strategy, |_| true);
            for (index, weight) in WEIGHTS.into_iter().enumerate() {
                let share = chosen.iter().filter(|it| **it == index).count() as f64 / 10_000.0;
                assert!((share - weight / 20.0).abs() < 0.02, "{strategy:?}: {share} for {weight} of 20");
            }
        }
    }

    #[test]
    fn who_leaves_moves_nobody_else() {
        let before = choices(Strategy::Lottery, |_| true);
        for (gone, weight) in WEIGHTS.into_iter().enumerate() {
            let after = choices(Strategy::Lottery, |index| index != gone);
            let (mut moved, mut shares) = (0.0, [0.0; 5]);
            for (before, after) in before.iter().zip(after) {
                if *before == gone {
                    moved += 1.0;
                    shares[after] += 1.0;
                } else {
                    assert_eq!(*before, after, "without {gone}");
                }
            }
            // Those who must move spread by weight, too.
            let rest = 20.0 - weight;
            for (index, weight) in WEIGHTS.into_iter().enumerate().filter(|(index, _)| *index != gone) {
                let (share, expected) = (shares[index] / moved, weight / rest);
                assert!((share - expected).abs() < 0.09, "without {gone}: {share} for {index} instead of {expected}");
            }
        }
    }

    #[test]
    fn it_never_changes() {
        let winners: Vec<_> = choices(Strategy::Lottery, |_| true).into_iter().take(12).collect();
        assert_eq!(winners, [2, 3, 4, 4, 4, 4, 2, 4, 2, 3, 4, 4]);
    }

    #[test]
    fn what_tells_conversations_apart() {
        let of = |id: Option<&str>, names, key: &str, beginning| conversation(id, names, key, || beginning);
        let same = [
            (of(Some("s"), true, "k", Some(1)), of(Some("s"), true, "l", Some(2)), "an id is enough"),
            (of(Some("u"), false, "k", None), None, "nothing tells apart what a user asks"),
            (of(None, false, "k", None), None, "nothing at all"),
            (of(None, true, "k", None), None, "nothing at all"),
        ];
        for (one, other, why) in same {
            assert_eq!(one, other, "{why}");
        }
        let different = [
            of(Some("s"), true, "k", Some(1)),
            of(Some("t"), true, "k", Some(1)),
            of(Some("s"), false, "k", Some(1)),
            of(Some("s"), false, "k", Some(2)),
            of(Some("s"), false, "l", Some(1)),
            of(None, false, "k", Some(1)),
            of(None, false, "k", Some(2)),
            of(None, false, "l", Some(1)),
        ];
        let set: std::collections::HashSet<_> = different.into_iter().collect();
        assert_eq!(set.len(), different.len());
    }
}

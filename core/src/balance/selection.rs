use crate::config::Strategy;

/// One candidate of a request, as the strategies see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contender {
    /// The caller's own index.
    pub index: usize,
    pub weight: f64,
    /// Whether the request fits into its context window, as far as that is known: who has room is asked first.
    pub roomy: bool,
    /// It made state that the request brings, which nobody else can read: then it is asked first.
    pub made: bool,
    /// The higher is asked first, whatever the strategy.
    pub tier: i32,
    /// Within a tier others are asked when no preferred one is left: those whose providers speak the client's dialect, or all.
    pub preferred: bool,
    /// Estimated time to first token in seconds.
    pub latency: f64,
    /// The running balance of smooth weighted round robin.
    pub credit: f64,
    /// What the request's conversation drew for it; decides in the strategy's place.
    pub lot: Option<f64>,
    /// A rate limit put it behind all others for this request.
    pub last: bool,
}

/// The candidates that one request still has.
#[derive(Clone, Debug)]
pub struct Selection {
    strategy: Strategy,
    contenders: Vec<Contender>,
}

impl Selection {
    pub fn new(strategy: Strategy, contenders: Vec<Contender>) -> Self {
        Self { strategy, contenders }
    }

    /// The next candidate among those that `available` accepts. It stays a candidate until [`Self::remove`].
    /// `random` gives numbers in `[0, 1)`.
    pub fn pick(&self, available: impl Fn(usize) -> bool, mut random: impl FnMut() -> f64) -> Option<usize> {
        let mut pool = self.pool(available);
        if let Some(index) = kept(&pool) {
            return Some(index);
        }
        let chosen = match self.strategy {
            Strategy::Lottery => draw(&pool, random()),
            Strategy::Rotor => strictly_first(&pool),
            Strategy::RoundRobin => pool
                .iter()
                .copied()
                .max_by(|a, b| (a.credit + a.weight).total_cmp(&(b.credit + b.weight)).then(b.index.cmp(&a.index))),
            Strategy::LeastLatency => {
                let first = draw(&pool, random())?;
                pool.retain(|it| it.index != first.index);
                match draw(&pool, random()) {
                    Some(second) if second.latency < first.latency => Some(second),
                    _ => Some(first),
                }
            }
        };
        chosen.map(|it| it.index)
    }

    /// Those among whom the strategy chooses now: each step keeps the best of what the one before has left.
    pub fn pool(&self, available: impl Fn(usize) -> bool) -> Vec<&Contender> {
        let mut pool: Vec<&Contender> = self.contenders.iter().filter(|it| available(it.index)).collect();
        if pool.iter().any(|it| !it.last) {
            pool.retain(|it| !it.last);
        }
        if pool.iter().any(|it| it.roomy) {
            pool.retain(|it| it.roomy);
        }
        if pool.iter().any(|it| it.made) {
            pool.retain(|it| it.made);
        }
        if let Some(highest) = pool.iter().map(|it| it.tier).max() {
            pool.retain(|it| it.tier == highest);
        }
        if pool.iter().any(|it| it.preferred) {
            pool.retain(|it| it.preferred);
        }
        pool
    }

    /// How many of many such picks each of those gets that may be picked at all; the shares' sum is 1. Turns, which credit
    /// decides one by one, come to shares by weight.
    pub fn shares(&self, available: impl Fn(usize) -> bool) -> Vec<(usize, f64)> {
        let pool = self.pool(available);
        if let Some(kept) = kept(&pool) {
            return vec![(kept, 1.0)];
        }
        let total: f64 = pool.iter().map(|it| it.weight).sum();
        let chance = |it: &Contender, total: f64| if total > 0.0 { it.weight / total } else { 0.0 };
        match self.strategy {
            Strategy::Lottery | Strategy::RoundRobin => pool.iter().map(|it| (it.index, chance(it, total))).collect(),
            Strategy::Rotor => strictly_first(&pool).map(|it| (it.index, 1.0)).into_iter().collect(),
            Strategy::LeastLatency => {
                // Drawn first and not slower than the second, or second and faster than the first.
                let wins = |it: &Contender| {
                    let others = pool.iter().filter(|other| other.index != it.index);
                    let duels = others.map(|other| match it.latency < other.latency {
                        true => {
                            chance(it, total) * chance(other, total - it.weight)
                                + chance(other, total) * chance(it, total - other.weight)
                        }
                        false if it.latency == other.latency => chance(it, total) * chance(other, total - it.weight),
                        false => 0.0,
                    });
                    if pool.len() == 1 { 1.0 } else { duels.sum() }
                };
                pool.iter().map(|it| (it.index, wins(it))).collect()
            }
        }
    }

    /// What another conversation draws for each.
    pub fn draw_lots(&mut self, lot: impl Fn(usize) -> f64) {
        self.contenders.iter_mut().for_each(|it| it.lot = Some(lot(it.index)));
    }

    /// The turn of the chosen one among those of whom it was picked, as [`super::Balancer::take_turn`] counts it.
    pub fn take_turn(&mut self, available: impl Fn(usize) -> bool, chosen: usize) {
        let taking_part: Vec<_> = self.pool(available).iter().map(|it| (it.index, it.weight)).collect();
        let total: f64 = taking_part.iter().map(|(_, weight)| weight).sum();
        for contender in self.contenders.iter_mut().filter(|it| taking_part.contains(&(it.index, it.weight))) {
            contender.credit += contender.weight;
            if contender.index == chosen {
                contender.credit -= total;
            }
        }
    }

    /// Those that [`Self::pick`] chooses among.
    pub fn indexes(&self) -> impl Iterator<Item = usize> {
        self.contenders.iter().map(|it| it.index)
    }

    pub fn remove(&mut self, index: usize) {
        self.contenders.retain(|it| it.index != index);
    }

    /// A rate limit: the candidate loses a third of its weight in `lottery`, and goes to the back elsewhere, for a
    /// conversation, or when it is alone in its tier.
    pub fn demote(&mut self, index: usize) {
        let tier = self.contenders.iter().find(|it| it.index == index).map(|it| it.tier);
        let is_alone = self.contenders.iter().filter(|it| Some(it.tier) == tier).count() == 1;
        for contender in self.contenders.iter_mut().filter(|it| it.index == index) {
            if self.strategy == Strategy::Lottery && contender.lot.is_none() && !is_alone {
                contender.weight -= contender.weight / 3.0;
            } else {
                contender.last = true;
            }
        }
    }
}

/// Whom the request's conversation drew.
fn kept(pool: &[&Contender]) -> Option<usize> {
    let drawn = pool.iter().filter_map(|it| Some((it.lot? / it.weight, it.index)));
    drawn.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, index)| index)
}

/// Who is first by weight.
fn strictly_first<'a>(pool: &[&'a Contender]) -> Option<&'a Contender> {
    pool.iter().copied().min_by(|a, b| b.weight.total_cmp(&a.weight).then(a.index.cmp(&b.index)))
}

/// One of `pool`, with a chance in proportion to its weight.
fn draw<'a>(pool: &[&'a Contender], random: f64) -> Option<&'a Contender> {
    let total: f64 = pool.iter().map(|it| it.weight).sum();
    let mut ticket = random * total;
    for contender in pool {
        ticket -= contender.weight;
        if ticket < 0.0 {
            return Some(contender);
        }
    }
    pool.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::SmallRng;
    use rand::{RngExt as _, SeedableRng as _};

    fn contenders(weights: &[f64]) -> Vec<Contender> {
        let contender = |(index, &weight)| Contender {
            index,
            weight,
            roomy: true,
            made: false,
            tier: 0,
            preferred: true,
            latency: 0.0,
            credit: 0.0,
            lot: None,
            last: false,
        };
        weights.iter().enumerate().map(contender).collect()
    }

    /// How often each candidate wins in 100,000 draws.
    fn shares(selection: &Selection, count: usize) -> Vec<f64> {
        let mut random = SmallRng::seed_from_u64(7);
        let mut wins = vec![0.0; count];
        for _ in 0..100_000 {
            wins[selection.pick(|_| true, || random.random()).unwrap()] += 1e-5;
        }
        wins
    }

    fn assert_shares(selection: &Selection, expected: &[f64]) {
        let shares = shares(selection, expected.len());
        let known = selection.shares(|_| true);
        for (index, expected) in expected.iter().enumerate() {
            let share = known.iter().find(|(other, _)| *other == index).map_or(0.0, |(_, share)| *share);
            assert!((share - expected).abs() < 1e-9, "{known:?}");
        }
        for (share, expected) in shares.iter().zip(expected) {
            assert!((share - expected).abs() < 0.01, "{shares:?}");
        }
    }

    #[test]
    fn lottery_draws_by_weight() {
        assert_shares(&Selection::new(Strategy::Lottery, contenders(&[6.0, 3.0, 1.0])), &[0.6, 0.3, 0.1]);
    }

    #[test]
    fn lottery_lowers_a_rate_limited_candidate_by_a_third() {
        let mut selection = Selection::new(Strategy::Lottery, contenders(&[6.0, 6.0]));
        selection.demote(0);
        assert_shares(&selection, &[0.4, 0.6]);
        selection.remove(1);
        assert_shares(&selection, &[1.0]);
    }

    #[test]
    fn rotor_is_strict_and_puts_a_rate_limited_candidate_last() {
        let mut selection = Selection::new(Strategy::Rotor, contenders(&[1.0, 10.0, 5.0]));
        let order = |selection: &Selection| selection.pick(|_| true, || 0.5);
        assert_eq!(order(&selection), Some(1));
        selection.demote(1);
        assert_eq!(order(&selection), Some(2));
        selection.remove(2);
        assert_eq!(order(&selection), Some(0));
        selection.remove(0);
        assert_eq!(order(&selection), Some(1));
        selection.remove(1);
        assert_eq!(order(&selection), None);
    }

    #[test]
    fn rotor_prefers_the_native_dialect_between_equal_weights() {
        let mut list = contenders(&[5.0, 5.0]);
        list[0].preferred = false;
        assert_eq!(Selection::new(Strategy::Rotor, list).pick(|_| true, || 0.0), Some(1));
    }

    #[test]
    fn the_maker_of_a_requests_state_stands_above_tiers_and_dialects() {
        for strategy in Strategy::ALL {
            let mut list = tiers();
            (list[2].made, list[2].preferred) = (true, false);
            let selection = Selection::new(strategy, list);
            assert_eq!(selection.pick(|_| true, || 0.5), Some(2), "{strategy:?}");
            assert_ne!(selection.pick(|index| index != 2, || 0.5), Some(2), "{strategy:?}");
        }
    }

    #[test]
    fn least_latency_prefers_the_faster_of_two() {
        let mut list = contenders(&[1.0, 1.0, 1.0]);
        for (contender, latency) in list.iter_mut().zip([0.3, 0.1, 0.2]) {
            contender.latency = latency;
        }
        // Of the three equally likely pairs the fastest is in two, and the slowest wins none.
        assert_shares(&Selection::new(Strategy::LeastLatency, list), &[0.0, 2.0 / 3.0, 1.0 / 3.0]);
    }

    /// Two of the highest tier, one of the next, one of the lowest, which has the most weight.
    fn tiers() -> Vec<Contender> {
        let mut list = contenders(&[1.0, 1.0, 2.0, 1000.0]);
        for (contender, tier) in list.iter_mut().zip([7, 7, 0, -7]) {
            contender.tier = tier;
        }
        list
    }

    #[test]
    fn a_lower_tier_waits_for_all_of_the_higher_ones() {
        for strategy in Strategy::ALL {
            for (awake, first, second) in [
                ([true, true, true, true], vec![0, 1], vec![0, 1]),
                ([false, true, true, true], vec![1], vec![2]),
                ([true, false, false, true], vec![0], vec![3]),
                ([false, false, true, true], vec![2], vec![3]),
                ([false, false, false, true], vec![3], vec![]),
                ([false, false, false, false], vec![], vec![]),
            ] {
                for random in [0.0, 0.4, 0.999] {
                    let mut selection = Selection::new(strategy, tiers());
                    let picked = selection.pick(|index| awake[index], || random);
                    assert!(picked.map_or(first.is_empty(), |it| first.contains(&it)), "{strategy:?} {awake:?}");
                    picked.iter().for_each(|it| selection.remove(*it));
                    let next = selection.pick(|index| awake[index], || random);
                    assert!(next.map_or(second.is_empty(), |it| second.contains(&it)), "{strategy:?} {awake:?}");
                }
            }
        }
    }

    #[test]
    fn a_rate_limit_in_a_tier_lets_the_rest_of_it_and_then_the_lower_ones_go_first() {
        for strategy in Strategy::ALL {
            let mut selection = Selection::new(strategy, tiers());
            let mut order = Vec::new();
            selection.remove(0);
            while order.len() < 3 {
                let next = selection.pick(|_| true, || 0.0).unwrap();
                order.push(next);
                selection.demote(next);
            }
            assert_eq!(order, [1, 2, 3], "{strategy:?}");
            assert_eq!(selection.pick(|_| true, || 0.0), Some(1), "{strategy:?}");
        }
    }

    #[test]
    fn unavailable_candidates_are_passed_over() {
        for strategy in Strategy::ALL {
            let selection = Selection::new(strategy, contenders(&[100.0, 1.0]));
            assert_eq!(selection.pick(|index| index == 1, || 0.0), Some(1), "{strategy:?}");
            assert_eq!(selection.pick(|_| false, || 0.0), None, "{strategy:?}");
        }
    }
}

use crate::config::Prices;
use crate::dialect::Usage;

const TOKENS_PER_PRICE: f64 = 1e6;

/// What an answer cost, in the prices' currency, by what was paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CostParts {
    pub input: f64,
    pub cache_read: f64,
    /// Of both lifetimes.
    pub cache_write: f64,
    /// With reasoning, which is billed as output.
    pub output: f64,
}

impl CostParts {
    /// `None` when the provider reported no usage at all.
    ///
    /// The buckets of [`Usage`] exclude each other, so each is multiplied by its own price. A cache write for an hour has
    /// a price of its own where one is set: Anthropic's is twice the input price, against 1.25 times for five minutes.
    pub fn of(prices: &Prices, usage: &Usage) -> Option<Self> {
        let Usage { input, cache_read, cache_write_5m, cache_write_1h, output, reasoning } = *usage;
        [input, cache_read, cache_write_5m, cache_write_1h, output, reasoning].into_iter().flatten().next()?;
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 tokens")]
        let price = |tokens: Option<u64>, price: f64| tokens.unwrap_or(0) as f64 * price;
        let price_1h = prices.cache_write_1h.unwrap_or(prices.cache_write);
        Some(Self {
            input: price(input, prices.input) / TOKENS_PER_PRICE,
            cache_read: price(cache_read, prices.cache_read) / TOKENS_PER_PRICE,
            cache_write: (price(cache_write_5m, prices.cache_write) + price(cache_write_1h, price_1h))
                / TOKENS_PER_PRICE,
            output: (price(output, prices.output) + price(reasoning, prices.output)) / TOKENS_PER_PRICE,
        })
    }

    /// The cost of the entry.
    pub fn sum(&self) -> f64 {
        self.input + self.cache_read + self.cache_write + self.output
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_is_billed_once_at_its_own_price() {
        let prices = Prices {
            input: 3.0,
            output: 15.0,
            cache_read: 0.3,
            cache_write: 3.75,
            cache_write_1h: Some(6.0),
            currency: "USD".to_owned(),
        };
        let million = Some(1_000_000);
        let none = Usage::default();
        let rows = [
            (none, None),
            (Usage { input: Some(0), ..none }, Some(0.0)),
            (Usage { input: million, ..none }, Some(3.0)),
            (Usage { output: million, ..none }, Some(15.0)),
            (Usage { reasoning: million, ..none }, Some(15.0)),
            (Usage { cache_read: million, ..none }, Some(0.3)),
            (Usage { cache_write_5m: million, ..none }, Some(3.75)),
            (Usage { cache_write_1h: million, ..none }, Some(6.0)),
            (
                Usage {
                    input: Some(100),
                    cache_read: Some(2000),
                    cache_write_5m: Some(300),
                    cache_write_1h: Some(40),
                    output: Some(500),
                    reasoning: Some(60),
                },
                Some((300.0 + 600.0 + 1125.0 + 240.0 + 7500.0 + 900.0) / 1e6),
            ),
        ];
        for (usage, expected) in rows {
            match (CostParts::of(&prices, &usage).map(|parts| parts.sum()), expected) {
                (None, None) => {}
                (Some(cost), Some(expected)) => assert!((cost - expected).abs() < 1e-12, "{usage:?}: {cost}"),
                (cost, expected) => panic!("{usage:?}: {cost:?} instead of {expected:?}"),
            }
        }
        let prices = Prices { cache_write_1h: None, ..prices };
        let parts = CostParts::of(&prices, &Usage { cache_write_1h: million, ..none });
        assert_eq!(parts, Some(CostParts { cache_write: 3.75, ..CostParts::default() }), "a price for all writes");
    }
}

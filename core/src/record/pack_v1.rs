//! The first layout of packed sums, in which no entry could be passed over; only read, until `fold` has packed all anew.

use serde::Deserialize;

use super::pack::{self, Block, Entry};
use super::rollup::Counts;
use super::sums::{Sums, Unpriced};
use crate::platform::DatabaseError;

pub(super) const VERSION: u8 = 1;

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct OldBlock<'a> {
    #[serde(borrow)]
    texts: Vec<&'a str>,
    dimensions: Vec<[u32; 8]>,
    entries: Vec<OldEntry>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct OldEntry {
    dimension: u32,
    slot: u8,
    counts: [u64; Counts::WHOLE_NUMBERS],
    costs: Vec<(u32, f64)>,
    unpriced: (u64, u64),
    /// Buckets with their counts.
    first_token: Vec<(u16, u64)>,
    total: Vec<(u16, u64)>,
    last_minute: u64,
}

/// Reads a chunk, behind its first byte.
pub(super) fn decode(bytes: &[u8]) -> Result<Block<'_>, DatabaseError> {
    let OldBlock { texts, dimensions, entries } = postcard::from_bytes(bytes).map_err(|_| pack::unreadable())?;
    let entries = entries.into_iter().map(OldEntry::repacked).collect::<Result<_, _>>()?;
    Ok(Block { texts, dimensions, entries })
}

impl OldEntry {
    fn repacked(self) -> Result<Entry<'static>, DatabaseError> {
        let (requests, tokens) = self.unpriced;
        let mut sums = Sums {
            unpriced: Unpriced { requests, tokens },
            last_minute: self.last_minute,
            // Currencies stay the indices that they are.
            costs: self.costs.into_iter().map(|(currency, cost)| (currency.to_string(), cost)).collect(),
            ..Sums::default()
        };
        sums.counts.add_whole_numbers(&self.counts);
        for (histogram, buckets) in [(&mut sums.first_token, self.first_token), (&mut sums.total, self.total)] {
            buckets.into_iter().for_each(|(bucket, count)| histogram.add(bucket.into(), count));
        }
        let sums = pack::pack(&sums, |currency| currency.parse().unwrap_or(u32::MAX))?;
        Ok(Entry { dimension: self.dimension, slot: self.slot, sums: sums.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Detail;

    #[test]
    fn what_was_packed_before_comes_out() {
        let entry = OldEntry {
            dimension: 0,
            slot: 23,
            counts: [7; Counts::WHOLE_NUMBERS],
            costs: vec![(2, 0.5)],
            unpriced: (1, 77),
            first_token: vec![(80, 3), (96, 1)],
            total: vec![],
            last_minute: 29_000_000,
        };
        let block =
            OldBlock { texts: vec!["m", "", "USD"], dimensions: vec![[0, 1, 1, 1, 1, 1, 1, 1]], entries: vec![entry] };
        let bytes = postcard::to_extend(&block, vec![VERSION]).unwrap();
        let block = pack::decode(&bytes).unwrap();
        let mut sums = Sums::default();
        block.add_to(&mut sums, &block.entries[0], Detail::All).unwrap();
        assert_eq!((block.entries[0].dimension, block.entries[0].slot), (0, 23));
        assert_eq!(block.dimensions().next().unwrap().model, "m");
        assert_eq!((sums.counts.requests, sums.costs["USD"], sums.last_minute), (7, 0.5, 29_000_000));
        assert_eq!(sums.unpriced, Unpriced { requests: 1, tokens: 77 });
        assert_eq!(sums.first_token.buckets().collect::<Vec<_>>(), [(80, 3), (96, 1)]);
        assert_eq!(sums.total.count(), 0);
    }
}

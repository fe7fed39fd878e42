//! How often each dimension was asked for, a dozen bytes for each: by it a report finds its greatest groups before it reads
//! their sums.

use serde::Serialize;

use super::pack::{self, CHUNK_BYTES, Cell, Texts};
use super::packed::Packed;
use super::rollup::Dimension;
use super::sums::Rank;
use crate::platform::DatabaseError;

/// The first byte; another layout gets another one.
const VERSION: u8 = 1;

/// A chunk as it is read: texts are slices of its bytes.
#[derive(Serialize)]
pub(crate) struct Ranks<'a> {
    pub(crate) texts: Vec<&'a str>,
    /// The indices of each dimension's texts, in the order of [`pack::Names`].
    pub(crate) rows: Vec<([u32; 8], Rank)>,
}

/// Chunks that hold how often the dimensions of `cells` were asked for in all periods, at least one. Cells of one dimension follow
/// each other.
pub(super) fn encode<'a>(cells: impl IntoIterator<Item = Cell<'a>>) -> Result<Vec<Vec<u8>>, DatabaseError> {
    let mut chunks = Vec::new();
    let mut writer = Writer::default();
    for (dimension, _, sums) in cells {
        let is_next = writer.last.is_none_or(|last| last != dimension);
        if is_next && writer.bytes() >= CHUNK_BYTES {
            chunks.push(std::mem::take(&mut writer).finish()?);
        }
        writer.add(dimension, sums.rank());
    }
    chunks.push(writer.finish()?);
    Ok(chunks)
}

/// Reads a chunk.
pub(crate) fn decode(bytes: &[u8]) -> Result<Ranks<'_>, DatabaseError> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => read(rest).ok_or_else(pack::unreadable),
        _ => Err(pack::unknown_version()),
    }
}

/// As postcard would, which takes twice as long: a report reads some hundred thousand rows.
fn read(bytes: &[u8]) -> Option<Ranks<'_>> {
    let mut packed = Packed(bytes);
    let count = packed.number()?;
    let texts = (0..count).map(|_| packed.text()).collect::<Option<_>>()?;
    let count = packed.number()?;
    // A row has ten bytes at least.
    let mut rows = Vec::with_capacity(usize::try_from(count).ok()?.min(bytes.len() / 10));
    for _ in 0..count {
        let mut dimension = [0; 8];
        for index in &mut dimension {
            *index = u32::try_from(packed.number()?).ok()?;
        }
        rows.push((dimension, (packed.number()?, packed.number()?)));
    }
    Some(Ranks { texts, rows })
}

#[derive(Default)]
struct Writer<'a> {
    texts: Texts<'a>,
    rows: Vec<([u32; 8], Rank)>,
    last: Option<&'a Dimension>,
}

impl<'a> Writer<'a> {
    fn add(&mut self, dimension: &'a Dimension, (requests, attempts): Rank) {
        if self.last.is_some_and(|last| last == dimension) {
            if let Some((_, rank)) = self.rows.last_mut() {
                *rank = (rank.0.saturating_add(requests), rank.1.saturating_add(attempts));
            }
            return;
        }
        self.last = Some(dimension);
        let indices = dimension.names().texts().map(|text| self.texts.index(text));
        self.rows.push((indices, (requests, attempts)));
    }

    /// What it comes to at most, unless the numbers are huge.
    fn bytes(&self) -> usize {
        self.texts.bytes + self.rows.len() * size_of::<([u32; 8], Rank)>()
    }

    fn finish(self) -> Result<Vec<u8>, DatabaseError> {
        let ranks = Ranks { texts: self.texts.list, rows: self.rows };
        postcard::to_extend(&ranks, vec![VERSION]).map_err(pack::unwritable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Sums;

    #[test]
    fn dimensions_are_counted_over_their_periods_in_chunks() {
        let asked = |requests, attempts| {
            let mut sums = Sums::default();
            (sums.counts.requests, sums.counts.attempts) = (requests, attempts);
            sums
        };
        let (few, many) = (asked(1, 2), asked(300, u64::MAX));
        let key = "k".repeat(100);
        let dimensions: Vec<_> = (0..10_000)
            .map(|number| Dimension { model: format!("m{number}"), key_id: key.clone(), ..Dimension::default() })
            .collect();
        let chunks = encode(dimensions.iter().flat_map(|it| [(it, 0, &few), (it, 7, &many)])).unwrap();
        assert!(chunks.len() > 1 && chunks.iter().all(|chunk| chunk.len() <= CHUNK_BYTES), "{}", chunks.len());
        let mut found = Vec::new();
        for chunk in &chunks {
            let ranks = decode(chunk).unwrap();
            let text = |index: u32| ranks.texts[index as usize].to_owned();
            found.extend(ranks.rows.iter().map(|(indices, rank)| (text(indices[0]), text(indices[4]), *rank)));
        }
        let expected: Vec<_> = dimensions.iter().map(|it| (it.model.clone(), key.clone(), (301, u64::MAX))).collect();
        assert!(found == expected);
        for broken in
            [&[][..], &[9, 0, 0], &[VERSION], &[VERSION, 1, 1, 0xff, 0], &[VERSION, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]]
        {
            assert!(decode(broken).is_err(), "{broken:?}");
        }
    }
}

//! Sums of many dimensions and periods as bytes, some hundred for each.

use std::borrow::Cow;
use std::collections::HashMap;

use postcard::ser_flavors::Size;
use serde::{Deserialize, Serialize};

use super::rollup::{Counts, Dimension};
use super::sums::{Detail, Sums};
use super::{pack_v1, packed};
use crate::platform::{DatabaseError, DatabaseErrorKind};

/// The first byte; another layout gets another one.
const VERSION: u8 = 2;

/// A chunk that has grown to so many bytes is full; the last cell may take it some kilobytes further. D1 limits a parameter to
/// 2 MB, and a chunk travels as hexadecimal digits.
pub(crate) const CHUNK_BYTES: usize = 300 << 10;

/// Sums of one dimension in one of the periods that a block is made of.
pub(crate) type Cell<'a> = (&'a Dimension, u8, &'a Sums);

/// A chunk as it is read: texts and sums are slices of its bytes.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Block<'a> {
    #[serde(borrow)]
    pub(crate) texts: Vec<&'a str>,
    /// Indices of texts, in the order of [`Names`].
    pub(crate) dimensions: Vec<[u32; 8]>,
    #[serde(borrow)]
    pub(crate) entries: Vec<Entry<'a>>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Entry<'a> {
    /// Its place among the block's dimensions.
    pub(crate) dimension: u32,
    /// The period's number within the block.
    pub(crate) slot: u8,
    /// [`Numbers`], then the histograms; packed by themselves, since most readers pass over most entries.
    #[serde(borrow)]
    pub(super) sums: Cow<'a, [u8]>,
}

/// All of [`Sums`] but the histograms. Each of these follows as its first bucket, how many there are, and their counts.
/// [`packed::add`] reads it.
#[derive(Serialize)]
struct Numbers {
    counts: [u64; Counts::WHOLE_NUMBERS],
    /// The currency as a text's index.
    costs: Vec<(u32, f64)>,
    unpriced: (u64, u64),
    last_minute: u64,
}

/// A dimension as a block has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    pub(crate) model: &'a str,
    pub(crate) provider: &'a str,
    pub(crate) provider_model: &'a str,
    pub(crate) association_id: &'a str,
    pub(crate) key_id: &'a str,
    pub(crate) key_name: &'a str,
    pub(crate) dialect: &'a str,
    pub(crate) origin: &'a str,
}

/// Chunks that hold `cells`, at least one. Cells of one dimension should follow each other.
pub(crate) fn encode<'a>(cells: impl IntoIterator<Item = Cell<'a>>) -> Result<Vec<Vec<u8>>, DatabaseError> {
    let mut chunks = Vec::new();
    let mut packer = Packer::default();
    for cell in cells {
        if packer.bytes + packer.texts.bytes >= CHUNK_BYTES {
            chunks.push(std::mem::take(&mut packer).finish()?);
        }
        packer.add(cell)?;
    }
    chunks.push(packer.finish()?);
    Ok(chunks)
}

/// Reads a chunk.
pub(crate) fn decode(bytes: &[u8]) -> Result<Block<'_>, DatabaseError> {
    match bytes.split_first() {
        Some((&VERSION, rest)) => postcard::from_bytes(rest).map_err(|_| unreadable()),
        Some((&pack_v1::VERSION, rest)) => pack_v1::decode(rest),
        _ => Err(unknown_version()),
    }
}

pub(super) fn unknown_version() -> DatabaseError {
    broken("are of a version that this one does not know")
}

pub(super) fn unreadable() -> DatabaseError {
    broken("cannot be read")
}

pub(super) fn unwritable(_: postcard::Error) -> DatabaseError {
    broken("cannot be written")
}

fn broken(what: &str) -> DatabaseError {
    DatabaseError::new(DatabaseErrorKind::Other, format!("folded rollups {what}"))
}

impl<'a> Block<'a> {
    pub(crate) fn dimensions(&self) -> impl Iterator<Item = Names<'a>> {
        self.dimensions.iter().map(|indices| self.names(indices))
    }

    /// The dimension that has these texts.
    pub(crate) fn names(&self, indices: &[u32; 8]) -> Names<'a> {
        Names::of(indices.map(|index| self.text(index)))
    }

    /// Adds what is wanted of an entry.
    pub(crate) fn add_to(&self, sums: &mut Sums, entry: &Entry<'_>, detail: Detail) -> Result<(), DatabaseError> {
        packed::add(sums, &entry.sums, |currency| self.text(currency), detail).ok_or_else(unreadable)
    }

    fn text(&self, index: u32) -> &'a str {
        usize::try_from(index).ok().and_then(|index| self.texts.get(index)).copied().unwrap_or_default()
    }
}

impl<'a> Names<'a> {
    /// Takes them in the order of the fields.
    pub(crate) const fn of(texts: [&'a str; 8]) -> Self {
        let [model, provider, provider_model, association_id, key_id, key_name, dialect, origin] = texts;
        Self { model, provider, provider_model, association_id, key_id, key_name, dialect, origin }
    }

    /// In the order of the fields.
    pub(crate) const fn texts(self) -> [&'a str; 8] {
        let Self { model, provider, provider_model, association_id, key_id, key_name, dialect, origin } = self;
        [model, provider, provider_model, association_id, key_id, key_name, dialect, origin]
    }

    pub(crate) fn to_dimension(self) -> Dimension {
        let Self { model, provider, provider_model, association_id, key_id, key_name, dialect, origin } = self;
        Dimension {
            model: model.to_owned(),
            provider: provider.to_owned(),
            provider_model: provider_model.to_owned(),
            association_id: association_id.to_owned(),
            key_id: key_id.to_owned(),
            key_name: key_name.to_owned(),
            dialect: dialect.to_owned(),
            origin: origin.to_owned(),
        }
    }
}

impl Dimension {
    pub(crate) fn names(&self) -> Names<'_> {
        let Self { model, provider, provider_model, association_id, key_id, key_name, dialect, origin } = self;
        Names { model, provider, provider_model, association_id, key_id, key_name, dialect, origin }
    }
}

/// The texts of a chunk that is written, each once.
#[derive(Default)]
pub(super) struct Texts<'a> {
    pub(super) list: Vec<&'a str>,
    places: HashMap<&'a str, u32>,
    /// What they come to so far.
    pub(super) bytes: usize,
}

impl<'a> Texts<'a> {
    pub(super) fn index(&mut self, text: &'a str) -> u32 {
        let (list, bytes) = (&mut self.list, &mut self.bytes);
        *self.places.entry(text).or_insert_with(|| {
            // Two for its length.
            *bytes += text.len() + 2;
            list.push(text);
            number(list.len() - 1)
        })
    }
}

#[derive(Default)]
struct Packer<'a> {
    texts: Texts<'a>,
    dimensions: Vec<[u32; 8]>,
    entries: Vec<Entry<'a>>,
    last: Option<&'a Dimension>,
    /// What dimensions and entries come to so far.
    bytes: usize,
}

impl<'a> Packer<'a> {
    fn add(&mut self, (dimension, slot, sums): Cell<'a>) -> Result<(), DatabaseError> {
        if self.last.is_none_or(|last| last != dimension) {
            self.last = Some(dimension);
            let indices = dimension.names().texts().map(|text| self.texts.index(text));
            self.bytes += size(&indices)?;
            self.dimensions.push(indices);
        }
        let sums = pack(sums, |currency| self.texts.index(currency))?;
        let dimension = number(self.dimensions.len().saturating_sub(1));
        let entry = Entry { dimension, slot, sums: sums.into() };
        self.bytes += size(&entry)?;
        self.entries.push(entry);
        Ok(())
    }

    fn finish(self) -> Result<Vec<u8>, DatabaseError> {
        let block = Block { texts: self.texts.list, dimensions: self.dimensions, entries: self.entries };
        postcard::to_extend(&block, vec![VERSION]).map_err(unwritable)
    }
}

/// The bytes of an [`Entry`]; `index` answers a text's place.
pub(super) fn pack<'a>(sums: &'a Sums, mut index: impl FnMut(&'a str) -> u32) -> Result<Vec<u8>, DatabaseError> {
    let numbers = Numbers {
        counts: sums.counts.whole_numbers(),
        costs: sums.costs.iter().map(|(currency, cost)| (index(currency), *cost)).collect(),
        unpriced: (sums.unpriced.requests, sums.unpriced.tokens),
        last_minute: sums.last_minute,
    };
    let histograms = (sums.first_token.run(), sums.total.run());
    postcard::to_extend(&(numbers, histograms), Vec::new()).map_err(unwritable)
}

/// Bytes that it is written in.
fn size(part: &impl Serialize) -> Result<usize, DatabaseError> {
    postcard::serialize_with_flavor(part, Size::default()).map_err(unwritable)
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Unpriced;

    fn dimension(model: &str, key_id: &str) -> Dimension {
        Dimension { model: model.to_owned(), key_id: key_id.to_owned(), ..Dimension::default() }
    }

    #[test]
    fn what_is_packed_comes_out() {
        let mut sums = Sums { last_minute: 29_000_000, ..Sums::default() };
        (sums.counts.requests, sums.counts.attempts) = (300, 301);
        sums.counts.generation_tokens = u64::MAX;
        sums.add_cost("USD", 0.1);
        sums.add_cost("CNY", 2.5);
        sums.unpriced = Unpriced { requests: 1, tokens: 77 };
        sums.first_token.add(79, 3);
        sums.total.add(504, 1_000_000);
        let dimensions = [dimension("a", "k"), dimension("b", "k")];
        let cells = dimensions.iter().flat_map(|dimension| (0..3_000_u16).map(move |n| (dimension, n as u8)));
        let chunks = encode(cells.map(|(dimension, slot)| (dimension, slot, &sums))).unwrap();
        assert_eq!(chunks.len(), 2);
        let mut seen = 0;
        for chunk in &chunks {
            let block = decode(chunk).unwrap();
            let names: Vec<_> = block.dimensions().map(Names::to_dimension).collect();
            for entry in &block.entries {
                let mut read = Sums::default();
                block.add_to(&mut read, entry, Detail::All).unwrap();
                assert_eq!(read, sums);
                let (mut without, none) = (Sums::default(), Default::default);
                block.add_to(&mut without, entry, Detail::Sums).unwrap();
                assert_eq!(without, Sums { first_token: none(), total: none(), ..read.clone() });
                let mut rank = Sums::default();
                block.add_to(&mut rank, entry, Detail::Requests).unwrap();
                assert_eq!(rank.rank(), read.rank());
                assert_eq!(names[entry.dimension as usize], dimensions[seen / 3_000]);
                assert_eq!(entry.slot, (seen % 3_000) as u8);
                seen += 1;
            }
        }
        assert_eq!(seen, 6_000);
        assert!(decode(&[]).is_err() && decode(&[9, 0]).is_err() && decode(&[VERSION, 200]).is_err());
        assert_eq!(decode(&encode([]).unwrap()[0]).unwrap().entries.len(), 0);
    }

    #[test]
    fn a_chunk_is_bounded_whatever_its_entries_hold() {
        let mut full = Sums { last_minute: 29_000_000, ..Sums::default() };
        full.counts.add_whole_numbers(&[u64::MAX; Counts::WHOLE_NUMBERS]);
        for bucket in crate::record::latency::BUCKETS {
            full.first_token.add(bucket, 1_000);
            full.total.add(bucket, 1_000);
        }
        let names: Vec<_> = (0..2_000).map(|n| dimension(&format!("{n:0>250}"), "k")).collect();
        for (what, sums) in [("histograms", &full), ("names", &Sums::default())] {
            let chunks = encode(names.iter().map(|dimension| (dimension, 0, sums))).unwrap();
            let entries: usize = chunks.iter().map(|chunk| decode(chunk).unwrap().entries.len()).sum();
            assert_eq!(entries, names.len(), "{what}");
            let (last, others) = chunks.split_last().unwrap();
            assert!(!others.is_empty() && last.len() < CHUNK_BYTES + (20 << 10), "{what}");
            for chunk in others {
                assert!(
                    (CHUNK_BYTES..CHUNK_BYTES + (20 << 10)).contains(&chunk.len()),
                    "{what}: {} bytes",
                    chunk.len()
                );
            }
        }
    }
}

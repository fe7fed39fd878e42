use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

/// Chance that follows from the input alone.
pub(crate) fn chance(data: &[u8]) -> SmallRng {
    let hash = data
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    SmallRng::seed_from_u64(hash)
}

/// The input cut into chunks in a few ways: short chunks, long ones, single bytes.
pub(crate) fn cuttings(data: &[u8]) -> Vec<Vec<&[u8]>> {
    let mut rng = chance(data);
    let mut all = vec![cut(data, 7, &mut rng), cut(data, data.len(), &mut rng)];
    if data.len() <= 512 {
        all.push(data.chunks(1).collect());
    }
    all
}

fn cut<'a>(mut data: &'a [u8], longest: usize, rng: &mut SmallRng) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    while !data.is_empty() {
        let (chunk, rest) = data.split_at(rng.random_range(1..=longest.clamp(1, data.len())));
        chunks.push(chunk);
        data = rest;
    }
    chunks
}

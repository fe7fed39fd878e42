//! The contract of [`Entropy`].

use std::collections::HashSet;

use crate::platform::Entropy;

pub fn all(entropy: &dyn Entropy) {
    let values: HashSet<_> = (0..1000).map(|_| entropy.next_u64()).collect();
    assert_eq!(values.len(), 1000, "a value came twice");
    for size in [0, 1, 7, 24, 1000] {
        // Every byte is reached: over many calls each place takes more than one value.
        let mut seen = vec![HashSet::new(); size];
        for _ in 0..64 {
            let mut bytes = vec![0; size];
            entropy.fill(&mut bytes);
            bytes.iter().zip(&mut seen).for_each(|(byte, seen)| _ = seen.insert(*byte));
        }
        assert!(seen.iter().all(|values| values.len() > 1), "of {size} bytes some are never written");
    }
}

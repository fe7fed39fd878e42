use crate::dialect::counters::Counters;
use crate::dialect::figures::Figures;
use crate::wire::json::{InvalidJson, Scanner};

/// Reads the `usage` of a message. The input count excludes what the cache gave or took.
///
/// One message may take several iterations, each with its own figures: a compaction before the answer, an advisor, a
/// model that fell back to another. All are billed, but the message's own figures hold only some of them (the iterations
/// of the answer itself), so what was used is the sum over `iterations`. A figure that these do not name, such as thinking,
/// is the message's own.
pub(in crate::dialect) fn read(raw: &[u8]) -> Counters {
    let own = one(raw);
    let mut sums = Vec::new();
    let walked = Scanner::new(raw).each_named::<InvalidJson>("iterations", |scanner| {
        let mut sum = Counters::default();
        scanner.each_element::<InvalidJson>(|scanner| {
            sum = sum.plus(&one(scanner.raw()?));
            Ok(())
        })?;
        sums.push(sum);
        Ok(())
    });
    match (walked, sums.as_slice()) {
        (Ok(_), [sum]) => own.at_least(sum),
        // What stands there twice is not known.
        _ => own,
    }
}

/// The figures of a message or of one of its iterations.
fn one(raw: &[u8]) -> Counters {
    let mut figures = Figures::read(raw);
    let write_5m = figures.get("cache_creation.ephemeral_5m_input_tokens");
    let cache_write_1h = figures.get("cache_creation.ephemeral_1h_input_tokens");
    let by_lifetime = match (write_5m, cache_write_1h) {
        (None, None) => None,
        (short, long) => Some(short.unwrap_or(0).saturating_add(long.unwrap_or(0))),
    };
    Counters {
        input: figures.get("input_tokens"),
        cache_read: figures.get("cache_read_input_tokens"),
        cache_write: figures.get("cache_creation_input_tokens").max(by_lifetime),
        cache_write_1h,
        output: figures.get("output_tokens"),
        reasoning: figures.get("output_tokens_details.thinking_tokens"),
        met_absurd: figures.met_absurd(),
        ..Counters::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterations_are_summed() {
        let rows = [
            // input, cache read, cache write, output, reasoning
            (
                r#"{"input_tokens":23,"output_tokens":10,"iterations":[{"type":"compaction","input_tokens":180,"output_tokens":35},{"type":"message","input_tokens":23,"output_tokens":10}]}"#,
                [Some(203), None, None, Some(45), None],
            ),
            (
                r#"{"input_tokens":4,"output_tokens":6,"output_tokens_details":{"thinking_tokens":5},"iterations":[{"input_tokens":1,"output_tokens":2,"cache_read_input_tokens":7},{"input_tokens":9,"output_tokens":8,"cache_creation_input_tokens":3},{"input_tokens":3,"output_tokens":4}]}"#,
                [Some(13), Some(7), Some(3), Some(14), Some(5)],
            ),
            // Never less than the message says of itself.
            (
                r#"{"input_tokens":4,"output_tokens":6,"iterations":[{"input_tokens":"?","output_tokens":2}]}"#,
                [Some(4), None, None, Some(6), None],
            ),
            (r#"{"input_tokens":4,"output_tokens":6,"iterations":[]}"#, [Some(4), None, None, Some(6), None]),
            (r#"{"input_tokens":4,"iterations":null,"output_tokens":6}"#, [Some(4), None, None, Some(6), None]),
            (
                r#"{"input_tokens":4,"iterations":[{"input_tokens":5}],"iterations":[{"input_tokens":5}]}"#,
                [Some(4), None, None, None, None],
            ),
        ];
        for (raw, expected) in rows {
            let it = read(raw.as_bytes());
            assert_eq!([it.input, it.cache_read, it.cache_write, it.output, it.reasoning], expected, "{raw}");
        }
        let huge = r#"{"input_tokens":4,"iterations":[{"input_tokens":900000000},{"input_tokens":900000000}]}"#;
        assert_eq!((read(huge.as_bytes()).input, read(huge.as_bytes()).met_absurd), (Some(4), true));
    }
}

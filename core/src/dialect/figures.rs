use crate::wire::json::{InvalidJson, Kind, Scanner, Text};

/// No answer takes more tokens; a larger figure is a provider's mistake, and a few of them would overflow every sum.
pub(super) const LIMIT: u32 = 1_000_000_000;

/// The figures of one usage report: its own, and those of the objects in it.
///
/// A figure that is no whole number is not reported, nor is one that stands there twice, as nobody knows which holds, nor
/// one over [`LIMIT`]. Each loses itself alone.
#[derive(Debug)]
pub(super) struct Figures<'a> {
    found: Vec<Found<'a>>,
    met_absurd: bool,
}

#[derive(Debug)]
struct Found<'a> {
    group: Option<Text<'a>>,
    name: Text<'a>,
    figure: Figure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    Whole(u64),
    Absurd,
    Other,
}

impl<'a> Figures<'a> {
    /// Reads a usage object; anything else has no figures.
    pub(super) fn read(raw: &'a [u8]) -> Self {
        let mut found = Vec::new();
        let walked = Scanner::new(raw).each_member::<InvalidJson>(|scanner, key| {
            if scanner.peek()? == Kind::Object {
                scanner.each_member::<InvalidJson>(|scanner, name| {
                    found.push(Found { group: Some(key), name, figure: Figure::of(scanner.raw()?) });
                    Ok(())
                })?;
            } else {
                found.push(Found { group: None, name: key, figure: Figure::of(scanner.raw()?) });
            }
            Ok(())
        });
        if walked.is_err() {
            // What came before the fault is known.
        }
        Self { found, met_absurd: false }
    }

    /// The figure called `name`, or `group.name` in an object.
    pub(super) fn get(&mut self, path: &str) -> Option<u64> {
        let (group, name) = path.split_once('.').map_or((None, path), |(group, name)| (Some(group), name));
        let is_in_group = |found: Option<Text<'_>>| match (found, group) {
            (Some(found), Some(group)) => found.is(group),
            (found, group) => found.is_none() && group.is_none(),
        };
        let mut here = self.found.iter().filter(|it| it.name.is(name) && is_in_group(it.group)).map(|it| it.figure);
        match (here.next()?, here.next()) {
            (Figure::Whole(figure), None) => Some(figure),
            (Figure::Absurd, None) => {
                self.met_absurd = true;
                None
            }
            _ => None,
        }
    }

    /// The first of these that is reported: vendors have several names for one figure.
    pub(super) fn first<const N: usize>(&mut self, paths: [&str; N]) -> Option<u64> {
        paths.into_iter().find_map(|path| self.get(path))
    }

    /// Whether one of the figures that were asked for was over [`LIMIT`].
    pub(super) const fn met_absurd(&self) -> bool {
        self.met_absurd
    }
}

impl Figure {
    fn of(raw: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(raw) else { return Self::Other };
        if text.parse::<f64>().is_ok_and(|number| number > f64::from(LIMIT)) {
            return Self::Absurd;
        }
        text.strip_suffix(".0").unwrap_or(text).parse().map_or(Self::Other, Self::Whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_odd_figure_loses_no_other() {
        let rows = [
            // a, details.a, b; whether one was absurd
            (r#"{"a":1,"details":{"a":2},"b":3}"#, [Some(1), Some(2), Some(3)], false),
            (r#"{"a":1.0,"details":{"a":0},"b":null}"#, [Some(1), Some(0), None], false),
            (r#"{"a":"1","details":{"a":-2},"b":3}"#, [None, None, Some(3)], false),
            (r#"{"a":1.5,"details":[2],"b":3}"#, [None, None, Some(3)], false),
            (r#"{"a":{"x":1},"details":2,"b":3}"#, [None, None, Some(3)], false),
            (r#"{"a":1,"a":2,"details":{"a":2,"a":2},"b":3}"#, [None, None, Some(3)], false),
            (r#"{"a":1,"details":{"a":2},"details":{"a":4},"b":3}"#, [Some(1), None, Some(3)], false),
            (r#"{"details":{"a":2,"b":5},"a":1}"#, [Some(1), Some(2), None], false),
            (r#"{"\u0061":1,"details":{"deeper":{"a":9}},"b":3}"#, [Some(1), None, Some(3)], false),
            (r#"{"a":1000000000,"details":{"a":1000000001},"b":3}"#, [Some(1_000_000_000), None, Some(3)], true),
            (r#"{"a":9223372036854775807,"details":{"a":2},"b":1e300}"#, [None, Some(2), None], true),
            (r#"{"a":99999999999999999999999999,"b":3}"#, [None, None, Some(3)], true),
            // What is not asked for may be as large as it likes.
            (r#"{"a":1,"cost_in_ticks":9223372036854775807}"#, [Some(1), None, None], false),
            ("null", [None; 3], false),
            ("[1]", [None; 3], false),
            (r#"{"a":1,"b":"#, [Some(1), None, None], false),
        ];
        for (raw, expected, absurd) in rows {
            let mut figures = Figures::read(raw.as_bytes());
            assert_eq!(["a", "details.a", "b"].map(|path| figures.get(path)), expected, "{raw}");
            assert_eq!(figures.met_absurd(), absurd, "{raw}");
            assert_eq!(figures.first(["x", "details.a", "a"]), expected[1].or(expected[0]), "{raw}");
        }
    }
}

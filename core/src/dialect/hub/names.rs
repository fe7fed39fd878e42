use std::borrow::Cow;

use crate::fingerprint::Fingerprint;

/// The tools whose names a target does not take as they are, and what it is told instead. The same name always becomes the
/// same other one, so that the history agrees with the tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The target's name, and the client's.
    changed: Vec<(String, String)>,
}

impl Names {
    /// `name` as a target takes it: at most `limit` bytes of letters, digits, `_` and `-`.
    pub fn fit<'a>(&mut self, name: &'a str, limit: usize) -> Cow<'a, str> {
        if is_plain(name) && name.len() <= limit {
            return Cow::Borrowed(name);
        }
        let digest = digest(name);
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        let mut short: String = name.chars().map(plain).take(limit.saturating_sub(digest.len() + 1)).collect();
        short.push('_');
        short.push_str(&digest);
        if !self.changed.iter().any(|(known, _)| *known == short) {
            self.changed.push((short.clone(), name.to_owned()));
        }
        Cow::Owned(short)
    }

    /// The client's own name for what the target calls `name`.
    pub fn original<'a>(&'a self, name: &'a str) -> &'a str {
        self.changed.iter().find(|(known, _)| known == name).map_or(name, |(_, original)| original)
    }
}

/// A call's id as every target takes it: as it is, or one of our own that is always the same for it.
pub(in crate::dialect) fn call_id(id: &str, limit: usize) -> Cow<'_, str> {
    if is_plain(id) && id.len() <= limit { Cow::Borrowed(id) } else { Cow::Owned(format!("call_{}", digest(id))) }
}

/// An id of our own for a call that came without one: no other call of this answer, and hardly one of another, has it.
pub(in crate::dialect) fn own_id(answer: Option<&str>, number: usize) -> String {
    call_id(&format!("{} {number}", answer.unwrap_or_default()), 64).into_owned()
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn digest(text: &str) -> String {
    let mut hash = Fingerprint::default();
    hash.write(text.as_bytes());
    format!("{:016x}", hash.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_do_not_fit() {
        let mut names = Names::default();
        let long = "x".repeat(65);
        for name in ["get.weather", long.as_str(), "mcp/server tool", "wetter-für"] {
            let fitted = names.fit(name, 64).into_owned();
            assert!(is_plain(&fitted) && fitted.len() <= 64, "{fitted}");
            assert_eq!(names.fit(name, 64), fitted);
            assert_eq!(names.original(&fitted), name);
        }
        assert_eq!(names.fit("get_weather", 64), "get_weather");
        assert_eq!(names.original("get_weather"), "get_weather");
        assert_ne!(names.fit("a.b", 64), names.fit("a/b", 64));
        assert_eq!(call_id("call_1", 40), "call_1");
        assert_eq!(call_id(&long, 40).len(), 21);
    }
}

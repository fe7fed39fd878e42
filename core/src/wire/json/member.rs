use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::{InvalidJson, Scanner};

/// A member's name in quotes, to be looked for without reading the event. Inside a string the closing quote would be
/// escaped, so text cannot be mistaken for it.
pub(crate) struct MemberName(LazyLock<Finder<'static>>, usize);

impl MemberName {
    pub(crate) const fn new(find: fn() -> Finder<'static>, length: usize) -> Self {
        Self(LazyLock::new(find), length)
    }

    /// Whether the event has a member of this name, at any depth, with a value other than null.
    pub(crate) fn is_set_in(&self, data: &[u8]) -> bool {
        self.values(data).any(|value| !value.starts_with(b"null"))
    }

    /// What follows the colon of each member of this name.
    pub(crate) fn values<'d>(&self, data: &'d [u8]) -> impl Iterator<Item = &'d [u8]> {
        self.0.find_iter(data).filter_map(move |at| {
            let behind = data.get(at + self.1..)?.trim_ascii_start().strip_prefix(b":")?;
            Some(behind.trim_ascii_start())
        })
    }
}

/// Makes a [`MemberName`].
macro_rules! member_name {
    ($name:literal) => {
        $crate::wire::json::MemberName::new(|| memchr::memmem::Finder::new(concat!("\"", $name, "\"")), $name.len() + 2)
    };
}
pub(crate) use member_name;

/// An event of mere content is not read, for the sake of speed; that it begins and ends as an object does is all that is
/// asked of it.
pub(crate) fn looks_whole(data: &[u8]) -> Result<(), InvalidJson> {
    if data.starts_with(b"{") && data.ends_with(b"}") {
        return Ok(());
    }
    Err(InvalidJson { offset: data.len(), message: "expected a whole JSON object" })
}

/// The value of a top-level string member, read no further than up to it.
pub(crate) fn top_text(data: &[u8], name: &str) -> Result<Option<String>, InvalidJson> {
    /// Ends the walk early.
    enum Stop {
        Found(Option<String>),
        Invalid(InvalidJson),
    }
    impl From<InvalidJson> for Stop {
        fn from(error: InvalidJson) -> Self {
            Self::Invalid(error)
        }
    }
    let walked = Scanner::new(data).each_named::<Stop>(name, |scanner| {
        let text = scanner.string_or_skip()?;
        Err(Stop::Found(text.map(|text| text.name().into_owned())))
    });
    match walked {
        Err(Stop::Found(text)) => Ok(text),
        Err(Stop::Invalid(error)) => Err(error),
        Ok(_) => Ok(None),
    }
}

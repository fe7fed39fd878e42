//! What a person sees: results on standard output, everything else on standard error.

use std::fmt::Display;
use std::io::{self, Write};

/// Prints a result. A reader that went away is no failure of ours.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

pub(crate) fn error(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "error: {text}");
}

/// Prints a hint beside the result.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

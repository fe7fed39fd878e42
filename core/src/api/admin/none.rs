//! What filters call what has none.

const NONE: &str = "none";

/// A filter's value as records have it; `None` is what has none. A model may be called `none`, and all that was asked has one.
pub(super) fn stored(value: &str, is_model: bool) -> Option<String> {
    (is_model || value != NONE).then(|| value.to_owned())
}

//! Thoughts: items of their own, whose encrypted part goes back to their maker.

use serde_json::{Map, Value as Json};

use crate::dialect::hub::{Ledger, Part, PartKind, Proof, Target, list, text};
use crate::wire::json::{Members, Value};

/// What their maker wants back.
const ENCRYPTED: &str = "encrypted_content";

/// What a client sends back.
pub(super) fn of_client<'a>(item: &'a Value<'a>) -> Part<'a> {
    let proof = text(item, ENCRYPTED).map_or(Proof::Foreign, Proof::of_client);
    Part::new(PartKind::Reasoning { text: words(item).into(), proof: Some(proof) })
}

/// What an item of a provider says, in one: its summary, or where it has none, its own words.
pub(super) fn words(item: &Value<'_>) -> String {
    let told = |name| list(item, name).iter().filter_map(|part| text(part, "text")).collect::<Vec<_>>();
    let summary = told("summary");
    if summary.is_empty() { told("content").concat() } else { summary.join(SEPARATOR) }
}

/// Between the parts of a summary.
pub(super) const SEPARATOR: &str = "\n\n";

/// What the maker of an item wants back, as JSON; `None` where it has nothing to be known again by.
pub(super) fn proof(item: &Value<'_>) -> Option<String> {
    let has = |name| item.get(name).is_some_and(|it| it.as_str().is_some_and(|it| !it.is_empty()));
    let says = !list(item, "content").is_empty();
    (has(ENCRYPTED) || says).then(|| kept(item.as_object().map(Members::to_json).unwrap_or_default()).to_string())
}

/// The item of a thought that the target itself has had.
pub(super) fn own(proof: &Proof<'_>, target: &Target<'_>) -> Option<Json> {
    let item: Map<String, Json> = serde_json::from_str(proof.for_maker(target.origin)?).ok()?;
    (item.get("type")?.as_str()? == "reasoning").then(|| kept(item))
}

/// With the members that such an item has, and no others.
fn kept(mut item: Map<String, Json>) -> Json {
    item.retain(|name, value| match name.as_str() {
        "type" | "id" | ENCRYPTED => value.is_string(),
        "summary" | "content" => value.is_array(),
        _ => false,
    });
    Json::Object(item)
}

/// Takes out thoughts that another provider had.
pub(super) fn strip(body: &mut Json, ledger: &mut Ledger) {
    let Some(items) = body.get_mut("input").and_then(Json::as_array_mut) else { return };
    let before = items.len();
    items.retain(|item| !item.get(ENCRYPTED).and_then(Json::as_str).is_some_and(Proof::is_envelope));
    if items.len() < before {
        ledger.dropped("reasoning.history");
    }
}

use serde_json::{Value, json};

use crate::dialect::ModelEntry;
use crate::dialect::models::{page_size, query_value};

const PAGE: usize = 20;
const LARGEST_PAGE: usize = 1000;

/// What the gateway cannot know of a model is null, which the format allows.
pub(in crate::dialect) fn entry(model: &ModelEntry) -> Value {
    let created_at = jiff::Timestamp::from_second(model.created_at.as_secs()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    json!({
        "type": "model",
        "id": model.name,
        "display_name": model.name,
        "created_at": created_at.to_string(),
        "lifecycle": "active",
        "line": null,
        "deprecated_at": null,
        "retires_at": null,
        "max_input_tokens": null,
        "max_tokens": null,
        "capabilities": null,
    })
}

/// One page. `before_id` pages backwards: it gives the models right before it, still in order.
pub(in crate::dialect) fn list(models: &[ModelEntry], query: Option<&str>) -> Value {
    let size = page_size(query, &["limit"], PAGE, LARGEST_PAGE);
    let place = |id: &str| models.iter().position(|model| model.name == id);
    let (page, has_more) = if let Some(before) = query_value(query, &["before_id"]) {
        let end = place(&before).unwrap_or(0);
        let start = end.saturating_sub(size);
        (models.get(start..end), start > 0)
    } else {
        let start = match query_value(query, &["after_id"]) {
            Some(after) => place(&after).map_or(models.len(), |at| at + 1),
            None => 0,
        };
        let end = start.saturating_add(size).min(models.len());
        (models.get(start..end), end < models.len())
    };
    let page = page.unwrap_or_default();
    json!({
        "data": page.iter().map(entry).collect::<Vec<_>>(),
        "has_more": has_more,
        "first_id": page.first().map(|model| &model.name),
        "last_id": page.last().map(|model| &model.name),
    })
}

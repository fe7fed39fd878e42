use serde_json::{Value, json};

use crate::dialect::ModelEntry;
use crate::dialect::models::{page_size, query_value};

const PAGE: usize = 50;
const LARGEST_PAGE: usize = 1000;

pub(in crate::dialect) fn entry(model: &ModelEntry) -> Value {
    json!({
        "name": format!("models/{}", model.name),
        "baseModelId": model.name,
        "version": "1",
        "displayName": model.name,
        "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
    })
}

/// One page. A page's token is the name of the model before it.
pub(in crate::dialect) fn list(models: &[ModelEntry], query: Option<&str>) -> Value {
    let size = page_size(query, &["pageSize", "page_size"], PAGE, LARGEST_PAGE);
    let start = match query_value(query, &["pageToken", "page_token"]) {
        Some(token) => models.iter().position(|model| model.name == token).map_or(models.len(), |at| at + 1),
        None => 0,
    };
    let end = start.saturating_add(size).min(models.len());
    let page = models.get(start..end).unwrap_or_default();
    let mut body = json!({"models": page.iter().map(entry).collect::<Vec<_>>()});
    if let (true, Some(last), Some(body)) = (end < models.len(), page.last(), body.as_object_mut()) {
        body.insert("nextPageToken".to_owned(), json!(last.name));
    }
    body
}

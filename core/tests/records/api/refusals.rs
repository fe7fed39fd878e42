//! What cannot be meant.

use serde_json::json;

use super::call;
use crate::support::Home;

#[tokio::test]
async fn what_cannot_be_meant_is_refused_by_name() {
    let home = Home::new().await;
    let rows = [
        ("GET /api/logs?status=6xx", "status"),
        ("GET /api/logs?outcome=fine", "outcome"),
        ("GET /api/logs?dialect=morse", "dialect"),
        ("GET /api/logs?trace=abc", "trace"),
        ("GET /api/logs?from=yesterday", "from"),
        ("GET /api/logs?stream=maybe", "stream"),
        ("GET /api/logs?attempts=none", "attempts"),
        ("GET /api/logs?limit=0", "limit"),
        ("GET /api/logs?limit=201", "limit"),
        ("GET /api/logs?colour=red", "colour"),
        ("GET /api/logs?body=x", "from"),
        ("GET /api/logs?min_total_ms=-1", "min_total_ms"),
        ("GET /api/logs?max_total_ms=NaN", "max_total_ms"),
        ("GET /api/logs?not_status=abc", "not_status"),
        ("GET /api/logs?cache=cold", "cache"),
        ("GET /api/logs?provider_type=telex", "provider_type"),
        ("GET /api/logs/facets", "field"),
        ("GET /api/logs/facets?field=colour", "field"),
        ("GET /api/logs/histogram?buckets=0", "buckets"),
        ("GET /api/logs/histogram?buckets=401", "buckets"),
        ("GET /api/logs/histogram?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("GET /api/logs/histogram?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("DELETE /api/logs", "older_than_days"),
        ("DELETE /api/logs?older_than_days=1&keep_newest=1", "older_than_days"),
        ("DELETE /api/logs?keep_newest=-1", "keep_newest"),
        ("GET /api/metrics?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("GET /api/metrics?from=2025-01-01T00:00:00Z&to=2026-01-01T00:00:00Z", "from"),
        ("GET /api/metrics?from=2020-01-01T00:00:00Z&interval=day", "from"),
        ("GET /api/metrics?interval=minute", "interval"),
        ("GET /api/metrics?interval=5m&from=2025-12-01T00:00:00Z&to=2025-12-01T01:00:00Z", "from"),
        ("GET /api/metrics?then_by=model", "then_by"),
        ("GET /api/metrics?group_by=model&then_by=model", "then_by"),
        ("GET /api/metrics?group_by=colour", "group_by"),
        ("GET /api/metrics?limit=0", "limit"),
        ("GET /api/metrics?limit=201", "limit"),
        ("GET /api/metrics?group_by=key&limit=200&from=2025-12-05T00:00:00Z&to=2026-01-01T00:00:00Z", "limit"),
        ("GET /api/metrics?origin=mars", "origin"),
        ("GET /api/usage", "by"),
        ("GET /api/usage?by=colour", "by"),
        ("GET /api/usage?by=key&days=91", "days"),
        ("GET /api/metrics?tz_offset_minutes=841", "tz_offset_minutes"),
        ("GET /api/metrics/summary?tz_offset_minutes=-2147483648", "tz_offset_minutes"),
    ];
    for (request, field) in rows {
        let (status, json) = call(&home, request).await;
        let error = &json["error"];
        assert_eq!(
            (status, &error["code"], &error["field"]),
            (422, &json!("invalid"), &json!(field)),
            "{request}: {json}"
        );
    }
}

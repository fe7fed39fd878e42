use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::support::{Api, check_refusals, refusal};

#[tokio::test]
async fn what_fits_no_operation() {
    let api = Api::new().await;
    check_refusals(
        &api,
        vec![
            refusal("GET /api/nothing", Value::Null, 404, "not_found", ""),
            refusal("GET /api/providers/", Value::Null, 404, "not_found", ""),
            refusal("GET /api/providers/x", Value::Null, 404, "not_found", ""),
            refusal("PUT /api/providers", Value::Null, 405, "method_not_allowed", ""),
            refusal("POST /api/providers", json!([1]), 400, "bad_request", ""),
        ],
    )
    .await;
    assert_eq!(api.call("PUT /api/providers", Value::Null).await.headers["allow"], "GET, POST");
}

#[tokio::test]
async fn bodies_are_json() {
    let api = Api::new().await;
    for (content_type, body, status) in [
        (Some("application/x-www-form-urlencoded"), r#"{"name": "a", "type": "openai"}"#, 415),
        (Some("application/json"), "{", 400),
        (Some("application/json; charset=utf-8"), r#"{"name": "a", "type": "openai"}"#, 201),
        (None, r#"{"name": "b", "type": "openai"}"#, 201),
    ] {
        let mut request = Request::post("/api/providers");
        if let Some(kind) = content_type {
            request = request.header("content-type", kind);
        }
        let answer = api.send(request.body(Bytes::from(body)).unwrap()).await;
        assert_eq!(answer.status, status, "{content_type:?} {body}: {}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    let huge = Bytes::from(vec![b' '; llmio_core::api::admin::MAX_BODY + 1]);
    assert_eq!(api.send(Request::post("/api/providers").body(huge).unwrap()).await.status, 413);
}

#[tokio::test]
async fn the_document_describes_the_operations() {
    let api = Api::new().await;
    let document = api.expect(200, "GET /api/openapi.json", Value::Null).await;
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["paths"]["/api/providers"]["post"]["operationId"], "createProvider");
}

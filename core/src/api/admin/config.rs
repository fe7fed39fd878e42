//! The whole configuration as one file.

use http::{Method, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Admin, AdminCall, AdminError, AdminRoute, Reply};
use crate::config::Config;
use crate::config::file::{self, Applied, ConfigFile, FileError};

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(
            Method::GET,
            "/api/config",
            "exportConfig",
            "The configuration as a file without secrets; YAML where the `Accept` header asks for it",
            |a, c| Box::pin(export(a, c)),
        )
        .answers::<ConfigFile>(200)
        .or_yaml()
        .versioned(),
        AdminRoute::new(
            Method::PUT,
            "/api/config",
            "applyConfig",
            "Make the configuration what the file says; what is in none of its sections stays",
            |a, c| Box::pin(apply(a, c)),
        )
        .query::<ApplyQuery>()
        .body::<ConfigFile>()
        .answers::<Applied>(200)
        .or_yaml()
        .versioned(),
        AdminRoute::new(
            Method::GET,
            "/api/config/schema.json",
            "getConfigSchema",
            "The JSON Schema of the file",
            |_, _| Box::pin(async { Ok(Reply::with_body(StatusCode::OK, "application/json", file::SCHEMA)) }),
        )
        .answers::<Map<String, Value>>(200),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ApplyQuery {
    /// Answers what would change, and changes nothing.
    #[serde(default)]
    dry_run: bool,
}

async fn export(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let config = admin.store.load().await?;
    let exported = file::export(&config);
    let reply = if call.wants_yaml() {
        Reply::with_body(StatusCode::OK, "application/yaml", exported.to_yaml())
    } else {
        Reply::ok(&exported.to_json())?
    };
    Ok(reply.of_version(config.version))
}

async fn apply(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let query: ApplyQuery = call.query()?;
    let kind = call.content_type();
    if !kind.as_deref().is_none_or(|kind| kind == "text/plain" || kind.contains("yaml") || kind.contains("json")) {
        return Err(AdminError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "send the file with `Content-Type: application/yaml` or `application/json`",
        ));
    }
    let text = std::str::from_utf8(&call.body).map_err(|_| AdminError::bad_request("the file is not UTF-8"))?;
    let file = file::parse(text, &|name| admin.environment.get(name))?;
    let merge = |config: &mut Config| Ok(file::merge_into(&admin.store, &file, config)?);
    let edited = if query.dry_run { admin.dry_run(&call, merge).await? } else { admin.edit(&call, merge).await? };
    Reply::applied(&Applied::of(&edited))
}

impl From<FileError> for AdminError {
    fn from(error: FileError) -> Self {
        let field = error.problems.first().map(|problem| problem.place.clone()).unwrap_or_default();
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_config", error.to_string()).field(field)
    }
}

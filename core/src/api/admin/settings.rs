//! Settings.

use http::Method;

use super::{Admin, AdminCall, AdminError, AdminRoute, Reply};
use crate::config::Settings;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(Method::GET, "/api/settings", "getSettings", "The settings", |a, c| Box::pin(get(a, c)))
            .answers::<Settings>(200)
            .versioned(),
        AdminRoute::new(
            Method::PUT,
            "/api/settings",
            "putSettings",
            "Set all settings; one that is left out gets its default",
            |a, c| Box::pin(put(a, c)),
        )
        .body::<Settings>()
        .answers::<Settings>(200)
        .versioned(),
    ]
}

async fn get(admin: &Admin, _: AdminCall) -> Result<Reply, AdminError> {
    let config = admin.store.load().await?;
    Ok(Reply::ok(&config.settings)?.of_version(config.version))
}

async fn put(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let settings: Settings = call.json()?;
    let edited = admin
        .edit(&call, |config| {
            config.settings = settings.clone();
            Ok(())
        })
        .await?;
    Ok(Reply::ok(&edited.after.settings)?.of_version(edited.after.version))
}

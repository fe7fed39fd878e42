//! Settings.

use http::Method;

use super::{Admin, AdminCall, AdminError, AdminRoute, Reply};
use crate::config::Settings;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(Method::GET, "/api/settings", "getSettings", "The settings", |a, c| Box::pin(get(a, c)))
            .answers::<Settings>(200),
        AdminRoute::new(
            Method::PUT,
            "/api/settings",
            "putSettings",
            "Set all settings; one that is left out gets its default",
            |a, c| Box::pin(put(a, c)),
        )
        .body::<Settings>()
        .answers::<Settings>(200),
    ]
}

async fn get(admin: &Admin, _: AdminCall) -> Result<Reply, AdminError> {
    Reply::ok(&admin.store.load().await?.settings)
}

async fn put(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let settings: Settings = call.json()?;
    let edited = admin
        .edit(|config| {
            config.settings = settings.clone();
            Ok(())
        })
        .await?;
    Reply::ok(&edited.after.settings)
}

//! Settings.

use http::Method;

use super::{Admin, AdminError, Call, Reply, Route};
use crate::config::Settings;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/api/settings", "getSettings", "The settings", |a, c| Box::pin(get(a, c)))
            .answers::<Settings>(200),
        Route::new(
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

async fn get(admin: &Admin, _: Call) -> Result<Reply, AdminError> {
    Reply::ok(&admin.store.load().await?.settings)
}

async fn put(admin: &Admin, call: Call) -> Result<Reply, AdminError> {
    let settings: Settings = call.json()?;
    let edited = admin
        .edit(|config| {
            config.settings = settings.clone();
            Ok(())
        })
        .await?;
    Reply::ok(&edited.after.settings)
}

//! Client keys.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::call::{from_value, patch};
use super::{Admin, AdminCall, AdminError, AdminRoute, List, Reply};
use crate::config::fields::{copied, filled, key_fields, with_fields};
use crate::config::file::Applied;
use crate::config::{
    ClientKey, Config, Secret, client_key_prefix, client_key_suffix, generate_client_key, hash_client_key, normal_note,
    validate,
};
use crate::platform::Timestamp;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(Method::GET, "/api/keys", "listKeys", "All client keys, oldest first", |a, c| {
            Box::pin(list(a, c))
        })
        .answers::<List<KeyView>>(200)
        .versioned(),
        AdminRoute::new(
            Method::POST,
            "/api/keys",
            "createKey",
            "Make a client key; only this answer shows the key itself",
            |a, c| Box::pin(create(a, c)),
        )
        .body::<NewKey>()
        .answers::<CreatedKey>(201)
        .versioned(),
        AdminRoute::new(Method::GET, "/api/keys/{id}", "getKey", "One client key", |a, c| Box::pin(get(a, c)))
            .answers::<KeyView>(200)
            .versioned(),
        AdminRoute::new(
            Method::PATCH,
            "/api/keys/{id}",
            "updateKey",
            "Change the given fields of a client key, or switch it on or off by `enabled`",
            |a, c| Box::pin(update(a, c)),
        )
        .patch::<KeyFields>()
        .answers::<KeyView>(200)
        .versioned(),
        AdminRoute::new(Method::DELETE, "/api/keys/{id}", "deleteKey", "Delete a client key", |a, c| {
            Box::pin(delete(a, c))
        })
        .answers::<Applied>(200)
        .versioned(),
    ]
}

key_fields! { with_fields! {
    /// What can be set of a client key.
    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct KeyFields {
        /// Unique.
        name: String,
        /// Names or patterns of the models it may use. Null: all.
        #[serde(default)]
        models: Option<Vec<String>>,
        /// For people; at most 2000 characters.
        #[serde(default)]
        note: String,
    }
} }

key_fields! { with_fields! {
    /// What a client key is made from.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct NewKey {
        /// Unique.
        name: String,
        /// The key itself; absent, one is made.
        #[serde(default)]
        key: Option<String>,
        /// Names or patterns of the models it may use. Null: all.
        #[serde(default)]
        models: Option<Vec<String>>,
        /// For people; at most 2000 characters.
        #[serde(default)]
        note: String,
    }
} }

/// A client key.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Key")]
struct KeyView {
    id: String,
    #[serde(flatten)]
    fields: KeyFields,
    /// The first characters of the key.
    prefix: String,
    /// Its last four characters. Null for a short key, and for one that was made by a version that did not keep them.
    suffix: Option<String>,
    created_at: Timestamp,
}

/// A client key that was just made.
#[derive(Serialize, JsonSchema)]
struct CreatedKey {
    /// The key itself. It is not stored and never shown again.
    key: String,
    #[serde(flatten)]
    view: KeyView,
}

impl KeyFields {
    fn of(key: &ClientKey) -> Self {
        key_fields! { filled! {
            KeyFields { name: key.name.clone(), models: key.models.clone(), note: key.note.clone(), } by copied!(key)
        } }
    }

    fn to_record(&self, stored: &ClientKey) -> ClientKey {
        let fields = self;
        key_fields! { filled! {
            ClientKey {
                id: stored.id.clone(),
                name: fields.name.trim().to_owned(),
                hash: stored.hash,
                prefix: stored.prefix.clone(),
                suffix: stored.suffix.clone(),
                note: normal_note(&fields.note),
                models: fields.models.clone(),
                created_at: stored.created_at,
            } by copied!(fields)
        } }
    }
}

impl KeyView {
    fn of(key: &ClientKey) -> Self {
        Self {
            id: key.id.clone(),
            fields: KeyFields::of(key),
            prefix: key.prefix.clone(),
            suffix: key.suffix.clone(),
            created_at: key.created_at,
        }
    }
}

async fn list(admin: &Admin, _: AdminCall) -> Result<Reply, AdminError> {
    let config = admin.store.load().await?;
    Ok(Reply::list(config.keys.iter().map(KeyView::of).collect())?.of_version(config.version))
}

async fn get(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let config = admin.store.load().await?;
    Ok(Reply::ok(&one(&config, call.parameter("id"))?)?.of_version(config.version))
}

async fn create(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let (id, fields) = (admin.store.new_id(), call.object()?);
    let edited = admin.edit(&call, |config| insert(admin, config, &id, fields.clone())).await?;
    let created = CreatedKey { key: edited.output.reveal().to_owned(), view: one(&edited.after, &id)? };
    Ok(Reply::created(&created)?.of_version(edited.after.version))
}

async fn update(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let (id, fields) = (call.parameter("id"), call.object()?);
    let edited = admin.edit(&call, |config| change(config, id, fields.clone())).await?;
    Ok(Reply::ok(&one(&edited.after, id)?)?.of_version(edited.after.version))
}

async fn delete(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let id = call.parameter("id");
    let edited = admin.edit(&call, |config| remove(config, id)).await?;
    Reply::applied(&Applied::of(&edited))
}

/// Returns the key itself.
pub(super) fn insert(
    admin: &Admin,
    config: &mut Config,
    id: &str,
    fields: Map<String, Value>,
) -> Result<Secret, AdminError> {
    let asked: NewKey = from_value(fields.into())?;
    let secret = match &asked.key {
        Some(key) => {
            validate::client_key_text(key)?;
            Secret::new(key)
        }
        None => generate_client_key(&*admin.platform.entropy),
    };
    config.keys.push(key_fields! { filled! {
        ClientKey {
            id: id.to_owned(),
            name: asked.name.trim().to_owned(),
            hash: hash_client_key(secret.reveal()),
            prefix: client_key_prefix(secret.reveal()),
            suffix: client_key_suffix(secret.reveal()),
            note: normal_note(&asked.note),
            models: asked.models.clone(),
            created_at: admin.platform.clock.now(),
        } by copied!(asked)
    } });
    Ok(secret)
}

pub(super) fn change(config: &mut Config, id: &str, fields: Map<String, Value>) -> Result<(), AdminError> {
    let key = find(config, id)?;
    *key = patch(&KeyFields::of(key), fields)?.to_record(key);
    Ok(())
}

pub(super) fn remove(config: &mut Config, id: &str) -> Result<(), AdminError> {
    find(config, id)?;
    config.keys.retain(|key| key.id != id);
    Ok(())
}

fn one(config: &Config, id: &str) -> Result<KeyView, AdminError> {
    config.key(id).map(KeyView::of).ok_or_else(|| AdminError::not_found("key", id))
}

fn find<'a>(config: &'a mut Config, id: &str) -> Result<&'a mut ClientKey, AdminError> {
    config.keys.iter_mut().find(|key| key.id == id).ok_or_else(|| AdminError::not_found("key", id))
}

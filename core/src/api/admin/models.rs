//! Models.

use std::collections::HashMap;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::associations::AssociationView;
use super::call::{from_value, patch};
use super::{Admin, AdminCall, AdminError, AdminRoute, List, Reply};
use crate::config::file::Applied;
use crate::config::{Config, Invalid, Model, Strategy, Timeouts, defaults, normal_note};
use crate::platform::Timestamp;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(
            Method::GET,
            "/api/models",
            "listModels",
            "All models in order, with their associations",
            |a, c| Box::pin(list(a, c)),
        )
        .answers::<List<ModelView>>(200)
        .versioned(),
        AdminRoute::new(Method::POST, "/api/models", "createModel", "Add a model behind the others", |a, c| {
            Box::pin(create(a, c))
        })
        .body::<ModelFields>()
        .answers::<ModelView>(201)
        .versioned(),
        // Before the template that would take `order` for an id.
        AdminRoute::new(Method::PUT, "/api/models/order", "orderModels", "Put all models into a new order", |a, c| {
            Box::pin(order(a, c))
        })
        .body::<Order>()
        .answers::<List<ModelView>>(200)
        .versioned(),
        AdminRoute::new(Method::GET, "/api/models/{id}", "getModel", "One model with its associations", |a, c| {
            Box::pin(get(a, c))
        })
        .answers::<ModelView>(200)
        .versioned(),
        AdminRoute::new(
            Method::PATCH,
            "/api/models/{id}",
            "updateModel",
            "Change the given fields of a model",
            |a, c| Box::pin(update(a, c)),
        )
        .patch::<ModelFields>()
        .answers::<ModelView>(200)
        .versioned(),
        AdminRoute::new(
            Method::DELETE,
            "/api/models/{id}",
            "deleteModel",
            "Delete a model with its associations",
            |a, c| Box::pin(delete(a, c)),
        )
        .answers::<Applied>(200)
        .versioned(),
    ]
}

/// What can be set of a model.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelFields {
    /// Unique. A name, or a pattern in which each `*` stands for any characters, also none. An exact name wins, then
    /// the longest pattern.
    name: String,
    #[serde(default)]
    strategy: Strategy,
    /// How many further attempts may follow the first.
    #[serde(default = "defaults::max_retry")]
    max_retry: u32,
    /// Seconds a request has until its answer begins, over all attempts. Null: 600, and the time-outs below that are not
    /// set are no parts of it.
    #[serde(default)]
    time_out: Option<f64>,
    /// Seconds one attempt waits for the head of the answer. Null: a third of `time_out` for a stream, else all; where that
    /// is not set, 300 for a stream, 60 while another provider could still be asked, else 600.
    #[serde(default)]
    header_timeout: Option<f64>,
    /// Seconds one streaming attempt waits for its first output. Null: two thirds of `time_out`; where that is not set, 300
    /// after the head.
    #[serde(default)]
    first_token_timeout: Option<f64>,
    /// Seconds a stream that has begun may be silent. Null: 300.
    #[serde(default)]
    idle_timeout: Option<f64>,
    /// Whether providers that keep failing are left out for a while.
    #[serde(default = "defaults::yes")]
    breaker: bool,
    /// Whether a conversation keeps its provider while that can be asked: always with `lottery` and `round_robin`, from its
    /// second turn on with `least_latency`. `rotor` does so by itself.
    #[serde(default = "defaults::yes")]
    affinity: bool,
    /// Whether within a tier providers of the client's own dialect are asked before those that a request is translated for.
    #[serde(default = "defaults::yes")]
    prefer_same_dialect: bool,
    /// Whether a request is refused rather than translated with losses. Keys and requests can ask for the same.
    #[serde(default)]
    strict: bool,
    /// For people; at most 2000 characters.
    #[serde(default)]
    note: String,
    /// Clients of one that is switched off are told so.
    #[serde(default = "defaults::yes")]
    enabled: bool,
}

/// A model with its associations.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Model")]
struct ModelView {
    id: String,
    #[serde(flatten)]
    fields: ModelFields,
    created_at: Timestamp,
    associations: Vec<AssociationView>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ModelOrder")]
struct Order {
    /// Every model's id once.
    ids: Vec<String>,
}

impl ModelFields {
    fn of(model: &Model) -> Self {
        Self {
            name: model.name.clone(),
            strategy: model.strategy,
            max_retry: model.max_retry,
            time_out: model.timeouts.total,
            header_timeout: model.timeouts.header,
            first_token_timeout: model.timeouts.first_token,
            idle_timeout: model.timeouts.idle,
            breaker: model.breaker,
            affinity: model.affinity,
            prefer_same_dialect: model.prefer_same_dialect,
            strict: model.strict,
            note: model.note.clone(),
            enabled: model.enabled,
        }
    }

    fn write_to(self, model: &mut Model) {
        model.name = self.name.trim().to_owned();
        model.strategy = self.strategy;
        model.max_retry = self.max_retry;
        model.timeouts = Timeouts {
            total: self.time_out,
            header: self.header_timeout,
            first_token: self.first_token_timeout,
            idle: self.idle_timeout,
        };
        model.breaker = self.breaker;
        model.affinity = self.affinity;
        model.prefer_same_dialect = self.prefer_same_dialect;
        model.strict = self.strict;
        model.note = normal_note(&self.note);
        model.enabled = self.enabled;
    }
}

impl ModelView {
    fn of(admin: &Admin, model: &Model, config: &Config) -> Self {
        Self {
            id: model.id.clone(),
            fields: ModelFields::of(model),
            created_at: model.created_at,
            associations: model
                .associations
                .iter()
                .map(|association| AssociationView::of(admin, model, association, config))
                .collect(),
        }
    }
}

async fn list(admin: &Admin, _: AdminCall) -> Result<Reply, AdminError> {
    in_order(admin, &admin.store.load().await?)
}

fn in_order(admin: &Admin, config: &Config) -> Result<Reply, AdminError> {
    let views = config.models.iter().map(|model| ModelView::of(admin, model, config)).collect();
    Ok(Reply::list(views)?.of_version(config.version))
}

fn one(admin: &Admin, config: &Config, id: &str) -> Result<ModelView, AdminError> {
    let model = config.model(id).ok_or_else(|| AdminError::not_found("model", id))?;
    Ok(ModelView::of(admin, model, config))
}

async fn get(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let config = admin.store.load().await?;
    Ok(Reply::ok(&one(admin, &config, call.parameter("id"))?)?.of_version(config.version))
}

async fn create(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let id = admin.store.new_id();
    let (fields, now) = (call.object()?, admin.platform.clock.now());
    let edited = admin.edit(&call, |config| insert(config, &id, fields.clone(), now)).await?;
    Ok(Reply::created(&one(admin, &edited.after, &id)?)?.of_version(edited.after.version))
}

async fn update(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let id = call.parameter("id");
    let fields = call.object()?;
    let edited = admin.edit(&call, |config| change(config, id, fields.clone())).await?;
    Ok(Reply::ok(&one(admin, &edited.after, id)?)?.of_version(edited.after.version))
}

async fn delete(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let id = call.parameter("id");
    let edited = admin.edit(&call, |config| remove(config, id)).await?;
    Reply::applied(&Applied::of(&edited))
}

/// Behind the others.
pub(super) fn insert(
    config: &mut Config,
    id: &str,
    fields: Map<String, Value>,
    created_at: Timestamp,
) -> Result<(), AdminError> {
    let mut model = Model {
        id: id.to_owned(),
        name: String::new(),
        strategy: Strategy::default(),
        max_retry: 0,
        timeouts: Timeouts::default(),
        breaker: true,
        affinity: true,
        prefer_same_dialect: true,
        strict: false,
        note: String::new(),
        enabled: true,
        created_at,
        associations: Vec::new(),
    };
    from_value::<ModelFields>(fields.into())?.write_to(&mut model);
    config.models.push(model);
    Ok(())
}

pub(super) fn change(config: &mut Config, id: &str, fields: Map<String, Value>) -> Result<(), AdminError> {
    let model = find(config, id)?;
    patch(&ModelFields::of(model), fields)?.write_to(model);
    Ok(())
}

/// With its associations.
pub(super) fn remove(config: &mut Config, id: &str) -> Result<(), AdminError> {
    find(config, id)?;
    config.models.retain(|model| model.id != id);
    Ok(())
}

/// Before another one, or behind all.
pub(super) fn place(config: &mut Config, id: &str, before: Option<&str>) -> Result<(), AdminError> {
    let model = find(config, id)?.clone();
    config.models.retain(|model| model.id != id);
    let index = match before {
        None => config.models.len(),
        Some(before) => config
            .models
            .iter()
            .position(|model| model.id == before)
            .ok_or_else(|| Invalid::new("before", format!("names no other model: there is no `{before}`")))?,
    };
    config.models.insert(index, model);
    Ok(())
}

async fn order(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let order: Order = call.json()?;
    let edited = admin
        .edit(&call, |config| {
            let models = std::mem::take(&mut config.models);
            config.models = in_order_of(&order.ids, models, |model| &model.id)
                .ok_or_else(|| Invalid::new("ids", "must hold the id of every model once"))?;
            Ok(())
        })
        .await?;
    in_order(admin, &edited.after)
}

/// The records in the order of their ids; `None` unless the ids are each one's, once.
pub(super) fn in_order_of<T>(ids: &[String], records: Vec<T>, id: impl Fn(&T) -> &String) -> Option<Vec<T>> {
    let mut by_id: HashMap<String, T> = records.into_iter().map(|record| (id(&record).clone(), record)).collect();
    let ordered: Option<Vec<T>> = ids.iter().map(|id| by_id.remove(id)).collect();
    ordered.filter(|_| by_id.is_empty())
}

fn find<'a>(config: &'a mut Config, id: &str) -> Result<&'a mut Model, AdminError> {
    config.models.iter_mut().find(|model| model.id == id).ok_or_else(|| AdminError::not_found("model", id))
}

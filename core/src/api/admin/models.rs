//! Models.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::associations::AssociationView;
use super::{Admin, AdminCall, AdminError, AdminRoute, List, Reply};
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
        .answers::<List<ModelView>>(200),
        AdminRoute::new(Method::POST, "/api/models", "createModel", "Add a model behind the others", |a, c| {
            Box::pin(create(a, c))
        })
        .body::<ModelFields>()
        .answers::<ModelView>(201),
        // Before the template that would take `order` for an id.
        AdminRoute::new(Method::PUT, "/api/models/order", "orderModels", "Put all models into a new order", |a, c| {
            Box::pin(order(a, c))
        })
        .body::<Order>()
        .answers::<List<ModelView>>(200),
        AdminRoute::new(Method::GET, "/api/models/{id}", "getModel", "One model with its associations", |a, c| {
            Box::pin(get(a, c))
        })
        .answers::<ModelView>(200),
        AdminRoute::new(
            Method::PATCH,
            "/api/models/{id}",
            "updateModel",
            "Change the given fields of a model",
            |a, c| Box::pin(update(a, c)),
        )
        .patch::<ModelFields>()
        .answers::<ModelView>(200),
        AdminRoute::new(
            Method::DELETE,
            "/api/models/{id}",
            "deleteModel",
            "Delete a model with its associations",
            |a, c| Box::pin(delete(a, c)),
        )
        .answers_nothing(),
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
    Reply::list(config.models.iter().map(|model| ModelView::of(admin, model, config)).collect())
}

fn one(admin: &Admin, config: &Config, id: &str) -> Result<ModelView, AdminError> {
    let model = config.model(id).ok_or_else(|| AdminError::not_found("model", id))?;
    Ok(ModelView::of(admin, model, config))
}

async fn get(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    Reply::ok(&one(admin, &admin.store.load().await?, call.parameter("id"))?)
}

async fn create(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let id = admin.store.new_id();
    let created_at = admin.platform.clock.now();
    let edited = admin
        .edit(|config| {
            let mut model = Model {
                id: id.clone(),
                name: String::new(),
                strategy: Strategy::default(),
                max_retry: 0,
                timeouts: Timeouts::default(),
                breaker: true,
                affinity: true,
                note: String::new(),
                enabled: true,
                created_at,
                associations: Vec::new(),
            };
            call.json::<ModelFields>()?.write_to(&mut model);
            config.models.push(model);
            Ok(())
        })
        .await?;
    Reply::created(&one(admin, &edited.after, &id)?)
}

async fn update(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let id = call.parameter("id");
    let edited = admin
        .edit(|config| {
            let model = find(config, id)?;
            call.patched(&ModelFields::of(model))?.write_to(model);
            Ok(())
        })
        .await?;
    Reply::ok(&one(admin, &edited.after, id)?)
}

async fn delete(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let id = call.parameter("id");
    admin
        .edit(|config| {
            find(config, id)?;
            config.models.retain(|model| model.id != id);
            Ok(())
        })
        .await?;
    Ok(Reply::nothing())
}

async fn order(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let order: Order = call.json()?;
    let edited = admin
        .edit(|config| {
            let wrong = || Invalid::new("ids", "must hold the id of every model once");
            if order.ids.len() != config.models.len() {
                return Err(wrong().into());
            }
            let mut models = std::mem::take(&mut config.models);
            for id in &order.ids {
                let index = models.iter().position(|model| model.id == *id).ok_or_else(wrong)?;
                config.models.push(models.remove(index));
            }
            Ok(())
        })
        .await?;
    in_order(admin, &edited.after)
}

fn find<'a>(config: &'a mut Config, id: &str) -> Result<&'a mut Model, AdminError> {
    config.models.iter_mut().find(|model| model.id == id).ok_or_else(|| AdminError::not_found("model", id))
}

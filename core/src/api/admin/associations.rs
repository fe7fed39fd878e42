//! Associations.

use std::collections::BTreeMap;

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::call::{from_value, patch};
use super::health_view::HealthView;
use super::models::in_order_of;
use super::{Admin, AdminCall, AdminError, AdminRoute, List, Reply};
use crate::config::fields::{association_fields, copied, filled, with_fields};
use crate::config::file::Applied;
use crate::config::{Association, Config, Invalid, Model, header_hint, normal_headers, normal_note, written_secret};

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(
            Method::GET,
            "/api/associations",
            "listAssociations",
            "All associations, or those of one model or provider",
            |a, c| Box::pin(list(a, c)),
        )
        .query::<Filter>()
        .answers::<List<AssociationView>>(200)
        .versioned(),
        AdminRoute::new(
            Method::POST,
            "/api/associations",
            "createAssociation",
            "Add an association behind the model's others",
            |a, c| Box::pin(create(a, c)),
        )
        .body::<AssociationFields>()
        .answers::<AssociationView>(201)
        .versioned(),
        AdminRoute::new(Method::GET, "/api/associations/{id}", "getAssociation", "One association", |a, c| {
            Box::pin(get(a, c))
        })
        .answers::<AssociationView>(200)
        .versioned(),
        AdminRoute::new(
            Method::PATCH,
            "/api/associations/{id}",
            "updateAssociation",
            "Change the given fields of an association, or switch it on or off by `enabled`",
            |a, c| Box::pin(update(a, c)),
        )
        .patch::<AssociationFields>()
        .answers::<AssociationView>(200)
        .versioned(),
        AdminRoute::new(
            Method::DELETE,
            "/api/associations/{id}",
            "deleteAssociation",
            "Delete an association",
            |a, c| Box::pin(delete(a, c)),
        )
        .answers::<Applied>(200)
        .versioned(),
        AdminRoute::new(
            Method::PUT,
            "/api/models/{id}/associations/order",
            "orderAssociations",
            "Put all associations of a model into a new order",
            |a, c| Box::pin(order(a, c)),
        )
        .body::<Order>()
        .answers::<List<AssociationView>>(200)
        .versioned(),
        AdminRoute::new(
            Method::POST,
            "/api/associations/{id}/reset",
            "resetAssociation",
            "Ask the provider again at once: close its breaker and end its cool-downs. A good test does the same",
            |a, c| Box::pin(reset(a, c)),
        )
        .answers_nothing(),
    ]
}

association_fields! { with_fields! {
    /// What can be set of an association.
    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct AssociationFields {
        model_id: String,
        provider_id: String,
        /// The provider's own name for the model; `*` is the name the client asked for.
        provider_model: String,
        /// Set on the provider's request. Answers mask values that look like credentials; a mask written back keeps the
        /// stored value.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// For people; at most 2000 characters.
        #[serde(default)]
        note: String,
    }
} }

/// An association.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Association")]
pub(super) struct AssociationView {
    id: String,
    /// The model's name.
    model: String,
    /// The provider's name.
    provider: String,
    /// Whether its model is switched on. It is asked only if that, its provider and it itself (`enabled`) are.
    model_enabled: bool,
    /// Whether its provider is switched on.
    provider_enabled: bool,
    #[serde(flatten)]
    fields: AssociationFields,
    health: HealthView,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Filter {
    #[serde(default)]
    model_id: Option<String>,
    #[serde(default)]
    provider_id: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AssociationOrder")]
struct Order {
    /// The id of every association of the model once.
    ids: Vec<String>,
}

impl AssociationFields {
    fn of(model: &Model, association: &Association) -> Self {
        let hint = |(name, value): &(String, String)| (name.clone(), header_hint(name, value));
        association_fields! { filled! {
            AssociationFields {
                model_id: model.id.clone(),
                provider_id: association.provider_id.clone(),
                provider_model: association.provider_model.clone(),
                headers: association.headers.iter().map(hint).collect(),
                note: association.note.clone(),
            } by copied!(association)
        } }
    }

    fn to_record(&self, id: String, stored: Option<&Association>) -> Result<Association, AdminError> {
        let fields = self;
        let mut headers = Vec::new();
        for (name, value) in &fields.headers {
            let known = stored.and_then(|stored| stored.header(name));
            let value = written_secret(&format!("headers.{name}"), value, known, |value| header_hint(name, value))?;
            headers.push((name.clone(), value));
        }
        Ok(association_fields! { filled! {
            Association {
                id,
                provider_id: fields.provider_id.clone(),
                provider_model: fields.provider_model.trim().to_owned(),
                headers: normal_headers(headers),
                note: normal_note(&fields.note),
            } by copied!(fields)
        } })
    }
}

impl AssociationView {
    pub(super) fn of(admin: &Admin, model: &Model, association: &Association, config: &Config) -> Self {
        let provider = config.provider(&association.provider_id);
        Self {
            id: association.id.clone(),
            model: model.name.clone(),
            provider: provider.map_or_else(String::new, |provider| provider.name.clone()),
            model_enabled: model.enabled,
            provider_enabled: provider.is_some_and(|provider| provider.enabled),
            fields: AssociationFields::of(model, association),
            health: HealthView::of(&admin.instance.health(&association.id), model.breaker, admin.platform.clock.now()),
        }
    }
}

async fn list(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let filter: Filter = call.query()?;
    let config = admin.store.load().await?;
    let wanted = |wanted: &Option<String>, id: &str| wanted.as_deref().is_none_or(|wanted| wanted == id);
    let views = config
        .associations()
        .filter(|(model, association)| {
            wanted(&filter.model_id, &model.id) && wanted(&filter.provider_id, &association.provider_id)
        })
        .map(|(model, association)| AssociationView::of(admin, model, association, &config));
    Ok(Reply::list(views.collect())?.of_version(config.version))
}

async fn get(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let config = admin.store.load().await?;
    Ok(Reply::ok(&one(admin, &config, call.parameter("id"))?)?.of_version(config.version))
}

async fn create(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let id = admin.store.new_id();
    let fields = call.object()?;
    let edited = admin.edit(&call, |config| insert(config, &id, fields.clone())).await?;
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

async fn order(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let (order, id): (Order, _) = (call.json()?, call.parameter("id"));
    let edited = admin
        .edit(&call, |config| {
            let model = config.models.iter_mut().find(|model| model.id == id);
            let model = model.ok_or_else(|| AdminError::not_found("model", id))?;
            let associations = std::mem::take(&mut model.associations);
            model.associations = in_order_of(&order.ids, associations, |association| &association.id)
                .ok_or_else(|| Invalid::new("ids", "must hold the id of every association of the model once"))?;
            Ok(())
        })
        .await?;
    let config = &edited.after;
    let of_model = config.associations().filter(|(model, _)| model.id == id);
    let views = of_model.map(|(model, association)| AssociationView::of(admin, model, association, config));
    Ok(Reply::list(views.collect())?.of_version(config.version))
}

/// Behind the model's others.
pub(super) fn insert(config: &mut Config, id: &str, fields: Map<String, Value>) -> Result<(), AdminError> {
    let fields: AssociationFields = from_value(fields.into())?;
    let association = fields.to_record(id.to_owned(), None)?;
    put(config, &fields.model_id, association, None)
}

/// It keeps its place, unless it goes to another model.
pub(super) fn change(config: &mut Config, id: &str, fields: Map<String, Value>) -> Result<(), AdminError> {
    let (model, stored) = find(config, id)?;
    let fields = patch(&AssociationFields::of(model, stored), fields)?;
    let old_model = model.id.clone();
    let index = model.associations.iter().position(|association| association.id == id);
    let changed = fields.to_record(id.to_owned(), Some(stored))?;
    remove(config, id)?;
    put(config, &fields.model_id, changed, index.filter(|_| old_model == fields.model_id))
}

pub(super) fn remove(config: &mut Config, id: &str) -> Result<(), AdminError> {
    find(config, id)?;
    config.models.iter_mut().for_each(|model| model.associations.retain(|other| other.id != id));
    Ok(())
}

/// Before another one of its model, or behind all.
pub(super) fn place(config: &mut Config, id: &str, before: Option<&str>) -> Result<(), AdminError> {
    let (model, association) = find(config, id)?;
    let (model_id, association) = (model.id.clone(), association.clone());
    let others = model.associations.iter().filter(|other| other.id != id);
    let index = before
        .map(|before| {
            let wrong =
                || Invalid::new("before", format!("names no other association of its model: there is no `{before}`"));
            others.clone().position(|other| other.id == before).ok_or_else(wrong)
        })
        .transpose()?;
    remove(config, id)?;
    put(config, &model_id, association, index)
}

async fn reset(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let id = call.parameter("id");
    find(&admin.store.load().await?, id)?;
    admin.reset(id).await;
    Ok(Reply::nothing())
}

/// Puts an association at `index` of its model's, or behind them.
fn put(config: &mut Config, model_id: &str, association: Association, index: Option<usize>) -> Result<(), AdminError> {
    let provider_is_known = config.provider(&association.provider_id).is_some();
    let model = config.models.iter_mut().find(|model| model.id == model_id);
    let model = model.ok_or_else(|| Invalid::new("model_id", format!("names no model: there is no `{model_id}`")))?;
    if !provider_is_known {
        let message = format!("names no provider: there is no `{}`", association.provider_id);
        return Err(Invalid::new("provider_id", message).into());
    }
    let index = index.unwrap_or(model.associations.len());
    model.associations.insert(index, association);
    Ok(())
}

fn one(admin: &Admin, config: &Config, id: &str) -> Result<AssociationView, AdminError> {
    let (model, association) = find(config, id)?;
    Ok(AssociationView::of(admin, model, association, config))
}

fn find<'a>(config: &'a Config, id: &str) -> Result<(&'a Model, &'a Association), AdminError> {
    config.association(id).ok_or_else(|| AdminError::not_found("association", id))
}

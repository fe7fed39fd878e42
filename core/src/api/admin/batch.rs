//! Several changes of the configuration at once: all of them or none.

use std::collections::{BTreeMap, HashMap};

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::expected::config_changed;
use super::{Admin, AdminCall, AdminError, AdminRoute, Reply, associations, keys, models, providers};
use crate::config::file::Applied;
use crate::config::{Config, Invalid, validate};

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(
            Method::POST,
            "/api/batch",
            "batch",
            "Change several records at once, all of them or none; later operations may name what earlier ones make",
            |a, c| Box::pin(batch(a, c)),
        )
        .body::<Batch>()
        .answers::<Done>(200)
        .versioned(),
    ]
}

const MAX_OPERATIONS: usize = 500;
const MAX_REF: usize = 100;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Batch {
    #[schemars(length(max = 500))]
    operations: Vec<Operation>,
    /// Answers what would change, and changes nothing.
    #[serde(default)]
    dry_run: bool,
    /// The version of the configuration that this is for, as `If-Match`.
    #[serde(default)]
    expect_version: Option<i64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "BatchOperation")]
struct Operation {
    op: Op,
    kind: Kind,
    /// Of the record to update, delete or move; or the `ref` that an earlier operation made it under.
    #[serde(default)]
    id: Option<String>,
    /// Of a record that is made: a name for it in later operations, in the place of its id.
    #[serde(default, rename = "ref")]
    #[schemars(length(max = 100))]
    reference: Option<String>,
    /// To create and to update: as for the record's own operations. To move: `before`, the id of another record of its kind
    /// (of an association: of its model); null or none puts it behind all others.
    #[serde(default)]
    fields: Map<String, Value>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "BatchOp")]
enum Op {
    Create,
    Update,
    Delete,
    /// Of a model or an association.
    Move,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "BatchKind")]
enum Kind {
    Provider,
    Model,
    Association,
    Key,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BatchApplied")]
struct Done {
    #[serde(flatten)]
    applied: Applied,
    /// The ids of what was made, by its `ref`. Empty after a dry run.
    ids: BTreeMap<String, String>,
    /// The keys that were made, by their ids. They are not stored and never shown again. Empty after a dry run.
    keys: BTreeMap<String, String>,
}

/// Where a move goes to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    #[serde(default)]
    before: Option<String>,
}

async fn batch(admin: &Admin, call: AdminCall) -> Result<Reply, AdminError> {
    let batch: Batch = call.json()?;
    if batch.operations.len() > MAX_OPERATIONS {
        return Err(Invalid::new("operations", format!("must be at most {MAX_OPERATIONS}")).into());
    }
    let run = |config: &mut Config| {
        if let Some(expected) = batch.expect_version
            && expected != config.version
        {
            return Err(config_changed(config.version));
        }
        let mut run = Run { admin, refs: HashMap::new(), keys: BTreeMap::new(), touched: Vec::new() };
        for (index, operation) in batch.operations.iter().enumerate() {
            run.apply(config, index, operation)?;
        }
        run.check_together(config)?;
        Ok(run)
    };
    let edited = if batch.dry_run { admin.dry_run(&call, run).await? } else { admin.edit(&call, run).await? };
    let applied = Applied::of(&edited);
    let Run { refs, keys, .. } = edited.output;
    let done = if batch.dry_run {
        Done { applied, ids: BTreeMap::new(), keys: BTreeMap::new() }
    } else {
        Done { applied, ids: refs.into_iter().collect(), keys }
    };
    Ok(Reply::ok(&done)?.of_version(edited.after.version))
}

struct Run<'a> {
    admin: &'a Admin,
    /// Ids by their `ref`.
    refs: HashMap<String, String>,
    /// Keys by their ids.
    keys: BTreeMap<String, String>,
    /// The operations and the records that they made or changed.
    touched: Vec<(usize, Kind, String)>,
}

impl Run<'_> {
    fn apply(&mut self, config: &mut Config, index: usize, operation: &Operation) -> Result<(), AdminError> {
        let place = format!("operations[{index}]");
        let fields_place = format!("{place}.fields");
        let id = self.id(operation, &place)?;
        let mut fields = operation.fields.clone();
        for name in ["model_id", "provider_id", "before"] {
            let known = fields.get(name).and_then(Value::as_str).and_then(|text| self.refs.get(text));
            if let Some(known) = known.cloned() {
                fields.insert(name.to_owned(), known.into());
            }
        }
        let applied = match (operation.op, operation.kind) {
            (Op::Create, Kind::Provider) => providers::insert(config, &id, fields),
            (Op::Create, Kind::Model) => models::insert(config, &id, fields, self.admin.platform.clock.now()),
            (Op::Create, Kind::Association) => associations::insert(config, &id, fields),
            (Op::Create, Kind::Key) => keys::insert(self.admin, config, &id, fields).map(|secret| {
                self.keys.insert(id.clone(), secret.reveal().to_owned());
            }),
            (Op::Update, Kind::Provider) => providers::change(config, &id, fields),
            (Op::Update, Kind::Model) => models::change(config, &id, fields),
            (Op::Update, Kind::Association) => associations::change(config, &id, fields),
            (Op::Update, Kind::Key) => keys::change(config, &id, fields),
            (Op::Delete, Kind::Provider) => providers::remove(config, &id),
            (Op::Delete, Kind::Model) => models::remove(config, &id),
            (Op::Delete, Kind::Association) => associations::remove(config, &id),
            (Op::Delete, Kind::Key) => keys::remove(config, &id),
            (Op::Move, Kind::Model) => moved(fields, |before| models::place(config, &id, before)),
            (Op::Move, Kind::Association) => moved(fields, |before| associations::place(config, &id, before)),
            (Op::Move, Kind::Provider | Kind::Key) => {
                let message = "cannot be move: providers and keys have no order of their own";
                return Err(Invalid::new(format!("{place}.op"), message).into());
            }
        };
        applied.and_then(|()| check(config, operation.kind, &id)).map_err(|error| match error.code {
            "not_found" => error.within(&format!("{place}.id")),
            _ => error.within(&fields_place),
        })?;
        if operation.op != Op::Delete {
            self.touched.push((index, operation.kind, id.clone()));
        }
        if let Some(reference) = &operation.reference {
            self.refs.insert(reference.clone(), id);
        }
        Ok(())
    }

    /// The id of the record that an operation is about; a new one for what it makes.
    fn id(&self, operation: &Operation, place: &str) -> Result<String, AdminError> {
        let wrong = |field: &str, message: &str| Err(Invalid::new(format!("{place}.{field}"), message).into());
        match (operation.op, &operation.id, &operation.reference) {
            (Op::Create, Some(_), _) => wrong("id", "must be left out: what is made gets a new one"),
            (Op::Create, None, Some(text)) if text.is_empty() || text.chars().count() > MAX_REF => {
                wrong("ref", &format!("must be 1 to {MAX_REF} characters"))
            }
            (Op::Create, None, Some(text)) if self.refs.contains_key(text) => {
                wrong("ref", "must be unique: an earlier operation has it")
            }
            (Op::Create, None, _) => Ok(self.admin.store.new_id()),
            (_, _, Some(_)) => wrong("ref", "is only for what is made: name an existing record by `id`"),
            (_, None, None) => wrong("id", "is missing: name the record by its id, or by an earlier operation's `ref`"),
            (_, Some(id), None) => Ok(self.refs.get(id).unwrap_or(id).clone()),
        }
    }

    /// What only the whole shows (names that are taken, too many records), said of the last operation that had a part in it.
    fn check_together(&self, config: &Config) -> Result<(), AdminError> {
        validate::together(config).map_err(|(record, invalid)| {
            let is_at_fault = |(_, kind, id): &&(usize, Kind, String)| label(config, *kind, id) == Some(record.clone());
            match self.touched.iter().rev().find(is_at_fault) {
                Some((index, ..)) => AdminError::from(invalid).within(&format!("operations[{index}].fields")),
                None => AdminError { message: format!("{record}: {invalid}"), ..invalid.into() },
            }
        })
    }
}

fn moved(
    fields: Map<String, Value>,
    place: impl FnOnce(Option<&str>) -> Result<(), AdminError>,
) -> Result<(), AdminError> {
    let to: Place = super::call::from_value(fields.into())?;
    place(to.before.as_deref())
}

/// Checks a record by itself, so that what is wrong is said of its own operation.
fn check(config: &Config, kind: Kind, id: &str) -> Result<(), AdminError> {
    let checked = match kind {
        Kind::Provider => config.provider(id).map(validate::provider),
        Kind::Model => config.model(id).map(validate::model),
        Kind::Association => config
            .association(id)
            .map(|(model, association)| validate::association(association).and_then(|()| validate::model(model))),
        Kind::Key => config.key(id).map(validate::client_key),
    };
    Ok(checked.unwrap_or(Ok(()))?)
}

/// As [`validate::together`] names a record.
fn label(config: &Config, kind: Kind, id: &str) -> Option<String> {
    match kind {
        Kind::Provider => config.provider(id).map(|it| format!("provider `{}`", it.name)),
        Kind::Model => config.model(id).map(|it| format!("model `{}`", it.name)),
        Kind::Key => config.key(id).map(|it| format!("key `{}`", it.name)),
        Kind::Association => None,
    }
}

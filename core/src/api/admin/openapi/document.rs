//! Makes the document from the table of routes.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::super::error::ErrorBody;
use super::super::route::{AdminRoute, SchemaOf};

const PREFIX: &str = "#/components/schemas/";

/// OpenAPI 3.1 of the admin API.
fn openapi() -> Value {
    let routes = super::super::routes();
    // What is read and what is written differ in which fields are required.
    let mut reads = Schemas::new(SchemaSettings::draft2020_12().for_deserialize());
    let mut writes = Schemas::new(SchemaSettings::draft2020_12().for_serialize());
    let read: Vec<_> = routes
        .iter()
        .map(|route| {
            let query = route.described.query.map(|schema| reads.inline(schema));
            let body = route.described.body.map(|body| {
                let schema = schema_value((body.schema)(&mut reads.generator));
                if body.partial { reads.partial(&schema) } else { schema }
            });
            (query, body)
        })
        .collect();
    // The schema of one event is in the components, for those who read a stream.
    for events in routes.iter().filter_map(|route| route.described.events) {
        events(&mut writes.generator);
    }
    let error = schema_value(writes.generator.subschema_for::<ErrorBody<'_>>());
    let written: Vec<_> = routes
        .iter()
        .map(|route| route.described.answer.map(|schema| schema_value(schema(&mut writes.generator))))
        .collect();

    let mut schemas = writes.definitions();
    let read_schemas = reads.definitions();
    let renamed = differing(&read_schemas, &schemas);
    for (name, mut schema) in read_schemas {
        rename(&mut schema, &renamed);
        let name = if renamed.contains_key(&format!("{PREFIX}{name}")) { format!("{name}Input") } else { name };
        schemas.insert(name, schema);
    }
    schemas.sort_keys();

    let mut paths = Map::new();
    for ((route, (query, body)), answer) in routes.iter().zip(read).zip(written) {
        let body = body.map(|mut schema| {
            rename(&mut schema, &renamed);
            schema
        });
        let operation = operation(route, query.as_ref(), body, answer, &error);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(route.method.as_str().to_ascii_lowercase(), operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "LLMIO admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "description": "The gateway's TOKEN." } },
            "schemas": schemas,
        },
    })
}

/// The new references of those schemas that are read in another form than they are written, themselves or in something
/// they refer to.
fn differing(read: &Map<String, Value>, written: &Map<String, Value>) -> BTreeMap<String, String> {
    let mut renamed = BTreeMap::new();
    loop {
        let before = renamed.len();
        for (name, schema) in read {
            let mut as_read = schema.clone();
            rename(&mut as_read, &renamed);
            if written.get(name).is_some_and(|written| *written != as_read) {
                renamed.insert(format!("{PREFIX}{name}"), format!("{PREFIX}{name}Input"));
            }
        }
        if renamed.len() == before {
            return renamed;
        }
    }
}

fn operation(
    route: &AdminRoute,
    query: Option<&Value>,
    body: Option<Value>,
    answer: Option<Value>,
    error: &Value,
) -> Value {
    let in_path = route
        .parameters()
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let mut parameters: Vec<Value> = in_path.chain(query.into_iter().flat_map(query_parameters)).collect();
    let versioned = route.described.versioned;
    if versioned && route.method != http::Method::GET {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": false, "schema": { "type": "string" },
            "description": "The `ETag` of an earlier answer: where the configuration is at another version, nothing is \
                            changed, and the answer is a 412 `config_changed` that names that version.",
        }));
    }
    let content = |schema: Value, yaml: bool| {
        let mut content = json!({ "application/json": { "schema": schema } });
        if let (true, Value::Object(content)) = (yaml, &mut content) {
            content.insert("application/yaml".into(), json!({ "schema": { "type": "string" } }));
        }
        content
    };
    let mut operation = Map::from_iter([
        ("operationId".to_owned(), json!(route.described.name)),
        ("summary".to_owned(), json!(route.described.summary)),
        ("tags".to_owned(), json!([route.path.split('/').nth(2).unwrap_or_default()])),
    ]);
    if !parameters.is_empty() {
        operation.insert("parameters".into(), parameters.into());
    }
    // What takes YAML answers JSON.
    let answers_yaml = route.described.yaml && body.is_none();
    if let Some(schema) = body {
        operation.insert(
            "requestBody".into(),
            json!({ "required": true, "content": content(schema, route.described.yaml) }),
        );
    }
    let good = match answer {
        Some(schema) => {
            let mut content = content(schema, answers_yaml);
            if let Value::Object(content) = &mut content {
                let text = |kind: &&str| ((*kind).to_owned(), json!({ "schema": { "type": "string" } }));
                content.extend(route.described.texts.iter().map(text));
            }
            json!({ "description": route.described.summary, "content": content })
        }
        None if !route.described.raw.is_empty() => {
            let kinds = route.described.raw.iter().map(|kind| ((*kind).to_owned(), json!({})));
            json!({ "description": route.described.summary, "content": Map::from_iter(kinds) })
        }
        None => json!({ "description": "Done" }),
    };
    let mut good = good;
    if let (true, Value::Object(good)) = (versioned, &mut good) {
        let description = "The configuration's version, as `\"v12\"`.";
        let header = json!({ "description": description, "schema": { "type": "string" } });
        good.insert("headers".into(), json!({ "ETag": header }));
    }
    let bad = json!({ "description": "Error", "content": { "application/json": { "schema": error } } });
    operation.insert("responses".into(), json!({ route.described.status.to_string(): good, "default": bad }));
    operation.into()
}

/// Each property of the query's struct.
fn query_parameters(schema: &Value) -> Vec<Value> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    properties
        .into_iter()
        .map(|(name, mut schema)| {
            let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            let mut parameter = json!({
                "name": name, "in": "query", "required": required.contains(&json!(name)), "schema": schema,
            });
            if let (Some(description), Value::Object(parameter)) = (description, &mut parameter) {
                parameter.insert("description".into(), description);
            }
            parameter
        })
        .collect()
}

struct Schemas {
    generator: SchemaGenerator,
    extra: Map<String, Value>,
}

impl Schemas {
    fn new(settings: SchemaSettings) -> Self {
        let settings = settings.with(|settings| settings.definitions_path = "/components/schemas".into());
        Self { generator: settings.into_generator(), extra: Map::new() }
    }

    /// The schema itself, which is then no definition of its own.
    fn inline(&mut self, schema: SchemaOf) -> Value {
        let schema = schema_value(schema(&mut self.generator));
        let name = name_of(&schema).map(str::to_owned);
        name.and_then(|name| self.generator.definitions_mut().remove(&name)).unwrap_or(schema)
    }

    /// The schema with every field optional, as a definition of its own.
    fn partial(&mut self, schema: &Value) -> Value {
        let Some(name) = name_of(schema) else { return schema.clone() };
        let Some(Value::Object(mut partial)) = self.generator.definitions().get(name).cloned() else {
            return schema.clone();
        };
        partial.remove("required");
        if let Some(Value::Object(properties)) = partial.get_mut("properties") {
            for property in properties.values_mut().filter_map(Value::as_object_mut) {
                property.remove("default");
            }
        }
        let name = format!("{}Patch", name.trim_end_matches("Fields"));
        self.extra.insert(name.clone(), partial.into());
        json!({ "$ref": format!("{PREFIX}{name}") })
    }

    fn definitions(mut self) -> Map<String, Value> {
        let mut definitions = self.generator.take_definitions(true);
        definitions.extend(self.extra);
        definitions
    }
}

fn schema_value(schema: schemars::Schema) -> Value {
    schema.into()
}

fn name_of(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(PREFIX)
}

fn rename(value: &mut Value, names: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(name) = names.get(text.as_str()) {
                text.clone_from(name);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        Value::Object(map) => map.values_mut().for_each(|item| rename(item, names)),
        _ => {}
    }
}

/// `UPDATE=1` rewrites the file.
#[test]
fn the_published_document_is_current() {
    crate::testing::current_file(
        concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json"),
        &format!("{}\n", serde_json::to_string_pretty(&openapi()).unwrap()),
    );
}

#[test]
fn names_and_references_are_sound() {
    let document = openapi();
    let mut names = std::collections::HashSet::new();
    for route in super::super::routes() {
        assert!(names.insert(route.described.name), "{} is there twice", route.described.name);
    }
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let name = reference.strip_prefix(PREFIX).unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
}

fn collect(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            out.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|item| collect(item, out));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, out)),
        _ => {}
    }
}

//! Models and their associations.

use serde_json::{Map, Value as Json};

use super::accounts::note;
use super::field::json;
use super::names::usable;
use super::report::Notes;
use super::row::{AssociationRow, ModelRow, PriceRow};
use crate::config::{Association, Invalid, Model, Prices, Strategy, StreamMode, Timeouts, normal_headers, validate};
use crate::platform::Timestamp;

const MAX_RETRY: i64 = 100;
const MAX_SECONDS: i64 = 86_400;
const MAX_WEIGHT: i64 = 10_000;

/// A model with this id and name, by our rules, without its associations.
pub(super) fn model(row: &ModelRow, id: String, name: String, now: Timestamp, notes: &mut Notes<'_>) -> Model {
    let strategy = match row.strategy.trim() {
        "" => Strategy::Lottery,
        text => Strategy::parse(text).unwrap_or_else(|| {
            notes.note(format!("has the unknown strategy `{text}`, which became `lottery`"));
            Strategy::Lottery
        }),
    };
    let retries = row.max_retry.unwrap_or(i64::from(crate::config::defaults::max_retry()));
    let max_retry = retries.clamp(0, MAX_RETRY);
    if max_retry != retries {
        notes.note(format!("has {retries} retries, which became {max_retry}"));
    }
    let time_out = row.time_out.filter(|seconds| *seconds > 0).map(|seconds| {
        if seconds > MAX_SECONDS {
            notes.note(format!("has a time-out of {seconds} s, which became {MAX_SECONDS}"));
        }
        seconds.min(MAX_SECONDS)
    });
    Model {
        id,
        name,
        strategy,
        max_retry: u32::try_from(max_retry).unwrap_or_default(),
        timeouts: Timeouts {
            total: time_out.and_then(|seconds| u32::try_from(seconds).ok()).map(f64::from),
            ..Timeouts::default()
        },
        breaker: row.breaker.unwrap_or(false),
        affinity: crate::config::defaults::yes(),
        prefer_same_dialect: crate::config::defaults::yes(),
        strict: false,
        note: note(&row.remark, notes),
        enabled: !notes.is_off,
        created_at: row.common.created_at.unwrap_or(now),
        associations: Vec::new(),
    }
}

/// An association by our rules, or what it breaks all the same.
pub(super) fn association(
    row: &AssociationRow,
    id: String,
    provider_id: String,
    model: &Model,
    notes: &mut Notes<'_>,
) -> Result<Association, Invalid> {
    let (provider_model, is_same) = usable(&row.provider_model, false, || model.name.replace('*', "_"));
    if !is_same {
        notes.off(format_args!("has a provider's model that is no name, which became `{provider_model}`"));
    }
    let given = row.weight.unwrap_or(0);
    let weight = given.clamp(1, MAX_WEIGHT);
    if given < 1 {
        notes.off(format_args!("has the weight {given}, which is never chosen and became 1"));
    } else if given > weight {
        notes.note(format!("has the weight {given}, which became {weight}"));
    }
    let association = Association {
        id,
        provider_id,
        provider_model,
        weight: u32::try_from(weight).unwrap_or(1),
        priority: 0,
        // The original takes what is not set for what the provider can.
        tool_call: row.tool_call.unwrap_or(true),
        structured_output: row.structured_output.unwrap_or(true),
        image: row.image.unwrap_or(true),
        relay_only: false,
        context_window: None,
        stream: StreamMode::Auto,
        with_header: row.with_header.unwrap_or(false),
        headers: headers(&row.headers, notes),
        extra_body: extra_body(&row.extra_body, notes),
        prices: prices_told(&row.prices, notes),
        note: String::new(),
        enabled: row.status.unwrap_or(true) && !notes.is_off,
    };
    validate::association(&association)?;
    Ok(association)
}

fn headers(text: &str, notes: &mut Notes<'_>) -> Vec<(String, String)> {
    let given = match json(text) {
        Ok(None) => return Vec::new(),
        Ok(Some(Json::Object(given))) => given,
        _ => {
            notes.off("has broken headers, which are lost");
            return Vec::new();
        }
    };
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in normal_headers(given.into_iter().map(|(name, value)| (name, plain(value)))) {
        headers.push((name, value));
        let last = headers.len() - 1;
        if let Err(invalid) = check(&headers, Map::new()) {
            let (name, _) = headers.remove(last);
            // The original does not send those either.
            if invalid.message.contains("HTTP itself") {
                notes.note(format!("has the header `{name}`, which HTTP itself sets: it is left out"));
            } else {
                notes.off(format_args!("has a header `{}` that cannot be sent: it is left out", shown(&name)));
            }
        }
    }
    headers
}

fn plain(value: Json) -> String {
    match value {
        Json::String(text) => text,
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(60).collect()
}

fn extra_body(text: &str, notes: &mut Notes<'_>) -> Map<String, Json> {
    let given = match json(text) {
        Ok(None) => return Map::new(),
        Ok(Some(Json::Object(given))) => given,
        _ => {
            notes.off("has a broken `extra_body`, which is lost");
            return Map::new();
        }
    };
    let mut extra = Map::new();
    for (path, value) in given {
        let mut with = extra.clone();
        with.insert(path.clone(), value);
        match check(&[], with.clone()) {
            Ok(()) => extra = with,
            Err(invalid) => {
                notes.off(format_args!("has an `extra_body` that {}: `{}` is left out", invalid.message, shown(&path)));
            }
        }
    }
    extra
}

/// Whether an association may have these.
fn check(headers: &[(String, String)], extra_body: Map<String, Json>) -> Result<(), Invalid> {
    validate::association(&Association {
        id: String::new(),
        provider_id: String::new(),
        provider_model: "x".to_owned(),
        weight: 1,
        priority: 0,
        tool_call: true,
        structured_output: true,
        image: true,
        relay_only: false,
        context_window: None,
        stream: StreamMode::Auto,
        with_header: false,
        headers: headers.to_vec(),
        extra_body,
        prices: None,
        note: String::new(),
        enabled: true,
    })
}

fn prices_told(row: &PriceRow, notes: &mut Notes<'_>) -> Option<Prices> {
    let is_set = [row.input, row.cache_read, row.output].into_iter().flatten().any(|price| price != 0.0);
    let prices = prices(row);
    if is_set && prices.is_none() {
        notes.note("has prices that are none, which are left out: its costs are not counted");
    }
    prices
}

/// `None` where all are zero, which is how the original has no prices, and where they are none by our rules.
pub(super) fn prices(row: &PriceRow) -> Option<Prices> {
    let price = |price: Option<f64>| price.unwrap_or(0.0);
    let (input, output) = (price(row.input), price(row.output));
    let currency = row.currency.trim().to_uppercase();
    let prices = Prices {
        input,
        output,
        cache_read: price(row.cache_read),
        // The original knows no price of its own for it: it is input like any other.
        cache_write: input,
        cache_write_1h: None,
        currency: if currency.is_empty() { "USD".to_owned() } else { currency },
    };
    let is_set = [prices.input, prices.output, prices.cache_read].iter().any(|price| *price != 0.0);
    Some(prices).filter(|prices| is_set && validate::prices(prices).is_ok())
}

//! How likely the tokens of an answer were: the chosen ones, and beside each the likeliest.

use std::borrow::Cow;

use serde_json::{Value as Json, json};

use super::members::{each, get, word};
use crate::dialect::hub::Ledger;
use crate::wire::json::{Value, Writer};

/// A candidate's or chunk's tokens in the hub's form.
pub(super) fn of_candidate<'a>(candidate: &'a Value<'a>, ledger: &mut Ledger) -> Vec<Json> {
    let Some(result) = get(candidate, "logprobsResult") else { return Vec::new() };
    let tops = get(result, "topCandidates").map(each).unwrap_or_default();
    let chosen = get(result, "chosenCandidates").map(each).unwrap_or_default();
    if chosen.iter().any(|it| get(it, "tokenId").is_some()) {
        ledger.dropped("logprobs.tokenId");
    }
    let token = |(index, chosen): (usize, &Value<'_>)| {
        let others = tops.get(index).and_then(|top| get(top, "candidates")).map(each).unwrap_or_default();
        let mut token = plain(chosen);
        if let Some(members) = token.as_object_mut() {
            members.insert("top_logprobs".to_owned(), others.iter().map(plain).collect());
        }
        token
    };
    chosen.iter().enumerate().map(token).collect()
}

fn plain(candidate: &Value<'_>) -> Json {
    let token = word(candidate, "token").unwrap_or_default();
    json!({"token": token, "logprob": get(candidate, "logProbability"), "bytes": token.as_bytes()})
}

/// The member `logprobsResult`, if there is anything to tell.
pub(super) fn write(out: &mut Writer, tokens: &[Cow<'_, Json>]) {
    if tokens.is_empty() {
        return;
    }
    out.key("logprobsResult").object(|it| {
        it.key("topCandidates").array(|it| {
            for token in tokens {
                it.object(|it| {
                    it.key("candidates").array(|it| top(token).iter().for_each(|top| candidate(it, top)));
                });
            }
        });
        it.key("chosenCandidates").array(|it| tokens.iter().for_each(|token| candidate(it, token)));
    });
}

fn top(token: &Json) -> &[Json] {
    token.get("top_logprobs").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn candidate(out: &mut Writer, token: &Json) {
    out.object(|it| {
        it.text_member("token", token.get("token").and_then(Json::as_str).unwrap_or_default());
        if let Some(logprob) = token.get("logprob") {
            it.key("logProbability").value(logprob);
        }
    });
}

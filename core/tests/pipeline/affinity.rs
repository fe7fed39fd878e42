//! A conversation keeps its provider: others refuse the state that it made, and have nothing of it in their caches.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::bed::Bed;
use crate::support::{failure, reply, stream};
use crate::wires::{CHAT, RESPONSES, WIRES, Wire};

const ACCOUNTS: [&str; 3] = ["a", "b", "c"];

/// A request of a conversation: its client repeats all that was said.
fn request(wire: &Wire, conversation: usize, turn: usize) -> (&'static str, Value) {
    let (path, mut body) = wire.request(true);
    let (list, model) = match wire.kind {
        "gemini" => ("contents", "model"),
        "openai-res" => ("input", "assistant"),
        _ => ("messages", "assistant"),
    };
    let said = |role: &str, turn: usize| {
        let text = format!("{role} in turn {turn} of {conversation}");
        match wire.kind {
            "gemini" => json!({"role": role, "parts": [{"text": text}]}),
            _ => json!({"role": role, "content": text}),
        }
    };
    let earlier = (0..turn).flat_map(|turn| [said("user", turn), said(model, turn)]);
    body[list] = earlier.chain([said("user", turn)]).collect();
    (path, body)
}

/// Who answers a request, of which the first that is asked must be able to.
fn asked_by(bed: &Bed, wire: &Wire, headers: &[(&str, &str)], (path, body): (&str, Value)) -> String {
    let before = bed.count();
    bed.script([stream(wire.stream())]);
    let mut client = bed.send_with(path, headers, body).answer();
    assert_eq!((client.status, client.text()), (200, &*wire.stream()));
    let asked = bed.asked().split_off(before);
    assert_eq!(asked.len(), 1);
    asked.into_iter().collect()
}

/// Of 20 conversations who is asked in each of five turns, all at the same time.
async fn five_turns(wire: &Wire, strategy: &str, affinity: bool) -> Vec<[String; 5]> {
    let bed = Bed::new(wire, &ACCOUNTS, json!({"strategy": strategy, "affinity": affinity})).await;
    let mut all = vec![<[String; 5]>::default(); 20];
    for turn in 0..5 {
        for (conversation, asked) in all.iter_mut().enumerate() {
            asked[turn] = asked_by(&bed, wire, &[], request(wire, conversation, turn));
        }
    }
    all
}

/// How many turns come to an account that did not make the state of the turn before.
fn refused(turns: &[String]) -> usize {
    turns.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

#[tokio::test]
async fn no_turn_comes_to_an_account_that_refuses_it() {
    for wire in &WIRES {
        for strategy in ["lottery", "round_robin"] {
            let all = five_turns(wire, strategy, true).await;
            assert_eq!(all.iter().map(|turns| refused(turns)).sum::<usize>(), 0, "{} {strategy}", wire.kind);
            let used: BTreeSet<_> = all.iter().flatten().collect();
            assert_eq!(used.len(), 3, "conversations spread: {} {strategy}", wire.kind);
            assert_eq!(all, five_turns(wire, strategy, true).await, "every instance chooses alike");
            let off = five_turns(wire, strategy, false).await;
            assert!(off.iter().map(|turns| refused(turns)).sum::<usize>() > 20, "{} {strategy}", wire.kind);
        }
        let all = five_turns(wire, "least_latency", true).await;
        assert_eq!(all.iter().map(|turns| refused(&turns[1..])).sum::<usize>(), 0, "{}", wire.kind);
    }
}

#[tokio::test]
async fn what_names_a_conversation() {
    let claude = json!({"metadata": {"user_id": "user_1_account__session_5"}});
    type Headers = &'static [(&'static str, &'static str)];
    let rows: [(Headers, Value, usize); 11] = [
        (&[], json!({}), 3),
        // An application with one constant id does not come to one account with all that it asks.
        (&[], json!({"prompt_cache_key": "app"}), 3),
        (&[], json!({"metadata": {"user_id": "app"}}), 3),
        (&[], claude, 1),
        (&[], json!({"session_id": "5"}), 1),
        (&[], json!({"session_id": "5", "prompt_cache_key": "app"}), 1),
        (&[("session_id", "5")], json!({}), 1),
        (&[("session-id", "5")], json!({}), 1),
        (&[("x-session-id", "5")], json!({}), 1),
        (&[("x-session-affinity", "5")], json!({}), 1),
        (&[("x-claude-code-session-id", "5")], json!({"prompt_cache_key": "app"}), 1),
    ];
    for strategy in ["lottery", "round_robin"] {
        for (headers, fields, accounts) in &rows {
            let bed = Bed::new(&CHAT, &ACCOUNTS, json!({"strategy": strategy})).await;
            let mut used = BTreeSet::new();
            for conversation in 0..20 {
                let (path, mut body) = request(&CHAT, conversation, 0);
                body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
                used.insert(asked_by(&bed, &CHAT, headers, (path, body)));
            }
            assert_eq!(used.len(), *accounts, "{strategy} {headers:?} {fields}");
        }
    }
}

#[tokio::test]
async fn a_response_id_leads_to_who_made_it() {
    for strategy in ["lottery", "round_robin", "least_latency"] {
        for is_stream in [true, false] {
            let bed = Bed::new(&RESPONSES, &ACCOUNTS, json!({"strategy": strategy})).await;
            let mut makers = Vec::new();
            for turn in 0..5 {
                for conversation in 0..20 {
                    // Only what is new is sent, as clients do that go on from a response.
                    let (path, mut body) = RESPONSES.request(is_stream);
                    body["input"] = json!(format!("{turn} of {conversation}"));
                    if turn > 0 {
                        body["previous_response_id"] = json!(format!("resp_{}_{conversation}", turn - 1));
                    }
                    let id = format!("resp_{turn}_{conversation}");
                    let answer = if is_stream { RESPONSES.stream() } else { RESPONSES.whole.to_owned() };
                    let answer = answer.replace("resp_1", &id);
                    let kind = if is_stream { "text/event-stream" } else { "application/json" };
                    bed.script([reply(200, &format!("content-type: {kind}"), answer.clone())]);
                    assert_eq!(bed.send(path, body).answer().text(), answer);
                    let asked = bed.asked().pop().unwrap();
                    match makers.get(conversation) {
                        None => makers.push(asked),
                        Some(maker) => assert_eq!(asked, *maker, "{strategy}: {id}"),
                    }
                }
            }
            assert_eq!(makers.iter().collect::<BTreeSet<_>>().len(), 3, "{strategy}");
        }
    }
}

#[tokio::test]
async fn a_conversation_that_must_move_goes_on_and_comes_back() {
    let refusal = || {
        let error = json!({"error": {"code": "invalid_encrypted_content", "message": "that is not mine"}});
        reply(400, "", error.to_string())
    };
    for strategy in ["lottery", "round_robin"] {
        let bed = Bed::new(&RESPONSES, &ACCOUNTS, json!({"strategy": strategy})).await;
        let home = asked_by(&bed, &RESPONSES, &[], request(&RESPONSES, 7, 0));

        // Its account rests, the next one refuses its state, the last one takes it.
        bed.script([failure(429, "retry-after: 60"), refusal(), stream(RESPONSES.stream())]);
        let (path, body) = request(&RESPONSES, 7, 1);
        assert_eq!(bed.send(path, body).answer().text(), RESPONSES.stream());
        let asked = bed.asked().split_off(1);
        assert_eq!(asked[0], home, "{strategy}");
        assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), 3, "{strategy}: {asked:?}");
        // Meanwhile another one stands in, always the same.
        for turn in 2..5 {
            assert_eq!(asked_by(&bed, &RESPONSES, &[], request(&RESPONSES, 7, turn)), asked[1], "{strategy}");
        }
        // When all refuse, the client hears why.
        bed.script([refusal(), refusal()]);
        let (path, body) = request(&RESPONSES, 7, 5);
        let mut client = bed.send(path, body).answer();
        assert_eq!(client.status, 400, "{strategy}");
        assert!(client.text().contains("that is not mine"), "{strategy}");

        bed.advance(60.0);
        assert_eq!(asked_by(&bed, &RESPONSES, &[], request(&RESPONSES, 7, 5)), home, "{strategy}");
    }
}

//! An answer is judged alike, whenever its error comes and whatever its client does.

use llmio_core::testing::Reply;
use serde_json::json;

use crate::bed::Bed;
use crate::health::{Learned, learned, strain};
use crate::support::{Feed, reply, stream};
use crate::wires::{FAULTS, Fault, RESPONSES, WIRES, Wire};

const WORDS: &str = "the provider's own words";

/// Outcome, what health learns, and the status of an answer that had not begun.
fn expected(fault: Fault) -> (&'static str, Learned, u16) {
    match fault {
        Fault::RateLimit => ("rate_limited", Learned::Rest(429, 7), 429),
        Fault::Overloaded | Fault::Server => ("provider_error", Learned::Failure, 502),
        // A refused key is the association's trouble, and counted there: not by the pair that is looked at here.
        Fault::NotFound | Fault::Permission | Fault::Authentication => ("provider_error", Learned::Nothing, 502),
        Fault::Client => ("client_error", Learned::Nothing, 200),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    BeforeOutput,
    WithOutput,
    AfterOutput,
    /// The client hangs up when it has read the error.
    AndLeft,
}

#[tokio::test]
async fn an_error_event_is_judged_alike_before_and_after_output() {
    for wire in &WIRES {
        for fault in FAULTS {
            for moment in [Moment::BeforeOutput, Moment::WithOutput, Moment::AfterOutput, Moment::AndLeft] {
                check_error_event(wire, fault, moment).await;
            }
        }
    }
}

async fn check_error_event(wire: &Wire, fault: Fault, moment: Moment) {
    let case = format!("{} {fault:?} {moment:?}", wire.kind);
    let bed = Bed::single(wire).await;
    strain(&bed, wire);
    let event = wire.error_event(fault, WORDS);
    let (outcome, health, status) = expected(fault);
    let sent = match moment {
        Moment::BeforeOutput => format!("{}{event}", wire.preamble),
        Moment::WithOutput => format!("{}{}{event}", wire.preamble, wire.output),
        Moment::AfterOutput | Moment::AndLeft => format!("{}{}", wire.preamble, wire.output),
    };
    let (feed, reply) = Feed::events();
    feed.send(sent.clone());
    bed.script([reply]);
    let mut client = bed.answer(wire, true);
    match moment {
        Moment::BeforeOutput => {
            feed.end();
            assert_eq!(client.status, status, "{case}");
            let text = client.text().to_owned();
            if status == 200 {
                assert_eq!(text, sent, "{case}: word for word");
            }
            // A rest that this failure begins is told: of the provider's own, or of the breaker that it opens.
            let rest = match fault {
                Fault::RateLimit => Some(7),
                Fault::Overloaded => Some(60),
                _ => None,
            };
            assert_eq!(client.retry_after(), rest, "{case}");
            let is_account = matches!(fault, Fault::Permission | Fault::Authentication);
            assert_eq!(client.header("x-should-retry"), is_account.then_some("false"), "{case}");
            assert_eq!(text.contains(WORDS), !is_account, "{case}: {text}");
        }
        Moment::WithOutput => {
            feed.end();
            assert_eq!((client.status, client.text()), (200, &*sent), "{case}");
        }
        Moment::AfterOutput | Moment::AndLeft => {
            assert_eq!(client.read(), sent, "{case}");
            feed.send(event.clone());
            assert_eq!(client.read(), event, "{case}");
            if moment == Moment::AfterOutput {
                feed.end();
                assert_eq!(client.text(), format!("{sent}{event}"), "{case}: nothing is added");
            }
            drop(client);
        }
    }
    let row = bed.last().await;
    assert_eq!((&row["outcome"], &row["is_final"]), (&json!(outcome), &json!(true)), "{case}: {row}");
    assert_eq!(
        (&row["error"], &row["status"]),
        (&json!(WORDS), &json!(if moment == Moment::BeforeOutput { status } else { 200 })),
        "{case}"
    );
    assert_eq!(learned(&bed, wire), health, "{case}");
}

/// How far a stream is when its client leaves.
#[derive(Clone, Copy, Debug)]
enum Left {
    BeforeTheHead,
    BeforeOutput,
    InOutput,
    AfterTheEnd,
}

#[tokio::test]
async fn hanging_up_is_judged_by_what_had_come() {
    for wire in &WIRES {
        for (left, row, health) in [
            (Left::BeforeTheHead, "1 a 499 cancelled.", Learned::Nothing),
            (Left::BeforeOutput, "1 a 499 cancelled.", Learned::Nothing),
            (Left::InOutput, "1 a 499 cancelled.", Learned::Success),
            (Left::AfterTheEnd, "1 a 200 success.", Learned::Success),
        ] {
            let case = format!("{} {left:?}", wire.kind);
            let bed = Bed::single(wire).await;
            strain(&bed, wire);
            let (feed, reply) = Feed::events();
            match left {
                Left::BeforeTheHead => bed.script([Reply::Hang]),
                _ => bed.script([reply]),
            }
            let mut asking = bed.ask(wire, true);
            assert!(!asking.is_answered(), "{case}");
            feed.send(wire.preamble);
            assert!(!asking.is_answered(), "{case}");
            match left {
                Left::BeforeTheHead | Left::BeforeOutput => drop(asking),
                Left::InOutput | Left::AfterTheEnd => {
                    feed.send(wire.output);
                    let mut client = asking.answer();
                    client.read();
                    if matches!(left, Left::AfterTheEnd) {
                        feed.send(wire.end);
                        client.read();
                        assert_eq!(client.seen, wire.stream(), "{case}");
                    }
                    drop(client);
                }
            }
            assert_eq!(bed.rows().await.last().unwrap(), row, "{case}");
            assert_eq!(learned(&bed, wire), health, "{case}");
        }
    }
}

#[tokio::test]
async fn an_error_event_moves_on_while_others_are_left() {
    for wire in &WIRES {
        for fault in FAULTS {
            let bed = Bed::new(wire, &["a", "b"], json!({})).await;
            let event = wire.error_event(fault, WORDS);
            bed.script([stream(format!("{}{event}", wire.preamble)), stream(wire.stream())]);
            let mut client = bed.answer(wire, true);
            let case = format!("{} {fault:?}", wire.kind);
            if fault == Fault::Client {
                assert_eq!((client.text(), bed.asked()), (&*format!("{}{event}", wire.preamble), vec!["a".to_owned()]));
                continue;
            }
            assert_eq!((client.status, client.text()), (200, &*wire.stream()), "{case}");
            let first = format!("1 a 200 {}", expected(fault).0);
            assert_eq!(bed.rows().await, [first, "2 b 200 success.".to_owned()], "{case}");
        }
    }
}

#[tokio::test]
async fn state_that_somebody_else_made_may_be_known_to_others() {
    let error = r#"{"type":"error","code":"previous_response_not_found","message":"no response resp_1","param":null}"#;
    let event = || stream(format!("event: error\ndata: {error}\n\n"));
    let status = || reply(400, "content-type: application/json", error);
    for answer in [&event as &dyn Fn() -> Reply, &status] {
        let bed = Bed::single(&RESPONSES).await;
        strain(&bed, &RESPONSES);
        bed.script([answer()]);
        let mut client = bed.answer(&RESPONSES, true);
        assert_eq!(client.status, 400, "alone it is the client's");
        assert!(client.text().contains("no response resp_1"), "in the provider's words");
        assert_eq!(bed.rows().await.last().unwrap(), "1 a 400 client_error.");
        assert_eq!(learned(&bed, &RESPONSES), Learned::Nothing);
        let bed = Bed::new(&RESPONSES, &["a", "b"], json!({})).await;
        bed.script([answer(), stream(RESPONSES.stream())]);
        assert_eq!(bed.answer(&RESPONSES, true).text(), RESPONSES.stream());
    }
}

#[tokio::test]
async fn a_stream_that_ends_early_is_a_failure_with_an_error_event() {
    for wire in &WIRES {
        for is_cut in [false, true] {
            let bed = Bed::single(wire).await;
            strain(&bed, wire);
            let (feed, reply) = Feed::events();
            feed.send(format!("{}{}", wire.preamble, wire.output));
            bed.script([reply]);
            let mut client = bed.answer(wire, true);
            let begun = client.read();
            if is_cut {
                feed.cut();
            } else {
                feed.end();
            }
            let end = client.read();
            assert_eq!((client.end.clone(), begun), (Some(Ok(())), format!("{}{}", wire.preamble, wire.output)));
            assert!(end.contains(if is_cut { "broke off" } else { "without completing" }), "{end}");
            let outcome = if is_cut { "connect_error" } else { "provider_error" };
            assert_eq!(bed.rows().await.last().unwrap(), &format!("1 a 200 {outcome}."), "{}", wire.kind);
            assert_eq!(learned(&bed, wire), Learned::Failure, "{}", wire.kind);
        }
    }
}

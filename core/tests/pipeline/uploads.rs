//! Bodies of requests as they come: room for them, and time.

use llmio_core::Limits;
use serde_json::{Value, json};

use crate::bed::{Bed, config};
use crate::support::{Feed, reply};
use crate::wires::{CHAT, WIRES, Wire};

/// A request of about so many bytes.
fn request(wire: &Wire, bytes: usize) -> (&'static str, String) {
    let (path, mut body) = wire.request(false);
    body["padding"] = Value::from(" ".repeat(bytes));
    (path, body.to_string())
}

async fn bed(wire: &Wire, buffered_bytes: usize) -> Bed {
    let limits = Limits { body_bytes: 64 << 10, buffered_bytes };
    Bed::with_limits(config(wire, &["a"], json!({"max_retry": 0})), limits).await
}

#[tokio::test]
async fn those_that_have_room_finish_and_the_rest_is_told_to_come_back() {
    for wire in &WIRES {
        let bed = bed(wire, 192 << 10).await;
        let (path, body) = request(wire, 60 << 10);
        let mut uploads: Vec<_> = (0..6)
            .map(|_| {
                let feed = Feed::default();
                (bed.upload(path, body.len(), &feed), feed)
            })
            .collect();
        bed.script((0..6).map(|_| reply(200, "content-type: application/json", wire.whole)));
        for piece in body.as_bytes().chunks(1 << 10) {
            for (asking, feed) in &mut uploads {
                feed.send(piece.to_vec());
                asking.is_answered();
            }
        }
        let mut finished = 0;
        for (mut asking, feed) in uploads {
            feed.end();
            assert!(asking.is_answered(), "{}: everything has come", wire.kind);
            let client = asking.answer();
            match client.status {
                200 => finished += 1,
                503 => assert_eq!(client.retry_after(), Some(1)),
                other => panic!("{}: {other}", wire.kind),
            }
        }
        assert_eq!((finished, bed.count()), (3, 3), "{}", wire.kind);
    }
}

#[tokio::test]
async fn what_is_only_announced_takes_no_room() {
    let bed = bed(&CHAT, 64 << 10).await;
    let (path, body) = request(&CHAT, 60 << 10);
    let announced: Vec<_> = (0..100)
        .map(|_| {
            let feed = Feed::default();
            feed.send("{");
            (bed.upload(path, body.len(), &feed), feed)
        })
        .collect();
    bed.script([reply(200, "content-type: application/json", CHAT.whole)]);
    let feed = Feed::default();
    let mut asking = bed.upload(path, body.len(), &feed);
    feed.send(body);
    feed.end();
    assert!(asking.is_answered());
    assert_eq!(asking.answer().status, 200);
    drop(announced);
}

#[tokio::test]
async fn a_body_that_drips_is_given_up() {
    // Seconds between two pieces, bytes of each, and after how many pieces the client is refused.
    for (pause, bytes, refused_after) in [(31.0, 1, 0), (29.0, 1, 1), (10.0, 100, 2), (1.0, 5 << 10, usize::MAX)] {
        let bed = bed(&CHAT, 1 << 20).await;
        bed.script([reply(200, "content-type: application/json", CHAT.whole)]);
        let (path, body) = request(&CHAT, 60 << 10);
        let feed = Feed::default();
        let mut asking = bed.upload(path, body.len(), &feed);
        let mut sent = 0;
        for piece in body.as_bytes().chunks(bytes) {
            bed.advance(pause);
            if asking.is_answered() {
                break;
            }
            feed.send(piece.to_vec());
            asking.is_answered();
            sent += 1;
        }
        feed.end();
        assert!(asking.is_answered());
        let mut client = asking.answer();
        if refused_after == usize::MAX {
            assert_eq!(client.status, 200);
        } else {
            assert_eq!((client.status, sent), (400, refused_after), "{pause} {bytes}");
            assert!(client.text().contains("stopped coming"));
        }
    }
}

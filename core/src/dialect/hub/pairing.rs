use std::borrow::Cow;
use std::collections::HashSet;

use super::ledger::Refusal;
use super::part::{Part, PartKind};
use super::request::{Role, Turn};

/// Puts turns into the form that every target takes: turns of one role in a row are one, each call has an id of its own,
/// and its result stands, in the order of the calls, at the beginning of the turn that follows. `field` is where the client
/// has its turns.
pub fn pair<'a>(turns: Vec<Turn<'a>>, field: &str) -> Result<Vec<Turn<'a>>, Refusal> {
    let mut turns = behind_results(merged(turns));
    // The calls that wait for a result: the client's id, and ours.
    let mut open: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
    let mut used: HashSet<Cow<'a, str>> = HashSet::new();
    for turn in &mut turns {
        match turn.role {
            Role::System => {}
            Role::Assistant => {
                if let Some((id, _)) = open.first() {
                    return Err(unanswered(field, id));
                }
                for part in &mut turn.parts {
                    if let PartKind::Call { id, .. } = &mut part.kind {
                        let own = unique(id, &used);
                        used.insert(own.clone());
                        open.push((std::mem::replace(id, own.clone()), own));
                    }
                }
            }
            Role::User => answer(&mut turn.parts, &mut open, field)?,
        }
    }
    match open.first() {
        Some((id, _)) => Err(unanswered(field, id)),
        None => Ok(turns),
    }
}

/// Sorts a user's turn: the results of all open calls first.
fn answer<'a>(
    parts: &mut Vec<Part<'a>>,
    open: &mut Vec<(Cow<'a, str>, Cow<'a, str>)>,
    field: &str,
) -> Result<(), Refusal> {
    let (results, others): (Vec<_>, Vec<_>) =
        std::mem::take(parts).into_iter().partition(|part| matches!(part.kind, PartKind::Result { .. }));
    let mut placed = Vec::with_capacity(results.len());
    for mut part in results {
        let PartKind::Result { id, .. } = &mut part.kind else { continue };
        let Some(at) = open.iter().position(|(call, _)| call == id) else {
            let message = format!("there is a result for `{id}`, but no call of that id in the turn before it");
            return Err(Refusal::new(field, message));
        };
        (_, *id) = open.remove(at);
        placed.push((at, part));
    }
    if let Some((id, _)) = open.first() {
        return Err(unanswered(field, id));
    }
    // Each was taken out of what was left of the calls: put back in reverse, they stand in the order of the calls.
    let mut sorted: Vec<Part<'a>> = Vec::with_capacity(placed.len() + others.len());
    for (at, part) in placed.into_iter().rev() {
        sorted.insert(at.min(sorted.len()), part);
    }
    sorted.extend(others);
    *parts = sorted;
    Ok(())
}

/// Nothing may stand between calls and their results: instructions go behind them.
fn behind_results(mut turns: Vec<Turn<'_>>) -> Vec<Turn<'_>> {
    let calls = |turn: &Turn<'_>| turn.parts.iter().any(|part| matches!(part.kind, PartKind::Call { .. }));
    for at in 1..turns.len() {
        let (Some(before), Some(here), Some(next)) = (turns.get(at - 1), turns.get(at), turns.get(at + 1)) else {
            continue;
        };
        if here.role == Role::System && next.role == Role::User && before.role == Role::Assistant && calls(before) {
            turns.swap(at, at + 1);
        }
    }
    turns
}

fn merged(turns: Vec<Turn<'_>>) -> Vec<Turn<'_>> {
    let mut merged: Vec<Turn<'_>> = Vec::with_capacity(turns.len());
    for turn in turns {
        match merged.last_mut() {
            Some(last) if last.role == turn.role => last.parts.extend(turn.parts),
            _ if turn.parts.is_empty() => {}
            _ => merged.push(turn),
        }
    }
    merged
}

/// Some vendors call every call alike, or by nothing.
fn unique<'a>(id: &Cow<'a, str>, used: &HashSet<Cow<'a, str>>) -> Cow<'a, str> {
    if !id.is_empty() && !used.contains(id) {
        return id.clone();
    }
    let base = if id.is_empty() { "call" } else { id };
    let number = used.len();
    Cow::Owned(format!("{base}_{number}"))
}

fn unanswered(field: &str, id: &str) -> Refusal {
    Refusal::new(field, format!("the call `{id}` has no result in the turn behind it; send one for each call"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::hub::Input;

    fn call(id: &str) -> Part<'_> {
        Part::new(PartKind::Call { id: id.into(), name: "f".into(), input: Input::Json("{}".into()) })
    }

    fn result(id: &str) -> Part<'_> {
        Part::new(PartKind::Result { id: id.into(), parts: Vec::new(), is_error: false })
    }

    fn turn(role: Role, parts: Vec<Part<'_>>) -> Turn<'_> {
        Turn { role, parts }
    }

    fn told(turns: Vec<Turn<'_>>) -> Result<Vec<String>, String> {
        let name = |part: &Part<'_>| match &part.kind {
            PartKind::Call { id, .. } => format!("call {id}"),
            PartKind::Result { id, .. } => format!("result {id}"),
            PartKind::Text(text) => text.to_string(),
            _ => String::new(),
        };
        let turns = pair(turns, "messages").map_err(|refusal| refusal.message)?;
        Ok(turns.iter().map(|it| it.parts.iter().map(name).collect::<Vec<_>>().join(", ")).collect())
    }

    #[test]
    fn results_follow_their_calls() {
        use Role::{Assistant, System, User};
        let history = vec![
            turn(User, vec![Part::text("a")]),
            turn(User, vec![Part::text("b")]),
            turn(Assistant, vec![call("1")]),
            turn(Assistant, vec![call("2"), call("3")]),
            turn(System, vec![Part::text("s")]),
            turn(User, vec![result("3")]),
            turn(User, vec![Part::text("c"), result("1"), result("2")]),
            turn(Assistant, vec![call("1"), call("")]),
            turn(User, vec![result(""), result("1")]),
        ];
        let expected = [
            "a, b",
            "call 1, call 2, call 3",
            "result 1, result 2, result 3, c",
            "s",
            "call 1_3, call call_4",
            "result 1_3, result call_4",
        ];
        assert_eq!(told(history).unwrap(), expected);
    }

    #[test]
    fn what_does_not_pair() {
        use Role::{Assistant, User};
        let rows = [
            (vec![turn(User, vec![result("1")])], "no call of that id"),
            (vec![turn(Assistant, vec![call("1")])], "has no result"),
            (vec![turn(Assistant, vec![call("1")]), turn(User, vec![Part::text("x")])], "has no result"),
            (vec![turn(Assistant, vec![call("1")]), turn(User, vec![result("2")])], "no call of that id"),
        ];
        for (turns, expected) in rows {
            let message = told(turns).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}

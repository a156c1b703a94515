//! `dead-letters`, `redrive` and `discard`: what no worker could handle, and what becomes of it.

use serde_json::json;
use watchfire_shared::dead_letter::{DeadLetter, DeadLetterState};
use watchfire_shared::ids::DeadLetterId;

use super::args::{DeadLetters, Discard};
use super::output::{Out, Table, Tone};
use super::{Done, Exit, Failure, pages, words};
use crate::client::{Client, DeadLetterQuery};
use crate::clock;
use crate::model::letters::about;
use crate::safe::SafeText;

pub async fn list(client: &Client, out: &mut Out, which: &DeadLetters) -> Done {
    let page = pages::up_to(which.limit, async |limit, cursor| {
        let query = DeadLetterQuery { state: which.state, limit: Some(limit), cursor };
        client.dead_letters(&query).await
    })
    .await?;
    if out.json {
        return Ok(out.value(&page)?);
    }
    if page.items.is_empty() {
        return Ok(out.line("No dead letters")?);
    }
    table(out, &page.items).print(out)?;
    if page.next_cursor.is_some() {
        let foot = format!("the oldest {}; there are more (--limit)", page.items.len());
        out.line(&out.paint(Tone::Dim, &foot))?;
    }
    Ok(())
}

fn table(out: &Out, letters: &[DeadLetter]) -> Table {
    let now = clock::now();
    let mut table = Table::new(6);
    let heads = ["ID", "ABOUT", "TYPE", "STATE", "TRIES", "AGE", "CAUSE"];
    table.row(heads.map(|head| (Tone::Dim, SafeText::line(head))).to_vec());
    for letter in letters {
        let state = match letter.state {
            DeadLetterState::Waiting => Tone::Attention,
            DeadLetterState::Redriving => Tone::Work,
            DeadLetterState::Discarded => Tone::Dim,
        };
        let kind = letter.event.as_ref().map_or("-", |event| event.fact.event_type());
        table.row(vec![
            (Tone::Dim, SafeText::line(&letter.id.to_string())),
            (Tone::Strong, SafeText::line(&about(letter.event.as_ref()))),
            (Tone::Plain, out.safe(kind)),
            (state, SafeText::line(letter.state.as_str())),
            (Tone::Plain, SafeText::line(&letter.attempts.to_string())),
            (Tone::Dim, SafeText::line(&words::age(letter.parked_at, now))),
            (Tone::Plain, out.safe(&cause(letter))),
        ]);
    }
    table
}

/// Why it is here, after why it is given up.
fn cause(letter: &DeadLetter) -> String {
    match &letter.discarded {
        Some(discarded) => {
            format!("by {}: {}; it was: {}", discarded.by.name, discarded.reason, letter.cause)
        }
        None => letter.cause.clone(),
    }
}

pub async fn redrive(client: &Client, out: &mut Out, id: DeadLetterId) -> Done {
    client.redrive(id).await?;
    if out.json {
        return Ok(out.value(&json!({ "id": id, "state": DeadLetterState::Redriving }))?);
    }
    Ok(out.line(&format!("{id} will be handled once more"))?)
}

pub async fn discard(client: &Client, out: &mut Out, discard: &Discard) -> Done {
    let reason = discard.reason.trim();
    if reason.is_empty() {
        return Err(Failure::said(Exit::Usage, "The reason must not be empty"));
    }
    client.discard(discard.id, reason).await?;
    if out.json {
        let state = DeadLetterState::Discarded;
        return Ok(out.value(&json!({ "id": discard.id, "state": state }))?);
    }
    Ok(out.line(&format!("{} discarded", discard.id))?)
}

//! `assess` and `assessments`: asking for an analysis, and what came out.

use watchfire_shared::assessment::{Assessment, AssessmentStatus, LogSummary};
use watchfire_shared::ids::IncidentRef;

use super::args::Assessments;
use super::output::{Out, Tone};
use super::{Done, pages, words};
use crate::client::{AssessmentQuery, Client};
use crate::clock;

pub async fn request(client: &Client, out: &mut Out, which: &IncidentRef) -> Done {
    let assessment = client.assess(which).await?;
    if out.json {
        return Ok(out.value(&assessment)?);
    }
    let line = format!("{which} analysis of {} requested", out.safe(&assessment.component));
    Ok(out.line(&line)?)
}

pub async fn list(client: &Client, out: &mut Out, which: &Assessments) -> Done {
    let page = pages::up_to(which.limit, async |limit, cursor| {
        client.assessments(&which.incident, &AssessmentQuery { limit: Some(limit), cursor }).await
    })
    .await?;
    if out.json {
        return Ok(out.value(&page)?);
    }
    if page.items.is_empty() {
        let line = format!("No analyses; ask for one with `watchfire assess {}`", which.incident);
        return Ok(out.line(&line)?);
    }
    for assessment in &page.items {
        print(out, assessment)?;
    }
    if page.next_cursor.is_some() {
        let foot = format!("the newest {}; there are more (--limit)", page.items.len());
        out.line(&out.paint(Tone::Dim, &foot))?;
    }
    Ok(())
}

fn print(out: &mut Out, assessment: &Assessment) -> Done {
    let (tone, status) = status(assessment);
    // It has come to something, or to an error.
    let found = assessment.summary.as_ref().map(found);
    let found = found.or_else(|| assessment.error.clone()).unwrap_or_default();
    let line = format!(
        "{}  {}  {}  {}",
        out.paint(Tone::Dim, &words::time(assessment.started_at, clock::now())),
        out.paint(tone, &status),
        out.safe(&assessment.component),
        out.safe(&found),
    );
    out.line(&line)?;
    let top = assessment.summary.iter().flat_map(|summary| &summary.top_messages);
    for message in top {
        let times = format!("{:>8}{}", message.count, if out.utf8 { "×" } else { "x" });
        let level = out.paint(words::level(message.level), &format!("{:<5}", message.level));
        let text = out.safe(&message.message);
        let text = out.width.map_or(text.clone(), |width| text.clip(width.saturating_sub(17)));
        out.line(&format!("{}  {level}  {text}", out.paint(Tone::Dim, &times)))?;
    }
    Ok(())
}

fn status(assessment: &Assessment) -> (Tone, String) {
    match assessment.status {
        AssessmentStatus::InProgress => {
            (Tone::Work, format!("in progress, {} %", assessment.progress))
        }
        AssessmentStatus::Completed => (Tone::Done, "completed".to_owned()),
        AssessmentStatus::Failed => (Tone::Bad, "failed".to_owned()),
        AssessmentStatus::Cancelled => (Tone::Dim, "cancelled".to_owned()),
    }
}

/// `1204 lines: 812 error, 391 warn`, the gravest first.
fn found(summary: &LogSummary) -> String {
    let lines = words::count(summary.lines, "line");
    let counts = words::levels(&summary.counts);
    if counts.is_empty() { lines } else { format!("{lines}: {counts}") }
}

//! What can be copied of an incident, as text that is safe wherever it is pasted: one line, except for
//! JSON, and without a character that a shell or a terminal would obey.

use watchfire_shared::ids::{IncidentId, Reference};
use watchfire_shared::incident::Incident;

use crate::safe::{self, SafeText};

use super::slot::Slot;
use super::{Model, Overlay, logs};

/// Bytes at most: with its wrapping this is what the strictest terminals in use still take.
pub const COPY_MAX: usize = 74_994;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    Reference,
    Link,
    Title,
    /// The line of the log pane that the cursor is on.
    Line,
    Json,
}

impl Piece {
    pub const ALL: [Self; 5] = [Self::Reference, Self::Link, Self::Title, Self::Line, Self::Json];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Link => "link",
            Self::Title => "title",
            Self::Line => "log line",
            Self::Json => "JSON",
        }
    }
}

/// The choice of a piece.
#[derive(Debug)]
pub struct CopyBox {
    pub incident: IncidentId,
    pub reference: Reference,
    /// The log line that was on the screen when it opened.
    pub line: Option<String>,
    /// Whether all of it was read: rows of the list have no description.
    pub whole: Slot<()>,
    pub chosen: Piece,
}

impl CopyBox {
    /// What there is to choose from, with the text of each, or why there is none yet.
    pub fn pieces(&self, model: &Model) -> Vec<(Piece, Result<String, String>)> {
        let incident = model.known.get(self.incident);
        let text = |piece| match piece {
            Piece::Reference => Some(self.reference.to_string()),
            Piece::Link => Some(link(model, self.reference)),
            Piece::Title => incident.map(|i| SafeText::line(&i.title).into_string()),
            Piece::Line => self.line.clone(),
            Piece::Json => incident.map(json),
        };
        let lacking = |piece| lack(&self.whole).filter(|_| piece == Piece::Json);
        let piece = |piece| Some((piece, lacking(piece).map_or(Ok(text(piece)?), Err)));
        Piece::ALL.into_iter().filter_map(piece).collect()
    }
}

/// Why an incident cannot be told as a whole.
pub fn lack(whole: &Slot<()>) -> Option<String> {
    match (&whole.value, &whole.failure) {
        (Some(()), _) => None,
        (None, Some(failure)) => Some(format!("could not be read: {}", failure.message)),
        (None, None) => Some("is still being read".to_owned()),
    }
}

/// Of the incident that is shown or chosen from as JSON, whether all of it was read.
pub fn whole(model: &Model) -> Option<&Slot<()>> {
    match &model.overlay {
        Some(Overlay::Json { whole, .. }) => Some(whole),
        Some(Overlay::Copy(chooser)) => Some(&chooser.whole),
        _ => None,
    }
}

/// Where the daemon tells about an incident.
pub fn link(model: &Model, reference: Reference) -> String {
    format!("{}/v1/incidents/{reference}", model.base)
}

/// The incident as the API says it, over several lines.
pub fn json(incident: &Incident) -> String {
    // A plain structure without foreign keys always has a text.
    safe::json(&serde_json::to_string_pretty(incident).unwrap_or_default())
}

/// The same, broken into the lines of a page.
pub fn json_lines(incident: &Incident, width: u16) -> Vec<SafeText> {
    let room = usize::from(width).saturating_sub(2);
    SafeText::lines(&json(incident)).iter().flat_map(|line| line.wrap(room)).collect()
}

/// The line that the cursor is on in the log pane, where one is on the screen.
pub fn visible_line(model: &Model) -> Option<String> {
    let pane = logs::pane(model).filter(|_| logs::is_visible(model))?;
    let line = pane.current()?;
    let at = line.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let text = format!("{at} {} {} {}", line.level, line.source, line.message);
    Some(SafeText::line(&text).into_string())
}

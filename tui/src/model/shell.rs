//! The line of a shell that does the same as a command of the screen.

use watchfire_shared::ids::UserId;

use super::commands::{Deed, What};
use super::letters::LetterId;
use crate::action::Step;
use crate::safe::SafeText;

impl What {
    /// None where there is no such line, or the screen could not show it as it is.
    pub fn line(&self) -> Option<String> {
        let line = match (&self.deed, self.incident) {
            (Deed::Redrive(letter), _) => match letter.id {
                LetterId::Parked(id) => format!("watchfire redrive {id}"),
                LetterId::Failed(id) => format!("watchfire outbox retry {id}"),
            },
            (Deed::Discard(letter, reason), _) => {
                format!("watchfire discard {} --reason={}", letter.id, quoted(reason))
            }
            (Deed::Create(new), _) => {
                let service = quoted(&new.service);
                let title = quoted(&new.title);
                format!("watchfire new --priority={} --service={service} -- {title}", new.priority)
            }
            (deed, Some((_, reference))) => on_incident(deed, &reference.to_string())?,
            (_, None) => return None,
        };
        let shown = SafeText::line(&line);
        (shown.as_str() == line).then_some(line)
    }
}

fn on_incident(deed: &Deed, reference: &str) -> Option<String> {
    Some(match deed {
        Deed::Step(step, note) => {
            let note = note.as_ref().map(|note| format!(" --note={}", one_word(note)));
            let note = note.unwrap_or_default();
            match step {
                Step::Investigate => format!("watchfire ack {reference}{note}"),
                Step::Resolve => format!("watchfire resolve {reference}{note}"),
                Step::Close => format!("watchfire close {reference}{note}"),
                Step::Reopen => format!("watchfire reopen {reference}{note}"),
                Step::HandBack => format!(
                    "watchfire set {reference} --status={} --expect-status={}{note}",
                    step.to(),
                    step.from()
                ),
            }
        }
        Deed::Priority(to) => format!("watchfire set {reference} --priority={to}"),
        Deed::Assign(None) => format!("watchfire set {reference} --assign=none"),
        Deed::Assign(Some(to)) => {
            // A name that means something else there, or is no name at all, is said as an id.
            let other = ["me", "none"].contains(&to.name.as_str())
                || to.name.trim() != to.name
                || to.name.is_empty()
                || to.name.parse::<UserId>().is_ok();
            let who = if other { to.id.to_string() } else { to.name.clone() };
            format!("watchfire set {reference} --assign={}", quoted(&who))
        }
        Deed::Title(to) => format!("watchfire set {reference} --title={}", quoted(to)),
        // A lone dash is standard input there.
        Deed::Comment(body) if body == "-" || body.contains('\n') => {
            format!("{} | watchfire comment {reference} -", printed(body))
        }
        Deed::Comment(body) => format!("watchfire comment {reference} -- {}", quoted(body)),
        Deed::Assess => format!("watchfire assess {reference}"),
        Deed::Create(_) | Deed::Redrive(_) | Deed::Discard(..) | Deed::Person { .. } => {
            return None;
        }
    })
}

/// What prints a text of several lines, on one line.
fn printed(text: &str) -> String {
    format!("printf %b {}", quoted(&text.replace('\\', "\\\\").replace('\n', "\\n")))
}

/// The same as a word.
fn one_word(text: &str) -> String {
    if text.contains('\n') { format!("\"$({})\"", printed(text)) } else { quoted(text) }
}

/// A word of the shell, whatever it holds.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,:/@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

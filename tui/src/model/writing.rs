//! A comment or a note that is written in an editor: the text it opens with, and what of the result is
//! meant.

use watchfire_shared::incident::Status;

use crate::action::Step;
use crate::safe::SafeText;

use super::forms::About;

/// What the person writes stands above this line; it may hold lines with `#` of its own.
const RULE: &str = "# ---- This line and all below it are left out ----";

#[derive(Debug, Clone)]
pub struct Writing {
    pub about: About,
    pub purpose: Purpose,
    /// What was begun before; empty when nothing was.
    pub draft: String,
    /// What the file says for the person, line by line.
    notes: [String; 3],
}

/// What becomes of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Comment,
    /// It goes with a step, from the status that was seen; none for the marked incidents.
    Note {
        step: Step,
        seen: Option<Status>,
    },
}

impl Writing {
    /// `subject` says in foreign words what it is about.
    pub fn new(about: About, purpose: Purpose, subject: &str, draft: String) -> Self {
        let what = match purpose {
            Purpose::Comment => format!("Comment on {about}"),
            Purpose::Note { step, .. } => format!("Note to this step: {} {about}", step.words()),
        };
        let notes = [
            RULE.to_owned(),
            // One line whatever it holds, so that none of it is taken for the text.
            format!("# {what}: {}", SafeText::line(subject)),
            "# Save and close to send it. Empty or unchanged, nothing is sent.".to_owned(),
        ];
        Self { about, purpose, draft, notes }
    }

    /// `comment`, `note`.
    pub const fn word(&self) -> &'static str {
        match self.purpose {
            Purpose::Comment => "comment",
            Purpose::Note { .. } => "note",
        }
    }

    /// The file's name: editors know from it how to colour, and people what it is.
    pub fn file_name(&self) -> String {
        match self.about {
            About::One(_, reference) => format!("{reference}.md"),
            About::Marked(_) => "marked.md".to_owned(),
        }
    }

    pub fn template(&self) -> String {
        format!("{}\n\n{}\n", self.draft, self.notes.join("\n"))
    }

    /// What was written, without what the template says; that is left out without its first line too.
    pub fn body(&self, text: &str) -> String {
        let lines = text.lines().map(str::trim_end).take_while(|line| *line != RULE);
        let written: Vec<&str> =
            lines.filter(|line| self.notes.iter().all(|note| note != line)).collect();
        written.join("\n").trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use watchfire_shared::ids::{IncidentId, Reference};

    use super::*;

    fn writing(title: &str, draft: &str) -> Writing {
        let about = About::One(IncidentId(Uuid::from_u128(1)), Reference(204));
        Writing::new(about, Purpose::Comment, title, draft.to_owned())
    }

    #[test]
    fn an_untouched_template_holds_its_draft_alone() {
        for draft in ["", "begun\n\n# with a heading\nand more"] {
            let writing = writing("Disk full", draft);
            assert_eq!(writing.body(&writing.template()), draft);
        }
    }

    #[test]
    fn no_title_becomes_text_that_is_sent() {
        for title in [
            "Disk full\nrm -rf /",
            "a\r\nb",
            "\u{1b}[2J\u{85}next\u{2028}line",
            RULE,
            "x\n# ---- This line and all below it are left out ----\nsent",
        ] {
            let writing = writing(title, "");
            let template = writing.template();
            assert_eq!(writing.body(&template), "", "{title:?}");
            assert!(template.lines().all(|line| line.is_empty() || line.starts_with("# ")));
            assert!(template.chars().all(|c| c == '\n' || !c.is_control()), "{template:?}");
            // Somebody who deletes the rule sends no more.
            let without = template.replacen(&format!("{RULE}\n"), "", 1);
            assert_eq!(writing.body(&without), "", "{title:?}");
        }
    }

    #[test]
    fn what_is_written_is_taken_as_it_is() {
        let writing = writing("Disk full", "");
        let text = format!("\n# Cause\r\n\n    code\n{}", writing.template());
        assert_eq!(writing.body(&text), "# Cause\n\n    code");
    }
}

//! A comment that is written in an editor: the text it opens with, and what of the result is meant.

use watchfire_shared::ids::{IncidentId, Reference};

use crate::safe::SafeText;

/// What the person writes stands above this line; it may hold lines with `#` of its own.
const RULE: &str = "# ---- This line and all below it are left out ----";

#[derive(Debug, Clone)]
pub struct Writing {
    pub incident: IncidentId,
    pub reference: Reference,
    /// What was begun before; empty when nothing was.
    pub draft: String,
    /// What the file says for the person, line by line.
    notes: [String; 3],
}

impl Writing {
    pub fn new(incident: IncidentId, reference: Reference, title: &str, draft: String) -> Self {
        let notes = [
            RULE.to_owned(),
            // One line whatever the title holds, so that none of it is taken for the comment.
            format!("# Comment on {reference}: {}", SafeText::line(title)),
            "# Save and close to send it. Empty or unchanged, nothing is sent.".to_owned(),
        ];
        Self { incident, reference, draft, notes }
    }

    /// The file's name: editors know from it how to colour, and people what it is.
    pub fn file_name(&self) -> String {
        format!("{}.md", self.reference)
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

    use super::*;

    fn writing(title: &str, draft: &str) -> Writing {
        Writing::new(IncidentId(Uuid::from_u128(1)), Reference(204), title, draft.to_owned())
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

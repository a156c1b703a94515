//! What was written and not sent: it waits where it was begun.

use std::collections::HashMap;

use watchfire_shared::ids::IncidentId;

use super::Model;
use super::forms::NewForm;

/// All of one daemon.
#[derive(Debug, Default)]
pub struct Drafts {
    comments: HashMap<IncidentId, String>,
    marked: String,
    titles: HashMap<IncidentId, String>,
    new: Vec<NewForm>,
}

impl Model {
    /// Takes them away, to be put back when somebody returns.
    pub fn take_drafts(&mut self) -> Drafts {
        let mut new = std::mem::take(&mut self.new_drafts);
        // What was sent is no draft any more.
        new.retain(|form| form.request.is_none());
        Drafts {
            comments: std::mem::take(&mut self.drafts),
            marked: std::mem::take(&mut self.marked_draft),
            titles: std::mem::take(&mut self.titles),
            new,
        }
    }

    pub fn put_drafts(&mut self, drafts: Drafts) {
        self.drafts = drafts.comments;
        self.marked_draft = drafts.marked;
        self.titles = drafts.titles;
        self.new_drafts = drafts.new;
    }
}

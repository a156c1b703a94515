//! What a person did, the last thing last, and what would undo it.

use std::collections::HashMap;

use watchfire_shared::incident::Incident;

use super::batch::{Ended, Item};
use super::commands::{Deed, What};
use crate::action::Step;
use crate::effect::RequestId;

/// Actions further back are not remembered.
const KEEP: usize = 50;

/// One action: on one incident, or on many at once.
#[derive(Debug)]
pub struct Action {
    /// `INC-204 resolve`.
    pub words: String,
    /// What waits for its answer; with the incident as it stood where that can be undone.
    waiting: HashMap<RequestId, Waiting>,
    /// What undoes it: the incident as the action had made it, and the inverse.
    pub inverse: Vec<Item>,
    /// Why it cannot be undone.
    pub lasting: Option<&'static str>,
    /// Of so many commands nobody knows whether they happened.
    pub unknown: usize,
    /// It was said that it cannot be undone.
    pub said: bool,
}

#[derive(Debug)]
enum Waiting {
    /// The command itself; what would undo it, if something does.
    Doing(Result<Deed, &'static str>),
    Undoing(Box<Item>),
}

impl Action {
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Why it is not undone now.
    pub fn obstacle(&self) -> Option<String> {
        let words = &self.words;
        if self.is_waiting() {
            Some(format!("{words}: still waiting for the answer"))
        } else if let Some(why) = self.lasting {
            Some(format!("{words} cannot be undone: {why}"))
        } else if self.inverse.is_empty() {
            Some(format!("{words}: nobody knows whether it happened; look before you undo it"))
        } else {
            None
        }
    }

    fn is_nothing(&self) -> bool {
        self.waiting.is_empty()
            && self.inverse.is_empty()
            && self.lasting.is_none()
            && self.unknown == 0
    }

    fn end(&mut self, waiting: Waiting, ended: Ended, made: Option<&Incident>) {
        match (waiting, ended) {
            (Waiting::Doing(Ok(deed)), Ended::Done) => {
                self.inverse.extend(made.cloned().map(|seen| Item { seen, deed }));
            }
            (Waiting::Doing(Err(why)), Ended::Done) => self.lasting = Some(why),
            (Waiting::Doing(_), Ended::Unknown) => self.unknown += 1,
            // It may be tried again: the guard says whether it still makes sense.
            (Waiting::Undoing(item), Ended::Unsent | Ended::Unknown) => self.inverse.push(*item),
            (Waiting::Doing(_), Ended::Refused | Ended::Unsent)
            | (Waiting::Undoing(_), Ended::Done | Ended::Refused) => {}
        }
    }
}

#[derive(Debug, Default)]
pub struct Undo {
    actions: Vec<Action>,
}

impl Undo {
    pub fn begin(&mut self, words: String) {
        self.actions.push(Action {
            words,
            waiting: HashMap::new(),
            inverse: Vec::new(),
            lasting: None,
            unknown: 0,
            said: false,
        });
        if self.actions.len() > KEEP {
            self.actions.remove(0);
        }
    }

    /// The last action sends a command.
    pub fn sent(&mut self, request: RequestId, what: &What, seen: Option<&Incident>) {
        if let Some(action) = self.actions.last_mut() {
            let inverse = inverse(&what.deed, seen);
            action.waiting.insert(request, Waiting::Doing(inverse));
        }
    }

    /// The last action sends what undoes a part of it.
    pub fn undoing(&mut self, request: RequestId, item: Item) {
        if let Some(action) = self.actions.last_mut() {
            action.waiting.insert(request, Waiting::Undoing(Box::new(item)));
        }
    }

    /// Takes the end of a command, with the incident as it made it.
    pub fn ended(&mut self, request: RequestId, ended: Ended, made: Option<&Incident>) {
        for action in &mut self.actions {
            if let Some(waiting) = action.waiting.remove(&request) {
                action.end(waiting, ended, made);
            }
        }
        self.actions.retain(|action| !action.is_nothing());
    }

    pub fn last(&self) -> Option<&Action> {
        self.actions.last()
    }

    /// Leaves the last action as it is, where that was said.
    pub fn pass_by(&mut self) {
        self.actions.pop_if(|action| action.said);
    }

    /// The action before the last one.
    pub fn words_before(&self) -> Option<String> {
        let [.., before, _] = &self.actions[..] else {
            return None;
        };
        Some(before.words.clone())
    }

    pub fn last_mut(&mut self) -> Option<&mut Action> {
        self.actions.last_mut()
    }
}

/// What undoes a deed to an incident that stood as it was `seen`, or why nothing does.
fn inverse(deed: &Deed, seen: Option<&Incident>) -> Result<Deed, &'static str> {
    match (deed, seen) {
        (Deed::Step(step, _), _) => match step {
            Step::Investigate => Ok(Deed::Step(Step::HandBack, None)),
            Step::HandBack => Ok(Deed::Step(Step::Investigate, None)),
            Step::Resolve => Ok(Deed::Step(Step::Reopen, None)),
            Step::Reopen => Ok(Deed::Step(Step::Resolve, None)),
            Step::Close => Err("closed is final"),
        },
        (Deed::Assign(_), Some(seen)) => Ok(Deed::Assign(seen.assigned_to.clone())),
        (Deed::Priority(_), Some(seen)) => Ok(Deed::Priority(seen.priority)),
        (Deed::Title(_), Some(seen)) => Ok(Deed::Title(seen.title.clone())),
        (Deed::Comment(_), _) => Err("what was said stays"),
        (Deed::Assess, _) => Err("an assessment changes nothing"),
        (Deed::Create(_), _) => Err("what was opened is resolved and closed, not taken away"),
        (Deed::Redrive(_) | Deed::Discard(..), _) => {
            Err("what could not be handled or published is decided about once")
        }
        (Deed::Person { .. }, _) => Err("people are changed on their page"),
        (Deed::Assign(_) | Deed::Priority(_) | Deed::Title(_), None) => {
            Err("what it was before is not known")
        }
    }
}

//! Requests under way, and what they fill.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::effect::{Command, Effect, Load, RequestId};
use crate::event::Failure;

use super::commands::What;
use super::views::View;
use super::writing::Writing;

/// "Loading" is said only after this long; quicker answers would only make it flicker.
pub const LOADING_AFTER: TimeDelta = TimeDelta::milliseconds(200);

/// A value that is read all the time counts as old when its next reading takes longer than this.
pub const LATE_AFTER: TimeDelta = TimeDelta::seconds(1);

/// A question that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub request: RequestId,
    pub at: DateTime<Utc>,
}

/// What is to be said about a value besides what it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Note<'a> {
    Loading,
    /// It could not be read again, or that takes long.
    Old {
        age: TimeDelta,
        failure: Option<&'a Failure>,
    },
    Unread(&'a Failure),
}

/// A value that is loaded: what there is, what is on its way, and why the last attempt failed.
#[derive(Debug, Clone)]
pub struct Slot<T> {
    pub value: Option<T>,
    pub asked: Option<Asked>,
    pub failure: Option<Failure>,
    /// When the value was answered.
    pub loaded_at: Option<DateTime<Utc>>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { value: None, asked: None, failure: None, loaded_at: None }
    }
}

impl<T> Slot<T> {
    /// Whether `request` is the newest question; answers to older ones are dropped.
    pub fn waits_for(&self, request: RequestId) -> bool {
        self.asked.is_some_and(|asked| asked.request == request)
    }

    pub fn fill(&mut self, value: T, now: DateTime<Utc>) {
        self.value = Some(value);
        self.asked = None;
        self.failure = None;
        self.loaded_at = Some(now);
    }

    pub fn fail(&mut self, failure: Failure) {
        self.asked = None;
        self.failure = Some(failure);
    }

    /// When "loading" must be said; none when there is something to show, or nothing on its way.
    pub fn loading_at(&self) -> Option<DateTime<Utc>> {
        match (&self.value, self.asked) {
            (None, Some(asked)) => Some(asked.at + LOADING_AFTER),
            _ => None,
        }
    }

    /// What is to be said about a value that is read all the time; none while it is current.
    pub fn note(&self, now: DateTime<Utc>) -> Option<Note<'_>> {
        let failure = self.failure.as_ref();
        match self.loaded_at.filter(|_| self.value.is_some()) {
            Some(at) if failure.is_some() || self.is_late(now) => {
                let age = (now - at).max(TimeDelta::zero());
                Some(Note::Old { age, failure })
            }
            Some(_) => None,
            None => match failure {
                Some(failure) => Some(Note::Unread(failure)),
                None => self.loading_at().filter(|at| *at <= now).map(|_| Note::Loading),
            },
        }
    }

    /// When [`Self::note`] says something else by the passing of time alone.
    pub fn note_changes_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.note(now) {
            Some(Note::Old { age, .. }) => {
                Some(now - age + TimeDelta::seconds(age.num_seconds() + 1))
            }
            Some(Note::Loading | Note::Unread(_)) => None,
            None if self.value.is_some() => self.asked.map(|asked| asked.at + LATE_AFTER),
            None => self.loading_at(),
        }
    }

    fn is_late(&self, now: DateTime<Utc>) -> bool {
        self.asked.is_some_and(|asked| now - asked.at >= LATE_AFTER)
    }

    /// The clock was set back: what was a while ago stays as long ago.
    pub fn set_back(&mut self, by: TimeDelta) {
        self.loaded_at.iter_mut().for_each(|at| *at -= by);
        self.asked.iter_mut().for_each(|asked| asked.at -= by);
    }

    /// Whether the value is older than `age` and nothing newer is on its way.
    pub fn is_due(&self, age: TimeDelta, now: DateTime<Utc>) -> bool {
        self.asked.is_none() && self.loaded_at.is_none_or(|at| now - at >= age)
    }
}

/// What a request was for, so that its answer finds its place.
#[derive(Debug, Clone)]
pub enum Purpose {
    Load(Load),
    Command(What),
    Save,
    /// A view into the configuration.
    SaveView(Box<View>),
    /// Log lines to a file.
    Export,
    /// A comment in an editor.
    Write(Writing),
    /// A program of the person's own.
    Run,
    SignIn,
}

/// The requests that wait for an answer.
#[derive(Debug, Default)]
pub struct Requests {
    last: u64,
    /// Up to here questions were asked of a daemon with another log.
    other_log: u64,
    open: HashMap<RequestId, Purpose>,
}

impl Requests {
    pub fn load(&mut self, load: Load, now: DateTime<Utc>, out: &mut Vec<Effect>) -> Asked {
        let request = self.open(Purpose::Load(load.clone()));
        out.push(Effect::Load { request, load });
        Asked { request, at: now }
    }

    pub fn command(&mut self, command: Command, what: What, out: &mut Vec<Effect>) -> RequestId {
        let request = self.open(Purpose::Command(what));
        out.push(Effect::Command { request, command });
        request
    }

    pub fn open(&mut self, purpose: Purpose) -> RequestId {
        self.last += 1;
        let request = RequestId(self.last);
        self.open.insert(request, purpose);
        request
    }

    /// Another log begins: the versions in answers to what was asked before mean nothing.
    pub fn begin_log(&mut self) {
        self.other_log = self.last;
    }

    /// Whether the answer may be of another log than the one that is followed.
    pub fn is_of_other_log(&self, request: RequestId) -> bool {
        request.0 <= self.other_log
    }

    /// The purpose of an answered request; none when it was answered already.
    pub fn close(&mut self, request: RequestId) -> Option<Purpose> {
        self.open.remove(&request)
    }
}

//! Finished requests: each finds the place it was asked for, and only if nothing newer was asked.

use crate::effect::{Load, RequestId};
use crate::event::{Failure, FailureKind, Outcome};
use crate::model::Model;
use crate::model::slot::{Purpose, Slot};

use super::{
    Out, assessments, cache, choices, columns, commands, copy, demonstration, events, forms,
    handover, health, list, logs, own, parts, people, sign_out, timers, writing,
};

pub fn done(model: &mut Model, request: RequestId, outcome: Outcome, out: &mut Out) {
    let Some(purpose) = model.requests.close(request) else {
        return;
    };
    if !matches!(purpose, Purpose::SignIn)
        && let Outcome::Failed(Failure { kind: FailureKind::Unauthenticated, message, .. }) =
            &outcome
    {
        sign_out(model, message);
    }
    match purpose {
        Purpose::SignIn => forms::signed_in(model, request, outcome, out),
        Purpose::Export => logs::exported(model, request, outcome),
        Purpose::Save => handover::saved(model, outcome),
        Purpose::SaveView(view) => columns::saved(model, *view, outcome),
        Purpose::Run => own::ended(model, request, outcome),
        Purpose::Write(writing) => writing::answered(model, &writing, outcome, out),
        Purpose::Command(what) => commands::answered(model, request, &what, outcome, out),
        Purpose::Load(load) => loaded(model, request, &load, outcome, out),
    }
}

fn loaded(model: &mut Model, request: RequestId, load: &Load, outcome: Outcome, out: &mut Out) {
    match *load {
        Load::Incidents { .. } => list::answered(model, request, outcome, out),
        Load::Counts => counts_answered(model, request, outcome),
        Load::Me => {
            if let Outcome::Me(me) = outcome {
                model.dirty |= model.me.as_ref() != Some(&me);
                model.me = Some(me);
            }
        }
        Load::Users => {
            if !model.users.waits_for(request) {
                return;
            }
            let answer = match outcome {
                Outcome::Users(page) => Ok(page.items),
                Outcome::Failed(failure) => Err(failure),
                _ => return,
            };
            let first = model.users.value.is_none();
            take(&mut model.users, request, answer, model.now);
            if first {
                choices::choose_best(model);
            }
            people::arrived(model);
            model.dirty = true;
        }
        // It is asked for again where somebody still looks at it.
        Load::AllLogs { limit, .. } => {
            logs::across::answered(model, request, None, limit, outcome, out);
        }
        Load::Incident(_) if model.requests.is_of_other_log(request) => {
            copy::ask_again(model, request, out);
        }
        Load::Incident(id) => {
            let gone = matches!(&outcome, Outcome::Failed(failure) if failure.is_gone());
            parts::incident_answered(model, request, id, outcome);
            logs::across::named(model, id, gone);
        }
        Load::Timeline { id, .. } => parts::timeline_answered(model, request, id, outcome, out),
        Load::Alerts { id, .. } => parts::alerts_answered(model, request, id, outcome, out),
        Load::Assessments { id, .. } => assessments::answered(model, request, id, outcome),
        Load::Logs { id, limit, .. } => logs::answered(model, request, id, limit, outcome, out),
        Load::Handover { .. } | Load::HandoverOf { .. } => {
            handover::answered(model, request, outcome);
        }
        Load::CacheDemo => demonstration::answered(model, request, outcome),
        Load::CacheStats => cache::answered(model, request, outcome),
        Load::Health => health::answered(model, request, outcome),
        Load::Outbox | Load::Processes | Load::DeadLetters { .. } => {
            events::answered(model, request, outcome);
        }
    }
}

fn counts_answered(model: &mut Model, request: RequestId, outcome: Outcome) {
    let before = (model.counts.value.clone(), model.counts.failure.clone());
    let answer = match outcome {
        Outcome::Counts(counts) => Ok(counts),
        Outcome::Failed(failure) => Err(failure),
        _ => return,
    };
    if !take(&mut model.counts, request, answer, model.now) {
        return;
    }
    if std::mem::take(&mut model.timers.counts_again) {
        timers::reload_counts_soon(model);
    } else if model.counts.failure.as_ref().is_some_and(timers::is_passing) {
        model.timers.counts = Some(model.now + timers::RETRY_AFTER);
    }
    model.dirty |= before != (model.counts.value.clone(), model.counts.failure.clone());
}

/// Fills a slot if it waits for this request. Says whether it did.
pub fn take<T>(
    slot: &mut Slot<T>,
    request: RequestId,
    answer: Result<T, Failure>,
    now: chrono::DateTime<chrono::Utc>,
) -> bool {
    if !slot.waits_for(request) {
        return false;
    }
    match answer {
        Ok(value) => slot.fill(value, now),
        Err(failure) => slot.fail(failure),
    }
    true
}

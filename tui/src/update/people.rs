//! The people's page. Each change is about the person whom its form named, as they were shown.

use watchfire_shared::user::{PASSWORD_MIN, Role, UserOut};

use crate::action::{Edit, Move, PersonAction};
use crate::effect::{Load, RequestId};
use crate::model::commands::{Deed, Tone};
use crate::model::people::{PersonField, PersonForm, ROLES, selected, sorted};
use crate::model::{Model, Overlay, Screen};

use super::detail::scrolled;
use super::{Out, choices, commands};

pub fn open(model: &mut Model, out: &mut Out) {
    model.screen = Screen::People;
    refresh(model, out);
}

pub fn refresh(model: &mut Model, out: &mut Out) {
    if model.users.asked.is_none() {
        choices::ask_people(model, out);
    }
}

/// People were read: whoever is selected stays so; else the first.
pub fn arrived(model: &mut Model) {
    let rows = model.users.value.as_deref().map(sorted).unwrap_or_default();
    let selected = model.people.selected;
    if rows.iter().all(|user| Some(user.id) != selected) {
        model.people.selected = rows.first().map(|user| user.id);
    }
}

pub fn go(model: &mut Model, step: Move) {
    let rows = model.users.value.as_deref().map(sorted).unwrap_or_default();
    let selected = model.people.selected;
    let at = rows.iter().position(|user| Some(user.id) == selected).unwrap_or(0);
    let page = usize::from(model.size.1.saturating_sub(5)).max(1);
    let to = rows.get(scrolled(at, step, page, rows.len().saturating_sub(1)));
    model.people.selected = to.map(|user| user.id).or(selected);
}

pub fn begin(model: &mut Model, action: PersonAction) {
    model.people.trouble = None;
    match model.me.as_ref().map(|me| me.role) {
        Some(Role::Admin) => {}
        Some(_) => {
            model.flash(Tone::Warning, "Nothing done: only an admin manages people");
            return;
        }
        None => {
            model.flash(Tone::Neutral, "Who you are is not known yet: try again when live");
            return;
        }
    }
    let seen = selected(model).filter(|_| action != PersonAction::Add).cloned();
    if seen.is_none() && action != PersonAction::Add {
        model.flash(Tone::Neutral, "Nobody is selected");
        return;
    }
    model.overlay = Some(Overlay::Person(PersonForm::new(action, seen)));
}

/// Left and right choose where the field is a choice.
pub fn edit(form: &mut PersonForm, edit: Edit) {
    form.error = None;
    if let Some(field) = form.field() {
        field.edit(edit);
    } else if form.focused() == Some(PersonField::Role) {
        let at = ROLES.iter().position(|role| *role == form.role).unwrap_or(0);
        let wanted = match edit {
            Edit::Left => at.saturating_sub(1),
            Edit::Right => at + 1,
            Edit::Start => 0,
            Edit::End => ROLES.len() - 1,
            _ => at,
        };
        form.role = ROLES[wanted.min(ROLES.len() - 1)];
    }
}

/// A character: text, or on the choice the first letter of a role.
pub fn type_char(form: &mut PersonForm, c: char) {
    form.error = None;
    if let Some(field) = form.field() {
        field.insert(c);
    } else if form.focused() == Some(PersonField::Role) {
        let letter = |role: &&Role| role.as_str().starts_with(c.to_ascii_lowercase());
        form.role = ROLES.iter().find(letter).copied().unwrap_or(form.role);
    }
}

pub fn turn(form: &mut PersonForm, by: isize) {
    let length = form.fields().len().cast_signed();
    if length > 0 {
        form.focus = (form.focus.cast_signed() + by).rem_euclid(length).cast_unsigned();
    }
}

pub fn submit(model: &mut Model, out: &mut Out) {
    let Some(Overlay::Person(form)) = &mut model.overlay else {
        return;
    };
    if form.request.is_some() {
        model.flash(Tone::Neutral, "Still waiting for the answer");
        return;
    }
    if form.is_idle() {
        model.overlay = None;
        model.flash(Tone::Neutral, "Nothing done: that is so already");
        return;
    }
    if let Some((at, error)) = mistake(form) {
        form.focus = at;
        form.error = Some(error);
        return;
    }
    let form = form.clone();
    if let Some(seen) = &form.seen {
        let now = model.users.value.iter().flatten().find(|user| user.id == seen.id);
        if !now.is_some_and(|now| form.still_holds(now)) {
            let text = format!("Nothing done: {} was changed meanwhile; look again", seen.name);
            model.overlay = None;
            model.people.trouble = Some(text.clone());
            model.flash(Tone::Warning, text);
            return;
        }
    }
    let deed = Deed::Person { id: form.seen.as_ref().map(|user| user.id), words: form.words() };
    let request = commands::send_alone(model, deed, form.command(), out);
    if let Some(Overlay::Person(form)) = &mut model.overlay {
        form.request = Some(request);
    }
}

/// The first field that cannot be sent as it is, and why.
fn mistake(form: &PersonForm) -> Option<(usize, String)> {
    form.fields().iter().enumerate().find_map(|(at, field)| {
        let error = match field {
            PersonField::Email if !form.email.text().contains('@') => {
                "an e-mail address is needed".to_owned()
            }
            PersonField::Name if form.name.text().trim().is_empty() => {
                "a name is needed".to_owned()
            }
            PersonField::Password if form.password.text().chars().count() < PASSWORD_MIN => {
                format!("at least {PASSWORD_MIN} characters")
            }
            _ => return None,
        };
        Some((at, error))
    })
}

/// A change was made: the form has done its work, and the page shows it before it is read again.
pub fn changed(model: &mut Model, request: RequestId, user: UserOut, out: &mut Out) {
    close(model, request);
    model.dirty = true;
    let id = user.id;
    if let Some(users) = &mut model.users.value {
        if let Some(other) = users.iter_mut().find(|other| other.id == id) {
            *other = UserOut { last_login_at: other.last_login_at, ..user };
        } else {
            users.push(user);
            model.people.selected = Some(id);
        }
    }
    if model.me.as_ref().is_some_and(|me| me.id == id) {
        model.requests.load(Load::Me, model.now, out);
    }
    choices::ask_people(model, out);
}

/// It was not made: what was written stays in its form, and the page says why.
pub fn refused(model: &mut Model, request: RequestId, why: &str, out: &mut Out) {
    model.dirty = true;
    model.people.trouble = Some(why.to_owned());
    if let Some(Overlay::Person(form)) = &mut model.overlay
        && form.request == Some(request)
    {
        form.request = None;
        form.error = Some("refused, see below".to_owned());
    }
    choices::ask_people(model, out);
}

fn close(model: &mut Model, request: RequestId) {
    let done =
        |overlay: &mut Overlay| matches!(overlay, Overlay::Person(f) if f.request == Some(request));
    model.overlay.take_if(done);
}

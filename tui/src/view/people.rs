//! The people, a row each, and the sheet in which one is changed:
//!
//! ```text
//!  People 4                                        3 active
//!  NAME                  ROLE       STATUS        SIGNED IN  E-MAIL
//! ▌dana (you)            admin      ✓ active             2h  dana@example.com
//!  robin                 responder  ✓ active          never  robin@example.com
//!  kim                   viewer     ○ deactivated        5d  kim@example.com
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use watchfire_shared::user::{Role, UserOut, UserStatus};

use crate::action::PersonAction;
use crate::model::people::{PersonField, PersonForm, may, sorted};
use crate::model::words::number;
use crate::model::{Model, age};
use crate::safe::SafeText;
use crate::theme::Theme;

use super::detail::says_instead;
use super::events::heading;
use super::paint::{Pen, clear, rule};
use super::{Cursor, field, rows, sheet};

/// From this width on the time of the last sign-in has a column; below, only who may what.
const SIGNED_IN: u16 = 60;
/// From this width on the e-mail address has room.
const EMAIL: u16 = 72;
/// From this width on one sees since when somebody is here.
const SINCE: u16 = 110;

pub fn render(buf: &mut Buffer, area: Rect, model: &Model) {
    let theme = Theme::new(model);
    let content = rows(area, 1, area.height.saturating_sub(2));
    let slot = &model.users;
    let users = slot.value.as_deref();
    let title = match users {
        Some(users) => {
            let n = number(i64::try_from(users.len()).unwrap_or(i64::MAX));
            format!("People {n}")
        }
        None => "People".to_owned(),
    };
    // It is read now and then, not all the time: old is only what could not be read again.
    let note = slot.note(model.now).filter(|_| users.is_some() && slot.failure.is_some());
    heading(&mut Pen::new(buf, content, 0, theme), &title, note);
    let body = rows(content, 1, content.height.saturating_sub(1));
    if let Some(me) = model.me.as_ref().filter(|me| me.role < Role::Admin) {
        not_yours(buf, body, theme, me, users.unwrap_or_default());
        return;
    }
    let Some(users) = users else {
        let loading = slot.loading_at().is_some_and(|at| at <= model.now);
        says_instead(buf, body, model, loading, slot.failure.as_ref(), None);
        return;
    };
    let trouble = trouble(buf, body, model);
    table(buf, rows(body, 0, body.height - trouble), model, &sorted(users));
}

/// One sentence for who may not: and whom to ask.
fn not_yours(buf: &mut Buffer, area: Rect, theme: Theme, me: &UserOut, users: &[UserOut]) {
    let admin = |user: &&&UserOut| user.role == Role::Admin && user.status == UserStatus::Active;
    let all = sorted(users);
    let names: Vec<&str> = all.iter().filter(admin).map(|user| user.name.as_str()).collect();
    let ask = if names.is_empty() { String::new() } else { format!(": ask {}", names.join(", ")) };
    let text = format!("Only an admin manages people, and you are a {}{ask}.", me.role);
    let room = usize::from(area.width).saturating_sub(2);
    for (row, line) in (0..area.height).zip(SafeText::line(&text).wrap(room)) {
        let mut pen = Pen::new(buf, area, row, theme);
        pen.gap(1);
        pen.text(line.as_str(), theme.plain());
    }
}

/// What went wrong last, at the bottom; the rows it takes.
fn trouble(buf: &mut Buffer, area: Rect, model: &Model) -> u16 {
    let theme = Theme::new(model);
    let Some(text) = model.people.trouble.as_ref().filter(|_| area.height > 4) else {
        return 0;
    };
    let room = usize::from(area.width).saturating_sub(2);
    let lines = SafeText::line(text).wrap(room);
    let shown = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(3);
    for (row, line) in (area.height - shown..area.height).zip(lines) {
        let mut pen = Pen::new(buf, area, row, theme);
        pen.gap(1);
        pen.text(line.as_str(), theme.bad());
    }
    rule(buf, area, area.height - shown - 1, theme);
    shown + 1
}

fn table(buf: &mut Buffer, area: Rect, model: &Model, users: &[&UserOut]) {
    let theme = Theme::new(model);
    header(&mut Pen::new(buf, area, 0, theme), area.width);
    let body = rows(area, 1, area.height.saturating_sub(1));
    let visible = usize::from(body.height);
    let at = users.iter().position(|user| Some(user.id) == model.people.selected).unwrap_or(0);
    let top = at.saturating_sub(visible / 2).min(users.len().saturating_sub(visible));
    for (row, user) in (0..body.height).zip(&users[top..]) {
        draw(&mut Pen::new(buf, body, row, theme), model, user, area.width);
    }
}

const fn name_width(width: u16) -> usize {
    if width >= SINCE { 32 } else { 22 }
}

fn header(pen: &mut Pen, width: u16) {
    let dim = pen.theme.dim();
    pen.gap(1);
    pen.cell("NAME", name_width(width), dim);
    pen.cell("ROLE", 11, dim);
    pen.cell("STATUS", 14, dim);
    if width >= SIGNED_IN {
        pen.number("SIGNED IN", 9, dim);
        pen.gap(2);
    }
    if width >= SINCE {
        pen.number("HERE", 5, dim);
        pen.gap(2);
    }
    if width >= EMAIL {
        pen.text("E-MAIL", dim);
    }
}

fn draw(pen: &mut Pen, model: &Model, user: &UserOut, width: u16) {
    let theme = pen.theme;
    let selected = model.people.selected == Some(user.id);
    let active = user.status == UserStatus::Active;
    if selected {
        pen.style_line(theme.selected());
    }
    pen.text(if selected { theme.bar() } else { " " }, theme.accent());
    let me = model.me.as_ref().is_some_and(|me| me.id == user.id);
    let name = if me { format!("{} (you)", user.name) } else { user.name.clone() };
    let plain = if active { theme.plain() } else { theme.dim() };
    pen.cell(&name, name_width(width) - 1, plain);
    pen.gap(1);
    let pending = model.commands.is_about_person(user.id);
    pen.cell(if pending { theme.pending() } else { user.role.as_str() }, 11, plain);
    let (glyph, style) =
        if active { (theme.live(), theme.over()) } else { (theme.offline(), theme.dim()) };
    pen.cell(&format!("{glyph} {}", user.status), 14, style);
    if width >= SIGNED_IN {
        let last = user.last_login_at.map_or("never".to_owned(), |at| age::age(at, model.now));
        pen.number(&last, 9, theme.dim());
        pen.gap(2);
    }
    if width >= SINCE {
        pen.number(&age::age(user.created_at, model.now), 5, theme.dim());
        pen.gap(2);
    }
    if width >= EMAIL {
        pen.text(user.email.as_deref().unwrap_or_default(), plain);
    }
}

/// The sheet in which somebody is added or changed. It names the person and says what comes of it.
pub fn form(buf: &mut Buffer, area: Rect, model: &Model, form: &PersonForm) -> Cursor {
    let theme = Theme::new(model);
    let fields = form.fields();
    let lines = 2 + fields.len();
    let sheet = sheet(area, u16::try_from(lines + 1).unwrap_or(u16::MAX));
    clear(buf, sheet);
    rule(buf, sheet, 0, theme);
    let mut pen = Pen::new(buf, sheet, 1, theme);
    pen.gap(1);
    pen.keep_free(1);
    if let Some(error) = &form.error {
        pen.right(error, theme.bad());
    } else if form.request.is_some() {
        pen.right("being sent …", theme.dim());
    }
    pen.text(&question(form), theme.bold());
    let mut pen = Pen::new(buf, sheet, 2, theme);
    pen.gap(1);
    pen.keep_free(1);
    pen.text(&consequence(model, form), theme.dim());
    let mut cursor = None;
    for (index, name) in fields.iter().enumerate() {
        let row = u16::try_from(index + 3).unwrap_or(u16::MAX);
        let mut pen = Pen::new(buf, sheet, row, theme);
        let here = index == form.focus;
        pen.text(if here { theme.bar() } else { " " }, theme.accent());
        pen.cell(name.name(), 11, if here { theme.bold() } else { theme.dim() });
        pen.keep_free(1);
        let at = match name {
            PersonField::Email => field::line(&mut pen, &form.email, here, theme.plain(), None),
            PersonField::Name => field::line(&mut pen, &form.name, here, theme.plain(), None),
            PersonField::Password => field::secret(&mut pen, &form.password, here, theme.plain()),
            PersonField::Role => {
                let role = form.role;
                let text = if here { format!("< {role} >") } else { role.to_string() };
                pen.text(&text, theme.plain());
                pen.gap(2);
                pen.text(may(role), theme.dim());
                None
            }
        };
        cursor = cursor.or(at);
    }
    cursor
}

fn question(form: &PersonForm) -> String {
    let Some(seen) = &form.seen else {
        return "Add a person".to_owned();
    };
    let name = match &seen.email {
        Some(email) => format!("{} ({email})", seen.name),
        None => seen.name.clone(),
    };
    match form.action {
        PersonAction::Add => "Add a person".to_owned(),
        PersonAction::Role => format!("Role of {name}, now {}", seen.role),
        PersonAction::Status if form.status() == UserStatus::Active => {
            format!("Let {name} in again?")
        }
        PersonAction::Status => format!("Deactivate {name}?"),
        PersonAction::Rename => format!("Name of {name}"),
        PersonAction::Password => format!("New password for {name}"),
    }
}

fn consequence(model: &Model, form: &PersonForm) -> String {
    let seen = form.seen.as_ref().map(|user| user.id);
    let me = model.me.as_ref().map(|me| me.id);
    let you = if seen.is_some() && seen == me { "This is you. " } else { "" };
    let text = match form.action {
        PersonAction::Add => "They sign in with e-mail and password; at least 12 characters.",
        PersonAction::Role => "It is in force at their next request.",
        PersonAction::Status if form.status() == UserStatus::Active => {
            "They sign in with the password they had; tokens stay ended."
        }
        PersonAction::Status => "Sessions and tokens end, open incidents become nobody's.",
        PersonAction::Rename => "Incidents and the timeline say the new name from now on.",
        PersonAction::Password => "At least 12 characters; it ends every session of theirs.",
    };
    format!("{you}{text}")
}

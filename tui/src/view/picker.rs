//! A choice from a list, in a sheet above the foot:
//!
//! ```text
//! ──────────────────────────────────────────────
//!  Priority of INC-204, now ▲ high
//! ▌▲▲ critical
//!  ▲  high
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use watchfire_shared::incident::Priority;

use crate::model::Model;
use crate::model::forms::{About, Choice, PRIORITIES, Picker, candidates, found, name_of};
use crate::model::input::TextField;
use crate::theme::Theme;

use super::paint::{Pen, clear, rule};
use super::{Cursor, chooses, field};

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, picker: &Picker) -> Cursor {
    let theme = Theme::new(model);
    let lines = lines(model, picker, theme);
    let (choices, sheet, body) = chooses(area, model)?;
    clear(buf, sheet);
    rule(buf, sheet, 0, theme);
    let mut pen = Pen::new(buf, sheet, 1, theme);
    pen.gap(1);
    pen.text(&title(picker, theme), theme.bold());
    let mut cursor = None;
    if let Some(field) = typed(picker) {
        let mut pen = Pen::new(buf, sheet, 2, theme);
        pen.gap(1);
        pen.text("/ ", theme.accent());
        cursor = field::line(&mut pen, field, true, theme.plain(), None);
    }
    if matches!(picker.choice, Choice::Assignee { .. }) && model.users.value.is_none() {
        waiting(&mut Pen::new(buf, body, 0, theme), model);
        return cursor;
    }
    let shown = lines.iter().enumerate().skip(choices.first);
    for (row, (index, line)) in (0..body.height).zip(shown) {
        let mut pen = Pen::new(buf, body, row, theme);
        let here = Some(index) == choices.chosen;
        pen.text(if here { theme.bar() } else { " " }, theme.accent());
        pen.text(line, if here { theme.bold() } else { theme.plain() });
    }
    cursor
}

/// What was typed to find somebody.
const fn typed(picker: &Picker) -> Option<&TextField> {
    match &picker.choice {
        Choice::Assignee { field, .. } => Some(field),
        Choice::Priority { .. } | Choice::Step { .. } => None,
    }
}

fn title(picker: &Picker, theme: Theme) -> String {
    let about = picker.about;
    match (&picker.choice, about) {
        (Choice::Priority { now: Some(now), .. }, _) => {
            let glyph = theme.priority_glyph(*now);
            format!("Priority of {about}, now {glyph} {now}")
        }
        (Choice::Priority { now: None, .. }, _) => format!("Priority of {about}"),
        (Choice::Step { .. }, _) => format!("Which step of {about}, with a note?"),
        (Choice::Assignee { .. }, About::Marked(_)) => format!("Who takes {about}?"),
        (Choice::Assignee { now, .. }, About::One(..)) => {
            let name = now.as_ref().map_or("nobody's", |user| user.name.as_str());
            format!("Who takes {about}, now {name}?")
        }
    }
}

fn name(priority: Priority, theme: Theme) -> String {
    format!("{:<2} {priority}", theme.priority_glyph(priority))
}

/// What there is to choose from.
fn lines(model: &Model, picker: &Picker, theme: Theme) -> Vec<String> {
    match &picker.choice {
        Choice::Priority { .. } => PRIORITIES.iter().map(|p| name(*p, theme)).collect(),
        Choice::Step { steps, .. } => {
            steps.iter().map(|step| format!("{} with a note", step.words())).collect()
        }
        Choice::Assignee { field, .. } => {
            let all = candidates(model.users.value.as_deref().unwrap_or_default());
            found(all, field.text()).iter().map(|person| name_of(person).to_owned()).collect()
        }
    }
}

fn waiting(pen: &mut Pen, model: &Model) {
    let theme = pen.theme;
    pen.gap(1);
    match &model.users.failure {
        Some(failure) => pen.text(&failure.message, theme.bad()),
        None => pen.text("Loading people …", theme.dim()),
    }
}

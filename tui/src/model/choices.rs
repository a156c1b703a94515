//! What can be chosen in the sheet that lies on the screen, and where its lines stand. The view draws
//! by these numbers, and a click finds its line by them.

use super::forms::{self, Choice};
use super::layout;
use super::palette::LINES;
use super::{Model, Overlay};

/// Lines of most sheets at most, their rule not counted.
const MOST: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choices {
    /// Rows above the first line: the rule, the title and what is typed.
    pub head: u16,
    /// The row of the rule, and the rows of all.
    pub top: u16,
    pub height: u16,
    /// The line that stands first.
    pub first: usize,
    pub count: usize,
    pub chosen: Option<usize>,
}

impl Choices {
    /// Of the sheet that lies on the screen; none where nothing can be chosen.
    pub fn of(model: &Model, height: u16) -> Option<Self> {
        let (head, lines, count, chosen) = match model.overlay.as_ref()? {
            Overlay::Picker(picker) => {
                let (count, chosen) = picked(model, picker);
                let head = if matches!(picker.choice, Choice::Assignee { .. }) { 3 } else { 2 };
                (head, (usize::from(head) - 1 + count).min(MOST), count, chosen)
            }
            Overlay::Palette(palette) => {
                let entries = palette.entries(&model.setup, &model.palette_history);
                (3, LINES, entries.len(), Some(palette.place(&entries)))
            }
            Overlay::Chooser(chooser) => {
                let contexts = &model.setup.contexts;
                let entries = chooser.entries(contexts);
                let lines = (contexts.len() + 2).min(MOST);
                (3, lines, entries.len(), Some(chooser.place(&entries)))
            }
            Overlay::Columns(columns) => {
                let count = columns.columns.len();
                (2, (count + 1).min(MOST), count, Some(columns.place()))
            }
            Overlay::Copy(copied) => {
                let pieces = copied.pieces(model);
                let chosen = pieces.iter().position(|(piece, _)| *piece == copied.chosen);
                (2, pieces.len() + 1, pieces.len(), Some(chosen.unwrap_or(0)))
            }
            _ => return None,
        };
        let (top, taken) = layout::sheet(height, u16::try_from(lines).unwrap_or(u16::MAX));
        let visible = usize::from(taken.saturating_sub(head)).max(1);
        let first = chosen.map_or(0, |at| (at + 1).saturating_sub(visible));
        Some(Self { head, top, height: taken, first, count, chosen })
    }

    /// The line that stands in a row of the screen.
    pub fn at(self, row: u16) -> Option<usize> {
        let below = row.checked_sub(self.top + self.head)?;
        let inside = below < self.height.saturating_sub(self.head);
        let at = self.first + usize::from(below);
        (inside && at < self.count).then_some(at)
    }
}

/// How many priorities or people, and which of them is chosen.
fn picked(model: &Model, picker: &forms::Picker) -> (usize, Option<usize>) {
    match &picker.choice {
        Choice::Priority { to, .. } => (forms::PRIORITIES.len(), Some(forms::place_of(*to))),
        Choice::Step { to, steps, .. } => (steps.len(), steps.iter().position(|step| step == to)),
        Choice::Assignee { to, field, .. } => {
            let all = forms::candidates(model.users.value.as_deref().unwrap_or_default());
            let people = forms::found(all, field.text());
            (people.len(), forms::place_among(&people, *to))
        }
    }
}

//! The selected incident beside the list, on wide screens. It shows what the row knows and asks for
//! nothing: moving the cursor costs no request.
//!
//! ```text
//! │ INC-204 Checkout latency p99 over 4 s
//! │
//! │ status        ○ open
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use watchfire_shared::incident::Incident;

use crate::model::Model;
use crate::safe::SafeText;
use crate::theme::Theme;

use super::paint::Pen;
use super::{overview, rows};

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, incident: &Incident) {
    let theme = Theme::new(model);
    for row in 0..area.height {
        let mut pen = Pen::new(buf, area, row, theme);
        pen.text(theme.wall(), theme.dim());
    }
    let inner = Rect { x: area.x + 1.min(area.width), width: area.width.saturating_sub(1), ..area };
    let title = format!("{} {}", incident.reference, incident.title);
    let lines = SafeText::line(&title).wrap(usize::from(inner.width).max(2));
    let shown = lines.len().min(4);
    for (row, line) in lines.iter().take(shown).enumerate() {
        let row = u16::try_from(row).unwrap_or(u16::MAX);
        let mut pen = Pen::new(buf, inner, row, theme);
        pen.gap(1);
        pen.text(line.as_str(), theme.bold());
    }
    let top = u16::try_from(shown + 1).unwrap_or(u16::MAX);
    let facts = rows(inner, top, inner.height.saturating_sub(top));
    overview::render(buf, facts, model, incident, None, 0);
}

//! The head line:
//!
//! ```text
//!  watchfire ● live      12 open · 4 invest. · 7 resolved · ▲▲ 2       dana @ local
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use watchfire_shared::incident::{Priority, Status};

use crate::model::connection::{Freshness, Link};
use crate::model::words::number;
use crate::model::{Model, Screen};
use crate::safe::SafeText;
use crate::theme::{Theme, short_status};

use super::paint::Pen;

/// Columns that counts and address may take.
const COUNTS: usize = 80;
/// Columns of the name of a view.
const VIEW: usize = 16;

pub fn render(buf: &mut Buffer, area: Rect, model: &Model) {
    let theme = Theme::new(model);
    let mut pen = Pen::new(buf, area, 0, theme);
    pen.text(" watchfire ", theme.bold());
    connection(&mut pen, model);
    view(&mut pen, model);
    place(&mut pen, model);
    counts(&mut pen, model);
}

/// Who works where. The name of a context is worth more than everything else on the line.
fn place(pen: &mut Pen, model: &Model) {
    let theme = pen.theme;
    let mut room = 4;
    if let Some((name, ink)) = &model.chosen {
        let style = if model.look.colour { theme.of(*ink) } else { theme.bold() };
        pen.right(&format!("{name} "), style.patch(theme.bold()));
        room = 0;
    }
    let who = match (&model.me, &model.chosen) {
        (Some(me), None) => Some(format!("{} @ {} ", me.name, model.address)),
        (None, None) => Some(format!("{} ", model.address)),
        (Some(me), Some(_)) => Some(format!("{} @", me.name)),
        (None, Some(_)) => None,
    };
    let care = model.read_only.then(|| "read-only".to_owned());
    let parts: Vec<String> = care.into_iter().chain(who).collect();
    let text = parts.join(&format!(" {} ", theme.dot()));
    if !text.is_empty() && pen.room() > SafeText::line(&text).width() + room {
        pen.right(&text, theme.dim());
    }
}

fn connection(pen: &mut Pen, model: &Model) {
    let theme = pen.theme;
    let (glyph, text, style) = match model.connection.freshness(model.now) {
        Freshness::Connecting => (theme.old(), "connecting".to_owned(), theme.dim()),
        Freshness::Live => (theme.live(), "live".to_owned(), theme.over()),
        Freshness::Old { seconds } => (theme.old(), format!("{seconds} s old"), theme.asks()),
        Freshness::SignedOut => (theme.offline(), "signed out".to_owned(), theme.asks()),
        Freshness::Offline { seconds, next_try } => {
            let old = seconds.map(|seconds| format!(" {seconds} s"));
            let next = match next_try {
                0 => ", trying".to_owned(),
                seconds => format!(", next try {seconds} s"),
            };
            let text = format!("offline{}{next}", old.unwrap_or_default());
            (theme.offline(), text, theme.bad())
        }
    };
    pen.text(glyph, style);
    pen.gap(1);
    pen.text(&text, style);
    // The counts are worth more than the reason; both need a wide screen.
    if let Link::Down { reason, .. } = &model.connection.link
        && pen.room() > reason.chars().count() + COUNTS
    {
        pen.text(&format!(" ({reason})"), theme.dim());
    }
}

/// The saved view that the list shows.
fn view(pen: &mut Pen, model: &Model) {
    if let Some(name) = model.shown_view().filter(|_| model.screen == Screen::Incidents) {
        let style = pen.theme.accent();
        pen.gap(2);
        pen.text(&SafeText::clipped(&name, VIEW).to_string(), style);
    }
}

fn counts(pen: &mut Pen, model: &Model) {
    let theme = pen.theme;
    let Some(counts) = &model.counts.value else {
        return;
    };
    let mut parts = Vec::new();
    for (status, worth) in [(Status::Open, 3), (Status::Investigating, 4), (Status::Resolved, 5)] {
        let n = counts.by_status.get(&status).copied().unwrap_or(0);
        let text = format!("{} {}", number(n), short_status(status));
        let style = if n > 0 { theme.status(status) } else { theme.dim() };
        parts.push(Part { text, style, worth });
    }
    let critical = counts.unresolved_by_priority.get(&Priority::Critical).copied();
    if let Some(n) = critical.filter(|n| *n > 0) {
        let text = format!("{} {}", theme.priority_glyph(Priority::Critical), number(n));
        parts.push(Part { text, style: theme.bad(), worth: 1 });
    }
    if model.counts.failure.is_some() {
        let text = "not read again".to_owned();
        parts.push(Part { text, style: theme.asks(), worth: 2 });
    }
    let width = keep(&mut parts, pen.room().saturating_sub(2));
    pen.gap((pen.room().saturating_sub(width) / 2).max(2));
    for (index, Part { text, style, .. }) in parts.iter().enumerate() {
        if index > 0 {
            pen.text(&format!(" {} ", theme.dot()), theme.dim());
        }
        pen.text(text, *style);
    }
}

/// One of the counts.
struct Part {
    text: String,
    style: Style,
    /// The highest goes first where there is no room for all.
    worth: u8,
}

impl Part {
    /// With what stands between it and the next.
    fn width(&self) -> usize {
        SafeText::line(&self.text).width() + 3
    }
}

/// Leaves out what there is no room for; the columns of the rest.
fn keep(parts: &mut Vec<Part>, room: usize) -> usize {
    loop {
        let width = parts.iter().map(Part::width).sum();
        let last = (0..parts.len()).max_by_key(|index| parts[*index].worth);
        match last.filter(|_| width > room) {
            Some(last) => drop(parts.remove(last)),
            None => return width,
        }
    }
}

//! Signing in:
//!
//! ```text
//!          Sign in to watchfire at incidents.example.com
//!
//!          e-mail      dana@example.com
//!          password    ************
//!
//!          E-mail and password do not belong together: try again.
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Model;
use crate::model::connection::Link;
use crate::model::forms::{SignIn, SignInField};
use crate::safe::SafeText;
use crate::theme::Theme;

use super::paint::Pen;
use super::{Cursor, field, rows};

pub fn render(buf: &mut Buffer, area: Rect, model: &Model, form: &SignIn) -> Cursor {
    let theme = Theme::new(model);
    let content = rows(area, 1, area.height.saturating_sub(2));
    // A third down, a quarter in; on a small screen from the corner.
    let top = (content.height / 3).min(content.height.saturating_sub(7));
    let left = if content.width >= 60 { content.width / 4 } else { 1.min(content.width) };
    let inner = Rect {
        x: content.x + left,
        width: content.width - left,
        ..rows(content, top, content.height - top)
    };
    let title = format!("Sign in to watchfire at {}", model.address);
    Pen::new(buf, inner, 0, theme).text(&title, theme.bold());
    let mut cursor = None;
    for (row, (focus, name)) in
        [(SignInField::Email, "e-mail"), (SignInField::Password, "password")]
            .into_iter()
            .enumerate()
    {
        let row = u16::try_from(row + 2).unwrap_or(u16::MAX);
        let mut pen = Pen::new(buf, inner, row, theme);
        let here = form.focus == focus && form.asked.is_none();
        pen.text(if here { theme.bar() } else { " " }, theme.accent());
        pen.cell(name, 11, if here { theme.bold() } else { theme.dim() });
        pen.keep_free(1);
        let at = match focus {
            SignInField::Email => field::line(&mut pen, &form.email, here, theme.plain(), None),
            SignInField::Password => field::secret(&mut pen, &form.password, here, theme.plain()),
        };
        cursor = cursor.or(at);
    }
    message(buf, inner, model, form);
    cursor
}

fn message(buf: &mut Buffer, area: Rect, model: &Model, form: &SignIn) {
    let theme = Theme::new(model);
    let (text, style) = match (&form.message, form.asked, &model.connection.link) {
        (_, Some(_), _) => ("Signing in …", theme.dim()),
        (Some(message), None, _) => (message.as_str(), theme.asks()),
        // Whoever signs in to what is not there would only be told so afterwards.
        (None, None, Link::Down { reason, .. }) => (reason.as_str(), theme.asks()),
        (None, None, _) => return,
    };
    let lines = SafeText::line(text).wrap(usize::from(area.width).saturating_sub(2));
    for (index, line) in lines.iter().enumerate() {
        let row = u16::try_from(index + 5).unwrap_or(u16::MAX);
        let mut pen = Pen::new(buf, area, row, theme);
        pen.gap(1);
        pen.text(line.as_str(), style);
    }
}

//! The handover as it is shown and handed on.

use crate::safe::SafeText;

use super::Model;

/// None before it has been read.
pub fn text(model: &Model) -> Option<String> {
    model.handover.value.as_ref().map(|shift| shift.markdown(&model.base))
}

/// The lines of its page, or why there are none.
pub fn lines(model: &Model, width: u16) -> Vec<SafeText> {
    let room = usize::from(width).saturating_sub(2);
    let text = text(model).unwrap_or_else(|| match &model.handover.failure {
        Some(failure) => format!("{}; esc closes, :handover reads it again.", failure.message),
        None => "Reading what happened in the last 12 hours …".to_owned(),
    });
    SafeText::lines(&text).iter().flat_map(|line| line.wrap(room)).collect()
}

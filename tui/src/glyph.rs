//! The glyphs of priorities and statuses, the same on the screen and on the command line.

use watchfire_shared::incident::{Priority, Status};

/// Two columns at most.
pub const fn priority(priority: Priority, unicode: bool) -> &'static str {
    let (glyph, ascii) = match priority {
        Priority::Critical => ("▲▲", "^^"),
        Priority::High => ("▲", "^"),
        Priority::Medium => ("─", "-"),
        Priority::Low => ("▽", "v"),
    };
    if unicode { glyph } else { ascii }
}

/// One column.
pub const fn status(status: Status, unicode: bool) -> &'static str {
    let (glyph, ascii) = match status {
        Status::Open => ("○", "o"),
        Status::Investigating => ("◐", "%"),
        Status::Resolved => ("●", "*"),
        Status::Closed => ("✓", "+"),
    };
    if unicode { glyph } else { ascii }
}

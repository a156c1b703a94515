//! What a person configured for the screen.

use super::columns::Columns;
use crate::keymap::Keymap;
use crate::palette::Palette;

#[derive(Debug, Clone, Default)]
pub struct Setup {
    pub keymap: Keymap,
    /// In the colours that the terminal has.
    pub palette: Palette,
    pub columns: Columns,
}

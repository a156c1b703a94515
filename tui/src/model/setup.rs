//! What a person configured for the screen.

use crate::keymap::Keymap;

#[derive(Debug, Clone, Default)]
pub struct Setup {
    pub keymap: Keymap,
}
